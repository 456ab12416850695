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

use engine_tests::harness::small_integers;
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

/// A tensor of given values.
fn literal(dtype: DType, dims: &[i64], values: &[f64]) -> Literal {
    let ty = TensorType::new(dtype, dims.iter().copied());
    Literal::from_scalars(ty, values.iter().map(|&value| Scalar::from_f64(dtype, value)))
}
