//! The contents of an array: memory that will hold its elements, and the event that says when.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use plan::Space;

use crate::event::Event;
use crate::pool::Block;

/// What buffers, runs and external readers of one array share, by `Arc`. The memory appears when the run that
/// produces the array starts, and is never written again once the event is ready, except by a run that is
/// the last owner. An array may be in both memories: where it was made, and where it was needed later.
pub struct Contents {
    blocks: [OnceLock<Block>; 2],
    ready: Event,
    /// All work that makes the array has been handed to the device, which works in order: its later work may read the
    /// array before it is ready.
    queued: AtomicBool,
}

impl Contents {
    /// Contents that are there.
    pub fn filled(space: Space, block: Block) -> Contents {
        let contents = Contents::promised(Event::ready());
        contents.set_block(space, block);
        contents
    }

    /// Contents that a run will produce, and then complete the event.
    pub fn promised(ready: Event) -> Contents {
        Contents { blocks: Default::default(), ready, queued: AtomicBool::new(false) }
    }

    /// Ready when the elements can be read; failed when they never will.
    pub fn ready(&self) -> &Event {
        &self.ready
    }

    /// Whether work of the device that is handed in from now on sees the elements in the device's memory.
    pub fn is_queued(&self) -> bool {
        self.queued.load(Ordering::Acquire) && self.block(Space::Device).is_some()
    }

    /// Says that all work that makes the array has been handed to the device.
    pub fn set_queued(&self) {
        self.queued.store(true, Ordering::Release);
    }

    /// The memory in a space, once it is there. Its elements are readable once [`ready`](Self::ready) is.
    pub fn block(&self, space: Space) -> Option<&Block> {
        self.blocks[space as usize].get()
    }

    /// The memory in any space.
    pub fn any_block(&self) -> Option<&Block> {
        self.blocks.iter().find_map(OnceLock::get)
    }

    /// Gives the memory in which the elements lie, or will lie. Of two that give it the first wins: both hold the same.
    pub fn set_block(&self, space: Space, block: Block) {
        let _ = self.blocks[space as usize].set(block);
    }

    /// The memory in a space, given up by the last owner.
    pub fn into_block(self, space: Space) -> Option<Block> {
        let [host, device] = self.blocks;
        match space {
            Space::Host => host.into_inner(),
            Space::Device => device.into_inner(),
        }
    }
}
