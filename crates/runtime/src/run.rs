//! One execution of a program: an object that can stop at a step and be resumed.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use plan::{Completion, SlotTable};
use smallvec::SmallVec;
use tensor::TensorType;

use crate::contents::Contents;
use crate::error::{Error, Result};
use crate::event::Event;
use crate::pool::{Block, Pool};
use crate::program::{Addresses, Program};

/// An execution of a program over given arguments, from submission to its end.
pub struct Run {
    program: Arc<Program>,
    pool: Arc<Pool>,
    arguments: Arguments,
    results: SmallVec<[Arc<Contents>; 4]>,
    done: Event,
    /// Bytes that the run keeps alive or will take.
    bytes: u64,
    started: Option<Started>,
}

/// The arguments of a run. Few are kept in place: a small call should cost few allocations.
pub type Arguments = SmallVec<[Argument; 4]>;

/// An argument of a run.
pub struct Argument {
    /// What the buffer holds. `None` once its memory has become that of a result.
    pub contents: Option<Arc<Contents>>,
    /// The caller has given the array up.
    pub donated: bool,
}

/// What a run has once its arguments are ready.
struct Started {
    slots: SlotTable,
    steps_done: usize,
    /// The engine is still at the last segment.
    pending: Option<Event>,
    /// Holds what `slots` point to, besides arguments, results and constants.
    _arena: Option<Block>,
}

// SAFETY: a table of slots is only `!Send` for its addresses, and the run that moves with it holds the memory there.
#[allow(unsafe_code)]
unsafe impl Send for Started {}

/// How far a run came.
pub enum Progress {
    /// To its end, or to a failure.
    Finished(Result<()>),
    /// It goes on when this event is done.
    Waiting(Event),
}

impl Run {
    /// A run that has not started. When it ends, `done` is completed, which is also the event of all `results`.
    pub fn new(program: Arc<Program>, pool: Arc<Pool>, arguments: Arguments, done: Event) -> Run {
        let results = program.results().iter().map(|_| Arc::new(Contents::promised(done.clone()))).collect();
        let held =
            arguments.iter().filter_map(|argument| argument.contents.as_ref()?.block()).map(Block::capacity);
        let bytes = program.new_bytes() + held.sum::<usize>() as u64;
        Run { program, pool, arguments, results, done, bytes, started: None }
    }

    /// Bytes that the run keeps alive or will take, for the bound on queued work.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// What the results will hold.
    pub fn results(&self) -> &[Arc<Contents>] {
        &self.results
    }

    /// Runs until the end or the next wait. Between steps it stops if `closing` is set.
    pub fn advance(&mut self, closing: &AtomicBool) -> Progress {
        match catch_unwind(AssertUnwindSafe(|| self.advance_inner(closing))) {
            Ok(Ok(progress)) => progress,
            Ok(Err(error)) => Progress::Finished(Err(error)),
            Err(panic) => Progress::Finished(Err(Error::from_panic(panic))),
        }
    }

    /// Ends a run that will not go on.
    pub fn fail(self, error: Error) {
        self.into_event().complete(Err(error));
    }

    /// Lets go of everything but the event that tells the end.
    pub fn into_event(self) -> Event {
        self.done
    }

    fn advance_inner(&mut self, closing: &AtomicBool) -> Result<Progress> {
        if self.started.is_none() {
            for argument in &self.arguments {
                let Some(contents) = &argument.contents else { continue };
                match contents.ready().outcome() {
                    None => return Ok(Progress::Waiting(contents.ready().clone())),
                    Some(outcome) => outcome?,
                }
            }
            self.started = Some(self.start()?);
        }
        let Some(started) = &mut self.started else {
            return Err(Error::Internal("a run has not started".into()));
        };
        if let Some(pending) = started.pending.take() {
            pending.wait()?;
        }
        while let Some(segment) = self.program.segment(started.steps_done) {
            if closing.load(Ordering::Relaxed) {
                return Err(Error::Cancelled);
            }
            let end = segment.end;
            let completion = self.program.prepared().run(segment, &mut started.slots);
            let completion = completion.map_err(|error| Error::from_engine(self.program.name(), error))?;
            started.steps_done = end;
            if let Completion::Pending(token) = completion {
                let (event, program) = (Event::pending(), self.program.name().clone());
                let completed = event.clone();
                token.on_done(Box::new(move |outcome| {
                    completed.complete(outcome.map_err(|error| Error::from_engine(&program, error)));
                }));
                started.pending = Some(event.clone());
                return Ok(Progress::Waiting(event));
            }
        }
        Ok(Progress::Finished(Ok(())))
    }

    /// Takes the memory that the run needs: results in the memory of donated arguments where the program says so and
    /// nobody else looks at it, else with a copy of the argument; all else fresh from the pool.
    fn start(&mut self) -> Result<Started> {
        let arena = match self.program.arena_bytes() {
            0 => None,
            bytes => Some(self.pool.allocate(bytes)?),
        };
        let mut memory = Addresses {
            arguments: SmallVec::new(),
            results: SmallVec::new(),
            arena: arena.as_ref().map_or(std::ptr::null_mut(), Block::as_ptr),
        };
        for argument in &self.arguments {
            memory.arguments.push(address(argument.contents.as_deref())?);
        }
        let program = self.program.clone();
        for (index, ty) in program.results().iter().enumerate() {
            let block = match program.alias(index) {
                Some(parameter) => self.reuse(parameter, ty)?,
                None => self.pool.allocate(ty.byte_len())?,
            };
            memory.results.push(block.as_ptr());
            if let Some(parameter) = program.alias(index) {
                memory.arguments[parameter] = block.as_ptr();
            }
            self.results[index].set_block(block);
        }
        Ok(Started { slots: program.slot_table(&memory), steps_done: 0, pending: None, _arena: arena })
    }

    /// The memory of an argument for a result that replaces it.
    fn reuse(&mut self, parameter: usize, ty: &TensorType) -> Result<Block> {
        let argument = &mut self.arguments[parameter];
        let missing = || Error::Internal("two results replace one argument".into());
        let contents = argument.contents.take().ok_or_else(missing)?;
        let shared = if argument.donated {
            match Arc::try_unwrap(contents) {
                Ok(own) => return own.into_block().ok_or_else(missing),
                // Someone else has it: the same buffer given twice, an external reader, a copy in progress.
                Err(shared) => shared,
            }
        } else {
            contents
        };
        let block = self.pool.allocate(ty.byte_len())?;
        block.copy_from(shared.block().ok_or_else(missing)?, ty.byte_len());
        argument.contents = Some(shared);
        Ok(block)
    }
}

fn address(contents: Option<&Contents>) -> Result<*mut u8> {
    let block = contents.and_then(Contents::block);
    Ok(block.ok_or_else(|| Error::Internal("a ready argument has no memory".into()))?.as_ptr())
}
