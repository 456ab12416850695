//! Elementary functions in f64, written without branches so that loops over them vectorize.
//!
//! Coefficients are near-minimax polynomials (Chebyshev interpolation at 70 digits, then expanded), of a
//! relative error below 2^-56 unless said otherwise.

mod error;
mod exp;
mod hyperbolic;
mod inverse;
mod log;
mod power;
mod trig;

pub(crate) use error::{erf, erf_inv, erfc};
pub(crate) use exp::{exp, exp_sum, exp_times, expm1, logistic};
pub(crate) use hyperbolic::{acosh, asinh, atanh, cosh, sinh, tanh};
pub(crate) use inverse::{acos, asin, atan, atan2};
pub(crate) use log::{log, log1p};
pub(crate) use power::{cbrt, power, power_is_rare, signed};
pub(crate) use trig::{REDUCIBLE, cos, sin, tan};

/// Adding and subtracting this rounds to an integer (below 2^51), whose low bits the sum shows.
const SHIFTER: f64 = 6_755_399_441_055_744.0;

/// `(sum, error)` with `sum + error == a + b` exactly, for any magnitudes (D. Knuth).
#[inline(always)]
fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let part = sum - a;
    (sum, (a - (sum - part)) + (b - part))
}

/// As [`two_sum`], for `|a| >= |b|` or `a == 0` (T. Dekker).
#[inline(always)]
fn fast_two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    (sum, b - (sum - a))
}

/// `(product, error)` with `product + error == a * b` exactly, if nothing over- or underflows.
#[inline(always)]
fn two_product<L: crate::cpu::Isa>(a: f64, b: f64) -> (f64, f64) {
    let product = a * b;
    if L::FMA {
        return (product, a.mul_add(b, -product));
    }
    // Veltkamp's splitting into halves of 26 bits, whose products are exact.
    const SPLIT: f64 = 134_217_729.0;
    let halves = |x: f64| {
        let high = SPLIT * x - (SPLIT * x - x);
        (high, x - high)
    };
    let ((ah, al), (bh, bl)) = (halves(a), halves(b));
    (product, ((ah * bh - product) + ah * bl + al * bh) + al * bl)
}

/// `x - a * b` rounded once, for an exact product in two parts.
#[inline(always)]
pub(crate) fn minus_product<L: crate::cpu::Isa>(x: f64, a: f64, b: f64) -> f64 {
    if L::FMA {
        return (-a).mul_add(b, x);
    }
    let (product, error) = two_product::<L>(a, b);
    (x - product) - error
}
