//! Sorts, selections and running folds.

use ops::scalar::eval_binary;
use ops::{BinaryOp, ComparisonDirection, ComparisonType};
use plan::library::{Cumulative, Sort, SortKey, SortOrder, TopK};
use plan::{Graph, Node, NodeId, NodeOp, StepOp};
use smallvec::smallvec;
use tensor::{DType, Literal, Scalar, TensorType};

use super::{literal, run, small_integers};

fn sort(inputs: &[Literal], [outer, size, inner]: [i64; 3], order: SortOrder) -> Vec<Literal> {
    let dtypes = inputs.iter().map(Literal::dtype).collect();
    let types: Vec<_> = inputs.iter().map(|input| input.ty.clone()).collect();
    run(&StepOp::Sort(Sort { dtypes, outer, size, inner, order, stable: true }), inputs, &types)
}

fn key(array: usize, descending: bool, total: bool) -> SortKey {
    SortKey { array, descending, total }
}

fn iota(dims: &[i64]) -> Literal {
    let ty = TensorType::new(DType::I32, dims.iter().copied());
    let count = ty.len() as i64;
    Literal::from_scalars(ty, (0..count).map(|i| Scalar::from_i64(DType::I32, i)))
}

/// The less-than of argument 0 and 1, the first array's elements; further arrays are ignored.
fn less_than(dtypes: &[DType]) -> SortOrder {
    let arguments = dtypes.iter().flat_map(|&dtype| [dtype, dtype]).collect();
    let node = |op, dtype| Node { op, dtype };
    let less = NodeOp::Compare(ComparisonDirection::Lt, ComparisonType::Float, NodeId(0), NodeId(1));
    SortOrder::Graph(Graph {
        arguments,
        nodes: vec![
            node(NodeOp::Argument(0), dtypes[0]),
            node(NodeOp::Argument(1), dtypes[0]),
            node(less, DType::Bool),
        ],
        results: smallvec![NodeId(2)],
    })
}

#[test]
fn sorts_are_stable_and_carry_other_arrays() {
    for dtype in [DType::F32, DType::I32, DType::U8, DType::F64, DType::I64, DType::BF16, DType::F8E5M2] {
        for dims in [[1, 0, 1], [1, 1, 1], [2, 7, 3], [5, 300, 1], [1, 40000, 1], [1, 100, 33]] {
            let keys = small_integers(dtype, &dims, 3);
            let positions = iota(&dims);
            for (descending, order) in [
                (false, SortOrder::Keys(vec![key(0, false, false)])),
                (true, SortOrder::Keys(vec![key(0, true, false)])),
                (false, less_than(&[dtype, DType::I32])),
            ] {
                if dims[1] > 1000 && matches!(order, SortOrder::Graph(_)) && dtype != DType::F32 {
                    continue;
                }
                let sorted = sort(&[keys.clone(), positions.clone()], dims, order);
                let [outer, size, inner] = dims.map(|dim| dim as usize);
                for row in 0..outer * inner {
                    let at = |i: usize| (row / inner * size + i) * inner + row % inner;
                    let mut expected: Vec<usize> = (0..size).map(at).collect();
                    let value = |&i: &usize| keys.get(i).as_f64();
                    expected.sort_by(|a, b| {
                        let order = value(a).total_cmp(&value(b));
                        if descending { order.reverse() } else { order }
                    });
                    for (i, &from) in expected.iter().enumerate() {
                        assert_eq!(sorted[1].get(at(i)).as_i64(), from as i64, "{dtype} {dims:?} {i}");
                        assert_eq!(sorted[0].get(at(i)), keys.get(from));
                    }
                }
            }
        }
    }
}

#[test]
fn special_values_in_both_orders() {
    let values = [f64::NAN, 1.0, -0.0, f64::INFINITY, 0.0, -1.0, -f64::NAN, f64::NEG_INFINITY];
    for dtype in [DType::F16, DType::F32, DType::F64] {
        let input = literal(dtype, &[1, 8, 1], &values);
        let order = |total| {
            let keys = SortOrder::Keys(vec![key(0, false, total)]);
            let sorted = sort(&[input.clone(), iota(&[1, 8, 1])], [1, 8, 1], keys);
            sorted[1].scalars().map(Scalar::as_i64).collect::<Vec<_>>()
        };
        assert_eq!(order(false), [7, 5, 2, 4, 1, 3, 0, 6], "{dtype} weak");
        assert_eq!(order(true), [6, 7, 5, 2, 4, 1, 3, 0], "{dtype} total");
    }
}

#[test]
fn lexicographic_keys() {
    let first = literal(DType::I32, &[1, 6, 1], &[1., 0., 1., 0., 1., 0.]);
    let second = literal(DType::F32, &[1, 6, 1], &[2., 5., 3., 4., 2., 5.]);
    let order = SortOrder::Keys(vec![key(0, false, false), key(1, true, false)]);
    let sorted = sort(&[first, second, iota(&[1, 6, 1])], [1, 6, 1], order);
    let positions: Vec<_> = sorted[2].scalars().map(Scalar::as_i64).collect();
    assert_eq!(positions, [1, 5, 3, 2, 0, 4]);
}

#[test]
fn top_k_against_sorting() {
    for dtype in [DType::F32, DType::I32, DType::BF16, DType::U8] {
        for (rows, size, k) in
            [(1, 1, 1), (3, 10, 0), (3, 10, 4), (2, 1000, 7), (5, 300, 300), (1, 5000, 100)]
        {
            let input = small_integers(dtype, &[rows, size], 5);
            let out = [TensorType::new(dtype, [rows, k]), TensorType::new(DType::I32, [rows, k])];
            let result =
                run(&StepOp::TopK(TopK { dtype, rows, size, k }), std::slice::from_ref(&input), &out);
            for row in 0..rows as usize {
                let value = |i: usize| input.get(row * size as usize + i);
                let mut expected: Vec<usize> = (0..size as usize).collect();
                expected.sort_by(|&a, &b| value(b).as_f64().total_cmp(&value(a).as_f64()));
                for i in 0..k as usize {
                    assert_eq!(result[1].get(row * k as usize + i).as_i64(), expected[i] as i64);
                    assert_eq!(result[0].get(row * k as usize + i), value(expected[i]));
                }
            }
        }
    }
    let input = literal(DType::F32, &[1, 5], &[1.0, f64::NAN, f64::INFINITY, -f64::NAN, 2.0]);
    let out = [TensorType::new(DType::F32, [1, 3]), TensorType::new(DType::I32, [1, 3])];
    let result = run(&StepOp::TopK(TopK { dtype: DType::F32, rows: 1, size: 5, k: 3 }), &[input], &out);
    assert_eq!(result[1].scalars().map(Scalar::as_i64).collect::<Vec<_>>(), [1, 2, 4]);
}

#[test]
fn running_folds() {
    use BinaryOp::*;
    let types = [DType::F32, DType::F64, DType::BF16, DType::I32, DType::U8, DType::C64, DType::Bool];
    for dtype in types {
        for op in [Add, Multiply, Maximum, Minimum, And, Or, Xor] {
            let defined = eval_binary(op, Scalar::one(dtype), Scalar::one(dtype)).is_some();
            if !defined {
                continue;
            }
            for dims in [[1, 0, 1], [1, 1, 1], [2, 9, 1], [2, 9, 3], [1, 6, 70]] {
                for reverse in [false, true] {
                    let input = small_integers(dtype, &dims, 7);
                    let [outer, size, inner] = dims;
                    let cumulative = Cumulative { dtype, op, outer, size, inner, reverse };
                    let out = &run(
                        &StepOp::Cumulative(cumulative),
                        std::slice::from_ref(&input),
                        std::slice::from_ref(&input.ty),
                    )[0];
                    for index in tensor::Indices::new(&dims) {
                        let at = |i: i64| ((index[0] * size + i) * inner + index[2]) as usize;
                        let range: Vec<i64> =
                            if reverse { (index[1]..size).rev().collect() } else { (0..=index[1]).collect() };
                        let expected = range.iter().map(|&i| input.get(at(i)));
                        let expected = expected.reduce(|a, b| eval_binary(op, a, b).expect("defined"));
                        // Products of bf16 round; all other values are small integers.
                        if dtype != DType::BF16 || op != Multiply {
                            assert_eq!(
                                Some(out.get(at(index[1]))),
                                expected,
                                "{dtype} {op:?} {dims:?} {index:?}"
                            );
                        }
                    }
                }
            }
        }
    }
}

#[test]
fn long_sums_are_accurate() {
    let size = 100_000;
    let input = Literal::splat([1, size, 1], Scalar::from_f64(DType::F32, 0.1));
    let cumulative =
        |dtype| Cumulative { dtype, op: BinaryOp::Add, outer: 1, size, inner: 1, reverse: false };
    let out = &run(&StepOp::Cumulative(cumulative(DType::F32)), &[input.clone()], &[input.ty.clone()])[0];
    let exact = f64::from(0.1f32) * size as f64;
    assert_eq!(out.get(size as usize - 1).as_f64(), f64::from(exact as f32));
    let input = Literal::splat([1, size, 1], Scalar::from_f64(DType::F64, 0.1));
    let out = &run(&StepOp::Cumulative(cumulative(DType::F64)), &[input.clone()], &[input.ty.clone()])[0];
    assert!((out.get(size as usize - 1).as_f64() - 1e4).abs() < 4e-12);
}
