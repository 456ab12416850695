//! Library steps and control flow of the GPU engine against the host engine, on software Vulkan; their shaders
//! are translated for Metal too.

mod cumulative;
mod device;
mod random;
mod scatter;
mod select_and_scatter;
mod translate;

use std::sync::Arc;

use device::device;
use engine_tests::harness::{Tolerance, assert_agree, dirty, from_bytes, run, single_step, to_bytes};
use gpu::features::Features;
use plan::evaluate::Elements;
use plan::{Engine, Plan, StepOp};
use tensor::TensorType;

/// Runs a step on both engines, by the device's features, in fixed order and by the least features, and compares all results.
fn compare(
    op: &StepOp,
    reads: &[TensorType],
    arrays: &[Elements],
    writes: &[TensorType],
    tolerance: Tolerance,
) {
    let plan = Arc::new(single_step(op.clone(), reads, writes));
    compare_plan(&plan, arrays, tolerance);
}

/// The same for a plan of parameters and results. Results start dirty.
fn compare_plan(plan: &Arc<Plan>, arrays: &[Elements], tolerance: Tolerance) {
    let Some(device) = device() else { return };
    let host = host::HostEngine::new(1).expect("threads start");
    let expected = outputs(&host, plan, arrays);
    let deterministic = Features { deterministic: true, ..device.features().clone() };
    for features in [device.features().clone(), Features::least(), deterministic] {
        let actual = outputs(&device.engine(features), plan, arrays);
        for (number, (actual, expected)) in actual.iter().zip(&expected).enumerate() {
            assert_agree(actual, expected, tolerance, &format!("result {number} of {:?}", plan.body));
        }
    }
}

fn outputs(engine: &dyn Engine, plan: &Arc<Plan>, arrays: &[Elements]) -> Vec<Elements> {
    let prepared = engine.prepare(plan.clone()).unwrap_or_else(|error| panic!("{error}: {:?}", plan.body));
    let params = plan.params.len();
    let mut memory: Vec<_> = plan
        .slots
        .iter()
        .enumerate()
        .map(|(at, slot)| match arrays.get(at).filter(|_| at < params) {
            Some(array) => to_bytes(array, slot.ty.dtype),
            None => to_bytes(&dirty(slot.ty.dtype, slot.ty.len()), slot.ty.dtype),
        })
        .collect();
    let slots = memory.iter_mut().map(|bytes| bytes.as_mut_ptr()).collect();
    run(&*prepared, slots).expect("it runs");
    let result = |slot: plan::SlotId| from_bytes(&memory[slot.index()], plan.slot(slot).ty.dtype);
    plan.results.iter().map(|r| result(r.slot)).collect()
}
