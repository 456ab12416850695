//! Every printed operation is valid WGSL and becomes SPIR-V and MSL, on devices that have little and on others.

use gpu::features::Features;
use gpu::scalar::register;
use ops::{BinaryOp, UnaryOp};
use plan::{NodeId, NodeOp};
use tensor::{DType, Scalar};

use super::device::shader;
use crate::device::check_shader;

/// Devices with and without the types that not all have.
fn devices() -> [Features; 3] {
    let usual = Features { int64: true, float16: true, ..Features::least() };
    [Features::least(), usual.clone(), Features { float64: true, ..usual }]
}

/// All operations that the reference defines on a type, with the type of their result.
fn operations(dtype: DType) -> Vec<(NodeOp, DType)> {
    let (a, b) = (NodeId(0), NodeId(1));
    let one = Scalar::one(dtype);
    let unary = UnaryOp::ALL.iter().map(|op| NodeOp::Unary(*op, a));
    let binary = BinaryOp::ALL.iter().map(|op| NodeOp::Binary(*op, a, b));
    let mut operations = Vec::new();
    for op in unary.chain(binary) {
        let operands = [one; 2];
        let arity = if matches!(op, NodeOp::Unary(..)) { 1 } else { 2 };
        if let Some(value) = plan::evaluate::apply(&op, dtype, &operands[..arity]) {
            operations.push((op, value.dtype));
        }
    }
    operations
}

/// The devices' answer to every operation of the reference: all where they have the type.
#[test]
fn every_operation_translates() {
    for features in devices() {
        for &dtype in DType::ALL {
            let lacking = register(dtype, &features).is_err();
            for (op, result) in operations(dtype) {
                let operands = vec![dtype; if matches!(op, NodeOp::Unary(..)) { 1 } else { 2 }];
                let printed = shader(&features, &operands, result, |scalars, names| {
                    scalars.node(&op, result, &operands, names)
                });
                match printed {
                    Ok(shader) => check_shader(&shader, &features),
                    // Powers of two have no arithmetic in f32.
                    Err(refusal) => {
                        assert!(lacking || dtype == DType::F8E8M0FNU, "{op:?} of {dtype}: {refusal}");
                    }
                }
            }
        }
    }
}
