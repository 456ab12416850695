//! `PJRT_TopologyDescription_*`.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use crate::abi::*;
use crate::boundary::{Handle, Outcome, exported};
use crate::device::DescriptionHandle;
use crate::executable::SerializedHandle;

/// What a `PJRT_TopologyDescription` points to. Owned by its client.
pub struct TopologyHandle {
    descriptions: [*mut PJRT_DeviceDescription; 1],
    platform_version: String,
    /// Equal for devices that run the same programs.
    fingerprint: u64,
}

impl Handle for TopologyHandle {
    type Opaque = PJRT_TopologyDescription;
}

impl TopologyHandle {
    /// The topology of a client with one device.
    pub fn new(device: &DescriptionHandle, platform_version: &str) -> TopologyHandle {
        let mut hasher = DefaultHasher::new();
        (runtime::PLATFORM_NAME, platform_version, device.kind()).hash(&mut hasher);
        TopologyHandle {
            descriptions: [device.as_raw()],
            platform_version: platform_version.to_string(),
            fingerprint: hasher.finish(),
        }
    }
}

exported! {
    /// `mps`.
    fn platform_name(args: PJRT_TopologyDescription_PlatformName_Args) {
        args.platform_name = runtime::PLATFORM_NAME.as_ptr().cast();
        args.platform_name_size = runtime::PLATFORM_NAME.len();
    }

    /// Name and version of this library.
    fn platform_version(args: PJRT_TopologyDescription_PlatformVersion_Args, topology: TopologyHandle) {
        args.platform_version = topology.platform_version.as_ptr().cast();
        args.platform_version_size = topology.platform_version.len();
    }

    /// The one device.
    fn device_descriptions(
        args: PJRT_TopologyDescription_GetDeviceDescriptions_Args,
        topology: TopologyHandle
    ) {
        args.descriptions = topology.descriptions.as_ptr();
        args.num_descriptions = topology.descriptions.len();
    }

    /// Bytes that are equal for equal topologies: caches use them as a key.
    fn serialize(args: PJRT_TopologyDescription_Serialize_Args, topology: TopologyHandle) {
        let serialized = Box::new(SerializedHandle(topology.fingerprint.to_le_bytes().to_vec()));
        args.serialized_bytes = serialized.0.as_ptr().cast();
        args.serialized_bytes_size = serialized.0.len();
        args.serialized_topology = Box::into_raw(serialized).cast();
        args.serialized_topology_deleter = Some(delete_serialized);
    }

    /// There are none.
    fn attributes(args: PJRT_TopologyDescription_Attributes_Args) {
        args.attributes = std::ptr::null();
        args.num_attributes = 0;
    }
}

unsafe extern "C" fn delete_serialized(serialized: *mut PJRT_SerializedTopology) {
    // SAFETY: the framework calls this once, with what `serialize` gave.
    unsafe { SerializedHandle::destroy(serialized.cast()) }
}
