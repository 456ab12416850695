// hyperbolic: hyperbolic functions of f64 and their inverses.
// numbers   3 ulp

// y, where x is not NaN, with the sign of x.
fn f64_odd(x: f64, y: f64) -> f64 {
    let bits = (f64_bits(y) & F64_MAGNITUDE) | (f64_bits(x) & F64_SIGN);
    return f64_value(select(bits, F64_NAN, f64_is_nan(x)));
}

// Hyperbolic sine.
fn f64_sinh(x: f64) -> f64 {
    let magnitude = abs(x);
    let t = f64_expm1(f64_bounded(magnitude, 0.0lf, 30.0lf));
    let small = 0.5lf * (t + f64_quotient(t, t + 1.0lf));
    let y = select(small, f64_exp_sum(magnitude, 0.0lf, -1), magnitude > 30.0lf);
    return f64_odd(x, select(y, magnitude, magnitude < 1e-9lf));
}

// Hyperbolic cosine.
fn f64_cosh(x: f64) -> f64 {
    let half = f64_exp_sum(abs(x), 0.0lf, -1);
    return half + 0.25lf / half;
}

// Inverse hyperbolic sine.
fn f64_asinh(x: f64) -> f64 {
    let magnitude = abs(x);
    let large = magnitude > 1.0e9lf;
    let bounded = select(magnitude, 1.0lf, large);
    let square = bounded * bounded;
    let sum = bounded + square / (1.0lf + f64_sqrt(square + 1.0lf));
    let y = select(f64_log1p(sum), f64_log(magnitude) + F64_LN2, large);
    return f64_odd(x, select(y, magnitude, magnitude < 1e-9lf));
}

// Inverse hyperbolic cosine; NaN below 1.
fn f64_acosh(x: f64) -> f64 {
    let t = x - 1.0lf;
    let y = f64_log1p(t + f64_sqrt(2.0lf * t + t * t));
    let bits = f64_bits(select(y, f64_log(x) + F64_LN2, x > 1.0e9lf));
    return f64_value(select(bits, F64_NAN, (x < 1.0lf) | f64_is_nan(x)));
}

// Inverse hyperbolic tangent; infinite at 1, NaN beyond.
fn f64_atanh(x: f64) -> f64 {
    let magnitude = abs(x);
    let y = 0.5lf * f64_log1p(f64_divide(2.0lf * magnitude, 1.0lf - magnitude));
    let inside = f64_value(select(f64_bits(y), F64_NAN, magnitude > 1.0lf));
    let value = select(inside, magnitude, magnitude < 1e-9lf);
    return f64_value(select(f64_bits(value) | (f64_bits(x) & F64_SIGN), F64_NAN, f64_is_nan(x) | f64_is_nan(value)));
}
