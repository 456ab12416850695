//! Places temporary arrays in one block of memory, by their lives.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use super::share::Sharing;
use crate::lower::{Draft, Home};

/// Alignment of every array in bytes: a cache line, and the widest vector.
const ALIGN: usize = 64;

/// Where classes lie in the arena.
pub struct Placed {
    /// Offset in bytes of each class; 0 for classes that are not temporary.
    pub offsets: Vec<usize>,
    /// Bytes of the arena.
    pub bytes: usize,
}

/// Places the temporary classes, in the order of their births, each into the smallest gap that holds it.
pub fn place(draft: &Draft, sharing: &mut Sharing<'_>, classes: &[Vec<usize>]) -> Placed {
    let mut births = Vec::new();
    for (class, members) in classes.iter().enumerate() {
        let bytes = draft.buffers[members[0]].ty.byte_len().next_multiple_of(ALIGN);
        if sharing.home(members[0]) == Home::Temporary && bytes > 0 {
            let (start, end) = sharing.hull(members[0]);
            births.push((start, Reverse(bytes), end, class));
        }
    }
    births.sort_unstable();
    let mut gaps = Gaps::default();
    let mut offsets = vec![0; classes.len()];
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
    Placed { offsets, bytes: gaps.top }
}

/// Unused stretches below `top`.
#[derive(Default)]
struct Gaps {
    top: usize,
    by_offset: BTreeMap<usize, usize>,
    by_size: BTreeSet<(usize, usize)>,
}

impl Gaps {
    fn take(&mut self, bytes: usize) -> usize {
        if let Some(&(size, offset)) = self.by_size.range((bytes, 0)..).next() {
            self.remove(offset, size);
            if size > bytes {
                self.insert(offset + bytes, size - bytes);
            }
            return offset;
        }
        // Grow the gap at the end, if there is one.
        let last = self.by_offset.iter().next_back().map(|(&offset, &size)| (offset, size));
        if let Some((offset, size)) = last.filter(|(offset, size)| offset + size == self.top) {
            self.remove(offset, size);
            self.top = offset + bytes;
            return offset;
        }
        self.top += bytes;
        self.top - bytes
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
        let mut gaps = Gaps::default();
        let (a, b, c) = (gaps.take(64), gaps.take(128), gaps.take(64));
        assert_eq!((a, b, c, gaps.top), (0, 64, 192, 256));
        gaps.free(a, 64);
        gaps.free(b, 128);
        assert_eq!(gaps.take(192), 0);
        gaps.free(c, 64);
        assert_eq!((gaps.take(320), gaps.top), (192, 512));
    }
}
