//! Control flow, tuples, tokens, and ops whose results are what the program says.

use ops::Type;
use ops::attributes::GetTupleElement;
use smallvec::SmallVec;
use tensor::DType;

use super::check::{ensure, region_type};
use super::{Signature, Types, Violation, scalar};

pub(super) fn as_declared(sig: &Signature<'_>) -> Result<Types, Violation> {
    Ok(sig.declared.iter().map(|&ty| ty.clone()).collect())
}

pub(super) fn same_as_operands(sig: &Signature<'_>) -> Result<Types, Violation> {
    Ok(sig.operands.iter().map(|&ty| ty.clone()).collect())
}

pub(super) fn unsupported(sig: &Signature<'_>) -> Result<Types, Violation> {
    Err(Violation::new("unsupported", format!("{} is not supported", sig.op.mnemonic())))
}

pub(super) fn token(sig: &Signature<'_>) -> Result<Types, Violation> {
    for (index, &operand) in sig.operands.iter().enumerate() {
        ensure!(*operand == Type::Token, "I1", "operand {index} is {operand}, not a token");
    }
    Ok(SmallVec::from_elem(Type::Token, 1))
}

pub(super) fn tuple(sig: &Signature<'_>) -> Result<Types, Violation> {
    let parts = sig.operands.iter().map(|&ty| ty.clone()).collect();
    Ok(SmallVec::from_elem(Type::Tuple(parts), 1))
}

pub(super) fn get_tuple_element(attrs: &GetTupleElement, sig: &Signature<'_>) -> Result<Types, Violation> {
    let Type::Tuple(parts) = sig.operands[0] else {
        return Err(Violation::new("I1", format!("the operand is {}, not a tuple", sig.operands[0])));
    };
    let part = usize::try_from(attrs.index).ok().and_then(|index| parts.get(index));
    match part {
        Some(ty) => Ok(SmallVec::from_elem(ty.clone(), 1)),
        None => Err(Violation::new("C1", format!("index {} of a tuple of {}", attrs.index, parts.len()))),
    }
}

/// The common type of branches without arguments.
fn branches(
    (args_label, same_label): (&'static str, &'static str),
    sig: &Signature<'_>,
) -> Result<Types, Violation> {
    let results: Vec<&Type> = sig.regions[0].results.iter().collect();
    for (index, region) in sig.regions.iter().enumerate() {
        if !region.args.is_empty() {
            return Err(Violation::new(args_label, format!("branch {index} has arguments")));
        }
        region_type(same_label, &format!("branch {index}"), region, &[], &results)?;
    }
    Ok(sig.regions[0].results.iter().cloned().collect())
}

pub(super) fn if_(sig: &Signature<'_>) -> Result<Types, Violation> {
    let predicate = sig.tensor(0)?;
    ensure!(predicate.rank() == 0 && predicate.dtype == DType::Bool, "I1", "the predicate is {predicate}");
    branches(("C1", "C2"), sig)
}

pub(super) fn case(sig: &Signature<'_>) -> Result<Types, Violation> {
    let index = sig.tensor(0)?;
    ensure!(index.rank() == 0 && index.dtype == DType::I32, "I1", "the index is {index}");
    branches(("C2", "C3"), sig)
}

pub(super) fn while_(sig: &Signature<'_>) -> Result<Types, Violation> {
    let boolean = scalar(DType::Bool);
    region_type("C1", "cond", &sig.regions[0], sig.operands, &[&boolean])?;
    region_type("C2", "body", &sig.regions[1], sig.operands, sig.operands)?;
    same_as_operands(sig)
}

/// Local and global types differ only in their sizes, by the sharding.
pub(super) fn manual_computation(sig: &Signature<'_>) -> Result<Types, Violation> {
    let region = &sig.regions[0];
    let alike = |a: &Type, b: &Type| match (a, b) {
        (Type::Tensor(a), Type::Tensor(b)) => a.dtype == b.dtype && a.rank() == b.rank(),
        _ => a == b,
    };
    let operands = sig.operands.len() == region.args.len()
        && sig.operands.iter().zip(&region.args).all(|(a, b)| alike(a, b));
    ensure!(operands, "shape", "operands do not fit the region's arguments");
    let results = sig.declared.len() == region.results.len()
        && sig.declared.iter().zip(&region.results).all(|(a, b)| alike(a, b));
    ensure!(results, "shape", "results do not fit what the region returns");
    as_declared(sig)
}
