//! Slices, and computed indices that turn out to be known.

use ops::Op;
use ops::attributes::Slice;
use stablehlo::{OpId, ValueId};
use tensor::{Dims, TensorType};

use super::super::{Canon, Rewrite, value};
use super::{Rule, constant, no_elements};

pub(super) const SLICE: &[Rule] =
    &[no_elements, whole_slice, slice_constant, slice_twice, slice_of_concatenate];
pub(super) const DYNAMIC_SLICE: &[Rule] = &[no_elements, whole_dynamic_slice, splat_slice, known_start];
pub(super) const DYNAMIC_UPDATE_SLICE: &[Rule] = &[no_elements, whole_update, empty_update];
pub(super) const GATHER: &[Rule] = &[no_elements, splat_slice, one_known_window];
pub(super) const SCATTER: &[Rule] = &[no_elements, no_updates];

fn slice(canon: &Canon<'_>, id: OpId) -> Option<Slice> {
    match &canon.function.op(id).op {
        Op::Slice(attrs) => Some((**attrs).clone()),
        _ => None,
    }
}

/// `x[start : start + size]` with steps of 1.
pub(super) fn slice_at(canon: &mut Canon<'_>, x: ValueId, start: Dims, sizes: &[i64]) -> ValueId {
    let limit_indices = start.iter().zip(sizes).map(|(start, size)| start + size).collect();
    let strides = Dims::from_elem(1, sizes.len());
    let ty = TensorType::new(canon.ty(x).dtype, sizes.iter().copied());
    let op = Op::Slice(Box::new(Slice { start_indices: start, limit_indices, strides }));
    canon.one(op, &[x], ty)
}

/// x[:] = x
fn whole_slice(canon: &mut Canon<'_>, id: OpId) -> Option<Rewrite> {
    let x = canon.operand(id, 0);
    if canon.ty(x) == canon.result(id) { value(x) } else { None }
}

fn slice_constant(canon: &mut Canon<'_>, id: OpId) -> Option<Rewrite> {
    let attrs = slice(canon, id)?;
    let source = canon.literal(canon.operand(id, 0))?.clone();
    let ty = canon.result(id).clone();
    let moved = canon.move_elements(&source, &ty, |index| {
        index
            .iter()
            .enumerate()
            .map(|(axis, i)| attrs.start_indices[axis] + i * attrs.strides[axis])
            .collect()
    })?;
    constant(canon, moved)
}

/// x[a:b:s][c:d:t] = x[a + c*s : ... : s*t]
fn slice_twice(canon: &mut Canon<'_>, id: OpId) -> Option<Rewrite> {
    let outer = slice(canon, id)?;
    let middle = canon.def(canon.operand(id, 0))?;
    let Op::Slice(inner) = &middle.op else { return None };
    let x = middle.operands[0];
    let sizes = &canon.result(id).dims;
    let mut composed = Slice { start_indices: Dims::new(), limit_indices: Dims::new(), strides: Dims::new() };
    for (axis, size) in sizes.iter().enumerate() {
        let start = inner.start_indices[axis] + outer.start_indices[axis] * inner.strides[axis];
        // One element needs no step, and large steps would multiply beyond range.
        let stride = if *size == 1 { 1 } else { inner.strides[axis] * outer.strides[axis] };
        composed.start_indices.push(start);
        composed.strides.push(stride);
        composed.limit_indices.push(start + (size - 1) * stride + 1);
    }
    let operation = canon.function.op_mut(id);
    operation.op = Op::Slice(Box::new(composed));
    operation.operands[0] = x;
    Some(Rewrite::Changed)
}

/// A slice of joined arrays that stays within one of them.
fn slice_of_concatenate(canon: &mut Canon<'_>, id: OpId) -> Option<Rewrite> {
    let mut attrs = slice(canon, id)?;
    let joined = canon.def(canon.operand(id, 0))?;
    let Op::Concatenate(join) = &joined.op else { return None };
    let axis = join.dimension as usize;
    let size = canon.result(id).dims[axis];
    let start = attrs.start_indices[axis];
    let last = start + (size - 1) * if size == 1 { 1 } else { attrs.strides[axis] };
    let mut offset = 0;
    for &part in &joined.operands {
        let end = offset + canon.ty(part).dims[axis];
        if start >= offset && last < end {
            attrs.start_indices[axis] = start - offset;
            attrs.limit_indices[axis] = last + 1 - offset;
            let operation = canon.function.op_mut(id);
            operation.op = Op::Slice(Box::new(attrs));
            operation.operands[0] = part;
            return Some(Rewrite::Changed);
        }
        offset = end;
    }
    None
}

/// Starts are clamped, so a slice of the whole size is the whole.
fn whole_dynamic_slice(canon: &mut Canon<'_>, id: OpId) -> Option<Rewrite> {
    whole_slice(canon, id)
}

/// Every element of a splat is the same.
fn splat_slice(canon: &mut Canon<'_>, id: OpId) -> Option<Rewrite> {
    let element = canon.scalar(canon.operand(id, 0))?;
    let ty = canon.result(id).clone();
    value(canon.splat(&ty, element))
}

/// dynamic_slice with a constant start is a slice
fn known_start(canon: &mut Canon<'_>, id: OpId) -> Option<Rewrite> {
    let operands = canon.function.op(id).operands.clone();
    let x = operands[0];
    let sizes = canon.result(id).dims.clone();
    let dims = canon.ty(x).dims.clone();
    let mut start = Dims::new();
    for (axis, &operand) in operands[1..].iter().enumerate() {
        let largest = dims[axis] - sizes[axis];
        // A dimension taken whole starts at 0, whatever is asked for.
        let wanted = if largest == 0 { 0 } else { canon.scalar(operand)?.as_i128() };
        start.push(wanted.clamp(0, largest.into()) as i64);
    }
    value(slice_at(canon, x, start, &sizes))
}

/// An update of the whole size replaces the whole.
fn whole_update(canon: &mut Canon<'_>, id: OpId) -> Option<Rewrite> {
    let update = canon.operand(id, 1);
    if canon.ty(update) == canon.result(id) { value(update) } else { None }
}

fn empty_update(canon: &mut Canon<'_>, id: OpId) -> Option<Rewrite> {
    if canon.ty(canon.operand(id, 1)).is_empty() { value(canon.operand(id, 0)) } else { None }
}

/// A gather of one window whose position is constant is a slice.
fn one_known_window(canon: &mut Canon<'_>, id: OpId) -> Option<Rewrite> {
    let Op::Gather(attrs) = &canon.function.op(id).op else { return None };
    let attrs = (**attrs).clone();
    let x = canon.operand(id, 0);
    let indices = canon.operand(id, 1);
    let dims = canon.ty(x).dims.clone();
    let windows = canon.ty(indices).len();
    if !attrs.operand_batching_dims.is_empty() || windows != attrs.start_index_map.len() {
        return None;
    }
    let index: Vec<i128> = canon.literal(indices)?.scalars().map(|element| element.as_i128()).collect();
    let mut start = Dims::from_elem(0, dims.len());
    for (&axis, &wanted) in attrs.start_index_map.iter().zip(&index) {
        let axis = axis as usize;
        start[axis] = wanted.clamp(0, (dims[axis] - attrs.slice_sizes[axis]).into()) as i64;
    }
    let taken = slice_at(canon, x, start, &attrs.slice_sizes);
    let result = canon.result(id).dims.clone();
    value(canon.reshape(taken, &result))
}

/// A scatter without updates changes nothing.
fn no_updates(canon: &mut Canon<'_>, id: OpId) -> Option<Rewrite> {
    let operands = &canon.function.op(id).operands;
    let count = operands.len() / 2;
    if !canon.ty(operands[operands.len() - 1]).is_empty() {
        return None;
    }
    let inputs: super::super::super::rewrite::Values = operands[..count].iter().copied().collect();
    let results = &canon.function.op(id).results;
    let same = inputs.iter().zip(results).all(|(&input, &result)| canon.ty(input) == canon.ty(result));
    same.then_some(Rewrite::Values(inputs))
}
