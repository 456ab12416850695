//! Exponential functions in f64.

use std::f64::consts::LOG2_E;

use super::SHIFTER;
use crate::cpu::Isa;
use crate::vector::real::poly;

/// ln 2 in 33 bits, whose multiples by an exponent are exact, and the rest.
const LN2_HIGH: f64 = 0.6931471804855391;
const LN2_LOW: f64 = 7.440617110012397e-11;

/// 2^n for an integer n in -1022..=1023.
#[inline(always)]
fn power_of_two(n: f64) -> f64 {
    f64::from_bits(((n + SHIFTER).to_bits() << 52).wrapping_add(1023 << 52))
}

/// `(n, e^r - 1)` with `x = n ln 2 + r`.
#[inline(always)]
fn reduced<L: Isa>(x: f64, low: f64) -> (f64, f64) {
    let n = (x * LOG2_E + SHIFTER) - SHIFTER;
    let r = (x - n * LN2_HIGH) + (low - n * LN2_LOW);
    let p = poly!(L, r;
        0.5, 0.1666666666666667, 0.04166666666666667, 0.008333333333326025, 0.001388888888888367,
        0.00019841269875205077, 2.480158732582228e-05, 2.75572549134867e-06, 2.755727329554174e-07,
        2.5105419192016337e-08, 2.09148313507721e-09);
    (n, (r * r) * p + r)
}

/// `p 2^n`, rounded once also where the result is subnormal.
#[inline(always)]
fn scaled(p: f64, n: f64) -> f64 {
    let first = if n > 1023.0 { 1023.0 } else { n };
    let first = if first < -900.0 { -900.0 } else { first };
    (p * power_of_two(first)) * power_of_two(n - first)
}

/// `2^shift exp(x + low)` for a small `low` (an unevaluated sum) and a shift of 0 or -1.
#[inline(always)]
pub(crate) fn exp_sum<L: Isa>(x: f64, low: f64, shift: f64) -> f64 {
    // Beyond these the result is infinite or zero; the bounds keep n within the range of `scaled`.
    let low = if (-746.0..=712.0).contains(&x) { low } else { 0.0 };
    let x = if x > 712.0 { 712.0 } else { x };
    let x = if x < -746.0 { -746.0 } else { x };
    let (n, p) = reduced::<L>(x, low);
    scaled(1.0 + p, n + shift)
}

/// `2^shift e^x` for a shift of 0 or -1.
#[inline(always)]
pub(crate) fn exp_times<L: Isa>(x: f64, shift: f64) -> f64 {
    exp_sum::<L>(x, 0.0, shift)
}

/// e^x.
#[inline(always)]
pub(crate) fn exp<L: Isa>(x: f64) -> f64 {
    exp_sum::<L>(x, 0.0, 0.0)
}

/// e^x - 1.
#[inline(always)]
pub(crate) fn expm1<L: Isa>(x: f64) -> f64 {
    let bounded = if x > 710.0 { 710.0 } else { x };
    let bounded = if bounded < -40.0 { -40.0 } else { bounded };
    let (n, p) = reduced::<L>(bounded, 0.0);
    // Half of the scale, since 2^1024 is not a number.
    let half = power_of_two(n - 1.0);
    let y = 2.0 * (p * half + (half - 0.5));
    // The halves would lose subnormals and the sign of zero.
    if x.abs() < 1e-17 { x } else { y }
}

/// 1 / (1 + e^-x).
#[inline(always)]
pub(crate) fn logistic<L: Isa>(x: f64) -> f64 {
    let e = exp::<L>(-x.abs());
    let top = if x < 0.0 { e } else { 1.0 };
    top / (1.0 + e)
}
