//! Combiners of folds: recognised as one scalar operation, or made independent of the order of combining.

use ops::{BinaryOp, ComparisonDirection, ComparisonType};
use plan::{Combiner, Graph, NodeId, NodeOp};

/// The combiner of a fold's scalar function.
pub fn combiner(graph: Graph) -> Combiner {
    match graph.as_binary() {
        Some(op) => Combiner::Binary(op),
        None => Combiner::Graph(first_of_equal_nans(&graph).unwrap_or(graph)),
    }
}

/// JAX's argmax and argmin take the first operand when both are NaN, whatever their positions: right only
/// if elements are combined in order. Engines are free to choose the order, so two NaNs are told apart by
/// position, as other equal values are ([`Graph::first_extreme`]):
///
/// ```text
/// pick = a > b | a != a                                // before
/// pick = a > b | (a != a & (b == b | i < j))           // after
/// result = select(pick, a, b), select(pick | (a == b & i < j), i, j)
/// ```
fn first_of_equal_nans(graph: &Graph) -> Option<Graph> {
    let [value, position] = graph.results[..] else { return None };
    let op = |id: NodeId| &graph.nodes[id.index()].op;
    let NodeOp::Select(pick, a, b) = *op(value) else { return None };
    let NodeOp::Select(pick_position, i, j) = *op(position) else { return None };
    let arguments = [a, i, b, j].map(|id| match op(id) {
        NodeOp::Argument(index) => Some(*index),
        _ => None,
    });
    let [values, positions] = [a, i].map(|id| graph.nodes[id.index()].dtype);
    if arguments != [Some(0), Some(1), Some(2), Some(3)] || !values.is_float() {
        return None;
    }
    let NodeOp::Binary(BinaryOp::Or, beyond, is_nan) = *op(pick) else { return None };
    let NodeOp::Binary(BinaryOp::Or, picked, tie) = *op(pick_position) else { return None };
    let NodeOp::Binary(BinaryOp::And, equal, earlier) = *op(tie) else { return None };
    let compared = |id: NodeId| match *op(id) {
        NodeOp::Compare(_, ComparisonType::TotalOrder | ComparisonType::WeakOrder, ..) => None,
        NodeOp::Compare(direction, _, x, y) => Some((direction, x, y)),
        _ => None,
    };
    let (direction, x, y) = compared(beyond)?;
    let known = picked == pick
        && (x, y) == (a, b)
        && compared(is_nan)? == (ComparisonDirection::Ne, a, a)
        && compared(equal)? == (ComparisonDirection::Eq, a, b)
        && compared(earlier)? == (ComparisonDirection::Lt, i, j);
    if known { Graph::first_extreme(direction, values, positions) } else { None }
}

#[cfg(test)]
mod tests {
    use plan::Node;
    use smallvec::smallvec;
    use tensor::DType;

    use super::*;

    /// JAX's argmax reducer over (f32, i32).
    fn argmax() -> Graph {
        use ComparisonDirection::{Eq, Gt, Lt, Ne};
        let id = NodeId;
        let compare = |direction, a, b| NodeOp::Compare(direction, ComparisonType::Float, id(a), id(b));
        let ops = vec![
            (NodeOp::Argument(0), DType::F32),
            (NodeOp::Argument(1), DType::I32),
            (NodeOp::Argument(2), DType::F32),
            (NodeOp::Argument(3), DType::I32),
            (compare(Gt, 0, 2), DType::Bool),
            (compare(Ne, 0, 0), DType::Bool),
            (NodeOp::Binary(BinaryOp::Or, id(4), id(5)), DType::Bool),
            (compare(Eq, 0, 2), DType::Bool),
            (compare(Lt, 1, 3), DType::Bool),
            (NodeOp::Binary(BinaryOp::And, id(7), id(8)), DType::Bool),
            (NodeOp::Binary(BinaryOp::Or, id(6), id(9)), DType::Bool),
            (NodeOp::Select(id(6), id(0), id(2)), DType::F32),
            (NodeOp::Select(id(10), id(1), id(3)), DType::I32),
        ];
        Graph {
            arguments: smallvec![DType::F32, DType::I32, DType::F32, DType::I32],
            nodes: ops.into_iter().map(|(op, dtype)| Node { op, dtype }).collect(),
            results: smallvec![id(11), id(12)],
        }
    }

    #[test]
    fn argmax_tells_nans_apart_by_position() {
        let Combiner::Graph(graph) = combiner(argmax()) else { panic!("not one operation") };
        let text: Vec<_> = graph.nodes.iter().map(|node| node.op.to_string()).collect();
        assert_eq!(
            text,
            [
                "arg0",
                "arg1",
                "arg2",
                "arg3",
                "compare LT NOTYPE v1, v3",
                "compare GT NOTYPE v0, v2",
                "compare NE NOTYPE v0, v0",
                "compare EQ NOTYPE v2, v2",
                "or v7, v4",
                "and v6, v8",
                "or v5, v9",
                "compare EQ NOTYPE v0, v2",
                "and v11, v4",
                "or v10, v12",
                "select v10, v0, v2",
                "select v13, v1, v3",
            ]
        );
        assert_eq!(Some(graph), Graph::first_extreme(ComparisonDirection::Gt, DType::F32, DType::I32));
    }

    #[test]
    fn other_graphs_stay() {
        let mut graph = argmax();
        graph.nodes[8].op =
            NodeOp::Compare(ComparisonDirection::Gt, ComparisonType::Float, NodeId(1), NodeId(3));
        assert_eq!(combiner(graph.clone()), Combiner::Graph(graph));
    }
}
