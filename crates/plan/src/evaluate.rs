//! A slow, plain evaluator of kernels: the oracle that engines are tested against.

use ops::scalar;
use smallvec::SmallVec;
use tensor::{DType, DTypeClass, Indices, Scalar};

use crate::{Access, Combiner, Graph, Kernel, Node, NodeId, NodeOp, Stage};

/// An array as its elements in row-major order.
pub type Elements = Vec<Scalar>;

/// The result of a scalar operation on its operands, in the order that [`NodeOp::visit_operands`] gives;
/// `None` for operations that are not defined on the operands' type, and for nodes that are not scalar
/// operations (loads, indices, arguments, ...).
pub fn apply(op: &NodeOp, dtype: DType, operands: &[Scalar]) -> Option<Scalar> {
    match (op, operands) {
        (NodeOp::Constant(value), []) => Some(*value),
        (NodeOp::Unary(op, _) | NodeOp::Widened(op, _), [a]) => scalar::eval_unary(*op, *a),
        (NodeOp::Binary(op, ..), [a, b]) => scalar::eval_binary(*op, *a, *b),
        (NodeOp::Compare(direction, kind, ..), [a, b]) => {
            scalar::eval_compare(*direction, *kind, *a, *b).map(Scalar::bool)
        }
        (NodeOp::Select(..), [p, a, b]) => Some(if p.bits() != 0 { *a } else { *b }),
        (NodeOp::Convert(_), [a]) => Some(scalar::eval_convert(*a, dtype)),
        (NodeOp::Bitcast(_), [a]) => Some(bitcast(*a, dtype)),
        (NodeOp::ReducePrecision { exponent_bits, mantissa_bits, .. }, [a]) => {
            scalar::eval_reduce_precision(*a, *exponent_bits, *mantissa_bits)
        }
        _ => None,
    }
}

/// The bits of `x` as a type of equal width. Storage of narrow signed integers is sign-extended, that of
/// all others is not.
fn bitcast(x: Scalar, dtype: DType) -> Scalar {
    if dtype.class() == DTypeClass::Signed {
        Scalar::from_i128(dtype, x.bits() as i128)
    } else {
        let mask = if dtype.bits() == 128 { u128::MAX } else { (1 << dtype.bits()) - 1 };
        Scalar::from_bytes(dtype, &(x.bits() & mask).to_le_bytes()[..dtype.size()])
    }
}

/// Runs a kernel. Elements of `outputs` that no store touches keep their value.
///
/// # Panics
/// On kernels that break the rules of [`Kernel`]: undefined operations, accesses out of range.
pub fn kernel(kernel: &Kernel, inputs: &[Elements], outputs: &mut [Elements]) {
    for row in Indices::new(&kernel.parallel) {
        let mut state = Row { inputs, values: Vec::new(), scratch: vec![Vec::new(); kernel.scratch.len()] };
        for stage in &kernel.stages {
            state.stage(stage, &row, outputs);
        }
    }
}

/// The result of a combiner graph.
pub fn graph(graph: &Graph, arguments: &[Scalar]) -> SmallVec<[Scalar; 2]> {
    let mut values: Vec<Scalar> = Vec::with_capacity(graph.nodes.len());
    for node in &graph.nodes {
        let value = match node.op {
            NodeOp::Argument(index) => arguments[index],
            _ => operate(node, &values),
        };
        values.push(value);
    }
    graph.results.iter().map(|id| values[id.index()]).collect()
}

fn operate(node: &Node, values: &[Scalar]) -> Scalar {
    let mut operands: SmallVec<[Scalar; 3]> = SmallVec::new();
    node.op.visit_operands(|id| operands.push(values[id.index()]));
    let result = apply(&node.op, node.dtype, &operands);
    result.unwrap_or_else(|| panic!("`{}` is not defined on {operands:?}", node.op))
}

struct Row<'a> {
    inputs: &'a [Elements],
    values: Vec<Scalar>,
    scratch: Vec<Elements>,
}

impl Row<'_> {
    fn stage(&mut self, stage: &Stage, row: &[i64], outputs: &mut [Elements]) {
        let mut elements = vec![Vec::new(); stage.reductions.len()];
        let mut initial = vec![SmallVec::new(); stage.reductions.len()];
        let mut written = vec![Vec::new(); self.scratch.len()];
        for (position, inner) in Indices::new(&stage.inner).enumerate() {
            let index: Vec<i64> = row.iter().chain(&inner).copied().collect();
            let values = self.nodes(&stage.nodes, &index, position);
            for (reduction, elements) in stage.reductions.iter().zip(&mut elements) {
                elements.push(pick(&values, &reduction.inputs));
            }
            for &(array, value) in &stage.scratch {
                written[array].push(values[value.index()]);
            }
            for store in &stage.stores {
                if let Some(at) = offset(&store.access, &index, &values) {
                    outputs[store.output][at] = values[store.value.index()];
                }
            }
        }
        // Starting values do not depend on inner indices: any index serves, even where there is none. Loads
        // are made only if a starting value needs them.
        for (reduction, initial) in stage.reductions.iter().zip(&mut initial) {
            let mut index: Vec<i64> = row.to_vec();
            index.resize(row.len() + stage.inner.len(), 0);
            *initial = reduction.initial.iter().map(|&id| self.value(&stage.nodes, id, &index)).collect();
        }
        for ((reduction, elements), initial) in stage.reductions.iter().zip(elements).zip(initial) {
            let combine = |a: &[Scalar], b: &[Scalar]| combine(&reduction.combiner, a, b);
            let result = match fold(&elements, &combine) {
                Some(folded) => combine(&initial, &folded),
                None => initial,
            };
            self.values.extend(result);
        }
        for (array, elements) in written.into_iter().enumerate() {
            if stage.scratch.iter().any(|&(a, _)| a == array) {
                self.scratch[array] = elements;
            }
        }
    }

    fn value(&self, nodes: &[Node], id: NodeId, index: &[i64]) -> Scalar {
        let node = &nodes[id.index()];
        let mut needed = vec![false; nodes.len()];
        needed[id.index()] = true;
        for at in (0..=id.index()).rev() {
            if needed[at] {
                nodes[at].op.visit_operands(|operand| needed[operand.index()] = true);
            }
        }
        let mut values = vec![Scalar::zero(node.dtype); nodes.len()];
        for at in 0..=id.index() {
            if needed[at] {
                values[at] = self.node(&nodes[at], index, 0, &values);
            }
        }
        values[id.index()]
    }

    fn nodes(&self, nodes: &[Node], index: &[i64], position: usize) -> Vec<Scalar> {
        let mut values = Vec::with_capacity(nodes.len());
        for node in nodes {
            values.push(self.node(node, index, position, &values));
        }
        values
    }

    fn node(&self, node: &Node, index: &[i64], position: usize, values: &[Scalar]) -> Scalar {
        match &node.op {
            NodeOp::Index(expr) => Scalar::from_i64(node.dtype, expr.at(index)),
            NodeOp::Load { input, access, fill } => match (offset(access, index, values), fill) {
                (Some(at), _) => self.inputs[*input][at],
                (None, Some(fill)) => values[fill.index()],
                (None, None) => panic!("a conditional load lacks its fill value"),
            },
            NodeOp::Row(row) => self.values[*row],
            NodeOp::Scratch(array) => self.scratch[*array][position],
            _ => operate(node, values),
        }
    }
}

/// The element touched, or `None` where a bound or the predicate fails.
fn offset(access: &Access, index: &[i64], values: &[Scalar]) -> Option<usize> {
    let allowed = access.bounds.iter().all(|bound| bound.holds(index))
        && access.predicate.is_none_or(|node| values[node.index()].bits() != 0);
    allowed.then(|| {
        let dynamic = access.dynamic.iter().map(|&(node, stride)| values[node.index()].as_i64() * stride);
        usize::try_from(access.expr.at(index) + dynamic.sum::<i64>()).expect("offsets are not negative")
    })
}

fn combine(combiner: &Combiner, a: &[Scalar], b: &[Scalar]) -> SmallVec<[Scalar; 2]> {
    match combiner {
        Combiner::Binary(op) => {
            let result = scalar::eval_binary(*op, a[0], b[0]);
            SmallVec::from_slice(&[result.expect("the combiner is defined on its elements")])
        }
        Combiner::Graph(function) => {
            let arguments: SmallVec<[Scalar; 4]> = a.iter().chain(b).copied().collect();
            graph(function, &arguments)
        }
    }
}

fn pick(values: &[Scalar], ids: &[NodeId]) -> SmallVec<[Scalar; 2]> {
    ids.iter().map(|id| values[id.index()]).collect()
}

/// Pairwise, so that the oracle's sums are no worse than an engine's.
fn fold(
    elements: &[SmallVec<[Scalar; 2]>],
    combine: &impl Fn(&[Scalar], &[Scalar]) -> SmallVec<[Scalar; 2]>,
) -> Option<SmallVec<[Scalar; 2]>> {
    match elements {
        [] => None,
        [one] => Some(one.clone()),
        _ => {
            let (left, right) = elements.split_at(elements.len() / 2);
            Some(combine(&fold(left, combine)?, &fold(right, combine)?))
        }
    }
}
