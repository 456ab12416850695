//! What f32 and f64 have in common for kernels: fused or plain multiply-add and rounding, by level.

use std::ops::{Add, Div, Mul, Neg, Sub};

use crate::cpu::Isa;

/// f32 or f64.
pub(crate) trait Real:
    Copy
    + PartialOrd
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + 'static
{
    const ZERO: Self;
    const ONE: Self;
    const HALF: Self;
    /// 2^(mantissa bits): from here on all numbers are integers.
    const INTEGERS: Self;

    /// `self * b + c`, rounded once or twice.
    fn madd<L: Isa>(self, b: Self, c: Self) -> Self;
    fn absolute(self) -> Self;
    fn with_sign(self, sign: Self) -> Self;
    fn square_root(self) -> Self;
    /// Bitwise and of the representations.
    fn bit_and(self, other: Self) -> Self;
    /// Bitwise or of the representations.
    fn bit_or(self, other: Self) -> Self;
    /// Rounded to an integer, ties to even.
    fn round_even<L: Isa>(self) -> Self;
    /// Rounded down.
    fn round_down<L: Isa>(self) -> Self;
    /// Rounded toward zero.
    fn round_to_zero<L: Isa>(self) -> Self;

    /// Rounded up.
    #[inline(always)]
    fn round_up<L: Isa>(self) -> Self {
        -((-self).round_down::<L>())
    }
}

macro_rules! real {
    ($float:ident, $integers:literal) => {
        impl Real for $float {
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;
            const HALF: Self = 0.5;
            const INTEGERS: Self = $integers;

            #[inline(always)]
            fn madd<L: Isa>(self, b: Self, c: Self) -> Self {
                if L::FMA { self.mul_add(b, c) } else { self * b + c }
            }
            #[inline(always)]
            fn absolute(self) -> Self {
                self.abs()
            }
            #[inline(always)]
            fn with_sign(self, sign: Self) -> Self {
                self.copysign(sign)
            }
            #[inline(always)]
            fn square_root(self) -> Self {
                self.sqrt()
            }
            #[inline(always)]
            fn bit_and(self, other: Self) -> Self {
                Self::from_bits(self.to_bits() & other.to_bits())
            }
            #[inline(always)]
            fn bit_or(self, other: Self) -> Self {
                Self::from_bits(self.to_bits() | other.to_bits())
            }
            #[inline(always)]
            fn round_even<L: Isa>(self) -> Self {
                if L::ROUND {
                    return self.round_ties_even();
                }
                // Adding 2^52 (2^23) leaves no bits for a fraction, so the addition rounds.
                let magnitude = self.abs();
                let rounded = ((magnitude + Self::INTEGERS) - Self::INTEGERS).copysign(self);
                if magnitude < Self::INTEGERS { rounded } else { self }
            }
            #[inline(always)]
            fn round_down<L: Isa>(self) -> Self {
                if L::ROUND {
                    return self.floor();
                }
                let rounded = self.round_even::<L>();
                let lower = if rounded > self { rounded - 1.0 } else { rounded };
                // Only an integer part of zero can have lost its sign.
                if lower == 0.0 { Self::ZERO.copysign(self) } else { lower }
            }
            #[inline(always)]
            fn round_to_zero<L: Isa>(self) -> Self {
                if L::ROUND {
                    return self.trunc();
                }
                self.abs().round_down::<L>().copysign(self)
            }
        }
    };
}

real!(f32, 8_388_608.0);
real!(f64, 4_503_599_627_370_496.0);

/// A polynomial by Horner's rule, coefficients from the constant term up.
macro_rules! poly {
    ($level:ty, $x:expr; $last:expr $(,)?) => { $last };
    ($level:ty, $x:expr; $first:expr, $($rest:expr),+ $(,)?) => {
        $crate::vector::real::Real::madd::<$level>($x, $crate::vector::real::poly!($level, $x; $($rest),+), $first)
    };
}
pub(crate) use poly;
