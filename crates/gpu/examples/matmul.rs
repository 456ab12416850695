//! Measures the tiles of matrix products and convolutions on a device, and checks their results.
//!
//! ```text
//! matmul [ADAPTER [f32|f16|bf16|default|small|vector|convolution|epilogue|all [SIZE...]]]
//! ```
//!
//! Prints a line for each tile, type and size: milliseconds, TFLOP/s, milliseconds until the pipeline was there.

use std::sync::Arc;
use std::time::Instant;

use engine_tests::build::{Build, affine};
use engine_tests::harness::{download, settle, single_step, wait};
use gpu::command::Command;
use gpu::library::dot::Choice;
use gpu::library::dot::cooperative::Cooperative;
use gpu::library::dot::tile::{Shape, Tile};
use gpu::library::{convolution, dot, fused};
use gpu::lower::{Context, Lowered};
use gpu::{GpuEngine, Lowering, Selection, select};
use ops::UnaryOp;
use plan::library::{Convolution, ConvolutionDim, Dot, DotDim};
use plan::{Engine, Fused, Kernel, Plan, Product, SlotId, SlotTable, Step, StepOp};
use smallvec::smallvec;
use tensor::{DType, Scalar, TensorType};

/// Small multiples of 1/8: sums of their products are exact in f32.
fn values(len: usize, seed: u64) -> Vec<i32> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    (0..len)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            ((state >> 33) % 17) as i32 - 8
        })
        .collect()
}

fn encode(dtype: DType, values: &[i32]) -> Vec<u8> {
    let width = TensorType::new(dtype, [1]).byte_len();
    let table: Vec<[u8; 16]> =
        (-8..=8).map(|value| Scalar::from_f64(dtype, f64::from(value) / 8.0).to_bytes()).collect();
    values.iter().flat_map(|&value| table[(value + 8) as usize][..width].to_vec()).collect()
}

fn step(op: StepOp) -> Step {
    Step {
        op,
        reads: smallvec![SlotId(0), SlotId(1)],
        writes: smallvec![SlotId(2)],
        origin: "benchmark".into(),
    }
}

/// Arrays of a problem, and some results: index in the output, value.
struct Problem {
    types: [TensorType; 3],
    inputs: [Vec<u8>; 2],
    expected: Vec<(usize, f64)>,
    operations: f64,
}

fn product(dtype: DType, [m, n, k]: [i64; 3], transposed: [bool; 2]) -> (Dot, Problem) {
    let strides =
        |[rows, columns]: [i64; 2], transposed: bool| if transposed { (1, rows) } else { (columns, 1) };
    let ((lhs_m, lhs_k), (rhs_k, rhs_n)) = (strides([m, k], transposed[0]), strides([k, n], transposed[1]));
    let dot = Dot {
        lhs: dtype,
        rhs: dtype,
        out: dtype,
        accumulate: DType::F32,
        batch: smallvec![],
        m: DotDim { size: m, lhs: lhs_m, rhs: 0, out: n },
        n: DotDim { size: n, lhs: 0, rhs: rhs_n, out: 1 },
        k: DotDim { size: k, lhs: lhs_k, rhs: rhs_k, out: 0 },
    };
    let (a, b) = (values((m * k) as usize, 1), values((k * n) as usize, 2));
    let sample = (0..2000).map(|number: i64| {
        let (row, column) = (number * 7919 % m, number * number * 104_729 % n);
        let sum: i64 = (0..k)
            .map(|at| {
                let (x, y) =
                    (a[(row * lhs_m + at * lhs_k) as usize], b[(at * rhs_k + column * rhs_n) as usize]);
                i64::from(x) * i64::from(y)
            })
            .sum();
        ((row * n + column) as usize, sum as f64 / 64.0)
    });
    let problem = Problem {
        types: [[m, k], [k, n], [m, n]].map(|dims| TensorType::new(dtype, dims)),
        expected: sample.collect(),
        inputs: [encode(dtype, &a), encode(dtype, &b)],
        operations: 2.0 * (m * n * k) as f64,
    };
    (dot, problem)
}

/// A product of few rows with a square matrix.
fn thin(dtype: DType, rows: i64, size: i64, along_k: bool) -> (Dot, Problem) {
    product(dtype, [rows, size, size], [false, along_k])
}

/// A 3x3 convolution, NHWC, of `[batch, size, size, features]`.
fn three_by_three(dtype: DType, [batch, size, features]: [i64; 3]) -> (Convolution, Problem) {
    let spatial = |stride: i64| ConvolutionDim {
        input: size,
        kernel: 3,
        output: size,
        stride: 1,
        pad_low: 1,
        pad_high: 1,
        input_dilation: 1,
        kernel_dilation: 1,
        reverse: false,
        input_stride: stride * features,
        kernel_stride: if stride == 1 { 1 } else { 3 } * features * features,
        output_stride: stride * features,
    };
    let convolution = Convolution {
        input: dtype,
        kernel: dtype,
        output: dtype,
        batch: (batch, size * size * features),
        input_features: (features, 1),
        kernel_input_features: (features, features),
        kernel_output_features: (features, 1),
        output_batch: (batch, size * size * features),
        output_features: (features, 1),
        feature_groups: 1,
        batch_groups: 1,
        spatial: smallvec![spatial(size), spatial(1)],
    };
    let (a, b) =
        (values((batch * size * size * features) as usize, 1), values((9 * features * features) as usize, 2));
    let sample = (0..2000).map(|number: i64| {
        let (n, y, x, o) = (number % batch, number * 31 % size, number * 17 % size, number * 13 % features);
        let mut sum = 0;
        for dy in 0..3 {
            for dx in 0..3 {
                let (iy, ix) = (y + dy - 1, x + dx - 1);
                if (0..size).contains(&iy) && (0..size).contains(&ix) {
                    for i in 0..features {
                        let input = a[(((n * size + iy) * size + ix) * features + i) as usize];
                        sum += i64::from(input)
                            * i64::from(b[(((dy * 3 + dx) * features + i) * features + o) as usize]);
                    }
                }
            }
        }
        ((((n * size + y) * size + x) * features + o) as usize, sum as f64 / 64.0)
    });
    let arrays = TensorType::new(dtype, [batch, size, size, features]);
    let problem = Problem {
        types: [arrays.clone(), TensorType::new(dtype, [3, 3, features, features]), arrays],
        expected: sample.collect(),
        inputs: [encode(dtype, &a), encode(dtype, &b)],
        operations: 2.0 * 9.0 * (batch * size * size * features * features) as f64,
    };
    (convolution, problem)
}

/// An epilogue that negates results, or takes functions of them that cost something.
fn epilogue(dtype: DType, size: i64, long: bool) -> Kernel {
    let mut build = Build::new(&[size, size], &[]);
    let (input, output) = (build.input(dtype), build.output(dtype));
    let here = || affine(0, &[size, 1]);
    let mut value = build.load(input, here());
    value = build.unary(UnaryOp::Negate, value);
    if long {
        for op in [UnaryOp::Tanh, UnaryOp::Exponential, UnaryOp::Tanh] {
            value = build.unary(op, value);
        }
    }
    build.store(output, here(), value);
    build.finish()
}

/// Measures a lowered step and prints a line.
fn measure(engine: &GpuEngine, name: &str, step: &Step, lowered: &Lowered, problem: &Problem) {
    let memory = engine.memory().expect("a device has memory");
    let mut plan = single_step(step.op.clone(), &problem.types[..2], &problem.types[2..]);
    settle(engine, &mut plan);
    let plan = Arc::new(plan);
    let out = vec![0xff; problem.types[2].byte_len()];
    let contents = [&problem.inputs[0], &problem.inputs[1], &out];
    let arrays = contents.map(|bytes| {
        let address = memory.allocate(bytes.len()).expect("the device has memory");
        memory.upload(bytes, address).expect("the device takes bytes");
        address
    });
    let prepare = |times: u64| {
        let lower = move |_: &Step, _: Context<'_>, _: &Plan| {
            let repeated = Command::Repeat { count: times, body: lowered.commands.clone() };
            Ok(Lowered { commands: vec![repeated], ..lowered.clone() })
        };
        let engine = Lowering { engine: engine.clone(), lower };
        engine.prepare(plan.clone()).expect("the device takes the step")
    };
    let run = |times: u64| {
        let prepared = prepare(times);
        let start = Instant::now();
        let started = prepared.run(0..1, &mut SlotTable::new(arrays.to_vec())).expect("the step starts");
        wait(started).expect("the step runs");
        start.elapsed().as_secs_f64()
    };
    let start = Instant::now();
    prepare(1);
    let pipelines = start.elapsed().as_secs_f64();
    run(1);
    let once = run(1);
    let times = (0.1 / once).ceil().clamp(1.0, 200.0) as u64;
    run(times);
    let best = (0..3).map(|_| run(times)).fold(f64::INFINITY, f64::min) / times as f64;
    let result = download(memory, arrays[2], out.len()).recv().expect("an answer").expect("the result");
    for (address, bytes) in arrays.into_iter().zip(contents) {
        memory.free(address, bytes.len());
    }
    let dtype = problem.types[2].dtype;
    let width = TensorType::new(dtype, [1]).byte_len();
    let wrong = problem.expected.iter().filter(|&&(at, expected)| {
        Scalar::from_bytes(dtype, &result[at * width..(at + 1) * width]) != Scalar::from_f64(dtype, expected)
    });
    let wrong = match wrong.count() {
        0 => String::new(),
        count => format!("  WRONG: {count} of {}", problem.expected.len()),
    };
    println!(
        "{name:64} {:9.3} ms {:8.2} TFLOP/s  pipeline {:6.0} ms{wrong}",
        best * 1e3,
        problem.operations / best * 1e-12,
        pipelines * 1e3,
    );
}

fn plain_tiles() -> Vec<Tile> {
    let large = Tile::square(128, 2, 16, 1);
    let tall = Tile { row_quads: 4, ..large };
    let shallow = |tile: Tile| Tile { depth: 8, stages: 2, ..tile };
    vec![
        large,
        Tile { warp_columns: 16, ..large },
        Tile { warp_columns: 4, ..large },
        Tile { unroll: 4, ..large },
        Tile { unroll: 16, ..large },
        Tile { stages: 2, ..large },
        shallow(large),
        tall,
        Tile { warp_columns: 16, ..tall },
        Tile { warp_columns: 4, ..tall },
        Tile { unroll: 2, ..tall },
        Tile { unroll: 4, ..tall },
        Tile { unroll: 16, ..tall },
        shallow(tall),
        Tile { unroll: 8, ..shallow(tall) },
        Tile { column_quads: 4, ..large },
        Tile { column_quads: 4, unroll: 4, ..large },
        Tile { row_quads: 4, row_threads: 8, ..large },
        Tile { row_quads: 4, row_threads: 8, unroll: 4, ..large },
        Tile { row_threads: 8, ..large },
        Tile::square(64, 2, 16, 2),
        Tile::square(64, 1, 16, 2),
        Tile::square(32, 1, 16, 2),
    ]
}

/// Tiles for products that do not fill a device.
fn small_tiles() -> Vec<Tile> {
    let deep = |tile: Tile, depth: u32, unroll: u32| Tile { depth, unroll, stages: 1, ..tile };
    let small = Tile::square(32, 1, 16, 2);
    let middle = Tile::square(64, 1, 16, 2);
    let low = Tile { row_threads: 4, ..small };
    vec![
        small,
        Tile { unroll: 4, ..small },
        Tile { unroll: 16, ..small },
        deep(small, 32, 4),
        deep(small, 32, 8),
        deep(small, 64, 8),
        low,
        deep(low, 32, 8),
        deep(low, 64, 8),
        middle,
        Tile { unroll: 4, ..middle },
        deep(middle, 32, 4),
        deep(middle, 32, 8),
    ]
}

/// Sizes of such products: rows, columns, terms.
const SMALL: [[i64; 3]; 13] = [
    [4, 256, 256],
    [16, 16, 64],
    [32, 32, 64],
    [32, 32, 1024],
    [16, 256, 64],
    [16, 64, 256],
    [64, 256, 16],
    [64, 1024, 384],
    [64, 256, 1024],
    [128, 128, 128],
    [256, 256, 256],
    [512, 512, 512],
    [1000, 1000, 1000],
];

fn cooperative_tiles() -> Vec<Cooperative> {
    let shape = Cooperative::sixteen;
    let two = shape([4, 4], [2, 2], 32, 2);
    vec![
        shape([4, 4], [2, 2], 32, 1),
        two,
        Cooperative { staged: 1, ..two },
        Cooperative { wide: false, ..two },
        Cooperative { wide: false, ..shape([4, 4], [2, 2], 32, 1) },
        shape([4, 4], [2, 2], 16, 2),
        shape([4, 4], [2, 2], 64, 1),
        shape([4, 4], [2, 4], 16, 2),
        shape([4, 4], [2, 4], 32, 1),
        Cooperative { staged: 1, ..shape([4, 4], [2, 4], 32, 1) },
        Cooperative { wide: false, ..shape([4, 4], [2, 4], 32, 1) },
        Cooperative { staged: 1, ..shape([4, 4], [2, 4], 16, 2) },
        shape([4, 4], [4, 2], 16, 2),
        shape([4, 4], [4, 2], 32, 1),
        Cooperative { staged: 1, ..shape([4, 4], [4, 2], 32, 2) },
        shape([6, 4], [2, 2], 32, 1),
        shape([4, 6], [2, 2], 32, 1),
        shape([6, 4], [2, 2], 16, 2),
        shape([4, 2], [2, 4], 32, 2),
        shape([2, 4], [4, 2], 32, 2),
        shape([2, 4], [4, 2], 32, 1),
        Cooperative { staged: 1, ..shape([4, 2], [4, 4], 32, 1) },
        Cooperative { staged: 1, ..shape([2, 4], [4, 4], 32, 1) },
        shape([2, 2], [2, 2], 32, 2),
        shape([2, 2], [2, 2], 64, 1),
    ]
}

fn describe(shape: &Shape) -> String {
    let size = format!("{}x{}x{}", shape.rows(), shape.columns(), shape.depth());
    match shape {
        Shape::Plain(tile) => format!(
            "{size} thread {}x{} warp {} stages {} unroll {}",
            4 * tile.row_quads,
            4 * tile.column_quads,
            tile.warp_columns,
            tile.stages,
            tile.unroll
        ),
        Shape::Cooperative(tile) => format!(
            "{size} subgroup {}x{} stages {} staged {}{}",
            tile.edge * tile.tile_rows,
            tile.edge * tile.tile_columns,
            tile.stages,
            tile.staged,
            if tile.wide { "" } else { " single" }
        ),
        _ => size,
    }
}

fn main() {
    let mut arguments = std::env::args().skip(1);
    let adapter = arguments.next().unwrap_or_default().to_lowercase();
    let what = arguments.next().unwrap_or_else(|| "all".into());
    let mut sizes: Vec<i64> = arguments.map(|size| size.parse().expect("a size")).collect();
    if sizes.is_empty() {
        sizes = vec![4096, 2048, 8192];
    }
    let adapter = select(&Selection { name: Some(adapter) }).expect("an adapter of that name");
    let engine = GpuEngine::new(adapter.open(None).expect("the device opens")).expect("the engine starts");
    let features = engine.device().features();
    println!("{} {features:?}", engine.device().kind());
    let wanted = |kind: &str| what == kind || what == "all";
    let fits = |shape: &Shape| {
        shape.workgroup_bytes() <= features.workgroup_bytes
            && shape.threads() <= features.workgroup_threads
            && match shape {
                Shape::Cooperative(tile) => features.cooperative_f16 == Some(tile.edge),
                _ => true,
            }
    };
    let plain = || plain_tiles().into_iter().map(Shape::Plain);
    let cooperative = || cooperative_tiles().into_iter().map(Shape::Cooperative);
    let dot = |name: &str, dot: &Dot, problem: &Problem, choice: Option<Choice>| {
        let context = Context { features, types: &problem.types };
        let step = step(StepOp::Dot(dot.clone()));
        match dot::lower_as(dot, &step, context, choice) {
            Ok(lowered) => measure(&engine, name, &step, &lowered, problem),
            Err(why) => println!("{name}: {why}"),
        }
    };
    for (dtype, all) in [
        (DType::F32, plain().collect::<Vec<_>>()),
        (DType::F16, cooperative().collect()),
        (DType::BF16, plain().take(8).collect()),
    ] {
        for &size in sizes.iter().filter(|_| wanted(&dtype.name().to_lowercase())) {
            let (params, problem) = product(dtype, [size; 3], [false; 2]);
            for shape in all.iter().filter(|shape| fits(shape)) {
                let name = format!("{} {size} {}", dtype.name(), describe(shape));
                dot(&name, &params, &problem, Some(Choice { shape: *shape, parts: 1 }));
            }
        }
    }
    for sizes in SMALL.iter().filter(|_| wanted("small")) {
        let (params, problem) = product(DType::F32, *sizes, [false; 2]);
        dot(&format!("{sizes:?} default"), &params, &problem, None);
        for shape in small_tiles().into_iter().map(Shape::Plain).filter(|shape| fits(shape)) {
            for parts in [1, 2, 4, 8].into_iter().filter(|&parts| parts == 1 || sizes[2] / parts >= 64) {
                let choice = Choice { shape, parts: parts as u32 };
                dot(
                    &format!("{sizes:?} {} parts {parts}", describe(&shape)),
                    &params,
                    &problem,
                    Some(choice),
                );
            }
        }
    }
    if wanted("default") {
        for dtype in [DType::F32, DType::F16, DType::BF16] {
            for size in [256, 512, 1024, 2048, 4096].into_iter().filter(|&size| size <= sizes[0]) {
                for transposed in [[false, false], [true, false], [false, true], [true, true]] {
                    let (params, problem) = product(dtype, [size; 3], transposed);
                    dot(
                        &format!("{} {size} default, transposed {transposed:?}", dtype.name()),
                        &params,
                        &problem,
                        None,
                    );
                }
            }
        }
    }
    if wanted("vector") {
        for dtype in [DType::F32, DType::BF16] {
            for rows in [1, 8] {
                for along_k in [false, true] {
                    let (params, problem) = thin(dtype, rows, sizes[0], along_k);
                    dot(
                        &format!("{} {rows} rows of {} along k {along_k}", dtype.name(), sizes[0]),
                        &params,
                        &problem,
                        None,
                    );
                }
            }
        }
    }
    for &size in sizes.iter().filter(|_| wanted("epilogue")) {
        for dtype in [DType::F32, DType::F16, DType::BF16] {
            let (params, mut problem) = product(dtype, [size; 3], [false; 2]);
            dot(&format!("{} {size} alone", dtype.name()), &params, &problem, None);
            problem.expected.iter_mut().for_each(|(_, value)| *value = 0.0 - *value);
            for (name, long) in [("negated", false), ("with functions", true)] {
                let epilogue = Arc::new(epilogue(dtype, size, long));
                let fused = Fused { product: Product::Dot(params.clone()), epilogue };
                let step = step(StepOp::Fused(fused.clone()));
                if long {
                    problem.expected.clear();
                }
                let name = format!("{} {size} {name}", dtype.name());
                match fused::lower_as(&fused, &step, Context { features, types: &problem.types }, None) {
                    Ok(lowered) => measure(&engine, &name, &step, &lowered, &problem),
                    Err(why) => println!("{name}: {why}"),
                }
            }
        }
    }
    if wanted("convolution") {
        let dims = if sizes[0] < 1024 { [2, 14, 32] } else { [64, 56, 64] };
        for dtype in [DType::F32, DType::F16, DType::BF16] {
            let (params, problem) = three_by_three(dtype, dims);
            let shapes: Vec<_> = match dtype {
                DType::F16 => cooperative().collect(),
                _ => plain().collect(),
            };
            let choices =
                shapes.iter().filter(|shape| fits(shape)).map(|&shape| Some(Choice { shape, parts: 1 }));
            for choice in choices.chain([None]) {
                let way = choice.map_or_else(|| "default".into(), |choice| describe(&choice.shape));
                let context = Context { features, types: &problem.types };
                let step = step(StepOp::Convolution(params.clone()));
                let name = format!("{} 3x3 {dims:?} {way}", dtype.name());
                match convolution::lower_as(&params, &step, context, choice) {
                    Ok(lowered) => measure(&engine, &name, &step, &lowered, &problem),
                    Err(why) => println!("{name}: {why}"),
                }
            }
        }
    }
}
