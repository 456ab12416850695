// log: logarithms of f64.
// numbers   log 1 ulp, log1p 1.5, subnormal arguments too

// x = 2^k (1 + f) with 1 + f from sqrt(1/2) to sqrt(2).
struct Log64 {
    k: f64,
    f: f64,
}

// Of a positive number, given by its bits.
fn f64_log_split(bits: u64) -> Log64 {
    let parts = f64_parts(bits);
    let large = parts.m > 1.4142135623730951lf;
    let k = bitcast<i32>(parts.n) + select(0, 1, large);
    return Log64(f64(k), f64_keep(parts.m * select(1.0lf, 0.5lf, large)) - 1.0lf);
}

// k ln 2 + log(1 + f) + low, by the odd series in s = f / (2 + f).
fn f64_log_sum(x: Log64, low: f64) -> f64 {
    let f = x.f;
    let s = f64_quotient(f, 2.0lf + f);
    let z = s * s;
    var p = 0.13086626147840102lf;
    p = p * z + 0.13268773138656886lf;
    p = p * z + 0.15386239702814658lf;
    p = p * z + 0.18181795640132906lf;
    p = p * z + 0.22222222391713917lf;
    p = p * z + 0.28571428570803614lf;
    p = p * z + 0.4000000000000088lf;
    p = p * z + 0.6666666666666666lf;
    // log(1 + f) = 2 s + s r, and 2 s = f - s f, s f = f^2/2 - s f^2/2.
    let square = f64_keep(0.5lf * f * f);
    let tail = s * (square + z * p) + (x.k * F64_LN2_LOW + low);
    return x.k * F64_LN2_HIGH + f64_keep(f - f64_keep(square - tail));
}

// y = log(x), put right where x, given by its bits, is zero, negative, infinite or NaN.
fn f64_log_edges(bits: u64, y: f64) -> f64 {
    let above = select(F64_NAN, F64_INFINITY, bits == F64_INFINITY);
    let edge = f64_value(select(above, F64_INFINITY | F64_SIGN, (bits & F64_MAGNITUDE) == 0lu));
    return select(edge, y, bits - 1lu < F64_INFINITY - 1lu);
}

// Natural logarithm.
fn f64_log(x: f64) -> f64 {
    let bits = f64_bits(x);
    return f64_log_edges(bits, f64_log_sum(f64_log_split(bits), 0.0lf));
}

// log(1 + x).
fn f64_log1p(x: f64) -> f64 {
    let u = f64_keep(1.0lf + x);
    // What rounding 1 + x lost, relative to it.
    let above = x >= 1.0lf;
    let lost = select(x, 1.0lf, above) - f64_keep(u - select(1.0lf, x, above));
    let bits = f64_bits(u);
    let y = f64_log_edges(bits, f64_log_sum(f64_log_split(bits), lost / u));
    // Below 2^-56 the result is x.
    return select(y, x, f64_magnitude(x) < 0x3c70000000000000lu);
}
