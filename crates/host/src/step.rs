//! Steps made ready to run.

use plan::{Block, EngineError, Placement, Plan, SlotId, SlotTable, Space, Step, StepOp};
use smallvec::SmallVec;
use tensor::{DType, Literal};

use crate::context::RunContext;
use crate::kernel::{self, Array, Lowering, Program};
use crate::library::{LibraryStep, StepTypes, prepare_library};

/// A step made ready to run.
pub(crate) enum PreparedStep {
    /// A lane program.
    Kernel { program: Box<Program>, reads: SmallVec<[SlotId; 4]>, writes: SmallVec<[SlotId; 2]> },
    /// A library step.
    Library { step: Box<dyn LibraryStep>, reads: SmallVec<[SlotId; 4]>, writes: SmallVec<[SlotId; 2]> },
    /// Copies bytes.
    Copy { from: SlotId, to: SlotId, bytes: usize },
    /// Exchanges two slots' memory.
    Swap(SlotId, SlotId),
    /// Repeats a body.
    While {
        condition: Vec<PreparedStep>,
        predicate: SlotId,
        body: Vec<PreparedStep>,
        trip_count: Option<u64>,
    },
    /// Runs one of several blocks.
    Case { index: SlotId, branches: Vec<Vec<PreparedStep>> },
    /// Nothing: a step over no elements.
    Nothing,
}

/// Prepares steps of a plan.
pub(crate) struct Preparation<'a> {
    /// The plan.
    pub plan: &'a Plan,
    /// Threads that steps may use.
    pub threads: usize,
    /// For each slot whether its memory is exchanged somewhere.
    swapped: Vec<bool>,
    /// For each slot whether a step needs its memory.
    pub needed: Vec<bool>,
}

impl<'a> Preparation<'a> {
    /// For a plan and a number of threads.
    pub(crate) fn new(plan: &'a Plan, threads: usize) -> Self {
        let mut swapped = vec![false; plan.slots.len()];
        visit_steps(&plan.body, &mut |step| {
            if matches!(step.op, StepOp::Swap) {
                step.writes.iter().for_each(|slot| swapped[slot.index()] = true);
            }
        });
        let mut needed = vec![false; plan.slots.len()];
        plan.results.iter().for_each(|result| needed[result.slot.index()] = true);
        Preparation { plan, threads, swapped, needed }
    }

    /// Prepares the steps of the plan that are the host's.
    ///
    /// # Errors
    /// As [`block`](Self::block).
    pub(crate) fn plan(&mut self) -> Result<Vec<PreparedStep>, EngineError> {
        let plan = self.plan;
        let step = |step: &Step| match plan.step_space(step) {
            Space::Host => self.step(step),
            Space::Device => Ok(PreparedStep::Nothing),
        };
        plan.body.steps.iter().map(step).collect()
    }

    /// Prepares the steps of a block.
    ///
    /// # Errors
    /// If the engine lacks a step, or a step breaks the rules of plans.
    pub(crate) fn block(&mut self, block: &Block) -> Result<Vec<PreparedStep>, EngineError> {
        block.steps.iter().map(|step| self.step(step)).collect()
    }

    fn step(&mut self, step: &Step) -> Result<PreparedStep, EngineError> {
        let error = |reason: &str| EngineError::Unsupported {
            origin: step.origin.to_string(),
            reason: reason.into(),
        };
        if step.reads.iter().chain(&step.writes).any(|slot| slot.index() >= self.plan.slots.len()) {
            return Err(error("a slot that the plan lacks"));
        }
        let is_constant = |slot: &SlotId| matches!(self.plan.slot(*slot).placement, Placement::Constant(_));
        if step.writes.iter().any(is_constant) {
            return Err(error("a constant is written"));
        }
        let bytes = |slot: SlotId| self.plan.slot(slot).ty.byte_len();
        Ok(match &step.op {
            StepOp::Kernel(kernel) => return self.kernel(kernel, step),
            StepOp::Copy => {
                let ([from], [to]) = (&step.reads[..], &step.writes[..]) else {
                    return Err(error("a copy has one operand and one result"));
                };
                if bytes(*from) != bytes(*to) {
                    return Err(error("a copy between arrays of different length"));
                }
                self.needed[from.index()] = true;
                PreparedStep::Copy { from: *from, to: *to, bytes: self.plan.slot(*to).ty.byte_len() }
            }
            StepOp::Swap => match step.writes[..] {
                [a, b] if bytes(a) == bytes(b) => PreparedStep::Swap(a, b),
                _ => return Err(error("a swap takes two arrays of equal length")),
            },
            StepOp::While { condition, predicate, body, trip_count } => {
                self.check_scalar(*predicate, DType::Bool, step)?;
                self.needed[predicate.index()] = true;
                PreparedStep::While {
                    condition: self.block(condition)?,
                    predicate: *predicate,
                    body: self.block(body)?,
                    trip_count: *trip_count,
                }
            }
            StepOp::Case { index, branches } => {
                self.check_scalar(*index, DType::I32, step)?;
                self.needed[index.index()] = true;
                if branches.is_empty() {
                    return Err(error("a case without branches"));
                }
                let branches = branches.iter().map(|branch| self.block(branch)).collect::<Result<_, _>>()?;
                PreparedStep::Case { index: *index, branches }
            }
            op => {
                step.reads.iter().for_each(|slot| self.needed[slot.index()] = true);
                let types = StepTypes {
                    origin: &step.origin,
                    reads: step.reads.iter().map(|&slot| &self.plan.slot(slot).ty).collect(),
                    writes: step.writes.iter().map(|&slot| &self.plan.slot(slot).ty).collect(),
                };
                let (reads, writes) = (step.reads.clone(), step.writes.clone());
                PreparedStep::Library { step: prepare_library(op, &types)?, reads, writes }
            }
        })
    }

    fn check_scalar(&self, slot: SlotId, dtype: DType, step: &Step) -> Result<(), EngineError> {
        let known = self.plan.slots.get(slot.index());
        if known.is_some_and(|slot| slot.ty.dtype == dtype && slot.ty.len() == 1) {
            return Ok(());
        }
        Err(EngineError::Unsupported {
            origin: step.origin.to_string(),
            reason: "control flow depends on something that is no scalar".into(),
        })
    }

    fn kernel(&mut self, kernel: &plan::Kernel, step: &Step) -> Result<PreparedStep, EngineError> {
        // Reads beyond the inputs are outputs that are updated in part.
        let Some(reads) = step.reads.get(..kernel.inputs.len()) else {
            return Err(EngineError::Unsupported {
                origin: step.origin.to_string(),
                reason: "the kernel has more inputs than the step reads".into(),
            });
        };
        let arrays = reads.iter().chain(&step.writes).map(|&slot| {
            let ty = &self.plan.slot(slot).ty;
            Array { dtype: ty.dtype, len: ty.len() as i64 }
        });
        let may_alias = |input: usize, output: usize| self.may_alias(reads[input], step.writes[output]);
        let lowering = Lowering {
            arrays: arrays.collect(),
            inputs: reads.len(),
            may_alias: &may_alias,
            threads: self.threads,
            origin: &step.origin,
        };
        let splats: Vec<_> = reads.iter().map(|&slot| self.constant(slot)?.splat_value()).collect();
        let (kernel, read) = kernel::with_known_inputs(kernel, &splats);
        let program = kernel::lower(&kernel, &lowering)?;
        for (&slot, _) in reads.iter().zip(read).filter(|(_, read)| *read) {
            self.needed[slot.index()] = true;
        }
        Ok(match program {
            None => PreparedStep::Nothing,
            Some(program) => PreparedStep::Kernel {
                program: Box::new(program),
                reads: reads.into(),
                writes: step.writes.clone(),
            },
        })
    }

    /// The value of a constant slot.
    fn constant(&self, slot: SlotId) -> Option<&'a Literal> {
        match self.plan.slot(slot).placement {
            Placement::Constant(index) => self.plan.constants.get(index),
            _ => None,
        }
    }

    /// Whether two slots may share memory.
    fn may_alias(&self, a: SlotId, b: SlotId) -> bool {
        let range = |slot: SlotId, start: usize| start..start + self.plan.slot(slot).ty.byte_len();
        let replaces = |result: usize, param: usize| {
            self.plan.results.get(result).is_some_and(|result| result.alias == Some(param))
        };
        match (self.plan.slot(a).placement, self.plan.slot(b).placement) {
            _ if a == b => true,
            (Placement::Arena(x), Placement::Arena(y)) => {
                let (x, y) = (range(a, x), range(b, y));
                self.swapped[a.index()] || self.swapped[b.index()] || x.start < y.end && y.start < x.end
            }
            (Placement::Param(x), Placement::Param(y)) => x == y,
            (Placement::Result(x), Placement::Result(y)) => x == y,
            (Placement::Param(param), Placement::Result(result))
            | (Placement::Result(result), Placement::Param(param)) => replaces(result, param),
            _ => false,
        }
    }
}

fn visit_steps(block: &Block, f: &mut impl FnMut(&Step)) {
    for step in &block.steps {
        f(step);
        match &step.op {
            StepOp::While { condition, body, .. } => {
                visit_steps(condition, f);
                visit_steps(body, f);
            }
            StepOp::Case { branches, .. } => branches.iter().for_each(|branch| visit_steps(branch, f)),
            _ => {}
        }
    }
}

/// Runs steps in order.
///
/// # Errors
/// Those of library steps.
///
/// # Safety
/// The contract of [`plan::Prepared::run`]; constants are in the table.
pub(crate) unsafe fn run_steps(
    steps: &[PreparedStep],
    slots: &mut SlotTable,
    context: &RunContext,
) -> Result<(), EngineError> {
    for step in steps {
        // SAFETY: the caller's promise: slots hold arrays of their types.
        unsafe {
            match step {
                PreparedStep::Kernel { program, reads, writes } => {
                    let arrays: SmallVec<[*mut u8; 16]> =
                        reads.iter().chain(writes).map(|&slot| slots.get(slot)).collect();
                    kernel::run(program, &arrays, context);
                }
                PreparedStep::Library { step, reads, writes } => {
                    let reads: SmallVec<[*const u8; 8]> =
                        reads.iter().map(|&slot| slots.get(slot).cast_const()).collect();
                    let writes: SmallVec<[*mut u8; 8]> = writes.iter().map(|&slot| slots.get(slot)).collect();
                    step.run(&reads, &writes, context)?;
                }
                PreparedStep::Copy { from, to, bytes } => {
                    std::ptr::copy(slots.get(*from), slots.get(*to), *bytes);
                }
                PreparedStep::Swap(a, b) => slots.swap(*a, *b),
                PreparedStep::While { body, trip_count: Some(count), .. } => {
                    for _ in 0..*count {
                        run_steps(body, slots, context)?;
                    }
                }
                PreparedStep::While { condition, predicate, body, trip_count: None } => loop {
                    run_steps(condition, slots, context)?;
                    if *slots.get(*predicate) == 0 {
                        break;
                    }
                    run_steps(body, slots, context)?;
                },
                PreparedStep::Case { index, branches } => {
                    let last = branches.len() - 1;
                    let index = slots.get(*index).cast::<i32>().read();
                    let branch = usize::try_from(index).map_or(last, |index| index.min(last));
                    run_steps(&branches[branch], slots, context)?;
                }
                PreparedStep::Nothing => {}
            }
        }
    }
    Ok(())
}
