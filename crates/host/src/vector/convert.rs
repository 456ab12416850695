//! Conversion between element types.

use std::marker::PhantomData;

use half::{bf16, f16};
use num_complex::Complex;
use tensor::{DType, NarrowFloat};

use super::UnaryFn;
use super::arith::Bool;
use super::drive::{Unary, unary};
use super::half::{Narrow, odd_f32};
use crate::cpu::{Isa, Level};

/// Conversion by XLA's rules: floats to integers truncate and saturate, NaN gives 0; integers wrap; floats
/// round once; `bool` is "not zero"; complex to real takes the real part.
trait Cast<T> {
    fn cast(self) -> T;
}

/// A kernel of [`Cast`].
struct Convert<A, B>(PhantomData<(A, B)>);

impl<A: Cast<B> + Copy + 'static, B: Copy + 'static> Unary for Convert<A, B> {
    type In = A;
    type Out = B;
    #[inline(always)]
    fn eval<L: Isa>(x: A) -> B {
        x.cast()
    }
}

/// The routine that converts `from` to `to`, or `None` for a type of fewer than 8 bits or a narrow float
/// to or from anything but f32 (f64 too as the source): callers go through f32 or i32 then.
pub fn convert(level: Level, from: DType, to: DType) -> Option<UnaryFn> {
    macro_rules! each {
        ($macro:ident $from:ty) => {
            match to {
                DType::Bool => $macro!($from, Bool),
                DType::I8 => $macro!($from, i8),
                DType::I16 => $macro!($from, i16),
                DType::I32 => $macro!($from, i32),
                DType::I64 => $macro!($from, i64),
                DType::U8 => $macro!($from, u8),
                DType::U16 => $macro!($from, u16),
                DType::U32 => $macro!($from, u32),
                DType::U64 => $macro!($from, u64),
                DType::F16 => $macro!($from, f16),
                DType::BF16 => $macro!($from, bf16),
                DType::F32 => $macro!($from, f32),
                DType::F64 => $macro!($from, f64),
                DType::C64 => $macro!($from, Complex<f32>),
                DType::C128 => $macro!($from, Complex<f64>),
                _ => return narrow(from, to),
            }
        };
    }
    macro_rules! routine {
        ($from:ty, $to:ty) => {
            unary::<Convert<$from, $to>>(level)
        };
    }
    Some(match from {
        DType::Bool => each!(routine Bool),
        DType::I8 => each!(routine i8),
        DType::I16 => each!(routine i16),
        DType::I32 => each!(routine i32),
        DType::I64 => each!(routine i64),
        DType::U8 => each!(routine u8),
        DType::U16 => each!(routine u16),
        DType::U32 => each!(routine u32),
        DType::U64 => each!(routine u64),
        DType::F16 => each!(routine f16),
        DType::BF16 => each!(routine bf16),
        DType::F32 => each!(routine f32),
        DType::F64 => each!(routine f64),
        DType::C64 => each!(routine Complex<f32>),
        DType::C128 => each!(routine Complex<f64>),
        _ => return narrow(from, to),
    })
}

macro_rules! numeric {
    ($($from:ident)*) => { $( numeric! { @pairs $from: i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 } )* };
    (@pairs $from:ident: $($to:ident)*) => {
        impl Cast<Bool> for $from {
            #[inline(always)]
            fn cast(self) -> Bool { Bool((self != (0 as $from)) as u8) }
        }
        impl Cast<$from> for Bool {
            #[inline(always)]
            fn cast(self) -> $from { self.0 as $from }
        }
        impl Cast<$from> for f16 {
            #[inline(always)]
            fn cast(self) -> $from { self.widen().cast() }
        }
        impl Cast<$from> for bf16 {
            #[inline(always)]
            fn cast(self) -> $from { self.widen().cast() }
        }
        complex_cast! { $from }
    };
}

/// Casts between complex types and one real type.
macro_rules! complex_cast {
    ($real:ident) => {
        impl Cast<Complex<f32>> for $real {
            #[inline(always)]
            fn cast(self) -> Complex<f32> {
                Complex::new(self.cast(), 0.0)
            }
        }
        impl Cast<Complex<f64>> for $real {
            #[inline(always)]
            fn cast(self) -> Complex<f64> {
                Complex::new(self.cast(), 0.0)
            }
        }
        impl Cast<$real> for Complex<f32> {
            #[inline(always)]
            fn cast(self) -> $real {
                self.re.cast()
            }
        }
        impl Cast<$real> for Complex<f64> {
            #[inline(always)]
            fn cast(self) -> $real {
                self.re.cast()
            }
        }
    };
}

macro_rules! plain {
    ($($from:ident)*) => { $( plain! { @pairs $from: i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 } )* };
    (@pairs $from:ident: $($to:ident)*) => { $(
        impl Cast<$to> for $from {
            #[inline(always)]
            fn cast(self) -> $to { self as $to }
        }
    )* };
}

plain! { i8 i16 i32 i64 u8 u16 u32 u64 }

/// Floats to integers as `as` converts them, in a form that vectorizes.
macro_rules! truncating {
    ($($float:ident: $($int:ident)*;)*) => { $(
        $(
            impl Cast<$int> for $float {
                #[inline(always)]
                fn cast(self) -> $int {
                    // The bounds as floats: -2^n or 0 is exact; the upper one may round up to 2^n, which is
                    // out of range itself.
                    const LOW: $float = $int::MIN as $float;
                    const HIGH: $float = $int::MAX as $float;
                    let above = self >= HIGH;
                    let inside = !above & (self >= LOW);
                    let tame = if inside { self } else { 0.0 };
                    // SAFETY: `tame` is in LOW..HIGH, so that its truncation is an `$int`.
                    let value: $int = unsafe { tame.to_int_unchecked() };
                    let value = if above { $int::MAX } else { value };
                    if self < LOW { $int::MIN } else { value }
                }
            }
        )*
        impl Cast<f32> for $float {
            #[inline(always)]
            fn cast(self) -> f32 { self as f32 }
        }
        impl Cast<f64> for $float {
            #[inline(always)]
            fn cast(self) -> f64 { self as f64 }
        }
    )* };
}

truncating! {
    f32: i8 i16 i32 i64 u8 u16 u32 u64;
    f64: i8 i16 i32 i64 u8 u16 u32 u64;
}

numeric! { i8 i16 i32 i64 u8 u16 u32 u64 f32 f64 }
complex_cast! { f16 }
complex_cast! { bf16 }

/// Casts to a 16-bit float through f32 rounded to odd, so that only the last rounding counts.
macro_rules! to_half {
    ($half:ident: $($from:ident |$x:ident| $f32:expr;)*) => { $(
        impl Cast<$half> for $from {
            #[inline(always)]
            fn cast(self) -> $half {
                let $x = self;
                $half::narrow($f32)
            }
        }
    )* };
}

macro_rules! to_halves {
    ($($half:ident)*) => { $( to_half! { $half:
        i8 |x| x as f32;
        u8 |x| x as f32;
        i16 |x| x as f32;
        u16 |x| x as f32;
        i32 |x| odd_f32(x as f64);
        u32 |x| odd_f32(x as f64);
        i64 |x| odd_f32(odd_f64(x as u64, x < 0));
        u64 |x| odd_f32(odd_f64(x, false));
        f32 |x| x;
        f64 |x| odd_f32(x);
        f16 |x| x.widen();
        bf16 |x| x.widen();
        Bool |x| x.0 as f32;
    } )* };
}

to_halves! { f16 bf16 }

/// A 64-bit integer as f64 rounded to odd.
#[inline(always)]
fn odd_f64(bits: u64, negative: bool) -> f64 {
    let magnitude = if negative { bits.wrapping_neg() } else { bits };
    let sticky = (magnitude & !0xfff) | (magnitude & 0x800) | if magnitude & 0x7ff == 0 { 0 } else { 0x800 };
    let value = if magnitude < 1 << 53 { magnitude } else { sticky } as f64;
    if negative { -value } else { value }
}

impl Cast<Bool> for Bool {
    #[inline(always)]
    fn cast(self) -> Bool {
        self
    }
}

impl Cast<Bool> for f16 {
    #[inline(always)]
    fn cast(self) -> Bool {
        Bool((self.to_bits() & 0x7fff != 0) as u8)
    }
}

impl Cast<Bool> for bf16 {
    #[inline(always)]
    fn cast(self) -> Bool {
        Bool((self.to_bits() & 0x7fff != 0) as u8)
    }
}

impl Cast<Complex<f32>> for Bool {
    #[inline(always)]
    fn cast(self) -> Complex<f32> {
        Complex::new(self.cast(), 0.0)
    }
}

impl Cast<Complex<f64>> for Bool {
    #[inline(always)]
    fn cast(self) -> Complex<f64> {
        Complex::new(self.cast(), 0.0)
    }
}

macro_rules! complex_to_complex {
    ($($from:ident $to:ident;)*) => { $(
        impl Cast<Complex<$to>> for Complex<$from> {
            #[inline(always)]
            fn cast(self) -> Complex<$to> { Complex::new(self.re as $to, self.im as $to) }
        }
    )* };
}

complex_to_complex! { f32 f32; f32 f64; f64 f32; f64 f64; }

macro_rules! complex_to_bool {
    ($($float:ident)*) => { $(
        impl Cast<Bool> for Complex<$float> {
            #[inline(always)]
            fn cast(self) -> Bool { Bool(((self.re != 0.0) | (self.im != 0.0)) as u8) }
        }
    )* };
}

complex_to_bool! { f32 f64 }

/// A type stored in a byte, by its position in `DType::ALL`.
#[derive(Clone, Copy)]
#[repr(transparent)]
struct Byte<const DTYPE: usize>(u8);

impl<const DTYPE: usize> Cast<f32> for Byte<DTYPE> {
    #[inline(always)]
    fn cast(self) -> f32 {
        NarrowFloat::of(DType::ALL[DTYPE]).map_or(f32::NAN, |format| format.decode(self.0) as f32)
    }
}

impl<const DTYPE: usize> Cast<Byte<DTYPE>> for f64 {
    #[inline(always)]
    fn cast(self) -> Byte<DTYPE> {
        Byte(NarrowFloat::of(DType::ALL[DTYPE]).map_or(0, |format| format.encode(self)))
    }
}

impl<const DTYPE: usize> Cast<Byte<DTYPE>> for f32 {
    #[inline(always)]
    fn cast(self) -> Byte<DTYPE> {
        f64::from(self).cast()
    }
}

/// An integer of 2 or 4 bits, extended to a byte.
#[derive(Clone, Copy)]
#[repr(transparent)]
struct Nibble<const BITS: u32, const SIGNED: bool>(u8);

impl<const BITS: u32, const SIGNED: bool> Cast<i32> for Nibble<BITS, SIGNED> {
    #[inline(always)]
    fn cast(self) -> i32 {
        if SIGNED { i32::from(self.0 as i8) } else { i32::from(self.0) }
    }
}

impl<const BITS: u32, const SIGNED: bool> Cast<Nibble<BITS, SIGNED>> for i32 {
    #[inline(always)]
    fn cast(self) -> Nibble<BITS, SIGNED> {
        let shift = 32 - BITS;
        let wrapped = (self as u32) << shift;
        Nibble(if SIGNED { (wrapped as i32 >> shift) as u8 } else { (wrapped >> shift) as u8 })
    }
}

/// Conversions of types below 8 bits and of narrow floats; one level serves them all.
fn narrow(from: DType, to: DType) -> Option<UnaryFn> {
    macro_rules! bytes {
        ($($dtype:ident)*) => {
            match (from, to) {
                $(
                    (DType::$dtype, DType::F32) => unary::<Convert<Byte<{ DType::$dtype as usize }>, f32>>(Level::Baseline),
                    (DType::F32, DType::$dtype) => unary::<Convert<f32, Byte<{ DType::$dtype as usize }>>>(Level::Baseline),
                    (DType::F64, DType::$dtype) => unary::<Convert<f64, Byte<{ DType::$dtype as usize }>>>(Level::Baseline),
                )*
                (DType::I2, DType::I32) => unary::<Convert<Nibble<2, true>, i32>>(Level::Baseline),
                (DType::I4, DType::I32) => unary::<Convert<Nibble<4, true>, i32>>(Level::Baseline),
                (DType::U2, DType::I32) => unary::<Convert<Nibble<2, false>, i32>>(Level::Baseline),
                (DType::U4, DType::I32) => unary::<Convert<Nibble<4, false>, i32>>(Level::Baseline),
                (DType::I32, DType::I2) => unary::<Convert<i32, Nibble<2, true>>>(Level::Baseline),
                (DType::I32, DType::I4) => unary::<Convert<i32, Nibble<4, true>>>(Level::Baseline),
                (DType::I32, DType::U2) => unary::<Convert<i32, Nibble<2, false>>>(Level::Baseline),
                (DType::I32, DType::U4) => unary::<Convert<i32, Nibble<4, false>>>(Level::Baseline),
                _ => return None,
            }
        };
    }
    Some(bytes! {
        F4E2M1FN F6E2M3FN F6E3M2FN F8E3M4 F8E4M3 F8E4M3FN F8E4M3FNUZ F8E4M3B11FNUZ F8E5M2 F8E5M2FNUZ F8E8M0FNU
    })
}
