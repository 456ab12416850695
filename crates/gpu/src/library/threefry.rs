//! Threefry.

use plan::Step;
use plan::library::Threefry;

use super::launch::{Draft, THREADS, check_lengths};
use crate::lower::{Context, Lowered, Refusal};

/// Functions of random generators.
pub(super) const RANDOM: &str = include_str!("../../shaders/shared/random.wgsl");
const SHADER: &str = include_str!("../../shaders/threefry.wgsl");

/// Lowers the step.
///
/// # Errors
/// If the device cannot run it.
pub fn lower(threefry: &Threefry, step: &Step, context: Context<'_>) -> Result<Lowered, Refusal> {
    if threefry.len == 0 {
        return Ok(Lowered::default());
    }
    let len = threefry.len as u64;
    for (&slot, &operand) in step.reads.iter().zip(&threefry.operands) {
        let fits = operand == 1 || operand == threefry.len;
        check_lengths(context, &[slot], if fits { operand } else { i64::MAX }, "threefry")?;
    }
    check_lengths(context, &step.writes, threefry.len, "threefry")?;
    let mut commands = Vec::new();
    // As much at a time as can be bound.
    let each = context.features.window_bytes() / 4;
    for first in (0..len).step_by(each as usize) {
        let len = each.min(len - first);
        let mut draft = Draft::new("threefry", context);
        let operands = threefry.operands.iter().map(|&operand| operand != 1);
        let whole = operands.chain(step.writes.iter().map(|_| true));
        for (&slot, whole) in step.reads.iter().chain(&step.writes).zip(whole) {
            let bytes = if whole { [4 * first, 4 * len] } else { [0, 4] };
            draft = draft.window(slot, bytes, "u32", 4)?;
        }
        draft = draft.parameter("len", len as u32);
        for (name, &operand) in ["step0", "step1", "step2", "step3"].iter().zip(&threefry.operands) {
            draft = draft.parameter(name, u32::from(operand != 1));
        }
        commands.push(draft.launch(&[RANDOM, SHADER], len.div_ceil(THREADS), 24 * len)?);
    }
    Ok(Lowered { commands, ..Lowered::default() })
}
