// real: parts of f64, division, roots, rounding, remainder.
// numbers   quotients, square roots and remainders exact: rounded once; rsqrt 1 ulp.
//           Devices need not divide or take roots of f64 better than of f32: residuals correct what they give

// x rounded to its upper 26 bits: products of such parts, and of what x lacks to them, are exact.
fn f64_upper(x: f64) -> f64 {
    return bitcast<f64>(((bitcast<u64>(x) + 0x4000000lu) & 0xfffffffff8000000lu) ^ u64(hidden()));
}

// 2^n for n in -1022..=1023.
fn f64_power_of_two(n: u32) -> f64 {
    return bitcast<f64>(u64(n + 1023u) << 52u);
}

// x 2^n for n in -2044..=2046: in two steps, so that only the last rounds or overflows.
fn f64_scaled(x: f64, n: u32) -> f64 {
    let half = bitcast<u32>(bitcast<i32>(n) >> 1u);
    return f64_keep(x * f64_power_of_two(half)) * f64_power_of_two(n - half);
}

// A positive finite number as m 2^n with m from 1 to 2.
struct Parts64 {
    m: f64,
    n: u32,
}

// Of the bits of a number that is neither zero nor infinite.
fn f64_parts(magnitude: u64) -> Parts64 {
    // The leading bit of a subnormal moves to where normal numbers have it.
    let small = magnitude < F64_NORMAL;
    let up = select(0u, u32(u64_leading_zeros(magnitude)) - 11u, small);
    let fraction = (magnitude << up) & F64_FRACTION;
    let exponent = select(u32(magnitude >> 52u), 1u - up, small);
    return Parts64(bitcast<f64>(fraction | F64_ONE), exponent - 1023u);
}

// x / y for normal numbers of middling size.
fn f64_quotient(x: f64, y: f64) -> f64 {
    let guess = 1.0lf / y;
    let reciprocal = guess + guess * (1.0lf - y * guess);
    let first = f64_keep(x * reciprocal);
    let product = f64_two_product(first, y);
    let rest = f64_keep(x - product.high) - product.low;
    return first + rest * reciprocal;
}

// a / b, rounded once: in integers, whatever the device's division lacks.
fn f64_divide(a: f64, b: f64) -> f64 {
    let x = f64_magnitude(a);
    let y = f64_magnitude(b);
    let sign = (f64_bits(a) ^ f64_bits(b)) & F64_SIGN;
    // Zero by a number, a number by infinity; by zero, infinity by a number; what has no quotient.
    let infinite = (x >= F64_INFINITY) | (y == 0lu);
    let undefined = (x > F64_INFINITY) | (y > F64_INFINITY) | ((x == 0lu) & (y == 0lu)) | ((x == F64_INFINITY) & (y == F64_INFINITY));
    if infinite | undefined | (x == 0lu) | (y == F64_INFINITY) {
        return f64_value(select(select(0lu, F64_INFINITY, infinite) | sign, F64_NAN, undefined));
    }
    let p = f64_parts(x);
    let q = f64_parts(y);
    // As integers of 53 bits; the quotient has 54, of which the last decides how to round.
    let dividend = (bitcast<u64>(p.m) & F64_FRACTION) | F64_NORMAL;
    let divisor = (bitcast<u64>(q.m) & F64_FRACTION) | F64_NORMAL;
    let less = dividend < divisor;
    let guess = 1.0lf / q.m;
    let reciprocal = guess + guess * (1.0lf - q.m * guess);
    let first = u64_magnitude_of_f64(f64_bits(p.m * reciprocal * select(9007199254740992.0lf, 18014398509481984.0lf, less)));
    // What is left is small, though its parts are more than 64 bits.
    let left = (dividend << select(53u, 54u, less)) - first * divisor;
    let negative = left >= F64_SIGN;
    let amount = f64(select(left, 0lu - left, negative)) * reciprocal * 2.220446049250313e-16lf;
    let step = u64_magnitude_of_f64(f64_bits(amount));
    var quotient = first + select(step, 0lu - step, negative);
    var rest = left - select(step, 0lu - step, negative) * divisor;
    // One more or less, where the step was rounded.
    let below = rest >= F64_SIGN;
    quotient -= select(0lu, 1lu, below);
    rest += select(0lu, divisor, below);
    let above = rest >= divisor;
    quotient += select(0lu, 1lu, above);
    rest -= select(0lu, divisor, above);
    let n = bitcast<i32>(p.n - q.n) - select(0, 1, less);
    return f64_value(f64_rounded(quotient, rest != 0lu, n) | sign);
}

// The bits of m 2^(n - 53), rounded to nearest, ties to even; m has 54 bits, and there is more if `more`.
fn f64_rounded(m: u64, more: bool, n: i32) -> u64 {
    let drop = select(1u, bitcast<u32>(-1021 - n), n < -1022);
    let shift = select(drop, 63u, drop > 63u);
    let kept = m >> shift;
    let rest = (m & ((1lu << shift) - 1lu)) << 1u;
    let unit = 1lu << shift;
    let up = (rest > unit) | ((rest == unit) & (more | ((kept & 1lu) == 1lu)));
    // A significand that rounds up to the next power of two carries into the exponent.
    let exponent = u64(bitcast<u32>(select(n + 1022, 0, n < -1022)));
    let bits = (exponent << 52u) + kept + select(0lu, 1lu, up);
    return select(bits, F64_INFINITY, n > 1023);
}

// Square root, rounded once; of negative numbers NaN.
fn f64_sqrt(x: f64) -> f64 {
    let bits = f64_bits(x);
    if (bits == 0lu) | (bits >= F64_INFINITY) {
        return f64_value(select(F64_NAN, bits, (bits == F64_INFINITY) | ((bits & F64_MAGNITUDE) == 0lu)));
    }
    let parts = f64_parts(bits);
    let odd = (parts.n & 1u) == 1u;
    let m = parts.m * select(1.0lf, 2.0lf, odd);
    let guess = sqrt(m);
    let near = guess + (m - guess * guess) / (guess + guess);
    // As an integer of 54 bits, whose square is near that of the significand.
    let first = u64_magnitude_of_f64(f64_bits(near * 9007199254740992.0lf));
    let square = ((bitcast<u64>(parts.m) & F64_FRACTION) | F64_NORMAL) << select(54u, 55u, odd);
    let left = square - first * first;
    let negative = left >= F64_SIGN;
    let amount = f64(select(left, 0lu - left, negative)) / (near * 18014398509481984.0lf);
    let size = u64_magnitude_of_f64(f64_bits(amount));
    let step = select(size, 0lu - size, negative);
    var root = first + step;
    var rest = left - step * (first + root);
    // One more or less, where the step was rounded.
    let below = rest >= F64_SIGN;
    root -= select(0lu, 1lu, below);
    rest += select(0lu, root + root + 1lu, below);
    let above = rest > root + root;
    rest -= select(0lu, root + root + 1lu, above);
    root += select(0lu, 1lu, above);
    return f64_value(f64_rounded(root, rest != 0lu, bitcast<i32>(parts.n) >> 1u));
}

// 1 / sqrt(x).
fn f64_rsqrt(x: f64) -> f64 {
    return f64_divide(1.0lf, f64_sqrt(x));
}

// To the nearest integer, halves to even.
fn f64_round_even(x: f64) -> f64 {
    let magnitude = abs(x);
    // Adding and subtracting 2^52 rounds to an integer.
    let rounded = f64_keep(magnitude + 4503599627370496.0lf) - 4503599627370496.0lf;
    let whole = f64_magnitude(x) >= 0x4330000000000000lu;
    return f64_copysign(select(rounded, magnitude, whole), x);
}

// To the nearest integer, halves away from zero.
fn f64_round_away(x: f64) -> f64 {
    let magnitude = abs(x);
    let down = floor(magnitude);
    let up = select(down, down + 1.0lf, f64_keep(magnitude - down) >= 0.5lf);
    let whole = f64_magnitude(x) >= 0x4330000000000000lu;
    return f64_copysign(select(up, magnitude, whole), x);
}

// a - b trunc(a / b), exactly: long division of the significands, 11 bits a step.
fn f64_remainder(a: f64, b: f64) -> f64 {
    let x = f64_magnitude(a);
    let y = f64_magnitude(b);
    let sign = f64_bits(a) & F64_SIGN;
    if (x >= F64_INFINITY) | (y > F64_INFINITY) | (y == 0lu) {
        return f64_value(F64_NAN);
    }
    if x < y {
        return f64_value(f64_bits(a));
    }
    // Subnormals have the least exponent and no hidden bit.
    let ex = select(u32(x >> 52u), 1u, x < F64_NORMAL);
    let ey = select(u32(y >> 52u), 1u, y < F64_NORMAL);
    let divisor = (y & F64_FRACTION) | select(F64_NORMAL, 0lu, y < F64_NORMAL);
    var rest = ((x & F64_FRACTION) | select(F64_NORMAL, 0lu, x < F64_NORMAL)) % divisor;
    var steps = ex - ey;
    while steps > 0u {
        let step = select(steps, 11u, steps > 11u);
        rest = (rest << step) % divisor;
        steps -= step;
    }
    // rest * 2^(ey - 1075) as a float.
    let zeros = u32(u64_leading_zeros(rest));
    let shift = select(zeros - 11u, ey - 1u, ey - 1u < zeros - 11u);
    let significand = rest << (shift & 63u);
    let exponent = select(ey - shift, 0u, significand < F64_NORMAL);
    let bits = (u64(exponent) << 52u) | (significand & F64_FRACTION);
    return f64_value(select(bits, 0lu, rest == 0lu) | sign);
}
