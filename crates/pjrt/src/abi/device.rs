//! Arguments of the device, device description and memory functions.

use super::*;

abi_structs! {
    PJRT_DeviceDescription_Id_Args [28] {
        device_description @ 16: *mut PJRT_DeviceDescription,
        id @ 24: c_int,
    }
    PJRT_DeviceDescription_ProcessIndex_Args [28] {
        device_description @ 16: *mut PJRT_DeviceDescription,
        process_index @ 24: c_int,
    }
    PJRT_DeviceDescription_Attributes_Args [40] {
        device_description @ 16: *mut PJRT_DeviceDescription,
        num_attributes @ 24: usize,
        attributes @ 32: *const PJRT_NamedValue,
    }
    PJRT_DeviceDescription_Kind_Args [40] {
        device_description @ 16: *mut PJRT_DeviceDescription,
        device_kind @ 24: *const c_char,
        device_kind_size @ 32: usize,
    }
    PJRT_DeviceDescription_DebugString_Args [40] {
        device_description @ 16: *mut PJRT_DeviceDescription,
        debug_string @ 24: *const c_char,
        debug_string_size @ 32: usize,
    }
    PJRT_DeviceDescription_ToString_Args [40] {
        device_description @ 16: *mut PJRT_DeviceDescription,
        to_string @ 24: *const c_char,
        to_string_size @ 32: usize,
    }
    PJRT_Device_GetDescription_Args [32] {
        device @ 16: *mut PJRT_Device,
        device_description @ 24: *mut PJRT_DeviceDescription,
    }
    PJRT_Device_IsAddressable_Args [25] {
        device @ 16: *mut PJRT_Device,
        is_addressable @ 24: bool,
    }
    PJRT_Device_LocalHardwareId_Args [28] {
        device @ 16: *mut PJRT_Device,
        local_hardware_id @ 24: c_int,
    }
    PJRT_Device_AddressableMemories_Args [40] {
        device @ 16: *mut PJRT_Device,
        memories @ 24: *const *mut PJRT_Memory,
        num_memories @ 32: usize,
    }
    PJRT_Device_DefaultMemory_Args [32] {
        device @ 16: *mut PJRT_Device,
        memory @ 24: *mut PJRT_Memory,
    }
    PJRT_Device_MemoryStats_Args [185] {
        device @ 16: *mut PJRT_Device,
        bytes_in_use @ 24: i64,
        peak_bytes_in_use @ 32: i64,
        peak_bytes_in_use_is_set @ 40: bool,
        num_allocs @ 48: i64,
        num_allocs_is_set @ 56: bool,
        largest_alloc_size @ 64: i64,
        largest_alloc_size_is_set @ 72: bool,
        bytes_limit @ 80: i64,
        bytes_limit_is_set @ 88: bool,
        bytes_reserved @ 96: i64,
        bytes_reserved_is_set @ 104: bool,
        peak_bytes_reserved @ 112: i64,
        peak_bytes_reserved_is_set @ 120: bool,
        bytes_reservable_limit @ 128: i64,
        bytes_reservable_limit_is_set @ 136: bool,
        largest_free_block_bytes @ 144: i64,
        largest_free_block_bytes_is_set @ 152: bool,
        pool_bytes @ 160: i64,
        pool_bytes_is_set @ 168: bool,
        peak_pool_bytes @ 176: i64,
        peak_pool_bytes_is_set @ 184: bool,
    }
    PJRT_Memory_Id_Args [28] {
        memory @ 16: *mut PJRT_Memory,
        id @ 24: c_int,
    }
    PJRT_Memory_Kind_Args [40] {
        memory @ 16: *mut PJRT_Memory,
        kind @ 24: *const c_char,
        kind_size @ 32: usize,
    }
    PJRT_Memory_Kind_Id_Args [28] {
        memory @ 16: *mut PJRT_Memory,
        kind_id @ 24: c_int,
    }
    PJRT_Memory_DebugString_Args [40] {
        memory @ 16: *mut PJRT_Memory,
        debug_string @ 24: *const c_char,
        debug_string_size @ 32: usize,
    }
    PJRT_Memory_ToString_Args [40] {
        memory @ 16: *mut PJRT_Memory,
        to_string @ 24: *const c_char,
        to_string_size @ 32: usize,
    }
    PJRT_Memory_AddressableByDevices_Args [40] {
        memory @ 16: *mut PJRT_Memory,
        devices @ 24: *const *mut PJRT_Device,
        num_devices @ 32: usize,
    }
}
