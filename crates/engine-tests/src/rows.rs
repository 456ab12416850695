//! Kernels of several stages: row values and row-local arrays.

use ops::{BinaryOp, UnaryOp};
use plan::{Engine, Expr, Kernel};
use tensor::DType;

use crate::build::{Build, affine};
use crate::harness::{Numbers, Tolerance, check};

const TOLERANCE: Tolerance = Tolerance { relative: 2e-5, absolute: 1e-6 };

/// Softmax along the inner axis, whose elements an expression places.
pub fn softmax_kernel(rows: &[i64], len: i64, place: Expr) -> Kernel {
    let mut build = Build::new(rows, &[len]);
    let (x, out) = (build.input(DType::F32), build.output(DType::F32));
    let exponentials = build.scratch(DType::F32);
    let value = build.load(x, place.clone());
    let low = build.constant(DType::F32, f64::NEG_INFINITY);
    build.fold(BinaryOp::Maximum, value, low);
    build.stage(&[len]);
    let value = build.load(x, place.clone());
    let largest = build.row(0);
    let shifted = build.binary(BinaryOp::Subtract, value, largest);
    let exponential = build.unary(UnaryOp::Exponential, shifted);
    let zero = build.constant(DType::F32, 0.0);
    build.fold(BinaryOp::Add, exponential, zero).write_scratch(exponentials, exponential);
    build.stage(&[len]);
    let (exponential, sum) = (build.read_scratch(exponentials), build.row(1));
    let share = build.binary(BinaryOp::Divide, exponential, sum);
    build.store(out, place, share);
    build.finish()
}

/// Layouts of `rows` by `len`: rows contiguous, and columns contiguous.
fn layouts(rows: i64, len: i64) -> [Expr; 2] {
    [affine(0, &[len, 1]), affine(0, &[1, rows])]
}

const SHAPES: [(i64, i64); 10] =
    [(1, 1), (1, 7), (5, 1), (3, 17), (70, 33), (2, 1025), (1100, 4), (9, 256), (300, 300), (0, 5)];

/// Softmax of odd shapes.
pub fn softmax(engine: &dyn Engine) {
    for (rows, len) in SHAPES {
        let mut numbers = Numbers::new(len as u64);
        let input = [numbers.array(DType::F32, (rows * len) as usize)];
        for place in layouts(rows, len) {
            check(engine, &softmax_kernel(&[rows], len, place), &input, &[(rows * len) as usize], TOLERANCE);
        }
    }
}

/// Layer normalization with scale and shift, three stages and one of row values between.
pub fn layer_norm_kernel(rows: i64, len: i64, place: Expr) -> Kernel {
    let mut build = Build::new(&[rows], &[len]);
    let (x, scale, shift) = (build.input(DType::F32), build.input(DType::F32), build.input(DType::F32));
    let out = build.output(DType::F32);
    let value = build.load(x, place.clone());
    let zero = build.constant(DType::F32, 0.0);
    build.fold(BinaryOp::Add, value, zero);
    build.stage(&[len]);
    let value = build.load(x, place.clone());
    let count = build.constant(DType::F32, len as f64);
    let sum = build.row(0);
    let mean = build.binary(BinaryOp::Divide, sum, count);
    let centred = build.binary(BinaryOp::Subtract, value, mean);
    let square = build.binary(BinaryOp::Multiply, centred, centred);
    let zero = build.constant(DType::F32, 0.0);
    build.fold(BinaryOp::Add, square, zero);
    build.stage(&[len]);
    let value = build.load(x, place.clone());
    let count = build.constant(DType::F32, len as f64);
    let (sum, squares) = (build.row(0), build.row(1));
    let mean = build.binary(BinaryOp::Divide, sum, count);
    let variance = build.binary(BinaryOp::Divide, squares, count);
    let epsilon = build.constant(DType::F32, 1e-5);
    let safe = build.binary(BinaryOp::Add, variance, epsilon);
    let inverse = build.unary(UnaryOp::Rsqrt, safe);
    let centred = build.binary(BinaryOp::Subtract, value, mean);
    let normal = build.binary(BinaryOp::Multiply, centred, inverse);
    let scale = build.load(scale, affine(0, &[0, 1]));
    let shift = build.load(shift, affine(0, &[0, 1]));
    let scaled = build.binary(BinaryOp::Multiply, normal, scale);
    let result = build.binary(BinaryOp::Add, scaled, shift);
    build.store(out, place, result);
    build.finish()
}

/// Layer normalization of odd shapes.
pub fn layer_norm(engine: &dyn Engine) {
    for (rows, len) in SHAPES {
        let mut numbers = Numbers::new(rows as u64);
        let inputs = [
            numbers.array(DType::F32, (rows * len) as usize),
            numbers.array(DType::F32, len as usize),
            numbers.array(DType::F32, len as usize),
        ];
        for place in layouts(rows, len) {
            let kernel = layer_norm_kernel(rows, len, place);
            let tolerance = Tolerance { relative: 1e-4, absolute: 1e-4 };
            check(engine, &kernel, &inputs, &[(rows * len) as usize], tolerance);
        }
    }
}

/// Several reductions a stage, and a last stage over rows only.
pub fn row_values_in_later_stages(engine: &dyn Engine) {
    for (rows, len) in SHAPES {
        let mut numbers = Numbers::new(len as u64);
        for place in layouts(rows, len) {
            let mut build = Build::new(&[rows], &[len]);
            let (x, weight) = (build.input(DType::F64), build.input(DType::F64));
            let (ratio, span) = (build.output(DType::F64), build.output(DType::F64));
            let value = build.load(x, place);
            let zero = build.constant(DType::F64, 0.0);
            let magnitude = build.unary(UnaryOp::Abs, value);
            // A starting value that differs from row to row.
            let start = build.load(weight, affine(0, &[1]));
            build.fold(BinaryOp::Add, value, start);
            build.fold(BinaryOp::Maximum, magnitude, zero);
            let one = build.constant(DType::F64, 1.0);
            build.fold(BinaryOp::Add, one, zero);
            build.stage(&[]);
            let (sum, largest, count) = (build.row(0), build.row(1), build.row(2));
            let weight = build.load(weight, affine(0, &[1]));
            let mean = build.binary(BinaryOp::Divide, sum, count);
            let product = build.binary(BinaryOp::Multiply, mean, weight);
            build.store(ratio, affine(0, &[1]), product).store(span, affine(0, &[1]), largest);
            let inputs =
                [numbers.array(DType::F64, (rows * len) as usize), numbers.array(DType::F64, rows as usize)];
            check(engine, &build.finish(), &inputs, &[rows as usize; 2], TOLERANCE);
        }
    }
}

/// A single row that several threads share.
pub fn single_long_row(engine: &dyn Engine) {
    for len in [5000, 400_000] {
        let mut numbers = Numbers::new(len as u64);
        let input = [numbers.array(DType::F32, len as usize)];
        let tolerance = Tolerance { relative: 1e-4, absolute: 1e-9 };
        check(engine, &softmax_kernel(&[1], len, affine(0, &[0, 1])), &input, &[len as usize], tolerance);
    }
}
