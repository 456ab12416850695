//! Compiles a kernel to a lane program.

use ops::BinaryOp;
use plan::axes::refine;
use plan::{EngineError, Kernel, NodeOp, Stage};
use tensor::{AlignedBytes, DType, Dims, Scalar};

use super::across;
use super::cost::{self, Lanes};
use super::program::{Entry, Home, Mode, Program, Tile};
use super::registers::Registers;
use super::stage::StageBuilder;

/// An array that a kernel reads or writes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Array {
    /// Element type.
    pub dtype: DType,
    /// Number of elements.
    pub len: i64,
}

/// What a kernel is compiled for.
pub(crate) struct Lowering<'a> {
    /// Input arrays, then output arrays.
    pub arrays: Vec<Array>,
    /// Number of inputs.
    pub inputs: usize,
    /// Whether an input and an output may share memory.
    pub may_alias: &'a dyn Fn(usize, usize) -> bool,
    /// Threads that may work on it.
    pub threads: usize,
    /// The step's origin, for errors.
    pub origin: &'a str,
}

impl Lowering<'_> {
    /// The error of a kernel that breaks the rules.
    pub(crate) fn error(&self, reason: impl Into<String>) -> EngineError {
        EngineError::Unsupported { origin: self.origin.to_owned(), reason: reason.into() }
    }
}

/// The table of pointers under construction, with the constants that some of them point to.
#[derive(Default)]
pub(crate) struct Table {
    pub entries: Vec<Home>,
    constants: Vec<[u8; 16]>,
}

impl Table {
    /// A new entry.
    pub(crate) fn entry(&mut self, home: Home) -> Entry {
        self.entries.push(home);
        Entry(self.entries.len() as u32 - 1)
    }

    /// An entry for a known value.
    pub(crate) fn constant(&mut self, value: Scalar) -> Entry {
        self.constants.push(value.to_bytes());
        self.entry(Home::Constant(16 * (self.constants.len() - 1)))
    }
}

/// Memory regions of a program: where the next thing goes.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Bump(pub usize);

impl Bump {
    /// Takes bytes, aligned to 64.
    pub(crate) fn take(&mut self, bytes: usize) -> usize {
        let at = self.0;
        self.0 += bytes.next_multiple_of(64);
        at
    }
}

/// Sizes that lowering decides on first.
pub(crate) struct Layout {
    /// The modes of the stages.
    pub modes: Vec<Mode>,
    /// Leading parallel axes that are looped over.
    pub outer_axes: usize,
    /// Whether the last of these is gone through in tiles.
    pub tile: Option<Tile>,
    /// Rows worked on together.
    pub group: usize,
    /// Lanes of a block of inner indices.
    pub block: usize,
    /// Offset of each row value's block in shared memory, and its type.
    pub row_values: Vec<(usize, DType)>,
    /// Offset of each row-local array in shared memory, and its type.
    pub scratch: Vec<(usize, DType)>,
}

/// Compiles a kernel. Kernels without rows have no program: there is nothing to do.
///
/// # Errors
/// If the kernel breaks the rules of [`Kernel`], or an operation has no meaning on its operands.
pub(crate) fn lower(kernel: &Kernel, lowering: &Lowering<'_>) -> Result<Option<Program>, EngineError> {
    check(kernel, lowering)?;
    if kernel.parallel.contains(&0) {
        return Ok(None);
    }
    let (kernel, empty) = without_empty_stages(kernel);
    let kernel = refine(&kernel);
    let modes: Vec<Mode> = cost::modes(&kernel);
    let Lanes { outer_axes, tile } = cost::lanes(&kernel, &lowering.arrays);
    let (group, block) = cost::sizes(&kernel, &modes, lowering.threads, outer_axes, tile.is_some());
    let kernel = across::turned(kernel, &modes);
    let mut shared = Bump::default();
    let row_values = kernel.row_types().into_iter().map(|ty| (shared.take(group * ty.size()), ty)).collect();
    let mut scratch: Vec<(usize, DType)> = kernel.scratch.iter().map(|&ty| (0, ty)).collect();
    for stage in &kernel.stages {
        let elements = group * stage.inner.iter().product::<i64>() as usize;
        for &(array, _) in &stage.scratch {
            scratch[array].0 = shared.take(elements * scratch[array].1.size());
        }
    }
    let layout = Layout { modes, outer_axes, tile, group, block, row_values, scratch };
    let mut table = Table::default();
    let mut stages = Vec::new();
    let mut private_bytes = 0;
    let mut first_row_value = 0;
    let mut work = 0.0;
    for (position, stage) in kernel.stages.iter().enumerate() {
        let mut memory = Bump::default();
        let builder = StageBuilder::new(&kernel, position, &layout, lowering, &mut table, &mut memory);
        let mut program = builder.build(first_row_value)?;
        first_row_value += stage.reductions.iter().map(|reduction| reduction.initial.len()).sum::<usize>();
        if empty[position] {
            // Starting values are still needed.
            program.setup.append(&mut program.body);
            program.inner_len = 0;
        }
        let lanes = group.max(block);
        Registers::new(&program, &table.entries).assign(&mut table.entries, lanes, &mut memory);
        work += cost::work_ns(&program, kernel.rows() as f64);
        private_bytes = private_bytes.max(memory.0);
        stages.push(program);
    }
    let axes = kernel.parallel.len() + kernel.stages.iter().map(|stage| stage.inner.len()).max().unwrap_or(0);
    let mut constants = AlignedBytes::zeroed(16 * table.constants.len());
    for (bytes, constant) in constants.chunks_exact_mut(16).zip(&table.constants) {
        bytes.copy_from_slice(constant);
    }
    let rows = kernel.rows() as usize;
    let lane_rows = kernel.parallel[outer_axes..].iter().product::<i64>() as usize;
    let blocks = lane_rows.div_ceil(group);
    let tiled_len = tile.map_or(1, |_| kernel.parallel[outer_axes - 1] as usize);
    let tiles = tile.map_or(1, |tile| tiled_len.div_ceil(tile.depth));
    Ok(Some(Program {
        rows,
        outer_axes,
        tile,
        parallel: kernel.parallel,
        group,
        lane_rows,
        blocks,
        tiled_len,
        groups: rows / lane_rows / tiled_len * blocks * tiles,
        block,
        axes,
        stages,
        entries: table.entries,
        constants,
        shared_bytes: shared.0,
        private_bytes,
        work_ns: work as u64,
    }))
}

/// What indexing relies on: numbers of arrays, nodes, axes and row values are in range, types agree.
fn check(kernel: &Kernel, lowering: &Lowering<'_>) -> Result<(), EngineError> {
    let types: Vec<DType> = kernel.inputs.iter().chain(&kernel.outputs).copied().collect();
    if lowering.inputs != kernel.inputs.len()
        || types.len() != lowering.arrays.len()
        || types.iter().zip(&lowering.arrays).any(|(&ty, array)| ty != array.dtype)
    {
        return Err(lowering.error("the kernel's arrays differ from the step's slots"));
    }
    let row_types = kernel.row_types();
    let mut rows_known = 0;
    let mut scratch_sizes: Vec<Option<Dims>> = vec![None; kernel.scratch.len()];
    for stage in &kernel.stages {
        check_stage(kernel, stage, &row_types[..rows_known], &scratch_sizes)
            .map_err(|reason| lowering.error(reason))?;
        rows_known += stage.reductions.iter().map(|reduction| reduction.initial.len()).sum::<usize>();
        for &(array, _) in &stage.scratch {
            scratch_sizes[array] = Some(stage.inner.clone());
        }
    }
    Ok(())
}

fn check_stage(
    kernel: &Kernel,
    stage: &Stage,
    rows: &[DType],
    scratch: &[Option<Dims>],
) -> Result<(), String> {
    let sizes = kernel.axes(stage);
    let expr_fits = |expr: &plan::Expr| {
        expr.terms.iter().all(|term| term.axis < sizes.len() && term.divisor >= 1 && term.modulus >= 0)
    };
    let access_fits = |access: &plan::Access| {
        expr_fits(&access.expr) && access.bounds.iter().all(|bound| expr_fits(&bound.expr) && bound.step >= 1)
    };
    if sizes.iter().any(|&size| size < 0) {
        return Err("an axis has a negative size".into());
    }
    for (position, node) in stage.nodes.iter().enumerate() {
        let mut in_order = true;
        node.op.visit_operands(|id| in_order &= id.index() < position);
        let fits = match &node.op {
            NodeOp::Constant(value) => value.dtype == node.dtype,
            NodeOp::Index(expr) => expr_fits(expr),
            NodeOp::Load { input, access, .. } => {
                kernel.inputs.get(*input) == Some(&node.dtype) && access_fits(access)
            }
            NodeOp::Row(row) => rows.get(*row) == Some(&node.dtype),
            NodeOp::Scratch(array) => {
                kernel.scratch.get(*array) == Some(&node.dtype)
                    && scratch[*array].as_ref() == Some(&stage.inner)
            }
            NodeOp::Argument(_) => false,
            _ => true,
        };
        if !in_order || !fits {
            return Err(format!("node v{position}, `{}`, does not fit its kernel", node.op));
        }
    }
    let known = |id: plan::NodeId, ty: Option<&DType>| {
        stage.nodes.get(id.index()).is_some_and(|node| ty.is_none_or(|&ty| ty == node.dtype))
    };
    let stores = stage.stores.iter().all(|store| {
        let mut nodes = known(store.value, kernel.outputs.get(store.output));
        store.access.visit_operands(|id| nodes &= known(id, None));
        nodes && store.output < kernel.outputs.len() && access_fits(&store.access)
    });
    let writes = stage
        .scratch
        .iter()
        .all(|&(array, value)| array < kernel.scratch.len() && known(value, kernel.scratch.get(array)));
    let folds = stage.reductions.iter().all(|reduction| {
        let same = |(a, b): (&plan::NodeId, &plan::NodeId)| {
            known(*a, None) && known(*b, Some(&stage.nodes[a.index()].dtype))
        };
        reduction.inputs.len() == reduction.initial.len()
            && reduction.inputs.iter().zip(&reduction.initial).all(same)
            && match &reduction.combiner {
                plan::Combiner::Binary(op) => reduction.inputs.len() == 1 && *op != BinaryOp::Complex,
                plan::Combiner::Graph(graph) => check_graph(graph, reduction.inputs.len()),
            }
    });
    if stores && writes && folds {
        Ok(())
    } else {
        Err("a store or reduction does not fit its kernel".into())
    }
}

fn check_graph(graph: &plan::Graph, values: usize) -> bool {
    let nodes = graph.nodes.iter().enumerate().all(|(position, node)| {
        let mut in_order = true;
        node.op.visit_operands(|id| in_order &= id.index() < position);
        in_order
            && match &node.op {
                NodeOp::Argument(index) => graph.arguments.get(*index) == Some(&node.dtype),
                NodeOp::Index(_) | NodeOp::Load { .. } | NodeOp::Row(_) | NodeOp::Scratch(_) => false,
                _ => true,
            }
    });
    nodes
        && graph.arguments.len() == 2 * values
        && graph.results.len() == values
        && graph.results.iter().all(|id| id.index() < graph.nodes.len())
}

/// Stages with no inner indices at all become stages whose reductions give their starting values; which
/// they are is returned too.
fn without_empty_stages(kernel: &Kernel) -> (Kernel, Vec<bool>) {
    let mut kernel = kernel.clone();
    let empty: Vec<bool> = kernel.stages.iter().map(|stage| stage.inner.contains(&0)).collect();
    for (stage, _) in kernel.stages.iter_mut().zip(&empty).filter(|(_, empty)| **empty) {
        // Sizes of 1 rather than none: axis numbers stay valid.
        stage.inner.iter_mut().for_each(|size| *size = 1);
        stage.stores.clear();
        stage.scratch.clear();
        for reduction in &mut stage.reductions {
            reduction.inputs = reduction.initial.clone();
        }
    }
    (kernel, empty)
}

/// The kernel with unconditional loads of inputs whose elements are all one known value replaced by that
/// value; and for each input whether it is still read.
pub(crate) fn with_known_inputs(kernel: &Kernel, known: &[Option<Scalar>]) -> (Kernel, Vec<bool>) {
    let mut kernel = kernel.clone();
    let mut read = vec![false; known.len()];
    for node in kernel.stages.iter_mut().flat_map(|stage| &mut stage.nodes) {
        if let NodeOp::Load { input, access, .. } = &node.op {
            match known.get(*input) {
                Some(Some(value)) if access.is_affine() && value.dtype == node.dtype => {
                    node.op = NodeOp::Constant(*value);
                }
                Some(_) => read[*input] = true,
                None => {}
            }
        }
    }
    (kernel, read)
}
