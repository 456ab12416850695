//! Loops and branches.

use plan::Step;

use crate::lower::{Context, Lowered, Refusal};

/// Lowers the step.
///
/// # Errors
/// If the device cannot run a step in it: then the whole runs on the host.
pub fn lower(_step: &Step, _context: Context<'_>) -> Result<Lowered, Refusal> {
    Err(Refusal::new("loops and branches run on the host"))
}
