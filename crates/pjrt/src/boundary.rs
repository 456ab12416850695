//! The border between C and Rust: every exported function is one [`call`].
//!
//! Who checks what: the border checks that there are arguments, that they are as long as this version of the API
//! needs, and that handles are not null; it turns errors and panics into `PJRT_Error`, and computes in IEEE arithmetic
//! whatever the caller's mode. That handles are alive, of the
//! right kind, and that pointers with lengths are what they say is the framework's duty: the API has no way to tell.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;

use runtime::{Error, ErrorKind};

use crate::abi::*;
use crate::float_mode::IeeeFloats;

/// Codes of `PJRT_Error_Code` that are used here.
pub mod code {
    use crate::abi::PJRT_Error_Code;

    /// The work was dropped.
    pub const CANCELLED: PJRT_Error_Code = 1;
    /// The call makes no sense.
    pub const INVALID_ARGUMENT: PJRT_Error_Code = 3;
    /// Memory is not enough.
    pub const RESOURCE_EXHAUSTED: PJRT_Error_Code = 8;
    /// The call makes sense, but not now.
    pub const FAILED_PRECONDITION: PJRT_Error_Code = 9;
    /// Not offered.
    pub const UNIMPLEMENTED: PJRT_Error_Code = 12;
    /// A fault of this library.
    pub const INTERNAL: PJRT_Error_Code = 13;
}

/// Why a call failed. A `PJRT_Error` is a pointer to one.
#[repr(C)]
pub struct Failure {
    /// Later versions of the API look for a function table here, and accept null.
    function_table: *const (),
    /// The code.
    pub code: PJRT_Error_Code,
    /// What went wrong and what to do.
    pub message: String,
}

impl Failure {
    /// A failure with a message.
    pub fn new(code: PJRT_Error_Code, message: impl Into<String>) -> Failure {
        Failure { function_table: std::ptr::null(), code, message: message.into() }
    }

    /// A call that makes no sense.
    pub fn invalid(message: impl Into<String>) -> Failure {
        Failure::new(code::INVALID_ARGUMENT, message)
    }

    /// Gives the failure to C, which destroys it by `PJRT_Error_Destroy`.
    pub fn into_raw(self) -> *mut PJRT_Error {
        Box::into_raw(Box::new(self)).cast()
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        let code = match error.kind() {
            ErrorKind::InvalidArgument => code::INVALID_ARGUMENT,
            ErrorKind::ResourceExhausted => code::RESOURCE_EXHAUSTED,
            ErrorKind::FailedPrecondition => code::FAILED_PRECONDITION,
            ErrorKind::Unimplemented => code::UNIMPLEMENTED,
            ErrorKind::Cancelled => code::CANCELLED,
            ErrorKind::Internal => code::INTERNAL,
        };
        Failure::new(code, error.to_string())
    }
}

/// What the body of an exported function gives.
pub type Outcome<T = ()> = Result<T, Failure>;

/// Runs the body of an exported function over its arguments.
///
/// # Safety
///
/// `args` is null or points to a struct whose first field is its size, and which is an `A` if that size says so.
pub unsafe fn call<A: Args>(args: *mut A, body: impl FnOnce(&mut A) -> Outcome) -> *mut PJRT_Error {
    let Some(mut args) = NonNull::new(args) else {
        return Failure::invalid(format!("{} is null", A::NAME)).into_raw();
    };
    // SAFETY: every such struct starts with its size (contract of `Args`).
    let size = unsafe { args.cast::<usize>().read() };
    if size < A::SIZE {
        let message =
            format!("{} has {size} bytes, but {} are needed: the framework is too old", A::NAME, A::SIZE);
        return Failure::invalid(message).into_raw();
    }
    // SAFETY: long enough, so it is an `A`, and the caller lends it for the call.
    let args = unsafe { args.as_mut() };
    let _floats = IeeeFloats::begin();
    match catch_unwind(AssertUnwindSafe(|| body(args))) {
        Ok(Ok(())) => std::ptr::null_mut(),
        Ok(Err(failure)) => failure.into_raw(),
        Err(panic) => Failure::from(Error::from_panic(panic)).into_raw(),
    }
}

/// A Rust type that C knows by an opaque pointer. C owns what it was given until it calls the destroy function of
/// the type; everything else only borrows.
pub trait Handle: Sized {
    /// The type in the C header.
    type Opaque;

    /// Gives the value to C.
    fn into_raw(self) -> *mut Self::Opaque {
        Box::into_raw(Box::new(self)).cast()
    }

    /// The pointer that C knows a value by that it does not own.
    fn as_raw(&self) -> *mut Self::Opaque {
        std::ptr::from_ref(self).cast_mut().cast()
    }

    /// Borrows the value behind a pointer; null is an error.
    ///
    /// # Safety
    ///
    /// The pointer is null or of a live value of this type.
    unsafe fn borrow<'a>(raw: *const Self::Opaque) -> Outcome<&'a Self> {
        // SAFETY: as the caller vouches for.
        unsafe { raw.cast::<Self>().as_ref() }.ok_or_else(|| {
            Failure::invalid(format!("a null {} was given", std::any::type_name::<Self::Opaque>()))
        })
    }

    /// Destroys a value that C owned; null is allowed.
    ///
    /// # Safety
    ///
    /// The pointer is null or came from [`into_raw`](Self::into_raw) and is not used again.
    unsafe fn destroy(raw: *mut Self::Opaque) {
        if !raw.is_null() {
            // SAFETY: as the caller vouches for.
            drop(unsafe { Box::from_raw(raw.cast::<Self>()) });
        }
    }
}

/// Text or a list lent by the framework as pointer and length; null stands for none.
///
/// # Safety
///
/// The pointer is null or valid for `len` elements during the call.
pub unsafe fn lent<'a, T>(start: *const T, len: usize) -> &'a [T] {
    if start.is_null() || len == 0 {
        return &[];
    }
    // SAFETY: as the caller vouches for.
    unsafe { std::slice::from_raw_parts(start, len) }
}

/// Declares exported functions: `fn name(args: Struct, field: Handle) { body }`, where the optional second
/// parameter is the handle in the field of that name, borrowed.
macro_rules! exported {
    ($($(#[$doc:meta])* fn $name:ident($args:ident: $type:ident $(, $field:ident: $handle:ident)?) $body:block)*) => {$(
        $(#[$doc])*
        pub unsafe extern "C" fn $name(args: *mut $type) -> *mut PJRT_Error {
            let body = |$args: &mut $type| -> Outcome {
                $(
                    // SAFETY: the framework passes a live handle of this type, or null.
                    let $field: &$handle = unsafe { $handle::borrow($args.$field)? };
                )?
                $body;
                Ok(())
            };
            // SAFETY: the framework passes null or the struct that belongs to this function.
            unsafe { crate::boundary::call(args, body) }
        }
    )*};
}
pub(crate) use exported;

#[cfg(test)]
mod tests {
    use super::*;

    fn outcome_of(
        size: usize,
        body: impl FnOnce(&mut PJRT_Event_IsReady_Args) -> Outcome,
    ) -> Option<Box<Failure>> {
        let mut args = PJRT_Event_IsReady_Args {
            struct_size: size,
            extension_start: std::ptr::null_mut(),
            event: std::ptr::null_mut(),
            is_ready: false,
        };
        // SAFETY: a whole struct; the error is a failure that this test owns.
        unsafe {
            let error = call(&mut args, body);
            (!error.is_null()).then(|| Box::from_raw(error.cast::<Failure>()))
        }
    }

    #[test]
    fn panics_become_errors() {
        let failure = outcome_of(25, |_| panic!("a body panics on purpose")).expect("an error");
        assert_eq!(failure.code, code::INTERNAL);
        assert!(failure.message.contains("a body panics on purpose"), "{}", failure.message);
    }

    #[test]
    fn short_and_missing_arguments_never_reach_the_body() {
        let failure = outcome_of(24, |_| panic!("not reached")).expect("an error");
        assert_eq!(failure.code, code::INVALID_ARGUMENT);
        assert!(failure.message.contains("PJRT_Event_IsReady_Args has 24 bytes"), "{}", failure.message);
        // SAFETY: null is allowed; the error is a failure that this test owns.
        let failure = unsafe {
            Box::from_raw(call(std::ptr::null_mut::<PJRT_Event_IsReady_Args>(), |_| Ok(())).cast::<Failure>())
        };
        assert_eq!(failure.message, "PJRT_Event_IsReady_Args is null");
    }

    #[test]
    fn longer_arguments_of_newer_callers_are_fine() {
        assert!(outcome_of(4096, |_| Ok(())).is_none());
    }
}
