//! Places temporary arrays in one block of memory, by their lives.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use super::share::Sharing;
use crate::DeviceTarget;
use crate::lower::{Draft, Home};
use plan::Space;

/// Alignment of every array in bytes: a cache line, and the widest vector.
const ALIGN: usize = 64;

/// Where classes lie in the arena.
pub struct Placed {
    /// Offset in bytes of each class; 0 for classes that are not temporary.
    pub offsets: Vec<usize>,
    /// Bytes of the host's arena.
    pub bytes: usize,
    /// Bytes of the device's arena.
    pub device_bytes: usize,
}

/// Bytes of a block of the device's arena: as its target says, or as many as it holds at once where a temporary array is
/// larger than that.
pub fn block(draft: &Draft, device: &DeviceTarget) -> usize {
    let on_device = draft.buffers.iter().filter(|buffer| buffer.space == Space::Device);
    let mut temporary = on_device.filter(|buffer| buffer.home == Home::Temporary);
    let larger = temporary.any(|buffer| buffer.ty.byte_len() > device.arena_block);
    if larger { device.largest_array } else { device.arena_block }
}

/// Places the temporary classes, in the order of their births, each into the smallest gap that holds it. On the device
/// none lies across a multiple of `block`.
pub fn place(draft: &Draft, sharing: &mut Sharing<'_>, classes: &[Vec<usize>], block: usize) -> Placed {
    let mut offsets = vec![0; classes.len()];
    let mut place = |space, block| place_in(space, block, draft, sharing, classes, &mut offsets);
    let (bytes, device_bytes) = (place(Space::Host, usize::MAX), place(Space::Device, block));
    Placed { offsets, bytes, device_bytes }
}

/// Places the classes of one space and returns the bytes of its arena.
fn place_in(
    space: Space,
    block: usize,
    draft: &Draft,
    sharing: &mut Sharing<'_>,
    classes: &[Vec<usize>],
    offsets: &mut [usize],
) -> usize {
    let mut births = Vec::new();
    for (class, members) in classes.iter().enumerate() {
        // Shaders bind arrays without elements too.
        let least = if space == Space::Device { 1 } else { 0 };
        let bytes = draft.buffers[members[0]].ty.byte_len().max(least).next_multiple_of(ALIGN);
        let here = draft.buffers[members[0]].space == space;
        if here && sharing.home(members[0]) == Home::Temporary && bytes > 0 {
            let (start, end) = sharing.hull(members[0]);
            births.push((start, Reverse(bytes), end, class));
        }
    }
    births.sort_unstable();
    let mut gaps = Gaps { block, ..Gaps::default() };
    let mut dying: BinaryHeap<Reverse<(u32, usize, usize)>> = BinaryHeap::new();
    for (start, Reverse(bytes), end, class) in births {
        while let Some(&Reverse((last, offset, size))) = dying.peek() {
            if last >= start {
                break;
            }
            dying.pop();
            gaps.free(offset, size);
        }
        let offset = gaps.take(bytes);
        offsets[class] = offset;
        dying.push(Reverse((end, offset, bytes)));
    }
    gaps.top
}

/// Unused stretches below `top`.
#[derive(Default)]
struct Gaps {
    /// Nothing is taken across a multiple of this.
    block: usize,
    top: usize,
    by_offset: BTreeMap<usize, usize>,
    by_size: BTreeSet<(usize, usize)>,
}

impl Gaps {
    fn take(&mut self, bytes: usize) -> usize {
        let mut fitting = self.by_size.range((bytes, 0)..);
        if let Some(&(size, offset)) = fitting.find(|(_, offset)| self.within_block(*offset, bytes)) {
            self.remove(offset, size);
            if size > bytes {
                self.insert(offset + bytes, size - bytes);
            }
            return offset;
        }
        // Grow the gap at the end, if there is one.
        let last = self.by_offset.iter().next_back().map(|(&offset, &size)| (offset, size));
        let last = last.filter(|(offset, size)| offset + size == self.top);
        if let Some((offset, size)) = last.filter(|(offset, _)| self.within_block(*offset, bytes)) {
            self.remove(offset, size);
            self.top = offset + bytes;
            return offset;
        }
        if !self.within_block(self.top, bytes) {
            let next = self.top.next_multiple_of(self.block);
            self.free(self.top, next - self.top);
            self.top = next;
        }
        self.top += bytes;
        self.top - bytes
    }

    fn within_block(&self, offset: usize, bytes: usize) -> bool {
        offset % self.block + bytes <= self.block
    }

    fn free(&mut self, mut offset: usize, mut size: usize) {
        let before = self.by_offset.range(..offset).next_back().map(|(&o, &s)| (o, s));
        if let Some((o, s)) = before.filter(|(o, s)| o + s == offset) {
            self.remove(o, s);
            (offset, size) = (o, s + size);
        }
        if let Some(&s) = self.by_offset.get(&(offset + size)) {
            self.remove(offset + size, s);
            size += s;
        }
        self.insert(offset, size);
    }

    fn insert(&mut self, offset: usize, size: usize) {
        self.by_offset.insert(offset, size);
        self.by_size.insert((size, offset));
    }

    fn remove(&mut self, offset: usize, size: usize) {
        self.by_offset.remove(&offset);
        self.by_size.remove(&(size, offset));
    }
}

#[cfg(test)]
mod tests {
    use super::Gaps;

    #[test]
    fn gaps_are_reused_joined_and_grown() {
        let mut gaps = Gaps { block: usize::MAX, ..Gaps::default() };
        let (a, b, c) = (gaps.take(64), gaps.take(128), gaps.take(64));
        assert_eq!((a, b, c, gaps.top), (0, 64, 192, 256));
        gaps.free(a, 64);
        gaps.free(b, 128);
        assert_eq!(gaps.take(192), 0);
        gaps.free(c, 64);
        assert_eq!((gaps.take(320), gaps.top), (192, 512));
    }

    #[test]
    fn nothing_lies_across_two_blocks() {
        let mut gaps = Gaps { block: 256, ..Gaps::default() };
        assert_eq!((gaps.take(192), gaps.take(128), gaps.take(64), gaps.top), (0, 256, 192, 384));
        gaps.free(192, 64);
        gaps.free(256, 128);
        // A gap that lies across a border is not cut.
        assert_eq!((gaps.take(192), gaps.take(256), gaps.top), (512, 768, 1024));
    }
}
