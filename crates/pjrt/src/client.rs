//! `PJRT_Client_*`.

use std::ffi::c_int;

use runtime::Client;

use crate::abi::*;
use crate::boundary::{Failure, Handle, Outcome, code, exported, lent};
use crate::device::DeviceHandle;
use crate::executable::LoadedHandle;
use crate::memory::MemoryHandle;
use crate::options::{client_options, compile_options};
use crate::topology::TopologyHandle;

/// What a `PJRT_Client` points to. It owns the handles of its device, memory and topology, which lie in boxes so
/// that their addresses stay.
pub struct ClientHandle {
    pub client: Client,
    devices: [*mut PJRT_Device; 1],
    memories: [*mut PJRT_Memory; 1],
    topology: Box<TopologyHandle>,
    pub device: Box<DeviceHandle>,
    _memory: Box<MemoryHandle>,
}

impl Handle for ClientHandle {
    type Opaque = PJRT_Client;
}

impl ClientHandle {
    fn new(client: Client) -> ClientHandle {
        let mut device = Box::new(DeviceHandle::new(client.device().clone()));
        let memory = Box::new(MemoryHandle::new(device.as_raw(), client.device().id()));
        device.memories = [memory.as_raw()];
        let topology = Box::new(TopologyHandle::new(&device.description, client.platform_version()));
        ClientHandle {
            devices: [device.as_raw()],
            memories: [memory.as_raw()],
            topology,
            device,
            _memory: memory,
            client,
        }
    }

    fn find_device(&self, id: c_int) -> Outcome<*mut PJRT_Device> {
        match id == self.client.device().id() {
            true => Ok(self.devices[0]),
            false => Err(Failure::invalid(format!("platform mps has no device {id}"))),
        }
    }
}

exported! {
    /// Makes a client. The key-value callbacks are for programs of several processes.
    fn create(args: PJRT_Client_Create_Args) {
        // SAFETY: as long as the framework says.
        let values = unsafe { lent(args.create_options, args.num_options) };
        // SAFETY: names and values are as long as they say.
        let options = unsafe { client_options(values) }?;
        args.client = ClientHandle::new(Client::new(&options)?).into_raw();
    }

    /// Destroys a client. What has not started by then never will.
    fn destroy(args: PJRT_Client_Destroy_Args) {
        // SAFETY: the framework gives up a client that it owns.
        unsafe { ClientHandle::destroy(args.client) }
    }

    /// `mps`.
    fn platform_name(args: PJRT_Client_PlatformName_Args) {
        args.platform_name = runtime::PLATFORM_NAME.as_ptr().cast();
        args.platform_name_size = runtime::PLATFORM_NAME.len();
    }

    /// Name and version of this library.
    fn platform_version(args: PJRT_Client_PlatformVersion_Args, client: ClientHandle) {
        let version = client.client.platform_version();
        args.platform_version = version.as_ptr().cast();
        args.platform_version_size = version.len();
    }

    /// Always the one process.
    fn process_index(args: PJRT_Client_ProcessIndex_Args) {
        args.process_index = 0;
    }

    /// The topology of the client's device.
    fn topology_description(args: PJRT_Client_TopologyDescription_Args, client: ClientHandle) {
        args.topology = client.topology.as_raw();
    }

    /// The one device.
    fn devices(args: PJRT_Client_Devices_Args, client: ClientHandle) {
        args.devices = client.devices.as_ptr();
        args.num_devices = client.devices.len();
    }

    /// The one device.
    fn addressable_devices(args: PJRT_Client_AddressableDevices_Args, client: ClientHandle) {
        args.addressable_devices = client.devices.as_ptr();
        args.num_addressable_devices = client.devices.len();
    }

    /// The device of an id.
    fn lookup_device(args: PJRT_Client_LookupDevice_Args, client: ClientHandle) {
        args.device = client.find_device(args.id)?;
    }

    /// The device of a number on this machine.
    fn lookup_addressable_device(args: PJRT_Client_LookupAddressableDevice_Args, client: ClientHandle) {
        args.addressable_device = client.find_device(args.local_hardware_id)?;
    }

    /// The one memory.
    fn addressable_memories(args: PJRT_Client_AddressableMemories_Args, client: ClientHandle) {
        args.addressable_memories = client.memories.as_ptr();
        args.num_addressable_memories = client.memories.len();
    }

    /// Compiles a program for the device.
    fn compile(args: PJRT_Client_Compile_Args, client: ClientHandle) {
        // SAFETY: as long as the framework says.
        let options = unsafe { lent(args.compile_options.cast::<u8>(), args.compile_options_size) };
        // SAFETY: null or alive.
        let program = unsafe { args.program.as_ref() }.ok_or_else(|| Failure::invalid("no program was given"))?;
        // SAFETY: as long as the framework says.
        let format = unsafe { lent(program.format.cast::<u8>(), program.format_size) };
        if format != b"mlir" {
            let format = String::from_utf8_lossy(format);
            let message = format!("programs of format `{format}` cannot be compiled: send `mlir`");
            return Err(Failure::new(code::UNIMPLEMENTED, message));
        }
        // SAFETY: as long as the framework says.
        let bytes = unsafe { lent(program.code.cast_const().cast::<u8>(), program.code_size) };
        let executable = client.client.compile(bytes, &compile_options(options)?)?;
        args.executable = LoadedHandle::new(executable, client).into_raw();
    }

    /// Loads a serialized executable.
    fn deserialize_and_load(args: PJRT_Executable_DeserializeAndLoad_Args, client: ClientHandle) {
        // SAFETY: as long as the framework says.
        let bytes = unsafe { lent(args.serialized_executable.cast::<u8>(), args.serialized_executable_size) };
        let executable = client.client.load(bytes)?;
        args.loaded_executable = LoadedHandle::new(executable, client).into_raw();
    }

    /// The one device, for the one replica of the one partition.
    fn default_device_assignment(args: PJRT_Client_DefaultDeviceAssignment_Args, client: ClientHandle) {
        let options = runtime::CompileOptions {
            replicas: args.num_replicas.into(),
            partitions: args.num_partitions.into(),
            ..Default::default()
        };
        options.check_device_count()?;
        if args.default_assignment.is_null() || args.default_assignment_size == 0 {
            return Err(Failure::invalid("no room for the device assignment was given"));
        }
        // SAFETY: the framework gives room for as many numbers as it says.
        unsafe { args.default_assignment.write(client.client.device().id()) };
    }
}
