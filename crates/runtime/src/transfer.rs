//! Copies between arrays with arbitrary byte strides.
//!
//! Frameworks hand over host arrays as they lie: transposed, reversed (negative strides), broadcast (zero strides).

#![allow(unsafe_code)]

use tensor::Dims;

/// One loop of a copy: its trip count, and the bytes between its iterations in source and destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Loop {
    count: usize,
    source: isize,
    dest: isize,
}

/// Edge of the square tiles by which transposing copies go, so that both sides stay in the first-level cache.
const TILE: usize = 32;

/// Strides in bytes of a dense row-major array.
pub fn dense_byte_strides(dims: &[i64], item_size: usize) -> Dims {
    let mut strides = tensor::row_major_strides(dims);
    strides.iter_mut().for_each(|stride| *stride *= item_size as i64);
    strides
}

/// Copies an array of `dims` items of `item_size` bytes (1, 2, 4, 8 or 16) from one layout to another. Strides are
/// in bytes, one a dimension.
///
/// # Safety
///
/// For every index within `dims`, `source + sum(index * source_strides)` is readable and the same for `dest` is
/// writable, each for `item_size` bytes, and no byte of one is a byte of the other.
pub unsafe fn copy_strided(
    source: *const u8,
    source_strides: &[i64],
    dest: *mut u8,
    dest_strides: &[i64],
    dims: &[i64],
    item_size: usize,
) {
    let loops = dims.iter().zip(source_strides.iter().zip(dest_strides)).map(|(&count, (&source, &dest))| {
        Loop { count: count as usize, source: source as isize, dest: dest as isize }
    });
    let loops = merge(loops.collect());
    if loops.iter().any(|each| each.count == 0) {
        return;
    }
    let dense = |each: &Loop| each.source == item_size as isize && each.dest == item_size as isize;
    // SAFETY: merging keeps the set of visited addresses, which the caller vouches for.
    unsafe {
        match loops.split_last() {
            None => copy_run(source, dest, item_size),
            Some((last, outer)) if dense(last) => {
                let bytes = last.count * item_size;
                walk(outer, source, dest, &mut |source, dest| copy_run(source, dest, bytes));
            }
            Some(_) => match item_size {
                1 => copy_items::<[u8; 1]>(loops, source, dest),
                2 => copy_items::<[u8; 2]>(loops, source, dest),
                4 => copy_items::<[u8; 4]>(loops, source, dest),
                8 => copy_items::<[u8; 8]>(loops, source, dest),
                16 => copy_items::<[u8; 16]>(loops, source, dest),
                _ => unreachable!("element types take 1, 2, 4, 8 or 16 bytes"),
            },
        }
    }
}

/// Drops loops of one iteration and joins neighbours that walk memory as one loop would.
fn merge(loops: Vec<Loop>) -> Vec<Loop> {
    let mut merged: Vec<Loop> = Vec::with_capacity(loops.len());
    for inner in loops.into_iter().filter(|each| each.count != 1) {
        let span = |stride: isize| stride.checked_mul(inner.count as isize);
        match merged.last_mut() {
            Some(outer)
                if Some(outer.source) == span(inner.source) && Some(outer.dest) == span(inner.dest) =>
            {
                *outer = Loop { count: outer.count * inner.count, ..inner };
            }
            _ => merged.push(inner),
        }
    }
    merged
}

/// Copies item by item. When the source is dense along another loop than the last, those two go by tiles.
unsafe fn copy_items<T: Copy>(mut loops: Vec<Loop>, source: *const u8, dest: *mut u8) {
    let Some(inner) = loops.pop() else { return };
    let across = match loops.iter().position(|each| each.source.unsigned_abs() == size_of::<T>()) {
        Some(position) => loops.remove(position),
        None => Loop { count: 1, source: 0, dest: 0 },
    };
    // SAFETY: the loops visit the addresses that the caller vouches for, in another order.
    unsafe { walk(&loops, source, dest, &mut |source, dest| copy_tiles::<T>(across, inner, source, dest)) }
}

/// Copies two nested loops of items in square tiles.
unsafe fn copy_tiles<T: Copy>(across: Loop, inner: Loop, source: *const u8, dest: *mut u8) {
    for row_start in (0..across.count).step_by(TILE) {
        for column_start in (0..inner.count).step_by(TILE) {
            for row in row_start..across.count.min(row_start + TILE) {
                for column in column_start..inner.count.min(column_start + TILE) {
                    let (row, column) = (row as isize, column as isize);
                    // SAFETY: row and column are within their loops.
                    unsafe {
                        let from = source.offset(row * across.source + column * inner.source).cast::<T>();
                        let to = dest.offset(row * across.dest + column * inner.dest).cast::<T>();
                        to.write_unaligned(from.read_unaligned());
                    }
                }
            }
        }
    }
}

/// Calls `body` with the addresses of every iteration of the nested loops.
unsafe fn walk(loops: &[Loop], source: *const u8, dest: *mut u8, body: &mut dyn FnMut(*const u8, *mut u8)) {
    let Some((outer, inner)) = loops.split_first() else { return body(source, dest) };
    for step in 0..outer.count as isize {
        // SAFETY: each step is within the loop, so the addresses are within the arrays.
        unsafe { walk(inner, source.offset(step * outer.source), dest.offset(step * outer.dest), body) }
    }
}

unsafe fn copy_run(source: *const u8, dest: *mut u8, bytes: usize) {
    // SAFETY: the caller vouches for both ranges, which do not overlap.
    unsafe { std::ptr::copy_nonoverlapping(source, dest, bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tensor::Indices;

    /// Copies from a strided view into `data` and compares with item-by-item indexing.
    fn check(dims: &[i64], strides: &[i64], start: usize, item_size: usize) {
        let data: Vec<u8> = (0..4096u32).map(|i| (i * 7 + i / 256) as u8).collect();
        let count = dims.iter().product::<i64>() as usize;
        let mut out = vec![0xAA; count * item_size];
        let dense = dense_byte_strides(dims, item_size);
        // SAFETY: the tests below choose views that lie within `data`.
        unsafe {
            copy_strided(data.as_ptr().add(start), strides, out.as_mut_ptr(), &dense, dims, item_size);
        }
        let mut expected = Vec::new();
        for index in Indices::new(dims) {
            let offset: i64 = index.iter().zip(strides).map(|(i, s)| i * s).sum();
            let at = (start as i64 + offset) as usize;
            expected.extend_from_slice(&data[at..at + item_size]);
        }
        assert_eq!(out, expected, "dims {dims:?} strides {strides:?} item {item_size}");

        // And back: scattering the dense copy through the same strides restores the visited bytes.
        let mut back = data.clone();
        // SAFETY: the same view, of a copy of the same length.
        unsafe {
            copy_strided(out.as_ptr(), &dense, back.as_mut_ptr().add(start), strides, dims, item_size);
        }
        assert_eq!(back, data);
    }

    #[test]
    fn views_of_all_kinds() {
        for item in [1, 2, 4, 8, 16] {
            let size = item as i64;
            check(&[], &[], 5, item);
            check(&[0, 3], &[3 * size, size], 0, item);
            check(&[7], &[size], 3, item);
            check(&[4, 5], &[5 * size, size], 0, item);
            check(&[5, 4], &[size, 5 * size], 0, item);
            check(&[6], &[-size], 5 * item, item);
            check(&[3, 4], &[0, size], 0, item);
            check(&[3, 4], &[size, 0], 0, item);
            check(&[2, 3, 4], &[size, 2 * size, 6 * size], 0, item);
            check(&[2, 1, 3, 4], &[12 * size, 999, -4 * size, size], 8 * item, item);
            check(&[3, 5], &[7 * size + 1, size], 1, item);
        }
        check(&[40, 50], &[1, 40], 0, 1);
        check(&[33, 31], &[2, -66], 66 * 31, 2);
    }

    #[test]
    fn dense_views_become_one_run() {
        let loops = |source: [isize; 3], dest: [isize; 3]| {
            merge(vec![
                Loop { count: 2, source: source[0], dest: dest[0] },
                Loop { count: 1, source: source[1], dest: dest[1] },
                Loop { count: 4, source: source[2], dest: dest[2] },
            ])
        };
        assert_eq!(loops([16, 99, 4], [16, 16, 4]), [Loop { count: 8, source: 4, dest: 4 }]);
        assert_eq!(loops([4, 99, 8], [16, 16, 4]).len(), 2);
    }
}
