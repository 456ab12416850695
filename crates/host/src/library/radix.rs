//! Stable sorting of (key, position) pairs.

/// A key and where it came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(C)]
pub(crate) struct Pair {
    /// What is sorted by.
    pub key: u64,
    /// What goes along.
    pub position: u32,
}

/// Shorter rows are sorted by comparison.
const RADIX_FROM: usize = 256;
/// Longer rows are halved between threads.
const PARALLEL_FROM: usize = 1 << 15;
/// Bits of a radix digit.
const DIGIT: u32 = 8;

/// Sorts pairs by key, stably; the result is in one of the two slices.
pub(crate) fn sort_pairs<'a>(pairs: &'a mut [Pair], spare: &'a mut [Pair], threads: usize) -> &'a [Pair] {
    if threads > 1 && pairs.len() >= PARALLEL_FROM {
        let middle = pairs.len() / 2;
        let merged = {
            let (left, right) = pairs.split_at_mut(middle);
            let (left_spare, right_spare) = spare.split_at_mut(middle);
            rayon::join(
                || sort_into(left, left_spare, threads / 2),
                || sort_into(right, right_spare, threads - threads / 2),
            );
            merge(left, right, spare)
        };
        return merged;
    }
    if pairs.len() < RADIX_FROM {
        insertion_or_merge(pairs, spare);
        return pairs;
    }
    if radix(pairs, spare) { spare } else { pairs }
}

/// Sorts pairs in place.
fn sort_into(pairs: &mut [Pair], spare: &mut [Pair], threads: usize) {
    let start = pairs.as_ptr();
    let sorted = sort_pairs(pairs, spare, threads);
    if sorted.as_ptr() != start {
        pairs.copy_from_slice(spare);
    }
}

/// Sorts a short row: positions are not in order when there are several keys, so the sort must be stable.
fn insertion_or_merge(pairs: &mut [Pair], spare: &mut [Pair]) {
    if pairs.len() <= 20 {
        for end in 1..pairs.len() {
            let pair = pairs[end];
            let mut at = end;
            while at > 0 && pair.key < pairs[at - 1].key {
                pairs[at] = pairs[at - 1];
                at -= 1;
            }
            pairs[at] = pair;
        }
        return;
    }
    let middle = pairs.len() / 2;
    insertion_or_merge(&mut pairs[..middle], spare);
    insertion_or_merge(&mut pairs[middle..], spare);
    let left = &mut spare[..middle];
    left.copy_from_slice(&pairs[..middle]);
    let (mut i, mut j) = (0, middle);
    for to in 0..pairs.len() {
        let take_left = j == pairs.len() || (i < middle && left[i].key <= pairs[j].key);
        if i == middle {
            break;
        }
        pairs[to] = if take_left { left[i] } else { pairs[j] };
        i += usize::from(take_left);
        j += usize::from(!take_left);
    }
}

/// Sorts by digits from the least significant; digits that all keys share are skipped. Returns whether the
/// result is in `spare`.
fn radix(pairs: &mut [Pair], spare: &mut [Pair]) -> bool {
    const BUCKETS: usize = 1 << DIGIT;
    let (mut and, mut or) = (u64::MAX, 0);
    for pair in &*pairs {
        and &= pair.key;
        or |= pair.key;
    }
    let varying = and ^ or;
    let (mut from, mut to) = (pairs, spare);
    let mut swapped = false;
    for shift in (0..u64::BITS).step_by(DIGIT as usize) {
        if ((varying >> shift) as usize).is_multiple_of(BUCKETS) {
            continue;
        }
        let digit = |pair: &Pair| (pair.key >> shift) as usize % BUCKETS;
        let mut starts = [0usize; BUCKETS];
        for pair in &*from {
            starts[digit(pair)] += 1;
        }
        let mut total = 0;
        for start in &mut starts {
            total += std::mem::replace(start, total);
        }
        for pair in &*from {
            let start = &mut starts[digit(pair)];
            to[*start] = *pair;
            *start += 1;
        }
        std::mem::swap(&mut from, &mut to);
        swapped = !swapped;
    }
    swapped
}

/// Merges two sorted rows, each thread one end of the result.
fn merge<'a>(left: &[Pair], right: &[Pair], to: &'a mut [Pair]) -> &'a [Pair] {
    let (front, back) = to.split_at_mut((left.len() + right.len()) / 2);
    rayon::join(
        || {
            let (mut i, mut j) = (0, 0);
            for to in front {
                let take_left = j == right.len() || (i < left.len() && left[i].key <= right[j].key);
                *to = if take_left { left[i] } else { right[j] };
                i += usize::from(take_left);
                j += usize::from(!take_left);
            }
        },
        || {
            let (mut i, mut j) = (left.len(), right.len());
            for to in back.iter_mut().rev() {
                let take_right = i == 0 || (j > 0 && left[i - 1].key <= right[j - 1].key);
                if take_right {
                    j -= 1;
                    *to = right[j];
                } else {
                    i -= 1;
                    *to = left[i];
                }
            }
        },
    );
    to
}
