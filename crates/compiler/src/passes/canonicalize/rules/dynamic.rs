//! Ops whose shape is an operand, where that operand is constant. One that contradicts the declared
//! result stays as it is: whoever compiles it reports that it has no static shape.

use ops::Op;
use ops::attributes::{BroadcastInDim, Convolution, Gather, Pad, Slice};
use stablehlo::OpId;
use stablehlo::infer::{Signature, result_types};
use tensor::Dims;

use super::super::{Canon, Rewrite};
use super::Rule;

pub(super) const BROADCAST: &[Rule] = &[broadcast];
pub(super) const CONV: &[Rule] = &[conv];
pub(super) const GATHER: &[Rule] = &[gather];
pub(super) const IOTA: &[Rule] = &[iota];
pub(super) const PAD: &[Rule] = &[pad];
pub(super) const RESHAPE: &[Rule] = &[reshape];
pub(super) const SLICE: &[Rule] = &[slice];

/// The elements of a constant operand.
fn known(canon: &Canon<'_>, id: OpId, index: usize) -> Option<Dims> {
    canon.integers(canon.operand(id, index)).map(Dims::from_vec)
}

/// Makes the op this one over its first `count` operands, if the declared result is what it gives.
fn become_static(canon: &mut Canon<'_>, id: OpId, op: Op, count: usize) -> Option<Rewrite> {
    let operation = canon.function.op(id);
    let types = |values: &[stablehlo::ValueId]| -> Vec<_> {
        values.iter().map(|&value| canon.function.ty(value)).collect()
    };
    let (operands, declared) = (types(&operation.operands[..count]), types(&operation.results));
    let signature = Signature { op: &op, operands: &operands, regions: &[], declared: &declared };
    let inferred = result_types(&signature).ok()?;
    if inferred.iter().ne(declared.iter().copied()) {
        return None;
    }
    let operation = canon.function.op_mut(id);
    operation.op = op;
    operation.operands.truncate(count);
    Some(Rewrite::Changed)
}

/// Whether the shape operand says what the result type says.
fn shape_agrees(canon: &Canon<'_>, id: OpId, index: usize) -> Option<()> {
    (known(canon, id, index)? == canon.result(id).dims).then_some(())
}

fn broadcast(canon: &mut Canon<'_>, id: OpId) -> Option<Rewrite> {
    let Op::DynamicBroadcastInDim(attrs) = &canon.function.op(id).op else { return None };
    let broadcast_dimensions = attrs.broadcast_dimensions.clone();
    shape_agrees(canon, id, 1)?;
    become_static(canon, id, Op::BroadcastInDim(Box::new(BroadcastInDim { broadcast_dimensions })), 1)
}

fn reshape(canon: &mut Canon<'_>, id: OpId) -> Option<Rewrite> {
    shape_agrees(canon, id, 1)?;
    become_static(canon, id, Op::Reshape, 1)
}

fn iota(canon: &mut Canon<'_>, id: OpId) -> Option<Rewrite> {
    let Op::DynamicIota(attrs) = &canon.function.op(id).op else { return None };
    let op = Op::Iota(attrs.clone());
    shape_agrees(canon, id, 0)?;
    become_static(canon, id, op, 0)
}

fn pad(canon: &mut Canon<'_>, id: OpId) -> Option<Rewrite> {
    let attrs = Pad {
        edge_padding_low: known(canon, id, 2)?,
        edge_padding_high: known(canon, id, 3)?,
        interior_padding: known(canon, id, 4)?,
    };
    become_static(canon, id, Op::Pad(Box::new(attrs)), 2)
}

fn slice(canon: &mut Canon<'_>, id: OpId) -> Option<Rewrite> {
    let attrs = Slice {
        start_indices: known(canon, id, 1)?,
        limit_indices: known(canon, id, 2)?,
        strides: known(canon, id, 3)?,
    };
    become_static(canon, id, Op::Slice(Box::new(attrs)), 1)
}

fn conv(canon: &mut Canon<'_>, id: OpId) -> Option<Rewrite> {
    let padding = known(canon, id, 2)?;
    let Op::DynamicConv(attrs) = &canon.function.op(id).op else { return None };
    let padding = padding.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect();
    let attrs = Convolution { padding, ..(**attrs).clone() };
    become_static(canon, id, Op::Convolution(Box::new(attrs)), 2)
}

fn gather(canon: &mut Canon<'_>, id: OpId) -> Option<Rewrite> {
    let slice_sizes = known(canon, id, 2)?;
    let Op::DynamicGather(attrs) = &canon.function.op(id).op else { return None };
    let attrs = Gather {
        collapsed_slice_dims: attrs.collapsed_slice_dims.clone(),
        index_vector_dim: attrs.index_vector_dim,
        indices_are_sorted: attrs.indices_are_sorted,
        offset_dims: attrs.offset_dims.clone(),
        operand_batching_dims: attrs.operand_batching_dims.clone(),
        slice_sizes,
        start_index_map: attrs.start_index_map.clone(),
        start_indices_batching_dims: attrs.start_indices_batching_dims.clone(),
    };
    become_static(canon, id, Op::Gather(Box::new(attrs)), 2)
}
