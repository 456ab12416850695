//! Errors of the functions in units of the last place, over samples of their whole range.

use ops::{BinaryOp, UnaryOp, scalar};
use tensor::DType;

use super::device::{device, shader};
use super::samples::noise;

/// Ulps by which no function may be off.
const LIMIT: f64 = 4.0;

/// The distance of `value` from `exact` in units of the last place of an f32 at `exact`.
fn ulps(value: f32, exact: f64) -> f64 {
    let (value, largest) = (f64::from(value), f64::from(f32::MAX));
    if value == exact || (value.is_nan() && exact.is_nan()) {
        return 0.0;
    }
    if exact.abs() > largest || value.is_infinite() {
        // Overflow: the largest number is one unit away from infinity.
        let (value, exact) = (value.clamp(-largest, largest), exact.clamp(-largest, largest));
        return if value == exact { 1.0 } else { f64::INFINITY };
    }
    let exponent = ((exact.abs().to_bits() >> 52) as i32 - 1023).max(-126) - 23;
    (value - exact).abs() / 2f64.powi(exponent)
}

/// As [`ulps`], of a device that may have no subnormal results.
fn error(value: f32, exact: f64, flushes: bool) -> f64 {
    let tiny = exact.abs() < f64::from(f32::MIN_POSITIVE) * (1.0 + 1e-6);
    if flushes && tiny && value == 0.0 { 0.0 } else { ulps(value, exact) }
}

/// Every 4099th pattern, edges, and more where functions bend.
fn samples() -> Vec<f32> {
    let mut x: Vec<f32> = (0..u32::MAX / 4099).map(|i| f32::from_bits(i * 4099)).collect();
    x.extend([
        0.0,
        -0.0,
        1.0,
        -1.0,
        0.5,
        -0.5,
        f32::INFINITY,
        f32::NEG_INFINITY,
        f32::NAN,
        f32::MAX,
        f32::MIN,
    ]);
    for edge in
        [1.0f32, 0.5, 0.6, 0.45, 2.0, 88.72284, 89.4, 103.97, 87.33655, 9.2, 1e9, 16777216.0, 8192.0, 1e-8]
    {
        for step in 0..200u32 {
            let near = f32::from_bits(edge.to_bits() - 100 + step);
            x.extend([near, -near]);
        }
    }
    // Multiples of pi/2 and the worst of them.
    x.extend((1..20_000).map(|n| (f64::from(n) * std::f64::consts::FRAC_PI_2) as f32));
    x.push(16367173.0 * 2f32.powi(72));
    for i in 0..40_000 {
        let t = (f64::from(i) / 20_000.0 - 1.0) as f32;
        x.extend([t * 1.2, t * 12.0, t * 110.0, t * 1e5]);
    }
    x
}

/// Runs functions over the samples; fails if one is off by more than the limit.
fn check(operations: &[UnaryOp]) {
    let Some(device) = device() else { return };
    let flushes = device.flushes();
    let x = samples();
    let bytes: Vec<u8> = x.iter().flat_map(|x| x.to_le_bytes()).collect();
    let mut failures = Vec::new();
    for &op in operations {
        let source = shader(&device.features, &[DType::F32], DType::F32, |scalars, names| {
            scalars.unary(op, DType::F32, names[0])
        });
        let source = source.unwrap_or_else(|refusal| panic!("{refusal}"));
        let out = device.run(&source, &[(DType::F32, &bytes)], DType::F32);
        let (mut worst, mut at) = (0.0, 0.0);
        for (&x, y) in x.iter().zip(out.chunks(4)) {
            let y = f32::from_le_bytes(y.try_into().expect("four bytes"));
            let exact = |x: f32| scalar::unary_f64(op, x.into()).expect("function");
            let mut off = error(y, exact(x), flushes);
            if flushes && x != 0.0 && x.abs() < f32::MIN_POSITIVE {
                // The device may take a subnormal for zero.
                let other = error(y, exact(0f32.copysign(x)), flushes);
                off = if other < off { other } else { off };
            }
            if off.is_nan() || off > worst {
                (worst, at) = (if off.is_nan() { f64::INFINITY } else { off }, x);
            }
        }
        println!("{}: {worst:.2} ulp at {at:e}", op.mnemonic());
        if worst > LIMIT {
            failures.push(format!("{}: {worst:.2} ulp at {at:e}", op.mnemonic()));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn exponentials() {
    check(&[UnaryOp::Exponential, UnaryOp::ExponentialMinusOne, UnaryOp::Logistic, UnaryOp::Tanh]);
}

#[test]
fn logarithms_and_roots() {
    check(&[UnaryOp::Log, UnaryOp::LogPlusOne, UnaryOp::Sqrt, UnaryOp::Rsqrt, UnaryOp::Cbrt]);
}

#[test]
fn circular() {
    check(&[UnaryOp::Sine, UnaryOp::Cosine, UnaryOp::Tan]);
}

#[test]
fn inverse_circular() {
    check(&[UnaryOp::Asin, UnaryOp::Acos, UnaryOp::Atan]);
}

#[test]
fn hyperbolic() {
    check(&[UnaryOp::Sinh, UnaryOp::Cosh, UnaryOp::Asinh, UnaryOp::Acosh, UnaryOp::Atanh]);
}

#[test]
fn error_functions() {
    check(&[UnaryOp::Erf, UnaryOp::Erfc, UnaryOp::ErfInv]);
}

#[test]
fn functions_of_two_operands() {
    let Some(device) = device() else { return };
    let flushes = device.flushes();
    let special = [
        0.0f32,
        -0.0,
        1.0,
        -1.0,
        0.5,
        -0.5,
        2.0,
        -2.0,
        3.0,
        -3.0,
        0.33333334,
        1e-20,
        1e20,
        -1e20,
        16777215.0,
        -16777217.0,
        1.7e38,
        -2.6e38,
        f32::MAX,
        f32::MIN_POSITIVE,
        f32::INFINITY,
        f32::NEG_INFINITY,
        f32::NAN,
        0.99999994,
        1.0000001,
        100.5,
        1e-30,
    ];
    let mut pairs: Vec<(f32, f32)> = special.iter().flat_map(|a| special.iter().map(|b| (*a, *b))).collect();
    let normal = |bits: u32| f32::from_bits((bits & 0x807f_ffff) | (((bits >> 23) & 0x7f) + 64) << 23);
    pairs.extend(noise(200_000).map(|bits| (normal(bits as u32), normal((bits >> 32) as u32))));
    // Powers that are neither zero nor infinite.
    pairs.extend(noise(200_000).map(|bits| {
        let x = normal(bits as u32).abs();
        let t = (bits >> 32) as f32 / 2f32.powi(31) - 1.0;
        (x, t * 88.0 / x.ln())
    }));
    let (a, b): (Vec<f32>, Vec<f32>) = pairs.iter().copied().unzip();
    let bytes = |x: &[f32]| -> Vec<u8> { x.iter().flat_map(|x| x.to_le_bytes()).collect() };
    let (left, right) = (bytes(&a), bytes(&b));
    for op in [BinaryOp::Power, BinaryOp::Atan2, BinaryOp::Divide, BinaryOp::Remainder] {
        let source = shader(&device.features, &[DType::F32, DType::F32], DType::F32, |scalars, names| {
            scalars.binary(op, DType::F32, names[0], names[1])
        });
        let source = source.unwrap_or_else(|refusal| panic!("{refusal}"));
        let out = device.run(&source, &[(DType::F32, &left), (DType::F32, &right)], DType::F32);
        let (mut worst, mut at) = (0.0, (0.0, 0.0));
        for ((&a, &b), y) in a.iter().zip(&b).zip(out.chunks(4)) {
            let y = f32::from_le_bytes(y.try_into().expect("four bytes"));
            let off = error(y, scalar::binary_f64(op, a.into(), b.into()).expect("function"), flushes);
            if off.is_nan() || off > worst {
                (worst, at) = (if off.is_nan() { f64::INFINITY } else { off }, (a, b));
            }
        }
        println!("{}: {worst:.2} ulp at {at:?}", op.mnemonic());
        assert!(worst <= LIMIT, "{}: {worst:.2} ulp at {at:?}", op.mnemonic());
    }
}
