//! The contents of an array: memory that will hold its elements, and the event that says when.

use std::sync::OnceLock;

use crate::event::Event;
use crate::pool::Block;

/// What buffers, runs and external readers of one array share, by `Arc`. The memory appears when the run that
/// produces the array starts, and is never written again once the event is ready, except by a run that is
/// the last owner.
pub struct Contents {
    block: OnceLock<Block>,
    ready: Event,
}

impl Contents {
    /// Contents that are there.
    pub fn filled(block: Block) -> Contents {
        Contents { block: block.into(), ready: Event::ready() }
    }

    /// Contents that a run will produce, and then complete the event.
    pub fn promised(ready: Event) -> Contents {
        Contents { block: OnceLock::new(), ready }
    }

    /// Ready when the elements can be read; failed when they never will.
    pub fn ready(&self) -> &Event {
        &self.ready
    }

    /// The memory, once it is there. Its elements are readable once [`ready`](Self::ready) is.
    pub fn block(&self) -> Option<&Block> {
        self.block.get()
    }

    /// Gives the memory in which the promised elements will lie.
    pub fn set_block(&self, block: Block) {
        let given_before = self.block.set(block).is_err();
        debug_assert!(!given_before, "contents get their memory once");
    }

    /// The memory, given up by the last owner.
    pub fn into_block(self) -> Option<Block> {
        self.block.into_inner()
    }
}
