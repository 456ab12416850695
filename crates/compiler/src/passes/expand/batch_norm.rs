//! Batch normalization as elementwise ops and sums. Narrow floats are computed in f32.

use ops::attributes::BatchNorm;
use ops::{BinaryOp, UnaryOp};
use smallvec::smallvec;
use stablehlo::{OpId, ValueId};
use tensor::{DType, Dims, Scalar};

use super::super::rewrite::{Rewriter, Step};
use super::replace;

/// The parts of a computation per feature.
struct Features<'r, 'f> {
    rewriter: &'r mut Rewriter<'f>,
    operands: Vec<ValueId>,
    dims: Dims,
    feature: i64,
    epsilon: f64,
    /// Element type of operands and results, and that of the computation.
    dtype: DType,
    wide: DType,
}

impl<'r, 'f> Features<'r, 'f> {
    fn new(attrs: &BatchNorm, rewriter: &'r mut Rewriter<'f>, id: OpId) -> Self {
        let operands = rewriter.function.op(id).operands.clone();
        let ty = rewriter.tensor(operands[0]);
        let wide = if ty.dtype.bits() < 32 { DType::F32 } else { ty.dtype };
        let operands = operands.iter().map(|&value| rewriter.convert(value, wide)).collect();
        Features {
            rewriter,
            operands,
            dims: ty.dims,
            feature: attrs.feature_index,
            epsilon: attrs.epsilon.into(),
            dtype: ty.dtype,
            wide,
        }
    }

    fn others(&self) -> Vec<i64> {
        (0..self.dims.len() as i64).filter(|&axis| axis != self.feature).collect()
    }

    /// Elements a feature.
    fn count(&self) -> f64 {
        self.others().iter().map(|&axis| self.dims[axis as usize] as f64).product()
    }

    fn spread(&mut self, vector: ValueId) -> ValueId {
        let dims = self.dims.clone();
        self.rewriter.broadcast(vector, &dims, &[self.feature])
    }

    fn sum(&mut self, x: ValueId) -> ValueId {
        let others = self.others();
        self.rewriter.sum(x, &others)
    }

    fn apply(&mut self, op: BinaryOp, a: ValueId, b: ValueId) -> ValueId {
        self.rewriter.binary(op, a, b)
    }

    fn number(&mut self, like: ValueId, value: f64) -> ValueId {
        let dims = self.rewriter.tensor(like).dims;
        self.rewriter.splat(&dims, Scalar::from_f64(self.wide, value))
    }

    fn mean(&mut self, x: ValueId) -> ValueId {
        let total = self.sum(x);
        let count = self.count();
        let count = self.number(total, count);
        self.apply(BinaryOp::Divide, total, count)
    }

    /// 1 / sqrt(variance + epsilon).
    fn inverse_deviation(&mut self, variance: ValueId) -> ValueId {
        let epsilon = self.number(variance, self.epsilon);
        let shifted = self.apply(BinaryOp::Add, variance, epsilon);
        self.rewriter.unary(UnaryOp::Rsqrt, shifted)
    }

    fn centered(&mut self, mean: ValueId) -> ValueId {
        let mean = self.spread(mean);
        self.apply(BinaryOp::Subtract, self.operands[0], mean)
    }

    /// (x - mean) / sqrt(variance + epsilon) * scale + offset.
    fn normalize(&mut self, scale: ValueId, offset: ValueId, mean: ValueId, variance: ValueId) -> ValueId {
        let centered = self.centered(mean);
        let inverse = self.inverse_deviation(variance);
        let factor = self.apply(BinaryOp::Multiply, inverse, scale);
        let factor = self.spread(factor);
        let scaled = self.apply(BinaryOp::Multiply, centered, factor);
        let offset = self.spread(offset);
        self.apply(BinaryOp::Add, scaled, offset)
    }

    fn narrow(&mut self, x: ValueId) -> ValueId {
        self.rewriter.convert(x, self.dtype)
    }
}

pub(super) fn inference(attrs: &BatchNorm, rewriter: &mut Rewriter<'_>, id: OpId) -> Option<Step> {
    let mut features = Features::new(attrs, rewriter, id);
    let (scale, offset, mean, variance) =
        (features.operands[1], features.operands[2], features.operands[3], features.operands[4]);
    let result = features.normalize(scale, offset, mean, variance);
    replace(features.narrow(result))
}

pub(super) fn training(attrs: &BatchNorm, rewriter: &mut Rewriter<'_>, id: OpId) -> Option<Step> {
    let mut features = Features::new(attrs, rewriter, id);
    let (operand, scale, offset) = (features.operands[0], features.operands[1], features.operands[2]);
    let mean = features.mean(operand);
    let centered = features.centered(mean);
    let squared = features.apply(BinaryOp::Multiply, centered, centered);
    let variance = features.mean(squared);
    let result = features.normalize(scale, offset, mean, variance);
    let results = [result, mean, variance].map(|value| features.narrow(value));
    Some(Step::Replace(smallvec![results[0], results[1], results[2]]))
}

/// The derivation in `spec.md` under `batch_norm_grad`.
pub(super) fn grad(attrs: &BatchNorm, rewriter: &mut Rewriter<'_>, id: OpId) -> Option<Step> {
    use BinaryOp::*;
    let mut f = Features::new(attrs, rewriter, id);
    let (scale, mean, variance, grad) = (f.operands[1], f.operands[2], f.operands[3], f.operands[4]);
    let centered = f.centered(mean);
    let inverse = f.inverse_deviation(variance);
    let product = f.apply(Multiply, grad, centered);
    let grad_offset = f.sum(grad);
    let weighted = f.sum(product);
    let grad_scale = f.apply(Multiply, weighted, inverse);
    // grad_operand = scale / deviation * (grad - mean(grad) - centered * mean(grad * centered) / variance)
    let count = f.count();
    let count = f.number(grad_offset, count);
    let mean_grad = f.apply(Divide, grad_offset, count);
    let slope = f.apply(Divide, weighted, count);
    let slope = f.apply(Multiply, slope, inverse);
    let slope = f.apply(Multiply, slope, inverse);
    let (mean_grad, slope) = (f.spread(mean_grad), f.spread(slope));
    let bend = f.apply(Multiply, centered, slope);
    let level = f.apply(Subtract, grad, mean_grad);
    let level = f.apply(Subtract, level, bend);
    let factor = f.apply(Multiply, scale, inverse);
    let factor = f.spread(factor);
    let grad_operand = f.apply(Multiply, level, factor);
    let results = [grad_operand, grad_scale, grad_offset].map(|value| f.narrow(value));
    Some(Step::Replace(smallvec![results[0], results[1], results[2]]))
}
