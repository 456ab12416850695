// power: powers and cube roots of f64.
// numbers   power 1 ulp, cbrt 1

// ln 2 in 42 bits, whose multiples by an exponent are exact, and the rest.
const F64_LN2_LONG: f64 = 0.6931471805598903lf;
const F64_LN2_LONG_LOW: f64 = 5.497923018708371e-14lf;
// 2/3, and what its float lacks.
const F64_TWO_THIRDS: f64 = 0.6666666666666666lf;
const F64_TWO_THIRDS_LOW: f64 = 3.700743415417188e-17lf;

// log x as an unevaluated sum, relative error about 2^-65, for positive x given by its bits.
fn f64_long_log(bits: u64) -> F64Pair {
    let x = f64_log_split(bits);
    let f = x.f;
    let d = f64_two_sum(2.0lf, f);
    // s = f / (2 + f), its remainder, and log(1 + f) = 2 s + 2/3 s^3 + s^5 R(s^2).
    let s = f64_keep(f64_quotient(f, d.high));
    let product = f64_two_product(s, d.high);
    let s_low = (f64_keep(f64_keep(f - product.high) - product.low) - s * d.low) / d.high;
    let z = f64_two_product(s, s);
    let z_low = z.low + 2.0lf * s * s_low;
    let cube = f64_two_product(s, z.high);
    let cube_low = cube.low + (s * z_low + s_low * z.high);
    let third = f64_two_product(cube.high, F64_TWO_THIRDS);
    let third_low = third.low + (cube.high * F64_TWO_THIRDS_LOW + cube_low * F64_TWO_THIRDS);
    var p = 0.11735818855512968lf;
    p = p * z.high + 0.11705021567538627lf;
    p = p * z.high + 0.13334850282547114lf;
    p = p * z.high + 0.1538459412012637lf;
    p = p * z.high + 0.18181818343316125lf;
    p = p * z.high + 0.2222222222162076lf;
    p = p * z.high + 0.28571428571429425lf;
    p = p * z.high + 0.4lf;
    let rest = cube.high * z.high * p;
    let first = f64_two_sum(x.k * F64_LN2_LONG, 2.0lf * s);
    let second = f64_two_sum(first.high, third.high);
    let low = (first.low + second.low) + ((third_low + 2.0lf * s_low + x.k * F64_LN2_LONG_LOW) + rest);
    return f64_two_sum(second.high, low);
}

// x^y = e^(y log |x|) with a sign, the logarithm and the product in two floats each.
fn f64_power(x: f64, y: f64) -> f64 {
    let xb = f64_magnitude(x);
    let yb = f64_magnitude(y);
    let negative = f64_bits(x) >= F64_SIGN;
    // Beyond 2^70 the result is 0, 1 or infinite, as it is at 2^70.
    let huge = yb > 0x4450000000000000lu;
    let exponent = f64_value(select(yb, 0x4450000000000000lu, huge) | (f64_bits(y) & F64_SIGN));
    let log = f64_long_log(select(xb, F64_ONE, (xb == 0lu) | (xb >= F64_INFINITY)));
    let product = f64_two_product(exponent, log.high);
    var bits = f64_bits(f64_exp_sum(product.high, product.low + exponent * log.low, 0));
    // Powers of zero and infinity.
    let down = f64_bits(y) >= F64_SIGN;
    bits = select(bits, select(0lu, F64_INFINITY, down), xb == 0lu);
    bits = select(bits, select(F64_INFINITY, 0lu, down), xb == F64_INFINITY);
    // All floats from 2^53 on are even integers.
    let large = yb >= 0x4340000000000000lu;
    let whole = u64_magnitude_of_f64(select(yb, 0lu, large));
    let integer = large | (f64_bits(f64_of_u64(whole)) == yb);
    let odd = integer & ((whole & 1lu) == 1lu);
    bits |= select(0lu, F64_SIGN, odd & negative);
    let undefined = negative & (xb != 0lu) & (xb < F64_INFINITY) & !integer;
    bits = select(bits, F64_NAN, undefined | (xb > F64_INFINITY) | (yb > F64_INFINITY));
    // 1^y and x^0 are 1 whatever the other is.
    return f64_value(select(bits, F64_ONE, (yb == 0lu) | (f64_bits(x) == F64_ONE)));
}

// Cube root: a third of the exponent as a first guess (5 % off), then E. Halley's iteration, which triples the number
// of right digits, and a step of Newton's with the exact cube.
fn f64_cbrt(x: f64) -> f64 {
    let bits = f64_magnitude(x);
    if (bits == 0lu) | (bits >= F64_INFINITY) {
        return x;
    }
    let parts = f64_parts(bits);
    // The exponent, moved to be positive, as a third and what is left.
    let moved = parts.n + 1080u;
    let left = moved % 3u;
    let normal = parts.m * select(select(1.0lf, 2.0lf, left == 1u), 4.0lf, left == 2u);
    let upper = u64_high(f64_bits(normal)) / 3u + 715094163u;
    var t = bitcast<f64>(u64(upper) << 32u);
    for (var i = 0u; i < 3u; i++) {
        let cube = t * t * t;
        t += t * ((normal - cube) / (2.0lf * cube + normal));
    }
    t = f64_keep(t);
    let square = f64_two_product(t, t);
    let cube = f64_two_product(square.high, t);
    let rest = f64_keep(normal - cube.high) - (cube.low + square.low * t);
    let root = (t + rest / (3.0lf * square.high)) * f64_power_of_two(moved / 3u - 360u);
    return f64_copysign(root, x);
}
