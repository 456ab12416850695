//! The nodes of a stage while they are made.

use std::collections::HashMap;
use std::ops::Index;

use plan::{Node, NodeId, NodeOp};
use tensor::DType;

/// Nodes in order, no two equal.
#[derive(Default)]
pub struct Nodes {
    list: Vec<Node>,
    known: HashMap<Node, NodeId>,
}

impl Nodes {
    /// Adds a node, or finds its equal.
    pub fn add(&mut self, op: NodeOp, dtype: DType) -> NodeId {
        let node = Node { op, dtype };
        if let Some(&found) = self.known.get(&node) {
            return found;
        }
        let id = NodeId(self.list.len() as u32);
        self.list.push(node.clone());
        self.known.insert(node, id);
        id
    }

    /// All of them.
    pub fn finish(self) -> Vec<Node> {
        self.list
    }
}

impl Index<NodeId> for Nodes {
    type Output = Node;

    fn index(&self, id: NodeId) -> &Node {
        &self.list[id.index()]
    }
}
