//! Runs that are handed over without waiting gather in few submissions; all of them end, in order.

use std::slice::from_ref;
use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

use engine_tests::build::{Build, affine};
use engine_tests::harness::{download, flat, settle, single_step, to_bytes, wait};
use ops::BinaryOp;
use plan::{Block, Completion, DeviceMemory, Engine, SlotId, SlotTable, Step, StepOp};
use tensor::{DType, Scalar, TensorType};

use crate::device;

const COUNT: usize = 100_000;

#[test]
fn runs_that_gather_end_in_order() {
    let Some(engine) = device::engine() else { return };
    let mut build = Build::new(&[COUNT as i64], &[]);
    let input = build.input(DType::F32);
    let output = build.output(DType::F32);
    let x = build.load(input, affine(0, &[1]));
    let one = build.constant(DType::F32, 1.0);
    let sum = build.binary(BinaryOp::Add, x, one);
    build.store(output, affine(0, &[1]), sum);
    let ty = flat(DType::F32, COUNT);
    let mut plan = single_step(StepOp::Kernel(Arc::new(build.finish())), from_ref(&ty), from_ref(&ty));
    settle(&engine, &mut plan);
    let prepared = engine.prepare(Arc::new(plan)).expect("it is prepared");

    let zeros = to_bytes(&vec![Scalar::zero(DType::F32); COUNT], DType::F32);
    let mut arrays = [0; 2].map(|_| engine.allocate(zeros.len()).expect("the device has memory"));
    engine.upload(&zeros, arrays[0]).expect("the device takes it");
    let mut tokens = Vec::new();
    for _ in 0..300 {
        let mut table = SlotTable::new(arrays.to_vec());
        tokens.push(prepared.run(0..1, &mut table).expect("it is handed over"));
        arrays.swap(0, 1);
    }
    tokens.into_iter().for_each(|token| wait(token).expect("it ends"));
    let bytes = download(&engine, arrays[0], zeros.len()).recv().expect("it comes").expect("it is there");
    let wanted = to_bytes(&vec![Scalar::from_f64(DType::F32, 300.0); COUNT], DType::F32);
    assert!(bytes[..] == wanted[..], "300 additions of one");
    arrays.into_iter().for_each(|array| engine.free(array, zeros.len()));
}

#[test]
fn what_was_handed_over_ends_though_the_engine_is_gone() {
    let Some(engine) = device::fresh() else { return };
    let ty = flat(DType::F32, COUNT);
    let mut plan = single_step(StepOp::Copy, from_ref(&ty), from_ref(&ty));
    settle(&engine, &mut plan);
    let prepared = engine.prepare(Arc::new(plan)).expect("it is prepared");
    let arrays = [0; 2].map(|_| engine.allocate(4 * COUNT).expect("the device has memory"));
    let tokens: Vec<_> = (0..20)
        .map(|_| prepared.run(0..1, &mut SlotTable::new(arrays.to_vec())).expect("it is handed over"))
        .collect();
    drop((prepared, engine));
    tokens.into_iter().for_each(|token| wait(token).expect("it ends"));
}

/// A loop that asks the device whether to go on holds the stream, while those who are told the end of earlier work may
/// want it.
#[test]
fn a_loop_does_not_wait_for_those_who_wait_for_it() {
    let Some(engine) = device::engine() else { return };
    let ty = flat(DType::F32, COUNT);
    let mut copy = single_step(StepOp::Copy, from_ref(&ty), from_ref(&ty));
    let over = Step {
        op: StepOp::Copy,
        reads: [SlotId(1)].into_iter().collect(),
        writes: [SlotId(2)].into_iter().collect(),
        origin: "test.copy".into(),
    };
    let op = StepOp::While {
        condition: Block::default(),
        predicate: SlotId(0),
        body: Block { steps: vec![over] },
        trip_count: None,
    };
    let never = TensorType::scalar(DType::Bool);
    let mut none = single_step(op, &[never, ty.clone()], from_ref(&ty));
    [&mut copy, &mut none].into_iter().for_each(|plan| settle(&engine, plan));
    let [copy, none] = [copy, none].map(|plan| engine.prepare(Arc::new(plan)).expect("it is prepared"));

    let (sender, ended) = channel();
    let test = std::thread::spawn(move || {
        let predicate = engine.allocate(1).expect("the device has memory");
        engine.upload(&[0], predicate).expect("the device takes it");
        let arrays = [0; 2].map(|_| engine.allocate(4 * COUNT).expect("the device has memory"));
        for _ in 0..50 {
            let completion = copy.run(0..1, &mut SlotTable::new(arrays.to_vec())).expect("it is handed over");
            let Completion::Queued(token) = completion else { panic!("the device copies") };
            let own = engine.clone();
            token.on_done(Box::new(move |_| {
                let array = own.allocate(4).expect("the device has memory");
                own.upload(&[0; 4], array).expect("the device takes it");
                own.free(array, 4);
            }));
            let [from, to] = arrays;
            let looped = none.run(0..1, &mut SlotTable::new(vec![predicate, from, to]));
            wait(looped.expect("it is handed over")).expect("it ends");
        }
        engine.free(predicate, 1);
        arrays.into_iter().for_each(|array| engine.free(array, 4 * COUNT));
        sender.send(()).expect("the receiver waits");
    });
    ended.recv_timeout(Duration::from_secs(120)).expect("the loop ends");
    test.join().expect("all went well");
}
