//! The profiler extension.
//!
//! Frameworks up to jaxlib 0.10.0 crash in `jax.profiler.start_trace` when a plugin has no profiler, and those
//! up to 0.10.2 crash when its table is larger than the 80 bytes of this version.

use super::*;

/// Creates a profiler.
#[repr(C)]
pub struct PLUGIN_Profiler_Create_Args {
    pub struct_size: usize,
    pub options: *const c_char,
    pub options_size: usize,
    pub profiler: *mut PLUGIN_Profiler,
}

/// Arguments of destroy, start and stop.
#[repr(C)]
pub struct PLUGIN_Profiler_Args {
    pub struct_size: usize,
    pub profiler: *mut PLUGIN_Profiler,
}

/// Asks for the size of the data (null buffer), then for the data. `struct_size` and the size are uninitialised.
#[repr(C)]
pub struct PLUGIN_Profiler_CollectData_Args {
    pub struct_size: usize,
    pub profiler: *mut PLUGIN_Profiler,
    pub buffer: *mut u8,
    pub buffer_size_in_bytes: usize,
}

/// Arguments of the error functions of the profiler; no profiler error is ever made here.
#[repr(C)]
pub struct PLUGIN_Profiler_Error_Args {
    pub struct_size: usize,
    pub error: *mut c_void,
    pub out: [usize; 2],
}

/// The functions of a profiler.
#[repr(C)]
pub struct PLUGIN_Profiler_Api {
    pub struct_size: usize,
    pub private: *mut c_void,
    pub error_destroy: unsafe extern "C" fn(*mut PLUGIN_Profiler_Error_Args),
    pub error_message: unsafe extern "C" fn(*mut PLUGIN_Profiler_Error_Args),
    pub error_get_code: unsafe extern "C" fn(*mut PLUGIN_Profiler_Error_Args) -> *mut c_void,
    pub create: unsafe extern "C" fn(*mut PLUGIN_Profiler_Create_Args) -> *mut c_void,
    pub destroy: unsafe extern "C" fn(*mut PLUGIN_Profiler_Args) -> *mut c_void,
    pub start: unsafe extern "C" fn(*mut PLUGIN_Profiler_Args) -> *mut c_void,
    pub stop: unsafe extern "C" fn(*mut PLUGIN_Profiler_Args) -> *mut c_void,
    pub collect_data: unsafe extern "C" fn(*mut PLUGIN_Profiler_CollectData_Args) -> *mut c_void,
}

/// The node in the chain of extensions.
#[repr(C)]
pub struct PJRT_Profiler_Extension {
    pub base: PJRT_Extension_Base,
    pub profiler_api: *mut PLUGIN_Profiler_Api,
    pub traceme_context_id: i64,
}

const _: () = assert!(size_of::<PLUGIN_Profiler_Api>() == 80 && size_of::<PJRT_Profiler_Extension>() == 40);
const _: () = assert!(offset_of!(PLUGIN_Profiler_CollectData_Args, buffer_size_in_bytes) == 24);
const _: () = assert!(offset_of!(PLUGIN_Profiler_Create_Args, profiler) == 24);
