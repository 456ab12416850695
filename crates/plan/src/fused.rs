//! Products together with what is computed of their results before they are stored.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use tensor::{DType, row_major_strides};

use crate::library::{Convolution, Dot};
use crate::{Access, Kernel, NodeOp, StepOp, axes};

/// A product whose result is not kept in memory: the epilogue, a kernel that maps it element by element, is computed
/// of each element where it would be stored. Reads the product's operands, then the epilogue's inputs but the first;
/// writes the epilogue's outputs.
///
/// The epilogue's input 0 is the product's result, rounded to its type. An output may share memory with an input that
/// the epilogue reads only at the element that it writes, never with an operand of the product.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Fused {
    /// The product.
    pub product: Product,
    /// What is stored; see [`is_epilogue`].
    pub epilogue: Arc<Kernel>,
}

/// A step that may have an epilogue.
#[expect(clippy::large_enum_variant, reason = "steps hold either as it is")]
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Product {
    /// Matrix product.
    Dot(Dot),
    /// Convolution.
    Convolution(Convolution),
}

impl Product {
    /// Number of arrays that a product reads.
    pub const OPERANDS: usize = 2;

    /// The product of a step.
    pub fn of(op: &StepOp) -> Option<Self> {
        match op {
            StepOp::Dot(dot) => Some(Product::Dot(dot.clone())),
            StepOp::Convolution(convolution) => Some(Product::Convolution(convolution.clone())),
            _ => None,
        }
    }

    /// The step of the product alone.
    pub fn op(&self) -> StepOp {
        match self {
            Product::Dot(dot) => StepOp::Dot(dot.clone()),
            Product::Convolution(convolution) => StepOp::Convolution(convolution.clone()),
        }
    }

    /// Element type of the result.
    pub fn dtype(&self) -> DType {
        match self {
            Product::Dot(dot) => dot.out,
            Product::Convolution(convolution) => convolution.output,
        }
    }
}

/// Whether a kernel is an epilogue of what its input 0 holds: it has one stage without folds, and reads input 0 and
/// writes each output once at the row-major number of the row.
pub fn is_epilogue(kernel: &Kernel) -> bool {
    let [stage] = &kernel.stages[..] else { return false };
    if kernel.rows() == 0
        || !stage.inner.is_empty()
        || !stage.reductions.is_empty()
        || !stage.scratch.is_empty()
    {
        return false;
    }
    let refined = axes::refine(kernel);
    let stage = &refined.stages[0];
    let mut written = vec![0; kernel.outputs.len()];
    stage.stores.iter().for_each(|store| written[store.output] += 1);
    let mut of_result = stage.nodes.iter().filter_map(|node| match &node.op {
        NodeOp::Load { input: 0, access, .. } => Some(access),
        _ => None,
    });
    written.iter().all(|&times| times == 1)
        && of_result.clone().next().is_some()
        && of_result.all(|access| is_row_number(access, &refined.parallel))
        && stage.stores.iter().all(|store| is_row_number(&store.access, &refined.parallel))
}

/// Whether an access is at the row-major number of a row.
fn is_row_number(access: &Access, rows: &[i64]) -> bool {
    let mut strides = vec![0; rows.len()];
    for term in &access.expr.terms {
        if !term.is_plain() {
            return false;
        }
        strides[term.axis] += term.stride;
    }
    access.is_affine() && access.expr.offset == 0 && strides == row_major_strides(rows)[..]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Expr, Node, NodeId, Stage, Store, Term};

    fn kernel(rows: &[i64], load: &[Term], store: &[Term]) -> Kernel {
        let access = |terms: &[Term]| Access::at(Expr { offset: 0, terms: terms.iter().copied().collect() });
        let load = NodeOp::Load { input: 0, access: access(load), fill: None };
        Kernel {
            parallel: rows.into(),
            inputs: vec![DType::F32],
            outputs: vec![DType::F32],
            scratch: Vec::new(),
            stages: vec![Stage {
                nodes: vec![Node { op: load, dtype: DType::F32 }],
                stores: vec![Store { output: 0, access: access(store), value: NodeId(0) }],
                ..Stage::default()
            }],
        }
    }

    #[test]
    fn epilogues_keep_the_order_of_elements() {
        let plain = Term::plain;
        let rows = [plain(0, 6), plain(1, 1)];
        assert!(is_epilogue(&kernel(&[4, 6], &rows, &rows)));
        let parted = |divisor, modulus, stride| Term { axis: 1, divisor, modulus, stride };
        assert!(is_epilogue(&kernel(&[4, 6], &[plain(0, 6), parted(2, 0, 2), parted(1, 2, 1)], &rows)));
        assert!(!is_epilogue(&kernel(&[4, 6], &[plain(0, 1), plain(1, 4)], &rows)));
        assert!(!is_epilogue(&kernel(&[4, 6], &rows, &[plain(0, 1), plain(1, 4)])));
        assert!(!is_epilogue(&kernel(&[4, 6], &[plain(1, 1)], &rows)));
        assert!(!is_epilogue(&kernel(&[0, 6], &rows, &rows)));
        let mut folds = kernel(&[4], &[plain(0, 1)], &[plain(0, 1)]);
        folds.stages[0].inner = [1][..].into();
        assert!(!is_epilogue(&folds));
    }
}
