//! Complex functions in f64, with the branch cuts of C99 Annex G and NumPy.
//!
//! Formulas: W. Kahan, "Branch cuts for complex elementary functions, or much ado about nothing's sign
//! bit" (1987), for the inverse functions, tanh and sqrt.

use std::f64::consts::LN_2;

use num_complex::Complex;

use crate::{BinaryOp, UnaryOp};

type C = Complex<f64>;

/// `op(z)` for operations from complex to complex; `None` for the others.
pub fn complex_unary(op: UnaryOp, z: C) -> Option<C> {
    use UnaryOp::*;
    Some(match op {
        Negate => -z,
        Sign => sign(z),
        Exponential => exp(z),
        ExponentialMinusOne => expm1(z),
        Log => log(z),
        LogPlusOne => log1p(z),
        Logistic => logistic(z),
        Sqrt => sqrt(z),
        Rsqrt => rsqrt(z),
        Cbrt => cbrt(z),
        Sine => by_i_back(sinh(by_i(z))),
        Cosine => cosh(by_i(z)),
        Tan => by_i_back(tanh(by_i(z))),
        Sinh => sinh(z),
        Cosh => cosh(z),
        Tanh => tanh(z),
        Asin => asin(z),
        Acos => acos(z),
        Atan => by_i_back(atanh(by_i(z))),
        Asinh => by_i_back(asin(by_i(z))),
        Acosh => acosh(z),
        Atanh => atanh(z),
        Abs | Ceil | CountLeadingZeros | Floor | Imag | IsFinite | Not | Popcnt | Real => return None,
        RoundNearestAfz | RoundNearestEven | Erf | Erfc | ErfInv => return None,
    })
}

/// `op(a, b)`, or `None` if the operation is not defined on complex numbers.
pub fn complex_binary(op: BinaryOp, a: C, b: C) -> Option<C> {
    use BinaryOp::*;
    Some(match op {
        Add => a + b,
        Subtract => a - b,
        Multiply => multiply(a, b),
        Divide => divide(a, b),
        Power => power(a, b),
        Atan2 => atan2(a, b),
        _ => return None,
    })
}

/// `|z|` without overflow; infinite if a part is.
pub(super) fn abs(z: C) -> f64 {
    libm::hypot(z.re, z.im)
}

/// The four-product form, without recovery of infinities, as XLA.
fn multiply(a: C, b: C) -> C {
    C::new(a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re)
}

/// R. L. Smith's algorithm; a zero divisor and infinite operands as C99 Annex G.
fn divide(a: C, b: C) -> C {
    if b.re == 0.0 && b.im == 0.0 {
        let infinity = f64::INFINITY.copysign(b.re);
        return C::new(infinity * a.re, infinity * a.im);
    }
    let finite = |z: C| z.re.is_finite() && z.im.is_finite();
    let infinite = |z: C| z.re.is_infinite() || z.im.is_infinite();
    if infinite(b) && finite(a) {
        let unit = |x: f64| if x.is_infinite() { 1f64 } else { 0.0 }.copysign(x);
        let (re, im) = (unit(b.re), unit(b.im));
        return C::new(0.0 * (a.re * re + a.im * im), 0.0 * (a.im * re - a.re * im));
    }
    if infinite(a) && finite(b) {
        let unit = |x: f64| if x.is_infinite() { 1f64 } else { 0.0 }.copysign(x);
        let (re, im) = (unit(a.re), unit(a.im));
        return C::new(f64::INFINITY * (re * b.re + im * b.im), f64::INFINITY * (im * b.re - re * b.im));
    }
    if b.re.abs() >= b.im.abs() {
        let ratio = b.im / b.re;
        let scale = b.re + b.im * ratio;
        C::new((a.re + a.im * ratio) / scale, (a.im - a.re * ratio) / scale)
    } else {
        let ratio = b.re / b.im;
        let scale = b.re * ratio + b.im;
        C::new((a.re * ratio + a.im) / scale, (a.im * ratio - a.re) / scale)
    }
}

/// `i z`.
fn by_i(z: C) -> C {
    C::new(-z.im, z.re)
}

/// `-i z`.
fn by_i_back(z: C) -> C {
    C::new(z.im, -z.re)
}

fn sign(z: C) -> C {
    let magnitude = abs(z);
    if magnitude == 0.0 { z } else { C::new(z.re / magnitude, z.im / magnitude) }
}

/// `scale e^x (cos y, sin y)` with the zeros and infinities of C99.
fn exp_polar(x: f64, y: f64) -> C {
    let magnitude = libm::exp(x);
    if y == 0.0 {
        return C::new(magnitude, y);
    }
    if !y.is_finite() {
        if x == f64::NEG_INFINITY {
            return C::new(0.0, 0f64.copysign(y));
        }
        if x == f64::INFINITY {
            return C::new(f64::INFINITY, f64::NAN);
        }
        return C::new(f64::NAN, f64::NAN);
    }
    let (sin, cos) = libm::sincos(y);
    if magnitude.is_infinite() && x.is_finite() {
        let half = libm::exp(x / 2.0);
        return C::new(half * cos * half, half * sin * half);
    }
    C::new(magnitude * cos, magnitude * sin)
}

fn exp(z: C) -> C {
    exp_polar(z.re, z.im)
}

fn expm1(z: C) -> C {
    if z.im == 0.0 {
        return C::new(libm::expm1(z.re), z.im);
    }
    if !z.re.is_finite() || !z.im.is_finite() {
        let e = exp(z);
        return C::new(e.re - 1.0, e.im);
    }
    let (sin, cos) = libm::sincos(z.im);
    let half = libm::sin(z.im / 2.0);
    let e = exp(z);
    let re = if z.re.abs() < 1.0 { libm::expm1(z.re) * cos - 2.0 * half * half } else { e.re - 1.0 };
    C::new(re, if z.re.abs() < 1.0 { libm::exp(z.re) * sin } else { e.im })
}

/// `log |z|`, accurate near the unit circle and without overflow.
fn log_abs(z: C) -> f64 {
    let (large, small) = (z.re.abs().max(z.im.abs()), z.re.abs().min(z.im.abs()));
    if z.re.is_infinite() || z.im.is_infinite() {
        f64::INFINITY
    } else if z.re.is_nan() || z.im.is_nan() {
        f64::NAN
    } else if large > 0.5 && large < 2.0 {
        0.5 * libm::log1p((large - 1.0) * (large + 1.0) + small * small)
    } else if large > 1e300 {
        libm::log(libm::hypot(large / 4.0, small / 4.0)) + 2.0 * LN_2
    } else if large < 1e-290 {
        libm::log(libm::hypot(large * 2f64.powi(200), small * 2f64.powi(200))) - 200.0 * LN_2
    } else {
        libm::log(libm::hypot(large, small))
    }
}

fn log(z: C) -> C {
    C::new(log_abs(z), libm::atan2(z.im, z.re))
}

fn log1p(z: C) -> C {
    let re = if z.re.abs() < 0.5 && z.im.abs() < 0.5 {
        0.5 * libm::log1p(z.re * (2.0 + z.re) + z.im * z.im)
    } else {
        log_abs(C::new(1.0 + z.re, z.im))
    };
    C::new(re, libm::atan2(z.im, 1.0 + z.re))
}

fn logistic(z: C) -> C {
    let one = C::new(1.0, 0.0);
    if z.re < 0.0 {
        let e = exp(z);
        divide(e, one + e)
    } else {
        divide(one, one + exp(-z))
    }
}

fn sqrt(z: C) -> C {
    if z.re == 0.0 && z.im == 0.0 {
        return C::new(0.0, z.im);
    }
    if z.im.is_infinite() {
        return C::new(f64::INFINITY, z.im);
    }
    if z.re.is_infinite() {
        let other = if z.im.is_nan() { z.im } else { 0.0 };
        return if z.re > 0.0 {
            C::new(z.re, other.copysign(z.im))
        } else {
            C::new(other.abs(), f64::INFINITY.copysign(z.im))
        };
    }
    let large = z.re.abs().max(z.im.abs());
    let (factor, root) = if large > 1e300 {
        (2f64.powi(-100), 2f64.powi(50))
    } else if large < 1e-290 {
        (2f64.powi(200), 2f64.powi(-100))
    } else {
        (1.0, 1.0)
    };
    let (re, im) = (z.re * factor, z.im * factor);
    let t = ((re.abs() + libm::hypot(re, im)) / 2.0).sqrt();
    let other = im.abs() / (2.0 * t);
    let (re, im) = if re >= 0.0 { (t, other) } else { (other, t) };
    C::new(re * root, (im * root).copysign(z.im))
}

fn rsqrt(z: C) -> C {
    if z.re == 0.0 && z.im == 0.0 {
        return C::new(f64::INFINITY, f64::NAN);
    }
    if z.re.is_infinite() || z.im.is_infinite() {
        return C::new(0.0, 0f64.copysign(-z.im));
    }
    divide(C::new(1.0, 0.0), sqrt(z))
}

fn cbrt(z: C) -> C {
    if z.im == 0.0 && z.re >= 0.0 {
        return C::new(libm::cbrt(z.re), z.im);
    }
    let (sin, cos) = libm::sincos(libm::atan2(z.im, z.re) / 3.0);
    let magnitude = libm::cbrt(abs(z));
    C::new(magnitude * cos, magnitude * sin)
}

/// `(sinh x cos y, cosh x sin y)`; large arguments in two factors, so that they overflow only if the
/// result does.
fn sinh(z: C) -> C {
    if z.im == 0.0 {
        return C::new(libm::sinh(z.re), z.im);
    }
    let (sin, cos) = libm::sincos(z.im);
    if z.re.abs() > 700.0 && z.im.is_finite() {
        let half = libm::exp(z.re.abs() / 2.0);
        return C::new((0.5 * half * cos * half).copysign(z.re * cos), 0.5 * half * sin * half);
    }
    if z.re == 0.0 {
        return C::new(z.re, sin);
    }
    C::new(libm::sinh(z.re) * cos, libm::cosh(z.re) * sin)
}

/// `(cosh x cos y, sinh x sin y)`.
fn cosh(z: C) -> C {
    if z.im == 0.0 {
        return C::new(libm::cosh(z.re), z.im * 1f64.copysign(z.re));
    }
    let (sin, cos) = libm::sincos(z.im);
    if z.re.abs() > 700.0 && z.im.is_finite() {
        let half = libm::exp(z.re.abs() / 2.0);
        return C::new(0.5 * half * cos * half, (0.5 * half * sin * half).copysign(z.re * sin));
    }
    if z.re == 0.0 {
        return C::new(cos, z.re * sin.signum());
    }
    C::new(libm::cosh(z.re) * cos, libm::sinh(z.re) * sin)
}

fn tanh(z: C) -> C {
    if z.re.abs() > 22.0 {
        let im = if z.im.is_finite() {
            let (sin, cos) = libm::sincos(z.im);
            4.0 * sin * cos * libm::exp(-2.0 * z.re.abs())
        } else {
            0f64.copysign(z.im)
        };
        return C::new(1f64.copysign(z.re), im);
    }
    if z.im == 0.0 {
        return C::new(libm::tanh(z.re), z.im);
    }
    let tan = libm::tan(z.im);
    let beta = 1.0 + tan * tan;
    let s = libm::sinh(z.re);
    let rho = (1.0 + s * s).sqrt();
    if tan.is_infinite() {
        return C::new(rho / s, 1.0 / tan);
    }
    let scale = 1.0 + beta * s * s;
    C::new(beta * rho * s / scale, tan / scale)
}

fn asin(z: C) -> C {
    if abs(z) > 1e150 {
        // asin z = -i log(2 i z) to full accuracy, on the side that the signs choose.
        let re = libm::atan2(z.re, z.im.abs());
        return C::new(re, (log_abs(z) + LN_2).copysign(z.im));
    }
    let minus = sqrt(C::new(1.0 - z.re, -z.im));
    let plus = sqrt(C::new(1.0 + z.re, z.im));
    let re = libm::atan2(z.re, multiply(minus, plus).re);
    let im = libm::asinh(minus.re * plus.im - minus.im * plus.re);
    C::new(re, im.abs().copysign(z.im))
}

fn acos(z: C) -> C {
    if abs(z) > 1e150 {
        let re = libm::atan2(z.im.abs(), z.re);
        return C::new(re, (log_abs(z) + LN_2).copysign(-z.im));
    }
    let minus = sqrt(C::new(1.0 - z.re, -z.im));
    let plus = sqrt(C::new(1.0 + z.re, z.im));
    let im = libm::asinh(plus.re * minus.im - plus.im * minus.re);
    C::new(2.0 * libm::atan2(minus.re, plus.re), im.abs().copysign(-z.im))
}

fn acosh(z: C) -> C {
    // acosh z = i acos z above the real axis, -i acos z below it.
    let w = acos(z);
    C::new(w.im.abs(), w.re.copysign(z.im))
}

fn atanh(z: C) -> C {
    let (x, y) = (z.re.abs(), z.im.abs());
    if x > 1e150 || y > 1e150 {
        let inverse = divide(C::new(1.0, 0.0), z);
        return C::new(inverse.re, std::f64::consts::FRAC_PI_2.copysign(z.im));
    }
    if x == 1.0 && y == 0.0 {
        return C::new(f64::INFINITY.copysign(z.re), z.im);
    }
    let distance = (1.0 - x) * (1.0 - x) + y * y;
    let re = 0.25 * libm::log1p(4.0 * x / distance);
    let im = 0.5 * libm::atan2(2.0 * y, (1.0 - x) * (1.0 + x) - y * y);
    // On the cut beyond 1 the upper side is that of +0.
    C::new(re.copysign(z.re), im.copysign(z.im))
}

/// `exp(b log a)`; 0 to the 0 is 1, 0 to a positive real part is 0.
fn power(a: C, b: C) -> C {
    if b.re == 0.0 && b.im == 0.0 {
        return C::new(1.0, 0.0);
    }
    if a.re == 0.0 && a.im == 0.0 {
        return match b.re {
            re if re > 0.0 => C::new(0.0, 0.0),
            re if re < 0.0 && b.im == 0.0 => C::new(f64::INFINITY, 0.0),
            _ => C::new(f64::NAN, f64::NAN),
        };
    }
    if a.im == 0.0 && b.im == 0.0 && a.re >= 0.0 {
        return C::new(libm::pow(a.re, b.re), 0.0);
    }
    if b == C::new(1.0, 0.0) {
        return a;
    }
    if b == C::new(2.0, 0.0) {
        return multiply(a, a);
    }
    exp(multiply(b, log(a)))
}

/// `-i log((x + i y) / sqrt(x^2 + y^2))`, the definition that XLA uses.
fn atan2(y: C, x: C) -> C {
    let direction = x + by_i(y);
    let radius = sqrt(multiply(x, x) + multiply(y, y));
    by_i_back(log(divide(direction, radius)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: C, b: C) {
        let error = abs(a - b) / abs(b).max(1e-300);
        assert!(error < 1e-14, "{a} is not {b}");
    }

    #[test]
    fn functions_at_one_point() {
        // Values from mpmath at z = 0.7 - 1.3i.
        let z = C::new(0.7, -1.3);
        let at = |op| complex_unary(op, z).expect("complex function");
        for (op, re, im) in [
            (UnaryOp::Exponential, 0.5386764903879439, -1.9403679046892117),
            (UnaryOp::ExponentialMinusOne, -0.4613235096120561, -1.9403679046892117),
            (UnaryOp::Log, 0.3896624384004988, -1.0768549578753155),
            (UnaryOp::LogPlusOne, 0.7608494990630468, -0.6528466311007742),
            (UnaryOp::Sqrt, 1.0431879758757143, -0.6230900039413809),
            (UnaryOp::Rsqrt, 0.706536049649906, 0.4220098008621386),
            (UnaryOp::Cbrt, 1.0661258889899563, -0.4000173068750241),
            (UnaryOp::Sine, 1.2696978072048746, -1.2989945381844448),
            (UnaryOp::Cosine, 1.5074383508731426, 1.0941280057977618),
            (UnaryOp::Tan, 0.14201665536948035, -0.9648016035093661),
            (UnaryOp::Sinh, 0.20292025165577848, -1.209428369457654),
            (UnaryOp::Cosh, 0.3357562387321654, -0.7309395352315579),
            (UnaryOp::Tanh, 1.47162844587362, -0.3983751953569775),
            (UnaryOp::Asin, 0.41475260707379097, -1.1497994455842555),
            (UnaryOp::Acos, 1.1560437197211058, 1.1497994455842555),
            (UnaryOp::Atan, 1.13556447511185, -0.5747827145314895),
            (UnaryOp::Asinh, 1.0331308903624445, -0.9636735189630229),
            (UnaryOp::Acosh, 1.1497994455842555, -1.1560437197211058),
            (UnaryOp::Atanh, 0.23627140845552494, -0.9984220549208925),
            (UnaryOp::Logistic, 0.7490969089822612, -0.31640459059421194),
        ] {
            close(at(op), C::new(re, im));
        }
    }

    #[test]
    fn inverses_agree_with_their_functions() {
        use UnaryOp::*;
        for (inverse, function) in [
            (Asin, Sine),
            (Acos, Cosine),
            (Atan, Tan),
            (Asinh, Sinh),
            (Acosh, Cosh),
            (Atanh, Tanh),
            (Log, Exponential),
        ] {
            for re in [-2.5, -0.7, 0.3, 1.7] {
                for im in [-1.9, -0.2, 0.4, 2.2] {
                    let z = C::new(re, im);
                    let w = complex_unary(inverse, z).expect("complex function");
                    close(complex_unary(function, w).expect("complex function"), z);
                }
            }
        }
    }

    #[test]
    fn branch_cuts_follow_the_sign_of_zero() {
        let at = |op, re, im| complex_unary(op, C::new(re, im)).expect("complex function");
        assert_eq!(at(UnaryOp::Sqrt, -4.0, 0.0), C::new(0.0, 2.0));
        assert_eq!(at(UnaryOp::Sqrt, -4.0, -0.0), C::new(0.0, -2.0));
        assert!(at(UnaryOp::Log, -1.0, -0.0).im < -3.0);
        assert!(at(UnaryOp::Asin, 2.0, 0.0).im > 1.0 && at(UnaryOp::Asin, 2.0, -0.0).im < -1.0);
        assert!(at(UnaryOp::Acos, 2.0, 0.0).im < -1.0);
        assert!(at(UnaryOp::Atanh, 2.0, 0.0).im > 1.5 && at(UnaryOp::Atanh, 2.0, -0.0).im < -1.5);
    }

    #[test]
    fn division_scales() {
        let z = divide(C::new(1e300, 1e300), C::new(1e300, 0.0));
        assert_eq!(z, C::new(1.0, 1.0));
        assert_eq!(divide(C::new(1.0, 2.0), C::new(f64::INFINITY, 1.0)).re, 0.0);
    }
}
