//! Matrix products.

use plan::Step;
use plan::library::Dot;

use crate::lower::{Context, Lowered, Refusal};

/// Lowers the step.
///
/// # Errors
/// If the device cannot run it.
pub fn lower(_parameters: &Dot, _step: &Step, _context: Context<'_>) -> Result<Lowered, Refusal> {
    Err(Refusal::new("Matrix products run on the host"))
}
