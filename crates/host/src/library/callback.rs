//! Functions of the framework.

use plan::EngineError;
use plan::library::Callback;

use super::{LibraryStep, StepTypes};
use crate::context::RunContext;

/// A call made ready.
struct CallbackStep {
    handle: u64,
    origin: String,
}

/// Makes a call ready. Whether there is a function of that handle shows when it is called.
pub(super) fn prepare(callback: &Callback, types: &StepTypes<'_>) -> Box<dyn LibraryStep> {
    Box::new(CallbackStep { handle: callback.handle, origin: types.origin.to_owned() })
}

impl LibraryStep for CallbackStep {
    unsafe fn run(
        &self,
        reads: &[*const u8],
        writes: &[*mut u8],
        context: &RunContext,
    ) -> Result<(), EngineError> {
        let failed = |reason: String| EngineError::Failed { origin: self.origin.clone(), reason };
        let Some(callbacks) = context.callbacks() else {
            return Err(failed("the framework has not said how to call its functions".to_owned()));
        };
        // SAFETY: the arrays are those of the step, which the framework made for this function.
        unsafe { callbacks.call(self.handle, reads, writes) }.map_err(failed)
    }
}
