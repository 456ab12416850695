//! The device: its engines, its memory, its queue, its threads.

use std::sync::{Arc, OnceLock};

use host::Callbacks;
use plan::Space;

use crate::background::Background;
use crate::engine::{Choice, Engines};
use crate::error::Result;
use crate::fork::Generation;
use crate::pool::{Block, Pool};
use crate::queue::Queue;

/// A device of a client. Buffers hold it, so its memory outlives the client if need be.
pub struct Device {
    choice: Choice,
    callbacks: Option<Callbacks>,
    kind: String,
    /// Started with the first program or, on a GPU, the first array.
    engines: OnceLock<Result<Started>>,
    host_pool: Arc<Pool>,
    queue: Arc<Queue>,
    background: Background,
    made_in: Generation,
    memory_limit: u64,
}

/// What a device has once it is used.
struct Started {
    engines: Engines,
    device_pool: Option<Arc<Pool>>,
}

impl Device {
    /// A device that may use `memory_limit` bytes. Starts no thread.
    pub(crate) fn new(choice: Choice, memory_limit: u64, callbacks: Option<Callbacks>) -> Arc<Device> {
        Arc::new(Device {
            kind: choice.kind(),
            choice,
            callbacks,
            engines: OnceLock::new(),
            host_pool: Pool::new(memory_limit),
            queue: Queue::new(memory_limit / 4),
            background: Background::new(),
            made_in: Generation::current(),
            memory_limit,
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

    /// Whether arrays are in memory of the host.
    pub fn is_host(&self) -> bool {
        self.space() == Space::Host
    }

    /// The memory that arrays are put into.
    pub(crate) fn space(&self) -> Space {
        self.choice.space()
    }

    /// The engines.
    pub(crate) fn engines(&self) -> Result<&Engines> {
        Ok(&self.started()?.engines)
    }

    fn started(&self) -> Result<&Started> {
        self.made_in.check()?;
        let start = || {
            let engines = self.choice.start(self.callbacks)?;
            let device_pool = engines.device.clone().map(|engine| {
                let separate = engine.memory().is_some_and(|memory| memory.is_separate());
                Pool::on_device(if separate { u64::MAX } else { self.memory_limit }, engine)
            });
            Ok(Started { engines, device_pool })
        };
        self.engines.get_or_init(start).as_ref().map_err(Clone::clone)
    }

    /// The memory of a space.
    pub(crate) fn pool(&self, space: Space) -> Result<&Arc<Pool>> {
        match space {
            Space::Host => Ok(&self.host_pool),
            Space::Device => {
                let pool = self.started()?.device_pool.as_ref();
                pool.ok_or_else(|| crate::Error::Internal("the host has no memory of a device".into()))
            }
        }
    }

    /// Figures of the memory that arrays are put into.
    pub fn memory_stats(&self) -> crate::MemoryStats {
        self.pool(self.space()).map_or_else(|_| self.host_pool.stats(), |pool| pool.stats())
    }

    /// A copy of the first `len` bytes of a block, in the same space; in the order of the device's work.
    pub(crate) fn duplicate(&self, source: &Block, len: usize, space: Space) -> Result<Block> {
        let block = self.pool(space)?.allocate(len)?;
        match space {
            Space::Host => block.copy_from(source, len),
            Space::Device => {
                let memory = self.engines()?.memory()?;
                memory.copy(source.as_ptr(), block.as_ptr(), len).map_err(crate::Error::from_device)?;
            }
        }
        Ok(block)
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
