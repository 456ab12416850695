//! Fused kernels as WGSL.
//!
//! ```text
//! plan::Kernel --plan::axes--> fewer axes --schedule--> rows and inner indices over threads --print--> WGSL, launches
//! ```
//!
//! * [`lanes`]: how accesses lie along the elements that a thread computes at once; [`schedule`]: how a kernel is spread
//!   over threads, decided from its shape alone;
//! * [`shader`], [`stage`], [`node`], [`fold`]: printers, over the state in [`print`], with [`expression`] and [`text`].

mod expression;
mod fold;
mod lanes;
mod node;
mod print;
mod schedule;
mod shader;
mod stage;
mod text;

use plan::{Kernel, Step, axes};

use self::shader::Task;
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
    let lengths: Vec<i64> = slots.clone().map(|&slot| context.ty(slot).len() as i64).collect();
    let memory: Vec<Memory> = slots.map(|&slot| Memory::Slot(slot)).collect();
    for (&dtype, &len) in kernel.inputs.iter().chain(&kernel.outputs).zip(&lengths) {
        check_size(dtype.size() as i64, len, context.features)?;
    }
    let kernel = axes::collapse(&axes::refine(kernel));
    check_indices(&kernel)?;
    let task = Task { kernel, memory, partial: Vec::new() };
    lower_task(&task, &lengths, context.features)
}

fn lower_task(task: &Task, lengths: &[i64], features: &Features) -> Result<Lowered, Refusal> {
    let schedule = schedule::choose(&task.kernel, lengths, features)?;
    let mut scratch_bytes = 0;
    let mut scratch = Vec::new();
    for (number, &placement) in schedule.scratch.iter().enumerate() {
        if placement != schedule::Placement::Memory {
            scratch.push(None);
            continue;
        }
        let cell = shader::cell(task.kernel.scratch[number], features)?;
        let elements = shader::local_chunks(&task.kernel, &schedule, number)
            * i64::from(schedule.lanes.width)
            * shader::points(&task.kernel, &schedule);
        check_size(cell.size() as i64, elements, features)?;
        scratch.push(Some(Memory::Scratch(scratch_bytes)));
        scratch_bytes += (elements as u64 * cell.size() as u64).next_multiple_of(64);
    }
    let commands = shader::launches(task, &schedule, &scratch, features)?;
    Ok(Lowered { commands, scratch_bytes, tables: Vec::new() })
}

/// Indices are 32 bits wide and a binding is limited.
fn check_size(element: i64, len: i64, features: &Features) -> Result<(), Refusal> {
    if len >= 1 << 31 {
        return Err(Refusal::new(format!("an array of {len} elements")));
    }
    if len as u64 * element as u64 > features.max_binding_bytes {
        return Err(Refusal::new(format!("an array of {} bytes", len * element)));
    }
    Ok(())
}

/// All index expressions must fit 31 bits.
fn check_indices(kernel: &Kernel) -> Result<(), Refusal> {
    let mut fits = true;
    for stage in &kernel.stages {
        let sizes = kernel.axes(stage);
        let count = sizes.iter().fold(1_i64, |product, &size| product.saturating_mul(size));
        fits &= count < 1 << 31;
        if count > 0 {
            stage.visit_exprs(|expr| {
                let (low, high) = expr.range(&sizes);
                fits &= low > -(1 << 31) && high < 1 << 31;
            });
        }
    }
    if fits { Ok(()) } else { Err(Refusal::new("indices of more than 31 bits")) }
}
