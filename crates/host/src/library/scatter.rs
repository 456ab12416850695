//! Scatters whose updates may collide, applied in order.

use ops::BinaryOp;
use plan::library::{Scatter, ScatterCombiner};
use plan::{EngineError, Graph, Node, NodeId, NodeOp};
use smallvec::smallvec;
use tensor::{DType, Dims, row_major_strides};

use super::combine::{self, Indices, Routines};
use super::graph::{Bits, ScalarFunction, read_bits, scalar, write_bits};
use super::product::SendPointer;
use super::{LibraryStep, StepTypes};
use crate::context::RunContext;

/// A scatter made ready.
struct ScatterStep {
    /// Bytes of an element of each operand.
    sizes: Vec<usize>,
    /// Bytes of each operand.
    bytes: Vec<usize>,
    index: DType,
    apply: Apply,
    /// Dimensions of the updates that choose windows: size, stride in the updates, stride in the indices.
    positions: Vec<[i64; 3]>,
    /// Operand offset and bound that an entry of an index vector contributes to: operand dimension.
    vector: Vec<usize>,
    /// Distance between entries of an index vector.
    vector_stride: i64,
    /// For each position dimension the operand stride that it adds (batching dimensions).
    batching: Vec<i64>,
    operand_strides: Dims,
    /// Largest start of a window in each operand dimension.
    limits: Dims,
    /// Dimensions of a window: size, stride in the operand, stride in the updates; the last runs fastest.
    window: Vec<[i64; 3]>,
    /// The dimension of the window that threads share.
    split: Option<usize>,
}

enum Apply {
    /// Each operand on its own.
    Runs(Vec<Routines>),
    /// All operands together, by element.
    Function(ScalarFunction),
}

/// Makes a scatter ready.
///
/// # Errors
/// If the arrays do not fit or the combiner is no scalar function.
pub(super) fn prepare(scatter: &Scatter, types: &StepTypes<'_>) -> Result<Box<dyn LibraryStep>, EngineError> {
    let count = scatter.dtypes.len();
    let len = |dims: &Dims| dims.iter().product::<i64>() as usize;
    let fits = types.reads.len() == 2 * count + 1
        && types.reads[..count].iter().chain(&types.writes).all(|ty| ty.len() == len(&scatter.operand_dims))
        && types.reads[count].len() == len(&scatter.index_dims)
        && types.reads[count + 1..].iter().all(|ty| ty.len() == len(&scatter.update_dims));
    if !fits {
        return Err(types.unsupported("a scatter whose arrays do not fit"));
    }
    let apply = match &scatter.combiner {
        ScatterCombiner::Replace => {
            Apply::Runs(scatter.dtypes.iter().map(|dtype| combine::replace(dtype.size())).collect())
        }
        ScatterCombiner::Binary(op) if count == 1 => match combine::binary(*op, scatter.dtypes[0]) {
            Some(run) => Apply::Runs(vec![run]),
            None => Apply::Function(ScalarFunction::new(&binary_graph(*op, scatter.dtypes[0]), types)?),
        },
        ScatterCombiner::Binary(_) => {
            return Err(types.unsupported("a scatter of several operands by one operation"));
        }
        ScatterCombiner::Graph(graph) => Apply::Function(ScalarFunction::new(graph, types)?),
    };
    let operand_strides = row_major_strides(&scatter.operand_dims);
    let update_strides = row_major_strides(&scatter.update_dims);
    let index_strides = row_major_strides(&scatter.index_dims);
    let rank = scatter.operand_dims.len();

    let window_dims: Vec<usize> = (0..rank)
        .filter(|&dim| {
            let dim = dim as i64;
            !scatter.inserted_window_dims.contains(&dim) && !scatter.input_batching_dims.contains(&dim)
        })
        .collect();
    let mut limits: Dims = scatter.operand_dims.iter().map(|dim| dim - 1).collect();
    let mut window = Vec::new();
    for (&update_dim, &dim) in scatter.update_window_dims.iter().zip(&window_dims) {
        let size = scatter.update_dims[update_dim as usize];
        limits[dim] = scatter.operand_dims[dim] - size;
        window.push([size, operand_strides[dim], update_strides[update_dim as usize]]);
    }
    let index_dims = (0..scatter.index_dims.len()).filter(|&dim| dim as i64 != scatter.index_vector_dim);
    let position_dims =
        (0..scatter.update_dims.len()).filter(|&dim| !scatter.update_window_dims.contains(&(dim as i64)));
    let (mut positions, mut batching) = (Vec::new(), Vec::new());
    for (update_dim, index_dim) in position_dims.zip(index_dims) {
        positions.push([
            scatter.update_dims[update_dim],
            update_strides[update_dim],
            index_strides[index_dim],
        ]);
        let batch = scatter.scatter_indices_batching_dims.iter().position(|&dim| dim == index_dim as i64);
        batching.push(batch.map_or(0, |at| operand_strides[scatter.input_batching_dims[at] as usize]));
    }
    merge(&mut positions, &mut batching);
    // Parts of windows that an index moves along the split dimension would overlap.
    let windows: i64 = positions.iter().map(|dim| dim[0]).product();
    let moves = |dim: usize| windows > 1 && scatter.scatter_dims_to_operand_dims.contains(&(dim as i64));
    let split = (0..window.len()).filter(|&at| !moves(window_dims[at])).max_by_key(|&at| window[at][0]);
    let vector_stride = index_strides.get(scatter.index_vector_dim as usize).copied().unwrap_or(0);
    let sizes: Vec<usize> = scatter.dtypes.iter().map(|dtype| dtype.size()).collect();
    Ok(Box::new(ScatterStep {
        bytes: sizes.iter().map(|size| size * len(&scatter.operand_dims)).collect(),
        sizes,
        index: scatter.index,
        apply,
        positions,
        vector: scatter.scatter_dims_to_operand_dims.iter().map(|&dim| dim as usize).collect(),
        vector_stride,
        batching,
        operand_strides,
        limits,
        window,
        split,
    }))
}

/// Makes one of neighbouring dimensions that go on evenly in updates and indices.
fn merge(positions: &mut Vec<[i64; 3]>, batching: &mut Vec<i64>) {
    for outer in (0..positions.len().saturating_sub(1)).rev() {
        let ([count, from, at], [size, from_stride, stride]) = (positions[outer], positions[outer + 1]);
        let even = from == from_stride * size && at == stride * size;
        if even && batching[outer..outer + 2] == [0, 0] {
            positions[outer] = [count * size, from_stride, stride];
            positions.remove(outer + 1);
            batching.remove(outer + 1);
        }
    }
}

/// `op(argument 0, argument 1)`.
fn binary_graph(op: BinaryOp, dtype: DType) -> Graph {
    let node = |op| Node { op, dtype };
    Graph {
        arguments: smallvec![dtype; 2],
        nodes: vec![
            node(NodeOp::Argument(0)),
            node(NodeOp::Argument(1)),
            node(NodeOp::Binary(op, NodeId(0), NodeId(1))),
        ],
        results: smallvec![NodeId(2)],
    }
}

impl LibraryStep for ScatterStep {
    unsafe fn run(
        &self,
        reads: &[*const u8],
        writes: &[*mut u8],
        context: &RunContext,
    ) -> Result<(), EngineError> {
        let count = self.sizes.len();
        for ((&from, &to), &bytes) in reads.iter().zip(writes).zip(&self.bytes) {
            if !std::ptr::eq(from, to.cast_const()) {
                // SAFETY: both arrays have this many bytes, and overlap only if they are the same.
                unsafe { std::ptr::copy_nonoverlapping(from, to, bytes) };
            }
        }
        let windows: i64 = self.positions.iter().map(|dim| dim[0]).product();
        let elements: i64 = self.window.iter().map(|dim| dim[0]).product();
        if windows * elements == 0 {
            return Ok(());
        }
        if let (Apply::Runs(runs), [[count_of, from_stride, stride]], [0], [dim], 1, DType::I32) =
            (&self.apply, &self.positions[..], &self.batching[..], &self.vector[..], elements, self.index)
        {
            let places = Indices {
                start: reads[count].cast(),
                stride: *stride as isize,
                count: *count_of as usize,
                limit: self.limits[*dim],
                scale: self.operand_strides[*dim] as isize,
                from_stride: *from_stride as isize,
            };
            for ((run, &to), &from) in runs.iter().zip(writes).zip(&reads[count + 1..]) {
                // SAFETY: preparing checked the sizes.
                unsafe { (run.indexed)(to, from, &places) };
            }
            return Ok(());
        }
        // Threads share the windows' elements, not the windows, so that the order of updates is kept.
        let along = self.split.map_or(1, |dim| self.window[dim][0] as usize);
        let parts = if elements >= 64 { along.min(context.threads()) } else { 1 };
        let work = if matches!(self.apply, Apply::Runs(_)) { 1 } else { 30 };
        let indices = SendPointer(reads[count].cast_mut());
        let updates: Vec<_> = reads[count + 1..].iter().map(|p| SendPointer(p.cast_mut())).collect();
        let results: Vec<_> = writes.iter().map(|&p| SendPointer(p)).collect();
        context.parallel(parts, (windows * (elements + 10) * work) as u64, |part| {
            let mut window = self.window.clone();
            let mut skip = [0, 0];
            if let Some(dim) = self.split {
                let (low, high) = (part * along / parts, (part + 1) * along / parts);
                window[dim][0] = (high - low) as i64;
                skip = [window[dim][1] * low as i64, window[dim][2] * low as i64];
            }
            // SAFETY: preparing checked the sizes; parts touch different elements.
            unsafe {
                if !self.scatter_rows(indices.at(0), &updates, &results, &window, skip) {
                    self.scatter(indices.at(0), &updates, &results, &window, skip);
                }
            }
        });
        Ok(())
    }
}

impl ScatterStep {
    /// [`scatter`](Self::scatter) for rows chosen by one index each, evenly spaced; false for others.
    ///
    /// # Safety
    /// As for [`LibraryStep::run`].
    unsafe fn scatter_rows(
        &self,
        indices: *const u8,
        updates: &[SendPointer<u8>],
        results: &[SendPointer<u8>],
        window: &[[i64; 3]],
        skip: [i64; 2],
    ) -> bool {
        let (
            Apply::Runs(runs),
            [[rows, from_stride, stride]],
            [0],
            [dim],
            [[count, to_step, from_step]],
            DType::I32,
        ) = (&self.apply, &self.positions[..], &self.batching[..], &self.vector[..], window, self.index)
        else {
            return false;
        };
        let (limit, scale) = (self.limits[*dim], self.operand_strides[*dim]);
        for row in 0..*rows {
            // SAFETY: the index exists, and the row that it chooses lies within the operand.
            unsafe {
                let index = i64::from(*indices.cast::<i32>().offset((row * stride) as isize));
                if !(0..=limit).contains(&index) {
                    continue;
                }
                let (to, from) = (index * scale + skip[0], row * from_stride + skip[1]);
                for (operand, run) in runs.iter().enumerate() {
                    let size = self.sizes[operand];
                    let (to, from) = (to as usize * size, from as usize * size);
                    let (to, from) = (results[operand].at(to), updates[operand].at(from));
                    (run.run)(to, *to_step as isize, from, *from_step as isize, *count as usize);
                }
            }
        }
        true
    }

    /// Applies the part of each update that `window` describes, from `skip` (in operand and updates) on.
    ///
    /// # Safety
    /// As for [`LibraryStep::run`].
    unsafe fn scatter(
        &self,
        indices: *const u8,
        updates: &[SendPointer<u8>],
        results: &[SendPointer<u8>],
        window: &[[i64; 3]],
        skip: [i64; 2],
    ) {
        let mut position: Dims = smallvec![0; self.positions.len()];
        let mut index: Dims = smallvec![0; window.len()];
        let mut registers = match &self.apply {
            Apply::Function(function) => Some(function.registers()),
            Apply::Runs(_) => None,
        };
        let mut arguments: Vec<Bits> = vec![0; 2 * self.sizes.len()];
        loop {
            let sum = |which: usize| -> i64 {
                position.iter().zip(&self.positions).map(|(p, dim)| p * dim[which]).sum()
            };
            let batch: i64 = position.iter().zip(&self.batching).map(|(p, stride)| p * stride).sum();
            // SAFETY: the index vector exists.
            if let Some(start) = unsafe { self.start(indices, sum(2)) } {
                let (to, from) = (start + batch + skip[0], sum(1) + skip[1]);
                // SAFETY: the window lies within the operand.
                unsafe {
                    match (&self.apply, &mut registers) {
                        (Apply::Function(function), Some(registers)) => {
                            visit(window, &mut index, |to_offset, from_offset, count, strides| {
                                for i in 0..count {
                                    let to = to + to_offset + i * strides[0];
                                    let from = from + from_offset + i * strides[1];
                                    self.apply(
                                        function,
                                        registers,
                                        &mut arguments,
                                        updates,
                                        results,
                                        [to, from],
                                    );
                                }
                            });
                        }
                        (Apply::Runs(runs), _) => {
                            visit(window, &mut index, |to_offset, from_offset, count, strides| {
                                for (operand, run) in runs.iter().enumerate() {
                                    let size = self.sizes[operand];
                                    (run.run)(
                                        results[operand].at((to + to_offset) as usize * size),
                                        strides[0] as isize,
                                        updates[operand].at((from + from_offset) as usize * size),
                                        strides[1] as isize,
                                        count as usize,
                                    );
                                }
                            });
                        }
                        (Apply::Function(_), None) => {}
                    }
                }
            }
            if !advance(&mut position, |dim| self.positions[dim][0]) {
                break;
            }
        }
    }

    /// Operand offset of the window that an index vector chooses; `None` if the window does not fit.
    ///
    /// # Safety
    /// The index vector exists.
    unsafe fn start(&self, indices: *const u8, at: i64) -> Option<i64> {
        let mut start = 0;
        let size = self.index.size();
        for (entry, &dim) in self.vector.iter().enumerate() {
            // SAFETY: the contract.
            let bits = unsafe {
                read_bits(indices.add((at + entry as i64 * self.vector_stride) as usize * size), size)
            };
            let value = match self.index {
                DType::I32 => i64::from(bits as i32),
                _ => i64::try_from(scalar(self.index, bits).as_i128()).unwrap_or(i64::MAX),
            };
            if value < 0 || value > self.limits[dim] {
                return None;
            }
            start += value * self.operand_strides[dim];
        }
        Some(start)
    }

    /// Combines one element of each operand.
    ///
    /// # Safety
    /// The elements exist.
    unsafe fn apply(
        &self,
        function: &ScalarFunction,
        registers: &mut super::graph::Registers,
        arguments: &mut [Bits],
        updates: &[SendPointer<u8>],
        results: &[SendPointer<u8>],
        [to, from]: [i64; 2],
    ) {
        let count = self.sizes.len();
        for (i, &size) in self.sizes.iter().enumerate() {
            // SAFETY: the contract.
            unsafe {
                arguments[i] = read_bits(results[i].at(to as usize * size), size);
                arguments[count + i] = read_bits(updates[i].at(from as usize * size), size);
            }
        }
        function.call(registers, arguments);
        for (i, &size) in self.sizes.iter().enumerate() {
            // SAFETY: the contract.
            unsafe { write_bits(results[i].at(to as usize * size), size, function.result(registers, i)) };
        }
    }
}

/// Steps a multi-index in row-major order; false after the last.
pub(crate) fn advance(index: &mut [i64], size: impl Fn(usize) -> i64) -> bool {
    for dim in (0..index.len()).rev() {
        index[dim] += 1;
        if index[dim] < size(dim) {
            return true;
        }
        index[dim] = 0;
    }
    false
}

/// Calls `f` with the offsets, length and strides of each innermost run of a window.
fn visit(window: &[[i64; 3]], index: &mut Dims, mut f: impl FnMut(i64, i64, i64, [i64; 2])) {
    let Some((last, outer)) = window.split_last() else { return f(0, 0, 1, [1, 1]) };
    if window.iter().any(|dim| dim[0] == 0) {
        return;
    }
    index.iter_mut().for_each(|i| *i = 0);
    loop {
        let sum = |which: usize| -> i64 { index.iter().zip(outer).map(|(i, dim)| i * dim[which]).sum() };
        f(sum(1), sum(2), last[0], [last[1], last[2]]);
        if !advance(&mut index[..outer.len()], |dim| outer[dim][0]) {
            break;
        }
    }
}
