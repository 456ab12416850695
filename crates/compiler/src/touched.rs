//! Where the arrays of a block were read, and written, last.

use std::collections::HashMap;

use plan::{SlotId, Step};

use crate::lower::Draft;

/// Places at which arrays were read, and written, last; arrays are named by owner.
#[derive(Default)]
pub struct Touched {
    read: HashMap<SlotId, usize>,
    written: HashMap<SlotId, usize>,
}

impl Touched {
    /// Notes what a step at a place reads and writes.
    pub fn note(&mut self, draft: &Draft, step: &Step, place: usize) {
        for (slots, known) in [(&step.reads[..], &mut self.read), (&step.writes[..], &mut self.written)] {
            for &slot in slots {
                let latest = known.entry(draft.owner(slot)).or_default();
                *latest = place.max(*latest);
            }
        }
    }

    /// Where an array was read last.
    pub fn last_read(&self, owner: SlotId) -> Option<usize> {
        self.read.get(&owner).copied()
    }

    /// Where an array was written last.
    pub fn last_written(&self, owner: SlotId) -> Option<usize> {
        self.written.get(&owner).copied()
    }
}
