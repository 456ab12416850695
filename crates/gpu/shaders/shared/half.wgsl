// half: functions of f16 and bf16, in f32 and before they are rounded: as accurate as those types need, and shorter.
// numbers   bf16: relative errors of exp 2^-12.1, logistic 2^-13.1, tanh 2^-12.8, erf 2^-13.2; f16: within 0.51 ulp when
//           rounded. NaN is put back by an integer test; infinities, signs of zeros and subnormals come out right
//
// Arguments are bounded by `clamp` to 0..1, which GPUs do with the sum or product before it, for nothing; so they are
// brought to that range by what scales them anyway.

// `range` u = n + r with |r| up to one half; `start` is TO_INTEGER less what n lacks to the integer in `range` u.
fn half_split(u: f32, range: f32, start: f32) -> Exp {
    let shifted = u * range + start;
    let whole = shifted * f32_one() - start;
    return Exp(bitcast<u32>(shifted), u * range - whole);
}

// x 2^n for x near 1 and n in -125..=126.
fn half_raised(x: f32, n: u32) -> f32 {
    return bitcast<f32>(bitcast<u32>(x) + n * 0x00800000u);
}

// 2^(n + r) within 2^-13.
fn bf16_power_of_two(e: Exp) -> f32 {
    let r = e.r;
    return half_raised(((5.50089255e-2f * r + 2.42210954e-1f) * r + 6.93282902e-1f) * r + 1.0f, e.n);
}

// 2^(n + r) within 2^-18.
fn f16_power_of_two(e: Exp) -> f32 {
    let r = e.r;
    let p = ((9.58285294e-3f * r + 5.59064262e-2f) * r + 2.40240991e-1f) * r + 6.93124175e-1f;
    return half_raised(p * r + 1.0f, e.n);
}

// e^x, as the square of a power of two with exponents from -80 to 80, so that only the last product rounds or overflows.
fn bf16_exp(x: f32) -> f32 {
    let u = clamp(x * (LOG2_E / 320.0f) + 0.5f, 0.0f, 1.0f);
    let root = bf16_power_of_two(half_split(u, 160.0f, TO_INTEGER - 80.0f));
    return select(root * root, x, f32_is_nan(x));
}

// e^x, from 2^-32 to 2^32: beyond all numbers of the type.
fn f16_exp(x: f32) -> f32 {
    let u = clamp(x * (LOG2_E / 64.0f) + 0.5f, 0.0f, 1.0f);
    return select(f16_power_of_two(half_split(u, 64.0f, TO_INTEGER - 32.0f)), x, f32_is_nan(x));
}

// 1 / (1 + e^-x). The power has exponents from -22 to 154, in a number 2^32 times less, as are both parts of the quotient:
// so only the last step rounds or underflows.
fn bf16_logistic(x: f32) -> f32 {
    let u = clamp(x * (LOG2_E / -176.0f) + 0.125f, 0.0f, 1.0f);
    let e = bf16_power_of_two(half_split(u, 176.0f, TO_INTEGER - 54.0f));
    return select(2.3283064365386963e-10f / (e + 2.3283064365386963e-10f), x, f32_is_nan(x));
}

// 1 / (1 + e^-x), from 2^-32 on.
fn f16_logistic(x: f32) -> f32 {
    let u = clamp(x * (LOG2_E / -64.0f) + 0.5f, 0.0f, 1.0f);
    return select(1.0f / (1.0f + f16_power_of_two(half_split(u, 64.0f, TO_INTEGER - 32.0f))), x, f32_is_nan(x));
}

// The product of x and a slope, at most 1, of an odd function: it grows with x where the slope stays.
fn half_odd(x: f32, slope: f32) -> f32 {
    let y = clamp(abs(x) * slope, 0.0f, 1.0f);
    let signed = bitcast<f32>(bitcast<u32>(y) | (bitcast<u32>(x) & F32_SIGN));
    return select(signed, x, f32_is_nan(x));
}

// Hyperbolic tangent: the slope is a rational function of (x / 4.8)^2, and stays from 1 on.
fn bf16_tanh(x: f32) -> f32 {
    let z = clamp(x * 4.34027778e-2f * x, 0.0f, 1.0f);
    let top = (3.66233349e-1f * z + 2.37376475e0f) * z + 9.99958873e-1f;
    let bottom = (6.90573359e0f * z + 1.00477524e1f) * z + 1.0f;
    return half_odd(x, top / bottom);
}

// As `bf16_tanh`, of (x / 6.4)^2.
fn f16_tanh(x: f32) -> f32 {
    let z = clamp(x * 2.44140625e-2f * x, 0.0f, 1.0f);
    let top = ((2.9780376e-1f * z + 3.95988202e0f) * z + 5.07692957e0f) * z + 9.99999464e-1f;
    let bottom = ((1.04105759e1f * z + 3.60011978e1f) * z + 1.87300949e1f) * z + 1.0f;
    return half_odd(x, top / bottom);
}

// Error function: the slope is a polynomial in (x / 2.75)^2, and stays from 1 on.
fn bf16_erf(x: f32) -> f32 {
    let z = clamp(x * 1.32231405e-1f * x, 0.0f, 1.0f);
    let p = ((-1.04810345e0f * z + 4.99987793e0f) * z - 1.04765739e1f) * z + 1.29154682e1f;
    return half_odd(x, (((p * z - 1.0653018e1f) * z + 6.33636284e0f) * z - 2.83875871e0f) * z + 1.12833035e0f);
}

// Error function: the slope is a rational function of (x / 3.3)^2, and stays from 1 on.
fn f16_erf(x: f32) -> f32 {
    let z = clamp(x * 9.18273646e-2f * x, 0.0f, 1.0f);
    let top = ((9.61662352e-1f * z + 5.11450148e0f) * z + 1.68517101e0f) * z + 1.1283772e0f;
    let bottom = ((1.19522305e1f * z + 1.12602634e1f) * z + 5.12358141e0f) * z + 1.0f;
    return half_odd(x, top / bottom);
}
