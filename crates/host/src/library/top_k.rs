//! The largest elements of each row.

use plan::EngineError;
use plan::library::TopK;

use super::keys::{KeyOf, key_function};
use super::product::SendPointer;
use super::{LibraryStep, StepTypes};
use crate::context::RunContext;

/// A selection made ready.
struct TopKStep {
    top_k: TopK,
    key: KeyOf,
}

/// Makes a selection ready.
///
/// # Errors
/// If the type has no order, a row is too long for i32 positions, or the arrays do not fit.
pub(super) fn prepare(top_k: &TopK, types: &StepTypes<'_>) -> Result<Box<dyn LibraryStep>, EngineError> {
    let TopK { dtype, rows, size, k } = *top_k;
    let fits = types.reads[0].len() as i64 >= rows * size
        && types.writes.iter().all(|ty| ty.len() as i64 >= rows * k)
        && (0..=size).contains(&k)
        && size <= i32::MAX.into();
    let key = key_function(dtype, true).filter(|_| fits);
    let key = key.ok_or_else(|| types.unsupported(format!("top_k of {dtype} [{rows}, {size}]")))?;
    Ok(Box::new(TopKStep { top_k: top_k.clone(), key }))
}

impl LibraryStep for TopKStep {
    unsafe fn run(
        &self,
        reads: &[*const u8],
        writes: &[*mut u8],
        context: &RunContext,
    ) -> Result<(), EngineError> {
        let TopK { dtype, rows, size, k } = self.top_k;
        let (rows, size, k, bytes) = (rows as usize, size as usize, k as usize, dtype.size());
        if k == 0 {
            return Ok(());
        }
        let from = SendPointer(reads[0].cast_mut());
        let (values, positions) = (SendPointer(writes[0]), SendPointer(writes[1].cast::<i32>()));
        let work = rows as u64 * (size as u64 + 20 * k as u64);
        let groups = rows.min(8 * context.threads());
        context.parallel(groups, work, |group| {
            let capacity = size.min(2 * k + 64);
            let mut scratch = context.scratch(capacity * size_of::<(u64, u32)>());
            // SAFETY: any bytes are valid pairs of integers.
            let (_, best, _) = unsafe { scratch.align_to_mut::<(u64, u32)>() };
            for row in group * rows / groups..(group + 1) * rows / groups {
                // SAFETY: preparing checked the sizes; rows do not overlap.
                unsafe {
                    let from = from.at(row * size * bytes).cast_const();
                    let found = self.select(from, &mut best[..capacity]);
                    for (i, &(_, position)) in found.iter().enumerate() {
                        let at = from.add(position as usize * bytes);
                        std::ptr::copy_nonoverlapping(at, values.at((row * k + i) * bytes), bytes);
                        *positions.at(row * k + i) = position as i32;
                    }
                }
            }
        });
        Ok(())
    }
}

impl TopKStep {
    /// The k first of a row as (inverted key, position), in order.
    ///
    /// Candidates are collected while they beat the k-th of those seen before, and thinned out when the
    /// buffer is full.
    ///
    /// # Safety
    /// `from` holds a row.
    unsafe fn select<'a>(&self, from: *const u8, best: &'a mut [(u64, u32)]) -> &'a [(u64, u32)] {
        let TopK { size, k, dtype, .. } = self.top_k;
        let (size, k, bytes) = (size as usize, k as usize, dtype.size());
        let (mut count, mut threshold) = (0, u64::MAX);
        let mut keys = [0; 128];
        for start in (0..size).step_by(keys.len()) {
            let block = &mut keys[..(size - start).min(128)];
            // SAFETY: the row has these elements.
            unsafe { (self.key)(from.add(start * bytes), 1, block) };
            for (i, &key) in block.iter().enumerate() {
                // Later elements come after equal ones, so only larger keys count once k are known.
                if !key < threshold || count < k {
                    best[count] = (!key, (start + i) as u32);
                    count += 1;
                    if count == best.len() && count > k {
                        best.select_nth_unstable(k - 1);
                        threshold = best[k - 1].0;
                        count = k;
                    }
                }
            }
        }
        let found = &mut best[..count];
        if count > k {
            found.select_nth_unstable(k - 1);
        }
        found[..k].sort_unstable();
        &best[..k]
    }
}
