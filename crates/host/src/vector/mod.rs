//! Routines over blocks of lanes: what the kernel interpreter calls.
//!
//! A block is a run of elements in memory, typically 256 to 2048 of them, aligned to their size. The
//! functions here choose a routine when a kernel is prepared; the routine itself is a plain function
//! pointer that neither allocates nor dispatches. All of them take a [`Level`], normally
//! [`Level::best`]; calling a routine of a level that the machine lacks is undefined behaviour.
//!
//! # Safety of the routines
//! Operand pointers are aligned and hold `n` elements, or one where [`Operands`] says so; the output holds
//! `n`. Blocks may be equal to the output where their elements have its size, and otherwise must not
//! overlap it. `bool` elements are bytes 0 or 1.
//!
//! # Numbers
//! Elementary functions are within 4 ulp of the exact value (most within 1; see the tests), subnormals
//! included, with IEEE's special values. Levels may differ in the last bit, lanes of one level do not.
//! 16-bit floats are computed in f32 and rounded once.

mod arith;
mod compare;
mod convert;
mod drive;
mod f32math;
mod f64math;
mod functions;
mod half;
mod real;
mod reduce_precision;
mod single;
#[cfg(test)]
mod tests;

use ::half::{bf16, f16};
use num_complex::Complex;
use ops::{BinaryOp, UnaryOp};
use tensor::DType;

pub use compare::compare;
pub use convert::convert;
pub use reduce_precision::reduce_precision;

use crate::cpu::Level;
use arith::*;
use drive::{Blocks, BothScalar, LeftScalar, RightScalar};
use functions::*;
use half::Lifted;

/// `(x, out, n)`.
pub type UnaryFn = unsafe fn(*const u8, *mut u8, usize);
/// `(a, b, out, n)`. With `out == a` it accumulates: `acc[i] = op(acc[i], x[i])`.
pub type BinaryFn = unsafe fn(*const u8, *const u8, *mut u8, usize);
/// `(a, b, c, out, n)`.
pub type TernaryFn = unsafe fn(*const u8, *const u8, *const u8, *mut u8, usize);
/// `(x, out, rows, len)`: one accumulator is written to `out` for each of `rows` rows of `len` elements.
pub type ReduceFn = unsafe fn(*const u8, *mut u8, usize, usize);
/// `(x, out, n, exponent_bits, mantissa_bits)`.
pub type ReducePrecisionFn = unsafe fn(*const u8, *mut u8, usize, u32, u32);

/// Which operands of a binary routine are blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Operands {
    /// Both.
    Blocks,
    /// The right one is one element for all lanes.
    RightScalar,
    /// The left one is one element for all lanes.
    LeftScalar,
}

/// Which operands of a ternary routine are one element for all lanes; the others are blocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TernaryOperands {
    /// None.
    Blocks,
    /// The second.
    Second,
    /// The third.
    Third,
    /// The second and the third.
    SecondThird,
}

macro_rules! unary {
    ($level:expr, $kernel:ty) => {
        drive::unary::<$kernel>($level)
    };
}

macro_rules! binary {
    ($level:expr, $operands:expr, $kernel:ty) => {
        match $operands {
            Operands::Blocks => drive::binary::<$kernel, Blocks>($level),
            Operands::RightScalar => drive::binary::<$kernel, RightScalar>($level),
            Operands::LeftScalar => drive::binary::<$kernel, LeftScalar>($level),
        }
    };
}

/// The routine for `op` on blocks of `dtype`, or `None` if the operation is not defined on it or it has
/// fewer than 16 bits as a float, 8 as an integer. The result has type `dtype`, except: `is_finite` gives
/// `bool`; `abs`, `real` and `imag` of complex give the part's type.
pub fn unary(level: Level, op: UnaryOp, dtype: DType) -> Option<UnaryFn> {
    match dtype {
        DType::F32 => float_unary!(level, op, f32, Plain),
        DType::F64 => float_unary!(level, op, f64, Plain),
        DType::F16 => float_unary!(level, op, f32, f16),
        DType::BF16 => float_unary!(level, op, f32, bf16),
        DType::C64 => complex_unary!(level, op, f32),
        DType::C128 => complex_unary!(level, op, f64),
        DType::Bool => (op == UnaryOp::Not).then(|| unary!(level, Not<Bool>)),
        DType::I8 => integer_unary!(level, op, i8),
        DType::I16 => integer_unary!(level, op, i16),
        DType::I32 => integer_unary!(level, op, i32),
        DType::I64 => integer_unary!(level, op, i64),
        DType::U8 => integer_unary!(level, op, u8),
        DType::U16 => integer_unary!(level, op, u16),
        DType::U32 => integer_unary!(level, op, u32),
        DType::U64 => integer_unary!(level, op, u64),
        _ => None,
    }
}

/// Kernel `K<f32>` itself, or lifted to a 16-bit float.
macro_rules! lifted {
    ($level:expr, $float:ident, Plain, $kernel:ident) => {
        unary!($level, $kernel<$float>)
    };
    ($level:expr, $float:ident, $half:ident, $kernel:ident) => {
        unary!($level, Lifted<$kernel<$float>, $half>)
    };
}

macro_rules! is_finite {
    ($level:expr, $float:ident, Plain) => {
        unary!($level, compare::IsFinite<$float>)
    };
    ($level:expr, $float:ident, $half:ident) => {
        unary!($level, compare::IsFinite<$half>)
    };
}

macro_rules! float_unary {
    ($level:expr, $op:expr, $float:ident, $half:ident) => {
        Some(match $op {
            UnaryOp::Abs => lifted!($level, $float, $half, Magnitude),
            UnaryOp::Cbrt => lifted!($level, $float, $half, Cbrt),
            UnaryOp::Ceil => lifted!($level, $float, $half, Ceil),
            UnaryOp::Cosine => lifted!($level, $float, $half, Cos),
            UnaryOp::Exponential => lifted!($level, $float, $half, Exp),
            UnaryOp::ExponentialMinusOne => lifted!($level, $float, $half, Expm1),
            UnaryOp::Floor => lifted!($level, $float, $half, Floor),
            UnaryOp::Imag => lifted!($level, $float, $half, Zero),
            UnaryOp::IsFinite => is_finite!($level, $float, $half),
            UnaryOp::Log => lifted!($level, $float, $half, Log),
            UnaryOp::LogPlusOne => lifted!($level, $float, $half, Log1p),
            UnaryOp::Logistic => lifted!($level, $float, $half, Logistic),
            UnaryOp::Negate => lifted!($level, $float, $half, Negate),
            UnaryOp::Real => lifted!($level, $float, $half, Identity),
            UnaryOp::RoundNearestAfz => lifted!($level, $float, $half, RoundAway),
            UnaryOp::RoundNearestEven => lifted!($level, $float, $half, RoundEven),
            UnaryOp::Rsqrt => lifted!($level, $float, $half, Rsqrt),
            UnaryOp::Sign => lifted!($level, $float, $half, Sign),
            UnaryOp::Sine => lifted!($level, $float, $half, Sin),
            UnaryOp::Sqrt => lifted!($level, $float, $half, Sqrt),
            UnaryOp::Tan => lifted!($level, $float, $half, Tan),
            UnaryOp::Tanh => lifted!($level, $float, $half, Tanh),
            UnaryOp::Acos => lifted!($level, $float, $half, Acos),
            UnaryOp::Acosh => lifted!($level, $float, $half, Acosh),
            UnaryOp::Asin => lifted!($level, $float, $half, Asin),
            UnaryOp::Asinh => lifted!($level, $float, $half, Asinh),
            UnaryOp::Atan => lifted!($level, $float, $half, Atan),
            UnaryOp::Atanh => lifted!($level, $float, $half, Atanh),
            UnaryOp::Cosh => lifted!($level, $float, $half, Cosh),
            UnaryOp::Sinh => lifted!($level, $float, $half, Sinh),
            UnaryOp::Erf => lifted!($level, $float, $half, Erf),
            UnaryOp::Erfc => lifted!($level, $float, $half, Erfc),
            UnaryOp::ErfInv => lifted!($level, $float, $half, ErfInv),
            UnaryOp::CountLeadingZeros | UnaryOp::Not | UnaryOp::Popcnt => return None,
        })
    };
}

macro_rules! integer_unary {
    ($level:expr, $op:expr, $int:ident) => {
        Some(match $op {
            UnaryOp::Abs => unary!($level, Magnitude<$int>),
            UnaryOp::Negate => unary!($level, Negate<$int>),
            UnaryOp::Not => unary!($level, Not<$int>),
            UnaryOp::Sign => unary!($level, Sign<$int>),
            UnaryOp::Popcnt => unary!($level, Popcnt<$int>),
            UnaryOp::CountLeadingZeros => unary!($level, LeadingZeros<$int>),
            _ => return None,
        })
    };
}

macro_rules! complex_unary {
    ($level:expr, $op:expr, $float:ident) => {
        complex_unary!(@functions $level, $op, $float:
            Sign Exponential ExponentialMinusOne Log LogPlusOne Logistic Sqrt Rsqrt Cbrt Sine Cosine Tan Sinh
            Cosh Tanh Asin Acos Atan Asinh Acosh Atanh)
    };
    (@functions $level:expr, $op:expr, $float:ident: $($function:ident)*) => {
        Some(match $op {
            UnaryOp::Abs => unary!($level, ComplexAbs<$float>),
            UnaryOp::Negate => unary!($level, Negate<Complex<$float>>),
            UnaryOp::Real => unary!($level, Part<$float, false>),
            UnaryOp::Imag => unary!($level, Part<$float, true>),
            // The reference function dominates: one level serves all.
            $(UnaryOp::$function => {
                unary!(Level::Baseline, ComplexFunction<$float, { UnaryOp::$function as usize }>)
            })*
            _ => return None,
        })
    };
}
use {complex_unary, float_unary, integer_unary, is_finite, lifted};

/// As [`binary!`] for a commutative kernel: a left scalar is a right one, the operands exchanged.
macro_rules! commutative {
    ($level:expr, $operands:expr, $kernel:ty) => {
        match $operands {
            Operands::Blocks => drive::binary::<$kernel, Blocks>($level),
            Operands::RightScalar => drive::binary::<$kernel, RightScalar>($level),
            Operands::LeftScalar => drive::swapped::<$kernel, RightScalar>($level),
        }
    };
}

/// The routine for `op` on blocks of `dtype`, or `None` if the operation is not defined on it or it has
/// fewer than 16 bits as a float, 8 as an integer. The result has type `dtype`, but `complex` gives the
/// type whose parts `dtype` is.
pub fn binary(level: Level, op: BinaryOp, dtype: DType, operands: Operands) -> Option<BinaryFn> {
    macro_rules! by_form {
        ($kernel:ty) => {
            binary!(level, operands, $kernel)
        };
    }
    macro_rules! symmetric {
        ($kernel:ty) => {
            commutative!(level, operands, $kernel)
        };
    }
    macro_rules! float {
        ($float:ident) => {
            Some(match op {
                BinaryOp::Add => symmetric!(Add<$float>),
                BinaryOp::Subtract => by_form!(Subtract<$float>),
                BinaryOp::Multiply => symmetric!(Multiply<$float>),
                BinaryOp::Divide => by_form!(Divide<$float>),
                BinaryOp::Maximum => symmetric!(Maximum<$float>),
                BinaryOp::Minimum => symmetric!(Minimum<$float>),
                BinaryOp::Power => by_form!(Power<$float>),
                BinaryOp::Atan2 => by_form!(Atan2<$float>),
                BinaryOp::Remainder => by_form!(Remainder<$float>),
                BinaryOp::Complex => by_form!(MakeComplex<$float>),
                _ => return None,
            })
        };
    }
    macro_rules! half {
        ($half:ident) => {
            Some(match op {
                BinaryOp::Add => symmetric!(Lifted<Add<f32>, $half>),
                BinaryOp::Subtract => by_form!(Lifted<Subtract<f32>, $half>),
                BinaryOp::Multiply => symmetric!(Lifted<Multiply<f32>, $half>),
                BinaryOp::Divide => by_form!(Lifted<Divide<f32>, $half>),
                BinaryOp::Maximum => symmetric!(Lifted<Maximum<f32>, $half>),
                BinaryOp::Minimum => symmetric!(Lifted<Minimum<f32>, $half>),
                BinaryOp::Power => by_form!(Lifted<Power<f32>, $half>),
                BinaryOp::Atan2 => by_form!(Lifted<Atan2<f32>, $half>),
                BinaryOp::Remainder => by_form!(Lifted<Remainder<f32>, $half>),
                _ => return None,
            })
        };
    }
    macro_rules! complex {
        ($float:ident) => {
            Some(match op {
                BinaryOp::Add => symmetric!(Add<Complex<$float>>),
                BinaryOp::Subtract => by_form!(Subtract<Complex<$float>>),
                BinaryOp::Multiply => symmetric!(Multiply<Complex<$float>>),
                BinaryOp::Divide => by_form!(ComplexDivide<$float>),
                BinaryOp::Power => {
                    binary!(Level::Baseline, operands, ComplexFunction2<$float, { BinaryOp::Power as usize }>)
                }
                BinaryOp::Atan2 => {
                    binary!(Level::Baseline, operands, ComplexFunction2<$float, { BinaryOp::Atan2 as usize }>)
                }
                _ => return None,
            })
        };
    }
    // Operations that do not see the sign use the unsigned type's routine.
    macro_rules! integer {
        ($int:ident, $unsigned:ident) => {
            Some(match op {
                BinaryOp::Add => symmetric!(Add<$unsigned>),
                BinaryOp::Subtract => by_form!(Subtract<$unsigned>),
                BinaryOp::Multiply => symmetric!(Multiply<$unsigned>),
                BinaryOp::And => symmetric!(And<$unsigned>),
                BinaryOp::Or => symmetric!(Or<$unsigned>),
                BinaryOp::Xor => symmetric!(Xor<$unsigned>),
                BinaryOp::ShiftLeft => by_form!(ShiftLeft<$unsigned>),
                BinaryOp::ShiftRightArithmetic => by_form!(ShiftRightArithmetic<$unsigned>),
                BinaryOp::ShiftRightLogical => by_form!(ShiftRightLogical<$unsigned>),
                BinaryOp::Divide => by_form!(IntDivide<$int>),
                BinaryOp::Remainder => by_form!(IntRemainder<$int>),
                BinaryOp::Power => by_form!(IntPower<$int>),
                BinaryOp::Maximum => symmetric!(Maximum<$int>),
                BinaryOp::Minimum => symmetric!(Minimum<$int>),
                BinaryOp::Atan2 | BinaryOp::Complex => return None,
            })
        };
    }
    match dtype {
        DType::F32 => float!(f32),
        DType::F64 => float!(f64),
        DType::F16 => half!(f16),
        DType::BF16 => half!(bf16),
        DType::C64 => complex!(f32),
        DType::C128 => complex!(f64),
        DType::I8 => integer!(i8, u8),
        DType::I16 => integer!(i16, u16),
        DType::I32 => integer!(i32, u32),
        DType::I64 => integer!(i64, u64),
        DType::U8 => integer!(u8, u8),
        DType::U16 => integer!(u16, u16),
        DType::U32 => integer!(u32, u32),
        DType::U64 => integer!(u64, u64),
        DType::Bool => Some(match op {
            BinaryOp::Add | BinaryOp::Or | BinaryOp::Maximum => symmetric!(Or<Bool>),
            BinaryOp::Multiply | BinaryOp::And | BinaryOp::Minimum => symmetric!(And<Bool>),
            BinaryOp::Xor => symmetric!(Xor<Bool>),
            _ => return None,
        }),
        _ => None,
    }
}

macro_rules! ternary {
    ($level:expr, $operands:expr, $kernel:ty) => {
        match $operands {
            TernaryOperands::Blocks => drive::ternary::<$kernel, Blocks>($level),
            TernaryOperands::Second => drive::ternary::<$kernel, LeftScalar>($level),
            TernaryOperands::Third => drive::ternary::<$kernel, RightScalar>($level),
            TernaryOperands::SecondThird => drive::ternary::<$kernel, BothScalar>($level),
        }
    };
}

/// `(mask, a, b, out, n)`: `out[i] = if mask[i] { a[i] } else { b[i] }`, for every element type.
pub fn select(level: Level, dtype: DType, operands: TernaryOperands) -> TernaryFn {
    match dtype.size() {
        1 => ternary!(level, operands, Select<u8>),
        2 => ternary!(level, operands, Select<u16>),
        4 => ternary!(level, operands, Select<u32>),
        8 => ternary!(level, operands, Select<u64>),
        _ => ternary!(level, operands, Select<[u64; 2]>),
    }
}

/// `(a, b, c, out, n)`: `out[i] = a[i] * b[i] + c[i]`, rounded once or twice; `None` for `bool` and types
/// without arithmetic routines.
pub fn mul_add(level: Level, dtype: DType, operands: TernaryOperands) -> Option<TernaryFn> {
    Some(match dtype {
        DType::F32 => ternary!(level, operands, MulAdd<f32>),
        DType::F64 => ternary!(level, operands, MulAdd<f64>),
        DType::F16 => ternary!(level, operands, NarrowMulAdd<f16>),
        DType::BF16 => ternary!(level, operands, NarrowMulAdd<bf16>),
        DType::C64 => ternary!(level, operands, MulAdd<Complex<f32>>),
        DType::C128 => ternary!(level, operands, MulAdd<Complex<f64>>),
        DType::I8 | DType::U8 => ternary!(level, operands, MulAdd<u8>),
        DType::I16 | DType::U16 => ternary!(level, operands, MulAdd<u16>),
        DType::I32 | DType::U32 => ternary!(level, operands, MulAdd<u32>),
        DType::I64 | DType::U64 => ternary!(level, operands, MulAdd<u64>),
        _ => return None,
    })
}

/// `(low, x, high, out, n)`: `out[i] = min(max(x[i], low), high)`, with bounds of one element each if
/// `scalar_bounds`, else blocks; `None` for unordered types.
pub fn clamp(level: Level, dtype: DType, scalar_bounds: bool) -> Option<TernaryFn> {
    macro_rules! clamp {
        ($kernel:ty) => {
            if scalar_bounds {
                drive::ternary_between::<$kernel>(level)
            } else {
                drive::ternary::<$kernel, Blocks>(level)
            }
        };
    }
    Some(match dtype {
        DType::F32 => clamp!(Clamp<f32>),
        DType::F64 => clamp!(Clamp<f64>),
        DType::F16 => clamp!(NarrowClamp<f16>),
        DType::BF16 => clamp!(NarrowClamp<bf16>),
        DType::I8 => clamp!(Clamp<i8>),
        DType::I16 => clamp!(Clamp<i16>),
        DType::I32 => clamp!(Clamp<i32>),
        DType::I64 => clamp!(Clamp<i64>),
        DType::U8 | DType::Bool => clamp!(Clamp<u8>),
        DType::U16 => clamp!(Clamp<u16>),
        DType::U32 => clamp!(Clamp<u32>),
        DType::U64 => clamp!(Clamp<u64>),
        _ => return None,
    })
}

/// The element type that [`reduce`] writes: f32 for 16-bit floats, else the type itself.
pub fn accumulator(dtype: DType) -> DType {
    match dtype {
        DType::F16 | DType::BF16 => DType::F32,
        other => other,
    }
}

/// The routine that folds each row of a block into one [`accumulator`], the operation's neutral element for
/// rows of no elements; `None` if `op` is not a reduction or not defined on the type.
///
/// The order of combination depends on the rows' length alone. Sums are as accurate as pairwise summation.
pub fn reduce(level: Level, op: BinaryOp, dtype: DType) -> Option<ReduceFn> {
    macro_rules! fold {
        ($kernel:ty) => {
            drive::reduce::<$kernel>(level)
        };
    }
    macro_rules! real {
        ($float:ident) => {
            Some(match op {
                BinaryOp::Add => fold!(Sum<$float>),
                BinaryOp::Multiply => fold!(Product<$float>),
                BinaryOp::Maximum => fold!(Largest<$float>),
                BinaryOp::Minimum => fold!(Smallest<$float>),
                _ => return None,
            })
        };
    }
    macro_rules! half {
        ($half:ident) => {
            Some(match op {
                BinaryOp::Add => fold!(Widened<Sum<f32>, $half>),
                BinaryOp::Multiply => fold!(Widened<Product<f32>, $half>),
                BinaryOp::Maximum => fold!(Widened<Largest<f32>, $half>),
                BinaryOp::Minimum => fold!(Widened<Smallest<f32>, $half>),
                _ => return None,
            })
        };
    }
    macro_rules! complex {
        ($float:ident) => {
            Some(match op {
                BinaryOp::Add => fold!(Sum<Complex<$float>>),
                BinaryOp::Multiply => fold!(Product<Complex<$float>>),
                _ => return None,
            })
        };
    }
    macro_rules! integer {
        ($int:ident, $unsigned:ident) => {
            Some(match op {
                BinaryOp::Add => fold!(Sum<$unsigned>),
                BinaryOp::Multiply => fold!(Product<$unsigned>),
                BinaryOp::And => fold!(All<$unsigned>),
                BinaryOp::Or => fold!(Any<$unsigned>),
                BinaryOp::Xor => fold!(Parity<$unsigned>),
                BinaryOp::Maximum => fold!(Largest<$int>),
                BinaryOp::Minimum => fold!(Smallest<$int>),
                _ => return None,
            })
        };
    }
    match dtype {
        DType::F32 => real!(f32),
        DType::F64 => real!(f64),
        DType::F16 => half!(f16),
        DType::BF16 => half!(bf16),
        DType::C64 => complex!(f32),
        DType::C128 => complex!(f64),
        DType::I8 => integer!(i8, u8),
        DType::I16 => integer!(i16, u16),
        DType::I32 => integer!(i32, u32),
        DType::I64 => integer!(i64, u64),
        DType::U8 => integer!(u8, u8),
        DType::U16 => integer!(u16, u16),
        DType::U32 => integer!(u32, u32),
        DType::U64 => integer!(u64, u64),
        DType::Bool => Some(match op {
            BinaryOp::Add | BinaryOp::Or | BinaryOp::Maximum => fold!(Any<Bool>),
            BinaryOp::Multiply | BinaryOp::And | BinaryOp::Minimum => fold!(All<Bool>),
            BinaryOp::Xor => fold!(Parity<Bool>),
            _ => return None,
        }),
        _ => None,
    }
}
