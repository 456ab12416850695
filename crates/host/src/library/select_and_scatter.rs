//! `select_and_scatter`: the gradient of max pooling and its like.

use std::ops::{AddAssign, Range};

use ops::{BinaryOp, ComparisonDirection, ComparisonType};
use plan::library::SelectAndScatter;
use plan::{EngineError, Graph, NodeOp};
use smallvec::smallvec;
use tensor::{DType, Dims, row_major_strides};

use super::graph::{ScalarFunction, read_bits, write_bits};
use super::product::SendPointer;
use super::scatter::advance;
use super::{LibraryStep, StepTypes};
use crate::context::RunContext;

/// A `select_and_scatter` made ready.
struct SelectAndScatterStep {
    dtype: DType,
    len: usize,
    /// At least two dimensions; the first has no windows, so that parts along it can be computed apart.
    axes: Vec<Axis>,
    functions: Functions,
}

/// A dimension; neighbours without windows are one.
#[derive(Clone, Copy)]
struct Axis {
    operand: i64,
    source: i64,
    window: i64,
    stride: i64,
    low: i64,
    /// Distances in operand and source.
    steps: [i64; 2],
}

/// Windows side by side: the i-th begins at element `first + i * step` of the operand and belongs to element
/// `source + i` of the source.
struct Line<'a> {
    first: usize,
    step: usize,
    source: usize,
    count: usize,
    /// Where the elements of a window are, from its first on.
    offsets: &'a [usize],
}

/// Adds the sources of a line to what their windows select: line, operand, source, result.
type AddLine<T> = Box<dyn Fn(&Line<'_>, *const T, *const T, *mut T) + Send + Sync>;

enum Functions {
    /// A comparison selects, and the scatter adds, in f32.
    AddF32(AddLine<f32>),
    /// The same in f64.
    AddF64(AddLine<f64>),
    /// Any functions.
    Any { select: ScalarFunction, scatter: ScalarFunction },
}

/// Makes a `select_and_scatter` ready.
///
/// # Errors
/// If the arrays do not fit or a function is not one of scalars.
pub(super) fn prepare(
    params: &SelectAndScatter,
    types: &StepTypes<'_>,
) -> Result<Box<dyn LibraryStep>, EngineError> {
    let rank = params.operand_dims.len();
    let fits = types.reads[0].dims == params.operand_dims
        && types.reads[1].dims == params.source_dims
        && types.writes[0].dims == params.operand_dims
        && [params.window.len(), params.strides.len(), params.padding.len(), params.source_dims.len()]
            == [rank; 4];
    if !fits {
        return Err(types.unsupported("a select_and_scatter whose arrays do not fit"));
    }
    let functions = match (comparison(&params.select), params.scatter.as_binary(), params.dtype) {
        (Some(direction), Some(BinaryOp::Add), DType::F32) => Functions::AddF32(add_line(direction)),
        (Some(direction), Some(BinaryOp::Add), DType::F64) => Functions::AddF64(add_line(direction)),
        _ => Functions::Any {
            select: ScalarFunction::new(&params.select, types)?,
            scatter: ScalarFunction::new(&params.scatter, types)?,
        },
    };
    Ok(Box::new(SelectAndScatterStep {
        dtype: params.dtype,
        len: types.writes[0].len(),
        axes: axes(params),
        functions,
    }))
}

/// The dimensions of a `select_and_scatter`.
fn axes(params: &SelectAndScatter) -> Vec<Axis> {
    let operand_strides = row_major_strides(&params.operand_dims);
    let source_strides = row_major_strides(&params.source_dims);
    let mut axes: Vec<Axis> = Vec::new();
    for dim in 0..params.operand_dims.len() {
        let axis = Axis {
            operand: params.operand_dims[dim],
            source: params.source_dims[dim],
            window: params.window[dim],
            stride: params.strides[dim],
            low: params.padding[dim].0,
            steps: [operand_strides[dim], source_strides[dim]],
        };
        match axes.last_mut() {
            Some(last) if last.is_plain() && axis.is_plain() => {
                let size = last.operand * axis.operand;
                *last = Axis { operand: size, source: size, steps: axis.steps, ..axis };
            }
            _ => axes.push(axis),
        }
    }
    // A single channel is no line: that runs along the dimension before.
    if axes.last().is_some_and(|last| last.is_plain() && last.operand == 1) {
        axes.pop();
    }
    while axes.len() < 2 || !axes[0].is_plain() {
        axes.insert(0, Axis { operand: 1, source: 1, window: 1, stride: 1, low: 0, steps: [0, 0] });
    }
    axes
}

impl Axis {
    /// Whether each element is a window.
    fn is_plain(&self) -> bool {
        self.window == 1 && self.stride == 1 && self.low == 0 && self.source == self.operand
    }

    /// First element and size of the part of a window that lies within the operand.
    fn window(&self, source: i64) -> (i64, i64) {
        let start = source * self.stride - self.low;
        let low = start.max(0);
        (low, (start + self.window).min(self.operand) - low)
    }

    /// Splits the source into windows, first and number, of which those of a split lie alike: those that lie
    /// within the operand are one, others are on their own.
    fn lines(&self) -> Vec<(i64, i64)> {
        let whole = |&source: &i64| self.window(source).1 == self.window && source * self.stride >= self.low;
        let first = (0..self.source).find(whole).unwrap_or(self.source);
        let count = (first..self.source).take_while(whole).count() as i64;
        let alone = |range: std::ops::Range<i64>| range.map(|source| (source, 1));
        alone(0..first)
            .chain((count > 0).then_some((first, count)))
            .chain(alone(first + count..self.source))
            .collect()
    }
}

/// The direction of a graph that is a plain comparison of its two arguments.
fn comparison(graph: &Graph) -> Option<ComparisonDirection> {
    let [result] = graph.results[..] else { return None };
    let NodeOp::Compare(direction, kind, a, b) = graph.nodes[result.index()].op else { return None };
    let plain = matches!(kind, ComparisonType::NoType | ComparisonType::Float);
    let arguments = matches!(graph.nodes[a.index()].op, NodeOp::Argument(0))
        && matches!(graph.nodes[b.index()].op, NodeOp::Argument(1));
    (plain && arguments).then_some(direction)
}

/// The routine for a comparison, which holds of (selected, candidate) where the selected one stays.
fn add_line<T: Copy + PartialOrd + AddAssign + 'static>(direction: ComparisonDirection) -> AddLine<T> {
    fn boxed<T: Copy + AddAssign + 'static>(
        keep: impl Fn(T, T) -> bool + Send + Sync + 'static,
    ) -> AddLine<T> {
        Box::new(move |line, operand, source, out| {
            // SAFETY: who calls vouches for the arrays. A step of one is worth a copy of the routine.
            unsafe {
                match line.step {
                    1 => add_selected(line, 1, &keep, operand, source, out),
                    step => add_selected(line, step, &keep, operand, source, out),
                }
            }
        })
    }
    match direction {
        ComparisonDirection::Eq => boxed(|a: T, b| a == b),
        ComparisonDirection::Ne => boxed(|a: T, b| a != b),
        ComparisonDirection::Ge => boxed(|a: T, b| a >= b),
        ComparisonDirection::Gt => boxed(|a: T, b| a > b),
        ComparisonDirection::Le => boxed(|a: T, b| a <= b),
        ComparisonDirection::Lt => boxed(|a: T, b| a < b),
    }
}

/// Selects in several windows at a time, in vectors.
///
/// # Safety
/// The arrays have the elements that the line names; the result is nobody else's.
#[inline(always)]
unsafe fn add_selected<T: Copy + AddAssign>(
    line: &Line<'_>,
    step: usize,
    keep: &impl Fn(T, T) -> bool,
    operand: *const T,
    source: *const T,
    out: *mut T,
) {
    const LANES: usize = 32;
    for start in (0..line.count).step_by(LANES) {
        let count = LANES.min(line.count - start);
        let first = line.first + start * step;
        // SAFETY: the contract.
        unsafe {
            let mut best = [*operand.add(first); LANES];
            let mut chosen = [0u32; LANES];
            for (index, &offset) in line.offsets.iter().enumerate() {
                let candidates = operand.add(first + offset);
                for lane in 0..count {
                    let candidate = *candidates.add(lane * step);
                    let stays = index > 0 && keep(best[lane], candidate);
                    best[lane] = if stays { best[lane] } else { candidate };
                    chosen[lane] = if stays { chosen[lane] } else { index as u32 };
                }
            }
            for (lane, &index) in chosen.iter().take(count).enumerate() {
                let to = first + line.offsets[index as usize] + lane * step;
                *out.add(to) += *source.add(line.source + start + lane);
            }
        }
    }
}

impl LibraryStep for SelectAndScatterStep {
    unsafe fn run(
        &self,
        reads: &[*const u8],
        writes: &[*mut u8],
        context: &RunContext,
    ) -> Result<(), EngineError> {
        let rows = self.axes[0].source as usize;
        if self.len == 0 {
            return Ok(());
        }
        let parts = rows.min(4 * context.threads());
        let windows: i64 = self.axes.iter().map(|axis| axis.source * axis.window).product();
        let cost = if matches!(self.functions, Functions::Any { .. }) { 40 } else { 1 };
        let [operand, source, initial] = [reads[0], reads[1], reads[2]].map(|p| SendPointer(p.cast_mut()));
        let out = SendPointer(writes[0]);
        let size = self.dtype.size();
        context.parallel(parts, self.len as u64 + (windows * cost) as u64, |part| {
            let (low, high) = (part * rows / parts, (part + 1) * rows / parts);
            let elements = low * (self.len / rows)..high * (self.len / rows);
            let rows = low as i64..high as i64;
            // SAFETY: preparing checked the sizes; parts are apart.
            unsafe {
                match &self.functions {
                    Functions::AddF32(add) => {
                        self.add_rows(add, rows, elements, [operand, source, initial], out);
                    }
                    Functions::AddF64(add) => {
                        self.add_rows(add, rows, elements, [operand, source, initial], out);
                    }
                    Functions::Any { select, scatter } => {
                        let first = read_bits(initial.at(0), size);
                        elements.for_each(|i| write_bits(out.at(i * size), size, first));
                        let (mut selecting, mut scattering) = (select.registers(), scatter.registers());
                        let element = |from: SendPointer<u8>, at: usize| read_bits(from.at(at * size), size);
                        self.walk(rows, |line| {
                            for lane in 0..line.count {
                                let first = line.first + lane * line.step;
                                let selected = line.offsets.iter().map(|offset| first + offset);
                                let selected = selected.reduce(|a, b| {
                                    select.call(&mut selecting, &[element(operand, a), element(operand, b)]);
                                    if select.result(&selecting, 0) != 0 { a } else { b }
                                });
                                let to = out.at(selected.unwrap_or(first) * size);
                                let update = element(source, line.source + lane);
                                scatter.call(&mut scattering, &[read_bits(to, size), update]);
                                write_bits(to, size, scatter.result(&scattering, 0));
                            }
                        });
                    }
                }
            }
        });
        Ok(())
    }
}

impl SelectAndScatterStep {
    /// Computes the elements that belong to some rows; arrays are operand, source and initial value.
    ///
    /// # Safety
    /// As for [`LibraryStep::run`].
    unsafe fn add_rows<T: Copy>(
        &self,
        add: &AddLine<T>,
        rows: Range<i64>,
        elements: Range<usize>,
        arrays: [SendPointer<u8>; 3],
        out: SendPointer<u8>,
    ) {
        let [operand, source, initial] = arrays.map(|array| array.0.cast::<T>().cast_const());
        let out = out.0.cast::<T>();
        // SAFETY: passed on.
        unsafe {
            std::slice::from_raw_parts_mut(out.add(elements.start), elements.len()).fill(*initial);
        }
        self.walk(rows, |line| add(line, operand, source, out));
    }

    /// Calls `visit` with the windows of source elements whose first index is in `rows`, in row-major order.
    fn walk(&self, rows: Range<i64>, mut visit: impl FnMut(&Line<'_>)) {
        if rows.is_empty() || self.axes.iter().any(|axis| axis.source == 0 || axis.window == 0) {
            return;
        }
        let (last, outer) = self.axes.split_last().expect("there are two axes");
        let lines = last.lines();
        let mut at: Dims = smallvec![0; outer.len()];
        at[0] = rows.start;
        let mut sizes: Dims = smallvec![0; self.axes.len()];
        let mut offsets = Vec::new();
        while at[0] < rows.end {
            for &(start, count) in &lines {
                let (mut first, mut source, mut same) = (0, 0, true);
                for ((axis, &at), size) in self.axes.iter().zip(at.iter().chain([&start])).zip(&mut sizes) {
                    let (low, length) = axis.window(at);
                    first += low * axis.steps[0];
                    source += at * axis.steps[1];
                    same &= length == *size;
                    *size = length;
                }
                if sizes.iter().any(|&size| size <= 0) {
                    continue;
                }
                if !same || offsets.is_empty() {
                    self.offsets(&sizes, &mut offsets);
                }
                visit(&Line {
                    first: first as usize,
                    step: (last.stride * last.steps[0]) as usize,
                    source: source as usize,
                    count: count as usize,
                    offsets: &offsets,
                });
            }
            if !advance(&mut at, |dim| outer[dim].source) {
                return;
            }
        }
    }

    /// Where the elements of a window of these sizes are, from its first on, in row-major order.
    fn offsets(&self, sizes: &[i64], offsets: &mut Vec<usize>) {
        offsets.clear();
        let mut index: Dims = smallvec![0; sizes.len()];
        loop {
            let offset: i64 = index.iter().zip(&self.axes).map(|(i, axis)| i * axis.steps[0]).sum();
            offsets.push(offset as usize);
            if !advance(&mut index, |dim| sizes[dim]) {
                return;
            }
        }
    }
}
