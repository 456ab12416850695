//! What an engine offers the runtime.

use std::ops::Range;
use std::sync::Arc;

use thiserror::Error;

use crate::{Plan, SlotId};

/// Runs plans on one kind of device.
pub trait Engine: Send + Sync {
    /// Prepares every step of a plan once: resolves routines, builds pipelines, places constants.
    fn prepare(&self, plan: Arc<Plan>) -> Result<Arc<dyn Prepared>, EngineError>;

    /// Worker threads the engine uses.
    fn threads(&self) -> usize;
}

/// A plan made ready for an engine. Runs may happen at the same time on different slot tables.
pub trait Prepared: Send + Sync {
    /// Runs the steps of `plan.body.steps[segment]` in order.
    ///
    /// The caller guarantees that every slot the segment touches points to enough valid memory, that
    /// written memory is not used by anyone else until completion, and that slots alias only as the plan
    /// says. Entries of slots placed as [`Placement::Constant`](crate::Placement) are the engine's: it sets
    /// them itself, so callers may leave them null.
    fn run(&self, segment: Range<usize>, slots: &mut SlotTable) -> Result<Completion, EngineError>;

    /// The plan.
    fn plan(&self) -> &Arc<Plan>;
}

/// Where a segment of steps stands when `run` returns.
pub enum Completion {
    /// All done.
    Done,
    /// Still running; the token tells when it is done.
    Pending(Arc<dyn Token>),
}

/// Work in flight on an engine.
pub trait Token: Send + Sync {
    /// Calls `then` once when the work is done or has failed, perhaps at once, on any thread.
    fn on_done(&self, then: Box<dyn FnOnce(Result<(), EngineError>) + Send>);
}

/// The memory of each slot during a run. Swap steps exchange entries.
#[derive(Debug)]
pub struct SlotTable {
    slots: Vec<*mut u8>,
}

/// A table is handed from thread to thread with the run that owns it; the memory it names is owned by
/// that run.
impl SlotTable {
    /// A table from one pointer a slot; null for slots the segment does not touch.
    pub fn new(slots: Vec<*mut u8>) -> Self {
        SlotTable { slots }
    }

    /// Start of a slot's memory.
    pub fn get(&self, slot: SlotId) -> *mut u8 {
        self.slots[slot.index()]
    }

    /// Sets the start of a slot's memory.
    pub fn set(&mut self, slot: SlotId, memory: *mut u8) {
        self.slots[slot.index()] = memory;
    }

    /// Exchanges the memory of two slots.
    pub fn swap(&mut self, a: SlotId, b: SlotId) {
        self.slots.swap(a.index(), b.index());
    }
}

/// Why preparing or running failed.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum EngineError {
    /// The engine cannot do this step; the compiler should not have placed it here.
    #[error("{origin}: {reason}")]
    Unsupported {
        /// The step's origin.
        origin: String,
        /// What is missing.
        reason: String,
    },
    /// Memory ran out.
    #[error("{origin}: out of memory: {bytes} bytes were asked for")]
    OutOfMemory {
        /// The step's origin.
        origin: String,
        /// Bytes asked for.
        bytes: usize,
    },
    /// A step failed while running.
    #[error("{origin}: {reason}")]
    Failed {
        /// The step's origin.
        origin: String,
        /// What happened.
        reason: String,
    },
}
