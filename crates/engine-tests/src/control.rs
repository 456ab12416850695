//! Control flow and moving of arrays.

use std::sync::Arc;

use ops::{BinaryOp, ComparisonDirection};
use plan::{
    Block, DeviceArena, Engine, Kernel, Param, Placement, Plan, ResultSlot, Slot, SlotId, Space, Step, StepOp,
};
use tensor::{AlignedBytes, DType, Literal, Scalar, TensorType};

use crate::build::{Build, affine};
use crate::harness::{execute, flat, from_bytes, literal, settle, single_step, to_bytes};

/// `out = x + y` elementwise.
fn add(dtype: DType, size: i64) -> Kernel {
    let mut build = Build::new(&[size], &[]);
    let (x, y, out) = (build.input(dtype), build.input(dtype), build.output(dtype));
    let (x, y) = (build.load(x, affine(0, &[1])), build.load(y, affine(0, &[1])));
    let sum = build.binary(BinaryOp::Add, x, y);
    build.store(out, affine(0, &[1]), sum);
    build.finish()
}

/// `out = x < y` of scalars.
fn less(dtype: DType) -> Kernel {
    let mut build = Build::new(&[], &[]);
    let (x, y, out) = (build.input(dtype), build.input(dtype), build.output(DType::Bool));
    let (x, y) = (build.load(x, affine(0, &[])), build.load(y, affine(0, &[])));
    let less = build.compare(ComparisonDirection::Lt, x, y);
    build.store(out, affine(0, &[]), less);
    build.finish()
}

fn step(op: StepOp, reads: &[u32], writes: &[u32]) -> Step {
    Step {
        op,
        reads: reads.iter().map(|&slot| SlotId(slot)).collect(),
        writes: writes.iter().map(|&slot| SlotId(slot)).collect(),
        origin: "test.step".into(),
    }
}

fn slot(ty: TensorType, placement: Placement) -> Slot {
    Slot { ty, placement, space: Space::Host }
}

fn kernel(kernel: Kernel) -> StepOp {
    StepOp::Kernel(Arc::new(kernel))
}

/// Runs a plan with one parameter (slot 0) and one result (slot 1); other slots are constants or in the
/// arena.
fn run_plan(engine: &dyn Engine, plan: Plan, input: &[Scalar]) -> Vec<Scalar> {
    let (argument, result) = (&plan.slot(SlotId(0)).ty, plan.slot(SlotId(1)).ty.clone());
    let argument = to_bytes(input, argument.dtype);
    let mut results = [AlignedBytes::zeroed(result.byte_len())];
    execute(engine, plan, vec![argument], &mut results).expect("the plan runs");
    from_bytes(&results[0], result.dtype)
}

fn plan(slots: Vec<Slot>, constants: Vec<Literal>, steps: Vec<Step>, arena_bytes: usize) -> Plan {
    let ty = |slot: usize| slots[slot].ty.clone();
    Plan {
        name: "test".into(),
        params: vec![Param { ty: ty(0), slot: SlotId(0), donated: false }],
        results: vec![ResultSlot { ty: ty(1), slot: SlotId(1), alias: None }],
        slots,
        constants,
        body: Block { steps },
        arena_bytes,
        device_arena: DeviceArena::default(),
        host_reasons: Vec::new(),
        cost_ns: 0,
    }
}

/// `x + x` as often as a counter says, with and without a known number of iterations.
pub fn loops(engine: &dyn Engine) {
    let i32s = |value| Literal::scalar(Scalar::from_i64(DType::I32, value));
    for trip_count in [None, Some(5)] {
        let slots = vec![
            slot(flat(DType::F32, 3), Placement::Param(0)),
            slot(flat(DType::F32, 3), Placement::Result(0)),
            slot(TensorType::scalar(DType::I32), Placement::Arena(0)),
            slot(TensorType::scalar(DType::Bool), Placement::Arena(64)),
            slot(TensorType::scalar(DType::I32), Placement::Constant(0)),
            slot(TensorType::scalar(DType::I32), Placement::Constant(1)),
            slot(TensorType::scalar(DType::I32), Placement::Constant(2)),
        ];
        let mut count = add(DType::I32, 1);
        count.parallel.clear();
        count.stages[0].stores[0].access.expr.terms.clear();
        for node in &mut count.stages[0].nodes {
            if let plan::NodeOp::Load { access, .. } = &mut node.op {
                access.expr.terms.clear();
            }
        }
        let body = Block {
            steps: vec![step(kernel(add(DType::F32, 3)), &[1, 1], &[1]), step(kernel(count), &[2, 5], &[2])],
        };
        let condition = Block { steps: vec![step(kernel(less(DType::I32)), &[2, 6], &[3])] };
        let steps = vec![
            step(StepOp::Copy, &[0], &[1]),
            step(StepOp::Copy, &[4], &[2]),
            step(
                StepOp::While { condition, predicate: SlotId(3), body, trip_count },
                &[1, 2, 5, 6],
                &[1, 2, 3],
            ),
        ];
        let plan = plan(slots, vec![i32s(0), i32s(1), i32s(5)], steps, 128);
        let input = literal(&[1.0, -0.5, 3.0]).scalars().collect::<Vec<_>>();
        let expected = literal(&[32.0, -16.0, 96.0]).scalars().collect::<Vec<_>>();
        assert_eq!(run_plan(engine, plan, &input), expected);
    }
}

/// Branches by number, out of range the last.
pub fn branches(engine: &dyn Engine) {
    for (number, expected) in [(0, 10.0), (1, 20.0), (2, 30.0), (-1, 30.0), (9, 30.0)] {
        let mut slots = vec![
            slot(TensorType::scalar(DType::I32), Placement::Param(0)),
            slot(flat(DType::F32, 1), Placement::Result(0)),
        ];
        slots.extend((0..3).map(|branch| slot(flat(DType::F32, 1), Placement::Constant(branch))));
        let constants = [10.0, 20.0, 30.0].map(|value| literal(&[value])).to_vec();
        let branches =
            (0..3).map(|branch| Block { steps: vec![step(StepOp::Copy, &[2 + branch], &[1])] }).collect();
        let case = StepOp::Case { index: SlotId(0), branches };
        let plan = plan(slots, constants, vec![step(case, &[0, 2, 3, 4], &[1])], 0);
        let result = run_plan(engine, plan, &[Scalar::from_i64(DType::I32, number)]);
        assert_eq!(result, [Scalar::from_f64(DType::F32, expected)]);
    }
}

/// Fibonacci numbers by adding and swapping.
pub fn swaps_and_copies(engine: &dyn Engine) {
    let slots = vec![
        slot(flat(DType::F32, 1), Placement::Param(0)),
        slot(flat(DType::F32, 1), Placement::Result(0)),
        slot(flat(DType::F32, 1), Placement::Arena(0)),
        slot(flat(DType::F32, 1), Placement::Arena(64)),
        slot(flat(DType::F32, 1), Placement::Constant(0)),
        slot(TensorType::scalar(DType::Bool), Placement::Arena(128)),
    ];
    let body = Block {
        steps: vec![step(kernel(add(DType::F32, 1)), &[2, 3], &[2]), step(StepOp::Swap, &[2, 3], &[2, 3])],
    };
    let condition = Block::default();
    let steps = vec![
        step(StepOp::Copy, &[4], &[2]),
        step(StepOp::Copy, &[0], &[3]),
        step(StepOp::While { condition, predicate: SlotId(5), body, trip_count: Some(9) }, &[2, 3], &[2, 3]),
        step(StepOp::Copy, &[3], &[1]),
    ];
    let plan = plan(slots, vec![literal(&[0.0])], steps, 192);
    let result = run_plan(engine, plan, &[Scalar::one(DType::F32)]);
    assert_eq!(result, [Scalar::from_f64(DType::F32, 55.0)]);
}

/// Loops that the device ends, around a swap and copies: `(a, b) = (b, a + b)`, counted down in memory.
pub fn loops_of_unknown_length(engine: &dyn Engine) {
    let i32s = |value| Literal::scalar(Scalar::from_i64(DType::I32, value));
    let scalar = |placement| slot(TensorType::scalar(DType::I32), placement);
    for iterations in [0, 1, 2, 3, 4, 5, 12, 13, 63, 64, 65, 200] {
        let slots = vec![
            scalar(Placement::Param(0)),
            scalar(Placement::Result(0)),
            scalar(Placement::Arena(0)),
            scalar(Placement::Arena(64)),
            scalar(Placement::Arena(128)),
            scalar(Placement::Arena(192)),
            slot(TensorType::scalar(DType::Bool), Placement::Arena(256)),
            scalar(Placement::Constant(0)),
            scalar(Placement::Constant(1)),
            scalar(Placement::Constant(2)),
        ];
        let sum = || {
            let mut build = Build::new(&[], &[]);
            let (x, y, out) = (build.input(DType::I32), build.input(DType::I32), build.output(DType::I32));
            let (x, y) = (build.load(x, affine(0, &[])), build.load(y, affine(0, &[])));
            let sum = build.binary(BinaryOp::Add, x, y);
            build.store(out, affine(0, &[]), sum);
            kernel(build.finish())
        };
        let body = Block {
            steps: vec![
                step(sum(), &[2, 3], &[2]),
                step(StepOp::Swap, &[2, 3], &[2, 3]),
                step(sum(), &[4, 8], &[5]),
                step(StepOp::Copy, &[5], &[4]),
            ],
        };
        let condition = Block { steps: vec![step(kernel(less(DType::I32)), &[7, 4], &[6])] };
        let repeat = StepOp::While { condition, predicate: SlotId(6), body, trip_count: None };
        let steps = vec![
            step(StepOp::Copy, &[7], &[2]),
            step(StepOp::Copy, &[0], &[3]),
            step(sum(), &[7, 9], &[4]),
            step(repeat, &[2, 3, 4, 7, 8], &[2, 3, 4, 5, 6]),
            step(StepOp::Copy, &[3], &[1]),
        ];
        let constants = vec![i32s(0), i32s(-1), i32s(iterations)];
        let plan = plan(slots, constants, steps, 320);
        let mut expected = (0i32, 1i32);
        for _ in 0..iterations {
            expected = (expected.1, expected.0.wrapping_add(expected.1));
        }
        let result = run_plan(engine, plan, &[Scalar::one(DType::I32)]);
        assert_eq!(result, [Scalar::from_i64(DType::I32, expected.1.into())], "{iterations} iterations");
    }
}

/// Plans that break the rules are refused when they are prepared.
pub fn bad_plans_are_errors(engine: &dyn Engine) {
    let mut outside = add(DType::F32, 8);
    outside.stages[0].stores[0].access.expr.offset = 1;
    let mut type_mismatch = add(DType::F32, 8);
    type_mismatch.stages[0].nodes[0].dtype = DType::I32;
    let mut backwards = add(DType::F32, 8);
    backwards.stages[0].nodes.swap(0, 2);
    let undefined = {
        let mut build = Build::new(&[8], &[]);
        let (x, y, out) = (build.input(DType::F32), build.input(DType::F32), build.output(DType::F32));
        let (x, y) = (build.load(x, affine(0, &[1])), build.load(y, affine(0, &[1])));
        let xor = build.binary(BinaryOp::Xor, x, y);
        build.store(out, affine(0, &[1]), xor);
        build.finish()
    };
    let refused = |mut plan: Plan| {
        settle(engine, &mut plan);
        assert!(engine.prepare(Arc::new(plan)).is_err());
    };
    let array = flat(DType::F32, 8);
    for bad in [outside, type_mismatch, backwards, undefined] {
        refused(single_step(kernel(bad), &[array.clone(), array.clone()], std::slice::from_ref(&array)));
    }
    let short = [array.clone(), flat(DType::F32, 7)];
    refused(single_step(kernel(add(DType::F32, 8)), &short, std::slice::from_ref(&array)));
    refused(single_step(StepOp::Copy, &[array], &[flat(DType::F32, 9)]));
}
