//! Completion of submitted work: a thread that waits for the device and tells those who asked.
//!
//! A failed command buffer can look like a finished one (Metal), so each submission ends by copying its serial number
//! to a buffer that the host reads. Only when the number is there is the work believed to be done; without it the
//! device counts as failed.

use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use plan::{EngineError, OnBytes, OnDone, Token};

use crate::device::Device;
use crate::readback::{Manner, Readback, Readbacks};
use crate::stream::Stream;

/// Work handed to the device.
pub(crate) struct Submission {
    pub(crate) serial: u64,
    /// What it is waited for by, and a buffer that starts with the serial number; the downloads follow. Or why the device
    /// did not get it.
    pub(crate) sent: Result<(wgpu::SubmissionIndex, Readback), EngineError>,
    pub(crate) downloads: Vec<Download>,
    pub(crate) ticket: Arc<Ticket>,
}

impl Submission {
    /// Waits until it has ended; its results can be read then.
    ///
    /// # Errors
    /// If the device did not get it or has failed.
    pub(crate) fn wait(&self, device: &Device, manner: Manner) -> Result<&Readback, EngineError> {
        let (index, readback) = self.sent.as_ref().map_err(Clone::clone)?;
        readback.wait(device, index.clone(), manner)?;
        if readback.serial() != Some(self.serial) {
            return Err(lost(device, self.serial));
        }
        device.check()?;
        Ok(readback)
    }
}

/// Bytes that a submission brings to the host.
pub(crate) struct Download {
    pub(crate) offset: u64,
    pub(crate) bytes: usize,
    pub(crate) then: OnBytes,
}

/// Tells when a submission is done.
#[derive(Default)]
pub(crate) struct Ticket(Mutex<State>);

#[derive(Default)]
struct State {
    outcome: Option<Result<(), EngineError>>,
    waiting: Vec<OnDone>,
}

impl Ticket {
    fn complete(&self, outcome: Result<(), EngineError>) {
        let waiting = {
            let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            state.outcome = Some(outcome.clone());
            std::mem::take(&mut state.waiting)
        };
        waiting.into_iter().for_each(|then| then(outcome.clone()));
    }
}

impl Token for Ticket {
    fn on_done(&self, then: OnDone) {
        let outcome = {
            let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            match &state.outcome {
                Some(outcome) => outcome.clone(),
                None => return state.waiting.push(then),
            }
        };
        then(outcome);
    }
}

/// How long the end of a stream waits for its thread, which may wait for its caller.
const CLOSING_PATIENCE: Duration = Duration::from_secs(2);

/// Where submissions are waited for. The thread ends, after the work that it has, when this is closed.
pub(crate) struct Completions {
    submissions: Option<Sender<Submission>>,
    thread: Mutex<Option<Thread>>,
}

/// The thread that waits.
struct Thread {
    handle: JoinHandle<()>,
    /// Loses its sender when the thread has let go of the device.
    running: Receiver<()>,
}

/// A way to the thread that waits for submissions, and its end of it.
pub(crate) fn completions() -> (Completions, Receiver<Submission>) {
    let (sender, receiver) = channel();
    (Completions { submissions: Some(sender), thread: Mutex::new(None) }, receiver)
}

/// Starts the thread.
///
/// # Errors
/// If it cannot be started.
pub(crate) fn start(stream: &Arc<Stream>, submissions: Receiver<Submission>) -> Result<(), EngineError> {
    let (device, readbacks) = (stream.device.clone(), stream.readbacks.clone());
    let weak = Arc::downgrade(stream);
    let (alive, running) = channel();
    let handle = thread::Builder::new()
        .name("jax-metallib gpu".to_string())
        .spawn(move || {
            serve(&weak, &device, &readbacks, &submissions);
            drop((weak, readbacks, submissions, device));
            drop(alive);
        })
        .map_err(|error| stream.device.failed(&format!("cannot start a thread: {error}")))?;
    *stream.completions.thread() = Some(Thread { handle, running });
    Ok(())
}

impl Completions {
    pub(crate) fn watch(&self, submission: Submission) {
        // The thread lives as long as the sender.
        let _ = self.submissions.as_ref().map(|thread| thread.send(submission));
    }

    fn thread(&self) -> MutexGuard<'_, Option<Thread>> {
        self.thread.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends the thread; whether it is over, and with it all use of the device that it made. It is not where it is the
    /// caller, or its work takes long.
    pub(crate) fn close(&mut self) -> bool {
        self.submissions = None;
        let Some(Thread { handle, running }) = self.thread().take() else { return true };
        if handle.thread().id() == thread::current().id() {
            return false;
        }
        let over = running.recv_timeout(CLOSING_PATIENCE) == Err(RecvTimeoutError::Disconnected);
        over && handle.join().is_ok()
    }
}

fn serve(stream: &Weak<Stream>, device: &Device, readbacks: &Readbacks, submissions: &Receiver<Submission>) {
    for submission in submissions {
        let ended = submission.wait(device, Manner::Asleep).map(|_| ());
        let Submission { sent, downloads, ticket, .. } = submission;
        let ended = ended.and(sent.map(|(_, readback)| readback));
        if let Some(stream) = stream.upgrade() {
            stream.submission_ended();
        }
        for Download { offset, bytes, then } in downloads {
            match &ended {
                Ok(readback) => readback.read(offset, bytes, |data| then(Ok(data))),
                Err(error) => then(Err(error.clone())),
            }
        }
        ticket.complete(ended.map(|readback| readbacks.give_back(readback)));
    }
}

fn lost(device: &Device, serial: u64) -> EngineError {
    device.fail(&format!("submission {serial} did not reach its end; its results are lost"));
    device.check().expect_err("the device was just declared failed")
}
