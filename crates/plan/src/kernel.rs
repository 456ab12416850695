//! The fused kernel: a short sequence of stages over shared parallel dimensions.
//!
//! ```text
//! for each index of `parallel`                 // a "row"; rows are independent of each other
//!   for each stage in order
//!     for each index of `stage.inner`          // mapped, or folded by the stage's reductions
//!       evaluate `stage.nodes` (loads and scalar operations in SSA form)
//!       fold into `stage.reductions`, write `stage.stores` and `stage.scratch`
//! ```
//!
//! Axes of a stage are numbered: the parallel dimensions first, then its inner ones. A later stage sees
//! the reduced values of earlier ones ([`NodeOp::Row`]) and the row-local arrays they wrote
//! ([`NodeOp::Scratch`]). Softmax is one kernel of three stages; an elementwise kernel has one stage
//! without inner dimensions.
//!
//! A kernel may write an output that shares memory with an input only where the plan says so, and then
//! each index reads only the element that it writes.

use ops::{BinaryOp, ComparisonDirection, ComparisonType, UnaryOp};
use serde::{Deserialize, Serialize};
use smallvec::{SmallVec, smallvec};
use tensor::{DType, Dims, Scalar};

/// A fused loop nest.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Kernel {
    /// Sizes of the dimensions that rows run over.
    pub parallel: Dims,
    /// Element type of each input array, in the order of the step's read slots.
    pub inputs: Vec<DType>,
    /// Element type of each output array, in the order of the step's written slots.
    pub outputs: Vec<DType>,
    /// Element type of each row-local array. An array has one element per inner index of the stage that
    /// writes it; stages that read it have the same inner dimensions.
    pub scratch: Vec<DType>,
    /// What is done for each row, in order.
    pub stages: Vec<Stage>,
}

/// One pass over a row.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Stage {
    /// Sizes of the dimensions inside the row; empty for one evaluation a row.
    pub inner: Dims,
    /// Values in SSA form: a node refers to earlier ones only.
    pub nodes: Vec<Node>,
    /// Folds over all inner indices. Results are numbered through the kernel: the first stage's first
    /// reduction's first result is row value 0.
    pub reductions: Vec<Reduction>,
    /// Writes to output arrays.
    pub stores: Vec<Store>,
    /// Writes to row-local arrays: (array, value), each at the current inner index.
    pub scratch: Vec<(usize, NodeId)>,
}

impl Stage {
    /// All index expressions: of accesses, their bounds, and index values.
    pub fn visit_exprs(&self, mut f: impl FnMut(&Expr)) {
        let mut access = |access: &Access| {
            f(&access.expr);
            access.bounds.iter().for_each(|bound| f(&bound.expr));
        };
        self.stores.iter().for_each(|store| access(&store.access));
        for node in &self.nodes {
            if let NodeOp::Load { access: load, .. } = &node.op {
                access(load);
            }
        }
        for node in &self.nodes {
            if let NodeOp::Index(expr) = &node.op {
                f(expr);
            }
        }
    }

    /// As [`Stage::visit_exprs`], to change them.
    pub fn visit_exprs_mut(&mut self, mut f: impl FnMut(&mut Expr)) {
        let mut access = |access: &mut Access| {
            f(&mut access.expr);
            access.bounds.iter_mut().for_each(|bound| f(&mut bound.expr));
        };
        self.stores.iter_mut().for_each(|store| access(&mut store.access));
        for node in &mut self.nodes {
            if let NodeOp::Load { access: load, .. } = &mut node.op {
                access(load);
            }
        }
        for node in &mut self.nodes {
            if let NodeOp::Index(expr) = &mut node.op {
                f(expr);
            }
        }
    }
}

/// A node of a stage, by position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct NodeId(pub u32);

impl NodeId {
    /// Position in [`Stage::nodes`].
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// A scalar value and its type.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Node {
    /// How it is computed.
    pub op: NodeOp,
    /// Its type.
    pub dtype: DType,
}

/// How a scalar value is computed.
#[expect(clippy::large_enum_variant, reason = "loads are common; boxing each costs more than the room")]
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum NodeOp {
    /// A known value.
    Constant(Scalar),
    /// The value of an index expression, converted to the node's type.
    Index(Expr),
    /// An element of an input array. Where a bound or the predicate fails nothing is read and the value
    /// is `fill` (which then is present).
    Load {
        /// Which input.
        input: usize,
        /// Which element.
        access: Access,
        /// The value where the access is out of bounds.
        fill: Option<NodeId>,
    },
    /// A reduced value of an earlier stage, the same for all inner indices.
    Row(usize),
    /// The element of a row-local array at the current inner index.
    Scratch(usize),
    /// An argument of a combiner graph: accumulators first, then elements.
    Argument(usize),
    /// A scalar operation of one operand.
    Unary(UnaryOp, NodeId),
    /// A scalar operation of one operand on bf16 that is done in f32: the accuracy of bf16 will do.
    Widened(UnaryOp, NodeId),
    /// A scalar operation of two operands of one type.
    Binary(BinaryOp, NodeId, NodeId),
    /// A comparison of two operands of one type; the result is `bool`.
    Compare(ComparisonDirection, ComparisonType, NodeId, NodeId),
    /// The second where the first is true, else the third.
    Select(NodeId, NodeId, NodeId),
    /// The operand converted to the node's type.
    Convert(NodeId),
    /// The operand's bits as the node's type of equal width.
    Bitcast(NodeId),
    /// The operand rounded to a format of this many exponent and mantissa bits.
    ReducePrecision {
        /// The value.
        operand: NodeId,
        /// Exponent bits.
        exponent_bits: u32,
        /// Mantissa bits.
        mantissa_bits: u32,
    },
}

impl NodeOp {
    /// Calls `f` with every node this one uses, including those of dynamic accesses.
    pub fn visit_operands(&self, mut f: impl FnMut(NodeId)) {
        match self {
            NodeOp::Constant(_)
            | NodeOp::Index(_)
            | NodeOp::Row(_)
            | NodeOp::Scratch(_)
            | NodeOp::Argument(_) => {}
            NodeOp::Load { access, fill, .. } => {
                access.visit_operands(&mut f);
                fill.iter().copied().for_each(f);
            }
            NodeOp::Unary(_, a)
            | NodeOp::Widened(_, a)
            | NodeOp::Convert(a)
            | NodeOp::Bitcast(a)
            | NodeOp::ReducePrecision { operand: a, .. } => f(*a),
            NodeOp::Binary(_, a, b) | NodeOp::Compare(_, _, a, b) => {
                f(*a);
                f(*b);
            }
            NodeOp::Select(p, a, b) => {
                f(*p);
                f(*a);
                f(*b);
            }
        }
    }
}

impl NodeOp {
    /// Replaces every node this one uses, those of dynamic accesses included.
    pub fn map_operands(&mut self, mut f: impl FnMut(NodeId) -> NodeId) {
        match self {
            NodeOp::Constant(_)
            | NodeOp::Index(_)
            | NodeOp::Row(_)
            | NodeOp::Scratch(_)
            | NodeOp::Argument(_) => {}
            NodeOp::Load { access, fill, .. } => {
                access.map_operands(&mut f);
                fill.iter_mut().for_each(|node| *node = f(*node));
            }
            NodeOp::Unary(_, a)
            | NodeOp::Widened(_, a)
            | NodeOp::Convert(a)
            | NodeOp::Bitcast(a)
            | NodeOp::ReducePrecision { operand: a, .. } => *a = f(*a),
            NodeOp::Binary(_, a, b) | NodeOp::Compare(_, _, a, b) => {
                *a = f(*a);
                *b = f(*b);
            }
            NodeOp::Select(p, a, b) => {
                *p = f(*p);
                *a = f(*a);
                *b = f(*b);
            }
        }
    }
}

/// One summand of an index expression: `stride * ((axis / divisor) % modulus)`, floor division.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Term {
    /// Axis of the stage.
    pub axis: usize,
    /// At least 1.
    pub divisor: i64,
    /// 0 for none.
    pub modulus: i64,
    /// Factor.
    pub stride: i64,
}

impl Term {
    /// `stride * axis`.
    pub const fn plain(axis: usize, stride: i64) -> Self {
        Term { axis, divisor: 1, modulus: 0, stride }
    }

    /// Whether there is neither division nor modulus.
    pub const fn is_plain(&self) -> bool {
        self.divisor == 1 && self.modulus == 0
    }

    /// The value at an axis index.
    pub const fn at(&self, index: i64) -> i64 {
        let quotient = index / self.divisor;
        self.stride * if self.modulus == 0 { quotient } else { quotient % self.modulus }
    }
}

/// A quasi-affine function of the stage's axes: `offset + sum of terms`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Expr {
    /// Constant part.
    pub offset: i64,
    /// Summands; at most one with the same axis, divisor and modulus.
    pub terms: SmallVec<[Term; 4]>,
}

impl Expr {
    /// A constant.
    pub fn constant(offset: i64) -> Self {
        Expr { offset, terms: SmallVec::new() }
    }

    /// The index along an axis.
    pub fn axis(axis: usize) -> Self {
        Expr { offset: 0, terms: SmallVec::from_slice(&[Term::plain(axis, 1)]) }
    }

    /// The value at an index of the stage's axes.
    pub fn at(&self, index: &[i64]) -> i64 {
        self.offset + self.terms.iter().map(|term| term.at(index[term.axis])).sum::<i64>()
    }

    /// Adds `factor * other`.
    pub fn add_scaled(&mut self, other: &Expr, factor: i64) {
        self.offset += other.offset * factor;
        for term in &other.terms {
            self.add_term(Term { stride: term.stride * factor, ..*term });
        }
    }

    /// Adds a summand, merging it with one of the same form.
    pub fn add_term(&mut self, term: Term) {
        let same = |t: &Term| t.axis == term.axis && t.divisor == term.divisor && t.modulus == term.modulus;
        match self.terms.iter().position(same) {
            Some(at) => {
                self.terms[at].stride += term.stride;
                if self.terms[at].stride == 0 {
                    self.terms.remove(at);
                }
            }
            None if term.stride != 0 => self.terms.push(term),
            None => {}
        }
    }

    /// Smallest and largest value over axes of these sizes (all at least 1).
    pub fn range(&self, sizes: &[i64]) -> (i64, i64) {
        let (mut low, mut high) = (self.offset, self.offset);
        for term in &self.terms {
            let quotient = (sizes[term.axis] - 1) / term.divisor;
            let last = if term.modulus == 0 { quotient } else { quotient.min(term.modulus - 1) };
            let extreme = last * term.stride;
            low += extreme.min(0);
            high += extreme.max(0);
        }
        (low, high)
    }
}

/// Which element of an array an access touches, counted in elements from its start.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Access {
    /// The part that follows from the axes.
    pub expr: Expr,
    /// Computed parts: (integer node, stride). The values are in range by construction (clamped), unless
    /// the predicate is false.
    pub dynamic: SmallVec<[(NodeId, i64); 1]>,
    /// Conditions on the axes under which the access happens.
    pub bounds: SmallVec<[Bound; 1]>,
    /// A `bool` node under which the access happens.
    pub predicate: Option<NodeId>,
}

impl Access {
    /// An unconditional access at an expression.
    pub fn at(expr: Expr) -> Self {
        Access { expr, ..Access::default() }
    }

    /// Whether the access always happens and follows from the axes alone.
    pub fn is_affine(&self) -> bool {
        self.dynamic.is_empty() && self.bounds.is_empty() && self.predicate.is_none()
    }

    /// Calls `f` with every node the access uses.
    pub fn visit_operands(&self, mut f: impl FnMut(NodeId)) {
        self.dynamic.iter().for_each(|(node, _)| f(*node));
        self.predicate.iter().copied().for_each(f);
    }

    /// Replaces every node the access uses.
    pub fn map_operands(&mut self, mut f: impl FnMut(NodeId) -> NodeId) {
        let dynamic = self.dynamic.iter_mut().map(|(node, _)| node);
        dynamic.chain(&mut self.predicate).for_each(|node| *node = f(*node));
    }
}

/// A condition on the axes: `0 <= expr < limit`, and `expr` divisible by `step`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Bound {
    /// What is limited.
    pub expr: Expr,
    /// Exclusive upper limit.
    pub limit: i64,
    /// At least 1.
    pub step: i64,
}

impl Bound {
    /// Whether the condition holds at an index.
    pub fn holds(&self, index: &[i64]) -> bool {
        let value = self.expr.at(index);
        (0..self.limit).contains(&value) && value % self.step == 0
    }
}

/// A fold over the inner indices of a stage, of one or several values at once.
///
/// The order of combining is the engine's choice; sums are at least as accurate as pairwise. `initial`
/// is combined exactly once.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Reduction {
    /// The elements folded.
    pub inputs: SmallVec<[NodeId; 1]>,
    /// Starting values, nodes that do not vary over inner indices.
    pub initial: SmallVec<[NodeId; 1]>,
    /// How two partial results become one.
    pub combiner: Combiner,
}

/// How two partial results become one.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Combiner {
    /// A single value folded by a scalar operation.
    Binary(BinaryOp),
    /// Several values, or an arbitrary function of them.
    Graph(Graph),
}

/// A scalar function of [`NodeOp::Argument`]s.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Graph {
    /// Types of the arguments.
    pub arguments: SmallVec<[DType; 2]>,
    /// Values in SSA form; no loads, rows or indices.
    pub nodes: Vec<Node>,
    /// Which nodes are the results.
    pub results: SmallVec<[NodeId; 1]>,
}

impl Graph {
    /// Picks the (value, position) whose value is the largest, or the smallest, with NaN before all numbers; of equal
    /// values, NaNs among them, the one of the lower position:
    ///
    /// ```text
    /// pick = a > b | (a != a & (b == b | i < j))
    /// result = select(pick, a, b), select(pick | (a == b & i < j), i, j)
    /// ```
    ///
    /// `None` for directions other than `Gt` and `Lt`.
    pub fn first_extreme(direction: ComparisonDirection, value: DType, position: DType) -> Option<Graph> {
        use ComparisonDirection::{Eq, Gt, Lt, Ne};
        if !matches!(direction, Gt | Lt) {
            return None;
        }
        let mut nodes = Vec::new();
        let mut add = |op, dtype| {
            nodes.push(Node { op, dtype });
            NodeId(nodes.len() as u32 - 1)
        };
        let arguments = [value, position, value, position];
        let [a, i, b, j] = [0, 1, 2, 3].map(|at| add(NodeOp::Argument(at), arguments[at]));
        let mut test = |op| add(op, DType::Bool);
        let compare = |direction, x, y| NodeOp::Compare(direction, ComparisonType::NoType, x, y);
        let before = test(compare(Lt, i, j));
        let beyond = test(compare(direction, a, b));
        let nan = test(compare(Ne, a, a));
        let number = test(compare(Eq, b, b));
        let first = test(NodeOp::Binary(BinaryOp::Or, number, before));
        let first_nan = test(NodeOp::Binary(BinaryOp::And, nan, first));
        let pick = test(NodeOp::Binary(BinaryOp::Or, beyond, first_nan));
        let equal = test(compare(Eq, a, b));
        let tie = test(NodeOp::Binary(BinaryOp::And, equal, before));
        let pick_position = test(NodeOp::Binary(BinaryOp::Or, pick, tie));
        let results = smallvec![
            add(NodeOp::Select(pick, a, b), value),
            add(NodeOp::Select(pick_position, i, j), position),
        ];
        Some(Graph { arguments: SmallVec::from_slice(&arguments), nodes, results })
    }

    /// The operation, where the graph is just `op(argument 0, argument 1)` (or commuted) of one value.
    pub fn as_binary(&self) -> Option<BinaryOp> {
        let [result] = self.results[..] else { return None };
        let NodeOp::Binary(op, a, b) = self.nodes[result.index()].op else { return None };
        let argument = |id: NodeId| match self.nodes[id.index()].op {
            NodeOp::Argument(index) => Some(index),
            _ => None,
        };
        match (self.arguments.len(), argument(a)?, argument(b)?) {
            (2, 0, 1) => Some(op),
            (2, 1, 0) if op.is_commutative() => Some(op),
            _ => None,
        }
    }
}

/// A write to an output array. Where a bound or the predicate fails nothing is written. No two indices
/// write the same element.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Store {
    /// Which output.
    pub output: usize,
    /// Which element.
    pub access: Access,
    /// The value; of the output's type.
    pub value: NodeId,
}

impl Kernel {
    /// Axis sizes of a stage: the parallel dimensions, then its inner ones.
    pub fn axes(&self, stage: &Stage) -> Dims {
        self.parallel.iter().chain(&stage.inner).copied().collect()
    }

    /// Number of rows.
    pub fn rows(&self) -> i64 {
        self.parallel.iter().product()
    }

    /// Type of each row value, in order of their numbers.
    pub fn row_types(&self) -> Vec<DType> {
        let mut types = Vec::new();
        for stage in &self.stages {
            for reduction in &stage.reductions {
                types.extend(reduction.initial.iter().map(|id| stage.nodes[id.index()].dtype));
            }
        }
        types
    }
}
