// exp: exponential functions of f32.
// numbers   exp 1.7 ulp, expm1 1.4, logistic 3.0, tanh 2.5
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
    let shifted = x * LOG2_E + TO_INTEGER;
    let n = shifted * f32_one() - TO_INTEGER;
    let high = f32_keep(x - n * LN2_HIGH);
    return Exp(bitcast<u32>(shifted), high - n * LN2_LOW);
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

// e^x for x from -104 to 89: with x = 2 n ln 2 + r and |r| up to ln 2, the square of 2^n needs no halves of n.
fn f32_exp_bounded(x: f32) -> f32 {
    let shifted = x * (0.5f * LOG2_E) + TO_INTEGER;
    let n = shifted * f32_one() - TO_INTEGER;
    let high = f32_keep(x - n * (2.0f * LN2_HIGH));
    let r = high - n * (2.0f * LN2_LOW);
    let p0 = ((1.96108351e-4f * r + 1.41050908e-3f) * r + 8.33612022e-3f) * r + 4.16612379e-2f;
    let p = (((p0 * r + 1.66666137e-1f) * r + 5.00000349e-1f) * r + 1.0f) * r + 1.0f;
    let bits = bitcast<u32>(shifted);
    // p is normal, and so is its product with 2^n.
    let half = bitcast<f32>(bitcast<u32>(p) + bits * 0x00800000u);
    return half * f32_power_of_two(bits);
}

// e^x.
fn f32_exp(x: f32) -> f32 {
    return select(f32_exp_bounded(clamp(x, -104.0f, 89.0f)), x, f32_is_nan(x));
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
    let e = f32_exp_bounded(clamp(-abs(x), -104.0f, 0.0f));
    return select(select(1.0f, e, x < 0.0f) / (1.0f + e), x, f32_is_nan(x));
}

// Hyperbolic tangent: t / (t + 1) with 2 t = e^2x - 1.
fn f32_tanh(x: f32) -> f32 {
    // 1 - tanh 10 is below 2^-26.
    let bounded = clamp(x, -10.0f, 10.0f);
    // 2 x = n ln 2 + 2 r.
    let shifted = bounded * (2.0f * LOG2_E) + TO_INTEGER;
    let n = shifted * f32_one() - TO_INTEGER;
    // Where n is large, the result hardly depends on r.
    let r = bounded - n * (0.5f * LN2);
    let p = (((4.42062877e-2f * r + 1.33900493e-1f) * r + 3.33347142e-1f) * r + 6.66660784e-1f) * r + 9.99999881e-1f;
    let scale = f32_power_of_two(bitcast<u32>(shifted));
    let t = (r + r * r * p) * scale + f32_keep(0.5f * scale - 0.5f);
    // Below 2^-12 the result is x.
    return select(t / (t + 1.0f), x, f32_is_below(x, 0x39800000u));
}
