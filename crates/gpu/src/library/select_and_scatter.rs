//! Gradients of selecting window reductions.

use plan::Step;
use plan::library::SelectAndScatter;

use crate::lower::{Context, Lowered, Refusal};

/// Lowers the step.
///
/// # Errors
/// If the device cannot run it.
pub fn lower(
    _parameters: &SelectAndScatter,
    _step: &Step,
    _context: Context<'_>,
) -> Result<Lowered, Refusal> {
    Err(Refusal::new("Gradients of selecting window reductions run on the host"))
}
