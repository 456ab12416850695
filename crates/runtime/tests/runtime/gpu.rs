//! The runtime over a GPU: what follows when it gives up work (errors, never zeros), and its verification. On the
//! adapter that `JAX_METALLIB_ADAPTER` names, by default Mesa's software Vulkan.
//!
//! Without such an adapter the tests say `SKIPPED` and pass, unless `CI` is set.

use std::sync::Arc;

use gpu::{GpuEngine, Selection, adapter_names, select};
use host::HostEngine;
use runtime::{Client, ClientOptions, CompileOptions, ErrorKind, device_target};

use crate::{read, run_one, upload};

const PROGRAM: &str = "module @twice { func.func public @main(%x: tensor<1000xf32>) -> tensor<1000xf32> {
  %y = stablehlo.add %x, %x : tensor<1000xf32>
  return %y : tensor<1000xf32>
} }";

fn engine() -> Option<GpuEngine> {
    let name = std::env::var("JAX_METALLIB_ADAPTER").unwrap_or_else(|_| "llvmpipe".to_string());
    let Some(adapter) = select(&Selection { name: Some(name) }) else {
        let message = format!("no adapter for the GPU engine; there are {:?}", adapter_names());
        assert!(std::env::var_os("CI").is_none(), "{message}");
        eprintln!("SKIPPED: {message}");
        return None;
    };
    Some(GpuEngine::new(adapter.open(None).expect("the device opens")).expect("the engine starts"))
}

fn client(engine: &GpuEngine, options: &ClientOptions) -> Client {
    let host = Arc::new(HostEngine::new(1).expect("threads start"));
    let target = device_target(engine.device().features());
    Client::with_engines(options, host, Arc::new(engine.clone()), target)
}

#[test]
fn lost_work_is_an_error_for_all_that_follows() {
    let Some(engine) = engine() else { return };
    let client = client(&engine, &ClientOptions::default());
    let program = client.compile(PROGRAM.as_bytes(), &CompileOptions::default()).expect("a valid program");
    assert!(program.program().plan().uses_device(), "{}", program.program().plan());

    let input = upload(&client, &[1.5; 1000]).expect("the device works");
    let kept = run_one(&program, &[&input]).expect("the device works");
    let address = kept.address().expect("the device works").cast::<f32>();

    engine.lose_next_submission();
    let lost = run_one(&program, &[&input]).expect("the run is accepted");
    // The loss may be known by now: then the call says so.
    let dependent = run_one(&program, &[&lost]);
    let mut errors = vec![lost.ready().wait().expect_err("the run is lost")];
    errors.push(read(&lost).expect_err("there is nothing to read"));
    errors.push(lost.address().expect_err("there is nothing to read"));
    errors.push(dependent.and_then(|result| read(&result)).expect_err("what it needs is lost"));
    errors.push(run_one(&program, &[&input]).map(|_| ()).expect_err("the device is gone"));
    errors.push(read(&input).expect_err("the device is gone"));
    errors.push(upload(&client, &[0.0; 8]).map(|_| ()).expect_err("the device is gone"));
    for error in errors {
        assert_eq!(error.kind(), ErrorKind::Internal, "{error}");
        assert!(error.to_string().contains("did not reach its end; its results are lost"), "{error}");
    }
    // What the host has stays readable.
    // SAFETY: the buffer lives.
    assert_eq!(unsafe { std::slice::from_raw_parts(address, 1000) }, [3.0; 1000]);
    assert_eq!(read(&kept).expect("it is on the host"), [3.0; 1000]);
}

/// Sums in another order, functions of other accuracy, a sort on the host, loops in loops whose temporaries share memory,
/// and a donated argument.
const MANY_STEPS: &str = "module @many {
  func.func public @main(%x: tensor<1000xf32> {tf.aliasing_output = 0 : i32}) -> tensor<1000xf32> {
    %zero = stablehlo.constant dense<0> : tensor<i32>
    %one = stablehlo.constant dense<1> : tensor<i32>
    %five = stablehlo.constant dense<5> : tensor<i32>
    %small = stablehlo.constant dense<1.0e-3> : tensor<25x25xf32>
    %m = stablehlo.reshape %x : (tensor<1000xf32>) -> tensor<40x25xf32>
    %s = \"stablehlo.sort\"(%m) ({
      ^bb0(%a: tensor<f32>, %b: tensor<f32>):
        %less = stablehlo.compare LT, %a, %b : (tensor<f32>, tensor<f32>) -> tensor<i1>
        stablehlo.return %less : tensor<i1>
    }) {dimension = 1 : i64, is_stable = true} : (tensor<40x25xf32>) -> tensor<40x25xf32>
    %r:2 = stablehlo.while(%i = %zero, %v = %s) : tensor<i32>, tensor<40x25xf32>
    cond {
      %go = stablehlo.compare LT, %i, %five : (tensor<i32>, tensor<i32>) -> tensor<i1>
      stablehlo.return %go : tensor<i1>
    } do {
      %q:2 = stablehlo.while(%j = %zero, %u = %v) : tensor<i32>, tensor<40x25xf32>
      cond {
        %on = stablehlo.compare LT, %j, %i : (tensor<i32>, tensor<i32>) -> tensor<i1>
        stablehlo.return %on : tensor<i1>
      } do {
        %after = stablehlo.add %j, %one : tensor<i32>
        %sine = stablehlo.sine %u : tensor<40x25xf32>
        stablehlo.return %after, %sine : tensor<i32>, tensor<40x25xf32>
      }
      %next = stablehlo.add %i, %one : tensor<i32>
      %p = stablehlo.dot_general %q#1, %small, contracting_dims = [1] x [0]
        : (tensor<40x25xf32>, tensor<25x25xf32>) -> tensor<40x25xf32>
      %t = stablehlo.tanh %p : tensor<40x25xf32>
      %w = stablehlo.add %t, %v : tensor<40x25xf32>
      stablehlo.return %next, %w : tensor<i32>, tensor<40x25xf32>
    }
    %flat = stablehlo.reshape %r#1 : (tensor<40x25xf32>) -> tensor<1000xf32>
    %sum = stablehlo.add %flat, %x : tensor<1000xf32>
    return %sum : tensor<1000xf32>
  }
}";

#[test]
fn verification_finds_nothing_where_there_is_nothing() {
    let Some(engine) = engine() else { return };
    let program = |client: &Client| {
        let compiled =
            client.compile(MANY_STEPS.as_bytes(), &CompileOptions::default()).expect("a valid program");
        assert!(compiled.program().plan().uses_device(), "{}", compiled.program().plan());
        compiled
    };
    let values: Vec<f32> = (0..1000).map(|value| ((value * 37 % 1000) as f32).sin()).collect();
    let mut answers = Vec::new();
    for verify in [false, true] {
        let client = client(&engine, &ClientOptions { verify, ..ClientOptions::default() });
        let (program, input) = (program(&client), upload(&client, &values).expect("the device works"));
        let result = run_one(&program, &[&input]).and_then(|result| read(&result));
        answers.push(result.expect("device and host agree"));
        assert!(input.is_deleted());
    }
    assert_eq!(answers[0], answers[1]);
}
