// trig: trigonometric functions of f64 and their inverses.
// numbers   sin and cos 1 ulp, tan 3, over the whole range; asin, acos, atan and atan2 2

// pi/2 in parts of 33 bits, whose multiples by up to 2^20 are exact, and the rest.
const F64_HALF_PI_1: f64 = 1.5707963267341256lf;
const F64_HALF_PI_2: f64 = 6.077100506303966e-11lf;
const F64_HALF_PI_3: f64 = 2.0222662487111665e-21lf;
const F64_HALF_PI_4: f64 = 8.4784276603689e-32lf;
// pi/2, and what its float lacks.
const F64_HALF_PI: f64 = 1.5707963267948966lf;
const F64_HALF_PI_LOW: f64 = 6.123233995736766e-17lf;
const F64_TWO_OVER_PI_1: f64 = 0.6366197723675814lf;
// Bits of 2/pi, the first two words before the point.
const F64_TWO_OVER_PI = array<u32, 39>(
    0x00000000u, 0x00000000u, 0xa2f9836eu, 0x4e441529u, 0xfc2757d1u, 0xf534ddc0u, 0xdb629599u, 0x3c439041u,
    0xfe5163abu, 0xdebbc561u, 0xb7246e3au, 0x424dd2e0u, 0x06492eeau, 0x09d1921cu, 0xfe1deb1cu, 0xb129a73eu,
    0xe88235f5u, 0x2ebb4484u, 0xe99c7026u, 0xb45f7e41u, 0x3991d639u, 0x835339f4u, 0x9c845f8bu, 0xbdf9283bu,
    0x1ff897ffu, 0xde05980fu, 0xef2f118bu, 0x5a0a6d1fu, 0x6d367ecfu, 0x27cb09b7u, 0x4f463f66u, 0x9e5fea2du,
    0x7527bac7u, 0xebe5f17bu, 0x3d0739f7u, 0x8a5292eau, 0x6bfb5fb1u, 0x1f8d5d08u, 0x56033046u,
);

// |x| = q pi/2 + r + low with |r| up to pi/4.
struct Angle64 {
    r: f64,
    low: f64,
    q: u32,
}

// 32 bits of 2/pi from a bit on.
fn f64_two_over_pi_bits(bit: u32) -> u64 {
    let word = bit >> 5u;
    let pair = u64_of(F64_TWO_OVER_PI[word + 1u], F64_TWO_OVER_PI[word]);
    return (pair >> (32u - (bit & 31u))) & 0xfffffffflu;
}

// The reduction of a number of at least 2^19, given by its bits, exactly (M. Payne, R. Hanek): x is an integer times
// 2^s, and of its product with 2/pi the bits of 4 and above do not matter.
fn f64_reduce_exactly(bits: u64) -> Angle64 {
    let high = u64(u64_high(bits) & 0xfffffu) | 0x100000lu;
    let low = bits & 0xfffffffflu;
    let start = u32(bits >> 52u) - 1013u;
    // The product modulo 4, a word of 32 bits after the other from the last of 6. The count is hidden: six copies of the
    // table's reading would take drivers long to compile.
    var top = 0lu;
    var middle = 0lu;
    var bottom = 0lu;
    var first_carry = 0lu;
    var second_carry = 0lu;
    var above = 0lu;
    for (var i = hidden(); i < 6u; i++) {
        let word = f64_two_over_pi_bits(start + 160u - 32u * i);
        let a = low * word + (first_carry >> 32u);
        let b = (a & 0xfffffffflu) + high * above + (second_carry >> 32u);
        first_carry = a;
        second_carry = b;
        above = word;
        bottom = (bottom >> 32u) | (middle << 32u);
        middle = (middle >> 32u) | (top << 32u);
        top = (top >> 32u) | (b << 32u);
    }
    // Quadrants, and the fraction of one in 128 bits.
    var upper = (top << 2u) | (middle >> 62u);
    var lower = (middle << 2u) | (bottom >> 62u);
    let negative = upper >= F64_SIGN;
    let q = u32(top >> 62u) + select(0u, 1u, negative);
    if negative {
        lower = 0lu - lower;
        upper = ~upper + select(0lu, 1lu, lower == 0lu);
    }
    let zeros = u32(u64_leading_zeros(upper)) & 63u;
    let first = (upper << zeros) | ((lower >> 1u) >> (63u - zeros));
    let second = ((first & 0x7fflu) << 42u) | ((lower << zeros) >> 22u);
    let turn = f64(first >> 11u) * f64_power_of_two(0xffffffcbu - zeros);
    let rest = f64(second) * f64_power_of_two(0xffffff96u - zeros);
    let product = f64_two_product(turn, F64_HALF_PI);
    let r = f64_two_sum(product.high, product.low + (turn * F64_HALF_PI_LOW + rest * F64_HALF_PI));
    return Angle64(select(r.high, -r.high, negative), select(r.low, -r.low, negative), q);
}

// Of a finite number.
fn f64_reduce(x: f64) -> Angle64 {
    let bits = f64_magnitude(x);
    if bits >= 0x412e848000000000lu {
        return f64_reduce_exactly(bits);
    }
    let magnitude = abs(x);
    let shifted = f64_keep(magnitude * F64_TWO_OVER_PI_1 + F64_TO_INTEGER);
    let n = f64_keep(shifted - F64_TO_INTEGER);
    let first = f64_keep(magnitude - n * F64_HALF_PI_1);
    let second = f64_two_sum_any(first, -(n * F64_HALF_PI_2));
    let third = f64_two_sum_any(second.high, -(n * F64_HALF_PI_3));
    let r = f64_two_sum_any(third.high, (second.low + third.low) - n * F64_HALF_PI_4);
    return Angle64(r.high, r.low, u64_low(bitcast<u64>(shifted)) & 3u);
}

// sin(r + low) for |r| up to pi/4.
fn f64_sin_kernel(r: f64, low: f64) -> f64 {
    let z = r * r;
    var p = -7.585486485235938e-13lf;
    p = p * z + 1.6058510875319195e-10lf;
    p = p * z - 2.505210610025599e-08lf;
    p = p * z + 2.7557319218954762e-06lf;
    p = p * z - 0.00019841269841264567lf;
    p = p * z + 0.008333333333333331lf;
    p = p * z - 0.16666666666666666lf;
    return r + (r * z * p + low * (1.0lf - 0.5lf * z));
}

// cos(r + low) for |r| up to pi/4.
fn f64_cos_kernel(r: f64, low: f64) -> f64 {
    let z = r * r;
    var p = 4.745198807202876e-14lf;
    p = p * z - 1.1470449354466773e-11lf;
    p = p * z + 2.0876755717584403e-09lf;
    p = p * z - 2.75573192211891e-07lf;
    p = p * z + 2.4801587301584367e-05lf;
    p = p * z - 0.0013888888888888887lf;
    p = p * z + 0.041666666666666664lf;
    let half = f64_keep(0.5lf * z);
    let w = f64_keep(1.0lf - half);
    return w + ((f64_keep(1.0lf - w) - half) + (z * z * p - r * low));
}

// Of a reduced angle, `quarter` quadrants on.
fn f64_sin_of(angle: Angle64, quarter: u32) -> f64 {
    let q = angle.q + quarter;
    let sin = f64_sin_kernel(angle.r, angle.low);
    let value = select(sin, f64_cos_kernel(angle.r, angle.low), (q & 1u) == 1u);
    return f64_value(f64_bits(value) ^ (u64(q & 2u) << 62u));
}

// Sine.
fn f64_sin(x: f64) -> f64 {
    if !f64_is_finite(x) {
        return f64_value(F64_NAN);
    }
    let value = f64_bits(f64_sin_of(f64_reduce(x), 0u)) ^ (f64_bits(x) & F64_SIGN);
    return f64_value(select(value, f64_bits(x), f64_magnitude(x) < 0x3e40000000000000lu));
}

// Cosine.
fn f64_cos(x: f64) -> f64 {
    if !f64_is_finite(x) {
        return f64_value(F64_NAN);
    }
    return f64_sin_of(f64_reduce(x), 1u);
}

// Tangent.
fn f64_tan(x: f64) -> f64 {
    if !f64_is_finite(x) {
        return f64_value(F64_NAN);
    }
    let angle = f64_reduce(x);
    let sin = f64_sin_kernel(angle.r, angle.low);
    let cos = f64_cos_kernel(angle.r, angle.low);
    let odd = (angle.q & 1u) == 1u;
    let value = f64_bits(f64_quotient(select(sin, cos, odd), select(cos, -sin, odd))) ^ (f64_bits(x) & F64_SIGN);
    return f64_value(select(value, f64_bits(x), f64_magnitude(x) < 0x3e40000000000000lu));
}

// (asin(v) - v) / v for v^2 = z up to 1/4.
fn f64_asin_kernel(z: f64) -> f64 {
    var p = 0.02961201126495512lf;
    p = p * z - 0.01924167174674304lf;
    p = p * z + 0.019554513336123378lf;
    p = p * z + 0.0030448799094556773lf;
    p = p * z + 0.009319560794767446lf;
    p = p * z + 0.009621842970100282lf;
    p = p * z + 0.011566459612121669lf;
    p = p * z + 0.01396378001220357lf;
    p = p * z + 0.017352816540325496lf;
    p = p * z + 0.02237215744350722lf;
    p = p * z + 0.03038194447553234lf;
    p = p * z + 0.044642857142551895lf;
    p = p * z + 0.07500000000000118lf;
    p = p * z + 0.16666666666666666lf;
    return z * p;
}

// Inverse sine; beyond one half by asin x = pi/2 - 2 asin sqrt((1 - x)/2).
fn f64_asin(x: f64) -> f64 {
    let magnitude = abs(x);
    let inner = magnitude < 0.5lf;
    let z = select(0.5lf * (1.0lf - magnitude), x * x, inner);
    let v = select(f64_sqrt(z), magnitude, inner);
    let r = v + v * f64_asin_kernel(z);
    let bits = f64_bits(select(F64_HALF_PI - (2.0lf * r - F64_HALF_PI_LOW), r, inner)) | (f64_bits(x) & F64_SIGN);
    return f64_value(select(bits, F64_NAN, (magnitude > 1.0lf) | f64_is_nan(x)));
}

// Inverse cosine.
fn f64_acos(x: f64) -> f64 {
    let magnitude = abs(x);
    let inner = magnitude < 0.5lf;
    let z = select(0.5lf * (1.0lf - magnitude), x * x, inner);
    let v = select(f64_sqrt(z), x, inner);
    let tail = v * f64_asin_kernel(z);
    let middle = F64_HALF_PI - (v - (F64_HALF_PI_LOW - tail));
    let right = 2.0lf * (v + tail);
    let left = 2.0lf * F64_HALF_PI - (right - 2.0lf * F64_HALF_PI_LOW);
    let bits = f64_bits(select(select(right, left, x < 0.0lf), middle, inner));
    return f64_value(select(bits, F64_NAN, (magnitude > 1.0lf) | f64_is_nan(x)));
}

// Inverse tangent.
fn f64_atan(x: f64) -> f64 {
    return f64_atan2(x, 1.0lf);
}

// The angle of the point (x, y), signs of zeros included.
fn f64_atan2(y: f64, x: f64) -> f64 {
    let xb = f64_magnitude(x);
    let yb = f64_magnitude(y);
    let steep = yb > xb;
    let high = select(xb, yb, steep);
    let low = select(yb, xb, steep);
    let infinite = low == F64_INFINITY;
    // Keep sums finite.
    let shrink = select(1.0lf, 0.0625lf, high > 0x7e00000000000000lu);
    let large = f64_value(high) * shrink;
    let small = f64_value(low) * shrink;
    // Above tan(pi/8), subtract pi/4: tan(u - pi/4) = (s - l) / (s + l).
    let upper = infinite | (small > 0.41421356237309503lf * large);
    let ratio = f64_divide(select(small, small - large, upper), select(large, small + large, upper));
    // 0/0 and inf/inf: on the axis and on the diagonal.
    let t = f64_value(select(f64_bits(ratio), 0lu, infinite | (high == 0lu)));
    let z = t * t;
    var p = 0.016282993238924487lf;
    p = p * z - 0.034568068014968874lf;
    p = p * z + 0.0455149623749493lf;
    p = p * z - 0.052304330074828924lf;
    p = p * z + 0.05878926110528101lf;
    p = p * z - 0.06666424634599337lf;
    p = p * z + 0.07692296361048218lf;
    p = p * z - 0.09090908753017178lf;
    p = p * z + 0.11111111105145725lf;
    p = p * z - 0.14285714285659729lf;
    p = p * z + 0.19999999999999804lf;
    p = p * z - 0.3333333333333333lf;
    let tail = t * z * p;
    // The result is c0 + sign (t + tail), in parts: multiples of pi/4 have a low part.
    let quarters = select(0.0lf, 1.0lf, upper);
    let left = f64_bits(x) >= F64_SIGN;
    let flat = select(quarters, 2.0lf - quarters, steep);
    let base = select(flat, 4.0lf - flat, left);
    let unit = select(1.0lf, -1.0lf, steep != left);
    let angle = base * (0.5lf * F64_HALF_PI) + (unit * t + (unit * tail + base * (0.5lf * F64_HALF_PI_LOW)));
    let bits = (f64_bits(angle) & F64_MAGNITUDE) | (f64_bits(y) & F64_SIGN);
    return f64_value(select(bits, F64_NAN, high > F64_INFINITY));
}
