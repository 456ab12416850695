//! `sort`, with the comparators that JAX writes recognised as keys.

use ops::attributes::Sort;
use ops::{BinaryOp, ComparisonDirection, ComparisonType};
use plan::library::{self, SortKey, SortOrder};
use plan::{Block, Graph, NodeId, NodeOp, StepOp};
use stablehlo::Operation;
use tensor::Scalar;

use super::{Lowering, scalar_function};
use crate::Error;

impl<'a> Lowering<'a> {
    pub(super) fn sort(
        &mut self,
        operation: &'a Operation,
        sort: &Sort,
        block: &mut Block,
    ) -> Result<(), Error> {
        let function = self.function;
        let dims = &function.tensor(operation.operands[0]).dims;
        let axis =
            if sort.dimension < 0 { sort.dimension + dims.len() as i64 } else { sort.dimension } as usize;
        let graph = scalar_function(self, operation.regions[0])?;
        let order = match keys(&graph) {
            Some(keys) => SortOrder::Keys(keys),
            None => SortOrder::Graph(graph),
        };
        let step = library::Sort {
            dtypes: operation.operands.iter().map(|&v| function.tensor(v).dtype).collect(),
            outer: dims[..axis].iter().product(),
            size: dims[axis],
            inner: dims[axis + 1..].iter().product(),
            order,
            stable: sort.is_stable,
        };
        self.push(operation, StepOp::Sort(step), block)
    }
}

/// The keys of a lexicographic comparator: `a0 < b0 || (a0 == b0 && (...))`.
fn keys(graph: &Graph) -> Option<Vec<SortKey>> {
    let [mut result] = graph.results[..] else { return None };
    let mut keys = Vec::new();
    loop {
        if let Some(key) = comparison(graph, result) {
            keys.push(key.0);
            return Some(keys);
        }
        let NodeOp::Binary(BinaryOp::Or, less, rest) = node(graph, result) else { return None };
        let NodeOp::Binary(BinaryOp::And, equal, next) = node(graph, *rest) else { return None };
        let (key, operands) = comparison(graph, *less)?;
        let NodeOp::Compare(ComparisonDirection::Eq, _, a, b) = node(graph, *equal) else { return None };
        if (*a, *b) != operands {
            return None;
        }
        keys.push(key);
        result = *next;
    }
}

fn node(graph: &Graph, id: NodeId) -> &NodeOp {
    &graph.nodes[id.index()].op
}

/// The key of a single comparison, and the nodes it compares.
fn comparison(graph: &Graph, id: NodeId) -> Option<(SortKey, (NodeId, NodeId))> {
    let NodeOp::Compare(direction, kind, a, b) = *node(graph, id) else { return None };
    let descending = match direction {
        ComparisonDirection::Lt => false,
        ComparisonDirection::Gt => true,
        _ => return None,
    };
    let (left, left_weak) = key_argument(graph, a)?;
    let (right, right_weak) = key_argument(graph, b)?;
    if right != left + 1 || left % 2 != 0 || left_weak != right_weak {
        return None;
    }
    let float = graph.nodes[a.index()].dtype.is_float();
    let total = match kind {
        ComparisonType::TotalOrder => !left_weak,
        // IEEE `<` leaves NaN unordered: any place is right for it, so the weak order serves.
        _ if float && left_weak => return None,
        _ => false,
    };
    if graph.nodes[a.index()].dtype.is_complex() {
        return None;
    }
    Some((SortKey { array: left / 2, descending, total }, (a, b)))
}

/// The argument below the normalisation of zeros and NaNs that JAX puts before a total order, and whether
/// it is there: `select(x != x, nan, select(x == 0, 0, x))`.
fn key_argument(graph: &Graph, id: NodeId) -> Option<(usize, bool)> {
    if let NodeOp::Argument(index) = *node(graph, id) {
        return Some((index, false));
    }
    let NodeOp::Select(is_nan, nan, rest) = *node(graph, id) else { return None };
    let NodeOp::Select(is_zero, zero, x) = *node(graph, rest) else { return None };
    let NodeOp::Argument(index) = *node(graph, x) else { return None };
    let constant = |id: NodeId| match node(graph, id) {
        NodeOp::Constant(value) => Some(*value),
        _ => None,
    };
    let dtype = graph.nodes[x.index()].dtype;
    let tests_nan = matches!(*node(graph, is_nan),
        NodeOp::Compare(ComparisonDirection::Ne, _, a, b) if a == x && b == x);
    let tests_zero = matches!(*node(graph, is_zero),
        NodeOp::Compare(ComparisonDirection::Eq, _, a, b) if a == x && constant(b).is_some_and(|v| v.is(0)));
    let writes = constant(nan).is_some_and(|v| v.as_f64().is_nan() && v.as_f64().is_sign_positive())
        && constant(zero) == Some(Scalar::zero(dtype));
    (tests_nan && tests_zero && writes).then_some((index, true))
}
