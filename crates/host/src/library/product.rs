//! Matrix products spread over threads, and the shapes for which tiles do not pay.

#![expect(clippy::needless_range_loop, reason = "lanes are loops over constant ranges")]

use std::mem::size_of;
use std::ops::Range;

use super::gemm::{Element, Kernels, Matrix, Product, ROWS};
use crate::context::RunContext;
use crate::cpu::{Isa, Level, per_level};

/// Products of at most this many multiplications are computed by plain loops.
const TINY: usize = 300;
/// Chunks of work a thread, so that unequal threads finish together.
const CHUNKS_PER_THREAD: usize = 3;
/// A dot-shaped product has at most this many rows or columns.
const FEW: usize = 4;
/// Columns from which rows of the right operand are better read whole than in strips.
const MANY: usize = 256;

/// Computes `count` products, the i-th of which is `at(i)`; all have the same sizes and strides.
///
/// # Safety
/// The matrices are valid; results are nobody else's and overlap neither each other nor an operand.
pub(crate) unsafe fn multiply_all<T: Element>(
    kernels: &Kernels<T>,
    context: &RunContext,
    count: usize,
    at: impl Fn(usize) -> Product<T> + Sync,
) {
    if count == 0 {
        return;
    }
    let first = at(0);
    let work_ns = first.work_ns().max(10);
    if count == 1 || (work_ns > 500_000 && count < 4 * context.threads()) {
        for index in 0..count {
            // SAFETY: passed on.
            unsafe { multiply(kernels, context, at(index)) };
        }
        return;
    }
    let total = work_ns * count as u64;
    let groups = count.min((total / 20_000) as usize + 1).min(8 * context.threads());
    context.parallel(groups, total, |group| {
        let mut scratch = context.scratch(scratch_bytes(&first));
        for index in group * count / groups..(group + 1) * count / groups {
            // SAFETY: passed on; each result belongs to one group.
            unsafe { multiply_here(kernels, at(index), &mut scratch) };
        }
    });
}

/// Computes one product with all threads.
///
/// # Safety
/// As for [`multiply_all`].
unsafe fn multiply<T: Element>(kernels: &Kernels<T>, context: &RunContext, product: Product<T>) {
    let product = product.oriented(kernels);
    let work_ns = product.work_ns();
    if context.helpers(usize::MAX, work_ns) == 0 {
        let mut scratch = context.scratch(scratch_bytes(&product));
        // SAFETY: passed on.
        return unsafe { multiply_here(kernels, product, &mut scratch) };
    }
    let wanted = (context.threads() * CHUNKS_PER_THREAD).min((work_ns / 10_000) as usize).max(2);
    let (rows, columns) = grid(product.m, product.n, wanted);
    let parts = product.m.div_ceil(rows) * product.n.div_ceil(columns);
    if parts < context.threads() && product.k >= 4096 {
        // SAFETY: passed on.
        return unsafe { multiply_split(kernels, context, product, wanted) };
    }
    let across = product.n.div_ceil(columns);
    context.parallel(parts, work_ns, |index| {
        let (i, j) = (index / across * rows, index % across * columns);
        let part = product.part(i..product.m.min(i + rows), j..product.n.min(j + columns));
        let mut scratch = context.scratch(scratch_bytes(&part));
        // SAFETY: passed on; parts of the result do not overlap.
        unsafe { multiply_here(kernels, part, &mut scratch) };
    });
}

/// Rows and columns of the parts in which a result is computed: whole tiles, about `wanted` of them.
fn grid(m: usize, n: usize, wanted: usize) -> (usize, usize) {
    let rows = m.div_ceil(wanted).next_multiple_of(ROWS).max(8 * ROWS);
    let down = m.div_ceil(rows);
    let columns = n.div_ceil(wanted.div_ceil(down)).next_multiple_of(64).max(128);
    (rows, columns)
}

/// Computes a product of few results and many terms: each part sums a range of the terms.
///
/// # Safety
/// As for [`multiply_all`].
unsafe fn multiply_split<T: Element>(
    kernels: &Kernels<T>,
    context: &RunContext,
    product: Product<T>,
    parts: usize,
) {
    let (m, n) = (product.m, product.n);
    let mut sums = context.scratch(parts * m * n * size_of::<T>());
    // SAFETY: any bytes are valid elements.
    let (_, sums, _) = unsafe { sums.align_to_mut::<T>() };
    let start = SendPointer(sums.as_mut_ptr());
    context.parallel(parts, product.work_ns(), |part| {
        let (low, high) = (part * product.k / parts, (part + 1) * product.k / parts);
        let partial = Product {
            c: Matrix { start: start.at(part * m * n), row: n as isize, column: 1 },
            accumulate: false,
            ..product.terms(low..high)
        };
        let mut scratch = context.scratch(scratch_bytes(&partial));
        // SAFETY: passed on; each part has its own sums.
        unsafe { multiply_here(kernels, partial, &mut scratch) };
    });
    for i in 0..m {
        for j in 0..n {
            // SAFETY: the result has this element.
            unsafe {
                let to = product.c.start.offset(i as isize * product.c.row + j as isize * product.c.column);
                let sum = (0..parts).map(|part| sums[(part * m + i) * n + j]);
                let sum = sum.reduce(T::plus).unwrap_or(T::ZERO);
                *to = if product.accumulate { sum.plus(*to) } else { sum };
            }
        }
    }
}

/// A pointer that threads share; they write to different places.
#[derive(Clone, Copy)]
pub(crate) struct SendPointer<T>(pub *mut T);

// SAFETY: who uses it keeps the places apart.
unsafe impl<T> Send for SendPointer<T> {}
// SAFETY: as above.
unsafe impl<T> Sync for SendPointer<T> {}

impl<T> SendPointer<T> {
    /// The address of an element.
    pub(crate) fn at(self, index: usize) -> *mut T {
        self.0.wrapping_add(index)
    }
}

/// Bytes of scratch for [`multiply_here`].
pub(crate) fn scratch_bytes<T: Element>(product: &Product<T>) -> usize {
    let few = product.m.min(product.n).min(FEW) * product.k * size_of::<T>();
    product.scratch_bytes().max(product.transposed().scratch_bytes()).max(few) + 64
}

/// Computes a product on the calling thread by the way that suits its shape.
///
/// # Safety
/// As for [`multiply_all`].
pub(crate) unsafe fn multiply_here<T: Element>(
    kernels: &Kernels<T>,
    product: Product<T>,
    scratch: &mut [u8],
) {
    let product = product.oriented(kernels);
    // SAFETY: passed on.
    unsafe {
        if product.k == 0 || product.m * product.n * product.k <= TINY {
            return multiply_tiny(&product);
        }
        // Rows of the larger operand are contiguous: dot products need no copies of it.
        if product.m <= FEW && product.b.row == 1 && product.b.column != 1 {
            return multiply_few(kernels.level, &product, scratch);
        }
        if product.n <= FEW && product.a.column == 1 && product.a.row != 1 {
            return multiply_few(kernels.level, &product.transposed(), scratch);
        }
        if product.m == 1 && product.b.column == 1 && product.c.column == 1 && product.n >= MANY {
            return multiply_row(kernels.level, &product);
        }
        product.multiply(kernels, scratch);
    }
}

/// Plain loops.
///
/// # Safety
/// As for [`multiply_all`].
unsafe fn multiply_tiny<T: Element>(product: &Product<T>) {
    let Product { m, n, k, a, b, c, accumulate } = *product;
    for i in 0..m as isize {
        for j in 0..n as isize {
            // SAFETY: all indices are within the matrices.
            unsafe {
                let mut sum = T::ZERO;
                for p in 0..k as isize {
                    let x = *a.start.offset(i * a.row + p * a.column);
                    let y = *b.start.offset(p * b.row + j * b.column);
                    sum = x.madd::<crate::cpu::Baseline>(y, sum);
                }
                let to = c.start.offset(i * c.row + j * c.column);
                *to = if accumulate { sum.plus(*to) } else { sum };
            }
        }
    }
}

/// Rows of the larger operand that [`dots`] reads at a time.
const DOTS: usize = 4;

/// Terms that [`dots`] sums at a time, so that the small operand stays in the first-level cache.
const DOT_TERMS: usize = 2048;

/// Few rows times a matrix whose columns are contiguous, as dot products.
///
/// # Safety
/// As for [`multiply_all`].
unsafe fn multiply_few<T: Element>(level: Level, product: &Product<T>, scratch: &mut [u8]) {
    let Product { m, n, k, mut a, b, c, accumulate } = *product;
    // SAFETY: any bytes are valid elements; indices are within the matrices.
    unsafe {
        if a.column != 1 && k > 1 {
            let (_, copy, _) = scratch.align_to_mut::<T>();
            for i in 0..m {
                for (p, to) in copy[i * k..][..k].iter_mut().enumerate() {
                    *to = *a.start.offset(i as isize * a.row + p as isize * a.column);
                }
            }
            a = Matrix { start: copy.as_ptr(), row: k as isize, column: 1 };
        }
        let kernel = dots::<Of<T>>(level);
        for low in (0..k).step_by(DOT_TERMS) {
            let terms = DOT_TERMS.min(k - low);
            for j in (0..n).step_by(DOTS) {
                let count = DOTS.min(n - j);
                for i in 0..m {
                    let mut sums = [T::ZERO; DOTS];
                    let row = |r: usize| b.start.offset((j + r.min(count - 1)) as isize * b.column).add(low);
                    let dots = Dots {
                        left: a.start.offset(i as isize * a.row).add(low),
                        right: std::array::from_fn(row),
                        terms,
                        sums: &raw mut sums,
                    };
                    kernel((&raw const dots).cast());
                    for (r, &sum) in sums[..count].iter().enumerate() {
                        let to = c.start.offset(i as isize * c.row + (j + r) as isize * c.column);
                        *to = if accumulate || low > 0 { sum.plus(*to) } else { sum };
                    }
                }
            }
        }
    }
}

/// Argument of [`dots`]: `sums[r] = sum of left[p] * right[r][p]`.
struct Dots<T> {
    left: *const T,
    right: [*const T; DOTS],
    terms: usize,
    sums: *mut [T; DOTS],
}

/// Rows that [`add_rows`] adds at a time.
const ADDED: usize = 8;

/// A row times a matrix whose rows are contiguous, as a sum of its rows: reads the matrix in order.
///
/// # Safety
/// As for [`multiply_all`].
unsafe fn multiply_row<T: Element>(level: Level, product: &Product<T>) {
    let Product { n, k, a, b, c, accumulate, .. } = *product;
    let (eight, one) = (add_rows::<Of<T>, Eight>(level), add_rows::<Of<T>, One>(level));
    for p in (0..k).step_by(ADDED) {
        let count = ADDED.min(k - p);
        let factor = |r: usize| a.start.wrapping_offset((p + r) as isize * a.column);
        let row = |r: usize| b.start.wrapping_offset((p + r) as isize * b.row);
        let mut sum = RowSum {
            factors: [T::ZERO; ADDED],
            rows: [row(0); ADDED],
            to: c.start,
            columns: n,
            accumulate: accumulate || p > 0,
        };
        // SAFETY: all indices are within the matrices.
        unsafe {
            if count == ADDED {
                sum.factors = std::array::from_fn(|r| *factor(r));
                sum.rows = std::array::from_fn(row);
                eight((&raw const sum).cast());
                continue;
            }
            for r in 0..count {
                (sum.factors[0], sum.rows[0]) = (*factor(r), row(r));
                one((&raw const sum).cast());
                sum.accumulate = true;
            }
        }
    }
}

/// Argument of [`add_rows`]: `to[j] = sum of factors[r] * rows[r][j]`, or adds it.
struct RowSum<T> {
    factors: [T; ADDED],
    rows: [*const T; ADDED],
    to: *mut T,
    columns: usize,
    accumulate: bool,
}

/// A number of rows, as a type.
pub(crate) trait Count: 'static {
    /// The number.
    const COUNT: usize;
}
/// [`ADDED`] rows.
pub(crate) enum Eight {}
/// One row.
pub(crate) enum One {}
impl Count for Eight {
    const COUNT: usize = ADDED;
}
impl Count for One {
    const COUNT: usize = 1;
}

per_level! {
    /// A sum of rows; the argument is a `*const RowSum<T>`.
    fn add_rows<K: OfElement, N: Count>(argument: *const u8) -> unsafe fn(*const u8) = add_rows_body;
}

/// # Safety
/// The argument points to a valid [`RowSum`] whose result overlaps no row.
#[inline(always)]
unsafe fn add_rows_body<L: Isa, K: OfElement, N: Count>(argument: *const u8) {
    const LANES: usize = 32;
    // SAFETY: all rows have `columns` elements.
    unsafe {
        let sum = &*argument.cast::<RowSum<K::Element>>();
        let zero = <K::Element as Element>::ZERO;
        let mut j = 0;
        while j + LANES <= sum.columns {
            let to = sum.to.add(j).cast::<[K::Element; LANES]>();
            let mut lanes = if sum.accumulate { to.read_unaligned() } else { [zero; LANES] };
            for r in 0..N::COUNT {
                let row = sum.rows[r].add(j);
                for lane in 0..LANES {
                    lanes[lane] = sum.factors[r].madd::<L>(*row.add(lane), lanes[lane]);
                }
            }
            to.write_unaligned(lanes);
            j += LANES;
        }
        while j < sum.columns {
            let mut value = if sum.accumulate { *sum.to.add(j) } else { zero };
            for r in 0..N::COUNT {
                value = sum.factors[r].madd::<L>(*sum.rows[r].add(j), value);
            }
            *sum.to.add(j) = value;
            j += 1;
        }
    }
}

/// An element type, as what [`per_level!`] is generic over.
pub(crate) trait OfElement: 'static {
    type Element: Element;
}
/// See [`OfElement`].
pub(crate) struct Of<T>(std::marker::PhantomData<T>);
impl<T: Element> OfElement for Of<T> {
    type Element = T;
}

per_level! {
    /// Several dot products with one vector; the argument is a `*const Dots<T>`.
    fn dots<K: OfElement>(argument: *const u8) -> unsafe fn(*const u8) = dots_body;
}

/// # Safety
/// The argument points to valid [`Dots`].
#[inline(always)]
unsafe fn dots_body<L: Isa, K: OfElement>(argument: *const u8) {
    const LANES: usize = 32;
    // SAFETY: all rows have `terms` elements.
    unsafe {
        let dots = &*argument.cast::<Dots<K::Element>>();
        let zero = <K::Element as Element>::ZERO;
        let mut sums = [[zero; LANES]; DOTS];
        let whole = dots.terms / LANES * LANES;
        let mut p = 0;
        while p < whole {
            let left = dots.left.add(p).cast::<[K::Element; LANES]>().read_unaligned();
            for r in 0..DOTS {
                let right = dots.right[r].add(p).cast::<[K::Element; LANES]>().read_unaligned();
                for lane in 0..LANES {
                    sums[r][lane] = left[lane].madd::<L>(right[lane], sums[r][lane]);
                }
            }
            p += LANES;
        }
        for r in 0..DOTS {
            let mut lanes = sums[r];
            for half in [16, 8, 4, 2, 1] {
                for lane in 0..half {
                    lanes[lane] = lanes[lane].plus(lanes[lane + half]);
                }
            }
            let mut sum = lanes[0];
            for p in whole..dots.terms {
                sum = (*dots.left.add(p)).madd::<L>(*dots.right[r].add(p), sum);
            }
            (*dots.sums)[r] = sum;
        }
    }
}

impl<T: Element> Product<T> {
    /// The product of a range of the summed dimension.
    fn terms(self, range: Range<usize>) -> Self {
        Product {
            k: range.len(),
            a: Matrix { start: self.a.start.wrapping_offset(range.start as isize * self.a.column), ..self.a },
            b: Matrix { start: self.b.start.wrapping_offset(range.start as isize * self.b.row), ..self.b },
            ..self
        }
    }
}
