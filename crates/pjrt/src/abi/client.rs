//! Arguments of the client functions.

use super::*;

abi_structs! {
    /// The key-value callback fields are uninitialised in single-process use: they are never read.
    PJRT_Client_Create_Args [72] {
        create_options @ 16: *const PJRT_NamedValue,
        num_options @ 24: usize,
        kv_get_callback @ 32: *mut c_void,
        kv_get_user_arg @ 40: *mut c_void,
        kv_put_callback @ 48: *mut c_void,
        kv_put_user_arg @ 56: *mut c_void,
        client @ 64: *mut PJRT_Client,
    }
    PJRT_Client_Destroy_Args [24] { client @ 16: *mut PJRT_Client }
    PJRT_Client_PlatformName_Args [40] {
        client @ 16: *mut PJRT_Client,
        platform_name @ 24: *const c_char,
        platform_name_size @ 32: usize,
    }
    PJRT_Client_ProcessIndex_Args [28] {
        client @ 16: *mut PJRT_Client,
        process_index @ 24: c_int,
    }
    PJRT_Client_PlatformVersion_Args [40] {
        client @ 16: *mut PJRT_Client,
        platform_version @ 24: *const c_char,
        platform_version_size @ 32: usize,
    }
    PJRT_Client_TopologyDescription_Args [32] {
        client @ 16: *mut PJRT_Client,
        topology @ 24: *mut PJRT_TopologyDescription,
    }
    PJRT_Client_Devices_Args [40] {
        client @ 16: *mut PJRT_Client,
        devices @ 24: *const *mut PJRT_Device,
        num_devices @ 32: usize,
    }
    PJRT_Client_AddressableDevices_Args [40] {
        client @ 16: *mut PJRT_Client,
        addressable_devices @ 24: *const *mut PJRT_Device,
        num_addressable_devices @ 32: usize,
    }
    PJRT_Client_LookupDevice_Args [40] {
        client @ 16: *mut PJRT_Client,
        id @ 24: c_int,
        device @ 32: *mut PJRT_Device,
    }
    PJRT_Client_LookupAddressableDevice_Args [40] {
        client @ 16: *mut PJRT_Client,
        local_hardware_id @ 24: c_int,
        addressable_device @ 32: *mut PJRT_Device,
    }
    PJRT_Client_AddressableMemories_Args [40] {
        client @ 16: *mut PJRT_Client,
        addressable_memories @ 24: *const *mut PJRT_Memory,
        num_addressable_memories @ 32: usize,
    }
    PJRT_Program [48] {
        code @ 16: *mut c_char,
        code_size @ 24: usize,
        format @ 32: *const c_char,
        format_size @ 40: usize,
    }
    PJRT_Client_Compile_Args [56] {
        client @ 16: *mut PJRT_Client,
        program @ 24: *const PJRT_Program,
        compile_options @ 32: *const c_char,
        compile_options_size @ 40: usize,
        executable @ 48: *mut PJRT_LoadedExecutable,
    }
    PJRT_Client_DefaultDeviceAssignment_Args [48] {
        client @ 16: *mut PJRT_Client,
        num_replicas @ 24: c_int,
        num_partitions @ 28: c_int,
        default_assignment_size @ 32: usize,
        default_assignment @ 40: *mut c_int,
    }
}
