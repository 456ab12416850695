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
        // SAFETY: passed on.
        unsafe {
            if self.dot.out.is_complex() {
                self.run_complex(reads, writes[0], context);
            } else {
                self.run_real(reads, writes[0], context);
            }
        }
        Ok(())
    }
}

impl<T: Native> DotStep<T> {
    /// # Safety
    /// As for [`LibraryStep::run`].
    unsafe fn run_real(&self, reads: &[*const u8], out: *mut u8, context: &RunContext) {
        let size = size_of::<T>();
        let bytes = |dtype, len| if dtype == T::DTYPE { 0 } else { len * size };
        let (lhs, rhs) = (self.dot.lhs, self.dot.rhs);
        let mut left = context.scratch(bytes(lhs, self.lens[0]));
        let mut right = context.scratch(bytes(rhs, self.lens[1]));
        let mut result = context.scratch(bytes(self.dot.out, self.lens[2]));
        // SAFETY: scratch is aligned and any bytes are valid elements; arrays have the lengths given.
        unsafe {
            let operand = |dtype, from: *const u8, scratch: &mut [u8], len| {
                if dtype == T::DTYPE {
                    return from.cast::<T>();
                }
                let scratch = &mut scratch.align_to_mut::<T>().1[..len];
                convert::read(dtype, from, scratch);
                scratch.as_ptr()
            };
            let left = operand(lhs, reads[0], &mut left, self.lens[0]);
            let right = operand(rhs, reads[1], &mut right, self.lens[1]);
            if self.dot.out == T::DTYPE {
                self.multiply(left, right, out.cast(), false, context);
            } else {
                let result = &mut result.align_to_mut::<T>().1[..self.lens[2]];
                self.multiply(left, right, result.as_mut_ptr(), false, context);
                convert::write(self.dot.out, result, out);
            }
        }
    }

    /// Complex products as four real ones of separate parts.
    ///
    /// # Safety
    /// As for [`LibraryStep::run`].
    unsafe fn run_complex(&self, reads: &[*const u8], out: *mut u8, context: &RunContext) {
        let [left, right, result] = self.lens;
        let mut scratch =
            context.scratch((3 * left + 2 * right + 2 * result + left.max(right) * 2) * size_of::<T>());
        // SAFETY: scratch is aligned and any bytes are valid elements; arrays have the lengths given.
        unsafe {
            let scratch = scratch.align_to_mut::<T>().1;
            let (left_re, scratch) = scratch.split_at_mut(left);
            let (left_im, scratch) = scratch.split_at_mut(left);
            let (left_minus, scratch) = scratch.split_at_mut(left);
            let (right_re, scratch) = scratch.split_at_mut(right);
            let (right_im, scratch) = scratch.split_at_mut(right);
            let (re, scratch) = scratch.split_at_mut(result);
            let (im, pairs) = scratch.split_at_mut(result);
            split(self.dot.lhs, reads[0], left_re, left_im, pairs);
            split(self.dot.rhs, reads[1], right_re, right_im, pairs);
            let minus_one = T::from_scalar(tensor::Scalar::from_i64(T::DTYPE, -1));
            for (to, &from) in left_minus.iter_mut().zip(&*left_im) {
                *to = minus_one.madd::<crate::cpu::Baseline>(from, T::ZERO);
            }
            self.multiply(left_re.as_ptr(), right_re.as_ptr(), re.as_mut_ptr(), false, context);
            self.multiply(left_minus.as_ptr(), right_im.as_ptr(), re.as_mut_ptr(), true, context);
            self.multiply(left_re.as_ptr(), right_im.as_ptr(), im.as_mut_ptr(), false, context);
            self.multiply(left_im.as_ptr(), right_re.as_ptr(), im.as_mut_ptr(), true, context);
            let out = std::slice::from_raw_parts_mut(out.cast::<[T; 2]>(), result);
            for (to, (&re, &im)) in out.iter_mut().zip(re.iter().zip(&*im)) {
                *to = [re, im];
            }
        }
    }

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

/// Separates real and imaginary parts; a real array has imaginary parts of zero.
///
/// # Safety
/// `from` holds as many elements as `re`; `pairs` has room for twice as many.
unsafe fn split<T: Native>(dtype: DType, from: *const u8, re: &mut [T], im: &mut [T], pairs: &mut [T]) {
    // SAFETY: a complex array is an array of its parts.
    unsafe {
        if !dtype.is_complex() {
            convert::read(dtype, from, re);
            im.fill(T::ZERO);
            return;
        }
        let pairs = &mut pairs[..2 * re.len()];
        convert::read(dtype.real(), from, pairs);
        for ((re, im), pair) in re.iter_mut().zip(im).zip(pairs.chunks_exact(2)) {
            (*re, *im) = (pair[0], pair[1]);
        }
    }
}
