//! What a running step may use besides its arrays: threads and scratch memory.

use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use tensor::AlignedBytes;

use crate::callback::Callbacks;

/// Below this estimate of the work in nanoseconds one thread is faster than two: waking a worker and
/// waiting for it costs 5 to 20 microseconds.
pub(crate) const PARALLEL_WORK_NS: u64 = 20_000;

/// Threads and scratch memory, shared by all runs on an engine.
pub(crate) struct RunContext {
    pool: Option<rayon::ThreadPool>,
    threads: usize,
    free: Mutex<Vec<AlignedBytes>>,
    callbacks: Option<Callbacks>,
}

impl RunContext {
    /// A context with this many threads, the calling one included.
    ///
    /// # Errors
    /// If the threads cannot be started.
    pub(crate) fn new(threads: usize) -> Result<Self, rayon::ThreadPoolBuildError> {
        let threads = threads.max(1);
        let pool = if threads > 1 {
            let builder = rayon::ThreadPoolBuilder::new().num_threads(threads);
            Some(builder.thread_name(|index| format!("jax-metallib-{index}")).build()?)
        } else {
            None
        };
        Ok(RunContext { pool, threads, free: Mutex::new(Vec::new()), callbacks: None })
    }

    /// The same context with functions of the framework.
    pub(crate) fn with_callbacks(self, callbacks: Callbacks) -> Self {
        RunContext { callbacks: Some(callbacks), ..self }
    }

    /// How functions of the framework are called.
    pub(crate) fn callbacks(&self) -> Option<Callbacks> {
        self.callbacks
    }

    /// Threads that work at the same time, the calling one included.
    pub(crate) fn threads(&self) -> usize {
        self.threads
    }

    /// Calls `task` with each of `0..count`, in any order, on as many threads as pay off for work of
    /// `work_ns` nanoseconds in total. The calling thread takes part; returns when all are done.
    pub(crate) fn parallel(&self, count: usize, work_ns: u64, task: impl Fn(usize) + Sync) {
        let helpers = self.helpers(count, work_ns);
        let Some(pool) = self.pool.as_ref().filter(|_| helpers > 0) else {
            return (0..count).for_each(task);
        };
        let next = AtomicUsize::new(0);
        let work = || {
            loop {
                let index = next.fetch_add(1, Ordering::Relaxed);
                if index >= count {
                    break;
                }
                task(index);
            }
        };
        pool.in_place_scope(|scope| {
            for _ in 0..helpers {
                scope.spawn(|_| work());
            }
            work();
        });
    }

    /// Threads besides the calling one that [`parallel`](Self::parallel) would use.
    pub(crate) fn helpers(&self, count: usize, work_ns: u64) -> usize {
        if work_ns < PARALLEL_WORK_NS { 0 } else { self.threads.min(count).saturating_sub(1) }
    }

    /// Runs `f` inside the rayon pool, for libraries that use rayon's current pool; on the calling thread
    /// where there is no pool.
    pub(crate) fn install<R: Send>(&self, f: impl FnOnce() -> R + Send) -> R {
        match &self.pool {
            Some(pool) => pool.install(f),
            None => f(),
        }
    }

    /// At least `bytes` bytes of arbitrary contents, aligned to 64; given back when dropped, so that only
    /// the first runs allocate.
    pub(crate) fn scratch(&self, bytes: usize) -> Scratch<'_> {
        let mut free = self.free.lock().unwrap_or_else(PoisonError::into_inner);
        let best = (0..free.len()).filter(|&i| free[i].len() >= bytes).min_by_key(|&i| free[i].len());
        let buffer = match best {
            Some(index) => free.swap_remove(index),
            // One that is too small is not kept: buffers grow to what is needed, not in number.
            None => {
                free.pop();
                drop(free);
                AlignedBytes::zeroed(bytes.next_power_of_two())
            }
        };
        Scratch { owner: self, buffer }
    }
}

/// Borrowed scratch memory.
pub(crate) struct Scratch<'a> {
    owner: &'a RunContext,
    buffer: AlignedBytes,
}

impl Drop for Scratch<'_> {
    fn drop(&mut self) {
        let mut free = self.owner.free.lock().unwrap_or_else(PoisonError::into_inner);
        free.push(std::mem::take(&mut self.buffer));
    }
}

impl Deref for Scratch<'_> {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.buffer
    }
}

impl DerefMut for Scratch<'_> {
    fn deref_mut(&mut self) -> &mut [u8] {
        &mut self.buffer
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_task_runs_once() {
        let context = RunContext::new(3).expect("threads start");
        for work_ns in [0, u64::MAX] {
            let hits: Vec<_> = (0..100).map(|_| AtomicUsize::new(0)).collect();
            context.parallel(hits.len(), work_ns, |index| {
                hits[index].fetch_add(1, Ordering::Relaxed);
            });
            assert!(hits.iter().all(|hit| hit.load(Ordering::Relaxed) == 1));
        }
    }

    #[test]
    fn scratch_is_reused() {
        let context = RunContext::new(1).expect("no threads to start");
        let first = context.scratch(1000).as_ptr();
        assert_eq!(context.scratch(900).as_ptr(), first);
        assert!(context.scratch(5000).len() >= 5000);
    }
}
