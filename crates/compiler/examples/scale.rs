//! Times verifier and passes on programs of growing size: time per op should stay the same.
//!
//! `cargo run --release -p compiler --example scale [OPS...]`

use std::time::Instant;

use compiler::{Settings, pipeline};
use ops::attributes::{BroadcastInDim, Constant, Permutation, Slice};
use ops::{BinaryOp, Op, UnaryOp};
use stablehlo::{Function, LocId, Module, ValueId};
use tensor::{DType, Dims, Literal, Scalar, TensorType};

fn main() {
    let sizes: Vec<usize> = std::env::args().skip(1).filter_map(|arg| arg.parse().ok()).collect();
    let sizes = if sizes.is_empty() { vec![25_000, 50_000, 100_000] } else { sizes };
    println!("{:>9} {:>12} {:>12} {:>12} {:>9}", "ops", "verify", "passes", "ns per op", "ops left");
    for size in sizes {
        let module = program(size);
        let start = Instant::now();
        stablehlo::verify::verify(&module).expect("a valid program");
        let verified = start.elapsed();
        let start = Instant::now();
        let module = pipeline::run(module, &Settings::default()).expect("a program that compiles");
        let passes = start.elapsed();
        let left = module.functions[0].op_count();
        let per_op = (verified + passes).as_nanos() / size as u128;
        println!("{size:>9} {verified:>12.2?} {passes:>12.2?} {per_op:>12} {left:>9}");
    }
}

/// Layers of arithmetic as a traced network has them: constants, broadcasts, moves, repeated expressions.
fn program(size: usize) -> Module {
    let mut main = Function::new("main");
    main.public = true;
    let ty = TensorType::new(DType::F32, [32, 32]);
    let mut build = Build { body: main.body, main: &mut main };
    let x = build.main.add_arg(build.body, ty.clone().into());
    let bias = build.main.add_arg(build.body, TensorType::new(DType::F32, [32]).into());
    let mut value = x;
    for layer in 0.. {
        if build.main.op_count() + 1 >= size {
            break;
        }
        let c = build.constant(1.0 + (layer % 97) as f64);
        let c = build.broadcast(c, &[]);
        let scaled = build.binary(BinaryOp::Multiply, value, c);
        let spread = build.broadcast(bias, &[1]);
        let shifted = build.binary(BinaryOp::Add, scaled, spread);
        let there = build.transpose(shifted);
        let back = build.transpose(there);
        let zero = build.constant(-0.0);
        let zero = build.broadcast(zero, &[]);
        let same = build.binary(BinaryOp::Add, back, zero);
        let part = build.top(same);
        let activated = build.one(Op::Unary(UnaryOp::Tanh), &[part]);
        let unused = build.binary(BinaryOp::Divide, activated, same);
        let _ = build.one(Op::Unary(UnaryOp::Exponential), &[unused]);
        value = build.binary(BinaryOp::Subtract, activated, value);
    }
    let body = build.body;
    main.append(body, Op::Return, &[value], [], LocId::UNKNOWN);
    main.result_types = vec![ty.into()];
    Module { functions: vec![main], ..Module::default() }
}

struct Build<'a> {
    main: &'a mut Function,
    body: stablehlo::RegionId,
}

impl Build<'_> {
    fn one(&mut self, op: Op, operands: &[ValueId]) -> ValueId {
        let ty = TensorType::new(DType::F32, [32, 32]);
        self.main.append(self.body, op, operands, [ty.into()], LocId::UNKNOWN)[0]
    }

    fn binary(&mut self, op: BinaryOp, a: ValueId, b: ValueId) -> ValueId {
        self.one(Op::Binary(op), &[a, b])
    }

    fn constant(&mut self, value: f64) -> ValueId {
        let value = Literal::scalar(Scalar::from_f64(DType::F32, value));
        let ty = value.ty.clone();
        let op = Op::Constant(Box::new(Constant { value }));
        self.main.append(self.body, op, &[], [ty.into()], LocId::UNKNOWN)[0]
    }

    fn broadcast(&mut self, x: ValueId, dimensions: &[i64]) -> ValueId {
        let attrs = BroadcastInDim { broadcast_dimensions: dimensions.into() };
        self.one(Op::BroadcastInDim(Box::new(attrs)), &[x])
    }

    fn transpose(&mut self, x: ValueId) -> ValueId {
        self.one(Op::Transpose(Box::new(Permutation { permutation: Dims::from_slice(&[1, 0]) })), &[x])
    }

    fn top(&mut self, x: ValueId) -> ValueId {
        let attrs = Slice {
            start_indices: Dims::from_slice(&[0, 0]),
            limit_indices: Dims::from_slice(&[32, 32]),
            strides: Dims::from_slice(&[1, 1]),
        };
        self.one(Op::Slice(Box::new(attrs)), &[x])
    }
}
