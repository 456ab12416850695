//! Forms of matrix products as `dot_general`.

use ops::attributes::{Dot, DotGeneral, Einsum};
use ops::{Attr, Op, Precision, Type};
use stablehlo::infer::parse_einsum;
use stablehlo::{OpId, ValueId};
use tensor::{DType, Dims, TensorType};

use super::super::rewrite::{Rewriter, Step};
use super::replace;

/// A product without an algorithm.
fn dot_general(batch: (Dims, Dims), contracting: (Dims, Dims), precision_config: Vec<Precision>) -> Op {
    let none = || Attr::Type(Type::None);
    Op::DotGeneral(Box::new(DotGeneral {
        accumulation_type: Type::None,
        allow_imprecise_accumulation: none(),
        lhs_batching_dimensions: batch.0,
        lhs_component_count: none(),
        lhs_contracting_dimensions: contracting.0,
        lhs_precision_type: Type::None,
        num_primitive_operations: none(),
        precision_config,
        rhs_batching_dimensions: batch.1,
        rhs_component_count: none(),
        rhs_contracting_dimensions: contracting.1,
        rhs_precision_type: Type::None,
    }))
}

pub(super) fn dot(attrs: &Dot, rewriter: &mut Rewriter<'_>, id: OpId) -> Option<Step> {
    let lhs_rank = rewriter.tensor(rewriter.function.op(id).operands[0]).rank() as i64;
    let contracting = (Dims::from_elem(lhs_rank - 1, 1), Dims::from_elem(0, 1));
    let op = dot_general((Dims::new(), Dims::new()), contracting, attrs.precision_config.clone());
    rewriter.function.op_mut(id).op = op;
    Some(Step::Keep)
}

/// Positions of letters in a list.
fn positions(letters: &[char], within: &[char]) -> Dims {
    letters
        .iter()
        .filter_map(|letter| within.iter().position(|other| other == letter))
        .map(|at| at as i64)
        .collect()
}

fn has_repeats(letters: &[char]) -> bool {
    letters.iter().enumerate().any(|(at, letter)| letters[..at].contains(letter))
}

/// Sums away letters that occur nowhere in `kept`; returns the value and its letters.
fn sum_others(
    rewriter: &mut Rewriter<'_>,
    value: ValueId,
    letters: &[char],
    kept: impl Fn(&char) -> bool,
) -> (ValueId, Vec<char>) {
    let (keep, drop): (Vec<char>, Vec<char>) = letters.iter().partition(|letter| kept(letter));
    let dimensions = positions(&drop, letters);
    (rewriter.sum(value, &dimensions), keep)
}

pub(super) fn unary_einsum(attrs: &Einsum, rewriter: &mut Rewriter<'_>, id: OpId) -> Option<Step> {
    let spec = parse_einsum(&attrs.einsum_config).ok()?;
    let letters = &spec.operands[0];
    if has_repeats(letters) {
        return None;
    }
    let operand = rewriter.function.op(id).operands[0];
    let (value, left) = sum_others(rewriter, operand, letters, |letter| spec.result.contains(letter));
    replace(rewriter.transpose(value, &positions(&spec.result, &left)))
}

pub(super) fn einsum(attrs: &Einsum, rewriter: &mut Rewriter<'_>, id: OpId) -> Option<Step> {
    let spec = parse_einsum(&attrs.einsum_config).ok()?;
    let [lhs_letters, rhs_letters] = &spec.operands[..] else { return None };
    if has_repeats(lhs_letters) || has_repeats(rhs_letters) {
        return None;
    }
    let (lhs, rhs, result) = {
        let operation = rewriter.function.op(id);
        (operation.operands[0], operation.operands[1], operation.results[0])
    };
    let dtype: DType = rewriter.tensor(result).dtype;
    let wanted = &spec.result;
    // Letters of one operand alone are summed before the product.
    let (lhs, left) =
        sum_others(rewriter, lhs, lhs_letters, |l| wanted.contains(l) || rhs_letters.contains(l));
    let (rhs, right) =
        sum_others(rewriter, rhs, rhs_letters, |l| wanted.contains(l) || lhs_letters.contains(l));
    let shared: Vec<char> = left.iter().copied().filter(|letter| right.contains(letter)).collect();
    let (batch, contracted): (Vec<char>, Vec<char>) =
        shared.iter().partition(|letter| wanted.contains(letter));
    let free = |letters: &[char]| -> Vec<char> {
        letters.iter().copied().filter(|letter| !shared.contains(letter)).collect()
    };
    let order: Vec<char> = batch.iter().copied().chain(free(&left)).chain(free(&right)).collect();
    let (lhs_ty, rhs_ty) = (rewriter.tensor(lhs), rewriter.tensor(rhs));
    let size = |letter: &char| match left.iter().position(|other| other == letter) {
        Some(at) => lhs_ty.dims[at],
        None => {
            rhs_ty.dims[right.iter().position(|other| other == letter).expect("a letter of either operand")]
        }
    };
    let op = dot_general(
        (positions(&batch, &left), positions(&batch, &right)),
        (positions(&contracted, &left), positions(&contracted, &right)),
        Vec::new(),
    );
    let product = rewriter.one(op, &[lhs, rhs], TensorType::new(dtype, order.iter().map(size)));
    replace(rewriter.transpose(product, &positions(wanted, &order)))
}
