//! Ops that move elements without looking at them.

use ops::Op;
use ops::attributes::{BroadcastInDim, Dimensions, Permutation};
use stablehlo::{OpId, ValueId};
use tensor::{Dims, Indices, Literal, Scalar, TensorType};

use super::super::{Canon, Rewrite, value};
use super::{Rule, constant, literals, no_elements};

pub(super) const RESHAPE: &[Rule] =
    &[no_elements, same_shape, reshape_constant, reshape_twice, reshape_of_scalar];
pub(super) const BROADCAST: &[Rule] =
    &[no_elements, broadcast_constant, broadcast_twice, broadcast_of_reshape, broadcast_is_reshape];
pub(super) const TRANSPOSE: &[Rule] =
    &[no_elements, identity_permutation, transpose_constant, transpose_twice, transpose_is_reshape];
pub(super) const REVERSE: &[Rule] = &[no_elements, reverse_units, reverse_constant, reverse_twice];
pub(super) const CONCATENATE: &[Rule] = &[no_elements, empty_operands, one_operand, concatenate_constants];
pub(super) const PAD: &[Rule] = &[no_elements, pad_nothing, pad_with_the_same];
pub(super) const IOTA: &[Rule] = &[no_elements, iota_of_one];
pub(super) const GET_DIMENSION_SIZE: &[Rule] = &[dimension_size];
pub(super) const SET_DIMENSION_SIZE: &[Rule] = &[set_full_size];

fn broadcast_dimensions(canon: &Canon<'_>, id: OpId) -> Option<Dims> {
    match &canon.function.op(id).op {
        Op::BroadcastInDim(attrs) => Some(attrs.broadcast_dimensions.clone()),
        _ => None,
    }
}

fn permutation(op: &Op) -> Option<&Dims> {
    match op {
        Op::Transpose(attrs) => Some(&attrs.permutation),
        _ => None,
    }
}

/// A reshape to the operand's own shape.
fn same_shape(canon: &mut Canon<'_>, id: OpId) -> Option<Rewrite> {
    let x = canon.operand(id, 0);
    if canon.ty(x) == canon.result(id) { value(x) } else { None }
}

/// The elements of a constant are shared by its reshaped form.
fn reshape_constant(canon: &mut Canon<'_>, id: OpId) -> Option<Rewrite> {
    let dims = canon.result(id).dims.clone();
    let reshaped = canon.literal(canon.operand(id, 0))?.reshaped(dims);
    constant(canon, reshaped)
}

/// reshape(reshape(x)) = reshape(x)
fn reshape_twice(canon: &mut Canon<'_>, id: OpId) -> Option<Rewrite> {
    let inner = canon.def(canon.operand(id, 0)).filter(|operation| operation.op == Op::Reshape)?.operands[0];
    canon.function.op_mut(id).operands[0] = inner;
    Some(Rewrite::Changed)
}

/// reshape(broadcast(scalar)) = broadcast(scalar)
fn reshape_of_scalar(canon: &mut Canon<'_>, id: OpId) -> Option<Rewrite> {
    let broadcast = canon.def(canon.operand(id, 0))?;
    if !matches!(broadcast.op, Op::BroadcastInDim(_)) {
        return None;
    }
    let scalar = broadcast.operands[0];
    if canon.ty(scalar).rank() != 0 {
        return None;
    }
    let operation = canon.function.op_mut(id);
    operation.op = Op::BroadcastInDim(Box::new(BroadcastInDim { broadcast_dimensions: Dims::new() }));
    operation.operands[0] = scalar;
    Some(Rewrite::Changed)
}

/// A splat of any size stays one; others are repeated only while small.
fn broadcast_constant(canon: &mut Canon<'_>, id: OpId) -> Option<Rewrite> {
    let dimensions = broadcast_dimensions(canon, id)?;
    let source = canon.literal(canon.operand(id, 0))?.clone();
    let ty = canon.result(id).clone();
    if let Some(element) = source.splat_value() {
        return constant(canon, Literal::splat(ty.dims, element));
    }
    let sizes = source.ty.dims.clone();
    let repeated = canon.move_elements(&source, &ty, |index| {
        dimensions
            .iter()
            .zip(&sizes)
            .map(|(&to, &size)| if size == 1 { 0 } else { index[to as usize] })
            .collect()
    })?;
    constant(canon, repeated)
}

/// broadcast(broadcast(x)) = broadcast(x)
fn broadcast_twice(canon: &mut Canon<'_>, id: OpId) -> Option<Rewrite> {
    let outer = broadcast_dimensions(canon, id)?;
    let middle = canon.operand(id, 0);
    let Op::BroadcastInDim(inner) = &canon.def(middle)?.op else { return None };
    let composed: Dims = inner.broadcast_dimensions.iter().map(|&axis| outer[axis as usize]).collect();
    let x = canon.def(middle)?.operands[0];
    let operation = canon.function.op_mut(id);
    operation.op = Op::BroadcastInDim(Box::new(BroadcastInDim { broadcast_dimensions: composed }));
    operation.operands[0] = x;
    Some(Rewrite::Changed)
}

/// For each dimension of `from`, the dimension of `to` that it becomes, where the shapes differ only in
/// dimensions of size 1 that `to` has and `from` lacks.
fn inserted_units(from: &[i64], to: &[i64]) -> Option<Dims> {
    let mut at = 0;
    let mut positions = Dims::new();
    for &size in from {
        while to.get(at).is_some_and(|&other| other == 1 && size != 1) {
            at += 1;
        }
        if *to.get(at)? != size {
            return None;
        }
        positions.push(at as i64);
        at += 1;
    }
    to[at..].iter().all(|&size| size == 1).then_some(positions)
}

/// broadcast(reshape(x)) = broadcast(x) where the reshape only adds dimensions of size 1
fn broadcast_of_reshape(canon: &mut Canon<'_>, id: OpId) -> Option<Rewrite> {
    let outer = broadcast_dimensions(canon, id)?;
    let middle = canon.operand(id, 0);
    let x = canon.def(middle).filter(|operation| operation.op == Op::Reshape)?.operands[0];
    let positions = inserted_units(&canon.ty(x).dims, &canon.ty(middle).dims)?;
    let composed = positions.iter().map(|&axis| outer[axis as usize]).collect();
    let operation = canon.function.op_mut(id);
    operation.op = Op::BroadcastInDim(Box::new(BroadcastInDim { broadcast_dimensions: composed }));
    operation.operands[0] = x;
    Some(Rewrite::Changed)
}

/// A broadcast that repeats nothing and keeps the order is a reshape.
fn broadcast_is_reshape(canon: &mut Canon<'_>, id: OpId) -> Option<Rewrite> {
    let dimensions = broadcast_dimensions(canon, id)?;
    let x = canon.operand(id, 0);
    let (from, to) = (canon.ty(x), canon.result(id));
    // Only the order of dimensions larger than 1 matters.
    let larger = from.dims.iter().zip(&dimensions).filter(|&(&size, _)| size != 1);
    let ascending = larger.map(|(_, &axis)| axis).is_sorted();
    if from.len() != to.len() || !ascending {
        return None;
    }
    let dims = to.dims.clone();
    value(canon.reshape(x, &dims))
}

fn identity_permutation(canon: &mut Canon<'_>, id: OpId) -> Option<Rewrite> {
    let permutation = permutation(&canon.function.op(id).op)?;
    let identity = permutation.iter().copied().eq(0..permutation.len() as i64);
    if identity { value(canon.operand(id, 0)) } else { None }
}

fn transpose_constant(canon: &mut Canon<'_>, id: OpId) -> Option<Rewrite> {
    let permutation = permutation(&canon.function.op(id).op)?.clone();
    let source = canon.literal(canon.operand(id, 0))?.clone();
    let ty = canon.result(id).clone();
    let moved = canon.move_elements(&source, &ty, |index| {
        let mut at = Dims::from_elem(0, index.len());
        permutation.iter().zip(index).for_each(|(&axis, &i)| at[axis as usize] = i);
        at
    })?;
    constant(canon, moved)
}

/// transpose(transpose(x)) = transpose(x)
fn transpose_twice(canon: &mut Canon<'_>, id: OpId) -> Option<Rewrite> {
    let outer = permutation(&canon.function.op(id).op)?;
    let middle = canon.def(canon.operand(id, 0))?;
    let inner = permutation(&middle.op)?;
    let composed = outer.iter().map(|&axis| inner[axis as usize]).collect();
    let x = middle.operands[0];
    let operation = canon.function.op_mut(id);
    operation.op = Op::Transpose(Box::new(Permutation { permutation: composed }));
    operation.operands[0] = x;
    Some(Rewrite::Changed)
}

/// A transpose that moves only dimensions of size 1 is a reshape.
fn transpose_is_reshape(canon: &mut Canon<'_>, id: OpId) -> Option<Rewrite> {
    let permutation = permutation(&canon.function.op(id).op)?;
    let x = canon.operand(id, 0);
    let sizes = &canon.ty(x).dims;
    if !permutation.iter().filter(|&&axis| sizes[axis as usize] != 1).is_sorted() {
        return None;
    }
    let dims = canon.result(id).dims.clone();
    value(canon.reshape(x, &dims))
}

fn reversed(op: &Op) -> Option<&Dims> {
    match op {
        Op::Reverse(attrs) => Some(&attrs.dimensions),
        _ => None,
    }
}

/// Reversing a dimension of size 1 does nothing.
fn reverse_units(canon: &mut Canon<'_>, id: OpId) -> Option<Rewrite> {
    let dimensions = reversed(&canon.function.op(id).op)?;
    let x = canon.operand(id, 0);
    let sizes = &canon.ty(x).dims;
    let left: Dims = dimensions.iter().copied().filter(|&axis| sizes[axis as usize] != 1).collect();
    if left.is_empty() {
        return value(x);
    }
    if left.len() == dimensions.len() {
        return None;
    }
    canon.function.op_mut(id).op = Op::Reverse(Box::new(Dimensions { dimensions: left }));
    Some(Rewrite::Changed)
}

fn reverse_constant(canon: &mut Canon<'_>, id: OpId) -> Option<Rewrite> {
    let dimensions = reversed(&canon.function.op(id).op)?.clone();
    let source = canon.literal(canon.operand(id, 0))?.clone();
    let ty = canon.result(id).clone();
    let moved = canon.move_elements(&source, &ty, |index| {
        let mut at: Dims = index.into();
        dimensions
            .iter()
            .for_each(|&axis| at[axis as usize] = ty.dims[axis as usize] - 1 - at[axis as usize]);
        at
    })?;
    constant(canon, moved)
}

/// reverse(reverse(x)) = x along the dimensions reversed twice
fn reverse_twice(canon: &mut Canon<'_>, id: OpId) -> Option<Rewrite> {
    let outer = reversed(&canon.function.op(id).op)?;
    let middle = canon.def(canon.operand(id, 0))?;
    let inner = reversed(&middle.op)?;
    let mut once: Dims = outer.iter().copied().filter(|axis| !inner.contains(axis)).collect();
    once.extend(inner.iter().copied().filter(|axis| !outer.contains(axis)));
    let x = middle.operands[0];
    let operation = canon.function.op_mut(id);
    operation.op = Op::Reverse(Box::new(Dimensions { dimensions: once }));
    operation.operands[0] = x;
    Some(Rewrite::Changed)
}

fn joined_axis(canon: &Canon<'_>, id: OpId) -> Option<usize> {
    match &canon.function.op(id).op {
        Op::Concatenate(attrs) => Some(attrs.dimension as usize),
        _ => None,
    }
}

/// Operands without elements add nothing.
fn empty_operands(canon: &mut Canon<'_>, id: OpId) -> Option<Rewrite> {
    let axis = joined_axis(canon, id)?;
    let operands = &canon.function.op(id).operands;
    if operands.iter().all(|&operand| canon.ty(operand).dims[axis] != 0) {
        return None;
    }
    let left = operands.iter().copied().filter(|&operand| canon.ty(operand).dims[axis] != 0).collect();
    canon.function.op_mut(id).operands = left;
    Some(Rewrite::Changed)
}

fn one_operand(canon: &mut Canon<'_>, id: OpId) -> Option<Rewrite> {
    match canon.function.op(id).operands[..] {
        [only] => value(only),
        _ => None,
    }
}

fn concatenate_constants(canon: &mut Canon<'_>, id: OpId) -> Option<Rewrite> {
    let axis = joined_axis(canon, id)?;
    let parts = literals(canon, &canon.function.op(id).operands)?;
    let ty = canon.result(id).clone();
    let first = parts[0].splat_value();
    if let Some(element) = first.filter(|_| parts.iter().all(|part| part.splat_value() == first)) {
        return constant(canon, Literal::splat(ty.dims, element));
    }
    canon.spend(&ty, Canon::joined_limit())?;
    let elements = Indices::new(&ty.dims).map(|mut index| {
        for part in &parts {
            let size = part.ty.dims[axis];
            if index[axis] < size {
                return element_at(part, &index);
            }
            index[axis] -= size;
        }
        unreachable!("the sizes of the parts add up to the result's")
    });
    let joined = Literal::from_scalars(ty.clone(), elements);
    constant(canon, joined)
}

fn element_at(literal: &Literal, index: &[i64]) -> Scalar {
    let strides = tensor::row_major_strides(&literal.ty.dims);
    literal.get(index.iter().zip(&strides).map(|(i, stride)| i * stride).sum::<i64>() as usize)
}

fn pad_nothing(canon: &mut Canon<'_>, id: OpId) -> Option<Rewrite> {
    let Op::Pad(attrs) = &canon.function.op(id).op else { return None };
    let x = canon.operand(id, 0);
    let edges = attrs.edge_padding_low.iter().chain(&attrs.edge_padding_high).all(|&amount| amount == 0);
    let spread =
        attrs.interior_padding.iter().zip(&canon.ty(x).dims).any(|(&amount, &size)| amount > 0 && size > 1);
    if edges && !spread { value(x) } else { None }
}

/// A splat padded with its own value, or nothing but padding.
fn pad_with_the_same(canon: &mut Canon<'_>, id: OpId) -> Option<Rewrite> {
    let (x, padding) = (canon.operand(id, 0), canon.operand(id, 1));
    let ty = canon.result(id).clone();
    if canon.ty(x).is_empty() {
        return value(broadcast_scalar(canon, padding, &ty));
    }
    let element = canon.scalar(padding)?;
    if canon.scalar(x)? != element {
        return None;
    }
    value(canon.splat(&ty, element))
}

/// A scalar repeated to this type.
pub(super) fn broadcast_scalar(canon: &mut Canon<'_>, scalar: ValueId, ty: &TensorType) -> ValueId {
    if ty.rank() == 0 {
        return scalar;
    }
    let op = Op::BroadcastInDim(Box::new(BroadcastInDim { broadcast_dimensions: Dims::new() }));
    canon.one(op, &[scalar], ty.clone())
}

/// Counting to one.
fn iota_of_one(canon: &mut Canon<'_>, id: OpId) -> Option<Rewrite> {
    let Op::Iota(attrs) = &canon.function.op(id).op else { return None };
    let axis = attrs.iota_dimension as usize;
    let ty = canon.result(id).clone();
    if ty.dims[axis] != 1 {
        return None;
    }
    value(canon.splat(&ty, Scalar::zero(ty.dtype)))
}

/// Shapes are static.
fn dimension_size(canon: &mut Canon<'_>, id: OpId) -> Option<Rewrite> {
    let Op::GetDimensionSize(attrs) = &canon.function.op(id).op else { return None };
    let size = canon.ty(canon.operand(id, 0)).dims[attrs.dimension as usize];
    let dtype = canon.result(id).dtype;
    constant(canon, Literal::scalar(Scalar::from_i64(dtype, size)))
}

/// Declaring the size that a dimension has.
fn set_full_size(canon: &mut Canon<'_>, id: OpId) -> Option<Rewrite> {
    let Op::SetDimensionSize(attrs) = &canon.function.op(id).op else { return None };
    let x = canon.operand(id, 0);
    let full = canon.ty(x).dims[attrs.dimension as usize];
    let size = canon.scalar(canon.operand(id, 1))?;
    if size.as_i64() == full { value(x) } else { None }
}
