//! Threefry.

use plan::Step;
use plan::library::Threefry;

use super::launch::{Draft, THREADS};
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
    let mut draft = Draft::new("threefry", context);
    for &slot in step.reads.iter().chain(&step.writes) {
        draft = draft.slot(slot, "u32", 4)?;
    }
    draft = draft.parameter("len", len as u32);
    for (name, &operand) in ["step0", "step1", "step2", "step3"].iter().zip(&threefry.operands) {
        draft = draft.parameter(name, u32::from(operand != 1));
    }
    let launch = draft.launch(&[RANDOM, SHADER], len.div_ceil(THREADS), 24 * len)?;
    Ok(Lowered { commands: vec![launch], ..Lowered::default() })
}
