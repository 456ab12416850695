//! Times kernels on the host engine: `cargo run --release -p engine-tests --example kernels [name]`.

use std::sync::Arc;
use std::time::{Duration, Instant};

use engine_tests::build::{Build, affine, argmax_graph};
use engine_tests::harness::{flat, single_step};
use engine_tests::rows::{layer_norm_kernel, softmax_kernel};
use ops::{BinaryOp, UnaryOp};
use plan::{Combiner, Engine, Kernel, NodeOp, SlotTable, StepOp};
use tensor::{AlignedBytes, DType};

const F32: DType = DType::F32;

fn main() {
    let filter = std::env::args().nth(1).unwrap_or_default();
    for threads in [1, 2] {
        let engine = host::HostEngine::new(threads).expect("threads start");
        println!("{threads} thread(s)");
        for (name, kernel, inputs, outputs) in workloads() {
            if name.contains(&filter) {
                let (best, median) = time(&engine, &kernel, &inputs, &outputs);
                println!("  {name:28} best {:>12?} median {:>12?}", best, median);
            }
        }
    }
}

/// Name, kernel, lengths of its inputs and outputs.
type Workload = (&'static str, Kernel, Vec<usize>, Vec<usize>);

fn workloads() -> Vec<Workload> {
    let n = 1 << 20;
    let wide = 1 << 24;
    vec![
        ("axpy 1024", axpy(1024), vec![1024], vec![1024]),
        ("gelu 2^16", gelu(1 << 16), vec![1 << 16], vec![1 << 16]),
        ("gelu 2^20", gelu(1 << 20), vec![n], vec![n]),
        ("cheap8 2^16", cheap(1 << 16), vec![1 << 16; 2], vec![1 << 16]),
        ("cheap8 2^20", cheap(1 << 20), vec![n; 2], vec![n]),
        ("softmax 4096x1024", softmax_kernel(&[4096], 1024, affine(0, &[1024, 1])), vec![4 * n], vec![4 * n]),
        (
            "layernorm 4096x1024",
            layer_norm_kernel(4096, 1024, affine(0, &[1024, 1])),
            vec![4 * n, 1024, 1024],
            vec![4 * n],
        ),
        ("softmax 65536x16", softmax_kernel(&[65536], 16, affine(0, &[16, 1])), vec![n], vec![n]),
        ("softmax 16384x64", softmax_kernel(&[16384], 64, affine(0, &[64, 1])), vec![n], vec![n]),
        ("column sum 4096x512", sum(&[512], 4096, &[1, 512]), vec![2 * n, 1], vec![512]),
        ("column sum 2^20x8", sum(&[8], 1 << 20, &[1, 8]), vec![8 * n, 1], vec![8]),
        ("row sum 4096x512", sum(&[4096], 512, &[512, 1]), vec![2 * n, 1], vec![4096]),
        ("row sum 2^20x3", sum(&[1 << 20], 3, &[3, 1]), vec![3 * n, 1], vec![n]),
        ("row sum 65536x64", sum(&[65536], 64, &[64, 1]), vec![4 * n, 1], vec![65536]),
        ("sum 2^24", sum(&[], wide as i64, &[1]), vec![wide, 1], vec![1]),
        ("transpose 2048x2048", transpose(2048, 2048), vec![4 * n], vec![4 * n]),
        ("transpose 1000x1500", transpose(1000, 1500), vec![1_500_000], vec![1_500_000]),
        ("transpose 128x64 batch 512", batch_transpose(), vec![4 * n], vec![4 * n]),
        ("bias add 4096x64", bias(4096, 64), vec![4096 * 64, 64], vec![4096 * 64]),
        ("bias add 1024x1024", bias(1024, 1024), vec![n, 1024], vec![n]),
        ("argmax 4096x1024", argmax(4096, 1024), vec![4 * n], vec![4096, 4096]),
        ("gather 8192x128", gather(8192, 128), vec![1000 * 128, 8192], vec![n]),
        ("pad 1024x1000", pad(), vec![1000 * 1000], vec![n]),
    ]
}

fn time(engine: &dyn Engine, kernel: &Kernel, inputs: &[usize], outputs: &[usize]) -> (Duration, Duration) {
    let types = |dtypes: &[DType], lens: &[usize]| -> Vec<_> {
        dtypes.iter().zip(lens).map(|(&dtype, &len)| flat(dtype, len)).collect()
    };
    let (reads, writes) = (types(&kernel.inputs, inputs), types(&kernel.outputs, outputs));
    let mut buffers: Vec<AlignedBytes> =
        reads.iter().chain(&writes).map(|ty| AlignedBytes::zeroed(ty.byte_len())).collect();
    for (buffer, ty) in buffers.iter_mut().zip(&reads) {
        for (at, chunk) in buffer.chunks_exact_mut(4).enumerate() {
            let value = (at * 7919 % 1000) as f32 / 500.0 - 1.0;
            let bytes =
                if ty.dtype == F32 { value.to_le_bytes() } else { ((at * 7919 % 1000) as i32).to_le_bytes() };
            chunk.copy_from_slice(&bytes);
        }
    }
    let plan = single_step(StepOp::Kernel(Arc::new(kernel.clone())), &reads, &writes);
    let prepared = engine.prepare(Arc::new(plan)).expect("the kernel can be prepared");
    let pointers: Vec<*mut u8> = buffers.iter_mut().map(|bytes| bytes.as_mut_ptr()).collect();
    let mut table = SlotTable::new(pointers);
    let mut run = |times: u32| {
        let start = Instant::now();
        for _ in 0..times {
            prepared.run(0..1, &mut table).expect("kernels do not fail");
        }
        start.elapsed() / times
    };
    run(1);
    let once = run(3).max(Duration::from_nanos(50));
    let times = (Duration::from_millis(2).as_nanos() / once.as_nanos()).clamp(1, 100_000) as u32;
    let mut samples: Vec<Duration> = (0..25).map(|_| run(times)).collect();
    samples.sort();
    (samples[0], samples[samples.len() / 2])
}

fn axpy(size: i64) -> Kernel {
    let mut build = Build::new(&[size], &[]);
    let (x, out) = (build.input(F32), build.output(F32));
    let x = build.load(x, affine(0, &[1]));
    let (two, one) = (build.constant(F32, 2.0), build.constant(F32, 1.0));
    let product = build.binary(BinaryOp::Multiply, x, two);
    let sum = build.binary(BinaryOp::Add, product, one);
    build.store(out, affine(0, &[1]), sum);
    build.finish()
}

fn gelu(size: i64) -> Kernel {
    let mut build = Build::new(&[size], &[]);
    let (x, out) = (build.input(F32), build.output(F32));
    let x = build.load(x, affine(0, &[1]));
    let square = build.binary(BinaryOp::Multiply, x, x);
    let cube = build.binary(BinaryOp::Multiply, square, x);
    let factor = build.constant(F32, 0.044715);
    let scaled = build.binary(BinaryOp::Multiply, cube, factor);
    let sum = build.binary(BinaryOp::Add, x, scaled);
    let root = build.constant(F32, 0.797_884_6);
    let inner = build.binary(BinaryOp::Multiply, sum, root);
    let tanh = build.unary(UnaryOp::Tanh, inner);
    let (one, half) = (build.constant(F32, 1.0), build.constant(F32, 0.5));
    let raised = build.binary(BinaryOp::Add, tanh, one);
    let product = build.binary(BinaryOp::Multiply, x, raised);
    let result = build.binary(BinaryOp::Multiply, product, half);
    build.store(out, affine(0, &[1]), result);
    build.finish()
}

fn cheap(size: i64) -> Kernel {
    let mut build = Build::new(&[size], &[]);
    let (x, y, out) = (build.input(F32), build.input(F32), build.output(F32));
    let (x, y) = (build.load(x, affine(0, &[1])), build.load(y, affine(0, &[1])));
    let three = build.constant(F32, 3.0);
    let mut value = build.binary(BinaryOp::Add, x, y);
    for op in [BinaryOp::Maximum, BinaryOp::Subtract, BinaryOp::Multiply] {
        value = build.binary(op, value, x);
        value = build.binary(op, value, three);
    }
    let value = build.unary(UnaryOp::Abs, value);
    build.store(out, affine(0, &[1]), value);
    build.finish()
}

fn sum(parallel: &[i64], inner: i64, strides: &[i64]) -> Kernel {
    let mut build = Build::new(parallel, &[inner]);
    let (x, initial, out) = (build.input(F32), build.input(F32), build.output(F32));
    let x = build.load(x, affine(0, strides));
    let initial = build.load(initial, affine(0, &[]));
    build.fold(BinaryOp::Add, x, initial);
    build.stage(&[]);
    let row = build.row(0);
    build.store(out, affine(0, &tensor::row_major_strides(parallel)), row);
    build.finish()
}

fn transpose(rows: i64, columns: i64) -> Kernel {
    let mut build = Build::new(&[rows, columns], &[]);
    let (x, out) = (build.input(F32), build.output(F32));
    let x = build.load(x, affine(0, &[1, rows]));
    build.store(out, affine(0, &[columns, 1]), x);
    build.finish()
}

fn batch_transpose() -> Kernel {
    let mut build = Build::new(&[512, 128, 64], &[]);
    let (x, out) = (build.input(F32), build.output(F32));
    let x = build.load(x, affine(0, &[8192, 1, 128]));
    build.store(out, affine(0, &[8192, 64, 1]), x);
    build.finish()
}

fn bias(rows: i64, columns: i64) -> Kernel {
    let mut build = Build::new(&[rows, columns], &[]);
    let (x, y, out) = (build.input(F32), build.input(F32), build.output(F32));
    let (x, y) = (build.load(x, affine(0, &[columns, 1])), build.load(y, affine(0, &[0, 1])));
    let sum = build.binary(BinaryOp::Add, x, y);
    build.store(out, affine(0, &[columns, 1]), sum);
    build.finish()
}

fn argmax(rows: i64, len: i64) -> Kernel {
    let mut build = Build::new(&[rows], &[len]);
    let (x, best, at) = (build.input(F32), build.output(F32), build.output(DType::I32));
    let x = build.load(x, affine(0, &[len, 1]));
    let index = build.node(NodeOp::Index(affine(0, &[0, 1])), DType::I32);
    let (low, zero) = (build.constant(F32, f64::NEG_INFINITY), build.constant(DType::I32, 0.0));
    build.reduce(&[x, index], &[low, zero], Combiner::Graph(argmax_graph(F32, DType::I32)));
    build.stage(&[]);
    let (value, position) = (build.row(0), build.row(1));
    build.store(best, affine(0, &[1]), value).store(at, affine(0, &[1]), position);
    build.finish()
}

fn gather(count: i64, width: i64) -> Kernel {
    let mut build = Build::new(&[count, width], &[]);
    let (x, rows, out) = (build.input(F32), build.input(DType::I32), build.output(F32));
    let row = build.load(rows, affine(0, &[1, 0]));
    let mut access = plan::Access::at(affine(0, &[0, 1]));
    access.dynamic.push((row, width));
    let x = build.load_if(x, access, None);
    build.store(out, affine(0, &[width, 1]), x);
    build.finish()
}

fn pad() -> Kernel {
    let mut build = Build::new(&[1024, 1024], &[]);
    let (x, out) = (build.input(F32), build.output(F32));
    let zero = build.constant(F32, 0.0);
    let mut access = plan::Access::at(affine(-12012, &[1000, 1]));
    for axis in 0..2 {
        let mut strides = [0, 0];
        strides[axis] = 1;
        access.bounds.push(engine_tests::build::bound(affine(-12, &strides), 1000, 1));
    }
    let x = build.load_if(x, access, Some(zero));
    build.store(out, affine(0, &[1024, 1]), x);
    build.finish()
}
