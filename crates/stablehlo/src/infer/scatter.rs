//! Writing at computed indices: `scatter` and `dynamic_update_slice`.

use ops::Type;
use ops::attributes::Scatter;
use tensor::{DType, Dims};

use super::check::{combiner, ensure, in_range, sorted, unique};
use super::gather::{combine, index_batch, integers, starts};
use super::{Signature, Types, Violation, one};

pub(super) fn dynamic_update_slice(sig: &Signature<'_>) -> Result<Types, Violation> {
    let (operand, update) = (sig.tensor(0)?, sig.tensor(1)?);
    ensure!(operand.dtype == update.dtype, "C2", "{update} updates {operand}");
    ensure!(operand.rank() == update.rank(), "C3", "{update} updates {operand}");
    starts(("C4", "C5"), &sig.tensors(2)?, operand.rank())?;
    let within = update.dims.iter().zip(&operand.dims).all(|(size, dim)| size <= dim);
    ensure!(within, "C6", "{update} is larger than {operand}");
    one(operand.clone())
}

pub(super) fn scatter(attrs: &Scatter, sig: &Signature<'_>) -> Result<Types, Violation> {
    let operands = sig.tensors(0)?;
    ensure!(operands.len() % 2 == 1, "C5", "{} operands are not inputs, indices and updates", operands.len());
    let count = operands.len() / 2;
    let (inputs, indices, updates) = (&operands[..count], operands[count], &operands[count + 1..]);
    let (input, update) = (inputs[0], updates[0]);
    let rank = input.rank();
    let (window, inserted) = (&attrs.update_window_dims, &attrs.inserted_window_dims);
    let (batching, vector_dim) = (&attrs.input_batching_dims, attrs.index_vector_dim);
    integers("I2", "scatter_indices", indices)?;
    ensure!(inputs.iter().all(|ty| ty.dims == input.dims), "C1", "input shapes differ");
    ensure!(
        rank == window.len() + inserted.len() + batching.len(),
        "C2",
        "window, inserted and batching dimensions do not add up to rank {rank}"
    );
    ensure!(updates.iter().all(|ty| ty.dims == update.dims), "C3", "update shapes differ");
    for (input, update) in inputs.iter().zip(updates) {
        ensure!(input.dtype == update.dtype, "C6", "{update} updates {input}");
    }
    unique("C7", "update_window_dims", window)?;
    sorted("C7", "update_window_dims", window)?;
    in_range("C8", "update_window_dims", window, update.rank())?;
    unique("C9", "inserted and batching dimensions", inserted.iter().chain(batching))?;
    sorted("C10", "inserted_window_dims", inserted)?;
    in_range("C11", "inserted_window_dims", inserted, rank)?;
    sorted("C12", "input_batching_dims", batching)?;
    in_range("C13", "input_batching_dims", batching, rank)?;
    unique("C14", "scatter_indices_batching_dims", &attrs.scatter_indices_batching_dims)?;
    in_range("C15", "scatter_indices_batching_dims", &attrs.scatter_indices_batching_dims, indices.rank())?;
    ensure!(
        !attrs.scatter_indices_batching_dims.contains(&vector_dim),
        "C16",
        "index_vector_dim is a batching dimension"
    );
    ensure!(
        batching.len() == attrs.scatter_indices_batching_dims.len(),
        "C17",
        "the numbers of batching dimensions differ"
    );
    for (&at, &from) in batching.iter().zip(&attrs.scatter_indices_batching_dims) {
        ensure!(
            input.dims[at as usize] == indices.dims[from as usize],
            "C18",
            "batching sizes of {input} and {indices} differ"
        );
    }
    ensure!((0..=indices.rank() as i64).contains(&vector_dim), "C22", "index_vector_dim is {vector_dim}");
    let vector = indices.dims.get(vector_dim as usize).copied().unwrap_or(1);
    let map = &attrs.scatter_dims_to_operand_dims;
    ensure!(
        map.len() as i64 == vector,
        "C19",
        "scatter_dims_to_operand_dims has {} entries for index vectors of {vector}",
        map.len()
    );
    unique("C20", "scatter_dims_to_operand_dims and batching dimensions", map.iter().chain(batching))?;
    in_range("C21", "scatter_dims_to_operand_dims", map, rank)?;
    // C4: updates hold one window an index vector.
    let batch = index_batch(indices, vector_dim);
    ensure!(update.rank() == batch.len() + window.len(), "C4", "{update} has the wrong rank for {indices}");
    let sizes: Dims = window.iter().map(|&axis| update.dims[axis as usize]).collect();
    ensure!(
        combine(&batch, &sizes, window) == update.dims,
        "C4",
        "{update} does not fit indices of {indices}"
    );
    let kept = |axis: &usize| !inserted.contains(&(*axis as i64)) && !batching.contains(&(*axis as i64));
    let within = (0..rank).filter(kept).zip(&sizes).all(|(axis, &size)| size <= input.dims[axis]);
    ensure!(within, "C4", "windows of {update} exceed {input}");
    let dtypes: Vec<DType> = inputs.iter().map(|ty| ty.dtype).collect();
    let elements = combiner("C23", &sig.regions[0], &dtypes)?;
    // C24, C25: shapes of the inputs, element types of the region.
    Ok(inputs.iter().zip(elements).map(|(ty, dtype)| Type::Tensor(ty.with_dtype(dtype))).collect())
}
