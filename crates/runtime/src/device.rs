//! The device: its memory, its queue, its threads.

use std::sync::Arc;

use crate::background::Background;
use crate::fork::Generation;
use crate::pool::Pool;
use crate::queue::Queue;

/// A device of a client. Buffers hold it, so its memory outlives the client if need be.
pub struct Device {
    kind: String,
    pool: Arc<Pool>,
    queue: Arc<Queue>,
    background: Background,
    made_in: Generation,
}

impl Device {
    /// A device that may use `memory_limit` bytes. Starts no thread.
    pub(crate) fn new(kind: String, memory_limit: u64) -> Arc<Device> {
        Arc::new(Device {
            kind,
            pool: Pool::new(memory_limit),
            queue: Queue::new(memory_limit / 4),
            background: Background::new(),
            made_in: Generation::current(),
        })
    }

    /// Number of the device among those of the platform.
    pub fn id(&self) -> i32 {
        0
    }

    /// What the device is, for people: `host (x86-64, AVX2, 8 threads)`.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The memory.
    pub fn pool(&self) -> &Arc<Pool> {
        &self.pool
    }

    /// The runs.
    pub(crate) fn queue(&self) -> &Arc<Queue> {
        &self.queue
    }

    /// The thread for copies.
    pub(crate) fn background(&self) -> &Background {
        &self.background
    }

    /// The process that the device was made in.
    pub fn made_in(&self) -> Generation {
        self.made_in
    }
}
