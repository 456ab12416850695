// hyperbolic: hyperbolic functions of f32 and their inverses.
// numbers   sinh 1.6 ulp, cosh 1.4, asinh 1.5, acosh 2.2, atanh 1.0

// Hyperbolic sine: a polynomial up to 1, then by the exponential.
fn f32_sinh(x: f32) -> f32 {
    let magnitude = abs(x);
    let z = x * x;
    let p = ((2.80630024e-6f * z + 1.98380993e-4f) * z + 8.33333936e-3f) * z + 1.66666672e-1f;
    let small = magnitude + magnitude * z * p;
    let half = f32_exp_sum(magnitude, 0.0f, -1);
    let large = half - 0.25f / half;
    let y = f32_bits(select(large, small, magnitude < 1.0f)) | (f32_bits(x) & F32_SIGN);
    return f32_value(select(y, F32_NAN, f32_is_nan(x)));
}

// Hyperbolic cosine.
fn f32_cosh(x: f32) -> f32 {
    let half = f32_exp_sum(abs(x), 0.0f, -1);
    return half + 0.25f / half;
}

// Inverse hyperbolic sine: a polynomial up to one half, then by the logarithm.
fn f32_asinh(x: f32) -> f32 {
    let magnitude = abs(x);
    let large = magnitude > 1.0e9f;
    let bounded = select(magnitude, 1.0f, large);
    let z = bounded * bounded;
    let p = (((9.9779712e-3f * z - 2.0552773e-2f) * z + 3.016188e-2f) * z - 4.46305312e-2f) * z + 7.49997422e-2f;
    let small = magnitude + magnitude * z * (p * z - 1.66666672e-1f);
    let sum = bounded + z / (1.0f + sqrt(z + 1.0f));
    let y = select(f32_log1p(sum), f32_log(magnitude) + LN2, large);
    let bits = f32_bits(select(y, small, magnitude < 0.5f)) | (f32_bits(x) & F32_SIGN);
    return f32_value(select(bits, F32_NAN, f32_is_nan(x)));
}

// Inverse hyperbolic cosine; NaN below 1.
fn f32_acosh(x: f32) -> f32 {
    let t = x - 1.0f;
    let y = f32_log1p(t + sqrt(t * (t + 2.0f)));
    let bits = f32_bits(select(y, f32_log(x) + LN2, x > 1.0e9f));
    return f32_value(select(bits, F32_NAN, (x < 1.0f) | f32_is_nan(x)));
}

// Inverse hyperbolic tangent: a polynomial up to one half; infinite at 1, NaN beyond.
fn f32_atanh(x: f32) -> f32 {
    let magnitude = abs(x);
    let z = x * x;
    let p0 = ((1.57563716e-1f * z + 3.99648026e-2f) * z + 9.77861062e-2f) * z + 1.10473871e-1f;
    let p = ((p0 * z + 1.42884865e-1f) * z + 1.99999556e-1f) * z + 3.33333343e-1f;
    let small = magnitude + magnitude * z * p;
    let large = 0.5f * f32_log1p(2.0f * magnitude / (1.0f - magnitude));
    let y = f32_bits(select(large, small, magnitude < 0.5f));
    // What lies beyond 1 has no result that devices agree on, and NaN has larger bits.
    let bits = f32_bits(x);
    return f32_value(select(y | (bits & F32_SIGN), F32_NAN, (bits & F32_MAGNITUDE) > 0x3f800000u));
}
