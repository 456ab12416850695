//! Rounding to a float format of fewer bits, the format given at run time.

use half::{bf16, f16};
use tensor::DType;

use super::ReducePrecisionFn;
use super::drive::in_place;
use crate::cpu::{Isa, Level, per_level};

/// Elements that are rounded by their bits.
pub(crate) trait Rounded: Copy + 'static {
    fn rounded(self, exponent_bits: u32, mantissa_bits: u32) -> Self;
}

macro_rules! rounded {
    ($float:ident $bits:ident, $mantissa:literal, $exponent:literal) => {
        impl Rounded for $float {
            #[inline(always)]
            fn rounded(self, exponent_bits: u32, mantissa_bits: u32) -> Self {
                let sign = (1 as $bits) << ($bits::BITS - 1);
                let infinity = $float::INFINITY.to_bits();
                let bits = self.to_bits() & !sign;
                // Add just under half a unit, and one more if the last kept bit is odd.
                let drop = $mantissa - mantissa_bits.min($mantissa);
                let unit = (1 as $bits) << drop;
                let half = (unit >> 1).saturating_sub(1) + if drop > 0 { (bits >> drop) & 1 } else { 0 };
                let rounded = (bits + half) & !(unit - 1);
                // Exponents beyond the format's are infinite, below its least normal zero.
                let spread = (1 as $bits) << (exponent_bits.clamp(1, $exponent) - 1);
                let bias = ((1 as $bits) << ($exponent - 1)) - 1;
                let exponent = rounded >> $mantissa;
                let all = exponent_bits >= $exponent;
                let value = if !all && exponent + 1 > bias + spread { infinity } else { rounded };
                let value = if !all && exponent + spread < bias + 2 { 0 } else { value };
                // Without a mantissa there is no NaN.
                let special = if mantissa_bits == 0 { infinity } else { bits };
                let value = if bits >= infinity { special } else { value };
                $float::from_bits(value | (self.to_bits() & sign))
            }
        }
    };
}

rounded!(f32 u32, 23, 8);
rounded!(f64 u64, 52, 11);
rounded!(f16 u16, 10, 5);
rounded!(bf16 u16, 7, 8);

per_level! {
    fn routine<T: Rounded>(x: *const u8, out: *mut u8, n: usize, exponent_bits: u32, mantissa_bits: u32) -> ReducePrecisionFn = body;
}

/// # Safety
/// As for all routines of this module: `x` and `out` hold `n` elements and are equal or do not overlap.
#[inline(always)]
unsafe fn body<L: Isa, T: Rounded>(
    x: *const u8,
    out: *mut u8,
    n: usize,
    exponent_bits: u32,
    mantissa_bits: u32,
) {
    // SAFETY: the caller's promise.
    let lanes = unsafe { in_place::<T>(x, out, n) };
    for lane in lanes {
        *lane = lane.rounded(exponent_bits, mantissa_bits);
    }
}

/// The routine that rounds floats of `dtype` to a format given at each call; `None` for other types.
pub fn reduce_precision(level: Level, dtype: DType) -> Option<ReducePrecisionFn> {
    Some(match dtype {
        DType::F32 => routine::<f32>(level),
        DType::F64 => routine::<f64>(level),
        DType::F16 => routine::<f16>(level),
        DType::BF16 => routine::<bf16>(level),
        _ => return None,
    })
}
