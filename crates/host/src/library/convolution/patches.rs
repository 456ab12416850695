//! Copying the input elements that rows and terms of a convolution meet at.

#![expect(clippy::needless_range_loop, reason = "lanes are loops over constant ranges")]

use std::ops::Range;

use super::geometry::{Axes, Axis, Geometry};
use crate::cpu::{Isa, per_level};
use crate::library::gemm::Element;

/// What rows or terms add to the input offset and to each spatial position.
pub(super) struct Table {
    offsets: Vec<isize>,
    /// Positions, `spatial` for each entry.
    positions: Vec<[isize; MAX_SPATIAL]>,
    /// Where the first entry stands along the innermost dimension.
    phase: usize,
}

/// Spatial dimensions that entries hold in place.
pub(super) const MAX_SPATIAL: usize = 4;

impl Table {
    /// The entries of a range of indices.
    pub(super) fn new(axes: &Axes, range: Range<usize>) -> Self {
        let mut table = Table {
            offsets: Vec::with_capacity(range.len()),
            positions: Vec::with_capacity(range.len()),
            phase: 0,
        };
        table.phase = range.start % axes.last().size.max(1);
        for index in range {
            let (mut rest, mut offset, mut position) = (index, 0, [0; MAX_SPATIAL]);
            for axis in axes.0.iter().rev() {
                let at = (rest % axis.size) as isize;
                rest /= axis.size;
                match axis.spatial {
                    None => offset += at * axis.input_step,
                    Some((dim, distance)) => position[dim] += at * distance,
                }
            }
            table.offsets.push(offset);
            table.positions.push(position);
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

    /// Writes `to[i * inner.len() + j]` for entries i of `outer` and j of `inner`, whose innermost dimension is
    /// `axis`; zeros where there is no element.
    ///
    /// # Safety
    /// The input has the elements that the tables name.
    pub(super) unsafe fn fill<T: Element>(
        &self,
        input: *const T,
        outer: &Table,
        inner: &Table,
        axis: &Axis,
        to: &mut [T],
    ) {
        let step = self.input_step(axis);
        for (i, row) in to.chunks_exact_mut(inner.len().max(1)).take(outer.len()).enumerate() {
            let mut start = 0;
            while start < inner.len() {
                let phase = (inner.phase + start) % axis.size;
                let end = inner.len().min(start + axis.size - phase);
                // SAFETY: passed on.
                unsafe { self.fill_run(input, [outer, inner], [i, start], axis, step, &mut row[start..end]) };
                start = end;
            }
        }
    }

    /// Writes a run along the innermost dimension.
    ///
    /// # Safety
    /// As for [`fill`](Self::fill).
    #[inline]
    unsafe fn fill_run<T: Element>(
        &self,
        input: *const T,
        [outer, inner]: [&Table; 2],
        [i, j]: [usize; 2],
        axis: &Axis,
        step: isize,
        to: &mut [T],
    ) {
        let mut at = outer.offsets[i] + inner.offsets[j];
        let mut range = 0..to.len();
        for (index, dim) in self.spatial.iter().enumerate() {
            let position = dim.base + outer.positions[i][index] + inner.positions[j][index];
            match axis.spatial {
                Some((along, distance)) if along == index => {
                    if dim.dilation != 1 {
                        // SAFETY: passed on.
                        return unsafe { self.fill_each(input, [outer, inner], [i, j], to) };
                    }
                    range = clip(position, distance, dim.size, to.len());
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
        let from = input.wrapping_offset(at + range.start as isize * step);
        let to = &mut to[range];
        // SAFETY: the clipped run lies within the input.
        unsafe {
            if step == 1 {
                std::ptr::copy_nonoverlapping(from, to.as_mut_ptr(), to.len());
            } else {
                for (index, to) in to.iter_mut().enumerate() {
                    *to = *from.offset(index as isize * step);
                }
            }
        }
    }

    /// Writes a run along a dilated dimension.
    ///
    /// # Safety
    /// As for [`fill`](Self::fill).
    unsafe fn fill_each<T: Element>(
        &self,
        input: *const T,
        [outer, inner]: [&Table; 2],
        [i, j]: [usize; 2],
        to: &mut [T],
    ) {
        for (index, to) in to.iter_mut().enumerate() {
            let at = self.element(outer, i, inner, j + index);
            // SAFETY: it is an element.
            *to = at.map_or(T::ZERO, |at| unsafe { *input.offset(at) });
        }
    }
}

impl super::geometry::Spatial {
    /// Offset of the element at a dilated position, if there is one.
    #[inline]
    fn place(&self, position: isize) -> Option<isize> {
        if self.dilation == 1 {
            return (0..self.size).contains(&position).then_some(position * self.stride);
        }
        let inside = position >= 0 && position <= (self.size - 1) * self.dilation;
        (inside && position % self.dilation == 0).then(|| position / self.dilation * self.stride)
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
