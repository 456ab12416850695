//! Which tile a product uses, and how many parts its terms are shared among.

use tensor::DType;

use super::cooperative::{self, Cooperative};
use super::product::Product;
use super::tile::{Shape, Tile};
use crate::features::Features;

/// A tile, and how many parts the terms are shared among.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Choice {
    /// The tile.
    pub shape: Shape,
    /// Parts.
    pub parts: u32,
}

/// A shape with its speed.
struct Candidate {
    shape: Shape,
    /// Speed when the device is full, relative to the first plain tile.
    rate: f64,
    /// Share of a core's speed that one workgroup reaches alone.
    alone: f64,
}

const fn plain(tile: Tile, rate: f64, alone: f64) -> Candidate {
    Candidate { shape: Shape::Plain(tile), rate, alone }
}

const fn cooperative(tile: Cooperative, rate: f64, alone: f64) -> Candidate {
    Candidate { shape: Shape::Cooperative(tile), rate, alone }
}

/// Plain tiles, for every device. A product that does not fill the device waits for memory and for its own sums, not for
/// arithmetic: so small tiles are deep, and much of their inner loop is written out.
const PLAIN: [Candidate; 5] = [
    // On an H200 at 4096: 37.8 TFLOP/s without unrolling, 41.8 with 4; 16 gives 43.4 for half as long again in the driver.
    plain(Tile { row_quads: 4, row_threads: 16, unroll: 4, ..Tile::square(128, 2, 16, 1) }, 1.0, 1.0),
    plain(Tile::square(128, 2, 16, 1), 0.9, 0.75),
    plain(Tile { unroll: 8, ..Tile::square(64, 1, 32, 1) }, 0.75, 0.85),
    plain(Tile { unroll: 8, ..Tile::square(32, 1, 32, 1) }, 0.5, 0.75),
    plain(Tile { unroll: 8, row_threads: 4, ..Tile::square(32, 1, 32, 1) }, 0.35, 0.6),
];

/// Tiles of f16 for matrices of 16.
const SIXTEEN: [Candidate; 3] = [
    cooperative(Cooperative::sixteen([4, 4], [2, 4], 32, 1), 8.5, 1.0),
    cooperative(Cooperative::sixteen([4, 4], [2, 2], 32, 1), 7.0, 0.6),
    cooperative(Cooperative::sixteen([2, 2], [2, 2], 32, 1), 4.0, 0.4),
];

/// Tiles of f16 for matrices of 8.
const EIGHT: [Candidate; 2] = [
    cooperative(Cooperative::eight([4, 4], [2, 2], 32, 1), 1.5, 0.5),
    cooperative(Cooperative::eight([2, 4], [2, 1], 32, 1), 0.8, 0.25),
];

/// As [`EIGHT`], of f32.
const EIGHT_SINGLE: [Candidate; 2] = [
    cooperative(Cooperative { half: false, ..Cooperative::eight([4, 4], [2, 2], 16, 1) }, 1.2, 0.5),
    cooperative(Cooperative { half: false, ..Cooperative::eight([2, 4], [2, 1], 16, 1) }, 0.7, 0.25),
];

/// Devices with as much workgroup memory as Metal has, have registers for fewer sums, too.
const LITTLE_MEMORY: u32 = 32 << 10;
/// Words of 32 bits that the sums of a thread take there at most, and elsewhere.
const FEW_REGISTERS: u32 = 64;
const REGISTERS: u32 = 128;
/// Cores of a large device.
const CORES: f64 = 132.0;
/// Products and sums a nanosecond that a device full of the first plain tile computes.
const SPEED: f64 = 18_000.0;
/// Bytes a nanosecond that partial sums are written and read with.
const BANDWIDTH: f64 = 2_000.0;
/// Nanoseconds that one more launch costs.
const LAUNCH: f64 = 7_000.0;
/// Most bytes of partial sums.
const MAX_SCRATCH: u64 = 64 << 20;
/// Terms of a part at least.
const MIN_TERMS: f64 = 128.0;

/// The fastest tiled choice by a simple model; `direct` says that the kernel can store the result itself.
pub(in crate::library) fn choose(product: &Product, direct: bool, features: &Features) -> Choice {
    let half = product.lhs.dtype == DType::F16 && product.rhs.dtype == DType::F16;
    let floats = product.lhs.dtype.is_float() && product.rhs.dtype.is_float();
    let cooperative: &[Candidate] = match (half, cooperative::edge(features, half).filter(|_| floats)) {
        (true, Some(16)) => &SIXTEEN,
        (true, Some(8)) => &EIGHT,
        (false, Some(8)) => &EIGHT_SINGLE,
        _ => &[],
    };
    let words = words(product);
    let registers = if features.workgroup_bytes <= LITTLE_MEMORY { FEW_REGISTERS } else { REGISTERS };
    let candidates = PLAIN.iter().chain(cooperative).filter(|candidate| {
        words * candidate.shape.workgroup_bytes() <= features.workgroup_bytes
            && candidate.shape.threads() <= features.workgroup_threads
            && words * candidate.shape.sums() <= registers
    });
    let mut best = (f64::INFINITY, Choice { shape: PLAIN[PLAIN.len() - 1].shape, parts: 1 });
    for candidate in candidates {
        for parts in (0..8).map(|power| 1 << power) {
            let scratch = f64::from(4 * words) * f64::from(parts) * product.results() as f64;
            let fits = scratch <= MAX_SCRATCH.min(features.window_bytes()) as f64;
            if parts > 1 && (!fits || (product.k.size as f64) < f64::from(parts) * MIN_TERMS) {
                break;
            }
            let time = candidate.time(product, parts, direct);
            if time < best.0 {
                best = (time, Choice { shape: candidate.shape, parts });
            }
        }
    }
    best.1
}

/// Words of 32 bits in a number that is staged or summed.
pub(super) fn words(product: &Product) -> u32 {
    if product.lhs.dtype == DType::F64 { 2 } else { 1 }
}

impl Candidate {
    /// Nanoseconds that a product takes.
    fn time(&self, product: &Product, parts: u32, direct: bool) -> f64 {
        let tiles = |size: i64, edge: u32| (size as f64 / f64::from(edge)).ceil();
        let (rows, columns) = (self.shape.rows(), self.shape.columns());
        let groups = tiles(product.m.size, rows) * tiles(product.n.size, columns) * product.batches() as f64;
        // Workgroups come in waves that fill the device; the last one takes as long as the others.
        let waves = groups * f64::from(parts) * self.alone / CORES;
        let filled = if waves < 1.0 { waves } else { waves / waves.ceil() };
        let work = groups * f64::from(rows) * f64::from(columns) * product.k.size as f64;
        let compute = work / (SPEED * self.rate * filled);
        let sums = 8.0 * f64::from(parts) * product.results() as f64 / BANDWIDTH;
        if parts == 1 && direct { compute } else { compute + LAUNCH + sums }
    }
}

#[cfg(test)]
mod tests {
    use plan::library::DotDim;
    use smallvec::smallvec;

    use super::*;
    use crate::command::Memory;
    use crate::library::dot::product::Array;

    fn product(dtype: DType, [m, k, n]: [i64; 3]) -> Product {
        let array = Array { memory: Memory::Scratch(0), dtype };
        Product {
            lhs: array,
            rhs: array,
            out: array,
            batch: smallvec![],
            m: DotDim { size: m, lhs: k, rhs: 0, out: n },
            n: DotDim { size: n, lhs: 0, rhs: 1, out: 1 },
            k: DotDim { size: k, lhs: 1, rhs: n, out: 0 },
        }
    }

    #[test]
    fn large_products_take_large_tiles_and_long_ones_parts() {
        let features = Features { workgroup_bytes: 48 << 10, ..Features::least() };
        let chosen = |sizes| choose(&product(DType::F32, sizes), true, &features);
        assert_eq!(chosen([4096; 3]), Choice { shape: PLAIN[0].shape, parts: 1 });
        assert!(chosen([64, 200_000, 64]).parts >= 16);
        assert_eq!(chosen([64, 64, 64]).parts, 1);
    }

    #[test]
    fn halves_take_cooperative_tiles_where_they_exist() {
        let features = Features {
            float16: true,
            subgroup: Some((32, 32)),
            cooperative_f16: Some(16),
            workgroup_bytes: 48 << 10,
            ..Features::least()
        };
        let chosen = choose(&product(DType::F16, [4096; 3]), true, &features);
        assert_eq!(chosen, Choice { shape: SIXTEEN[0].shape, parts: 1 });
    }
}
