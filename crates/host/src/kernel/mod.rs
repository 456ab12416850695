//! Fused kernels: compiled to lane programs, which are run over blocks of lanes.
//!
//! ```text
//! plan::Kernel -> axes (refined) -> lower, stage, operation, fold (instructions) -> registers -> Program
//! Program -> execute, transfer, accumulate
//! ```

mod accumulate;
mod across;
mod cost;
mod execute;
mod fold;
mod lower;
mod operation;
mod program;
mod registers;
mod stage;
mod transfer;
mod walk;

pub(crate) use execute::run;
pub(crate) use lower::{Array, Lowering, lower, with_known_inputs};
pub(crate) use program::Program;
