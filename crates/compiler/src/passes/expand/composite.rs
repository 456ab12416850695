//! CHLO ops, which arrive as composites with a decomposition (`chlo.erf`) or, from jaxlib 0.9.0, as custom
//! calls without one (`mhlo.erf`). Text may hold `chlo.top_k` and `chlo.square` themselves.

use ops::attributes::{Composite, CustomCall};
use ops::{Attr, AttrMap, AttrValue, CustomCallApiVersion, Op, Type, UnaryOp};
use smallvec::smallvec;
use stablehlo::OpId;
use tensor::{DType, Scalar};

use super::super::rewrite::{Rewriter, Step};
use super::element_types;

pub(super) fn composite(attrs: &Composite, rewriter: &mut Rewriter<'_>, id: OpId) -> Option<Step> {
    let name = attrs.name.strip_prefix("chlo.")?;
    if name == "top_k" {
        return top_k(rewriter, id);
    }
    // The decomposition serves complex numbers: few native functions are good near branch cuts.
    let native = UnaryOp::from_mnemonic(name).filter(|op| op.is_chlo() || *op == UnaryOp::Tan)?;
    let operand = *rewriter.function.op(id).operands.first()?;
    let float = rewriter.function.ty(operand).as_tensor().is_some_and(|ty| ty.dtype.is_float());
    if float { elementwise(native, rewriter, id) } else { None }
}

pub(super) fn custom_call(attrs: &CustomCall, rewriter: &mut Rewriter<'_>, id: OpId) -> Option<Step> {
    if attrs.call_target_name == "chlo.top_k" {
        return top_k(rewriter, id);
    }
    if attrs.call_target_name == "chlo.square" {
        return element_types::square(rewriter, id);
    }
    let name = attrs.call_target_name.strip_prefix("mhlo.")?;
    if name == "topk" {
        let given = rewriter.function.op(id).attributes.get("mhlo.attributes").and_then(AttrMap::from_attr);
        let largest = given.and_then(|given| given.get("largest").and_then(bool::from_attr)).unwrap_or(true);
        return if largest { top_k(rewriter, id) } else { None };
    }
    elementwise(UnaryOp::from_mnemonic(name)?, rewriter, id)
}

fn elementwise(op: UnaryOp, rewriter: &mut Rewriter<'_>, id: OpId) -> Option<Step> {
    let operation = rewriter.function.op_mut(id);
    if operation.operands.len() != 1 || operation.results.len() != 1 {
        return None;
    }
    let (operand, result) = (operation.operands[0], operation.results[0]);
    if rewriter.function.ty(operand) != rewriter.function.ty(result) {
        return None;
    }
    let operation = rewriter.function.op_mut(id);
    operation.op = Op::Unary(op);
    operation.attributes = AttrMap::default();
    Some(Step::Keep)
}

/// The k largest of each row of the last dimension, and their positions.
fn top_k(rewriter: &mut Rewriter<'_>, id: OpId) -> Option<Step> {
    let operation = rewriter.function.op(id);
    if operation.operands.len() != 1 || operation.results.len() != 2 {
        return None;
    }
    let ty = |value| rewriter.function.ty(value).as_tensor();
    let (operand, values) = (ty(operation.operands[0])?, ty(operation.results[0])?);
    let (&size, &k) = (operand.dims.last()?, values.dims.last()?);
    let wanted = ty(operation.results[1])? == &values.with_dtype(DType::I32);
    if !wanted || values.dtype != operand.dtype || operand.dtype.is_complex() || k > size {
        return None;
    }
    let (operand, types) = (operation.operands[0], [values.clone(), values.with_dtype(DType::I32)]);
    let results = rewriter.emit(top_k_op(k), &[operand], types.map(Type::Tensor));
    Some(Step::Replace(smallvec![results[0], results[1]]))
}

/// `custom_call @mps.top_k`, whose `k` is in its configuration.
fn top_k_op(k: i64) -> Op {
    let mut config = AttrMap::default();
    config.push("k", Attr::Scalar(Scalar::from_i64(DType::I64, k)));
    Op::CustomCall(Box::new(CustomCall {
        api_version: CustomCallApiVersion::TypedFfi,
        backend_config: Attr::Dict(config),
        call_target_name: "mps.top_k".to_owned(),
        called_computations: Vec::new(),
        has_side_effect: false,
        operand_layouts: Vec::new(),
        output_operand_aliases: Vec::new(),
        result_layouts: Vec::new(),
        result_tilings: Vec::new(),
    }))
}
