//! Plans: slots, steps and blocks of steps.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;
use tensor::{Literal, TensorType};

use crate::{EngineError, Fused, Kernel, Product, library};

/// A compiled program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Name, such as `jit_f`.
    pub name: String,
    /// All arrays, by [`SlotId`].
    pub slots: Vec<Slot>,
    /// Values of constant slots.
    pub constants: Vec<Literal>,
    /// Arguments in order.
    pub params: Vec<Param>,
    /// Results in order.
    pub results: Vec<ResultSlot>,
    /// What is run.
    pub body: Block,
    /// Bytes of the host's arena that a run needs besides arguments, results and constants.
    pub arena_bytes: usize,
    /// The same in the memory of the device.
    pub device_arena: DeviceArena,
    /// Why a step of `body` is not on the device, by its position; empty in plans for the host alone.
    pub host_reasons: Vec<Option<Arc<str>>>,
    /// Estimated work of one run in nanoseconds on one host thread; loops of unknown length count once.
    pub cost_ns: u64,
}

/// Temporary memory of a run on the device, in blocks: a device binds no more than so much at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceArena {
    /// Bytes in all.
    pub bytes: usize,
    /// Bytes of each block but the last; no slot lies in two blocks.
    pub block: usize,
}

impl DeviceArena {
    /// Bytes of each block.
    pub fn blocks(&self) -> impl Iterator<Item = usize> + use<> {
        let DeviceArena { bytes, block } = *self;
        (0..bytes).step_by(block.max(1)).map(move |start| block.min(bytes - start))
    }
}

/// Names a slot of a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SlotId(pub u32);

impl SlotId {
    /// Position in [`Plan::slots`].
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl fmt::Display for SlotId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "s{}", self.0)
    }
}

/// An array: dense, row-major.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slot {
    /// Shape and element type.
    pub ty: TensorType,
    /// Where its memory comes from.
    pub placement: Placement,
    /// Which memory it lives in.
    pub space: Space,
}

/// Where a slot's memory comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Placement {
    /// The buffer of an argument; written only if the argument is donated to a result that shares it.
    Param(usize),
    /// The buffer of a result.
    Result(usize),
    /// A constant of the plan.
    Constant(usize),
    /// Bytes of the arena of the slot's space from this offset (a multiple of 64). Slots whose lives do not meet
    /// overlap.
    Arena(usize),
}

/// A memory that slots live in. A step reads and writes slots of one space, except copies from one to another, which
/// are steps of the device. All steps inside of control flow are of one space.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Space {
    /// Host memory.
    #[default]
    Host,
    /// Memory of the GPU.
    Device,
}

/// An argument of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Param {
    /// Shape and element type.
    pub ty: TensorType,
    /// Its array.
    pub slot: SlotId,
    /// Whether the caller gives it up: its buffer is gone after a run.
    pub donated: bool,
}

/// A result of a plan.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResultSlot {
    /// Shape and element type; the slot's may differ in shape where a reshape shares its memory.
    pub ty: TensorType,
    /// Its array.
    pub slot: SlotId,
    /// The donated argument whose buffer becomes this result's. If at run time that buffer cannot be
    /// given up, the runtime hands in a fresh one that holds a copy.
    pub alias: Option<usize>,
}

/// Steps in order.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Block {
    /// The steps.
    pub steps: Vec<Step>,
}

/// One unit of work: what it does and which slots it touches.
///
/// `reads` and `writes` are the whole truth on dependencies, nested blocks included. A slot in both is
/// updated in place. A kernel that writes only a part of an output (a store with computed indices)
/// lists that output's slot once more in `reads`, after its inputs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// What it does.
    pub op: StepOp,
    /// Slots read, in the order that `op` defines.
    pub reads: SmallVec<[SlotId; 4]>,
    /// Slots written, in the order that `op` defines.
    pub writes: SmallVec<[SlotId; 2]>,
    /// The op it came from and where: `stablehlo.add at model.py:41`.
    pub origin: Arc<str>,
}

/// What a step does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum StepOp {
    /// A fused loop nest; reads its inputs, writes its outputs.
    Kernel(Arc<Kernel>),
    /// Copies one array to another of equal byte length.
    Copy,
    /// Exchanges the memory of two arena slots of equal size: reads and writes both.
    Swap,
    /// Matrix product.
    Dot(library::Dot),
    /// Convolution.
    Convolution(library::Convolution),
    /// A product with what is computed of its result.
    Fused(Fused),
    /// Sort.
    Sort(library::Sort),
    /// Largest elements.
    TopK(library::TopK),
    /// Fourier transform.
    Fft(library::Fft),
    /// Running fold.
    Cumulative(library::Cumulative),
    /// Scatter with collisions.
    Scatter(library::Scatter),
    /// Gradient of a selecting window reduction.
    SelectAndScatter(library::SelectAndScatter),
    /// Random bits.
    RngBits(library::RngBits),
    /// Random numbers.
    Rng(library::Rng),
    /// Threefry 2x32.
    Threefry(library::Threefry),
    /// Linear algebra.
    Linalg(library::Linalg),
    /// A function of the framework.
    Callback(library::Callback),
    /// Repeats `body` while `condition` leaves true in `predicate`.
    While {
        /// Computes the predicate.
        condition: Block,
        /// A `bool` scalar.
        predicate: SlotId,
        /// One iteration; carried values live in slots that it updates.
        body: Block,
        /// The number of iterations, where it is known.
        trip_count: Option<u64>,
    },
    /// Runs the branch that an i32 scalar selects; out of range the last.
    Case {
        /// The selector.
        index: SlotId,
        /// The branches.
        branches: Vec<Block>,
    },
}

impl Plan {
    /// The array of a slot.
    pub fn slot(&self, id: SlotId) -> &Slot {
        &self.slots[id.index()]
    }

    /// The value of a slot, if it is a constant.
    ///
    /// # Errors
    /// [`EngineError::Unsupported`] if the slot names a constant that is not there or is of another type.
    pub fn constant(&self, id: SlotId) -> Result<Option<&Literal>, EngineError> {
        let slot = self.slot(id);
        let Placement::Constant(index) = slot.placement else { return Ok(None) };
        match self.constants.get(index).filter(|literal| literal.ty == slot.ty) {
            Some(literal) => Ok(Some(literal)),
            None => Err(EngineError::Unsupported {
                origin: self.name.clone(),
                reason: format!("slot {id} names a constant that does not fit it"),
            }),
        }
    }

    /// Where a step runs.
    pub fn step_space(&self, step: &Step) -> Space {
        let slots = step.reads.iter().chain(&step.writes);
        let on_device = slots.map(|&slot| self.slot(slot).space).any(|space| space == Space::Device);
        if on_device { Space::Device } else { Space::Host }
    }

    /// Whether a step is a copy from one memory to another.
    pub fn crosses(&self, step: &Step) -> bool {
        let space = |slot: &SlotId| self.slot(*slot).space;
        step.op == StepOp::Copy && step.reads.iter().map(space).ne(step.writes.iter().map(space))
    }

    /// Whether any step runs on the device.
    pub fn uses_device(&self) -> bool {
        self.body.steps.iter().any(|step| self.step_space(step) == Space::Device)
    }

    /// Type of each argument.
    pub fn param_types(&self) -> impl Iterator<Item = &TensorType> {
        self.params.iter().map(|param| &param.ty)
    }

    /// Type of each result.
    pub fn result_types(&self) -> impl Iterator<Item = &TensorType> {
        self.results.iter().map(|result| &result.ty)
    }
}

impl StepOp {
    /// Name of the step's kind, for people.
    pub fn name(&self) -> &'static str {
        match self {
            StepOp::Kernel(_) => "kernel",
            StepOp::Copy => "copy",
            StepOp::Swap => "swap",
            StepOp::Dot(_) => "dot",
            StepOp::Convolution(_) => "convolution",
            StepOp::Fused(Fused { product: Product::Dot(_), .. }) => "fused_dot",
            StepOp::Fused(Fused { product: Product::Convolution(_), .. }) => "fused_convolution",
            StepOp::Sort(_) => "sort",
            StepOp::TopK(_) => "top_k",
            StepOp::Fft(_) => "fft",
            StepOp::Cumulative(_) => "cumulative",
            StepOp::Scatter(_) => "scatter",
            StepOp::SelectAndScatter(_) => "select_and_scatter",
            StepOp::RngBits(_) => "rng_bits",
            StepOp::Rng(_) => "rng",
            StepOp::Threefry(_) => "threefry",
            StepOp::Linalg(_) => "linalg",
            StepOp::Callback(_) => "callback",
            StepOp::While { .. } => "while",
            StepOp::Case { .. } => "case",
        }
    }
}

impl StepOp {
    /// The blocks inside of control flow, in the order in which they are declared.
    pub fn blocks(&self) -> SmallVec<[&Block; 2]> {
        match self {
            StepOp::While { condition, body, .. } => SmallVec::from_buf([condition, body]),
            StepOp::Case { branches, .. } => branches.iter().collect(),
            _ => SmallVec::new(),
        }
    }

    /// As [`blocks`](Self::blocks), to change them.
    pub fn blocks_mut(&mut self) -> SmallVec<[&mut Block; 2]> {
        match self {
            StepOp::While { condition, body, .. } => SmallVec::from_buf([condition, body]),
            StepOp::Case { branches, .. } => branches.iter_mut().collect(),
            _ => SmallVec::new(),
        }
    }

    /// The slot that control flow decides by.
    pub fn selector(&self) -> Option<SlotId> {
        match self {
            StepOp::While { predicate: slot, .. } | StepOp::Case { index: slot, .. } => Some(*slot),
            _ => None,
        }
    }
}

impl Step {
    /// Sets `reads` and `writes` of a control-flow step from the steps in its blocks; other steps are left
    /// as they are.
    pub fn collect_effects(&mut self) {
        let Some(selector) = self.op.selector() else { return };
        let mut reads = vec![selector];
        let mut writes = Vec::new();
        for step in self.op.blocks().into_iter().flat_map(|block| &block.steps) {
            reads.extend(&step.reads);
            writes.extend(&step.writes);
        }
        for list in [&mut reads, &mut writes] {
            list.sort_unstable();
            list.dedup();
        }
        self.reads = reads.into();
        self.writes = writes.into();
    }
}
