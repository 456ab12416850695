//! Matrix products against plain loops.

use std::sync::Arc;

use engine_tests::harness::small_integers;
use engine_tests::products::{dense, layouts};
use gpu::GpuEngine;
use gpu::features::Features;
use gpu::library::dot::cooperative::Cooperative;
use gpu::library::dot::tile::{Shape, Tile};
use gpu::library::dot::{Choice, lower_as};
use gpu::lower::Context;
use gpu::scalar::register;
use num_complex::Complex;
use plan::StepOp;
use plan::library::{Dot, DotDim};
use smallvec::smallvec;
use tensor::{DType, Indices, Literal, Scalar, TensorType};

use crate::device::{check_shaders, engine, run_as, step, tiny_bindings};

fn types(dot: &Dot) -> [TensorType; 3] {
    let dims = || dot.batch.iter().chain([&dot.m, &dot.n, &dot.k]);
    let strides: [fn(&DotDim) -> i64; 3] = [|d| d.lhs, |d| d.rhs, |d| d.out];
    let len = |stride: fn(&DotDim) -> i64| match dims().any(|d| d.size == 0 && stride(d) != 0) {
        true => 0,
        false => dims().map(|d| (d.size - 1).max(0) * stride(d)).sum::<i64>() + 1,
    };
    let [lhs, rhs, out] = strides.map(len);
    [TensorType::new(dot.lhs, [lhs]), TensorType::new(dot.rhs, [rhs]), TensorType::new(dot.out, [out])]
}

/// Runs a product, in a given way if there is one.
fn run(engine: &GpuEngine, dot: &Dot, choice: Option<Choice>, arguments: &[Literal]) -> Literal {
    let lower = |step: &_, context: Context<'_>| lower_as(dot, step, context, choice);
    run_as(engine, lower, StepOp::Dot(dot.clone()), arguments, &types(dot)[2])
}

/// Checks the shaders of a product on a device with these features, and gives the text of the first.
fn check_valid(dot: &Dot, features: &Features) -> Arc<str> {
    let step = step(StepOp::Dot(dot.clone()));
    let lowered = lower_as(dot, &step, Context { features, types: &types(dot) }, None);
    check_shaders(lowered.expect("a supported product"), features)[0].source.clone()
}

/// Runs a product and compares it with plain loops.
fn check(dot: &Dot) {
    check_as(dot, None);
}

/// Whether the device has f64.
fn has_long() -> bool {
    engine().is_some_and(|engine| register(DType::F64, engine.device().features()).is_ok())
}

/// As `check`, of types that not all devices have.
fn check_long(dot: &Dot) {
    if has_long() {
        check(dot);
    }
}

/// As `check`, in a given way.
fn check_as(dot: &Dot, choice: Option<Choice>) {
    if let Some(engine) = engine() {
        check_on(&engine, dot, choice);
    }
}

/// As `check_as`, on a given engine.
fn check_on(engine: &GpuEngine, dot: &Dot, choice: Option<Choice>) {
    let [lhs, rhs, _] = types(dot);
    let arguments = [small_integers(dot.lhs, &lhs.dims, 1), small_integers(dot.rhs, &rhs.dims, 2)];
    let result = run(engine, dot, choice, &arguments);
    let values =
        |literal: &Literal| -> Vec<i64> { literal.scalars().map(|scalar| scalar.as_f64() as i64).collect() };
    let (a, b) = (values(&arguments[0]), values(&arguments[1]));
    let dims: Vec<DotDim> = dot.batch.iter().copied().chain([dot.m, dot.n]).collect();
    let sizes: Vec<i64> = dims.iter().map(|dim| dim.size).collect();
    let count: i64 = sizes.iter().product();
    for (number, index) in Indices::new(&sizes).enumerate() {
        // A few thousand elements of a large product are enough.
        if count > 4000 && !(number as i64 * 7919 % count < 3000 || number as i64 > count - 300) {
            continue;
        }
        let at =
            |stride: fn(&DotDim) -> i64| dims.iter().zip(&index).map(|(dim, i)| stride(dim) * i).sum::<i64>();
        let (x, y, z) = (at(|d| d.lhs), at(|d| d.rhs), at(|d| d.out) as usize);
        let sum: i64 =
            (0..dot.k.size).map(|p| a[(x + p * dot.k.lhs) as usize] * b[(y + p * dot.k.rhs) as usize]).sum();
        let expected = match dot.out.is_float() {
            true => Scalar::from_f64(dot.out, sum as f64),
            false => Scalar::from_i64(dot.out, sum),
        };
        assert_eq!(result.get(z), expected, "at {index:?} of {dot:?}");
    }
}

#[test]
fn odd_sizes() {
    for m in [0, 1, 2, 5, 8, 33] {
        for n in [0, 1, 3, 4, 16, 65] {
            for k in [0, 1, 4, 17, 32] {
                let transposed = layouts().nth(((m + 3 * n + 5 * k) % 8) as usize).expect("eight layouts");
                check(&dense([DType::F32; 3], [1, m, k, n], transposed));
            }
        }
    }
}

#[test]
fn every_layout() {
    for transposed in layouts() {
        for sizes in [[1, 36, 20, 68], [2, 35, 19, 66], [1, 128, 48, 64]] {
            check(&dense([DType::F32; 3], sizes, transposed));
            check(&dense([DType::BF16; 3], sizes, transposed));
            check_long(&dense([DType::F64; 3], sizes, transposed));
        }
    }
}

#[test]
fn tiles_and_parts() {
    for transposed in layouts() {
        check(&dense([DType::F32; 3], [1, 12, 1000, 20], transposed));
        check(&dense([DType::F32; 3], [1, 33, 2051, 7], transposed));
        check_long(&dense([DType::F64; 3], [1, 33, 2051, 7], transposed));
    }
    check(&dense([DType::F32; 3], [1, 1500, 30, 1400], [false; 3]));
    check(&dense([DType::F32; 3], [1, 4100, 20, 2050], [false, true, false]));
}

#[test]
fn batches() {
    for batch in [0, 1, 3, 40] {
        check(&dense([DType::F32; 3], [batch, 4, 4, 4], [false; 3]));
        check(&dense([DType::F32; 3], [batch, 33, 40, 20], [false, true, false]));
        check(&dense([DType::BF16; 3], [batch, 7, 5, 9], [true, false, false]));
    }
    // Heads between rows and features, as attention has them: [b, s, h, d] with batch dimensions b and h.
    let (b, s, h, d) = (2, 10, 3, 8);
    let dim = |size, lhs, rhs, out| DotDim { size, lhs, rhs, out };
    let mut dot = dense([DType::F32; 3], [1, s, d, s], [false; 3]);
    dot.batch = smallvec![dim(b, s * h * d, s * h * d, h * s * s), dim(h, d, d, s * s)];
    dot.m = dim(s, h * d, 0, s);
    dot.n = dim(s, 0, h * d, 1);
    dot.k = dim(d, 1, 1, 0);
    check(&dot);
    // The batch innermost in the result, and an operand without it.
    for dtype in [DType::F32, DType::BF16] {
        let mut dot = dense([dtype; 3], [1, 5, 6, 7], [false; 3]);
        dot.batch = smallvec![dim(3, 30, 0, 1)];
        dot.m.out = 21;
        dot.n.out = 3;
        check(&dot);
    }
}

#[test]
fn arrays_larger_than_a_binding() {
    let Some(engine) = tiny_bindings() else { return };
    for dtype in [DType::F32, DType::F16, DType::BF16, DType::I8] {
        for transposed in [[false; 3], [false, true, false]] {
            check_on(&engine, &dense([dtype; 3], [3, 320, 24, 48], transposed), None);
            check_on(&engine, &dense([dtype; 3], [1, 1027, 33, 40], transposed), None);
        }
        // Parts of rows: those of bytes would share words.
        for transposed in
            [[false, true, false], [false, true, true]].into_iter().filter(|_| dtype != DType::I8)
        {
            check_on(&engine, &dense([dtype; 3], [1, 24, 32, 1088], transposed), None);
        }
        check_on(&engine, &dense([dtype; 3], [1, 1300, 100, 1], [false; 3]), None);
    }
}

#[test]
fn terms_that_reach_beyond_a_binding() {
    let Some(engine) = tiny_bindings() else { return };
    for dtype in [DType::F32, DType::F16, DType::BF16, DType::I8, DType::C64] {
        if dtype == DType::C64 {
            check_complex(&engine, &dense([dtype; 3], [1, 17, 200, 16], [true, false, false]));
            continue;
        }
        // The gradient of a weight, a row times a matrix, and a large result besides.
        for sizes in [[1, 33, 1000, 24], [1, 1, 3001, 40], [3, 32, 500, 16]] {
            check_on(&engine, &dense([dtype; 3], sizes, [true, false, false]), None);
        }
        check_on(&engine, &dense([dtype; 3], [1, 200, 200, 8], [true, false, false]), None);
    }
}

#[test]
fn every_type() {
    use DType::*;
    for dtype in [F32, F16, BF16, I8, U8, I16, U16, I32, U32] {
        for sizes in [[2, 7, 20, 9], [1, 16, 32, 24], [1, 5, 3, 1]] {
            check(&dense([dtype; 3], sizes, [false, true, false]));
            check(&dense([dtype; 3], sizes, [true, false, false]));
        }
    }
    check(&dense([BF16, BF16, F32], [1, 20, 40, 32], [false; 3]));
    check(&dense([F16, F32, F32], [1, 20, 40, 31], [false; 3]));
    check(&dense([I8, I8, I32], [1, 20, 40, 30], [true, false, false]));
}

#[test]
fn shaders_are_valid_everywhere() {
    use DType::*;
    let half = Features { float16: true, ..Features::least() };
    let long = Features { float64: true, int64: true, max_binding_bytes: 512 << 20, ..Features::least() };
    let all = [[F32; 3], [F16; 3], [BF16; 3], [BF16, BF16, F32], [I8, I8, I32], [U16; 3]];
    for (features, all) in [(Features::least(), &all[..]), (half, &all), (long, &[[F64; 3], [C128; 3]])] {
        for &dtypes in all {
            for transposed in layouts() {
                for sizes in [
                    [1, 512, 512, 512],
                    [1, 4096, 4096, 4096],
                    [1, 64, 64, 64],
                    [1, 63, 63, 63],
                    [1, 8, 9999, 8],
                    [1, 3, 2048, 512],
                ] {
                    let dot = dense(dtypes, sizes, transposed);
                    check_valid(&dot, &features);
                }
            }
        }
    }
}

#[test]
fn wide_integers_and_complex_numbers() {
    let Some(engine) = engine() else { return };
    let features = engine.device().features();
    for transposed in layouts() {
        if features.int64 {
            check(&dense([DType::I64; 3], [2, 17, 35, 18], transposed));
        }
        let complex = [DType::C64, DType::C128];
        for dtype in complex.into_iter().filter(|dtype| *dtype == DType::C64 || has_long()) {
            check_complex(&engine, &dense([dtype; 3], [2, 17, 35, 18], transposed));
        }
    }
}

fn check_complex(engine: &GpuEngine, dot: &Dot) {
    check_valid(dot, engine.device().features());
    let [lhs, rhs, _] = types(dot);
    let arguments = [small_integers(dot.lhs, &lhs.dims, 1), small_integers(dot.rhs, &rhs.dims, 2)];
    let out = run(engine, dot, None, &arguments);
    let value = |literal: &Literal, at: i64| literal.get(at as usize).as_complex();
    for index in Indices::new(&[dot.batch[0].size, dot.m.size, dot.n.size]) {
        let (b, m, n) = (index[0], index[1], index[2]);
        let mut sum = Complex::ZERO;
        for k in 0..dot.k.size {
            let x = value(&arguments[0], b * dot.batch[0].lhs + m * dot.m.lhs + k * dot.k.lhs);
            sum += x * value(&arguments[1], b * dot.batch[0].rhs + n * dot.n.rhs + k * dot.k.rhs);
        }
        let at = b * dot.batch[0].out + m * dot.m.out + n * dot.n.out;
        assert_eq!(value(&out, at), sum, "at {b} {m} {n} of {dot:?}");
    }
}

#[test]
fn few_rows_and_small_products() {
    for transposed in layouts() {
        for m in [1, 3, 8] {
            check(&dense([DType::F32; 3], [1, m, 100, 300], transposed));
            check(&dense([DType::F32; 3], [1, 261, 1030, m], transposed));
            check_long(&dense([DType::F64; 3], [1, m, 100, 300], transposed));
        }
        check_long(&dense([DType::F64; 3], [19, 12, 16, 8], transposed));
        check(&dense([DType::BF16; 3], [2, 2, 2048, 132], transposed));
        check(&dense([DType::F32; 3], [19, 12, 16, 8], transposed));
    }
}

/// Twins in plain arithmetic of all kinds of cooperative shapes.
fn twins() -> impl Iterator<Item = Cooperative> {
    let twin = |shape: Cooperative| Cooperative { real: false, half: false, ..shape };
    [
        twin(Cooperative::sixteen([1, 2], [2, 1], 16, 1)),
        twin(Cooperative { staged: 1, ..Cooperative::eight([2, 2], [1, 2], 8, 2) }),
    ]
    .into_iter()
}

#[test]
fn cooperative_twins() {
    for (number, twin) in twins().enumerate() {
        for transposed in layouts().filter(|t| t[2] == (number == 0)) {
            // Quads, single elements in parts, whole tiles.
            let all = [([2, 36, 20, 68], 1), ([1, 33, 301, 19], 3), ([1, 64, 48, 32], 1)];
            let (sizes, parts) = all[(usize::from(transposed[0]) + 2 * usize::from(transposed[1])) % 3];
            let choice = Choice { shape: Shape::Cooperative(twin), parts };
            check_as(&dense([DType::F16; 3], sizes, transposed), Some(choice));
        }
    }
}

#[test]
fn plain_tiles() {
    let square = Tile::square(64, 2, 8, 2);
    let tiles = [
        square,
        Tile { row_quads: 2, unroll: 4, ..square },
        Tile { row_threads: 4, warp_columns: 4, depth: 16, stages: 1, ..square },
    ];
    for tile in tiles {
        for transposed in layouts().take(4) {
            let choice = Choice { shape: Shape::Plain(tile), parts: 3 };
            check_as(&dense([DType::F32; 3], [1, 132, 300, 68], transposed), Some(choice));
            if tile.stages == 1 && has_long() {
                check_as(&dense([DType::F64; 3], [1, 132, 300, 68], transposed), Some(choice));
            }
        }
    }
}

#[test]
fn cooperative_shaders_are_valid_everywhere() {
    for edge in [8, 16] {
        let features = Features {
            float16: true,
            subgroup: Some((32, 32)),
            cooperative_f16: Some(edge),
            cooperative_f32: (edge == 8).then_some(edge),
            workgroup_bytes: if edge == 8 { 32 << 10 } else { 48 << 10 },
            ..Features::least()
        };
        let dtypes: &[DType] = if edge == 8 { &[DType::F16, DType::F32, DType::BF16] } else { &[DType::F16] };
        for (&dtype, transposed) in
            dtypes.iter().flat_map(|dtype| layouts().map(move |layout| (dtype, layout)))
        {
            for n in [64, 65, 2048] {
                let dot = dense([dtype; 3], [1, 2048, 2048, n], transposed);
                assert!(check_valid(&dot, &features).contains("coop_mat"));
            }
        }
    }
}
