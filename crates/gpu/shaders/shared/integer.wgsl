// integer: integers of up to 32 bits, held sign- or zero-extended in i32 or u32.
// numbers   exact modulo 2^32; callers wrap to shorter types

// The low `bits` bits of x, sign-extended.
fn i32_wrap(x: i32, bits: u32) -> i32 {
    return (x << (32u - bits)) >> (32u - bits);
}

fn i32_absolute(x: i32) -> i32 {
    return select(x, bitcast<i32>(0u - bitcast<u32>(x)), x < 0);
}

fn i32_sign(x: i32) -> i32 {
    return select(select(0, 1, x > 0), -1, x < 0);
}

// Truncated; by zero all one bits; the least by -1 itself.
fn i32_divide(a: i32, b: i32) -> i32 {
    let negated = bitcast<i32>(0u - bitcast<u32>(a));
    let quotient = a / select(b, 1, (b == 0) | (b == -1));
    return select(select(quotient, negated, b == -1), -1, b == 0);
}

fn u32_divide(a: u32, b: u32) -> u32 {
    return select(a / select(b, 1u, b == 0u), 0xffffffffu, b == 0u);
}

// With the sign of the dividend; by zero the dividend.
fn i32_remainder(a: i32, b: i32) -> i32 {
    let rest = a % select(b, 1, (b == 0) | (b == -1));
    return select(select(rest, 0, b == -1), a, b == 0);
}

fn u32_remainder(a: u32, b: u32) -> u32 {
    return select(a % select(b, 1u, b == 0u), a, b == 0u);
}

fn u32_power(base: u32, exponent: u32) -> u32 {
    var result = 1u;
    var square = base;
    var rest = exponent;
    while rest > 0u {
        result *= select(1u, square, (rest & 1u) == 1u);
        square *= square;
        rest >>= 1u;
    }
    return result;
}

// Negative exponents give 1 for base 1, 1 or -1 for base -1, else 0.
fn i32_power(base: i32, exponent: i32) -> i32 {
    if exponent < 0 {
        let unit = select(1, base, (exponent & 1) == 1);
        return select(0, unit, (base == 1) | (base == -1));
    }
    return bitcast<i32>(u32_power(bitcast<u32>(base), bitcast<u32>(exponent)));
}

// 0 from `bits` on.
fn u32_shift_left(a: u32, amount: u32, bits: u32) -> u32 {
    return select(a << (amount & 31u), 0u, amount >= bits);
}

fn u32_shift_right(a: u32, amount: u32, bits: u32) -> u32 {
    return select(a >> (amount & 31u), 0u, amount >= bits);
}

// The sign from 31 on.
fn i32_shift_right(a: i32, amount: u32) -> i32 {
    return a >> select(amount, 31u, amount > 31u);
}
