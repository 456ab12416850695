// matmul_numbers: narrow numbers in 32-bit words, for all matrix kernels.
// numbers   to f16 and bf16 by rounding to nearest, ties to even; NaN stays NaN; f16 overflows to infinity; integers
//           wrap
fn bf16_low(word: u32) -> f32 {
    return bitcast<f32>(word << 16u);
}
fn bf16_high(word: u32) -> f32 {
    return bitcast<f32>(word & 0xffff0000u);
}
fn bf16_bits(value: f32) -> u32 {
    let bits = bitcast<u32>(value);
    let rounded = (bits + 0x7fffu + ((bits >> 16u) & 1u)) >> 16u;
    return select(rounded, (bits >> 16u) | 0x40u, (bits & 0x7fffffffu) > 0x7f800000u);
}
fn bf16_pair(values: vec2<f32>) -> u32 {
    return bf16_bits(values.x) | (bf16_bits(values.y) << 16u);
}
fn f16_bits(value: f32) -> u32 {
    let bits = bitcast<u32>(value);
    let size = bits & 0x7fffffffu;
    // Below the smallest normal number: in [0.5, 1) the last place of f32 is that of subnormal f16.
    let small = bitcast<u32>(bitcast<f32>(size) + 0.5) - 0x3f000000u;
    let normal = (size + 0xfffu + ((size >> 13u) & 1u) - 0x38000000u) >> 13u;
    var half = select(normal, small, size < 0x38800000u);
    half = select(half, 0x7c00u, size >= 0x477ff000u);
    half = select(half, 0x7e00u, size > 0x7f800000u);
    return half | ((bits >> 16u) & 0x8000u);
}
fn f16_pair(values: vec2<f32>) -> u32 {
    return f16_bits(values.x) | (f16_bits(values.y) << 16u);
}
fn i16_at(word: u32, lane: u32) -> i32 {
    return bitcast<i32>(word << (16u - 16u * lane)) >> 16u;
}
fn i8_at(word: u32, lane: u32) -> i32 {
    return bitcast<i32>(word << (24u - 8u * lane)) >> 24u;
}
fn pair(values: vec2<u32>) -> u32 {
    return (values.x & 0xffffu) | (values.y << 16u);
}
fn bytes(values: vec4<u32>) -> u32 {
    let low = values & vec4<u32>(0xffu);
    return low.x | (low.y << 8u) | (low.z << 16u) | (low.w << 24u);
}
