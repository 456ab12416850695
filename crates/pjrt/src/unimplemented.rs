//! Functions that this plugin does not offer: each says so.

use crate::abi::*;
use crate::boundary::{Failure, Outcome, code};

fn not_offered<A: Args>(_args: &mut A) -> Outcome {
    let function = A::NAME.trim_end_matches("_Args");
    Err(Failure::new(code::UNIMPLEMENTED, format!("{function} is not offered by platform mps")))
}

macro_rules! not_offered {
    ($($name:ident($args:ident);)*) => {$(
        /// Answers UNIMPLEMENTED.
        pub unsafe extern "C" fn $name(args: *mut $args) -> *mut PJRT_Error {
            // SAFETY: the framework passes null or the struct that belongs to this function.
            unsafe { crate::boundary::call(args, not_offered) }
        }
    )*};
}

not_offered! {
    executable_get_cost_analysis(PJRT_Executable_GetCostAnalysis_Args);
    copy_to_device_stream_destroy(PJRT_CopyToDeviceStream_Destroy_Args);
    copy_to_device_stream_add_chunk(PJRT_CopyToDeviceStream_AddChunk_Args);
    copy_to_device_stream_total_bytes(PJRT_CopyToDeviceStream_TotalBytes_Args);
    copy_to_device_stream_granule_size(PJRT_CopyToDeviceStream_GranuleSize_Args);
    copy_to_device_stream_current_bytes(PJRT_CopyToDeviceStream_CurrentBytes_Args);
    topology_description_create(PJRT_TopologyDescription_Create_Args);
    topology_description_destroy(PJRT_TopologyDescription_Destroy_Args);
    compile(PJRT_Compile_Args);
    client_create_view_of_device_buffer(PJRT_Client_CreateViewOfDeviceBuffer_Args);
    execute_context_create(PJRT_ExecuteContext_Create_Args);
    execute_context_destroy(PJRT_ExecuteContext_Destroy_Args);
}
