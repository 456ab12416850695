// sum: sums of f32 with what rounding lost (A. Neumaier, 1974): x is the sum, y the correction; of f64, too.

fn f32_sum_start(x: f32) -> vec2<f32> {
    return vec2<f32>(x, 0.0f);
}

fn f32_sum_next(a: vec2<f32>, x: f32) -> vec2<f32> {
    let sum = f32_two_sum_any(a.x, x);
    return vec2<f32>(sum.high, a.y + sum.low);
}

fn f32_sum_merge(a: vec2<f32>, b: vec2<f32>) -> vec2<f32> {
    let sum = f32_sum_next(a, b.x);
    return vec2<f32>(sum.x, sum.y + b.y);
}

// Infinities and NaN spoil the correction; adding a zero one would lose the sign of -0.
fn f32_sum_value(a: vec2<f32>) -> f32 {
    return select(a.x, a.x + a.y, f32_is_finite(a.x) & !f32_is_zero(a.y));
}
