//! Logarithms in f32.

use crate::cpu::Isa;
use crate::vector::real::{Real, poly};

/// ln 2 in 14 bits, whose multiples by an exponent are exact, and the rest.
const LN2_HIGH: f32 = 0.693_115_23;
const LN2_LOW: f32 = 3.194_618_3e-5;

/// `(k, m)` with `x = 2^k m` and m from sqrt(1/2) to sqrt(2), for positive normal x.
#[inline(always)]
fn split(x: f32) -> (f32, f32) {
    const SQRT_HALF: u32 = 0x3f35_04f3;
    let one = 1f32.to_bits();
    let biased = x.to_bits().wrapping_add(one - SQRT_HALF) >> 23;
    // The biased exponent as a float: the low bits of 2^23 count units.
    let k = f32::from_bits(biased | 0x4b00_0000) - (8_388_608.0 + 127.0);
    let m = f32::from_bits(x.to_bits().wrapping_sub(biased.wrapping_sub(127) << 23));
    (k, m)
}

/// `k ln 2 + log(1 + f) + low` for `1 + f` from sqrt(1/2) to sqrt(2).
#[inline(always)]
fn combined<L: Isa>(k: f32, f: f32, low: f32) -> f32 {
    let p = poly!(L, f;
        0.333333343, -0.249999896, 0.200000107, -0.166680008, 0.142865241, -0.124507435, 0.110377833,
        -0.10646192, 0.105308644, -0.0620150007);
    let z = f * f;
    let cube = (f * z).madd::<L>(p, k.madd::<L>(LN2_LOW, low));
    let tail = z.madd::<L>(-0.5, cube);
    k.madd::<L>(LN2_HIGH, f + tail)
}

/// Natural logarithm.
#[inline(always)]
pub(crate) fn log<L: Isa>(x: f32) -> f32 {
    let small = x < f32::MIN_POSITIVE;
    let normal = if small { x * 33_554_432.0 } else { x };
    let (k, m) = split(normal);
    let k = if small { k - 25.0 } else { k };
    edges(x, combined::<L>(k, m - 1.0, 0.0))
}

/// log(1 + x).
#[inline(always)]
pub(crate) fn log1p<L: Isa>(x: f32) -> f32 {
    let u = 1.0 + x;
    // What rounding 1 + x lost, relative to it.
    let lost = if x >= 1.0 { 1.0 - (u - x) } else { x - (u - 1.0) };
    let (k, m) = split(u);
    let y = combined::<L>(k, m - 1.0, lost / u);
    let y = if x.abs() < 1e-8 { x } else { y };
    edges(u, y)
}

/// `y = log(x)`, put right where x is zero, negative, infinite or NaN.
#[inline(always)]
fn edges(x: f32, y: f32) -> f32 {
    let y = if x < f32::INFINITY { y } else { x };
    let y = if x == 0.0 { f32::NEG_INFINITY } else { y };
    if x < 0.0 { f32::NAN } else { y }
}
