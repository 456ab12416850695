// bits: f64 and its bits, hidden from optimizers as those of f32 are (bits.wgsl); orders, largest and smallest.
// numbers   exact; NaN, infinity and the sign of zero as IEEE 754 has them, subnormals too
//
// The bits are a u64: naga writes `bitcast` between the two as SPIR-V's OpBitcast. It has no way between f64 and pairs
// of u32, so halves are taken from the u64 (wide.wgsl). Orders are u64 too: Mesa 22.3 compares some i64 wrongly.

const F64_ZERO: u64 = 0lu;
const F64_MAGNITUDE: u64 = 0x7ffffffffffffffflu;
const F64_INFINITY: u64 = 0x7ff0000000000000lu;
const F64_NAN: u64 = 0x7ff8000000000000lu;
const F64_SIGN: u64 = 0x8000000000000000lu;
const F64_FRACTION: u64 = 0x000ffffffffffffflu;
const F64_ONE: u64 = 0x3ff0000000000000lu;
// The least positive normal number.
const F64_NORMAL: u64 = 0x0010000000000000lu;

// The bits of x.
fn f64_bits(x: f64) -> u64 {
    return bitcast<u64>(x) ^ u64(hidden());
}

// The float of these bits, be it NaN or infinite.
fn f64_value(bits: u64) -> f64 {
    return bitcast<f64>(bits ^ u64(hidden()));
}

// x, rounded as it is: no operation moves across.
fn f64_keep(x: f64) -> f64 {
    return bitcast<f64>(bitcast<u64>(x) ^ u64(hidden()));
}

fn f64_magnitude(x: f64) -> u64 {
    return f64_bits(x) & F64_MAGNITUDE;
}

fn f64_is_nan(x: f64) -> bool {
    return f64_magnitude(x) > F64_INFINITY;
}

fn f64_is_finite(x: f64) -> bool {
    return f64_magnitude(x) < F64_INFINITY;
}

fn f64_is_zero(x: f64) -> bool {
    return f64_magnitude(x) == 0lu;
}

// The exponent of a normal number, given by its magnitude.
fn f64_exponent(magnitude: u64) -> i32 {
    return bitcast<i32>(u32(magnitude >> 52u)) - 1023;
}

// Neither is NaN.
fn f64_ordered(a: f64, b: f64) -> bool {
    return (f64_magnitude(a) <= F64_INFINITY) & (f64_magnitude(b) <= F64_INFINITY);
}

// Magnitude of x with the sign of s.
fn f64_copysign(x: f64, s: f64) -> f64 {
    return f64_value((bitcast<u64>(x) & F64_MAGNITUDE) | (bitcast<u64>(s) & F64_SIGN));
}

// An integer that grows with x: -NaN, -inf, ..., -0, +0, ..., inf, NaN.
fn f64_order(x: f64) -> u64 {
    let bits = f64_bits(x);
    return bits ^ select(F64_SIGN, 0xfffffffffffffffflu, bits >= F64_SIGN);
}

// As `f64_order`, where zeros are equal and all NaNs are, above infinity.
fn f64_weak_order(x: f64) -> u64 {
    let bits = f64_bits(x);
    let magnitude = bits & F64_MAGNITUDE;
    let order = select(F64_SIGN + magnitude, F64_SIGN - magnitude, bits != magnitude);
    return select(order, 0xfffffffffffffffflu, magnitude > F64_INFINITY);
}

// The order, moved so that NaNs of both signs come last: an integer whose maximum is that of the floats.
fn f64_maximum_rank(x: f64) -> u64 {
    return f64_order(x) - F64_FRACTION;
}

// The order, moved so that NaNs of both signs come first.
fn f64_minimum_rank(x: f64) -> u64 {
    return f64_order(x) + F64_FRACTION;
}

// The larger; NaN if either is; +0 over -0.
fn f64_maximum(a: f64, b: f64) -> f64 {
    return select(b, a, f64_maximum_rank(a) > f64_maximum_rank(b));
}

// The smaller; NaN if either is; -0 under +0.
fn f64_minimum(a: f64, b: f64) -> f64 {
    return select(b, a, f64_minimum_rank(a) < f64_minimum_rank(b));
}

// -1 or 1; zeros and NaN are returned as they are.
fn f64_sign(x: f64) -> f64 {
    let bits = f64_bits(x);
    let magnitude = bits & F64_MAGNITUDE;
    let unit = (bits & F64_SIGN) | F64_ONE;
    return f64_value(select(unit, bits, (magnitude == 0lu) | (magnitude > F64_INFINITY)));
}

// x rounded on its pattern: `drop` bits of the fraction are lost, exponents above `largest` give infinity, those below
// `least` zero.
fn f64_reduce_precision(x: f64, drop: u32, least: u32, largest: u32) -> f64 {
    let bits = f64_bits(x);
    let magnitude = bits & F64_MAGNITUDE;
    let unit = 1lu << drop;
    let up = select(0lu, (unit >> 1u) - 1lu + ((magnitude >> drop) & 1lu), drop > 0u);
    let rounded = (magnitude + up) & ~(unit - 1lu);
    let exponent = u32(rounded >> 52u);
    let low = select(rounded, 0lu, exponent < least);
    let bounded = select(low, F64_INFINITY, exponent > largest);
    // Without a mantissa there is no NaN.
    let special = select(magnitude, F64_INFINITY, drop == 52u);
    return f64_value(select(bounded, special, magnitude >= F64_INFINITY) | (bits & F64_SIGN));
}
