//! The engine: prepares plans and runs them.

use std::ops::Range;
use std::sync::Arc;

use plan::{Completion, Engine, EngineError, Plan, Prepared, SlotId, SlotTable, Space};
use tensor::AlignedBytes;

use crate::callback::Callbacks;
use crate::context::RunContext;
use crate::step::{Preparation, PreparedStep, memory_bytes, run_steps};

/// Runs plans on the CPU. Cloning shares the threads.
#[derive(Clone)]
pub struct HostEngine {
    context: Arc<RunContext>,
}

impl HostEngine {
    /// An engine that works with this many threads, the calling one included, and has no functions of a framework.
    ///
    /// # Errors
    /// [`EngineError::Failed`] if the threads cannot be started.
    pub fn new(threads: usize) -> Result<Self, EngineError> {
        Ok(HostEngine { context: Arc::new(Self::context(threads)?) })
    }

    /// An engine that calls the framework's functions this way.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_callbacks(threads: usize, callbacks: Callbacks) -> Result<Self, EngineError> {
        Ok(HostEngine { context: Arc::new(Self::context(threads)?.with_callbacks(callbacks)) })
    }

    fn context(threads: usize) -> Result<RunContext, EngineError> {
        RunContext::new(threads).map_err(|error| EngineError::Failed {
            origin: "host engine".into(),
            reason: format!("its threads cannot be started: {error}"),
        })
    }
}

impl Engine for HostEngine {
    fn prepare(&self, plan: Arc<Plan>) -> Result<Arc<dyn Prepared>, EngineError> {
        let mut preparation = Preparation::new(&plan, self.threads());
        let steps = preparation.plan()?;
        let needed = preparation.needed;
        let mut constants = Vec::new();
        for (id, slot) in (0..).map(SlotId).zip(&plan.slots) {
            if needed[id.index()]
                && slot.space == Space::Host
                && let Some(literal) = plan.constant(id)?
            {
                constants.push((id, literal.to_dense()));
            }
        }
        let memory_bytes = memory_bytes(&steps);
        Ok(Arc::new(PreparedPlan { plan, steps, constants, memory_bytes, context: self.context.clone() }))
    }

    fn threads(&self) -> usize {
        self.context.threads()
    }
}

/// A plan made ready to run on the host.
struct PreparedPlan {
    plan: Arc<Plan>,
    steps: Vec<PreparedStep>,
    constants: Vec<(SlotId, Arc<AlignedBytes>)>,
    /// Most memory that a kernel takes on one thread.
    memory_bytes: usize,
    context: Arc<RunContext>,
}

impl Prepared for PreparedPlan {
    fn run(&self, segment: Range<usize>, slots: &mut SlotTable) -> Result<Completion, EngineError> {
        for (slot, bytes) in &self.constants {
            slots.set(*slot, bytes.as_ptr().cast_mut());
        }
        let mut memory = self.context.scratch(self.memory_bytes);
        // SAFETY: the caller's promise is that of the trait; constants are never written.
        unsafe { run_steps(&self.steps[segment], slots, &mut memory, &self.context)? };
        Ok(Completion::Done)
    }

    fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }
}
