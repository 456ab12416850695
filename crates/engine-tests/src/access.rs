//! Accesses that do not simply lie along the lanes.

use ops::BinaryOp;
use plan::{Access, Bound, Engine, Expr, NodeOp, Term};
use smallvec::smallvec;
use tensor::{DType, Scalar};

use crate::build::{Build, affine, bound};
use crate::harness::{EXACT, Numbers, check, check_from, check_in_place};

/// Types of every element size.
const BY_SIZE: [DType; 5] = [DType::U8, DType::F16, DType::F32, DType::F64, DType::C128];

/// A kernel that copies through two expressions, with an addition so that it is no plain copy.
fn copy(dtype: DType, sizes: &[i64], from: Expr, to: Expr) -> Build {
    let mut build = Build::new(sizes, &[]);
    let (x, out) = (build.input(dtype), build.output(dtype));
    let x = build.load(x, from);
    let one = build.constant(dtype, 1.0);
    let sum = build.binary(BinaryOp::Add, x, one);
    build.store(out, to, sum);
    build
}

/// Transposes of two and three axes.
pub fn transposes(engine: &dyn Engine) {
    for dtype in BY_SIZE {
        for [a, b] in [[1, 1], [3, 5], [1, 40], [40, 1], [17, 33], [130, 70], [64, 1030]] {
            let mut numbers = Numbers::new(a as u64);
            let build = copy(dtype, &[a, b], affine(0, &[1, a]), affine(0, &[b, 1]));
            let input = numbers.array(dtype, (a * b) as usize);
            check(engine, &build.finish(), std::slice::from_ref(&input), &[(a * b) as usize], EXACT);
            // The same with strided stores.
            let build = copy(dtype, &[a, b], affine(0, &[b, 1]), affine(0, &[1, a]));
            check(engine, &build.finish(), &[input], &[(a * b) as usize], EXACT);
        }
    }
    let mut numbers = Numbers::new(3);
    let build = copy(DType::F32, &[4, 50, 6], affine(0, &[50, 1, 200]), affine(0, &[300, 6, 1]));
    check(engine, &build.finish(), &[numbers.array(DType::F32, 1200)], &[1200], EXACT);
}

/// Slices with steps, and reversed axes.
pub fn slices_and_reversals(engine: &dyn Engine) {
    for dtype in BY_SIZE {
        let mut numbers = Numbers::new(9);
        let input = numbers.array(dtype, 40 * 30);
        for (from, to) in [
            (affine(62, &[60, 2]), affine(0, &[11, 1])),
            (affine(1199, &[-30, -1]), affine(0, &[11, 1])),
            (affine(29, &[30, -1]), affine(209, &[-11, -1])),
            (affine(5, &[30, 1]), affine(1, &[22, 2])),
        ] {
            let build = copy(dtype, &[19, 11], from, to);
            check(engine, &build.finish(), std::slice::from_ref(&input), &[19 * 22 + 2], EXACT);
        }
    }
}

/// Vectors broadcast along either axis, and a scalar.
pub fn broadcasts(engine: &dyn Engine) {
    for [a, b] in [[5, 1], [1, 5], [100, 64], [3, 1025], [1025, 3]] {
        let mut numbers = Numbers::new(b as u64);
        let mut build = Build::new(&[a, b], &[]);
        let inputs: Vec<usize> = (0..3).map(|_| build.input(DType::F32)).collect();
        let out = build.output(DType::F32);
        let row = build.load(inputs[0], affine(0, &[0, 1]));
        let column = build.load(inputs[1], affine(0, &[1, 0]));
        let scalar = build.load(inputs[2], affine(0, &[]));
        let sum = build.binary(BinaryOp::Add, row, column);
        let product = build.binary(BinaryOp::Multiply, scalar, sum);
        build.store(out, affine(0, &[b, 1]), product);
        let arrays = [
            numbers.array(DType::F32, b as usize),
            numbers.array(DType::F32, a as usize),
            numbers.array(DType::F32, 1),
        ];
        check(engine, &build.finish(), &arrays, &[(a * b) as usize], EXACT);
    }
}

/// Padding at edges, between elements, and negative.
pub fn padding(engine: &dyn Engine) {
    for dtype in BY_SIZE {
        for (low, high, step, size) in
            [(2, 3, 1, 5), (0, 0, 2, 7), (-1, -2, 1, 9), (1, 2, 3, 300), (4, 0, 2, 1), (-3, 5, 2, 90)]
        {
            // Where an element lies is a quotient: of the axis, or computed of the position.
            for computed in [false, true] {
                let mut numbers = Numbers::new(step as u64);
                let dilated = (size - 1) * step + 1;
                let out_size = low + dilated + high;
                let mut build = Build::new(&[3, out_size], &[]);
                let (x, out) = (build.input(dtype), build.output(dtype));
                let fill = build.constant(dtype, 5.0);
                let inside = affine(-low, &[0, 1]);
                let mut access =
                    Access { bounds: smallvec![bound(inside.clone(), dilated, step)], ..Access::default() };
                access.expr.add_term(Term::plain(0, size));
                if computed {
                    let index = build.node(NodeOp::Index(inside), DType::I64);
                    let divisor = build.constant(DType::I64, step as f64);
                    access.dynamic.push((build.binary(BinaryOp::Divide, index, divisor), 1));
                } else {
                    access.expr.offset = (-low).div_euclid(step) + i64::from(low % step != 0);
                    access.expr.add_term(Term { axis: 1, divisor: step, modulus: 0, stride: 1 });
                }
                let x = build.load_if(x, access, Some(fill));
                build.store(out, affine(0, &[out_size, 1]), x);
                let input = numbers.array(dtype, (3 * size) as usize);
                check(engine, &build.finish(), &[input], &[(3 * out_size) as usize], EXACT);
            }
        }
    }
}

/// Two arrays side by side: each load's fill value is the other load.
pub fn concatenation(engine: &dyn Engine) {
    for (outer, left, right, inner) in [(1, 5, 6, 1), (4, 3, 2, 7), (2, 1000, 700, 1), (3, 1, 1, 1)] {
        let mut numbers = Numbers::new(inner as u64);
        let mut build = Build::new(&[outer, left + right, inner], &[]);
        let (a, b) = (build.input(DType::I32), build.input(DType::I32));
        let out = build.output(DType::I32);
        let part = |start: i64, size: i64| Access {
            expr: affine(-start * inner, &[size * inner, inner, 1]),
            bounds: smallvec![bound(affine(-start, &[0, 1]), size, 1)],
            ..Access::default()
        };
        let zero = build.constant(DType::I32, 0.0);
        let b = build.load_if(b, part(left, right), Some(zero));
        let a = build.load_if(a, part(0, left), Some(b));
        build.store(out, affine(0, &[(left + right) * inner, inner, 1]), a);
        let inputs = [
            numbers.array(DType::I32, (outer * left * inner) as usize),
            numbers.array(DType::I32, (outer * right * inner) as usize),
        ];
        check(engine, &build.finish(), &inputs, &[(outer * (left + right) * inner) as usize], EXACT);
    }
}

/// Division and modulo, of sizes that factor and of sizes that do not.
pub fn divided_axes(engine: &dyn Engine) {
    let term = |axis, divisor, modulus, stride| Term { axis, divisor, modulus, stride };
    let cases: [(&[i64], &[Term]); 5] = [
        (&[60], &[term(0, 12, 0, 1), term(0, 1, 12, 5)]),
        (&[60], &[term(0, 7, 0, 3), term(0, 1, 7, 2)]),
        (&[10, 9], &[term(0, 4, 0, 40), term(0, 1, 4, 1), term(1, 1, 5, 4)]),
        (&[9, 2000], &[term(1, 3, 5, 7), term(0, 2, 0, 1)]),
        (&[6, 1500], &[term(0, 4, 0, 1500), term(1, 1, 0, 1)]),
    ];
    for (sizes, terms) in cases {
        let mut numbers = Numbers::new(1);
        let expr = Expr { offset: 2, terms: terms.iter().copied().collect() };
        let len = expr.range(sizes).1 + 1;
        let out_len = sizes.iter().product::<i64>();
        let strides = tensor::row_major_strides(sizes);
        let build = copy(DType::F32, sizes, expr, affine(0, &strides));
        check(
            engine,
            &build.finish(),
            &[numbers.array(DType::F32, len as usize)],
            &[out_len as usize],
            EXACT,
        );
    }
}

fn indices(dtype: DType, len: usize, limit: i64) -> Vec<Scalar> {
    let mut numbers = Numbers::new(limit as u64);
    (0..len).map(|_| Scalar::from_i64(dtype, numbers.below(limit as u64) as i64)).collect()
}

/// Rows and single elements picked by computed indices, some of which a predicate rules out.
pub fn gathers(engine: &dyn Engine) {
    for index_type in [DType::I32, DType::U8, DType::I64] {
        for [count, width] in [[1, 1], [7, 3], [50, 64], [3, 1100]] {
            for predicated in [false, true] {
                let mut numbers = Numbers::new(width as u64);
                let mut build = Build::new(&[count, width], &[]);
                let (table, rows) = (build.input(DType::F32), build.input(index_type));
                let out = build.output(DType::F32);
                let row = build.load(rows, affine(0, &[1, 0]));
                let mut access =
                    Access { dynamic: smallvec![(row, width)], ..Access::at(affine(0, &[0, 1])) };
                let mut fill = None;
                if predicated {
                    let limit = build.constant(index_type, 10.0);
                    let inside = build.compare(ops::ComparisonDirection::Lt, row, limit);
                    access.predicate = Some(inside);
                    fill = Some(build.constant(DType::F32, -1.0));
                }
                let x = build.load_if(table, access, fill);
                build.store(out, affine(0, &[width, 1]), x);
                let inputs = [
                    numbers.array(DType::F32, (20 * width) as usize),
                    indices(index_type, count as usize, 20),
                ];
                check(engine, &build.finish(), &inputs, &[(count * width) as usize], EXACT);
            }
        }
    }
}

/// A slice whose start is a run-time scalar.
pub fn dynamic_slices(engine: &dyn Engine) {
    for start in [0, 3, 11] {
        let mut numbers = Numbers::new(4);
        let mut build = Build::new(&[9, 20], &[]);
        let (x, at) = (build.input(DType::F32), build.input(DType::I32));
        let out = build.output(DType::F32);
        let at = build.load(at, affine(0, &[]));
        let access = Access { dynamic: smallvec![(at, 31), (at, 1)], ..Access::at(affine(0, &[31, 1])) };
        let x = build.load_if(x, access, None);
        build.store(out, affine(0, &[20, 1]), x);
        let inputs = [numbers.array(DType::F32, 20 * 31), vec![Scalar::from_i64(DType::I32, start)]];
        check(engine, &build.finish(), &inputs, &[180], EXACT);
    }
}

/// Stores under bounds, predicates and at computed positions.
pub fn conditional_stores(engine: &dyn Engine) {
    for size in [1, 10, 1500] {
        let mut numbers = Numbers::new(2);
        let input = numbers.array(DType::F32, size as usize);
        // Every third, reversed, where it fits.
        let mut build = Build::new(&[size], &[]);
        let (x, out) = (build.input(DType::F32), build.output(DType::F32));
        let x = build.load(x, affine(0, &[1]));
        let access = Access {
            bounds: smallvec![Bound { expr: affine(-1, &[1]), limit: size - 2, step: 1 }],
            ..Access::at(affine(3 * size - 1, &[-3]))
        };
        build.store_if(out, access, x);
        check(engine, &build.finish(), std::slice::from_ref(&input), &[3 * size as usize], EXACT);
        // Positions from an array of distinct numbers, where they are below a limit.
        let mut build = Build::new(&[size], &[]);
        let (x, to) = (build.input(DType::F32), build.input(DType::I32));
        let out = build.output(DType::F32);
        let x = build.load(x, affine(0, &[1]));
        let to = build.load(to, affine(0, &[1]));
        let limit = build.constant(DType::I32, (size - 3) as f64);
        let inside = build.compare(ops::ComparisonDirection::Lt, to, limit);
        let access =
            Access { dynamic: smallvec![(to, 2)], predicate: Some(inside), ..Access::at(affine(1, &[])) };
        build.store_if(out, access, x);
        let step = if size % 7 == 0 { 1 } else { 7 };
        let to = (0..size).map(|i| Scalar::from_i64(DType::I32, i * step % size)).collect();
        check(engine, &build.finish(), &[input, to], &[2 * size as usize + 1], EXACT);
    }
}

/// A window of an array replaced in place, at a run-time position; the rest stays.
pub fn in_place_updates(engine: &dyn Engine) {
    for start in [0, 5] {
        let mut numbers = Numbers::new(8);
        let mut build = Build::new(&[4, 6], &[]);
        let (update, at) = (build.input(DType::F64), build.input(DType::I64));
        let out = build.output(DType::F64);
        let update = build.load(update, affine(0, &[6, 1]));
        let at = build.load(at, affine(0, &[]));
        build.store_if(
            out,
            Access { dynamic: smallvec![(at, 1)], ..Access::at(affine(22, &[11, 1])) },
            update,
        );
        let inputs = [numbers.array(DType::F64, 24), vec![Scalar::from_i64(DType::I64, start)]];
        let before = numbers.array(DType::F64, 88);
        check_from(engine, &build.finish(), &inputs, &[before], EXACT);
    }
    for size in [1, 100, 3000] {
        let mut numbers = Numbers::new(8);
        let build = copy(DType::F32, &[size], affine(0, &[1]), affine(0, &[1]));
        check_in_place(engine, &build.finish(), &[numbers.array(DType::F32, size as usize)], &[], EXACT);
    }
}

/// Values that are the same everywhere, stored.
pub fn constants(engine: &dyn Engine) {
    for dtype in BY_SIZE {
        for sizes in [&[][..], &[3], &[2, 1500]] {
            let len = sizes.iter().product::<i64>();
            let mut build = Build::new(sizes, &[]);
            let (x, first) = (build.input(dtype), build.output(dtype));
            let second = build.output(dtype);
            let x = build.load(x, affine(1, &[]));
            let three = build.constant(dtype, 3.0);
            let sum = build.binary(BinaryOp::Add, x, three);
            let strides = tensor::row_major_strides(sizes);
            build.store(first, affine(0, &strides), sum).store(second, affine(0, &strides), three);
            let mut numbers = Numbers::new(1);
            check(engine, &build.finish(), &[numbers.array(dtype, 2)], &[len as usize; 2], EXACT);
        }
    }
}
