//! Errors of the functions in units of the last place, over samples of their whole range.

use ops::{BinaryOp, UnaryOp, scalar};
use plan::{NodeId, NodeOp};
use tensor::{DType, Scalar};

use super::device::{Device, device, shader, smallest_normal};
use super::samples::noise;

/// Ulps by which no function may be off.
const LIMIT: f64 = 4.0;

/// What errors of a float type are measured by.
#[derive(Clone, Copy)]
struct Format {
    dtype: DType,
    largest: f64,
    least_exponent: i32,
    mantissa_bits: i32,
}

const F32: Format = Format {
    dtype: DType::F32,
    largest: f32::MAX as f64,
    least_exponent: f32::MIN_EXP - 1,
    mantissa_bits: 23,
};
const F16: Format = Format { dtype: DType::F16, largest: 65504.0, least_exponent: -14, mantissa_bits: 10 };
const BF16: Format = Format {
    dtype: DType::BF16,
    largest: f32::from_bits(0x7f7f_0000) as f64,
    least_exponent: f32::MIN_EXP - 1,
    mantissa_bits: 7,
};
const F64: Format =
    Format { dtype: DType::F64, largest: f64::MAX, least_exponent: f64::MIN_EXP - 1, mantissa_bits: 52 };

impl Format {
    /// The distance of `value` from `exact` in units of the last place at `exact`.
    fn ulps(self, value: f64, exact: f64) -> f64 {
        let largest = self.largest;
        if value == exact || (value.is_nan() && exact.is_nan()) {
            return 0.0;
        }
        if exact.abs() > largest || value.is_infinite() {
            // Overflow: the largest number is one unit away from infinity.
            let (value, exact) = (value.clamp(-largest, largest), exact.clamp(-largest, largest));
            return if value == exact { 1.0 } else { f64::INFINITY };
        }
        let exponent = ((exact.abs().to_bits() >> 52) as i32 - 1023).max(self.least_exponent);
        // In two steps: the unit of the smallest numbers is subnormal.
        (value - exact).abs()
            * 2f64.powi(-exponent / 2)
            * 2f64.powi(self.mantissa_bits - exponent + exponent / 2)
    }

    /// As [`ulps`](Self::ulps), of a device that may have no subnormal results.
    fn error(self, value: f64, exact: f64, flushes: bool) -> f64 {
        let tiny = exact.abs() < smallest_normal(self.dtype) * (1.0 + 1e-6);
        if flushes && tiny && value == 0.0 { 0.0 } else { self.ulps(value, exact) }
    }

    fn bytes(self, x: &[f64]) -> Vec<u8> {
        let bytes = |x: &f64| Scalar::from_f64(self.dtype, *x).to_bytes()[..self.dtype.size()].to_vec();
        x.iter().flat_map(bytes).collect()
    }

    fn values(self, bytes: &[u8]) -> impl Iterator<Item = f64> {
        bytes.chunks(self.dtype.size()).map(move |bytes| Scalar::from_bytes(self.dtype, bytes).as_f64())
    }

    /// A number of a pattern's bits, of which all are good for some.
    fn of_pattern(self, bits: u64) -> f64 {
        match self.mantissa_bits {
            23 => f32::from_bits(bits as u32).into(),
            _ => f64::from_bits(bits),
        }
    }

    /// Patterns over all exponents, edges, and more where functions bend.
    fn samples(self) -> Vec<f64> {
        // Every 4099th pattern of f32, and as many of f64.
        let stride = if self.mantissa_bits == 23 { 4099 } else { (4099 << 32) + 0x1234_5679 };
        let mut x: Vec<f64> =
            (0..u32::MAX / 4099).map(|i| self.of_pattern(u64::from(i).wrapping_mul(stride))).collect();
        x.extend([0.0, -0.0, 1.0, -1.0, 0.5, -0.5, f64::INFINITY, f64::NEG_INFINITY, f64::NAN]);
        x.extend([self.largest, -self.largest]);
        let edges =
            [1.0, 0.5, 0.6, 0.45, 2.0, 88.72284, 89.4, 103.97, 87.33655, 9.2, 1e9, 16777216.0, 8192.0, 1e-8];
        let own = [
            709.782712893384,
            745.1332191019411,
            708.3964185322641,
            22.0,
            30.0,
            1e-9,
            3e-17,
            1e6,
            6.25,
            1e300,
        ];
        let own = if self.mantissa_bits == 23 { &[][..] } else { &own };
        for edge in edges.iter().chain(own) {
            let bits = Scalar::from_f64(self.dtype, *edge).bits() as u64;
            for step in 0..200 {
                let near = self.of_pattern(bits - 100 + step);
                x.extend([near, -near]);
            }
        }
        // Multiples of pi/2 and the worst of them.
        x.extend((1..20_000).map(|n| f64::from(n) * std::f64::consts::FRAC_PI_2));
        x.push(16367173.0 * 2f64.powi(72));
        x.push(6381956970095103.0 * 2f64.powi(797));
        for i in 0..40_000 {
            let t = f64::from(i) / 20_000.0 - 1.0;
            x.extend([t * 1.2, t * 12.0, t * 110.0, t * 1e5]);
            x.extend(own.first().map(|_| t * 800.0));
        }
        // As the type has them.
        let known = self.bytes(&x);
        self.values(&known).collect()
    }
}

/// The types of these that the device has.
fn formats(device: &Device) -> impl Iterator<Item = Format> {
    [F32, F64].into_iter().filter(|format| device.has(format.dtype))
}

/// Runs functions over the samples; fails if one is off by more than the limit.
fn check(operations: &[UnaryOp]) {
    let Some(device) = device() else { return };
    let mut failures = Vec::new();
    for format in formats(&device) {
        let dtype = format.dtype;
        let flushes = device.flushes(dtype);
        let x = format.samples();
        let bytes = format.bytes(&x);
        for &op in operations {
            let source = shader(&device.features, &[dtype], dtype, |scalars, names| {
                scalars.unary(op, dtype, names[0])
            });
            let source = source.unwrap_or_else(|refusal| panic!("{refusal}"));
            let out = device.run(&source, &[(dtype, &bytes)], dtype);
            let (mut worst, mut at) = (0.0, 0.0);
            for (&x, y) in x.iter().zip(format.values(&out)) {
                let exact = |x: f64| scalar::unary_f64(op, x).expect("function");
                let mut off = format.error(y, exact(x), flushes);
                if flushes && x != 0.0 && x.abs() < smallest_normal(dtype) {
                    // The device may take a subnormal for zero. An error that is no number is the larger one.
                    off = off.min(format.error(y, exact(0f64.copysign(x)), flushes));
                }
                if off.is_nan() || off > worst {
                    (worst, at) = (if off.is_nan() { f64::INFINITY } else { off }, x);
                }
            }
            println!("{} of {dtype}: {worst:.2} ulp at {at:e}", op.mnemonic());
            if worst > LIMIT {
                failures.push(format!("{} of {dtype}: {worst:.2} ulp at {at:e}", op.mnemonic()));
            }
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

/// Functions that are shorter for types of 16 bits.
const SHORT: [UnaryOp; 4] = [UnaryOp::Exponential, UnaryOp::Logistic, UnaryOp::Tanh, UnaryOp::Erf];

/// What an operation on an array of its own type gives.
fn unary(device: &Device, op: &NodeOp, dtype: DType, x: &[u8]) -> Vec<u8> {
    let source =
        shader(&device.features, &[dtype], dtype, |scalars, names| scalars.node(op, dtype, &[dtype], names));
    device.run(&source.unwrap_or_else(|refusal| panic!("{refusal}")), &[(dtype, x)], dtype)
}

#[test]
fn functions_of_halves_are_nearly_rounded_once() {
    let Some(device) = device() else { return };
    for (format, limit) in [(F16, 0.51), (BF16, 0.57)] {
        let dtype = format.dtype;
        let flushes = dtype == DType::BF16 && device.flushes(DType::F32);
        let bytes: Vec<u8> = (0..=u16::MAX).flat_map(u16::to_le_bytes).collect();
        for op in SHORT {
            let out = unary(&device, &NodeOp::Unary(op, NodeId(0)), dtype, &bytes);
            let (mut worst, mut at) = (0.0, 0.0);
            for (x, y) in format.values(&bytes).zip(format.values(&out)) {
                let error = |x: f64| {
                    let exact = scalar::unary_f64(op, x).expect("function");
                    let nearest = Scalar::from_f64(dtype, exact).as_f64();
                    // Zeros have a sign, and infinity begins half a unit beyond the largest number.
                    match y.to_bits() == nearest.to_bits() {
                        true => 0.0,
                        false if nearest == 0.0 && !flushes => f64::INFINITY,
                        false => format.error(y, exact, flushes),
                    }
                };
                let mut off = error(x);
                if flushes && x.abs() < smallest_normal(dtype) {
                    off = off.min(error(0f64.copysign(x)));
                }
                if off.is_nan() || off > worst {
                    (worst, at) = (if off.is_nan() { f64::INFINITY } else { off }, x);
                }
            }
            println!("{} of {dtype}: {worst:.3} ulp at {at:e}", op.mnemonic());
            assert!(worst <= limit, "{} of {dtype}: {worst:.3} ulp at {at:e}", op.mnemonic());
        }
    }
}

#[test]
fn widened_functions_are_as_accurate_as_bf16_needs() {
    let Some(device) = device() else { return };
    let (unit, least) = (2f64.powi(-12), smallest_normal(DType::F32));
    let flushes = device.flushes(DType::F32);
    let x = F32.samples();
    let bytes = F32.bytes(&x);
    for op in SHORT {
        let out = unary(&device, &NodeOp::Widened(op, NodeId(0)), DType::F32, &bytes);
        let (mut worst, mut at) = (0.0, 0.0);
        for (&x, y) in x.iter().zip(F32.values(&out)) {
            let exact = scalar::unary_f64(op, x).expect("function");
            let small = x.abs() < least || exact.abs() < least * (1.0 + unit);
            let flushed = flushes && y == 0.0 && small;
            let overflows = y == f64::INFINITY && exact > F32.largest * (1.0 - unit);
            let same = y == exact || (y.is_nan() && exact.is_nan());
            let off = match flushed || overflows || same {
                true => 0.0,
                false => (y - exact).abs() / exact.abs().max(least),
            };
            if off.is_nan() || off > worst {
                (worst, at) = (if off.is_nan() { f64::INFINITY } else { off }, x);
            }
        }
        println!("widened {}: 2^{:.2} at {at:e}", op.mnemonic(), worst.log2());
        assert!(worst <= unit, "widened {}: 2^{:.2} at {at:e}", op.mnemonic(), worst.log2());
    }
}

#[test]
fn functions_of_two_operands() {
    let Some(device) = device() else { return };
    for format in formats(&device) {
        let dtype = format.dtype;
        let flushes = device.flushes(dtype);
        let (a, b): (Vec<f64>, Vec<f64>) = format.pairs().into_iter().unzip();
        let (left, right) = (format.bytes(&a), format.bytes(&b));
        for op in [BinaryOp::Power, BinaryOp::Atan2, BinaryOp::Divide, BinaryOp::Remainder] {
            let source = shader(&device.features, &[dtype, dtype], dtype, |scalars, names| {
                scalars.binary(op, dtype, names[0], names[1])
            });
            let source = source.unwrap_or_else(|refusal| panic!("{refusal}"));
            let out = device.run(&source, &[(dtype, &left), (dtype, &right)], dtype);
            let (mut worst, mut at) = (0.0, (0.0, 0.0));
            for ((&a, &b), y) in a.iter().zip(&b).zip(format.values(&out)) {
                let off = format.error(y, scalar::binary_f64(op, a, b).expect("function"), flushes);
                if off.is_nan() || off > worst {
                    (worst, at) = (if off.is_nan() { f64::INFINITY } else { off }, (a, b));
                }
            }
            println!("{} of {dtype}: {worst:.2} ulp at {at:?}", op.mnemonic());
            assert!(worst <= LIMIT, "{} of {dtype}: {worst:.2} ulp at {at:?}", op.mnemonic());
        }
    }
}

impl Format {
    /// Special values in all combinations, numbers of middling size, and powers that are neither zero nor infinite.
    fn pairs(self) -> Vec<(f64, f64)> {
        let special = [
            0.0,
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
            self.largest,
            smallest_normal(self.dtype),
            f64::INFINITY,
            f64::NEG_INFINITY,
            f64::NAN,
            0.99999994,
            1.0000001,
            100.5,
            1e-30,
        ];
        let mut pairs: Vec<(f64, f64)> =
            special.iter().flat_map(|a| special.iter().map(|b| (*a, *b))).collect();
        let normal = |bits: u64| {
            let fraction = (bits & 0xf_ffff_ffff_ffff) as f64 / 2f64.powi(52) + 1.0;
            let sign = if bits >> 63 == 1 { -1.0 } else { 1.0 };
            sign * fraction * 2f64.powi(((bits >> 52) & 0x7f) as i32 - 63)
        };
        pairs.extend(noise(200_000).map(|bits| (normal(bits), normal(bits.rotate_left(27)))));
        let range = self.largest.ln() * 0.995;
        pairs.extend(noise(200_000).map(|bits| {
            let x = normal(bits).abs();
            let t = (bits >> 32) as f64 / 2f64.powi(31) - 1.0;
            (x, t * range / x.ln())
        }));
        let rounded = |x: f64| Scalar::from_f64(self.dtype, x).as_f64();
        pairs.into_iter().map(|(a, b)| (rounded(a), rounded(b))).collect()
    }
}
