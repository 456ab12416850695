//! The PJRT C API over the runtime: the plugin that JAX loads.
//!
//! C structs in, C structs out, no decisions: those are `runtime`'s. `abi` has the structs, `boundary` what every
//! exported function does, `table` the functions; the other modules are named after the prefixes of the functions.

pub mod abi;
mod boundary;
mod buffer;
mod client;
mod device;
mod error;
mod event;
mod executable;
mod memory;
mod options;
mod plugin;
mod profiler;
mod table;
mod topology;
mod types;
mod unimplemented;

use std::ffi::{CString, c_char};
use std::sync::OnceLock;

/// The table of functions of this plugin. It lives for ever.
#[unsafe(no_mangle)]
pub extern "C" fn GetPjrtApi() -> *const abi::PJRT_Api {
    &raw const table::TABLE.0
}

/// What this library is, as JSON text that lives for ever: `version`, `device_kind`, `engine`, `threads`, for the device
/// that the environment asks for; or `error`. Makes no client and starts no thread.
#[unsafe(no_mangle)]
pub extern "C" fn jax_metallib_info() -> *const c_char {
    static INFO: OnceLock<CString> = OnceLock::new();
    INFO.get_or_init(|| {
        let facts = runtime::ClientOptions::from_environment().and_then(|options| runtime::info(&options));
        let json = facts
            .map_or_else(|error| format!("{{\"error\": {:?}}}", error.to_string()), |facts| facts.to_json());
        CString::new(json).unwrap_or_default()
    })
    .as_ptr()
}
