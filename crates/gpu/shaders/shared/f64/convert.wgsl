// convert: conversions between f64 and other types.
// numbers   exact; to integers truncated, saturated, NaN to 0; to floats rounded once, ties to even
//           By integers throughout: Vulkan lets devices round conversions either way and flush what is subnormal.

// The magnitude of a finite x below 2^64, given by its bits, truncated.
fn u64_magnitude_of_f64(magnitude: u64) -> u64 {
    let exponent = u32(magnitude >> 52u);
    let significand = (magnitude & F64_FRACTION) | F64_NORMAL;
    let down = select(1075u - exponent, 63u, exponent < 1012u);
    let value = select(significand >> (down & 63u), significand << ((exponent - 1075u) & 63u), exponent >= 1075u);
    return select(value, 0lu, exponent < 1023u);
}

fn u64_of_f64(x: f64) -> u64 {
    let bits = f64_bits(x);
    // Negative numbers, NaN of either sign, and what is too large.
    let value = select(u64_magnitude_of_f64(bits), 0xfffffffffffffffflu, bits >= 0x43f0000000000000lu);
    return select(value, 0lu, bits > F64_INFINITY);
}

// To an integer of at most `high`, or of at least -`low` if x is negative, as the bits of an i64.
fn u64_bounded_of_f64(x: f64, low: u64, high: u64) -> u64 {
    let bits = f64_bits(x);
    let magnitude = bits & F64_MAGNITUDE;
    let negative = bits != magnitude;
    let bound = select(high, low, negative);
    let whole = select(u64_magnitude_of_f64(magnitude), bound, magnitude >= 0x43e0000000000000lu);
    let value = select(whole, bound, whole > bound);
    return select(select(value, 0lu - value, negative), 0lu, magnitude > F64_INFINITY);
}

fn i64_of_f64(x: f64) -> i64 {
    return i64(u64_bounded_of_f64(x, 0x8000000000000000lu, 0x7ffffffffffffffflu));
}

fn i32_of_f64(x: f64) -> i32 {
    return bitcast<i32>(u64_low(u64_bounded_of_f64(x, 0x80000000lu, 0x7ffffffflu)));
}

fn u32_of_f64(x: f64) -> u32 {
    return u64_low(u64_bounded_of_f64(x, 0lu, 0xfffffffflu));
}

// To `low..=high`, of types of fewer than 32 bits.
fn i32_clamped_of_f64(x: f64, low: i32, high: i32) -> i32 {
    let value = i32_of_f64(x);
    return select(select(value, high, value > high), low, value < low);
}

// Ties to even.
fn f64_of_u64(x: u64) -> f64 {
    let zeros = u32(u64_leading_zeros(x));
    let normal = x << (zeros & 63u);
    // The 53 bits of the significand, then what is rounded off.
    let kept = normal >> 11u;
    let rest = normal & 0x7fflu;
    let up = (rest > 0x400lu) | ((rest == 0x400lu) & ((kept & 1lu) == 1lu));
    let bits = (u64(1085u - zeros) << 52u) + kept + select(0lu, 1lu, up);
    return f64_value(select(bits, 0lu, x == 0lu));
}

fn f64_of_i64(x: i64) -> f64 {
    let bits = u64(x);
    let negative = bits >= 0x8000000000000000lu;
    let magnitude = f64_of_u64(select(bits, 0lu - bits, negative));
    return select(magnitude, -magnitude, negative);
}

fn f64_of_f32(x: f32) -> f64 {
    let bits = f32_bits(x);
    let magnitude = bits & F32_MAGNITUDE;
    let normal = (u64(magnitude) << 29u) + select(0x3800000000000000lu, 0x7000000000000000lu, magnitude >= F32_INFINITY);
    // A subnormal is its bits times 2^-149.
    let small = bitcast<u64>(f64(magnitude) * 1.401298464324817e-45lf);
    let value = select(normal, small, magnitude < 0x00800000u);
    return f64_value(value | (u64(bits & F32_SIGN) << 32u));
}

// The pattern of an f32 and 29 bits more, the last of which stands for all that is lost, of a finite f64 given by its
// magnitude. Above all f32 it goes on.
fn f32_pattern_of_f64(magnitude: u64) -> u64 {
    let exponent = u32(magnitude >> 52u);
    let significand = (magnitude & F64_FRACTION) | F64_NORMAL;
    let below = select(0u, 897u - exponent, exponent < 897u);
    let down = select(below, 63u, below > 63u);
    let kept = significand >> down;
    let small = kept | select(0lu, 1lu, (kept << down) != significand);
    let pattern = select(magnitude - 0x3800000000000000lu, small, exponent < 897u);
    return select(pattern, 0lu, magnitude == 0lu);
}

fn f32_of_f64(x: f64) -> f32 {
    let bits = f64_bits(x);
    let magnitude = bits & F64_MAGNITUDE;
    let pattern = f32_pattern_of_f64(magnitude);
    let rounded = (pattern + 0x0ffffffflu + ((pattern >> 29u) & 1lu)) >> 29u;
    var value = select(F32_INFINITY, u64_low(rounded), rounded < 0x7f800000lu);
    value = select(value, F32_NAN, magnitude > F64_INFINITY);
    return f32_value(value | (u64_high(bits) & F32_SIGN));
}

// Rounded to odd, so that a second rounding, to fewer bits, is the only one that shows.
fn f32_odd_of_f64(x: f64) -> f32 {
    let bits = f64_bits(x);
    let magnitude = bits & F64_MAGNITUDE;
    let pattern = f32_pattern_of_f64(magnitude);
    let odd = (pattern >> 29u) | select(0lu, 1lu, (pattern & 0x1ffffffflu) != 0lu);
    var value = select(0x7f7fffffu, u64_low(odd), odd < 0x7f800000lu);
    value = select(value, select(F32_INFINITY, F32_NAN, magnitude > F64_INFINITY), magnitude >= F64_INFINITY);
    return f32_value(value | (u64_high(bits) & F32_SIGN));
}
