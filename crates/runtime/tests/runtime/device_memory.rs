//! Arrays in the memory of a device, runs that are queued on it and steps left to the host, over a device made for the
//! purpose.

use std::sync::Arc;
use std::time::Duration;

use compiler::{DeviceTarget, Target};
use host::HostEngine;
use plan::{Space, StepOp};
use runtime::{Buffer, Client, ClientOptions, CompileOptions, Error, ErrorKind, Executable, HostArray};
use tensor::{DType, TensorType};

use crate::fake::FakeDevice;
use crate::{read, run_one, upload};

struct Setup {
    client: Client,
    device: FakeDevice,
}

fn setup(memory_limit: Option<u64>) -> Setup {
    setup_with(ClientOptions { memory_limit, ..ClientOptions::default() })
}

fn setup_with(options: ClientOptions) -> Setup {
    let device = FakeDevice::new();
    let target = Target::device(DeviceTarget {
        arena_block: 1 << 20,
        largest_array: 1 << 20,
        supports: Arc::new(|step, _| match &step.op {
            StepOp::Sort(_) => Err("sorts run on the host".to_string()),
            StepOp::While { .. } | StepOp::Case { .. } => {
                Err("the fake device takes no control flow".to_string())
            }
            _ => Ok(()),
        }),
    });
    let host = Arc::new(HostEngine::new(1).expect("threads start"));
    Setup { client: Client::with_engines(&options, host, Arc::new(device.clone()), target), device }
}

impl Setup {
    fn compile(&self, text: &str) -> Executable {
        self.client.compile(text.as_bytes(), &CompileOptions::default()).expect("the program is valid")
    }

    /// Adds one to an array of `len` floats; in its memory, if the argument is given up.
    fn add_one(&self, len: usize, donates: bool) -> Executable {
        let attributes = if donates { " {tf.aliasing_output = 0 : i32}" } else { "" };
        self.compile(&format!(
            "module @add {{ func.func public @main(%x: tensor<{len}xf32>{attributes}) -> tensor<{len}xf32> {{
               %one = stablehlo.constant dense<1.0> : tensor<{len}xf32>
               %y = stablehlo.add %x, %one : tensor<{len}xf32>
               return %y : tensor<{len}xf32>
             }} }}"
        ))
    }

    /// Negates on the device, sorts on the host, doubles on the device.
    fn negate_sort_double(&self, len: usize) -> Executable {
        self.compile(&format!(
            "module @mixed {{ func.func public @main(%x: tensor<{len}xf32>) -> (tensor<{len}xf32>, tensor<{len}xf32>) {{
               %n = stablehlo.negate %x : tensor<{len}xf32>
               %s = \"stablehlo.sort\"(%n) ({{
                 ^bb0(%a: tensor<f32>, %b: tensor<f32>):
                   %less = stablehlo.compare LT, %a, %b : (tensor<f32>, tensor<f32>) -> tensor<i1>
                   stablehlo.return %less : tensor<i1>
               }}) {{dimension = 0 : i64, is_stable = true}} : (tensor<{len}xf32>) -> tensor<{len}xf32>
               %d = stablehlo.add %s, %s : tensor<{len}xf32>
               return %d, %s : tensor<{len}xf32>, tensor<{len}xf32>
             }} }}"
        ))
    }

    fn buffer(&self, values: &[f32]) -> Buffer {
        upload(&self.client, values).expect("there is memory")
    }
}

#[test]
fn steps_of_host_and_device_alternate() {
    let setup = setup(None);
    let program = setup.negate_sort_double(4);
    let plan = program.program().plan();
    let spaces: Vec<Space> = plan.body.steps.iter().map(|step| plan.step_space(step)).collect();
    let host = spaces.iter().filter(|space| **space == Space::Host).count();
    assert!(host == 1 && spaces.first() == Some(&Space::Device), "{plan}");
    let input = setup.buffer(&[3.0, -1.0, 2.0, 0.5]);
    for _ in 0..20 {
        let results = program.execute(&[&input], &[]).expect("the run is accepted").results;
        assert_eq!(read(&results[0]).expect("the run succeeds"), [-6.0, -4.0, -1.0, 2.0]);
        assert_eq!(read(&results[1]).expect("the run succeeds"), [-3.0, -2.0, -0.5, 1.0]);
    }
    assert_eq!(read(&input).expect("the argument is as it was"), [3.0, -1.0, 2.0, 0.5]);
}

#[test]
fn results_of_the_host_are_arguments_of_the_device_and_back() {
    let setup = setup(None);
    let (mixed, add) = (setup.negate_sort_double(3), setup.add_one(3, false));
    let results =
        mixed.execute(&[&setup.buffer(&[1.0, 3.0, 2.0])], &[]).expect("the run is accepted").results;
    // The second result was made by the host.
    let sum = run_one(&add, &[&results[1]]).expect("the run is accepted");
    let again = run_one(&mixed, &[&sum]).expect("the run is accepted");
    assert_eq!(read(&sum).expect("the runs succeed"), [-2.0, -1.0, 0.0]);
    assert_eq!(read(&again).expect("the runs succeed"), [0.0, 2.0, 4.0]);
}

#[test]
fn later_runs_are_handed_over_before_earlier_ones_are_done() {
    let setup = setup(None);
    let program = setup.add_one(3, false);
    setup.device.hold();
    let mut value = setup.buffer(&[1.0, 2.0, 3.0]);
    let mut all = Vec::new();
    for submitted in 1..=50 {
        value = run_one(&program, &[&value]).expect("the run is accepted");
        all.push(value.ready());
        assert_eq!(setup.device.submissions(), submitted);
    }
    assert!(all.iter().all(|event| !event.is_done()));
    setup.device.release();
    assert_eq!(read(&value).expect("the runs succeed"), [51.0, 52.0, 53.0]);
    assert!(all.iter().all(|event| event.is_done()));
}

#[test]
fn donated_results_that_are_still_queued_give_up_their_memory() {
    let setup = setup(None);
    let program = setup.add_one(1000, true);
    let mut value = run_one(&program, &[&setup.buffer(&[0.0; 1000])]).expect("the run is accepted");
    setup.device.hold();
    let before = setup.device.allocations();
    for _ in 0..30 {
        let next = run_one(&program, &[&value]).expect("the run is accepted");
        assert!(value.is_deleted() && !next.ready().is_done());
        value = next;
    }
    assert_eq!(setup.device.allocations(), before);
    setup.device.release();
    assert_eq!(read(&value).expect("the runs succeed"), [31.0; 1000]);
}

#[test]
fn donation_copies_what_others_look_at() {
    let setup = setup(None);
    let program = setup.add_one(2, true);
    let kept = setup.buffer(&[1.0, 2.0]);
    let output = program.execute(&[&kept], &[0]).expect("the run is accepted").results.remove(0);
    assert_eq!(read(&output).expect("the run succeeds"), [2.0, 3.0]);
    assert_eq!(read(&kept).expect("the buffer was kept"), [1.0, 2.0]);

    // The same array under two names, one of them given up: the run writes a copy.
    let twice = setup.add_one(2, true);
    let copy = kept.copy().expect("the buffer is there");
    let output = run_one(&twice, &[&kept]).expect("the run is accepted");
    assert_eq!(read(&output).expect("the run succeeds"), [2.0, 3.0]);
    assert_eq!(read(&copy).expect("the copy is its own"), [1.0, 2.0]);
}

#[test]
fn arrays_of_a_device_are_not_read_in_place() {
    let setup = setup(None);
    let buffer = setup.buffer(&[1.0, 2.0]);
    // The call back of an event asks for this: waiting for a copy there would wait for itself.
    let error = buffer.acquire_external().expect_err("the host cannot address it");
    assert_eq!(error.kind(), ErrorKind::Unimplemented);
}

#[test]
fn arrays_come_and_go_in_any_layout() {
    let setup = setup(None);
    let values: Vec<f32> = (0..200_000).map(|value| value as f32).collect();
    let ty = TensorType::new(DType::F32, [400, 500]);
    let host = HostArray { data: values.as_ptr().cast(), byte_strides: Some(&[4, 1600]) };
    // SAFETY: the transpose of a dense array of 500 rows of 400.
    let buffer = unsafe { Buffer::from_host(setup.client.device(), ty, host) }.expect("there is memory");
    let copy = buffer.copy().expect("the buffer is there");
    let expected: Vec<f32> = (0..200_000).map(|at| values[at % 500 * 400 + at / 500]).collect();
    assert_eq!(read(&copy).expect("the copy succeeds"), expected);

    let dense = setup.buffer(&values);
    let sum = run_one(&setup.add_one(200_000, false), &[&dense]).expect("the run is accepted");
    let copy = sum.copy().expect("the buffer is there");
    sum.delete();
    assert_eq!(read(&copy).expect("the copy succeeds")[199_999], 200_000.0);
    let empty = setup.buffer(&[]);
    assert_eq!(read(&empty).expect("there is nothing to copy"), []);
}

#[test]
fn a_lost_run_takes_all_that_follow_with_it() {
    let setup = setup(None);
    let (add, donating, mixed) =
        (setup.add_one(2, false), setup.add_one(2, true), setup.negate_sort_double(2));
    let input = setup.buffer(&[1.0, 2.0]);
    let before = run_one(&add, &[&input]).expect("the run is accepted");
    assert_eq!(read(&before).expect("the run succeeds"), [2.0, 3.0]);
    before.address().expect("the array is on the host too");

    setup.device.hold();
    setup.device.fail_next_run();
    let lost = run_one(&add, &[&input]).expect("the run is accepted");
    let dependent = run_one(&donating, &[&lost]).expect("the run is accepted");
    let through_host = run_one(&mixed, &[&dependent]).expect("the run is accepted");
    setup.device.release();
    for buffer in [&dependent, &through_host] {
        let error = buffer.ready().wait().expect_err("the device is lost");
        assert_eq!(error.kind(), ErrorKind::Internal);
        assert!(error.to_string().contains("lost on purpose"), "{error}");
        assert!(read(buffer).is_err() && buffer.address().is_err());
    }
    let refused = run_one(&add, &[&input]).map(|_| ()).expect_err("the device is lost");
    assert!(refused.to_string().contains("lost on purpose"), "{refused}");
    assert!(read(&input).is_err());
    let address = before.address().expect("it was on the host before").cast::<f32>();
    // SAFETY: the buffer lives.
    assert_eq!(unsafe { [address.read(), address.add(1).read()] }, [2.0, 3.0]);
}

#[test]
fn queued_work_is_bounded() {
    // 64 KiB arrays under a limit of 4 MiB: a quarter of it, 1 MiB, may be queued.
    let setup = setup(Some(4 << 20));
    let program = setup.add_one(16 << 10, false);
    let input = setup.buffer(&vec![0.0; 16 << 10]);
    setup.device.hold();
    std::thread::scope(|scope| {
        let caller = scope.spawn(|| {
            for _ in 0..99 {
                run_one(&program, &[&input]).expect("the run is accepted");
            }
            run_one(&program, &[&input]).and_then(|last| read(&last)).expect("the runs succeed");
        });
        std::thread::sleep(Duration::from_millis(200));
        assert!(!caller.is_finished());
        let submitted = setup.device.submissions();
        assert!((1..=16).contains(&submitted), "{submitted} runs are queued");
        setup.device.release();
    });
    assert_eq!(setup.device.submissions(), 100);
}

#[test]
fn closing_waits_for_the_device_and_cancels_the_rest() {
    let setup = setup(None);
    let (add, mixed) = (setup.add_one(2, false), setup.negate_sort_double(2));
    let input = setup.buffer(&[1.0, 2.0]);
    setup.device.hold();
    let queued = run_one(&add, &[&input]).expect("the run is accepted");
    let waiting = run_one(&mixed, &[&queued]).expect("the run is accepted");
    let behind = run_one(&mixed, &[&waiting]).expect("the run is accepted");
    let Setup { client, device } = setup;
    let closer = std::thread::spawn(move || drop(client));
    while !matches!(run_one(&mixed, &[&input]), Err(Error::Cancelled)) {
        std::thread::sleep(Duration::from_millis(1));
    }
    assert!(!closer.is_finished() && !queued.ready().is_done());
    device.release();
    closer.join().expect("closing ends");
    queued.ready().wait().expect("the device was let finish");
    for buffer in [&waiting, &behind] {
        assert!(matches!(buffer.ready().wait(), Err(Error::Cancelled)));
    }
    assert_eq!(read(&queued).expect("buffers outlive the client"), [2.0, 3.0]);
}

#[test]
fn verification_names_the_step_that_differs() {
    let setup = setup_with(ClientOptions { verify: true, ..ClientOptions::default() });
    let (mixed, donating) = (setup.negate_sort_double(4), setup.add_one(4, true));
    let input = setup.buffer(&[3.0, -1.0, 2.0, 0.5]);
    let sorted = run_one(&mixed, &[&input]).expect("the run is accepted");
    let sum = run_one(&donating, &[&sorted]).expect("the run is accepted");
    assert_eq!(read(&sum).expect("the device computes rightly"), [-5.0, -3.0, 0.0, 3.0]);

    setup.device.compute_wrongly("kernel");
    let error = run_one(&donating, &[&sum]).and_then(|result| read(&result)).expect_err("2 is not 1.5");
    let message = error.to_string();
    let expected = "step 0 of the plan (kernel) differs from the host (JAX_METALLIB_VERIFY): element [1] of s0, \
                    tensor<4xf32>, is -1.5e0 on the device and -2e0 on the host";
    assert!(message.contains(expected) && message.contains("stablehlo.add at "), "{message}");
}
