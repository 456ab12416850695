//! Lets products store what the kernel after them makes of their results.
//!
//! ```text
//! t0 <- dot(p0, p1)           ->  r0 <- fused_dot(p0, p1, p2)
//! r0 <- kernel(t0, p2)
//! ```
//!
//! This happens where the kernel maps the result element by element and in its order ([`plan::is_epilogue`]), nothing
//! else reads the result, and the device takes the fused step. The step stands where the product stood if what the
//! kernel reads is there already, else where the kernel stood.

use std::sync::Arc;

use plan::{Block, Fused, Kernel, NodeOp, Product, SlotId, Step, StepOp, is_epilogue};
use tensor::TensorType;

use crate::lower::{Draft, Home};
use crate::{DeviceTarget, place};

/// Fuses the products of a draft with the kernels that follow them, where a device takes that.
pub fn fuse(mut draft: Draft, target: &DeviceTarget) -> Draft {
    let mut body = std::mem::take(&mut draft.body);
    let mut search = Search { draft: &draft, target, types: Vec::new(), uses: vec![0; draft.buffers.len()] };
    search.types = draft.buffers.iter().map(|buffer| buffer.ty.clone()).collect();
    search.count(&body);
    search.block(&mut body);
    draft.body = body;
    draft
}

struct Search<'a> {
    draft: &'a Draft,
    target: &'a DeviceTarget,
    types: Vec<TensorType>,
    /// How many steps name each array, by owner.
    uses: Vec<u32>,
}

impl Search<'_> {
    fn owner(&self, slot: SlotId) -> usize {
        self.draft.buffers[slot.index()].view_of.unwrap_or(slot).index()
    }

    fn count(&mut self, block: &Block) {
        for step in &block.steps {
            let mut named: Vec<usize> = match &step.op {
                StepOp::While { predicate: slot, .. } | StepOp::Case { index: slot, .. } => {
                    vec![self.owner(*slot)]
                }
                _ => step.reads.iter().chain(&step.writes).map(|&slot| self.owner(slot)).collect(),
            };
            named.sort_unstable();
            named.dedup();
            named.into_iter().for_each(|owner| self.uses[owner] += 1);
            match &step.op {
                StepOp::While { condition, body, .. } => {
                    self.count(condition);
                    self.count(body);
                }
                StepOp::Case { branches, .. } => branches.iter().for_each(|branch| self.count(branch)),
                _ => {}
            }
        }
    }

    fn block(&self, block: &mut Block) {
        for step in &mut block.steps {
            match &mut step.op {
                StepOp::While { condition, body, .. } => {
                    self.block(condition);
                    self.block(body);
                }
                StepOp::Case { branches, .. } => branches.iter_mut().for_each(|branch| self.block(branch)),
                _ => {}
            }
            step.collect_effects();
        }
        // Where the step that writes an array is, of those that a kernel may be fused with.
        let mut products: Vec<Option<usize>> = vec![None; self.uses.len()];
        let mut steps: Vec<Option<Step>> = std::mem::take(&mut block.steps).into_iter().map(Some).collect();
        for at in 0..steps.len() {
            let step = steps[at].as_ref().expect("steps behind are not fused yet");
            if Product::of(&step.op).is_some() {
                let owner = self.owner(step.writes[0]);
                let own = self.draft.buffers[owner].home == Home::Temporary;
                products[owner] = (own && self.uses[owner] == 2).then_some(at);
            }
            let StepOp::Kernel(kernel) = &step.op else { continue };
            let product = step.reads.iter().filter_map(|&slot| products[self.owner(slot)]).max();
            let Some(first) = product else { continue };
            if let Some((place, fused)) = self.fused(&steps, first, at, kernel) {
                (steps[first], steps[at]) = (None, None);
                steps[place] = Some(fused);
            }
        }
        block.steps = steps.into_iter().flatten().collect();
    }

    /// The step that does what a product and a kernel do, and where it may stand.
    fn fused(
        &self,
        steps: &[Option<Step>],
        first: usize,
        second: usize,
        kernel: &Kernel,
    ) -> Option<(usize, Step)> {
        let (before, after) = (steps[first].as_ref()?, steps[second].as_ref()?);
        let result = self.owner(before.writes[0]);
        let is_result = |slot: SlotId| self.owner(slot) == result;
        let dtype = |slot: SlotId| self.types[slot.index()].dtype;
        let inputs = &after.reads[..kernel.inputs.len()];
        let whole = after.reads.len() == inputs.len()
            && self.types[before.writes[0].index()].len() as i64 == kernel.rows()
            && inputs.iter().all(|&slot| !is_result(slot) || dtype(slot) == dtype(before.writes[0]));
        let epilogue = whole.then(|| result_first(kernel, |input| is_result(inputs[input])))?;
        if !is_epilogue(&epilogue) {
            return None;
        }
        let others = inputs.iter().copied().filter(|&slot| !is_result(slot));
        let step = Step {
            op: StepOp::Fused(Fused { product: Product::of(&before.op)?, epilogue: Arc::new(epilogue) }),
            reads: before.reads.iter().copied().chain(others.clone()).collect(),
            writes: after.writes.clone(),
            origin: before.origin.clone(),
        };
        let between = || steps[first + 1..second].iter().flatten();
        let touches = |slots: &[SlotId], of: &[usize]| slots.iter().any(|&s| of.contains(&self.owner(s)));
        let owners =
            |slots: &mut dyn Iterator<Item = SlotId>| slots.map(|s| self.owner(s)).collect::<Vec<_>>();
        let written = owners(&mut after.writes.iter().copied());
        let (operands, others) = (owners(&mut before.reads.iter().copied()), owners(&mut others.clone()));
        let early = between().all(|step| {
            !touches(&step.writes, &others)
                && !touches(&step.writes, &written)
                && !touches(&step.reads, &written)
        });
        let late = || between().all(|step| !touches(&step.writes, &operands));
        let place = if early { first } else { late().then_some(second)? };
        let apart = !touches(&step.reads, &written);
        (apart && place::supported(&step, &self.types, self.target).is_ok()).then_some((place, step))
    }
}

/// The kernel with one input, the first, for those that are a product's result.
fn result_first(kernel: &Kernel, is_result: impl Fn(usize) -> bool) -> Kernel {
    let mut kernel = kernel.clone();
    let result = (0..kernel.inputs.len()).find(|&input| is_result(input));
    let others: Vec<usize> = (0..kernel.inputs.len()).filter(|&input| !is_result(input)).collect();
    for node in kernel.stages.iter_mut().flat_map(|stage| &mut stage.nodes) {
        if let NodeOp::Load { input, .. } = &mut node.op {
            *input = others.iter().position(|other| other == input).map_or(0, |at| at + 1);
        }
    }
    kernel.inputs = result.iter().chain(&others).map(|&input| kernel.inputs[input]).collect();
    kernel
}
