//! Library steps against brute force.

#![allow(clippy::cloned_ref_to_slice_refs, reason = "a copied literal reads like the others")]
#![allow(clippy::needless_range_loop, reason = "indices name rows and columns")]

mod callback;
mod convolution;
mod dot;
mod fft;
mod linalg;
mod order;
mod random;
mod scatter;

use plan::StepOp;
use tensor::{AlignedBytes, DType, Literal, Scalar, TensorType};

use super::{StepTypes, prepare_library};
use crate::context::RunContext;

/// Runs a step on one thread and on several, twice each on dirty memory, and gives the results, which must
/// agree.
fn run(op: &StepOp, inputs: &[Literal], outputs: &[TensorType]) -> Vec<Literal> {
    let types = StepTypes {
        origin: "test",
        reads: inputs.iter().map(|input| &input.ty).collect(),
        writes: outputs.iter().collect(),
    };
    let step = prepare_library(op, &types).expect("the step is supported");
    let mut first: Option<Vec<Literal>> = None;
    for threads in [1, 3] {
        let context = RunContext::new(threads).expect("threads start");
        for dirt in [0xff, 0x5a] {
            context.scratch(1 << 16).fill(dirt);
            let dense: Vec<_> = inputs.iter().map(Literal::to_dense).collect();
            let reads: Vec<_> = dense.iter().map(|bytes| bytes.as_ptr()).collect();
            let mut results: Vec<_> = outputs.iter().map(|ty| AlignedBytes::zeroed(ty.byte_len())).collect();
            results.iter_mut().for_each(|bytes| bytes.fill(dirt));
            let writes: Vec<_> = results.iter_mut().map(|bytes| bytes.as_mut_ptr()).collect();
            // SAFETY: all arrays have the types that the step was prepared with.
            unsafe { step.run(&reads, &writes, &context) }.expect("the step runs");
            let results = results.into_iter().zip(outputs);
            let results: Vec<_> = results.map(|(bytes, ty)| Literal::dense(ty.clone(), bytes)).collect();
            match &first {
                None => first = Some(results),
                Some(first) => assert_eq!(first, &results, "results differ between runs of {op:?}"),
            }
        }
    }
    first.expect("the step ran")
}

/// A tensor of pseudo-random small integers, exact in every type.
fn small_integers(dtype: DType, dims: &[i64], seed: u64) -> Literal {
    let ty = TensorType::new(dtype, dims.iter().copied());
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let low = if dtype.is_integer() && Scalar::from_i64(dtype, -1).as_i64() > 0 { 0 } else { -3 };
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 33) % 7) as i64 + low
    };
    let count = ty.len();
    let values: Vec<Scalar> = (0..count)
        .map(|_| match dtype {
            _ if dtype.is_complex() => {
                let (re, im) = (next() as f64, next() as f64);
                Scalar::from_complex(dtype, num_complex::Complex::new(re, im))
            }
            DType::Bool => Scalar::bool(next() > 0),
            _ => Scalar::from_i64(dtype, next()),
        })
        .collect();
    Literal::from_scalars(ty, values)
}

/// A tensor of given values.
fn literal(dtype: DType, dims: &[i64], values: &[f64]) -> Literal {
    let ty = TensorType::new(dtype, dims.iter().copied());
    Literal::from_scalars(ty, values.iter().map(|&value| Scalar::from_f64(dtype, value)))
}
