//! Reductions.

use ops::{BinaryOp, ComparisonDirection};
use plan::{Access, Combiner, Engine, Expr, Graph, Kernel, NodeId, NodeOp};
use smallvec::smallvec;
use tensor::{DType, Scalar};

use crate::build::{Build, affine, argmax_graph, bound};
use crate::harness::{EXACT, Numbers, Tolerance, check, run_kernel};

/// Sums in another order.
const SUM: Tolerance = Tolerance { relative: 1e-5, absolute: 1e-4 };

/// Folds the inner axes of an array that an expression reads; one result a row.
fn reduction(dtype: DType, op: BinaryOp, parallel: &[i64], inner: &[i64], from: Expr) -> Kernel {
    let mut build = Build::new(parallel, inner);
    let (x, initial) = (build.input(dtype), build.input(dtype));
    let out = build.output(dtype);
    let x = build.load(x, from);
    let initial = build.load(initial, affine(0, &[]));
    build.fold(op, x, initial);
    build.stage(&[]);
    let row = build.row(0);
    build.store(out, affine(0, &tensor::row_major_strides(parallel)), row);
    build.finish()
}

/// Sums along the last, the first and the middle axis.
pub fn rows_and_columns(engine: &dyn Engine) {
    for (rows, len) in
        [(1, 1), (1, 5000), (3, 7), (5, 16), (33, 100), (2, 1025), (1500, 3), (300, 40), (40, 300)]
    {
        let mut numbers = Numbers::new(len as u64);
        let input = numbers.array(DType::F32, (rows * len) as usize);
        let start = numbers.array(DType::F32, 1);
        let inputs = [input, start];
        let along_rows = reduction(DType::F32, BinaryOp::Add, &[rows], &[len], affine(0, &[len, 1]));
        check(engine, &along_rows, &inputs, &[rows as usize], SUM);
        let along_columns = reduction(DType::F32, BinaryOp::Add, &[rows], &[len], affine(0, &[1, rows]));
        check(engine, &along_columns, &inputs, &[rows as usize], SUM);
    }
    let mut numbers = Numbers::new(1);
    let inputs = [numbers.array(DType::F32, 6 * 50 * 20), numbers.array(DType::F32, 1)];
    let middle = reduction(DType::F32, BinaryOp::Add, &[6, 20], &[50], affine(0, &[1000, 1, 20]));
    check(engine, &middle, &inputs, &[120], SUM);
    let outer = reduction(DType::F32, BinaryOp::Maximum, &[50], &[6, 20], affine(0, &[20, 1000, 1]));
    check(engine, &outer, &inputs, &[50], EXACT);
}

/// Every fold on every element type on which it is defined, both ways.
pub fn every_type_and_operation(engine: &dyn Engine) {
    use BinaryOp::*;
    for &dtype in DType::ALL {
        for op in [Add, Multiply, Maximum, Minimum, And, Or, Xor] {
            let one = Scalar::one(dtype);
            if ops::scalar::eval_binary(op, one, one).is_none() {
                continue;
            }
            let mut numbers = Numbers::new(dtype as u64);
            // Small values: narrow floats overflow to infinity, or saturate, in an order of their own.
            let mut value = || {
                let value = [0.5, 1.0, -1.0, 1.0][numbers.below(4) as usize];
                Scalar::from_f64(dtype, if op == Multiply { value } else { value / 2.0 })
            };
            let inputs = [(0..5 * 30).map(|_| value()).collect(), vec![one]];
            let relative = match dtype {
                _ if dtype.is_narrow_float() => continue,
                DType::F16 => 0.02,
                DType::BF16 => 0.15,
                _ => 1e-5,
            };
            let tolerance = Tolerance { relative, absolute: relative };
            check(engine, &reduction(dtype, op, &[5], &[30], affine(0, &[30, 1])), &inputs, &[5], tolerance);
            check(engine, &reduction(dtype, op, &[30], &[5], affine(0, &[1, 30])), &inputs, &[30], tolerance);
        }
    }
    for dtype in [DType::F8E4M3FN, DType::F8E5M2, DType::F4E2M1FN] {
        let mut numbers = Numbers::new(1);
        let inputs = [numbers.array(dtype, 90), vec![Scalar::zero(dtype)]];
        check(engine, &reduction(dtype, Maximum, &[3], &[30], affine(0, &[30, 1])), &inputs, &[3], EXACT);
        check(engine, &reduction(dtype, Maximum, &[30], &[3], affine(0, &[1, 30])), &inputs, &[30], EXACT);
    }
}

/// No rows, no elements, or neither.
pub fn nothing_to_fold(engine: &dyn Engine) {
    for (rows, len) in [(0, 5), (4, 0), (0, 0)] {
        let inputs =
            [vec![Scalar::one(DType::F32); (rows * len) as usize], vec![Scalar::from_i64(DType::F32, 7)]];
        let kernel = reduction(DType::F32, BinaryOp::Add, &[rows], &[len], affine(0, &[len, 1]));
        check(engine, &kernel, &inputs, &[rows as usize], EXACT);
    }
}

/// All elements to one, of sizes that several threads share.
pub fn whole_arrays(engine: &dyn Engine) {
    for size in [1, 1000, 70_001, 600_000] {
        let mut numbers = Numbers::new(size as u64);
        let input: Vec<Scalar> =
            (0..size).map(|_| Scalar::from_i64(DType::I64, numbers.below(1000) as i64)).collect();
        let inputs = [input, vec![Scalar::from_i64(DType::I64, 5)]];
        for op in [BinaryOp::Add, BinaryOp::Maximum, BinaryOp::Xor] {
            let kernel = reduction(DType::I64, op, &[], &[size], affine(0, &[1]));
            check(engine, &kernel, &inputs, &[1], EXACT);
        }
    }
}

/// Rows that are long, but too few and too short to be shared among workgroups, and some that are not.
pub fn rows_of_middling_length(engine: &dyn Engine) {
    for (rows, len) in [(64, 1024), (64, 4096), (100, 2048), (16, 9000), (3, 66_000)] {
        let mut numbers = Numbers::new(len as u64);
        let input = numbers.array(DType::I32, (rows * len) as usize);
        let inputs = [input, vec![Scalar::from_i64(DType::I32, 5)]];
        for from in [affine(0, &[len, 1]), affine(0, &[1, rows])] {
            let kernel = reduction(DType::I32, BinaryOp::Add, &[rows], &[len], from);
            check(engine, &kernel, &inputs, &[rows as usize], EXACT);
        }
    }
}

/// The first of the largest or smallest elements where only its position is used: ties, zeros of both signs, infinities
/// and NaNs, met in the order of positions and against it.
pub fn first_positions(engine: &dyn Engine) {
    use ComparisonDirection::{Gt, Lt};
    let special = [0.0, -0.0, 1.0, -1.0, f64::INFINITY, f64::NEG_INFINITY];
    for dtype in [DType::F32, DType::F16, DType::BF16, DType::F64] {
        for (rows, len, nans) in [(1, 1, 0), (4, 9, 1), (6, 9, 0), (3, 1500, 2), (70, 33, 1), (2, 40_000, 0)]
        {
            let mut numbers = Numbers::new(len as u64);
            let mut value = |_| Scalar::from_f64(dtype, special[numbers.below(6) as usize]);
            let mut input: Vec<Scalar> = (0..rows * len).map(&mut value).collect();
            for at in 0..nans {
                let nan = Scalar::from_f64(dtype, f64::NAN.copysign(if at == 0 { -1.0 } else { 1.0 }));
                input[(len / 2 + at) as usize] = nan;
            }
            for (direction, step) in [(Gt, 1), (Gt, -1), (Lt, 1), (Lt, -1)] {
                let mut build = Build::new(&[rows], &[len]);
                let x = build.input(dtype);
                let out = build.output(DType::I32);
                let x = build.load(x, affine(0, &[len, 1]));
                let start = if step < 0 { len } else { 0 };
                let index = build.node(NodeOp::Index(affine(start, &[0, step])), DType::I32);
                let limit = if direction == Gt { f64::NEG_INFINITY } else { f64::INFINITY };
                let limit = build.constant(dtype, limit);
                let last = build.constant(DType::I32, 100_000.0);
                let graph = Graph::first_extreme(direction, dtype, DType::I32).expect("a direction");
                build.reduce(&[x, index], &[limit, last], Combiner::Graph(graph));
                build.stage(&[]);
                let position = build.row(1);
                build.store(out, affine(0, &[1]), position);
                check(engine, &build.finish(), std::slice::from_ref(&input), &[rows as usize], EXACT);
            }
        }
    }
}

fn argmax(value: DType, parallel: &[i64], inner: i64, from: Expr) -> Kernel {
    let mut build = Build::new(parallel, &[inner]);
    let x = build.input(value);
    let (best, at) = (build.output(value), build.output(DType::I32));
    let x = build.load(x, from);
    let index = build.node(
        NodeOp::Index(affine(0, &{
            let mut strides = vec![0; parallel.len()];
            strides.push(1);
            strides
        })),
        DType::I32,
    );
    let low = build.constant(value, f64::NEG_INFINITY);
    let zero = build.constant(DType::I32, 0.0);
    build.reduce(&[x, index], &[low, zero], Combiner::Graph(argmax_graph(value, DType::I32)));
    build.stage(&[]);
    let (value, position) = (build.row(0), build.row(1));
    let strides = tensor::row_major_strides(parallel);
    build.store(best, affine(0, &strides), value).store(at, affine(0, &strides), position);
    build.finish()
}

/// Largest elements and their positions: ties and NaN included.
pub fn largest_with_position(engine: &dyn Engine) {
    for dtype in [DType::F32, DType::I16, DType::F8E5M2] {
        for (rows, len) in [(1, 1), (4, 9), (3, 1500), (700, 5), (90, 33), (300, 3)] {
            let mut numbers = Numbers::new(len as u64);
            let mut input = numbers.array(dtype, (rows * len) as usize);
            if dtype == DType::F32 && len > 1 {
                input[(len / 2) as usize] = Scalar::from_f64(dtype, f64::NAN);
            }
            let inputs = [input];
            let lengths = [rows as usize; 2];
            check(engine, &argmax(dtype, &[rows], len, affine(0, &[len, 1])), &inputs, &lengths, EXACT);
            check(engine, &argmax(dtype, &[rows], len, affine(0, &[1, rows])), &inputs, &lengths, EXACT);
        }
    }
    let mut numbers = Numbers::new(6);
    let input = numbers.array(DType::F32, 200_000);
    check(engine, &argmax(DType::F32, &[], 200_000, affine(0, &[1])), &[input], &[1, 1], EXACT);
}

/// A sum of many equal terms: a serial sum in f32 would be far off.
pub fn long_sums_are_accurate(engine: &dyn Engine) {
    let size = 3_000_000;
    let term = Scalar::from_f64(DType::F32, 0.1);
    let inputs = [vec![term; size], vec![Scalar::zero(DType::F32)]];
    let expected = size as f64 * term.as_f64();
    let layouts: [(&[i64], &[i64], Expr); 3] = [
        (&[], &[size as i64], affine(0, &[1])),
        (&[20], &[size as i64 / 20], affine(0, &[1, 20])),
        (&[20], &[size as i64 / 20], affine(0, &[size as i64 / 20, 1])),
    ];
    for (parallel, inner, from) in layouts {
        let kernel = reduction(DType::F32, BinaryOp::Add, parallel, inner, from);
        let rows = parallel.iter().product::<i64>() as usize;
        let start = [vec![Scalar::zero(DType::F32); rows]];
        let Ok(outputs) = run_kernel(engine, &kernel, &inputs, &start) else { continue };
        for sum in &outputs[0] {
            let error = (sum.as_f64() * rows as f64 - expected).abs() / expected;
            assert!(error < 2e-6, "{parallel:?}: relative error {error:e}");
        }
    }
}

/// Windows of an array, padded: pooling.
pub fn windows(engine: &dyn Engine) {
    for (size, window, stride, pad) in [(9, 3, 2, 1), (20, 2, 2, 0), (7, 5, 1, 4)] {
        let mut numbers = Numbers::new(size as u64);
        let out_size = (size + 2 * pad - window) / stride + 1;
        let mut build = Build::new(&[2, out_size, out_size], &[window, window]);
        let x = build.input(DType::F32);
        let out = build.output(DType::F32);
        let low = build.constant(DType::F32, f64::NEG_INFINITY);
        let (row, column) = (affine(-pad, &[0, stride, 0, 1, 0]), affine(-pad, &[0, 0, stride, 0, 1]));
        let mut expr = affine(0, &[size * size]);
        expr.add_scaled(&row, size);
        expr.add_scaled(&column, 1);
        let access =
            Access { bounds: smallvec![bound(row, size, 1), bound(column, size, 1)], ..Access::at(expr) };
        let x: NodeId = build.load_if(x, access, Some(low));
        build.fold(BinaryOp::Maximum, x, low);
        build.stage(&[]);
        let best = build.row(0);
        build.store(out, affine(0, &[out_size * out_size, out_size, 1]), best);
        let input = numbers.array(DType::F32, (2 * size * size) as usize);
        check(engine, &build.finish(), &[input], &[(2 * out_size * out_size) as usize], EXACT);
    }
}

/// Few long columns in two passes, as in the normalization of a batch: weighted sums, then what lies above them.
pub fn few_long_columns(engine: &dyn Engine) {
    for (columns, outer, inner) in [(2, 3, 1500), (16, 40, 30), (3, 1, 70_001), (100, 1, 57), (256, 7, 5)] {
        for dtype in [DType::F32, DType::F16, DType::I32, DType::C64] {
            let len = outer * inner;
            let mut build = Build::new(&[columns], &[outer, inner]);
            let (x, weight, by_row) = (build.input(dtype), build.input(dtype), build.input(dtype));
            let (products, sums, rest, counts) =
                (build.output(dtype), build.output(dtype), build.output(dtype), build.output(dtype));
            let strides = [1, inner * columns, columns];
            let value = build.load(x, affine(0, &strides));
            let factor = build.load(weight, affine(0, &[1]));
            let start = build.load(by_row, affine(0, &[0, inner, 1]));
            let zero = build.constant(dtype, 0.0);
            let product = build.binary(BinaryOp::Multiply, value, factor);
            build.fold(BinaryOp::Add, product, factor);
            build.fold(BinaryOp::Add, start, zero);
            build.store(products, affine(0, &strides), product);
            build.stage(&[outer, inner]);
            let value = build.load(x, affine(0, &strides));
            let sum = build.row(0);
            let above = build.binary(BinaryOp::Subtract, value, sum);
            let (one, zero) = (build.constant(dtype, 1.0), build.constant(dtype, 0.0));
            build.fold(BinaryOp::Add, one, zero);
            build.store(rest, affine(0, &strides), above);
            build.stage(&[]);
            let (sum, starts) = (build.row(0), build.row(1));
            let both = build.binary(BinaryOp::Add, sum, starts);
            build.store(sums, affine(0, &[1]), both);
            let count = build.row(2);
            build.store(counts, affine(0, &[1]), count);
            let mut numbers = Numbers::new((columns * inner) as u64);
            let mut small = |len: i64| -> Vec<Scalar> {
                (0..len).map(|_| Scalar::from_f64(dtype, numbers.below(3) as f64 - 1.0)).collect()
            };
            let inputs = [small(columns * len), small(columns), small(len)];
            let sizes = [columns * len, columns, columns * len, columns].map(|len| len as usize);
            // Sums of small integers are exact, those in f16 up to 2048.
            if dtype != DType::F16 || len <= 2048 {
                check(engine, &build.finish(), &inputs, &sizes, EXACT);
            }
        }
    }
}
