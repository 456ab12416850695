//! Powers and cube roots in f64.

use super::log::split;
use super::{exp_sum, fast_two_sum, two_product};
use crate::cpu::Isa;
use crate::vector::real::{Real, poly};

/// ln 2 in 42 bits, whose multiples by an exponent are exact, and the rest.
const LN2_HIGH: f64 = 0.6931471805598903;
const LN2_LOW: f64 = 5.497923018708371e-14;
/// 2/3, and what it lacks.
const TWO_THIRDS: f64 = 0.6666666666666666;
const TWO_THIRDS_LOW: f64 = 3.700743415417188e-17;

/// True where [`power`] does not hold: operands that are infinite or NaN, a base that is zero or subnormal.
#[inline(always)]
pub(crate) fn power_is_rare(x: f64, y: f64) -> bool {
    let x = x.abs();
    let base = x.is_normal();
    // The bound keeps exact products from overflowing.
    !(base & (y.abs() < 1e290))
}

/// x^y = e^(y log |x|) with a sign, the logarithm and the product in two floats each.
#[inline(always)]
pub(crate) fn power<L: Isa>(x: f64, y: f64) -> f64 {
    let (high, low) = long_log::<L>(x.abs());
    let (product, error) = two_product::<L>(y, high);
    let magnitude = exp_sum::<L>(product, error + y * low, 0.0);
    signed::<L>(x, y, magnitude)
}

/// A power's magnitude with its sign: that of x for odd y; NaN for finite negative x and fractional y.
#[inline(always)]
pub(crate) fn signed<L: Isa>(x: f64, y: f64, magnitude: f64) -> f64 {
    let half = 0.5 * y;
    let integer = y.round_to_zero::<L>() == y;
    let odd = integer & (half.round_to_zero::<L>() != half);
    let value = if odd & x.is_sign_negative() { -magnitude } else { magnitude };
    if !integer & (x < 0.0) & (x > f64::NEG_INFINITY) { f64::NAN } else { value }
}

/// log x as an unevaluated sum, relative error about 2^-65, for positive normal x.
#[inline(always)]
fn long_log<L: Isa>(x: f64) -> (f64, f64) {
    let (k, m) = split(x);
    let f = m - 1.0;
    let (d, d_low) = fast_two_sum(2.0, f);
    // s = f / (2 + f), its remainder, and log(1 + f) = 2 s + 2/3 s^3 + s^5 R(s^2).
    let s = f / d;
    let (product, error) = two_product::<L>(s, d);
    let s_low = (((f - product) - error) - s * d_low) / d;
    let (z, z_error) = two_product::<L>(s, s);
    let z_low = z_error + 2.0 * s * s_low;
    let (cube, cube_error) = two_product::<L>(s, z);
    let cube_low = cube_error + (s * z_low + s_low * z);
    let (third, third_error) = two_product::<L>(cube, TWO_THIRDS);
    let third_low = third_error + (cube * TWO_THIRDS_LOW + cube_low * TWO_THIRDS);
    let rest = cube
        * z
        * poly!(L, z;
        0.4, 0.28571428571429425, 0.2222222222162076, 0.18181818343316125, 0.1538459412012637,
        0.13334850282547114, 0.11705021567538627, 0.11735818855512968);
    let (sum, e1) = fast_two_sum(k * LN2_HIGH, 2.0 * s);
    let (sum, e2) = fast_two_sum(sum, third);
    let low = (e1 + e2) + (((third_low + 2.0 * s_low) + k * LN2_LOW) + rest);
    fast_two_sum(sum, low)
}

/// Cube root: a third of the exponent as a first guess (5 % off), then E. Halley's iteration, which
/// triples the number of right digits.
#[inline(always)]
pub(crate) fn cbrt<L: Isa>(x: f64) -> f64 {
    const P54: f64 = 18_014_398_509_481_984.0;
    const P162: f64 = P54 * P54 * P54;
    let magnitude = x.abs();
    // Keep cubes and their errors within range: 2^162 and its cube root.
    let (up, down) = if magnitude < 1e-250 { (P162, 1.0 / P54) } else { (1.0, 1.0) };
    let (up, down) = if magnitude > 1e250 { (1.0 / P162, P54) } else { (up, down) };
    let normal = magnitude * up;
    // The upper half of the bits, as a number, is nearly a logarithm.
    const TWO_52: f64 = 4_503_599_627_370_496.0;
    let upper = f64::from_bits((normal.to_bits() >> 32) | TWO_52.to_bits()) - TWO_52;
    let guess = upper * (1.0 / 3.0) + 715_094_163.0;
    let mut t = f64::from_bits((guess + TWO_52).to_bits() << 32);
    for _ in 0..3 {
        let cube = t * t * t;
        t = t + t * ((normal - cube) / (2.0 * cube + normal));
    }
    // A last Newton step with the exact square: what Halley's rounding left.
    let (square, square_low) = two_product::<L>(t, t);
    let (cube, cube_low) = two_product::<L>(square, t);
    let residual = (normal - cube) - (cube_low + square_low * t);
    let t = t + residual / (3.0 * square);
    let root = t * down;
    let root = if (magnitude == 0.0) | !magnitude.is_finite() { magnitude } else { root };
    root.copysign(x)
}
