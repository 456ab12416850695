//! Arithmetic on bf16 within a kernel, done in f32 and rounded where values leave it.
//!
//! What one operation hands to the next keeps its f32 bits, as XLA has it unless `xla_allow_excess_precision` is off:
//! results come nearer to those of real numbers, and most roundings cost nothing. Values are rounded where they are
//! stored, folded, kept for a later stage or looked at as bits, and where the program itself converts or rounds.
//!
//! ```text
//! v0 = in0[a0] : bf16                 v0 = in0[a0] : bf16
//!                                     v1 = convert v0 : f32
//! v1 = tanh v0 : bf16          ->     v2 = widened tanh v1 : f32
//! v2 = multiply v1, v0 : bf16         v3 = multiply v2, v1 : f32
//!                                     v4 = convert v3 : bf16
//! out0[a0] = v2                       out0[a0] = v4
//! ```
//!
//! Functions say that they are widened, so that engines may compute them as accurately as bf16 needs. f16 stays as it
//! is: rounding to it can overflow.

use ops::{BinaryOp, UnaryOp};
use plan::{Kernel, Node, NodeId, NodeOp, Stage};
use smallvec::{SmallVec, smallvec};
use tensor::{DType, Scalar};

use super::nodes::Nodes;

/// Widens every stage of a kernel.
pub fn widen(kernel: &mut Kernel) {
    kernel.stages.iter_mut().for_each(stage);
}

fn stage(stage: &mut Stage) {
    if !stage.nodes.iter().any(|node| node.dtype == DType::BF16) {
        return;
    }
    let mut widening = Widening::default();
    stage.nodes.iter().for_each(|node| widening.node(node));
    if !widening.gains {
        return;
    }
    for store in &mut stage.stores {
        store.value = widening.rounded(store.value);
    }
    for (_, value) in &mut stage.scratch {
        *value = widening.rounded(*value);
    }
    for reduction in &mut stage.reductions {
        let values = reduction.inputs.iter_mut().chain(&mut reduction.initial);
        values.for_each(|value| *value = widening.rounded(*value));
    }
    stage.nodes = widening.nodes.finish();
}

/// A value of the old nodes among the new ones.
#[derive(Clone, Copy, Default)]
struct Forms {
    /// As it was.
    rounded: Option<NodeId>,
    /// In f32, perhaps with bits that its type lacks.
    wide: Option<NodeId>,
}

#[derive(Default)]
struct Widening {
    nodes: Nodes,
    /// By the number of the old node.
    forms: Vec<Forms>,
    /// Whether a rounding was saved.
    gains: bool,
}

impl Widening {
    /// An old value in its own type.
    fn rounded(&mut self, old: NodeId) -> NodeId {
        match self.forms[old.index()] {
            Forms { rounded: Some(id), .. } => id,
            Forms { wide: Some(wide), .. } => {
                let id = self.nodes.add(NodeOp::Convert(wide), DType::BF16);
                self.forms[old.index()].rounded = Some(id);
                id
            }
            Forms { rounded: None, wide: None } => unreachable!("operands come before their users"),
        }
    }

    /// An old value of type bf16 in f32.
    fn wide(&mut self, old: NodeId) -> NodeId {
        if let Some(wide) = self.forms[old.index()].wide {
            return wide;
        }
        let rounded = self.rounded(old);
        let id = match self.nodes[rounded].op {
            NodeOp::Constant(value) => {
                let value = Scalar::from_f64(DType::F32, value.as_f64());
                self.nodes.add(NodeOp::Constant(value), DType::F32)
            }
            _ => self.nodes.add(NodeOp::Convert(rounded), DType::F32),
        };
        self.forms[old.index()].wide = Some(id);
        id
    }

    /// Whether an old value is only there with more bits than its type has.
    fn exceeds(&self, old: NodeId) -> bool {
        self.forms[old.index()].rounded.is_none()
    }

    /// Adds the next of the old nodes.
    fn node(&mut self, node: &Node) {
        let operands = float_operands(&node.op);
        let exceeds = operands.iter().any(|&operand| self.exceeds(operand));
        let form = match &node.op {
            // Of a value with more bits the conversion to f32 is that value.
            NodeOp::Convert(a) if node.dtype == DType::F32 && exceeds => {
                Forms { rounded: Some(self.wide(*a)), wide: None }
            }
            op if exceeds || (node.dtype == DType::BF16 && rounds(op)) => {
                let mut op = op.clone();
                // Predicates of choices are among the operands, but are no floats.
                op.map_operands(|old| match operands.contains(&old) {
                    true => self.wide(old),
                    false => self.rounded(old),
                });
                self.gains |= exceeds;
                match node.dtype {
                    DType::BF16 => {
                        let op = match op {
                            NodeOp::Unary(unary, a) if rounds(&op) => NodeOp::Widened(unary, a),
                            op => op,
                        };
                        Forms { rounded: None, wide: Some(self.nodes.add(op, DType::F32)) }
                    }
                    other => Forms { rounded: Some(self.nodes.add(op, other)), wide: None },
                }
            }
            op => {
                let mut op = op.clone();
                op.map_operands(|old| self.rounded(old));
                Forms { rounded: Some(self.nodes.add(op, node.dtype)), wide: None }
            }
        };
        self.forms.push(form);
    }
}

/// The operands of an operation on values, which are of one type, where it may be done in another.
fn float_operands(op: &NodeOp) -> SmallVec<[NodeId; 2]> {
    match *op {
        NodeOp::Unary(_, a) | NodeOp::Convert(a) => smallvec![a],
        NodeOp::Binary(_, a, b) | NodeOp::Compare(_, _, a, b) | NodeOp::Select(_, a, b) => smallvec![a, b],
        _ => SmallVec::new(),
    }
}

/// Whether the result of an operation on floats has to be rounded.
fn rounds(op: &NodeOp) -> bool {
    match op {
        NodeOp::Unary(op, _) => !matches!(
            op,
            UnaryOp::Abs
                | UnaryOp::Ceil
                | UnaryOp::Floor
                | UnaryOp::Negate
                | UnaryOp::RoundNearestAfz
                | UnaryOp::RoundNearestEven
                | UnaryOp::Sign
        ),
        NodeOp::Binary(op, ..) => !matches!(op, BinaryOp::Maximum | BinaryOp::Minimum),
        _ => false,
    }
}
