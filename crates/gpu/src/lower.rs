//! Steps of a plan as commands.

use plan::{Plan, SlotId, Step, StepOp};
use tensor::TensorType;
use thiserror::Error;

use crate::command::{self, Command};
use crate::features::Features;
use crate::{kernel, library};

/// What lowering a step knows.
#[derive(Clone, Copy, Debug)]
pub struct Context<'a> {
    /// The device.
    pub features: &'a Features,
    /// Types of the arrays, by [`SlotId`].
    pub types: &'a [TensorType],
}

impl<'a> Context<'a> {
    /// Type of an array.
    pub fn ty(&self, slot: SlotId) -> &'a TensorType {
        &self.types[slot.index()]
    }
}

/// Most parts that the arrays of a step are cut into.
pub(crate) const MOST_PARTS: usize = 1 << 12;

/// A step as commands.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lowered {
    /// In order.
    pub commands: Vec<Command>,
    /// Bytes of scratch memory that they use.
    pub scratch_bytes: u64,
    /// Contents of the step's tables ([`Memory::Table`](crate::command::Memory)).
    pub tables: Vec<u8>,
}

impl Lowered {
    /// Adds the commands of parts that run one after another, and so share scratch memory above what is in use.
    pub(crate) fn in_turn<T>(
        &mut self,
        parts: impl IntoIterator<Item = T>,
        mut add: impl FnMut(&mut Self, T) -> Result<(), Refusal>,
    ) -> Result<(), Refusal> {
        let in_use = self.scratch_bytes;
        let mut most = in_use;
        for part in parts {
            self.scratch_bytes = in_use;
            add(self, part)?;
            most = most.max(self.scratch_bytes);
        }
        self.scratch_bytes = most;
        Ok(())
    }
}

/// Why a device does not run a step: it becomes one of the host engine.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct Refusal(pub String);

impl Refusal {
    /// A refusal for this reason, such as `f64 exponential`.
    pub fn new(reason: impl Into<String>) -> Self {
        Refusal(reason.into())
    }
}

/// Lowers a step.
///
/// # Errors
/// If the device cannot run it.
pub fn lower(step: &Step, context: Context<'_>) -> Result<Lowered, Refusal> {
    let bytes = |slot: SlotId| context.ty(slot).byte_len();
    let one = |command| Ok(Lowered { commands: vec![command], ..Lowered::default() });
    let host_only = |reason: &str| Err(Refusal::new(reason));
    match &step.op {
        StepOp::Kernel(kernel) => kernel::lower(kernel, step, context),
        StepOp::Dot(dot) => library::dot::lower(dot, step, context),
        StepOp::Convolution(convolution) => library::convolution::lower(convolution, step, context),
        StepOp::Fused(fused) => library::fused::lower(fused, step, context),
        StepOp::Cumulative(cumulative) => library::cumulative::lower(cumulative, step, context),
        StepOp::Scatter(scatter) => library::scatter::lower(scatter, step, context),
        StepOp::SelectAndScatter(select) => library::select_and_scatter::lower(select, step, context),
        StepOp::RngBits(bits) => library::rng_bits::lower(bits, step, context),
        StepOp::Threefry(threefry) => library::threefry::lower(threefry, step, context),
        StepOp::Copy => match (&step.reads[..], &step.writes[..]) {
            (&[from], &[to]) if bytes(from) == bytes(to) => {
                let commands = command::copies(from, to, bytes(to) as u64, context.features).collect();
                Ok(Lowered { commands, ..Lowered::default() })
            }
            _ => Err(Refusal::new("a copy between arrays of different length")),
        },
        StepOp::Swap => match step.writes[..] {
            [a, b] if bytes(a) == bytes(b) => one(Command::Swap(a, b)),
            _ => Err(Refusal::new("a swap takes two arrays of equal length")),
        },
        StepOp::While { .. } | StepOp::Case { .. } => library::control::lower(step, context, None),
        StepOp::Sort(_) => host_only("sorts run on the host"),
        StepOp::TopK(_) => host_only("top_k runs on the host"),
        StepOp::Fft(_) => host_only("Fourier transforms run on the host"),
        StepOp::Rng(_) => host_only("random numbers without a visible state are drawn on the host"),
        StepOp::Linalg(_) => host_only("linear algebra runs on the host"),
        StepOp::Callback(_) => host_only("Python functions run on the host"),
    }
}

/// Lowers a step of a plan whose arrays have their memory: loops of small steps then become one launch. Succeeds where
/// [`lower`] does.
///
/// # Errors
/// If the device cannot run it.
pub fn lower_placed(step: &Step, context: Context<'_>, plan: &Plan) -> Result<Lowered, Refusal> {
    match &step.op {
        StepOp::While { .. } | StepOp::Case { .. } => library::control::lower(step, context, Some(plan)),
        _ => lower(step, context),
    }
}
