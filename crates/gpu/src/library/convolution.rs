//! Convolutions.

use plan::Step;
use plan::library::Convolution;

use crate::lower::{Context, Lowered, Refusal};

/// Lowers the step.
///
/// # Errors
/// If the device cannot run it.
pub fn lower(_parameters: &Convolution, _step: &Step, _context: Context<'_>) -> Result<Lowered, Refusal> {
    Err(Refusal::new("Convolutions run on the host"))
}
