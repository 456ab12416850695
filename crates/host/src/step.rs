//! Steps made ready to run.

use plan::{
    Block, EngineError, Fused, Placement, Plan, Product, SlotId, SlotTable, Space, Step, StepOp, is_epilogue,
};
use smallvec::SmallVec;
use tensor::{DType, Literal, TensorType};

use crate::context::RunContext;
use crate::kernel::{self, Array, Lowering, Program};
use crate::library::{LibraryStep, StepTypes, prepare_library};

/// A step made ready to run.
pub(crate) enum PreparedStep {
    /// A lane program.
    Kernel { program: Box<Program>, reads: SmallVec<[SlotId; 4]>, writes: SmallVec<[SlotId; 2]> },
    /// A library step.
    Library { step: Box<dyn LibraryStep>, reads: SmallVec<[SlotId; 4]>, writes: SmallVec<[SlotId; 2]> },
    /// A product into scratch memory, then its epilogue.
    Fused {
        product: Box<dyn LibraryStep>,
        epilogue: Box<Program>,
        /// Bytes of the product's result.
        bytes: usize,
        reads: SmallVec<[SlotId; 4]>,
        writes: SmallVec<[SlotId; 2]>,
    },
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
            StepOp::Fused(fused) => return self.fused(fused, step),
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

    fn fused(&mut self, fused: &Fused, step: &Step) -> Result<PreparedStep, EngineError> {
        let Fused { product, epilogue } = fused;
        let error = |reason: &str| EngineError::Unsupported {
            origin: step.origin.to_string(),
            reason: reason.into(),
        };
        if !is_epilogue(epilogue) || epilogue.inputs[0] != product.dtype() {
            return Err(error("what follows a product is no epilogue of its result"));
        }
        if step.reads.len() + 1 != Product::OPERANDS + epilogue.inputs.len() {
            return Err(error("a product and its epilogue have other inputs than the step reads"));
        }
        step.reads.iter().for_each(|slot| self.needed[slot.index()] = true);
        let ty = |slot: &SlotId| &self.plan.slot(*slot).ty;
        let result = TensorType::new(product.dtype(), [epilogue.rows()]);
        let (operands, others) = step.reads.split_at(Product::OPERANDS);
        let types = StepTypes {
            origin: &step.origin,
            reads: operands.iter().map(ty).collect(),
            writes: vec![&result],
        };
        let prepared = prepare_library(&product.op(), &types)?;
        let arrays = std::iter::once(&result).chain(others.iter().chain(&step.writes).map(ty));
        let may_alias =
            |input: usize, output: usize| input > 0 && self.may_alias(others[input - 1], step.writes[output]);
        let lowering = Lowering {
            arrays: arrays.map(|ty| Array { dtype: ty.dtype, len: ty.len() as i64 }).collect(),
            inputs: epilogue.inputs.len(),
            may_alias: &may_alias,
            threads: self.threads,
            origin: &step.origin,
        };
        let epilogue = kernel::lower(epilogue, &lowering)?.expect("an epilogue has rows");
        Ok(PreparedStep::Fused {
            product: prepared,
            epilogue: Box::new(epilogue),
            bytes: result.byte_len(),
            reads: step.reads.clone(),
            writes: step.writes.clone(),
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
        step.op.blocks().into_iter().for_each(|block| visit_steps(block, f));
    }
}

/// Bytes of memory that [`run_steps`] needs for these steps.
pub(crate) fn memory_bytes(steps: &[PreparedStep]) -> usize {
    let most = steps.iter().map(|step| match step {
        PreparedStep::Kernel { program, .. } | PreparedStep::Fused { epilogue: program, .. } => {
            program.memory_bytes()
        }
        PreparedStep::While { condition, body, .. } => memory_bytes(condition).max(memory_bytes(body)),
        PreparedStep::Case { branches, .. } => {
            branches.iter().map(|branch| memory_bytes(branch)).max().unwrap_or(0)
        }
        _ => 0,
    });
    most.max().unwrap_or(0)
}

/// Runs steps in order. `memory`, aligned to 64, has the [`memory_bytes`] of the steps: one region for all
/// costs small kernels less than one each.
///
/// # Errors
/// Those of library steps.
///
/// # Safety
/// The contract of [`plan::Prepared::run`]; constants are in the table.
pub(crate) unsafe fn run_steps(
    steps: &[PreparedStep],
    slots: &mut SlotTable,
    memory: &mut [u8],
    context: &RunContext,
) -> Result<(), EngineError> {
    for step in steps {
        // SAFETY: the caller's promise: slots hold arrays of their types.
        unsafe {
            match step {
                PreparedStep::Kernel { program, reads, writes } => {
                    let arrays: SmallVec<[*mut u8; 16]> =
                        reads.iter().chain(writes).map(|&slot| slots.get(slot)).collect();
                    kernel::run(program, &arrays, memory, context);
                }
                PreparedStep::Library { step, reads, writes } => {
                    let reads: SmallVec<[*const u8; 8]> =
                        reads.iter().map(|&slot| slots.get(slot).cast_const()).collect();
                    let writes: SmallVec<[*mut u8; 8]> = writes.iter().map(|&slot| slots.get(slot)).collect();
                    step.run(&reads, &writes, context)?;
                }
                PreparedStep::Fused { product, epilogue, bytes, reads, writes } => {
                    let mut scratch = context.scratch(bytes.next_multiple_of(64));
                    let result = scratch.as_mut_ptr();
                    let (operands, others) = reads.split_at(Product::OPERANDS);
                    let operands: SmallVec<[*const u8; 2]> =
                        operands.iter().map(|&slot| slots.get(slot).cast_const()).collect();
                    product.run(&operands, &[result], context)?;
                    let others = others.iter().chain(writes).map(|&slot| slots.get(slot));
                    let arrays: SmallVec<[*mut u8; 16]> = std::iter::once(result).chain(others).collect();
                    kernel::run(epilogue, &arrays, memory, context);
                }
                PreparedStep::Copy { from, to, bytes } => {
                    std::ptr::copy(slots.get(*from), slots.get(*to), *bytes);
                }
                PreparedStep::Swap(a, b) => slots.swap(*a, *b),
                PreparedStep::While { body, trip_count: Some(count), .. } => {
                    for _ in 0..*count {
                        run_steps(body, slots, memory, context)?;
                    }
                }
                PreparedStep::While { condition, predicate, body, trip_count: None } => loop {
                    run_steps(condition, slots, memory, context)?;
                    if *slots.get(*predicate) == 0 {
                        break;
                    }
                    run_steps(body, slots, memory, context)?;
                },
                PreparedStep::Case { index, branches } => {
                    let last = branches.len() - 1;
                    let index = slots.get(*index).cast::<i32>().read();
                    let branch = usize::try_from(index).map_or(last, |index| index.min(last));
                    run_steps(&branches[branch], slots, memory, context)?;
                }
                PreparedStep::Nothing => {}
            }
        }
    }
    Ok(())
}
