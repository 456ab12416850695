//! Combiners of folds: recognised as one scalar operation, or made independent of the order of combining.

use ops::{BinaryOp, ComparisonDirection, ComparisonType};
use plan::{Combiner, Graph, Node, NodeId, NodeOp};
use tensor::DType;

/// The combiner of a fold's scalar function.
pub fn combiner(graph: Graph) -> Combiner {
    match graph.as_binary() {
        Some(op) => Combiner::Binary(op),
        None => Combiner::Graph(first_of_equal_nans(&graph).unwrap_or(graph)),
    }
}

/// JAX's argmax and argmin take the first operand when both are NaN, whatever their positions: right only
/// if elements are combined in order. Engines are free to choose the order, so two NaNs are told apart by
/// position, as other equal values are:
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
    if arguments != [Some(0), Some(1), Some(2), Some(3)] || !graph.nodes[a.index()].dtype.is_float() {
        return None;
    }
    let NodeOp::Binary(BinaryOp::Or, _, is_nan) = *op(pick) else { return None };
    let NodeOp::Compare(ComparisonDirection::Ne, kind, x, y) = *op(is_nan) else { return None };
    let NodeOp::Binary(BinaryOp::Or, picked, tie) = *op(pick_position) else { return None };
    let NodeOp::Binary(BinaryOp::And, _, earlier) = *op(tie) else { return None };
    let NodeOp::Compare(ComparisonDirection::Lt, ..) = *op(earlier) else { return None };
    if (x, y) != (a, a) || picked != pick {
        return None;
    }
    Some(rebuild(graph, pick, is_nan, b, earlier, kind))
}

/// The graph with `pick` using `is_nan & (b == b | earlier)` in the place of `is_nan`. Nodes are put in a new
/// order, in which `earlier` comes before `pick`.
fn rebuild(
    graph: &Graph,
    pick: NodeId,
    is_nan: NodeId,
    b: NodeId,
    earlier: NodeId,
    kind: ComparisonType,
) -> Graph {
    let mut builder = Rebuild { graph, nodes: Vec::new(), place: vec![None; graph.nodes.len()] };
    let nan = builder.copy(is_nan);
    let earlier = builder.copy(earlier);
    let b = builder.copy(b);
    let number = builder.push(NodeOp::Compare(ComparisonDirection::Eq, kind, b, b));
    let first = builder.push(NodeOp::Binary(BinaryOp::Or, number, earlier));
    let wins = builder.push(NodeOp::Binary(BinaryOp::And, nan, first));
    let NodeOp::Binary(_, above, _) = graph.nodes[pick.index()].op else { unreachable!("matched above") };
    let above = builder.copy(above);
    builder.place[pick.index()] = Some(builder.push(NodeOp::Binary(BinaryOp::Or, above, wins)));
    let results = graph.results.iter().map(|&id| builder.copy(id)).collect();
    Graph { arguments: graph.arguments.clone(), nodes: builder.nodes, results }
}

struct Rebuild<'a> {
    graph: &'a Graph,
    nodes: Vec<Node>,
    /// Where a node of the old graph is in the new one.
    place: Vec<Option<NodeId>>,
}

impl Rebuild<'_> {
    /// Adds a `bool` node.
    fn push(&mut self, op: NodeOp) -> NodeId {
        self.add(Node { op, dtype: DType::Bool })
    }

    fn add(&mut self, node: Node) -> NodeId {
        self.nodes.push(node);
        NodeId((self.nodes.len() - 1) as u32)
    }

    /// Copies a node and what it needs.
    fn copy(&mut self, id: NodeId) -> NodeId {
        if let Some(done) = self.place[id.index()] {
            return done;
        }
        let mut node = self.graph.nodes[id.index()].clone();
        node.op.map_operands(|operand| self.copy(operand));
        let new = self.add(node);
        self.place[id.index()] = Some(new);
        new
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use smallvec::smallvec;

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
                "compare NE FLOAT v0, v0",
                "arg1",
                "arg3",
                "compare LT FLOAT v2, v3",
                "arg2",
                "compare EQ FLOAT v5, v5",
                "or v6, v4",
                "and v1, v7",
                "compare GT FLOAT v0, v5",
                "or v9, v8",
                "select v10, v0, v5",
                "compare EQ FLOAT v0, v5",
                "and v12, v4",
                "or v10, v13",
                "select v14, v2, v3",
            ]
        );
    }

    #[test]
    fn other_graphs_stay() {
        let mut graph = argmax();
        graph.nodes[8].op =
            NodeOp::Compare(ComparisonDirection::Gt, ComparisonType::Float, NodeId(1), NodeId(3));
        assert_eq!(combiner(graph.clone()), Combiner::Graph(graph));
    }
}
