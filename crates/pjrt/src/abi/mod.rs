//! The structs of the PJRT C API as of version 0.54, with the names of its header.
//!
//! Facts about the interface: field names, order and offsets (`openxla/xla`, `pjrt_c_api.h`). Newer
//! frameworks append fields to some structs, never before these; each struct carries its caller's size.
//! Every offset written here is checked against the compiler's when the crate is built.

#![allow(non_camel_case_types, non_snake_case, missing_docs)]

mod api;
mod buffer;
mod client;
mod device;
mod event;
mod executable;
mod profiler;
mod topology;

use std::ffi::{c_char, c_int, c_void};
use std::mem::offset_of;

pub use api::*;
pub use buffer::*;
pub use client::*;
pub use device::*;
pub use event::*;
pub use executable::*;
pub use profiler::*;
pub use topology::*;

/// Major version of the C API that the table declares.
pub const PJRT_API_MAJOR: c_int = 0;
/// Minor version of the C API that the table declares: old enough for frameworks to ask for nothing beyond its
/// slots, new enough for all of them to accept it (29 and above).
pub const PJRT_API_MINOR: c_int = 54;

/// A struct whose first field is the caller's idea of its size.
///
/// # Safety
///
/// The type is `repr(C)` and starts with `struct_size: usize`.
pub unsafe trait Args {
    /// Bytes up to the end of the last field of version 0.54: what a caller's `struct_size` must reach.
    const SIZE: usize;
    /// Name in the header, for messages.
    const NAME: &'static str;
}

/// Declares structs as `NAME [SIZE] { field @ offset: type, ... }`; the two leading fields, which all
/// have, are left out. The build fails where a layout is not as written.
macro_rules! abi_structs {
    ($($(#[$doc:meta])* $name:ident [$size:literal] { $($field:ident @ $offset:literal: $type:ty),* $(,)? })*) => {$(
        $(#[$doc])*
        #[repr(C)]
        #[derive(Clone, Copy)]
        pub struct $name {
            pub struct_size: usize,
            pub extension_start: *mut PJRT_Extension_Base,
            $(pub $field: $type,)*
        }

        // SAFETY: `repr(C)`, `struct_size` first.
        unsafe impl Args for $name {
            const SIZE: usize = $size;
            const NAME: &'static str = stringify!($name);
        }

        const _: () = {
            assert!(offset_of!($name, struct_size) == 0 && offset_of!($name, extension_start) == 8);
            $(assert!(offset_of!($name, $field) == $offset, concat!(stringify!($name), ".", stringify!($field)));)*
            assert!(size_of::<$name>() >= $size && size_of::<$name>() <= $size + 8, stringify!($name));
        };
    )*};
}
use abi_structs;

/// Declares handle types: C sees pointers to them and nothing else.
macro_rules! opaque {
    ($($name:ident)*) => {$(
        #[repr(C)]
        pub struct $name {
            private: [u8; 0],
        }
    )*};
}

opaque! {
    PJRT_Error PJRT_Event PJRT_Client PJRT_Device PJRT_Memory PJRT_DeviceDescription PJRT_TopologyDescription
    PJRT_Executable PJRT_LoadedExecutable PJRT_Buffer PJRT_CopyToDeviceStream PJRT_ExecuteContext
    PJRT_SerializedExecutable PJRT_SerializedTopology PLUGIN_Profiler
}

/// Head of every extension; extensions form a linked list.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct PJRT_Extension_Base {
    pub struct_size: usize,
    pub r#type: PJRT_Extension_Type,
    pub next: *mut PJRT_Extension_Base,
}

const _: () = assert!(offset_of!(PJRT_Extension_Base, next) == 16 && size_of::<PJRT_Extension_Base>() == 24);

pub type PJRT_Extension_Type = c_int;
pub const PJRT_EXTENSION_TYPE_PROFILER: PJRT_Extension_Type = 1;

pub type PJRT_Error_Code = c_int;
pub type PJRT_Buffer_Type = c_int;
pub type PJRT_HostBufferSemantics = c_int;

pub type PJRT_NamedValue_Type = c_int;
pub const PJRT_NAMED_VALUE_STRING: PJRT_NamedValue_Type = 0;
pub const PJRT_NAMED_VALUE_INT64: PJRT_NamedValue_Type = 1;
pub const PJRT_NAMED_VALUE_INT64_LIST: PJRT_NamedValue_Type = 2;
pub const PJRT_NAMED_VALUE_FLOAT: PJRT_NamedValue_Type = 3;
pub const PJRT_NAMED_VALUE_BOOL: PJRT_NamedValue_Type = 4;

/// Payload of a [`PJRT_NamedValue`], told apart by its type field.
#[repr(C)]
#[derive(Clone, Copy)]
pub union PJRT_NamedValue_Value {
    pub string_value: *const c_char,
    pub int64_value: i64,
    pub int64_array_value: *const i64,
    pub float_value: f32,
    pub bool_value: bool,
}

pub type PJRT_Buffer_MemoryLayout_Type = c_int;
pub const PJRT_MEMORY_LAYOUT_TILED: PJRT_Buffer_MemoryLayout_Type = 0;
pub const PJRT_MEMORY_LAYOUT_STRIDES: PJRT_Buffer_MemoryLayout_Type = 1;

/// Payload of a [`PJRT_Buffer_MemoryLayout`], told apart by its type field.
#[repr(C)]
#[derive(Clone, Copy)]
pub union PJRT_Buffer_MemoryLayout_Value {
    pub tiled: PJRT_Buffer_MemoryLayout_Tiled,
    pub strides: PJRT_Buffer_MemoryLayout_Strides,
}

/// Receives ownership of the error; null means success.
pub type PJRT_Event_OnReadyCallback =
    Option<unsafe extern "C" fn(error: *mut PJRT_Error, user_arg: *mut c_void)>;

/// A piece of host memory with its deleter, for transfers in chunks.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct PJRT_Chunk {
    pub data: *mut c_void,
    pub size: usize,
    pub deleter: Option<unsafe extern "C" fn(data: *mut c_void, deleter_arg: *mut c_void)>,
    pub deleter_arg: *mut c_void,
}

/// Callback of one `send` op; opaque here, because programs with host transfers do not compile.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct PJRT_SendCallbackInfo {
    pub channel_id: i64,
    pub user_arg: *mut c_void,
    pub send_callback: *mut c_void,
}

/// Callback of one `recv` op; opaque here, because programs with host transfers do not compile.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct PJRT_RecvCallbackInfo {
    pub channel_id: i64,
    pub user_arg: *mut c_void,
    pub recv_callback: *mut c_void,
}

const _: () = assert!(size_of::<PJRT_Chunk>() == 32);
const _: () = assert!(size_of::<PJRT_SendCallbackInfo>() == 24 && size_of::<PJRT_RecvCallbackInfo>() == 24);
