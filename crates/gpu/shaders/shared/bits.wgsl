// bits: floats and their bits, hidden from optimizers; orders, largest and smallest.
// numbers   exact; NaN, infinity and the sign of zero as IEEE 754 has them, subnormals too
//
// `hidden()` is always zero: offsets count elements of at most 32 bytes and arrays start at multiples of 64 bytes.
// No compiler knows that, so none sees through `f32_bits`, `f32_value`, `f32_keep` and `f32_one`: none may conclude
// that a value is not NaN, or take a rounded sum apart.

const F32_ZERO: u32 = 0u;
const F32_MAGNITUDE: u32 = 0x7fffffffu;
const F32_INFINITY: u32 = 0x7f800000u;
const F32_NAN: u32 = 0x7fc00000u;
const F32_SIGN: u32 = 0x80000000u;

fn hidden() -> u32 {
    return args.at0 & 1u;
}

// The bits of x.
fn f32_bits(x: f32) -> u32 {
    return bitcast<u32>(x) ^ hidden();
}

// The float of these bits, be it NaN or infinite.
fn f32_value(bits: u32) -> f32 {
    return bitcast<f32>(bits ^ hidden());
}

// x, rounded as it is: no operation moves across.
fn f32_keep(x: f32) -> f32 {
    return bitcast<f32>(bitcast<u32>(x) ^ hidden());
}

fn f32_is_zero(x: f32) -> bool {
    return (f32_bits(x) & F32_MAGNITUDE) == 0u;
}

// 1, as far as no compiler knows: `x * f32_one() + y` is x + y, of which x is rounded before, for the price of x + y where
// devices fuse products and sums.
fn f32_one() -> f32 {
    return bitcast<f32>(0x3f800000u ^ hidden());
}

fn f32_is_nan(x: f32) -> bool {
    return (f32_bits(x) & F32_MAGNITUDE) > F32_INFINITY;
}

// The exponent of a normal number, given by its magnitude.
fn f32_exponent(magnitude: u32) -> i32 {
    return bitcast<i32>(magnitude >> 23u) - 127;
}

// |x| is below the float of these bits, or x is NaN.
fn f32_is_below(x: f32, least: u32) -> bool {
    // Twice the bits have no sign.
    let bits = bitcast<u32>(x);
    return bits + bits + (hidden() - 2u * least) > 2u * (F32_INFINITY - least);
}

fn f32_is_finite(x: f32) -> bool {
    return (f32_bits(x) & F32_MAGNITUDE) < F32_INFINITY;
}

// Neither is NaN.
fn f32_ordered(a: f32, b: f32) -> bool {
    return ((f32_bits(a) & F32_MAGNITUDE) <= F32_INFINITY) & ((f32_bits(b) & F32_MAGNITUDE) <= F32_INFINITY);
}

// Magnitude of x with the sign of s.
fn f32_copysign(x: f32, s: f32) -> f32 {
    return f32_value((bitcast<u32>(x) & F32_MAGNITUDE) | (bitcast<u32>(s) & F32_SIGN));
}

// An integer that grows with x: -NaN, -inf, ..., -0, +0, ..., inf, NaN.
fn f32_order(x: f32) -> i32 {
    let bits = bitcast<i32>(f32_bits(x));
    return bits ^ ((bits >> 31u) & 0x7fffffff);
}

// As `f32_order`, where zeros are equal and all NaNs are, above infinity: those of either sign wrap to the top.
fn f32_weak_order(x: f32) -> i32 {
    let sign = bitcast<i32>(x) >> 31u;
    let order = (bitcast<i32>(f32_bits(x) & F32_MAGNITUDE) ^ sign) - sign - 0x00800000;
    return select(order, 0x7f000001, order > 0x7f000001);
}

// The float at this place of the order: of zeros the positive one.
fn f32_of_weak_order(order: i32) -> f32 {
    let signed = order + 0x00800000;
    return f32_value(select(bitcast<u32>(signed), bitcast<u32>(-signed) | F32_SIGN, signed < 0));
}

// The order, moved so that NaNs of both signs come last: an integer whose maximum is that of the floats.
fn f32_maximum_rank(x: f32) -> i32 {
    return f32_order(x) - 0x007fffff;
}

// The order, moved so that NaNs of both signs come first.
fn f32_minimum_rank(x: f32) -> i32 {
    return f32_order(x) + 0x007fffff;
}

fn f32_of_order(order: i32) -> f32 {
    return f32_value(bitcast<u32>(order ^ ((order >> 31u) & 0x7fffffff)));
}

fn f32_of_maximum_rank(rank: i32) -> f32 {
    return f32_of_order(rank + 0x007fffff);
}

fn f32_of_minimum_rank(rank: i32) -> f32 {
    return f32_of_order(rank - 0x007fffff);
}

// The larger; NaN if either is; +0 over -0.
fn f32_maximum(a: f32, b: f32) -> f32 {
    return select(b, a, f32_maximum_rank(a) > f32_maximum_rank(b));
}

// The smaller; NaN if either is; -0 under +0.
fn f32_minimum(a: f32, b: f32) -> f32 {
    return select(b, a, f32_minimum_rank(a) < f32_minimum_rank(b));
}

// -1 or 1; zeros and NaN are returned as they are.
fn f32_sign(x: f32) -> f32 {
    let bits = f32_bits(x);
    let magnitude = bits & F32_MAGNITUDE;
    let unit = (bits & F32_SIGN) | 0x3f800000u;
    return f32_value(select(unit, bits, (magnitude == 0u) | (magnitude > F32_INFINITY)));
}
