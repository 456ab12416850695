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
        DTypeClass::Float => SPECIAL.iter().map(|x| Scalar::from_f64(dtype, f64::from(*x))).collect(),
        DTypeClass::Complex => {
            let parts =
                [0.0f32, -0.0, 1.0, -1.0, 0.5, -2.5, 1e-20, 1e30, f32::INFINITY, f32::NEG_INFINITY, f32::NAN];
            let pair = |re: f32, im: f32| u64::from(re.to_bits()) | u64::from(im.to_bits()) << 32;
            parts.iter().flat_map(|re| parts.iter().map(move |im| pair(*re, *im))).map(of_bits).collect()
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
        _ => Scalar::from_bytes(dtype, &bits.to_le_bytes()[..dtype.size()]),
    }
}
