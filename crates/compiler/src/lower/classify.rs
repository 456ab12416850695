//! What kind of unit each operation is for fusion.

use ops::{BinaryOp, Op, UnaryOp};
use stablehlo::{Function, Operation};

/// Most operands of a `concatenate` that is read through conditions; longer ones are written part by part.
const MOST_JOINED: usize = 4;

/// What kind of unit an operation is for fusion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Changes where elements are, not their values.
    View,
    /// Computes each element from the operands' elements at the same position.
    Point,
    /// Reads elements at computed positions.
    Leaf,
    /// Folds dimensions.
    Fold,
    /// Writes into a part of an array.
    Update,
    /// A step of its own.
    Single,
    /// Needs no step: constants, the region's end.
    Nothing,
}

/// The kind of an operation.
pub fn kind(function: &Function, operation: &Operation) -> Kind {
    match &operation.op {
        Op::Unary(_)
        | Op::Binary(_)
        | Op::Compare(_)
        | Op::Select
        | Op::Clamp
        | Op::Convert
        | Op::ReducePrecision(_) => Kind::Point,
        Op::BitcastConvert => {
            let from = function.tensor(operation.operands[0]).dtype;
            let to = function.tensor(operation.results[0]).dtype;
            if from.size() == to.size() && from.bits() == to.bits() { Kind::Point } else { Kind::Single }
        }
        Op::BroadcastInDim(_)
        | Op::Reshape
        | Op::Transpose(_)
        | Op::Slice(_)
        | Op::Reverse(_)
        | Op::Pad(_)
        | Op::Iota(_) => Kind::View,
        Op::Concatenate(_) if operation.operands.len() <= MOST_JOINED => Kind::View,
        Op::Gather(_) | Op::DynamicSlice(_) => Kind::Leaf,
        Op::Reduce(_) => Kind::Fold,
        Op::DynamicUpdateSlice => Kind::Update,
        Op::Constant(_) | Op::Return => Kind::Nothing,
        _ => Kind::Single,
    }
}

/// Whether an op can be part of a fused kernel, or needs no step.
pub fn is_fusible(op: &Op) -> bool {
    matches!(
        op,
        Op::Unary(_)
            | Op::Binary(_)
            | Op::Compare(_)
            | Op::Select
            | Op::Clamp
            | Op::Convert
            | Op::ReducePrecision(_)
            | Op::BroadcastInDim(_)
            | Op::Reshape
            | Op::Transpose(_)
            | Op::Slice(_)
            | Op::Reverse(_)
            | Op::Pad(_)
            | Op::Iota(_)
            | Op::Gather(_)
            | Op::DynamicSlice(_)
            | Op::Reduce(_)
            | Op::DynamicUpdateSlice
            | Op::Constant(_)
            | Op::Return
    )
}

/// Work of an elementwise operation per element, in units of an addition.
pub fn cost(function: &Function, operation: &Operation) -> u32 {
    let complex = operation.results.iter().any(|&v| function.tensor(v).dtype.is_complex());
    let base = match &operation.op {
        Op::Unary(op) => unary_cost(*op),
        Op::Binary(op) => binary_cost(*op),
        Op::Clamp | Op::ReducePrecision(_) => 2,
        _ => 1,
    };
    if complex { 4 * base } else { base }
}

/// Work of a scalar operation, in units of an addition.
pub fn unary_cost(op: UnaryOp) -> u32 {
    use UnaryOp::*;
    match op {
        Abs | Negate | Not | Real | Imag | IsFinite | Sign | Floor | Ceil | RoundNearestEven => 1,
        RoundNearestAfz | Popcnt | CountLeadingZeros => 2,
        Sqrt | Rsqrt => 4,
        _ => 12,
    }
}

/// Work of a scalar operation, in units of an addition.
pub fn binary_cost(op: BinaryOp) -> u32 {
    match op {
        BinaryOp::Divide => 3,
        BinaryOp::Remainder => 6,
        BinaryOp::Atan2 | BinaryOp::Power => 24,
        _ => 1,
    }
}
