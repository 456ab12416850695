//! Scatters.

use engine_tests::harness::{EXACT, Numbers, Tolerance, flat};
use ops::BinaryOp;
use plan::evaluate::Elements;
use plan::library::{Scatter, ScatterCombiner};
use plan::{Graph, Node, NodeId, NodeOp, StepOp};
use smallvec::smallvec;
use tensor::{DType, Dims, Scalar, TensorType};

use crate::device::{TYPES, compare, compare_in_windows};

/// The geometry of a scatter; indices are drawn from a little beyond the operand.
struct Case {
    operand: &'static [i64],
    indices: &'static [i64],
    updates: &'static [i64],
    vector_dim: i64,
    window: &'static [i64],
    inserted: &'static [i64],
    batching: [&'static [i64]; 2],
    to: &'static [i64],
}

const ROWS: Case = Case {
    operand: &[5, 7],
    indices: &[9, 1],
    updates: &[9, 7],
    vector_dim: 1,
    window: &[1],
    inserted: &[0],
    batching: [&[], &[]],
    to: &[0],
};

const ELEMENTS: Case = Case {
    operand: &[61],
    indices: &[300],
    updates: &[300],
    vector_dim: 1,
    window: &[],
    inserted: &[0],
    batching: [&[], &[]],
    to: &[0],
};

/// Windows that overlap, in transposed order.
const WINDOWS: Case = Case {
    operand: &[6, 9],
    indices: &[2, 4],
    updates: &[3, 4, 4],
    vector_dim: 0,
    window: &[0, 2],
    inserted: &[],
    batching: [&[], &[]],
    to: &[1, 0],
};

const BATCHES: Case = Case {
    operand: &[4, 5, 3],
    indices: &[6, 4, 1],
    updates: &[6, 4, 3],
    vector_dim: 2,
    window: &[2],
    inserted: &[1],
    batching: [&[0], &[1]],
    to: &[1],
};

const SINGLE: Case = Case {
    operand: &[7, 5],
    indices: &[2],
    updates: &[2, 3],
    vector_dim: 0,
    window: &[0, 1],
    inserted: &[],
    batching: [&[], &[]],
    to: &[0, 1],
};

const NOTHING: Case = Case { indices: &[0], updates: &[0], ..ELEMENTS };

const CASES: [&Case; 6] = [&ROWS, &ELEMENTS, &WINDOWS, &BATCHES, &SINGLE, &NOTHING];

fn dims(values: &[i64]) -> Dims {
    values.into()
}

fn check(numbers: &mut Numbers, case: &Case, dtypes: &[DType], index: DType, combiner: ScatterCombiner) {
    check_by(compare, numbers, case, dtypes, index, combiner);
}

fn check_by(
    compare: fn(&StepOp, &[TensorType], &[Elements], &[TensorType], Tolerance),
    numbers: &mut Numbers,
    case: &Case,
    dtypes: &[DType],
    index: DType,
    combiner: ScatterCombiner,
) {
    let product = |dims: &[i64]| dims.iter().product::<i64>() as usize;
    let multiplies = matches!(combiner, ScatterCombiner::Binary(BinaryOp::Multiply));
    let scatter = Scatter {
        dtypes: dtypes.into(),
        index,
        operand_dims: dims(case.operand),
        index_dims: dims(case.indices),
        update_dims: dims(case.updates),
        index_vector_dim: case.vector_dim,
        update_window_dims: dims(case.window),
        inserted_window_dims: dims(case.inserted),
        input_batching_dims: dims(case.batching[0]),
        scatter_indices_batching_dims: dims(case.batching[1]),
        scatter_dims_to_operand_dims: dims(case.to),
        unique_indices: false,
        combiner,
    };
    let limit = case.operand.iter().max().copied().unwrap_or(1) + 2;
    let low = if index.class() == tensor::DTypeClass::Signed { 1 } else { 0 };
    let indices = (0..product(case.indices))
        .map(|_| Scalar::from_i64(index, numbers.below(limit as u64) as i64 - low))
        .collect();
    let mut array = |dtype: DType, dims: &[i64]| -> Vec<Scalar> {
        let elements = numbers.array(dtype, product(dims));
        if multiplies && dtype.is_float() {
            // Products of powers of two are exact.
            return elements
                .iter()
                .map(|x| Scalar::from_f64(dtype, 2f64.powi(x.as_f64() as i32 / 8)))
                .collect();
        }
        elements
    };
    let operands: Vec<_> = dtypes.iter().map(|&dtype| array(dtype, case.operand)).collect();
    let updates: Vec<_> = dtypes.iter().map(|&dtype| array(dtype, case.updates)).collect();
    let types = |dims: &[i64]| -> Vec<TensorType> {
        dtypes.iter().map(|&dtype| flat(dtype, product(dims))).collect()
    };
    let mut reads = types(case.operand);
    reads.push(flat(index, product(case.indices)));
    reads.extend(types(case.updates));
    let mut arrays = operands;
    arrays.push(indices);
    arrays.extend(updates);
    compare(&StepOp::Scatter(scatter), &reads, &arrays, &types(case.operand), EXACT);
}

#[test]
fn every_type_and_operation() {
    use BinaryOp::{Add, And, Maximum, Minimum, Multiply, Or, Subtract, Xor};
    let mut numbers = Numbers::new(5);
    for dtype in TYPES.into_iter().chain([DType::I64, DType::U64]) {
        for op in [Add, Multiply, Maximum, Minimum, And, Or, Xor, Subtract] {
            let defined = match op {
                Add => true,
                Multiply => !dtype.is_complex(),
                Maximum | Minimum => !dtype.is_complex(),
                Subtract => dtype != DType::Bool,
                _ => dtype.is_integer() || dtype == DType::Bool,
            };
            if defined {
                for case in [&ROWS, &ELEMENTS] {
                    check(&mut numbers, case, &[dtype], DType::I32, ScatterCombiner::Binary(op));
                }
            }
        }
    }
}

#[test]
fn every_geometry() {
    let mut numbers = Numbers::new(6);
    for case in CASES {
        for dtype in [DType::F32, DType::U8, DType::BF16, DType::F64] {
            check(&mut numbers, case, &[dtype], DType::I32, ScatterCombiner::Replace);
            if dtype != DType::F64 {
                check(&mut numbers, case, &[dtype], DType::I32, ScatterCombiner::Binary(BinaryOp::Add));
            }
        }
        for index in [DType::I64, DType::U64, DType::U8, DType::I8, DType::U32, DType::I16] {
            check(&mut numbers, case, &[DType::F32], index, ScatterCombiner::Replace);
        }
    }
}

/// (a0 + u1, a1 - u0), of an integer and a float.
fn crossed() -> Graph {
    let node = |op, dtype| Node { op, dtype };
    let (a, b) = (DType::I16, DType::F32);
    Graph {
        arguments: smallvec![a, b, a, b],
        nodes: vec![
            node(NodeOp::Argument(0), a),
            node(NodeOp::Argument(1), b),
            node(NodeOp::Argument(2), a),
            node(NodeOp::Argument(3), b),
            node(NodeOp::Convert(NodeId(3)), a),
            node(NodeOp::Convert(NodeId(2)), b),
            node(NodeOp::Binary(BinaryOp::Add, NodeId(0), NodeId(4)), a),
            node(NodeOp::Binary(BinaryOp::Subtract, NodeId(1), NodeId(5)), b),
        ],
        results: smallvec![NodeId(6), NodeId(7)],
    }
}

#[test]
fn several_operands() {
    let mut numbers = Numbers::new(7);
    for case in CASES {
        let types = [DType::I16, DType::F32];
        check(&mut numbers, case, &types, DType::I32, ScatterCombiner::Graph(crossed()));
        check(&mut numbers, case, &types, DType::I32, ScatterCombiner::Replace);
    }
}

/// Everything is larger than a binding of 8 KiB.
const LARGE: [Case; 5] = [
    Case { operand: &[700, 7], indices: &[900, 1], updates: &[900, 7], ..ROWS },
    Case { operand: &[5000], indices: &[9000], updates: &[9000], ..ELEMENTS },
    Case { operand: &[60, 90], indices: &[2, 320], updates: &[3, 320, 8], ..WINDOWS },
    Case { operand: &[64, 50, 3], indices: &[30, 64, 1], updates: &[30, 64, 3], ..BATCHES },
    Case { operand: &[200, 64], updates: &[160, 63], ..SINGLE },
];

#[test]
fn arrays_larger_than_a_binding() {
    let mut numbers = Numbers::new(8);
    for case in &LARGE {
        for dtype in [DType::F32, DType::I32, DType::I16, DType::U8] {
            for combiner in [ScatterCombiner::Replace, ScatterCombiner::Binary(BinaryOp::Add)] {
                check_by(compare_in_windows, &mut numbers, case, &[dtype], DType::I32, combiner);
            }
        }
        for index in [DType::I64, DType::U16] {
            let combiner = ScatterCombiner::Replace;
            check_by(compare_in_windows, &mut numbers, case, &[DType::F32], index, combiner);
        }
        let (types, combiner) = ([DType::I16, DType::F32], ScatterCombiner::Graph(crossed()));
        check_by(compare_in_windows, &mut numbers, case, &types, DType::I32, combiner);
    }
}
