//! Every printed shader is valid, becomes SPIR-V and MSL, binds what it says, and keeps to Metal's limits.

use engine_tests::build::{Build, affine, argmax_graph, bound};
use engine_tests::rows::{layer_norm_kernel, softmax_kernel};
use ops::{BinaryOp, UnaryOp};
use plan::{Access, Combiner, Kernel, NodeOp, SlotId, Step, StepOp};
use smallvec::smallvec;
use tensor::{DType, TensorType};

use super::{Place, Shared, inline, lower};
use crate::command::{Bound, Command, Launch, Memory};
use crate::features::Features;
use crate::lower::Context;
use crate::scalar::Scalars;
use crate::shader::Shader;
use crate::translate::translate;

/// What Metal and Vulkan devices have.
fn features() -> Features {
    Features {
        int64: true,
        float16: true,
        subgroup: Some((32, 32)),
        max_binding_bytes: 1 << 31,
        ..Features::least()
    }
}

/// The launches of a kernel over arrays of these lengths, each translated.
fn launches(kernel: &Kernel, lengths: &[i64]) -> Vec<Launch> {
    launches_on(kernel, lengths, 1 << 31)
}

/// The same where a binding takes so many bytes.
fn launches_on(kernel: &Kernel, lengths: &[i64], binding: u64) -> Vec<Launch> {
    let dtypes = kernel.inputs.iter().chain(&kernel.outputs);
    let types: Vec<TensorType> =
        dtypes.zip(lengths).map(|(&dtype, &len)| TensorType::new(dtype, [len])).collect();
    let slot = |number: usize| SlotId(number as u32);
    let inputs = kernel.inputs.len();
    let step = Step {
        op: StepOp::Kernel(std::sync::Arc::new(kernel.clone())),
        reads: (0..inputs).map(slot).collect(),
        writes: (inputs..types.len()).map(slot).collect(),
        origin: "test".into(),
    };
    let features = Features { max_binding_bytes: binding, ..features() };
    let lowered =
        lower(kernel, &step, Context { features: &features, types: &types }).expect("it is accepted");
    let launches = lowered.commands.into_iter().map(|command| match command {
        Command::Launch(launch) => launch,
        other => panic!("{other:?}"),
    });
    launches.inspect(check_launch).collect()
}

fn check_shader(shader: &Shader) {
    translate(shader, &features()).unwrap_or_else(|error| panic!("{error}\n{}", shader.source));
}

fn check_launch(launch: &Launch) {
    check_shader(&launch.shader);
    assert_eq!(launch.bindings.len(), launch.shader.bindings as usize);
    assert_eq!(launch.parameters.len(), launch.shader.parameters as usize);
}

fn chain(dtype: DType, sizes: &[i64]) -> Kernel {
    let mut build = Build::new(sizes, &[]);
    let (x, y, out) = (build.input(dtype), build.input(dtype), build.output(dtype));
    let strides = tensor::row_major_strides(sizes);
    let x = build.load(x, affine(0, &strides));
    let y = build.load(y, affine(0, &strides));
    // Powers of two are not added.
    let op = if dtype == DType::F8E8M0FNU { BinaryOp::Maximum } else { BinaryOp::Add };
    let value = build.binary(op, x, y);
    build.store(out, affine(0, &strides), value);
    build.finish()
}

fn sum(parallel: &[i64], inner: &[i64], from: plan::Expr, op: BinaryOp, dtype: DType) -> Kernel {
    let mut build = Build::new(parallel, inner);
    let (x, out) = (build.input(dtype), build.output(dtype));
    let x = build.load(x, from);
    let zero = build.constant(dtype, 0.0);
    build.fold(op, x, zero);
    build.stage(&[]);
    let row = build.row(0);
    build.store(out, affine(0, &tensor::row_major_strides(parallel)), row);
    build.finish()
}

fn argmax(parallel: &[i64], inner: i64, from: plan::Expr) -> Kernel {
    let mut build = Build::new(parallel, &[inner]);
    let (x, out) = (build.input(DType::BF16), build.output(DType::I32));
    let x = build.load(x, from);
    let mut axis = vec![0; parallel.len()];
    axis.push(1);
    let at = build.node(NodeOp::Index(affine(0, &axis)), DType::I32);
    let (low, zero) = (build.constant(DType::BF16, f64::NEG_INFINITY), build.constant(DType::I32, 0.0));
    build.reduce(&[x, at], &[low, zero], Combiner::Graph(argmax_graph(DType::BF16, DType::I32)));
    build.stage(&[]);
    let row = build.row(1);
    build.store(out, affine(0, &tensor::row_major_strides(parallel)), row);
    build.finish()
}

#[test]
fn chains_are_flat_vectors() {
    let [launch] = &launches(&chain(DType::F32, &[30, 40, 50]), &[60000; 3])[..] else {
        panic!("one launch")
    };
    assert!(launch.shader.source.contains("array<vec4<f32>>"), "{}", launch.shader.source);
    assert_eq!(launch.grid, [59, 1, 1]);
    assert!(launch.shader.unchecked);
    for dtype in DType::ALL.iter().filter(|dtype| !matches!(dtype, DType::F64 | DType::C128)) {
        for sizes in [&[7, 9][..], &[64, 64], &[3], &[1]] {
            let len = sizes.iter().product();
            let shader = &launches(&chain(*dtype, sizes), &[len; 3])[0].shader;
            assert!(!shader.source.contains("atomic") || len == 1, "{dtype}: {}", shader.source);
        }
    }
}

#[test]
fn large_arrays_take_several_vectors_a_thread() {
    let [launch] = &launches(&chain(DType::F32, &[1 << 28]), &[1 << 28; 3])[..] else { panic!("one launch") };
    assert_eq!(launch.grid, [1 << 15, 1, 1]);
    assert!(launch.shader.source.contains("turn < 8u"));
}

#[test]
fn long_work_is_several_launches() {
    let mut build = Build::new(&[1 << 30], &[]);
    let (x, out) = (build.input(DType::I8), build.output(DType::I8));
    let mut value = build.load(x, affine(0, &[1]));
    for _ in 0..600 {
        value = build.unary(UnaryOp::Negate, value);
    }
    build.store(out, affine(0, &[1]), value);
    let launches = launches(&build.finish(), &[1 << 30; 2]);
    assert_eq!(launches.len(), 3);
    assert_eq!(launches[2].parameters[0], 2 * launches[0].grid[0] * launches[0].grid[1]);
}

#[test]
fn no_workgroup_runs_in_two_launches() {
    let size = (1 << 31) - (1 << 13);
    let mut build = Build::new(&[size], &[]);
    let (x, out) = (build.input(DType::F32), build.output(DType::F32));
    let mut value = build.load(x, affine(0, &[1]));
    for _ in 0..200 {
        value = build.unary(UnaryOp::Negate, value);
    }
    build.store(out, affine(0, &[1]), value);
    let launches = launches_on(&build.finish(), &[size; 2], 1 << 34);
    assert!(launches.len() > 1);
    for pair in launches.windows(2) {
        let [first, second] = [&pair[0], &pair[1]].map(|launch| launch.parameters[0]);
        assert_eq!(first + pair[0].grid[0] * pair[0].grid[1], second);
    }
}

#[test]
fn tiles_past_the_last_do_nothing() {
    let mut build = Build::new(&[1001, 280, 990], &[]);
    let (x, out) = (build.input(DType::F32), build.output(DType::F32));
    let x = build.load(x, affine(0, &[277_200, 1, 280]));
    build.store(out, affine(0, &[277_200, 990, 1]), x);
    let launches = launches(&build.finish(), &[277_477_200; 2]);
    let groups = 1001 * 9 * 31;
    assert!(launches[0].grid[0] * launches[0].grid[1] > groups);
    assert!(launches[0].shader.source.contains(&format!("if (group >= {groups}u) {{ return; }}")));
}

#[test]
fn transposes_go_through_tiles() {
    for dtype in [DType::F32, DType::BF16, DType::I8, DType::C64] {
        let mut build = Build::new(&[512, 256], &[]);
        let (x, y, out) = (build.input(dtype), build.input(dtype), build.output(dtype));
        let x = build.load(x, affine(0, &[1, 512]));
        let y = build.load(y, affine(0, &[0, 1]));
        let sum = build.binary(BinaryOp::Add, x, y);
        build.store(out, affine(0, &[256, 1]), sum);
        let launches = launches(&build.finish(), &[512 * 256, 256, 512 * 256]);
        assert!(launches[0].shader.source.contains("var<workgroup> tile0"));
        assert!(!launches[0].shader.source.contains("atomic"));
    }
}

#[test]
fn narrow_parts_are_stored_by_atomics() {
    let mut build = Build::new(&[5, 3], &[]);
    let (x, out) = (build.input(DType::BF16), build.output(DType::BF16));
    let x = build.load(x, affine(0, &[3, 1]));
    build.store(out, affine(1, &[7, 1]), x);
    assert!(launches(&build.finish(), &[15, 40])[0].shader.source.contains("array<atomic<u32>>"));
}

#[test]
fn equal_kernels_have_equal_text() {
    let text =
        || launches(&softmax_kernel(&[70], 330, affine(0, &[330, 1])), &[23100; 2])[0].shader.source.clone();
    assert_eq!(text(), text());
}

#[test]
fn rows_and_columns() {
    for (rows, len) in [(4096, 1024), (100_000, 7), (3, 17), (70, 33), (1, 1000), (2000, 4)] {
        for place in [affine(0, &[len, 1]), affine(0, &[1, rows])] {
            let softmax = launches(&softmax_kernel(&[rows], len, place.clone()), &[rows * len; 2]);
            assert!(softmax.len() == 1 || (rows, len) == (4096, 1024));
            launches(&layer_norm_kernel(rows, len, place.clone()), &[rows * len, len, len, rows * len]);
            launches(&sum(&[rows], &[len], place.clone(), BinaryOp::Add, DType::BF16), &[rows * len, rows]);
            launches(&sum(&[rows], &[len], place.clone(), BinaryOp::Or, DType::Bool), &[rows * len, rows]);
            launches(&argmax(&[rows], len, place), &[rows * len, rows]);
        }
    }
}

#[test]
fn long_rows_are_shared() {
    let n = 1 << 22;
    for dtype in [DType::F32, DType::BF16, DType::I8] {
        assert_eq!(launches(&sum(&[], &[n], affine(0, &[1]), BinaryOp::Add, dtype), &[n, 1]).len(), 2);
        let columns = sum(&[64], &[n / 64], affine(0, &[1, 64]), BinaryOp::Maximum, dtype);
        assert_eq!(launches(&columns, &[n, 64]).len(), 2);
    }
    assert_eq!(launches(&sum(&[], &[n], affine(0, &[1]), BinaryOp::And, DType::Bool), &[n, 1]).len(), 2);
    assert_eq!(launches(&argmax(&[], n, affine(0, &[1])), &[n, 1]).len(), 2);
    assert_eq!(launches(&softmax_kernel(&[1], n, affine(0, &[0, 1])), &[n; 2]).len(), 5);
}

#[test]
fn windows_and_gathers() {
    let mut build = Build::new(&[2, 10, 10], &[3, 3]);
    let (x, out) = (build.input(DType::F32), build.output(DType::F32));
    let low = build.constant(DType::F32, f64::NEG_INFINITY);
    let (row, column) = (affine(-1, &[0, 1, 0, 1]), affine(-1, &[0, 0, 1, 0, 1]));
    let mut expr = affine(0, &[100]);
    expr.add_scaled(&row, 10);
    expr.add_scaled(&column, 1);
    let bounds = [bound(row, 10, 1), bound(column, 10, 1)].into_iter().collect();
    let x = build.load_if(x, Access { bounds, ..Access::at(expr) }, Some(low));
    build.fold(BinaryOp::Maximum, x, low);
    build.stage(&[]);
    let best = build.row(0);
    build.store(out, affine(0, &[100, 10, 1]), best);
    launches(&build.finish(), &[200, 200]);

    let mut build = Build::new(&[50, 64], &[]);
    let (table, rows, out) = (build.input(DType::F32), build.input(DType::I64), build.output(DType::F32));
    let row = build.load(rows, affine(0, &[1, 0]));
    let access = Access { dynamic: [(row, 64)].into_iter().collect(), ..Access::at(affine(0, &[0, 1])) };
    let x = build.load_if(table, access, None);
    build.store(out, affine(0, &[64, 1]), x);
    let shader = &launches(&build.finish(), &[6400, 50, 3200])[0].shader;
    assert_eq!(shader.source.matches("array<vec4<f32>>").count(), 2, "{}", shader.source);
    assert!(!shader.unchecked);
}

#[test]
fn nothing_to_do_is_no_launch() {
    assert!(launches(&chain(DType::F32, &[0, 4]), &[0; 3]).is_empty());
    assert_eq!(launches(&sum(&[4], &[0], affine(0, &[0, 1]), BinaryOp::Add, DType::F32), &[0, 4]).len(), 1);
}

#[test]
fn kernels_follow_one_another_in_one_workgroup() {
    let features = features();
    let mut scalars = Scalars::new(&features);
    let mut shared = Shared::default();
    let mut body = String::new();
    let kernels = [
        softmax_kernel(&[3], 40, affine(0, &[40, 1])),
        chain(DType::F32, &[64]),
        softmax_kernel(&[500], 3, affine(0, &[3, 1])),
    ];
    for kernel in &kernels {
        let places: Vec<Place> = (0..kernel.inputs.len() + kernel.outputs.len())
            .map(|number| Place {
                array: format!("b{number}"),
                offset: format!("args.at{number}"),
                atomic: false,
            })
            .collect();
        body += &inline(kernel, &places, 256, &mut scalars, &mut shared).expect("it is accepted");
    }
    let bindings: String = (0..3)
        .map(|number| {
            format!("@group(0) @binding({number}) var<storage, read_write> b{number}: array<f32>;\n")
        })
        .collect();
    let source = format!(
        "{bindings}struct Args {{ at0: u32, at1: u32, at2: u32 }}\nvar<immediate> args: Args;\n{}{}\
         @compute @workgroup_size(256) fn main(@builtin(local_invocation_index) lid: u32) {{\n{body}}}\n",
        shared.declarations(),
        scalars.functions.source(),
    );
    check_shader(&Shader {
        name: "loop",
        source: source.into(),
        bindings: 3,
        parameters: 0,
        unchecked: false,
    });
}

/// The launches of `out[i*n + j] = -in[..]` over two arrays of `m * n` elements, where a binding takes so many bytes.
fn negation([m, n]: [i64; 2], from: [i64; 2], binding: u64) -> Vec<Launch> {
    let mut build = Build::new(&[m, n], &[]);
    let (input, output) = (build.input(DType::F32), build.output(DType::F32));
    let x = build.load(input, affine(0, &from));
    let y = build.unary(UnaryOp::Negate, x);
    build.store(output, affine(0, &[n, 1]), y);
    launches_on(&build.finish(), &[m * n, m * n], binding)
}

/// The bytes that the bindings of a launch start at.
fn starts(launch: &Launch) -> Vec<u64> {
    let start = |bound: &Bound| match bound.memory {
        Memory::Window(_, byte) => byte,
        _ => 0,
    };
    launch.bindings.iter().map(start).collect()
}

#[test]
fn large_arrays_are_bound_in_windows() {
    // What fits is printed as if nothing were larger.
    let whole = negation([512, 512], [512, 1], 1 << 31);
    assert_eq!(whole, negation([512, 512], [512, 1], (1 << 20) + 256));
    assert_eq!(whole.len(), 1);
    // Rows follow one another: as few parts as there are windows, of one shader but for the last.
    let rows = negation([512, 512], [512, 1], 1 << 18);
    assert!((4..=6).contains(&rows.len()), "{}", rows.len());
    for (part, next) in rows.iter().zip(&rows[1..]) {
        let (here, there) = (starts(part), starts(next));
        assert!(here[0] < there[0] && there[0] - here[0] < 1 << 18 && here[0] == here[1]);
    }
    assert!(rows[..rows.len() - 1].iter().all(|part| part.shader == rows[0].shader));
    // A transpose is cut both ways.
    let blocks = negation([512, 512], [1, 512], 1 << 18);
    assert!((16..=64).contains(&blocks.len()), "{}", blocks.len());
}

#[test]
fn a_table_that_is_larger_than_a_binding_is_bound_in_pieces() {
    let mut build = Build::new(&[100], &[]);
    let (table, indices) = (build.input(DType::BF16), build.input(DType::I32));
    let output = build.output(DType::BF16);
    let index = build.load(indices, affine(0, &[1]));
    let access = Access { dynamic: smallvec![(index, 1)], ..Access::default() };
    let x = build.load_if(table, access, None);
    build.store(output, affine(0, &[1]), x);
    let launches = launches_on(&build.finish(), &[1000, 100, 100], 1024);
    let [launch] = &launches[..] else { panic!("{launches:?}") };
    // 2,000 bytes in windows of 768.
    assert_eq!(launch.bindings.len(), 5);
    assert_eq!(starts(launch), [0, 0, 0, 768, 1536]);
}
