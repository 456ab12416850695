//! Trigonometric functions in f32.

use std::f64::consts::FRAC_2_PI;

use crate::cpu::Isa;
use crate::vector::real::{Real, poly};

/// Below this magnitude multiples of pi/2 are subtracted exactly enough; beyond it callers take a slow way.
pub(crate) const REDUCIBLE: f32 = 1_000_000.0;

/// pi/2 in 33 bits, whose multiples by up to 2^20 are exact in f64, and the rest.
const HALF_PI_HIGH: f64 = 1.5707963267341256;
const HALF_PI_LOW: f64 = 6.077100506506192e-11;

/// `(r, q)`: `x = q pi/2 + r` with `|r| <= pi/4`, in f64; q by its low bits.
#[inline(always)]
fn reduced<L: Isa>(x: f32) -> (f64, u32) {
    const SHIFTER: f64 = 6_755_399_441_055_744.0;
    let x = f64::from(x);
    let shifted = x.madd::<L>(FRAC_2_PI, SHIFTER);
    let n = shifted - SHIFTER;
    let r = n.madd::<L>(-HALF_PI_LOW, n.madd::<L>(-HALF_PI_HIGH, x));
    (r, shifted.to_bits() as u32)
}

/// sin r, cos r for `|r| <= pi/4`.
#[inline(always)]
fn kernels<L: Isa>(r: f32) -> (f32, f32) {
    let z = r * r;
    let sin = (r * z).madd::<L>(poly!(L, z; -0.166666672, 0.00833333191, -0.00019840039, 2.72437819e-6), r);
    let tail = (z * z) * poly!(L, z; 0.0416666679, -0.00138888881, 2.48005599e-5, -2.72958317e-7);
    let cos = 1.0 + z.madd::<L>(-0.5, tail);
    (sin, cos)
}

/// Sine, for `|x| < REDUCIBLE`.
#[inline(always)]
pub(crate) fn sin<L: Isa>(x: f32) -> f32 {
    let (r, q) = reduced::<L>(x.abs());
    let (sin, cos) = kernels::<L>(r as f32);
    let value = if q & 1 == 0 { sin } else { cos };
    f32::from_bits(value.to_bits() ^ ((q & 2) << 30) ^ (x.to_bits() & (1 << 31)))
}

/// Cosine, for `|x| < REDUCIBLE`.
#[inline(always)]
pub(crate) fn cos<L: Isa>(x: f32) -> f32 {
    let (r, q) = reduced::<L>(x.abs());
    let (sin, cos) = kernels::<L>(r as f32);
    let value = if q & 1 == 0 { cos } else { sin };
    f32::from_bits(value.to_bits() ^ ((q.wrapping_add(1) & 2) << 30))
}

/// Tangent, for `|x| < REDUCIBLE`, in f64 with the f32 polynomials' precision doubled by the exact r.
#[inline(always)]
pub(crate) fn tan<L: Isa>(x: f32) -> f32 {
    crate::vector::f64math::tan::<L>(f64::from(x)) as f32
}
