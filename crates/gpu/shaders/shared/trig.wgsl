// trig: trigonometric functions of f32 and their inverses.
// numbers   sin and cos 2.6 ulp, tan 3.4, over the whole range; asin 2.3, acos 1.1, atan and atan2 1.8

// pi/2 in parts of 11 bits, whose multiples by up to 2^13 are exact, and the rest.
const HALF_PI_1: f32 = 1.5703125f;
const HALF_PI_2: f32 = 4.8351287841796875e-4f;
const HALF_PI_3: f32 = 3.1385570764541626e-7f;
const HALF_PI_4: f32 = 6.07710063e-11f;
// pi/2, and what its float lacks.
const HALF_PI: f32 = 1.57079637e0f;
const HALF_PI_LOW: f32 = -4.37113883e-8f;
const TWO_OVER_PI: f32 = 0.636619747f;

// |x| = q pi/2 + r with |r| up to pi/4.
struct Angle {
    r: f32,
    q: u32,
}

// The upper half of a product.
fn u32_multiply_high(a: u32, b: u32) -> u32 {
    let al = a & 0xffffu;
    let ah = a >> 16u;
    let bl = b & 0xffffu;
    let bh = b >> 16u;
    let first = ah * bl + ((al * bl) >> 16u);
    let second = al * bh + (first & 0xffffu);
    return ah * bh + (first >> 16u) + (second >> 16u);
}

// Bits of 2/pi, the first word before the point.
fn two_over_pi(word: u32) -> u32 {
    switch word {
        case 1u: { return 0xa2f9836eu; }
        case 2u: { return 0x4e441529u; }
        case 3u: { return 0xfc2757d1u; }
        case 4u: { return 0xf534ddc0u; }
        case 5u: { return 0xdb629599u; }
        case 6u: { return 0x3c439041u; }
        case 7u: { return 0xfe5163abu; }
        default: { return 0u; }
    }
}

// 32 bits of 2/pi from a bit on.
fn two_over_pi_bits(bit: u32) -> u32 {
    let word = bit >> 5u;
    let shift = bit & 31u;
    let next = (two_over_pi(word + 1u) >> 1u) >> (31u - shift);
    return (two_over_pi(word) << shift) | next;
}

// The reduction of a number of at least one half, given by its bits, exactly (M. Payne, R. Hanek): x is an integer
// times 2^s, and of its product with 2/pi the bits of 4 and above do not matter.
fn f32_reduce_exactly(bits: u32) -> Angle {
    let significand = (bits & 0x007fffffu) | 0x00800000u;
    let start = (bits >> 23u) - 120u;
    let high = two_over_pi_bits(start);
    let middle = two_over_pi_bits(start + 32u);
    let low = two_over_pi_bits(start + 64u);
    // The product modulo 4, as an integer times 2^-94.
    let product = significand * middle;
    let p1 = product + u32_multiply_high(significand, low);
    let p2 = significand * high + u32_multiply_high(significand, middle) + select(0u, 1u, p1 < product);
    let p0 = significand * low;
    // Quadrants, and the fraction of one in 64 bits.
    var upper = (p2 << 2u) | (p1 >> 30u);
    var lower = (p1 << 2u) | (p0 >> 30u);
    let negative = upper >= 0x80000000u;
    let q = (p2 >> 30u) + select(0u, 1u, negative);
    if negative {
        lower = ~lower + 1u;
        upper = ~upper + select(0u, 1u, lower == 0u);
    }
    let zeros = countLeadingZeros(upper) & 31u;
    let normal = (upper << zeros) | ((lower >> 1u) >> (31u - zeros));
    let turn = f32(normal) * bitcast<f32>((95u - zeros) << 23u);
    let r = turn * HALF_PI + turn * HALF_PI_LOW;
    return Angle(select(r, -r, negative), q);
}

fn f32_reduce(x: f32) -> Angle {
    let bits = f32_bits(x) & F32_MAGNITUDE;
    let magnitude = abs(x);
    let n = floor(magnitude * TWO_OVER_PI + 0.5f);
    let first = f32_keep(magnitude - n * HALF_PI_1);
    let second = f32_keep(first - n * HALF_PI_2);
    let third = f32_keep(second - n * HALF_PI_3);
    let r = third - n * HALF_PI_4;
    // Where little is left, or the parts are too few.
    let cancelled = (bits > 0x3f000000u) & (abs(r) < 9.765625e-4f);
    if ((bits >= 0x46000000u) | cancelled) & (bits < F32_INFINITY) {
        return f32_reduce_exactly(bits);
    }
    return Angle(r, u32(n) & 3u);
}

// sin r for |r| up to pi/4.
fn f32_sin_kernel(r: f32) -> f32 {
    let z = r * r;
    let p = ((2.72437819e-6f * z - 1.98400390e-4f) * z + 8.33333191e-3f) * z - 1.66666672e-1f;
    return r + r * z * p;
}

// cos r for |r| up to pi/4.
fn f32_cos_kernel(r: f32) -> f32 {
    let z = r * r;
    let p = ((-2.72958317e-7f * z + 2.48005599e-5f) * z - 1.38888881e-3f) * z + 4.16666679e-2f;
    return 1.0f + (z * z * p - 0.5f * z);
}

// Of a reduced angle, `quarter` quadrants on.
fn f32_sin_of(angle: Angle, quarter: u32) -> f32 {
    let q = angle.q + quarter;
    let value = select(f32_sin_kernel(angle.r), f32_cos_kernel(angle.r), (q & 1u) == 1u);
    return f32_value(f32_bits(value) ^ ((q & 2u) << 30u));
}

// Sine.
fn f32_sin(x: f32) -> f32 {
    let value = f32_bits(f32_sin_of(f32_reduce(x), 0u)) ^ (f32_bits(x) & F32_SIGN);
    return f32_value(select(F32_NAN, value, f32_is_finite(x)));
}

// Cosine.
fn f32_cos(x: f32) -> f32 {
    let value = f32_bits(f32_sin_of(f32_reduce(x), 1u));
    return f32_value(select(F32_NAN, value, f32_is_finite(x)));
}

// Tangent.
fn f32_tan(x: f32) -> f32 {
    let angle = f32_reduce(x);
    let r = angle.r;
    let z = r * r;
    let p0 = ((4.42479597e-3f * z - 1.22022857e-5f) * z + 1.09191751e-2f) * z + 2.12486088e-2f;
    let p = ((p0 * z + 5.40667474e-2f) * z + 1.33325994e-1f) * z + 3.33333522e-1f;
    let tan = r + r * z * p;
    let odd = (angle.q & 1u) == 1u;
    let value = f32_bits(select(tan, -1.0f / tan, odd)) ^ (f32_bits(x) & F32_SIGN);
    return f32_value(select(F32_NAN, value, f32_is_finite(x)));
}

// (asin(v) - v) / v for v^2 = z up to 1/4.
fn f32_asin_kernel(z: f32) -> f32 {
    let p = ((3.39207165e-2f * z + 1.70060154e-2f) * z + 3.11318692e-2f) * z + 4.45966311e-2f;
    return z * ((p * z + 7.50010312e-2f) * z + 1.66666657e-1f);
}

// Inverse sine; beyond one half by asin x = pi/2 - 2 asin sqrt((1 - x)/2).
fn f32_asin(x: f32) -> f32 {
    let magnitude = abs(x);
    let inner = magnitude < 0.5f;
    let z = select(0.5f * (1.0f - magnitude), x * x, inner);
    let v = select(sqrt(z), magnitude, inner);
    let r = v + v * f32_asin_kernel(z);
    let y = select(HALF_PI - f32_keep(2.0f * r - HALF_PI_LOW), r, inner);
    let bits = f32_bits(y);
    let nan = (bits & F32_MAGNITUDE) > F32_INFINITY;
    return f32_value(select((bits & F32_MAGNITUDE) | (f32_bits(x) & F32_SIGN), F32_NAN, nan | f32_is_nan(x)));
}

// Inverse cosine.
fn f32_acos(x: f32) -> f32 {
    let magnitude = abs(x);
    let inner = magnitude < 0.5f;
    let z = select(0.5f * (1.0f - magnitude), x * x, inner);
    let v = select(sqrt(z), x, inner);
    let tail = v * f32_asin_kernel(z);
    let middle = HALF_PI - f32_keep(v - f32_keep(HALF_PI_LOW - tail));
    let outer = 2.0f * (v + tail);
    let left = 2.0f * HALF_PI - f32_keep(outer - 2.0f * HALF_PI_LOW);
    let y = select(select(outer, left, x < 0.0f), middle, inner);
    return f32_value(select(f32_bits(y), F32_NAN, f32_is_nan(x)));
}

// Inverse tangent.
fn f32_atan(x: f32) -> f32 {
    return f32_atan2(x, 1.0f);
}

// The angle of the point (x, y), signs of zeros included.
fn f32_atan2(y: f32, x: f32) -> f32 {
    let xb = f32_bits(x) & F32_MAGNITUDE;
    let yb = f32_bits(y) & F32_MAGNITUDE;
    let steep = yb > xb;
    let large_bits = select(xb, yb, steep);
    let small_bits = select(yb, xb, steep);
    // Keep sums finite, and divisors where devices divide well; compilers would shrink the sum instead.
    let shrink = select(1.0f, 0.125f, large_bits > 0x7e000000u);
    let large = f32_keep(f32_value(large_bits) * shrink);
    let small = f32_keep(f32_value(small_bits) * shrink);
    // Above tan(pi/8), subtract pi/4: tan(u - pi/4) = (s - l) / (s + l).
    let infinite = small_bits == F32_INFINITY;
    let upper = infinite | (small > 0.414213568f * large);
    let top = select(small, small - large, upper);
    let bottom = select(large, small + large, upper);
    // 0/0 and inf/inf: on the axis and on the diagonal.
    let degenerate = infinite | (large_bits == 0u);
    let t = f32_value(select(f32_bits(top / bottom), 0u, degenerate));
    let z = t * t;
    let p = (((-6.08111024e-2f * z + 1.05951197e-1f) * z - 1.42437354e-1f) * z + 1.99984834e-1f) * z - 3.33333164e-1f;
    let tail = t * z * p;
    // The result is c0 + sign (t + tail), in parts: multiples of pi/4 have a low part.
    let quarters = select(0.0f, 1.0f, upper);
    let base = select(quarters, 2.0f - quarters, steep);
    let left = f32_bits(x) >= F32_SIGN;
    let signed = select(1.0f, -1.0f, steep != left);
    let turned = select(base, 4.0f - base, left);
    let low = turned * (0.5f * HALF_PI_LOW);
    let angle = turned * (0.5f * HALF_PI) + f32_keep(signed * t + (signed * tail + low));
    let value = (f32_bits(angle) & F32_MAGNITUDE) | (f32_bits(y) & F32_SIGN);
    return f32_value(select(value, F32_NAN, (xb > F32_INFINITY) | (yb > F32_INFINITY)));
}
