//! Times each step of a program's plan on a GPU by itself: compiled, prepared, run and waited for, a few times.
//!
//! ```text
//! steps FILE [ADAPTER]
//! ```
//!
//! Prints the slowest steps, the time by kind, and the time of all steps handed over together.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use compiler::{DeviceTarget, Settings, Target};
use engine_tests::harness::wait;
use gpu::lower::{Context, lower};
use gpu::{GpuEngine, Selection, select};
use plan::{DeviceMemory, Engine, Placement, SlotTable, Space};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next().expect("a file is given");
    let adapter = select(&Selection { name: arguments.next() }).expect("there is such an adapter");
    println!("{}", adapter.kind());
    let engine = GpuEngine::new(adapter.open(None).expect("it opens")).expect("it starts");
    let module = stablehlo::parse(&std::fs::read(file).expect("the file is there")).expect("it is a program");
    let features = engine.device().features().clone();
    let device = DeviceTarget {
        arena_block: 1 << 30,
        largest_array: 1 << 30,
        supports: Arc::new(move |step, types| {
            let lowered = lower(step, Context { features: &features, types });
            lowered.map(|_| ()).map_err(|refusal| refusal.0)
        }),
    };
    let target = Target::device(device);
    let start = Instant::now();
    let plan = compiler::compile(module, &target, &Settings::default()).expect("it compiles");
    let compiled = start.elapsed();
    let prepared = engine.prepare(Arc::new(plan)).expect("it is prepared");
    println!("compiled in {compiled:.2?}, prepared in {:.2?}", start.elapsed() - compiled);
    let plan = prepared.plan().clone();

    let allocate = |bytes: usize| engine.allocate(bytes.max(64)).expect("there is memory");
    let params: Vec<_> = plan.params.iter().map(|param| allocate(param.ty.byte_len())).collect();
    let results: Vec<_> = plan.results.iter().map(|result| allocate(result.ty.byte_len())).collect();
    let arena: Vec<_> = plan.device_arena.blocks().map(allocate).collect();
    let block = plan.device_arena.block.max(1);
    let slots = plan.slots.iter().map(|slot| match slot.placement {
        _ if slot.space == Space::Host => std::ptr::null_mut(),
        Placement::Param(index) => params[index],
        Placement::Result(index) => results[index],
        Placement::Constant(_) => std::ptr::null_mut(),
        Placement::Arena(offset) => arena[offset / block].wrapping_add(offset % block),
    });
    let mut table = SlotTable::new(slots.collect());
    let mut times: Vec<(Duration, usize)> = Vec::new();
    let mut run = |steps: std::ops::Range<usize>, rounds: usize| {
        let once = |table: &mut SlotTable| {
            let start = Instant::now();
            wait(prepared.run(steps.clone(), table).expect("it runs")).expect("it ends");
            start.elapsed()
        };
        (0..rounds).map(|_| once(&mut table)).min().expect("there are rounds")
    };
    for (at, step) in plan.body.steps.iter().enumerate() {
        if plan.step_space(step) == Space::Host {
            println!("step {at} {} is on the host: {:?}", step.origin, plan.host_reasons[at]);
            continue;
        }
        let first = run(at..at + 1, 1);
        let best = if first > Duration::from_millis(500) { first } else { run(at..at + 1, 3).min(first) };
        if best > Duration::from_millis(100) {
            println!("step {at} takes {best:.2?}: {} {}", step.op.name(), step.origin);
        }
        times.push((best, at));
    }
    let mut kinds: BTreeMap<&str, (Duration, usize)> = BTreeMap::new();
    for &(time, at) in &times {
        let kind = kinds.entry(plan.body.steps[at].op.name()).or_default();
        *kind = (kind.0 + time, kind.1 + 1);
    }
    times.sort_unstable_by(|a, b| b.cmp(a));
    for &(time, at) in times.iter().take(25) {
        let step = &plan.body.steps[at];
        let types = |slots: &[plan::SlotId]| {
            slots.iter().map(|&slot| plan.slot(slot).ty.to_string()).collect::<Vec<_>>().join(" ")
        };
        println!(
            "{time:>10.2?} step {at} {} {}: {} <- {}",
            step.op.name(),
            step.origin,
            types(&step.writes),
            types(&step.reads)
        );
    }
    for (kind, (time, count)) in kinds {
        println!("{kind}: {count} steps, {time:.2?}");
    }
    if plan.body.steps.iter().all(|step| plan.step_space(step) == Space::Device) {
        println!("all steps together: {:.2?}", run(0..plan.body.steps.len(), 3));
    }
}
