//! Products: `dot`, `dot_general` and Einstein summation.

use ops::Attr;
use ops::attributes::{DotGeneral, Einsum};
use tensor::{DTypeClass, Dims, TensorType};

use super::check::{ensure, in_range, unique};
use super::{Signature, Types, Violation, one};

/// The result's element type is the program's choice, of the operands' class. Operands may differ in width
/// (mixed 8-bit floats), which the specification leaves to implementations.
fn element_type(label: &'static str, sig: &Signature<'_>) -> Result<tensor::DType, Violation> {
    let (lhs, rhs) = (sig.tensor(0)?.dtype, sig.tensor(1)?.dtype);
    let dtype = sig.declared_tensor(0)?.dtype;
    let integral = |class| matches!(class, DTypeClass::Signed | DTypeClass::Unsigned);
    let compatible = |a: tensor::DType, b: tensor::DType| {
        a.class() == b.class() || (integral(a.class()) && integral(b.class()))
    };
    if compatible(lhs, rhs) && compatible(lhs, dtype) {
        return Ok(dtype);
    }
    Err(Violation::new(label, format!("a product of {lhs} and {rhs} cannot be {dtype}")))
}

pub(super) fn dot(sig: &Signature<'_>) -> Result<Types, Violation> {
    let (lhs, rhs) = (sig.tensor(0)?, sig.tensor(1)?);
    let fine = (1..=2).contains(&lhs.rank())
        && (1..=2).contains(&rhs.rank())
        && lhs.dims[lhs.rank() - 1] == rhs.dims[0];
    ensure!(fine, "shape", "{lhs} and {rhs} have no product");
    let dims = lhs.dims[..lhs.rank() - 1].iter().chain(&rhs.dims[1..]).copied();
    one(TensorType::new(element_type("shape", sig)?, dims))
}

pub(super) fn dot_general(attrs: &DotGeneral, sig: &Signature<'_>) -> Result<Types, Violation> {
    let (lhs, rhs) = (sig.tensor(0)?, sig.tensor(1)?);
    let (lhs_batch, rhs_batch) = (&attrs.lhs_batching_dimensions, &attrs.rhs_batching_dimensions);
    let (lhs_sum, rhs_sum) = (&attrs.lhs_contracting_dimensions, &attrs.rhs_contracting_dimensions);
    ensure!(lhs_batch.len() == rhs_batch.len(), "C1", "the numbers of batching dimensions differ");
    ensure!(lhs_sum.len() == rhs_sum.len(), "C2", "the numbers of contracting dimensions differ");
    unique("C3", "lhs batching and contracting dimensions", lhs_batch.iter().chain(lhs_sum))?;
    unique("C4", "rhs batching and contracting dimensions", rhs_batch.iter().chain(rhs_sum))?;
    in_range("C5", "lhs_batching_dimensions", lhs_batch, lhs.rank())?;
    in_range("C6", "lhs_contracting_dimensions", lhs_sum, lhs.rank())?;
    in_range("C7", "rhs_batching_dimensions", rhs_batch, rhs.rank())?;
    in_range("C8", "rhs_contracting_dimensions", rhs_sum, rhs.rank())?;
    let pairs_agree =
        |a: &Dims, b: &Dims| a.iter().zip(b).all(|(&i, &j)| lhs.dims[i as usize] == rhs.dims[j as usize]);
    ensure!(pairs_agree(lhs_batch, rhs_batch), "C9", "batching sizes of {lhs} and {rhs} differ");
    ensure!(pairs_agree(lhs_sum, rhs_sum), "C10", "contracting sizes of {lhs} and {rhs} differ");
    ensure!(matches!(attrs.precision_config.len(), 0 | 2), "C11", "precision_config needs two entries");
    let positive = |attr: &Attr| match attr {
        Attr::Scalar(value) => value.as_i64() > 0,
        _ => true,
    };
    ensure!(positive(&attrs.lhs_component_count), "C22", "lhs_component_count is not positive");
    ensure!(positive(&attrs.rhs_component_count), "C23", "rhs_component_count is not positive");
    ensure!(positive(&attrs.num_primitive_operations), "C24", "num_primitive_operations is not positive");
    // C12: batch, then free dimensions of the lhs, then of the rhs.
    let mut dims: Dims = lhs_batch.iter().map(|&axis| lhs.dims[axis as usize]).collect();
    let free = |ty: &TensorType, batch: &Dims, sum: &Dims| -> Dims {
        let kept = |axis: &usize| !batch.contains(&(*axis as i64)) && !sum.contains(&(*axis as i64));
        (0..ty.rank()).filter(kept).map(|axis| ty.dims[axis]).collect()
    };
    dims.extend(free(lhs, lhs_batch, lhs_sum));
    dims.extend(free(rhs, rhs_batch, rhs_sum));
    one(TensorType { dtype: element_type("C13", sig)?, dims })
}

/// Subscripts of an Einstein summation: one letter a dimension.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EinsumSpec {
    /// Subscripts of each operand.
    pub operands: Vec<Vec<char>>,
    /// Subscripts of the result.
    pub result: Vec<char>,
}

/// Parses subscripts such as `ab,bc->ac`. Ellipses are not in use by StableHLO producers and refused.
pub fn parse_einsum(config: &str) -> Result<EinsumSpec, Violation> {
    let bad = || Violation::new("shape", format!("einsum_config `{config}` is not understood"));
    let (inputs, result) = config.split_once("->").ok_or_else(bad)?;
    let letters = |text: &str| -> Result<Vec<char>, Violation> {
        let letters: Vec<char> = text.trim().chars().collect();
        if letters.iter().all(char::is_ascii_alphabetic) { Ok(letters) } else { Err(bad()) }
    };
    let operands: Vec<Vec<char>> = inputs.split(',').map(letters).collect::<Result<_, _>>()?;
    let result = letters(result)?;
    let distinct = result.iter().enumerate().all(|(at, letter)| !result[..at].contains(letter));
    let known = result.iter().all(|letter| operands.iter().any(|operand| operand.contains(letter)));
    if !distinct || !known {
        return Err(bad());
    }
    Ok(EinsumSpec { operands, result })
}

pub(super) fn einsum(attrs: &Einsum, sig: &Signature<'_>) -> Result<Types, Violation> {
    let spec = parse_einsum(&attrs.einsum_config)?;
    let inputs = sig.tensors(0)?;
    ensure!(
        spec.operands.len() == inputs.len(),
        "shape",
        "`{}` fits another operand count",
        attrs.einsum_config
    );
    let mut sizes: Vec<(char, i64)> = Vec::new();
    for (subscripts, input) in spec.operands.iter().zip(&inputs) {
        ensure!(subscripts.len() == input.rank(), "shape", "`{}` does not fit {input}", attrs.einsum_config);
        for (&letter, &size) in subscripts.iter().zip(&input.dims) {
            match sizes.iter().find(|(known, _)| *known == letter) {
                Some((_, known)) => ensure!(*known == size, "shape", "sizes of `{letter}` differ"),
                None => sizes.push((letter, size)),
            }
        }
    }
    let size_of = |letter: &char| sizes.iter().find(|(known, _)| known == letter).map(|(_, size)| *size);
    let dims: Option<Dims> = spec.result.iter().map(size_of).collect();
    let dims = dims.ok_or_else(|| Violation::new("shape", "a result subscript is unknown"))?;
    one(TensorType { dtype: sig.declared_tensor(0)?.dtype, dims })
}
