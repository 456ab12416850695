//! Operands: all there are of short types; of others, edges and numbers spread over all exponents.

use tensor::{DType, DTypeClass, Scalar};

/// Values where functions break, as f32.
const SPECIAL: [f32; 44] = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.5,
    -0.5,
    1.5,
    -1.5,
    2.5,
    -2.5,
    2.0,
    -2.0,
    3.0,
    -3.0,
    1e-45,
    -1e-45,
    1e-40,
    1.175_494_4e-38,
    -1.175_494_4e-38,
    2.350_988_7e-38,
    0.99999994,
    1.0000001,
    0.33333334,
    88.8,
    -88.8,
    -103.5,
    127.5,
    255.5,
    -129.0,
    65504.0,
    65519.0,
    65520.0,
    65536.0,
    16777216.0,
    16777218.0,
    2147483648.0,
    -2147483648.0,
    4294967296.0,
    9.223372e18,
    1.8446744e19,
    3.4028235e38,
    f32::INFINITY,
    f32::NEG_INFINITY,
    f32::NAN,
];

/// More of them, as f64.
const SPECIAL_F64: &[f64] = &[
    f64::from_bits(1),
    -1e-310,
    f64::MIN_POSITIVE,
    -2.0 * f64::MIN_POSITIVE,
    1e-300,
    0.1,
    0.499_999_999_999_999_94,
    1.000_000_000_000_000_2,
    0.999_999_999_999_999_9,
    2.500_000_000_000_000_4,
    1e-45,
    3.4e38,
    -3.402_823_567_797_336_6e38,
    2147483647.5,
    -2147483648.5,
    4294967295.5,
    4_503_599_627_370_495.5,
    4_503_599_627_370_497.0,
    9_007_199_254_740_993.0,
    9_223_372_036_854_775_807.0,
    -9_223_372_036_854_775_808.0,
    18_446_744_073_709_551_615.0,
    709.7,
    -745.2,
    1e300,
    f64::MAX,
    -f64::MAX,
];

/// Numbers that look random (G. Marsaglia's xorshift).
pub fn noise(count: usize) -> impl Iterator<Item = u64> {
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    (0..count).map(move |_| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    })
}

fn special(dtype: DType) -> Vec<Scalar> {
    let of_bits = |bits: u64| Scalar::from_bytes(dtype, &bits.to_le_bytes()[..dtype.size()]);
    match dtype.class() {
        DTypeClass::Bool => vec![Scalar::bool(false), Scalar::bool(true)],
        DTypeClass::Float if dtype == DType::F32 => {
            SPECIAL.iter().map(|x| of_bits(x.to_bits().into())).collect()
        }
        DTypeClass::Float => {
            let own = if dtype == DType::F64 { SPECIAL_F64 } else { &[] };
            let all = SPECIAL.iter().map(|x| f64::from(*x)).chain(own.iter().copied());
            all.map(|x| Scalar::from_f64(dtype, x)).collect()
        }
        DTypeClass::Complex => {
            let parts =
                [0.0, -0.0, 1.0, -1.0, 0.5, -2.5, 1e-20, 1e30, f64::INFINITY, f64::NEG_INFINITY, f64::NAN];
            let pair = |re: f64, im: f64| Scalar::from_complex(dtype, num_complex::Complex::new(re, im));
            parts.iter().flat_map(|re| parts.iter().map(move |im| pair(*re, *im))).collect()
        }
        DTypeClass::Signed | DTypeClass::Unsigned => {
            let mut values = vec![0i128, 1, -1, 2, -2, 3, 5, -7, 10, 31, 32, 33, 63, 64, 65, 100];
            for bit in 1..=dtype.bits() {
                values.extend([(1i128 << bit) - 1, 1i128 << bit, -(1i128 << bit)]);
            }
            values.into_iter().map(|value| Scalar::from_i128(dtype, value)).collect()
        }
    }
}

/// Samples of a type.
pub fn elements(dtype: DType) -> Vec<Scalar> {
    match dtype.bits() {
        1..=16 => (0..1u32 << dtype.bits()).map(|bits| of_pattern(dtype, bits.into())).collect(),
        _ => {
            let mut values = special(dtype);
            values.extend(noise(20_000).map(|bits| of_pattern(dtype, bits)));
            // Integers of all lengths.
            if dtype.is_integer() {
                values.extend(
                    noise(20_000).map(|bits| of_pattern(dtype, bits >> (bits % dtype.bits() as u64))),
                );
            }
            values
        }
    }
}

/// Pairs of samples of a type: all of special values, and others at random.
pub fn pairs(dtype: DType) -> Vec<(Scalar, Scalar)> {
    let few = if dtype.bits() <= 6 { elements(dtype) } else { special(dtype) };
    let mut pairs: Vec<_> = few.iter().flat_map(|a| few.iter().map(|b| (*a, *b))).collect();
    let all = elements(dtype);
    let pick = |bits: u64| all[(bits % all.len() as u64) as usize];
    pairs.extend(noise(20_000).map(|bits| (pick(bits & 0xffff_ffff), pick(bits >> 32))));
    pairs
}

/// The value of a type with these bits (the low ones).
fn of_pattern(dtype: DType, bits: u64) -> Scalar {
    match dtype.class() {
        DTypeClass::Bool | DTypeClass::Signed | DTypeClass::Unsigned => Scalar::from_i128(dtype, bits.into()),
        _ => {
            // The halves of what is longer are not alike.
            let all = u128::from(bits) | u128::from(bits.rotate_left(29)) << 64;
            Scalar::from_bytes(dtype, &all.to_le_bytes()[..dtype.size()])
        }
    }
}
