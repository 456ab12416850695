//! Engines that lower in another way: for tests, and to measure what was not chosen.

use std::sync::Arc;

use plan::{DeviceMemory, Engine, EngineError, Plan, Prepared, Step};

use crate::engine::GpuEngine;
use crate::lower::{Context, Lowered, Refusal};

/// Lowers a step of a plan, as [`lower_placed`](crate::lower::lower_placed) does.
pub type Lower<'a> = dyn Fn(&Step, Context<'_>, &Plan) -> Result<Lowered, Refusal> + 'a;

/// An engine that does all as the given one but lower. What it is given to launch must fit the device.
pub struct Lowering<F> {
    /// Runs what was lowered.
    pub engine: GpuEngine,
    /// Stands for [`lower_placed`](crate::lower::lower_placed).
    pub lower: F,
}

impl<F> Engine for Lowering<F>
where
    F: Fn(&Step, Context<'_>, &Plan) -> Result<Lowered, Refusal> + Send + Sync,
{
    fn prepare(&self, plan: Arc<Plan>) -> Result<Arc<dyn Prepared>, EngineError> {
        self.engine.prepare_as(plan, &self.lower)
    }

    fn threads(&self) -> usize {
        self.engine.threads()
    }

    fn memory(&self) -> Option<&dyn DeviceMemory> {
        self.engine.memory()
    }
}
