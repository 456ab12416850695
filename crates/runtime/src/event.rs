//! Events: something that becomes ready, or fails, once.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, OnceLock};

use crate::error::{Error, Result};
use crate::fork::Generation;
use crate::sync::lock;

/// Called once when an event is done, on the thread that completes it or, if it is done already, at once.
pub type Callback = Box<dyn FnOnce(Result<()>) + Send>;

/// A shared handle to a thing that will be ready or failed. Clones are handles to the same thing, so a handle
/// may go away while a callback is pending, also from inside the callback.
#[derive(Clone, Default)]
pub struct Event(Option<Arc<State>>);

struct State {
    outcome: OnceLock<Result<()>>,
    waiters: Mutex<Waiters>,
    done: Condvar,
    made_in: Generation,
}

#[derive(Default)]
struct Waiters {
    callbacks: Vec<Callback>,
}

impl Event {
    /// An event that is ready. It costs no memory.
    pub const fn ready() -> Event {
        Event(None)
    }

    /// An event that has failed.
    pub fn failed(error: Error) -> Event {
        let event = Event::pending();
        event.complete(Err(error));
        event
    }

    /// An event that [`complete`](Self::complete) will finish.
    pub fn pending() -> Event {
        Event(Some(Arc::new(State {
            outcome: OnceLock::new(),
            waiters: Mutex::default(),
            done: Condvar::new(),
            made_in: Generation::current(),
        })))
    }

    /// The outcome, or `None` while it is pending. Never blocks.
    pub fn outcome(&self) -> Option<Result<()>> {
        match &self.0 {
            None => Some(Ok(())),
            Some(state) => state.outcome.get().cloned(),
        }
    }

    /// True when the event is ready or failed. Never blocks.
    pub fn is_done(&self) -> bool {
        self.0.as_ref().is_none_or(|state| state.outcome.get().is_some())
    }

    /// Finishes the event and runs its callbacks on this thread. Later outcomes of the same event are ignored.
    pub fn complete(&self, outcome: Result<()>) {
        let Some(state) = &self.0 else { return };
        let callbacks = {
            let mut waiters = lock(&state.waiters);
            if state.outcome.set(outcome.clone()).is_err() {
                return;
            }
            std::mem::take(&mut waiters.callbacks)
        };
        state.done.notify_all();
        for callback in callbacks {
            run_callback(callback, outcome.clone());
        }
    }

    /// Calls back when the event is done. In a forked child a pending event never will be, so it counts as
    /// failed there.
    pub fn on_done(&self, callback: Callback) {
        let Some(state) = &self.0 else { return run_callback(callback, Ok(())) };
        if state.outcome.get().is_none() {
            if state.made_in.forked() {
                return run_callback(callback, Err(Error::Forked));
            }
            let mut waiters = lock(&state.waiters);
            // Looked at again under the lock: `complete` stores the outcome while it holds it.
            if state.outcome.get().is_none() {
                waiters.callbacks.push(callback);
                return;
            }
        }
        let outcome = state.outcome.get().cloned().unwrap_or(Ok(()));
        run_callback(callback, outcome);
    }

    /// Blocks until the event is done. In a forked child a pending event is an error.
    pub fn wait(&self) -> Result<()> {
        let Some(state) = &self.0 else { return Ok(()) };
        if let Some(outcome) = state.outcome.get() {
            return outcome.clone();
        }
        state.made_in.check()?;
        let mut waiters = lock(&state.waiters);
        loop {
            if let Some(outcome) = state.outcome.get() {
                return outcome.clone();
            }
            waiters = state.done.wait(waiters).unwrap_or_else(|poisoned| poisoned.into_inner());
        }
    }
}

/// Runs a callback, containing its panics: an event's other callbacks must still run.
fn run_callback(callback: Callback, outcome: Result<()>) {
    // The panic hook has reported the panic already, and there is nobody to hand it to.
    let _ = catch_unwind(AssertUnwindSafe(|| callback(outcome)));
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;

    fn counter() -> (Arc<AtomicUsize>, impl Fn() -> Callback) {
        let count = Arc::new(AtomicUsize::new(0));
        let handle = count.clone();
        (count, move || {
            let count = handle.clone();
            Box::new(move |outcome| {
                outcome.expect("the event is ready");
                count.fetch_add(1, Ordering::Relaxed);
            })
        })
    }

    #[test]
    fn callbacks_run_once_before_and_after_completion() {
        let (count, callback) = counter();
        let event = Event::pending();
        event.on_done(callback());
        assert_eq!((count.load(Ordering::Relaxed), event.is_done()), (0, false));
        event.complete(Ok(()));
        event.complete(Err(Error::Cancelled));
        event.on_done(callback());
        assert_eq!((count.load(Ordering::Relaxed), event.is_done()), (2, true));
        Event::ready().on_done(callback());
        assert_eq!(count.load(Ordering::Relaxed), 3);
    }

    #[test]
    fn an_event_may_be_dropped_inside_its_callback() {
        let event = Event::pending();
        let inner = event.clone();
        event.on_done(Box::new(move |_| drop(inner)));
        event.complete(Ok(()));
        assert!(event.wait().is_ok());
    }

    #[test]
    fn a_panicking_callback_does_not_stop_the_others() {
        let (count, callback) = counter();
        let event = Event::pending();
        event.on_done(Box::new(|_| panic!("a callback panics on purpose")));
        event.on_done(callback());
        event.complete(Ok(()));
        assert_eq!(count.load(Ordering::Relaxed), 1);
    }

    #[test]
    fn waiting_sees_the_outcome_of_another_thread() {
        let event = Event::pending();
        let other = event.clone();
        let thread = std::thread::spawn(move || other.complete(Err(Error::Cancelled)));
        assert!(matches!(event.wait(), Err(Error::Cancelled)));
        thread.join().expect("the thread completes the event");
    }
}
