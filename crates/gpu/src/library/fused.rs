//! Products that store what an epilogue makes of their sums.

use plan::{Fused, Product, Step};

use super::dot::Choice;
use super::{convolution, dot};
use crate::kernel::Epilogue;
use crate::lower::{Context, Lowered, Refusal};

/// Lowers the step.
///
/// # Errors
/// If the device cannot run it.
pub fn lower(fused: &Fused, step: &Step, context: Context<'_>) -> Result<Lowered, Refusal> {
    lower_as(fused, step, context, None)
}

/// Lowers the step, perhaps in a given way: for measurements and tests.
///
/// # Errors
/// If the device cannot run it.
pub fn lower_as(
    fused: &Fused,
    step: &Step,
    context: Context<'_>,
    choice: Option<Choice>,
) -> Result<Lowered, Refusal> {
    let epilogue = Epilogue::new(fused, step, context)?;
    match &fused.product {
        Product::Dot(dot) => dot::lower_with(dot, Some(&epilogue), step, context, choice),
        Product::Convolution(params) => {
            convolution::lower_with(params, Some(&epilogue), step, context, choice)
        }
    }
}
