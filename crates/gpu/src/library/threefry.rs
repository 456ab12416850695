//! Threefry.

use plan::Step;
use plan::library::Threefry;

use crate::lower::{Context, Lowered, Refusal};

/// Lowers the step.
///
/// # Errors
/// If the device cannot run it.
pub fn lower(_parameters: &Threefry, _step: &Step, _context: Context<'_>) -> Result<Lowered, Refusal> {
    Err(Refusal::new("Threefry run on the host"))
}
