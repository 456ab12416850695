//! Functions of the framework that programs call while they run.

use std::ffi::{CStr, c_char, c_int};

/// Calls the function of a handle. `reads` has the addresses of its operands, `writes` those of its results. Returns
/// 0, or something else after it has written a message of at most `capacity` bytes, the terminating zero included.
pub type CallbackHandler = unsafe extern "C" fn(
    handle: u64,
    reads: *const *const u8,
    writes: *const *mut u8,
    message: *mut c_char,
    capacity: usize,
) -> c_int;

/// Bytes for the message of a function that fails; tracebacks are long.
const MESSAGE_BYTES: usize = 1 << 16;

/// How a framework's functions are called.
#[derive(Clone, Copy, Debug)]
pub struct Callbacks(CallbackHandler);

impl Callbacks {
    /// Functions that this handler calls.
    ///
    /// # Safety
    /// For as long as programs run, it may be called on any thread with the handle of a custom call `mps.callback`
    /// and with whole arrays of the types of that call; of any other handle it says that there is no such function.
    pub unsafe fn new(handler: CallbackHandler) -> Self {
        Callbacks(handler)
    }

    /// Calls the function of a handle; the error is its message.
    ///
    /// # Safety
    /// The arrays have the types of the custom call with this handle, and are nobody else's meanwhile.
    pub(crate) unsafe fn call(
        self,
        handle: u64,
        reads: &[*const u8],
        writes: &[*mut u8],
    ) -> Result<(), String> {
        let mut message = vec![0u8; MESSAGE_BYTES];
        let text = message.as_mut_ptr().cast();
        // SAFETY: the promises of `new` and of the caller.
        let code = unsafe { self.0(handle, reads.as_ptr(), writes.as_ptr(), text, MESSAGE_BYTES) };
        if code == 0 {
            return Ok(());
        }
        let text = CStr::from_bytes_until_nul(&message).unwrap_or_default();
        Err(text.to_string_lossy().into_owned())
    }
}
