//! Operations on [`Scalar`] values of any element type.

use std::cmp::Ordering;

use num_complex::Complex;
use tensor::{DType, DTypeClass, Scalar};

use super::complex::{abs, complex_binary, complex_unary};
use super::float::{binary_f64, reduce_precision, unary_f64};
use super::integer::{Width, integer_binary, integer_unary};
use crate::{BinaryOp, ComparisonDirection, ComparisonType, UnaryOp};

/// `op(x)`, or `None` if the operation is not defined on the type.
pub fn eval_unary(op: UnaryOp, x: Scalar) -> Option<Scalar> {
    let dtype = x.dtype;
    match (op, dtype.class()) {
        (UnaryOp::IsFinite, DTypeClass::Float) => Some(Scalar::bool(x.as_f64().is_finite())),
        (UnaryOp::Abs, DTypeClass::Complex) => Some(Scalar::from_f64(dtype.real(), abs(x.as_complex()))),
        (UnaryOp::Real, DTypeClass::Complex) => Some(Scalar::from_f64(dtype.real(), x.as_complex().re)),
        (UnaryOp::Imag, DTypeClass::Complex) => Some(Scalar::from_f64(dtype.real(), x.as_complex().im)),
        (_, DTypeClass::Complex) => {
            complex_unary(op, x.as_complex()).map(|value| Scalar::from_complex(dtype, value))
        }
        (_, DTypeClass::Float) => unary_f64(op, x.as_f64()).map(|value| Scalar::from_f64(dtype, value)),
        (UnaryOp::Not, DTypeClass::Bool) => Some(Scalar::bool(x.bits() == 0)),
        (_, DTypeClass::Bool) => None,
        (_, DTypeClass::Signed | DTypeClass::Unsigned) => {
            integer_unary(op, width(dtype), x.as_i128()).map(|value| Scalar::from_i128(dtype, value))
        }
    }
}

/// `op(a, b)` of two scalars of one type, or `None` if the operation is not defined on it.
pub fn eval_binary(op: BinaryOp, a: Scalar, b: Scalar) -> Option<Scalar> {
    let dtype = a.dtype;
    if dtype != b.dtype {
        return None;
    }
    match dtype.class() {
        DTypeClass::Float if op == BinaryOp::Complex => {
            Some(Scalar::from_complex(dtype.complex()?, Complex::new(a.as_f64(), b.as_f64())))
        }
        DTypeClass::Float => {
            binary_f64(op, a.as_f64(), b.as_f64()).map(|value| Scalar::from_f64(dtype, value))
        }
        DTypeClass::Complex => {
            complex_binary(op, a.as_complex(), b.as_complex()).map(|value| Scalar::from_complex(dtype, value))
        }
        DTypeClass::Bool => {
            use BinaryOp::*;
            let (a, b) = (a.bits() != 0, b.bits() != 0);
            Some(Scalar::bool(match op {
                Add | Or | Maximum => a | b,
                Multiply | And | Minimum => a & b,
                Xor => a ^ b,
                _ => return None,
            }))
        }
        DTypeClass::Signed | DTypeClass::Unsigned => {
            integer_binary(op, width(dtype), a.as_i128(), b.as_i128())
                .map(|value| Scalar::from_i128(dtype, value))
        }
    }
}

/// The comparison of two scalars of one type; `None` if their types differ or have no such order.
pub fn eval_compare(
    direction: ComparisonDirection,
    kind: ComparisonType,
    a: Scalar,
    b: Scalar,
) -> Option<bool> {
    if a.dtype != b.dtype {
        return None;
    }
    let order = match a.dtype.class() {
        DTypeClass::Complex => {
            let equal = a.as_complex() == b.as_complex();
            return match direction {
                ComparisonDirection::Eq => Some(equal),
                ComparisonDirection::Ne => Some(!equal),
                _ => None,
            };
        }
        DTypeClass::Float => {
            let (a, b) = (a.as_f64(), b.as_f64());
            match kind {
                ComparisonType::TotalOrder => Some(a.total_cmp(&b)),
                ComparisonType::WeakOrder => {
                    Some(a.partial_cmp(&b).unwrap_or_else(|| a.is_nan().cmp(&b.is_nan())))
                }
                _ => a.partial_cmp(&b),
            }
        }
        _ => Some(a.as_i128().cmp(&b.as_i128())),
    };
    Some(match direction {
        ComparisonDirection::Eq => order == Some(Ordering::Equal),
        ComparisonDirection::Ne => order != Some(Ordering::Equal),
        ComparisonDirection::Ge => matches!(order, Some(Ordering::Greater | Ordering::Equal)),
        ComparisonDirection::Gt => order == Some(Ordering::Greater),
        ComparisonDirection::Le => matches!(order, Some(Ordering::Less | Ordering::Equal)),
        ComparisonDirection::Lt => order == Some(Ordering::Less),
    })
}

/// The value converted to `dtype`.
///
/// Floats become integers by truncation, saturating, NaN to 0; integers wrap; everything becomes a float
/// with one rounding; a `bool` says whether the value is not zero; complex to real drops the imaginary part.
pub fn eval_convert(x: Scalar, dtype: DType) -> Scalar {
    match (x.dtype.class(), dtype.class()) {
        _ if x.dtype == dtype => x,
        (_, DTypeClass::Bool) => Scalar::bool(!x.is(0)),
        (DTypeClass::Complex, DTypeClass::Complex) => Scalar::from_complex(dtype, x.as_complex()),
        (DTypeClass::Float | DTypeClass::Complex, _) => Scalar::from_f64(dtype, x.as_f64()),
        (_, DTypeClass::Float | DTypeClass::Complex) if dtype.size() < 8 && dtype != DType::F32 => {
            Scalar::from_f64(dtype, odd_f64(x.as_i128()))
        }
        (_, DTypeClass::Complex) => {
            let real = Scalar::from_i128(dtype.real(), x.as_i128());
            Scalar::from_complex(dtype, Complex::new(real.as_f64(), 0.0))
        }
        _ => Scalar::from_i128(dtype, x.as_i128()),
    }
}

/// The value rounded to a format of this many bits; `None` if it is not a float of 16 bits or more.
pub fn eval_reduce_precision(x: Scalar, exponent_bits: u32, mantissa_bits: u32) -> Option<Scalar> {
    let source = match x.dtype {
        DType::F16 => (5, 10),
        DType::BF16 => (8, 7),
        DType::F32 => (8, 23),
        DType::F64 => (11, 52),
        _ => return None,
    };
    let bits = reduce_precision(x.bits() as u64, source, exponent_bits, mantissa_bits);
    Some(Scalar::from_bytes(x.dtype, &bits.to_le_bytes()[..x.dtype.size()]))
}

/// `minimum(maximum(x, low), high)`, or `None` if the type is not ordered.
pub fn eval_clamp(low: Scalar, x: Scalar, high: Scalar) -> Option<Scalar> {
    eval_binary(BinaryOp::Minimum, eval_binary(BinaryOp::Maximum, x, low)?, high)
}

fn width(dtype: DType) -> Width {
    Width { bits: dtype.bits(), signed: dtype.class() == DTypeClass::Signed }
}

/// The integer rounded to odd, so that a second rounding to fewer bits is the only one that shows.
fn odd_f64(value: i128) -> f64 {
    let sticky = if value & 0x7ff != 0 { 0x800 } else { 0 };
    if value.unsigned_abs() < 1 << 53 {
        value as f64
    } else {
        ((value & !0xfff) | (value & 0x800) | sticky) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bools_have_logical_arithmetic() {
        let (no, yes) = (Scalar::bool(false), Scalar::bool(true));
        assert_eq!(eval_binary(BinaryOp::Add, yes, yes), Some(yes));
        assert_eq!(eval_binary(BinaryOp::Multiply, yes, no), Some(no));
        assert_eq!(eval_unary(UnaryOp::Not, no), Some(yes));
        assert_eq!(eval_binary(BinaryOp::Divide, yes, yes), None);
    }

    #[test]
    fn comparisons_of_nan() {
        let (nan, one) = (Scalar::from_f64(DType::F32, f64::NAN), Scalar::one(DType::F32));
        let compare = |direction, kind, a, b| eval_compare(direction, kind, a, b).expect("ordered");
        use ComparisonDirection::*;
        assert!(compare(Ne, ComparisonType::Float, nan, nan));
        assert!(!compare(Ge, ComparisonType::Float, nan, one));
        assert!(compare(Gt, ComparisonType::TotalOrder, nan, one));
        let (minus, plus) = (Scalar::from_f64(DType::F32, -0.0), Scalar::zero(DType::F32));
        assert!(compare(Lt, ComparisonType::TotalOrder, minus, plus));
        assert!(compare(Eq, ComparisonType::Float, minus, plus));
    }

    #[test]
    fn conversions() {
        let convert = |value: Scalar, dtype| eval_convert(value, dtype);
        assert_eq!(convert(Scalar::from_f64(DType::F32, 3e10), DType::I32).as_i64(), i32::MAX.into());
        assert_eq!(convert(Scalar::from_f64(DType::F64, -1.9), DType::U8).as_i64(), 0);
        assert_eq!(convert(Scalar::from_i64(DType::I32, 300), DType::I8).as_i64(), 44);
        assert_eq!(convert(Scalar::from_f64(DType::F64, f64::NAN), DType::Bool), Scalar::bool(true));
        let z = Scalar::from_complex(DType::C64, Complex::new(2.5, 1.0));
        assert_eq!(convert(z, DType::F64).as_f64(), 2.5);
        // 2^24 + 2^16 + 1 lies just above a bfloat16 tie: one rounding goes up, two would go down.
        let odd = Scalar::from_i64(DType::I64, (1 << 40) + (1 << 32) + 1);
        assert_eq!(convert(odd, DType::BF16).as_f64(), 2f64.powi(40) + 2f64.powi(33));
    }

    #[test]
    fn parts_of_complex() {
        let z = Scalar::from_complex(DType::C64, Complex::new(3.0, -4.0));
        assert_eq!(eval_unary(UnaryOp::Abs, z), Some(Scalar::from_f64(DType::F32, 5.0)));
        assert_eq!(eval_unary(UnaryOp::Imag, z), Some(Scalar::from_f64(DType::F32, -4.0)));
        let pair = eval_binary(
            BinaryOp::Complex,
            Scalar::from_f64(DType::F32, 3.0),
            Scalar::from_f64(DType::F32, -4.0),
        );
        assert_eq!(pair, Some(z));
    }
}
