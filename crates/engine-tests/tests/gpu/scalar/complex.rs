//! Complex functions: errors beside the magnitude of the result, and special values part by part.

use num_complex::Complex;
use ops::{BinaryOp, UnaryOp, scalar};
use tensor::DType;

use super::device::{device, shader};
use super::samples::noise;

type C = Complex<f32>;

/// Errors allowed, in units of 2^-23 of the result's magnitude.
const LIMIT: f64 = 12.0;

fn bytes(z: &[C]) -> Vec<u8> {
    z.iter().flat_map(|z| [z.re.to_le_bytes(), z.im.to_le_bytes()]).flatten().collect()
}

fn values(bytes: &[u8]) -> impl Iterator<Item = C> {
    let part = |bytes: &[u8]| f32::from_le_bytes(bytes.try_into().expect("four bytes"));
    bytes.chunks(8).map(move |z| C::new(part(&z[..4]), part(&z[4..])))
}

fn wide(z: C) -> Complex<f64> {
    Complex::new(z.re.into(), z.im.into())
}

/// Special values of each part in all combinations.
fn special() -> Vec<C> {
    let parts = [
        0.0f32,
        -0.0,
        1.0,
        -1.0,
        0.5,
        -0.5,
        2.0,
        -2.0,
        1e-3,
        3.0,
        -4.5,
        1e-10,
        1e5,
        -1e5,
        f32::INFINITY,
        f32::NEG_INFINITY,
        f32::NAN,
    ];
    parts.iter().flat_map(|re| parts.iter().map(|im| C::new(*re, *im))).collect()
}

/// Finite numbers: near the origin, near the unit circle, and with parts of all middling sizes.
fn finite() -> Vec<C> {
    let unit = |bits: u64| (bits & 0xff_ffff) as f32 / 8_388_608.0 - 1.0;
    let sized = |bits: u64| unit(bits) * 2f32.powi(((bits >> 24) & 31) as i32 - 24);
    let mut z = Vec::new();
    for bits in noise(6_000) {
        z.push(C::new(3.0 * unit(bits), 3.0 * unit(bits >> 32)));
        z.push(C::new(sized(bits), sized(bits >> 30)));
        let angle = 3.2 * unit(bits);
        z.push(C::new(angle.cos() * (1.0 + 1e-4 * unit(bits >> 32)), angle.sin()));
    }
    z
}

/// Moves an angle by whole turns to the side of the cut on which the exact one is.
fn unwound(value: C, exact: Complex<f64>) -> C {
    let turns = ((exact.re - f64::from(value.re)) / std::f64::consts::TAU).round();
    C::new((f64::from(value.re) + turns * std::f64::consts::TAU) as f32, value.im)
}

/// The error of a value, in units of 2^-23 of the magnitude of the exact one.
fn error(value: C, exact: Complex<f64>) -> f64 {
    let rounded = C::new(exact.re as f32, exact.im as f32);
    let class = |x: f32| (x.is_nan(), if x.is_infinite() { x } else { 0.0 });
    if !rounded.re.is_finite() || !rounded.im.is_finite() {
        let same = class(value.re) == class(rounded.re) && class(value.im) == class(rounded.im);
        return if same { 0.0 } else { f64::INFINITY };
    }
    let difference = wide(value) - exact;
    let magnitude = exact.re.hypot(exact.im).max(f64::from(f32::MIN_POSITIVE));
    difference.re.hypot(difference.im) / magnitude * 8_388_608.0
}

/// The largest error over the numbers, each divided by what is granted there; an `angle`'s beside its turns.
fn worst(
    inputs: &[Vec<C>],
    out: &[u8],
    exact: impl Fn(&[Complex<f64>]) -> Complex<f64>,
    slack: impl Fn(&[Complex<f64>]) -> f64,
    angle: bool,
) -> (f64, String) {
    let mut worst = (0.0, String::new());
    for (at, mut value) in values(out).enumerate() {
        let z: Vec<C> = inputs.iter().map(|column| column[at]).collect();
        let wide: Vec<_> = z.iter().copied().map(wide).collect();
        let exact = exact(&wide);
        if angle {
            value = unwound(value, exact);
        }
        let off = error(value, exact) / slack(&wide);
        if off.is_nan() || off > worst.0 {
            worst =
                (if off.is_nan() { f64::INFINITY } else { off }, format!("{z:?}: {value} is not {exact}"));
        }
    }
    worst
}

#[test]
fn functions_of_one_operand() {
    let Some(device) = device() else { return };
    let mut failures = Vec::new();
    for &op in UnaryOp::ALL {
        if scalar::complex_unary(op, Complex::new(0.5, 0.5)).is_none() {
            continue;
        }
        let source = shader(&device.features, &[DType::C64], DType::C64, |scalars, names| {
            scalars.unary(op, DType::C64, names[0])
        });
        let source = source.unwrap_or_else(|refusal| panic!("{refusal}"));
        for (name, z) in [("special", special()), ("finite", finite())] {
            let out = device.run(&source, &[(DType::C64, &bytes(&z))], DType::C64);
            let exact = |z: &[Complex<f64>]| scalar::complex_unary(op, z[0]).expect("function");
            let (off, at) = worst(&[z], &out, exact, |_| 1.0, false);
            println!("{} {name}: {off:.2} ulp at {at}", op.mnemonic());
            if off > LIMIT {
                failures.push(format!("{} {name}: {off:.2} ulp at {at}", op.mnemonic()));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn functions_of_two_operands() {
    let Some(device) = device() else { return };
    let mut failures = Vec::new();
    for op in [BinaryOp::Multiply, BinaryOp::Divide, BinaryOp::Power, BinaryOp::Atan2] {
        let source = shader(&device.features, &[DType::C64, DType::C64], DType::C64, |scalars, names| {
            scalars.binary(op, DType::C64, names[0], names[1])
        });
        let source = source.unwrap_or_else(|refusal| panic!("{refusal}"));
        let z = finite();
        let w: Vec<C> = (0..z.len()).map(|i| z[(i * 7 + 13) % z.len()]).collect();
        let out = device.run(&source, &[(DType::C64, &bytes(&z)), (DType::C64, &bytes(&w))], DType::C64);
        let exact = |z: &[Complex<f64>]| scalar::complex_binary(op, z[0], z[1]).expect("function");
        // A power's error grows with its logarithm; an angle's is beside 1.
        let slack = |z: &[Complex<f64>]| match op {
            BinaryOp::Power => 1.0 + (z[1] * z[0].ln()).norm(),
            BinaryOp::Atan2 => {
                (1.0 / scalar::complex_binary(op, z[0], z[1]).expect("function").norm()).max(1.0)
            }
            _ => 1.0,
        };
        let (off, at) = worst(&[z, w], &out, exact, slack, op == BinaryOp::Atan2);
        println!("{}: {off:.2} ulp at {at}", op.mnemonic());
        if off > LIMIT {
            failures.push(format!("{}: {off:.2} ulp at {at}", op.mnemonic()));
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
