// pair: sums and products of f32 with what rounding lost; of f64, too.
// numbers   exact, but for products that over- or underflow

struct F32Pair {
    high: f32,
    low: f32,
}

// x + y for |x| >= |y|, and what rounding lost (T. Dekker).
fn f32_two_sum(x: f32, y: f32) -> F32Pair {
    let sum = f32_keep(x + y);
    return F32Pair(sum, y - f32_keep(sum - x));
}

// x + y for any magnitudes, and what rounding lost (D. Knuth).
fn f32_two_sum_any(x: f32, y: f32) -> F32Pair {
    let sum = f32_keep(x + y);
    let part = f32_keep(sum - x);
    let rest = f32_keep(sum - part);
    return F32Pair(sum, f32_keep(x - rest) + f32_keep(y - part));
}

// x * y, and what rounding lost if nothing over- or underflows.
fn f32_two_product(x: f32, y: f32) -> F32Pair {
    let product = f32_keep(x * y);
    let xh = f32_upper(x);
    let xl = x - xh;
    let yh = f32_upper(y);
    let yl = y - yh;
    let first = f32_keep(f32_keep(xh * yh) - product);
    let second = f32_keep(first + xh * yl);
    let third = f32_keep(second + xl * yh);
    return F32Pair(product, third + xl * yl);
}
