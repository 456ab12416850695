//! Tiles of a product staged through workgroup memory.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use plan::library::DotDim;
use smallvec::{SmallVec, smallvec};

use super::cooperative::Cooperative;
use super::element::Number;
use super::gather::{self, Axis, Gathered, Table};
use super::operand::{Access, Target};
use super::product::{Array, Product, word};
use super::template::Slots;
use super::thin::{self, Thin};
use crate::command::{Bound, Launch, Memory, grid};
use crate::features::Features;
use crate::kernel::{Epilogue, Function};
use crate::lower::Refusal;
use crate::scalar::Scalars;
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
    /// A square tile of this edge, whose threads own squares of `quads` by `quads` quads.
    pub const fn square(edge: u32, quads: u32, depth: u32, stages: u32) -> Self {
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

    /// Fills the slots and prints the shader.
    fn print(&self, slots: &mut Slots, accesses: [Access; 2]) -> String {
        let loads = |extent: u32| (extent * self.depth / 16).div_ceil(self.threads());
        for (name, access) in ["LHS", "RHS"].into_iter().zip(accesses) {
            let (next_row, next_k) = if access.along_k { (1, 0) } else { (0, 1) };
            slots.set(format!("{name}_NEXT_ROW"), next_row).set(format!("{name}_NEXT_K"), next_k);
        }
        slots
            .set("ROW_THREADS", self.row_threads)
            .set("COLUMN_THREADS", self.column_threads)
            .set("ROW_QUADS", self.row_quads)
            .set("COLUMN_QUADS", self.column_quads)
            .set("WARP_COLUMNS", self.warp_columns)
            .set("STAGES", self.stages)
            .set("UNROLL", self.unroll)
            .set("LHS_LOADS", loads(self.rows()))
            .set("RHS_LOADS", loads(self.columns()));
        slots.print(include_str!("../../../shaders/matmul.wgsl"))
    }
}

/// A way to compute tiles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Shape {
    /// In plain arithmetic.
    Plain(Tile),
    /// By cooperative matrices.
    Cooperative(Cooperative),
    /// A few rows at a time.
    Thin(Thin),
    /// A quad a thread.
    Small,
    /// One element at a time.
    Elements,
    /// A result a thread; neighbours are rows or columns.
    Direct {
        /// Whether neighbours are rows.
        rows_first: bool,
    },
}

impl Shape {
    /// Rows of a tile.
    pub const fn rows(&self) -> u32 {
        match self {
            Shape::Plain(tile) => tile.rows(),
            Shape::Cooperative(tile) => tile.rows(),
            Shape::Thin(thin) => thin.rows,
            Shape::Small | Shape::Direct { .. } => 1,
            Shape::Elements => 16,
        }
    }

    /// Columns of a tile.
    pub const fn columns(&self) -> u32 {
        match self {
            Shape::Plain(tile) => tile.columns(),
            Shape::Cooperative(tile) => tile.columns(),
            Shape::Thin(thin) => thin.columns(),
            Shape::Small => 4,
            Shape::Direct { .. } => 1,
            Shape::Elements => 16,
        }
    }

    /// Terms of a staged tile.
    pub const fn depth(&self) -> u32 {
        match self {
            Shape::Plain(tile) => tile.depth,
            Shape::Cooperative(tile) => tile.depth,
            Shape::Thin(thin) => thin.depth(),
            Shape::Small | Shape::Direct { .. } => 4,
            Shape::Elements => 16,
        }
    }

    /// Threads of a workgroup.
    pub const fn threads(&self) -> u32 {
        match self {
            Shape::Plain(tile) => tile.threads(),
            Shape::Cooperative(tile) => tile.threads(),
            Shape::Thin(_) | Shape::Small | Shape::Elements | Shape::Direct { .. } => 256,
        }
    }

    /// Whether operands are staged in workgroup memory, `depth` terms at a time.
    pub const fn is_tiled(&self) -> bool {
        matches!(self, Shape::Plain(_) | Shape::Cooperative(_))
    }

    /// Sums that a thread keeps.
    pub const fn sums(&self) -> u32 {
        self.rows() * self.columns() / self.threads()
    }

    /// Bytes of workgroup memory, at most.
    pub const fn workgroup_bytes(&self) -> u32 {
        match self {
            Shape::Plain(tile) => tile.workgroup_bytes(),
            Shape::Cooperative(tile) => tile.workgroup_bytes(),
            Shape::Thin(thin) => thin.workgroup_bytes(),
            Shape::Small | Shape::Direct { .. } => 0,
            Shape::Elements => 2 * 272 * 16,
        }
    }
}

/// What makes a shader of this family.
#[derive(Clone, Debug)]
pub(in crate::library) struct Variant<'a> {
    /// Tile.
    pub shape: Shape,
    /// Type of sums.
    pub number: Number,
    /// Reads the lhs.
    pub lhs: Access,
    /// Reads the rhs.
    pub rhs: Access,
    /// Writes the result.
    pub target: Target,
    /// Dimensions of operands that are more than strides.
    pub gather: Option<Gather>,
    /// Whether there are batch dimensions: shaders with an epilogue do without what only these need, to have room for
    /// its arrays; others serve both.
    pub batched: bool,
    /// What is stored instead of the sums.
    pub epilogue: Option<&'a Epilogue>,
}

/// Dimensions of a product that is gathered from a padded array.
#[derive(Clone, Debug)]
pub(in crate::library) struct Gather {
    /// The lhs.
    pub lhs: Gathered,
    /// The rhs, unless it is dense.
    pub rhs: Option<Gathered>,
    /// Rows in the result and where the first is, unless they are evenly spaced from 0.
    pub out: Option<(Vec<Axis>, i64)>,
}

/// Parameters, in the shader's order: at the end those of batch dimensions.
pub(in crate::library) const PARAMETERS: [&str; 24] = [
    "m",
    "n",
    "k",
    "layers",
    "parts",
    "part_k",
    "lhs_kept",
    "lhs_depth",
    "rhs_kept",
    "rhs_depth",
    "out_kept",
    "out_column",
    "out_part",
    "batch1",
    "batch2",
    "lhs0",
    "lhs1",
    "lhs2",
    "rhs0",
    "rhs1",
    "rhs2",
    "out0",
    "out1",
    "out2",
];

/// Parameters of shaders without batch dimensions.
const UNBATCHED: usize = 13;

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

/// A shader of this family.
struct Printed {
    shader: Arc<Shader>,
    /// Contents of its table.
    table: Vec<u32>,
    /// Arrays of the epilogue, the first in place of the result.
    epilogue: Vec<Bound>,
}

impl Variant<'_> {
    /// The shader and what it binds.
    ///
    /// # Errors
    /// If the device cannot run the epilogue.
    fn shader(&self, features: &Features) -> Result<Printed, Refusal> {
        let number = match self.shape {
            Shape::Cooperative(tile) => tile.number(),
            _ => self.number.wgsl(),
        };
        let storages =
            [self.lhs.storage(features), self.rhs.storage(features), self.target.storage(features)];
        let epilogue = self.epilogue(features)?;
        let mut declared = storages.map(|storage| storage.declared.to_owned()).to_vec();
        declared.extend(self.gather.is_some().then(|| "u32".to_owned()));
        if let Some(epilogue) = &epilogue {
            declared[2].clone_from(&epilogue.elements[0]);
            declared.extend_from_slice(&epilogue.elements[1..]);
        }
        let words = declared.len() as u32 + self.parameters().len() as u32;
        if declared.len() > features.max_bindings as usize || 4 * words > features.immediate_bytes {
            return Err(Refusal::new("an epilogue of many arrays"));
        }
        let bindings: String = declared.iter().zip(0..).map(|(element, at)| binding(at, element)).collect();
        if self.shape == Shape::Elements {
            let functions = self.number.multiply_add();
            let key = (self.shape, bindings, functions, [false, false, self.batched]);
            let shader = cached(&key, |(_, bindings, functions, _)| self.print(number, bindings, functions));
            return Ok(Printed { shader, table: Vec::new(), epilogue: Vec::new() });
        }
        let (accesses, table) = self.accesses(number, features);
        let functions = [
            include_str!("../../../shaders/matmul_numbers.wgsl"),
            &self.number.multiply_add(),
            &accesses,
            epilogue.as_ref().map_or("", |epilogue| &epilogue.source),
            &self.target.functions(self.number, epilogue.is_some(), features),
        ]
        .concat();
        let key = (self.shape, bindings, functions, [self.lhs.along_k, self.rhs.along_k, self.batched]);
        let shader = cached(&key, |(_, bindings, functions, _)| self.print(number, bindings, functions));
        let epilogue = epilogue.map_or(Vec::new(), |epilogue| epilogue.bound);
        Ok(Printed { shader, table, epilogue })
    }

    /// Names of the parameters.
    fn parameters(&self) -> &'static [&'static str] {
        if self.batched { &PARAMETERS } else { &PARAMETERS[..UNBATCHED] }
    }

    /// The function that stores, if there is an epilogue. Its first array takes the place of the result.
    fn epilogue(&self, features: &Features) -> Result<Option<Function>, Refusal> {
        let Some(epilogue) = self.epilogue else { return Ok(None) };
        let others = 2 + u32::from(self.gather.is_some());
        let number = |at: u32| if at == 0 { 2 } else { others + at };
        let width = if self.target.wide { 4 } else { 1 };
        epilogue.function(width, self.number.dtype(), number, &mut Scalars::new(features)).map(Some)
    }

    /// Prints the shader.
    fn print(&self, number: &str, bindings: &str, functions: &str) -> Shader {
        let count = bindings.lines().count() as u32;
        let mut slots = Slots::default();
        slots
            .set("ARGS", arguments(count, self.parameters()))
            .set("SETUP", if self.gather.is_some() { "setup();" } else { "" })
            .set("BATCHED", if self.batched { "yes" } else { "no" });
        let prologue = slots.print(include_str!("../../../shaders/matmul_prologue.wgsl"));
        slots
            .set("PROLOGUE", prologue)
            .set("BINDINGS", bindings)
            .set("FUNCTIONS", functions)
            .set("TM", self.shape.rows())
            .set("TN", self.shape.columns())
            .set("TK", self.shape.depth())
            .set("THREADS", self.shape.threads())
            .set("T", number)
            .set("LHS_ALONG", self.lhs.along())
            .set("RHS_ALONG", self.rhs.along());
        let body = match self.shape {
            Shape::Plain(tile) => {
                // Drivers take long for a long epilogue in as many places as a thread has quads.
                let long = self.epilogue.is_some_and(Epilogue::is_long);
                slots.set("STORES", if long { "looped" } else { "unrolled" });
                tile.print(&mut slots, [self.lhs, self.rhs])
            }
            Shape::Cooperative(tile) => tile.print(&mut slots, [self.lhs, self.rhs]),
            Shape::Thin(thin) => thin.print(&mut slots),
            Shape::Small => thin::print_small(&slots),
            Shape::Elements => slots.print(include_str!("../../../shaders/matmul_elements.wgsl")),
            Shape::Direct { rows_first } => thin::print_direct(&mut slots, rows_first),
        };
        let half = bindings.contains("f16>") || number == "f16";
        let enable = [
            if half { "enable f16;\n" } else { "" },
            if body.contains("coop_mat") { "enable wgpu_cooperative_matrix;\n" } else { "" },
        ];
        Shader {
            name: if self.gather.is_some() { "convolution" } else { "matmul" },
            source: (enable.concat() + &body).into(),
            bindings: count,
            parameters: self.parameters().len() as u32,
            unchecked: true,
        }
    }

    /// The functions that read operands and find rows of the result; the contents of their table.
    fn accesses(&self, number: &str, features: &Features) -> (String, Vec<u32>) {
        let dense_out = "fn out_row(row: u32) -> u32 {\n    return row * args.out_kept;\n}\n";
        let Some(gather) = &self.gather else {
            let [lhs, rhs] = [("lhs", self.lhs), ("rhs", self.rhs)]
                .map(|(name, access)| access.functions(name, number, features));
            return (lhs + &rhs + dense_out, Vec::new());
        };
        let mut table = Table::default();
        let lhs = gather::functions("lhs", &gather.lhs, self.lhs, number, features, &mut table);
        let rhs = match &gather.rhs {
            Some(rhs) => gather::functions("rhs", rhs, self.rhs, number, features, &mut table),
            None => self.rhs.functions("rhs", number, features),
        };
        let out = match &gather.out {
            Some((rows, start)) => gather::out_row(rows, *start, self.target.step(), &mut table),
            None => dense_out.to_owned(),
        };
        ([gather::DIVIDE, &table.functions(3), &lhs, &rhs, &out].concat(), table.values)
    }
}

/// What tells shaders of tiles apart: shape, declarations of bindings, functions, the axes of the operands' quads,
/// whether there are batch dimensions.
type Key = (Shape, String, String, [bool; 3]);

/// The shader of a key, printed once in a process: a program has many products and few kinds of them.
fn cached(key: &Key, print: impl FnOnce(&Key) -> Shader) -> Arc<Shader> {
    static SHADERS: LazyLock<Mutex<HashMap<Key, Arc<Shader>>>> = LazyLock::new(Mutex::default);
    let mut shaders = SHADERS.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(shader) = shaders.get(key) {
        return shader.clone();
    }
    let shader = Arc::new(print(key));
    shaders.insert(key.clone(), shader.clone());
    shader
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
    variant: &Variant<'_>,
    destination: &Destination,
    [parts, part_k]: [u32; 2],
    tables: &mut Vec<u8>,
    features: &Features,
) -> Result<Launch, Refusal> {
    let batch = product.three_batches()?;
    let layers = product.batches() * u64::from(parts);
    let tiles = |dim: &DotDim, edge: u32| (dim.size as u64).div_ceil(u64::from(edge));
    let count = layers * tiles(&product.m, variant.shape.rows()) * tiles(&product.n, variant.shape.columns());
    let groups = match variant.shape {
        Shape::Small | Shape::Direct { .. } => count.div_ceil(256),
        _ => count,
    };
    let steps = [variant.lhs.step(), variant.rhs.step(), destination.target.step()];
    // The contiguous axis of a wide array is counted in quads by the shader itself.
    let stride = |value: i64, step: i64| word(value / step);
    let [out_row, out_column, out0, out1, out2, out_part] = destination.strides;
    let mut parameters: SmallVec<[u32; 8]> = smallvec![
        word(product.m.size)?,
        word(product.n.size)?,
        word(product.k.size)?,
        word(layers as i64)?,
        parts,
        part_k,
        stride(product.m.lhs, steps[0])?,
        stride(product.k.lhs, steps[0])?,
        stride(product.n.rhs, steps[1])?,
        stride(product.k.rhs, steps[1])?,
        stride(out_row, steps[2])?,
        stride(out_column, steps[2])?,
        stride(out_part, steps[2])?,
        word(batch[1].size)?,
        word(batch[2].size)?,
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
    parameters.truncate(variant.parameters().len());
    let Printed { shader, table, epilogue } = variant.shader(features)?;
    let bound = |array: Array, unit| Bound { memory: array.memory, unit };
    let mut bindings: SmallVec<[Bound; 8]> = smallvec![
        bound(product.lhs, variant.lhs.storage(features).unit),
        bound(product.rhs, variant.rhs.storage(features).unit),
        bound(destination.out, destination.target.storage(features).unit),
    ];
    if variant.gather.is_some() {
        tables.resize(tables.len().next_multiple_of(64), 0);
        bindings.push(Bound { memory: Memory::Table(tables.len() as u64), unit: 4 });
        tables.extend(table.iter().flat_map(|value| value.to_le_bytes()));
    }
    if let Some((&first, others)) = epilogue.split_first() {
        bindings[2] = first;
        bindings.extend_from_slice(others);
    }
    Ok(Launch {
        shader,
        bindings,
        parameters,
        grid: grid(groups, features.max_grid)
            .filter(|_| u32::try_from(count).is_ok())
            .ok_or_else(|| Refusal::new("a product of more tiles than a grid has"))?,
        work: work(product),
    })
}

/// Estimated work of a product, as [`Launch::work`].
pub(in crate::library) fn work(product: &Product) -> u64 {
    let [m, n, k] = [product.m, product.n, product.k].map(|dim| dim.size as u64);
    product.batches() * (m * n * k / 5).max(4 * (m * k + k * n + m * n))
}
