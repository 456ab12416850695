//! Ops whose shape is an operand. Their results must still be declared with static shapes; that the operand
//! agrees is checked when it turns out to be constant.

use ops::attributes::{Convolution, DynamicBroadcastInDim, DynamicGather, Gather, Iota};
use tensor::{Dims, TensorType};

use super::check::{ensure, fits, in_range, unique};
use super::gather::integers;
use super::{Signature, Types, Violation, one, shape};

/// Checks that the operand is a vector of `rank` integers.
fn vector(
    label: &'static str,
    name: &str,
    sig: &Signature<'_>,
    index: usize,
    rank: usize,
) -> Result<(), Violation> {
    let ty = sig.tensor(index)?;
    integers(label, name, ty)?;
    if ty.dims[..] == [rank as i64] {
        return Ok(());
    }
    Err(Violation::new(label, format!("{name} is {ty}, needs {rank} entries")))
}

pub(super) fn broadcast_in_dim(
    attrs: &DynamicBroadcastInDim,
    sig: &Signature<'_>,
) -> Result<Types, Violation> {
    let rank = sig.tensor(0)?.rank();
    let (expanding, fixed) = (&attrs.known_expanding_dimensions, &attrs.known_nonexpanding_dimensions);
    vector("C7", "output_dimensions", sig, 1, sig.declared_tensor(0)?.rank())?;
    unique("C8", "known expanding and nonexpanding dimensions", expanding.iter().chain(fixed))?;
    in_range("C9", "known_expanding_dimensions", expanding, rank)?;
    in_range("C10", "known_nonexpanding_dimensions", fixed, rank)?;
    shape::broadcast_in_dim(&attrs.broadcast_dimensions, sig)
}

pub(super) fn conv(attrs: &Convolution, sig: &Signature<'_>) -> Result<Types, Violation> {
    let padding = sig.tensor(2)?;
    integers("I4", "padding", padding)?;
    let spatial = attrs.input_spatial_dimensions.len() as i64;
    ensure!(padding.dims[..] == [spatial, 2], "C4", "padding is {padding}");
    let declared = sig.declared_tensor(0)?;
    // The spatial sizes follow from the padding's value; everything else is checked without padding.
    super::convolution::padding_of(attrs, &[], sig)?;
    ensure!(declared.rank() == sig.tensor(0)?.rank(), "C26", "the result is {declared}");
    one(declared.clone())
}

pub(super) fn gather(attrs: &DynamicGather, sig: &Signature<'_>) -> Result<Types, Violation> {
    let (operand, indices, declared) = (sig.tensor(0)?, sig.tensor(1)?, sig.declared_tensor(0)?);
    vector("C11", "slice_sizes", sig, 2, operand.rank())?;
    // Sizes are recovered from the declared result: its offset dimensions, 1 where collapsed or batched.
    let dropped =
        |axis: i64| attrs.collapsed_slice_dims.contains(&axis) || attrs.operand_batching_dims.contains(&axis);
    let mut offsets = attrs.offset_dims.iter();
    let sizes: Option<Dims> = (0..operand.rank() as i64)
        .map(|axis| match dropped(axis) {
            true => Some(1.min(operand.dims[axis as usize])),
            false => declared.dims.get(usize::try_from(*offsets.next()?).ok()?).copied(),
        })
        .collect();
    let Some(slice_sizes) = sizes else {
        return Err(Violation::new("C1", "offset, collapsed and batching dimensions do not fit the operand"));
    };
    ensure!(fits(indices), "limit", "the size of {indices} is out of range");
    super::gather::gather(&static_gather(attrs, slice_sizes), sig)
}

/// The gather with these slice sizes.
fn static_gather(attrs: &DynamicGather, slice_sizes: Dims) -> Gather {
    Gather {
        collapsed_slice_dims: attrs.collapsed_slice_dims.clone(),
        index_vector_dim: attrs.index_vector_dim,
        indices_are_sorted: attrs.indices_are_sorted,
        offset_dims: attrs.offset_dims.clone(),
        operand_batching_dims: attrs.operand_batching_dims.clone(),
        slice_sizes,
        start_index_map: attrs.start_index_map.clone(),
        start_indices_batching_dims: attrs.start_indices_batching_dims.clone(),
    }
}

pub(super) fn iota(attrs: &Iota, sig: &Signature<'_>) -> Result<Types, Violation> {
    vector("C2", "output_shape", sig, 0, sig.declared_tensor(0)?.rank())?;
    shape::iota(attrs, sig)
}

pub(super) fn pad(sig: &Signature<'_>) -> Result<Types, Violation> {
    let (operand, value, declared) = (sig.tensor(0)?, sig.tensor(1)?, sig.declared_tensor(0)?);
    ensure!(value.rank() == 0, "I2", "the padding value is {value}");
    ensure!(
        operand.dtype == value.dtype && operand.dtype == declared.dtype,
        "C1",
        "{operand} padded with {value} becomes {declared}"
    );
    for (index, name) in [(2, "edge_padding_low"), (3, "edge_padding_high"), (4, "interior_padding")] {
        vector("C2", name, sig, index, operand.rank())?;
    }
    ensure!(declared.rank() == operand.rank(), "C4", "{operand} cannot become {declared}");
    one(declared.clone())
}

pub(super) fn reshape(sig: &Signature<'_>) -> Result<Types, Violation> {
    vector("C4", "output_shape", sig, 1, sig.declared_tensor(0)?.rank())?;
    shape::reshape(sig)
}

pub(super) fn slice(sig: &Signature<'_>) -> Result<Types, Violation> {
    let (operand, declared) = (sig.tensor(0)?, sig.declared_tensor(0)?);
    for (index, name) in [(1, "start_indices"), (2, "limit_indices"), (3, "strides")] {
        vector("shape", name, sig, index, operand.rank())?;
    }
    let shrunk = |a: &TensorType, b: &TensorType| a.dims.iter().zip(&b.dims).all(|(from, to)| to <= from);
    ensure!(
        operand.dtype == declared.dtype && operand.rank() == declared.rank() && shrunk(operand, declared),
        "shape",
        "{operand} cannot become {declared}"
    );
    one(declared.clone())
}
