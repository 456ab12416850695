//! Accesses that do not simply lie along the lanes: by runs where possible, else lane by lane.

use std::mem::MaybeUninit;

use tensor::{DType, Scalar};

use super::execute::Frame;
use super::program::{Entry, Transfer};
use super::walk::{Walk, interval};

/// Calls a generic function with the plain type of an element size.
macro_rules! by_size {
    ($size:expr, $function:ident($($arg:expr),*)) => {
        match $size {
            1 => $function::<u8>($($arg),*),
            2 => $function::<u16>($($arg),*),
            4 => $function::<u32>($($arg),*),
            8 => $function::<u64>($($arg),*),
            _ => $function::<u128>($($arg),*),
        }
    };
}

/// Fills the output register of a load.
///
/// # Safety
/// As [`Frame::run`].
pub(crate) unsafe fn load(transfer: &Transfer, frame: &Frame<'_>, lanes: usize) {
    // SAFETY: the caller's promise.
    unsafe { by_size!(transfer.size, load_elements(transfer, frame, lanes)) }
}

/// Writes the value of a store.
///
/// # Safety
/// As [`Frame::run`].
pub(crate) unsafe fn store(transfer: &Transfer, frame: &Frame<'_>, lanes: usize) {
    // SAFETY: the caller's promise.
    unsafe { by_size!(transfer.size, store_elements(transfer, frame, lanes)) }
}

/// Repeats one element over a block.
///
/// # Safety
/// `from` holds an element of this size, `to` holds `lanes`.
pub(crate) unsafe fn splat(size: usize, from: *const u8, to: *mut u8, lanes: usize) {
    #[inline(always)]
    unsafe fn elements<T: Copy>(from: *const u8, to: *mut u8, lanes: usize) {
        // SAFETY: the caller's promise.
        unsafe { std::slice::from_raw_parts_mut(to.cast::<T>(), lanes).fill(*from.cast::<T>()) }
    }
    // SAFETY: the caller's promise.
    unsafe { by_size!(size, elements(from, to, lanes)) }
}

/// Repeats each element of a block `times` times.
///
/// # Safety
/// `from` holds `lanes / times` elements of this size, `to` holds `lanes`.
pub(crate) unsafe fn expand(size: usize, times: usize, from: *const u8, to: *mut u8, lanes: usize) {
    #[inline(always)]
    unsafe fn elements<T: Copy>(times: usize, from: *const u8, to: *mut u8, lanes: usize) {
        // SAFETY: the caller's promise.
        unsafe {
            let to = std::slice::from_raw_parts_mut(to.cast::<T>(), lanes);
            for (row, to) in to.chunks_exact_mut(times).enumerate() {
                to.fill(*from.cast::<T>().add(row));
            }
        }
    }
    // SAFETY: the caller's promise.
    unsafe { by_size!(size, elements(times, from, to, lanes)) }
}

/// Fills a panel: `to[k * pitch + lane] = from[lane * stride + k]` for `k < depth`, `lane < lanes`.
///
/// # Safety
/// All these elements are valid and the two do not overlap.
pub(crate) unsafe fn panel(
    size: usize,
    from: *const u8,
    stride: i64,
    to: *mut u8,
    pitch: usize,
    (lanes, depth): (usize, usize),
) {
    /// Lanes and depth of a tile that fits registers.
    const TILE: usize = 8;
    #[inline(always)]
    #[allow(clippy::needless_range_loop)]
    unsafe fn elements<T: Copy>(
        from: *const u8,
        stride: i64,
        to: *mut u8,
        pitch: usize,
        (lanes, depth): (usize, usize),
    ) {
        let (from, to) = (from.cast::<T>(), to.cast::<T>());
        // SAFETY: the caller's promise.
        unsafe {
            for first in (0..lanes).step_by(TILE) {
                let count = TILE.min(lanes - first);
                let line = from.wrapping_offset(first as isize * stride as isize);
                let whole = if count == TILE { depth / TILE * TILE } else { 0 };
                for k in (0..whole).step_by(TILE) {
                    let mut tile = [[MaybeUninit::<T>::uninit(); TILE]; TILE];
                    for lane in 0..TILE {
                        let line = line.wrapping_offset(lane as isize * stride as isize).add(k);
                        for at in 0..TILE {
                            tile[at][lane].write(*line.add(at));
                        }
                    }
                    for at in 0..TILE {
                        for lane in 0..TILE {
                            *to.add((k + at) * pitch + first + lane) = tile[at][lane].assume_init();
                        }
                    }
                }
                for lane in 0..count {
                    let line = line.wrapping_offset(lane as isize * stride as isize);
                    for k in whole..depth {
                        *to.add(k * pitch + first + lane) = *line.add(k);
                    }
                }
            }
        }
    }
    // SAFETY: the caller's promise.
    unsafe { by_size!(size, elements(from, stride, to, pitch, (lanes, depth))) }
}

/// Fills a register with values of an index expression, converted to a type.
///
/// # Safety
/// `out` holds `lanes` elements of the type.
pub(crate) unsafe fn index(walk: &Walk, dtype: DType, frame: &Frame<'_>, out: *mut u8, lanes: usize) {
    macro_rules! ramp {
        ($type:ty) => {
            walk.runs(frame.index, frame.position, lanes, |lane, count, values| {
                // SAFETY: runs lie within the block's lanes.
                let out = unsafe { std::slice::from_raw_parts_mut(out.cast::<$type>().add(lane), count) };
                let (start, stride) = (values[0], walk.stride());
                if count == 1 || stride == 0 {
                    out.fill(start as $type);
                } else {
                    for (i, out) in out.iter_mut().enumerate() {
                        *out = (start + stride * i as i64) as $type;
                    }
                }
            })
        };
    }
    match dtype {
        DType::I8 => ramp!(i8),
        DType::I16 => ramp!(i16),
        DType::I32 => ramp!(i32),
        DType::I64 => ramp!(i64),
        DType::U8 => ramp!(u8),
        DType::U16 => ramp!(u16),
        DType::U32 => ramp!(u32),
        DType::U64 => ramp!(u64),
        DType::F32 => ramp!(f32),
        DType::F64 => ramp!(f64),
        _ => walk.runs(frame.index, frame.position, lanes, |lane, count, values| {
            for i in 0..count {
                let scalar = Scalar::from_i64(dtype, values[0] + walk.stride() * i as i64);
                // SAFETY: runs lie within the block's lanes.
                unsafe {
                    let to = out.add((lane + i) * dtype.size());
                    std::ptr::copy_nonoverlapping(scalar.to_bytes().as_ptr(), to, dtype.size());
                }
            }
        }),
    }
}

/// What is the same for all lanes of an access.
struct Plan {
    /// Uniform computed offset.
    shift: i64,
    /// Whether the predicate fails for all lanes.
    off: bool,
    /// Whether some computed offset or predicate differs between lanes.
    by_lane: bool,
}

/// # Safety
/// Operand entries are valid.
unsafe fn plan(transfer: &Transfer, frame: &Frame<'_>) -> Plan {
    let mut plan = Plan { shift: 0, off: false, by_lane: false };
    for &(entry, stride, one) in &transfer.dynamic {
        if one {
            // SAFETY: computed offsets are i64.
            plan.shift =
                plan.shift.wrapping_add(unsafe { *frame.pointer(entry).cast::<i64>() }.wrapping_mul(stride));
        } else {
            plan.by_lane = true;
        }
    }
    match transfer.predicate {
        // SAFETY: predicates are bool, a byte 0 or 1.
        Some((entry, true)) => plan.off = unsafe { *frame.pointer(entry) } == 0,
        Some((_, false)) => plan.by_lane = true,
        None => {}
    }
    plan
}

/// Computed offset of all lanes of a run that begins at a lane, or `None` where the predicate fails.
///
/// # Safety
/// Operand entries are valid for the lane.
#[inline(always)]
unsafe fn run_shift(transfer: &Transfer, frame: &Frame<'_>, lane: usize) -> Option<i64> {
    let mut shift = 0i64;
    // SAFETY: the caller's promise; offsets are i64, predicates bool.
    unsafe {
        if let Some((entry, false)) = transfer.predicate
            && *frame.pointer(entry).add(lane) == 0
        {
            return None;
        }
        for &(entry, stride, one) in &transfer.dynamic {
            if !one {
                let index = *frame.pointer(entry).cast::<i64>().add(lane);
                shift = shift.wrapping_add(index.wrapping_mul(stride));
            }
        }
    }
    Some(shift)
}

/// The element that a lane touches, or `None` where the predicate fails or the array ends.
///
/// # Safety
/// Operand entries are valid for the lane.
#[inline(always)]
unsafe fn lane_offset(transfer: &Transfer, frame: &Frame<'_>, lane: usize, start: i64) -> Option<usize> {
    // SAFETY: the caller's promise.
    let offset = start.wrapping_add(unsafe { run_shift(transfer, frame, lane)? });
    (0..transfer.len).contains(&offset).then_some(offset as usize)
}

#[inline(always)]
unsafe fn load_elements<T: Copy>(transfer: &Transfer, frame: &Frame<'_>, lanes: usize) {
    let array = frame.arrays[transfer.array].cast_const().cast::<T>();
    let out = frame.pointer(transfer.out).cast::<T>();
    let (fill, fill_one) = (frame.pointer(transfer.value.0).cast_const().cast::<T>(), transfer.value.1);
    // SAFETY: runs lie within the block's lanes; elements read lie within the array, by proof when the program
    // was made or by the clipping here.
    unsafe {
        let plan = plan(transfer, frame);
        let pad = |from: usize, to: usize| {
            if from < to {
                let out = std::slice::from_raw_parts_mut(out.add(from), to - from);
                if fill_one {
                    out.fill(*fill);
                } else {
                    out.copy_from_slice(std::slice::from_raw_parts(fill.add(from), to - from));
                }
            }
        };
        if plan.off {
            return pad(0, lanes);
        }
        // Nothing computed, no bounds: what remains is to copy runs.
        let simple = transfer.proved && transfer.predicate.is_none() && !transfer.walk.is_bounded();
        let stride = transfer.walk.stride();
        transfer.walk.runs(frame.index, frame.position, lanes, |lane, count, values| {
            if simple {
                let from = array.wrapping_offset(values[0] as isize);
                return copy_strided(from, stride as isize, out.add(lane), 1, count);
            }
            let (mut low, mut high) = transfer.walk.allowed(values, count);
            let mut start = values[0].wrapping_add(plan.shift);
            if plan.by_lane && transfer.walk.computed_by_run() {
                match run_shift(transfer, frame, lane) {
                    Some(shift) => start = start.wrapping_add(shift),
                    None => return pad(lane, lane + count),
                }
            } else if plan.by_lane {
                pad(lane, lane + low);
                for i in low..high {
                    let at = start.wrapping_add(stride.wrapping_mul(i as i64));
                    match lane_offset(transfer, frame, lane + i, at) {
                        Some(offset) => *out.add(lane + i) = *array.add(offset),
                        None => pad(lane + i, lane + i + 1),
                    }
                }
                pad(lane + high, lane + count);
                return;
            }
            if !transfer.proved {
                let (from, to) = interval(start, stride, transfer.len, count as i64);
                low = low.max(from.max(0) as usize);
                high = high.min(to.max(0) as usize).max(low);
                if low > count {
                    (low, high) = (0, 0);
                }
            }
            pad(lane, lane + low);
            if low < high {
                let from = array.wrapping_offset((start + stride * low as i64) as isize);
                copy_strided(from, stride as isize, out.add(lane + low), 1, high - low);
            }
            pad(lane + high, lane + count);
        });
    }
}

#[inline(always)]
unsafe fn store_elements<T: Copy>(transfer: &Transfer, frame: &Frame<'_>, lanes: usize) {
    let array = frame.arrays[transfer.array].cast::<T>();
    let (value, value_one) = (frame.pointer(transfer.value.0).cast_const().cast::<T>(), transfer.value.1);
    let value_at = |lane: usize| if value_one { value } else { value.wrapping_add(lane) };
    // SAFETY: as in `load_elements`.
    unsafe {
        let plan = plan(transfer, frame);
        if plan.off {
            return;
        }
        let stride = transfer.walk.stride();
        transfer.walk.runs(frame.index, frame.position, lanes, |lane, count, values| {
            let (mut low, mut high) = transfer.walk.allowed(values, count);
            let mut start = values[0].wrapping_add(plan.shift);
            if plan.by_lane && transfer.walk.computed_by_run() {
                match run_shift(transfer, frame, lane) {
                    Some(shift) => start = start.wrapping_add(shift),
                    None => return,
                }
            } else if plan.by_lane {
                for i in low..high {
                    let at = start.wrapping_add(stride.wrapping_mul(i as i64));
                    if let Some(offset) = lane_offset(transfer, frame, lane + i, at) {
                        *array.add(offset) = *value_at(lane + i);
                    }
                }
                return;
            }
            if !transfer.proved {
                let (from, to) = interval(start, stride, transfer.len, count as i64);
                low = low.max(from.max(0) as usize);
                high = high.min(to.max(0) as usize);
            }
            if low < high {
                let to = array.wrapping_offset((start + stride * low as i64) as isize);
                let step = isize::from(!value_one);
                if step == 0 && stride == 1 {
                    std::slice::from_raw_parts_mut(to, high - low).fill(*value);
                } else {
                    copy_between(value_at(lane + low), step, to, stride as isize, high - low);
                }
            }
        });
    }
}

/// Reads with a stride, writes one after the other.
///
/// # Safety
/// All elements touched are valid and do not overlap.
#[inline(always)]
unsafe fn copy_strided<T: Copy>(from: *const T, stride: isize, to: *mut T, step: isize, count: usize) {
    // SAFETY: the caller's promise.
    unsafe {
        match stride {
            1 if count >= 16 => std::ptr::copy(from, to, count),
            0 => std::slice::from_raw_parts_mut(to, count).fill(*from),
            _ => copy_between(from, stride, to, step, count),
        }
    }
}

/// # Safety
/// All elements touched are valid.
#[inline(always)]
unsafe fn copy_between<T: Copy>(from: *const T, from_step: isize, to: *mut T, to_step: isize, count: usize) {
    for i in 0..count as isize {
        // SAFETY: the caller's promise.
        unsafe { *to.wrapping_offset(i * to_step) = *from.wrapping_offset(i * from_step) };
    }
}

/// Evaluates a scalar operation lane by lane.
///
/// # Safety
/// Operand entries and the output are valid for the lanes.
pub(crate) unsafe fn plain(instr: &super::program::PlainInstr, frame: &Frame<'_>, lanes: usize) {
    let read = |entry: Entry, dtype: DType, lane: usize| {
        let from = frame.pointer(entry).wrapping_add(lane * dtype.size());
        // SAFETY: the caller's promise.
        Scalar::from_bytes(dtype, unsafe { std::slice::from_raw_parts(from, dtype.size()) })
    };
    for lane in 0..lanes {
        let mut operands = [Scalar::zero(DType::Bool); 3];
        for (operand, &(entry, dtype, one)) in operands.iter_mut().zip(&instr.operands) {
            *operand = read(entry, dtype, if one { 0 } else { lane });
        }
        let result = plan::evaluate::apply(&instr.op, instr.dtype, &operands[..instr.operands.len()]);
        let result = result.unwrap_or_else(|| Scalar::zero(instr.dtype));
        let to = frame.pointer(instr.out).wrapping_add(lane * instr.dtype.size());
        // SAFETY: the caller's promise.
        unsafe { std::ptr::copy_nonoverlapping(result.to_bytes().as_ptr(), to, instr.dtype.size()) };
    }
}
