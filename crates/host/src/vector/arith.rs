//! Arithmetic kernels, one type an operation, for every element type that has it.

use std::marker::PhantomData;

use num_complex::Complex;

use super::drive::{Binary, Fold, Ternary, Unary};
use super::half::Narrow;
use super::real::Real;
use crate::cpu::{Isa, Level};

/// Arithmetic of an element type, by StableHLO's rules.
pub(crate) trait Num: Copy + 'static {
    fn zero() -> Self;
    fn one() -> Self;
    fn add(self, b: Self) -> Self;
    fn sub(self, b: Self) -> Self;
    fn mul(self, b: Self) -> Self;
    fn neg(self) -> Self;
    /// `self * b + c`, with one or two roundings.
    fn mul_add<L: Isa>(self, b: Self, c: Self) -> Self;
}

/// Element types with a maximum.
pub(crate) trait Order: Num {
    fn lowest() -> Self;
    fn highest() -> Self;
    /// The larger; NaN if either is; +0 over -0.
    fn larger(self, b: Self) -> Self;
    /// The smaller; NaN if either is; -0 under +0.
    fn smaller(self, b: Self) -> Self;
    fn magnitude(self) -> Self;
    fn sign(self) -> Self;
}

/// Integers and booleans as bits.
pub(crate) trait Bits: Copy + 'static {
    const ZERO: Self;
    const ONES: Self;
    fn and(self, b: Self) -> Self;
    fn or(self, b: Self) -> Self;
    fn xor(self, b: Self) -> Self;
}

/// Integer division, powers and shifts.
pub(crate) trait Integer: Order + Bits {
    fn div(self, b: Self) -> Self;
    fn rem(self, b: Self) -> Self;
    fn power(self, b: Self) -> Self;
    fn shl(self, b: Self) -> Self;
    fn shr_arithmetic(self, b: Self) -> Self;
    fn shr_logical(self, b: Self) -> Self;
    fn ones(self) -> Self;
    fn leading_zeros(self) -> Self;
}

macro_rules! integer {
    ($($int:ident $signed:ident $unsigned:ident $is_signed:literal;)*) => { $(
        impl Num for $int {
            #[inline(always)]
            fn zero() -> Self { 0 }
            #[inline(always)]
            fn one() -> Self { 1 }
            #[inline(always)]
            fn add(self, b: Self) -> Self { self.wrapping_add(b) }
            #[inline(always)]
            fn sub(self, b: Self) -> Self { self.wrapping_sub(b) }
            #[inline(always)]
            fn mul(self, b: Self) -> Self { self.wrapping_mul(b) }
            #[inline(always)]
            fn neg(self) -> Self { self.wrapping_neg() }
            #[inline(always)]
            fn mul_add<L: Isa>(self, b: Self, c: Self) -> Self { self.wrapping_mul(b).wrapping_add(c) }
        }

        impl Order for $int {
            #[inline(always)]
            fn lowest() -> Self { $int::MIN }
            #[inline(always)]
            fn highest() -> Self { $int::MAX }
            #[inline(always)]
            fn larger(self, b: Self) -> Self { self.max(b) }
            #[inline(always)]
            fn smaller(self, b: Self) -> Self { self.min(b) }
            #[inline(always)]
            fn magnitude(self) -> Self {
                if $is_signed && (self as $signed) < 0 { self.wrapping_neg() } else { self }
            }
            #[inline(always)]
            fn sign(self) -> Self {
                let negative = $is_signed && (self as $signed) < 0;
                if negative { $int::ZERO.wrapping_sub(1) } else { (self != 0) as $int }
            }
        }

        impl Bits for $int {
            const ZERO: Self = 0;
            const ONES: Self = !0;
            #[inline(always)]
            fn and(self, b: Self) -> Self { self & b }
            #[inline(always)]
            fn or(self, b: Self) -> Self { self | b }
            #[inline(always)]
            fn xor(self, b: Self) -> Self { self ^ b }
        }

        impl Integer for $int {
            #[inline(always)]
            fn div(self, b: Self) -> Self {
                if b == 0 { !0 } else { self.wrapping_div(b) }
            }
            #[inline(always)]
            fn rem(self, b: Self) -> Self {
                if b == 0 { self } else { self.wrapping_rem(b) }
            }
            #[inline(always)]
            fn power(self, b: Self) -> Self {
                if $is_signed && (b as $signed) < 0 {
                    let odd = b & 1 == 1;
                    return if self == 1 || (self == !0 && !odd) { 1 } else if self == !0 { self } else { 0 };
                }
                let (mut result, mut square, mut rest) = (1 as $int, self, b);
                while rest != 0 {
                    if rest & 1 == 1 {
                        result = result.wrapping_mul(square);
                    }
                    square = square.wrapping_mul(square);
                    rest >>= 1;
                }
                result
            }
            #[inline(always)]
            fn shl(self, b: Self) -> Self {
                let shifted = self << (b & ($int::BITS - 1) as $int);
                if (b as $unsigned) < $int::BITS as $unsigned { shifted } else { 0 }
            }
            #[inline(always)]
            fn shr_arithmetic(self, b: Self) -> Self {
                let last = ($int::BITS - 1) as $unsigned;
                ((self as $signed) >> (b as $unsigned).min(last)) as $int
            }
            #[inline(always)]
            fn shr_logical(self, b: Self) -> Self {
                let shifted = (self as $unsigned) >> (b as $unsigned & ($int::BITS - 1) as $unsigned);
                if (b as $unsigned) < $int::BITS as $unsigned { shifted as $int } else { 0 }
            }
            #[inline(always)]
            fn ones(self) -> Self { self.count_ones() as $int }
            #[inline(always)]
            fn leading_zeros(self) -> Self { <$int>::leading_zeros(self) as $int }
        }
    )* };
}

integer! {
    i8 i8 u8 true;
    i16 i16 u16 true;
    i32 i32 u32 true;
    i64 i64 u64 true;
    u8 i8 u8 false;
    u16 i16 u16 false;
    u32 i32 u32 false;
    u64 i64 u64 false;
}

macro_rules! float {
    ($($float:ident)*) => { $(
        impl Num for $float {
            #[inline(always)]
            fn zero() -> Self { 0.0 }
            #[inline(always)]
            fn one() -> Self { 1.0 }
            #[inline(always)]
            fn add(self, b: Self) -> Self { self + b }
            #[inline(always)]
            fn sub(self, b: Self) -> Self { self - b }
            #[inline(always)]
            fn mul(self, b: Self) -> Self { self * b }
            #[inline(always)]
            fn neg(self) -> Self { -self }
            #[inline(always)]
            fn mul_add<L: Isa>(self, b: Self, c: Self) -> Self { self.madd::<L>(b, c) }
        }

        impl Order for $float {
            #[inline(always)]
            fn lowest() -> Self { -$float::INFINITY }
            #[inline(always)]
            fn highest() -> Self { $float::INFINITY }
            #[inline(always)]
            fn larger(self, b: Self) -> Self {
                let larger = if self > b { self } else { b };
                let larger = if self == b { self.bit_and(b) } else { larger };
                if self.is_nan() { self } else { larger }
            }
            #[inline(always)]
            fn smaller(self, b: Self) -> Self {
                let smaller = if self < b { self } else { b };
                let smaller = if self == b { self.bit_or(b) } else { smaller };
                if self.is_nan() { self } else { smaller }
            }
            #[inline(always)]
            fn magnitude(self) -> Self { self.abs() }
            #[inline(always)]
            fn sign(self) -> Self {
                let one = (1.0 as $float).copysign(self);
                if self == 0.0 || self.is_nan() { self } else { one }
            }
        }
    )* };
}

float! { f32 f64 }

macro_rules! complex {
    ($($float:ident)*) => { $(
        impl Num for Complex<$float> {
            #[inline(always)]
            fn zero() -> Self { Complex::new(0.0, 0.0) }
            #[inline(always)]
            fn one() -> Self { Complex::new(1.0, 0.0) }
            #[inline(always)]
            fn add(self, b: Self) -> Self { Complex::new(self.re + b.re, self.im + b.im) }
            #[inline(always)]
            fn sub(self, b: Self) -> Self { Complex::new(self.re - b.re, self.im - b.im) }
            #[inline(always)]
            fn mul(self, b: Self) -> Self {
                Complex::new(self.re * b.re - self.im * b.im, self.re * b.im + self.im * b.re)
            }
            #[inline(always)]
            fn neg(self) -> Self { Complex::new(-self.re, -self.im) }
            #[inline(always)]
            fn mul_add<L: Isa>(self, b: Self, c: Self) -> Self { Num::add(Num::mul(self, b), c) }
        }
    )* };
}

complex! { f32 f64 }

/// `bool` as a byte 0 or 1.
#[derive(Clone, Copy, PartialEq, PartialOrd)]
#[repr(transparent)]
pub(crate) struct Bool(pub u8);

impl Bits for Bool {
    const ZERO: Self = Bool(0);
    const ONES: Self = Bool(1);
    #[inline(always)]
    fn and(self, b: Self) -> Self {
        Bool(self.0 & b.0)
    }
    #[inline(always)]
    fn or(self, b: Self) -> Self {
        Bool(self.0 | b.0)
    }
    #[inline(always)]
    fn xor(self, b: Self) -> Self {
        Bool(self.0 ^ b.0)
    }
}

macro_rules! unary_kernels {
    ($($name:ident: $bound:ident |$x:ident| $body:expr;)*) => { $(
        #[doc = concat!("`", stringify!($body), "`.")]
        pub(crate) struct $name<T>(PhantomData<T>);
        impl<T: $bound> Unary for $name<T> {
            type In = T;
            type Out = T;
            #[inline(always)]
            fn eval<L: Isa>($x: T) -> T { $body }
        }
    )* };
}

macro_rules! binary_kernels {
    ($($name:ident: $bound:ident |$a:ident, $b:ident| $body:expr $(, up to $up_to:ident)?;)*) => { $(
        #[doc = concat!("`", stringify!($body), "`.")]
        pub(crate) struct $name<T>(PhantomData<T>);
        impl<T: $bound> Binary for $name<T> {
            type In = T;
            type Out = T;
            $(const UP_TO: Level = Level::$up_to;)?
            #[inline(always)]
            fn eval<L: Isa>($a: T, $b: T) -> T { $body }
        }
    )* };
}

unary_kernels! {
    Negate: Num |x| x.neg();
    Magnitude: Order |x| x.magnitude();
    Sign: Order |x| x.sign();
    Not: Bits |x| x.xor(T::ONES);
    Popcnt: Integer |x| x.ones();
    LeadingZeros: Integer |x| Integer::leading_zeros(x);
}

// No machine divides vectors of integers.
binary_kernels! {
    Add: Num |a, b| a.add(b);
    Subtract: Num |a, b| a.sub(b);
    Multiply: Num |a, b| a.mul(b);
    Maximum: Order |a, b| a.larger(b);
    Minimum: Order |a, b| a.smaller(b);
    And: Bits |a, b| a.and(b);
    Or: Bits |a, b| a.or(b);
    Xor: Bits |a, b| a.xor(b);
    IntDivide: Integer |a, b| a.div(b), up to Baseline;
    IntRemainder: Integer |a, b| a.rem(b), up to Baseline;
    IntPower: Integer |a, b| a.power(b), up to Baseline;
    ShiftLeft: Integer |a, b| a.shl(b);
    ShiftRightArithmetic: Integer |a, b| a.shr_arithmetic(b);
    ShiftRightLogical: Integer |a, b| a.shr_logical(b);
}

/// `a * b + c`.
pub(crate) struct MulAdd<T>(PhantomData<T>);

impl<T: Num> Ternary for MulAdd<T> {
    type First = T;
    type Elem = T;
    #[inline(always)]
    fn eval<L: Isa>(a: T, b: T, c: T) -> T {
        a.mul_add::<L>(b, c)
    }
}

/// `a * b + c` of 16-bit floats, rounded once to them.
pub(crate) struct NarrowMulAdd<T>(PhantomData<T>);

impl<T: Narrow> Ternary for NarrowMulAdd<T> {
    type First = T;
    type Elem = T;
    #[inline(always)]
    fn eval<L: Isa>(a: T, b: T, c: T) -> T {
        T::narrow(a.widen().madd::<L>(b.widen(), c.widen()))
    }
}

/// `min(max(x, low), high)` of (low, x, high).
pub(crate) struct Clamp<T>(PhantomData<T>);

impl<T: Order> Ternary for Clamp<T> {
    type First = T;
    type Elem = T;
    #[inline(always)]
    fn eval<L: Isa>(low: T, x: T, high: T) -> T {
        x.larger(low).smaller(high)
    }
}

/// [`Clamp`] of 16-bit floats.
pub(crate) struct NarrowClamp<T>(PhantomData<T>);

impl<T: Narrow> Ternary for NarrowClamp<T> {
    type First = T;
    type Elem = T;
    #[inline(always)]
    fn eval<L: Isa>(low: T, x: T, high: T) -> T {
        T::narrow(x.widen().larger(low.widen()).smaller(high.widen()))
    }
}

/// `if mask { b } else { c }`, whatever the element's type, by its size.
pub(crate) struct Select<T>(PhantomData<T>);

impl<T: Copy + 'static> Ternary for Select<T> {
    type First = u8;
    type Elem = T;
    #[inline(always)]
    fn eval<L: Isa>(mask: u8, b: T, c: T) -> T {
        if mask != 0 { b } else { c }
    }
}

macro_rules! fold_kernels {
    ($($name:ident: $bound:ident, $identity:expr, |$a:ident, $b:ident| $body:expr;)*) => { $(
        #[doc = concat!("Fold of `", stringify!($body), "`.")]
        pub(crate) struct $name<T>(PhantomData<T>);
        impl<T: $bound> Fold for $name<T> {
            type Elem = T;
            type Acc = T;
            #[inline(always)]
            fn identity() -> T { $identity }
            #[inline(always)]
            fn lift(x: T) -> T { x }
            #[inline(always)]
            fn combine<L: Isa>($a: T, $b: T) -> T { $body }
        }
    )* };
}

fold_kernels! {
    Sum: Num, T::zero(), |a, b| a.add(b);
    Product: Num, T::one(), |a, b| a.mul(b);
    Largest: Order, T::lowest(), |a, b| a.larger(b);
    Smallest: Order, T::highest(), |a, b| a.smaller(b);
    All: Bits, T::ONES, |a, b| a.and(b);
    Any: Bits, T::ZERO, |a, b| a.or(b);
    Parity: Bits, T::ZERO, |a, b| a.xor(b);
}

/// A fold of f32 over 16-bit floats; the result stays f32.
pub(crate) struct Widened<K, H>(PhantomData<(K, H)>);

impl<H: Narrow, K: Fold<Elem = f32, Acc = f32>> Fold for Widened<K, H> {
    type Elem = H;
    type Acc = f32;
    #[inline(always)]
    fn identity() -> f32 {
        K::identity()
    }
    #[inline(always)]
    fn lift(x: H) -> f32 {
        x.widen()
    }
    #[inline(always)]
    fn combine<L: Isa>(a: f32, b: f32) -> f32 {
        K::combine::<L>(a, b)
    }
}
