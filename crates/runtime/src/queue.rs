//! The queue of a device: starts runs in the order in which they were submitted.
//!
//! At most one run is being driven at a time, by the queue's thread or, when it is small and nothing is ahead of
//! it, by the submitting thread itself. A run that waits for something (an unready argument, a completion of the
//! engine) leaves the queue and comes back to its front, and others go on meanwhile. The thread starts with the
//! first run that needs it.

use std::cell::Cell;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use plan::Token;

use crate::error::{Error, Result};
use crate::event::Event;
use crate::fork::Generation;
use crate::run::{Progress, Run};
use crate::sync::lock;

/// How long closing waits for the run in progress to notice. Only a single step that takes longer exceeds it.
const CLOSING_PATIENCE: Duration = Duration::from_secs(2);

/// Runs that are being prepared or waited for count with this many bytes at least, so that their number is
/// bounded too.
const LEAST_BYTES: u64 = 64 << 10;

thread_local! {
    static IS_QUEUE_THREAD: Cell<bool> = const { Cell::new(false) };
}

/// The queue of one device.
pub struct Queue {
    state: Mutex<State>,
    /// Signalled when the thread may have something to do.
    work: Condvar,
    /// Signalled when a run is finished.
    progress: Condvar,
    /// Asks the run in progress to stop between two steps.
    closing: AtomicBool,
    byte_limit: u64,
    made_in: Generation,
}

struct State {
    waiting: VecDeque<Run>,
    /// A run is being driven.
    busy: bool,
    /// Submitted runs that are not finished, with their bytes.
    unfinished: usize,
    bytes: u64,
    /// Those of them whose work the device has in full.
    on_device: usize,
    thread_started: bool,
    /// The thread waits for `work`, and how many others for `progress`: signals cost a system call.
    thread_sleeps: bool,
    watchers: usize,
    closed: bool,
    /// Closing did not wait for the run in progress; nobody may be told when it ends.
    abandoned: bool,
}

/// The right to drive one run at once, on this thread.
pub struct Turn<'a>(&'a Arc<Queue>);

impl Queue {
    /// An empty queue. Submitting waits while unfinished runs hold more than `byte_limit` bytes.
    pub fn new(byte_limit: u64) -> Arc<Queue> {
        let state = State {
            waiting: VecDeque::new(),
            busy: false,
            unfinished: 0,
            bytes: 0,
            on_device: 0,
            thread_started: false,
            thread_sleeps: false,
            watchers: 0,
            closed: false,
            abandoned: false,
        };
        Arc::new(Queue {
            state: Mutex::new(state),
            work: Condvar::new(),
            progress: Condvar::new(),
            closing: AtomicBool::new(false),
            byte_limit,
            made_in: Generation::current(),
        })
    }

    /// The right to drive a run on this thread, if nothing is ahead of it but what the device has, and that leaves room
    /// for as many bytes.
    pub fn try_turn(self: &Arc<Self>, bytes: u64) -> Option<Turn<'_>> {
        let mut state = lock(&self.state);
        let full = state.unfinished > 0 && state.bytes.saturating_add(bytes) > self.byte_limit;
        if state.unfinished > state.on_device || full || state.busy || state.closed {
            return None;
        }
        state.busy = true;
        Some(Turn(self))
    }

    /// True when no run is unfinished.
    pub fn is_idle(&self) -> bool {
        let state = lock(&self.state);
        state.unfinished == 0 && !state.busy
    }

    /// Flag that a run looks at between steps.
    pub fn closing(&self) -> &AtomicBool {
        &self.closing
    }

    /// Queues a run. Waits for room when much is queued, but never on the queue's own thread.
    pub fn submit(self: &Arc<Self>, run: Run) -> Result<()> {
        self.made_in.check()?;
        let bytes = run.bytes().max(LEAST_BYTES);
        let mut state = lock(&self.state);
        while state.unfinished > 0
            && state.bytes.saturating_add(bytes) > self.byte_limit
            && !state.closed
            && !IS_QUEUE_THREAD.get()
        {
            state.watchers += 1;
            state = wait(&self.progress, state);
            state.watchers -= 1;
        }
        if state.closed {
            drop(state);
            return Err(Error::Cancelled);
        }
        if !state.thread_started {
            let queue = self.clone();
            thread::Builder::new()
                .name("jax-metallib device".to_string())
                .spawn(move || queue.serve())
                .map_err(|error| Error::Internal(format!("cannot start a thread: {error}").into()))?;
            state.thread_started = true;
        }
        state.unfinished += 1;
        state.bytes += bytes;
        state.waiting.push_back(run);
        self.wake(state);
        Ok(())
    }

    /// Drops what has not started, asks what runs to stop, and gives it a little time to.
    pub fn close(&self) {
        self.closing.store(true, Ordering::Relaxed);
        let dropped = {
            let mut state = lock(&self.state);
            state.closed = true;
            std::mem::take(&mut state.waiting)
        };
        self.work.notify_all();
        self.progress.notify_all();
        for run in dropped {
            run.fail(Error::Cancelled);
        }
        let deadline = Instant::now() + CLOSING_PATIENCE;
        let mut state = lock(&self.state);
        while (state.busy || state.on_device > 0) && !IS_QUEUE_THREAD.get() {
            let Some(left) = deadline.checked_duration_since(Instant::now()) else {
                state.abandoned = true;
                return;
            };
            state.watchers += 1;
            let waited = self.progress.wait_timeout(state, left);
            state = waited.unwrap_or_else(|poisoned| poisoned.into_inner()).0;
            state.watchers -= 1;
        }
    }

    /// The loop of the queue's thread.
    fn serve(self: Arc<Self>) {
        IS_QUEUE_THREAD.set(true);
        loop {
            let run = {
                let mut state = lock(&self.state);
                loop {
                    if state.closed {
                        return;
                    }
                    if !state.busy
                        && let Some(run) = state.waiting.pop_front()
                    {
                        state.busy = true;
                        break run;
                    }
                    state.thread_sleeps = true;
                    state = wait(&self.work, state);
                    state.thread_sleeps = false;
                }
            };
            self.drive(run);
        }
    }

    fn drive(self: &Arc<Self>, mut run: Run) {
        let bytes = run.bytes().max(LEAST_BYTES);
        match run.advance(&self.closing) {
            Progress::Finished(outcome) => {
                // What the run held is free before the next one starts, and the next one may start before those
                // who wait for this one are told.
                let done = run.into_event();
                let mut state = lock(&self.state);
                state.busy = false;
                self.finish(state, bytes, done, outcome);
            }
            Progress::Queued(token) => {
                let mut state = lock(&self.state);
                state.on_device += 1;
                self.finish_later(state, bytes, run, &token);
                self.release();
            }
            Progress::Waiting(event) => {
                let queue = self.clone();
                event.on_done(Box::new(move |_| queue.resume(run)));
                self.release();
            }
        }
    }

    /// Ends a run that has been counted, and then tells its end.
    fn finish(&self, mut state: MutexGuard<'_, State>, bytes: u64, done: Event, outcome: Result<()>) {
        state.unfinished -= 1;
        state.bytes -= bytes;
        let abandoned = state.abandoned;
        self.wake(state);
        if abandoned {
            // The callbacks belong to a framework that may be gone by now.
            std::mem::forget(done);
        } else {
            done.complete(outcome);
        }
    }

    /// Ends a run, counted as one on the device, when the device is done with it. What it held is free at once: the
    /// device works in order.
    fn finish_later(
        self: &Arc<Self>,
        state: MutexGuard<'_, State>,
        bytes: u64,
        run: Run,
        token: &Arc<dyn Token>,
    ) {
        drop(state);
        let program = run.program_name();
        let (queue, done) = (self.clone(), run.into_event());
        token.on_done(Box::new(move |outcome| {
            let outcome = outcome.map_err(|error| Error::from_engine(&program, error));
            let mut state = lock(&queue.state);
            state.on_device -= 1;
            queue.finish(state, bytes, done, outcome);
        }));
    }

    /// Takes back a run whose wait is over.
    fn resume(&self, run: Run) {
        let mut state = lock(&self.state);
        if state.closed {
            drop(state);
            return run.fail(Error::Cancelled);
        }
        state.waiting.push_front(run);
        self.wake(state);
    }

    fn release(&self) {
        let mut state = lock(&self.state);
        state.busy = false;
        self.wake(state);
    }

    /// Tells those who wait for a change of the state, after it.
    fn wake(&self, state: MutexGuard<'_, State>) {
        let (work, progress) = (state.thread_sleeps && !state.waiting.is_empty(), state.watchers > 0);
        drop(state);
        if work {
            self.work.notify_one();
        }
        if progress {
            self.progress.notify_all();
        }
    }
}

impl Turn<'_> {
    /// Ends a run whose work the device has, when it is done.
    pub fn finish_later(self, run: Run, token: &Arc<dyn Token>) {
        let bytes = run.bytes().max(LEAST_BYTES);
        let mut state = lock(&self.0.state);
        state.unfinished += 1;
        state.on_device += 1;
        state.bytes += bytes;
        self.0.finish_later(state, bytes, run, token);
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.release();
    }
}

fn wait<'a>(condition: &Condvar, guard: MutexGuard<'a, State>) -> MutexGuard<'a, State> {
    condition.wait(guard).unwrap_or_else(|poisoned| poisoned.into_inner())
}
