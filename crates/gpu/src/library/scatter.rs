//! Scatters with collisions.

use plan::Step;
use plan::library::Scatter;

use crate::lower::{Context, Lowered, Refusal};

/// Lowers the step.
///
/// # Errors
/// If the device cannot run it.
pub fn lower(_parameters: &Scatter, _step: &Step, _context: Context<'_>) -> Result<Lowered, Refusal> {
    Err(Refusal::new("Scatters with collisions run on the host"))
}
