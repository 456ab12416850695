//! `PJRT_Event_*`.

use std::ffi::c_void;

use runtime::Event;

use crate::abi::*;
use crate::boundary::{Failure, Handle, Outcome, exported};

/// What a `PJRT_Event` points to: one reference to an event.
pub struct EventHandle(pub Event);

impl Handle for EventHandle {
    type Opaque = PJRT_Event;
}

/// The user's pointer on its way to the thread that calls back.
struct UserArg(*mut c_void);

// SAFETY: the API lets callbacks run on any thread; the framework passes an argument that allows it.
unsafe impl Send for UserArg {}

fn error_or_null(outcome: runtime::Result<()>) -> *mut PJRT_Error {
    outcome.map_or_else(|error| Failure::from(error).into_raw(), |()| std::ptr::null_mut())
}

exported! {
    /// Drops one reference; pending callbacks still run.
    fn destroy(args: PJRT_Event_Destroy_Args) {
        // SAFETY: the framework gives up a reference that it owns.
        unsafe { EventHandle::destroy(args.event) }
    }

    /// Whether the event is ready or failed.
    fn is_ready(args: PJRT_Event_IsReady_Args, event: EventHandle) {
        args.is_ready = event.0.is_done();
    }

    /// The error of an event that failed.
    fn error(_args: PJRT_Event_Error_Args, event: EventHandle) {
        match event.0.outcome() {
            Some(outcome) => outcome?,
            None => return Err(Failure::new(crate::boundary::code::FAILED_PRECONDITION, "the event is not ready yet")),
        }
    }

    /// Waits for the event, and returns its error.
    fn wait(_args: PJRT_Event_Await_Args, event: EventHandle) {
        event.0.wait()?;
    }

    /// Calls back when the event is done, at once or on the thread that completes it. The callback owns the error.
    fn on_ready(args: PJRT_Event_OnReady_Args, event: EventHandle) {
        let Some(callback) = args.callback else { return Err(Failure::invalid("no callback was given")) };
        let user_arg = UserArg(args.user_arg);
        event.0.on_done(Box::new(move |outcome| {
            let user_arg = user_arg;
            // SAFETY: the framework's callback, with its own argument, once.
            unsafe { callback(error_or_null(outcome), user_arg.0) }
        }));
    }
}
