//! Computes products the other way round where only their transpose is used.
//!
//! ```text
//! %0 = dot_general %a, %b : tensor<ixj>          =>      %1 = dot_general %b, %a : tensor<jxi>
//! %1 = transpose %0, dims = [1, 0]
//! ```
//!
//! Gradients of weights arrive like this; what updates the weights then reads them in order.
//! Needs arenas that hold nothing unused; guarantees nothing; one walk.

use std::mem::swap;

use ops::Op;
use stablehlo::{Function, Module, OpId};

use super::rewrite::{Rewriter, Step};
use crate::{Error, Settings};

/// Turns products.
///
/// # Errors
/// None: what cannot be turned stays.
pub fn run(mut module: Module, _settings: &Settings) -> Result<Module, Error> {
    for function in &mut module.functions {
        let users = users(function);
        let mut done = vec![false; function.op_count()];
        Rewriter::new(function).run(&mut |rewriter, id| Ok(visit(rewriter, id, &users, &mut done)))?;
    }
    Ok(module)
}

/// Who uses a value.
#[derive(Clone, Copy)]
enum Users {
    None,
    One(OpId),
    Many,
}

fn users(function: &Function) -> Vec<Users> {
    let mut users = vec![Users::None; function.value_count()];
    for id in (0..function.op_count()).map(|index| OpId(index as u32)) {
        for operand in &function.op(id).operands {
            let user = &mut users[operand.index()];
            *user = if let Users::None = user { Users::One(id) } else { Users::Many };
        }
    }
    users
}

/// `done`: the transposes whose operand is turned already.
fn visit(rewriter: &mut Rewriter<'_>, id: OpId, users: &[Users], done: &mut [bool]) -> Step {
    let operation = rewriter.function.op(id);
    match &operation.op {
        Op::Transpose(_) if done[id.index()] => Step::Replace(operation.operands.iter().copied().collect()),
        Op::DotGeneral(dot) => {
            let result = operation.results[0];
            let Some(&Users::One(user)) = users.get(result.index()) else { return Step::Keep };
            let Op::Transpose(transpose) = &rewriter.function.op(user).op else { return Step::Keep };
            let rank = rewriter.function.tensor(result).rank();
            let (lhs, rhs) = (operation.operands[0], operation.operands[1]);
            let batch = dot.lhs_batching_dimensions.len();
            let left = rewriter.function.tensor(lhs).rank() - dot.lhs_contracting_dimensions.len();
            let turned = (0..batch).chain(left..rank).chain(batch..left);
            if !turned.eq(transpose.permutation.iter().map(|&axis| axis as usize)) {
                return Step::Keep;
            }
            let mut dot = dot.clone();
            swap(&mut dot.lhs_batching_dimensions, &mut dot.rhs_batching_dimensions);
            swap(&mut dot.lhs_contracting_dimensions, &mut dot.rhs_contracting_dimensions);
            swap(&mut dot.lhs_component_count, &mut dot.rhs_component_count);
            swap(&mut dot.lhs_precision_type, &mut dot.rhs_precision_type);
            dot.precision_config.reverse();
            done[user.index()] = true;
            let ty = rewriter.tensor(rewriter.function.op(user).results[0]);
            Step::Replace([rewriter.one(Op::DotGeneral(dot), &[rhs, lhs], ty)].into_iter().collect())
        }
        _ => Step::Keep,
    }
}
