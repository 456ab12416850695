// narrow: floats of 16 bits and fewer, held in f32: rounding and their bits.
// numbers   exact; ties to even; out of range as each format has it

// x rounded to f16: by its bits, for which devices need no type of 16 bits. GPUs convert in an instruction, to nearest.
// The bits are hidden: NVIDIA's compiler takes packing and unpacking for nothing.
fn f16_round(x: f32) -> f32 {
    return f16_of_bits(f16_to_bits(x) ^ hidden());
}

fn f16_of_bits(half: u32) -> f32 {
    return unpack2x16float(half).x;
}

// The bits of x rounded to f16.
fn f16_to_bits(x: f32) -> u32 {
    return pack2x16float(vec2<f32>(x, 0.0f));
}

// x rounded to bf16.
fn bf16_round(x: f32) -> f32 {
    let bits = bitcast<u32>(x);
    let rounded = bits + 0x7fffu + ((bits >> 16u) & 1u);
    return f32_value(select(rounded, F32_NAN, f32_is_nan(x)) & 0xffff0000u);
}

fn bf16_of_bits(half: u32) -> f32 {
    return bitcast<f32>(half << 16u);
}

// The bits of x, which is a bf16.
fn bf16_to_bits(x: f32) -> u32 {
    return bitcast<u32>(x) >> 16u;
}

// What the patterns at the top of a format's range mean.
const SMALL_IEEE: u32 = 0u;
// All ones is NaN; no infinity.
const SMALL_ONE_NAN: u32 = 1u;
// The pattern of negative zero is NaN; no infinity.
const SMALL_UNSIGNED_ZERO: u32 = 2u;
// Every pattern is finite.
const SMALL_FINITE: u32 = 3u;

// A float of 8 bits or fewer.
struct Small {
    exponent_bits: u32,
    mantissa_bits: u32,
    bias: u32,
    special: u32,
}

fn small_of_bits(bits: u32, format: Small) -> f32 {
    let width = format.exponent_bits + format.mantissa_bits;
    let magnitude = bits & ((1u << width) - 1u);
    let negative = ((bits >> width) & 1u) == 1u;
    let exponent = magnitude >> format.mantissa_bits;
    let fraction = magnitude & ((1u << format.mantissa_bits) - 1u);
    let normal = ((exponent + 127u - format.bias) << 23u) | (fraction << (23u - format.mantissa_bits));
    let unit = bitcast<f32>((128u - format.bias - format.mantissa_bits) << 23u);
    var value = select(normal, f32_bits(f32(fraction) * unit), exponent == 0u);
    if format.special == SMALL_IEEE {
        let top = exponent == (1u << format.exponent_bits) - 1u;
        value = select(value, select(F32_NAN, F32_INFINITY, fraction == 0u), top);
    } else if format.special == SMALL_ONE_NAN {
        value = select(value, F32_NAN, magnitude == (1u << width) - 1u);
    } else if format.special == SMALL_UNSIGNED_ZERO {
        return f32_value(select(value | select(0u, F32_SIGN, negative), F32_NAN, (magnitude == 0u) & negative));
    }
    return f32_value(value | select(0u, F32_SIGN, negative));
}

// The bits of x rounded to the format.
fn small_to_bits(x: f32, format: Small) -> u32 {
    let bits = f32_bits(x);
    let magnitude = bits & F32_MAGNITUDE;
    let width = format.exponent_bits + format.mantissa_bits;
    let ones = (1u << width) - 1u;
    let sign_bit = 1u << width;
    let sign = select(0u, sign_bit, bits != magnitude);
    let exponent = magnitude >> 23u;
    let lowest = 128u - format.bias;
    let below = select(0u, lowest - exponent, exponent < lowest);
    let above = select(exponent - lowest, 0u, exponent < lowest);
    let drop = 23u - format.mantissa_bits;
    let shift = select(drop + below, 26u, drop + below > 26u);
    let significand = (magnitude & 0x007fffffu) | 0x00800000u;
    let rounded = (significand + (1u << (shift - 1u)) - 1u + ((significand >> shift) & 1u)) >> shift;
    // A significand that rounds up to the next power of two carries into the exponent.
    let code = rounded + (above << format.mantissa_bits);
    var largest = ones;
    var overflow = ones | sign;
    var nan = sign_bit;
    if format.special == SMALL_IEEE {
        let infinity = ones & ~((1u << format.mantissa_bits) - 1u);
        largest = infinity - 1u;
        overflow = infinity | sign;
        nan = infinity | (1u << (format.mantissa_bits - 1u));
    } else if format.special == SMALL_ONE_NAN {
        largest = ones - 1u;
        nan = ones;
    } else if format.special == SMALL_UNSIGNED_ZERO {
        overflow = sign_bit;
    }
    let unsigned = (code == 0u) & (format.special == SMALL_UNSIGNED_ZERO);
    let finite = select(code | select(sign, 0u, unsigned), overflow, code > largest);
    return select(finite, nan, magnitude > F32_INFINITY);
}

// x rounded to the format.
fn small_round(x: f32, format: Small) -> f32 {
    return small_of_bits(small_to_bits(x, format), format);
}

// The format of exponents only: powers of two, and NaN.
fn f8e8m0_of_bits(bits: u32) -> f32 {
    let value = select(bits << 23u, 0x00400000u, bits == 0u);
    return f32_value(select(value, F32_NAN, bits == 0xffu));
}

// To the nearest power of two, halves to the even pattern; negative numbers are NaN.
fn f8e8m0_to_bits(x: f32) -> u32 {
    let bits = f32_bits(x);
    let exponent = bits >> 23u;
    let fraction = bits & 0x007fffffu;
    let up = (fraction > 0x00400000u) | ((fraction == 0x00400000u) & ((exponent & 1u) == 1u));
    let small = select(0u, 1u, fraction > 0x00600000u);
    let code = select(exponent + select(0u, 1u, up), small, exponent == 0u);
    return select(select(code, 0u, bits == F32_SIGN), 0xffu, (bits >= F32_INFINITY) & (bits != F32_SIGN));
}

fn f8e8m0_round(x: f32) -> f32 {
    return f8e8m0_of_bits(f8e8m0_to_bits(x));
}

// A float rounded to fewer bits, on its pattern; `drop` is what its mantissa of `mantissa_bits` loses. Exponents above
// `largest` give infinity, those below `least` zero.
struct Reduction {
    sign: u32,
    infinity: u32,
    mantissa_bits: u32,
    drop: u32,
    least: u32,
    largest: u32,
}

fn reduce_bits(bits: u32, format: Reduction) -> u32 {
    let sign = bits & format.sign;
    let magnitude = bits ^ sign;
    let unit = 1u << format.drop;
    let below_half = (unit >> 1u) - select(0u, 1u, unit > 1u);
    let up = below_half + select(0u, (magnitude >> format.drop) & 1u, unit > 1u);
    let rounded = (magnitude + up) & ~(unit - 1u);
    let exponent = rounded >> format.mantissa_bits;
    let low = select(rounded, 0u, exponent < format.least);
    let bounded = select(low, format.infinity, exponent > format.largest);
    // Without a mantissa there is no NaN.
    let special = select(magnitude, format.infinity, format.drop == format.mantissa_bits);
    return select(bounded, special, magnitude >= format.infinity) | sign;
}
