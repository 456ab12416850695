//! The matrix product that dot and convolution are made of.
//!
//! A register tile of the result is computed from rows that are given one pointer each, so that the left
//! operand may be a matrix in place, a packed panel, or the windows of a convolution (an indirection buffer,
//! as in M. Dukhan, "The Indirect Convolution Algorithm", 2019). Blocking follows K. Goto and R. van de
//! Geijn, "Anatomy of high-performance matrix multiplication" (2008).

#![expect(clippy::needless_range_loop, reason = "lanes are loops over constant ranges")]

use std::mem::{align_of, size_of};

use crate::cpu::{Isa, Level, per_level};

/// An element type of products: what is multiplied and summed.
pub(crate) trait Element: Copy + Send + Sync + PartialEq + std::fmt::Debug + 'static {
    /// The neutral element of addition.
    const ZERO: Self;
    /// Estimated nanoseconds of a thousand multiply-adds.
    const NS_PER_THOUSAND: u64;
    /// `self * b + c`, rounded once or twice; integers wrap.
    fn madd<L: Isa>(self, b: Self, c: Self) -> Self;
    /// Sum.
    fn plus(self, other: Self) -> Self;
    /// The tile kernel of this many rows and columns.
    fn kernel(level: Level, rows: usize, columns: usize) -> TileFn;
}

/// The most rows a tile has.
pub(crate) const ROWS: usize = 6;
/// The widest tile row in bytes: four 512-bit vectors.
const MAX_WIDTH: usize = 256;

/// Computes a tile.
pub(crate) type TileFn = unsafe fn(*const u8);

/// A tile of a product: `c[i][j] = sum over taps t, p < inner of a[t][i][p * a_step] * b[t][p * b_step + j]`.
pub(crate) struct Tile<T> {
    /// Row pointers, as many for each tap as the kernel has rows.
    pub a: *const *const T,
    /// Distance between consecutive elements of a row.
    pub a_step: isize,
    /// A pointer for each tap.
    pub b: *const *const T,
    /// Distance between consecutive rows of b; each row holds as many readable elements as the kernel's
    /// columns.
    pub b_step: isize,
    /// Number of pointers in the tables (for a: of rows of pointers).
    pub taps: usize,
    /// Elements summed for each tap.
    pub inner: usize,
    /// The result.
    pub c: *mut T,
    /// Distance between rows of the result.
    pub c_row: isize,
    /// Distance between columns of the result; kernels themselves only know 1.
    pub c_column: isize,
    /// Rows written, at most the kernel's.
    pub rows: usize,
    /// Columns written; kernels themselves write all of theirs.
    pub columns: usize,
    /// Whether the sum is added to the result rather than stored.
    pub accumulate: bool,
}

/// The shape of a tile, as a type: what [`per_level!`] can be generic over.
pub(crate) trait Shape: 'static {
    /// # Safety
    /// As for [`tile6`].
    unsafe fn run<L: Isa>(argument: *const u8);
}

per_level! {
    /// The kernel for a shape; its argument is a `*const Tile<T>`.
    fn tile_kernel<S: Shape>(argument: *const u8) -> TileFn = tile_body;
}

/// # Safety
/// As for [`tile6`].
#[inline(always)]
unsafe fn tile_body<L: Isa, S: Shape>(argument: *const u8) {
    // SAFETY: passed on.
    unsafe { S::run::<L>(argument) }
}

/// Bytes of a tile row that the registers of a level hold.
const fn width<L: Isa>() -> usize {
    match L::LEVEL {
        Level::Avx512 => MAX_WIDTH,
        Level::Avx2 => 64,
        // 32 vector registers where there is a baseline fused multiply-add (aarch64), else 16.
        Level::Baseline if L::FMA => 64,
        Level::Baseline => 32,
    }
}

/// Bytes of a tile row that the registers of a level hold.
fn level_width(level: Level) -> usize {
    match level {
        Level::Avx512 => width::<crate::cpu::Avx512>(),
        Level::Avx2 => width::<crate::cpu::Avx2>(),
        Level::Baseline => width::<crate::cpu::Baseline>(),
    }
}

/// Writes a row of a tile.
///
/// # Safety
/// As for [`tile6`].
#[inline(always)]
unsafe fn store_row<T: Element, const NR: usize>(tile: &Tile<T>, i: usize, sum: &[T; NR]) {
    if i >= tile.rows {
        return;
    }
    // SAFETY: row i of the result has NR columns.
    unsafe {
        let row = tile.c.offset(i as isize * tile.c_row);
        if tile.accumulate {
            for j in 0..NR {
                *row.add(j) = sum[j].plus(*row.add(j));
            }
        } else {
            for j in 0..NR {
                *row.add(j) = sum[j];
            }
        }
    }
}

/// A tile kernel with its rows spelled out: arrays of rows would not be kept in registers.
macro_rules! tile_with_rows {
    ($name:ident, $count:literal, $($i:literal $sum:ident $row:ident),*) => {
        /// # Safety
        /// The argument points to a `Tile<T>` whose tables and arrays are valid for the accesses it
        /// describes, with as many rows and `NR` columns, and whose result overlaps neither operand.
        #[inline(always)]
        unsafe fn $name<L: Isa, T: Element, const NR: usize>(argument: *const u8) {
            if NR * size_of::<T>() > width::<L>() {
                return;
            }
            // SAFETY: the contract says that everything accessed here is valid.
            unsafe {
                let tile = &*argument.cast::<Tile<T>>();
                $(let mut $sum = [T::ZERO; NR];)*
                for tap in 0..tile.taps {
                    let [$($row),*] = tile.a.add(tap * $count).cast::<[*const T; $count]>().read();
                    let mut b = *tile.b.add(tap);
                    let mut at = 0;
                    for _ in 0..tile.inner {
                        $(
                            let left = *$row.offset(at);
                            for j in 0..NR {
                                $sum[j] = left.madd::<L>(*b.add(j), $sum[j]);
                            }
                        )*
                        at += tile.a_step;
                        b = b.wrapping_offset(tile.b_step);
                    }
                }
                $(store_row(tile, $i, &$sum);)*
            }
        }
    };
}

tile_with_rows!(tile1, 1, 0 s0 r0);
tile_with_rows!(tile2, 2, 0 s0 r0, 1 s1 r1);
tile_with_rows!(tile4, 4, 0 s0 r0, 1 s1 r1, 2 s2 r2, 3 s3 r3);
tile_with_rows!(tile6, 6, 0 s0 r0, 1 s1 r1, 2 s2 r2, 3 s3 r3, 4 s4 r4, 5 s5 r5);

macro_rules! shapes {
    ($($name:ident $type:ident $rows:literal $columns:literal;)*) => { $(
        enum $name {}
        impl Shape for $name {
            #[inline(always)]
            unsafe fn run<L: Isa>(argument: *const u8) {
                // SAFETY: passed on.
                unsafe {
                    match $rows {
                        1 => tile1::<L, $type, $columns>(argument),
                        2 => tile2::<L, $type, $columns>(argument),
                        4 => tile4::<L, $type, $columns>(argument),
                        _ => tile6::<L, $type, $columns>(argument),
                    }
                }
            }
        }
    )* };
}

macro_rules! elements {
    ($($type:ident, $zero:literal, $ns:literal, $fused:expr, $plus:expr,
       [$($rows:literal $columns:literal $shape:ident;)*];)*) => { $(
        shapes! { $($shape $type $rows $columns;)* }
        impl Element for $type {
            const ZERO: Self = $zero;
            const NS_PER_THOUSAND: u64 = $ns;
            #[inline(always)]
            fn madd<L: Isa>(self, b: Self, c: Self) -> Self {
                $fused(L::FMA, self, b, c)
            }
            #[inline(always)]
            fn plus(self, other: Self) -> Self {
                $plus(self, other)
            }
            fn kernel(level: Level, rows: usize, columns: usize) -> TileFn {
                match (rows, columns) {
                    $(($rows, $columns) => tile_kernel::<$shape>(level),)*
                    _ => unreachable!("no tile of {rows} x {columns}"),
                }
            }
        }
    )* };
}

elements! {
    f32, 0.0, 12, |fma: bool, a: f32, b: f32, c: f32| if fma { a.mul_add(b, c) } else { a * b + c },
    |a: f32, b: f32| a + b, [
        1 8 F32x1x8; 2 8 F32x2x8; 4 8 F32x4x8; 6 8 F32x6x8;
        1 16 F32x1x16; 2 16 F32x2x16; 4 16 F32x4x16; 6 16 F32x6x16;
        1 32 F32x1x32; 2 32 F32x2x32; 4 32 F32x4x32; 6 32 F32x6x32;
        1 64 F32x1x64; 2 64 F32x2x64; 4 64 F32x4x64; 6 64 F32x6x64;
    ];
    f64, 0.0, 24, |fma: bool, a: f64, b: f64, c: f64| if fma { a.mul_add(b, c) } else { a * b + c },
    |a: f64, b: f64| a + b, [
        1 4 F64x1x4; 2 4 F64x2x4; 4 4 F64x4x4; 6 4 F64x6x4;
        1 8 F64x1x8; 2 8 F64x2x8; 4 8 F64x4x8; 6 8 F64x6x8;
        1 16 F64x1x16; 2 16 F64x2x16; 4 16 F64x4x16; 6 16 F64x6x16;
        1 32 F64x1x32; 2 32 F64x2x32; 4 32 F64x4x32; 6 32 F64x6x32;
    ];
    i32, 0, 25, |_, a: i32, b: i32, c: i32| a.wrapping_mul(b).wrapping_add(c), i32::wrapping_add, [
        1 8 I32x1x8; 2 8 I32x2x8; 4 8 I32x4x8; 6 8 I32x6x8;
        1 16 I32x1x16; 2 16 I32x2x16; 4 16 I32x4x16; 6 16 I32x6x16;
        1 32 I32x1x32; 2 32 I32x2x32; 4 32 I32x4x32; 6 32 I32x6x32;
        1 64 I32x1x64; 2 64 I32x2x64; 4 64 I32x4x64; 6 64 I32x6x64;
    ];
    i64, 0, 80, |_, a: i64, b: i64, c: i64| a.wrapping_mul(b).wrapping_add(c), i64::wrapping_add, [
        1 4 I64x1x4; 2 4 I64x2x4; 4 4 I64x4x4; 6 4 I64x6x4;
        1 8 I64x1x8; 2 8 I64x2x8; 4 8 I64x4x8; 6 8 I64x6x8;
        1 16 I64x1x16; 2 16 I64x2x16; 4 16 I64x4x16; 6 16 I64x6x16;
        1 32 I64x1x32; 2 32 I64x2x32; 4 32 I64x4x32; 6 32 I64x6x32;
    ];
}

/// The kernels of an element type on this machine.
pub(crate) struct Kernels<T> {
    /// By columns (widest first), then rows.
    tiles: [[TileFn; ROWS + 1]; 3],
    /// Columns of each.
    columns: [usize; 3],
    /// What they are compiled for.
    pub level: Level,
    element: std::marker::PhantomData<T>,
}

impl<T: Element> Kernels<T> {
    /// The kernels for a level.
    pub(crate) fn new(level: Level) -> Self {
        let widest = level_width(level) / size_of::<T>();
        let narrowest = 32 / size_of::<T>();
        let columns = [widest, (widest / 2).max(narrowest), (widest / 4).max(narrowest)];
        let rows = |columns| std::array::from_fn(|rows| T::kernel(level, kernel_rows(rows.max(1)), columns));
        Kernels { tiles: columns.map(rows), columns, level, element: std::marker::PhantomData }
    }

    /// The kernel for a tile of `rows` rows and the number of columns that it has, where `left` columns are
    /// left to do.
    pub(crate) fn choose_columns(&self, left: usize) -> usize {
        let narrow = self.columns[2];
        let wanted = match left.div_ceil(narrow) {
            4.. => 0,
            2..=3 => 1,
            _ => 2,
        };
        // Levels with fewer widths repeat the narrowest.
        if self.columns[0] == 2 * narrow && left > narrow { self.columns[0] } else { self.columns[wanted] }
    }

    /// Computes a tile with the kernel of `columns` columns.
    ///
    /// # Safety
    /// The tile's tables and arrays are valid for the accesses it describes, for [`kernel_rows`] of its rows
    /// and `columns` columns of b, and its result overlaps neither operand.
    pub(crate) unsafe fn run(&self, columns: usize, tile: &Tile<T>) {
        let at = self.columns.iter().position(|&c| c == columns).unwrap_or(0);
        let kernel = self.tiles[at][tile.rows];
        if tile.columns == columns && tile.c_column == 1 {
            // SAFETY: the kernel fits the level, and the tile it.
            return unsafe { kernel((&raw const *tile).cast()) };
        }
        let mut sums = [T::ZERO; ROWS * MAX_WIDTH / 4];
        let whole = Tile { c: sums.as_mut_ptr(), c_row: columns as isize, accumulate: false, ..*tile };
        // SAFETY: as above, and every tile fits `sums`.
        unsafe { kernel((&raw const whole).cast()) };
        for (i, row) in sums.chunks_exact(columns).take(tile.rows).enumerate() {
            for (j, &value) in row.iter().take(tile.columns).enumerate() {
                // SAFETY: row i and column j of the result exist.
                unsafe {
                    let to = tile.c.offset(i as isize * tile.c_row + j as isize * tile.c_column);
                    *to = if tile.accumulate { value.plus(*to) } else { value };
                }
            }
        }
    }
}

/// The number of rows of the kernel used for `rows` rows.
pub(crate) fn kernel_rows(rows: usize) -> usize {
    match rows {
        3 => 4,
        5 => 6,
        other => other,
    }
}

/// A matrix in memory: its first element and the distance between rows and between columns.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Matrix<P> {
    /// First element.
    pub start: P,
    /// Distance between rows.
    pub row: isize,
    /// Distance between columns.
    pub column: isize,
}

impl<P> Matrix<P> {
    fn transposed(self) -> Self {
        Matrix { start: self.start, row: self.column, column: self.row }
    }
}

/// `c = a b`, or `c += a b`, with a of `m` x `k` and b of `k` x `n` elements.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Product<T> {
    /// Rows of the result.
    pub m: usize,
    /// Columns of the result.
    pub n: usize,
    /// Summed dimension.
    pub k: usize,
    /// Left operand.
    pub a: Matrix<*const T>,
    /// Right operand.
    pub b: Matrix<*const T>,
    /// Result; overlaps neither operand.
    pub c: Matrix<*mut T>,
    /// Whether the product is added to the result.
    pub accumulate: bool,
}

// SAFETY: a product is a description; who runs it vouches for the memory, on whatever thread.
unsafe impl<T> Send for Product<T> {}
// SAFETY: as above.
unsafe impl<T> Sync for Product<T> {}

/// Rows of the right operand in a block.
const BLOCK_K: usize = 256;
/// Rows of the left operand in a block.
const BLOCK_M: usize = 20 * ROWS;
/// Bytes of a row of the right operand in a block.
const BLOCK_N_BYTES: usize = 2048;
/// Operands that take at most this many bytes are read in place: they stay in the first-level cache.
const IN_PLACE_BYTES: usize = 16 << 10;
/// So are operands with rows at most this far apart: their panels lie on few pages.
const NEAR_BYTES: usize = 1 << 10;

impl<T: Element> Product<T> {
    /// The same product as `transpose(b) transpose(a)`.
    pub(crate) fn transposed(self) -> Self {
        Product {
            m: self.n,
            n: self.m,
            k: self.k,
            a: self.b.transposed(),
            b: self.a.transposed(),
            c: self.c.transposed(),
            accumulate: self.accumulate,
        }
    }

    /// The part of the product with these rows and columns of the result.
    pub(crate) fn part(self, rows: std::ops::Range<usize>, columns: std::ops::Range<usize>) -> Self {
        Product {
            m: rows.len(),
            n: columns.len(),
            a: Matrix { start: self.a.start.wrapping_offset(rows.start as isize * self.a.row), ..self.a },
            b: Matrix {
                start: self.b.start.wrapping_offset(columns.start as isize * self.b.column),
                ..self.b
            },
            c: Matrix {
                start: self.c.start.wrapping_offset(
                    rows.start as isize * self.c.row + columns.start as isize * self.c.column,
                ),
                ..self.c
            },
            ..self
        }
    }

    /// Estimated nanoseconds on one thread.
    pub(crate) fn work_ns(&self) -> u64 {
        let products = self.m as u64 * self.n as u64 * self.k as u64;
        products * T::NS_PER_THOUSAND / 1000 + (self.m * self.k + self.k * self.n) as u64 / 10
    }

    /// Chooses which operand supplies the vectors: the side that fills them better, and then the one along
    /// which the result is contiguous.
    pub(crate) fn oriented(self, kernels: &Kernels<T>) -> Self {
        let lanes = kernels.columns[2];
        let area = |m: usize, n: usize| m * n.next_multiple_of(lanes);
        let (here, there) = (area(self.m, self.n), area(self.n, self.m));
        let contiguous = |c: Matrix<*mut T>, n: usize| c.column == 1 || n == 1;
        let swap = match contiguous(self.c, self.n) {
            true => there * 2 < here,
            false => contiguous(self.c.transposed(), self.m) && there < here * 2,
        };
        if swap { self.transposed() } else { self }
    }

    /// Bytes of scratch that [`multiply`](Self::multiply) uses.
    pub(crate) fn scratch_bytes(&self) -> usize {
        let k = self.k.min(BLOCK_K);
        let columns = self.n.next_multiple_of(MAX_WIDTH / size_of::<T>()).min(BLOCK_N_BYTES / size_of::<T>());
        let rows = self.m.next_multiple_of(ROWS).min(BLOCK_M);
        (columns + rows) * k * size_of::<T>()
    }

    /// Computes the product on the calling thread.
    ///
    /// # Safety
    /// The matrices are valid, and the result is nobody else's.
    pub(crate) unsafe fn multiply(&self, kernels: &Kernels<T>, scratch: &mut [u8]) {
        // SAFETY: alignment is handled by the call; any bytes are valid elements.
        let (_, scratch, _) = unsafe { scratch.align_to_mut::<T>() };
        let block_n = BLOCK_N_BYTES / size_of::<T>();
        let far = |step: isize| step.unsigned_abs() * size_of::<T>() > NEAR_BYTES;
        let pack_a = self.n > 2 * kernels.columns[0]
            && self.m * self.k * size_of::<T>() > IN_PLACE_BYTES
            && (self.a.column != 1 || far(self.a.row));
        let pack_b =
            self.m > 4 * ROWS && self.k * self.n * size_of::<T>() > IN_PLACE_BYTES && far(self.b.row);
        let block_columns = self.n.next_multiple_of(kernels.columns[0]).min(block_n);
        let (packed_b, packed_a) = scratch.split_at_mut(block_columns * self.k.min(BLOCK_K));
        for jc in (0..self.n).step_by(block_n) {
            let columns = block_n.min(self.n - jc);
            for pc in (0..self.k).step_by(BLOCK_K) {
                let depth = BLOCK_K.min(self.k - pc);
                let whole = self.part(0..self.m, jc..jc + columns);
                let block = Product {
                    k: depth,
                    a: Matrix {
                        start: whole.a.start.wrapping_offset(pc as isize * whole.a.column),
                        ..whole.a
                    },
                    b: Matrix { start: whole.b.start.wrapping_offset(pc as isize * whole.b.row), ..whole.b },
                    accumulate: self.accumulate || pc > 0,
                    ..whole
                };
                // SAFETY: the block is part of the product.
                unsafe {
                    block.pack_b(kernels, pack_b, packed_b);
                    for ic in (0..self.m).step_by(BLOCK_M) {
                        let rows = block.part(ic..self.m.min(ic + BLOCK_M), 0..columns);
                        rows.multiply_block(kernels, pack_a.then_some(&mut *packed_a), packed_b, pack_b);
                    }
                }
            }
        }
    }

    /// Whether a panel of `columns` columns of b, of which `left` exist, must be copied.
    fn copies(&self, pack: bool, columns: usize, left: usize) -> bool {
        pack || self.b.column != 1 || left < columns
    }

    /// Copies the panels of b that are not read in place, each to its place.
    ///
    /// # Safety
    /// As for [`multiply`](Self::multiply).
    unsafe fn pack_b(&self, kernels: &Kernels<T>, all: bool, to: &mut [T]) {
        let mut j = 0;
        while j < self.n {
            let columns = kernels.choose_columns(self.n - j);
            if self.copies(all, columns, self.n - j) {
                let count = columns.min(self.n - j);
                let from =
                    Matrix { start: self.b.start.wrapping_offset(j as isize * self.b.column), ..self.b };
                let panel = &mut to[j * self.k..][..columns * self.k];
                // SAFETY: the panel's columns exist.
                unsafe { pack(from, self.k, count, columns, panel) };
            }
            j += columns;
        }
    }

    /// Multiplies a block of rows with a packed block of b.
    ///
    /// # Safety
    /// As for [`multiply`](Self::multiply).
    unsafe fn multiply_block(
        &self,
        kernels: &Kernels<T>,
        to: Option<&mut [T]>,
        packed_b: &[T],
        pack_b: bool,
    ) {
        // Packed rows: panels of ROWS rows, transposed.
        let packed_a = to.map(|to| {
            for i in (0..self.m).step_by(ROWS) {
                let count = ROWS.min(self.m - i);
                let from = Matrix { start: self.a.start.wrapping_offset(i as isize * self.a.row), ..self.a };
                // SAFETY: the panel's rows exist.
                unsafe {
                    pack(from.transposed(), self.k, count, ROWS, &mut to[i * self.k..][..ROWS * self.k])
                };
            }
            to.as_ptr()
        });
        let mut j = 0;
        while j < self.n {
            let columns = kernels.choose_columns(self.n - j);
            let (b, b_step) = if self.copies(pack_b, columns, self.n - j) {
                (packed_b[j * self.k..].as_ptr(), columns as isize)
            } else {
                (self.b.start.wrapping_offset(j as isize * self.b.column), self.b.row)
            };
            for i in (0..self.m).step_by(ROWS) {
                let rows = ROWS.min(self.m - i);
                let (first, row, step) = match packed_a {
                    Some(packed) => (packed.wrapping_add(i * self.k), 1, ROWS as isize),
                    None => {
                        (self.a.start.wrapping_offset(i as isize * self.a.row), self.a.row, self.a.column)
                    }
                };
                let pointers: [*const T; ROWS] =
                    std::array::from_fn(|r| first.wrapping_offset(r.min(rows - 1) as isize * row));
                let tile = Tile {
                    a: pointers.as_ptr(),
                    a_step: step,
                    b: &b,
                    b_step,
                    taps: 1,
                    inner: self.k,
                    c: self.c.start.wrapping_offset(i as isize * self.c.row + j as isize * self.c.column),
                    c_row: self.c.row,
                    c_column: self.c.column,
                    rows,
                    columns: columns.min(self.n - j),
                    accumulate: self.accumulate,
                };
                // SAFETY: the tile is part of the product.
                unsafe { kernels.run(columns, &tile) };
            }
            j += columns;
        }
    }
}

/// Copies `count` columns of `k` rows to a panel with rows of `width` elements, the rest zeros.
///
/// # Safety
/// The columns exist.
pub(crate) unsafe fn pack<T: Element>(
    from: Matrix<*const T>,
    k: usize,
    count: usize,
    width: usize,
    to: &mut [T],
) {
    debug_assert!(to.len() >= k * width && align_of::<T>() <= 16);
    for (p, row) in to.chunks_exact_mut(width).take(k).enumerate() {
        if from.column == 1 {
            let start = from.start.wrapping_offset(p as isize * from.row);
            // SAFETY: row p has `count` columns.
            unsafe { std::ptr::copy_nonoverlapping(start, row.as_mut_ptr(), count) };
        }
        row[count..].fill(T::ZERO);
    }
    if from.column == 1 {
        return;
    }
    // A few columns at a time: lines of cache far apart by a power of two push each other out.
    for j in (0..count).step_by(PACKED_COLUMNS) {
        let start = from.start.wrapping_offset(j as isize * from.column);
        let columns = PACKED_COLUMNS.min(count - j);
        // SAFETY: all these columns have `k` rows.
        unsafe {
            match columns {
                PACKED_COLUMNS => pack_columns::<T, PACKED_COLUMNS>(start, from, k, width, &mut to[j..]),
                _ => {
                    for at in 0..columns {
                        let start = start.offset(at as isize * from.column);
                        pack_columns::<T, 1>(start, from, k, width, &mut to[j + at..]);
                    }
                }
            }
        }
    }
}

/// Columns that are copied together.
const PACKED_COLUMNS: usize = 8;

/// Copies `N` columns, the first of which begins at `start`, to the beginnings of rows of `width` elements.
///
/// # Safety
/// The columns have `k` rows.
#[inline(always)]
unsafe fn pack_columns<T: Element, const N: usize>(
    start: *const T,
    from: Matrix<*const T>,
    k: usize,
    width: usize,
    to: &mut [T],
) {
    for (p, row) in to.chunks_mut(width).take(k).enumerate() {
        let start = start.wrapping_offset(p as isize * from.row);
        // SAFETY: passed on.
        let values: [T; N] = std::array::from_fn(|j| unsafe { *start.offset(j as isize * from.column) });
        row[..N].copy_from_slice(&values);
    }
}
