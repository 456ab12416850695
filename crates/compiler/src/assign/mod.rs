//! Gives every array of a draft its memory.
//!
//! 1. [`liveness`]: when each array holds a value that is still needed.
//! 2. [`share`]: arrays that may be one are made one: the two sides of a copy (then the copy is dropped), a
//!    donated argument and its result, a kernel's output and an input that it reads last.
//! 3. [`arena`]: what is left and is neither an argument, a constant nor a result gets bytes of the arena;
//!    arrays whose lives do not meet overlap.

mod arena;
mod cost;
mod liveness;
mod share;

use plan::{Block, Placement, Plan, ResultSlot, Slot, SlotId, Space, Step, StepOp};

use crate::lower::{Draft, Home};

/// Gives every array of a draft its memory.
pub fn assign(draft: Draft) -> Plan {
    let lives = liveness::lives(&draft);
    let mut sharing = share::share(&draft, lives);
    let classes = sharing.classes();
    let placed = arena::place(&draft, &mut sharing, &classes);

    let mut slots = Vec::new();
    let mut slot_of = vec![None; draft.buffers.len()];
    for (class, offset) in classes.iter().zip(&placed.offsets) {
        let id = SlotId(slots.len() as u32);
        let leader = share::leader(&draft, class);
        let placement = match draft.buffers[leader].home {
            Home::Param(i) => Placement::Param(i),
            Home::Constant(i) => Placement::Constant(i),
            Home::Result(i) => Placement::Result(i),
            Home::Temporary => Placement::Arena(*offset),
        };
        slots.push(Slot { ty: draft.buffers[leader].ty.clone(), placement, space: Space::Host });
        for &buffer in class {
            slot_of[buffer] = Some(id);
        }
    }
    let slot = |id: SlotId| slot_of[id.index()].expect("every array that a step names has a slot");
    let results = draft
        .results
        .iter()
        .map(|(ty, id, alias)| {
            let shared = alias.filter(|&param| slot(draft.params[param].slot) == slot(*id));
            ResultSlot { ty: ty.clone(), slot: slot(*id), alias: shared }
        })
        .collect();
    let mut params = draft.params.clone();
    for param in &mut params {
        param.slot = slot(param.slot);
    }
    // A donated argument and its result are one array, named by the result.
    for (i, result) in draft.results.iter().enumerate() {
        let id = slot(result.1);
        if matches!(slots[id.index()].placement, Placement::Param(_)) {
            slots[id.index()].placement = Placement::Result(i);
        }
    }
    let body = rename(draft.body, &slot);
    let cost_ns = cost::block(&body);
    Plan {
        name: draft.name,
        slots,
        constants: draft.constants,
        params,
        results,
        body,
        arena_bytes: placed.bytes,
        cost_ns,
    }
}

/// Steps over slots instead of the draft's arrays, without copies of an array to itself.
fn rename(block: Block, slot: &impl Fn(SlotId) -> SlotId) -> Block {
    let mut steps = Vec::with_capacity(block.steps.len());
    for step in block.steps {
        let mut step = Step {
            reads: step.reads.into_iter().map(slot).collect(),
            writes: step.writes.into_iter().map(slot).collect(),
            ..step
        };
        match &mut step.op {
            StepOp::Copy if step.reads[0] == step.writes[0] => continue,
            StepOp::While { condition, predicate, body, .. } => {
                *condition = rename(std::mem::take(condition), slot);
                *predicate = slot(*predicate);
                *body = rename(std::mem::take(body), slot);
                step.collect_effects();
            }
            StepOp::Case { index, branches } => {
                *index = slot(*index);
                for branch in branches {
                    *branch = rename(std::mem::take(branch), slot);
                }
                step.collect_effects();
            }
            _ => {}
        }
        steps.push(step);
    }
    Block { steps }
}
