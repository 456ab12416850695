//! One element of any type.

use std::fmt;

use half::{bf16, f16};
use num_complex::Complex;
use serde::{Deserialize, Serialize};

use crate::{DType, DTypeClass, NarrowFloat};

/// One element: its type and its storage bits (little endian, in the low bytes; the rest zero).
///
/// Equality and hashing compare bits, so `-0.0 != 0.0` and a NaN equals itself: what rewriting needs.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Scalar {
    /// Element type.
    pub dtype: DType,
    bits: u128,
}

impl Scalar {
    /// An element from its storage bytes; `bytes.len()` must be `dtype.size()`.
    pub fn from_bytes(dtype: DType, bytes: &[u8]) -> Self {
        let mut storage = [0; 16];
        storage[..dtype.size()].copy_from_slice(bytes);
        Scalar { dtype, bits: u128::from_le_bytes(storage) }
    }

    /// Storage bytes; the first `dtype.size()` count.
    pub fn to_bytes(self) -> [u8; 16] {
        self.bits.to_le_bytes()
    }

    /// Storage bits.
    pub fn bits(self) -> u128 {
        self.bits
    }

    /// `false` or `true`.
    pub fn bool(value: bool) -> Self {
        Scalar { dtype: DType::Bool, bits: value.into() }
    }

    /// The value converted to `dtype`: wrapping for integers, rounding to nearest even for floats.
    pub fn from_i64(dtype: DType, value: i64) -> Self {
        Self::from_i128(dtype, value.into())
    }

    /// Like [`from_i64`](Self::from_i64), for the full range of `u64` as well.
    pub fn from_i128(dtype: DType, value: i128) -> Self {
        let bits = match dtype.class() {
            DTypeClass::Bool => u128::from(value != 0),
            DTypeClass::Signed | DTypeClass::Unsigned => {
                let shift = 128 - dtype.bits();
                let extended = match dtype.class() {
                    DTypeClass::Signed => ((value << shift) >> shift) as u128,
                    _ => ((value as u128) << shift) >> shift,
                };
                let storage = 128 - 8 * dtype.size() as u32;
                (extended << storage) >> storage
            }
            DTypeClass::Float if dtype == DType::F32 => (value as f32).to_bits().into(),
            _ => return Self::from_f64(dtype, value as f64),
        };
        Scalar { dtype, bits }
    }

    /// The value rounded to `dtype` (nearest even; to integers truncated and saturated, NaN to 0).
    pub fn from_f64(dtype: DType, value: f64) -> Self {
        let bits = match dtype {
            DType::F64 => value.to_bits().into(),
            DType::F32 => (value as f32).to_bits().into(),
            DType::F16 => f16::from_f32(odd_f32(value)).to_bits().into(),
            DType::BF16 => bf16::from_f32(odd_f32(value)).to_bits().into(),
            DType::C64 => (value as f32).to_bits().into(),
            DType::C128 => value.to_bits().into(),
            DType::Bool => u128::from(value != 0.0),
            _ => match NarrowFloat::of(dtype) {
                Some(narrow) => narrow.encode(value).into(),
                None => {
                    let (low, high) = integer_range(dtype);
                    return Self::from_i128(dtype, (value as i128).clamp(low, high));
                }
            },
        };
        Scalar { dtype, bits }
    }

    /// A complex value; for real types its real part.
    pub fn from_complex(dtype: DType, value: Complex<f64>) -> Self {
        let bits = match dtype {
            DType::C64 => {
                u128::from((value.re as f32).to_bits()) | u128::from((value.im as f32).to_bits()) << 32
            }
            DType::C128 => u128::from(value.re.to_bits()) | u128::from(value.im.to_bits()) << 64,
            _ => return Self::from_f64(dtype, value.re),
        };
        Scalar { dtype, bits }
    }

    /// Zero of the type.
    pub fn zero(dtype: DType) -> Self {
        Self::from_i64(dtype, 0)
    }

    /// One of the type.
    pub fn one(dtype: DType) -> Self {
        Self::from_i64(dtype, 1)
    }

    /// The value as f64 (real part of complex; exact for everything but 64-bit integers).
    pub fn as_f64(self) -> f64 {
        match self.dtype {
            DType::F64 | DType::C128 => f64::from_bits(self.bits as u64),
            DType::F32 | DType::C64 => f32::from_bits(self.bits as u32).into(),
            DType::F16 => f16::from_bits(self.bits as u16).to_f64(),
            DType::BF16 => bf16::from_bits(self.bits as u16).to_f64(),
            _ => match NarrowFloat::of(self.dtype) {
                Some(narrow) => narrow.decode(self.bits as u8),
                None => self.as_i128() as f64,
            },
        }
    }

    /// The value as a complex number.
    pub fn as_complex(self) -> Complex<f64> {
        match self.dtype {
            DType::C64 => Complex::new(self.as_f64(), f32::from_bits((self.bits >> 32) as u32).into()),
            DType::C128 => Complex::new(self.as_f64(), f64::from_bits((self.bits >> 64) as u64)),
            _ => Complex::new(self.as_f64(), 0.0),
        }
    }

    /// The value as an integer; floats are truncated and saturated.
    pub fn as_i128(self) -> i128 {
        match self.dtype.class() {
            DTypeClass::Bool => self.bits as i128,
            DTypeClass::Unsigned => self.bits as i128,
            DTypeClass::Signed => {
                let shift = 128 - 8 * self.dtype.size() as u32;
                ((self.bits << shift) as i128) >> shift
            }
            _ => self.as_f64() as i128,
        }
    }

    /// The value as `i64`, wrapping.
    pub fn as_i64(self) -> i64 {
        self.as_i128() as i64
    }

    /// True when the value equals the integer (`-0.0` equals 0).
    pub fn is(self, value: i64) -> bool {
        let complex = self.as_complex();
        match self.dtype.class() {
            DTypeClass::Float | DTypeClass::Complex => complex.re == value as f64 && complex.im == 0.0,
            _ => self.as_i128() == i128::from(value),
        }
    }
}

/// `value` rounded to odd: inexact results get an odd last bit, so that rounding them once more, to
/// fewer bits, gives what one rounding would (`half` looks only at the upper 32 bits of an f64).
fn odd_f32(value: f64) -> f32 {
    let nearest = value as f32;
    if f64::from(nearest) == value || !nearest.is_finite() {
        return nearest;
    }
    let above = f64::from(nearest).abs() > value.abs();
    f32::from_bits((nearest.to_bits() - u32::from(above)) | 1)
}

/// Smallest and largest value of an integer type (0 and 1 for `bool`).
fn integer_range(dtype: DType) -> (i128, i128) {
    let bits = dtype.bits();
    match dtype.class() {
        DTypeClass::Signed => (-(1i128 << (bits - 1)), (1i128 << (bits - 1)) - 1),
        _ => (0, (1i128 << bits) - 1),
    }
}

impl fmt::Display for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.dtype.class() {
            DTypeClass::Bool => write!(f, "{}", self.bits != 0),
            DTypeClass::Signed | DTypeClass::Unsigned => write!(f, "{}", self.as_i128()),
            DTypeClass::Float => write!(f, "{:e}", self.as_f64()),
            DTypeClass::Complex => {
                let value = self.as_complex();
                write!(f, "({:e}, {:e})", value.re, value.im)
            }
        }
    }
}

impl fmt::Debug for Scalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self} : {}", self.dtype)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_wrap_and_sign_extend() {
        assert_eq!(Scalar::from_i64(DType::I8, 200).as_i64(), -56);
        assert_eq!(Scalar::from_i64(DType::U8, -1).as_i64(), 255);
        assert_eq!(Scalar::from_i64(DType::I4, -1).to_bytes()[0], 0xff);
        assert_eq!(Scalar::from_i64(DType::U4, -1).to_bytes()[0], 0x0f);
        assert_eq!(Scalar::from_i64(DType::U64, -1).as_i128(), u64::MAX.into());
    }

    #[test]
    fn floats_round_and_saturate() {
        assert_eq!(Scalar::from_f64(DType::I32, 3e9).as_i64(), i32::MAX.into());
        assert_eq!(Scalar::from_f64(DType::I32, f64::NAN).as_i64(), 0);
        assert_eq!(Scalar::from_f64(DType::BF16, 1.0 + 1.0 / 512.0).as_f64(), 1.0);
        assert!(Scalar::from_f64(DType::F32, -0.0).is(0));
        assert_eq!(
            Scalar::from_complex(DType::C64, Complex::new(1.5, -2.0)).as_complex(),
            Complex::new(1.5, -2.0)
        );
    }
}
