//! Reductions, sorting and batch normalization.

use ops::Type;
use ops::attributes::{BatchNorm, Dimensions, Sort};
use tensor::{DType, Dims, TensorType};

use super::check::{combiner, ensure, in_range, region_type, unique};
use super::{Signature, Types, Violation, scalar};

pub(super) fn reduce(attrs: &Dimensions, sig: &Signature<'_>) -> Result<Types, Violation> {
    let operands = sig.tensors(0)?;
    ensure!(
        operands.len() % 2 == 0,
        "C3",
        "{} operands are not inputs and as many initial values",
        operands.len()
    );
    let (inputs, inits) = operands.split_at(operands.len() / 2);
    let first = inputs[0];
    ensure!(inputs.iter().all(|ty| ty.dims == first.dims), "C1", "input shapes differ");
    for (input, init) in inputs.iter().zip(inits) {
        ensure!(init.rank() == 0, "I2", "an initial value is {init}");
        ensure!(input.dtype == init.dtype, "C2", "{input} starts from {init}");
    }
    in_range("C4", "dimensions", &attrs.dimensions, first.rank())?;
    unique("C5", "dimensions", &attrs.dimensions)?;
    let dtypes: Vec<DType> = inputs.iter().map(|ty| ty.dtype).collect();
    let elements = combiner("C6", &sig.regions[0], &dtypes)?;
    let kept = |(axis, _): &(usize, &i64)| !attrs.dimensions.contains(&(*axis as i64));
    let dims: Dims = first.dims.iter().enumerate().filter(kept).map(|(_, &size)| size).collect();
    // C7, C8: the kept dimensions, element types of the region.
    Ok(elements.iter().map(|&dtype| Type::Tensor(TensorType { dtype, dims: dims.clone() })).collect())
}

pub(super) fn sort(attrs: &Sort, sig: &Signature<'_>) -> Result<Types, Violation> {
    let inputs = sig.tensors(0)?;
    let first = inputs[0];
    ensure!(inputs.iter().all(|ty| ty.dims == first.dims), "C3", "input shapes differ");
    let rank = first.rank() as i64;
    ensure!(
        -rank <= attrs.dimension && attrs.dimension < rank,
        "C4",
        "dimension is {} for rank {rank}",
        attrs.dimension
    );
    let args: Vec<Type> = inputs.iter().flat_map(|ty| [scalar(ty.dtype), scalar(ty.dtype)]).collect();
    let args: Vec<&Type> = args.iter().collect();
    region_type("C5", "the comparator", &sig.regions[0], &args, &[&scalar(DType::Bool)])?;
    // C2: results are as the inputs.
    Ok(inputs.iter().map(|&ty| Type::Tensor(ty.clone())).collect())
}

/// Checks the feature dimension (C1), and that all floats are of one type (C2); returns the type of
/// per-feature vectors.
fn features(attrs: &BatchNorm, sig: &Signature<'_>) -> Result<TensorType, Violation> {
    let operand = sig.tensor(0)?;
    in_range("C1", "feature_index", &[attrs.feature_index], operand.rank())?;
    ensure!(operand.dtype.is_float(), "I1", "not defined on element type {}", operand.dtype);
    for ty in sig.tensors(1)? {
        ensure!(ty.dtype == operand.dtype, "C2", "{ty} has another element type than {operand}");
    }
    Ok(TensorType::new(operand.dtype, [operand.dims[attrs.feature_index as usize]]))
}

fn vectors(
    label: &'static str,
    sig: &Signature<'_>,
    range: std::ops::Range<usize>,
    vector: &TensorType,
) -> Result<(), Violation> {
    for index in range {
        let found = sig.tensor(index)?;
        if found != vector {
            return Err(Violation::new(label, format!("operand {index} is {found}, needs {vector}")));
        }
    }
    Ok(())
}

pub(super) fn batch_norm_training(attrs: &BatchNorm, sig: &Signature<'_>) -> Result<Types, Violation> {
    let vector = features(attrs, sig)?;
    vectors("C3", sig, 1..3, &vector)?;
    let operand = sig.tensor(0)?;
    Ok([operand.clone(), vector.clone(), vector].map(Type::Tensor).into_iter().collect())
}

pub(super) fn batch_norm_inference(attrs: &BatchNorm, sig: &Signature<'_>) -> Result<Types, Violation> {
    let vector = features(attrs, sig)?;
    vectors("C3", sig, 1..5, &vector)?;
    super::one(sig.tensor(0)?.clone())
}

pub(super) fn batch_norm_grad(attrs: &BatchNorm, sig: &Signature<'_>) -> Result<Types, Violation> {
    let vector = features(attrs, sig)?;
    vectors("C5", sig, 1..4, &vector)?;
    let (operand, grad) = (sig.tensor(0)?, sig.tensor(4)?);
    ensure!(operand == grad, "C3", "grad_output is {grad}, the operand {operand}");
    Ok([operand.clone(), vector.clone(), vector].map(Type::Tensor).into_iter().collect())
}
