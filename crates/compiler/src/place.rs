//! Decides for each step of a draft whether the device runs it, and puts arrays into the memory they are needed in.
//!
//! The device takes what its [`DeviceTarget`] says it can; everything else runs on the host. An array lives in the
//! memory of the steps that write it; where a step of the other side reads it, a copy step brings it over, once for each
//! value. A loop or a branch is of one side as a whole: one step inside that only the host can run takes all of it there.
//!
//! ```text
//! t0 <- kernel(p0)      device          t0 <- kernel(p0)     device
//! t1 <- sort(t0)        host        ->  h0 <- copy(t0)       to the host
//! r0 <- kernel(t1)      device          t1 <- sort(h0)       host
//!                                       d0 <- copy(t1)       to the device
//!                                       r0 <- kernel(d0)     device
//! ```

use std::collections::HashMap;
use std::sync::Arc;

use plan::{Block, SlotId, Space, Step, StepOp};
use tensor::TensorType;

use crate::DeviceTarget;
use crate::classes::Classes;
use crate::lower::{Buffer, Draft, Home, copy};

/// Places the steps and arrays of a draft that is all on the host.
pub fn place(mut draft: Draft, target: &DeviceTarget) -> Draft {
    let decisions = Decisions::of(&draft, target);
    let steps = std::mem::take(&mut draft.body.steps);
    let mut placing = Placing { mirrors: vec![None; draft.buffers.len()], draft };
    placing.settle(&steps, &decisions, target);
    let mut placed = Vec::with_capacity(steps.len());
    for (step, (space, reason)) in steps.into_iter().zip(decisions.spaces.into_iter().zip(decisions.reasons))
    {
        placing.step(step, space, &mut placed);
        placing.draft.host_reasons.resize(placed.len() - 1, None);
        placing.draft.host_reasons.push(reason);
    }
    placing.draft.body.steps = placed;
    placing.draft
}

/// Where each step runs, and why the device does not run it.
struct Decisions {
    spaces: Vec<Space>,
    reasons: Vec<Option<Arc<str>>>,
}

impl Decisions {
    fn of(draft: &Draft, target: &DeviceTarget) -> Self {
        let types = draft.types();
        let steps = &draft.body.steps;
        let mut reasons: Vec<Option<Arc<str>>> = steps
            .iter()
            .map(|step| supported(step, &types, target))
            .map(|decision| decision.err().map(Arc::from))
            .collect();
        // Steps that write one array belong together.
        let mut classes = Classes::new(steps.len());
        let mut writer: HashMap<usize, usize> = HashMap::new();
        for (at, step) in steps.iter().enumerate() {
            for &slot in &step.writes {
                let first = *writer.entry(owner(draft, slot)).or_insert(at);
                classes.join(at, first);
            }
        }
        let groups: Vec<usize> = (0..steps.len()).map(|at| classes.find(at)).collect();
        let mut refused: HashMap<usize, Arc<str>> = HashMap::new();
        for (at, reason) in reasons.iter().enumerate() {
            if let Some(reason) = reason {
                refused.entry(groups[at]).or_insert_with(|| reason.clone());
            }
        }
        // A group of copies alone follows what it copies.
        let mut only_copies = vec![true; steps.len()];
        for (at, step) in steps.iter().enumerate() {
            only_copies[groups[at]] &= step.op == StepOp::Copy;
        }
        let mut spaces = vec![Space::Device; steps.len()];
        let mut home: HashMap<usize, Space> = HashMap::new();
        for (at, step) in steps.iter().enumerate() {
            let of_source = || step.reads.first().and_then(|&slot| home.get(&owner(draft, slot)));
            let follows = only_copies[groups[at]] && of_source() == Some(&Space::Host);
            if follows {
                refused.entry(groups[at]).or_insert_with(|| "it copies what is on the host".into());
            }
            if let Some(reason) = refused.get(&groups[at]) {
                spaces[at] = Space::Host;
                reasons[at].get_or_insert_with(|| reason.clone());
            }
            for &slot in &step.writes {
                home.insert(owner(draft, slot), spaces[at]);
            }
        }
        Decisions { spaces, reasons }
    }
}

/// Whether the device runs a step, or why not.
pub(crate) fn supported(step: &Step, types: &[TensorType], target: &DeviceTarget) -> Result<(), String> {
    fits(step, types, target).and_then(|()| (target.supports)(step, types))
}

/// Whether the device holds each array that a step names, or why not.
fn fits(step: &Step, types: &[TensorType], target: &DeviceTarget) -> Result<(), String> {
    let most = target.largest_array;
    let bytes = step.reads.iter().chain(&step.writes).map(|slot| types[slot.index()].byte_len());
    match bytes.max().filter(|&bytes| bytes > most) {
        None => Ok(()),
        Some(bytes) => Err(format!("an array of {bytes} bytes; the device holds {most} at most")),
    }
}

fn owner(draft: &Draft, slot: SlotId) -> usize {
    draft.owner(slot).index()
}

struct Placing {
    draft: Draft,
    /// The array that holds the present value of an array in the other space, by owner.
    mirrors: Vec<Option<SlotId>>,
}

impl Placing {
    /// Gives each array that is there from the start, or written, its space.
    fn settle(&mut self, steps: &[Step], decisions: &Decisions, target: &DeviceTarget) {
        let mut space: Vec<Option<Space>> = vec![None; self.draft.buffers.len()];
        for (step, &at) in steps.iter().zip(&decisions.spaces) {
            for &slot in &step.writes {
                space[owner(&self.draft, slot)] = Some(at);
            }
            // Arguments and constants are wanted where they are read first, on the device if it reads them at all.
            for &slot in &step.reads {
                let owner = owner(&self.draft, slot);
                let given = matches!(self.draft.buffers[owner].home, Home::Param(_) | Home::Constant(_));
                if given && (space[owner].is_none() || at == Space::Device) {
                    space[owner] = Some(at);
                }
            }
        }
        for buffer in 0..self.draft.buffers.len() {
            let owner = owner(&self.draft, SlotId(buffer as u32));
            // An argument that nobody reads stays where arguments are.
            let small = self.draft.buffers[owner].ty.byte_len() <= target.largest_array;
            let unread = if small { Space::Device } else { Space::Host };
            self.draft.buffers[buffer].space = space[owner].unwrap_or(unread);
        }
    }

    /// Adds a step, after the copies that it needs.
    fn step(&mut self, mut step: Step, space: Space, placed: &mut Vec<Step>) {
        let mut renamed: HashMap<SlotId, SlotId> = HashMap::new();
        let copies_over = step.op == StepOp::Copy;
        for &slot in &step.reads {
            if self.draft.buffers[slot.index()].space != space && !copies_over {
                renamed.insert(slot, self.mirror(slot, space, &step.origin, placed));
            }
        }
        if !renamed.is_empty() {
            rename(&mut step, &|slot| renamed.get(&slot).copied().unwrap_or(slot));
        }
        for &slot in &step.writes {
            let owner = owner(&self.draft, slot);
            self.mirrors[owner] = None;
        }
        placed.push(step);
    }

    /// The array that holds a value in another space.
    fn mirror(&mut self, slot: SlotId, space: Space, origin: &Arc<str>, placed: &mut Vec<Step>) -> SlotId {
        let owner = SlotId(owner(&self.draft, slot) as u32);
        let mirror = match self.mirrors[owner.index()] {
            Some(mirror) => mirror,
            None => {
                let original = self.draft.buffers[owner.index()].clone();
                let constant = matches!(original.home, Home::Constant(_));
                let home = if constant { original.home } else { Home::Temporary };
                let mirror = self.add(Buffer { home, space, ..original });
                if !constant {
                    placed.push(copy(owner, mirror, origin));
                }
                self.mirrors[owner.index()] = Some(mirror);
                mirror
            }
        };
        let ty = self.draft.buffers[slot.index()].ty.clone();
        if self.draft.buffers[mirror.index()].ty == ty {
            return mirror;
        }
        self.add(Buffer { ty, home: Home::Temporary, view_of: Some(mirror), space })
    }

    fn add(&mut self, buffer: Buffer) -> SlotId {
        self.draft.buffers.push(buffer);
        self.mirrors.push(None);
        SlotId((self.draft.buffers.len() - 1) as u32)
    }
}

/// Replaces arrays that a step reads, nested blocks included. Those that it writes are never replaced.
fn rename(step: &mut Step, new: &impl Fn(SlotId) -> SlotId) {
    step.reads.iter_mut().for_each(|slot| *slot = new(*slot));
    let block = |block: &mut Block| block.steps.iter_mut().for_each(|step| rename(step, new));
    match &mut step.op {
        StepOp::While { condition, predicate, body, .. } => {
            *predicate = new(*predicate);
            block(condition);
            block(body);
        }
        StepOp::Case { index, branches } => {
            *index = new(*index);
            branches.iter_mut().for_each(block);
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use tensor::DType;

    use super::*;

    #[test]
    fn the_device_takes_arrays_of_its_largest_size() {
        let target = DeviceTarget { arena_block: 32, largest_array: 64, supports: Arc::new(|_, _| Ok(())) };
        let types = [16, 17, 0].map(|count| TensorType::new(DType::F32, [count]));
        let fitting = |reads: &[u32], writes: &[u32]| {
            let step = Step {
                op: StepOp::Copy,
                reads: reads.iter().copied().map(SlotId).collect(),
                writes: writes.iter().copied().map(SlotId).collect(),
                origin: "test".into(),
            };
            fits(&step, &types, &target)
        };
        assert_eq!(fitting(&[0], &[2]), Ok(()));
        assert_eq!(fitting(&[], &[]), Ok(()));
        let reason = "an array of 68 bytes; the device holds 64 at most";
        assert_eq!(fitting(&[0, 1], &[2]), Err(reason.into()));
        assert_eq!(fitting(&[2], &[1]), Err(reason.into()));
    }
}
