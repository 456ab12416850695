//! Trigonometric functions in f64.

use std::f64::consts::FRAC_2_PI;

use super::{SHIFTER, two_sum};
use crate::cpu::Isa;
use crate::vector::real::poly;

/// Below this magnitude multiples of pi/2 are subtracted exactly enough; beyond it callers take a slow way.
pub(crate) const REDUCIBLE: f64 = 1_000_000.0;

/// pi/2 in parts of 33 bits, whose multiples by up to 2^20 are exact, and the rest.
const HALF_PI: [f64; 4] =
    [1.5707963267341256, 6.077100506303966e-11, 2.0222662487111665e-21, 8.4784276603689e-32];

/// `(r, low, q)`: `x = q pi/2 + r + low` with `|r| <= pi/4` (W. Cody, W. Waite), q by its low bits.
#[inline(always)]
fn reduced(x: f64) -> (f64, f64, u64) {
    let shifted = x * FRAC_2_PI + SHIFTER;
    let n = shifted - SHIFTER;
    let first = x - n * HALF_PI[0];
    let (second, e2) = two_sum(first, -(n * HALF_PI[1]));
    let (third, e3) = two_sum(second, -(n * HALF_PI[2]));
    let (r, low) = two_sum(third, (e2 + e3) - n * HALF_PI[3]);
    (r, low, shifted.to_bits())
}

/// sin(r + low).
#[inline(always)]
fn sin_kernel<L: Isa>(r: f64, low: f64) -> f64 {
    let z = r * r;
    let p = poly!(L, z;
        -0.16666666666666666, 0.008333333333333331, -0.00019841269841264567, 2.7557319218954762e-06,
        -2.505210610025599e-08, 1.6058510875319195e-10, -7.585486485235938e-13);
    r + ((r * z) * p + low * (1.0 - 0.5 * z))
}

/// cos(r + low).
#[inline(always)]
fn cos_kernel<L: Isa>(r: f64, low: f64) -> f64 {
    let z = r * r;
    let p = poly!(L, z;
        0.041666666666666664, -0.0013888888888888887, 2.4801587301584367e-05, -2.75573192211891e-07,
        2.0876755717584403e-09, -1.1470449354466773e-11, 4.745198807202876e-14);
    let half = 0.5 * z;
    let w = 1.0 - half;
    w + (((1.0 - w) - half) + (z * z * p - r * low))
}

/// Sine, for `|x| < REDUCIBLE`.
#[inline(always)]
pub(crate) fn sin<L: Isa>(x: f64) -> f64 {
    let (r, low, q) = reduced(x.abs());
    let value = if q & 1 == 0 { sin_kernel::<L>(r, low) } else { cos_kernel::<L>(r, low) };
    f64::from_bits(value.to_bits() ^ ((q & 2) << 62) ^ (x.to_bits() & (1 << 63)))
}

/// Cosine, for `|x| < REDUCIBLE`.
#[inline(always)]
pub(crate) fn cos<L: Isa>(x: f64) -> f64 {
    let (r, low, q) = reduced(x.abs());
    let value = if q & 1 == 0 { cos_kernel::<L>(r, low) } else { sin_kernel::<L>(r, low) };
    f64::from_bits(value.to_bits() ^ ((q.wrapping_add(1) & 2) << 62))
}

/// Tangent, for `|x| < REDUCIBLE`.
#[inline(always)]
pub(crate) fn tan<L: Isa>(x: f64) -> f64 {
    let (r, low, q) = reduced(x.abs());
    let (sin, cos) = (sin_kernel::<L>(r, low), cos_kernel::<L>(r, low));
    let (top, bottom) = if q & 1 == 0 { (sin, cos) } else { (cos, -sin) };
    let value = top / bottom;
    f64::from_bits(value.to_bits() ^ (x.to_bits() & (1 << 63)))
}
