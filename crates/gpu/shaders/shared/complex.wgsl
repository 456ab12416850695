// Complex numbers as (real, imaginary).

fn c64_equal(a: vec2<f32>, b: vec2<f32>) -> bool {
    return (a.x == b.x) & (a.y == b.y) & f32_ordered(a.x, b.x) & f32_ordered(a.y, b.y);
}

// The four-product form, without recovery of infinities.
fn c64_multiply(a: vec2<f32>, b: vec2<f32>) -> vec2<f32> {
    return vec2<f32>(a.x * b.x - a.y * b.y, a.x * b.y + a.y * b.x);
}

fn c64_of_bits(bits: u64) -> vec2<f32> {
    return vec2<f32>(f32_value(u64_low(bits)), f32_value(u64_high(bits)));
}
