//! Arguments of the executable functions.

use super::*;

abi_structs! {
    PJRT_ExecuteContext_Create_Args [24] { context @ 16: *mut PJRT_ExecuteContext }
    PJRT_ExecuteContext_Destroy_Args [24] { context @ 16: *mut PJRT_ExecuteContext }
    PJRT_Executable_Destroy_Args [24] { executable @ 16: *mut PJRT_Executable }
    PJRT_LoadedExecutable_Destroy_Args [24] { executable @ 16: *mut PJRT_LoadedExecutable }
    PJRT_LoadedExecutable_GetExecutable_Args [32] {
        loaded_executable @ 16: *mut PJRT_LoadedExecutable,
        executable @ 24: *mut PJRT_Executable,
    }
    PJRT_Executable_Name_Args [40] {
        executable @ 16: *mut PJRT_Executable,
        executable_name @ 24: *const c_char,
        executable_name_size @ 32: usize,
    }
    PJRT_Executable_NumReplicas_Args [32] {
        executable @ 16: *mut PJRT_Executable,
        num_replicas @ 24: usize,
    }
    PJRT_Executable_NumPartitions_Args [32] {
        executable @ 16: *mut PJRT_Executable,
        num_partitions @ 24: usize,
    }
    PJRT_LoadedExecutable_AddressableDevices_Args [40] {
        executable @ 16: *mut PJRT_LoadedExecutable,
        addressable_devices @ 24: *const *mut PJRT_Device,
        num_addressable_devices @ 32: usize,
    }
    PJRT_Executable_OptimizedProgram_Args [32] {
        executable @ 16: *mut PJRT_Executable,
        program @ 24: *mut PJRT_Program,
    }
    PJRT_LoadedExecutable_Delete_Args [24] { executable @ 16: *mut PJRT_LoadedExecutable }
    PJRT_LoadedExecutable_IsDeleted_Args [25] {
        executable @ 16: *mut PJRT_LoadedExecutable,
        is_deleted @ 24: bool,
    }
    PJRT_ExecuteOptions [72] {
        send_callbacks @ 16: *mut *mut PJRT_SendCallbackInfo,
        recv_callbacks @ 24: *mut *mut PJRT_RecvCallbackInfo,
        num_send_ops @ 32: usize,
        num_recv_ops @ 40: usize,
        launch_id @ 48: c_int,
        non_donatable_input_indices @ 56: *const i64,
        num_non_donatable_input_indices @ 64: usize,
    }
    PJRT_LoadedExecutable_Execute_Args [80] {
        executable @ 16: *mut PJRT_LoadedExecutable,
        options @ 24: *mut PJRT_ExecuteOptions,
        argument_lists @ 32: *const *const *mut PJRT_Buffer,
        num_devices @ 40: usize,
        num_args @ 48: usize,
        output_lists @ 56: *const *mut *mut PJRT_Buffer,
        device_complete_events @ 64: *mut *mut PJRT_Event,
        execute_device @ 72: *mut PJRT_Device,
    }
    PJRT_Executable_NumOutputs_Args [32] {
        executable @ 16: *mut PJRT_Executable,
        num_outputs @ 24: usize,
    }
    PJRT_Executable_SizeOfGeneratedCodeInBytes_Args [32] {
        executable @ 16: *mut PJRT_Executable,
        size_in_bytes @ 24: i64,
    }
    PJRT_Executable_Fingerprint_Args [40] {
        executable @ 16: *mut PJRT_Executable,
        executable_fingerprint @ 24: *const c_char,
        executable_fingerprint_size @ 32: usize,
    }
    PJRT_Executable_GetCostAnalysis_Args [40] {
        executable @ 16: *mut PJRT_Executable,
        num_properties @ 24: usize,
        properties @ 32: *const PJRT_NamedValue,
    }
    PJRT_Executable_GetCompiledMemoryStats_Args [104] {
        executable @ 16: *mut PJRT_Executable,
        generated_code_size_in_bytes @ 24: i64,
        argument_size_in_bytes @ 32: i64,
        output_size_in_bytes @ 40: i64,
        alias_size_in_bytes @ 48: i64,
        temp_size_in_bytes @ 56: i64,
        host_generated_code_size_in_bytes @ 64: i64,
        host_argument_size_in_bytes @ 72: i64,
        host_output_size_in_bytes @ 80: i64,
        host_alias_size_in_bytes @ 88: i64,
        host_temp_size_in_bytes @ 96: i64,
    }
    PJRT_Executable_OutputElementTypes_Args [40] {
        executable @ 16: *mut PJRT_Executable,
        output_types @ 24: *mut PJRT_Buffer_Type,
        num_output_types @ 32: usize,
    }
    PJRT_Executable_OutputDimensions_Args [48] {
        executable @ 16: *mut PJRT_Executable,
        num_outputs @ 24: usize,
        dims @ 32: *const i64,
        dim_sizes @ 40: *const usize,
    }
    PJRT_Executable_OutputMemoryKinds_Args [48] {
        executable @ 16: *mut PJRT_Executable,
        num_outputs @ 24: usize,
        memory_kinds @ 32: *const *const c_char,
        memory_kind_sizes @ 40: *const usize,
    }
    PJRT_Executable_Serialize_Args [56] {
        executable @ 16: *const PJRT_Executable,
        serialized_bytes @ 24: *const c_char,
        serialized_bytes_size @ 32: usize,
        serialized_executable @ 40: *mut PJRT_SerializedExecutable,
        serialized_executable_deleter @ 48: Option<unsafe extern "C" fn(*mut PJRT_SerializedExecutable)>,
    }
    PJRT_Executable_DeserializeAndLoad_Args [48] {
        client @ 16: *mut PJRT_Client,
        serialized_executable @ 24: *const c_char,
        serialized_executable_size @ 32: usize,
        loaded_executable @ 40: *mut PJRT_LoadedExecutable,
    }
    PJRT_LoadedExecutable_Fingerprint_Args [40] {
        executable @ 16: *mut PJRT_LoadedExecutable,
        executable_fingerprint @ 24: *const c_char,
        executable_fingerprint_size @ 32: usize,
    }
}
