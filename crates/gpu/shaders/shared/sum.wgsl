// sum: sums of f32 with what rounding lost (A. Neumaier, 1974): x is the sum, y the correction.

fn f32_sum_start(x: f32) -> vec2<f32> {
    return vec2<f32>(x, 0.0);
}

fn f32_sum_next(a: vec2<f32>, x: f32) -> vec2<f32> {
    let sum = f32_keep(a.x + x);
    let part = f32_keep(sum - a.x);
    let rest = f32_keep(sum - part);
    return vec2<f32>(sum, a.y + (f32_keep(a.x - rest) + f32_keep(x - part)));
}

fn f32_sum_merge(a: vec2<f32>, b: vec2<f32>) -> vec2<f32> {
    let sum = f32_sum_next(a, b.x);
    return vec2<f32>(sum.x, sum.y + b.y);
}

// Infinities and NaN spoil the correction; adding a zero one would lose the sign of -0.
fn f32_sum_value(a: vec2<f32>) -> f32 {
    let sum = bitcast<u32>(f32_keep(a.x)) & 0x7fffffffu;
    let correction = bitcast<u32>(f32_keep(a.y)) & 0x7fffffffu;
    return select(a.x, a.x + a.y, sum < 0x7f800000u && correction != 0u);
}
