//! Matrix products.
//!
//! ```text
//! Dot -> Product (few dimensions) -> a tile and a number of parts -> launches
//! ```
//!
//! A kernel that cannot store the result's type or order in place, or that shares the terms among workgroups, leaves
//! sums in scratch memory, which [`finish`] adds and stores.

pub(super) mod element;
pub(super) mod finish;
pub(super) mod operand;
pub(super) mod product;
pub(super) mod template;
pub mod tile;

use plan::Step;
use plan::library::{Dot, DotDim};
use smallvec::SmallVec;
use tensor::DType;

use self::element::Number;
use self::operand::{Access, Target};
use self::product::{Array, Product};
use self::tile::{Destination, TILES, Tile, Variant};
use crate::command::{Command, Memory};
use crate::features::Features;
use crate::lower::{Context, Lowered, Refusal};

/// Lowers the step.
///
/// # Errors
/// If the device cannot run it.
pub fn lower(dot: &Dot, step: &Step, context: Context<'_>) -> Result<Lowered, Refusal> {
    let array = |memory, dtype| Array { memory: Memory::Slot(memory), dtype };
    let slots = [step.reads[0], step.reads[1], step.writes[0]];
    if slots.iter().any(|&slot| context.ty(slot).byte_len() as u64 > context.features.max_binding_bytes) {
        return Err(Refusal::new("a product of arrays larger than a binding"));
    }
    let product = Product {
        lhs: array(slots[0], dot.lhs),
        rhs: array(slots[1], dot.rhs),
        out: array(slots[2], dot.out),
        batch: dot.batch.iter().copied().collect(),
        m: dot.m,
        n: dot.n,
        k: dot.k,
    };
    let all = || product.batch.iter().chain([&product.m, &product.n, &product.k]);
    if all().any(|dim| dim.lhs < 0 || dim.rhs < 0 || dim.out < 0) {
        return Err(Refusal::new("a product with negative strides"));
    }
    let number = Number::of([dot.lhs, dot.rhs, dot.out])?;
    if number == Number::F32 && dot.accumulate == DType::F64 {
        return Err(Refusal::new("sums in f64"));
    }
    lower_product(&product.normalize(), number, context.features)
}

/// Lowers a product of dense operands.
///
/// # Errors
/// If the device cannot run it.
pub(super) fn lower_product(product: &Product, number: Number, features: &Features) -> Result<Lowered, Refusal> {
    let results = product.batches() * (product.m.size * product.n.size) as u64;
    if results == 0 {
        return Ok(Lowered::default());
    }
    let lhs = Access::choose(product, &product.m, product.lhs.dtype, |dim| dim.lhs);
    let rhs = Access::choose(product, &product.n, product.rhs.dtype, |dim| dim.rhs);
    let direct = Target::choose(product, features);
    let choice = choose(product, direct.is_some(), features);
    launches(product, number, [lhs, rhs], direct, choice, features)
}

/// A tile, and how many parts the terms are shared among.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Choice {
    /// The tile.
    pub tile: Tile,
    /// Parts.
    pub parts: u32,
}

/// Workgroups that fill a large device: two for each of some 130 cores.
const FULL: f64 = 264.0;
/// Products and sums a second in billions that a filled device computes.
const SPEED: f64 = 18_000.0;
/// Bytes a nanosecond that partial sums are written and read with.
const BANDWIDTH: f64 = 2_000.0;
/// Nanoseconds that a launch costs.
const LAUNCH: f64 = 4_000.0;
/// Most bytes of partial sums.
const MAX_SCRATCH: u64 = 64 << 20;

/// The fastest choice by a simple model.
fn choose(product: &Product, direct: bool, features: &Features) -> Choice {
    let [m, n, k] = [product.m, product.n, product.k].map(|dim| dim.size as f64);
    let batches = product.batches() as f64;
    let candidates = TILES.iter().filter(|(tile, _)| {
        tile.workgroup_bytes() <= features.workgroup_bytes && tile.threads() <= features.workgroup_threads
    });
    let time = |tile: &Tile, rate: f64, parts: u32| {
        let (rows, columns) = (f64::from(tile.rows()), f64::from(tile.columns()));
        let tiles = (m / rows).ceil() * (n / columns).ceil() * batches;
        let filled = (tiles * f64::from(parts) / FULL).min(1.0);
        let compute = tiles * rows * columns * k / (SPEED * rate * filled);
        let sums = if parts == 1 && direct { 0.0 } else { LAUNCH + f64::from(parts) * m * n * batches * 8.0 / BANDWIDTH };
        compute + sums
    };
    let mut best = (f64::INFINITY, Choice { tile: TILES[TILES.len() - 1].0, parts: 1 });
    for (tile, rate) in candidates {
        for parts in (0..8).map(|power| 1 << power) {
            let scratch = 4.0 * f64::from(parts) * m * n * batches;
            let fits = scratch <= MAX_SCRATCH.min(features.max_binding_bytes) as f64;
            if parts > 1 && (k < f64::from(parts) * 128.0 || !fits) {
                break;
            }
            let time = time(tile, *rate, parts);
            if time < best.0 {
                best = (time, Choice { tile: *tile, parts });
            }
        }
    }
    best.1
}

/// The launches of a product.
///
/// # Errors
/// If something does not fit 32 bits or the device's grid.
fn launches(
    product: &Product,
    number: Number,
    [lhs, rhs]: [Access; 2],
    direct: Option<Target>,
    Choice { tile, parts }: Choice,
    features: &Features,
) -> Result<Lowered, Refusal> {
    let k = product.k.size as u32;
    let part_k = k.div_ceil(parts).next_multiple_of(tile.depth);
    let parts = k.div_ceil(part_k.max(1)).max(1);
    let batch = product.three_batches()?;
    if let Some(target) = direct.filter(|_| parts == 1) {
        let [b0, b1, b2] = batch.map(|dim| dim.out);
        let strides = [product.m.out, product.n.out, b0, b1, b2, 0];
        let destination = Destination { out: product.out, target, strides };
        let variant = Variant { tile, number, lhs, rhs, target };
        let launch = tile::launch(product, &variant, &destination, [1, part_k], features)?;
        return Ok(Lowered { commands: vec![Command::Launch(launch)], ..Lowered::default() });
    }
    let sums = Partial::new(product, &batch, number, parts)?;
    if sums.bytes > features.max_binding_bytes {
        return Err(Refusal::new("a product of arrays larger than a binding"));
    }
    let variant = Variant { tile, number, lhs, rhs, target: sums.destination.target };
    let compute = tile::launch(product, &variant, &sums.destination, [parts, part_k], features)?;
    let part_stride = sums.destination.strides[5];
    let finish = finish::launch(number, product.out, sums.dims, parts, part_stride, features)?;
    Ok(Lowered {
        commands: vec![Command::Launch(compute), Command::Launch(finish)],
        scratch_bytes: sums.bytes,
        ..Lowered::default()
    })
}

/// Sums in scratch memory: parts outermost, then batches, rows, columns.
struct Partial {
    destination: Destination,
    dims: SmallVec<[finish::Dim; 6]>,
    bytes: u64,
}

impl Partial {
    fn new(product: &Product, batch: &[DotDim; 3], number: Number, parts: u32) -> Result<Self, Refusal> {
        let (m, n) = (product.m.size, product.n.size);
        let sizes = [n, m, batch[2].size, batch[1].size, batch[0].size];
        let mut strides = [1; 6];
        for at in 0..5 {
            strides[at + 1] = strides[at] * sizes[at];
        }
        let outs = [product.n.out, product.m.out, batch[2].out, batch[1].out, batch[0].out];
        let dims = (0..5).map(|at| (sizes[at], outs[at], strides[at])).collect();
        let dtype = match number {
            Number::F32 => DType::F32,
            Number::I32 => DType::I32,
            Number::U32 => DType::U32,
        };
        let [n_step, m_step, b2, b1, b0, part] = strides;
        product::word(part * i64::from(parts))?;
        Ok(Partial {
            destination: Destination {
                out: Array { memory: Memory::Scratch(0), dtype },
                target: Target { dtype, wide: n % 4 == 0 },
                strides: [m_step, n_step, b0, b1, b2, part],
            },
            dims,
            bytes: 4 * part as u64 * u64::from(parts),
        })
    }
}
