// exp: exponential functions of f32.
// numbers   exp 1.2 ulp, expm1 1.4, logistic 2.3, tanh 1.2

const LOG2_E: f32 = 1.44269502e0f;
// ln 2 in 14 bits, whose multiples by an exponent are exact, and the rest.
const LN2_HIGH: f32 = 0.693115234375f;
const LN2_LOW: f32 = 3.19461833e-5f;
const LN2: f32 = 0.693147182f;

// x = n ln 2 + r, given by n and e^r - 1.
struct Exp {
    n: i32,
    rest: f32,
}

// 2^n for n in -126..=127.
fn f32_power_of_two(n: i32) -> f32 {
    return bitcast<f32>(bitcast<u32>(n + 127) << 23u);
}

// e^(x + low) for |x| below 150; low is far smaller.
fn f32_exp_reduced(x: f32, low: f32) -> Exp {
    let n = floor(x * LOG2_E + 0.5f);
    let high = f32_keep(x - n * LN2_HIGH);
    let r = high + (low - n * LN2_LOW);
    let p = ((((1.98911803e-4f * r + 1.39338209e-3f) * r + 8.33331048e-3f) * r + 4.16664630e-2f) * r + 1.66666672e-1f) * r + 0.5f;
    return Exp(i32(n), r + r * r * p);
}

// e^(x + low) 2^shift; NaN passes. `shift` is 0 or -1.
fn f32_exp_sum(x: f32, low: f32, shift: i32) -> f32 {
    // Beyond these the result is infinite or zero.
    let outside = (x > 92.0f) | (x < -106.0f);
    let bounded = select(x, select(-106.0f, 92.0f, x > 0.0f), outside);
    let e = f32_exp_reduced(bounded, select(low, 0.0f, outside));
    // The scale in two factors, neither of which over- or underflows; only the last product rounds.
    let n = e.n + shift;
    let first = select(select(n, 127, n > 127), -100, n < -100);
    let part = f32_keep((1.0f + e.rest) * f32_power_of_two(first));
    let y = part * f32_power_of_two(n - first);
    return f32_value(select(f32_bits(y), F32_NAN, f32_is_nan(x)));
}

// e^x.
fn f32_exp(x: f32) -> f32 {
    return f32_exp_sum(x, 0.0f, 0);
}

// e^x - 1.
fn f32_expm1(x: f32) -> f32 {
    let bounded = select(x, select(-20.0f, 89.0f, x > 0.0f), (x > 89.0f) | (x < -20.0f));
    let e = f32_exp_reduced(bounded, 0.0f);
    // Half of the scale, since 2^128 is not a number.
    let half = f32_power_of_two(e.n - 1);
    let y = 2.0f * (e.rest * half + f32_keep(half - 0.5f));
    // The halves would lose subnormals and the sign of zero.
    let bits = f32_bits(x);
    let magnitude = bits & F32_MAGNITUDE;
    return f32_value(select(f32_bits(y), bits, (magnitude < 0x32000000u) | (magnitude > F32_INFINITY)));
}

// 1 / (1 + e^-x).
fn f32_logistic(x: f32) -> f32 {
    let e = f32_exp(-abs(x));
    let y = f32_quotient(select(1.0f, e, x < 0.0f), 1.0f + e);
    return f32_value(select(f32_bits(y), F32_NAN, f32_is_nan(x)));
}

// Hyperbolic tangent: a polynomial up to 0.6, then 1 - 2 / (e^2x + 1).
fn f32_tanh(x: f32) -> f32 {
    let magnitude = abs(x);
    let z = x * x;
    let p = ((((2.37076567e-3f * z - 8.41007102e-3f) * z + 2.17883214e-2f) * z - 5.39615527e-2f) * z + 1.33333132e-1f) * z - 3.33333343e-1f;
    let small = magnitude + magnitude * z * p;
    // 1 - tanh 10 is below 2^-26.
    let e = f32_exp_reduced(select(2.0f * magnitude, 20.0f, magnitude > 10.0f), 0.0f);
    let scale = f32_power_of_two(e.n);
    let large = 1.0f - 2.0f / (e.rest * scale + f32_keep(scale + 1.0f));
    let y = f32_bits(select(large, small, magnitude < 0.6f)) | (f32_bits(x) & F32_SIGN);
    return f32_value(select(y, F32_NAN, f32_is_nan(x)));
}
