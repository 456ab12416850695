//! Memory of a device: blocks from a pool, charged to a budget.
//!
//! Fresh pages cost the kernel more time than most programs need to fill them, so blocks that are given back are
//! kept and reused. **Invariant:** bytes in use plus bytes kept never exceed the limit.

#![allow(unsafe_code)]

use std::alloc::Layout;
use std::collections::BTreeSet;
use std::ptr::NonNull;
use std::sync::{Arc, Mutex};

use plan::{DeviceMemory, Engine, EngineError};

use crate::error::{Error, Result};
use crate::fork::Generation;
use crate::platform;
use crate::sync::lock;

/// Alignment of every block: a cache line, and the widest vector.
pub const ALIGNMENT: usize = 64;

/// From this size on blocks are aligned to, and backed by, huge pages.
const HUGE: usize = 4 << 20;
const HUGE_PAGE: usize = 2 << 20;

/// Up to this size blocks are reused for exactly their own capacity.
const SMALL: usize = 16 << 10;

/// Sizes of large blocks are multiples of this.
pub const LARGEST_STEP: usize = 64 << 10;

/// A block may be this part of the asked size too large when it is reused (1/4).
const SLACK: usize = 4;

/// Figures of a [`Pool`], all in bytes except the count.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct MemoryStats {
    /// In blocks that are in use.
    pub in_use: u64,
    /// The largest value of `in_use` so far.
    pub peak_in_use: u64,
    /// Blocks handed out so far.
    pub allocations: u64,
    /// The largest block so far.
    pub largest_allocation: u64,
    /// What the client may use at most.
    pub limit: u64,
    /// In blocks that are kept for reuse.
    pub idle: u64,
}

/// A source of aligned memory within a limit. The memory is the host's or, with an engine, that of its device.
pub struct Pool {
    state: Mutex<State>,
    engine: Option<Arc<dyn Engine>>,
    made_in: Generation,
}

struct State {
    stats: MemoryStats,
    /// Kept blocks of up to [`SMALL`] bytes, by capacity in units of the alignment: found at once.
    small: Vec<Vec<NonNull<u8>>>,
    /// Larger kept blocks by capacity, then address: the best fit is searched.
    large: BTreeSet<(usize, usize)>,
}

// SAFETY: the state is the only owner of the blocks that it keeps.
unsafe impl Send for State {}

impl Pool {
    /// A pool that hands out `limit` bytes at most.
    pub fn new(limit: u64) -> Arc<Pool> {
        Pool::over(limit, None)
    }

    /// A pool that hands out memory of an engine's device.
    pub fn on_device(limit: u64, engine: Arc<dyn Engine>) -> Arc<Pool> {
        Pool::over(limit, Some(engine))
    }

    fn over(limit: u64, engine: Option<Arc<dyn Engine>>) -> Arc<Pool> {
        let stats = MemoryStats { limit, ..MemoryStats::default() };
        Arc::new(Pool {
            state: Mutex::new(State { stats, small: Vec::new(), large: BTreeSet::new() }),
            engine,
            made_in: Generation::current(),
        })
    }

    /// A block of at least `len` bytes with arbitrary contents, or [`Error::OutOfMemory`].
    pub fn allocate(self: &Arc<Self>, len: usize) -> Result<Block> {
        self.made_in.check()?;
        let wanted = capacity_for(len);
        let mut state = lock(&self.state);
        let (capacity, start) = match state.take_idle(wanted) {
            Some(found) => found,
            None => (wanted, state.fresh(wanted, self.source())?),
        };
        let stats = &mut state.stats;
        stats.in_use += capacity as u64;
        stats.peak_in_use = stats.peak_in_use.max(stats.in_use);
        stats.largest_allocation = stats.largest_allocation.max(capacity as u64);
        stats.allocations += 1;
        Ok(Block { start, capacity, pool: self.clone() })
    }

    /// An error if `len` more bytes would exceed the limit now.
    pub fn check_room(&self, len: u64) -> Result<()> {
        let stats = self.stats();
        if stats.in_use.saturating_add(len) <= stats.limit {
            return Ok(());
        }
        Err(Error::OutOfMemory { requested: len, in_use: stats.in_use, limit: stats.limit })
    }

    /// The figures now.
    pub fn stats(&self) -> MemoryStats {
        lock(&self.state).stats
    }

    fn give_back(&self, start: NonNull<u8>, capacity: usize) {
        if self.made_in.forked() {
            // The lock may be held for ever by a thread that the fork left behind.
            return;
        }
        let mut state = lock(&self.state);
        state.stats.in_use -= capacity as u64;
        if state.stats.idle + capacity as u64 <= state.stats.limit / 4 {
            state.keep(start, capacity);
        } else {
            drop(state);
            release(start, capacity, self.source());
        }
    }

    /// The memory of a device, if it is not the host's.
    fn source(&self) -> Option<&dyn DeviceMemory> {
        self.engine.as_deref().and_then(Engine::memory)
    }
}

impl Drop for Pool {
    fn drop(&mut self) {
        if self.made_in.forked() && self.engine.is_some() {
            return;
        }
        let source = self.engine.as_deref().and_then(Engine::memory);
        // Without a lock: nobody else has the pool any more, in a forked child neither.
        let state = self.state.get_mut().unwrap_or_else(|poisoned| poisoned.into_inner());
        state.evict(u64::MAX, source);
    }
}

impl State {
    fn keep(&mut self, start: NonNull<u8>, capacity: usize) {
        self.stats.idle += capacity as u64;
        if capacity <= SMALL {
            let class = capacity / ALIGNMENT;
            if self.small.len() <= class {
                self.small.resize_with(class + 1, Vec::new);
            }
            self.small[class].push(start);
        } else {
            self.large.insert((capacity, start.as_ptr().expose_provenance()));
        }
    }

    /// Takes the smallest kept block that fits and is not much too large.
    fn take_idle(&mut self, wanted: usize) -> Option<(usize, NonNull<u8>)> {
        let (capacity, start) = if wanted <= SMALL {
            (wanted, self.small.get_mut(wanted / ALIGNMENT)?.pop()?)
        } else {
            let found = *self.large.range((wanted, 0)..).next()?;
            if found.0 > wanted + wanted / SLACK {
                return None;
            }
            self.large.remove(&found);
            (found.0, NonNull::new(std::ptr::with_exposed_provenance_mut(found.1))?)
        };
        self.stats.idle -= capacity as u64;
        Some((capacity, start))
    }

    /// New memory from the system, after giving kept blocks back to it where the limit demands that.
    fn fresh(&mut self, capacity: usize, source: Option<&dyn DeviceMemory>) -> Result<NonNull<u8>> {
        let MemoryStats { in_use, idle, limit, .. } = self.stats;
        let refusal = Error::OutOfMemory { requested: capacity as u64, in_use, limit };
        let needed = in_use.saturating_add(capacity as u64);
        if needed > limit {
            return Err(refusal);
        }
        self.evict(needed.saturating_add(idle).saturating_sub(limit), source);
        if let Some(memory) = source {
            let taken = memory.allocate(capacity).or_else(|_| {
                // What is kept may stand in the way.
                self.evict(u64::MAX, source);
                memory.allocate(capacity)
            });
            let address = taken.map_err(|error| match error {
                EngineError::OutOfMemory { .. } => refusal.clone(),
                error => Error::from_device(error),
            })?;
            return NonNull::new(address).ok_or(refusal);
        }
        let layout = layout(capacity).map_err(|_| refusal.clone())?;
        // SAFETY: the size of the layout is not 0, because capacities are not.
        let start = NonNull::new(unsafe { std::alloc::alloc(layout) }).ok_or(refusal)?;
        if capacity >= HUGE {
            platform::advise_huge_pages(start, capacity);
        }
        Ok(start)
    }

    /// Gives kept blocks back to the system, largest first, until `bytes` are freed or none is left.
    fn evict(&mut self, bytes: u64, source: Option<&dyn DeviceMemory>) {
        let mut freed = 0;
        while freed < bytes
            && let Some((capacity, start)) = self.take_largest()
        {
            freed += capacity as u64;
            self.stats.idle -= capacity as u64;
            release(start, capacity, source);
        }
    }

    fn take_largest(&mut self) -> Option<(usize, NonNull<u8>)> {
        if let Some((capacity, address)) = self.large.pop_last() {
            return Some((capacity, NonNull::new(std::ptr::with_exposed_provenance_mut(address))?));
        }
        let (class, blocks) =
            self.small.iter_mut().enumerate().rev().find(|(_, blocks)| !blocks.is_empty())?;
        Some((class * ALIGNMENT, blocks.pop()?))
    }
}

/// Memory of a [`Pool`], aligned to [`ALIGNMENT`]; dropping it gives it back.
pub struct Block {
    start: NonNull<u8>,
    capacity: usize,
    pool: Arc<Pool>,
}

// SAFETY: a block is the only owner of its memory, and gives out only its address.
unsafe impl Send for Block {}
// SAFETY: as above; who reads and writes through the address sees to the order.
unsafe impl Sync for Block {}

impl Block {
    /// Address of the first byte, opaque if it is of a device, aligned to [`ALIGNMENT`]; valid for [`capacity`](Self::capacity) bytes.
    pub fn as_ptr(&self) -> *mut u8 {
        self.start.as_ptr()
    }

    /// Fills the first `len` bytes from another block; both are of the host.
    ///
    /// # Panics
    ///
    /// If one of the blocks is smaller.
    pub fn copy_from(&self, source: &Block, len: usize) {
        debug_assert!(self.pool.engine.is_none() && source.pool.engine.is_none(), "blocks of the host");
        assert!(len <= self.capacity && len <= source.capacity, "a copy within both blocks");
        // SAFETY: both blocks have that many bytes and, being two owners, do not overlap.
        unsafe { std::ptr::copy_nonoverlapping(source.as_ptr(), self.as_ptr(), len) };
    }

    /// Bytes that the block has.
    pub fn capacity(&self) -> usize {
        self.capacity
    }
}

impl Drop for Block {
    fn drop(&mut self) {
        self.pool.give_back(self.start, self.capacity);
    }
}

/// The capacity of a block for `len` bytes: rounded up by at most a quarter, so that similar sizes share blocks.
fn capacity_for(len: usize) -> usize {
    let len = len.max(ALIGNMENT);
    let step =
        if len >= HUGE { LARGEST_STEP } else { (1 << (len.ilog2() - 2)).clamp(ALIGNMENT, LARGEST_STEP) };
    len.checked_next_multiple_of(step).unwrap_or(len)
}

fn layout(capacity: usize) -> Result<Layout, std::alloc::LayoutError> {
    Layout::from_size_align(capacity, if capacity >= HUGE { HUGE_PAGE } else { ALIGNMENT })
}

fn release(start: NonNull<u8>, capacity: usize, source: Option<&dyn DeviceMemory>) {
    if let Some(memory) = source {
        return memory.free(start.as_ptr(), capacity);
    }
    let layout = layout(capacity).expect("the block was allocated with this layout");
    // SAFETY: allocated in `fresh` with the same layout, and given up by its one owner.
    unsafe { std::alloc::dealloc(start.as_ptr(), layout) };
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_aligned_reused_and_counted() {
        let pool = Pool::new(1 << 30);
        let first = pool.allocate(1000).expect("within the limit");
        let address = first.as_ptr();
        assert_eq!(address.addr() % ALIGNMENT, 0);
        assert!(first.capacity() >= 1000 && first.capacity() <= 1250);
        let capacity = first.capacity() as u64;
        drop(first);
        assert_eq!((pool.stats().in_use, pool.stats().idle), (0, capacity));
        let second = pool.allocate(990).expect("within the limit");
        assert_eq!(second.as_ptr(), address);
        assert_eq!((pool.stats().in_use, pool.stats().idle, pool.stats().allocations), (capacity, 0, 2));
    }

    #[test]
    fn the_limit_refuses_and_says_why() {
        let pool = Pool::new(1 << 20);
        let half = pool.allocate(600 << 10).expect("within the limit");
        let in_use = half.capacity() as u64;
        match pool.allocate(600 << 10) {
            Err(Error::OutOfMemory { requested, in_use: said, limit }) => {
                assert!(requested >= 600 << 10);
                assert_eq!((said, limit), (in_use, 1 << 20));
            }
            _ => panic!("the second block exceeds the limit"),
        }
        assert!(pool.allocate(usize::MAX).is_err() && pool.check_room(u64::MAX).is_err());
        drop(half);
        assert!(pool.allocate(600 << 10).is_ok());
    }

    #[test]
    fn kept_blocks_make_room_for_new_ones() {
        let pool = Pool::new(1 << 20);
        for _ in 0..2 {
            drop(pool.allocate(100 << 10).expect("within the limit"));
            drop(pool.allocate(200 << 10).expect("within the limit"));
        }
        assert!(pool.stats().idle > 0);
        let whole = pool.allocate(1 << 20).expect("kept blocks are given up");
        assert_eq!((whole.capacity(), pool.stats().idle), (1 << 20, 0));
    }

    #[test]
    fn capacities_waste_little() {
        for len in [0, 1, 64, 65, 100, 4096, 5000, 1 << 20, (1 << 20) + 1, 5 << 20, usize::MAX] {
            let capacity = capacity_for(len);
            assert!(capacity >= len && (len < 256 || capacity - len <= len / 4), "{len} -> {capacity}");
        }
    }
}
