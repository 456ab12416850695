//! Running folds.

use engine_tests::harness::{CLOSE, EXACT, Numbers, Tolerance, flat};
use ops::BinaryOp;
use plan::StepOp;
use plan::library::Cumulative;
use tensor::{DType, Scalar};

use crate::device::{TYPES, compare, compare_in_larger_windows, compare_in_windows};

const OPS: [BinaryOp; 7] = [
    BinaryOp::Add,
    BinaryOp::Multiply,
    BinaryOp::Maximum,
    BinaryOp::Minimum,
    BinaryOp::And,
    BinaryOp::Or,
    BinaryOp::Xor,
];

fn check(dtype: DType, op: BinaryOp, [outer, size, inner]: [i64; 3], reverse: bool, elements: Vec<Scalar>) {
    let step = Cumulative { dtype, op, outer, size, inner, reverse };
    let ty = flat(dtype, elements.len());
    let tolerance = match (op, dtype) {
        (BinaryOp::Multiply, DType::F32 | DType::C64) => Tolerance { relative: 1e-5, absolute: 1e-30 },
        (BinaryOp::Multiply, DType::F64 | DType::C128) => Tolerance { relative: 1e-14, absolute: 1e-30 },
        (BinaryOp::Add, DType::C64 | DType::C128) => CLOSE,
        _ => EXACT,
    };
    compare(
        &StepOp::Cumulative(step),
        std::slice::from_ref(&ty),
        &[elements],
        std::slice::from_ref(&ty),
        tolerance,
    );
}

#[test]
fn arrays_larger_than_a_binding() {
    let mut numbers = Numbers::new(7);
    for dtype in [DType::F32, DType::I32, DType::BF16, DType::I8] {
        for [outer, size, inner] in [[70, 304, 1], [40, 30, 32], [2100, 5, 2]] {
            let ty = flat(dtype, (outer * size * inner) as usize);
            let step = Cumulative { dtype, op: BinaryOp::Maximum, outer, size, inner, reverse: size == 304 };
            let elements = numbers.array(dtype, ty.len());
            let types = std::slice::from_ref(&ty);
            compare_in_windows(&StepOp::Cumulative(step), types, &[elements], types, EXACT);
        }
    }
}

#[test]
fn rows_larger_than_a_binding() {
    let mut numbers = Numbers::new(8);
    for dtype in [DType::I32, DType::BF16, DType::U8] {
        // Workgroups fold tiles of 16 KiB, so the bindings are a little larger.
        for [outer, size, inner] in [[1, 300_001, 1], [2, 140_003, 1], [1, 3001, 101], [3, 40, 4001]] {
            for reverse in [false, true] {
                let op = if dtype == DType::BF16 { BinaryOp::Maximum } else { BinaryOp::Add };
                let step = Cumulative { dtype, op, outer, size, inner, reverse };
                let ty = flat(dtype, (outer * size * inner) as usize);
                let elements = numbers.array(dtype, ty.len());
                let types = std::slice::from_ref(&ty);
                compare_in_larger_windows(&StepOp::Cumulative(step), types, &[elements], types, EXACT);
            }
        }
    }
}

#[test]
fn every_type_and_operation() {
    let mut numbers = Numbers::new(2);
    for dtype in TYPES {
        for op in OPS {
            let defined = match op {
                BinaryOp::Add | BinaryOp::Multiply => true,
                BinaryOp::Maximum | BinaryOp::Minimum => !dtype.is_complex(),
                _ => dtype.is_integer() || dtype == DType::Bool,
            };
            for dims in [[3, 5, 7], [3, 70, 1], [2, 17, 1]].into_iter().filter(|_| defined) {
                let elements = (0..dims.iter().product::<i64>()).map(|_| numbers.scalar(dtype));
                let elements = match op {
                    // Products stay within range.
                    BinaryOp::Multiply if dtype.is_float() || dtype.is_complex() => {
                        elements.map(|x| Scalar::from_f64(dtype, 2f64.powi(x.as_f64() as i32 / 4))).collect()
                    }
                    _ => elements.collect(),
                };
                check(dtype, op, dims, dims[1] == 5, elements);
            }
        }
    }
}

#[test]
fn odd_sizes() {
    let mut numbers = Numbers::new(3);
    let sizes = [0, 1, 63, 64, 65, 255, 256, 257, 4095, 4096, 4097, 10_000];
    for reverse in [false, true] {
        for size in sizes {
            for [outer, inner] in [[1, 1], [3, 1], [2, 3], [1, 300]] {
                let count = outer * size * inner;
                if count > 40_000 {
                    continue;
                }
                for dtype in [DType::F32, DType::F64, DType::U8] {
                    let elements = numbers.array(dtype, count as usize);
                    check(dtype, BinaryOp::Add, [outer, size, inner], reverse, elements);
                }
            }
        }
    }
    // So many rows that a workgroup does several tiles.
    let elements = numbers.array(DType::U8, 2049 * 4100);
    check(DType::U8, BinaryOp::Add, [2049, 4100, 1], true, elements);
}

#[test]
fn sums_are_accurate_and_special_values_survive() {
    let mut numbers = Numbers::new(4);
    for [outer, size, inner] in [[1, 100_000, 1], [1, 3000, 2], [40, 50, 1]] {
        let elements: Vec<Scalar> = (0..outer * size * inner)
            .map(|_| Scalar::from_f64(DType::F32, f64::from(numbers.bits()) / 4e9))
            .collect();
        let step = Cumulative { dtype: DType::F32, op: BinaryOp::Add, outer, size, inner, reverse: false };
        let ty = flat(DType::F32, elements.len());
        // The host sums in f64: no more than a rounding apart.
        let rounding = Tolerance { relative: 1.2e-7, absolute: 0.0 };
        compare(
            &StepOp::Cumulative(step),
            std::slice::from_ref(&ty),
            &[elements],
            std::slice::from_ref(&ty),
            rounding,
        );
    }
    let special = [-0.0, -0.0, 1.0, f64::INFINITY, 2.0, f64::NEG_INFINITY, 3.0, f64::NAN, 1.0];
    for op in [BinaryOp::Add, BinaryOp::Maximum, BinaryOp::Minimum] {
        for repeats in [1, 20] {
            let elements: Vec<Scalar> =
                (0..repeats).flat_map(|_| special.map(|x| Scalar::from_f64(DType::F32, x))).collect();
            check(DType::F32, op, [1, elements.len() as i64, 1], false, elements);
        }
    }
}
