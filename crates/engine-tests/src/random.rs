//! Random kernels.

use ops::{BinaryOp, UnaryOp};
use plan::{Access, Engine, Expr, Kernel, NodeId, NodeOp, Term};
use smallvec::SmallVec;
use tensor::{DType, Dims, row_major_strides};

use crate::build::{Build, affine, bound};
use crate::harness::{Numbers, Tolerance, check};

/// Kernels of random shapes, accesses and stages; every value is a small integer, so that sums are exact.
pub fn random_kernels(engine: &dyn Engine) {
    for seed in 0..400 {
        let mut numbers = Numbers::new(seed);
        let (kernel, lengths, outputs) = kernel(&mut numbers);
        let inputs: Vec<_> = kernel
            .inputs
            .iter()
            .zip(lengths)
            .map(|(&dtype, len)| {
                (0..len).map(|_| tensor::Scalar::from_i64(dtype, numbers.below(9) as i64 - 4)).collect()
            })
            .collect();
        let tolerance = Tolerance { relative: 0.0, absolute: 0.0 };
        check(engine, &kernel, &inputs, &outputs, tolerance);
    }
}

fn dims(numbers: &mut Numbers, rank: u64, budget: &mut u64) -> Dims {
    let sizes = [1, 2, 3, 4, 5, 7, 8, 12, 16, 17, 40, 130, 1030];
    let rank = numbers.below(rank + 1);
    let mut dims = Dims::new();
    for _ in 0..rank {
        let size = sizes[numbers.below(sizes.len() as u64) as usize].min(*budget);
        *budget /= size.max(1);
        dims.push(size.max(1) as i64);
    }
    dims
}

/// A random quasi-affine expression that is never negative, and the array length it needs.
fn expr(numbers: &mut Numbers, sizes: &[i64]) -> (Expr, usize) {
    let mut expr = Expr::constant(0);
    let strides = match numbers.below(3) {
        0 => row_major_strides(sizes),
        // A permutation.
        1 => {
            let mut order: Vec<usize> = (0..sizes.len()).collect();
            for i in (1..order.len()).rev() {
                order.swap(i, numbers.below(i as u64 + 1) as usize);
            }
            let mut strides = Dims::from_elem(0, sizes.len());
            let mut stride = 1;
            for axis in order {
                strides[axis] = stride;
                stride *= sizes[axis];
            }
            strides
        }
        _ => sizes.iter().map(|_| numbers.below(5) as i64 - 1).collect(),
    };
    for (axis, &stride) in strides.iter().enumerate() {
        let mut term = Term::plain(axis, stride);
        match numbers.below(8) {
            0 => term.divisor = 1 + numbers.below(6) as i64,
            1 => term.modulus = 1 + numbers.below(6) as i64,
            2 => term = Term { divisor: 2, modulus: 3, ..term },
            3 => term.stride = 0,
            _ => {}
        }
        expr.add_term(term);
    }
    expr.offset = -expr.range(sizes).0 + numbers.below(3) as i64;
    let len = expr.range(sizes).1 + 1;
    (expr, len as usize)
}

fn load(numbers: &mut Numbers, build: &mut Build, sizes: &[i64], lengths: &mut Vec<usize>) -> NodeId {
    let input = build.input(DType::F32);
    let (expr, len) = expr(numbers, sizes);
    let mut access = Access::at(expr);
    let mut fill = None;
    let mut needed = len;
    if !sizes.is_empty() && numbers.below(3) == 0 {
        let (mut condition, _) = self::expr(numbers, sizes);
        condition.offset -= numbers.below(5) as i64;
        let limit = 1 + numbers.below(40) as i64;
        access.bounds.push(bound(condition, limit, 1 + numbers.below(3) as i64));
        fill = Some(build.constant(DType::F32, 3.0));
    }
    if numbers.below(4) == 0 {
        // A computed index of one to three values.
        let axis = numbers.below(sizes.len() as u64 + 1) as usize;
        let index = match sizes.get(axis) {
            Some(_) => Expr {
                offset: 0,
                terms: SmallVec::from_slice(&[Term { axis, divisor: 1, modulus: 3, stride: 1 }]),
            },
            None => Expr::constant(2),
        };
        let index = build.node(NodeOp::Index(index), DType::I32);
        access.dynamic.push((index, 2));
        needed += 4;
    }
    lengths.push(needed);
    build.load_if(input, access, fill)
}

fn value(
    numbers: &mut Numbers,
    build: &mut Build,
    sizes: &[i64],
    lengths: &mut Vec<usize>,
    rows: usize,
) -> NodeId {
    let mut value = load(numbers, build, sizes, lengths);
    for _ in 0..numbers.below(4) {
        let other = match numbers.below(4) {
            0 => build.constant(DType::F32, 2.0),
            1 if rows > 0 => {
                let row = numbers.below(rows as u64) as usize;
                build.row(row)
            }
            2 => value,
            _ => load(numbers, build, sizes, lengths),
        };
        value = match numbers.below(5) {
            0 => build.binary(BinaryOp::Maximum, other, value),
            1 => build.binary(BinaryOp::Subtract, value, other),
            2 => build.unary(UnaryOp::Negate, value),
            3 => {
                let less = build.compare(ops::ComparisonDirection::Lt, other, value);
                build.select(less, value, other)
            }
            _ => build.binary(BinaryOp::Add, value, other),
        };
    }
    value
}

fn kernel(numbers: &mut Numbers) -> (Kernel, Vec<usize>, Vec<usize>) {
    let mut budget = 6000;
    let parallel = dims(numbers, 3, &mut budget);
    let inner = dims(numbers, 2, &mut budget);
    let mut build = Build::new(&parallel, &inner);
    let (mut lengths, mut outputs) = (Vec::new(), Vec::new());
    let stages = 1 + numbers.below(3);
    let mut rows = 0;
    let mut scratch = None;
    for stage in 0..stages {
        let last = stage + 1 == stages;
        let own = if last && numbers.below(2) == 0 { Dims::new() } else { inner.clone() };
        if stage > 0 {
            build.stage(&own);
        }
        let own = if stage == 0 { inner.clone() } else { own };
        let sizes: Dims = parallel.iter().chain(&own).copied().collect();
        let mut result = value(numbers, &mut build, &sizes, &mut lengths, rows);
        if let (Some(array), true) = (scratch, own == inner) {
            let kept = build.read_scratch(array);
            result = build.binary(BinaryOp::Add, result, kept);
        }
        if !last {
            let initial = build.constant(DType::F32, 1.0);
            let op = [BinaryOp::Add, BinaryOp::Maximum, BinaryOp::Minimum][numbers.below(3) as usize];
            build.fold(op, result, initial);
            if scratch.is_none() && numbers.below(2) == 0 {
                let array = build.scratch(DType::F32);
                build.write_scratch(array, result);
                scratch = Some(array);
            }
            rows += 1;
        }
        if last || numbers.below(3) == 0 {
            let output = build.output(DType::F32);
            let strides = row_major_strides(&sizes);
            let len = sizes.iter().product::<i64>();
            build.store(output, affine(0, &strides), result);
            outputs.push(len as usize);
        }
    }
    (build.finish(), lengths, outputs)
}
