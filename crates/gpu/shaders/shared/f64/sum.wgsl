// sum: sums of f64 with what rounding lost, as those of f32 (sum.wgsl).

fn f64_sum_start(x: f64) -> vec2<f64> {
    return vec2<f64>(x, 0.0lf);
}

fn f64_sum_next(a: vec2<f64>, x: f64) -> vec2<f64> {
    let sum = f64_two_sum_any(a.x, x);
    return vec2<f64>(sum.high, a.y + sum.low);
}

fn f64_sum_merge(a: vec2<f64>, b: vec2<f64>) -> vec2<f64> {
    let sum = f64_sum_next(a, b.x);
    return vec2<f64>(sum.x, sum.y + b.y);
}

// Infinities and NaN spoil the correction; adding a zero one would lose the sign of -0.
fn f64_sum_value(a: vec2<f64>) -> f64 {
    return select(a.x, a.x + a.y, f64_is_finite(a.x) & !f64_is_zero(a.y));
}
