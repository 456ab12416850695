//! Exponential functions in f32, and the error function.

use std::f32::consts::LOG2_E;

use crate::cpu::Isa;
use crate::vector::real::{Real, poly};

/// Adding and subtracting this rounds to an integer (below 2^22), whose low bits the sum shows.
const SHIFTER: f32 = 12_582_912.0;
/// ln 2 in 14 bits, whose multiples by an exponent are exact, and the rest.
const LN2_HIGH: f32 = 0.693_115_23;
const LN2_LOW: f32 = 3.194_618_3e-5;

/// 2^n for an integer n in -126..=127.
#[inline(always)]
fn power_of_two(n: f32) -> f32 {
    f32::from_bits(((n + SHIFTER).to_bits() << 23).wrapping_add(127 << 23))
}

/// `(n, e^r - 1)` with `x = n ln 2 + r`; relative error of the polynomial 2^-31.
#[inline(always)]
fn reduced<L: Isa>(x: f32) -> (f32, f32) {
    let n = x.madd::<L>(LOG2_E, SHIFTER) - SHIFTER;
    let r = n.madd::<L>(-LN2_LOW, n.madd::<L>(-LN2_HIGH, x));
    let p = poly!(L, r;
        0.5, 0.166666672, 0.041666463, 0.00833331048, 0.00139338209, 0.000198911803);
    (n, (r * r).madd::<L>(p, r))
}

/// e^x.
#[inline(always)]
pub(crate) fn exp<L: Isa>(x: f32) -> f32 {
    // Beyond these the result is infinite or zero; NaN passes.
    let x = if x > 90.0 { 90.0 } else { x };
    let x = if x < -105.0 { -105.0 } else { x };
    let (n, p) = reduced::<L>(x);
    // The scale in two factors, neither of which over- or underflows; only the last product rounds.
    let first = if n > 127.0 { 127.0 } else { n };
    let first = if first < -100.0 { -100.0 } else { first };
    ((1.0 + p) * power_of_two(first)) * power_of_two(n - first)
}

/// e^x - 1.
#[inline(always)]
pub(crate) fn expm1<L: Isa>(x: f32) -> f32 {
    let bounded = if x > 89.0 { 89.0 } else { x };
    let bounded = if bounded < -20.0 { -20.0 } else { bounded };
    let (n, p) = reduced::<L>(bounded);
    // Half of the scale, since 2^128 is not a number.
    let half = power_of_two(n - 1.0);
    let y = 2.0 * p.madd::<L>(half, half - 0.5);
    // The halves would lose subnormals and the sign of zero.
    if x.abs() < 1e-8 { x } else { y }
}

/// 1 / (1 + e^-x).
#[inline(always)]
pub(crate) fn logistic<L: Isa>(x: f32) -> f32 {
    let e = exp::<L>(-x.abs());
    let top = if x < 0.0 { e } else { 1.0 };
    top / (1.0 + e)
}

/// Hyperbolic tangent: a polynomial up to 0.6, then t / (t + 2) for t = e^2x - 1.
#[inline(always)]
pub(crate) fn tanh<L: Isa>(x: f32) -> f32 {
    let magnitude = x.abs();
    let z = x * x;
    let small = (magnitude * z).madd::<L>(
        poly!(L, z; -0.333333343, 0.133333132, -0.0539615527, 0.0217883214, -0.00841007102, 0.00237076567),
        magnitude,
    );
    // 1 - tanh 10 is below 2^-26; e^20 is far from overflow, so one factor scales.
    let (n, p) = reduced::<L>(if magnitude > 10.0 { 20.0 } else { 2.0 * magnitude });
    let scale = power_of_two(n);
    let above = p.madd::<L>(scale, scale + 1.0);
    let large = 1.0 - 2.0 / above;
    let y = if magnitude < 0.6 { small } else { large };
    y.copysign(x)
}

/// Error function: an odd polynomial up to 1, then 1 - e^(log erfc).
#[inline(always)]
pub(crate) fn erf<L: Isa>(x: f32) -> f32 {
    let magnitude = x.abs();
    let z = x * x;
    // The leading coefficient less 1, so that only a small term is rounded before the sum.
    let inner = magnitude.madd::<L>(
        poly!(L, z;
            0.128_379_23, -0.376126379, 0.112837821, -0.0268654302, 0.00522103161, -0.000848408032,
            0.000112659589, -9.66704465e-6),
        magnitude,
    );
    // 1 - erf 4 is below 2^-25. The polynomial is off by 2e-8, times an erfc of at most 0.16.
    let t = if magnitude > 4.0 { 4.0 } else { magnitude };
    let exponent = poly!(L, t;
        0.000321866246, -1.13024187, -0.631809533, -0.110097244, 0.0264316425, -0.00476350961,
        0.000597677252, -4.61647869e-5, 1.64267897e-6);
    let (n, p) = reduced::<L>(exponent);
    let scale = power_of_two(n);
    let outer = 1.0 - p.madd::<L>(scale, scale);
    let y = if magnitude < 1.0 { inner } else { outer };
    y.copysign(x)
}
