//! When each array holds a value that is still needed.
//!
//! Steps are numbered in the order they stand, nested blocks included. A live interval runs from a write
//! to the last read of what it wrote. Loops are straightened out: a value that one iteration leaves to the
//! next is read at the loop's end, what it may be left with is read at its test, and what a loop only reads is read
//! until its end.

use plan::{Block, SlotId, Step, StepOp};

use crate::lower::{Draft, Home};

/// An interval of step numbers, both ends included, in which an array's value is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Interval {
    /// The step that writes the value.
    pub start: u32,
    /// The last step that reads it; the start if none does.
    pub end: u32,
    /// The array.
    pub buffer: u32,
}

/// A step and its number.
#[derive(Clone, Copy, Debug)]
pub struct Numbered<'a> {
    /// Its number.
    pub at: u32,
    /// How many loops it is in.
    pub depth: u32,
    /// The step; never control flow.
    pub step: &'a Step,
}

/// The lives of a draft's arrays, and the numbering they refer to.
pub struct Lives<'a> {
    /// Live intervals of each array, in order.
    pub intervals: Vec<Vec<Interval>>,
    /// Every step that is not control flow.
    pub steps: Vec<Numbered<'a>>,
    /// Number of steps that write each array.
    pub writers: Vec<u32>,
}

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Access {
    Read,
    Write,
}

struct Walk<'a> {
    draft: &'a Draft,
    next: u32,
    accesses: Vec<Vec<(u32, Access)>>,
    steps: Vec<Numbered<'a>>,
    writers: Vec<u32>,
    depth: u32,
}

/// Computes the lives of a draft's arrays.
pub fn lives(draft: &Draft) -> Lives<'_> {
    let count = draft.buffers.len();
    let mut walk = Walk {
        draft,
        next: 1,
        accesses: vec![Vec::new(); count],
        steps: Vec::new(),
        writers: vec![0; count],
        depth: 0,
    };
    for (buffer, accesses) in draft.buffers.iter().zip(&mut walk.accesses) {
        if matches!(buffer.home, Home::Param(_) | Home::Constant(_)) {
            accesses.push((0, Access::Write));
        }
    }
    walk.block(&draft.body);
    let end = walk.next;
    for (buffer, accesses) in draft.buffers.iter().zip(&mut walk.accesses) {
        if matches!(buffer.home, Home::Result(_)) {
            accesses.push((end, Access::Read));
        }
    }
    let intervals = walk.accesses.iter().enumerate().map(|(b, list)| intervals(b as u32, list)).collect();
    Lives { intervals, steps: walk.steps, writers: walk.writers }
}

impl<'a> Walk<'a> {
    fn number(&mut self) -> u32 {
        self.next += 1;
        self.next - 1
    }

    /// The accesses of the array that owns a slot's memory.
    fn accesses(&mut self, slot: SlotId) -> &mut Vec<(u32, Access)> {
        let owner = self.draft.owner(slot);
        &mut self.accesses[owner.index()]
    }

    fn read(&mut self, slot: SlotId, at: u32) {
        self.accesses(slot).push((at, Access::Read));
    }

    fn block(&mut self, block: &'a Block) {
        for step in &block.steps {
            match &step.op {
                StepOp::While { condition, predicate, body, .. } => {
                    let start = self.number();
                    self.depth += 1;
                    self.block(condition);
                    let test = self.number();
                    self.read(*predicate, test);
                    self.block(body);
                    self.depth -= 1;
                    let end = self.number();
                    self.close_loop(step, [start, test, end]);
                }
                StepOp::Case { index, branches } => {
                    let at = self.number();
                    self.read(*index, at);
                    for branch in branches {
                        let start = self.number();
                        self.block(branch);
                        let end = self.number();
                        // What a branch writes may be read after the case.
                        for &slot in &step.writes {
                            let accesses = self.accesses(slot);
                            if accesses.iter().any(|&(at, a)| at > start && a == Access::Write) {
                                accesses.push((end, Access::Read));
                            }
                        }
                    }
                }
                _ => {
                    let at = self.number();
                    for &slot in &step.reads {
                        self.read(slot, at);
                    }
                    for &slot in &step.writes {
                        self.writers[slot.index()] += 1;
                        // An update in place goes on with the value that is there.
                        if !step.reads.contains(&slot) {
                            self.accesses(slot).push((at, Access::Write));
                        }
                    }
                    self.steps.push(Numbered { at, depth: self.depth, step });
                }
            }
        }
    }

    /// Marks values that live through a loop: those it reads before it writes them, if it writes them at all. The loop
    /// is left after its test, so what the body replaces is needed until there.
    fn close_loop(&mut self, step: &Step, [start, test, end]: [u32; 3]) {
        for &slot in step.reads.iter().chain(&step.writes) {
            let accesses = self.accesses(slot);
            let inside = accesses.partition_point(|&(at, _)| at <= start);
            let replaced =
                accesses[inside..].iter().any(|&(at, access)| at > test && access == Access::Write);
            if inside > 0 && replaced {
                let body = accesses.partition_point(|&(at, _)| at <= test);
                if accesses[body - 1] != (test, Access::Read) {
                    accesses.insert(body, (test, Access::Read));
                }
            }
            let first = accesses.get(inside);
            if matches!(first, Some((_, Access::Read))) && accesses.last() != Some(&(end, Access::Read)) {
                accesses.push((end, Access::Read));
            }
        }
    }
}

fn intervals(buffer: u32, accesses: &[(u32, Access)]) -> Vec<Interval> {
    let mut out: Vec<Interval> = Vec::new();
    for &(at, access) in accesses {
        match (access, out.last_mut()) {
            (Access::Read, Some(last)) => last.end = last.end.max(at),
            // Read before any write: an array that is never filled; its life is the read.
            (Access::Read, None) | (Access::Write, _) => out.push(Interval { start: at, end: at, buffer }),
        }
    }
    out
}
