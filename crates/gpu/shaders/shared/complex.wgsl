// complex: complex numbers as (real, imaginary), with the branch cuts of C99 Annex G.
// numbers   within 4 units of 2^-23 (2^-52) of the result's magnitude (not of each part); power and atan2 say theirs
// source    W. Kahan, "Branch cuts for complex elementary functions, or much ado about nothing's sign bit" (1987)
//
// The text serves complex numbers of f64 too, in the words of that type: gpu/src/scalar/functions.rs says which. So
// numbers that differ have names.

// Exponents that `f32_scale` is limited to.
const F32_MOST_SCALE: i32 = 254;
const F32_LEAST_SCALE: i32 = -252;
// 2^62, from which squares are scaled by 2^-66; 2^-40, below which they are by 2^70.
const F32_HUGE: u32 = 0x5e800000u;
const F32_HUGE_SCALE: f32 = 1.3552527156068805e-20f;
const F32_HUGE_BACK: f32 = 73786976294838206464.0f;
const F32_TINY: u32 = 0x2b800000u;
const F32_TINY_SCALE: f32 = 1180591620717411303424.0f;
const F32_TINY_BACK: f32 = 8.470329472543003e-22f;
// 2^125.
const F32_NEARLY_ALL: u32 = 0x7e000000u;
// Exponentials from there on are made of two factors, the second e^60.
const F32_TURN_FROM: f32 = 80.0f;
const F32_TURN_STEP: f32 = 60.0f;
const F32_TURN_FACTOR: f32 = 1.14200739e26f;
// tanh is 1 from there on; inverse functions are logarithms.
const F32_TANH_ONE: f32 = 10.0f;
const F32_LOG_FROM: f32 = 1.0e6f;

fn c64_equal(a: vec2<f32>, b: vec2<f32>) -> bool {
    return (a.x == b.x) & (a.y == b.y) & f32_ordered(a.x, b.x) & f32_ordered(a.y, b.y);
}

fn c64_is_zero(z: vec2<f32>) -> bool {
    return ((f32_bits(z.x) | f32_bits(z.y)) & F32_MAGNITUDE) == F32_ZERO;
}

fn c64_is_finite(z: vec2<f32>) -> bool {
    return f32_is_finite(z.x) & f32_is_finite(z.y);
}

fn f32_is_infinite(x: f32) -> bool {
    return (f32_bits(x) & F32_MAGNITUDE) == F32_INFINITY;
}

fn c64_is_infinite(z: vec2<f32>) -> bool {
    return f32_is_infinite(z.x) | f32_is_infinite(z.y);
}

// i z, and -i z.
fn c64_by_i(z: vec2<f32>) -> vec2<f32> {
    return vec2<f32>(-z.y, z.x);
}

fn c64_by_i_back(z: vec2<f32>) -> vec2<f32> {
    return vec2<f32>(z.y, -z.x);
}

// x 2^n for x near 1.
fn f32_scale(x: f32, n: i32) -> f32 {
    let bounded = select(select(n, F32_MOST_SCALE, n > F32_MOST_SCALE), F32_LEAST_SCALE, n < F32_LEAST_SCALE);
    return f32_scaled(x, bitcast<u32>(bounded));
}

// |z| without overflow; infinite if a part is.
fn c64_abs(z: vec2<f32>) -> f32 {
    let x = f32_bits(z.x) & F32_MAGNITUDE;
    let y = f32_bits(z.y) & F32_MAGNITUDE;
    let large = select(y, x, x > y);
    var up = select(1.0f, F32_HUGE_SCALE, large >= F32_HUGE);
    up = select(up, F32_TINY_SCALE, large < F32_TINY);
    var down = select(1.0f, F32_HUGE_BACK, large >= F32_HUGE);
    down = select(down, F32_TINY_BACK, large < F32_TINY);
    let re = f32_value(x) * up;
    let im = f32_value(y) * up;
    let value = f32_bits(sqrt(re * re + im * im) * down);
    return f32_value(select(select(value, F32_NAN, large > F32_INFINITY), F32_INFINITY, c64_is_infinite(z)));
}

// The four-product form, without recovery of infinities. Products are rounded apart, so that those of conjugates are
// real.
fn c64_multiply(a: vec2<f32>, b: vec2<f32>) -> vec2<f32> {
    let re = f32_keep(a.x * b.x) - f32_keep(a.y * b.y);
    return vec2<f32>(re, f32_keep(a.x * b.y) + f32_keep(a.y * b.x));
}

// 1 with the sign of x where that is infinite, else 0 with its sign.
fn f32_infinite_unit(x: f32) -> f32 {
    return f32_copysign(select(0.0f, 1.0f, f32_is_infinite(x)), x);
}

// The exponent of the larger part, for numbers that are finite and not zero.
fn c64_exponent(z: vec2<f32>) -> i32 {
    let x = f32_bits(z.x) & F32_MAGNITUDE;
    let y = f32_bits(z.y) & F32_MAGNITUDE;
    return f32_exponent(select(y, x, x > y));
}

// R. L. Smith's algorithm on scaled operands; a zero divisor and infinite operands as C99 Annex G.
fn c64_divide(a: vec2<f32>, b: vec2<f32>) -> vec2<f32> {
    if c64_is_zero(b) {
        let infinity = f32_copysign(f32_value(F32_INFINITY), b.x);
        return vec2<f32>(infinity * a.x, infinity * a.y);
    }
    if c64_is_infinite(b) & c64_is_finite(a) {
        let u = vec2<f32>(f32_infinite_unit(b.x), f32_infinite_unit(b.y));
        let zero = f32_value(F32_ZERO);
        return vec2<f32>(zero * (a.x * u.x + a.y * u.y), zero * (a.y * u.x - a.x * u.y));
    }
    if c64_is_infinite(a) & c64_is_finite(b) {
        let u = vec2<f32>(f32_infinite_unit(a.x), f32_infinite_unit(a.y));
        let infinity = f32_value(F32_INFINITY);
        return vec2<f32>(infinity * (u.x * b.x + u.y * b.y), infinity * (u.y * b.x - u.x * b.y));
    }
    let ka = c64_exponent(a);
    let kb = c64_exponent(b);
    let x = vec2<f32>(f32_scale(a.x, -ka), f32_scale(a.y, -ka));
    let y = vec2<f32>(f32_scale(b.x, -kb), f32_scale(b.y, -kb));
    let wide = abs(y.x) >= abs(y.y);
    let large = select(y.y, y.x, wide);
    let small = select(y.x, y.y, wide);
    let ratio = f32_quotient(small, large);
    let scale = large + small * ratio;
    let re = select(x.x * ratio + x.y, x.x + x.y * ratio, wide);
    let im = select(x.y * ratio - x.x, x.y - x.x * ratio, wide);
    let k = ka - kb;
    return vec2<f32>(f32_scale(f32_quotient(re, scale), k), f32_scale(f32_quotient(im, scale), k));
}

fn c64_sign(z: vec2<f32>) -> vec2<f32> {
    let magnitude = c64_abs(z);
    if c64_is_zero(z) {
        return z;
    }
    return vec2<f32>(f32_divide(z.x, magnitude), f32_divide(z.y, magnitude));
}

// (cos x, sin x).
fn f32_circle(x: f32) -> vec2<f32> {
    let angle = f32_reduce(x);
    let sin = f32_bits(f32_sin_of(angle, 0u)) ^ (f32_bits(x) & F32_SIGN);
    let cos = f32_bits(f32_sin_of(angle, 1u));
    let finite = f32_is_finite(x);
    return vec2<f32>(f32_value(select(F32_NAN, cos, finite)), f32_value(select(F32_NAN, sin, finite)));
}

// e^x 2^shift (cos y, sin y), in two factors, so that it overflows only if the result does; y is finite.
fn c64_turned(x: f32, y: f32, shift: i32) -> vec2<f32> {
    let circle = f32_circle(y);
    let large = x > F32_TURN_FROM;
    let first = f32_exp_sum(select(x, x - F32_TURN_STEP, large), 0.0f, shift);
    let second = select(1.0f, F32_TURN_FACTOR, large);
    return vec2<f32>(f32_keep(first * circle.x) * second, f32_keep(first * circle.y) * second);
}

fn c64_exp(z: vec2<f32>) -> vec2<f32> {
    if f32_is_zero(z.y) {
        return vec2<f32>(f32_exp(z.x), z.y);
    }
    let x = f32_bits(z.x);
    if !f32_is_finite(z.y) {
        if x == (F32_INFINITY | F32_SIGN) {
            return vec2<f32>(0.0f, f32_copysign(0.0f, z.y));
        }
        return vec2<f32>(f32_value(select(F32_NAN, x, x == F32_INFINITY)), f32_value(F32_NAN));
    }
    return c64_turned(z.x, z.y, 0);
}

fn c64_expm1(z: vec2<f32>) -> vec2<f32> {
    if f32_is_zero(z.y) {
        return vec2<f32>(f32_expm1(z.x), z.y);
    }
    let e = c64_exp(z);
    if !c64_is_finite(z) | (abs(z.x) >= 1.0f) {
        return vec2<f32>(e.x - 1.0f, e.y);
    }
    let half = f32_sin(0.5f * z.y);
    return vec2<f32>(f32_expm1(z.x) * f32_cos(z.y) - 2.0f * half * half, e.y);
}

// a^2 + b^2 + c rounded once, whatever cancels.
fn f32_squares(a: f32, b: f32, c: f32) -> f32 {
    let p = f32_two_product(a, a);
    let q = f32_two_product(b, b);
    let first = f32_two_sum_any(p.high, c);
    let second = f32_two_sum_any(first.high, q.high);
    return second.high + (second.low + (first.low + (p.low + q.low)));
}

// log |z|, accurate near the unit circle and without overflow.
fn c64_log_abs(z: vec2<f32>) -> f32 {
    let magnitude = c64_abs(z);
    if (magnitude > 0.5f) & (magnitude < 2.0f) {
        return 0.5f * f32_log1p(f32_squares(z.x, z.y, -1.0f));
    }
    if c64_is_finite(z) & ((f32_bits(magnitude) & F32_MAGNITUDE) >= F32_NEARLY_ALL) {
        return f32_log(c64_abs(0.25f * z)) + 2.0f * LN2;
    }
    return f32_log(magnitude);
}

fn c64_log(z: vec2<f32>) -> vec2<f32> {
    return vec2<f32>(c64_log_abs(z), f32_atan2(z.y, z.x));
}

fn c64_log1p(z: vec2<f32>) -> vec2<f32> {
    let next = vec2<f32>(1.0f + z.x, z.y);
    let near = (abs(z.x) < 0.5f) & (abs(z.y) < 0.5f);
    let argument = f32_squares(select(0.0f, z.x, near), select(0.0f, z.y, near), select(0.0f, 2.0f * z.x, near));
    let re = select(f32_bits(c64_log_abs(next)), f32_bits(0.5f * f32_log1p(argument)), near);
    return vec2<f32>(f32_value(re), f32_atan2(z.y, next.x));
}

// 1 + e^z, also near the zeros at odd multiples of i pi.
fn c64_exp_plus_one(z: vec2<f32>) -> vec2<f32> {
    let e = c64_exp(z);
    if !c64_is_finite(z) | (abs(z.x) >= 1.0f) {
        return vec2<f32>(1.0f + e.x, e.y);
    }
    let half = f32_cos(0.5f * z.y);
    return vec2<f32>(f32_expm1(z.x) * f32_cos(z.y) + 2.0f * half * half, e.y);
}

fn c64_logistic(z: vec2<f32>) -> vec2<f32> {
    if z.x < 0.0f {
        return c64_divide(c64_exp(z), c64_exp_plus_one(z));
    }
    return c64_divide(vec2<f32>(1.0f, 0.0f), c64_exp_plus_one(-z));
}

fn c64_sqrt(z: vec2<f32>) -> vec2<f32> {
    if c64_is_zero(z) {
        return vec2<f32>(0.0f, z.y);
    }
    if f32_is_infinite(z.y) {
        return vec2<f32>(f32_value(F32_INFINITY), z.y);
    }
    if f32_is_infinite(z.x) {
        let other = select(F32_ZERO, F32_NAN, f32_is_nan(z.y));
        if z.x > 0.0f {
            return vec2<f32>(z.x, f32_copysign(f32_value(other), z.y));
        }
        return vec2<f32>(f32_value(other), f32_copysign(f32_value(F32_INFINITY), z.y));
    }
    // Scaled by an even power of two to near 1.
    let k = c64_exponent(z) >> 1u;
    let re = f32_scale(z.x, -2 * k);
    let im = f32_scale(z.y, -2 * k);
    let t = sqrt(0.5f * (abs(re) + c64_abs(vec2<f32>(re, im))));
    let other = f32_quotient(abs(im), 2.0f * t);
    let right = re >= 0.0f;
    let root = vec2<f32>(f32_scale(select(other, t, right), k), f32_scale(select(t, other, right), k));
    return vec2<f32>(root.x, f32_copysign(root.y, z.y));
}

fn c64_rsqrt(z: vec2<f32>) -> vec2<f32> {
    if c64_is_zero(z) {
        return vec2<f32>(f32_value(F32_INFINITY), f32_value(F32_NAN));
    }
    if c64_is_infinite(z) {
        return vec2<f32>(0.0f, f32_copysign(0.0f, -z.y));
    }
    return c64_divide(vec2<f32>(1.0f, 0.0f), c64_sqrt(z));
}

fn c64_cbrt(z: vec2<f32>) -> vec2<f32> {
    if f32_is_zero(z.y) & (z.x >= 0.0f) {
        return vec2<f32>(f32_cbrt(z.x), z.y);
    }
    return f32_cbrt(c64_abs(z)) * f32_circle(f32_atan2(z.y, z.x) / 3.0f);
}

fn c64_sinh(z: vec2<f32>) -> vec2<f32> {
    if f32_is_zero(z.y) {
        return vec2<f32>(f32_sinh(z.x), z.y);
    }
    if (abs(z.x) > 20.0f) & f32_is_finite(z.y) {
        let e = c64_turned(abs(z.x), z.y, -1);
        return vec2<f32>(select(e.x, -e.x, z.x < 0.0f), e.y);
    }
    let circle = f32_circle(z.y);
    if f32_is_zero(z.x) {
        return vec2<f32>(z.x, circle.y);
    }
    return vec2<f32>(f32_sinh(z.x) * circle.x, f32_cosh(z.x) * circle.y);
}

fn c64_cosh(z: vec2<f32>) -> vec2<f32> {
    if f32_is_zero(z.y) {
        return vec2<f32>(f32_cosh(z.x), z.y * f32_copysign(1.0f, z.x));
    }
    if (abs(z.x) > 20.0f) & f32_is_finite(z.y) {
        let e = c64_turned(abs(z.x), z.y, -1);
        return vec2<f32>(e.x, select(e.y, -e.y, z.x < 0.0f));
    }
    let circle = f32_circle(z.y);
    if f32_is_zero(z.x) {
        return vec2<f32>(circle.x, z.x * f32_sign(circle.y));
    }
    return vec2<f32>(f32_cosh(z.x) * circle.x, f32_sinh(z.x) * circle.y);
}

fn c64_tanh(z: vec2<f32>) -> vec2<f32> {
    let circle = f32_circle(z.y);
    if abs(z.x) > F32_TANH_ONE {
        let im = 4.0f * circle.x * circle.y * f32_exp(-2.0f * abs(z.x));
        let zero = (f32_bits(z.y) & F32_SIGN);
        let bits = select(zero, f32_bits(im), f32_is_finite(z.y));
        return vec2<f32>(f32_copysign(1.0f, z.x), f32_value(bits));
    }
    if f32_is_zero(z.y) {
        return vec2<f32>(f32_tanh(z.x), z.y);
    }
    let tan = f32_tan(z.y);
    let beta = 1.0f + tan * tan;
    let s = f32_sinh(z.x);
    let rho = sqrt(1.0f + s * s);
    let scale = 1.0f + beta * s * s;
    return vec2<f32>(f32_divide(beta * rho * s, scale), f32_divide(tan, scale));
}

fn c64_sin(z: vec2<f32>) -> vec2<f32> {
    return c64_by_i_back(c64_sinh(c64_by_i(z)));
}

fn c64_cos(z: vec2<f32>) -> vec2<f32> {
    return c64_cosh(c64_by_i(z));
}

fn c64_tan(z: vec2<f32>) -> vec2<f32> {
    return c64_by_i_back(c64_tanh(c64_by_i(z)));
}

fn c64_asin(z: vec2<f32>) -> vec2<f32> {
    if c64_abs(z) > F32_LOG_FROM {
        // asin z = -i log(2 i z) to full accuracy, on the side that the signs choose.
        return vec2<f32>(f32_atan2(z.x, abs(z.y)), f32_copysign(c64_log_abs(z) + LN2, z.y));
    }
    let below = c64_sqrt(vec2<f32>(1.0f - z.x, -z.y));
    let above = c64_sqrt(vec2<f32>(1.0f + z.x, z.y));
    let im = f32_asinh(below.x * above.y - below.y * above.x);
    return vec2<f32>(f32_atan2(z.x, c64_multiply(below, above).x), f32_copysign(im, z.y));
}

fn c64_acos(z: vec2<f32>) -> vec2<f32> {
    if c64_abs(z) > F32_LOG_FROM {
        return vec2<f32>(f32_atan2(abs(z.y), z.x), f32_copysign(c64_log_abs(z) + LN2, -z.y));
    }
    let below = c64_sqrt(vec2<f32>(1.0f - z.x, -z.y));
    let above = c64_sqrt(vec2<f32>(1.0f + z.x, z.y));
    let im = f32_asinh(above.x * below.y - above.y * below.x);
    return vec2<f32>(2.0f * f32_atan2(below.x, above.x), f32_copysign(im, -z.y));
}

// acosh z = i acos z above the real axis, -i acos z below it.
fn c64_acosh(z: vec2<f32>) -> vec2<f32> {
    let w = c64_acos(z);
    return vec2<f32>(abs(w.y), f32_copysign(w.x, z.y));
}

fn c64_asinh(z: vec2<f32>) -> vec2<f32> {
    return c64_by_i_back(c64_asin(c64_by_i(z)));
}

fn c64_atanh(z: vec2<f32>) -> vec2<f32> {
    let x = abs(z.x);
    let y = abs(z.y);
    if (x > 1.0e16f) | (y > 1.0e16f) {
        let inverse = c64_divide(vec2<f32>(1.0f, 0.0f), z);
        return vec2<f32>(inverse.x, f32_copysign(HALF_PI, z.y));
    }
    let gap = 1.0f - x;
    if (gap == 0.0f) & (y < 1.0e-12f) {
        // The square of the distance would underflow.
        let re = 0.5f * (LN2 - f32_log(y));
        let quarter = select(0.5f * HALF_PI, 0.0f, y == 0.0f);
        return vec2<f32>(f32_copysign(re, z.x), f32_copysign(quarter, z.y));
    }
    let re = 0.25f * f32_log1p(f32_divide(4.0f * x, gap * gap + y * y));
    let im = 0.5f * f32_atan2(2.0f * y, gap * (1.0f + x) - y * y);
    // On the cut beyond 1 the upper side is that of +0.
    return vec2<f32>(f32_copysign(re, z.x), f32_copysign(im, z.y));
}

fn c64_atan(z: vec2<f32>) -> vec2<f32> {
    return c64_by_i_back(c64_atanh(c64_by_i(z)));
}

// exp(b log a); 0 to the 0 is 1, 0 to a positive real part is 0. The error grows with |b log a|.
fn c64_power(a: vec2<f32>, b: vec2<f32>) -> vec2<f32> {
    if c64_is_zero(b) {
        return vec2<f32>(1.0f, 0.0f);
    }
    let real = f32_is_zero(b.y);
    if c64_is_zero(a) {
        if b.x > 0.0f {
            return vec2<f32>(0.0f, 0.0f);
        }
        let infinite = (b.x < 0.0f) & real;
        return vec2<f32>(f32_value(select(F32_NAN, F32_INFINITY, infinite)), f32_value(select(F32_NAN, F32_ZERO, infinite)));
    }
    if real & f32_is_zero(a.y) & (a.x >= 0.0f) {
        return vec2<f32>(f32_power(a.x, b.x), 0.0f);
    }
    if real & (b.x == 1.0f) {
        return a;
    }
    if real & (b.x == 2.0f) {
        return c64_multiply(a, a);
    }
    return c64_exp(c64_multiply(b, c64_log(a)));
}

// -i log((x + i y) / sqrt(x^2 + y^2)). The error is small beside 1, not beside a small result.
fn c64_atan2(y: vec2<f32>, x: vec2<f32>) -> vec2<f32> {
    let radius = c64_sqrt(c64_multiply(x, x) + c64_multiply(y, y));
    return c64_by_i_back(c64_log(c64_divide(x + c64_by_i(y), radius)));
}
