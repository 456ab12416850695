//! Library steps: whatever is not a loop nest, a family a file.

use plan::{EngineError, StepOp};
use tensor::TensorType;

use crate::context::RunContext;

/// A library step made ready to run.
pub(crate) trait LibraryStep: Send + Sync {
    /// Runs the step. Working memory comes from [`RunContext::scratch`], threads from
    /// [`RunContext::parallel`] and [`RunContext::install`].
    ///
    /// # Errors
    /// If the step fails on these values, or memory runs out.
    ///
    /// # Safety
    /// `reads[i]` and `writes[i]` point to whole arrays of the types that the step was prepared with,
    /// aligned to 64 bytes, in the order that the step's parameter struct defines. Written arrays are
    /// nobody else's meanwhile, and share memory with read ones only where the plan says so: a slot that
    /// is in both lists is updated in place. Arrays of no elements may have any address.
    unsafe fn run(
        &self,
        reads: &[*const u8],
        writes: &[*mut u8],
        context: &RunContext,
    ) -> Result<(), EngineError>;
}

/// What a step is prepared for.
pub(crate) struct StepTypes<'a> {
    /// The step's origin, for errors.
    pub origin: &'a str,
    /// Types of the arrays read.
    pub reads: Vec<&'a TensorType>,
    /// Types of the arrays written.
    pub writes: Vec<&'a TensorType>,
}

impl StepTypes<'_> {
    /// The error of a step that the engine lacks.
    pub(crate) fn unsupported(&self, reason: impl Into<String>) -> EngineError {
        EngineError::Unsupported { origin: self.origin.to_owned(), reason: reason.into() }
    }
}

/// Makes a library step ready to run. It checks that the arrays are as large as the parameters say, so
/// that running relies on nothing but its safety contract.
///
/// # Errors
/// If the engine lacks the step, or its arrays do not fit its parameters.
pub(crate) fn prepare_library(op: &StepOp, types: &StepTypes<'_>) -> Result<Box<dyn LibraryStep>, EngineError> {
    match op {
        StepOp::Dot(_)
        | StepOp::Convolution(_)
        | StepOp::Sort(_)
        | StepOp::TopK(_)
        | StepOp::Fft(_)
        | StepOp::Cumulative(_)
        | StepOp::Scatter(_)
        | StepOp::SelectAndScatter(_)
        | StepOp::RngBits(_)
        | StepOp::Rng(_)
        | StepOp::Threefry(_)
        | StepOp::Linalg(_) => Err(types.unsupported(format!("the host engine lacks `{}`", op.name()))),
        StepOp::Kernel(_) | StepOp::Copy | StepOp::Swap | StepOp::While { .. } | StepOp::Case { .. } => {
            Err(types.unsupported(format!("`{}` is not a library step", op.name())))
        }
    }
}
