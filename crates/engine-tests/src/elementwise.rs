//! Kernels of one stage without inner indices, all accesses along the lanes.

use ops::{BinaryOp, ComparisonDirection, UnaryOp};
use plan::{Access, Engine, NodeOp};
use smallvec::smallvec;
use tensor::{DType, DTypeClass, Scalar};

use crate::build::{Build, affine};
use crate::harness::{CLOSE, EXACT, Numbers, Tolerance, check, check_in_place};

/// Sizes around vector lengths and block sizes.
pub const SIZES: [i64; 19] =
    [0, 1, 2, 7, 8, 9, 15, 16, 17, 31, 33, 64, 255, 257, 1023, 1024, 1025, 2049, 5000];

/// A chain of cheap and heavy operations with scalars on either side.
pub fn chains_at_odd_sizes(engine: &dyn Engine) {
    for size in SIZES {
        let mut numbers = Numbers::new(size as u64);
        let mut build = Build::new(&[size], &[]);
        let (x, y) = (build.input(DType::F32), build.input(DType::F32));
        let scale = build.input(DType::F32);
        let out = build.output(DType::F32);
        let (x, y) = (build.load(x, affine(0, &[1])), build.load(y, affine(0, &[1])));
        let scale = build.load(scale, affine(0, &[]));
        let two = build.constant(DType::F32, 2.0);
        let scaled = build.binary(BinaryOp::Multiply, scale, x);
        let sum = build.binary(BinaryOp::Subtract, two, scaled);
        let tanh = build.unary(UnaryOp::Tanh, sum);
        let less = build.compare(ComparisonDirection::Lt, x, y);
        let chosen = build.select(less, tanh, y);
        let halved = build.binary(BinaryOp::Divide, chosen, two);
        build.store(out, affine(0, &[1]), halved);
        let len = size as usize;
        let inputs =
            [numbers.array(DType::F32, len), numbers.array(DType::F32, len), numbers.array(DType::F32, 1)];
        check(engine, &build.finish(), &inputs, &[len], CLOSE);
        check_in_place(engine, &build.finish(), &inputs, &[], CLOSE);
    }
}

/// Arithmetic, comparison and selection on every element type.
pub fn every_type(engine: &dyn Engine) {
    for &dtype in DType::ALL {
        let mut numbers = Numbers::new(dtype as u64);
        let mut build = Build::new(&[37], &[]);
        let (a, b) = (build.input(dtype), build.input(dtype));
        let (out, flag) = (build.output(dtype), build.output(DType::Bool));
        let (a, b) = (build.load(a, affine(0, &[1])), build.load(b, affine(0, &[1])));
        let sum = build.binary(BinaryOp::Add, a, b);
        let product = build.binary(BinaryOp::Multiply, sum, b);
        let same = build.compare(ComparisonDirection::Eq, a, b);
        let one = build.constant(dtype, 1.0);
        let product = build.binary(BinaryOp::Multiply, one, product);
        let chosen = build.select(same, a, product);
        build.store(out, affine(0, &[1]), chosen).store(flag, affine(0, &[1]), same);
        let inputs = [numbers.array(dtype, 37), numbers.array(dtype, 37)];
        // A product and a sum may be rounded once.
        let tolerance = match dtype.class() {
            DTypeClass::Float | DTypeClass::Complex => CLOSE,
            _ => EXACT,
        };
        check(engine, &build.finish(), &inputs, &[37, 37], tolerance);
    }
}

/// Conversions between all pairs of types.
pub fn conversions(engine: &dyn Engine) {
    for &from in DType::ALL {
        for &to in DType::ALL {
            let mut numbers = Numbers::new(from as u64 * 64 + to as u64);
            let mut build = Build::new(&[19], &[]);
            let (x, out) = (build.input(from), build.output(to));
            let x = build.load(x, affine(0, &[1]));
            let converted = build.convert(x, to);
            build.store(out, affine(0, &[1]), converted);
            check(engine, &build.finish(), &[numbers.array(from, 19)], &[19], EXACT);
        }
    }
}

/// Index values of several types over several axes.
pub fn index_values(engine: &dyn Engine) {
    for dtype in [DType::I32, DType::U8, DType::F32, DType::BF16, DType::I4, DType::C64, DType::I64] {
        for sizes in [[3, 5, 7], [1, 300, 9], [2, 1, 2000]] {
            let len = sizes.iter().product::<i64>() as usize;
            let mut build = Build::new(&sizes, &[]);
            let out = build.output(dtype);
            let index = build.node(NodeOp::Index(affine(3, &[5, 0, -1])), dtype);
            let other = build.node(NodeOp::Index(affine(0, &[0, 1])), dtype);
            let sum = build.binary(BinaryOp::Add, index, other);
            build.store(out, affine(0, &[sizes[1] * sizes[2], sizes[2], 1]), sum);
            check(engine, &build.finish(), &[], &[len], EXACT);
        }
    }
}

/// Pairs of operations that engines may do as one.
pub fn fused_pairs(engine: &dyn Engine) {
    let once_rounded = Tolerance { relative: 1e-6, absolute: 1e-5 };
    for dtype in [DType::F32, DType::F64, DType::I32, DType::U8, DType::BF16, DType::C64] {
        for form in 0..16 {
            let mut numbers = Numbers::new(form);
            let mut build = Build::new(&[70], &[]);
            let inputs: Vec<usize> = (0..3).map(|_| build.input(dtype)).collect();
            let out = build.output(dtype);
            let loads: Vec<_> = (0..3)
                .map(|at| build.load(inputs[at], affine(0, &[if form >> at & 1 == 1 { 0 } else { 1 }])))
                .collect();
            let product = build.binary(BinaryOp::Multiply, loads[0], loads[1]);
            let sum = if form & 8 == 0 {
                build.binary(BinaryOp::Add, product, loads[2])
            } else {
                build.binary(BinaryOp::Add, loads[2], product)
            };
            let result = if dtype.is_complex() {
                sum
            } else {
                let (low, high) = (build.constant(dtype, 1.0), build.constant(dtype, 20.0));
                let raised = build.binary(BinaryOp::Maximum, low, sum);
                build.binary(BinaryOp::Minimum, raised, high)
            };
            build.store(out, affine(0, &[1]), result);
            let inputs: Vec<_> = (0..3).map(|_| numbers.array(dtype, 70)).collect();
            let tolerance =
                if dtype == DType::BF16 { Tolerance { relative: 0.01, absolute: 0.0 } } else { once_rounded };
            check(engine, &build.finish(), &inputs, &[70], tolerance);
        }
    }
}

/// What is 0, y or x of real numbers but not of floats: NaN, infinities and roundings count.
pub fn nothing_is_taken_apart(engine: &dyn Engine) {
    let values = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 1.5, -2.0, 3e8, 0.1, -7e-3];
    for dtype in [DType::F32, DType::F16, DType::BF16] {
        let mut build = Build::new(&[64], &[]);
        let inputs = [build.input(dtype), build.input(dtype)];
        let [x, y] = inputs.map(|input| build.load(input, affine(0, &[1])));
        let zero = build.constant(dtype, 0.0);
        let mut both = |op, a, b| build.binary(op, a, b);
        let sum = both(BinaryOp::Add, x, y);
        let difference = both(BinaryOp::Subtract, sum, x);
        let rest = both(BinaryOp::Subtract, sum, difference);
        let results = [
            difference,
            both(BinaryOp::Subtract, x, rest),
            both(BinaryOp::Subtract, x, x),
            both(BinaryOp::Multiply, x, zero),
            both(BinaryOp::Divide, zero, y),
        ];
        let root = build.unary(UnaryOp::Sqrt, x);
        let square = build.binary(BinaryOp::Multiply, root, root);
        let negative = build.unary(UnaryOp::Negate, x);
        let none = build.binary(BinaryOp::Add, negative, x);
        for result in results.into_iter().chain([square, none]) {
            let out = build.output(dtype);
            build.store(out, affine(0, &[1]), result);
        }
        let at = |place: usize| Scalar::from_f64(dtype, values[place % 8]);
        let inputs = [(0..64).map(at).collect(), (0..64).map(|place| at(place / 8)).collect()];
        check(engine, &build.finish(), &inputs, &[64; 7], CLOSE);
    }
}

/// Several outputs, of values that others use, of inputs themselves, and twice the same; the first shares
/// memory with an input.
pub fn several_outputs(engine: &dyn Engine) {
    for size in [1, 1500] {
        let mut numbers = Numbers::new(5);
        let mut build = Build::new(&[size], &[]);
        let x = build.input(DType::F32);
        let outs: Vec<usize> = (0..4).map(|_| build.output(DType::F32)).collect();
        let x = build.load(x, affine(0, &[1]));
        let double = build.binary(BinaryOp::Add, x, x);
        let product = build.binary(BinaryOp::Multiply, double, x);
        let constant = build.constant(DType::F32, 4.5);
        build.store(outs[0], affine(0, &[1]), double).store(outs[1], affine(0, &[1]), product);
        build.store(outs[2], affine(0, &[1]), x).store(outs[3], affine(0, &[1]), constant);
        let inputs = [numbers.array(DType::F32, size as usize)];
        check(engine, &build.finish(), &inputs, &[size as usize; 4], EXACT);

        let mut build = Build::new(&[size], &[]);
        let x = build.input(DType::F32);
        let out = build.output(DType::F32);
        let x = build.load(x, affine(0, &[1]));
        let double = build.binary(BinaryOp::Add, x, x);
        let product = build.binary(BinaryOp::Multiply, double, x);
        build.store(out, affine(0, &[1]), product);
        check_in_place(engine, &build.finish(), &inputs, &[], EXACT);
    }
}

/// What a kernel replaces is stored elsewhere, too: as it was, in order and at a computed place, as scans do.
pub fn keeps_what_it_replaces(engine: &dyn Engine) {
    for size in [1, 7, 1500] {
        for kept_first in [false, true] {
            let mut numbers = Numbers::new(6);
            let mut build = Build::new(&[size], &[]);
            let [x, row] = [build.input(DType::F32), build.input(DType::I32)];
            let [next, all, same] = [0; 3].map(|_| build.output(DType::F32));
            let x = build.load(x, affine(0, &[1]));
            let row = build.load(row, affine(0, &[0]));
            let double = build.binary(BinaryOp::Add, x, x);
            let stacked = Access { dynamic: smallvec![(row, size)], ..Access::at(affine(0, &[1])) };
            let here = || Access::at(affine(0, &[1]));
            let kept = [(all, stacked, x), (same, here(), x)];
            let mut stores = vec![(next, here(), double)];
            stores.splice(if kept_first { 0..0 } else { 1..1 }, kept);
            for (output, access, value) in stores {
                build.store_if(output, access, value);
            }
            let inputs = [numbers.array(DType::F32, size as usize), vec![Scalar::from_f64(DType::I32, 2.0)]];
            let others = [3 * size as usize, size as usize];
            check_in_place(engine, &build.finish(), &inputs, &others, EXACT);
        }
    }
}
