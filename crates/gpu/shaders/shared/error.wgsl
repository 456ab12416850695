// error: the error function of f32, its complement and its inverse.
// numbers   erf 2.1 ulp, erfc 3.5, erf_inv 2.3

// erf(x) - x for |x| up to 1.
fn f32_erf_rest(x: f32) -> f32 {
    let z = x * x;
    let p0 = ((-9.66704465e-6f * z + 1.12659589e-4f) * z - 8.48408032e-4f) * z + 5.22103161e-3f;
    let p = (((p0 * z - 2.68654302e-2f) * z + 1.12837821e-1f) * z - 3.76126379e-1f) * z + 1.28379226e-1f;
    return x * p;
}

// Error function: a polynomial up to 1, then 1 - e^(log erfc).
fn f32_erf(x: f32) -> f32 {
    let magnitude = abs(x);
    // 1 - erf 4 is below 2^-25.
    let t = clamp(magnitude, 0.0f, 4.0f);
    let p0 = (((1.64267897e-6f * t - 4.61647869e-5f) * t + 5.97677252e-4f) * t - 4.76350961e-3f) * t + 2.64316425e-2f;
    let p = (((p0 * t - 1.10097244e-1f) * t - 6.31809533e-1f) * t - 1.13024187e0f) * t + 3.21866246e-4f;
    let e = f32_exp_split(p);
    let scale = f32_power_of_two(e.n);
    let outer = 1.0f - (f32_exp_rest(e.r) * scale + scale);
    let y = f32_copysign(select(outer, magnitude + f32_erf_rest(magnitude), magnitude < 1.0f), x);
    return select(y, x, f32_is_nan(x));
}

// Complementary error function: beyond 0.8 e^(-t^2) / (1 + 2t) times a smooth function of (t - 4) / (t + 4)
// (M. Shepherd, J. Laframboise, "Chebyshev approximation of (1 + 2x) exp(x^2) erfc x", 1981).
fn f32_erfc(x: f32) -> f32 {
    let magnitude = abs(x);
    // erfc 10.1 is below the least subnormal.
    let t = select(magnitude, 10.2f, magnitude > 10.2f);
    let square = f32_two_product(t, t);
    let e = f32_exp_sum(-square.high, -square.low, 0);
    let top = f32_two_sum_any(t, -4.0f);
    let bottom = f32_two_sum_any(t, 4.0f);
    let first = f32_quotient(top.high, bottom.high);
    let u = first + (top.low - first * bottom.low) / bottom.high;
    let h0 = ((5.24380896e-3f * u - 1.66127235e-2f) * u + 3.69933844e-2f) * u - 6.62471056e-2f;
    let h1 = ((h0 * u + 9.37694684e-2f) * u - 1.01046368e-1f) * u + 6.80944398e-2f;
    // The leading coefficient in two floats.
    let h = 1.23299515e0f + (((h1 * u + 1.53799234e-2f) * u - 1.39621079e-1f) * u - 3.69208486e-8f);
    let divisor = f32_two_sum(2.0f * t, 1.0f);
    let quotient = f32_quotient(h, divisor.high);
    let outer = e * (quotient - quotient * divisor.low / divisor.high);
    // In halves, so that little is rounded.
    let inner = 0.5f - f32_keep(f32_erf_rest(x) + f32_keep(x - 0.5f));
    let beyond = select(outer, 2.0f - outer, x < 0.0f);
    let y = select(beyond, inner, magnitude < 0.8f);
    return f32_value(select(f32_bits(y), F32_NAN, f32_is_nan(x)));
}

// Inverse error function: infinite at -1 and 1, NaN beyond. `erf_inv(x) / x` is smooth in `w = -log(1 - x^2)` and, for
// large w, in its root (M. Giles, "Approximating the erfinv function", 2010; the coefficients are our own).
fn f32_erf_inv(x: f32) -> f32 {
    let w = -f32_log(f32_keep(1.0f - x) * f32_keep(1.0f + x));
    let v = w - 3.125f;
    let s0 = (((6.37808251e-10f * v - 4.63856642e-9f) * v - 2.42098501e-8f) * v + 4.26308389e-7f) * v - 1.39194378e-6f;
    let s1 = (((s0 * v - 1.38914438e-5f) * v + 1.86799633e-4f) * v - 7.40687712e-4f) * v - 6.03373023e-3f;
    let small = (s1 * v + 2.4015817e-1f) * v + 1.65365458e0f;
    let u = sqrt(w) - 3.25f;
    let l0 = ((-2.45206174e-4f * u + 9.38517449e-4f) * u - 1.74418045e-3f) * u + 2.50147888e-3f;
    let large = (((l0 * u - 3.74037633e-3f) * u + 5.36959013e-3f) * u + 1.00525832e0f) * u + 3.08388567e0f;
    let bits = f32_bits(x * select(large, small, w < 6.25f));
    let magnitude = f32_bits(x) & F32_MAGNITUDE;
    let edge = F32_INFINITY | (f32_bits(x) & F32_SIGN);
    return f32_value(select(select(bits, edge, magnitude == 0x3f800000u), F32_NAN, magnitude > 0x3f800000u));
}
