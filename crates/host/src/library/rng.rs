//! Random bits and numbers: Philox 4x32 and Threefry 2x32, bit-exact with XLA and JAX.
//!
//! Generators: J. Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (SC 2011). How XLA lays out
//! states and results is told with each function.

use std::sync::atomic::{AtomicU64, Ordering};

use ops::{RngAlgorithm, RngDistribution};
use plan::EngineError;
use plan::library::{Rng, RngBits, Threefry};
use tensor::{DType, Dims, Scalar};

use super::product::SendPointer;
use super::{LibraryStep, StepTypes};
use crate::context::RunContext;
use crate::cpu::{Isa, Level, per_level};

/// Elements that a thread takes at a time.
const CHUNK: usize = 1 << 14;

/// Ten rounds of Philox 4x32.
#[inline(always)]
fn philox(mut x: [u32; 4], mut key: [u32; 2]) -> [u32; 4] {
    for _ in 0..10 {
        let a = u64::from(x[0]) * 0xD251_1F53;
        let b = u64::from(x[2]) * 0xCD9E_8D57;
        x = [(b >> 32) as u32 ^ x[1] ^ key[0], b as u32, (a >> 32) as u32 ^ x[3] ^ key[1], a as u32];
        key = [key[0].wrapping_add(0x9E37_79B9), key[1].wrapping_add(0xBB67_AE85)];
    }
    x
}

/// Twenty rounds of Threefry 2x32.
#[inline(always)]
fn threefry(key: [u32; 2], mut x: [u32; 2]) -> [u32; 2] {
    const ROTATIONS: [[u32; 4]; 2] = [[13, 15, 26, 6], [17, 29, 16, 24]];
    let keys = [key[0], key[1], key[0] ^ key[1] ^ 0x1BD1_1BDA];
    x = [x[0].wrapping_add(keys[0]), x[1].wrapping_add(keys[1])];
    for group in 0..5 {
        for rotation in ROTATIONS[group % 2] {
            x[0] = x[0].wrapping_add(x[1]);
            x[1] = x[1].rotate_left(rotation) ^ x[0];
        }
        x[0] = x[0].wrapping_add(keys[(group + 1) % 3]);
        x[1] = x[1].wrapping_add(keys[(group + 2) % 3]).wrapping_add(group as u32 + 1);
    }
    x
}

fn halves(x: u64) -> [u32; 2] {
    [x as u32, (x >> 32) as u32]
}

/// A block of results of a counter-based generator: `out[i]` for counters from `first` on.
struct Block {
    key: [u32; 2],
    counter: u128,
    out: *mut [u32; 4],
    count: usize,
}

per_level! {
    /// Philox of consecutive counters; the argument is a `*const Block`.
    fn philox_block<>(argument: *const u8) -> unsafe fn(*const u8) = philox_body;
    /// Threefry of consecutive 64-bit counters, of which four results' first and second words follow each
    /// other as XLA's do; the argument is a `*const Block`.
    fn threefry_block<>(argument: *const u8) -> unsafe fn(*const u8) = threefry_body;
    /// Threefry elementwise; the argument is a `*const Lanes`.
    fn threefry_lanes<>(argument: *const u8) -> unsafe fn(*const u8) = threefry_lanes_body;
}

/// # Safety
/// The argument points to a [`Block`] whose output is valid.
#[inline(always)]
unsafe fn philox_body<L: Isa>(argument: *const u8) {
    // SAFETY: the contract.
    let block = unsafe { &*argument.cast::<Block>() };
    for i in 0..block.count {
        let counter = block.counter.wrapping_add(i as u128);
        let [a, b] = halves(counter as u64);
        let [c, d] = halves((counter >> 64) as u64);
        // SAFETY: the output has `count` elements.
        unsafe { *block.out.add(i) = philox([a, b, c, d], block.key) };
    }
}

/// # Safety
/// The argument points to a [`Block`] whose output is valid.
#[inline(always)]
unsafe fn threefry_body<L: Isa>(argument: *const u8) {
    // SAFETY: the contract.
    let block = unsafe { &*argument.cast::<Block>() };
    for i in 0..block.count {
        let counter = (block.counter as u64).wrapping_add(2 * i as u64);
        let [a, b] = threefry(block.key, halves(counter));
        let [c, d] = threefry(block.key, halves(counter.wrapping_add(1)));
        // SAFETY: the output has `count` elements.
        unsafe { *block.out.add(i) = [a, b, c, d] };
    }
}

/// Random bits made ready.
struct RngBitsStep {
    bits: RngBits,
    level: Level,
}

/// Makes random bits ready.
///
/// # Errors
/// If the state has the wrong size or the bits are of no unsigned type.
pub(super) fn prepare_bits(
    bits: &RngBits,
    types: &StepTypes<'_>,
) -> Result<Box<dyn LibraryStep>, EngineError> {
    let words = types.reads[0].byte_len() / 8;
    let needed = if bits.algorithm == RngAlgorithm::ThreeFry { 2..=2 } else { 2..=3 };
    if words != bits.state as usize || !needed.contains(&words) {
        return Err(types.unsupported(format!("a generator state of {words} words")));
    }
    if bits.dims != types.writes[1].dims || types.writes[0].byte_len() != 8 * words {
        return Err(types.unsupported("random bits whose arrays do not fit"));
    }
    if !bits.dtype.is_integer() || bits.dtype != types.writes[1].dtype || bits.dtype.bits() < 8 {
        return Err(types.unsupported(format!("random bits of type {}", bits.dtype)));
    }
    Ok(Box::new(RngBitsStep { bits: bits.clone(), level: Level::best() }))
}

impl LibraryStep for RngBitsStep {
    unsafe fn run(
        &self,
        reads: &[*const u8],
        writes: &[*mut u8],
        context: &RunContext,
    ) -> Result<(), EngineError> {
        let words = self.bits.state as usize;
        // SAFETY: preparing checked the sizes; the state may be updated in place, so it is copied.
        let (state, new_state) = unsafe {
            let mut state = [0u64; 3];
            state[..words].copy_from_slice(std::slice::from_raw_parts(reads[0].cast::<u64>(), words));
            (state, std::slice::from_raw_parts_mut(writes[0].cast::<u64>(), words))
        };
        let len = self.bits.dims.iter().product::<i64>() as usize;
        new_state[0] = state[0];
        // SAFETY: the output has `len` elements.
        unsafe {
            if self.bits.algorithm == RngAlgorithm::ThreeFry {
                new_state[1] = state[1].wrapping_add(self.threefry(state, writes[1], context));
            } else {
                // A state of two words is key and counter; the key is the counter's upper half too.
                let (low, high) = if words == 3 { (state[1], state[2]) } else { (state[1], state[0]) };
                let counter = u128::from(low) | u128::from(high) << 64;
                let per_block = if self.bits.dtype.bits() == 64 { 2 } else { 4 };
                self.philox(halves(state[0]), counter, len, writes[1], context);
                let next = counter.wrapping_add(len.div_ceil(per_block) as u128);
                new_state[1] = next as u64;
                if words == 3 {
                    new_state[2] = (next >> 64) as u64;
                }
            }
        }
        Ok(())
    }
}

impl RngBitsStep {
    /// Four u32 a counter, in order; 64-bit elements take two of them, narrower ones their low bits.
    ///
    /// # Safety
    /// `out` has room for `len` elements.
    unsafe fn philox(&self, key: [u32; 2], counter: u128, len: usize, out: *mut u8, context: &RunContext) {
        let size = self.bits.dtype.size();
        let per_block = if size == 8 { 2 } else { 4 };
        let out = SendPointer(out);
        let block = philox_block(self.level);
        context.parallel(len.div_ceil(CHUNK), len as u64, |chunk| {
            let start = chunk * CHUNK;
            let end = len.min(start + CHUNK);
            let mut buffer = [[0; 4]; 64];
            for at in (start..end).step_by(64 * per_block) {
                let wanted = (end - at).min(64 * per_block);
                let argument = Block {
                    key,
                    counter: counter.wrapping_add((at / per_block) as u128),
                    out: buffer.as_mut_ptr(),
                    count: wanted.div_ceil(per_block),
                };
                // SAFETY: the buffer has room for the blocks, the output for the elements.
                unsafe {
                    block((&raw const argument).cast());
                    store(buffer.as_flattened(), size, wanted, out.at(at * size));
                }
            }
        });
    }

    /// 64-bit elements are the generator's words of consecutive counters. Others are a dimension, the
    /// first even one or else the largest, in halves: a counter for each pair of neighbours along it.
    ///
    /// Returns the number of counters used.
    ///
    /// # Safety
    /// `out` has room for all elements.
    unsafe fn threefry(&self, state: [u64; 3], out: *mut u8, context: &RunContext) -> u64 {
        let size = self.bits.dtype.size();
        let dims = &self.bits.dims;
        let key = halves(state[0]);
        let len = dims.iter().product::<i64>() as usize;
        if size == 8 || dims.is_empty() {
            // SAFETY: as below; a scalar takes the first word.
            unsafe { self.threefry_pairs(key, state[1], size, len, 1, len, out, context) };
            return len as u64;
        }
        let split = split_dimension(dims);
        let inner: usize = dims[split + 1..].iter().product::<i64>() as usize;
        let size_along = dims[split] as usize;
        let half = size_along.div_ceil(2);
        let outer = dims[..split].iter().product::<i64>() as usize;
        // SAFETY: passed on.
        unsafe { self.threefry_pairs(key, state[1], size, outer * half, inner, size_along, out, context) };
        (outer * half * inner) as u64
    }

    /// # Safety
    /// `out` has room for all elements.
    #[expect(clippy::too_many_arguments, reason = "the loop's bounds and its arrays")]
    unsafe fn threefry_pairs(
        &self,
        key: [u32; 2],
        first: u64,
        size: usize,
        rows: usize,
        inner: usize,
        along: usize,
        out: *mut u8,
        context: &RunContext,
    ) {
        let out = SendPointer(out);
        let block = threefry_block(self.level);
        let half = along.div_ceil(2);
        let words = size == 8 || self.bits.dims.is_empty();
        context.parallel((rows * inner).div_ceil(CHUNK), (rows * inner) as u64 * 3, |chunk| {
            let end = (rows * inner).min((chunk + 1) * CHUNK);
            let mut buffer = [[0; 4]; 64];
            for start in (chunk * CHUNK..end).step_by(128) {
                let count = (end - start).min(128);
                let argument = Block {
                    key,
                    counter: first.wrapping_add(start as u64).into(),
                    out: buffer.as_mut_ptr(),
                    count: count.div_ceil(2),
                };
                // SAFETY: the buffer has room for the blocks.
                unsafe { block((&raw const argument).cast()) };
                let results = buffer.as_flattened();
                for i in 0..count {
                    let pair = &results[2 * i..2 * i + 2];
                    let at = start + i;
                    // SAFETY: each element lies within the output.
                    unsafe {
                        if words {
                            store(pair, size, 1, out.at(at * size));
                            continue;
                        }
                        let (row, column) = (at / inner, at % inner);
                        let (before, position) = (row / half, 2 * (row % half));
                        for (word, &value) in pair.iter().enumerate().take(along - position) {
                            let to = ((before * along + position + word) * inner + column) * size;
                            store(&[value], size, 1, out.at(to));
                        }
                    }
                }
            }
        });
    }
}

/// The dimension that Threefry's pairs lie along.
fn split_dimension(dims: &Dims) -> usize {
    let even = dims.iter().position(|dim| dim % 2 == 0);
    even.unwrap_or_else(|| {
        let largest = dims.iter().max().copied().unwrap_or(0);
        dims.iter().position(|&dim| dim == largest).unwrap_or(0)
    })
}

/// Writes `count` elements: 64-bit ones of two words each (low, high), narrower ones of the low bits of one.
///
/// # Safety
/// `to` has room for them.
#[inline(always)]
unsafe fn store(words: &[u32], size: usize, count: usize, to: *mut u8) {
    // SAFETY: passed on.
    unsafe {
        match size {
            1 => (0..count).for_each(|i| *to.add(i) = words[i] as u8),
            2 => (0..count).for_each(|i| *to.cast::<u16>().add(i) = words[i] as u16),
            4 => (0..count).for_each(|i| *to.cast::<u32>().add(i) = words[i]),
            _ => (0..count).for_each(|i| {
                *to.cast::<u64>().add(i) = u64::from(words[2 * i]) | u64::from(words[2 * i + 1]) << 32;
            }),
        }
    }
}

/// Elementwise Threefry made ready.
struct ThreefryStep {
    threefry: Threefry,
    level: Level,
}

/// Makes elementwise Threefry ready.
///
/// # Errors
/// If an array has a size that does not fit.
pub(super) fn prepare_threefry(
    threefry: &Threefry,
    types: &StepTypes<'_>,
) -> Result<Box<dyn LibraryStep>, EngineError> {
    let fits = |i: usize| {
        let len = threefry.operands[i];
        types.reads[i].len() as i64 >= len && (len == 1 || len == threefry.len)
    };
    if !(0..4).all(fits) || types.writes.iter().any(|ty| (ty.len() as i64) < threefry.len) {
        return Err(types.unsupported("threefry of arrays that do not fit"));
    }
    Ok(Box::new(ThreefryStep { threefry: threefry.clone(), level: Level::best() }))
}

/// A block of elementwise Threefry; steps are 0 for operands of one element.
struct Lanes {
    operands: [*const u32; 4],
    steps: [usize; 4],
    out: [*mut u32; 2],
    count: usize,
}

/// # Safety
/// The argument points to [`Lanes`] whose arrays are valid. Results may share operands' memory.
#[inline(always)]
unsafe fn threefry_lanes_body<L: Isa>(argument: *const u8) {
    const GROUP: usize = 64;
    // SAFETY: the contract; groups are read before they are written.
    unsafe {
        let lanes = &*argument.cast::<Lanes>();
        for start in (0..lanes.count).step_by(GROUP) {
            let count = (lanes.count - start).min(GROUP);
            let mut values = [[0u32; GROUP]; 4];
            for (operand, values) in values.iter_mut().enumerate() {
                let from = lanes.operands[operand];
                if lanes.steps[operand] == 0 {
                    values.fill(*from);
                } else {
                    std::ptr::copy_nonoverlapping(from.add(start), values.as_mut_ptr(), count);
                }
            }
            let [k1, k2, x1, x2] = &values;
            let (mut y1, mut y2) = ([0u32; GROUP], [0u32; GROUP]);
            for i in 0..GROUP {
                [y1[i], y2[i]] = threefry([k1[i], k2[i]], [x1[i], x2[i]]);
            }
            std::ptr::copy_nonoverlapping(y1.as_ptr(), lanes.out[0].add(start), count);
            std::ptr::copy_nonoverlapping(y2.as_ptr(), lanes.out[1].add(start), count);
        }
    }
}

impl LibraryStep for ThreefryStep {
    unsafe fn run(
        &self,
        reads: &[*const u8],
        writes: &[*mut u8],
        context: &RunContext,
    ) -> Result<(), EngineError> {
        let len = self.threefry.len as usize;
        let steps = std::array::from_fn(|i| usize::from(self.threefry.operands[i] != 1));
        let operands: [_; 4] = std::array::from_fn(|i| SendPointer(reads[i].cast_mut().cast::<u32>()));
        let out: [_; 2] = std::array::from_fn(|i| SendPointer(writes[i].cast::<u32>()));
        let lanes = threefry_lanes(self.level);
        context.parallel(len.div_ceil(CHUNK), len as u64 * 2, |chunk| {
            let start = chunk * CHUNK;
            let argument = Lanes {
                operands: std::array::from_fn(|i| operands[i].at(start * steps[i]).cast_const()),
                steps,
                out: out.map(|out| out.at(start)),
                count: CHUNK.min(len - start),
            };
            // SAFETY: preparing checked the sizes; chunks do not overlap.
            unsafe { lanes((&raw const argument).cast()) };
        });
        Ok(())
    }
}

/// Random numbers made ready.
struct RngStep {
    rng: Rng,
    /// Runs so far: each gives new numbers.
    runs: AtomicU64,
}

/// Makes random numbers ready.
///
/// # Errors
/// If the type is complex or an array too small.
pub(super) fn prepare_numbers(rng: &Rng, types: &StepTypes<'_>) -> Result<Box<dyn LibraryStep>, EngineError> {
    let small = types.reads.iter().any(|ty| ty.is_empty()) || (types.writes[0].len() as i64) < rng.len;
    if rng.dtype.is_complex() || small {
        return Err(types.unsupported(format!("random numbers of type {}", rng.dtype)));
    }
    Ok(Box::new(RngStep { rng: rng.clone(), runs: AtomicU64::new(0) }))
}

impl LibraryStep for RngStep {
    unsafe fn run(
        &self,
        reads: &[*const u8],
        writes: &[*mut u8],
        _context: &RunContext,
    ) -> Result<(), EngineError> {
        let Rng { distribution, dtype, len, seed } = self.rng;
        let size = dtype.size();
        // SAFETY: preparing checked the sizes.
        let (a, b, out) = unsafe {
            let scalar = |from| Scalar::from_bytes(dtype, std::slice::from_raw_parts(from, size));
            let out = std::slice::from_raw_parts_mut(writes[0], len as usize * size);
            (scalar(reads[0]), scalar(reads[1]), out)
        };
        let key =
            halves(seed ^ self.runs.fetch_add(1, Ordering::Relaxed).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        for (i, to) in out.chunks_exact_mut(size).enumerate() {
            let [w, x, y, z] = philox([i as u32, (i >> 32) as u32, 0, 0], key);
            let bits = u64::from(w) | u64::from(x) << 32;
            let value = match distribution {
                RngDistribution::Uniform if dtype.is_float() => uniform(dtype, a.as_f64(), b.as_f64(), bits),
                RngDistribution::Uniform => {
                    let span = (b.as_i128() - a.as_i128()).max(1) as u128;
                    Scalar::from_i128(dtype, a.as_i128() + ((u128::from(bits) * span) >> 64) as i128)
                }
                RngDistribution::Normal => {
                    // G. Box and M. Muller (1958).
                    let radius = (-2.0 * libm::log(1.0 - fraction(bits))).sqrt();
                    let angle = 2.0 * std::f64::consts::PI * fraction(u64::from(y) | u64::from(z) << 32);
                    Scalar::from_f64(dtype, a.as_f64() + b.as_f64() * radius * libm::cos(angle))
                }
            };
            to.copy_from_slice(&value.to_bytes()[..size]);
        }
        Ok(())
    }
}

/// A number in [0, 1).
fn fraction(bits: u64) -> f64 {
    (bits >> 11) as f64 * (1.0 / (1u64 << 53) as f64)
}

/// A number in [a, b) of a float type: one that rounds up to b becomes a.
fn uniform(dtype: DType, a: f64, b: f64, bits: u64) -> Scalar {
    let value = Scalar::from_f64(dtype, a + (b - a) * fraction(bits));
    if value.as_f64() < b || a >= b { value } else { Scalar::from_f64(dtype, a) }
}
