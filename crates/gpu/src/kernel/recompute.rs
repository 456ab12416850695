//! Row-local arrays that are computed again where they are read: dearer in operations, cheaper in memory.
//!
//! ```text
//! stage [n]  v1 = exp(in0[..] - row0)  scratch0 = v1     ->  stage [n]  v1 = exp(in0[..] - row0)
//! stage [n]  v0 = scratch0                               ->  stage [n]  v0 = exp(in0[..] - row0)
//! ```

use plan::{Kernel, Node, NodeId, NodeOp, Stage};

/// The same kernel without row-local arrays, or `None` if it has none, or if a stage stores before another reads one:
/// an output may be the memory of an input.
pub(super) fn recompute(kernel: &Kernel) -> Option<Kernel> {
    let reads = |stage: &Stage| stage.nodes.iter().any(|node| matches!(node.op, NodeOp::Scratch(_)));
    let first_store = kernel.stages.iter().position(|stage| !stage.stores.is_empty());
    let last_read = kernel.stages.iter().rposition(reads)?;
    if first_store.is_some_and(|store| store < last_read) {
        return None;
    }
    let mut out = kernel.clone();
    out.scratch.clear();
    // For each array: the stage that wrote it and the value.
    let mut writers: Vec<Option<(usize, NodeId)>> = vec![None; kernel.scratch.len()];
    for (number, stage) in kernel.stages.iter().enumerate() {
        let mut nodes = Vec::new();
        let mut map: Vec<NodeId> = Vec::new();
        for node in &stage.nodes {
            let id = match node.op {
                NodeOp::Scratch(array) => {
                    let (writer, value) = writers[array]?;
                    let from = &out.stages[writer].nodes;
                    copy(from, value, &mut nodes, &mut vec![None; from.len()])
                }
                _ => {
                    let mut node = node.clone();
                    node.op.map_operands(|id| map[id.index()]);
                    push(&mut nodes, node)
                }
            };
            map.push(id);
        }
        for &(array, value) in &stage.scratch {
            writers[array] = Some((number, map[value.index()]));
        }
        out.stages[number] = mapped(stage, nodes, &map);
    }
    Some(out)
}

/// A stage over other nodes, without its row-local arrays.
fn mapped(stage: &Stage, nodes: Vec<Node>, map: &[NodeId]) -> Stage {
    let mut stage = Stage { nodes, scratch: Vec::new(), ..stage.clone() };
    let to = |id: &mut NodeId| *id = map[id.index()];
    for reduction in &mut stage.reductions {
        reduction.inputs.iter_mut().chain(&mut reduction.initial).for_each(to);
    }
    for store in &mut stage.stores {
        store.access.map_operands(|id| map[id.index()]);
        to(&mut store.value);
    }
    stage
}

/// Copies a node with all that it needs; nodes that exist already serve.
fn copy(from: &[Node], id: NodeId, nodes: &mut Vec<Node>, known: &mut [Option<NodeId>]) -> NodeId {
    if let Some(known) = known[id.index()] {
        return known;
    }
    let mut node = from[id.index()].clone();
    node.op.map_operands(|operand| copy(from, operand, nodes, known));
    let copied = push(nodes, node);
    known[id.index()] = Some(copied);
    copied
}

fn push(nodes: &mut Vec<Node>, node: Node) -> NodeId {
    let at = nodes.iter().position(|known| *known == node).unwrap_or_else(|| {
        nodes.push(node);
        nodes.len() - 1
    });
    NodeId(at as u32)
}
