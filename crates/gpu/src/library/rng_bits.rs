//! Random bits.

use ops::RngAlgorithm;
use plan::Step;
use plan::library::RngBits;

use super::launch::{Draft, THREADS, fill};
use super::threefry::RANDOM;
use crate::lower::{Context, Lowered, Refusal};

const SHADER: &str = include_str!("../../shaders/rng_bits.wgsl");
const STATE: &str = include_str!("../../shaders/rng_state.wgsl");

/// How bits are made.
struct Form {
    /// Function of the shader.
    block: &'static str,
    /// Threads.
    count: u64,
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
    let form = match bits.algorithm {
        RngAlgorithm::ThreeFry => threefry(bits),
        _ => philox(bits),
    };
    let (state, out) = (step.reads[0], step.writes[1]);
    let mut commands = Vec::new();
    if form.count > 0 {
        let draft = Draft::new("rng_bits", context)
            .slot(state, "u32", 4)?
            .slot(out, "u32", 4)?
            .parameter("count", form.count as u32)
            .parameter("upper", if words == 6 { 4 } else { 0 })
            .parameter("along", form.along as u32)
            .parameter("inner", form.inner as u32);
        let text = fill(SHADER, &[("BLOCK", form.block), ("BITS", &bits.dtype.bits().min(32).to_string())]);
        let work = context.ty(out).byte_len() as u64;
        commands.push(draft.launch(&[RANDOM, &text], form.count.div_ceil(THREADS), work)?);
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
    Form { block, count, along: 1, inner: 1, used: count }
}

/// 64-bit elements are the words of consecutive counters. Others are a dimension, the first even one or else
/// the largest, in pairs: a counter for each.
fn threefry(bits: &RngBits) -> Form {
    let len = bits.dims.iter().product::<i64>() as u64;
    let size = bits.dtype.size();
    if size == 8 || bits.dims.is_empty() {
        return Form { block: "threefry_words", count: len, along: 1, inner: 1, used: len };
    }
    let even = bits.dims.iter().position(|dim| dim % 2 == 0);
    let largest = bits.dims.iter().max();
    let split = even.or_else(|| bits.dims.iter().position(|dim| Some(dim) == largest)).unwrap_or(0);
    let product = |dims: &[i64]| dims.iter().product::<i64>() as u64;
    let along = bits.dims[split] as u64;
    let inner = product(&bits.dims[split + 1..]);
    let used = product(&bits.dims[..split]) * along.div_ceil(2) * inner;
    if size == 4 {
        Form { block: "threefry_pairs", count: used, along, inner, used }
    } else {
        Form { block: "threefry_narrow", count: (len * size as u64).div_ceil(4), along, inner, used }
    }
}
