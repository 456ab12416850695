// log: logarithms of f32.
// numbers   0.8 ulp, subnormal arguments too

// x = 2^k (1 + f) with 1 + f from sqrt(1/2) to sqrt(2).
struct Log {
    k: f32,
    f: f32,
}

// Of a positive normal or subnormal number, given by its bits.
fn f32_log_split(bits: u32) -> Log {
    let small = bits < 0x00800000u;
    // A subnormal is its bits times 2^-149.
    let normal = select(bits, bitcast<u32>(f32(bits)), small);
    let biased = (normal + 0x004afb0du) >> 23u;
    let m = bitcast<f32>(normal - ((biased - 127u) << 23u));
    let k = f32(bitcast<i32>(biased)) - select(127.0f, 276.0f, small);
    return Log(k, m - 1.0f);
}

// k ln 2 + log(1 + f) + low.
fn f32_log_sum(x: Log, low: f32) -> f32 {
    let f = x.f;
    let p0 = ((((-6.20150007e-2f * f + 1.05308644e-1f) * f - 1.06461920e-1f) * f + 1.10377833e-1f) * f - 1.24507435e-1f) * f + 1.42865241e-1f;
    let p = (((p0 * f - 1.66680008e-1f) * f + 2.00000107e-1f) * f - 2.49999896e-1f) * f + 3.33333343e-1f;
    let z = f * f;
    let tail = f * z * p + (x.k * LN2_LOW + low);
    return x.k * LN2_HIGH + f32_keep(f + (tail - 0.5f * z));
}

// y = log(x), put right where x, given by its bits, is zero, negative, infinite or NaN.
fn f32_log_edges(bits: u32, y: f32) -> f32 {
    let above = select(F32_NAN, F32_INFINITY, bits == F32_INFINITY);
    let edge = f32_value(select(above, F32_INFINITY | F32_SIGN, (bits & F32_MAGNITUDE) == 0u));
    return select(edge, y, bits - 1u < F32_INFINITY - 1u);
}

// Natural logarithm.
fn f32_log(x: f32) -> f32 {
    let bits = f32_bits(x);
    return f32_log_edges(bits, f32_log_sum(f32_log_split(bits), 0.0f));
}

// log(1 + x).
fn f32_log1p(x: f32) -> f32 {
    let u = f32_keep(1.0f + x);
    // What rounding 1 + x lost, relative to it.
    let above = x >= 1.0f;
    let lost = select(x, 1.0f, above) - f32_keep(u - select(1.0f, x, above));
    let bits = f32_bits(u);
    let y = f32_log_edges(bits, f32_log_sum(f32_log_split(bits), lost / u));
    return select(y, x, f32_is_below(x, 0x32000000u));
}
