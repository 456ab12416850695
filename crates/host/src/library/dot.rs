//! Matrix products of any element types and strides.

use plan::EngineError;
use plan::library::{Dot, DotDim};
use tensor::DType;

use super::convert::{self, Native, native};
use super::gemm::{Kernels, Matrix, Product};
use super::product::{SendPointer, multiply_all};
use super::{LibraryStep, StepTypes};
use crate::context::RunContext;
use crate::cpu::Level;

/// A product made ready; `T` is the type it is computed in.
struct DotStep<T> {
    dot: Dot,
    kernels: Kernels<T>,
    /// Elements of each whole array.
    lens: [usize; 3],
}

/// Makes a product ready.
///
/// # Errors
/// If the arrays are smaller than the dimensions say.
pub(super) fn prepare(dot: &Dot, types: &StepTypes<'_>) -> Result<Box<dyn LibraryStep>, EngineError> {
    let lens = [types.reads[0].len(), types.reads[1].len(), types.writes[0].len()];
    let all: Vec<&DotDim> = dot.batch.iter().chain([&dot.m, &dot.n, &dot.k]).collect();
    let last = |stride: fn(&DotDim) -> i64| all.iter().map(|d| (d.size - 1) * stride(d)).sum::<i64>();
    let strides: [fn(&DotDim) -> i64; 3] = [|d| d.lhs, |d| d.rhs, |d| d.out];
    let touches = |array: usize| match array {
        2 => all.iter().all(|d| d.size > 0 || d.out == 0),
        _ => all.iter().all(|d| d.size > 0),
    };
    for array in 0..3 {
        let negative = all.iter().any(|d| strides[array](d) < 0);
        if negative || (touches(array) && last(strides[array]) >= lens[array] as i64) {
            return Err(types.unsupported("a product whose strides leave its arrays"));
        }
    }
    let level = Level::best();
    let accumulate = if dot.lhs.is_complex() || dot.rhs.is_complex() { dot.out } else { dot.accumulate };
    Ok(match native(accumulate) {
        DType::F32 => Box::new(DotStep { dot: dot.clone(), kernels: Kernels::<f32>::new(level), lens }),
        DType::F64 => Box::new(DotStep { dot: dot.clone(), kernels: Kernels::<f64>::new(level), lens }),
        DType::I64 => Box::new(DotStep { dot: dot.clone(), kernels: Kernels::<i64>::new(level), lens }),
        _ => Box::new(DotStep { dot: dot.clone(), kernels: Kernels::<i32>::new(level), lens }),
    })
}

impl<T: Native> LibraryStep for DotStep<T> {
    unsafe fn run(
        &self,
        reads: &[*const u8],
        writes: &[*mut u8],
        context: &RunContext,
    ) -> Result<(), EngineError> {
        let Dot { lhs, rhs, out, .. } = self.dot;
        // SAFETY: preparing checked that all indices are within the arrays; scratch is aligned and any bytes
        // are valid elements.
        unsafe {
            if out.is_complex() {
                let dtypes = [lhs, rhs, out];
                convert::by_parts::<T>(
                    dtypes,
                    self.lens,
                    reads,
                    writes[0],
                    context,
                    |a, b, c, accumulate| {
                        self.multiply(a, b, c, accumulate, context);
                    },
                );
                return Ok(());
            }
            let left = convert::Operand::<T>::new(lhs, reads[0], self.lens[0], context);
            let right = convert::Operand::<T>::new(rhs, reads[1], self.lens[1], context);
            if out == T::DTYPE {
                self.multiply(left.start(), right.start(), writes[0].cast(), false, context);
            } else {
                let mut result = context.scratch(self.lens[2] * size_of::<T>());
                let result = &mut result.align_to_mut::<T>().1[..self.lens[2]];
                self.multiply(left.start(), right.start(), result.as_mut_ptr(), false, context);
                convert::write(out, result, writes[0]);
            }
        }
        Ok(())
    }
}

impl<T: Native> DotStep<T> {
    /// Runs all batches on arrays of the native type.
    ///
    /// # Safety
    /// As for [`LibraryStep::run`].
    unsafe fn multiply(
        &self,
        left: *const T,
        right: *const T,
        out: *mut T,
        accumulate: bool,
        context: &RunContext,
    ) {
        let Dot { m, n, k, batch, .. } = &self.dot;
        let count = batch.iter().map(|d| d.size as usize).product();
        let (left, right) = (SendPointer(left.cast_mut()), SendPointer(right.cast_mut()));
        let out = SendPointer(out);
        let at = |index: usize| {
            let (mut rest, mut offsets) = (index as i64, [0; 3]);
            for dim in batch.iter().rev() {
                let position = rest % dim.size;
                rest /= dim.size;
                offsets[0] += position * dim.lhs;
                offsets[1] += position * dim.rhs;
                offsets[2] += position * dim.out;
            }
            let [a, b, c] = offsets.map(|offset| offset as usize);
            Product {
                m: m.size as usize,
                n: n.size as usize,
                k: k.size as usize,
                a: Matrix { start: left.at(a).cast_const(), row: m.lhs as isize, column: k.lhs as isize },
                b: Matrix { start: right.at(b).cast_const(), row: k.rhs as isize, column: n.rhs as isize },
                c: Matrix { start: out.at(c), row: m.out as isize, column: n.out as isize },
                accumulate,
            }
        };
        // SAFETY: preparing checked that all indices are within the arrays.
        unsafe { multiply_all(&self.kernels, context, count, at) };
    }
}
