//! Inverse trigonometric functions in f64.

use std::f64::consts::{FRAC_PI_2, FRAC_PI_4, PI};

use crate::cpu::Isa;
use crate::vector::real::poly;

/// pi/2 less its f64 value.
const FRAC_PI_2_LOW: f64 = 6.123233995736766e-17;

/// `(asin(v) - v) / v` for `v^2 = z <= 1/4`.
#[inline(always)]
fn asin_kernel<L: Isa>(z: f64) -> f64 {
    z * poly!(L, z;
        0.16666666666666666, 0.07500000000000118, 0.044642857142551895, 0.03038194447553234,
        0.02237215744350722, 0.017352816540325496, 0.01396378001220357, 0.011566459612121669,
        0.009621842970100282, 0.009319560794767446, 0.0030448799094556773, 0.019554513336123378,
        -0.01924167174674304, 0.02961201126495512)
}

/// Inverse sine; beyond one half by `asin x = pi/2 - 2 asin sqrt((1 - x)/2)`.
#[inline(always)]
pub(crate) fn asin<L: Isa>(x: f64) -> f64 {
    let magnitude = x.abs();
    let inner = magnitude < 0.5;
    let z = if inner { x * x } else { 0.5 * (1.0 - magnitude) };
    let v = if inner { magnitude } else { z.sqrt() };
    let r = v + v * asin_kernel::<L>(z);
    let y = if inner { r } else { FRAC_PI_2 - (2.0 * r - FRAC_PI_2_LOW) };
    y.copysign(x)
}

/// Inverse cosine.
#[inline(always)]
pub(crate) fn acos<L: Isa>(x: f64) -> f64 {
    let magnitude = x.abs();
    let inner = magnitude < 0.5;
    let z = if inner { x * x } else { 0.5 * (1.0 - magnitude) };
    let v = if inner { x } else { z.sqrt() };
    let tail = v * asin_kernel::<L>(z);
    let middle = FRAC_PI_2 - (v - (FRAC_PI_2_LOW - tail));
    let outer = 2.0 * (v + tail);
    let outer = if x < 0.0 { PI - (outer - 2.0 * FRAC_PI_2_LOW) } else { outer };
    if inner { middle } else { outer }
}

/// Inverse tangent.
#[inline(always)]
pub(crate) fn atan<L: Isa>(x: f64) -> f64 {
    atan2::<L>(x, 1.0)
}

/// The angle of the point (x, y), signs of zeros included.
#[inline(always)]
pub(crate) fn atan2<L: Isa>(y: f64, x: f64) -> f64 {
    let (ax, ay) = (x.abs(), y.abs());
    let steep = ay > ax;
    let large = if steep { ay } else { ax };
    let small = if steep { ax } else { ay };
    // Keep sums finite.
    let shrink = if large > 1e300 { 0.0625 } else { 1.0 };
    let (large, small) = (large * shrink, small * shrink);
    // Above tan(pi/8), subtract pi/4: tan(u - pi/4) = (s - l) / (s + l).
    let infinite = small == f64::INFINITY;
    let upper = infinite || small > 0.41421356237309503 * large;
    let top = if upper { small - large } else { small };
    let bottom = if upper { small + large } else { large };
    let t = top / bottom;
    // 0/0 and inf/inf: on the axis and on the diagonal.
    let degenerate = infinite || large == 0.0;
    let t = if degenerate { 0.0 } else { t };
    let z = t * t;
    let tail = t
        * z
        * poly!(L, z;
        -0.3333333333333333, 0.19999999999999804, -0.14285714285659729, 0.11111111105145725,
        -0.09090908753017178, 0.07692296361048218, -0.06666424634599337, 0.05878926110528101,
        -0.052304330074828924, 0.0455149623749493, -0.034568068014968874, 0.016282993238924487);
    // The result is c0 + sign (t + tail), in parts: multiples of pi/4 have a low part.
    let quarters = if upper { 1.0 } else { 0.0 };
    let (base, sign) = if steep { (2.0 - quarters, -1.0) } else { (quarters, 1.0) };
    let left = x.is_sign_negative();
    let base = if left { 4.0 - base } else { base };
    let sign = if left { -sign } else { sign };
    let low = base * (0.5 * FRAC_PI_2_LOW);
    let angle = base * FRAC_PI_4 + (sign * t + (sign * tail + low));
    let angle = if x.is_nan() || y.is_nan() { f64::NAN } else { angle };
    angle.copysign(y)
}
