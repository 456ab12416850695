//! What an engine offers the runtime.

use std::ops::Range;
use std::sync::Arc;

use thiserror::Error;

use crate::{Plan, SlotId};

/// Called once when work in flight is done or has failed, on any thread.
pub type OnDone = Box<dyn FnOnce(Result<(), EngineError>) + Send>;

/// Called once with the bytes that a download brought, or with why there are none, on any thread.
pub type OnBytes = Box<dyn FnOnce(Result<&[u8], EngineError>) + Send>;

/// Runs plans on one kind of device.
pub trait Engine: Send + Sync {
    /// Prepares the steps of a plan once: resolves routines, builds pipelines, places constants. An engine prepares
    /// the steps of its own [`Space`](crate::Space) only.
    fn prepare(&self, plan: Arc<Plan>) -> Result<Arc<dyn Prepared>, EngineError>;

    /// Worker threads the engine uses.
    fn threads(&self) -> usize;

    /// The memory of its slots, where that is not the host's: then the engine runs steps of
    /// [`Space::Device`](crate::Space), else those of [`Space::Host`](crate::Space).
    fn memory(&self) -> Option<&dyn DeviceMemory> {
        None
    }
}

/// A plan made ready for an engine. Runs may happen at the same time on different slot tables.
pub trait Prepared: Send + Sync {
    /// Runs the steps of `plan.body.steps[segment]` in order.
    ///
    /// The steps are all of the engine's space ([`Plan::step_space`](crate::Plan::step_space)).
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
    /// Still running; the token tells when it is done. Nothing that it writes may be looked at before.
    Pending(Arc<dyn Token>),
    /// Handed to the device, which works in order: what the engine is asked next sees the results, the host does
    /// not before the token is done.
    Queued(Arc<dyn Token>),
}

/// Work in flight on an engine.
pub trait Token: Send + Sync {
    /// Calls `then` once when the work is done or has failed, perhaps at once, on any thread.
    fn on_done(&self, then: OnDone);
}

/// Memory of a device that the host cannot address.
///
/// Addresses are opaque: they are never dereferenced, and bytes may be added to one within its allocation. The
/// device works in order, so memory may be freed and reused while work that touches it is still queued.
pub trait DeviceMemory: Send + Sync {
    /// Memory for this many bytes (at least 1), aligned to 64.
    fn allocate(&self, bytes: usize) -> Result<*mut u8, EngineError>;

    /// Gives back what [`allocate`](Self::allocate) gave for this size; later work does not use it.
    fn free(&self, address: *mut u8, bytes: usize);

    /// Copies from the host to an allocation, in the order of the device's work. The source has been read when this
    /// returns.
    fn upload(&self, source: &[u8], target: *mut u8) -> Result<(), EngineError>;

    /// Copies the start of an allocation to the host, in the order of the device's work, and hands the bytes over when
    /// they are there.
    fn download(&self, source: *mut u8, bytes: usize, then: OnBytes);

    /// Copies from one allocation to another, in the order of the device's work.
    fn copy(&self, source: *mut u8, target: *mut u8, bytes: usize) -> Result<(), EngineError>;

    /// Whether the device has memory of its own, besides the host's, of unknown size.
    fn is_separate(&self) -> bool;
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
