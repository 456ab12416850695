// exp: exponential functions of f32.
// numbers   exp 1.0 ulp, expm1 1.4, logistic 2.3, tanh 2.5
//           NaN and what is too small to matter are put back by one integer test at the end: clamp may lose NaN

const LOG2_E: f32 = 1.44269502e0f;
// ln 2 in 14 bits, whose multiples by an exponent are exact, and the rest.
const LN2_HIGH: f32 = 0.693115234375f;
const LN2_LOW: f32 = 3.19461833e-5f;
const LN2: f32 = 0.693147182f;
// 1.5 * 2^23: the low bits of its sum with a number are the nearest integer.
const TO_INTEGER: f32 = 12582912.0f;

// x = n ln 2 + r with |r| up to (ln 2) / 2. Only the low 9 bits of n count, as a signed number.
struct Exp {
    n: u32,
    r: f32,
}

// 2^n for n in -126..=127.
fn f32_power_of_two(n: u32) -> f32 {
    return bitcast<f32>(n * 0x00800000u + 0x3f800000u);
}

// x 2^n for n in -252..=254: in two steps, so that only the last rounds or overflows.
fn f32_scaled(x: f32, n: u32) -> f32 {
    let half = n >> 1u;
    return f32_keep(x * f32_power_of_two(half)) * f32_power_of_two(n - half);
}

// Of a number of magnitude below 150.
fn f32_exp_split(x: f32) -> Exp {
    let shifted = f32_keep(x * LOG2_E + TO_INTEGER);
    let n = shifted - TO_INTEGER;
    let r = f32_keep(x - n * LN2_HIGH) - n * LN2_LOW;
    return Exp(bitcast<u32>(shifted), r);
}

// e^r - 1 for |r| up to (ln 2) / 2.
fn f32_exp_rest(r: f32) -> f32 {
    let p = (((1.38144649e-3f * r + 8.36878084e-3f) * r + 4.16683927e-2f) * r + 1.66665196e-1f) * r + 4.99999940e-1f;
    return r + r * r * p;
}

// e^(x + low) 2^shift for a far smaller low; NaN passes. `shift` is 0 or -1.
fn f32_exp_sum(x: f32, low: f32, shift: i32) -> f32 {
    // Beyond these the result is infinite or zero.
    let bounded = clamp(x, -104.0f, 89.5f);
    let e = f32_exp_split(bounded);
    let r = e.r + select(0.0f, low, bounded == x);
    return select(f32_scaled(1.0f + f32_exp_rest(r), e.n + bitcast<u32>(shift)), x, f32_is_nan(x));
}

// e^x.
fn f32_exp(x: f32) -> f32 {
    let e = f32_exp_split(clamp(x, -104.0f, 89.0f));
    return select(f32_scaled(1.0f + f32_exp_rest(e.r), e.n), x, f32_is_nan(x));
}

// e^x - 1.
fn f32_expm1(x: f32) -> f32 {
    let e = f32_exp_split(clamp(x, -20.0f, 89.0f));
    // Half of the scale, since 2^128 is not a number.
    let half = f32_power_of_two(e.n - 1u);
    let y = 2.0f * (f32_exp_rest(e.r) * half + f32_keep(half - 0.5f));
    // Below 2^-25 the result is x, whose sign and bits the halves would lose.
    return select(y, x, f32_is_below(x, 0x33000000u));
}

// 1 / (1 + e^-x).
fn f32_logistic(x: f32) -> f32 {
    let e = f32_exp(-abs(x));
    return select(1.0f, e, x < 0.0f) / (1.0f + e);
}

// Hyperbolic tangent: t / (t + 2) with t = e^2x - 1.
fn f32_tanh(x: f32) -> f32 {
    // 1 - tanh 10 is below 2^-26.
    let e = f32_exp_split(clamp(x + x, -20.0f, 20.0f));
    let scale = f32_power_of_two(e.n);
    let t = f32_exp_rest(e.r) * scale + f32_keep(scale - 1.0f);
    // Below 2^-12 the result is x.
    return select(t / (t + 2.0f), x, f32_is_below(x, 0x39800000u));
}
