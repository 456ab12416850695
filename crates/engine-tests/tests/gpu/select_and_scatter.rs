//! Gradients of selecting window reductions.

use engine_tests::harness::{EXACT, Numbers, Tolerance, flat};
use ops::{BinaryOp, ComparisonDirection, ComparisonType};
use plan::evaluate::Elements;
use plan::library::SelectAndScatter;
use plan::{Graph, Node, NodeId, NodeOp, StepOp};
use smallvec::smallvec;
use tensor::{DType, TensorType};

use crate::device::{compare, compare_in_windows};

fn graph(dtype: DType, op: NodeOp, result: DType) -> Graph {
    Graph {
        arguments: smallvec![dtype; 2],
        nodes: vec![
            Node { op: NodeOp::Argument(0), dtype },
            Node { op: NodeOp::Argument(1), dtype },
            Node { op, dtype: result },
        ],
        results: smallvec![NodeId(2)],
    }
}

fn check(dtype: DType, operand: &[i64], window: &[i64], strides: &[i64], padding: &[(i64, i64)]) {
    check_by(compare, dtype, operand, window, strides, padding);
}

fn check_by(
    compare: fn(&StepOp, &[TensorType], &[Elements], &[TensorType], Tolerance),
    dtype: DType,
    operand: &[i64],
    window: &[i64],
    strides: &[i64],
    padding: &[(i64, i64)],
) {
    let mut numbers = Numbers::new(8);
    let source: Vec<i64> = (0..operand.len())
        .map(|d| {
            ((operand[d] + padding[d].0 + padding[d].1 - window[d]).max(-strides[d]) / strides[d] + 1).max(0)
        })
        .collect();
    let direction = if dtype == DType::I32 { ComparisonDirection::Le } else { ComparisonDirection::Ge };
    let step = SelectAndScatter {
        dtype,
        operand_dims: operand.into(),
        source_dims: source[..].into(),
        window: window.into(),
        strides: strides.into(),
        padding: padding.to_vec(),
        select: graph(
            dtype,
            NodeOp::Compare(direction, ComparisonType::NoType, NodeId(0), NodeId(1)),
            DType::Bool,
        ),
        scatter: graph(dtype, NodeOp::Binary(BinaryOp::Add, NodeId(0), NodeId(1)), dtype),
    };
    let len = |dims: &[i64]| dims.iter().product::<i64>() as usize;
    let ty = |dims: &[i64]| TensorType::new(dtype, dims.iter().copied());
    let arrays =
        [numbers.array(dtype, len(operand)), numbers.array(dtype, len(&source)), numbers.array(dtype, 1)];
    let reads = [ty(operand), ty(&source), flat(dtype, 1)];
    compare(&StepOp::SelectAndScatter(step), &reads, &arrays, &[ty(operand)], EXACT);
}

#[test]
fn windows_of_all_kinds() {
    for dtype in [DType::F32, DType::F64, DType::BF16, DType::I32, DType::U8] {
        check(dtype, &[], &[], &[], &[]);
        check(dtype, &[0], &[2], &[1], &[(2, 2)]);
        check(dtype, &[1], &[1], &[1], &[(0, 0)]);
        check(dtype, &[300], &[3], &[2], &[(1, 1)]);
        check(dtype, &[17], &[2], &[5], &[(0, 0)]);
        check(dtype, &[5], &[7], &[1], &[(0, 0)]);
        check(dtype, &[2, 9, 9, 3], &[1, 2, 2, 1], &[1, 2, 2, 1], &[(0, 0); 4]);
        check(dtype, &[2, 9, 8, 3], &[1, 3, 3, 1], &[1, 2, 1, 1], &[(0, 0), (1, 1), (2, 1), (0, 0)]);
        check(dtype, &[6, 7], &[3, 2], &[3, 1], &[(-1, 4), (4, -2)]);
    }
}

#[test]
fn arrays_larger_than_a_binding() {
    for dtype in [DType::F32, DType::BF16, DType::U8] {
        let check = |operand: &[i64], window: &[i64], strides: &[i64], padding: &[(i64, i64)]| {
            check_by(compare_in_windows, dtype, operand, window, strides, padding);
        };
        check(&[70, 9, 8, 3], &[1, 3, 3, 1], &[1, 2, 1, 1], &[(0, 0), (1, 1), (2, 1), (0, 0)]);
        check(&[9, 30, 8, 7], &[1, 1, 2, 2], &[1, 1, 2, 2], &[(0, 0); 4]);
        check(&[3001, 6], &[1, 3], &[1, 3], &[(0, 0), (1, 1)]);
    }
}
