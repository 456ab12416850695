//! `PJRT_Device_*` and `PJRT_DeviceDescription_*`.

use std::sync::Arc;

use runtime::Device;

use crate::abi::*;
use crate::boundary::{Handle, Outcome, exported};

/// What a `PJRT_Device` points to. Owned by its client.
pub struct DeviceHandle {
    pub description: DescriptionHandle,
    pub device: Arc<Device>,
    /// The list of memories, filled by the client once their addresses are known.
    pub memories: [*mut PJRT_Memory; 1],
}

/// What a `PJRT_DeviceDescription` points to.
pub struct DescriptionHandle {
    id: i32,
    kind: String,
    debug_string: String,
    to_string: String,
}

impl Handle for DeviceHandle {
    type Opaque = PJRT_Device;
}

impl Handle for DescriptionHandle {
    type Opaque = PJRT_DeviceDescription;
}

impl DescriptionHandle {
    /// What the device is, for people.
    pub fn kind(&self) -> &str {
        &self.kind
    }
}

impl DeviceHandle {
    /// A handle without memories.
    pub fn new(device: Arc<Device>) -> DeviceHandle {
        let id = device.id();
        let description = DescriptionHandle {
            id,
            kind: device.kind().to_string(),
            debug_string: format!("{}:{id}", runtime::PLATFORM_NAME),
            to_string: format!("MpsDevice(id={id})"),
        };
        DeviceHandle { description, device, memories: [std::ptr::null_mut()] }
    }
}

exported! {
    /// Number of the device.
    fn description_id(args: PJRT_DeviceDescription_Id_Args, device_description: DescriptionHandle) {
        args.id = device_description.id;
    }

    /// Always the one process.
    fn description_process_index(args: PJRT_DeviceDescription_ProcessIndex_Args) {
        args.process_index = 0;
    }

    /// There are none.
    fn description_attributes(args: PJRT_DeviceDescription_Attributes_Args) {
        args.num_attributes = 0;
        args.attributes = std::ptr::null();
    }

    /// What the device is, for people.
    fn description_kind(args: PJRT_DeviceDescription_Kind_Args, device_description: DescriptionHandle) {
        args.device_kind = device_description.kind.as_ptr().cast();
        args.device_kind_size = device_description.kind.len();
    }

    /// What `str` of a device gives.
    fn description_debug_string(args: PJRT_DeviceDescription_DebugString_Args, device_description: DescriptionHandle) {
        args.debug_string = device_description.debug_string.as_ptr().cast();
        args.debug_string_size = device_description.debug_string.len();
    }

    /// What `repr` of a device gives.
    fn description_to_string(args: PJRT_DeviceDescription_ToString_Args, device_description: DescriptionHandle) {
        args.to_string = device_description.to_string.as_ptr().cast();
        args.to_string_size = device_description.to_string.len();
    }

    /// The description of a device.
    fn get_description(args: PJRT_Device_GetDescription_Args, device: DeviceHandle) {
        args.device_description = device.description.as_raw();
    }

    /// Always.
    fn is_addressable(args: PJRT_Device_IsAddressable_Args) {
        args.is_addressable = true;
    }

    /// Number of the device on this machine.
    fn local_hardware_id(args: PJRT_Device_LocalHardwareId_Args, device: DeviceHandle) {
        args.local_hardware_id = device.description.id;
    }

    /// The one memory.
    fn addressable_memories(args: PJRT_Device_AddressableMemories_Args, device: DeviceHandle) {
        args.memories = device.memories.as_ptr();
        args.num_memories = device.memories.len();
    }

    /// The one memory.
    fn default_memory(args: PJRT_Device_DefaultMemory_Args, device: DeviceHandle) {
        args.memory = device.memories[0];
    }

    /// Figures of the memory pool.
    fn memory_stats(args: PJRT_Device_MemoryStats_Args, device: DeviceHandle) {
        device.device.made_in().check()?;
        let stats = device.device.memory_stats();
        args.bytes_in_use = stats.in_use as i64;
        args.peak_bytes_in_use = stats.peak_in_use as i64;
        args.peak_bytes_in_use_is_set = true;
        args.num_allocs = stats.allocations as i64;
        args.num_allocs_is_set = true;
        args.largest_alloc_size = stats.largest_allocation as i64;
        args.largest_alloc_size_is_set = true;
        args.bytes_limit = stats.limit as i64;
        args.bytes_limit_is_set = true;
        args.bytes_reserved_is_set = false;
        args.peak_bytes_reserved_is_set = false;
        args.bytes_reservable_limit_is_set = false;
        args.largest_free_block_bytes_is_set = false;
        args.pool_bytes = (stats.in_use + stats.idle) as i64;
        args.pool_bytes_is_set = true;
        args.peak_pool_bytes_is_set = false;
    }
}
