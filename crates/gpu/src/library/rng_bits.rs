//! Random bits.

use ops::RngAlgorithm;
use plan::Step;
use plan::library::RngBits;

use super::launch::{Draft, THREADS, check_lengths, fill};
use super::threefry::RANDOM;
use crate::lower::{Context, Lowered, Refusal};

const SHADER: &str = include_str!("../../shaders/rng_bits.wgsl");
const STATE: &str = include_str!("../../shaders/rng_state.wgsl");

/// How bits are made.
struct Form {
    /// Function of the shader.
    block: &'static str,
    /// Threads, and the bytes of each where those of one follow those of another.
    count: u64,
    bytes: Option<u64>,
    /// The dimension that pairs lie along, and the number of elements inside it.
    along: u64,
    inner: u64,
    /// Counters taken from the state.
    used: u64,
}

/// Lowers the step.
///
/// # Errors
/// If the device cannot run it.
pub fn lower(bits: &RngBits, step: &Step, context: Context<'_>) -> Result<Lowered, Refusal> {
    let words = match (bits.algorithm, bits.state) {
        (_, 2) => 4,
        (RngAlgorithm::Philox | RngAlgorithm::Default, 3) => 6,
        (_, words) => return Err(Refusal::new(format!("a generator state of {words} words"))),
    };
    if !bits.dtype.is_integer() || bits.dtype.bits() < 8 {
        return Err(Refusal::new(format!("random bits of type {}", bits.dtype)));
    }
    let (state, out) = (step.reads[0], step.writes[1]);
    let window = context.features.window_bytes();
    let form = match bits.algorithm {
        RngAlgorithm::ThreeFry => threefry(bits, context.ty(out).byte_len() as u64 > window),
        _ => philox(bits),
    };
    let len: i64 = bits.dims.iter().product();
    check_lengths(context, &[state, step.writes[0]], bits.state, "random bits")?;
    check_lengths(context, &[out], len, "random bits")?;
    if len >= 1 << 32 {
        return Err(Refusal::new(format!("{len} random numbers at once")));
    }
    let mut commands = Vec::new();
    let width = bits.dtype.bits().min(32).to_string();
    let text = fill(SHADER, &[("BLOCK", form.block), ("BITS", &width)]);
    // As many at a time as can be bound, from multiples of 64 bytes on.
    let each = form.bytes.map_or(form.count, |bytes| window / bytes / 16 * 16).max(1);
    for first in (0..form.count).step_by(each as usize) {
        let count = each.min(form.count - first);
        let written = form.bytes.map_or([0, len as u64 * 4], |bytes| [first * bytes, count * bytes]);
        let draft = Draft::new("rng_bits", context)
            .slot(state, "u32", 4)?
            .window(out, written, "u32", 4)?
            .parameter("first", first as u32)
            .parameter("count", count as u32)
            .parameter("upper", if words == 6 { 4 } else { 0 })
            .parameter("along", form.along as u32)
            .parameter("inner", form.inner as u32);
        commands.push(draft.launch(&[RANDOM, &text], count.div_ceil(THREADS), written[1])?);
    }
    // After the bits, because the states may share memory.
    let draft = Draft::new("rng_state", context)
        .slot(state, "u32", 4)?
        .slot(step.writes[0], "u32", 4)?
        .parameter("used", form.used as u32)
        .parameter("words", words);
    commands.push(draft.launch(&[RANDOM, STATE], 1, 64)?);
    Ok(Lowered { commands, ..Lowered::default() })
}

/// Four words a counter; 64-bit elements take two of them, narrower ones the low bits of one.
fn philox(bits: &RngBits) -> Form {
    let len = bits.dims.iter().product::<i64>() as u64;
    let (block, elements) = match bits.dtype.size() {
        1 => ("philox_bytes", 4),
        2 => ("philox_halves", 4),
        4 => ("philox_words", 4),
        _ => ("philox_words", 2),
    };
    let count = len.div_ceil(elements);
    Form { block, count, bytes: Some(elements * bits.dtype.size() as u64), along: 1, inner: 1, used: count }
}

/// 64-bit elements are the words of consecutive counters. Others are a dimension, the first even one or else
/// the largest, in pairs: a counter for each. `apart`: the elements of a pair may be too far apart for one binding.
fn threefry(bits: &RngBits, apart: bool) -> Form {
    let len = bits.dims.iter().product::<i64>() as u64;
    let size = bits.dtype.size() as u64;
    if size == 8 || bits.dims.is_empty() {
        return Form { block: "threefry_words", count: len, bytes: Some(8), along: 1, inner: 1, used: len };
    }
    let even = bits.dims.iter().position(|dim| dim % 2 == 0);
    let largest = bits.dims.iter().max();
    let split = even.or_else(|| bits.dims.iter().position(|dim| Some(dim) == largest)).unwrap_or(0);
    let product = |dims: &[i64]| dims.iter().product::<i64>() as u64;
    let along = bits.dims[split] as u64;
    let inner = product(&bits.dims[split + 1..]);
    let used = product(&bits.dims[..split]) * along.div_ceil(2) * inner;
    if size == 4 && !apart {
        Form { block: "threefry_pairs", count: used, bytes: None, along, inner, used }
    } else {
        let count = (len * size).div_ceil(4);
        Form { block: "threefry_narrow", count, bytes: Some(4), along, inner, used }
    }
}
