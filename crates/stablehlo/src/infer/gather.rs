//! Reading at computed indices: `gather`, `dynamic_slice`, `torch_index_select`.

use ops::attributes::{DynamicSlice, Gather, TorchIndexSelect};
use tensor::{Dims, TensorType};

use super::check::{ensure, in_range, sorted, unique};
use super::{Signature, Types, Violation, one};

/// Index operands hold integers.
pub(super) fn integers(label: &'static str, name: &str, ty: &TensorType) -> Result<(), Violation> {
    if ty.dtype.is_integer() { Ok(()) } else { Err(Violation::new(label, format!("{name} is {ty}"))) }
}

/// Merges batch sizes and window sizes, the latter at the positions `window_dims` of the result.
pub(super) fn combine(batch: &[i64], window: &[i64], window_dims: &[i64]) -> Dims {
    let (mut batch, mut window) = (batch.iter(), window.iter());
    let rank = batch.len() + window.len();
    (0..rank as i64)
        .map(|axis| if window_dims.contains(&axis) { window.next() } else { batch.next() })
        .map(|size| *size.expect("window_dims has as many entries as window, all below the rank"))
        .collect()
}

/// Sizes of the index tensor but for the dimension of index vectors.
pub(super) fn index_batch(indices: &TensorType, index_vector_dim: i64) -> Dims {
    let kept = |(axis, _): &(usize, &i64)| *axis as i64 != index_vector_dim;
    indices.dims.iter().enumerate().filter(kept).map(|(_, &size)| size).collect()
}

pub(super) fn gather(attrs: &Gather, sig: &Signature<'_>) -> Result<Types, Violation> {
    let (operand, indices) = (sig.tensor(0)?, sig.tensor(1)?);
    let rank = operand.rank();
    let (collapsed, batching) = (&attrs.collapsed_slice_dims, &attrs.operand_batching_dims);
    let vector_dim = attrs.index_vector_dim;
    integers("I2", "start_indices", indices)?;
    ensure!(
        rank == attrs.offset_dims.len() + collapsed.len() + batching.len(),
        "C1",
        "offset, collapsed and batching dimensions do not add up to rank {rank}"
    );
    ensure!((0..=indices.rank() as i64).contains(&vector_dim), "C2", "index_vector_dim is {vector_dim}");
    let vector = indices.dims.get(vector_dim as usize).copied().unwrap_or(1);
    ensure!(
        attrs.start_index_map.len() as i64 == vector,
        "C3",
        "start_index_map has {} entries for index vectors of {vector}",
        attrs.start_index_map.len()
    );
    let batch = index_batch(indices, vector_dim);
    unique("C4", "offset_dims", &attrs.offset_dims)?;
    sorted("C4", "offset_dims", &attrs.offset_dims)?;
    in_range("C5", "offset_dims", &attrs.offset_dims, batch.len() + attrs.offset_dims.len())?;
    unique("C6", "collapsed and batching dimensions", collapsed.iter().chain(batching))?;
    sorted("C7", "collapsed_slice_dims", collapsed)?;
    in_range("C8", "collapsed_slice_dims", collapsed, rank)?;
    sorted("C10", "operand_batching_dims", batching)?;
    in_range("C11", "operand_batching_dims", batching, rank)?;
    unique("C13", "start_indices_batching_dims", &attrs.start_indices_batching_dims)?;
    in_range("C14", "start_indices_batching_dims", &attrs.start_indices_batching_dims, indices.rank())?;
    ensure!(
        !attrs.start_indices_batching_dims.contains(&vector_dim),
        "C15",
        "index_vector_dim is a batching dimension"
    );
    ensure!(
        batching.len() == attrs.start_indices_batching_dims.len(),
        "C16",
        "the numbers of batching dimensions differ"
    );
    for (&at, &from) in batching.iter().zip(&attrs.start_indices_batching_dims) {
        ensure!(
            operand.dims[at as usize] == indices.dims[from as usize],
            "C17",
            "batching sizes of {operand} and {indices} differ"
        );
    }
    unique("C18", "start_index_map and batching dimensions", attrs.start_index_map.iter().chain(batching))?;
    in_range("C19", "start_index_map", &attrs.start_index_map, rank)?;
    let sizes = &attrs.slice_sizes;
    ensure!(sizes.len() == rank, "C20", "slice_sizes has {} entries for {operand}", sizes.len());
    let within = sizes.iter().zip(&operand.dims).all(|(&size, &dim)| 0 <= size && size <= dim);
    ensure!(within, "C21", "slice_sizes {:?} exceed {operand}", &sizes[..]);
    ensure!(collapsed.iter().all(|&d| sizes[d as usize] <= 1), "C9", "a collapsed slice size is above 1");
    ensure!(batching.iter().all(|&d| sizes[d as usize] <= 1), "C12", "a batching slice size is above 1");
    let dropped = |axis: usize| collapsed.contains(&(axis as i64)) || batching.contains(&(axis as i64));
    let window: Dims = (0..rank).filter(|&axis| !dropped(axis)).map(|axis| sizes[axis]).collect();
    // C22, C23: shape and element type of the result.
    one(TensorType { dtype: operand.dtype, dims: combine(&batch, &window, &attrs.offset_dims) })
}

/// Checks start indices: one scalar of one integer type for each dimension.
pub(super) fn starts(
    (count_label, type_label): (&'static str, &'static str),
    starts: &[&TensorType],
    rank: usize,
) -> Result<(), Violation> {
    if starts.len() != rank {
        let message = format!("{} start indices for rank {rank}", starts.len());
        return Err(Violation::new(count_label, message));
    }
    for (index, start) in starts.iter().enumerate() {
        if start.rank() != 0 || !start.dtype.is_integer() || *start != starts[0] {
            return Err(Violation::new(type_label, format!("start index {index} is {start}")));
        }
    }
    Ok(())
}

pub(super) fn dynamic_slice(attrs: &DynamicSlice, sig: &Signature<'_>) -> Result<Types, Violation> {
    let operand = sig.tensor(0)?;
    let sizes = &attrs.slice_sizes;
    starts(("C2", "C3"), &sig.tensors(1)?, operand.rank())?;
    ensure!(sizes.len() == operand.rank(), "C2", "slice_sizes has {} entries for {operand}", sizes.len());
    let within = sizes.iter().zip(&operand.dims).all(|(&size, &dim)| 0 <= size && size <= dim);
    ensure!(within, "C4", "slice_sizes {:?} exceed {operand}", &sizes[..]);
    // C5: shape of the result.
    one(TensorType { dtype: operand.dtype, dims: sizes.clone() })
}

pub(super) fn torch_index_select(attrs: &TorchIndexSelect, sig: &Signature<'_>) -> Result<Types, Violation> {
    let (operand, index) = (sig.tensor(0)?, sig.tensor(1)?);
    integers("shape", "index", index)?;
    in_range("shape", "dim", &[attrs.dim], operand.rank())?;
    let (dim, batch) = (attrs.dim as usize, attrs.batch_dims);
    ensure!(
        0 <= batch && batch <= attrs.dim && batch as usize <= index.rank(),
        "shape",
        "batch_dims is {batch}"
    );
    let batch = batch as usize;
    ensure!(
        operand.dims[..batch] == index.dims[..batch],
        "shape",
        "batch sizes of {operand} and {index} differ"
    );
    let dims = operand.dims[..dim].iter().chain(&index.dims[batch..]).chain(&operand.dims[dim + 1..]);
    one(TensorType::new(operand.dtype, dims.copied()))
}
