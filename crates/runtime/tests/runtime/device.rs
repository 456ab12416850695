//! Runs, events, donation and memory of a device, over an engine made for the purpose.

use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use plan::{
    Block, Completion, Engine, EngineError, Param, Placement, Plan, Prepared, ResultSlot, Slot, SlotId,
    SlotTable, Space, Step, StepOp, Token,
};
use runtime::{Buffer, Client, ClientOptions, Error, ErrorKind, Executable, HostArray, Origin};
use tensor::{DType, TensorType};

use crate::{read, run_one, upload};

/// Every program adds one to its first argument; what else it does, its name says.
#[derive(Default)]
struct AddOne {
    /// Programs named `gate` wait for a message before they compute.
    gate: Mutex<Option<Receiver<()>>>,
    /// Programs named `token` leave their completion here.
    tokens: Arc<Mutex<Vec<Completer>>>,
    runs: Arc<AtomicUsize>,
}

type Completer = Box<dyn FnOnce(Result<(), EngineError>) + Send>;

struct TestToken(Arc<Mutex<Vec<Completer>>>);

impl Token for TestToken {
    fn on_done(&self, then: Completer) {
        self.0.lock().unwrap().push(then);
    }
}

struct PreparedAddOne {
    plan: Arc<Plan>,
    gate: Mutex<Option<Receiver<()>>>,
    tokens: Arc<Mutex<Vec<Completer>>>,
    runs: Arc<AtomicUsize>,
}

impl Engine for AddOne {
    fn prepare(&self, plan: Arc<Plan>) -> Result<Arc<dyn Prepared>, EngineError> {
        let gate = if plan.name == "gate" { self.gate.lock().unwrap().take() } else { None };
        let (tokens, runs) = (self.tokens.clone(), self.runs.clone());
        Ok(Arc::new(PreparedAddOne { plan, gate: Mutex::new(gate), tokens, runs }))
    }

    fn threads(&self) -> usize {
        1
    }
}

impl Prepared for PreparedAddOne {
    fn run(&self, segment: Range<usize>, slots: &mut SlotTable) -> Result<Completion, EngineError> {
        let origin = "stablehlo.add at test.py:1".to_string();
        self.runs.fetch_add(1, Ordering::SeqCst);
        match self.plan.name.as_str() {
            "fail" => return Err(EngineError::Failed { origin, reason: "on purpose".to_string() }),
            "panic" => panic!("a step panics on purpose"),
            "gate" => {
                self.gate.lock().unwrap().as_ref().expect("a gate was given").recv().expect("the gate opens")
            }
            _ => {}
        }
        for _ in segment {
            let from = slots.get(self.plan.params[0].slot).cast::<f32>();
            let to = slots.get(self.plan.results[0].slot).cast::<f32>();
            for index in 0..self.plan.results[0].ty.len() {
                // SAFETY: the runtime gives both slots memory for as many elements.
                unsafe { to.add(index).write(from.add(index).read() + 1.0) };
            }
        }
        match self.plan.name.as_str() {
            "token" => Ok(Completion::Pending(Arc::new(TestToken(self.tokens.clone())))),
            _ => Ok(Completion::Done),
        }
    }

    fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }
}

const QUEUED: u64 = 1_000_000_000;
const INLINE: u64 = 0;

/// A program of `params` arguments of `len` floats. `donates`: the first argument's memory becomes the result's.
fn add_one(name: &str, len: i64, params: usize, donates: bool, cost_ns: u64) -> Plan {
    let ty = TensorType::new(DType::F32, [len]);
    let slot = |placement| Slot { ty: ty.clone(), placement, space: Space::Host };
    let mut slots: Vec<Slot> = (0..params).map(|index| slot(Placement::Param(index))).collect();
    slots.push(slot(Placement::Result(0)));
    let (first, result) = (SlotId(0), SlotId(params as u32));
    let step = Step {
        op: StepOp::Copy,
        reads: [first].into_iter().collect(),
        writes: [result].into_iter().collect(),
        origin: "test".into(),
    };
    Plan {
        name: name.to_string(),
        slots,
        constants: Vec::new(),
        params: (0..params)
            .map(|index| Param { ty: ty.clone(), slot: SlotId(index as u32), donated: donates && index == 0 })
            .collect(),
        results: vec![ResultSlot { ty: ty.clone(), slot: result, alias: donates.then_some(0) }],
        body: Block { steps: vec![step] },
        arena_bytes: 0,
        device_arena: Default::default(),
        host_reasons: Vec::new(),
        cost_ns,
    }
}

struct Setup {
    client: Client,
    gate: Sender<()>,
    tokens: Arc<Mutex<Vec<Completer>>>,
    runs: Arc<AtomicUsize>,
}

fn setup(memory_limit: Option<u64>) -> Setup {
    let (gate, receiver) = channel();
    let engine = AddOne { gate: Mutex::new(Some(receiver)), ..AddOne::default() };
    let (tokens, runs) = (engine.tokens.clone(), engine.runs.clone());
    Setup {
        client: Client::with_engine(
            &ClientOptions { memory_limit, ..ClientOptions::default() },
            Arc::new(engine),
        ),
        gate,
        tokens,
        runs,
    }
}

impl Setup {
    fn load(&self, plan: Plan) -> Executable {
        self.client.load_plan(plan, Origin::default()).expect("the plan is consistent")
    }

    fn buffer(&self, values: &[f32]) -> Buffer {
        upload(&self.client, values).expect("there is memory")
    }
}

#[test]
fn chains_run_in_order_inline_and_queued() {
    let setup = setup(None);
    for cost in [INLINE, QUEUED] {
        let program = setup.load(add_one("add", 3, 1, false, cost));
        let mut value = setup.buffer(&[1.0, 2.0, 3.0]);
        for _ in 0..50 {
            value = run_one(&program, &[&value]).expect("the run is accepted");
        }
        assert_eq!(read(&value).expect("the runs succeed"), [51.0, 52.0, 53.0]);
        assert!(!value.is_deleted());
    }
}

#[test]
fn inline_results_are_ready_at_once() {
    let setup = setup(None);
    let program = setup.load(add_one("add", 3, 1, false, INLINE));
    let execution = program.execute(&[&setup.buffer(&[0.0; 3])], &[]).expect("the run succeeds");
    assert!(execution.done.is_done() && execution.results[0].ready().is_done());
}

#[test]
fn queued_work_does_not_hold_up_the_caller() {
    let setup = setup(None);
    let gate = setup.load(add_one("gate", 2, 1, false, QUEUED));
    let small = setup.load(add_one("add", 2, 1, false, INLINE));
    let first = run_one(&gate, &[&setup.buffer(&[1.0, 2.0])]).expect("the run is accepted");
    // Small, but behind the queue and with an unready argument.
    let second = run_one(&small, &[&first]).expect("the run is accepted");
    assert!(!first.ready().is_done() && !second.ready().is_done());
    drop(first);
    setup.gate.send(()).expect("the run waits");
    assert_eq!(read(&second).expect("the runs succeed"), [3.0, 4.0]);
}

#[test]
fn donated_memory_is_reused() {
    for cost in [INLINE, QUEUED] {
        let setup = setup(None);
        let program = setup.load(add_one("add", 4, 1, true, cost));
        let input = setup.buffer(&[1.0; 4]);
        let address = input.address().expect("the buffer is ready");
        let output = run_one(&program, &[&input]).expect("the run is accepted");
        assert_eq!(read(&output).expect("the run succeeds"), [2.0; 4]);
        assert!(input.is_deleted());
        assert_eq!(output.address().expect("the buffer is ready"), address);
        assert!(matches!(run_one(&program, &[&input]), Err(Error::Deleted { .. })));
    }
}

#[test]
fn donation_copies_what_others_look_at() {
    let setup = setup(None);
    let program = setup.load(add_one("add", 2, 1, true, INLINE));
    let input = setup.buffer(&[5.0, 6.0]);
    input.acquire_external().expect("the buffer is ready");
    let address = input.address().expect("the buffer is ready").cast::<f32>();
    let output = run_one(&program, &[&input]).expect("the run succeeds");
    assert!(input.is_deleted());
    assert_eq!(read(&output).expect("the run succeeds"), [6.0, 7.0]);
    // SAFETY: the external reference keeps the memory.
    assert_eq!(unsafe { [address.read(), address.add(1).read()] }, [5.0, 6.0]);
    input.release_external();

    // The same buffer twice, one of them donated.
    let twice = setup.load(add_one("add", 2, 2, true, INLINE));
    let both = setup.buffer(&[1.0, 2.0]);
    let output = run_one(&twice, &[&both, &both]).expect("the run succeeds");
    assert_eq!(read(&output).expect("the run succeeds"), [2.0, 3.0]);
    assert!(both.is_deleted());

    // The caller may keep an argument.
    let kept = setup.buffer(&[1.0, 2.0]);
    let output = program.execute(&[&kept], &[0]).expect("the run succeeds").results.remove(0);
    assert_eq!(read(&output).expect("the run succeeds"), [2.0, 3.0]);
    assert_eq!(read(&kept).expect("the buffer was kept"), [1.0, 2.0]);
}

#[test]
fn failures_reach_all_that_depend_on_them_and_nothing_else() {
    for name in ["fail", "panic"] {
        let setup = setup(None);
        let bad = setup.load(add_one(name, 2, 1, false, QUEUED));
        let good = setup.load(add_one("add", 2, 1, false, QUEUED));
        let input = setup.buffer(&[1.0, 2.0]);
        let failed = run_one(&bad, &[&input]).expect("the run is accepted");
        let dependent = run_one(&good, &[&failed]).expect("the run is accepted");
        let other = run_one(&good, &[&input]).expect("the run is accepted");
        for buffer in [&failed, &dependent] {
            let error = buffer.ready().wait().expect_err("the run fails");
            assert_eq!(error.kind(), ErrorKind::Internal);
            assert!(error.to_string().contains("on purpose"), "{error}");
            assert!(read(buffer).is_err() && buffer.address().is_err());
        }
        assert_eq!(read(&other).expect("the run succeeds"), [2.0, 3.0]);
        let inline = setup.load(add_one(name, 2, 1, false, INLINE));
        assert!(run_one(&inline, &[&input]).is_err());
        assert_eq!(read(&input).expect("the argument is as it was"), [1.0, 2.0]);
    }
}

#[test]
fn a_waiting_run_lets_others_go_on() {
    let setup = setup(None);
    let waiting = setup.load(add_one("token", 2, 1, false, QUEUED));
    let other = setup.load(add_one("add", 2, 1, false, QUEUED));
    let input = setup.buffer(&[1.0, 2.0]);
    let first = run_one(&waiting, &[&input]).expect("the run is accepted");
    let dependent = run_one(&other, &[&first]).expect("the run is accepted");
    let independent = run_one(&other, &[&input]).expect("the run is accepted");
    assert_eq!(read(&independent).expect("the run succeeds"), [2.0, 3.0]);
    assert!(!first.ready().is_done() && !dependent.ready().is_done());
    let complete = setup.tokens.lock().unwrap().pop().expect("the run has reached its wait");
    complete(Ok(()));
    assert_eq!(read(&dependent).expect("the runs succeed"), [3.0, 4.0]);

    let failing = run_one(&waiting, &[&input]).expect("the run is accepted");
    read(&run_one(&other, &[&input]).expect("the run is accepted")).expect("the run succeeds");
    let complete = setup.tokens.lock().unwrap().pop().expect("the run has reached its wait");
    complete(Err(EngineError::Failed { origin: "x".to_string(), reason: "lost".to_string() }));
    assert!(failing.ready().wait().expect_err("the engine failed").to_string().contains("lost"));
}

#[test]
fn wrong_calls_are_refused_and_lose_nothing() {
    let setup = setup(None);
    let program = setup.load(add_one("add", 2, 2, true, INLINE));
    let (right, wrong) = (setup.buffer(&[1.0, 2.0]), setup.buffer(&[1.0; 3]));
    let refused = |arguments: &[&Buffer]| run_one(&program, arguments).map(|_| ()).expect_err("a wrong call");
    assert_eq!(refused(&[&right]).to_string(), "program `add` takes 2 arguments, 1 were given");
    let error = refused(&[&right, &wrong]);
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert_eq!(
        error.to_string(),
        "argument 1 of program `add` must be tensor<2xf32>, but the given buffer is tensor<3xf32>"
    );
    let gone = setup.buffer(&[1.0, 2.0]);
    gone.delete();
    assert!(matches!(refused(&[&right, &gone]), Error::Deleted { .. }));
    assert_eq!(read(&right).expect("refused calls donate nothing"), [1.0, 2.0]);
    assert!(gone.ready().wait().is_err() && read(&gone).is_err() && gone.copy().is_err());
    program.delete();
    assert!(matches!(refused(&[&right, &right]), Error::ExecutableDeleted { .. }));
}

#[test]
fn the_memory_limit_refuses_and_other_buffers_live() {
    let setup = setup(Some(1 << 20));
    let input = setup.buffer(&vec![1.0; 100 << 10]);
    for cost in [INLINE, QUEUED] {
        let program = setup.load(add_one("add", 100 << 10, 1, false, cost));
        let first = run_one(&program, &[&input]).expect("the run is accepted");
        first.ready().wait().expect("there is memory for two");
        let error = run_one(&program, &[&first]).map(|_| ()).expect_err("there is no memory for three");
        assert_eq!(error.kind(), ErrorKind::ResourceExhausted);
        assert_eq!(read(&first).expect("other buffers live")[0], 2.0);
    }
    assert_eq!(read(&input).expect("other buffers live")[0], 1.0);
}

#[test]
fn queued_work_is_bounded() {
    // 64 KiB arrays under a limit of 4 MiB: a quarter of it, 1 MiB, may be queued.
    let setup = setup(Some(4 << 20));
    let program = setup.load(add_one("add", 16 << 10, 1, false, QUEUED));
    let gate = setup.load(add_one("gate", 16 << 10, 1, false, QUEUED));
    let input = setup.buffer(&vec![0.0; 16 << 10]);
    run_one(&gate, &[&input]).expect("the run is accepted");
    let opener = std::thread::spawn({
        let gate = setup.gate.clone();
        move || gate.send(())
    });
    for submitted in 2..200 {
        run_one(&program, &[&input]).expect("the run is accepted");
        let waiting = submitted - setup.runs.load(Ordering::SeqCst);
        assert!(waiting <= 16, "{waiting} runs wait");
    }
    opener.join().expect("the opener sends").expect("the gate listens");
}

#[test]
fn closing_cancels_what_waits() {
    let setup = setup(None);
    let gate = setup.load(add_one("gate", 2, 1, false, QUEUED));
    let program = setup.load(add_one("add", 2, 1, false, QUEUED));
    let input = setup.buffer(&[1.0, 2.0]);
    let running = run_one(&gate, &[&input]).expect("the run is accepted");
    let waiting = run_one(&program, &[&running]).expect("the run is accepted");
    let (told, outcome) = channel();
    waiting.ready().on_done(Box::new(move |outcome| drop(told.send(outcome))));
    let gate = setup.gate.clone();
    let opener = std::thread::spawn(move || {
        let outcome = outcome.recv().expect("the event is completed");
        // The run may have been cancelled before it listened.
        let _ = gate.send(());
        outcome
    });
    drop(setup.client);
    assert!(matches!(opener.join().expect("the opener ends"), Err(Error::Cancelled)));
    assert!(matches!(run_one(&program, &[&input]).map(|_| ()), Err(Error::Cancelled)));
    assert_eq!(read(&input).expect("buffers outlive the client"), [1.0, 2.0]);
}

#[test]
fn threads_share_a_device() {
    let setup = setup(None);
    let inline = setup.load(add_one("add", 8, 1, true, INLINE));
    let queued = setup.load(add_one("add", 8, 1, false, QUEUED));
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let (setup, inline, queued) = (&setup, &inline, &queued);
            scope.spawn(move || {
                let mut value = setup.buffer(&[thread as f32; 8]);
                for round in 0..100 {
                    let program = if (round + thread) % 3 == 0 { queued } else { inline };
                    value = run_one(program, &[&value]).expect("the run is accepted");
                }
                assert_eq!(read(&value).expect("the runs succeed"), [100.0 + thread as f32; 8]);
            });
        }
    });
}

#[test]
fn programs_outlive_serialization() {
    let setup = setup(None);
    let origin = Origin { fingerprint: "f".to_string(), source: None };
    let first = setup.client.load_plan(add_one("add", 2, 1, false, INLINE), origin).expect("consistent");
    let bytes = first.program().serialize();
    let second = setup.client.load(&bytes).expect("its own bytes");
    assert_eq!(second.program().plan(), first.program().plan());
    assert_eq!(second.program().fingerprint(), "f");
    for end in 0..bytes.len() {
        assert!(setup.client.load(&bytes[..end]).is_err(), "the first {end} bytes");
    }
    let mut outside = add_one("add", 2, 1, false, INLINE);
    outside.slots[0].placement = Placement::Arena(64);
    assert!(setup.client.load_plan(outside, Origin::default()).is_err());
}

#[test]
fn large_copies_and_strided_arrays() {
    let setup = setup(None);
    let values: Vec<f32> = (0..200_000).map(|value| value as f32).collect();
    let ty = TensorType::new(DType::F32, [400, 500]);
    let host = HostArray { data: values.as_ptr().cast(), byte_strides: Some(&[4, 1600]) };
    // SAFETY: the transpose of a dense array of 500 rows of 400.
    let buffer = unsafe { Buffer::from_host(setup.client.device(), ty, host) }.expect("there is memory");
    let copy = buffer.copy().expect("the buffer is there");
    buffer.delete();
    let read_back = read(&copy).expect("the copy succeeds");
    assert!((0..200_000).all(|at| read_back[at] == values[at % 500 * 400 + at / 500]));
    let mut dense = vec![0.0f32; 200_000];
    // SAFETY: the same transpose, and the event is waited for.
    let done =
        unsafe { copy.copy_to_host(dense.as_mut_ptr().cast(), Some(&[4, 1600])) }.expect("it is there");
    done.wait().expect("the copy succeeds");
    assert_eq!(dense, values);
}
