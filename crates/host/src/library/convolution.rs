//! Convolutions of any layout, as products of patches and kernel.
//!
//! Rows of the product are output positions, its columns output features; terms are kernel positions and
//! input features. Blocks of the patch matrix are written to scratch, or the input itself serves as one.
//! Gradients arrive as convolutions with other dimensions in these roles, so nothing here assumes that rows
//! are many or terms few.

mod geometry;
mod patches;

use std::ops::Range;

use plan::EngineError;
use plan::library::Convolution;
use tensor::DType;

use self::geometry::Geometry;
use self::patches::Table;
use super::convert::{self, Native, native};
use super::gemm::{Kernels, Matrix, Product};
use super::product::{SendPointer, multiply_here, scratch_bytes};
use super::{LibraryStep, StepTypes};
use crate::context::RunContext;
use crate::cpu::Level;

/// Bytes that a block of patches takes at most: half of a usual second-level cache.
const PATCH_BYTES: usize = 256 << 10;
/// Terms in a block of patches at most.
const BLOCK_TERMS: usize = 1024;
/// Terms of which threads share the sum where rows are too few to share.
const LONG_SUM: usize = 2048;
/// Evenly spaced terms that are enough for a product of their own.
const LONG_RUN: usize = 64;

/// A convolution made ready; `T` is the type it is computed in.
struct ConvolutionStep<T> {
    /// The products that it consists of, which write different elements.
    products: Vec<Geometry>,
    dtypes: [DType; 3],
    /// Elements of input, kernel, output.
    lens: [usize; 3],
    kernels: Kernels<T>,
}

/// Makes a convolution ready.
///
/// # Errors
/// If the arrays are smaller than the dimensions say, or groups do not divide them.
pub(super) fn prepare(
    convolution: &Convolution,
    types: &StepTypes<'_>,
) -> Result<Box<dyn LibraryStep>, EngineError> {
    let lens = [types.reads[0].len(), types.reads[1].len(), types.writes[0].len()];
    let products = Geometry::all(convolution, lens).map_err(|reason| types.unsupported(reason))?;
    let dtypes = [convolution.input, convolution.kernel, convolution.output];
    let level = Level::best();
    macro_rules! step {
        ($type:ty) => {
            Box::new(ConvolutionStep::<$type> { products, dtypes, lens, kernels: Kernels::new(level) })
        };
    }
    Ok(match native(convolution.output) {
        DType::F32 => step!(f32),
        DType::F64 => step!(f64),
        DType::I64 => step!(i64),
        _ => step!(i32),
    })
}

impl<T: Native> LibraryStep for ConvolutionStep<T> {
    unsafe fn run(
        &self,
        reads: &[*const u8],
        writes: &[*mut u8],
        context: &RunContext,
    ) -> Result<(), EngineError> {
        let [input, kernel, output] = self.dtypes;
        // SAFETY: preparing checked that all accesses stay within the arrays; scratch is aligned and any
        // bytes are valid elements.
        unsafe {
            if output.is_complex() {
                convert::by_parts::<T>(
                    self.dtypes,
                    self.lens,
                    reads,
                    writes[0],
                    context,
                    |a, b, c, accumulate| {
                        self.convolve_all(a, b, c, accumulate, context);
                    },
                );
                return Ok(());
            }
            let left = convert::Operand::<T>::new(input, reads[0], self.lens[0], context);
            let right = convert::Operand::<T>::new(kernel, reads[1], self.lens[1], context);
            if output == T::DTYPE {
                self.convolve_all(left.start(), right.start(), writes[0].cast(), false, context);
            } else {
                let mut result = context.scratch(self.lens[2] * size_of::<T>());
                let result = &mut result.align_to_mut::<T>().1[..self.lens[2]];
                self.convolve_all(left.start(), right.start(), result.as_mut_ptr(), false, context);
                convert::write(output, result, writes[0]);
            }
        }
        Ok(())
    }
}

impl<T: Native> ConvolutionStep<T> {
    /// Convolves arrays of the native type.
    ///
    /// # Safety
    /// The arrays have the lengths that the step was prepared with.
    unsafe fn convolve_all(
        &self,
        input: *const T,
        kernel: *const T,
        output: *mut T,
        accumulate: bool,
        context: &RunContext,
    ) {
        for geometry in &self.products {
            // SAFETY: passed on.
            unsafe { self.convolve(geometry, [input, kernel], output, accumulate, context) };
        }
    }

    /// Computes one of the products.
    ///
    /// # Safety
    /// As for [`convolve_all`](Self::convolve_all).
    unsafe fn convolve(
        &self,
        geometry: &Geometry,
        [input, kernel]: [*const T; 2],
        output: *mut T,
        accumulate: bool,
        context: &RunContext,
    ) {
        let (rows, terms) = (geometry.rows.len(), geometry.terms.len());
        if rows * geometry.columns * geometry.groups == 0 {
            return;
        }
        // A kernel without long runs of evenly spaced terms is copied first, terms outermost.
        let repack = geometry.term_run < terms.min(LONG_RUN) && !geometry.by_group;
        let matrix = geometry.groups * terms * geometry.columns;
        let mut packed = context.scratch(if repack { matrix * size_of::<T>() } else { 0 });
        let kernel = if repack {
            // SAFETY: any bytes are valid elements; the kernel has these elements.
            let packed = unsafe { &mut packed.align_to_mut::<T>().1[..matrix] };
            for group in 0..geometry.groups {
                // SAFETY: as above.
                unsafe {
                    geometry.pack_kernel(kernel, group, &mut packed[group * terms * geometry.columns..])
                };
            }
            KernelMatrix {
                start: SendPointer(packed.as_mut_ptr()),
                group: terms * geometry.columns,
                row: geometry.columns as isize,
                column: 1,
                packed: true,
            }
        } else {
            KernelMatrix {
                start: SendPointer(kernel.wrapping_offset(geometry.kernel_offset).cast_mut()),
                group: geometry.group_steps[1] as usize,
                row: geometry.terms.last_step(),
                column: geometry.column_steps[0],
                packed: false,
            }
        };
        let work = (rows * terms * geometry.columns * geometry.groups) as u64 * T::NS_PER_THOUSAND / 1000
            + (rows * terms * geometry.groups) as u64 / 4
            + (rows * geometry.groups * geometry.columns) as u64;
        let threads = context.helpers(usize::MAX, work) + 1;
        let block_terms = block_terms(terms);
        let fitting = (PATCH_BYTES / size_of::<T>() / block_terms).max(24);
        let shared = if threads > 1 { (rows * geometry.groups).div_ceil(4 * threads).max(24) } else { rows };
        let chunk = fitting.min(shared).next_multiple_of(6).min(rows);
        let chunks = rows.div_ceil(chunk);
        let arrays =
            (SendPointer(input.cast_mut()), SendPointer(output.wrapping_offset(geometry.output_offset)));
        if geometry.by_group {
            return context.parallel(chunks, work, |index| {
                let chunk = index * chunk..rows.min((index + 1) * chunk);
                // SAFETY: preparing checked the arrays; chunks write different elements.
                unsafe { self.convolve_groups(geometry, arrays, kernel.start, chunk, accumulate) };
            });
        }
        // Part of the terms of a chunk of rows.
        let convolve = |index: usize, terms: Range<usize>, output: SendPointer<T>, accumulate: bool| {
            let (group, index) = (index / chunks, index % chunks);
            let chunk = index * chunk..rows.min((index + 1) * chunk);
            let arrays = (arrays.0, output);
            // SAFETY: preparing checked the arrays; chunks write different elements.
            unsafe {
                self.convolve_rows(geometry, arrays, &kernel, group, (chunk, terms), accumulate, context)
            };
        };
        let tasks = geometry.groups * chunks;
        let parts = threads.min(terms / LONG_SUM);
        // Several products write the output in turn.
        if tasks >= threads || parts < 2 || self.products.len() > 1 {
            return context.parallel(tasks, work, |index| convolve(index, 0..terms, arrays.1, accumulate));
        }
        let len = self.lens[2];
        let mut sums = context.scratch(parts * len * size_of::<T>());
        // SAFETY: any bytes are valid elements.
        let sums = unsafe { &mut sums.align_to_mut::<T>().1[..parts * len] };
        let start = SendPointer(sums.as_mut_ptr());
        context.parallel(parts, work, |part| {
            let range = terms * part / parts..terms * (part + 1) / parts;
            let output = SendPointer(start.at(part * len).wrapping_offset(geometry.output_offset));
            (0..tasks).for_each(|index| convolve(index, range.clone(), output, false));
        });
        for at in 0..len {
            let sum = (0..parts).map(|part| sums[part * len + at]).reduce(T::plus).unwrap_or(T::ZERO);
            // SAFETY: the output has this element.
            unsafe {
                let to = output.add(at);
                *to = if accumulate { sum.plus(*to) } else { sum };
            }
        }
    }

    /// Computes rows of the product of one group, or of the part of it that some terms make.
    ///
    /// # Safety
    /// As for [`convolve`](Self::convolve).
    #[expect(clippy::too_many_arguments, reason = "the arrays, and which part of the result")]
    unsafe fn convolve_rows(
        &self,
        geometry: &Geometry,
        (input, output): (SendPointer<T>, SendPointer<T>),
        kernel: &KernelMatrix<T>,
        group: usize,
        (rows, terms): (Range<usize>, Range<usize>),
        accumulate: bool,
        context: &RunContext,
    ) {
        let input = input.0.wrapping_offset(group as isize * geometry.group_steps[0]).cast_const();
        let row_table = Table::new(&geometry.rows, rows.clone());
        let kernel_step = |first: usize| match kernel.packed {
            true => first as isize * kernel.row,
            false => geometry.terms.step_sum(first),
        };
        // Rows that are evenly spaced in the output, counted from the chunk's first.
        let run = geometry.row_run;
        let segments = || {
            let starts = (rows.start / run..rows.end.div_ceil(run)).map(|at| (at * run).max(rows.start));
            starts.map(|start| start - rows.start..((start / run + 1) * run).min(rows.end) - rows.start)
        };
        let multiply = |segment: Range<usize>, first: usize, count: usize, a: Matrix<*const T>| {
            let kernel_start = kernel.start.at(group * kernel.group).wrapping_offset(kernel_step(first));
            let step =
                group as isize * geometry.group_steps[2] + geometry.rows.step_sum(rows.start + segment.start);
            let product = Product {
                m: segment.len(),
                n: geometry.columns,
                k: count,
                a,
                b: Matrix { start: kernel_start.cast_const(), row: kernel.row, column: kernel.column },
                c: Matrix {
                    start: output.0.wrapping_offset(step),
                    row: geometry.rows.last_step(),
                    column: geometry.column_steps[1],
                },
                accumulate: accumulate || first > terms.start,
            };
            let mut scratch = context.scratch(scratch_bytes(&product));
            // SAFETY: patches and kernel have these elements, and the result is this chunk's.
            unsafe { multiply_here(&self.kernels, product, &mut scratch) };
        };
        if let Some([row, column]) = geometry.in_place {
            for segment in segments() {
                let first = geometry.address(&row_table, segment.start) + terms.start as isize * column;
                let start = input.wrapping_offset(first);
                multiply(segment, terms.start, terms.len(), Matrix { start, row, column });
            }
            return;
        }
        let block = block_terms(terms.len());
        let mut patches = context.scratch(block * rows.len() * size_of::<T>());
        // SAFETY: any bytes are valid elements.
        let patches = unsafe { patches.align_to_mut::<T>().1 };
        let term_run = if kernel.packed { geometry.terms.len() } else { geometry.term_run };
        let mut next = terms.start;
        while next < terms.end || next == terms.start {
            let first = next;
            let count = block.min(terms.end - first).min(term_run - first % term_run.max(1));
            next = first + count.max(1);
            let term_table = Table::new(&geometry.terms, first..first + count);
            let (row, column) = if geometry.rows_inner { (1, rows.len()) } else { (count, 1) };
            // SAFETY: the input has the elements that the tables name.
            unsafe {
                if geometry.rows_inner {
                    geometry.fill(input, &term_table, &row_table, geometry.run(&geometry.rows), patches);
                } else {
                    geometry.fill(input, &row_table, &term_table, geometry.run(&geometry.terms), patches);
                }
            }
            for segment in segments() {
                let start = patches[segment.start * row..].as_ptr();
                multiply(segment, first, count, Matrix { start, row: row as isize, column: column as isize });
            }
        }
    }

    /// Computes rows for all groups at once, groups being neighbours of one feature each.
    ///
    /// # Safety
    /// As for [`convolve`](Self::convolve).
    unsafe fn convolve_groups(
        &self,
        geometry: &Geometry,
        (input, output): (SendPointer<T>, SendPointer<T>),
        kernel: SendPointer<T>,
        rows: Range<usize>,
        accumulate: bool,
    ) {
        let terms = geometry.terms.len();
        let row_table = Table::new(&geometry.rows, rows.clone());
        let accumulate_groups = patches::groups::<patches::Of<T>>(self.kernels.level);
        let mut taps = Vec::with_capacity(terms.min(BLOCK_TERMS));
        for first in (0..terms.max(1)).step_by(BLOCK_TERMS) {
            let count = BLOCK_TERMS.min(terms - first);
            let term_table = Table::new(&geometry.terms, first..first + count);
            for (index, row) in rows.clone().enumerate() {
                taps.clear();
                for term in 0..count {
                    if let Some(at) = geometry.element(&row_table, index, &term_table, term) {
                        taps.push([at, geometry.terms.step_sum(first + term)]);
                    }
                }
                let argument = patches::Groups {
                    input: input.0.cast_const(),
                    kernel: kernel.0.cast_const(),
                    output: output.0.wrapping_offset(geometry.rows.step_sum(row)),
                    taps: &taps,
                    groups: geometry.groups,
                    accumulate: accumulate || first > 0,
                };
                // SAFETY: the arrays have all elements that the taps name, for every group.
                unsafe { accumulate_groups((&raw const argument).cast()) };
            }
        }
    }
}

/// Terms in a block: blocks are about equal.
fn block_terms(terms: usize) -> usize {
    terms.div_ceil(terms.div_ceil(BLOCK_TERMS).max(1)).max(1)
}

/// Where the kernel's elements are, as a matrix of terms and columns for each group.
struct KernelMatrix<T> {
    start: SendPointer<T>,
    group: usize,
    row: isize,
    column: isize,
    /// Terms are evenly spaced, unlike in the array.
    packed: bool,
}
