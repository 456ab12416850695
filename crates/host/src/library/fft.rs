//! Discrete Fourier transforms of one to three dimensions.

use std::sync::Arc;

use num_complex::Complex;
use ops::FftType;
use plan::EngineError;
use plan::library::Fft;
use realfft::{ComplexToReal, RealFftPlanner, RealToComplex};
use rustfft::{FftNum, FftPlanner};
use tensor::DType;

use super::product::SendPointer;
use super::{LibraryStep, StepTypes};
use crate::context::RunContext;

/// Columns that are gathered at a time for transforms along other dimensions than the last.
const COLUMNS: usize = 16;

/// A transform made ready.
struct FftStep<T: FftNum> {
    /// Product of the leading dimensions.
    batch: usize,
    /// Sizes in the real domain.
    lengths: Vec<usize>,
    kind: FftType,
    /// Complex transforms along the dimensions that have one.
    complex: Vec<Option<Arc<dyn rustfft::Fft<T>>>>,
    forward: Option<Arc<dyn RealToComplex<T>>>,
    inverse: Option<Arc<dyn ComplexToReal<T>>>,
    /// What results are multiplied by.
    scale: T,
}

/// Makes a transform ready.
///
/// # Errors
/// If the type has no transform or the arrays do not fit.
pub(super) fn prepare(fft: &Fft, types: &StepTypes<'_>) -> Result<Box<dyn LibraryStep>, EngineError> {
    let total: i64 = fft.lengths.iter().product();
    let half = fft.lengths.last().map_or(0, |&n| if n == 0 { 0 } else { total / n * (n / 2 + 1) });
    let (input, output) = match fft.kind {
        FftType::Fft | FftType::Ifft => (total, total),
        FftType::Rfft => (total, half),
        FftType::Irfft => (half, total),
    };
    let fits = !fft.lengths.is_empty()
        && types.reads[0].len() as i64 == fft.batch * input
        && types.writes[0].len() as i64 == fft.batch * output
        && types.writes[0].dtype.real() == fft.input.real();
    match fft.input.real() {
        DType::F32 if fits => Ok(Box::new(FftStep::<f32>::new(fft, 1.0 / total.max(1) as f32))),
        DType::F64 if fits => Ok(Box::new(FftStep::<f64>::new(fft, 1.0 / total.max(1) as f64))),
        _ => Err(types.unsupported(format!("a Fourier transform of {} {:?}", types.reads[0], fft.lengths))),
    }
}

impl<T: FftNum> FftStep<T> {
    fn new(fft: &Fft, inverse_scale: T) -> Self {
        let lengths: Vec<usize> = fft.lengths.iter().map(|&n| n as usize).collect();
        let last = lengths.len() - 1;
        let is_real = matches!(fft.kind, FftType::Rfft | FftType::Irfft);
        let is_inverse = matches!(fft.kind, FftType::Ifft | FftType::Irfft);
        let mut planner = FftPlanner::new();
        let mut real_planner = RealFftPlanner::new();
        let empty = lengths.contains(&0);
        let complex = lengths.iter().enumerate().map(|(dim, &n)| {
            (n > 1 && !empty && !(is_real && dim == last))
                .then(|| if is_inverse { planner.plan_fft_inverse(n) } else { planner.plan_fft_forward(n) })
        });
        FftStep {
            batch: fft.batch as usize,
            complex: complex.collect(),
            forward: (fft.kind == FftType::Rfft && !empty)
                .then(|| real_planner.plan_fft_forward(lengths[last])),
            inverse: (fft.kind == FftType::Irfft && !empty)
                .then(|| real_planner.plan_fft_inverse(lengths[last])),
            lengths,
            kind: fft.kind,
            scale: if is_inverse { inverse_scale } else { T::one() },
        }
    }

    /// Estimated nanoseconds of transforms of this many elements in total.
    fn work(&self, elements: usize) -> u64 {
        let length = self.lengths.iter().product::<usize>().max(2);
        elements as u64 * u64::from(length.ilog2()) / 2
    }

    /// Transforms along all dimensions that have a complex transform. `last` is the size of the last
    /// dimension in the complex domain.
    ///
    /// # Safety
    /// `data` holds the whole complex array.
    unsafe fn transform(&self, data: *mut Complex<T>, last: usize, context: &RunContext) {
        let mut dims = self.lengths.clone();
        *dims.last_mut().expect("there is a dimension") = last;
        for (dim, plan) in self.complex.iter().enumerate() {
            let Some(plan) = plan else { continue };
            let outer = self.batch * dims[..dim].iter().product::<usize>();
            let inner: usize = dims[dim + 1..].iter().product();
            let size = outer * dims[dim] * inner;
            // SAFETY: passed on.
            unsafe { along(data, [outer, dims[dim], inner], plan.as_ref(), self.work(size), context) };
        }
    }
}

/// Transforms an array `[outer, n, inner]` along its middle dimension.
///
/// # Safety
/// `data` holds the array.
unsafe fn along<T: FftNum>(
    data: *mut Complex<T>,
    [outer, n, inner]: [usize; 3],
    plan: &dyn rustfft::Fft<T>,
    work: u64,
    context: &RunContext,
) {
    let data = SendPointer(data);
    let size = size_of::<Complex<T>>();
    let needed = plan.get_inplace_scratch_len();
    if inner == 1 {
        let groups = outer.min(8 * context.threads());
        context.parallel(groups, work, |group| {
            let mut scratch = context.scratch(needed * size);
            // SAFETY: any bytes are valid numbers; groups are rows of their own.
            unsafe {
                let scratch = scratch.align_to_mut::<Complex<T>>().1;
                let (first, end) = (group * outer / groups, (group + 1) * outer / groups);
                let rows = std::slice::from_raw_parts_mut(data.at(first * n), (end - first) * n);
                plan.process_with_scratch(rows, &mut scratch[..needed]);
            }
        });
        return;
    }
    let blocks = inner.div_ceil(COLUMNS);
    context.parallel(outer * blocks, work, |index| {
        let (row, first) = (index / blocks, index % blocks * COLUMNS);
        let columns = COLUMNS.min(inner - first);
        let mut scratch = context.scratch((columns * n + needed) * size);
        // SAFETY: any bytes are valid numbers; blocks are columns of their own.
        unsafe {
            let (block, scratch) = scratch.align_to_mut::<Complex<T>>().1.split_at_mut(columns * n);
            for i in 0..n {
                for j in 0..columns {
                    block[j * n + i] = *data.at((row * n + i) * inner + first + j);
                }
            }
            plan.process_with_scratch(block, &mut scratch[..needed]);
            for i in 0..n {
                for j in 0..columns {
                    *data.at((row * n + i) * inner + first + j) = block[j * n + i];
                }
            }
        }
    });
}

impl<T: FftNum> LibraryStep for FftStep<T> {
    unsafe fn run(
        &self,
        reads: &[*const u8],
        writes: &[*mut u8],
        context: &RunContext,
    ) -> Result<(), EngineError> {
        let total = self.batch * self.lengths.iter().product::<usize>();
        if total == 0 {
            return Ok(());
        }
        let n = *self.lengths.last().expect("there is a dimension");
        let half = n / 2 + 1;
        // SAFETY: preparing checked the sizes of the arrays.
        unsafe {
            match (&self.forward, &self.inverse) {
                (Some(plan), _) => {
                    let out = writes[0].cast::<Complex<T>>();
                    self.real_forward(plan.as_ref(), reads[0].cast(), out, context);
                    self.transform(out, half, context);
                }
                (_, Some(plan)) => {
                    let len = total / n * half;
                    let mut copy = context.scratch(len * size_of::<Complex<T>>());
                    let copy = &mut copy.align_to_mut::<Complex<T>>().1[..len];
                    copy.copy_from_slice(std::slice::from_raw_parts(reads[0].cast(), len));
                    self.transform(copy.as_mut_ptr(), half, context);
                    self.real_inverse(plan.as_ref(), copy, writes[0].cast(), context);
                }
                (None, None) => {
                    let out = writes[0].cast::<Complex<T>>();
                    if !std::ptr::eq(reads[0], writes[0].cast_const()) {
                        std::ptr::copy_nonoverlapping(reads[0].cast(), out, total);
                    }
                    self.transform(out, n, context);
                    if self.kind == FftType::Ifft {
                        let out = std::slice::from_raw_parts_mut(out, total);
                        out.iter_mut().for_each(|value| *value = *value * self.scale);
                    }
                }
            }
        }
        Ok(())
    }
}

impl<T: FftNum> FftStep<T> {
    /// Transforms rows of reals to half spectra.
    ///
    /// # Safety
    /// The arrays have all rows.
    unsafe fn real_forward(
        &self,
        plan: &dyn RealToComplex<T>,
        from: *const T,
        to: *mut Complex<T>,
        context: &RunContext,
    ) {
        let n = plan.len();
        let half = n / 2 + 1;
        let rows = self.batch * self.lengths[..self.lengths.len() - 1].iter().product::<usize>();
        let (from, to) = (SendPointer(from.cast_mut()), SendPointer(to));
        let groups = rows.min(8 * context.threads());
        context.parallel(groups, self.work(rows * half), |group| {
            let needed = plan.get_scratch_len();
            let mut scratch = context.scratch((needed + n) * size_of::<Complex<T>>());
            // SAFETY: any bytes are valid numbers; rows are apart.
            unsafe {
                let (scratch, row) = scratch.align_to_mut::<Complex<T>>().1.split_at_mut(needed);
                let row = &mut row.align_to_mut::<T>().1[..n];
                for index in group * rows / groups..(group + 1) * rows / groups {
                    row.copy_from_slice(std::slice::from_raw_parts(from.at(index * n), n));
                    let out = std::slice::from_raw_parts_mut(to.at(index * half), half);
                    plan.process_with_scratch(row, out, scratch).expect("the slices have the plan's lengths");
                }
            }
        });
    }

    /// Transforms rows of half spectra to reals, and scales.
    ///
    /// # Safety
    /// The result has all rows.
    unsafe fn real_inverse(
        &self,
        plan: &dyn ComplexToReal<T>,
        from: &mut [Complex<T>],
        to: *mut T,
        context: &RunContext,
    ) {
        let n = plan.len();
        let half = n / 2 + 1;
        let rows = from.len() / half;
        let (from, to) = (SendPointer(from.as_mut_ptr()), SendPointer(to));
        let groups = rows.min(8 * context.threads());
        context.parallel(groups, self.work(rows * half), |group| {
            let needed = plan.get_scratch_len();
            let mut scratch = context.scratch(needed * size_of::<Complex<T>>());
            // SAFETY: any bytes are valid numbers; rows are apart.
            unsafe {
                let scratch = &mut scratch.align_to_mut::<Complex<T>>().1[..needed];
                for index in group * rows / groups..(group + 1) * rows / groups {
                    let row = std::slice::from_raw_parts_mut(from.at(index * half), half);
                    // Of a real signal these are real; other values do not count.
                    row[0].im = T::zero();
                    if n % 2 == 0 {
                        row[half - 1].im = T::zero();
                    }
                    let out = std::slice::from_raw_parts_mut(to.at(index * n), n);
                    plan.process_with_scratch(row, out, scratch).expect("the slices have the plan's lengths");
                    out.iter_mut().for_each(|value| *value = *value * self.scale);
                }
            }
        });
    }
}
