//! Tiles of a product staged through workgroup memory.

use std::sync::Arc;

use plan::library::DotDim;
use smallvec::smallvec;

use super::element::Number;
use super::operand::{Access, Target};
use super::product::{Array, Product, word};
use super::template::Slots;
use crate::command::{Bound, Launch, grid};
use crate::features::Features;
use crate::lower::Refusal;
use crate::shader::Shader;

/// Shape of a tile and of the threads that compute it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Tile {
    /// Groups of four rows that a thread owns.
    pub row_quads: u32,
    /// Groups of four columns that a thread owns.
    pub column_quads: u32,
    /// Threads along the rows.
    pub row_threads: u32,
    /// Threads along the columns.
    pub column_threads: u32,
    /// Threads of consecutive numbers that lie along the columns.
    pub warp_columns: u32,
    /// Terms of a staged tile: a multiple of 8.
    pub depth: u32,
    /// Staged tiles: 1, or 2 to fill one while the other is used.
    pub stages: u32,
    /// Terms written out in the inner loop: divides `depth`.
    pub unroll: u32,
}

impl Tile {
    const fn square(edge: u32, quads: u32, depth: u32, stages: u32) -> Self {
        let threads = edge / (4 * quads);
        Tile {
            row_quads: quads,
            column_quads: quads,
            row_threads: threads,
            column_threads: threads,
            warp_columns: 8,
            depth,
            stages,
            unroll: 1,
        }
    }

    /// Rows of a tile.
    pub const fn rows(&self) -> u32 {
        4 * self.row_quads * self.row_threads
    }

    /// Columns of a tile.
    pub const fn columns(&self) -> u32 {
        4 * self.column_quads * self.column_threads
    }

    /// Threads of a workgroup.
    pub const fn threads(&self) -> u32 {
        self.row_threads * self.column_threads
    }

    /// Bytes of workgroup memory.
    pub const fn workgroup_bytes(&self) -> u32 {
        16 * self.stages * self.depth * (self.rows() / 4 + 1 + self.columns() / 4 + 1)
    }
}

/// The tiles that products use, largest first, with the share of the device's speed that they reach when they fill
/// it.
pub(super) const TILES: [(Tile, f64); 4] = [
    (Tile { row_quads: 4, row_threads: 16, ..Tile::square(128, 2, 16, 1) }, 1.0),
    (Tile::square(128, 2, 16, 1), 0.9),
    (Tile::square(64, 1, 16, 2), 0.6),
    (Tile::square(32, 1, 16, 2), 0.35),
];

/// What makes a shader of this family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(in crate::library) struct Variant {
    /// Tile.
    pub tile: Tile,
    /// Type of sums.
    pub number: Number,
    /// Reads the lhs.
    pub lhs: Access,
    /// Reads the rhs.
    pub rhs: Access,
    /// Writes the result.
    pub target: Target,
}

/// Parameters, in the shader's order.
pub(in crate::library) const PARAMETERS: [&str; 24] = [
    "m", "n", "k", "layers", "parts", "part_k", "batch1", "batch2", "lhs_kept", "lhs_depth", "rhs_kept", "rhs_depth",
    "out_kept", "out_column", "out_part", "lhs0", "lhs1", "lhs2", "rhs0", "rhs1", "rhs2", "out0", "out1", "out2",
];

/// The declaration of immediates: offsets of bindings, then parameters.
pub(in crate::library) fn arguments(bindings: u32, parameters: &[&str]) -> String {
    let offsets = (0..bindings).map(|binding| format!("at{binding}: u32, "));
    let parameters = parameters.iter().map(|name| format!("{name}: u32, "));
    let fields: String = offsets.chain(parameters).collect();
    format!("struct Args {{ {fields}}}\nvar<immediate> args: Args;")
}

/// The declaration of a binding.
pub(in crate::library) fn binding(number: u32, element: &str) -> String {
    format!("@group(0) @binding({number}) var<storage, read_write> b{number}: array<{element}>;\n")
}

impl Variant {
    /// The shader; `extra` replaces the functions that read the lhs.
    pub fn shader(&self, features: &Features) -> Arc<Shader> {
        let Tile { row_quads, column_quads, row_threads, column_threads, warp_columns, depth, stages, unroll } =
            self.tile;
        let (rows, columns, threads) = (self.tile.rows(), self.tile.columns(), self.tile.threads());
        let number = self.number.wgsl();
        let storages = [self.lhs.storage(features), self.rhs.storage(features), self.target.storage(features)];
        let bindings: String =
            storages.iter().zip(0..).map(|(storage, at)| binding(at, storage.declared)).collect();
        let enable = if storages.iter().any(|storage| storage.declared.contains("f16")) { "enable f16;\n" } else { "" };
        let functions = [
            include_str!("../../../shaders/matmul_numbers.wgsl"),
            self.number.multiply_add(),
            &self.lhs.functions("lhs", number, features),
            &self.rhs.functions("rhs", number, features),
            &self.target.functions(self.number, features),
            "fn out_row(row: u32) -> u32 {\n    return row * args.out_kept;\n}\n",
        ]
        .concat();
        let loads = |extent: u32| (extent * depth / 16).div_ceil(threads);
        let flag = |set: bool| u32::from(set);
        let mut slots = Slots::default();
        slots
            .set("ARGS", arguments(3, &PARAMETERS))
            .set("BINDINGS", bindings)
            .set("FUNCTIONS", functions)
            .set("THREADS", threads)
            .set("ROW_THREADS", row_threads)
            .set("COLUMN_THREADS", column_threads)
            .set("ROW_QUADS", row_quads)
            .set("COLUMN_QUADS", column_quads)
            .set("WARP_COLUMNS", warp_columns)
            .set("TM", rows)
            .set("TN", columns)
            .set("TK", depth)
            .set("T", number)
            .set("STAGES", stages)
            .set("UNROLL", unroll)
            .set("LHS_LOADS", loads(rows))
            .set("RHS_LOADS", loads(columns))
            .set("LHS_ALONG", self.lhs.along())
            .set("RHS_ALONG", self.rhs.along())
            .set("LHS_NEXT_ROW", flag(self.lhs.along_k))
            .set("LHS_NEXT_K", flag(!self.lhs.along_k))
            .set("RHS_NEXT_ROW", flag(self.rhs.along_k))
            .set("RHS_NEXT_K", flag(!self.rhs.along_k));
        let body = slots.print(include_str!("../../../shaders/matmul.wgsl"));
        Arc::new(Shader {
            name: "matmul",
            source: format!("{enable}{body}").into(),
            bindings: 3,
            parameters: PARAMETERS.len() as u32,
            unchecked: true,
        })
    }
}

/// Where a launch writes, with strides of the result.
#[derive(Clone, Debug)]
pub(in crate::library) struct Destination {
    /// The array.
    pub out: Array,
    /// How.
    pub target: Target,
    /// Strides in elements: rows, columns, the three batch dimensions, parts.
    pub strides: [i64; 6],
}

/// A launch for a product, its terms in `parts` parts of `part_k`.
///
/// # Errors
/// If something does not fit 32 bits or the device's grid.
pub(in crate::library) fn launch(
    product: &Product,
    variant: &Variant,
    destination: &Destination,
    [parts, part_k]: [u32; 2],
    features: &Features,
) -> Result<Launch, Refusal> {
    let batch = product.three_batches()?;
    let layers = product.batches() * u64::from(parts);
    let tiles = |dim: &DotDim, edge: u32| (dim.size as u64).div_ceil(u64::from(edge));
    let groups = layers * tiles(&product.m, variant.tile.rows()) * tiles(&product.n, variant.tile.columns());
    let steps = [variant.lhs.step(), variant.rhs.step(), destination.target.step()];
    // The contiguous axis of a wide array is counted in quads by the shader itself.
    let stride = |value: i64, step: i64| word(value / step);
    let [out_row, out_column, out0, out1, out2, out_part] = destination.strides;
    let mut parameters = smallvec![
        word(product.m.size)?,
        word(product.n.size)?,
        word(product.k.size)?,
        word(layers as i64)?,
        parts,
        part_k,
        word(batch[1].size)?,
        word(batch[2].size)?,
        stride(product.m.lhs, steps[0])?,
        stride(product.k.lhs, steps[0])?,
        stride(product.n.rhs, steps[1])?,
        stride(product.k.rhs, steps[1])?,
        stride(out_row, steps[2])?,
        stride(out_column, steps[2])?,
        stride(out_part, steps[2])?,
    ];
    for dim in &batch {
        parameters.push(stride(dim.lhs, steps[0])?);
    }
    for dim in &batch {
        parameters.push(stride(dim.rhs, steps[1])?);
    }
    for value in [out0, out1, out2] {
        parameters.push(stride(value, steps[2])?);
    }
    let bound = |array: Array, unit| Bound { memory: array.memory, unit };
    Ok(Launch {
        shader: variant.shader(features),
        bindings: smallvec![
            bound(product.lhs, variant.lhs.storage(features).unit),
            bound(product.rhs, variant.rhs.storage(features).unit),
            bound(destination.out, destination.target.storage(features).unit),
        ],
        parameters,
        grid: grid(groups, features.max_grid)
            .filter(|_| u32::try_from(groups).is_ok())
            .ok_or_else(|| Refusal::new("a product of more tiles than a grid has"))?,
        work: work(product),
    })
}

/// Estimated work of a product, as [`Launch::work`].
pub(in crate::library) fn work(product: &Product) -> u64 {
    let [m, n, k] = [product.m, product.n, product.k].map(|dim| dim.size as u64);
    product.batches() * (m * n * k / 5).max(4 * (m * k + k * n + m * n))
}
