//! Element types of StableHLO tensors.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What kind of numbers an element type holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DTypeClass {
    /// `i1`.
    Bool,
    /// Two's complement signed integers.
    Signed,
    /// Unsigned integers.
    Unsigned,
    /// IEEE-like floating point, 4 to 64 bits.
    Float,
    /// Pairs of floats.
    Complex,
}

macro_rules! dtypes {
    ($($(#[$doc:meta])* $name:ident $text:literal $class:ident $bits:literal;)*) => {
        /// An element type. The text form is StableHLO's (`spec.md`, "Types").
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum DType { $($(#[$doc])* $name,)* }

        impl DType {
            /// All element types, in declaration order.
            pub const ALL: &'static [DType] = &[$(DType::$name),*];

            /// The name in StableHLO text, such as `ui8` or `complex<f32>`.
            pub const fn name(self) -> &'static str {
                match self { $(DType::$name => $text,)* }
            }

            /// The element type with this name in StableHLO text.
            pub fn from_name(name: &str) -> Option<DType> {
                match name { $($text => Some(DType::$name),)* _ => None }
            }

            /// The kind of numbers held.
            pub const fn class(self) -> DTypeClass {
                match self { $(DType::$name => DTypeClass::$class,)* }
            }

            /// Width in bits as the type is defined (1 for `bool`, 4 for `i4`).
            pub const fn bits(self) -> u32 {
                match self { $(DType::$name => $bits,)* }
            }
        }
    };
}

dtypes! {
    /// Boolean, stored as a byte 0 or 1.
    Bool "i1" Bool 1;
    /// Signed 2 bits, stored sign-extended in a byte.
    I2 "i2" Signed 2;
    /// Signed 4 bits, stored sign-extended in a byte.
    I4 "i4" Signed 4;
    /// Signed 8 bits.
    I8 "i8" Signed 8;
    /// Signed 16 bits.
    I16 "i16" Signed 16;
    /// Signed 32 bits.
    I32 "i32" Signed 32;
    /// Signed 64 bits.
    I64 "i64" Signed 64;
    /// Unsigned 2 bits, stored zero-extended in a byte.
    U2 "ui2" Unsigned 2;
    /// Unsigned 4 bits, stored zero-extended in a byte.
    U4 "ui4" Unsigned 4;
    /// Unsigned 8 bits.
    U8 "ui8" Unsigned 8;
    /// Unsigned 16 bits.
    U16 "ui16" Unsigned 16;
    /// Unsigned 32 bits.
    U32 "ui32" Unsigned 32;
    /// Unsigned 64 bits.
    U64 "ui64" Unsigned 64;
    /// 4-bit float, 2 exponent bits, finite only.
    F4E2M1FN "f4E2M1FN" Float 4;
    /// 6-bit float, 2 exponent bits, finite only.
    F6E2M3FN "f6E2M3FN" Float 6;
    /// 6-bit float, 3 exponent bits, finite only.
    F6E3M2FN "f6E3M2FN" Float 6;
    /// 8-bit float, 3 exponent bits, IEEE-like.
    F8E3M4 "f8E3M4" Float 8;
    /// 8-bit float, 4 exponent bits, IEEE-like.
    F8E4M3 "f8E4M3" Float 8;
    /// 8-bit float, 4 exponent bits, one NaN magnitude, no infinity.
    F8E4M3FN "f8E4M3FN" Float 8;
    /// 8-bit float, 4 exponent bits, bias 8, no infinity, no negative zero.
    F8E4M3FNUZ "f8E4M3FNUZ" Float 8;
    /// 8-bit float, 4 exponent bits, bias 11, no infinity, no negative zero.
    F8E4M3B11FNUZ "f8E4M3B11FNUZ" Float 8;
    /// 8-bit float, 5 exponent bits, IEEE-like.
    F8E5M2 "f8E5M2" Float 8;
    /// 8-bit float, 5 exponent bits, bias 16, no infinity, no negative zero.
    F8E5M2FNUZ "f8E5M2FNUZ" Float 8;
    /// 8-bit exponent only: powers of two, and NaN.
    F8E8M0FNU "f8E8M0FNU" Float 8;
    /// bfloat16: the upper half of an f32.
    BF16 "bf16" Float 16;
    /// IEEE half precision.
    F16 "f16" Float 16;
    /// IEEE single precision.
    F32 "f32" Float 32;
    /// IEEE double precision.
    F64 "f64" Float 64;
    /// Two f32: real, imaginary.
    C64 "complex<f32>" Complex 64;
    /// Two f64: real, imaginary.
    C128 "complex<f64>" Complex 128;
}

impl DType {
    /// Bytes that one element takes in memory.
    pub const fn size(self) -> usize {
        self.bits().div_ceil(8) as usize
    }

    /// True for numbers of less than a byte (not `bool`), which take one each.
    pub const fn is_partial(self) -> bool {
        self.bits() < 8 && !matches!(self, DType::Bool)
    }

    /// Brings elements of a [partial](Self::is_partial) type to the form in which they are stored here: others
    /// leave anything in the unused high bits.
    pub fn extend(self, elements: &mut [u8]) {
        let unused = 8u32.saturating_sub(self.bits());
        if unused == 0 {
            return;
        }
        let signed = matches!(self.class(), DTypeClass::Signed);
        for element in elements {
            let high = *element << unused;
            *element = if signed { (high as i8 >> unused) as u8 } else { high >> unused };
        }
    }

    /// True for signed and unsigned integers (not `bool`).
    pub const fn is_integer(self) -> bool {
        matches!(self.class(), DTypeClass::Signed | DTypeClass::Unsigned)
    }

    /// True for real floating-point types.
    pub const fn is_float(self) -> bool {
        matches!(self.class(), DTypeClass::Float)
    }

    /// True for complex types.
    pub const fn is_complex(self) -> bool {
        matches!(self.class(), DTypeClass::Complex)
    }

    /// True for floats that are stored in 8 bits or fewer.
    pub const fn is_narrow_float(self) -> bool {
        self.is_float() && self.bits() <= 8
    }

    /// The type of a real or imaginary part; the type itself when it is not complex.
    pub const fn real(self) -> DType {
        match self {
            DType::C64 => DType::F32,
            DType::C128 => DType::F64,
            other => other,
        }
    }

    /// The complex type whose parts have this type, if there is one.
    pub const fn complex(self) -> Option<DType> {
        match self {
            DType::F32 => Some(DType::C64),
            DType::F64 => Some(DType::C128),
            _ => None,
        }
    }
}

impl fmt::Display for DType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back() {
        for &dtype in DType::ALL {
            assert_eq!(DType::from_name(dtype.name()), Some(dtype));
        }
    }

    #[test]
    fn sizes_are_whole_bytes() {
        assert_eq!(DType::Bool.size(), 1);
        assert_eq!(DType::I4.size(), 1);
        assert_eq!(DType::F6E2M3FN.size(), 1);
        assert_eq!(DType::C128.size(), 16);
    }

    #[test]
    fn partial_elements_fill_their_bytes() {
        let extended = |dtype: DType, mut bytes: [u8; 4]| {
            dtype.extend(&mut bytes);
            bytes
        };
        assert_eq!(extended(DType::I4, [0x0e, 0xf7, 0x08, 0x05]), [0xfe, 0x07, 0xf8, 0x05]);
        assert_eq!(extended(DType::U4, [0xfe, 0x07, 0xf8, 0x05]), [0x0e, 0x07, 0x08, 0x05]);
        assert_eq!(extended(DType::I2, [0x02, 0x01, 0x03, 0xfc]), [0xfe, 0x01, 0xff, 0x00]);
        assert_eq!(extended(DType::F6E2M3FN, [0xff, 0x3f, 0x40, 0x00]), [0x3f, 0x3f, 0x00, 0x00]);
        assert_eq!(extended(DType::I8, [0xff, 0x80, 0, 1]), [0xff, 0x80, 0, 1]);
    }
}
