//! Ops that move elements without looking at them.

use ops::attributes::{
    Broadcast, Concatenate, Constant, DimensionSize, Dimensions, Iota, Pad, Permutation, Slice,
};
use tensor::{DType, DTypeClass, Data, Dims, TensorType};

use super::check::{add, bounded, ensure, fits, in_range, mul, unique};
use super::{Signature, Types, Violation, one};

pub(super) fn constant(attrs: &Constant) -> Result<Types, Violation> {
    let ty = &attrs.value.ty;
    ensure!(fits(ty), "limit", "the size of {ty} is out of range");
    let complete = match &attrs.value.data {
        Data::Splat(value) => value.dtype == ty.dtype,
        Data::Dense(bytes) => bytes.len() == ty.byte_len(),
    };
    ensure!(complete, "C1", "the value does not fill {ty}");
    one(ty.clone())
}

pub(super) fn iota(attrs: &Iota, sig: &Signature<'_>) -> Result<Types, Violation> {
    let declared = sig.declared_tensor(0)?;
    in_range("C1", "iota_dimension", &[attrs.iota_dimension], declared.rank())?;
    ensure!(declared.dtype.class() != DTypeClass::Bool, "I1", "not defined on element type i1");
    one(declared.clone())
}

pub(super) fn reshape(sig: &Signature<'_>) -> Result<Types, Violation> {
    let (operand, declared) = (sig.tensor(0)?, sig.declared_tensor(0)?);
    ensure!(operand.dtype == declared.dtype, "C1", "{operand} cannot become {declared}");
    ensure!(
        fits(operand) && fits(declared) && operand.len() == declared.len(),
        "C2",
        "{operand} and {declared} differ in their number of elements"
    );
    one(declared.clone())
}

pub(super) fn broadcast(attrs: &Broadcast, sig: &Signature<'_>) -> Result<Types, Violation> {
    let operand = sig.tensor(0)?;
    let sizes = &attrs.broadcast_sizes;
    ensure!(sizes.iter().all(|&size| size >= 0), "shape", "broadcast_sizes are {:?}", &sizes[..]);
    one(TensorType::new(operand.dtype, sizes.iter().chain(&operand.dims).copied()))
}

/// Also of `dynamic_broadcast_in_dim`, whose constraints have the same labels.
pub(super) fn broadcast_in_dim(dimensions: &Dims, sig: &Signature<'_>) -> Result<Types, Violation> {
    let (operand, declared) = (sig.tensor(0)?, sig.declared_tensor(0)?);
    ensure!(operand.dtype == declared.dtype, "C1", "{operand} cannot become {declared}");
    ensure!(
        dimensions.len() == operand.rank(),
        "C2",
        "broadcast_dimensions has {} entries for an operand of {operand}",
        dimensions.len()
    );
    in_range("C3", "broadcast_dimensions", dimensions, declared.rank())?;
    unique("C4", "broadcast_dimensions", dimensions)?;
    for (axis, (&size, &to)) in operand.dims.iter().zip(dimensions).enumerate() {
        let wanted = declared.dims[to as usize];
        ensure!(
            size == 1 || size == wanted,
            "C5",
            "dimension {axis} of {operand} becomes dimension {to} of {declared}"
        );
    }
    one(declared.clone())
}

pub(super) fn transpose(attrs: &Permutation, sig: &Signature<'_>) -> Result<Types, Violation> {
    let operand = sig.tensor(0)?;
    let permutation = &attrs.permutation;
    ensure!(
        permutation.len() == operand.rank(),
        "C2",
        "permutation has {} entries for an operand of {operand}",
        permutation.len()
    );
    in_range("C2", "permutation", permutation, operand.rank())?;
    unique("C2", "permutation", permutation)?;
    // C3: shape of the result.
    one(TensorType::new(operand.dtype, permutation.iter().map(|&axis| operand.dims[axis as usize])))
}

pub(super) fn reverse(attrs: &Dimensions, sig: &Signature<'_>) -> Result<Types, Violation> {
    let operand = sig.tensor(0)?;
    unique("C2", "dimensions", &attrs.dimensions)?;
    in_range("C3", "dimensions", &attrs.dimensions, operand.rank())?;
    one(operand.clone())
}

pub(super) fn concatenate(attrs: &Concatenate, sig: &Signature<'_>) -> Result<Types, Violation> {
    let inputs = sig.tensors(0)?;
    let first = inputs[0];
    in_range("C4", "dimension", &[attrs.dimension], first.rank())?;
    let axis = attrs.dimension as usize;
    let mut result = first.clone();
    for (index, input) in inputs.iter().enumerate().skip(1) {
        ensure!(input.dtype == first.dtype, "C1", "operand {index} is {input}, operand 0 is {first}");
        let same = input.rank() == first.rank()
            && (0..first.rank()).all(|d| d == axis || input.dims[d] == first.dims[d]);
        ensure!(same, "C2", "operand {index} is {input}, operand 0 is {first}");
        // C6: sizes along the dimension add up.
        result.dims[axis] = add(result.dims[axis], input.dims[axis])?;
    }
    one(result)
}

pub(super) fn pad(attrs: &Pad, sig: &Signature<'_>) -> Result<Types, Violation> {
    let (operand, value) = (sig.tensor(0)?, sig.tensor(1)?);
    ensure!(value.rank() == 0, "I2", "the padding value is {value}");
    ensure!(operand.dtype == value.dtype, "C1", "{operand} is padded with {value}");
    let (low, high, interior) = (&attrs.edge_padding_low, &attrs.edge_padding_high, &attrs.interior_padding);
    for (name, list) in
        [("edge_padding_low", low), ("edge_padding_high", high), ("interior_padding", interior)]
    {
        ensure!(list.len() == operand.rank(), "C2", "{name} has {} entries for {operand}", list.len());
        bounded(name, list.iter().copied())?;
    }
    ensure!(interior.iter().all(|&amount| amount >= 0), "C3", "interior_padding is {:?}", &interior[..]);
    let mut result = operand.clone();
    for (axis, size) in result.dims.iter_mut().enumerate() {
        let spread = add(*size, mul((*size - 1).max(0), interior[axis])?)?;
        *size = add(add(spread, low[axis])?, high[axis])?;
        ensure!(*size >= 0, "C4", "the size of dimension {axis} would be {size}");
    }
    one(result)
}

pub(super) fn slice(attrs: &Slice, sig: &Signature<'_>) -> Result<Types, Violation> {
    let operand = sig.tensor(0)?;
    let (start, limit, strides) = (&attrs.start_indices, &attrs.limit_indices, &attrs.strides);
    for (name, list) in [("start_indices", start), ("limit_indices", limit), ("strides", strides)] {
        ensure!(list.len() == operand.rank(), "C2", "{name} has {} entries for {operand}", list.len());
    }
    let mut result = operand.clone();
    for (axis, size) in result.dims.iter_mut().enumerate() {
        let (start, limit, stride) = (start[axis], limit[axis], strides[axis]);
        ensure!(
            0 <= start && start <= limit && limit <= *size,
            "C3",
            "{start}:{limit} is out of bounds of dimension {axis} of {operand}"
        );
        ensure!(stride > 0, "C4", "the stride of dimension {axis} is {stride}");
        // C5: rounded up; limit - start >= 0, so the form below cannot overflow.
        *size = if limit == start { 0 } else { (limit - start - 1) / stride + 1 };
    }
    one(result)
}

pub(super) fn get_dimension_size(attrs: &DimensionSize, sig: &Signature<'_>) -> Result<Types, Violation> {
    in_range("C1", "dimension", &[attrs.dimension], sig.tensor(0)?.rank())?;
    one(TensorType::scalar(DType::I32))
}

/// Only the form that declares the full static size has a static result.
pub(super) fn set_dimension_size(attrs: &DimensionSize, sig: &Signature<'_>) -> Result<Types, Violation> {
    let (operand, size) = (sig.tensor(0)?, sig.tensor(1)?);
    in_range("shape", "dimension", &[attrs.dimension], operand.rank())?;
    ensure!(size.rank() == 0 && size.dtype == DType::I32, "shape", "the size is {size}");
    one(operand.clone())
}
