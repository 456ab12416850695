//! Builds kernels in few words.

use ops::{BinaryOp, ComparisonDirection, ComparisonType, UnaryOp};
use plan::{
    Access, Bound, Combiner, Expr, Graph, Kernel, Node, NodeId, NodeOp, Reduction, Stage, Store, Term,
};
use smallvec::SmallVec;
use tensor::{DType, Scalar};

/// A kernel under construction: nodes go to the last stage.
#[derive(Clone, Debug)]
pub struct Build {
    kernel: Kernel,
}

/// `offset + sum of strides[i] * axis i`.
pub fn affine(offset: i64, strides: &[i64]) -> Expr {
    let mut expr = Expr::constant(offset);
    for (axis, &stride) in strides.iter().enumerate() {
        expr.add_term(Term::plain(axis, stride));
    }
    expr
}

/// `0 <= expr < limit`, divisible by `step`.
pub fn bound(expr: Expr, limit: i64, step: i64) -> Bound {
    Bound { expr, limit, step }
}

impl Build {
    /// A kernel with one stage.
    pub fn new(parallel: &[i64], inner: &[i64]) -> Self {
        let stage = Stage { inner: inner.into(), ..Stage::default() };
        let kernel = Kernel {
            parallel: parallel.into(),
            inputs: Vec::new(),
            outputs: Vec::new(),
            scratch: Vec::new(),
            stages: vec![stage],
        };
        Build { kernel }
    }

    /// Goes on with another stage.
    pub fn stage(&mut self, inner: &[i64]) -> &mut Self {
        self.kernel.stages.push(Stage { inner: inner.into(), ..Stage::default() });
        self
    }

    fn last(&mut self) -> &mut Stage {
        self.kernel.stages.last_mut().expect("a kernel has a stage")
    }

    /// Declares an input.
    pub fn input(&mut self, dtype: DType) -> usize {
        self.kernel.inputs.push(dtype);
        self.kernel.inputs.len() - 1
    }

    /// Declares an output.
    pub fn output(&mut self, dtype: DType) -> usize {
        self.kernel.outputs.push(dtype);
        self.kernel.outputs.len() - 1
    }

    /// Declares a row-local array.
    pub fn scratch(&mut self, dtype: DType) -> usize {
        self.kernel.scratch.push(dtype);
        self.kernel.scratch.len() - 1
    }

    /// Any node.
    pub fn node(&mut self, op: NodeOp, dtype: DType) -> NodeId {
        let nodes = &mut self.last().nodes;
        nodes.push(Node { op, dtype });
        NodeId(nodes.len() as u32 - 1)
    }

    fn dtype(&mut self, id: NodeId) -> DType {
        self.last().nodes[id.index()].dtype
    }

    /// An unconditional load.
    pub fn load(&mut self, input: usize, expr: Expr) -> NodeId {
        self.load_if(input, Access::at(expr), None)
    }

    /// A load.
    pub fn load_if(&mut self, input: usize, access: Access, fill: Option<NodeId>) -> NodeId {
        let dtype = self.kernel.inputs[input];
        self.node(NodeOp::Load { input, access, fill }, dtype)
    }

    /// A constant.
    pub fn constant(&mut self, dtype: DType, value: f64) -> NodeId {
        self.node(NodeOp::Constant(Scalar::from_f64(dtype, value)), dtype)
    }

    /// An operation of one operand.
    pub fn unary(&mut self, op: UnaryOp, a: NodeId) -> NodeId {
        let dtype = match (op, self.dtype(a)) {
            (UnaryOp::IsFinite, _) => DType::Bool,
            (UnaryOp::Abs | UnaryOp::Real | UnaryOp::Imag, dtype) => dtype.real(),
            (_, dtype) => dtype,
        };
        self.node(NodeOp::Unary(op, a), dtype)
    }

    /// An operation of two operands.
    pub fn binary(&mut self, op: BinaryOp, a: NodeId, b: NodeId) -> NodeId {
        let dtype = self.dtype(a);
        self.node(NodeOp::Binary(op, a, b), dtype)
    }

    /// A comparison.
    pub fn compare(&mut self, direction: ComparisonDirection, a: NodeId, b: NodeId) -> NodeId {
        self.node(NodeOp::Compare(direction, ComparisonType::NoType, a, b), DType::Bool)
    }

    /// A selection.
    pub fn select(&mut self, p: NodeId, a: NodeId, b: NodeId) -> NodeId {
        let dtype = self.dtype(a);
        self.node(NodeOp::Select(p, a, b), dtype)
    }

    /// A conversion.
    pub fn convert(&mut self, a: NodeId, dtype: DType) -> NodeId {
        self.node(NodeOp::Convert(a), dtype)
    }

    /// A row value.
    pub fn row(&mut self, row: usize) -> NodeId {
        let dtype = self.kernel.row_types()[row];
        self.node(NodeOp::Row(row), dtype)
    }

    /// An element of a row-local array.
    pub fn read_scratch(&mut self, array: usize) -> NodeId {
        let dtype = self.kernel.scratch[array];
        self.node(NodeOp::Scratch(array), dtype)
    }

    /// Writes a row-local array.
    pub fn write_scratch(&mut self, array: usize, value: NodeId) -> &mut Self {
        self.last().scratch.push((array, value));
        self
    }

    /// An unconditional store.
    pub fn store(&mut self, output: usize, expr: Expr, value: NodeId) -> &mut Self {
        self.store_if(output, Access::at(expr), value)
    }

    /// A store.
    pub fn store_if(&mut self, output: usize, access: Access, value: NodeId) -> &mut Self {
        self.last().stores.push(Store { output, access, value });
        self
    }

    /// A fold by an operation.
    pub fn fold(&mut self, op: BinaryOp, input: NodeId, initial: NodeId) -> &mut Self {
        self.reduce(&[input], &[initial], Combiner::Binary(op))
    }

    /// A fold.
    pub fn reduce(&mut self, inputs: &[NodeId], initial: &[NodeId], combiner: Combiner) -> &mut Self {
        let reduction = Reduction { inputs: inputs.into(), initial: initial.into(), combiner };
        self.last().reductions.push(reduction);
        self
    }

    /// The kernel.
    pub fn finish(&self) -> Kernel {
        self.kernel.clone()
    }
}

/// The larger of two (value, position) pairs, the earlier of equal ones; NaN is largest.
pub fn argmax_graph(value: DType, position: DType) -> Graph {
    let mut nodes = Vec::new();
    let mut node = |op, dtype| {
        nodes.push(Node { op, dtype });
        NodeId(nodes.len() as u32 - 1)
    };
    let a = node(NodeOp::Argument(0), value);
    let i = node(NodeOp::Argument(1), position);
    let b = node(NodeOp::Argument(2), value);
    let j = node(NodeOp::Argument(3), position);
    let compare = |direction, x, y| NodeOp::Compare(direction, ComparisonType::NoType, x, y);
    let greater = node(compare(ComparisonDirection::Gt, a, b), DType::Bool);
    let nan = node(compare(ComparisonDirection::Ne, a, a), DType::Bool);
    let keep = node(NodeOp::Binary(BinaryOp::Or, greater, nan), DType::Bool);
    let equal = node(compare(ComparisonDirection::Eq, a, b), DType::Bool);
    let earlier = node(compare(ComparisonDirection::Lt, i, j), DType::Bool);
    let tie = node(NodeOp::Binary(BinaryOp::And, equal, earlier), DType::Bool);
    let first = node(NodeOp::Binary(BinaryOp::Or, keep, tie), DType::Bool);
    let best = node(NodeOp::Select(keep, a, b), value);
    let at = node(NodeOp::Select(first, i, j), position);
    Graph {
        arguments: SmallVec::from_slice(&[value, position, value, position]),
        nodes,
        results: SmallVec::from_slice(&[best, at]),
    }
}
