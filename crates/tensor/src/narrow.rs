//! Floats of 4, 6 and 8 bits: decoding to and rounding from f64.
//!
//! Formats: OCP "8-bit floating point specification" and "Microscaling formats", and LLVM's APFloat for
//! the FNUZ variants.

use crate::DType;

/// What the bit patterns at the top of the range mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Special {
    /// Largest exponent is infinity and NaN, as IEEE.
    Ieee,
    /// All ones is NaN; no infinity.
    OneNan,
    /// The pattern of negative zero is NaN; no infinity, no negative zero.
    UnsignedZero,
    /// Every pattern is finite.
    Finite,
}

/// The layout of a narrow float.
#[derive(Clone, Copy, Debug)]
pub struct NarrowFloat {
    sign: bool,
    exponent_bits: u32,
    mantissa_bits: u32,
    bias: i32,
    special: Special,
}

impl NarrowFloat {
    /// The layout of `dtype`, or `None` if it is not a float of 8 bits or fewer.
    pub fn of(dtype: DType) -> Option<NarrowFloat> {
        let make = |exponent_bits, mantissa_bits, bias, special| {
            Some(NarrowFloat { sign: true, exponent_bits, mantissa_bits, bias, special })
        };
        match dtype {
            DType::F4E2M1FN => make(2, 1, 1, Special::Finite),
            DType::F6E2M3FN => make(2, 3, 1, Special::Finite),
            DType::F6E3M2FN => make(3, 2, 3, Special::Finite),
            DType::F8E3M4 => make(3, 4, 3, Special::Ieee),
            DType::F8E4M3 => make(4, 3, 7, Special::Ieee),
            DType::F8E4M3FN => make(4, 3, 7, Special::OneNan),
            DType::F8E4M3FNUZ => make(4, 3, 8, Special::UnsignedZero),
            DType::F8E4M3B11FNUZ => make(4, 3, 11, Special::UnsignedZero),
            DType::F8E5M2 => make(5, 2, 15, Special::Ieee),
            DType::F8E5M2FNUZ => make(5, 2, 16, Special::UnsignedZero),
            DType::F8E8M0FNU => Some(NarrowFloat {
                sign: false,
                exponent_bits: 8,
                mantissa_bits: 0,
                bias: 127,
                special: Special::OneNan,
            }),
            _ => None,
        }
    }

    fn magnitude_bits(self) -> u32 {
        self.exponent_bits + self.mantissa_bits
    }

    fn sign_bit(self) -> u8 {
        if self.sign { 1 << self.magnitude_bits() } else { 0 }
    }

    /// The pattern that results from NaN; formats without one give the largest magnitude's pattern.
    fn nan(self) -> u8 {
        match self.special {
            Special::Ieee => {
                let quiet = 1u8 << (self.mantissa_bits - 1);
                (((1u16 << self.exponent_bits) - 1) << self.mantissa_bits) as u8 | quiet
            }
            Special::OneNan => ((1u16 << self.magnitude_bits()) - 1) as u8,
            Special::UnsignedZero => self.sign_bit(),
            Special::Finite => self.sign_bit(),
        }
    }

    /// The largest finite magnitude's pattern.
    fn largest(self) -> u8 {
        let all_ones = (1u16 << self.magnitude_bits()) - 1;
        match self.special {
            Special::Ieee => (((1u16 << self.exponent_bits) - 1) << self.mantissa_bits) as u8 - 1,
            Special::OneNan => all_ones as u8 - 1,
            Special::UnsignedZero | Special::Finite => all_ones as u8,
        }
    }

    /// The value of a bit pattern.
    pub fn decode(self, bits: u8) -> f64 {
        let magnitude = u32::from(bits) & ((1 << self.magnitude_bits()) - 1);
        let negative = self.sign && bits & self.sign_bit() != 0;
        let exponent = (magnitude >> self.mantissa_bits) as i32;
        let mantissa = magnitude & ((1 << self.mantissa_bits) - 1);
        let top = (1 << self.exponent_bits) - 1;
        let value = match self.special {
            Special::Ieee if exponent == top && mantissa == 0 => f64::INFINITY,
            Special::Ieee if exponent == top => f64::NAN,
            Special::OneNan if magnitude == (1 << self.magnitude_bits()) - 1 => f64::NAN,
            Special::UnsignedZero if negative && magnitude == 0 => return f64::NAN,
            _ if self.mantissa_bits == 0 => 2f64.powi(exponent - self.bias),
            _ => {
                let (significand, exponent) = match exponent {
                    0 => (mantissa, 1),
                    _ => (mantissa | 1 << self.mantissa_bits, exponent),
                };
                f64::from(significand) * 2f64.powi(exponent - self.bias - self.mantissa_bits as i32)
            }
        };
        if negative { -value } else { value }
    }

    /// The bit pattern of `value` rounded to nearest, ties to even.
    ///
    /// Out of range gives infinity, or NaN where the format has no infinity, or the largest magnitude
    /// where it has neither. Formats without negative zero give zero.
    pub fn encode(self, value: f64) -> u8 {
        if value.is_nan() || (!self.sign && (value <= 0.0 && value.is_sign_negative() && value != 0.0)) {
            return self.nan();
        }
        let sign = if value.is_sign_negative() { self.sign_bit() } else { 0 };
        let magnitude = value.abs();
        let overflow = match self.special {
            Special::Ieee => (self.largest() + 1) | sign,
            Special::OneNan => self.nan() | sign,
            Special::UnsignedZero => self.nan(),
            Special::Finite => self.largest() | sign,
        };
        if magnitude.is_infinite() {
            return overflow;
        }
        let code = match self.mantissa_bits {
            0 => self.round_exponent(magnitude),
            _ => self.round_magnitude(magnitude),
        };
        match code {
            code if code > u32::from(self.largest()) => overflow,
            0 if self.special == Special::UnsignedZero => 0,
            code => code as u8 | sign,
        }
    }

    /// The pattern of a non-negative finite value, possibly beyond the largest.
    fn round_magnitude(self, magnitude: f64) -> u32 {
        if magnitude == 0.0 {
            return 0;
        }
        let lowest = 1 - self.bias;
        let exponent = (((magnitude.to_bits() >> 52) as i32) - 1023).max(lowest);
        let scaled = magnitude * 2f64.powi(self.mantissa_bits as i32 - exponent);
        let significand = scaled.round_ties_even() as u32;
        // A significand that rounds up to the next power of two carries into the exponent by itself.
        (((exponent - lowest) as u32) << self.mantissa_bits) + significand
    }

    /// The exponent-only form rounds to the nearest power of two, ties to the even pattern.
    fn round_exponent(self, magnitude: f64) -> u32 {
        let exponent = ((magnitude.to_bits() >> 52) as i32) - 1023;
        let low = exponent + self.bias;
        if low < 0 {
            return 0;
        }
        let fraction = magnitude / 2f64.powi(exponent);
        let up = fraction > 1.5 || (fraction == 1.5 && low % 2 == 1);
        low as u32 + u32::from(up)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_encodes_to_itself() {
        for &dtype in DType::ALL.iter().filter(|d| d.is_narrow_float()) {
            let narrow = NarrowFloat::of(dtype).expect("narrow type");
            for bits in 0..(1u32 << dtype.bits()) {
                let value = narrow.decode(bits as u8);
                if value.is_nan() {
                    assert!(narrow.decode(narrow.encode(value)).is_nan());
                } else {
                    assert_eq!(narrow.encode(value), bits as u8, "{dtype} pattern {bits:#x}");
                }
            }
        }
    }

    #[test]
    fn known_extremes() {
        let decode = |dtype, bits| NarrowFloat::of(dtype).expect("narrow type").decode(bits);
        assert_eq!(decode(DType::F8E4M3FN, 0x7e), 448.0);
        assert_eq!(decode(DType::F8E5M2, 0x7b), 57344.0);
        assert_eq!(decode(DType::F8E4M3FNUZ, 0x7f), 240.0);
        assert_eq!(decode(DType::F4E2M1FN, 0x7), 6.0);
        let encode = |dtype, value| NarrowFloat::of(dtype).expect("narrow type").encode(value);
        assert_eq!(encode(DType::F8E5M2, 1e9), 0x7c);
        assert!(decode(DType::F8E4M3FN, encode(DType::F8E4M3FN, 1e9)).is_nan());
        assert_eq!(encode(DType::F4E2M1FN, -100.0), 0xf);
    }
}
