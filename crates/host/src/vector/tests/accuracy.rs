//! Errors of the elementary functions in units of the last place, over samples of their whole range.

use ops::{BinaryOp, UnaryOp, scalar};
use tensor::DType;

use super::super::{Operands, binary, unary};
use super::each_level;
use super::reference::{BINARY, UNARY};

/// Ulps by which no function may be off.
const LIMIT: f64 = 4.0;

const FUNCTIONS: [UnaryOp; 23] = [
    UnaryOp::Cbrt,
    UnaryOp::Cosine,
    UnaryOp::Exponential,
    UnaryOp::ExponentialMinusOne,
    UnaryOp::Log,
    UnaryOp::LogPlusOne,
    UnaryOp::Logistic,
    UnaryOp::Rsqrt,
    UnaryOp::Sine,
    UnaryOp::Tan,
    UnaryOp::Tanh,
    UnaryOp::Acos,
    UnaryOp::Acosh,
    UnaryOp::Asin,
    UnaryOp::Asinh,
    UnaryOp::Atan,
    UnaryOp::Atanh,
    UnaryOp::Cosh,
    UnaryOp::Sinh,
    UnaryOp::Erf,
    UnaryOp::Erfc,
    UnaryOp::ErfInv,
    UnaryOp::Sqrt,
];

/// The distance of `value` from `exact`, in units of the last place of a float with this many digits and
/// least exponent at `exact`.
fn ulps(value: f64, exact: f64, digits: i32, least: i32, largest: f64) -> f64 {
    if value == exact || (value.is_nan() && exact.is_nan()) {
        return 0.0;
    }
    if exact.abs() > largest || value.is_infinite() {
        // Overflow: the largest number is one unit away from infinity.
        let (value, exact) = (value.clamp(-largest, largest), exact.clamp(-largest, largest));
        return if value == exact { 1.0 } else { f64::INFINITY };
    }
    let exponent = ((exact.abs().to_bits() >> 52) as i32 - 1023).max(least + digits - 1) - digits + 1;
    let difference = (value - exact).abs();
    difference * 2f64.powi(-(exponent / 2)) * 2f64.powi(-(exponent - exponent / 2))
}

/// Floats spread over all exponents, and denser where functions bend.
fn samples() -> Vec<f64> {
    let mut x = Vec::new();
    for i in 0..60_000u32 {
        let bits = i.wrapping_mul(71_582_788).wrapping_add(i.wrapping_mul(7_919));
        x.push(f64::from(f32::from_bits(bits)));
    }
    for i in 0..40_000 {
        let t = f64::from(i) / 40_000.0;
        x.extend([
            (2.0 * t - 1.0) * 1.2,
            (2.0 * t - 1.0) * 12.0,
            (2.0 * t - 1.0) * 110.0,
            (2.0 * t - 1.0) * 1e5,
        ]);
    }
    x.retain(|x| !x.is_nan());
    x
}

/// The largest error of a function and where it is.
#[derive(Clone, Copy)]
struct Worst {
    error: f64,
    at: f64,
}

#[test]
fn f32_functions() {
    let x: Vec<f32> = samples().into_iter().map(|x| x as f32).collect();
    let mut out = vec![0f32; x.len()];
    each_level(|level| {
        for op in FUNCTIONS {
            let routine = unary(level, op, DType::F32).expect("function");
            // SAFETY: slices of equal length that do not overlap.
            unsafe { routine(x.as_ptr().cast(), out.as_mut_ptr().cast(), x.len()) };
            let mut worst = Worst { error: 0.0, at: 0.0 };
            for (&x, &y) in x.iter().zip(&out) {
                let exact = scalar::unary_f64(op, x.into()).expect("function");
                let error = ulps(y.into(), exact, 24, -149, f32::MAX.into());
                if error.is_nan() || error > worst.error {
                    worst = Worst { error, at: x.into() };
                }
            }
            println!("{level:?} {op:?} f32: {:.2} ulp at {:e}", worst.error, worst.at);
            assert!(worst.error <= LIMIT, "{level:?} {op:?}: {:.2} ulp at {:e}", worst.error, worst.at);
        }
    });
}

#[test]
fn f64_functions() {
    let mut x = samples();
    // The lower half of the significand, which an f32 leaves zero.
    for (i, x) in x.iter_mut().enumerate() {
        if x.is_finite() && *x != 0.0 {
            *x = f64::from_bits(x.to_bits() ^ (i as u64).wrapping_mul(0x1234_5678_9abc) & 0xffff_ffff);
        }
    }
    x.extend((0..20_000u64).map(|i| f64::from_bits(i * (0x7ff0_0000_0000_0000 / 20_000) + i * i)));
    x.extend([-745.2, -708.5, 709.7, 709.8, 710.4, 710.5, 1e16, 1e22, -1e300]);
    let mut out = vec![0f64; x.len()];
    each_level(|level| {
        for op in FUNCTIONS {
            let routine = unary(level, op, DType::F64).expect("function");
            // SAFETY: slices of equal length that do not overlap.
            unsafe { routine(x.as_ptr().cast(), out.as_mut_ptr().cast(), x.len()) };
            let mut worst = Worst { error: 0.0, at: 0.0 };
            for (&x, &y) in x.iter().zip(&out) {
                let exact = scalar::unary_f64(op, x).expect("function");
                let error = ulps(y, exact, 53, -1074, f64::MAX);
                if error.is_nan() || error > worst.error {
                    worst = Worst { error, at: x };
                }
            }
            println!("{level:?} {op:?} f64: {:.2} ulp at {:e}", worst.error, worst.at);
            // The reference is itself off by up to an ulp; erf_inv, composed, by two.
            let slack = if op == UnaryOp::ErfInv { 2.0 } else { 1.0 };
            assert!(
                worst.error <= LIMIT + slack,
                "{level:?} {op:?}: {:.2} ulp at {:e}",
                worst.error,
                worst.at
            );
        }
    });
}

#[test]
fn f64_functions_at_points_of_high_precision() {
    each_level(|level| {
        for &(name, points) in UNARY {
            let op = UnaryOp::from_mnemonic(name).expect("function");
            let routine = unary(level, op, DType::F64).expect("function");
            let mut worst = Worst { error: 0.0, at: 0.0 };
            for &(x, high, low) in points {
                let mut y = 0f64;
                // SAFETY: one element each.
                unsafe { routine((&raw const x).cast(), (&raw mut y).cast(), 1) };
                let error = precise_ulps(y, high, low);
                if error.is_nan() || error > worst.error {
                    worst = Worst { error, at: x };
                }
            }
            println!("{level:?} {op:?} f64: {:.2} ulp at {:e} (mpmath)", worst.error, worst.at);
            assert!(worst.error <= LIMIT, "{level:?} {op:?}: {:.2} ulp at {:e}", worst.error, worst.at);
        }
        for &(name, points) in BINARY {
            let op = BinaryOp::from_mnemonic(name).expect("function");
            let routine = binary(level, op, DType::F64, Operands::Blocks).expect("function");
            for &(a, b, high, low) in points {
                let mut y = 0f64;
                // SAFETY: one element each.
                unsafe { routine((&raw const a).cast(), (&raw const b).cast(), (&raw mut y).cast(), 1) };
                let error = precise_ulps(y, high, low);
                assert!(error <= LIMIT, "{level:?} {op:?}({a:e}, {b:e}): {error:.2} ulp");
            }
        }
    });
}

/// The distance of `y` from `high + low`, in units of the last place.
fn precise_ulps(y: f64, high: f64, low: f64) -> f64 {
    let unit = ulps(high.next_up(), high, 53, -1074, f64::MAX);
    let scale = (high.next_up() - high).abs();
    ((y - high) - low).abs() / scale * unit
}

#[test]
fn powers_and_angles() {
    let base = samples();
    let n = base.len();
    let other: Vec<f64> =
        (0..n).map(|i| base[(i * 7 + 13) % n] * if i % 2 == 0 { 1.0 } else { 1e-3 }).collect();
    let (a, b): (Vec<f32>, Vec<f32>) = base.iter().zip(&other).map(|(&a, &b)| (a as f32, b as f32)).unzip();
    let mut single = vec![0f32; n];
    let mut double = vec![0f64; n];
    each_level(|level| {
        for op in [BinaryOp::Power, BinaryOp::Atan2, BinaryOp::Remainder] {
            let routine = |dtype| binary(level, op, dtype, Operands::Blocks).expect("function");
            // SAFETY: slices of equal length; the outputs overlap none.
            unsafe {
                routine(DType::F32)(a.as_ptr().cast(), b.as_ptr().cast(), single.as_mut_ptr().cast(), n);
                routine(DType::F64)(
                    base.as_ptr().cast(),
                    other.as_ptr().cast(),
                    double.as_mut_ptr().cast(),
                    n,
                );
            }
            for i in 0..n {
                let exact = scalar::binary_f64(op, a[i].into(), b[i].into()).expect("function");
                let error = ulps(single[i].into(), exact, 24, -149, f32::MAX.into());
                assert!(error <= LIMIT, "{level:?} {op:?}({:e}, {:e}): {error:.2} ulp", a[i], b[i]);
                let exact = scalar::binary_f64(op, base[i], other[i]).expect("function");
                let error = ulps(double[i], exact, 53, -1074, f64::MAX);
                assert!(error <= LIMIT, "{level:?} {op:?}({:e}, {:e}): {error:.2} ulp", base[i], other[i]);
            }
        }
    });
}
