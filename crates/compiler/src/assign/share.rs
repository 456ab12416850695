//! Makes arrays one where nobody can tell the difference.

use std::collections::{BTreeMap, HashMap};

use plan::{Access, Kernel, NodeOp, Product, SlotId, Step, StepOp};

use super::liveness::{Interval, Lives, Numbered};
use crate::classes::Classes;
use crate::lower::{Draft, Home};

/// Arrays grouped into classes that share memory, and the lives of each class.
pub struct Sharing<'a> {
    draft: &'a Draft,
    classes: Classes,
    /// Live intervals of the class that a representative stands for, by start.
    lives: Vec<BTreeMap<(u32, u32), Interval>>,
    /// What the class is besides temporary.
    homes: Vec<Home>,
    /// Number of steps that write the class.
    writers: Vec<u32>,
    steps: HashMap<u32, &'a Step>,
}

/// Why two arrays would be one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Why {
    /// One is a copy of the other; the copy goes away.
    Copy,
    /// A step reads one for the last time and writes the other.
    InPlace,
}

/// Groups the arrays of a draft.
pub fn share<'a>(draft: &'a Draft, lives: Lives<'a>) -> Sharing<'a> {
    let steps = lives.steps;
    let by_start = |list: Vec<Interval>| list.into_iter().map(|i| ((i.start, i.buffer), i)).collect();
    let mut classes = Classes::new(draft.buffers.len());
    for (number, buffer) in draft.buffers.iter().enumerate() {
        if let Some(owner) = buffer.view_of {
            classes.join(number, owner.index());
        }
    }
    let mut sharing = Sharing {
        draft,
        classes,
        lives: lives.intervals.into_iter().map(by_start).collect(),
        homes: draft.buffers.iter().map(|buffer| buffer.home).collect(),
        writers: lives.writers,
        steps: steps.iter().map(|numbered| (numbered.at, numbered.step)).collect(),
    };
    // Copies in inner loops run most often; large ones cost most.
    let mut copies: Vec<&Numbered<'_>> = steps.iter().filter(|n| n.step.op == StepOp::Copy).collect();
    let bytes = |n: &&Numbered<'_>| draft.buffers[n.step.reads[0].index()].ty.byte_len();
    copies.sort_by_key(|n| (std::cmp::Reverse((n.depth, bytes(n))), n.at));
    for copy in copies {
        sharing.merge(copy.step.reads[0], copy.step.writes[0], Why::Copy);
    }
    for &(_, result, alias) in &draft.results {
        if let Some(param) = alias {
            sharing.merge(draft.params[param].slot, result, Why::InPlace);
        }
    }
    for numbered in &steps {
        if let StepOp::Kernel(_) | StepOp::Fused(_) = numbered.step.op {
            for &output in &numbered.step.writes {
                for &input in &numbered.step.reads {
                    if sharing.merge(input, output, Why::InPlace) {
                        break;
                    }
                }
            }
        }
    }
    sharing
}

impl Sharing<'_> {
    /// The representative of an array's class.
    pub fn find(&mut self, buffer: usize) -> usize {
        self.classes.find(buffer)
    }

    /// What an array's class is besides temporary.
    pub fn home(&mut self, buffer: usize) -> Home {
        let class = self.find(buffer);
        self.homes[class]
    }

    /// Classes of the arrays that live at all, each in ascending order, by their first array.
    pub fn classes(&mut self) -> Vec<Vec<usize>> {
        let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        let mut first: HashMap<usize, usize> = HashMap::new();
        for buffer in 0..self.classes.count() {
            let class = self.find(buffer);
            let key = *first.entry(class).or_insert(buffer);
            members.entry(key).or_default().push(buffer);
        }
        members.into_values().filter(|class| self.is_used(class)).collect()
    }

    fn is_used(&mut self, class: &[usize]) -> bool {
        let draft = self.draft;
        let root = self.find(class[0]);
        !self.lives[root].is_empty() || class.iter().any(|&b| matches!(draft.buffers[b].home, Home::Param(_)))
    }

    /// First and last step at which a class is alive.
    pub fn hull(&mut self, buffer: usize) -> (u32, u32) {
        let root = self.find(buffer);
        let lives = &self.lives[root];
        let start = lives.values().map(|i| i.start).min().unwrap_or(0);
        let end = lives.values().map(|i| i.end).max().unwrap_or(0);
        (start, end)
    }

    /// Makes the classes of two arrays one if their homes and lives allow; tells whether they are one.
    fn merge(&mut self, a: SlotId, b: SlotId, why: Why) -> bool {
        let (a, b) = (self.find(a.index()), self.find(b.index()));
        if a == b {
            return true;
        }
        let size = |buffer: usize| self.draft.buffers[buffer].ty.byte_len();
        let space = |buffer: usize| self.draft.buffers[buffer].space;
        if size(a) != size(b) || space(a) != space(b) || !self.homes_agree(a, b, why) {
            return false;
        }
        let (small, large) = if self.lives[a].len() < self.lives[b].len() { (a, b) } else { (b, a) };
        if self.lives[small].values().any(|interval| self.conflicts(*interval, large)) {
            return false;
        }
        let moved = std::mem::take(&mut self.lives[small]);
        self.lives[large].extend(moved);
        self.writers[large] += self.writers[small];
        self.homes[large] = match (self.homes[small], self.homes[large]) {
            (Home::Temporary, home) | (home, Home::Temporary) => home,
            // An argument and the result that takes its buffer.
            (result @ Home::Result(_), _) | (_, result) => result,
        };
        self.classes.join(small, large);
        true
    }

    /// Whether the memory of two classes may be one. Arguments that are not donated, and constants, are
    /// never written; a result is never somebody else's memory but its donated argument's.
    fn homes_agree(&self, a: usize, b: usize, why: Why) -> bool {
        let (first, second) = match (self.homes[a], self.homes[b]) {
            (Home::Temporary, other) | (other, Home::Temporary) => (other, Home::Temporary),
            pair => pair,
        };
        match (first, second) {
            (Home::Temporary | Home::Result(_), Home::Temporary) => true,
            // A pure alias: the other side is written by nothing but the copy that goes away. A constant keeps
            // its type, which engines check, so a bitcast of one is a copy.
            (Home::Param(_) | Home::Constant(_), Home::Temporary) => {
                let temporary = if self.homes[a] == Home::Temporary { a } else { b };
                let ty = |buffer: usize| &self.draft.buffers[buffer].ty;
                if matches!(first, Home::Constant(_)) && ty(a) != ty(b) {
                    return false;
                }
                why == Why::Copy && self.writers[temporary] <= 1 && self.lives[temporary].len() == 1
            }
            (Home::Param(param), Home::Result(result)) | (Home::Result(result), Home::Param(param)) => {
                self.draft.results[result].2 == Some(param)
            }
            _ => false,
        }
    }

    /// Whether a life of one class meets a life of another in a way that would be noticed.
    fn conflicts(&self, interval: Interval, other: usize) -> bool {
        let lives = &self.lives[other];
        let before = lives.range(..(interval.start, 0)).next_back().map(|(_, i)| *i);
        let during = lives.range((interval.start, 0)..=(interval.end, u32::MAX)).map(|(_, i)| *i);
        before.into_iter().chain(during).any(|found| self.meet(interval, found))
    }

    fn meet(&self, a: Interval, b: Interval) -> bool {
        let (first, second) = if (a.start, a.end) <= (b.start, b.end) { (a, b) } else { (b, a) };
        if first.end < second.start {
            return false;
        }
        // One ends where the other begins: fine if that step can work in place.
        let touches = first.end == second.start && first.start < second.start;
        !(touches && self.in_place(second.start, first.buffer, second.buffer))
    }

    fn in_place(&self, at: u32, input: u32, output: u32) -> bool {
        let Some(step) = self.steps.get(&at) else { return false };
        match &step.op {
            StepOp::Copy => self.draft.owner(step.reads[0]).0 == input && step.writes[0].0 == output,
            StepOp::Kernel(kernel) => {
                self.kernel_in_place(kernel, &step.reads, 0, &step.writes, input, output)
            }
            StepOp::Fused(fused) => {
                let (operands, others) = step.reads.split_at(Product::OPERANDS);
                operands.iter().all(|&slot| self.draft.owner(slot).0 != input)
                    && self.kernel_in_place(&fused.epilogue, others, 1, &step.writes, input, output)
            }
            _ => false,
        }
    }

    /// Whether a kernel may write an array where another was. `reads` are its inputs from number `first`.
    fn kernel_in_place(
        &self,
        kernel: &Kernel,
        reads: &[SlotId],
        first: usize,
        writes: &[SlotId],
        input: u32,
        output: u32,
    ) -> bool {
        let inputs: Vec<usize> =
            (first..kernel.inputs.len()).filter(|&i| self.draft.owner(reads[i - first]).0 == input).collect();
        let output = writes.iter().position(|slot| slot.0 == output);
        !inputs.is_empty() && output.is_some_and(|output| reads_what_it_writes(kernel, &inputs, output))
    }
}

/// Whether a kernel reads from inputs only the elements that it then writes to an output at the same index.
fn reads_what_it_writes(kernel: &Kernel, inputs: &[usize], output: usize) -> bool {
    let mut stores = Vec::new();
    for (at, stage) in kernel.stages.iter().enumerate() {
        let found = stage.stores.iter().filter(|store| store.output == output);
        stores.extend(found.map(|store| (at, &stage.inner, &store.access)));
    }
    let [(stored_in, inner, to)] = stores[..] else { return false };
    let size_matches = inputs.iter().all(|&i| kernel.inputs[i].size() == kernel.outputs[output].size());
    let same = |at: usize, stage_inner: &tensor::Dims, access: &Access| {
        at <= stored_in && stage_inner == inner && access.is_affine() && access == to
    };
    size_matches
        && to.is_affine()
        && kernel.stages.iter().enumerate().all(|(at, stage)| {
            stage.nodes.iter().all(|node| match &node.op {
                NodeOp::Load { input, access, .. } if inputs.contains(input) => {
                    same(at, &stage.inner, access)
                }
                _ => true,
            })
        })
}
