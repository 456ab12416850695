//! The loops that carry a scalar kernel over a block of lanes.
//!
//! A kernel is a type with an `#[inline(always)]` function on elements; the loops here are compiled for
//! each level and left to the compiler to vectorize. Output may be the same block as an input of the same
//! element size: each driver then runs a loop whose loads and stores share one pointer, or first copies
//! a few lanes to the stack, because a loop over possibly overlapping blocks would stay scalar.

use std::mem::MaybeUninit;

use super::{BinaryFn, ReduceFn, TernaryFn, UnaryFn, single};
use crate::cpu::{Baseline, Isa, Level, per_level};

/// A function of one element.
pub(crate) trait Unary: 'static {
    /// Operand element.
    type In: Copy;
    /// Result element.
    type Out: Copy;
    /// The body is long: one copy of it, over fixed groups of lanes, is enough.
    const HEAVY: bool = false;
    /// The highest level that the kernel is compiled for.
    const UP_TO: Level = if size_of::<Self::Out>() > 1 { up_to::<Self::In>(2) } else { up_to::<Self::In>(1) };

    /// The result for one element.
    fn eval<L: Isa>(x: Self::In) -> Self::Out;

    /// Elements for which `eval` is wrong and `slow` right; asked only of heavy kernels.
    #[inline(always)]
    fn rare(_x: Self::In) -> bool {
        false
    }

    /// The result for a rare element.
    fn slow(x: Self::In) -> Self::Out {
        Self::eval::<Baseline>(x)
    }
}

/// A function of two elements; its parts are as in [`Unary`].
pub(crate) trait Binary: 'static {
    /// Operand element.
    type In: Copy;
    /// Result element.
    type Out: Copy;
    /// See [`Unary::HEAVY`].
    const HEAVY: bool = false;
    /// See [`Unary::UP_TO`].
    const UP_TO: Level = up_to::<Self::In>(1);

    /// The result for one pair.
    fn eval<L: Isa>(a: Self::In, b: Self::In) -> Self::Out;

    /// See [`Unary::rare`].
    #[inline(always)]
    fn rare(_a: Self::In, _b: Self::In) -> bool {
        false
    }

    /// See [`Unary::slow`].
    fn slow(a: Self::In, b: Self::In) -> Self::Out {
        Self::eval::<Baseline>(a, b)
    }
}

/// A function of three elements.
pub(crate) trait Ternary: 'static {
    /// First operand's element.
    type First: Copy;
    /// Element of the other operands and the result.
    type Elem: Copy;
    /// The result for one triple.
    fn eval<L: Isa>(a: Self::First, b: Self::Elem, c: Self::Elem) -> Self::Elem;
}

/// An associative combination of lanes.
pub(crate) trait Fold: 'static {
    /// Operand element.
    type Elem: Copy;
    /// What is accumulated and returned.
    type Acc: Copy;
    /// The neutral element.
    fn identity() -> Self::Acc;
    /// An operand element as an accumulator.
    fn lift(x: Self::Elem) -> Self::Acc;
    /// Combines two accumulators.
    fn combine<L: Isa>(a: Self::Acc, b: Self::Acc) -> Self::Acc;
}

/// Which operands are one element for all lanes.
pub(crate) trait Form: 'static {
    /// The left operand is one element.
    const LEFT: bool;
    /// The right operand is one element.
    const RIGHT: bool;
}
/// Both operands are blocks.
pub(crate) enum Blocks {}
/// The right operand is one element.
pub(crate) enum RightScalar {}
/// The left operand is one element.
pub(crate) enum LeftScalar {}

impl Form for Blocks {
    const LEFT: bool = false;
    const RIGHT: bool = false;
}
impl Form for RightScalar {
    const LEFT: bool = false;
    const RIGHT: bool = true;
}
impl Form for LeftScalar {
    const LEFT: bool = true;
    const RIGHT: bool = false;
}

/// Both operands are one element (of a ternary kernel's second and third).
pub(crate) enum BothScalar {}
impl Form for BothScalar {
    const LEFT: bool = true;
    const RIGHT: bool = true;
}

per_level! {
    /// `out[i] = K(x[i])`.
    fn unary<K: Unary>(x: *const u8, out: *mut u8, n: usize) -> UnaryFn = unary_body, up to K::UP_TO;
    /// `out[i] = K(a[i], b[i])`, or `a[0]`, `b[0]` as the form says.
    fn binary<K: Binary, F: Form>(a: *const u8, b: *const u8, out: *mut u8, n: usize) -> BinaryFn = binary_body, up to K::UP_TO;
    /// `out[i] = K(b[i], a[i])`, by the routine of the operands in that order.
    fn swapped<K: Binary, F: Form>(a: *const u8, b: *const u8, out: *mut u8, n: usize) -> BinaryFn = swapped_body, up to K::UP_TO;
    /// `out[i] = K(a[i], b[i], c[i])`; `F::LEFT` and `F::RIGHT` say whether b and c are one element.
    fn ternary<K: Ternary, F: Form>(a: *const u8, b: *const u8, c: *const u8, out: *mut u8, n: usize) -> TernaryFn = ternary_body, up to up_to::<K::Elem>(1);
    /// `out[i] = K(a[i], b[i], c[i])` with one element each for a and c.
    fn ternary_between<K: Ternary>(a: *const u8, b: *const u8, c: *const u8, out: *mut u8, n: usize) -> TernaryFn = ternary_between_body, up to up_to::<K::Elem>(1);
    /// `out[r] = K(x[r * len], K(x[r * len + 1], ..))` for each row `r`, in a fixed tree order.
    fn reduce<K: Fold>(x: *const u8, out: *mut u8, rows: usize, len: usize) -> ReduceFn = reduce_body, up to up_to::<K::Elem>(1);
}

/// The highest level that is worth its bytes, by the size of elements: nearly all that programs compute with
/// have 4 bytes, and single bytes (or two, where results have more than `bytes`) are many to a short vector.
const fn up_to<T>(bytes: usize) -> Level {
    match size_of::<T>() {
        4 => Level::Avx512,
        1 if bytes == 1 => Level::Baseline,
        _ => Level::Avx2,
    }
}

/// Whether a copy works lane by lane, given the highest level of its kernel.
const fn is_single<L: Isa>(up_to: Level) -> bool {
    L::SMALL && up_to as u8 > L::LEVEL as u8
}

/// Lanes that heavy kernels and copies work on at a time.
const GROUP: usize = 64;

/// # Safety
/// `x` and `out` hold `n` aligned elements and are equal or do not overlap; equal only if sizes are.
#[inline(always)]
unsafe fn unary_body<L: Isa, K: Unary>(x: *const u8, out: *mut u8, n: usize) {
    let (x, out) = (x.cast::<K::In>(), out.cast::<K::Out>());
    // SAFETY: lanes 0..n of both are valid; slices are made only of blocks that do not overlap.
    unsafe {
        if is_single::<L>(K::UP_TO) {
            single::unary::<K>(x, out, n);
        } else if K::HEAVY {
            heavy_unary::<L, K>(x, out, n);
        } else if x.addr() == out.addr() {
            for i in 0..n {
                let lane = out.add(i);
                *lane = K::eval::<L>(*lane.cast::<K::In>());
            }
        } else {
            let x = std::slice::from_raw_parts(x, n);
            for (i, out) in std::slice::from_raw_parts_mut(out, n).iter_mut().enumerate() {
                *out = K::eval::<L>(x[i]);
            }
        }
    }
}

/// Lanes on the stack; those past the block's end are zero bytes.
struct Group<T>(MaybeUninit<[T; GROUP]>);

impl<T: Copy> Group<T> {
    /// All kernels' elements are plain numbers, for which zero bytes are a value.
    #[inline(always)]
    fn zeroed() -> Self {
        Group(MaybeUninit::zeroed())
    }

    /// For lanes that are read only after a load of as many.
    #[inline(always)]
    fn uninit() -> Self {
        Group(MaybeUninit::uninit())
    }

    /// # Safety
    /// `from` holds `count` elements, at most `GROUP`.
    #[inline(always)]
    unsafe fn load(&mut self, from: *const T, count: usize) {
        // SAFETY: the caller's promise.
        unsafe { std::ptr::copy_nonoverlapping(from, self.0.as_mut_ptr().cast(), count) }
    }

    /// # Safety
    /// `to` holds `count` elements, at most `GROUP`.
    #[inline(always)]
    unsafe fn store(&self, to: *mut T, count: usize) {
        // SAFETY: the caller's promise.
        unsafe { std::ptr::copy_nonoverlapping(self.0.as_ptr().cast(), to, count) }
    }

    #[inline(always)]
    fn lanes(&self) -> &[T; GROUP] {
        // SAFETY: zeroed at least, and zero bytes are a value of every element type.
        unsafe { self.0.assume_init_ref() }
    }

    #[inline(always)]
    fn lanes_mut(&mut self) -> &mut [T; GROUP] {
        // SAFETY: as in `lanes`.
        unsafe { self.0.assume_init_mut() }
    }
}

/// # Safety
/// As [`unary_body`].
#[inline(always)]
unsafe fn heavy_unary<L: Isa, K: Unary>(x: *const K::In, out: *mut K::Out, n: usize) {
    // The lanes after the last whole group pass through the stack, so that all groups are whole: copies of constant
    // length are plain vector moves, others calls.
    let whole = n - n % GROUP;
    let mut operand = Group::<K::In>::zeroed();
    let mut result = Group::<K::Out>::zeroed();
    let (mut last, mut last_result) = (Group::<K::In>::zeroed(), Group::<K::Out>::uninit());
    // SAFETY: lanes are in range.
    unsafe { last.load(x.wrapping_add(whole), n - whole) };
    for start in (0..n).step_by(GROUP) {
        let (from, to) = match start < whole {
            true => (x.wrapping_add(start), out.wrapping_add(start)),
            false => (last.0.as_ptr().cast(), last_result.0.as_mut_ptr().cast()),
        };
        // SAFETY: a whole group is there.
        unsafe { *operand.lanes_mut() = from.cast::<[K::In; GROUP]>().read() };
        for (out, &x) in result.lanes_mut().iter_mut().zip(operand.lanes()) {
            *out = K::eval::<L>(x);
        }
        if operand.lanes().iter().fold(false, |any, &x| any | K::rare(x)) {
            for (out, &x) in result.lanes_mut().iter_mut().zip(operand.lanes()) {
                if K::rare(x) {
                    *out = K::slow(x);
                }
            }
        }
        // SAFETY: as above; the operand's lanes were read before.
        unsafe { to.cast::<[K::Out; GROUP]>().write(*result.lanes()) };
    }
    // SAFETY: as above.
    unsafe { last_result.store(out.wrapping_add(whole), n - whole) };
}

/// # Safety
/// The operands hold `n` aligned elements, or one where `F` says so; `out` holds `n`, is equal to a block
/// operand of the same element size or does not overlap it, and overlaps no one-element operand.
#[inline(always)]
unsafe fn binary_body<L: Isa, K: Binary, F: Form>(a: *const u8, b: *const u8, out: *mut u8, n: usize) {
    let (a, b, out) = (a.cast::<K::In>(), b.cast::<K::In>(), out.cast::<K::Out>());
    if n == 0 {
        return;
    }
    // SAFETY: lanes are in range by the caller's promise; loops over slices see no overlap, because a
    // right operand equal to the output is copied to the stack first.
    unsafe {
        if is_single::<L>(K::UP_TO) {
            return single::binary::<K, F>(a, b, out, n);
        }
        if K::HEAVY {
            return heavy_binary::<L, K, F>(a, b, out, n);
        }
        if F::RIGHT {
            let b = *b;
            return map_lanes(
                a,
                out,
                n,
                #[inline(always)]
                |a| K::eval::<L>(a, b),
            );
        }
        if F::LEFT {
            let a = *a;
            return map_lanes(
                b,
                out,
                n,
                #[inline(always)]
                |b| K::eval::<L>(a, b),
            );
        }
        let mut copy = Group::<K::In>::uninit();
        let copies = b.addr() == out.addr();
        let step = if copies { GROUP } else { n };
        let mut start = 0;
        while start < n {
            let count = step.min(n - start);
            let b = if copies {
                copy.load(b.add(start), count);
                copy.0.as_ptr().cast()
            } else {
                b.add(start)
            };
            let b = std::slice::from_raw_parts(b, count);
            if a.addr() == out.addr() {
                let out = out.add(start);
                for (i, &b) in b.iter().enumerate() {
                    let lane = out.add(i);
                    *lane = K::eval::<L>(*lane.cast::<K::In>(), b);
                }
            } else {
                let a = std::slice::from_raw_parts(a.add(start), count);
                let out = std::slice::from_raw_parts_mut(out.add(start), count);
                for (i, out) in out.iter_mut().enumerate() {
                    *out = K::eval::<L>(a[i], b[i]);
                }
            }
            start += count;
        }
    }
}

/// # Safety
/// As [`binary_body`], with `a` and `b` exchanged: `F` tells about them in the order of `K`.
#[inline(always)]
unsafe fn swapped_body<L: Isa, K: Binary, F: Form>(a: *const u8, b: *const u8, out: *mut u8, n: usize) {
    // SAFETY: the caller's promise, of the same level.
    unsafe { binary::<K, F>(L::LEVEL)(b, a, out, n) }
}

/// # Safety
/// As [`unary_body`].
#[inline(always)]
unsafe fn map_lanes<T: Copy, R: Copy>(x: *const T, out: *mut R, n: usize, f: impl Fn(T) -> R) {
    // SAFETY: as in `unary_body`.
    unsafe {
        if x.addr() == out.addr() {
            for i in 0..n {
                let lane = out.add(i);
                *lane = f(*lane.cast::<T>());
            }
        } else {
            let x = std::slice::from_raw_parts(x, n);
            for (i, out) in std::slice::from_raw_parts_mut(out, n).iter_mut().enumerate() {
                *out = f(x[i]);
            }
        }
    }
}

/// # Safety
/// As [`binary_body`].
#[inline(always)]
unsafe fn heavy_binary<L: Isa, K: Binary, F: Form>(
    a: *const K::In,
    b: *const K::In,
    out: *mut K::Out,
    n: usize,
) {
    let mut left = Group::<K::In>::zeroed();
    let mut right = Group::<K::In>::zeroed();
    let mut result = Group::<K::Out>::zeroed();
    // SAFETY: a one-element operand has that element.
    unsafe {
        if F::LEFT {
            *left.lanes_mut() = [*a; GROUP];
        }
        if F::RIGHT {
            *right.lanes_mut() = [*b; GROUP];
        }
    }
    // As in `heavy_unary`.
    let whole = n - n % GROUP;
    let (mut last_left, mut last_right) = (Group::<K::In>::zeroed(), Group::<K::In>::zeroed());
    let mut last_result = Group::<K::Out>::uninit();
    // SAFETY: lanes are in range.
    unsafe {
        if !F::LEFT {
            last_left.load(a.wrapping_add(whole), n - whole);
        }
        if !F::RIGHT {
            last_right.load(b.wrapping_add(whole), n - whole);
        }
    }
    for start in (0..n).step_by(GROUP) {
        let (from_left, from_right, to) = match start < whole {
            true => (a.wrapping_add(start), b.wrapping_add(start), out.wrapping_add(start)),
            false => {
                let (left, right) = (last_left.0.as_ptr().cast(), last_right.0.as_ptr().cast());
                (left, right, last_result.0.as_mut_ptr().cast())
            }
        };
        // SAFETY: a whole group is there.
        unsafe {
            if !F::LEFT {
                *left.lanes_mut() = from_left.cast::<[K::In; GROUP]>().read();
            }
            if !F::RIGHT {
                *right.lanes_mut() = from_right.cast::<[K::In; GROUP]>().read();
            }
        }
        let (lefts, rights) = (left.lanes(), right.lanes());
        for (i, out) in result.lanes_mut().iter_mut().enumerate() {
            *out = K::eval::<L>(lefts[i], rights[i]);
        }
        if (0..GROUP).fold(false, |any, i| any | K::rare(lefts[i], rights[i])) {
            for (i, out) in result.lanes_mut().iter_mut().enumerate() {
                if K::rare(lefts[i], rights[i]) {
                    *out = K::slow(lefts[i], rights[i]);
                }
            }
        }
        // SAFETY: as above; the operands' lanes were read before.
        unsafe { to.cast::<[K::Out; GROUP]>().write(*result.lanes()) };
    }
    // SAFETY: as above.
    unsafe { last_result.store(out.wrapping_add(whole), n - whole) };
}

/// # Safety
/// As [`binary_body`], for three operands.
#[inline(always)]
unsafe fn ternary_body<L: Isa, K: Ternary, F: Form>(
    a: *const u8,
    b: *const u8,
    c: *const u8,
    out: *mut u8,
    n: usize,
) {
    // SAFETY: the caller's promise; reads past the first element of a one-element operand are guarded.
    unsafe {
        ternary_lanes::<L, K>(a.cast(), (b.cast(), F::LEFT), (c.cast(), F::RIGHT), false, out.cast(), n)
    }
}

/// # Safety
/// As [`ternary_body`], with one element in `a` and `c`.
#[inline(always)]
unsafe fn ternary_between_body<L: Isa, K: Ternary>(
    a: *const u8,
    b: *const u8,
    c: *const u8,
    out: *mut u8,
    n: usize,
) {
    // SAFETY: as in `ternary_body`.
    unsafe { ternary_lanes::<L, K>(a.cast(), (b.cast(), false), (c.cast(), true), true, out.cast(), n) }
}

/// # Safety
/// As [`ternary_body`]; the flags say which operands are one element.
#[inline(always)]
unsafe fn ternary_lanes<L: Isa, K: Ternary>(
    a: *const K::First,
    (b, one_b): (*const K::Elem, bool),
    (c, one_c): (*const K::Elem, bool),
    one_a: bool,
    out: *mut K::Elem,
    n: usize,
) {
    if n == 0 {
        return;
    }
    if is_single::<L>(up_to::<K::Elem>(1)) {
        // SAFETY: the caller's promise.
        return unsafe { single::ternary::<K>((a, one_a), (b, one_b), (c, one_c), out, n) };
    }
    let mut first = Group::<K::First>::uninit();
    let mut second = Group::<K::Elem>::uninit();
    let mut third = Group::<K::Elem>::uninit();
    let same = |p: *const u8| p.addr() == out.addr();
    let copies = [!one_a && same(a.cast()), !one_b && same(b.cast()), !one_c && same(c.cast())];
    let step = if copies.contains(&true) { GROUP } else { n };
    let mut start = 0;
    // SAFETY: lanes are in range by the caller's promise; an operand equal to the output is copied to
    // the stack first, so that the slices below do not overlap.
    unsafe {
        let (a0, b0, c0) = (*a, *b, *c);
        while start < n {
            let count = step.min(n - start);
            let a = if copies[0] {
                first.load(a.add(start), count);
                first.0.as_ptr().cast()
            } else {
                a.wrapping_add(if one_a { 0 } else { start })
            };
            let b = if copies[1] {
                second.load(b.add(start), count);
                second.0.as_ptr().cast()
            } else {
                b.wrapping_add(if one_b { 0 } else { start })
            };
            let c = if copies[2] {
                third.load(c.add(start), count);
                third.0.as_ptr().cast()
            } else {
                c.wrapping_add(if one_c { 0 } else { start })
            };
            let a = std::slice::from_raw_parts(a, if one_a { 1 } else { count });
            let b = std::slice::from_raw_parts(b, if one_b { 1 } else { count });
            let c = std::slice::from_raw_parts(c, if one_c { 1 } else { count });
            let out = std::slice::from_raw_parts_mut(out.add(start), count);
            for (i, out) in out.iter_mut().enumerate() {
                let a = if one_a { a0 } else { a[i] };
                let b = if one_b { b0 } else { b[i] };
                let c = if one_c { c0 } else { c[i] };
                *out = K::eval::<L>(a, b, c);
            }
            start += count;
        }
    }
}

/// Elements folded into independent accumulators before these are combined; a longer block is combined
/// from such pieces like a binary counter, so that no sum has a longer chain than pairwise summation's
/// customary base case.
const PIECE: usize = 1024;

/// # Safety
/// `x` holds `rows * len` aligned elements, `out` `rows` accumulators; they do not overlap.
#[inline(always)]
unsafe fn reduce_body<L: Isa, K: Fold>(x: *const u8, out: *mut u8, rows: usize, len: usize) {
    let (x, out) = (x.cast::<K::Elem>(), out.cast::<K::Acc>());
    for row in 0..rows {
        // SAFETY: the caller's promise.
        unsafe {
            let x = std::slice::from_raw_parts(x.add(row * len), len);
            *out.add(row) = if len <= PIECE { reduce_piece::<L, K>(x) } else { reduce_long::<L, K>(x) };
        }
    }
}

#[inline(always)]
fn reduce_long<L: Isa, K: Fold>(x: &[K::Elem]) -> K::Acc {
    let mut partial = [K::identity(); usize::BITS as usize];
    let mut total = K::identity();
    for (index, piece) in x.chunks(PIECE).enumerate() {
        let mut value = reduce_piece::<L, K>(piece);
        // Slot `level` holds the fold of the 2^level pieces before; carry as an increment of `index` does.
        let mut level = 0;
        while (index >> level) & 1 == 1 {
            value = K::combine::<L>(partial[level], value);
            level += 1;
        }
        partial[level] = value;
    }
    let pieces = x.len().div_ceil(PIECE);
    for (level, &value) in partial.iter().enumerate() {
        if (pieces >> level) & 1 == 1 {
            total = K::combine::<L>(value, total);
        }
    }
    total
}

/// Chains for the end of a piece, and for rows of a few elements.
pub(super) const FEW: usize = 16;

#[inline(always)]
fn reduce_piece<L: Isa, K: Fold>(piece: &[K::Elem]) -> K::Acc {
    if is_single::<L>(up_to::<K::Elem>(1)) {
        return single::reduce_piece::<K>(piece);
    }
    if piece.len() < 64 {
        return reduce_chains::<L, K, FEW>(piece);
    }
    // Four vectors of 512 bits hide the latency of an addition.
    match size_of::<K::Acc>() {
        ..=4 => reduce_chains::<L, K, 64>(piece),
        8 => reduce_chains::<L, K, 32>(piece),
        _ => reduce_chains::<L, K, 16>(piece),
    }
}

/// Folds in `N` independent chains. Loops over an array of constant length, with indices rather than
/// iterators, are what the compiler keeps in vector registers.
#[inline(always)]
#[allow(clippy::needless_range_loop)]
fn reduce_chains<L: Isa, K: Fold, const N: usize>(piece: &[K::Elem]) -> K::Acc {
    let mut chains = [K::identity(); N];
    let mut start = 0;
    while start + N <= piece.len() {
        for i in 0..N {
            // SAFETY: `start + N` elements are there.
            let x = unsafe { *piece.get_unchecked(start + i) };
            chains[i] = K::combine::<L>(chains[i], K::lift(x));
        }
        start += N;
    }
    while start + FEW <= piece.len() {
        for i in 0..FEW {
            // SAFETY: `start + FEW` elements are there.
            let x = unsafe { *piece.get_unchecked(start + i) };
            chains[i] = K::combine::<L>(chains[i], K::lift(x));
        }
        start += FEW;
    }
    let mut total = K::identity();
    for &x in &piece[start..] {
        total = K::combine::<L>(total, K::lift(x));
    }
    if start == 0 {
        return total;
    }
    if size_of::<K::Acc>() < 4 {
        // Vectors of small elements are taken apart at great length.
        collapse::<K>(&mut chains);
    } else {
        let mut half = N / 2;
        while half > 0 {
            for i in 0..half {
                chains[i] = K::combine::<L>(chains[i], chains[i + half]);
            }
            half /= 2;
        }
    }
    K::combine::<L>(chains[0], total)
}

/// Folds chains, a power of two of them, into the first.
#[inline(never)]
pub(super) fn collapse<K: Fold>(chains: &mut [K::Acc]) {
    let mut half = chains.len() / 2;
    while half > 0 {
        let (low, high) = chains.split_at_mut(half);
        for (a, &b) in low.iter_mut().zip(&*high) {
            *a = K::combine::<Baseline>(*a, b);
        }
        half /= 2;
    }
}

/// The output block, filled with `x`, for kernels that work in place.
///
/// # Safety
/// `x` and `out` hold `n` aligned elements and are equal or do not overlap.
#[inline(always)]
pub(crate) unsafe fn in_place<'a, T: Copy>(x: *const u8, out: *mut u8, n: usize) -> &'a mut [T] {
    // SAFETY: the caller's promise.
    unsafe {
        if x.addr() != out.addr() {
            std::ptr::copy_nonoverlapping(x.cast::<T>(), out.cast::<T>(), n);
        }
        std::slice::from_raw_parts_mut(out.cast::<T>(), n)
    }
}
