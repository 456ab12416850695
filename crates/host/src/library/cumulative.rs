//! Running folds along a dimension.
//!
//! Sums of floats are accumulated in f64, those of f64 with a running compensation (A. Neumaier, 1974), so
//! that errors do not grow with the length.

use half::{bf16, f16};
use num_complex::Complex;
use ops::BinaryOp;
use plan::EngineError;
use plan::library::Cumulative;
use tensor::DType;

use super::product::SendPointer;
use super::{LibraryStep, StepTypes};
use crate::context::RunContext;

/// Columns that are folded side by side.
const LANES: usize = 32;

/// A fold over an array: of `size` elements `stride` apart, for `lanes` (at most [`LANES`]) neighbours.
type Fold = unsafe fn(from: *const u8, to: *mut u8, run: &Run);

/// The elements that a fold visits.
struct Run {
    /// Position of the first.
    start: isize,
    /// Distance between elements; negative when reversed.
    stride: isize,
    /// Number of elements.
    size: usize,
    /// Neighbouring columns.
    lanes: usize,
}

/// A running fold made ready.
struct CumulativeStep {
    cumulative: Cumulative,
    fold: Fold,
}

/// Makes a running fold ready.
///
/// # Errors
/// If the type lacks the operation or the arrays do not fit.
pub(super) fn prepare(
    cumulative: &Cumulative,
    types: &StepTypes<'_>,
) -> Result<Box<dyn LibraryStep>, EngineError> {
    let len = cumulative.outer * cumulative.size * cumulative.inner;
    let fits = types.reads[0].len() as i64 >= len && types.writes[0].len() as i64 >= len;
    let fold = fold(cumulative.op, cumulative.dtype).filter(|_| fits).ok_or_else(|| {
        types.unsupported(format!("a running {} of {}", cumulative.op.mnemonic(), cumulative.dtype))
    })?;
    Ok(Box::new(CumulativeStep { cumulative: cumulative.clone(), fold }))
}

impl LibraryStep for CumulativeStep {
    unsafe fn run(
        &self,
        reads: &[*const u8],
        writes: &[*mut u8],
        context: &RunContext,
    ) -> Result<(), EngineError> {
        let Cumulative { outer, size, inner, reverse, .. } = self.cumulative;
        let (outer, size, inner) = (outer as usize, size as usize, inner as usize);
        if outer * size * inner == 0 {
            return Ok(());
        }
        let (from, to) = (SendPointer(reads[0].cast_mut()), SendPointer(writes[0]));
        let columns = inner.div_ceil(LANES);
        let work = 2 * (outer * size * inner) as u64;
        context.parallel(outer * columns, work, |index| {
            let (row, column) = (index / columns, index % columns * LANES);
            let first = row * size * inner + column;
            let last = first + (size - 1) * inner;
            let run = Run {
                start: if reverse { last } else { first } as isize,
                stride: if reverse { -(inner as isize) } else { inner as isize },
                size,
                lanes: LANES.min(inner - column),
            };
            // SAFETY: preparing checked the sizes; runs do not overlap.
            unsafe { (self.fold)(from.at(0), to.at(0), &run) };
        });
        Ok(())
    }
}

/// An accumulator for elements of a type.
trait Accumulator: Copy {
    type Element: Copy;
    fn first(x: Self::Element) -> Self;
    fn next(self, x: Self::Element) -> Self;
    fn value(self) -> Self::Element;
}

/// # Safety
/// The elements of the run exist in both arrays, which are equal or do not overlap.
unsafe fn run_fold<A: Accumulator>(from: *const u8, to: *mut u8, run: &Run) {
    let (from, to) = (from.cast::<A::Element>(), to.cast::<A::Element>());
    // SAFETY: the contract; each element is read before it is written.
    unsafe {
        if run.lanes == 1 {
            let mut state = A::first(*from.offset(run.start));
            *to.offset(run.start) = state.value();
            for i in 1..run.size as isize {
                let at = run.start + i * run.stride;
                state = state.next(*from.offset(at));
                *to.offset(at) = state.value();
            }
            return;
        }
        let mut states = [A::first(*from.offset(run.start)); LANES];
        for (lane, state) in states[..run.lanes].iter_mut().enumerate() {
            *state = A::first(*from.offset(run.start + lane as isize));
            *to.offset(run.start + lane as isize) = state.value();
        }
        for i in 1..run.size as isize {
            let at = run.start + i * run.stride;
            for (lane, state) in states[..run.lanes].iter_mut().enumerate() {
                *state = state.next(*from.offset(at + lane as isize));
                *to.offset(at + lane as isize) = state.value();
            }
        }
    }
}

/// A sum of f64 and what rounding lost of it.
#[derive(Clone, Copy)]
struct Compensated {
    sum: f64,
    lost: f64,
}

impl Compensated {
    #[inline(always)]
    fn plus(self, x: f64) -> Self {
        let sum = self.sum + x;
        let part = sum - self.sum;
        let lost = (self.sum - (sum - part)) + (x - part);
        Compensated { sum, lost: self.lost + lost }
    }

    #[inline(always)]
    fn value(self) -> f64 {
        // Infinities and NaN spoil the compensation.
        if self.lost.is_finite() { self.sum + self.lost } else { self.sum }
    }
}

macro_rules! accumulators {
    ($($name:ident $element:ty, $state:ty, $first:expr, $next:expr, $value:expr;)*) => { $(
        #[derive(Clone, Copy)]
        struct $name($state);
        impl Accumulator for $name {
            type Element = $element;
            #[inline(always)]
            fn first(x: $element) -> Self {
                $name($first(x))
            }
            #[inline(always)]
            fn next(self, x: $element) -> Self {
                $name($next(self.0, x))
            }
            #[inline(always)]
            fn value(self) -> $element {
                $value(self.0)
            }
        }
    )* };
}

accumulators! {
    SumF64 f64, Compensated, |x| Compensated { sum: x, lost: 0.0 }, Compensated::plus, Compensated::value;
    SumF32 f32, f64, f64::from, |s: f64, x: f32| s + f64::from(x), |s: f64| s as f32;
    SumF16 f16, f64, f64::from, |s: f64, x: f16| s + f64::from(x), |s: f64| f16::from_f32(s as f32);
    SumBf16 bf16, f64, f64::from, |s: f64, x: bf16| s + f64::from(x), |s: f64| bf16::from_f32(s as f32);
    SumC64 Complex<f32>, Complex<f64>, widen, |s: Complex<f64>, x| s + widen(x), narrow;
    SumC128 Complex<f64>, [Compensated; 2],
        |x: Complex<f64>| [x.re, x.im].map(|sum| Compensated { sum, lost: 0.0 }),
        |s: [Compensated; 2], x: Complex<f64>| [s[0].plus(x.re), s[1].plus(x.im)],
        |s: [Compensated; 2]| Complex::new(s[0].value(), s[1].value());
    ProductF64 f64, f64, |x| x, |s: f64, x: f64| s * x, |s| s;
    ProductF32 f32, f64, f64::from, |s: f64, x: f32| s * f64::from(x), |s: f64| s as f32;
    ProductF16 f16, f64, f64::from, |s: f64, x: f16| s * f64::from(x), |s: f64| f16::from_f32(s as f32);
    ProductBf16 bf16, f64, f64::from, |s: f64, x: bf16| s * f64::from(x), |s: f64| bf16::from_f32(s as f32);
    ProductC64 Complex<f32>, Complex<f64>, widen, |s: Complex<f64>, x| s * widen(x), narrow;
    ProductC128 Complex<f64>, Complex<f64>, |x| x, |s: Complex<f64>, x: Complex<f64>| s * x, |s| s;
}

fn widen(x: Complex<f32>) -> Complex<f64> {
    Complex::new(x.re.into(), x.im.into())
}

fn narrow(x: Complex<f64>) -> Complex<f32> {
    Complex::new(x.re as f32, x.im as f32)
}

/// The larger of two floats; NaN if either is, +0 above -0.
macro_rules! float_extrema {
    ($($max:ident $min:ident $type:ident;)*) => { $(
        accumulators! {
            $max $type, $type, |x| x, |s: $type, x: $type| {
                if s.is_nan() || s > x || (s == x && !s.is_sign_negative()) { s } else { x }
            }, |s| s;
            $min $type, $type, |x| x, |s: $type, x: $type| {
                if s.is_nan() || s < x || (s == x && s.is_sign_negative()) { s } else { x }
            }, |s| s;
        }
    )* };
}

float_extrema! {
    MaxF64 MinF64 f64;
    MaxF32 MinF32 f32;
    MaxF16 MinF16 f16;
    MaxBf16 MinBf16 bf16;
}

macro_rules! tensor_type {
    (i8) => {
        DType::I8
    };
    (i16) => {
        DType::I16
    };
    (i32) => {
        DType::I32
    };
    (i64) => {
        DType::I64
    };
    (u8) => {
        DType::U8
    };
    (u16) => {
        DType::U16
    };
    (u32) => {
        DType::U32
    };
    (u64) => {
        DType::U64
    };
}

macro_rules! integers {
    ($choose:ident, $($type:ident)*) => {
        /// The fold of an integer type.
        fn $choose(op: BinaryOp, dtype: DType) -> Option<Fold> {
            match dtype {
                $(tensor_type!($type) => {
                    accumulators! {
                        Sum $type, $type, |x| x, $type::wrapping_add, |s| s;
                        Product $type, $type, |x| x, $type::wrapping_mul, |s| s;
                        Max $type, $type, |x| x, Ord::max, |s| s;
                        Min $type, $type, |x| x, Ord::min, |s| s;
                        And $type, $type, |x| x, |s: $type, x: $type| s & x, |s| s;
                        Or $type, $type, |x| x, |s: $type, x: $type| s | x, |s| s;
                        Xor $type, $type, |x| x, |s: $type, x: $type| s ^ x, |s| s;
                    }
                    Some(match op {
                        BinaryOp::Add => run_fold::<Sum>,
                        BinaryOp::Multiply => run_fold::<Product>,
                        BinaryOp::Maximum => run_fold::<Max>,
                        BinaryOp::Minimum => run_fold::<Min>,
                        BinaryOp::And => run_fold::<And>,
                        BinaryOp::Or => run_fold::<Or>,
                        BinaryOp::Xor => run_fold::<Xor>,
                        _ => return None,
                    })
                })*
                _ => None,
            }
        }
    };
}

integers!(integer_fold, i8 i16 i32 i64 u8 u16 u32 u64);

/// The fold of a type by an operation.
fn fold(op: BinaryOp, dtype: DType) -> Option<Fold> {
    use BinaryOp::{Add, And, Maximum, Minimum, Multiply, Or};
    Some(match (op, dtype) {
        (Add, DType::F64) => run_fold::<SumF64>,
        (Add, DType::F32) => run_fold::<SumF32>,
        (Add, DType::F16) => run_fold::<SumF16>,
        (Add, DType::BF16) => run_fold::<SumBf16>,
        (Add, DType::C64) => run_fold::<SumC64>,
        (Add, DType::C128) => run_fold::<SumC128>,
        (Multiply, DType::F64) => run_fold::<ProductF64>,
        (Multiply, DType::F32) => run_fold::<ProductF32>,
        (Multiply, DType::F16) => run_fold::<ProductF16>,
        (Multiply, DType::BF16) => run_fold::<ProductBf16>,
        (Multiply, DType::C64) => run_fold::<ProductC64>,
        (Multiply, DType::C128) => run_fold::<ProductC128>,
        (Maximum, DType::F64) => run_fold::<MaxF64>,
        (Maximum, DType::F32) => run_fold::<MaxF32>,
        (Maximum, DType::F16) => run_fold::<MaxF16>,
        (Maximum, DType::BF16) => run_fold::<MaxBf16>,
        (Minimum, DType::F64) => run_fold::<MinF64>,
        (Minimum, DType::F32) => run_fold::<MinF32>,
        (Minimum, DType::F16) => run_fold::<MinF16>,
        (Minimum, DType::BF16) => run_fold::<MinBf16>,
        // Sums and products of bools are logical.
        (Add | Or | Maximum, DType::Bool) => return integer_fold(Or, DType::U8),
        (Multiply | And | Minimum, DType::Bool) => return integer_fold(And, DType::U8),
        (_, DType::Bool) => return integer_fold(op, DType::U8),
        _ => return integer_fold(op, dtype),
    })
}
