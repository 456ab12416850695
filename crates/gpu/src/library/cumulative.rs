//! Running folds.

use plan::Step;
use plan::library::Cumulative;

use crate::lower::{Context, Lowered, Refusal};

/// Lowers the step.
///
/// # Errors
/// If the device cannot run it.
pub fn lower(_parameters: &Cumulative, _step: &Step, _context: Context<'_>) -> Result<Lowered, Refusal> {
    Err(Refusal::new("Running folds run on the host"))
}
