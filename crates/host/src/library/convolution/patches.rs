//! Copying the input elements that rows and terms of a convolution meet at.

#![expect(clippy::needless_range_loop, reason = "lanes are loops over constant ranges")]

use std::ops::Range;

use super::geometry::{Axes, Axis, Geometry, Run};
use crate::cpu::{Isa, per_level};
use crate::library::gemm::Element;

/// What rows or terms add to the input offset and to each spatial position.
pub(super) struct Table {
    offsets: Vec<isize>,
    /// Positions, `spatial` for each entry.
    positions: Vec<[isize; MAX_SPATIAL]>,
    /// Index of the first entry.
    first: usize,
}

/// Spatial dimensions that entries hold in place.
pub(super) const MAX_SPATIAL: usize = 4;

impl Table {
    /// The entries of a range of indices.
    pub(super) fn new(axes: &Axes, range: Range<usize>) -> Self {
        let mut table = Table {
            offsets: Vec::with_capacity(range.len()),
            positions: Vec::with_capacity(range.len()),
            first: range.start,
        };
        let mut index = vec![0; axes.0.len()];
        let mut rest = range.start;
        let mut now = (0, [0; MAX_SPATIAL]);
        let step = |now: &mut (isize, [isize; MAX_SPATIAL]), axis: &Axis, by: isize| match axis.spatial {
            None => now.0 += by * axis.input_step,
            Some((dim, distance)) => now.1[dim] += by * distance,
        };
        for (axis, index) in axes.0.iter().zip(&mut index).rev().filter(|(axis, _)| axis.size > 0) {
            *index = rest % axis.size;
            rest /= axis.size;
            step(&mut now, axis, *index as isize);
        }
        for _ in range {
            table.offsets.push(now.0);
            table.positions.push(now.1);
            for (axis, index) in axes.0.iter().zip(&mut index).rev() {
                *index += 1;
                let wraps = *index == axis.size;
                let by = if wraps { 1 - axis.size as isize } else { 1 };
                step(&mut now, axis, by);
                if !wraps {
                    break;
                }
                *index = 0;
            }
        }
        table
    }

    /// Number of entries.
    fn len(&self) -> usize {
        self.offsets.len()
    }
}

impl Geometry {
    /// Input offset of an entry of a table, the other table's part being that of index 0.
    pub(super) fn address(&self, table: &Table, index: usize) -> isize {
        let positions = self.spatial.iter().zip(table.positions[index]);
        table.offsets[index] + positions.map(|(dim, at)| (dim.base + at) * dim.stride).sum::<isize>()
    }

    /// Input offset where two entries meet; `None` if that is not an element.
    #[inline]
    pub(super) fn element(&self, a: &Table, i: usize, b: &Table, j: usize) -> Option<isize> {
        let mut at = a.offsets[i] + b.offsets[j];
        for (index, dim) in self.spatial.iter().enumerate() {
            at += dim.place(dim.base + a.positions[i][index] + b.positions[j][index])?;
        }
        Some(at)
    }

    /// Writes `to[i * inner.len() + j]` for entries i of `outer` and j of `inner`, which run through the input
    /// as `run` says; zeros where there is no element.
    ///
    /// # Safety
    /// The input has the elements that the tables name.
    pub(super) unsafe fn fill<T: Element>(
        &self,
        input: *const T,
        outer: &Table,
        inner: &Table,
        run: Run,
        to: &mut [T],
    ) {
        for (i, row) in to.chunks_exact_mut(inner.len().max(1)).take(outer.len()).enumerate() {
            let mut start = 0;
            while start < inner.len() {
                let phase = (inner.first + start) % run.len;
                let end = inner.len().min(start + run.len - phase);
                // SAFETY: passed on.
                unsafe { self.fill_run(input, [outer, inner], [i, start], run, phase, &mut row[start..end]) };
                start = end;
            }
        }
    }

    /// Writes the rest of a run from its element `phase` on.
    ///
    /// # Safety
    /// As for [`fill`](Self::fill).
    #[inline]
    unsafe fn fill_run<T: Element>(
        &self,
        input: *const T,
        [outer, inner]: [&Table; 2],
        [i, j]: [usize; 2],
        run: Run,
        phase: usize,
        to: &mut [T],
    ) {
        let mut at = outer.offsets[i] + inner.offsets[j];
        let mut range = 0..to.len();
        for (index, dim) in self.spatial.iter().enumerate() {
            let position = dim.base + outer.positions[i][index] + inner.positions[j][index];
            match run.spatial {
                Some((along, distance)) if along == index => {
                    let first = phase % run.sub;
                    let positions = clip(position, distance, dim.size, (first + to.len()).div_ceil(run.sub));
                    let element = |position: usize| (position * run.sub).saturating_sub(first).min(to.len());
                    range = element(positions.start)..element(positions.end);
                    at += position * dim.stride;
                }
                _ => match dim.place(position) {
                    Some(offset) => at += offset,
                    None => return to.fill(T::ZERO),
                },
            }
        }
        to[..range.start].fill(T::ZERO);
        to[range.end..].fill(T::ZERO);
        let from = input.wrapping_offset(at + range.start as isize * run.step);
        let to = &mut to[range];
        // SAFETY: the clipped run lies within the input.
        unsafe {
            if run.step == 1 {
                std::ptr::copy_nonoverlapping(from, to.as_mut_ptr(), to.len());
            } else {
                for (index, to) in to.iter_mut().enumerate() {
                    *to = *from.offset(index as isize * run.step);
                }
            }
        }
    }
}

impl super::geometry::Spatial {
    /// Offset of the element at a position, if there is one.
    #[inline]
    fn place(&self, position: isize) -> Option<isize> {
        (0..self.size).contains(&position).then_some(position * self.stride)
    }
}

/// The indices i below `len` for which `0 <= position + i * distance < size`.
fn clip(position: isize, distance: isize, size: isize, len: usize) -> Range<usize> {
    // Mirrored where positions fall, so that they rise.
    let (position, distance) =
        if distance < 0 { (size - 1 - position, -distance) } else { (position, distance) };
    let first = |target: isize| {
        (target - position + distance - 1).div_euclid(distance).clamp(0, len as isize) as usize
    };
    let (start, end) = (first(0), first(size));
    start..end.max(start)
}

/// One row for all groups: `output[g] = sum over taps of input[tap[0] + g] * kernel[tap[1] + g]`.
pub(super) struct Groups<'a, T> {
    pub input: *const T,
    pub kernel: *const T,
    pub output: *mut T,
    pub taps: &'a [[isize; 2]],
    pub groups: usize,
    pub accumulate: bool,
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
    /// A row of a convolution by groups; the argument is a `*const Groups<T>`.
    fn groups<K: OfElement>(argument: *const u8) -> unsafe fn(*const u8) = groups_body;
}

/// # Safety
/// The argument points to valid [`Groups`].
#[inline(always)]
unsafe fn groups_body<L: Isa, K: OfElement>(argument: *const u8) {
    const LANES: usize = 32;
    // SAFETY: the contract says that everything accessed here is valid.
    unsafe {
        let row = &*argument.cast::<Groups<'_, K::Element>>();
        let zero = <K::Element as Element>::ZERO;
        let mut group = 0;
        while group < row.groups {
            let count = LANES.min(row.groups - group);
            let mut sums = [zero; LANES];
            if count == LANES {
                for tap in row.taps {
                    let input = row.input.offset(tap[0]).add(group);
                    let kernel = row.kernel.offset(tap[1]).add(group);
                    for lane in 0..LANES {
                        sums[lane] = (*input.add(lane)).madd::<L>(*kernel.add(lane), sums[lane]);
                    }
                }
            } else {
                for tap in row.taps {
                    let input = row.input.offset(tap[0]).add(group);
                    let kernel = row.kernel.offset(tap[1]).add(group);
                    for lane in 0..count {
                        sums[lane] = (*input.add(lane)).madd::<L>(*kernel.add(lane), sums[lane]);
                    }
                }
            }
            for lane in 0..count {
                let to = row.output.add(group + lane);
                *to = if row.accumulate { sums[lane].plus(*to) } else { sums[lane] };
            }
            group += count;
        }
    }
}
