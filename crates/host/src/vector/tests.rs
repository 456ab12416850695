//! Every routine at every level of this machine, against the plain reference of crate `ops`.

mod accuracy;
mod reference;
mod routines;

use crate::cpu::Level;

/// Runs `check` once for each level that this machine has.
fn each_level(mut check: impl FnMut(Level)) {
    Level::available().for_each(&mut check);
}

/// Values that break kernels: zeros, subnormals, ones, edges of ranges, infinities, NaN.
const SPECIAL: [f64; 40] = [
    0.0,
    -0.0,
    1.0,
    -1.0,
    0.5,
    -0.5,
    1.5,
    -1.5,
    2.5,
    -2.5,
    2.0,
    -2.0,
    3.0,
    -3.0,
    1e-45,
    -1e-45,
    1e-40,
    1e-38,
    1e-310,
    5e-324,
    0.999_999_94,
    1.000_000_1,
    88.8,
    -88.8,
    -103.5,
    127.5,
    255.5,
    -129.0,
    65504.0,
    65520.0,
    2147483648.0,
    -2147483649.0,
    9.3e18,
    1.9e19,
    1e30,
    3.4e38,
    1e300,
    f64::INFINITY,
    f64::NEG_INFINITY,
    f64::NAN,
];
