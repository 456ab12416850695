//! Library steps and control flow of the GPU engine against the host engine, on software Vulkan; their shaders
//! are translated for Metal too.

mod cumulative;
mod device;
mod random;
mod scatter;
mod select_and_scatter;
mod translate;

use std::sync::OnceLock;

use device::device;
use engine_tests::harness::{Tolerance, assert_agree, dirty, execute, from_bytes, single_step, to_bytes};
use gpu::features::Features;
use gpu::{GpuEngine, Selection, select};
use plan::evaluate::Elements;
use plan::{Engine, Plan, StepOp};
use tensor::TensorType;

/// Runs a step on both engines, and compares all results.
fn compare(
    op: &StepOp,
    reads: &[TensorType],
    arrays: &[Elements],
    writes: &[TensorType],
    tolerance: Tolerance,
) {
    compare_plan(&single_step(op.clone(), reads, writes), arrays, tolerance);
}

/// The same for a plan: on the engine, and step by step with the device's features, in fixed order and with the least
/// features. Results start dirty.
fn compare_plan(plan: &Plan, arrays: &[Elements], tolerance: Tolerance) {
    let Some(device) = device() else { return };
    let host = host::HostEngine::new(1).expect("threads start");
    let expected = outputs(&host, plan, arrays);
    let mut engines: Vec<(&str, Box<dyn Engine>)> = Vec::new();
    let deterministic = Features { deterministic: true, ..device.features().clone() };
    for (name, features) in
        [("full", device.features().clone()), ("least", Features::least()), ("deterministic", deterministic)]
    {
        engines.push((name, Box::new(device.engine(features))));
    }
    if let Some(engine) = engine() {
        engines.push(("engine", Box::new(engine)));
    }
    for (name, engine) in engines {
        let actual = outputs(&*engine, plan, arrays);
        for (number, (actual, expected)) in actual.iter().zip(&expected).enumerate() {
            let what = format!("{name}: result {number} of {:?}", plan.body);
            assert_agree(actual, expected, tolerance, &what);
        }
    }
}

/// The engine proper, opened once.
fn engine() -> Option<GpuEngine> {
    static ENGINE: OnceLock<Option<GpuEngine>> = OnceLock::new();
    let engine = ENGINE.get_or_init(|| {
        let adapter = select(&Selection { name: Some("llvmpipe".to_owned()) })?;
        let device = adapter.open(None).expect("the device opens");
        Some(GpuEngine::new(device).expect("the engine starts"))
    });
    engine.clone()
}

fn outputs(engine: &dyn Engine, plan: &Plan, arrays: &[Elements]) -> Vec<Elements> {
    let given = plan.params.iter().zip(arrays).map(|(param, array)| to_bytes(array, param.ty.dtype));
    let dirty =
        plan.results.iter().map(|result| to_bytes(&dirty(result.ty.dtype, result.ty.len()), result.ty.dtype));
    let mut results: Vec<_> = dirty.collect();
    execute(engine, plan.clone(), given.collect(), &mut results)
        .unwrap_or_else(|error| panic!("{error}: {:?}", plan.body));
    results.iter().zip(&plan.results).map(|(bytes, result)| from_bytes(bytes, result.ty.dtype)).collect()
}
