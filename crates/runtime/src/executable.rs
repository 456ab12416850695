//! Executables: programs loaded on a device, as callers hold them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use plan::Space;
use smallvec::SmallVec;

use crate::buffer::Buffer;
use crate::device::Device;
use crate::error::{Error, Result};
use crate::event::Event;
use crate::program::Program;
use crate::run::{Argument, Arguments, Progress, Run};

/// Below this estimated time a run on an idle device is made on the caller's thread: handing it to another thread
/// and back takes as long.
const INLINE_NS: u64 = 20_000;

/// Programs that take less than this are not checked beforehand for whether there is memory.
const NO_SURPRISE: u64 = 256 << 10;

/// A program on a device.
pub struct Executable {
    program: Arc<Program>,
    device: Arc<Device>,
    deleted: AtomicBool,
}

/// What a call gave.
pub struct Execution {
    /// One buffer a result.
    pub results: SmallVec<[Buffer; 2]>,
    /// Ready when the run has ended.
    pub done: Event,
}

impl Executable {
    /// A program loaded on a device.
    pub fn new(program: Arc<Program>, device: Arc<Device>) -> Executable {
        Executable { program, device, deleted: AtomicBool::new(false) }
    }

    /// The program.
    pub fn program(&self) -> &Arc<Program> {
        &self.program
    }

    /// The device.
    pub fn device(&self) -> &Arc<Device> {
        &self.device
    }

    /// Refuses calls from now on.
    pub fn delete(&self) {
        self.deleted.store(true, Ordering::Relaxed);
    }

    /// True after [`delete`](Self::delete).
    pub fn is_deleted(&self) -> bool {
        self.deleted.load(Ordering::Relaxed)
    }

    /// Runs the program, now if that is a matter of microseconds, else later. Results may be on their way when this
    /// returns. Donated arguments are deleted, except those listed in `keep`. An error here leaves the arguments as
    /// they were, unless the run itself has failed.
    pub fn execute(&self, arguments: &[&Buffer], keep: &[i64]) -> Result<Execution> {
        self.device.made_in().check()?;
        let program = &self.program;
        if self.is_deleted() {
            return Err(Error::ExecutableDeleted { program: program.name().clone() });
        }
        let mut taken = self.check_arguments(arguments)?;
        let ready = taken.iter().enumerate().all(|(index, argument)| self.is_ready(index, argument));
        let quick = program.cost_ns() <= INLINE_NS || program.only_queues();
        let turn = if ready && quick { self.device.queue().try_turn(program.new_bytes()) } else { None };
        if program.new_bytes() > NO_SURPRISE && (turn.is_some() || self.device.queue().is_idle()) {
            self.device.pool(self.device.space())?.check_room(program.new_bytes())?;
        }
        for (index, argument) in taken.iter_mut().enumerate() {
            if program.donates(index) && !keep.contains(&(index as i64)) {
                arguments[index].take();
                argument.donated = true;
            }
        }

        let finishes = turn.is_some() && self.device.space() == Space::Host;
        let done = if finishes { Event::ready() } else { Event::pending() };
        let mut run = Run::new(program.clone(), self.device.clone(), taken, done.clone());
        let results = program.results().iter().zip(run.results());
        let results = results
            .map(|(ty, contents)| Buffer::new(ty.clone(), self.device.clone(), contents.clone()))
            .collect();
        match turn {
            Some(turn) => {
                let queued = loop {
                    match run.advance(self.device.queue().closing()) {
                        Progress::Finished(outcome) => {
                            outcome?;
                            break None;
                        }
                        Progress::Waiting(event) => event.wait()?,
                        Progress::Queued(token) => break Some(token),
                    }
                };
                match queued {
                    Some(token) => turn.finish_later(run, &token),
                    None => run.into_event().complete(Ok(())),
                }
            }
            None => self.device.queue().submit(run)?,
        }
        Ok(Execution { results, done })
    }

    /// Whether a run can start with an argument at once.
    fn is_ready(&self, index: usize, argument: &Argument) -> bool {
        let Some(contents) = &argument.contents else { return true };
        let space = self.program.parameter_space(index);
        let there = contents.block(space).is_some() || space == Space::Device;
        there && contents.ready().is_done() || space == Space::Device && contents.is_queued()
    }

    /// Takes hold of what the arguments contain, if they fit the program.
    fn check_arguments(&self, arguments: &[&Buffer]) -> Result<Arguments> {
        let (program, parameters) = (self.program.name(), self.program.parameters());
        if arguments.len() != parameters.len() {
            let (expected, given) = (parameters.len(), arguments.len());
            return Err(Error::ArgumentCount { program: program.clone(), expected, given });
        }
        let mut taken = Arguments::with_capacity(arguments.len());
        for (index, (buffer, expected)) in arguments.iter().zip(parameters).enumerate() {
            let given = buffer.ty();
            if !Arc::ptr_eq(given, expected) && given != expected {
                let (program, expected, given) = (program.clone(), expected.clone(), given.clone());
                return Err(Error::ArgumentType { program, index, expected, given });
            }
            if !Arc::ptr_eq(buffer.device(), &self.device) {
                return Err(Error::Invalid(format!(
                    "argument {index} of program `{program}` is on another client"
                )));
            }
            taken.push(Argument { contents: Some(buffer.contents("executing a program")?), donated: false });
        }
        Ok(taken)
    }
}

impl Drop for Executable {
    fn drop(&mut self) {
        if self.device.made_in().forked() {
            std::mem::forget((self.program.clone(), self.device.clone()));
        }
    }
}
