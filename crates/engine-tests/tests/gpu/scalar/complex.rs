//! Complex functions: errors beside the magnitude of the result, and special values part by part.

use num_complex::Complex;
use ops::{BinaryOp, UnaryOp, scalar};
use tensor::{DType, Scalar};

use super::device::{Device, device, shader, smallest_normal};
use super::samples::noise;

type C = Complex<f64>;

/// Errors allowed, in units of the last place of the result's magnitude.
const LIMIT: f64 = 12.0;

/// The complex types that the device has.
fn dtypes(device: &Device) -> impl Iterator<Item = DType> {
    [DType::C64, DType::C128].into_iter().filter(|dtype| device.has(*dtype))
}

fn bytes(dtype: DType, z: &[C]) -> Vec<u8> {
    z.iter().flat_map(|z| Scalar::from_complex(dtype, *z).to_bytes()[..dtype.size()].to_vec()).collect()
}

fn values(dtype: DType, bytes: &[u8]) -> Vec<C> {
    bytes.chunks(dtype.size()).map(|z| Scalar::from_bytes(dtype, z).as_complex()).collect()
}

/// Special values of each part in all combinations.
fn special() -> Vec<C> {
    let parts = [
        0.0,
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
        f64::INFINITY,
        f64::NEG_INFINITY,
        f64::NAN,
    ];
    parts.iter().flat_map(|re| parts.iter().map(|im| C::new(*re, *im))).collect()
}

/// Finite numbers: near the origin, near the unit circle, and with parts of all middling sizes.
fn finite() -> Vec<C> {
    let unit = |bits: u64| (bits & 0xff_ffff) as f64 / 8_388_608.0 - 1.0;
    let sized = |bits: u64| unit(bits) * 2f64.powi(((bits >> 24) & 31) as i32 - 24);
    let mut z = Vec::new();
    for bits in noise(6_000) {
        z.push(C::new(3.0 * unit(bits), 3.0 * unit(bits >> 32)));
        z.push(C::new(sized(bits), sized(bits >> 30)));
        let angle = 3.2 * unit(bits);
        z.push(C::new(angle.cos() * (1.0 + 1e-4 * unit(bits >> 32)), angle.sin()));
    }
    z
}

/// A result where several are right: as the one that is most like the exact one.
type Alike = fn(value: C, exact: C) -> C;

/// The only one.
fn itself(value: C, _: C) -> C {
    value
}

/// Moves an angle by whole turns to the side of the cut on which the exact one is.
fn unwound(value: C, exact: C) -> C {
    let turns = ((exact.re - value.re) / std::f64::consts::TAU).round();
    C::new(value.re + turns * std::f64::consts::TAU, value.im)
}

/// C99 leaves the sign of an infinite imaginary part open beside NaN.
fn either_infinity(value: C, exact: C) -> C {
    let open = exact.re.is_nan() && exact.im.is_infinite();
    C::new(value.re, if open { value.im.copysign(exact.im) } else { value.im })
}

/// The error of a value, in units of the last place of the magnitude of the exact one; `flushes`: of a device that has no
/// subnormal results.
fn error(dtype: DType, value: C, exact: C, flushes: bool) -> f64 {
    let rounded = Scalar::from_complex(dtype, exact).as_complex();
    let class = |x: f64| (x.is_nan(), if x.is_infinite() { x } else { 0.0 });
    if !rounded.re.is_finite() || !rounded.im.is_finite() {
        let same = class(value.re) == class(rounded.re) && class(value.im) == class(rounded.im);
        return if same { 0.0 } else { f64::INFINITY };
    }
    let least = smallest_normal(dtype.real());
    let off = |value: f64, exact: f64| {
        let flushed = flushes && value == 0.0 && exact.abs() < least * (1.0 + 1e-6);
        if flushed { 0.0 } else { value - exact }
    };
    let difference = C::new(off(value.re, exact.re), off(value.im, exact.im));
    let magnitude = exact.re.hypot(exact.im).max(least);
    let unit = if dtype == DType::C64 { 2f64.powi(-23) } else { 2f64.powi(-52) };
    difference.re.hypot(difference.im) / magnitude / unit
}

/// The largest error over the numbers, each divided by what is granted there.
fn worst(
    device: &Device,
    dtype: DType,
    inputs: &[Vec<C>],
    out: &[u8],
    exact: impl Fn(&[C]) -> C,
    slack: impl Fn(&[C]) -> f64,
    alike: Alike,
) -> (f64, String) {
    let flushes = device.flushes(dtype.real());
    let mut worst = (0.0, String::new());
    for (at, value) in values(dtype, out).into_iter().enumerate() {
        let z: Vec<C> = inputs.iter().map(|column| column[at]).collect();
        let exact = exact(&z);
        let value = alike(value, exact);
        let off = error(dtype, value, exact, flushes) / slack(&z);
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
    let defined = |op: &UnaryOp| scalar::complex_unary(*op, C::new(0.5, 0.5)).is_some();
    for dtype in dtypes(&device) {
        for &op in UnaryOp::ALL.iter().filter(|op| defined(op)) {
            let source = shader(&device.features, &[dtype], dtype, |scalars, names| {
                scalars.unary(op, dtype, names[0])
            });
            let source = source.unwrap_or_else(|refusal| panic!("{refusal}"));
            for (name, z) in [("special", special()), ("finite", finite())] {
                let given = bytes(dtype, &z);
                let out = device.run(&source, &[(dtype, &given)], dtype);
                let exact = |z: &[C]| scalar::complex_unary(op, z[0]).expect("function");
                // The reference is in f64 itself, and loses what cancels beside the poles at odd multiples of i pi.
                let slack = |z: &[C]| match (dtype, op) {
                    (DType::C128, UnaryOp::Logistic) => exact(z).norm().max(1.0),
                    _ => 1.0,
                };
                let alike = if op == UnaryOp::Acos { either_infinity } else { itself };
                let (off, at) = worst(&device, dtype, &[values(dtype, &given)], &out, exact, slack, alike);
                println!("{} of {dtype}, {name}: {off:.2} ulp at {at}", op.mnemonic());
                if off > LIMIT {
                    failures.push(format!("{} of {dtype}, {name}: {off:.2} ulp at {at}", op.mnemonic()));
                }
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn functions_of_two_operands() {
    let Some(device) = device() else { return };
    let mut failures = Vec::new();
    for dtype in dtypes(&device) {
        for op in [BinaryOp::Multiply, BinaryOp::Divide, BinaryOp::Power, BinaryOp::Atan2] {
            let source = shader(&device.features, &[dtype, dtype], dtype, |scalars, names| {
                scalars.binary(op, dtype, names[0], names[1])
            });
            let source = source.unwrap_or_else(|refusal| panic!("{refusal}"));
            let z = finite();
            let w: Vec<C> = (0..z.len()).map(|i| z[(i * 7 + 13) % z.len()]).collect();
            let (z, w) = (bytes(dtype, &z), bytes(dtype, &w));
            let out = device.run(&source, &[(dtype, &z), (dtype, &w)], dtype);
            let exact = |z: &[C]| scalar::complex_binary(op, z[0], z[1]).expect("function");
            // A power's error grows with its logarithm; an angle's is beside 1.
            let slack = |z: &[C]| match op {
                BinaryOp::Power => 1.0 + (z[1] * z[0].ln()).norm(),
                BinaryOp::Atan2 => {
                    (1.0 / scalar::complex_binary(op, z[0], z[1]).expect("function").norm()).max(1.0)
                }
                _ => 1.0,
            };
            let inputs = [values(dtype, &z), values(dtype, &w)];
            let alike = if op == BinaryOp::Atan2 { unwound } else { itself };
            let (off, at) = worst(&device, dtype, &inputs, &out, exact, slack, alike);
            println!("{} of {dtype}: {off:.2} ulp at {at}", op.mnemonic());
            if off > LIMIT {
                failures.push(format!("{} of {dtype}: {off:.2} ulp at {at}", op.mnemonic()));
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}
