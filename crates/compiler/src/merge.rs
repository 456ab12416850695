//! Makes small kernels one where none waits for another, or only for the very elements that it maps.
//!
//! ```text
//! t0, t1 <- kernel(p0)            t0, r0, r1 <- kernel(p0, p1, p2)
//! r0 <- kernel(t0, p1)       ->
//! r1 <- kernel(t1, p2)
//! ```
//!
//! A launch takes a device as long as moving some megabytes, so this happens where kernels are smaller: the updates of
//! what a scan stacks, those of weights, what fills the arrays of a loop. Such kernels have as many rows and neither fold
//! nor have inner dimensions. The one stands where the first was if what the others read is there by then and what they
//! write is not needed any more, else where the last was, under like conditions. An array that only the kernel itself
//! reads is none any more.

use std::collections::HashMap;
use std::sync::Arc;

use plan::{Block, Kernel, Node, NodeId, NodeOp, SlotId, Step, StepOp, Store, axes};
use tensor::{DType, TensorType};

use crate::lower::{Draft, Home};
use crate::touched::Touched;
use crate::{DeviceTarget, place};

/// Most rows of kernels that take about as long as being launched.
const MOST_ROWS: i64 = 1 << 20;

/// Most scalar operations in one kernel: bounds registers.
const MOST_NODES: usize = 256;

/// Most arrays of one kernel: devices bind few more, and asking them takes longer than counting.
const MOST_SLOTS: usize = 28;

/// Kernels of as many rows that are tried, the latest ones.
const NEAREST: usize = 4;

/// Makes kernels of a draft one where the device runs that.
pub fn merge(mut draft: Draft, target: &DeviceTarget) -> Draft {
    let mut body = std::mem::take(&mut draft.body);
    Search { draft: &draft, target, types: draft.types() }.block(&mut body);
    draft.body = body;
    let uses = draft.uses();
    let mut body = std::mem::take(&mut draft.body);
    drop_unread(&draft, &mut body, &uses);
    draft.body = body;
    draft
}

struct Search<'a> {
    draft: &'a Draft,
    target: &'a DeviceTarget,
    types: Vec<TensorType>,
}

/// The steps of a block so far. Places are numbers of steps as they stood; arrays are named by owner.
#[derive(Default)]
struct Walk {
    /// What now stands at each place.
    placed: Vec<Option<Step>>,
    touched: Touched,
    /// Where kernels that others may join stand, by their number of rows.
    open: HashMap<i64, Vec<usize>>,
}

impl Search<'_> {
    fn block(&self, block: &mut Block) {
        let mut walk = Walk::default();
        for (at, mut step) in std::mem::take(&mut block.steps).into_iter().enumerate() {
            step.op.blocks_mut().into_iter().for_each(|block| self.block(block));
            step.collect_effects();
            self.place(&mut walk, at, step);
        }
        block.steps = walk.placed.into_iter().flatten().collect();
    }

    /// Puts a step where it stands, or into a kernel before.
    fn place(&self, walk: &mut Walk, at: usize, step: Step) {
        walk.placed.push(None);
        let Some(rows) = small_map(&step) else { return self.put(walk, at, step) };
        let open = walk.open.get(&rows).map_or(&[][..], |open| &open[open.len().saturating_sub(NEAREST)..]);
        let found = open.iter().rev().find_map(|&before| {
            let first = walk.placed[before].as_ref().expect("a kernel stands there");
            let rises = self.may_stand(walk, &step, before);
            let fits = rises || self.may_stand(walk, first, before);
            Some((before, if rises { before } else { at }, fits.then(|| self.joined(first, &step))??))
        });
        let (place, step) = match found {
            Some((before, place, joined)) => {
                walk.placed[before] = None;
                walk.open.get_mut(&rows).expect("it was found").retain(|&open| open != before);
                (place, joined)
            }
            None => (at, step),
        };
        walk.open.entry(rows).or_default().push(place);
        self.put(walk, place, step);
    }

    fn put(&self, walk: &mut Walk, place: usize, step: Step) {
        walk.touched.note(self.draft, &step, place);
        walk.placed[place] = Some(step);
    }

    /// Whether a step could stand at `place`, or where what already stands there did: nothing it reads is written later,
    /// and nothing it writes is read or written later.
    fn may_stand(&self, walk: &Walk, step: &Step, place: usize) -> bool {
        let by_then = |last: Option<usize>| last.is_none_or(|last| last <= place);
        let written = |slot: &SlotId| by_then(walk.touched.last_written(self.draft.owner(*slot)));
        let read = |slot: &SlotId| by_then(walk.touched.last_read(self.draft.owner(*slot)));
        step.reads.iter().all(written) && step.writes.iter().all(|slot| written(slot) && read(slot))
    }

    /// Two kernels as one, the second behind the first, if the device runs it and both can still update in place what
    /// they could.
    fn joined(&self, first: &Step, second: &Step) -> Option<Step> {
        let owner = |slot: &SlotId| self.draft.owner(*slot);
        let named = |slot: &SlotId| first.reads.iter().chain(&first.writes).any(|o| owner(o) == owner(slot));
        let mut slots: Vec<SlotId> =
            [&first.reads[..], &first.writes, &second.reads, &second.writes].concat();
        slots.sort_unstable();
        slots.dedup();
        if slots.len() > MOST_SLOTS || second.writes.iter().any(named) {
            return None;
        }
        let (a, b) = alike(kernel(first)?, kernel(second)?)?;
        let mut joint = Joint {
            slots: first.reads[..a.inputs.len()].to_vec(),
            known: a.stages[0].nodes.iter().cloned().zip((0..).map(NodeId)).collect(),
            kernel: a,
        };
        joint.add(&b, second, &|slot| {
            first.writes.iter().position(|written| owner(written) == owner(&slot))
        })?;
        let Joint { kernel: joint, slots: mut reads, .. } = joint;
        let joint = axes::collapse(&axes::refine(&joint));
        if joint.stages[0].nodes.len() > MOST_NODES || !self.keeps_updates(&joint, &reads, first, second) {
            return None;
        }
        reads.extend(&first.reads[kernel(first)?.inputs.len()..]);
        reads.extend(&second.reads[b.inputs.len()..]);
        let step = Step {
            op: StepOp::Kernel(Arc::new(joint)),
            reads: reads.into(),
            writes: first.writes.iter().chain(&second.writes).copied().collect(),
            origin: first.origin.clone(),
        };
        place::supported(&step, &self.types, self.target).is_ok().then_some(step)
    }

    /// Whether arrays that both kernels read, and one might update in place, are read in one way.
    fn keeps_updates(&self, joint: &Kernel, slots: &[SlotId], first: &Step, second: &Step) -> bool {
        let size = |slot: &SlotId| self.types[slot.index()].byte_len();
        let updated = |slot: &&SlotId| {
            let replaced = match self.draft.buffers[self.draft.owner(**slot).index()].home {
                Home::Temporary => true,
                Home::Param(param) => self.draft.results.iter().any(|result| result.2 == Some(param)),
                Home::Constant(_) | Home::Result(_) => false,
            };
            let both = first.reads.contains(slot) && second.reads.contains(slot);
            replaced
                && both
                && first.writes.iter().chain(&second.writes).any(|output| size(output) == size(slot))
        };
        slots.iter().filter(updated).all(|slot| {
            let mut accesses = joint.stages[0].nodes.iter().filter_map(|node| match &node.op {
                NodeOp::Load { input, access, .. } if slots[*input] == *slot => Some(access),
                _ => None,
            });
            let one = accesses.next();
            accesses.all(|access| Some(access) == one)
        })
    }
}

fn kernel(step: &Step) -> Option<&Kernel> {
    match &step.op {
        StepOp::Kernel(kernel) => Some(kernel),
        _ => None,
    }
}

/// The number of rows of a small kernel that only maps.
fn small_map(step: &Step) -> Option<i64> {
    let kernel = kernel(step)?;
    let [stage] = &kernel.stages[..] else { return None };
    let maps = stage.inner.is_empty() && stage.reductions.is_empty() && kernel.scratch.is_empty();
    let rows = kernel.rows();
    (maps && (1..=MOST_ROWS).contains(&rows)).then_some(rows)
}

/// Two kernels of as many rows over the same dimensions.
fn alike(a: &Kernel, b: &Kernel) -> Option<(Kernel, Kernel)> {
    match a.parallel == b.parallel {
        true => Some((a.clone(), b.clone())),
        false => Some((axes::flatten(a)?, axes::flatten(b)?)),
    }
}

/// A kernel that takes in others.
struct Joint {
    kernel: Kernel,
    /// Arrays of its inputs.
    slots: Vec<SlotId>,
    /// Its nodes.
    known: HashMap<Node, NodeId>,
}

impl Joint {
    /// Takes in the kernel of a step; `written` tells which output of this kernel an array is. `None` if the other reads
    /// more of such an array than this one has just stored.
    fn add(&mut self, other: &Kernel, step: &Step, written: &dyn Fn(SlotId) -> Option<usize>) -> Option<()> {
        let outputs = self.kernel.outputs.len();
        let stage = &other.stages[0];
        let mut ids: Vec<NodeId> = Vec::with_capacity(stage.nodes.len());
        for node in &stage.nodes {
            let mut node = node.clone();
            node.op.map_operands(|id| ids[id.index()]);
            if let NodeOp::Load { input, access, .. } = &mut node.op {
                let slot = step.reads[*input];
                if let Some(output) = written(slot) {
                    let mut stores = self.kernel.stages[0].stores.iter().filter(|s| s.output == output);
                    let (store, None) = (stores.next()?, stores.next()) else { return None };
                    let same = store.access.is_affine() && store.access == *access;
                    if !same || self.kernel.outputs[output] != node.dtype {
                        return None;
                    }
                    ids.push(store.value);
                    continue;
                }
                *input = self.input(slot, other.inputs[*input]);
            }
            let nodes = &mut self.kernel.stages[0].nodes;
            ids.push(*self.known.entry(node).or_insert_with_key(|node| {
                nodes.push(node.clone());
                NodeId(nodes.len() as u32 - 1)
            }));
        }
        for store in &stage.stores {
            let mut access = store.access.clone();
            access.map_operands(|id| ids[id.index()]);
            let store = Store { output: store.output + outputs, access, value: ids[store.value.index()] };
            self.kernel.stages[0].stores.push(store);
        }
        self.kernel.outputs.extend(&other.outputs);
        Some(())
    }

    /// The input that an array is.
    fn input(&mut self, slot: SlotId, dtype: DType) -> usize {
        let known =
            (0..self.slots.len()).find(|&at| self.slots[at] == slot && self.kernel.inputs[at] == dtype);
        known.unwrap_or_else(|| {
            self.slots.push(slot);
            self.kernel.inputs.push(dtype);
            self.slots.len() - 1
        })
    }
}

/// Drops outputs of kernels that no other step names, and that the kernel itself does not read.
fn drop_unread(draft: &Draft, block: &mut Block, uses: &[u32]) {
    for step in &mut block.steps {
        step.op.blocks_mut().into_iter().for_each(|block| drop_unread(draft, block, uses));
        step.collect_effects();
        let StepOp::Kernel(kernel) = &mut step.op else { continue };
        let is_read = |output: &usize| {
            let array = draft.owner(step.writes[*output]);
            let own = draft.buffers[array.index()].home == Home::Temporary;
            !own || uses[array.index()] > 1 || step.reads.iter().any(|&slot| draft.owner(slot) == array)
        };
        let kept: Vec<usize> = (0..step.writes.len()).filter(is_read).collect();
        if kept.len() == step.writes.len() {
            continue;
        }
        let kernel = Arc::make_mut(kernel);
        for stage in &mut kernel.stages {
            stage.stores.retain_mut(|store| {
                let place = kept.iter().position(|&output| output == store.output);
                store.output = place.unwrap_or_default();
                place.is_some()
            });
        }
        kernel.outputs = kept.iter().map(|&output| kernel.outputs[output]).collect();
        step.writes = kept.iter().map(|&output| step.writes[output]).collect();
    }
}
