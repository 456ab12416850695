//! The profiler extension: present, because frameworks crash without it, and empty.

use crate::abi::*;

/// The extension node with the table behind it.
struct Shared<T>(T);

// SAFETY: never written after the program is loaded.
unsafe impl<T> Sync for Shared<T> {}

static API: Shared<PLUGIN_Profiler_Api> = Shared(PLUGIN_Profiler_Api {
    struct_size: size_of::<PLUGIN_Profiler_Api>(),
    private: std::ptr::null_mut(),
    error_destroy: ignore_error,
    error_message: ignore_error,
    error_get_code,
    create,
    destroy: succeed,
    start: succeed,
    stop: succeed,
    collect_data,
});

static EXTENSION: Shared<PJRT_Profiler_Extension> = Shared(PJRT_Profiler_Extension {
    base: PJRT_Extension_Base {
        struct_size: size_of::<PJRT_Profiler_Extension>(),
        r#type: PJRT_EXTENSION_TYPE_PROFILER,
        next: std::ptr::null_mut(),
    },
    profiler_api: (&raw const API.0).cast_mut(),
    traceme_context_id: 0,
});

/// The head of the chain of extensions. Nobody writes to it.
pub const fn extension() -> *mut PJRT_Extension_Base {
    (&raw const EXTENSION.0).cast::<PJRT_Extension_Base>().cast_mut()
}

use std::ffi::c_void;

unsafe extern "C" fn ignore_error(_args: *mut PLUGIN_Profiler_Error_Args) {}

unsafe extern "C" fn error_get_code(_args: *mut PLUGIN_Profiler_Error_Args) -> *mut c_void {
    std::ptr::null_mut()
}

unsafe extern "C" fn create(args: *mut PLUGIN_Profiler_Create_Args) -> *mut c_void {
    // SAFETY: the framework passes the struct of this function. There is no state, so any address will do.
    if let Some(args) = unsafe { args.as_mut() } {
        args.profiler = (&raw const API.0).cast_mut().cast();
    }
    std::ptr::null_mut()
}

unsafe extern "C" fn succeed(_args: *mut PLUGIN_Profiler_Args) -> *mut c_void {
    std::ptr::null_mut()
}

/// There is no data. The struct may be uninitialised except for the profiler and the buffer: only written here.
unsafe extern "C" fn collect_data(args: *mut PLUGIN_Profiler_CollectData_Args) -> *mut c_void {
    if !args.is_null() {
        // SAFETY: the framework passes the struct of this function, which has this field.
        unsafe { (&raw mut (*args).buffer_size_in_bytes).write(0) };
    }
    std::ptr::null_mut()
}
