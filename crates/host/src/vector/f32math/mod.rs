//! Elementary functions in f32, written without branches so that loops over them vectorize.
//!
//! The functions that models use most are computed in f32 itself; the others by their f64 forms, which
//! makes them correctly rounded but for rare near-ties.

// Coefficients have the 9 digits that tell any two f32 apart.
#![allow(clippy::excessive_precision)]

mod exp;
mod log;
mod trig;

pub(crate) use exp::{erf, exp, expm1, logistic, tanh};
pub(crate) use log::{log, log1p};
pub(crate) use trig::{REDUCIBLE, cos, sin, tan};

use super::f64math;
use crate::cpu::Isa;

/// x^y; an f64 logarithm has all the bits that the exponential needs.
#[inline(always)]
pub(crate) fn power<L: Isa>(x: f32, y: f32) -> f32 {
    let (xd, yd) = (f64::from(x), f64::from(y));
    let magnitude = f64math::exp::<L>(yd * f64math::log::<L>(xd.abs()));
    // 1^y and x^0 are 1 whatever the other is, and (-1)^inf.
    let one = (x == 1.0) | (y == 0.0) | ((x == -1.0) & (y.abs() == f32::INFINITY));
    let magnitude = if one { 1.0 } else { magnitude };
    f64math::signed::<L>(xd, yd, magnitude) as f32
}
