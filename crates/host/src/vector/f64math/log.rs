//! Logarithms in f64.

use crate::cpu::Isa;
use crate::vector::real::poly;

/// ln 2 in 33 bits, whose multiples by an exponent are exact, and the rest.
const LN2_HIGH: f64 = 0.6931471804855391;
const LN2_LOW: f64 = 7.440617110012397e-11;

/// `(k, m)` with `x = 2^k m` and m from sqrt(1/2) to sqrt(2), for positive normal x.
#[inline(always)]
pub(super) fn split(x: f64) -> (f64, f64) {
    const SQRT_HALF: u64 = 0x3fe6_a09e_667f_3bcd;
    let one = 1f64.to_bits();
    let biased = x.to_bits().wrapping_add(one - SQRT_HALF) >> 52;
    // The biased exponent as a float: the low bits of 2^52 count units.
    let k = f64::from_bits(biased | 0x4330_0000_0000_0000) - (4_503_599_627_370_496.0 + 1023.0);
    let m = f64::from_bits(x.to_bits().wrapping_sub(biased.wrapping_sub(1023) << 52));
    (k, m)
}

/// `k ln 2 + log(1 + f) + low` for `1 + f` from sqrt(1/2) to sqrt(2), by the odd series in
/// `s = f / (2 + f)`.
#[inline(always)]
fn combined<L: Isa>(k: f64, f: f64, low: f64) -> f64 {
    let s = f / (2.0 + f);
    let z = s * s;
    let r = z * poly!(L, z;
        0.6666666666666666, 0.4000000000000088, 0.28571428570803614, 0.22222222391713917,
        0.18181795640132906, 0.15386239702814658, 0.13268773138656886, 0.13086626147840102);
    // log(1 + f) = 2 s + s r, and 2 s = f - s f, s f = f^2/2 - s f^2/2.
    let square = 0.5 * f * f;
    let tail = s * (square + r) + (k * LN2_LOW + low);
    k * LN2_HIGH + (f - (square - tail))
}

/// Natural logarithm.
#[inline(always)]
pub(crate) fn log<L: Isa>(x: f64) -> f64 {
    let small = x < f64::MIN_POSITIVE;
    let normal = if small { x * 18_014_398_509_481_984.0 } else { x };
    let (k, m) = split(normal);
    let k = if small { k - 54.0 } else { k };
    let y = combined::<L>(k, m - 1.0, 0.0);
    edges(x, y)
}

/// log(1 + x).
#[inline(always)]
pub(crate) fn log1p<L: Isa>(x: f64) -> f64 {
    let u = 1.0 + x;
    // What rounding 1 + x lost, relative to it.
    let lost = if x >= 1.0 { 1.0 - (u - x) } else { x - (u - 1.0) };
    let (k, m) = split(u);
    let y = combined::<L>(k, m - 1.0, lost / u);
    let y = if x.abs() < 1e-17 { x } else { y };
    let y = edges(u, y);
    // u is +0 for x = -1 only, and infinite for infinite x only.
    if x == f64::INFINITY { x } else { y }
}

/// `y = log(x)`, put right where x is zero, negative, infinite or NaN.
#[inline(always)]
fn edges(x: f64, y: f64) -> f64 {
    let y = if x < f64::INFINITY { y } else { x };
    let y = if x == 0.0 { f64::NEG_INFINITY } else { y };
    if x < 0.0 { f64::NAN } else { y }
}
