//! One execution of a program: an object that can stop at a step and be resumed.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use plan::{Completion, SlotTable, Space, Token};
use smallvec::SmallVec;
use tensor::TensorType;

use crate::contents::Contents;
use crate::device::Device;
use crate::error::{Error, Result};
use crate::event::Event;
use crate::pool::Block;
use crate::program::{Addresses, Program};
use crate::residency::bring;

/// An execution of a program over given arguments, from submission to its end.
pub struct Run {
    program: Arc<Program>,
    device: Arc<Device>,
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
    segments_done: usize,
    /// The engine is still at the last segment.
    pending: Option<Event>,
    /// Tells when the device is done with what it was handed last.
    queued: Option<Arc<dyn Token>>,
    /// Holds what `slots` point to, besides arguments, results and constants.
    _arenas: SmallVec<[Block; 1]>,
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
    /// All that is left is work that the device was handed; the run ends with it.
    Queued(Arc<dyn Token>),
}

impl Run {
    /// A run that has not started. When it ends, `done` is completed, which is also the event of all `results`.
    pub fn new(program: Arc<Program>, device: Arc<Device>, arguments: Arguments, done: Event) -> Run {
        let results = program.results().iter().map(|_| Arc::new(Contents::promised(done.clone()))).collect();
        let held = arguments
            .iter()
            .filter_map(|argument| argument.contents.as_ref()?.any_block())
            .map(Block::capacity);
        let bytes = program.new_bytes() + held.sum::<usize>() as u64;
        Run { program, device, arguments, results, done, bytes, started: None }
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

    /// Name of the program.
    pub fn program_name(&self) -> Arc<str> {
        self.program.name().clone()
    }

    /// Lets go of everything but the event that tells the end.
    pub fn into_event(self) -> Event {
        self.done
    }

    fn advance_inner(&mut self, closing: &AtomicBool) -> Result<Progress> {
        if self.started.is_none() {
            for (index, argument) in self.arguments.iter().enumerate() {
                let Some(contents) = &argument.contents else { continue };
                let space = self.program.parameter_space(index);
                if let Some(event) = bring(&self.device, contents, space)? {
                    return Ok(Progress::Waiting(event));
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
        while let Some(segment) = self.program.segment(started.segments_done) {
            if closing.load(Ordering::Relaxed) {
                return Err(Error::Cancelled);
            }
            let completion = self.program.run(segment, &mut started.slots)?;
            started.segments_done += 1;
            match completion {
                Completion::Done => {}
                Completion::Queued(token) => started.queued = Some(token),
                Completion::Pending(token) => {
                    let (event, program) = (Event::pending(), self.program.name().clone());
                    let completed = event.clone();
                    token.on_done(Box::new(move |outcome| {
                        completed.complete(outcome.map_err(|error| Error::from_engine(&program, error)));
                    }));
                    started.queued = None;
                    started.pending = Some(event.clone());
                    return Ok(Progress::Waiting(event));
                }
            }
        }
        let Some(token) = started.queued.take() else { return Ok(Progress::Finished(Ok(()))) };
        self.results.iter().for_each(|contents| contents.set_queued());
        Ok(Progress::Queued(token))
    }

    /// Takes the memory that the run needs: results in the memory of donated arguments where the program says so and
    /// nobody else looks at it, else with a copy of the argument; all else fresh from the pool.
    fn start(&mut self) -> Result<Started> {
        let mut memory = Addresses {
            arguments: SmallVec::new(),
            results: SmallVec::new(),
            arena: std::ptr::null_mut(),
            device_arena: SmallVec::new(),
        };
        let mut arenas = SmallVec::new();
        if self.program.arena_bytes() > 0 {
            let arena = self.device.pool(Space::Host)?.allocate(self.program.arena_bytes())?;
            memory.arena = arena.as_ptr();
            arenas.push(arena);
        }
        for bytes in self.program.plan().device_arena.blocks() {
            let arena = self.device.pool(Space::Device)?.allocate(bytes)?;
            memory.device_arena.push(arena.as_ptr());
            arenas.push(arena);
        }
        for (index, argument) in self.arguments.iter().enumerate() {
            let space = self.program.parameter_space(index);
            memory.arguments.push(address(argument.contents.as_deref(), space)?);
        }
        let program = self.program.clone();
        for (index, ty) in program.results().iter().enumerate() {
            let block = match program.alias(index) {
                Some(parameter) => self.reuse(parameter, ty)?,
                None => self.device.pool(program.result_space(index))?.allocate(ty.byte_len())?,
            };
            memory.results.push(block.as_ptr());
            if let Some(parameter) = program.alias(index) {
                memory.arguments[parameter] = block.as_ptr();
            }
            self.results[index].set_block(program.result_space(index), block);
        }
        let slots = program.slot_table(&memory);
        Ok(Started { slots, segments_done: 0, pending: None, queued: None, _arenas: arenas })
    }

    /// The memory of an argument for a result that replaces it.
    fn reuse(&mut self, parameter: usize, ty: &TensorType) -> Result<Block> {
        let space = self.program.parameter_space(parameter);
        let argument = &mut self.arguments[parameter];
        let missing = || Error::Internal("two results replace one argument".into());
        let contents = argument.contents.take().ok_or_else(missing)?;
        let shared = if argument.donated {
            match Arc::try_unwrap(contents) {
                Ok(own) => return own.into_block(space).ok_or_else(missing),
                // Someone else has it: the same buffer given twice, an external reader, a copy in progress.
                Err(shared) => shared,
            }
        } else {
            contents
        };
        let source = shared.block(space).ok_or_else(missing)?;
        let block = self.device.duplicate(source, ty.byte_len(), space)?;
        argument.contents = Some(shared);
        Ok(block)
    }
}

fn address(contents: Option<&Contents>, space: Space) -> Result<*mut u8> {
    let block = contents.and_then(|contents| contents.block(space));
    Ok(block.ok_or_else(|| Error::Internal("a ready argument has no memory".into()))?.as_ptr())
}
