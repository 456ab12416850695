//! Ops that others subsume.

use ops::attributes::{BroadcastInDim, Constant, Gather, GetTupleElement, TorchIndexSelect};
use ops::{Op, Type};
use smallvec::SmallVec;
use stablehlo::{Function, OpId, RegionId, ValueId};
use tensor::{DType, Dims, Literal, TensorType};

use super::super::rewrite::{Rewriter, Step, Values};
use super::replace;

/// New dimensions lead.
pub(super) fn broadcast(
    attrs: &ops::attributes::Broadcast,
    rewriter: &mut Rewriter<'_>,
    id: OpId,
) -> Option<Step> {
    let operand = rewriter.function.op(id).operands[0];
    let new = attrs.broadcast_sizes.len() as i64;
    let rank = rewriter.tensor(operand).rank() as i64;
    let broadcast_dimensions: Dims = (new..new + rank).collect();
    rewriter.function.op_mut(id).op = Op::BroadcastInDim(Box::new(BroadcastInDim { broadcast_dimensions }));
    Some(Step::Keep)
}

pub(super) fn get_tuple_element(
    attrs: &GetTupleElement,
    rewriter: &mut Rewriter<'_>,
    id: OpId,
) -> Option<Step> {
    let tuple = rewriter.def(rewriter.function.op(id).operands[0])?;
    match tuple.op {
        Op::Tuple => replace(tuple.operands[attrs.index as usize]),
        _ => None,
    }
}

/// `case` counts its branches from 0 = false.
pub(super) fn if_(rewriter: &mut Rewriter<'_>, id: OpId) -> Option<Step> {
    let predicate = rewriter.function.op(id).operands[0];
    let index = rewriter.convert(predicate, DType::I32);
    let operation = rewriter.function.op_mut(id);
    operation.op = Op::Case;
    operation.operands[0] = index;
    operation.regions.swap(0, 1);
    Some(Step::Keep)
}

/// A region of elementwise ops over scalars becomes the same ops over the arrays.
pub(super) fn map(rewriter: &mut Rewriter<'_>, id: OpId) -> Option<Step> {
    let operation = rewriter.function.op(id);
    let (region, operands) = (operation.regions[0], operation.operands.clone());
    is_elementwise(rewriter.function, region).then(|| Step::Replace(apply(rewriter, region, &operands)))
}

/// Emits the ops of an elementwise region over arrays of equal dimensions, and returns its results.
pub(super) fn apply(rewriter: &mut Rewriter<'_>, region: RegionId, operands: &[ValueId]) -> Values {
    let dims = rewriter.tensor(operands[0]).dims;
    let args = rewriter.function.region(region).args.clone();
    for (arg, &operand) in args.into_iter().zip(operands) {
        rewriter.bind(arg, operand);
    }
    let mut returned = Values::new();
    for nested in rewriter.function.region(region).ops.clone() {
        let operation = rewriter.function.op(nested);
        let (op, results) = (operation.op.clone(), operation.results.clone());
        let operands: SmallVec<[ValueId; 3]> =
            operation.operands.iter().map(|&value| rewriter.resolve(value)).collect();
        let op = match op {
            Op::Return => {
                returned = operands.into_iter().collect();
                break;
            }
            Op::Constant(attrs) => {
                let value = Literal::splat(dims.iter().copied(), attrs.value.get(0));
                Op::Constant(Box::new(Constant { value }))
            }
            op => op,
        };
        let ty = TensorType { dtype: rewriter.tensor(results[0]).dtype, dims: dims.clone() };
        let value = rewriter.one(op, &operands, ty);
        rewriter.bind(results[0], value);
    }
    returned
}

/// Whether a region computes scalars from its own scalars only, by ops that work on arrays as well.
pub(super) fn is_elementwise(function: &Function, region: RegionId) -> bool {
    let body = function.region(region);
    let mut own: Vec<ValueId> = body.args.clone();
    body.ops.iter().all(|&id| {
        let operation = function.op(id);
        let fine = match &operation.op {
            Op::Unary(_) | Op::Binary(_) | Op::Compare(_) | Op::Select | Op::Clamp | Op::Convert => true,
            Op::ReducePrecision(_) | Op::Return => true,
            Op::Constant(attrs) => attrs.value.ty.rank() == 0,
            _ => false,
        };
        let local = operation.operands.iter().all(|value| own.contains(value));
        own.extend(&operation.results);
        fine && local
    })
}

pub(super) fn torch_index_select(
    attrs: &TorchIndexSelect,
    rewriter: &mut Rewriter<'_>,
    id: OpId,
) -> Option<Step> {
    let operation = rewriter.function.op(id);
    let (operand, index) = (operation.operands[0], operation.operands[1]);
    let (operand, index) = (rewriter.tensor(operand), rewriter.tensor(index));
    let (dim, batch) = (attrs.dim, attrs.batch_dims);
    let batching: Dims = (0..batch).collect();
    let taken = index.rank() as i64 - batch;
    let rank = operand.rank() as i64;
    // Result: batch, operand dimensions before `dim`, index dimensions, operand dimensions after.
    let offset_dims: Dims = (batch..dim).chain(dim + taken..rank - 1 + taken).collect();
    let single = |axis: i64| axis < batch || axis == dim;
    let size = |axis: i64| {
        if single(axis) { operand.dims[axis as usize].min(1) } else { operand.dims[axis as usize] }
    };
    let gather = Gather {
        collapsed_slice_dims: Dims::from_elem(dim, 1),
        index_vector_dim: index.rank() as i64,
        indices_are_sorted: false,
        offset_dims,
        operand_batching_dims: batching.clone(),
        slice_sizes: (0..rank).map(size).collect(),
        start_index_map: Dims::from_elem(dim, 1),
        start_indices_batching_dims: batching,
    };
    rewriter.function.op_mut(id).op = Op::Gather(Box::new(gather));
    Some(Step::Keep)
}

/// Writes out lists that were left empty, so that later passes can index them.
pub(super) fn fill_lists(rewriter: &mut Rewriter<'_>, id: OpId) -> Option<Step> {
    let operand = rewriter.function.op(id).operands[0];
    let Type::Tensor(TensorType { dims, .. }) = rewriter.function.ty(operand) else { return None };
    let rank = dims.len();
    match &mut rewriter.function.op_mut(id).op {
        Op::ReduceWindow(attrs) => {
            ones(&mut attrs.window_strides, rank);
            ones(&mut attrs.base_dilations, rank);
            ones(&mut attrs.window_dilations, rank);
            zeros(&mut attrs.padding, rank);
        }
        Op::SelectAndScatter(attrs) => {
            ones(&mut attrs.window_dimensions, rank);
            ones(&mut attrs.window_strides, rank);
            zeros(&mut attrs.padding, rank);
        }
        Op::Convolution(attrs) | Op::DynamicConv(attrs) => {
            let spatial = attrs.input_spatial_dimensions.len();
            ones(&mut attrs.window_strides, spatial);
            ones(&mut attrs.lhs_dilation, spatial);
            ones(&mut attrs.rhs_dilation, spatial);
            zeros(&mut attrs.padding, spatial);
            if attrs.window_reversal.is_empty() {
                attrs.window_reversal = vec![false; spatial];
            }
        }
        Op::Sort(attrs) if attrs.dimension < 0 => attrs.dimension += rank as i64,
        _ => {}
    }
    Some(Step::Keep)
}

fn ones(list: &mut Dims, len: usize) {
    if list.is_empty() {
        *list = Dims::from_elem(1, len);
    }
}

fn zeros(list: &mut Vec<(i64, i64)>, len: usize) {
    if list.is_empty() {
        *list = vec![(0, 0); len];
    }
}
