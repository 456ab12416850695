//! Times each step of a program's plan on the host by itself, steps in loops included.
//!
//! ```text
//! host_steps FILE [THREADS]
//! ```
//!
//! Prints the slowest steps and the time of all steps handed over together. Integer arguments are 0 to 9, others
//! small numbers; a loop's steps are timed on what the whole run left behind.

use std::sync::Arc;
use std::time::{Duration, Instant};

use compiler::{Settings, Target};
use engine_tests::harness::{Numbers, to_bytes};
use plan::{Block, Engine, Placement, Plan, Prepared, SlotTable, Step, StepOp};
use tensor::{AlignedBytes, DTypeClass, Scalar};

/// Rounds of which the fastest counts.
const ROUNDS: usize = 20;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let file = arguments.next().expect("a file is given");
    let threads = arguments.next().map_or(2, |text| text.parse().expect("a number of threads"));
    let module = stablehlo::parse(&std::fs::read(file).expect("the file is there")).expect("it is a program");
    let plan = compiler::compile(module, &Target::host(), &Settings::default()).expect("it compiles");
    let engine = host::HostEngine::new(threads).expect("threads start");

    let mut numbers = Numbers::new(1);
    let mut params: Vec<AlignedBytes> = Vec::new();
    for param in &plan.params {
        let scalars: Vec<Scalar> = (0..param.ty.len())
            .map(|_| match param.ty.dtype.class() {
                DTypeClass::Signed | DTypeClass::Unsigned => {
                    Scalar::from_i64(param.ty.dtype, numbers.below(10) as i64)
                }
                _ => numbers.scalar(param.ty.dtype),
            })
            .collect();
        params.push(to_bytes(&scalars, param.ty.dtype));
    }
    let mut results: Vec<_> = plan.results.iter().map(|r| AlignedBytes::zeroed(r.ty.byte_len())).collect();
    let mut arena = AlignedBytes::zeroed(plan.arena_bytes);
    let slots = plan.slots.iter().map(|slot| match slot.placement {
        Placement::Param(index) => params[index].as_mut_ptr(),
        Placement::Result(index) => results[index].as_mut_ptr(),
        Placement::Constant(_) => std::ptr::null_mut(),
        Placement::Arena(offset) => arena.as_mut_ptr().wrapping_add(offset),
    });
    let mut table = SlotTable::new(slots.collect());

    let whole = engine.prepare(Arc::new(plan.clone())).expect("it is prepared");
    println!("all steps together: {:.2?}", time(&*whole, &mut table, plan.body.steps.len()));
    let mut times = Vec::new();
    collect(&plan.body, 1, &mut |step, repeats| {
        let one = Plan { body: Block { steps: vec![step.clone()] }, ..plan.clone() };
        let prepared = engine.prepare(Arc::new(one)).expect("it is prepared");
        let best = time(&*prepared, &mut table, 1);
        times.push((best * repeats, best, step.clone()));
    });
    times.sort_by_key(|entry| std::cmp::Reverse(entry.0));
    for (total, best, step) in times.iter().take(30) {
        let types = |slots: &[plan::SlotId]| {
            slots
                .iter()
                .map(|&slot| format!("s{} {}", slot.0, plan.slot(slot).ty))
                .collect::<Vec<_>>()
                .join(", ")
        };
        let (name, writes, reads) = (step.op.name(), types(&step.writes), types(&step.reads));
        println!("{total:>10.2?} {best:>10.2?} {name} {}: {writes} <- {reads}", step.origin);
    }
}

/// The fastest of a few runs.
fn time(prepared: &dyn Prepared, table: &mut SlotTable, steps: usize) -> Duration {
    let once = |table: &mut SlotTable| {
        let start = Instant::now();
        prepared.run(0..steps, table).expect("it runs");
        start.elapsed()
    };
    (0..ROUNDS).map(|_| once(table)).min().expect("there are rounds")
}

/// Calls `visit` with each step that is no loop and how often a run comes to it.
fn collect(block: &Block, repeats: u32, visit: &mut impl FnMut(&Step, u32)) {
    for step in &block.steps {
        match &step.op {
            StepOp::While { condition, body, trip_count, .. } => {
                let repeats = repeats * trip_count.unwrap_or(1) as u32;
                collect(condition, repeats, visit);
                collect(body, repeats, visit);
            }
            _ => visit(step, repeats),
        }
    }
}
