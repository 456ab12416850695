//! A thread for copies that would hold up their caller, started when it is first needed.

use std::sync::Mutex;
use std::sync::mpsc::{Sender, channel};
use std::thread;

use crate::error::{Error, Result};
use crate::fork::Generation;
use crate::sync::lock;

type Job = Box<dyn FnOnce() + Send>;

/// Runs jobs one after another on a thread of its own; the thread ends, after the jobs that it has, when this is
/// dropped.
pub struct Background {
    jobs: Mutex<Option<Sender<Job>>>,
    made_in: Generation,
}

impl Background {
    /// No thread yet.
    pub fn new() -> Background {
        Background { jobs: Mutex::new(None), made_in: Generation::current() }
    }

    /// Queues a job. It must contain its own panics.
    pub fn run(&self, job: impl FnOnce() + Send + 'static) -> Result<()> {
        self.made_in.check()?;
        let mut jobs = lock(&self.jobs);
        if jobs.is_none() {
            let (sender, receiver) = channel::<Job>();
            thread::Builder::new()
                .name("jax-metallib copies".to_string())
                .spawn(move || receiver.into_iter().for_each(|job| job()))
                .map_err(|error| Error::Internal(format!("cannot start a thread: {error}").into()))?;
            *jobs = Some(sender);
        }
        let sent = jobs.as_ref().map(|sender| sender.send(Box::new(job)));
        match sent {
            Some(Ok(())) => Ok(()),
            _ => Err(Error::Cancelled),
        }
    }
}
