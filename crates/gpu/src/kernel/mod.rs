//! Fused kernels as WGSL.
//!
//! ```text
//! plan::Kernel --plan::axes--> fewer axes --schedule--> rows and inner indices over threads --print--> WGSL, launches
//! ```
//!
//! * [`lanes`]: how accesses lie along the elements that a thread computes at once; [`schedule`]: how a kernel is spread
//!   over threads, decided from its shape alone;
//! * [`recompute`]: values computed again rather than kept; [`distribute`]: kernels of few long rows as several launches;
//! * [`window`]: kernels over arrays that are larger than a binding; [`pieces`]: such arrays in one launch;
//! * [`shader`], [`stage`], [`node`], [`fold`], [`team`], [`tile`]: printers, over the state in [`print`], with [`expression`], [`apart`],
//!   [`shared`] and [`text`];
//! * [`inline`]: a kernel as a part of another shader, for loops of small kernels; [`epilogue`]: of one that computes a
//!   product.

mod apart;
mod check;
mod distribute;
mod epilogue;
mod expression;
mod fold;
mod inline;
mod lanes;
mod node;
pub mod pieces;
mod print;
mod recompute;
mod schedule;
mod shader;
mod shared;
mod stage;
mod team;
#[cfg(test)]
mod tests;
mod text;
mod tile;
mod window;

pub use epilogue::{Epilogue, Function, inline_epilogue};
pub use inline::{Place, inline};
use plan::{Kernel, Step, axes};
pub use shared::Shared;

use self::schedule::{Placement, Schedule};
use self::shader::{Operand, Task};
use crate::command::Memory;
use crate::features::Features;
use crate::lower::{Context, Lowered, Refusal};

/// Lowers the step.
///
/// # Errors
/// If the device cannot run it.
pub fn lower(kernel: &Kernel, step: &Step, context: Context<'_>) -> Result<Lowered, Refusal> {
    if kernel.rows() == 0 {
        return Ok(Lowered::default());
    }
    let slots = step.reads[..kernel.inputs.len()].iter().chain(&step.writes);
    let arrays: Vec<Operand> = slots
        .zip(kernel.inputs.iter().chain(&kernel.outputs))
        .map(|(&slot, &dtype)| {
            let len = context.ty(slot).len() as i64;
            Operand { memory: Memory::Slot(slot), dtype, len, padded: true }
        })
        .collect();
    let features = context.features;
    check::check(kernel, &arrays)?;
    let mut simple = simplify(kernel);
    let distributed = distribute::pays(&simple, &arrays, features);
    let in_memory = || schedule::choose(&simple, &arrays, features).scratch.contains(&Placement::Memory);
    if (distributed || in_memory())
        && let Some(kernel) = recompute::recompute(kernel)
    {
        simple = simplify(&kernel);
    }
    let mut lowered = Lowered::default();
    let tasks = if distributed {
        distribute::distribute(&simple, &arrays, &mut lowered.scratch_bytes, features)?
    } else {
        vec![Task { kernel: simple, arrays, partial: Vec::new(), split: 1 }]
    };
    for task in tasks {
        let parts = window::split(task, features)?;
        lowered.in_turn(&parts, |lowered, part| lower_task(part, features, lowered))?;
    }
    Ok(lowered)
}

/// The same kernel over fewer axes, without divisions where sizes allow.
fn simplify(kernel: &Kernel) -> Kernel {
    axes::collapse(&by_stores(axes::refine(kernel)))
}

/// A kernel that only maps, with its axes in the order in which they lie in its first output.
fn by_stores(mut kernel: Kernel) -> Kernel {
    let maps = kernel.stages.iter().all(|stage| stage.inner.is_empty());
    let Some(store) = kernel.stages.iter().find_map(|stage| stage.stores.first()) else { return kernel };
    let rank = kernel.parallel.len();
    let mut strides = vec![0; rank];
    for term in &store.access.expr.terms {
        if !term.is_plain() || term.axis >= rank {
            return kernel;
        }
        strides[term.axis] = term.stride.abs();
    }
    let mut order: Vec<usize> = (0..rank).collect();
    order.sort_by_key(|&axis| std::cmp::Reverse(strides[axis]));
    if !maps || strides.contains(&0) || order.is_sorted() {
        return kernel;
    }
    kernel.parallel = order.iter().map(|&axis| kernel.parallel[axis]).collect();
    let mut to = vec![0; rank];
    order.iter().enumerate().for_each(|(position, &axis)| to[axis] = position);
    for stage in &mut kernel.stages {
        stage.visit_exprs_mut(|expr| expr.terms.iter_mut().for_each(|term| term.axis = to[term.axis]));
    }
    kernel
}

fn lower_task(task: &Task, features: &Features, lowered: &mut Lowered) -> Result<(), Refusal> {
    check::check_indices(&task.kernel)?;
    task.arrays.iter().try_for_each(check::check_len)?;
    task.partial.iter().try_for_each(|array| check::check_size(array, features))?;
    if let Some(tiling) = tile::tiling(&task.kernel, features) {
        lowered.commands.extend(tile::launches(task, &tiling, features)?);
        return Ok(());
    }
    let mut schedule = schedule::choose(&task.kernel, &task.arrays, features);
    if shader::fold_bytes(&task.kernel, &schedule) > features.workgroup_bytes / 2 {
        schedule = Schedule::serial(&task.kernel);
    }
    schedule.split = task.split;
    let mut scratch = Vec::new();
    for (number, &placement) in schedule.scratch.iter().enumerate() {
        if placement != Placement::Memory {
            scratch.push(None);
            continue;
        }
        let dtype = shader::cell(task.kernel.scratch[number], features)?;
        let len = shader::local_chunks(&task.kernel, &schedule, number)
            * i64::from(schedule.lanes.width)
            * shader::points(&task.kernel, &schedule);
        let memory = Memory::Scratch(lowered.scratch_bytes);
        check::check_size(&Operand { memory, dtype, len, padded: true }, features)?;
        scratch.push(Some(memory));
        lowered.scratch_bytes += (len as u64 * dtype.size() as u64).next_multiple_of(64);
    }
    lowered.commands.extend(shader::launches(task, &schedule, &scratch, features)?);
    Ok(())
}
