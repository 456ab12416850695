//! Arguments of the topology functions.

use super::*;

abi_structs! {
    PJRT_TopologyDescription_Create_Args [56] {
        topology_name @ 16: *const c_char,
        topology_name_size @ 24: usize,
        create_options @ 32: *const PJRT_NamedValue,
        num_options @ 40: usize,
        topology @ 48: *mut PJRT_TopologyDescription,
    }
    PJRT_TopologyDescription_Destroy_Args [24] { topology @ 16: *mut PJRT_TopologyDescription }
    PJRT_TopologyDescription_PlatformVersion_Args [40] {
        topology @ 16: *mut PJRT_TopologyDescription,
        platform_version @ 24: *const c_char,
        platform_version_size @ 32: usize,
    }
    PJRT_TopologyDescription_PlatformName_Args [40] {
        topology @ 16: *mut PJRT_TopologyDescription,
        platform_name @ 24: *const c_char,
        platform_name_size @ 32: usize,
    }
    PJRT_TopologyDescription_GetDeviceDescriptions_Args [40] {
        topology @ 16: *mut PJRT_TopologyDescription,
        descriptions @ 24: *const *mut PJRT_DeviceDescription,
        num_descriptions @ 32: usize,
    }
    PJRT_TopologyDescription_Serialize_Args [56] {
        topology @ 16: *mut PJRT_TopologyDescription,
        serialized_bytes @ 24: *const c_char,
        serialized_bytes_size @ 32: usize,
        serialized_topology @ 40: *mut PJRT_SerializedTopology,
        serialized_topology_deleter @ 48: Option<unsafe extern "C" fn(*mut PJRT_SerializedTopology)>,
    }
    PJRT_TopologyDescription_Attributes_Args [40] {
        topology @ 16: *mut PJRT_TopologyDescription,
        attributes @ 24: *const PJRT_NamedValue,
        num_attributes @ 32: usize,
    }
    PJRT_Compile_Args [64] {
        topology @ 16: *const PJRT_TopologyDescription,
        program @ 24: *const PJRT_Program,
        compile_options @ 32: *const c_char,
        compile_options_size @ 40: usize,
        client @ 48: *mut PJRT_Client,
        executable @ 56: *mut PJRT_Executable,
    }
}
