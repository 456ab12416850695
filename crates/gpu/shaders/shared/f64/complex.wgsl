// complex: complex numbers of f64 as (real, imaginary).
// numbers   as complex.wgsl

fn c128_equal(a: vec2<f64>, b: vec2<f64>) -> bool {
    return (a.x == b.x) & (a.y == b.y) & f64_ordered(a.x, b.x) & f64_ordered(a.y, b.y);
}

fn c128_multiply(a: vec2<f64>, b: vec2<f64>) -> vec2<f64> {
    let re = f64_keep(a.x * b.x) - f64_keep(a.y * b.y);
    return vec2<f64>(re, f64_keep(a.x * b.y) + f64_keep(a.y * b.x));
}
