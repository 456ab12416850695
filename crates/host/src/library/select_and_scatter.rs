//! `select_and_scatter`: the gradient of max pooling and its like.

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
    params: SelectAndScatter,
    functions: Functions,
    operand_strides: Dims,
    source_strides: Dims,
    /// Parts along the first dimension can be computed apart.
    separable: bool,
}

enum Functions {
    /// Keeps the selected one where the comparison holds, and adds, in f32.
    AddF32(fn(f32, f32) -> bool),
    /// The same in f64.
    AddF64(fn(f64, f64) -> bool),
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
        (Some(direction), Some(BinaryOp::Add), DType::F32) => Functions::AddF32(holds(direction)),
        (Some(direction), Some(BinaryOp::Add), DType::F64) => Functions::AddF64(holds(direction)),
        _ => Functions::Any {
            select: ScalarFunction::new(&params.select, types)?,
            scatter: ScalarFunction::new(&params.scatter, types)?,
        },
    };
    let separable = rank > 0
        && params.window[0] == 1
        && params.strides[0] == 1
        && params.padding[0] == (0, 0)
        && params.source_dims[0] == params.operand_dims[0];
    Ok(Box::new(SelectAndScatterStep {
        operand_strides: row_major_strides(&params.operand_dims),
        source_strides: row_major_strides(&params.source_dims),
        params: params.clone(),
        functions,
        separable,
    }))
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

fn holds<T: PartialOrd>(direction: ComparisonDirection) -> fn(T, T) -> bool {
    match direction {
        ComparisonDirection::Eq => |a, b| a == b,
        ComparisonDirection::Ne => |a, b| a != b,
        ComparisonDirection::Ge => |a, b| a >= b,
        ComparisonDirection::Gt => |a, b| a > b,
        ComparisonDirection::Le => |a, b| a <= b,
        ComparisonDirection::Lt => |a, b| a < b,
    }
}

impl LibraryStep for SelectAndScatterStep {
    unsafe fn run(
        &self,
        reads: &[*const u8],
        writes: &[*mut u8],
        context: &RunContext,
    ) -> Result<(), EngineError> {
        let first = self.params.source_dims.first().copied().unwrap_or(1) as usize;
        let parts = if self.separable { first.min(4 * context.threads()) } else { 1 };
        let len = self.params.operand_dims.iter().product::<i64>() as usize;
        let window: i64 = self.params.window.iter().product();
        let sources: i64 = self.params.source_dims.iter().product();
        let cost = if matches!(self.functions, Functions::Any { .. }) { 40 } else { 4 };
        let pointers: Vec<_> = reads.iter().map(|p| SendPointer(p.cast_mut())).collect();
        let out = SendPointer(writes[0]);
        let size = self.params.dtype.size();
        // SAFETY: the initial value is an element.
        let initial = unsafe { read_bits(reads[2], size) };
        let work = (len as i64 + sources * window * cost) as u64;
        context.parallel(parts, work, |part| {
            let (low, high) = (part * first / parts, (part + 1) * first / parts);
            let elements = if self.separable {
                let row = len / first;
                low * row..high * row
            } else {
                0..len
            };
            // SAFETY: preparing checked the sizes; parts are apart.
            unsafe {
                elements.for_each(|i| write_bits(out.at(i * size), size, initial));
                let (operand, source) = (pointers[0].at(0).cast_const(), pointers[1].at(0).cast_const());
                let rows = low as i64..high as i64;
                match &self.functions {
                    Functions::AddF32(keep) => {
                        let (operand, source, out) =
                            (operand.cast::<f32>(), source.cast::<f32>(), out.at(0).cast::<f32>());
                        self.walk(
                            rows,
                            |a, b| keep(*operand.add(a), *operand.add(b)),
                            |to, from| {
                                *out.add(to) += *source.add(from);
                            },
                        );
                    }
                    Functions::AddF64(keep) => {
                        let (operand, source, out) =
                            (operand.cast::<f64>(), source.cast::<f64>(), out.at(0).cast::<f64>());
                        self.walk(
                            rows,
                            |a, b| keep(*operand.add(a), *operand.add(b)),
                            |to, from| {
                                *out.add(to) += *source.add(from);
                            },
                        );
                    }
                    Functions::Any { select, scatter } => {
                        let (mut selecting, mut scattering) = (select.registers(), scatter.registers());
                        let element = |from: *const u8, at: usize| read_bits(from.add(at * size), size);
                        self.walk(
                            rows,
                            |a, b| {
                                select.call(&mut selecting, &[element(operand, a), element(operand, b)]);
                                select.result(&selecting, 0) != 0
                            },
                            |to, from| {
                                let to = out.at(to * size);
                                scatter.call(&mut scattering, &[read_bits(to, size), element(source, from)]);
                                write_bits(to, size, scatter.result(&scattering, 0));
                            },
                        );
                    }
                }
            }
        });
        Ok(())
    }
}

impl SelectAndScatterStep {
    /// Walks over source elements with the first index in `rows`: finds the operand element that each one's
    /// window selects (`keep(selected, candidate)`) and calls `scatter(selected, source)`.
    fn walk(
        &self,
        rows: std::ops::Range<i64>,
        mut keep: impl FnMut(usize, usize) -> bool,
        mut scatter: impl FnMut(usize, usize),
    ) {
        let SelectAndScatter { operand_dims, source_dims, window, strides, padding, .. } = &self.params;
        let rank = operand_dims.len();
        if source_dims.contains(&0) || window.contains(&0) || rows.is_empty() {
            return;
        }
        let mut source: Dims = smallvec![0; rank];
        if rank > 0 {
            source[0] = rows.start;
        }
        let mut offset: Dims = smallvec![0; rank];
        loop {
            if rank > 0 && source[0] >= rows.end {
                return;
            }
            // The part of the window that lies within the operand.
            let mut low: Dims = smallvec![0; rank];
            let mut sizes: Dims = smallvec![0; rank];
            for dim in 0..rank {
                let start = source[dim] * strides[dim] - padding[dim].0;
                low[dim] = start.max(0);
                sizes[dim] = (start + window[dim]).min(operand_dims[dim]) - low[dim];
            }
            if sizes.iter().all(|&size| size > 0) {
                let base: i64 = low.iter().zip(&self.operand_strides).map(|(i, s)| i * s).sum();
                let mut selected = base as usize;
                offset.iter_mut().for_each(|i| *i = 0);
                while advance(&mut offset, |dim| sizes[dim]) {
                    let at: i64 = offset.iter().zip(&self.operand_strides).map(|(i, s)| i * s).sum();
                    let candidate = (base + at) as usize;
                    if !keep(selected, candidate) {
                        selected = candidate;
                    }
                }
                let from: i64 = source.iter().zip(&self.source_strides).map(|(i, s)| i * s).sum();
                scatter(selected, from as usize);
            }
            if !advance(&mut source, |dim| source_dims[dim]) {
                return;
            }
        }
    }
}
