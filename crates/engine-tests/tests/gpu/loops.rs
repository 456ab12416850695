//! Loops, which run in one workgroup where their steps are small.

use std::sync::Arc;

use engine_tests::build::{Build, affine};
use engine_tests::harness::{EXACT, Numbers, Tolerance, flat};
use gpu::command::Command;
use gpu::features::Features;
use gpu::lower::{Context, lower_placed};
use ops::{BinaryOp, ComparisonDirection, UnaryOp};
use plan::library::{Dot, DotDim};
use plan::{
    Access, Block, DeviceArena, Fused, Kernel, NodeId, Param, Placement, Plan, Product, ResultSlot, Slot,
    SlotId, Space, Step, StepOp,
};
use smallvec::SmallVec;
use tensor::{DType, Literal, Scalar, TensorType};

use crate::device::compare_plan;

fn step(op: StepOp, reads: &[u32], writes: &[u32]) -> Step {
    let ids = |slots: &[u32]| slots.iter().map(|&slot| SlotId(slot)).collect::<Vec<_>>();
    Step { op, reads: ids(reads).into(), writes: ids(writes).into(), origin: "test.step".into() }
}

fn kernel(kernel: Kernel) -> StepOp {
    StepOp::Kernel(Arc::new(kernel))
}

/// `out = f(x)` elementwise.
fn map(dtype: DType, to: DType, dims: &[i64], f: impl FnOnce(&mut Build, NodeId) -> NodeId) -> StepOp {
    let mut build = Build::new(dims, &[]);
    let (x, out) = (build.input(dtype), build.output(to));
    let strides: &[i64] = if dims.is_empty() { &[] } else { &[1] };
    let x = build.load(x, affine(0, strides));
    let value = f(&mut build, x);
    build.store(out, affine(0, strides), value);
    kernel(build.finish())
}

/// Writes x as row `i` of the output.
fn put(dtype: DType, n: i64) -> StepOp {
    let mut build = Build::new(&[n], &[]);
    let (x, i, out) = (build.input(dtype), build.input(DType::I32), build.output(dtype));
    let x = build.load(x, affine(0, &[1]));
    let i = build.load(i, affine(0, &[0]));
    let access = Access { dynamic: [(i, n)].into_iter().collect(), ..Access::at(affine(0, &[1])) };
    build.store_if(out, access, x);
    kernel(build.finish())
}

/// The sum of an array plus a number.
fn total(dtype: DType, n: i64) -> StepOp {
    let mut build = Build::new(&[], &[n]);
    let (x, y, out) = (build.input(dtype), build.input(dtype), build.output(dtype));
    let x = build.load(x, affine(0, &[1]));
    let y = build.load(y, affine(0, &[0]));
    build.fold(BinaryOp::Add, x, y);
    build.stage(&[]);
    let sum = build.row(0);
    build.store(out, affine(0, &[]), sum);
    kernel(build.finish())
}

/// `lax.scan` of `iterations` of `next` over `n` elements that stacks the carried values, with a running sum, a value
/// whose memory another type takes over, and a copy.
fn scan(
    dtype: DType,
    n: i64,
    iterations: i64,
    trip_count: Option<u64>,
    next: impl FnOnce(&mut Build, NodeId) -> NodeId,
) -> Plan {
    let scalar = TensorType::scalar;
    let types = [
        (flat(dtype, n as usize), Placement::Param(0)),
        (flat(dtype, n as usize), Placement::Result(0)),
        (TensorType::new(dtype, [iterations, n]), Placement::Result(1)),
        (scalar(DType::I32), Placement::Arena(0)),
        (scalar(DType::Bool), Placement::Arena(64)),
        (scalar(DType::I32), Placement::Constant(0)),
        (scalar(DType::I32), Placement::Constant(1)),
        (scalar(dtype), Placement::Constant(2)),
        (scalar(dtype), Placement::Result(2)),
        (scalar(DType::F32), Placement::Arena(128)),
        (scalar(DType::I32), Placement::Arena(128)),
        (scalar(DType::I32), Placement::Arena(192)),
        (flat(dtype, n as usize), Placement::Arena(64)),
    ];
    let slots = types.into_iter().map(|(ty, placement)| Slot { ty, placement, space: Space::Host }).collect();
    let one = |build: &mut Build, i| {
        let one = build.constant(DType::I32, 1.0);
        build.binary(BinaryOp::Add, i, one)
    };
    // Memory is taken over by arrays of another type, and of another size: the predicate's, where n is small.
    let over = if n * dtype.size() as i64 <= 64 { 12 } else { 1 };
    let body = vec![
        step(put(dtype, n), &[1, 3, 2], &[2]),
        step(map(dtype, dtype, &[n], next), &[1], &[over]),
        step(StepOp::Copy, &[over], &[1]),
        step(total(dtype, n), &[1, 7], &[8]),
        step(map(DType::I32, DType::F32, &[], |build, i| build.convert(i, DType::F32)), &[3], &[9]),
        step(map(DType::F32, DType::I32, &[], |build, x| build.convert(x, DType::I32)), &[9], &[10]),
        step(map(DType::I32, DType::I32, &[], one), &[10], &[11]),
        step(StepOp::Copy, &[11], &[3]),
    ];
    let less = map(DType::I32, DType::Bool, &[], |build, i| {
        let limit = build.constant(DType::I32, iterations as f64);
        build.compare(ComparisonDirection::Lt, i, limit)
    });
    let op = StepOp::While {
        condition: Block { steps: vec![step(less, &[3], &[4])] },
        predicate: SlotId(4),
        body: Block { steps: body },
        trip_count,
    };
    let mut repeat =
        Step { op, reads: Vec::new().into(), writes: Vec::new().into(), origin: "test.loop".into() };
    repeat.collect_effects();
    let zero = |dtype| Literal::scalar(Scalar::zero(dtype));
    let result = |slot: u32, ty: TensorType| ResultSlot { ty, slot: SlotId(slot), alias: None };
    Plan {
        name: "scan".into(),
        params: vec![Param { ty: flat(dtype, n as usize), slot: SlotId(0), donated: false }],
        results: vec![
            result(1, flat(dtype, n as usize)),
            result(2, TensorType::new(dtype, [iterations, n])),
            result(8, scalar(dtype)),
        ],
        slots,
        constants: vec![zero(DType::I32), zero(DType::I32), zero(dtype)],
        body: Block {
            steps: vec![
                step(StepOp::Copy, &[0], &[1]),
                step(StepOp::Copy, &[5], &[3]),
                step(StepOp::Copy, &[7], &[8]),
                repeat,
            ],
        },
        arena_bytes: 256,
        device_arena: DeviceArena::default(),
        host_reasons: Vec::new(),
        cost_ns: 0,
    }
}

/// Commands of the loop of a scan.
fn commands(plan: &Plan) -> Vec<Command> {
    commands_of(plan, 3)
}

fn commands_of(plan: &Plan, step: usize) -> Vec<Command> {
    let types: Vec<TensorType> = plan.slots.iter().map(|slot| slot.ty.clone()).collect();
    let features = Features::least();
    let context = Context { features: &features, types: &types };
    lower_placed(&plan.body.steps[step], context, plan).expect("it is lowered").commands
}

fn halved(build: &mut Build, x: NodeId) -> NodeId {
    let half = build.constant(DType::F32, 0.5);
    let x = build.convert(x, DType::F32);
    build.binary(BinaryOp::Multiply, x, half)
}

#[test]
fn small_loops_are_one_launch() {
    let mut numbers = Numbers::new(9);
    for trip_count in [None, Some(12)] {
        for dtype in [DType::F32, DType::BF16, DType::U8] {
            for n in [1, 31, 64, 65, 300] {
                let plan = scan(dtype, n, 12, trip_count, |build, x| {
                    let halved = halved(build, x);
                    build.convert(halved, dtype)
                });
                match &commands(&plan)[..] {
                    [Command::Launch(_)] => assert!(trip_count.is_some()),
                    [Command::While { condition, body, .. }] => {
                        assert!(trip_count.is_none() && body.is_empty() && condition.len() == 1);
                    }
                    other => panic!("{other:?}"),
                }
                compare_plan(&plan, &[numbers.array(dtype, n as usize)], EXACT);
            }
        }
    }
}

#[test]
fn a_thousand_iterations() {
    let mut numbers = Numbers::new(10);
    let plan = scan(DType::F32, 64, 1000, Some(1000), |build, x| {
        let factor = build.constant(DType::F32, 0.99);
        let x = build.unary(UnaryOp::Negate, x);
        build.binary(BinaryOp::Multiply, x, factor)
    });
    assert!(matches!(commands(&plan)[..], [Command::Launch(_)]));
    let close = Tolerance { relative: 1e-4, absolute: 1e-6 };
    compare_plan(&plan, &[numbers.array(DType::F32, 64)], close);
}

/// `c = W c`, repeatedly, between two arrays.
fn recurrence(dtype: DType, n: i64, fused: bool) -> Plan {
    let dim = |size, lhs, rhs, out| DotDim { size, lhs, rhs, out };
    let dot = Dot {
        lhs: dtype,
        rhs: dtype,
        out: DType::F32,
        accumulate: DType::F32,
        batch: SmallVec::new(),
        m: dim(n, 1, 0, 1),
        n: dim(1, 0, 1, 1),
        k: dim(n, n, 1, 0),
    };
    let shrink = map(DType::F32, dtype, &[n], |build, x| {
        let halved = halved(build, x);
        build.convert(halved, dtype)
    });
    let vector = flat(dtype, n as usize);
    let types = [
        (TensorType::new(dtype, [n, n]), Placement::Param(0)),
        (vector.clone(), Placement::Param(1)),
        (vector.clone(), Placement::Result(0)),
        (flat(if fused { dtype } else { DType::F32 }, n as usize), Placement::Arena(0)),
        (TensorType::scalar(DType::Bool), Placement::Arena(4096)),
    ];
    let slots: Vec<Slot> =
        types.into_iter().map(|(ty, placement)| Slot { ty, placement, space: Space::Host }).collect();
    let steps = match fused {
        true => {
            let StepOp::Kernel(epilogue) = shrink else { panic!("a kernel") };
            let fused = Fused { product: Product::Dot(dot), epilogue };
            vec![step(StepOp::Fused(fused), &[0, 2], &[3]), step(StepOp::Copy, &[3], &[2])]
        }
        false => vec![step(StepOp::Dot(dot), &[0, 2], &[3]), step(shrink, &[3], &[2])],
    };
    let body = Block { steps };
    let op = StepOp::While { condition: Block::default(), predicate: SlotId(4), body, trip_count: Some(3) };
    let repeat = step(op, &[0, 2, 3, 4], &[2, 3]);
    let param = |slot: u32, ty: &TensorType| Param { ty: ty.clone(), slot: SlotId(slot), donated: false };
    Plan {
        name: "recurrence".into(),
        params: vec![param(0, &slots[0].ty), param(1, &vector)],
        results: vec![ResultSlot { ty: vector, slot: SlotId(2), alias: None }],
        slots,
        constants: Vec::new(),
        body: Block { steps: vec![step(StepOp::Copy, &[1], &[2]), repeat] },
        arena_bytes: 4160,
        device_arena: DeviceArena::default(),
        host_reasons: Vec::new(),
        cost_ns: 0,
    }
}

#[test]
fn products_in_a_loop() {
    let mut numbers = Numbers::new(12);
    for dtype in [DType::F32, DType::BF16] {
        for n in [1, 5, 64] {
            let mut signs = |len: i64| -> Vec<Scalar> {
                (0..len).map(|_| Scalar::from_i64(dtype, numbers.below(3) as i64 - 1)).collect()
            };
            let arrays = [signs(n * n), signs(n)];
            for fused in [false, true] {
                let plan = recurrence(dtype, n, fused);
                assert!(matches!(commands_of(&plan, 1)[..], [Command::Launch(_)]));
                compare_plan(&plan, &arrays, EXACT);
            }
        }
    }
}

#[test]
fn large_loops_are_launched_step_by_step() {
    let plan = scan(DType::F32, 1 << 20, 2, Some(2), |build, x| build.unary(UnaryOp::Negate, x));
    assert!(matches!(commands(&plan)[..], [Command::Repeat { .. }]));
}

#[test]
fn nothing_is_repeated() {
    let mut numbers = Numbers::new(11);
    let plan = scan(DType::F32, 5, 1, Some(0), |build, x| build.unary(UnaryOp::Negate, x));
    assert!(commands(&plan).is_empty());
    let arrays = [numbers.array(DType::F32, 5)];
    // The stacked values are never written; both start dirty.
    compare_plan(&plan, &arrays, EXACT);
}
