//! Operations that a compiler which takes floats for real numbers would take apart.
//!
//! ```text
//! x - x            0, but of infinity and NaN
//! (x + y) - x      y, but for what rounding loses: error-free sums are made of these
//! x * 0, 0 / x     0, but of infinity and NaN, and but for the sign
//! x + 0, 0 - x     x and -x, but for the sign of zero
//! sqrt(x)^2        x, but of negative numbers
//! ```
//!
//! Compilers of shaders do that, and none can be told not to on all systems; one operand is hidden from them.

use ops::{BinaryOp, UnaryOp};
use plan::{Node, NodeId, NodeOp};

/// Sums that are looked into, one in the other.
const DEPTH: u32 = 3;

/// Which operand of a node must be hidden from compilers, if one must: 0 or 1.
pub(super) fn hidden_operand(nodes: &[Node], node: &Node) -> Option<usize> {
    let NodeOp::Binary(op, a, b) = node.op else { return None };
    if !node.dtype.is_float() {
        return None;
    }
    let is_zero =
        |id: NodeId| matches!(nodes[id.index()].op, NodeOp::Constant(value) if value.as_f64() == 0.0);
    let hidden = match op {
        BinaryOp::Add | BinaryOp::Subtract => {
            let mut terms = Vec::new();
            collect(nodes, a, false, DEPTH, &mut terms);
            let first = terms.len();
            collect(nodes, b, op == BinaryOp::Subtract, DEPTH, &mut terms);
            let (left, right) = terms.split_at(first);
            let cancelling = left.iter().position(|&(id, negative)| right.contains(&(id, !negative)));
            match cancelling {
                // A term that is hidden twice is one value again: hidden is the sum that it is in.
                Some(0) => Some(1),
                Some(_) => Some(0),
                None if is_zero(a) => Some(0),
                None => (op == BinaryOp::Add && is_zero(b)).then_some(1),
            }
        }
        BinaryOp::Multiply if a == b => {
            matches!(nodes[a.index()].op, NodeOp::Unary(UnaryOp::Sqrt, _)).then_some(0)
        }
        BinaryOp::Multiply | BinaryOp::Divide => [a, b].into_iter().position(is_zero),
        _ => None,
    };
    // Of two constants nothing is left to take apart.
    hidden.filter(|_| [a, b].iter().any(|id| !matches!(nodes[id.index()].op, NodeOp::Constant(_))))
}

/// The terms of a sum, the sums in it included, and whether they are subtracted.
fn collect(nodes: &[Node], id: NodeId, negative: bool, depth: u32, terms: &mut Vec<(NodeId, bool)>) {
    terms.push((id, negative));
    if depth == 0 {
        return;
    }
    match nodes[id.index()].op {
        NodeOp::Binary(op @ (BinaryOp::Add | BinaryOp::Subtract), a, b) => {
            collect(nodes, a, negative, depth - 1, terms);
            collect(nodes, b, negative != (op == BinaryOp::Subtract), depth - 1, terms);
        }
        NodeOp::Unary(UnaryOp::Negate, a) => collect(nodes, a, !negative, depth - 1, terms),
        _ => {}
    }
}
