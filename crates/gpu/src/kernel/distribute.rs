//! A kernel of few long rows as several launches: each long stage is shared by many workgroups.
//!
//! ```text
//! stage that folds a long row  ->  partial folds of many workgroups; a kernel that folds those is begun
//! stage that only maps one     ->  a kernel whose rows are all elements
//! short stage                  ->  joins the kernel begun before
//! ```
//!
//! Row values and row-local arrays become arrays in scratch memory.

use plan::{Access, Expr, Kernel, Node, NodeId, NodeOp, Reduction, Stage, Store, Term};
use smallvec::SmallVec;
use tensor::{DType, Dims, row_major_strides};

use super::fold::accumulator;
use super::schedule::elements;
use super::shader::{self, Operand, Task};
use super::{schedule, simplify};
use crate::command::Memory;
use crate::features::Features;
use crate::lower::Refusal;

/// Elements of all rows of a stage that are worth launches of their own.
const LONG: i64 = 1 << 16;

fn is_long(kernel: &Kernel, stage: &Stage) -> bool {
    kernel.rows() * elements(stage) >= LONG && elements(stage) >= 1024
}

/// Whether a kernel has long stages, not enough rows for a large device, and rows long enough to be shared.
pub(super) fn pays(kernel: &Kernel, arrays: &[Operand], features: &Features) -> bool {
    if !kernel.stages.iter().any(|stage| is_long(kernel, stage)) {
        return false;
    }
    let schedule = schedule::choose(kernel, arrays, features);
    !schedule::fills(kernel, &schedule) && schedule::split(kernel, &schedule) > 1
}

/// The tasks of a kernel. `scratch` is the scratch memory used so far.
pub(super) fn distribute(
    kernel: &Kernel,
    arrays: &[Operand],
    scratch: &mut u64,
    features: &Features,
) -> Result<Vec<Task>, Refusal> {
    let mut parts = Parts::new(kernel, arrays, scratch, features);
    for (number, stage) in kernel.stages.iter().enumerate() {
        if !is_long(kernel, stage) {
            parts.append(number);
        } else if stage.reductions.is_empty() {
            parts.map(number);
        } else {
            parts.fold(number)?;
        }
    }
    parts.flush(kernel.stages.len());
    Ok(parts.tasks)
}

struct Parts<'a> {
    kernel: &'a Kernel,
    features: &'a Features,
    scratch: &'a mut u64,
    /// The kernel's arrays, then those in scratch memory.
    arrays: Vec<Operand>,
    /// The array of each row-local array.
    locals: Vec<usize>,
    /// Number of the first row value of each stage.
    first_rows: Vec<usize>,
    row_types: Vec<DType>,
    /// Where each row value is.
    rows: Vec<Home>,
    /// Stages of the kernel begun, and the type in which it holds each of its row values.
    begun: Vec<Stage>,
    begun_rows: Vec<DType>,
    tasks: Vec<Task>,
}

#[derive(Clone, Copy, Debug)]
enum Home {
    /// Not computed yet.
    Nowhere,
    /// A row value of the kernel begun.
    Begun(usize),
    /// An array.
    Array(usize),
}

impl<'a> Parts<'a> {
    fn new(kernel: &'a Kernel, arrays: &[Operand], scratch: &'a mut u64, features: &'a Features) -> Self {
        let mut first_rows = Vec::new();
        let mut count = 0;
        for stage in &kernel.stages {
            first_rows.push(count);
            count += row_values(stage);
        }
        let mut parts = Parts {
            kernel,
            features,
            scratch,
            arrays: arrays.to_vec(),
            locals: Vec::new(),
            first_rows,
            row_types: kernel.row_types(),
            rows: vec![Home::Nowhere; count],
            begun: Vec::new(),
            begun_rows: Vec::new(),
            tasks: Vec::new(),
        };
        for (number, &dtype) in kernel.scratch.iter().enumerate() {
            let writes = |stage: &&Stage| stage.scratch.iter().any(|&(array, _)| array == number);
            let count = kernel.stages.iter().find(writes).map_or(0, elements);
            let array = parts.allocate(dtype, kernel.rows() * count);
            parts.locals.push(array);
        }
        parts
    }

    /// An array in scratch memory.
    fn allocate(&mut self, dtype: DType, len: i64) -> usize {
        let memory = Memory::Scratch(*self.scratch);
        *self.scratch += (len as u64 * dtype.size() as u64).next_multiple_of(64);
        self.arrays.push(Operand { memory, dtype, len, padded: true });
        self.arrays.len() - 1
    }

    /// Joins a short stage to the kernel begun.
    fn append(&mut self, number: usize) {
        let stage = self.rewrite(number);
        self.join(number, stage);
    }

    /// Joins a stage, as the kernel begun has it, to that.
    fn join(&mut self, number: usize, stage: Stage) {
        let results = stage.reductions.iter().flat_map(|reduction| &reduction.initial);
        for (row, id) in (self.first_rows[number]..).zip(results) {
            self.rows[row] = Home::Begun(self.begun_rows.len());
            self.begun_rows.push(stage.nodes[id.index()].dtype);
        }
        self.begun.push(stage);
    }

    /// A kernel whose rows are all elements of a stage that only maps.
    fn map(&mut self, number: usize) {
        self.flush(number);
        let mut stage = self.rewrite(number);
        let parallel: Dims = self.kernel.axes(&stage);
        stage.inner = Dims::new();
        self.emit(parallel, vec![stage]);
    }

    /// Partial folds of a stage, and a kernel begun that folds them; of rows too short to be shared a kernel begun that
    /// folds all.
    fn fold(&mut self, number: usize) -> Result<(), Refusal> {
        self.flush(number);
        let stage = self.rewrite(number);
        let parallel = self.kernel.parallel.clone();
        let (kernel, used) = self.bind(parallel.clone(), vec![stage.clone()]);
        let lengths: Vec<Operand> = used.iter().map(|&array| self.arrays[array]).collect();
        let kernel = simplify(&kernel);
        let split = schedule::split(&kernel, &schedule::choose(&kernel, &lengths, self.features));
        if split == 1 {
            self.join(number, stage);
            return Ok(());
        }
        let types = shader::partial_types(&kernel, self.features)?;
        let partial: Vec<usize> =
            types.iter().map(|&dtype| self.allocate(dtype, self.kernel.rows() * i64::from(split))).collect();
        self.tasks.push(Task {
            kernel,
            arrays: lengths,
            partial: partial.iter().map(|&array| self.arrays[array]).collect(),
            split,
        });

        let finish = self.finishing(number, &stage, &partial, i64::from(split));
        self.begun.push(finish);
        Ok(())
    }

    /// A stage that folds partial results.
    fn finishing(&mut self, number: usize, stage: &Stage, partial: &[usize], split: i64) -> Stage {
        let rank = self.kernel.parallel.len();
        let mut expr = self.row_expr(split);
        expr.add_term(Term::plain(rank, 1));
        // The starting values are evaluated here; inner axes do not matter to them.
        let mut finish = Stage { inner: Dims::from_slice(&[split]), ..Stage::default() };
        let mut map = vec![None; stage.nodes.len()];
        let mut partial = partial.iter();
        let mut row = self.first_rows[number];
        for reduction in &stage.reductions {
            let dtype = |id: &NodeId| stage.nodes[id.index()].dtype;
            let mut inputs = SmallVec::new();
            let mut initial = SmallVec::new();
            for (id, start) in reduction.inputs.iter().zip(&reduction.initial) {
                let held = accumulator(&reduction.combiner, dtype(id));
                let &array = partial.next().expect("each folded value has partial results");
                let cell = self.arrays[array].dtype;
                let load = NodeOp::Load { input: array, access: Access::at(expr.clone()), fill: None };
                let load = push(&mut finish.nodes, load, cell);
                inputs.push(converted(&mut finish.nodes, load, held));
                let start = copy(stage, *start, &mut finish.nodes, &mut map, rank);
                initial.push(converted(&mut finish.nodes, start, held));
                self.rows[row] = Home::Begun(self.begun_rows.len());
                self.begun_rows.push(held);
                row += 1;
            }
            let combiner = reduction.combiner.clone();
            finish.reductions.push(Reduction { inputs, initial, combiner });
        }
        finish
    }

    /// Ends the kernel begun before a stage: row values that later stages need go to scratch memory.
    fn flush(&mut self, next: usize) {
        if self.begun.is_empty() {
            return;
        }
        let later = &self.kernel.stages[next..];
        let mut last = Stage::default();
        for row in 0..self.rows.len() {
            let Home::Begun(value) = self.rows[row] else { continue };
            let uses = |node: &Node| matches!(node.op, NodeOp::Row(used) if used == row);
            if later.iter().any(|stage| stage.nodes.iter().any(uses)) {
                let dtype = self.row_types[row];
                let array = self.allocate(dtype, self.kernel.rows());
                let held = push(&mut last.nodes, NodeOp::Row(value), self.begun_rows[value]);
                let value = converted(&mut last.nodes, held, dtype);
                last.stores.push(Store { output: array, access: Access::at(self.row_expr(1)), value });
                self.rows[row] = Home::Array(array);
            }
        }
        let mut stages = std::mem::take(&mut self.begun);
        if !last.stores.is_empty() {
            stages.push(last);
        }
        self.begun_rows.clear();
        let parallel = self.kernel.parallel.clone();
        self.emit(parallel, stages);
    }

    /// The row-major number of the row, times a factor.
    fn row_expr(&self, factor: i64) -> Expr {
        let mut expr = Expr::default();
        for (axis, &stride) in row_major_strides(&self.kernel.parallel).iter().enumerate() {
            expr.add_term(Term::plain(axis, stride * factor));
        }
        expr
    }

    /// A stage over the arrays of all parts: inputs and outputs are numbers of arrays, row values come from where they
    /// are, row-local arrays are arrays.
    fn rewrite(&self, number: usize) -> Stage {
        let stage = &self.kernel.stages[number];
        let count = elements(stage);
        let rank = self.kernel.parallel.len();
        let mut local = self.row_expr(count);
        for (axis, &stride) in row_major_strides(&stage.inner).iter().enumerate() {
            local.add_term(Term::plain(rank + axis, stride));
        }
        let mut out = Stage { inner: stage.inner.clone(), ..Stage::default() };
        let mut map: Vec<NodeId> = Vec::new();
        for node in &stage.nodes {
            let at = |input: usize, expr: &Expr| NodeOp::Load {
                input,
                access: Access::at(expr.clone()),
                fill: None,
            };
            let id = match &node.op {
                NodeOp::Row(row) => match self.rows[*row] {
                    Home::Nowhere => unreachable!("row values are used after their stage"),
                    Home::Begun(value) => {
                        let held = push(&mut out.nodes, NodeOp::Row(value), self.begun_rows[value]);
                        converted(&mut out.nodes, held, node.dtype)
                    }
                    Home::Array(array) => push(&mut out.nodes, at(array, &self.row_expr(1)), node.dtype),
                },
                NodeOp::Scratch(array) => push(&mut out.nodes, at(self.locals[*array], &local), node.dtype),
                op => {
                    let mut op = op.clone();
                    op.map_operands(|id| map[id.index()]);
                    push(&mut out.nodes, op, node.dtype)
                }
            };
            map.push(id);
        }
        let mapped = |id: NodeId| map[id.index()];
        out.reductions = stage.reductions.clone();
        for reduction in &mut out.reductions {
            reduction.inputs.iter_mut().chain(&mut reduction.initial).for_each(|id| *id = mapped(*id));
        }
        for store in &stage.stores {
            let mut access = store.access.clone();
            access.map_operands(mapped);
            let output = self.kernel.inputs.len() + store.output;
            out.stores.push(Store { output, access, value: mapped(store.value) });
        }
        for &(array, value) in &stage.scratch {
            let access = Access::at(local.clone());
            out.stores.push(Store { output: self.locals[array], access, value: mapped(value) });
        }
        out
    }

    /// A kernel of stages over the arrays of all parts, and the arrays that it uses.
    fn bind(&self, parallel: Dims, mut stages: Vec<Stage>) -> (Kernel, Vec<usize>) {
        let (mut inputs, mut outputs): (Vec<usize>, Vec<usize>) = (Vec::new(), Vec::new());
        let place = |used: &mut Vec<usize>, array: usize| {
            used.iter().position(|&known| known == array).unwrap_or_else(|| {
                used.push(array);
                used.len() - 1
            })
        };
        for stage in &mut stages {
            for node in &mut stage.nodes {
                if let NodeOp::Load { input, .. } = &mut node.op {
                    *input = place(&mut inputs, *input);
                }
            }
            for store in &mut stage.stores {
                store.output = place(&mut outputs, store.output);
            }
        }
        let types = |used: &[usize]| used.iter().map(|&array| self.arrays[array].dtype).collect();
        let kernel = Kernel {
            parallel,
            inputs: types(&inputs),
            outputs: types(&outputs),
            scratch: Vec::new(),
            stages,
        };
        inputs.extend(outputs);
        (kernel, inputs)
    }

    fn emit(&mut self, parallel: Dims, stages: Vec<Stage>) {
        let (kernel, used) = self.bind(parallel, stages);
        let arrays = used.iter().map(|&array| self.arrays[array]).collect();
        self.tasks.push(Task { kernel: simplify(&kernel), arrays, partial: Vec::new(), split: 1 });
    }
}

fn row_values(stage: &Stage) -> usize {
    stage.reductions.iter().map(|reduction| reduction.initial.len()).sum()
}

fn push(nodes: &mut Vec<Node>, op: NodeOp, dtype: DType) -> NodeId {
    nodes.push(Node { op, dtype });
    NodeId(nodes.len() as u32 - 1)
}

fn converted(nodes: &mut Vec<Node>, id: NodeId, dtype: DType) -> NodeId {
    if nodes[id.index()].dtype == dtype { id } else { push(nodes, NodeOp::Convert(id), dtype) }
}

/// Copies a node with all that it needs to another stage; inner axes are taken as 0.
fn copy(from: &Stage, id: NodeId, nodes: &mut Vec<Node>, map: &mut [Option<NodeId>], rank: usize) -> NodeId {
    if let Some(known) = map[id.index()] {
        return known;
    }
    let node = &from.nodes[id.index()];
    let mut op = node.op.clone();
    let drop_inner = |expr: &mut Expr| expr.terms.retain(|term| term.axis < rank);
    match &mut op {
        NodeOp::Index(expr) => drop_inner(expr),
        NodeOp::Load { access, .. } => {
            drop_inner(&mut access.expr);
            access.bounds.iter_mut().for_each(|bound| drop_inner(&mut bound.expr));
        }
        _ => {}
    }
    op.map_operands(|operand| copy(from, operand, nodes, map, rank));
    let id_in = push(nodes, op, node.dtype);
    map[id.index()] = Some(id_in);
    id_in
}
