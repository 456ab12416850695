// convert: conversions between f32 and integers, and of bits to complex numbers.
// numbers   exact; from float truncated, saturated, NaN to 0; to float rounded once, ties to even

fn i32_of_f32(x: f32) -> i32 {
    let bits = f32_bits(x);
    let magnitude = bits & F32_MAGNITUDE;
    let inside = i32(select(0.0f, x, magnitude < 0x4f000000u));
    let edge = select(0x7fffffff, bitcast<i32>(F32_SIGN), bits > F32_SIGN);
    return select(select(inside, edge, magnitude >= 0x4f000000u), 0, magnitude > F32_INFINITY);
}

fn u32_of_f32(x: f32) -> u32 {
    let bits = f32_bits(x);
    let inside = u32(select(0.0f, x, bits < 0x4f800000u));
    return select(inside, 0xffffffffu, (bits >= 0x4f800000u) & (bits <= F32_INFINITY));
}

// To `low..=high`, of types of fewer than 32 bits.
fn i32_clamped_of_f32(x: f32, low: i32, high: i32) -> i32 {
    let value = i32_of_f32(x);
    return select(select(value, high, value > high), low, value < low);
}

// The magnitude of a finite x below 2^64, truncated.
fn u64_magnitude_of_f32(bits: u32) -> u64 {
    let exponent = (bits >> 23u) & 0xffu;
    let significand = u64((bits & 0x007fffffu) | 0x00800000u);
    let down = select(150u - exponent, 63u, exponent < 87u);
    let value = select(significand >> (down & 63u), significand << ((exponent - 150u) & 63u), exponent >= 150u);
    return select(value, 0lu, exponent < 127u);
}

fn u64_of_f32(x: f32) -> u64 {
    let bits = f32_bits(x);
    // Negative numbers, NaN of either sign, and what is too large.
    let value = select(u64_magnitude_of_f32(bits), 0xfffffffffffffffflu, bits >= 0x5f800000u);
    return select(value, 0lu, bits > F32_INFINITY);
}

fn i64_of_f32(x: f32) -> i64 {
    let bits = f32_bits(x);
    let magnitude = bits & F32_MAGNITUDE;
    let inside = i64(u64_magnitude_of_f32(magnitude));
    let negative = bits != magnitude;
    let signed = select(inside, i64_negate(inside), negative);
    let edge = select(0x7fffffffffffffffli, -0x7fffffffffffffffli - 1li, negative);
    return select(select(signed, edge, magnitude >= 0x5f000000u), 0li, magnitude > F32_INFINITY);
}

// Ties to even.
fn f32_of_u64(x: u64) -> f32 {
    let zeros = u32(u64_leading_zeros(x));
    let normal = x << (zeros & 63u);
    // The 24 bits of the significand, then what is rounded off.
    let kept = u32(normal >> 40u);
    let rest = normal & 0xfffffffffflu;
    let up = (rest > 0x8000000000lu) | ((rest == 0x8000000000lu) & ((kept & 1u) == 1u));
    let bits = ((189u - zeros) << 23u) + kept + select(0u, 1u, up);
    return f32_value(select(bits, 0u, x == 0lu));
}

fn f32_of_i64(x: i64) -> f32 {
    let magnitude = f32_of_u64(u64(i64_absolute(x)));
    return select(magnitude, -magnitude, x < 0li);
}

// Rounded to odd, so that a second rounding, to fewer bits, is the only one that shows.
fn f32_odd_of_u32(x: u32) -> f32 {
    let odd = (x & 0xffffff00u) | select(0u, 0x100u, (x & 0xffu) != 0u);
    return f32(select(x, odd, x >= 0x01000000u));
}

fn f32_odd_of_i32(x: i32) -> f32 {
    let magnitude = f32_odd_of_u32(bitcast<u32>(i32_absolute(x)));
    return select(magnitude, -magnitude, x < 0);
}

fn f32_odd_of_u64(x: u64) -> f32 {
    let zeros = u32(u64_leading_zeros(x));
    let unit = 1lu << select(0u, 40u - zeros, zeros < 40u);
    let lost = x & (unit - 1lu);
    return f32_of_u64((x - lost) | select(0lu, unit, lost > 0lu));
}

fn f32_odd_of_i64(x: i64) -> f32 {
    let magnitude = f32_odd_of_u64(u64(i64_absolute(x)));
    return select(magnitude, -magnitude, x < 0li);
}

fn c64_of_bits(bits: u64) -> vec2<f32> {
    return vec2<f32>(f32_value(u64_low(bits)), f32_value(u64_high(bits)));
}
