//! Passes: module in, module out. [`crate::pipeline`] lists them in order.

pub mod canonicalize;
pub mod contract;
pub mod expand;
pub mod inline;
mod rewrite;
pub mod sharding;
pub mod turn;

use ops::Op;
use stablehlo::{Function, Module, OpId, Operation};

/// Whether an op may be removed when its results are unused, and shared with an equal one. Control flow is
/// as pure as what it holds.
pub(crate) fn is_pure(function: &Function, id: OpId) -> bool {
    let operation = function.op(id);
    match &operation.op {
        Op::CustomCall(attrs) => !attrs.has_side_effect,
        Op::While | Op::Case | Op::If | Op::ManualComputation => operation
            .regions
            .iter()
            .flat_map(|&region| &function.region(region).ops)
            .all(|&nested| matches!(function.op(nested).op, Op::Return) || is_pure(function, nested)),
        op => !has_effect(op),
    }
}

/// What the table says; a match, since this is asked of every op several times.
fn has_effect(op: &Op) -> bool {
    matches!(
        op,
        Op::AllGather(_)
            | Op::AllReduce(_)
            | Op::AllToAll(_)
            | Op::AsyncDone
            | Op::AsyncStart
            | Op::Call(_)
            | Op::CollectiveBroadcast(_)
            | Op::CollectivePermute(_)
            | Op::CollectiveReduce(_)
            | Op::Composite(_)
            | Op::CrossReplicaSum(_)
            | Op::Infeed(_)
            | Op::Outfeed(_)
            | Op::Recv(_)
            | Op::ReduceScatter(_)
            | Op::Return
            | Op::Rng(_)
            | Op::Send(_)
    )
}

/// Whether an op's regions are functions of scalars, which see nothing of the values around them.
pub(crate) fn is_isolated(op: &Op) -> bool {
    !matches!(op, Op::While | Op::Case | Op::If | Op::ManualComputation)
}

/// The op and its source location, for messages.
pub(crate) fn origin(module: &Module, operation: &Operation) -> String {
    format!("stablehlo.{} at {}", operation.op.mnemonic(), module.locations.describe(operation.location))
}

#[cfg(test)]
mod tests {
    use ops::AttrMap;

    use super::*;

    #[test]
    fn effects_are_those_of_the_table() {
        for row in Op::all() {
            // Ops that need attributes are spelled out in the match above.
            let Ok(op) = Op::build(row.mnemonic, &mut AttrMap::default()) else { continue };
            let nests = matches!(op, Op::While | Op::Case | Op::If | Op::ManualComputation);
            assert_eq!(has_effect(&op), row.side_effect && !nests, "{}", row.mnemonic);
        }
    }
}
