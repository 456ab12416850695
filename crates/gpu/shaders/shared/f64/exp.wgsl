// exp: exponential functions of f64.
// numbers   exp 2 ulp, expm1 2, logistic 2, tanh 3
//           NaN and what is too small to matter are put back by an integer test at the end

const F64_LOG2_E: f64 = 1.4426950408889634lf;
// ln 2 in 33 bits, whose multiples by an exponent are exact, and the rest.
const F64_LN2_HIGH: f64 = 0.6931471804855391lf;
const F64_LN2_LOW: f64 = 7.440617110012397e-11lf;
const F64_LN2: f64 = 0.6931471805599453lf;
// 1.5 * 2^52: the low bits of its sum with a number are the nearest integer.
const F64_TO_INTEGER: f64 = 6755399441055744.0lf;

// x = n ln 2 + r with |r| up to (ln 2) / 2; `rest` is e^r - 1.
struct Exp64 {
    n: u32,
    rest: f64,
}

// Of x + low for a far smaller low, and a magnitude below 1100.
fn f64_exp_split(x: f64, low: f64) -> Exp64 {
    let shifted = f64_keep(x * F64_LOG2_E + F64_TO_INTEGER);
    let n = shifted - F64_TO_INTEGER;
    let r = f64_keep(x - n * F64_LN2_HIGH) + (low - n * F64_LN2_LOW);
    var p = 2.09148313507721e-09lf;
    p = p * r + 2.5105419192016337e-08lf;
    p = p * r + 2.755727329554174e-07lf;
    p = p * r + 2.75572549134867e-06lf;
    p = p * r + 2.480158732582228e-05lf;
    p = p * r + 0.00019841269875205077lf;
    p = p * r + 0.001388888888888367lf;
    p = p * r + 0.008333333333326025lf;
    p = p * r + 0.04166666666666667lf;
    p = p * r + 0.1666666666666667lf;
    p = p * r + 0.5lf;
    return Exp64(u64_low(bitcast<u64>(shifted)), r * r * p + r);
}

// x in `low..=high`; NaN becomes some number.
fn f64_bounded(x: f64, low: f64, high: f64) -> f64 {
    let below = select(low, x, x > low);
    return select(below, high, x > high);
}

// e^(x + low) 2^shift for a far smaller low; NaN passes. `shift` is 0 or -1.
fn f64_exp_sum(x: f64, low: f64, shift: i32) -> f64 {
    // Beyond these the result is infinite or zero.
    let bounded = f64_bounded(x, -746.0lf, 712.0lf);
    let e = f64_exp_split(bounded, select(0.0lf, low, bounded == x));
    return select(f64_scaled(f64_keep(1.0lf + e.rest), e.n + bitcast<u32>(shift)), x, f64_is_nan(x));
}

// e^x.
fn f64_exp(x: f64) -> f64 {
    return f64_exp_sum(x, 0.0lf, 0);
}

// e^x - 1.
fn f64_expm1(x: f64) -> f64 {
    let e = f64_exp_split(f64_bounded(x, -40.0lf, 710.0lf), 0.0lf);
    // Half of the scale, since 2^1024 is not a number.
    let half = f64_power_of_two(e.n - 1u);
    let y = 2.0lf * (e.rest * half + f64_keep(half - 0.5lf));
    // Below 2^-56 the result is x, whose sign and bits the halves would lose.
    let magnitude = f64_magnitude(x);
    return select(y, x, (magnitude < 0x3c70000000000000lu) | (magnitude > F64_INFINITY));
}

// 1 / (1 + e^-x).
fn f64_logistic(x: f64) -> f64 {
    let e = f64_exp(-abs(x));
    return f64_divide(select(1.0lf, e, x < 0.0lf), 1.0lf + e);
}

// Hyperbolic tangent: t / (t + 2) with t = e^2x - 1.
fn f64_tanh(x: f64) -> f64 {
    let magnitude = abs(x);
    // 1 - tanh 22 is below 2^-61.
    let t = f64_expm1(f64_bounded(magnitude + magnitude, 0.0lf, 44.0lf));
    let y = f64_copysign(f64_quotient(t, t + 2.0lf), x);
    // Below 2^-29 the result is x.
    return select(y, x, (f64_magnitude(x) < 0x3e20000000000000lu) | f64_is_nan(x));
}
