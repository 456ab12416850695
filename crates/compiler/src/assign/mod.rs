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

use std::sync::Arc;

use plan::{Block, DeviceArena, Placement, Plan, ResultSlot, Slot, SlotId, Step, StepOp};

use crate::Target;
use crate::lower::{Draft, Home};

/// Gives every array of a draft its memory.
pub fn assign(draft: Draft, target: &Target) -> Plan {
    let lives = liveness::lives(&draft);
    let mut sharing = share::share(&draft, lives);
    let classes = sharing.classes();
    let block = target.device.as_ref().map_or(0, |device| arena::block(&draft, device));
    let placed = arena::place(&draft, &mut sharing, &classes, block);

    // One slot for each type that a class is used as: a reshape shares memory, not its type.
    let mut slots: Vec<Slot> = Vec::new();
    let mut slot_of = vec![None; draft.buffers.len()];
    for (class, offset) in classes.iter().zip(&placed.offsets) {
        let placement = match sharing.home(class[0]) {
            Home::Param(i) => Placement::Param(i),
            Home::Constant(i) => Placement::Constant(i),
            Home::Result(i) => Placement::Result(i),
            Home::Temporary => Placement::Arena(*offset),
        };
        let first = slots.len();
        for &buffer in class {
            let ty = &draft.buffers[buffer].ty;
            let known = slots[first..].iter().position(|slot| slot.ty == *ty);
            let at = known.map_or(slots.len(), |found| first + found);
            if known.is_none() {
                slots.push(Slot { ty: ty.clone(), placement, space: draft.buffers[buffer].space });
            }
            slot_of[buffer] = Some(SlotId(at as u32));
        }
    }
    let slot = |id: SlotId| slot_of[id.index()].expect("every array that a step names has a slot");
    let class: Vec<usize> = (0..draft.buffers.len()).map(|buffer| sharing.find(buffer)).collect();
    let shared = |a: SlotId, b: SlotId| class[a.index()] == class[b.index()];
    let results = draft
        .results
        .iter()
        .map(|(ty, id, alias)| {
            let alias = alias.filter(|&param| shared(draft.params[param].slot, *id));
            ResultSlot { ty: ty.clone(), slot: slot(*id), alias }
        })
        .collect();
    let mut params = draft.params.clone();
    for param in &mut params {
        param.slot = slot(param.slot);
    }
    let mut reasons = draft.host_reasons.into_iter();
    let mut host_reasons: Vec<Option<Arc<str>>> = Vec::new();
    let body = rename(draft.body, &slot, &shared, &mut |kept| {
        let reason = reasons.next().flatten();
        if kept {
            host_reasons.push(reason);
        }
    });
    let cost_ns = cost::block(&body);
    Plan {
        name: draft.name,
        slots,
        constants: draft.constants,
        params,
        results,
        body,
        arena_bytes: placed.bytes,
        device_arena: DeviceArena { bytes: placed.device_bytes, block },
        host_reasons,
        cost_ns,
    }
}

/// Steps over slots instead of the draft's arrays, without copies of an array to itself.
/// Calls `kept` with whether each step of the block itself is one of the result.
fn rename(
    block: Block,
    slot: &impl Fn(SlotId) -> SlotId,
    shared: &impl Fn(SlotId, SlotId) -> bool,
    kept: &mut dyn FnMut(bool),
) -> Block {
    let mut steps = Vec::with_capacity(block.steps.len());
    for step in block.steps {
        let drop = step.op == StepOp::Copy && shared(step.reads[0], step.writes[0]);
        kept(!drop);
        if drop {
            continue;
        }
        let mut step = Step {
            reads: step.reads.into_iter().map(slot).collect(),
            writes: step.writes.into_iter().map(slot).collect(),
            ..step
        };
        match &mut step.op {
            StepOp::While { condition, predicate, body, .. } => {
                *condition = rename(std::mem::take(condition), slot, shared, &mut |_| {});
                *predicate = slot(*predicate);
                *body = rename(std::mem::take(body), slot, shared, &mut |_| {});
                step.collect_effects();
            }
            StepOp::Case { index, branches } => {
                *index = slot(*index);
                for branch in branches {
                    *branch = rename(std::mem::take(branch), slot, shared, &mut |_| {});
                }
                step.collect_effects();
            }
            _ => {}
        }
        steps.push(step);
    }
    Block { steps }
}
