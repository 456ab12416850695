//! The loops of [`drive`](super::drive) one lane at a time, in a few instructions, for levels that are
//! [`Isa::SMALL`](crate::cpu::Isa::SMALL).
//!
//! A pointer that the compiler cannot see through keeps it from making vectors of the loops.

use std::hint::black_box;

use super::drive::{Binary, FEW, Fold, Form, Ternary, Unary, collapse};
use crate::cpu::Baseline;

/// # Safety
/// As for a [`UnaryFn`](super::UnaryFn).
#[inline(always)]
pub(super) unsafe fn unary<K: Unary>(x: *const K::In, out: *mut K::Out, n: usize) {
    for i in 0..n {
        // SAFETY: the caller's promise.
        unsafe {
            let x = *black_box(x.add(i));
            *out.add(i) = if K::HEAVY && K::rare(x) { K::slow(x) } else { K::eval::<Baseline>(x) };
        }
    }
}

/// # Safety
/// As for a [`BinaryFn`](super::BinaryFn), with one element where `F` says so.
#[inline(always)]
pub(super) unsafe fn binary<K: Binary, F: Form>(
    a: *const K::In,
    b: *const K::In,
    out: *mut K::Out,
    n: usize,
) {
    for i in 0..n {
        // SAFETY: the caller's promise.
        unsafe {
            let a = *black_box(a.add(if F::LEFT { 0 } else { i }));
            let b = *black_box(b.add(if F::RIGHT { 0 } else { i }));
            *out.add(i) = if K::HEAVY && K::rare(a, b) { K::slow(a, b) } else { K::eval::<Baseline>(a, b) };
        }
    }
}

/// # Safety
/// As for a [`TernaryFn`](super::TernaryFn); the flags say which operands are one element.
#[inline(always)]
pub(super) unsafe fn ternary<K: Ternary>(
    (a, one_a): (*const K::First, bool),
    (b, one_b): (*const K::Elem, bool),
    (c, one_c): (*const K::Elem, bool),
    out: *mut K::Elem,
    n: usize,
) {
    for i in 0..n {
        // SAFETY: the caller's promise.
        unsafe {
            let a = *black_box(a.add(if one_a { 0 } else { i }));
            let b = *black_box(b.add(if one_b { 0 } else { i }));
            let c = *black_box(c.add(if one_c { 0 } else { i }));
            *out.add(i) = K::eval::<Baseline>(a, b, c);
        }
    }
}

/// Folds in as many chains as vectors would.
pub(super) fn reduce_piece<K: Fold>(piece: &[K::Elem]) -> K::Acc {
    let mut chains = [K::identity(); FEW];
    for (i, x) in piece.iter().enumerate() {
        let chain = &mut chains[i % FEW];
        *chain = K::combine::<Baseline>(*chain, K::lift(*black_box(x)));
    }
    collapse::<K>(&mut chains);
    chains[0]
}
