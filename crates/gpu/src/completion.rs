//! Completion of submitted work: a thread that waits for the device and tells those who asked.
//!
//! A failed command buffer can look like a finished one (Metal), so each submission ends by copying its serial number
//! to a buffer that the host reads. Only when the number is there is the work believed to be done; without it the
//! device counts as failed.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};

use plan::{EngineError, OnBytes, OnDone, Token};

use crate::device::Device;
use crate::readback::{Readback, Readbacks};

/// Work handed to the device.
pub(crate) struct Submission {
    pub(crate) index: wgpu::SubmissionIndex,
    pub(crate) serial: u64,
    /// Starts with the serial number; the downloads follow.
    pub(crate) readback: Readback,
    pub(crate) downloads: Vec<Download>,
    pub(crate) ticket: Arc<Ticket>,
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

/// The thread that waits. It ends, after the work that it has, when this is dropped.
pub(crate) struct Completions(Sender<Submission>);

impl Completions {
    /// Starts the thread.
    ///
    /// # Errors
    /// If it cannot be started.
    pub(crate) fn start(device: Arc<Device>, readbacks: Arc<Readbacks>) -> Result<Self, EngineError> {
        let (sender, receiver) = channel();
        let kept = device.clone();
        std::thread::Builder::new()
            .name("jax-metallib gpu".to_string())
            .spawn(move || serve(&device, &readbacks, &receiver))
            .map_err(|error| kept.failed(&format!("cannot start a thread: {error}")))?;
        Ok(Completions(sender))
    }

    pub(crate) fn watch(&self, submission: Submission) {
        // The thread lives as long as the sender.
        let _ = self.0.send(submission);
    }
}

fn serve(device: &Device, readbacks: &Readbacks, submissions: &Receiver<Submission>) {
    for submission in submissions {
        let Submission { index, serial, readback, downloads, ticket } = submission;
        let outcome = readback.wait(device, index).and_then(|()| {
            if readback.serial() == Some(serial) { device.check() } else { Err(lost(device, serial)) }
        });
        for Download { offset, bytes, then } in downloads {
            match &outcome {
                Ok(()) => readback.read(offset, bytes, |data| then(Ok(data))),
                Err(error) => then(Err(error.clone())),
            }
        }
        readbacks.give_back(readback);
        ticket.complete(outcome);
    }
}

fn lost(device: &Device, serial: u64) -> EngineError {
    device.fail(&format!("submission {serial} did not reach its end; its results are lost"));
    device.check().expect_err("the device was just declared failed")
}
