//! Compiles reductions.

use ops::BinaryOp;
use plan::{Combiner, EngineError, Graph, Node, NodeId, NodeOp, Reduction};
use smallvec::SmallVec;
use tensor::DType;

use super::operation::Operations;
use super::program::{CASCADE, Entry, Fold, FoldKind, GraphFold, Home, Instr, LEVELS, Mode, SimpleFold};
use super::stage::{StageBuilder, Value};
use crate::cpu::Level;
use crate::vector::{self, Operands};

/// Compiles a reduction whose row values lie at these offsets of shared memory.
///
/// # Errors
/// If the combiner is not defined on its elements.
pub(crate) fn build(
    builder: &mut StageBuilder<'_>,
    reduction: &Reduction,
    results: &[(usize, DType)],
) -> Result<Fold, EngineError> {
    let inputs: Vec<Value> = reduction.inputs.iter().map(|&id| builder.operand(id, true)).collect();
    let initial = reduction.initial.iter().map(|&id| builder.value(id));
    let initial = initial.map(|value| (value.entry, value.one)).collect();
    let dtype = inputs[0].dtype;
    let op = match &reduction.combiner {
        Combiner::Binary(op) => Some(*op),
        Combiner::Graph(graph) => graph.as_binary(),
    };
    let mut elements: SmallVec<[Entry; 1]> = SmallVec::new();
    let kind = match op.and_then(|op| simple(builder, op, dtype)) {
        Some(fold) => {
            let wide = vector::accumulator(dtype);
            let mut element = inputs[0];
            if matches!(builder.mode, Mode::Columns | Mode::Across) && wide != dtype {
                let entry = builder.operation(
                    &NodeOp::Convert(reduction.inputs[0]),
                    wide,
                    &[element],
                    element.one,
                    element.in_body,
                )?;
                element = Value { entry, dtype: wide, ..element };
            }
            elements.push(block(builder, element));
            FoldKind::Simple(fold)
        }
        None => {
            for &input in &inputs {
                elements.push(block(builder, input));
            }
            let types: Vec<DType> = inputs.iter().map(|value| value.dtype).collect();
            let graph = match &reduction.combiner {
                Combiner::Graph(graph) => graph.clone(),
                Combiner::Binary(op) => binary_graph(*op, dtype),
            };
            FoldKind::Graph(graph_fold(builder, &graph, &types)?)
        }
    };
    Ok(Fold {
        elements,
        initial,
        sizes: results.iter().map(|(_, dtype)| dtype.size()).collect(),
        results: results.iter().map(|&(offset, _)| offset).collect(),
        kind,
    })
}

/// A value's block: reductions fold blocks.
fn block(builder: &mut StageBuilder<'_>, value: Value) -> Entry {
    if !value.one {
        return value.entry;
    }
    let to = builder.register(value.dtype, false);
    builder.emit(true, Instr::Splat { size: value.dtype.size(), from: value.entry, to });
    to
}

fn simple(builder: &mut StageBuilder<'_>, op: BinaryOp, dtype: DType) -> Option<SimpleFold> {
    let level = Level::best();
    let wide = vector::accumulator(dtype);
    let reduce = vector::reduce(level, op, dtype)?;
    let reduce_accumulators = vector::reduce(level, op, wide)?;
    let accumulate = vector::binary(level, op, wide, Operands::Blocks)?;
    let finish = vector::binary(level, op, dtype, Operands::Blocks)?;
    let narrow = if wide == dtype { None } else { Some(vector::convert(level, wide, dtype)?) };
    let inexact = dtype.is_float() || dtype.is_complex();
    let lanes = match builder.mode {
        Mode::Columns | Mode::Packed => builder.group(),
        Mode::Rows => CASCADE,
        Mode::Across => builder.max_lanes(),
    };
    let span = (lanes * wide.size()).next_multiple_of(64);
    Some(SimpleFold {
        reduce,
        reduce_accumulators,
        accumulate,
        finish,
        narrow,
        size: wide.size(),
        // One block more, for the result before it is combined with the starting value.
        memory: builder.memory.take((LEVELS + 1) * span),
        span,
        cascade: inexact
            && matches!(op, BinaryOp::Add | BinaryOp::Multiply)
            && builder.inner_len() > CASCADE as i64,
    })
}

fn binary_graph(op: BinaryOp, dtype: DType) -> Graph {
    let node = |op| Node { op, dtype };
    Graph {
        arguments: SmallVec::from_slice(&[dtype, dtype]),
        nodes: vec![
            node(NodeOp::Argument(0)),
            node(NodeOp::Argument(1)),
            node(NodeOp::Binary(op, NodeId(0), NodeId(1))),
        ],
        results: SmallVec::from_slice(&[NodeId(2)]),
    }
}

fn graph_fold(
    builder: &mut StageBuilder<'_>,
    graph: &Graph,
    types: &[DType],
) -> Result<GraphFold, EngineError> {
    let mut entries =
        || types.iter().map(|_| builder.table.entry(Home::Moving)).collect::<SmallVec<[Entry; 1]>>();
    let (accumulators, arguments) = (entries(), entries());
    let seen: Vec<Entry> = accumulators.iter().chain(&arguments).copied().collect();
    if graph.arguments.iter().zip(types.iter().chain(types)).any(|(a, b)| a != b) {
        return Err(builder.error("a combiner's arguments differ from the elements"));
    }
    let mut combine = Vec::new();
    let mut values: Vec<Value> = Vec::new();
    for node in &graph.nodes {
        let mut operands: SmallVec<[Value; 3]> = SmallVec::new();
        node.op.visit_operands(|id| operands.push(values[id.index()]));
        let one = matches!(node.op, NodeOp::Constant(_))
            || !operands.is_empty() && operands.iter().all(|value| value.one);
        let entry = match &node.op {
            NodeOp::Constant(value) => builder.table.constant(*value),
            NodeOp::Argument(index) => seen[*index],
            op => Operations { table: builder.table, list: &mut combine }
                .emit(op, node.dtype, &operands, one)
                .map_err(|reason| builder.error(reason))?,
        };
        values.push(Value { entry, one, in_body: true, dtype: node.dtype });
    }
    let mut results = Vec::new();
    for (value, &dtype) in graph.results.iter().map(|id| values[id.index()]).zip(types) {
        if value.dtype != dtype {
            return Err(builder.error("a combiner's results differ from its arguments"));
        }
        let size = dtype.size();
        let mut from = value.entry;
        if accumulators.contains(&from) && accumulators[results.len()] != from {
            // Another accumulator: it is overwritten before this result is copied, or after.
            let to = builder.register(dtype, false);
            combine.push(Instr::Copy { size, from, to, one: false });
            from = to;
        }
        results.push((Value { entry: from, ..value }, size));
    }
    for (&to, (value, size)) in accumulators.iter().zip(results) {
        let from = value.entry;
        if value.one {
            combine.push(Instr::Splat { size, from, to });
        } else if from != to {
            combine.push(Instr::Copy { size, from, to, one: false });
        }
    }
    let lanes = builder.max_lanes();
    let memory = types.iter().map(|ty| builder.memory.take(lanes * ty.size())).collect();
    Ok(GraphFold { combine, accumulators, arguments, memory })
}
