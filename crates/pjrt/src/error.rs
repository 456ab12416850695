//! `PJRT_Error_*`.

use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::abi::*;
use crate::boundary::{Failure, Handle, Outcome, exported};

impl Handle for Failure {
    type Opaque = PJRT_Error;
}

/// Destroys an error; null is normal.
pub unsafe extern "C" fn destroy(args: *mut PJRT_Error_Destroy_Args) {
    // A destructor of a string cannot panic.
    // SAFETY: the framework passes the struct of this function, with an error that it owns, or null.
    unsafe {
        if let Some(args) = args.as_ref() {
            Failure::destroy(args.error);
        }
    }
}

/// Text of an error, valid as long as the error.
pub unsafe extern "C" fn message(args: *mut PJRT_Error_Message_Args) {
    // Nothing to return an error by: without an error there is no message.
    let _ = catch_unwind(AssertUnwindSafe(|| {
        // SAFETY: the framework passes the struct of this function.
        let Some(args) = (unsafe { args.as_mut() }) else { return };
        // SAFETY: the error is alive or null.
        let text = match unsafe { Failure::borrow(args.error) } {
            Ok(failure) => failure.message.as_str(),
            Err(_) => "",
        };
        args.message = text.as_ptr().cast();
        args.message_size = text.len();
    }));
}

exported! {
    /// Code of an error.
    fn get_code(args: PJRT_Error_GetCode_Args, error: Failure) {
        args.code = error.code;
    }
}
