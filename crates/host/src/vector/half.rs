//! f16 and bf16: conversion from and to f32 by bit operations, and kernels lifted from f32.

use std::marker::PhantomData;

use half::{bf16, f16};

use super::drive::{Binary, Unary};
use crate::cpu::Isa;

/// A 16-bit float.
pub(crate) trait Narrow: Copy + 'static {
    /// The same value in f32.
    fn widen(self) -> f32;
    /// The nearest value, ties to even; NaN stays NaN.
    fn narrow(x: f32) -> Self;
}

impl Narrow for bf16 {
    #[inline(always)]
    fn widen(self) -> f32 {
        f32::from_bits(u32::from(self.to_bits()) << 16)
    }

    #[inline(always)]
    fn narrow(x: f32) -> Self {
        let bits = x.to_bits();
        let rounded = bits.wrapping_add(0x7fff + ((bits >> 16) & 1)) >> 16;
        // A NaN keeps its sign and upper payload and becomes quiet.
        let nan = (bits >> 16) | 0x40;
        bf16::from_bits(if x.is_nan() { nan } else { rounded } as u16)
    }
}

impl Narrow for f16 {
    #[inline(always)]
    fn widen(self) -> f32 {
        let bits = u32::from(self.to_bits());
        let sign = (bits & 0x8000) << 16;
        // The exponents differ by 112; the product also makes subnormals right.
        let scaled = f32::from_bits((bits & 0x7fff) << 13) * f32::from_bits((127 + 112) << 23);
        let special = if bits & 0x7c00 == 0x7c00 { 0x7f80_0000 } else { 0 };
        f32::from_bits(scaled.to_bits() | special | sign)
    }

    #[inline(always)]
    fn narrow(x: f32) -> Self {
        let bits = x.to_bits();
        let sign = (bits >> 16) & 0x8000;
        let magnitude = bits & 0x7fff_ffff;
        // Normal results: rebias the exponent and round at bit 13; a carry may reach infinity, rightly.
        let normal = magnitude.wrapping_sub(112 << 23).wrapping_add(0xfff + ((magnitude >> 13) & 1)) >> 13;
        // Subnormal results: adding 1/2 leaves units of 2^-24 in the low bits, rounded by the addition.
        let subnormal = (f32::from_bits(magnitude) + 0.5).to_bits().wrapping_sub(0.5f32.to_bits());
        let nan = 0x7e00 | ((magnitude >> 13) & 0x3ff);
        let value = if magnitude < (113 << 23) { subnormal } else { normal };
        let value = if magnitude >= 0x4780_0000 { 0x7c00 } else { value };
        let value = if magnitude > 0x7f80_0000 { nan } else { value };
        f16::from_bits((value | sign) as u16)
    }
}

/// `value` as f32 rounded to odd: rounding it once more, to 16 bits, gives what one rounding would.
#[inline(always)]
pub(crate) fn odd_f32(value: f64) -> f32 {
    let nearest = value as f32;
    let exact = f64::from(nearest) == value;
    let above = f64::from(nearest).abs() > value.abs();
    let odd = f32::from_bits(nearest.to_bits().wrapping_sub(u32::from(above)) | 1);
    if exact | !nearest.is_finite() { nearest } else { odd }
}

/// A kernel of f32 applied to 16-bit floats, the result rounded to `H`.
pub(crate) struct Lifted<K, H>(PhantomData<(K, H)>);

impl<H: Narrow, K: Unary<In = f32, Out = f32>> Unary for Lifted<K, H> {
    type In = H;
    type Out = H;
    const HEAVY: bool = K::HEAVY;
    #[inline(always)]
    fn eval<L: Isa>(x: H) -> H {
        H::narrow(K::eval::<L>(x.widen()))
    }
    #[inline(always)]
    fn rare(x: H) -> bool {
        K::rare(x.widen())
    }
    fn slow(x: H) -> H {
        H::narrow(K::slow(x.widen()))
    }
}

impl<H: Narrow, K: Binary<In = f32, Out = f32>> Binary for Lifted<K, H> {
    type In = H;
    type Out = H;
    const HEAVY: bool = K::HEAVY;
    #[inline(always)]
    fn eval<L: Isa>(a: H, b: H) -> H {
        H::narrow(K::eval::<L>(a.widen(), b.widen()))
    }
    #[inline(always)]
    fn rare(a: H, b: H) -> bool {
        K::rare(a.widen(), b.widen())
    }
    fn slow(a: H, b: H) -> H {
        H::narrow(K::slow(a.widen(), b.widen()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_widens_as_crate_half_does() {
        for bits in 0..=u16::MAX {
            let (a, b) = (f16::from_bits(bits).widen(), f16::from_bits(bits).to_f32());
            assert!(a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan()), "{bits:#x}");
            let (a, b) = (bf16::from_bits(bits).widen(), bf16::from_bits(bits).to_f32());
            assert!(a.to_bits() == b.to_bits() || (a.is_nan() && b.is_nan()), "{bits:#x}");
        }
    }

    #[test]
    fn narrowing_rounds_as_crate_half_does() {
        // A stride that is odd visits all exponents and many ties; neighbours of ties are added.
        for step in 0..(1u32 << 20) {
            let bits = step.wrapping_mul(4099);
            for bits in [bits, bits & !0xfff, (bits & !0xfff) | 1, (bits & !0x1fff) | 0xfff] {
                let x = f32::from_bits(bits);
                if x.is_nan() {
                    assert!(f16::narrow(x).is_nan() && bf16::narrow(x).is_nan());
                } else {
                    assert_eq!(f16::narrow(x).to_bits(), f16::from_f32(x).to_bits(), "{x:e}");
                    assert_eq!(bf16::narrow(x).to_bits(), bf16::from_f32(x).to_bits(), "{x:e}");
                }
            }
        }
    }
}
