//! Stable sorts of rows, several arrays together.
//!
//! Keys become unsigned integers in the same order and are sorted with their positions, most significant key
//! last; a comparator that is no lexicographic order of keys is called by a merge sort.

use plan::EngineError;
use plan::library::{Sort, SortKey, SortOrder};
use tensor::DType;

use super::graph::{Bits, ScalarFunction, read_bits};
use super::keys::{KeyOf, key_function};
use super::product::SendPointer;
use super::radix::{Pair, sort_pairs};
use super::{LibraryStep, StepTypes};
use crate::context::RunContext;

/// A sort made ready.
struct SortStep {
    sort: Sort,
    order: Order,
}

/// How positions are put in order.
enum Order {
    /// Most significant first.
    Keys(Vec<PreparedKey>),
    Function(ScalarFunction),
}

struct PreparedKey {
    array: usize,
    bytes: usize,
    key: KeyOf,
    /// Exclusive-ored to keys: all ones of the key's width where the order is descending.
    flip: u64,
}

/// Makes a sort ready.
///
/// # Errors
/// If a key has no order, rows are too long for 32-bit positions, or arrays do not fit.
pub(super) fn prepare(sort: &Sort, types: &StepTypes<'_>) -> Result<Box<dyn LibraryStep>, EngineError> {
    let len = sort.outer * sort.size * sort.inner;
    let fits = |ty: &&tensor::TensorType| ty.len() as i64 >= len;
    if !types.reads.iter().all(fits) || !types.writes.iter().all(fits) || sort.size > u32::MAX.into() {
        return Err(types.unsupported("a sort whose arrays do not fit"));
    }
    let prepare_key = |key: &SortKey| {
        let dtype = sort.dtypes[key.array];
        let function =
            key_function(dtype, key.total).ok_or_else(|| types.unsupported(format!("a sort by {dtype}")))?;
        let flip = if key.descending { u64::MAX >> (64 - key_bits(dtype)) } else { 0 };
        Ok(PreparedKey { array: key.array, bytes: dtype.size(), key: function, flip })
    };
    let order = match &sort.order {
        SortOrder::Keys(keys) => {
            Order::Keys(keys.iter().map(prepare_key).collect::<Result<_, EngineError>>()?)
        }
        SortOrder::Graph(graph) => Order::Function(ScalarFunction::new(graph, types)?),
    };
    Ok(Box::new(SortStep { sort: sort.clone(), order }))
}

/// Bits that a key takes.
fn key_bits(dtype: DType) -> u32 {
    if dtype.is_narrow_float() { 32 } else { 8 * dtype.size() as u32 }
}

impl LibraryStep for SortStep {
    unsafe fn run(
        &self,
        reads: &[*const u8],
        writes: &[*mut u8],
        context: &RunContext,
    ) -> Result<(), EngineError> {
        let (size, inner) = (self.sort.size as usize, self.sort.inner as usize);
        let rows = self.sort.outer as usize * inner;
        if size == 0 || rows == 0 {
            return Ok(());
        }
        let log = u64::from(usize::BITS - size.leading_zeros());
        let cost = if matches!(self.order, Order::Keys(_)) { 3 } else { 30 };
        let work = (rows * size) as u64 * cost * log.min(12);
        let reads: Vec<_> = reads.iter().map(|read| SendPointer(read.cast_mut())).collect();
        let writes: Vec<_> = writes.iter().map(|write| SendPointer(*write)).collect();
        let row = |row: usize, threads: usize| {
            let start = row / inner * size * inner + row % inner;
            // SAFETY: preparing checked the sizes; rows do not overlap.
            unsafe { self.sort_row(start, &reads, &writes, threads, context) };
        };
        if rows == 1 {
            let threads = context.helpers(usize::MAX, work) + 1;
            if threads > 1 { context.install(|| row(0, threads)) } else { row(0, 1) }
        } else {
            let groups = rows.min(8 * context.threads());
            context.parallel(groups, work, |group| {
                (group * rows / groups..(group + 1) * rows / groups).for_each(|index| row(index, 1));
            });
        }
        Ok(())
    }
}

impl SortStep {
    /// Sorts a row whose first element is at `start`.
    ///
    /// # Safety
    /// The arrays have the row's elements; written ones are nobody else's.
    unsafe fn sort_row(
        &self,
        start: usize,
        reads: &[SendPointer<u8>],
        writes: &[SendPointer<u8>],
        threads: usize,
        context: &RunContext,
    ) {
        let size = self.sort.size as usize;
        let stride = self.sort.inner as usize;
        let mut scratch = context.scratch(2 * size * size_of::<Pair>() + 2 * size * size_of::<u32>());
        // SAFETY: any bytes are valid integers and pairs of them; scratch is aligned.
        let (pairs, positions) = unsafe {
            let (pairs, rest) = scratch.split_at_mut(2 * size * size_of::<Pair>());
            (pairs.align_to_mut::<Pair>().1, rest.align_to_mut::<u32>().1)
        };
        let (positions, spare) = positions.split_at_mut(size);
        for (i, position) in positions.iter_mut().enumerate() {
            *position = i as u32;
        }
        match &self.order {
            Order::Keys(keys) => {
                for (done, key) in keys.iter().rev().enumerate() {
                    // SAFETY: the row's elements exist.
                    unsafe {
                        let from = reads[key.array].at(start * key.bytes).cast_const();
                        key.sort(from, stride as isize, positions, done > 0, pairs, threads);
                    }
                }
            }
            Order::Function(less) => {
                let mut registers = less.registers();
                let sizes: Vec<usize> = self.sort.dtypes.iter().map(|dtype| dtype.size()).collect();
                let mut arguments: Vec<Bits> = vec![0; 2 * sizes.len()];
                merge_sort(positions, &mut spare[..size], &mut |a, b| {
                    for (i, &bytes) in sizes.iter().enumerate() {
                        for (side, position) in [a, b].into_iter().enumerate() {
                            let at = start + position as usize * stride;
                            // SAFETY: the row's elements exist.
                            arguments[2 * i + side] = unsafe { read_bits(reads[i].at(at * bytes), bytes) };
                        }
                    }
                    less.call(&mut registers, &arguments);
                    less.result(&registers, 0) != 0
                });
            }
        }
        for ((read, write), dtype) in reads.iter().zip(writes).zip(&self.sort.dtypes) {
            let bytes = dtype.size();
            // SAFETY: the row's elements exist.
            unsafe {
                let from = read.at(start * bytes).cast_const();
                let to = write.at(start * bytes);
                match bytes {
                    1 => permute::<u8>(from.cast(), to.cast(), positions, stride),
                    2 => permute::<u16>(from.cast(), to.cast(), positions, stride),
                    4 => permute::<u32>(from.cast(), to.cast(), positions, stride),
                    8 => permute::<u64>(from.cast(), to.cast(), positions, stride),
                    _ => permute::<[u64; 2]>(from.cast(), to.cast(), positions, stride),
                }
            }
        }
    }
}

impl PreparedKey {
    /// Sorts positions by this key, stably.
    ///
    /// # Safety
    /// `from` points to a row of as many elements, `stride` apart.
    unsafe fn sort(
        &self,
        from: *const u8,
        stride: isize,
        positions: &mut [u32],
        permuted: bool,
        pairs: &mut [Pair],
        threads: usize,
    ) {
        let size = positions.len();
        let (pairs, spare) = pairs.split_at_mut(size);
        let mut keys = [0; 256];
        for start in (0..size).step_by(keys.len()) {
            let keys = &mut keys[..(size - start).min(256)];
            let mine = positions[start..].iter().zip(&mut pairs[start..]).zip(keys.iter_mut());
            if permuted {
                for ((&position, pair), key) in mine {
                    // SAFETY: the row has this element.
                    unsafe {
                        let at = from.offset(position as isize * stride * self.bytes as isize);
                        (self.key)(at, 1, std::slice::from_mut(key));
                    }
                    *pair = Pair { key: *key ^ self.flip, position };
                }
            } else {
                // SAFETY: the row has these elements.
                unsafe {
                    (self.key)(from.offset(start as isize * stride * self.bytes as isize), stride, keys)
                };
                for (i, (pair, &key)) in pairs[start..].iter_mut().zip(&*keys).enumerate() {
                    *pair = Pair { key: key ^ self.flip, position: (start + i) as u32 };
                }
            }
        }
        let sorted = sort_pairs(pairs, &mut spare[..size], threads);
        for (position, pair) in positions.iter_mut().zip(sorted) {
            *position = pair.position;
        }
    }
}

/// Copies a row's elements in the order of `positions`.
///
/// # Safety
/// The row's elements exist in both arrays.
unsafe fn permute<T: Copy>(from: *const T, to: *mut T, positions: &[u32], stride: usize) {
    for (i, &position) in positions.iter().enumerate() {
        // SAFETY: the contract; positions are those of the row.
        unsafe { *to.add(i * stride) = *from.add(position as usize * stride) };
    }
}

/// Runs of this length are sorted by insertion.
const RUN: usize = 12;

/// A stable merge sort that keeps within bounds for any comparator, even one that is no order.
fn merge_sort(items: &mut [u32], spare: &mut [u32], less: &mut impl FnMut(u32, u32) -> bool) {
    if items.len() <= RUN {
        for end in 1..items.len() {
            let item = items[end];
            let mut at = end;
            while at > 0 && less(item, items[at - 1]) {
                items[at] = items[at - 1];
                at -= 1;
            }
            items[at] = item;
        }
        return;
    }
    let middle = items.len() / 2;
    merge_sort(&mut items[..middle], &mut spare[..middle], less);
    merge_sort(&mut items[middle..], &mut spare[middle..], less);
    if !less(items[middle], items[middle - 1]) {
        return;
    }
    spare[..middle].copy_from_slice(&items[..middle]);
    let (mut left, mut right, mut to) = (0, middle, 0);
    while left < middle && right < items.len() {
        if less(items[right], spare[left]) {
            items[to] = items[right];
            right += 1;
        } else {
            items[to] = spare[left];
            left += 1;
        }
        to += 1;
    }
    items[to..to + middle - left].copy_from_slice(&spare[left..middle]);
}
