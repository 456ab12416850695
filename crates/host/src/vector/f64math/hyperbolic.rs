//! Hyperbolic functions and their inverses in f64.

use std::f64::consts::LN_2;

use super::{exp_times, expm1, log, log1p};
use crate::cpu::Isa;

/// Hyperbolic tangent: t / (t + 2) for t = e^2x - 1.
#[inline(always)]
pub(crate) fn tanh<L: Isa>(x: f64) -> f64 {
    let magnitude = x.abs();
    // 1 - tanh 22 is below 2^-61.
    let t = expm1::<L>(if magnitude > 22.0 { 44.0 } else { 2.0 * magnitude });
    // At the bottom, 2 |x| may not be exact in the quotient.
    let y = if magnitude < 1e-9 { magnitude } else { t / (t + 2.0) };
    y.copysign(x)
}

/// Hyperbolic sine.
#[inline(always)]
pub(crate) fn sinh<L: Isa>(x: f64) -> f64 {
    let magnitude = x.abs();
    let t = expm1::<L>(if magnitude > 30.0 { 30.0 } else { magnitude });
    let small = 0.5 * (t + t / (t + 1.0));
    let large = exp_times::<L>(magnitude, -1.0);
    let y = if magnitude > 30.0 { large } else { small };
    let y = if magnitude < 1e-9 { magnitude } else { y };
    y.copysign(x)
}

/// Hyperbolic cosine.
#[inline(always)]
pub(crate) fn cosh<L: Isa>(x: f64) -> f64 {
    let half = exp_times::<L>(x.abs(), -1.0);
    half + 0.25 / half
}

/// Inverse hyperbolic sine.
#[inline(always)]
pub(crate) fn asinh<L: Isa>(x: f64) -> f64 {
    let magnitude = x.abs();
    let large = magnitude > 1e9;
    let bounded = if large { 1.0 } else { magnitude };
    let square = bounded * bounded;
    // log1p(large - 1) would round twice: there the argument is |x| itself.
    let argument = bounded + square / (1.0 + (square + 1.0).sqrt());
    let y = if large { log::<L>(magnitude) + LN_2 } else { log1p::<L>(argument) };
    let y = if magnitude < 1e-9 { magnitude } else { y };
    y.copysign(x)
}

/// Inverse hyperbolic cosine; NaN below 1.
#[inline(always)]
pub(crate) fn acosh<L: Isa>(x: f64) -> f64 {
    let t = x - 1.0;
    let y = log1p::<L>(t + (2.0 * t + t * t).sqrt());
    let y = if x > 1e9 { log::<L>(x) + LN_2 } else { y };
    if x < 1.0 { f64::NAN } else { y }
}

/// Inverse hyperbolic tangent; infinite at 1, NaN beyond.
#[inline(always)]
pub(crate) fn atanh<L: Isa>(x: f64) -> f64 {
    let magnitude = x.abs();
    let y = 0.5 * log1p::<L>(2.0 * magnitude / (1.0 - magnitude));
    let y = if magnitude < 1e-9 { magnitude } else { y };
    y.copysign(x)
}
