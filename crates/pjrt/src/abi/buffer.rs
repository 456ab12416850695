//! Arguments of the buffer functions and of the functions that create buffers.

use super::*;

abi_structs! {
    PJRT_Buffer_MemoryLayout_Tiled [56] {
        minor_to_major @ 16: *const i64,
        minor_to_major_size @ 24: usize,
        tile_dims @ 32: *const i64,
        tile_dim_sizes @ 40: *const usize,
        num_tiles @ 48: usize,
    }
    PJRT_Buffer_MemoryLayout_Strides [32] {
        byte_strides @ 16: *const i64,
        num_byte_strides @ 24: usize,
    }
    PJRT_Buffer_MemoryLayout [76] {
        value @ 16: PJRT_Buffer_MemoryLayout_Value,
        r#type @ 72: PJRT_Buffer_MemoryLayout_Type,
    }
    PJRT_Client_BufferFromHostBuffer_Args [120] {
        client @ 16: *mut PJRT_Client,
        data @ 24: *const c_void,
        r#type @ 32: PJRT_Buffer_Type,
        dims @ 40: *const i64,
        num_dims @ 48: usize,
        byte_strides @ 56: *const i64,
        num_byte_strides @ 64: usize,
        host_buffer_semantics @ 72: PJRT_HostBufferSemantics,
        device @ 80: *mut PJRT_Device,
        memory @ 88: *mut PJRT_Memory,
        device_layout @ 96: *mut PJRT_Buffer_MemoryLayout,
        done_with_host_buffer @ 104: *mut PJRT_Event,
        buffer @ 112: *mut PJRT_Buffer,
    }
    PJRT_Client_CreateViewOfDeviceBuffer_Args [104] {
        client @ 16: *mut PJRT_Client,
        device_buffer_ptr @ 24: *mut c_void,
        dims @ 32: *const i64,
        num_dims @ 40: usize,
        element_type @ 48: PJRT_Buffer_Type,
        layout @ 56: *mut PJRT_Buffer_MemoryLayout,
        device @ 64: *mut PJRT_Device,
        on_delete_callback @ 72: Option<unsafe extern "C" fn(*mut c_void, *mut c_void)>,
        on_delete_callback_arg @ 80: *mut c_void,
        stream @ 88: isize,
        buffer @ 96: *mut PJRT_Buffer,
    }
    PJRT_Buffer_Destroy_Args [24] { buffer @ 16: *mut PJRT_Buffer }
    PJRT_Buffer_ElementType_Args [28] {
        buffer @ 16: *mut PJRT_Buffer,
        r#type @ 24: PJRT_Buffer_Type,
    }
    PJRT_Buffer_Dimensions_Args [40] {
        buffer @ 16: *mut PJRT_Buffer,
        dims @ 24: *const i64,
        num_dims @ 32: usize,
    }
    PJRT_Buffer_UnpaddedDimensions_Args [40] {
        buffer @ 16: *mut PJRT_Buffer,
        unpadded_dims @ 24: *const i64,
        num_dims @ 32: usize,
    }
    PJRT_Buffer_DynamicDimensionIndices_Args [40] {
        buffer @ 16: *mut PJRT_Buffer,
        dynamic_dim_indices @ 24: *const usize,
        num_dynamic_dims @ 32: usize,
    }
    PJRT_Buffer_GetMemoryLayout_Args [104] {
        buffer @ 16: *mut PJRT_Buffer,
        layout @ 24: PJRT_Buffer_MemoryLayout,
    }
    PJRT_Buffer_ToHostBuffer_Args [56] {
        src @ 16: *mut PJRT_Buffer,
        host_layout @ 24: *mut PJRT_Buffer_MemoryLayout,
        dst @ 32: *mut c_void,
        dst_size @ 40: usize,
        event @ 48: *mut PJRT_Event,
    }
    PJRT_Buffer_OnDeviceSizeInBytes_Args [32] {
        buffer @ 16: *mut PJRT_Buffer,
        on_device_size_in_bytes @ 24: usize,
    }
    PJRT_Buffer_Delete_Args [24] { buffer @ 16: *mut PJRT_Buffer }
    PJRT_Buffer_IsDeleted_Args [25] {
        buffer @ 16: *mut PJRT_Buffer,
        is_deleted @ 24: bool,
    }
    PJRT_Buffer_CopyToDevice_Args [40] {
        buffer @ 16: *mut PJRT_Buffer,
        dst_device @ 24: *mut PJRT_Device,
        dst_buffer @ 32: *mut PJRT_Buffer,
    }
    PJRT_Buffer_CopyToMemory_Args [40] {
        buffer @ 16: *mut PJRT_Buffer,
        dst_memory @ 24: *mut PJRT_Memory,
        dst_buffer @ 32: *mut PJRT_Buffer,
    }
    PJRT_Buffer_IsOnCpu_Args [25] {
        buffer @ 16: *mut PJRT_Buffer,
        is_on_cpu @ 24: bool,
    }
    PJRT_Buffer_Device_Args [32] {
        buffer @ 16: *mut PJRT_Buffer,
        device @ 24: *mut PJRT_Device,
    }
    PJRT_Buffer_Memory_Args [32] {
        buffer @ 16: *mut PJRT_Buffer,
        memory @ 24: *mut PJRT_Memory,
    }
    PJRT_Buffer_ReadyEvent_Args [32] {
        buffer @ 16: *mut PJRT_Buffer,
        event @ 24: *mut PJRT_Event,
    }
    PJRT_Buffer_UnsafePointer_Args [32] {
        buffer @ 16: *mut PJRT_Buffer,
        buffer_pointer @ 24: usize,
    }
    PJRT_Buffer_IncreaseExternalReferenceCount_Args [24] { buffer @ 16: *mut PJRT_Buffer }
    PJRT_Buffer_DecreaseExternalReferenceCount_Args [24] { buffer @ 16: *mut PJRT_Buffer }
    PJRT_Buffer_OpaqueDeviceMemoryDataPointer_Args [32] {
        buffer @ 16: *mut PJRT_Buffer,
        device_memory_ptr @ 24: *mut c_void,
    }
    PJRT_CopyToDeviceStream_Destroy_Args [24] { stream @ 16: *mut PJRT_CopyToDeviceStream }
    PJRT_CopyToDeviceStream_AddChunk_Args [40] {
        stream @ 16: *mut PJRT_CopyToDeviceStream,
        chunk @ 24: *mut PJRT_Chunk,
        transfer_complete @ 32: *mut PJRT_Event,
    }
    PJRT_CopyToDeviceStream_TotalBytes_Args [32] {
        stream @ 16: *mut PJRT_CopyToDeviceStream,
        total_bytes @ 24: i64,
    }
    PJRT_CopyToDeviceStream_GranuleSize_Args [32] {
        stream @ 16: *mut PJRT_CopyToDeviceStream,
        granule_size_in_bytes @ 24: i64,
    }
    PJRT_CopyToDeviceStream_CurrentBytes_Args [32] {
        stream @ 16: *mut PJRT_CopyToDeviceStream,
        current_bytes @ 24: i64,
    }
}
