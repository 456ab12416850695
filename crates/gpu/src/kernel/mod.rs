//! Fused kernels as WGSL.

use plan::{Kernel, Step};

use crate::lower::{Context, Lowered, Refusal};

/// Lowers the step.
///
/// # Errors
/// If the device cannot run it.
pub fn lower(_kernel: &Kernel, _step: &Step, _context: Context<'_>) -> Result<Lowered, Refusal> {
    Err(Refusal::new("kernels run on the host"))
}
