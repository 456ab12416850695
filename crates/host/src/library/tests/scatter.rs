use ops::scalar::eval_binary;
use ops::{BinaryOp, ComparisonDirection, ComparisonType};
use plan::library::{Scatter, ScatterCombiner, SelectAndScatter};
use plan::{Graph, Node, NodeId, NodeOp, StepOp};
use smallvec::smallvec;
use tensor::{DType, Dims, Indices, Literal, Scalar, TensorType, row_major_strides};

use super::{literal, run, small_integers};

fn dims(values: &[i64]) -> Dims {
    values.into()
}

/// Scatters the rows of updates to rows of an operand.
fn rows(operand: &Literal, indices: &[i64], updates: &Literal, combiner: ScatterCombiner) -> Literal {
    let count = indices.len() as i64;
    let scatter = Scatter {
        dtypes: vec![operand.dtype()],
        index: DType::I32,
        operand_dims: operand.ty.dims.clone(),
        index_dims: dims(&[count, 1]),
        update_dims: updates.ty.dims.clone(),
        index_vector_dim: 1,
        update_window_dims: dims(&[1]),
        inserted_window_dims: dims(&[0]),
        input_batching_dims: Dims::new(),
        scatter_indices_batching_dims: Dims::new(),
        scatter_dims_to_operand_dims: dims(&[0]),
        unique_indices: false,
        combiner,
    };
    let ty = TensorType::new(DType::I32, [count, 1]);
    let indices = Literal::from_scalars(ty, indices.iter().map(|&i| Scalar::from_i64(DType::I32, i)));
    let inputs = [operand.clone(), indices, updates.clone()];
    run(&StepOp::Scatter(scatter), &inputs, std::slice::from_ref(&operand.ty)).remove(0)
}

fn binary_graph(op: BinaryOp, dtype: DType) -> Graph {
    let node = |op| Node { op, dtype };
    Graph {
        arguments: smallvec![dtype; 2],
        nodes: vec![
            node(NodeOp::Argument(0)),
            node(NodeOp::Argument(1)),
            node(NodeOp::Binary(op, NodeId(0), NodeId(1))),
        ],
        results: smallvec![NodeId(2)],
    }
}

#[test]
fn colliding_rows() {
    let indices = [2, 0, -1, 2, 5, 4, 2];
    for width in [1, 3, 100] {
        for dtype in [DType::F32, DType::I32, DType::BF16, DType::C64, DType::Bool] {
            let operand = small_integers(dtype, &[5, width], 1);
            let updates = small_integers(dtype, &[7, width], 2);
            let mut expected: Vec<Scalar> = operand.scalars().collect();
            let mut replaced = expected.clone();
            for (row, &index) in indices.iter().enumerate() {
                if !(0..5).contains(&index) {
                    continue;
                }
                for column in 0..width {
                    let to = (index * width + column) as usize;
                    let update = updates.get(row * width as usize + column as usize);
                    expected[to] = eval_binary(BinaryOp::Add, expected[to], update).expect("defined");
                    replaced[to] = update;
                }
            }
            let all = |literal: &Literal| literal.scalars().collect::<Vec<_>>();
            let added = rows(&operand, &indices, &updates, ScatterCombiner::Binary(BinaryOp::Add));
            assert_eq!(all(&added), expected, "{dtype} {width}");
            let graph = ScatterCombiner::Graph(binary_graph(BinaryOp::Add, dtype));
            assert_eq!(all(&rows(&operand, &indices, &updates, graph)), expected);
            assert_eq!(all(&rows(&operand, &indices, &updates, ScatterCombiner::Replace)), replaced);
        }
    }
}

#[test]
fn windows_that_do_not_fit_are_skipped() {
    // Windows of two elements in a vector of five.
    let scatter = Scatter {
        dtypes: vec![DType::F32],
        index: DType::I64,
        operand_dims: dims(&[5]),
        index_dims: dims(&[4]),
        update_dims: dims(&[2, 4]),
        index_vector_dim: 1,
        update_window_dims: dims(&[0]),
        inserted_window_dims: Dims::new(),
        input_batching_dims: Dims::new(),
        scatter_indices_batching_dims: Dims::new(),
        scatter_dims_to_operand_dims: dims(&[0]),
        unique_indices: false,
        combiner: ScatterCombiner::Binary(BinaryOp::Add),
    };
    let operand = Literal::splat([5], Scalar::zero(DType::F32));
    let updates = literal(DType::F32, &[2, 4], &[1., 2., 3., 4., 10., 20., 30., 40.]);
    let inputs = [operand.clone(), Literal::i64s(&[0, 4, 3, 1]), updates];
    let out = &run(&StepOp::Scatter(scatter), &inputs, &[operand.ty.clone()])[0];
    assert_eq!(out.scalars().map(Scalar::as_f64).collect::<Vec<_>>(), [1., 14., 40., 3., 30.]);
}

#[test]
fn overlapping_windows_are_added_in_order() {
    // Windows of 600 elements in a row of 1000, and of 20 by 30 elements in a matrix, moved along the longer
    // side. Sums of 1e8, -1e8 and small numbers show in which order they were added.
    for (operand_dims, window) in [([1, 1000], [1, 600]), ([20, 40], [20, 30])] {
        let starts: Vec<i64> = (0..64).map(|i| i * 37 % (operand_dims[1] - window[1] + 1)).collect();
        let scatter = Scatter {
            dtypes: vec![DType::F32],
            index: DType::I32,
            operand_dims: dims(&operand_dims),
            index_dims: dims(&[64, 1]),
            update_dims: dims(&[64, window[0], window[1]]),
            index_vector_dim: 1,
            update_window_dims: dims(&[1, 2]),
            inserted_window_dims: Dims::new(),
            input_batching_dims: Dims::new(),
            scatter_indices_batching_dims: Dims::new(),
            scatter_dims_to_operand_dims: dims(&[1]),
            unique_indices: false,
            combiner: ScatterCombiner::Binary(BinaryOp::Add),
        };
        let value = |i: i64| [1e8, 1.0, -1e8, 3.0, 0.25][(i * i % 23 % 5) as usize];
        let mut expected = vec![0f32; (operand_dims[0] * operand_dims[1]) as usize];
        let mut updates = Vec::new();
        for start in &starts {
            for row in 0..window[0] {
                for column in 0..window[1] {
                    let update = value(updates.len() as i64);
                    expected[(row * operand_dims[1] + start + column) as usize] += update as f32;
                    updates.push(update);
                }
            }
        }
        let operand = Literal::splat(operand_dims, Scalar::zero(DType::F32));
        let ty = TensorType::new(DType::I32, [64, 1]);
        let indices = Literal::from_scalars(ty, starts.iter().map(|&i| Scalar::from_i64(DType::I32, i)));
        let updates = literal(DType::F32, &scatter.update_dims.clone(), &updates);
        let out =
            &run(&StepOp::Scatter(scatter), &[operand.clone(), indices, updates], &[operand.ty.clone()])[0];
        assert_eq!(out.scalars().map(|value| value.as_f64() as f32).collect::<Vec<_>>(), expected);
    }
}

#[test]
fn batching_dimensions() {
    // operand[b, index[b, i]] += update[b, i]
    let scatter = Scatter {
        dtypes: vec![DType::I32],
        index: DType::I32,
        operand_dims: dims(&[2, 4]),
        index_dims: dims(&[2, 3, 1]),
        update_dims: dims(&[2, 3]),
        index_vector_dim: 2,
        update_window_dims: Dims::new(),
        inserted_window_dims: dims(&[1]),
        input_batching_dims: dims(&[0]),
        scatter_indices_batching_dims: dims(&[0]),
        scatter_dims_to_operand_dims: dims(&[1]),
        unique_indices: false,
        combiner: ScatterCombiner::Binary(BinaryOp::Add),
    };
    let operand = literal(DType::I32, &[2, 4], &[0.; 8]);
    let indices = literal(DType::I32, &[2, 3, 1], &[0., 0., 3., 1., 2., 1.]);
    let updates = literal(DType::I32, &[2, 3], &[1., 2., 3., 4., 5., 6.]);
    let out = &run(&StepOp::Scatter(scatter), &[operand.clone(), indices, updates], &[operand.ty.clone()])[0];
    assert_eq!(out.scalars().map(Scalar::as_i64).collect::<Vec<_>>(), [3, 0, 0, 3, 0, 10, 5, 0]);
}

#[test]
fn max_pool_gradient() {
    for dtype in [DType::F32, DType::I32] {
        for (operand_dims, window, strides, padding) in [
            ([2, 7, 6], [1, 2, 2], [1, 2, 2], [(0, 0), (0, 1), (0, 0)]),
            ([2, 7, 6], [1, 3, 3], [1, 1, 2], [(0, 0), (1, 1), (2, 1)]),
            ([3, 4, 1], [2, 2, 1], [1, 1, 1], [(0, 0), (0, 0), (0, 0)]),
        ] {
            let source_dims: Vec<i64> = (0..3)
                .map(|d| (operand_dims[d] + padding[d].0 + padding[d].1 - window[d]) / strides[d] + 1)
                .collect();
            let ge = NodeOp::Compare(ComparisonDirection::Ge, ComparisonType::NoType, NodeId(0), NodeId(1));
            let mut select = binary_graph(BinaryOp::Add, dtype);
            select.nodes[2] = Node { op: ge, dtype: DType::Bool };
            let params = SelectAndScatter {
                dtype,
                operand_dims: dims(&operand_dims),
                source_dims: dims(&source_dims),
                window: dims(&window),
                strides: dims(&strides),
                padding: padding.to_vec(),
                select,
                scatter: binary_graph(BinaryOp::Add, dtype),
            };
            let operand = small_integers(dtype, &operand_dims, 3);
            let source = small_integers(dtype, &source_dims, 4);
            let initial = Literal::scalar(Scalar::one(dtype));
            let mut expected = vec![1; operand.len()];
            let row_major = row_major_strides(&operand_dims);
            for (from, index) in Indices::new(&source_dims).enumerate() {
                let mut best: Option<usize> = None;
                for offset in Indices::new(&window) {
                    let at: Vec<i64> =
                        (0..3).map(|d| index[d] * strides[d] + offset[d] - padding[d].0).collect();
                    if (0..3).all(|d| (0..operand_dims[d]).contains(&at[d])) {
                        let at = (0..3).map(|d| at[d] * row_major[d]).sum::<i64>() as usize;
                        let keep = |best: usize| operand.get(best).as_i64() >= operand.get(at).as_i64();
                        best = Some(best.filter(|&best| keep(best)).unwrap_or(at));
                    }
                }
                if let Some(best) = best {
                    expected[best] += source.get(from).as_i64();
                }
            }
            let out = &run(
                &StepOp::SelectAndScatter(params),
                &[operand.clone(), source, initial],
                &[operand.ty.clone()],
            )[0];
            assert_eq!(out.scalars().map(Scalar::as_i64).collect::<Vec<_>>(), expected, "{dtype} {window:?}");
        }
    }
}
