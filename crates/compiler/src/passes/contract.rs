//! Gives every `dot_general` one contracting dimension.
//!
//! ```text
//! dot_general(a[i, k, l], b[l, k, j]) contracting [1, 2] x [1, 0]
//! // becomes
//! dot_general(reshape(a)[i, kl], reshape(transpose(b)[k, l, j])[kl, j]) contracting [1] x [0]
//! ```
//!
//! The transposes and reshapes cost nothing where the product can read through strides; lowering decides.
//! Needs nothing; guarantees at most one contracting dimension; one walk.

use ops::Op;
use ops::attributes::DotGeneral;
use stablehlo::{Module, OpId, ValueId};
use tensor::{Dims, TensorType};

use super::rewrite::{Rewriter, Step};
use crate::{Error, Settings};

/// Gives every `dot_general` one contracting dimension.
pub fn run(mut module: Module, _settings: &Settings) -> Result<Module, Error> {
    for function in &mut module.functions {
        Rewriter::new(function).run(&mut |rewriter, id| Ok(visit(rewriter, id)))?;
    }
    Ok(module)
}

fn visit(rewriter: &mut Rewriter<'_>, id: OpId) -> Step {
    let operation = rewriter.function.op(id);
    let Op::DotGeneral(dot) = &operation.op else { return Step::Keep };
    if dot.lhs_contracting_dimensions.len() < 2 {
        return Step::Keep;
    }
    let mut dot = dot.clone();
    let (lhs, rhs, result) = (operation.operands[0], operation.operands[1], operation.results[0]);
    let ty = rewriter.tensor(result);
    let DotGeneral {
        lhs_batching_dimensions,
        rhs_batching_dimensions,
        lhs_contracting_dimensions,
        rhs_contracting_dimensions,
        ..
    } = &mut *dot;
    // The order of contraction is free: take the one in which the lhs has its dimensions.
    let mut pairs: Vec<(i64, i64)> =
        lhs_contracting_dimensions.iter().copied().zip(rhs_contracting_dimensions.iter().copied()).collect();
    pairs.sort_unstable();
    let (left, right): (Vec<i64>, Vec<i64>) = pairs.into_iter().unzip();
    let lhs = join(rewriter, lhs, lhs_batching_dimensions, &left, lhs_contracting_dimensions);
    let rhs = join(rewriter, rhs, rhs_batching_dimensions, &right, rhs_contracting_dimensions);
    Step::Replace([rewriter.one(Op::DotGeneral(dot), &[lhs, rhs], ty)].into_iter().collect())
}

/// The operand as [batch, kept, joined contracting dimensions]; updates the dimension numbers.
fn join(
    rewriter: &mut Rewriter<'_>,
    operand: ValueId,
    batching: &mut Dims,
    contracted: &[i64],
    contracting: &mut Dims,
) -> ValueId {
    let ty = rewriter.tensor(operand);
    let kept = (0..ty.rank() as i64).filter(|d| !batching.contains(d) && !contracted.contains(d));
    let front: Vec<i64> = batching.iter().copied().chain(kept).collect();
    let permutation: Vec<i64> = front.iter().chain(contracted).copied().collect();
    let moved = rewriter.transpose(operand, &permutation);
    let size = |list: &[i64]| -> i64 { list.iter().map(|&d| ty.dims[d as usize]).product() };
    let dims = front.iter().map(|&d| ty.dims[d as usize]).chain([size(contracted)]);
    let joined = rewriter.one(Op::Reshape, &[moved], TensorType::new(ty.dtype, dims));
    *batching = (0..batching.len() as i64).collect();
    *contracting = [front.len() as i64].into_iter().collect();
    joined
}
