//! Comparisons: results are bytes 0 or 1.

use std::marker::PhantomData;

use half::{bf16, f16};
use num_complex::Complex;
use ops::{ComparisonDirection, ComparisonType};
use tensor::{DType, DTypeClass};

use super::drive::{Binary, Blocks, LeftScalar, RightScalar, Unary, binary, swapped};
use super::half::Narrow;
use super::{BinaryFn, Operands};
use crate::cpu::{Isa, Level};

/// An order on an element type: that of a key.
trait Key: 'static {
    type Elem: Copy + 'static;
    type Key: PartialOrd;
    fn key(x: Self::Elem) -> Self::Key;
}

/// The type's own order (IEEE's partial order for floats).
struct Natural<T>(PhantomData<T>);
/// IEEE's total order of floats.
struct Total<T>(PhantomData<T>);
/// Zeros equal; NaNs equal, above infinity.
struct Weak<T>(PhantomData<T>);

macro_rules! natural {
    ($($type:ident)*) => { $(
        impl Key for Natural<$type> {
            type Elem = $type;
            type Key = $type;
            #[inline(always)]
            fn key(x: $type) -> $type { x }
        }
    )* };
}

natural! { i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 }

macro_rules! natural_half {
    ($($type:ident)*) => { $(
        impl Key for Natural<$type> {
            type Elem = $type;
            type Key = f32;
            #[inline(always)]
            fn key(x: $type) -> f32 { x.widen() }
        }
    )* };
}

natural_half! { f16 bf16 }

macro_rules! float_orders {
    ($($float:ident $bits:ident $signed:ident;)*) => { $(
        impl Key for Total<$float> {
            type Elem = $float;
            type Key = $signed;
            #[inline(always)]
            fn key(x: $float) -> $signed {
                // Negative floats order by magnitude, downwards: flip all bits but the sign.
                let bits = x.to_bits() as $signed;
                bits ^ (((bits >> ($signed::BITS - 1)) as $bits) >> 1) as $signed
            }
        }

        impl Key for Weak<$float> {
            type Elem = $float;
            type Key = $signed;
            #[inline(always)]
            fn key(x: $float) -> $signed {
                let infinity = $float::INFINITY.to_bits();
                let magnitude = x.to_bits() & $signed::MAX as $bits;
                let bits = if magnitude > infinity {
                    infinity + 1
                } else if magnitude == 0 {
                    0
                } else {
                    x.to_bits()
                };
                Total::<$float>::key($float::from_bits(bits))
            }
        }
    )* };
}

float_orders! { f32 u32 i32; f64 u64 i64; f16 u16 i16; bf16 u16 i16; }

macro_rules! comparisons {
    ($($name:ident $operator:tt;)*) => { $(
        #[doc = concat!("`a ", stringify!($operator), " b`.")]
        struct $name<K>(PhantomData<K>);
        impl<K: Key> Binary for $name<K> {
            type In = K::Elem;
            type Out = u8;
            #[inline(always)]
            fn eval<L: Isa>(a: K::Elem, b: K::Elem) -> u8 { (K::key(a) $operator K::key(b)) as u8 }
        }
    )* };
}

comparisons! { Eq ==; Ne !=; Le <=; Lt <; }

/// Equality of complex numbers, or its negation.
struct ComplexEq<T, const EQUAL: bool>(PhantomData<T>);

impl<T: Copy + PartialEq + 'static, const EQUAL: bool> Binary for ComplexEq<T, EQUAL> {
    type In = Complex<T>;
    type Out = u8;
    #[inline(always)]
    fn eval<L: Isa>(a: Complex<T>, b: Complex<T>) -> u8 {
        (((a.re == b.re) & (a.im == b.im)) == EQUAL) as u8
    }
}

/// Whether a float is neither infinite nor NaN.
pub(crate) struct IsFinite<T>(PhantomData<T>);

macro_rules! is_finite {
    ($($float:ident $infinity:expr;)*) => { $(
        impl Unary for IsFinite<$float> {
            type In = $float;
            type Out = u8;
            #[inline(always)]
            fn eval<L: Isa>(x: $float) -> u8 {
                (x.to_bits() & $infinity != $infinity) as u8
            }
        }
    )* };
}

is_finite! {
    f32 0x7f80_0000u32;
    f64 0x7ff0_0000_0000_0000u64;
    f16 0x7c00u16;
    bf16 0x7f80u16;
}

/// The routine that compares two blocks of `dtype`, or `None` where there is no such order (complex
/// numbers, types below 8 bits). Its output is bytes.
pub fn compare(
    level: Level,
    direction: ComparisonDirection,
    kind: ComparisonType,
    dtype: DType,
    operands: Operands,
) -> Option<BinaryFn> {
    macro_rules! by_form {
        ($kernel:ty) => {
            match operands {
                Operands::Blocks => binary::<$kernel, Blocks>(level),
                Operands::RightScalar => binary::<$kernel, RightScalar>(level),
                Operands::LeftScalar => binary::<$kernel, LeftScalar>(level),
            }
        };
    }
    // a > b is b < a.
    macro_rules! exchanged {
        ($kernel:ty) => {
            match operands {
                Operands::Blocks => swapped::<$kernel, Blocks>(level),
                Operands::RightScalar => swapped::<$kernel, LeftScalar>(level),
                Operands::LeftScalar => swapped::<$kernel, RightScalar>(level),
            }
        };
    }
    macro_rules! by_direction {
        ($key:ty) => {
            match direction {
                ComparisonDirection::Eq => by_form!(Eq<$key>),
                ComparisonDirection::Ne => by_form!(Ne<$key>),
                ComparisonDirection::Ge => exchanged!(Le<$key>),
                ComparisonDirection::Gt => exchanged!(Lt<$key>),
                ComparisonDirection::Le => by_form!(Le<$key>),
                ComparisonDirection::Lt => by_form!(Lt<$key>),
            }
        };
    }
    macro_rules! by_kind {
        ($float:ty) => {
            match kind {
                ComparisonType::TotalOrder => by_direction!(Total<$float>),
                ComparisonType::WeakOrder => by_direction!(Weak<$float>),
                _ => by_direction!(Natural<$float>),
            }
        };
    }
    macro_rules! complex {
        ($float:ty) => {
            match direction {
                ComparisonDirection::Eq => by_form!(ComplexEq<$float, true>),
                ComparisonDirection::Ne => by_form!(ComplexEq<$float, false>),
                _ => return None,
            }
        };
    }
    // Equality of integers is that of their bits: one copy serves both signs.
    let equality = matches!(direction, ComparisonDirection::Eq | ComparisonDirection::Ne);
    let dtype = match dtype {
        DType::I8 if equality => DType::U8,
        DType::I16 if equality => DType::U16,
        DType::I32 if equality => DType::U32,
        DType::I64 if equality => DType::U64,
        DType::I2 | DType::I4 => DType::I8,
        _ if dtype.class() == DTypeClass::Unsigned && dtype.size() == 1 => DType::U8,
        DType::Bool => DType::U8,
        other => other,
    };
    Some(match dtype {
        DType::I8 => by_direction!(Natural<i8>),
        DType::I16 => by_direction!(Natural<i16>),
        DType::I32 => by_direction!(Natural<i32>),
        DType::I64 => by_direction!(Natural<i64>),
        DType::U8 => by_direction!(Natural<u8>),
        DType::U16 => by_direction!(Natural<u16>),
        DType::U32 => by_direction!(Natural<u32>),
        DType::U64 => by_direction!(Natural<u64>),
        DType::F16 => by_kind!(f16),
        DType::BF16 => by_kind!(bf16),
        DType::F32 => by_kind!(f32),
        DType::F64 => by_kind!(f64),
        DType::C64 => complex!(f32),
        DType::C128 => complex!(f64),
        _ => return None,
    })
}
