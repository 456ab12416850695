//! `PJRT_Memory_*`.

use crate::abi::*;
use crate::boundary::{Handle, Outcome, exported};

/// What a `PJRT_Memory` points to. Owned by its client.
#[repr(C)]
pub struct MemoryHandle {
    /// Later versions of the API look for a function table here, and accept null.
    function_table: *const (),
    /// The devices that reach this memory, filled by the client.
    pub devices: [*mut PJRT_Device; 1],
    debug_string: String,
    to_string: String,
}

impl Handle for MemoryHandle {
    type Opaque = PJRT_Memory;
}

impl MemoryHandle {
    /// The memory of a device.
    pub fn new(device: *mut PJRT_Device, id: i32) -> MemoryHandle {
        MemoryHandle {
            function_table: std::ptr::null(),
            devices: [device],
            debug_string: format!("{}:{id} memory {}", runtime::PLATFORM_NAME, runtime::MEMORY_KIND),
            to_string: format!("MpsMemory(kind={}, device={id})", runtime::MEMORY_KIND),
        }
    }
}

exported! {
    /// Number of the memory.
    fn id(args: PJRT_Memory_Id_Args) {
        args.id = 0;
    }

    /// Name of the kind.
    fn kind(args: PJRT_Memory_Kind_Args) {
        args.kind = runtime::MEMORY_KIND.as_ptr().cast();
        args.kind_size = runtime::MEMORY_KIND.len();
    }

    /// Number of the kind.
    fn kind_id(args: PJRT_Memory_Kind_Id_Args) {
        args.kind_id = 0;
    }

    /// For people.
    fn debug_string(args: PJRT_Memory_DebugString_Args, memory: MemoryHandle) {
        args.debug_string = memory.debug_string.as_ptr().cast();
        args.debug_string_size = memory.debug_string.len();
    }

    /// For people.
    fn to_string(args: PJRT_Memory_ToString_Args, memory: MemoryHandle) {
        args.to_string = memory.to_string.as_ptr().cast();
        args.to_string_size = memory.to_string.len();
    }

    /// The devices that reach the memory.
    fn addressable_by_devices(args: PJRT_Memory_AddressableByDevices_Args, memory: MemoryHandle) {
        args.devices = memory.devices.as_ptr();
        args.num_devices = memory.devices.len();
    }
}
