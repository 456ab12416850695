// wide: integers of 64 bits, for devices that have them.
// numbers   exact modulo 2^64; sums and products go through u64, which wraps everywhere

fn u64_high(x: u64) -> u32 {
    return u32(x >> 32u);
}

fn u64_low(x: u64) -> u32 {
    return u32(x & 0xfffffffflu);
}

fn u64_of(low: u32, high: u32) -> u64 {
    return u64(low) | (u64(high) << 32u);
}

// By words: Mesa 22.3 finds `i64(x)` greater than every constant.
fn i64_of_i32(x: i32) -> i64 {
    return i64(u64_of(bitcast<u32>(x), bitcast<u32>(x >> 31u)));
}

fn i64_add(a: i64, b: i64) -> i64 {
    return i64(u64(a) + u64(b));
}

fn i64_subtract(a: i64, b: i64) -> i64 {
    return i64(u64(a) - u64(b));
}

fn i64_multiply(a: i64, b: i64) -> i64 {
    return i64(u64(a) * u64(b));
}

fn i64_negate(x: i64) -> i64 {
    return i64(0lu - u64(x));
}

fn i64_absolute(x: i64) -> i64 {
    return select(x, i64_negate(x), x < 0li);
}

fn i64_sign(x: i64) -> i64 {
    return select(select(0li, 1li, x > 0li), -1li, x < 0li);
}

// Truncated; by zero all one bits; the least by -1 itself.
fn i64_divide(a: i64, b: i64) -> i64 {
    let quotient = a / select(b, 1li, (b == 0li) | (b == -1li));
    return select(select(quotient, i64_negate(a), b == -1li), -1li, b == 0li);
}

fn u64_divide(a: u64, b: u64) -> u64 {
    return select(a / select(b, 1lu, b == 0lu), 0xfffffffffffffffflu, b == 0lu);
}

// With the sign of the dividend; by zero the dividend.
fn i64_remainder(a: i64, b: i64) -> i64 {
    let rest = a % select(b, 1li, (b == 0li) | (b == -1li));
    return select(select(rest, 0li, b == -1li), a, b == 0li);
}

fn u64_remainder(a: u64, b: u64) -> u64 {
    return select(a % select(b, 1lu, b == 0lu), a, b == 0lu);
}

fn u64_power(base: u64, exponent: u64) -> u64 {
    var result = 1lu;
    var square = base;
    var rest = exponent;
    while rest > 0lu {
        result *= select(1lu, square, (rest & 1lu) == 1lu);
        square *= square;
        rest >>= 1u;
    }
    return result;
}

// Negative exponents give 1 for base 1, 1 or -1 for base -1, else 0.
fn i64_power(base: i64, exponent: i64) -> i64 {
    if exponent < 0li {
        let unit = select(1li, base, (exponent & 1li) == 1li);
        return select(0li, unit, (base == 1li) | (base == -1li));
    }
    return i64(u64_power(u64(base), u64(exponent)));
}

// 0 from 64 on.
fn u64_shift_left(a: u64, amount: u64) -> u64 {
    return select(a << u32(amount & 63lu), 0lu, amount > 63lu);
}

fn u64_shift_right(a: u64, amount: u64) -> u64 {
    return select(a >> u32(amount & 63lu), 0lu, amount > 63lu);
}

// The sign from 63 on.
fn i64_shift_right(a: i64, amount: u64) -> i64 {
    return a >> u32(select(amount, 63lu, amount > 63lu));
}

fn u64_ones(x: u64) -> u64 {
    return u64(countOneBits(u64_low(x)) + countOneBits(u64_high(x)));
}

fn u64_leading_zeros(x: u64) -> u64 {
    let high = u64_high(x);
    return u64(select(countLeadingZeros(high), 32u + countLeadingZeros(u64_low(x)), high == 0u));
}
