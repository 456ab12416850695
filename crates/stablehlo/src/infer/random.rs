//! Random numbers.

use ops::attributes::{Rng, RngBitGenerator};
use ops::{RngAlgorithm, RngDistribution, Type};
use smallvec::smallvec;
use tensor::DType;

use super::check::ensure;
use super::{Signature, Types, Violation, one};

pub(super) fn rng(attrs: &Rng, sig: &Signature<'_>) -> Result<Types, Violation> {
    let (a, b, shape) = (sig.tensor(0)?, sig.tensor(1)?, sig.tensor(2)?);
    let declared = sig.declared_tensor(0)?;
    ensure!(a.rank() == 0 && b.rank() == 0, "I1", "the bounds are {a} and {b}");
    ensure!(
        a.dtype == b.dtype && a.dtype == declared.dtype,
        "C1",
        "element types {a}, {b}, {declared} differ"
    );
    let normal = attrs.rng_distribution == RngDistribution::Normal;
    ensure!(!normal || a.dtype.is_float(), "C2", "a normal distribution of {}", a.dtype);
    let fits = shape.dtype.is_integer() && shape.rank() == 1 && shape.dims[0] == declared.rank() as i64;
    ensure!(fits, "C3", "the shape operand {shape} does not describe {declared}");
    one(declared.clone())
}

pub(super) fn rng_bit_generator(attrs: &RngBitGenerator, sig: &Signature<'_>) -> Result<Types, Violation> {
    let state = sig.tensor(0)?;
    ensure!(state.dtype == DType::U64 && state.rank() == 1, "I2", "the state is {state}");
    let size = state.dims[0];
    let fine = match attrs.rng_algorithm {
        RngAlgorithm::ThreeFry => size == 2,
        RngAlgorithm::Philox | RngAlgorithm::Default => matches!(size, 2 | 3),
    };
    ensure!(fine, "C2", "a state of {size} words for {}", attrs.rng_algorithm.keyword());
    let output = sig.declared_tensor(1)?;
    let bits = output.dtype.is_integer() || output.dtype.is_float();
    ensure!(bits, "O2", "not defined on element type {}", output.dtype);
    // C1: the state keeps its type; the output's is the program's choice.
    Ok(smallvec![Type::Tensor(state.clone()), Type::Tensor(output.clone())])
}
