// power: powers and cube roots of f32.
// numbers   power 1.3 ulp, cbrt 0.5

// 2/3, and what its float lacks.
const TWO_THIRDS: f32 = 0.666666687f;
const TWO_THIRDS_LOW: f32 = -1.98682155e-8f;

// log x as an unevaluated sum, relative error about 2^-36, for positive x given by its bits.
fn f32_long_log(bits: u32) -> F32Pair {
    let x = f32_log_split(bits);
    let f = x.f;
    let d = f32_two_sum(2.0f, f);
    // s = f / (2 + f), its remainder, and log(1 + f) = 2 s + 2/3 s^3 + s^5 R(s^2).
    let s = f32_keep(f32_quotient(f, d.high));
    let product = f32_two_product(s, d.high);
    let s_low = (f32_keep(f32_keep(f - product.high) - product.low) - s * d.low) / d.high;
    let z = f32_two_product(s, s);
    let z_low = z.low + 2.0f * s * s_low;
    let cube = f32_two_product(s, z.high);
    let cube_low = cube.low + (s * z_low + s_low * z.high);
    let third = f32_two_product(cube.high, TWO_THIRDS);
    let third_low = third.low + (cube.high * TWO_THIRDS_LOW + cube_low * TWO_THIRDS);
    let p = ((1.91232011e-1f * z.high + 2.22046494e-1f) * z.high + 2.85715342e-1f) * z.high + 4.00000006e-1f;
    let rest = cube.high * z.high * p;
    let first = f32_two_sum(x.k * LN2_HIGH, 2.0f * s);
    let second = f32_two_sum(first.high, third.high);
    let low = (first.low + second.low) + ((third_low + 2.0f * s_low + x.k * LN2_LOW) + rest);
    return f32_two_sum(second.high, low);
}

// x^y = e^(y log |x|) with a sign, the logarithm and the product in two floats each.
fn f32_power(x: f32, y: f32) -> f32 {
    let xb = f32_bits(x) & F32_MAGNITUDE;
    let yb = f32_bits(y) & F32_MAGNITUDE;
    let negative = f32_bits(x) >= F32_SIGN;
    // Beyond 2^40 the result is 0, 1 or infinite, as it is at 2^40.
    let huge = yb > 0x53800000u;
    let exponent = f32_value(select(yb, 0x53800000u, huge) | (f32_bits(y) & F32_SIGN));
    let log = f32_long_log(select(xb, 0x3f800000u, (xb == 0u) | (xb >= F32_INFINITY)));
    let product = f32_two_product(exponent, log.high);
    var bits = f32_bits(f32_exp_sum(product.high, product.low + exponent * log.low, 0));
    // Powers of zero and infinity.
    let down = f32_bits(y) >= F32_SIGN;
    bits = select(bits, select(0u, F32_INFINITY, down), xb == 0u);
    bits = select(bits, select(F32_INFINITY, 0u, down), xb == F32_INFINITY);
    // All floats from 2^24 on are even integers.
    let whole = select(u32(f32_value(select(yb, 0u, yb >= 0x4b800000u))), 0u, yb >= 0x4b800000u);
    let integer = (yb >= 0x4b800000u) | (f32_bits(f32(whole)) == yb);
    let odd = integer & ((whole & 1u) == 1u);
    bits |= select(0u, F32_SIGN, odd & negative);
    let undefined = negative & (xb != 0u) & (xb < F32_INFINITY) & !integer;
    bits = select(bits, F32_NAN, undefined | (xb > F32_INFINITY) | (yb > F32_INFINITY));
    // 1^y and x^0 are 1 whatever the other is.
    return f32_value(select(bits, 0x3f800000u, (yb == 0u) | (f32_bits(x) == 0x3f800000u)));
}

// Cube root: a third of the exponent as a first guess (5 % off), then E. Halley's iteration, which triples the number
// of right digits, and a step of Newton's with the exact cube.
fn f32_cbrt(x: f32) -> f32 {
    let bits = f32_bits(x) & F32_MAGNITUDE;
    // Keep cubes and their errors within range. A subnormal is its bits times 2^-149.
    var normal = f32_value(bits);
    var down = 1.0f;
    if bits < 0x00800000u {
        normal = f32(bits) * 2.0f;
        down = 8.8817841970012523e-16f;
    } else if bits < 0x20000000u {
        normal *= 1.2379400392853803e27f;
        down = 9.31322574615478515625e-10f;
    } else if bits > 0x60000000u {
        normal *= 8.0779356694631609e-28f;
        down = 1073741824.0f;
    }
    var t = bitcast<f32>(f32_bits(normal) / 3u + 709958130u);
    for (var i = 0u; i < 2u; i++) {
        let cube = t * t * t;
        t += t * ((normal - cube) / (2.0f * cube + normal));
    }
    t = f32_keep(t);
    let square = f32_two_product(t, t);
    let cube = f32_two_product(square.high, t);
    let rest = f32_keep(normal - cube.high) - (cube.low + square.low * t);
    let root = f32_bits((t + rest / (3.0f * square.high)) * down);
    let same = (bits == 0u) | (bits >= F32_INFINITY);
    return f32_value(select(root, bits, same) | (f32_bits(x) & F32_SIGN));
}
