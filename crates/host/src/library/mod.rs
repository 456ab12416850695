//! Library steps: whatever is not a loop nest, a family a file.

mod callback;
mod combine;
mod convert;
mod convolution;
mod cumulative;
mod dot;
mod fft;
mod gemm;
mod graph;
mod keys;
mod linalg;
mod product;
mod radix;
mod rng;
mod scatter;
mod select_and_scatter;
mod sort;
#[cfg(test)]
mod tests;
mod top_k;

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
pub(crate) fn prepare_library(
    op: &StepOp,
    types: &StepTypes<'_>,
) -> Result<Box<dyn LibraryStep>, EngineError> {
    match op {
        StepOp::Dot(dot) => dot::prepare(dot, types),
        StepOp::Sort(sort) => sort::prepare(sort, types),
        StepOp::TopK(top_k) => top_k::prepare(top_k, types),
        StepOp::Cumulative(cumulative) => cumulative::prepare(cumulative, types),
        StepOp::Scatter(scatter) => scatter::prepare(scatter, types),
        StepOp::SelectAndScatter(params) => select_and_scatter::prepare(params, types),
        StepOp::RngBits(bits) => rng::prepare_bits(bits, types),
        StepOp::Rng(rng) => rng::prepare_numbers(rng, types),
        StepOp::Callback(callback) => Ok(callback::prepare(callback, types)),
        StepOp::Threefry(threefry) => rng::prepare_threefry(threefry, types),
        StepOp::Convolution(convolution) => convolution::prepare(convolution, types),
        StepOp::Fft(fft) => fft::prepare(fft, types),
        StepOp::Linalg(linalg) => linalg::prepare(linalg, types),
        StepOp::Kernel(_)
        | StepOp::Fused(_)
        | StepOp::Copy
        | StepOp::Swap
        | StepOp::While { .. }
        | StepOp::Case { .. } => Err(types.unsupported(format!("`{}` is not a library step", op.name()))),
    }
}
