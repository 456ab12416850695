//! The engine under test, and steps on it in ways that it would not choose.

use std::sync::{Arc, OnceLock};

use engine_tests::harness::{Tolerance, assert_agree, dirty, execute, from_bytes, single_step, to_bytes};
use gpu::command::visit_launches;
use gpu::features::Features;
use gpu::lower::{Context, Lowered, Refusal, lower_placed};
use gpu::scalar::register;
use gpu::shader::Shader;
use gpu::translate::translate;
use gpu::{GpuEngine, Lowering, Selection, adapter_names, select};
use plan::evaluate::Elements;
use plan::{Engine, Plan, SlotId, Step, StepOp};
use tensor::{AlignedBytes, DType, Literal, TensorType};

/// Element types that every device takes, and those of 64-bit floats, which few do.
pub const TYPES: [DType; 13] = {
    use DType::*;
    [F32, F16, BF16, I32, U32, I8, U8, I16, U16, Bool, C64, F64, C128]
};

/// The engine, opened once; `None`, after a visible word, where there is no adapter (a failure if `CI` is set).
pub fn engine() -> Option<GpuEngine> {
    static ENGINE: OnceLock<Option<GpuEngine>> = OnceLock::new();
    ENGINE.get_or_init(fresh).clone()
}

/// The engine on a device whose bindings take so few bytes that many arrays are bound in windows; opened once.
pub fn small_bindings() -> Option<GpuEngine> {
    static ENGINE: OnceLock<Option<GpuEngine>> = OnceLock::new();
    ENGINE.get_or_init(|| open(128 << 10)).clone()
}

/// The same with bindings so small that nearly every array is.
pub fn tiny_bindings() -> Option<GpuEngine> {
    static ENGINE: OnceLock<Option<GpuEngine>> = OnceLock::new();
    ENGINE.get_or_init(|| open(8 << 10)).clone()
}

/// The engine as if all that is known of subgroups were that they have between 4 and 64 threads.
pub fn any_subgroups() -> Option<impl Engine> {
    let engine = engine()?;
    let features = Features { subgroup: Some((4, 64)), ..engine.device().features().clone() };
    Some(limited(engine, features))
}

/// An engine of one's own, or none, as [`engine`] says.
pub fn fresh() -> Option<GpuEngine> {
    open(u64::MAX)
}

/// An engine whose bindings have so many bytes at most.
fn open(binding: u64) -> Option<GpuEngine> {
    let name = std::env::var("JAX_METALLIB_ADAPTER").unwrap_or_else(|_| "llvmpipe".to_string());
    let Some(adapter) = select(&Selection { name: Some(name) }) else {
        let message = format!("no adapter for the GPU engine; there are {:?}", adapter_names());
        assert!(std::env::var_os("CI").is_none(), "{message}");
        eprintln!("SKIPPED: {message}");
        return None;
    };
    let device = adapter.binding_at_most(binding).open(None).expect("the device opens");
    Some(GpuEngine::new(device).expect("the engine starts"))
}

/// An engine that uses these features only, and translates every shader for a device that has no more.
fn limited(engine: GpuEngine, features: Features) -> impl Engine {
    let lower = move |step: &Step, context: Context<'_>, plan: &Plan| {
        let lowered = lower_placed(step, Context { features: &features, ..context }, plan)?;
        check_shaders(lowered.clone(), &features);
        Ok(lowered)
    };
    Lowering { engine, lower }
}

/// Runs a step on both engines, and compares all results.
pub fn compare(
    op: &StepOp,
    reads: &[TensorType],
    arrays: &[Elements],
    writes: &[TensorType],
    tolerance: Tolerance,
) {
    compare_plan(&single_step(op.clone(), reads, writes), arrays, tolerance);
}

/// Runs a step where nearly every array is larger than a binding, and compares all results with the host engine's.
pub fn compare_in_windows(
    op: &StepOp,
    reads: &[TensorType],
    arrays: &[Elements],
    writes: &[TensorType],
    tolerance: Tolerance,
) {
    compare_on(tiny_bindings(), op, reads, arrays, writes, tolerance);
}

/// The same with larger bindings, for steps whose shaders need as much at once.
pub fn compare_in_larger_windows(
    op: &StepOp,
    reads: &[TensorType],
    arrays: &[Elements],
    writes: &[TensorType],
    tolerance: Tolerance,
) {
    compare_on(small_bindings(), op, reads, arrays, writes, tolerance);
}

fn compare_on(
    engine: Option<GpuEngine>,
    op: &StepOp,
    reads: &[TensorType],
    arrays: &[Elements],
    writes: &[TensorType],
    tolerance: Tolerance,
) {
    let Some(engine) = engine else { return };
    let plan = single_step(op.clone(), reads, writes);
    let host = host::HostEngine::new(1).expect("threads start");
    let (actual, expected) = (outputs(&engine, &plan, arrays), outputs(&host, &plan, arrays));
    for (actual, expected) in actual.iter().zip(&expected) {
        assert_agree(actual, expected, tolerance, &format!("{:?}", plan.body));
    }
}

/// The same for a plan: on the engine, in fixed order, and with the least features, unless those lack a type that the
/// plan needs. Results start dirty.
pub fn compare_plan(plan: &Plan, arrays: &[Elements], tolerance: Tolerance) {
    let Some(engine) = engine() else { return };
    let host = host::HostEngine::new(1).expect("threads start");
    let expected = outputs(&host, plan, arrays);
    let all = engine.device().features().clone();
    let deterministic = Features { deterministic: true, ..all.clone() };
    for (name, features) in [("all", all), ("deterministic", deterministic), ("least", Features::least())] {
        let types: Vec<TensorType> = plan.slots.iter().map(|slot| slot.ty.clone()).collect();
        let context = Context { features: &features, types: &types };
        let lacks = types.iter().any(|ty| register(ty.dtype, &features).is_err());
        if lacks && plan.body.steps.iter().any(|step| lower_placed(step, context, plan).is_err()) {
            continue;
        }
        let actual = outputs(&limited(engine.clone(), features), plan, arrays);
        for (number, (actual, expected)) in actual.iter().zip(&expected).enumerate() {
            let what = format!("{name}: result {number} of {:?}", plan.body);
            assert_agree(actual, expected, tolerance, &what);
        }
    }
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

/// The result of a step of one that `lower` lowers. It starts dirty.
pub fn run_as(
    engine: &GpuEngine,
    lower: impl Fn(&Step, Context<'_>) -> Result<Lowered, Refusal> + Send + Sync,
    op: StepOp,
    arguments: &[Literal],
    result: &TensorType,
) -> Literal {
    let types: Vec<TensorType> = arguments.iter().map(|argument| argument.ty.clone()).collect();
    let plan = single_step(op, &types, std::slice::from_ref(result));
    let given = arguments.iter().map(|argument| AlignedBytes::copy_from(&argument.to_dense()));
    let mut results = [to_bytes(&dirty(result.dtype, result.len()), result.dtype)];
    let lower = |step: &Step, context: Context<'_>, _: &Plan| lower(step, context);
    let engine = Lowering { engine: engine.clone(), lower };
    execute(&engine, plan.clone(), given.collect(), &mut results)
        .unwrap_or_else(|error| panic!("{error}: {:?}", plan.body));
    let [bytes] = results;
    Literal::dense(result.clone(), bytes)
}

/// A step that reads two arrays and writes a third.
pub fn step(op: StepOp) -> Step {
    Step {
        op,
        reads: [SlotId(0), SlotId(1)][..].into(),
        writes: [SlotId(2)][..].into(),
        origin: "test.step".into(),
    }
}

/// Checks the shaders of a step, and gives them.
pub fn check_shaders(mut lowered: Lowered, features: &Features) -> Vec<Arc<Shader>> {
    let mut shaders = Vec::new();
    visit_launches(&mut lowered.commands, &mut |launch| {
        check_shader(&launch.shader, features);
        shaders.push(launch.shader.clone());
    });
    shaders
}

/// Panics with the reason and the text if a shader is not fit for a device with these features.
pub fn check_shader(shader: &Shader, features: &Features) {
    if let Err(reason) = translate(shader, features) {
        panic!("{reason}\n{}", shader.source);
    }
}
