// real: parts of f32, division, rounding, remainder.
// numbers   over 2.5 ulp, as devices divide; quotient and divide within 0.51, exact where the result is a float;
//           remainder exact.
//           Devices round +, - and * to nearest, but fuse some products and sums, and divide and take roots within 2.5 ulp

// The upper 12 bits of x: products of such parts, and of what x lacks to them, are exact.
fn f32_upper(x: f32) -> f32 {
    return bitcast<f32>((bitcast<u32>(x) & 0xfffff000u) ^ hidden());
}

// a / b as devices divide, by a divisor of any size: they multiply by its reciprocal, which beyond 2^126 is subnormal and
// may be lost. So operands are quartered where that of b is over 2^125. The scale is exactly 1 or 1/4: the argument of
// `clamp` is exact there, and 4 for the next float. Bounding to 0..1 costs GPUs nothing, unlike comparing.
fn f32_over(a: f32, b: f32) -> f32 {
    let large = clamp(abs(b) * 7.888609052210118e-31f - 33554432.0f, 0.0f, 1.0f);
    let scale = 1.0f - 0.75f * large;
    return (a * scale) / (b * scale);
}

// x / y, rightly rounded but for rare near-ties, and exact where the quotient is a float, for normal numbers of
// middling size.
fn f32_quotient(x: f32, y: f32) -> f32 {
    let reciprocal = 1.0f / y;
    let first = f32_keep(x * reciprocal);
    let product = f32_two_product(first, y);
    let rest = f32_keep(x - product.high) - product.low;
    let better = f32_bits(first + rest * reciprocal);
    // Nothing is left of infinities; a zero keeps its sign.
    let bits = f32_bits(first);
    let usual = ((bits & F32_MAGNITUDE) < F32_INFINITY) & ((bits & F32_MAGNITUDE) > 0x00ffffffu);
    return f32_value(select(bits, better, usual & ((better & F32_MAGNITUDE) < F32_INFINITY)));
}

// As `f32_quotient`, of all numbers.
fn f32_divide(a: f32, b: f32) -> f32 {
    let dividend = f32_bits(a) & F32_MAGNITUDE;
    let divisor = f32_bits(b) & F32_MAGNITUDE;
    // Devices need not divide by what has no normal reciprocal, and the low parts of products must be normal.
    let little = (divisor < 0x0e000000u) | ((dividend < 0x18000000u) & (divisor < 0x5d800000u));
    var scale = select(1.0f, 5.9604644775390625e-8f, divisor >= 0x7e800000u);
    scale = select(scale, 18446744073709551616.0f, little);
    // So must be what is added to a quotient below 2^-100.
    let small = dividend + 0x32000000u < divisor;
    let raise = select(1.0f, 18446744073709551616.0f, small);
    let lower = select(1.0f, 5.421010862427522e-20f, small);
    return f32_quotient(f32_keep(f32_keep(a * scale) * raise), f32_keep(b * scale)) * lower;
}

// To the nearest integer, halves away from zero.
fn f32_round_away(x: f32) -> f32 {
    let magnitude = abs(x);
    let down = floor(magnitude);
    let up = select(down, down + 1.0f, f32_keep(magnitude - down) >= 0.5f);
    let whole = (f32_bits(x) & F32_MAGNITUDE) >= 0x4b000000u;
    return f32_copysign(select(up, magnitude, whole), x);
}

// a - b trunc(a / b), exactly: long division of the significands, 8 bits a step.
fn f32_remainder(a: f32, b: f32) -> f32 {
    let x = f32_bits(a) & F32_MAGNITUDE;
    let y = f32_bits(b) & F32_MAGNITUDE;
    let sign = f32_bits(a) & F32_SIGN;
    if (x >= F32_INFINITY) | (y > F32_INFINITY) | (y == 0u) {
        return f32_value(F32_NAN);
    }
    if x < y {
        return f32_value(f32_bits(a));
    }
    // Subnormals have the least exponent and no hidden bit.
    let ex = select(x >> 23u, 1u, x < 0x00800000u);
    let ey = select(y >> 23u, 1u, y < 0x00800000u);
    let divisor = (y & 0x007fffffu) | select(0x00800000u, 0u, y < 0x00800000u);
    var rest = ((x & 0x007fffffu) | select(0x00800000u, 0u, x < 0x00800000u)) % divisor;
    var steps = ex - ey;
    while steps > 0u {
        let step = select(steps, 8u, steps > 8u);
        rest = (rest << step) % divisor;
        steps -= step;
    }
    // rest * 2^(ey - 150) as a float.
    let zeros = countLeadingZeros(rest);
    let shift = select(zeros - 8u, ey - 1u, ey - 1u < zeros - 8u);
    let significand = rest << shift;
    let exponent = select(ey - shift, 0u, significand < 0x00800000u);
    let bits = (exponent << 23u) | (significand & 0x007fffffu);
    return f32_value(select(bits, 0u, rest == 0u) | sign);
}
