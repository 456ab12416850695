// complex: what complex.wgsl names of f32, for f64.

const F64_MOST_SCALE: i32 = 2046;
const F64_LEAST_SCALE: i32 = -2044;
// 2^500 and 2^-400; scales of 2^-600 and 2^600.
const F64_HUGE: u64 = 0x5f30000000000000lu;
const F64_HUGE_SCALE: f64 = 2.409919865102884e-181lf;
const F64_HUGE_BACK: f64 = 4.149515568880993e+180lf;
const F64_TINY: u64 = 0x26f0000000000000lu;
const F64_TINY_SCALE: f64 = 4.149515568880993e+180lf;
const F64_TINY_BACK: f64 = 2.409919865102884e-181lf;
// 2^1021.
const F64_NEARLY_ALL: u64 = 0x7fc0000000000000lu;
// The second factor is e^690.
const F64_TURN_FROM: f64 = 700.0lf;
const F64_TURN_STEP: f64 = 690.0lf;
const F64_TURN_FACTOR: f64 = 4.60460640478299e+299lf;
const F64_TANH_ONE: f64 = 22.0lf;
const F64_LOG_FROM: f64 = 1.0e9lf;
