//! Real functions in f64.

use crate::{BinaryOp, UnaryOp};

/// `op(x)`, or `None` if the operation is not real to real.
///
/// Accuracy is that of crate `libm` (1 ulp for most functions) and 2 ulp for the composed ones.
pub fn unary_f64(op: UnaryOp, x: f64) -> Option<f64> {
    use UnaryOp::*;
    Some(match op {
        Abs => x.abs(),
        Cbrt => libm::cbrt(x),
        Ceil => x.ceil(),
        Cosine => libm::cos(x),
        Exponential => libm::exp(x),
        ExponentialMinusOne => libm::expm1(x),
        Floor => x.floor(),
        Log => libm::log(x),
        LogPlusOne => libm::log1p(x),
        Logistic => logistic(x),
        Negate => -x,
        Real => x,
        Imag => 0.0,
        RoundNearestAfz => x.round(),
        RoundNearestEven => x.round_ties_even(),
        Rsqrt => 1.0 / x.sqrt(),
        Sign => sign(x),
        Sine => libm::sin(x),
        Sqrt => x.sqrt(),
        Tan => libm::tan(x),
        Tanh => libm::tanh(x),
        Acos => libm::acos(x),
        // libm's formula has values for some arguments below 1.
        Acosh => {
            if x < 1.0 {
                f64::NAN
            } else {
                libm::acosh(x)
            }
        }
        Asin => libm::asin(x),
        Asinh => libm::asinh(x),
        Atan => libm::atan(x),
        Atanh => libm::atanh(x),
        Cosh => libm::cosh(x),
        Sinh => libm::sinh(x),
        Erf => libm::erf(x),
        Erfc => libm::erfc(x),
        ErfInv => erf_inv(x),
        CountLeadingZeros | IsFinite | Not | Popcnt => return None,
    })
}

/// `op(a, b)`, or `None` if the operation is not defined on reals.
pub fn binary_f64(op: BinaryOp, a: f64, b: f64) -> Option<f64> {
    use BinaryOp::*;
    Some(match op {
        Add => a + b,
        Subtract => a - b,
        Multiply => a * b,
        Divide => a / b,
        Remainder => a % b,
        Power => libm::pow(a, b),
        Atan2 => libm::atan2(a, b),
        Maximum => maximum(a, b),
        Minimum => -maximum(-a, -b),
        And | Complex | Or | ShiftLeft | ShiftRightArithmetic | ShiftRightLogical | Xor => return None,
    })
}

/// The larger; NaN if either is; `+0` over `-0`.
fn maximum(a: f64, b: f64) -> f64 {
    if a.is_nan() || b.is_nan() {
        f64::NAN
    } else if a == b {
        if a.is_sign_negative() { b } else { a }
    } else if a > b {
        a
    } else {
        b
    }
}

/// -1 or 1; zeros and NaN are returned as they are.
fn sign(x: f64) -> f64 {
    if x == 0.0 || x.is_nan() { x } else { 1f64.copysign(x) }
}

/// `1 / (1 + exp(-x))` without overflow, and without cancellation where it is tiny.
fn logistic(x: f64) -> f64 {
    let e = libm::exp(-x.abs());
    if x >= 0.0 { 1.0 / (1.0 + e) } else { e / (1.0 + e) }
}

/// The inverse of the error function: infinite at -1 and 1, NaN beyond.
///
/// Starts from S. Winitzki's closed form (relative error 2e-3) and applies Halley's method to erf, or to
/// erfc where `|x|` is above one half, since `erf(y) - x` cancels there.
pub fn erf_inv(x: f64) -> f64 {
    let t = x.abs();
    if t.is_nan() || t > 1.0 {
        return f64::NAN;
    }
    if t == 1.0 {
        return f64::INFINITY.copysign(x);
    }
    const TWO_OVER_SQRT_PI: f64 = std::f64::consts::FRAC_2_SQRT_PI;
    if t < 1e-9 {
        return x / TWO_OVER_SQRT_PI;
    }
    const A: f64 = 0.147;
    let log = libm::log1p(-t * t);
    let c = 2.0 / (std::f64::consts::PI * A) + log / 2.0;
    let mut y = ((c * c - log / A).sqrt() - c).sqrt();
    for _ in 0..3 {
        let residual = if t < 0.5 { libm::erf(y) - t } else { (1.0 - t) - libm::erfc(y) };
        let newton = residual / (TWO_OVER_SQRT_PI * libm::exp(-y * y));
        y -= newton / (1.0 + y * newton);
    }
    y.copysign(x)
}

/// A float of `source` (exponent bits, mantissa bits), given by its bits, rounded to fewer bits of each,
/// ties to even, as XLA's `ReducePrecision` does: an exponent above the new range gives infinity, one below
/// it zero; with the source's own exponents its subnormals stay.
pub fn reduce_precision(bits: u64, source: (u32, u32), exponent_bits: u32, mantissa_bits: u32) -> u64 {
    let (source_exponent, source_mantissa) = source;
    let sign = bits & (1 << (source_exponent + source_mantissa));
    let infinity = ((1u64 << source_exponent) - 1) << source_mantissa;
    let magnitude = bits ^ sign;
    if magnitude >= infinity {
        // Without a mantissa there is no NaN.
        return if mantissa_bits == 0 { sign | infinity } else { bits };
    }
    let unit = 1u64 << source_mantissa.saturating_sub(mantissa_bits);
    let (quotient, remainder) = (magnitude / unit, magnitude % unit);
    let up = 2 * remainder > unit || (2 * remainder == unit && quotient % 2 == 1);
    let rounded = (quotient + u64::from(up)) * unit;
    if exponent_bits >= source_exponent {
        return sign | rounded;
    }
    let source_bias = (1i64 << (source_exponent - 1)) - 1;
    let bias = (1i64 << (exponent_bits.max(1) - 1)) - 1;
    let exponent = (rounded >> source_mantissa) as i64 - source_bias;
    match exponent {
        _ if exponent > bias => sign | infinity,
        _ if exponent < 1 - bias => sign,
        _ => sign | rounded,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn erf_inv_inverts() {
        for i in 1..1000 {
            let y = f64::from(i) * 0.005;
            let x = libm::erf(y);
            if x < 1.0 - 1e-10 {
                let slope = (-y * y).exp();
                assert!((erf_inv(x) - y).abs() < 1e-15 * (1.0 / slope + y), "at {y}");
            }
        }
        // Wolfram Alpha: InverseErf(0.5).
        assert!((erf_inv(0.5) - 0.476_936_276_204_469_9).abs() < 2e-16);
        assert_eq!(erf_inv(-1.0), f64::NEG_INFINITY);
        assert!(erf_inv(1.5).is_nan());
        assert!(erf_inv(-0.0).is_sign_negative());
    }

    #[test]
    fn maximum_orders_zeros_and_keeps_nan() {
        let max = |a, b| binary_f64(BinaryOp::Maximum, a, b).expect("real");
        let min = |a, b| binary_f64(BinaryOp::Minimum, a, b).expect("real");
        assert!(max(-0.0, 0.0).is_sign_positive() && max(0.0, -0.0).is_sign_positive());
        assert!(min(-0.0, 0.0).is_sign_negative() && min(0.0, -0.0).is_sign_negative());
        assert!(max(f64::NAN, 1.0).is_nan() && min(1.0, f64::NAN).is_nan());
    }

    #[test]
    fn reduce_precision_to_half_and_bfloat() {
        let reduce =
            |x: f32, e, m| f32::from_bits(reduce_precision(x.to_bits().into(), (8, 23), e, m) as u32);
        assert_eq!(reduce(65520.0, 5, 10), f32::INFINITY);
        assert_eq!(reduce(65519.0, 5, 10), 65504.0);
        assert_eq!(reduce(1.0 + 1.0 / 256.0, 8, 7), 1.0);
        assert_eq!(reduce(-1.0 - 3.0 / 256.0, 8, 7), -1.0 - 1.0 / 64.0);
        assert_eq!(reduce(1e-5, 5, 10), 0.0);
        assert_eq!(reduce(1e-45, 8, 23), 1e-45);
        assert!(reduce(f32::NAN, 5, 1).is_nan());
        assert_eq!(reduce(-f32::NAN, 5, 0), f32::NEG_INFINITY);
    }

    #[test]
    fn logistic_keeps_tiny_values() {
        assert_eq!(logistic(-740.0), libm::exp(-740.0));
        assert_eq!(logistic(f64::INFINITY), 1.0);
        assert_eq!(logistic(f64::NEG_INFINITY), 0.0);
    }
}
