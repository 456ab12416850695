//! `PJRT_Executable_*` and `PJRT_LoadedExecutable_*`.

use std::ffi::c_char;
use std::sync::Arc;

use runtime::{Buffer, Executable, Program};

use crate::abi::*;
use crate::boundary::{Failure, Handle, Outcome, code, exported, lent};
use crate::buffer::BufferHandle;
use crate::client::ClientHandle;
use crate::event::EventHandle;
use crate::types::code_of_dtype;

/// What a `PJRT_LoadedExecutable` points to.
pub struct LoadedHandle {
    executable: Executable,
    info: Arc<Info>,
    devices: [*mut PJRT_Device; 1],
    memory: *mut PJRT_Memory,
}

/// What a `PJRT_Executable` points to: one reference to what is known of a program.
pub struct ExecutableHandle(Arc<Info>);

/// Answers to questions about a program, in the form that C reads them.
struct Info {
    program: Arc<Program>,
    output_types: Vec<PJRT_Buffer_Type>,
    output_dims: Vec<i64>,
    output_ranks: Vec<usize>,
    memory_kinds: Vec<*const c_char>,
    memory_kind_sizes: Vec<usize>,
}

// SAFETY: the pointers are to static text.
unsafe impl Send for Info {}
// SAFETY: as above; nothing is written after it is made.
unsafe impl Sync for Info {}

/// Bytes that C holds until it calls their deleter.
pub struct SerializedHandle(pub Vec<u8>);

impl Handle for LoadedHandle {
    type Opaque = PJRT_LoadedExecutable;
}

impl Handle for ExecutableHandle {
    type Opaque = PJRT_Executable;
}

impl Handle for SerializedHandle {
    type Opaque = PJRT_SerializedExecutable;
}

impl LoadedHandle {
    /// A handle to an executable of a client, which outlives it.
    pub fn new(executable: Executable, client: &ClientHandle) -> LoadedHandle {
        let program = executable.program().clone();
        let results = program.results();
        let info = Info {
            output_types: results.iter().map(|ty| code_of_dtype(ty.dtype)).collect(),
            output_dims: results.iter().flat_map(|ty| ty.dims.iter().copied()).collect(),
            output_ranks: results.iter().map(|ty| ty.rank()).collect(),
            memory_kinds: results.iter().map(|_| runtime::MEMORY_KIND.as_ptr().cast()).collect(),
            memory_kind_sizes: results.iter().map(|_| runtime::MEMORY_KIND.len()).collect(),
            program: program.clone(),
        };
        let devices = [client.device.as_raw()];
        LoadedHandle { executable, info: Arc::new(info), devices, memory: client.device.memories[0] }
    }

    fn buffer(&self, buffer: Buffer) -> *mut PJRT_Buffer {
        BufferHandle { buffer, device: self.devices[0], memory: self.memory }.into_raw()
    }
}

exported! {
    /// Drops one reference to what is known of a program.
    fn destroy(args: PJRT_Executable_Destroy_Args) {
        // SAFETY: the framework gives up a reference that it owns.
        unsafe { ExecutableHandle::destroy(args.executable) }
    }

    /// Name of the program.
    fn name(args: PJRT_Executable_Name_Args, executable: ExecutableHandle) {
        let name = executable.0.program.name();
        args.executable_name = name.as_ptr().cast();
        args.executable_name_size = name.len();
    }

    /// One: compiling refuses more.
    fn num_replicas(args: PJRT_Executable_NumReplicas_Args) {
        args.num_replicas = 1;
    }

    /// One: compiling refuses more.
    fn num_partitions(args: PJRT_Executable_NumPartitions_Args) {
        args.num_partitions = 1;
    }

    /// Number of results.
    fn num_outputs(args: PJRT_Executable_NumOutputs_Args, executable: ExecutableHandle) {
        args.num_outputs = executable.0.output_types.len();
    }

    /// Nothing is generated: plans are run, not translated.
    fn size_of_generated_code(args: PJRT_Executable_SizeOfGeneratedCodeInBytes_Args) {
        args.size_in_bytes = 0;
    }

    /// Equal for equal programs.
    fn fingerprint(args: PJRT_Executable_Fingerprint_Args, executable: ExecutableHandle) {
        let fingerprint = executable.0.program.fingerprint();
        args.executable_fingerprint = fingerprint.as_ptr().cast();
        args.executable_fingerprint_size = fingerprint.len();
    }

    /// Element types of the results.
    fn output_element_types(args: PJRT_Executable_OutputElementTypes_Args, executable: ExecutableHandle) {
        args.output_types = executable.0.output_types.as_ptr().cast_mut();
        args.num_output_types = executable.0.output_types.len();
    }

    /// Shapes of the results, one after another.
    fn output_dimensions(args: PJRT_Executable_OutputDimensions_Args, executable: ExecutableHandle) {
        args.num_outputs = executable.0.output_ranks.len();
        args.dims = executable.0.output_dims.as_ptr();
        args.dim_sizes = executable.0.output_ranks.as_ptr();
    }

    /// Memory kinds of the results.
    fn output_memory_kinds(args: PJRT_Executable_OutputMemoryKinds_Args, executable: ExecutableHandle) {
        args.num_outputs = executable.0.memory_kinds.len();
        args.memory_kinds = executable.0.memory_kinds.as_ptr();
        args.memory_kind_sizes = executable.0.memory_kind_sizes.as_ptr();
    }

    /// The program as it was sent, if it was compiled with the wish to see it: frameworks spend more time on
    /// reading it than compiling takes, and ask three times. First the size is asked for, then the bytes.
    fn optimized_program(args: PJRT_Executable_OptimizedProgram_Args, executable: ExecutableHandle) {
        let source = executable.0.program.source().ok_or_else(|| {
            let message = "the program is only kept when JAX_METALLIB_OPTIMIZED_PROGRAM=1 is set";
            Failure::new(code::UNIMPLEMENTED, message)
        })?;
        // SAFETY: null or alive, and the framework's to be written.
        let program = unsafe { args.program.as_mut() }.ok_or_else(|| Failure::invalid("no program was given"))?;
        program.format = "mlir".as_ptr().cast();
        program.format_size = "mlir".len();
        if !program.code.is_null() {
            if program.code_size < source.len() {
                return Err(Failure::invalid(format!("{} bytes of room for {}", program.code_size, source.len())));
            }
            // SAFETY: the framework gives as much room as it says.
            unsafe { std::ptr::copy_nonoverlapping(source.as_ptr(), program.code.cast(), source.len()) };
        }
        program.code_size = source.len();
    }

    /// The program as bytes that another process can load without compiling.
    fn serialize(args: PJRT_Executable_Serialize_Args, executable: ExecutableHandle) {
        let serialized = Box::new(SerializedHandle(executable.0.program.serialize()));
        args.serialized_bytes = serialized.0.as_ptr().cast();
        args.serialized_bytes_size = serialized.0.len();
        args.serialized_executable = Box::into_raw(serialized).cast();
        args.serialized_executable_deleter = Some(delete_serialized);
    }

    /// Destroys a loaded executable. Runs go on.
    fn loaded_destroy(args: PJRT_LoadedExecutable_Destroy_Args) {
        // SAFETY: the framework gives up an executable that it owns.
        unsafe { LoadedHandle::destroy(args.executable) }
    }

    /// A new reference to what is known of the program.
    fn get_executable(args: PJRT_LoadedExecutable_GetExecutable_Args, loaded_executable: LoadedHandle) {
        args.executable = ExecutableHandle(loaded_executable.info.clone()).into_raw();
    }

    /// The one device.
    fn loaded_devices(args: PJRT_LoadedExecutable_AddressableDevices_Args, executable: LoadedHandle) {
        args.addressable_devices = executable.devices.as_ptr();
        args.num_addressable_devices = executable.devices.len();
    }

    /// Refuses calls from now on.
    fn loaded_delete(_args: PJRT_LoadedExecutable_Delete_Args, executable: LoadedHandle) {
        executable.executable.delete();
    }

    /// Whether it was deleted.
    fn loaded_is_deleted(args: PJRT_LoadedExecutable_IsDeleted_Args, executable: LoadedHandle) {
        args.is_deleted = executable.executable.is_deleted();
    }

    /// Equal for equal programs.
    fn loaded_fingerprint(args: PJRT_LoadedExecutable_Fingerprint_Args, executable: LoadedHandle) {
        let fingerprint = executable.info.program.fingerprint();
        args.executable_fingerprint = fingerprint.as_ptr().cast();
        args.executable_fingerprint_size = fingerprint.len();
    }

    /// Runs the program. Outputs may be on their way when this returns.
    fn execute(args: PJRT_LoadedExecutable_Execute_Args, executable: LoadedHandle) {
        if args.num_devices != 1 {
            return Err(Failure::invalid(format!("{} devices were given, platform mps has one", args.num_devices)));
        }
        if !args.execute_device.is_null() && args.execute_device != executable.devices[0] {
            return Err(Failure::invalid("the device to execute on is not that of the program"));
        }
        // SAFETY: null or alive.
        let keep = match unsafe { args.options.as_ref() } {
            // SAFETY: as long as the options say.
            Some(options) => unsafe {
                lent(options.non_donatable_input_indices, options.num_non_donatable_input_indices)
            },
            None => &[],
        };
        // SAFETY: one list a device, as long as the call says.
        let arguments = unsafe { lent(args.argument_lists, 1) };
        let arguments = match arguments.first() {
            // SAFETY: as above.
            Some(&list) => unsafe { lent(list, args.num_args) },
            None => &[],
        };
        if arguments.len() != args.num_args {
            return Err(Failure::invalid("no argument list was given"));
        }
        let mut buffers = Vec::with_capacity(arguments.len());
        for &argument in arguments {
            // SAFETY: a live buffer, or null.
            buffers.push(unsafe { &BufferHandle::borrow(argument)?.buffer });
        }
        // SAFETY: one list a device.
        let outputs = unsafe { lent(args.output_lists, 1) }.first().copied().unwrap_or(std::ptr::null_mut());
        if outputs.is_null() && !executable.info.output_types.is_empty() {
            return Err(Failure::invalid("no room for the outputs was given"));
        }
        let execution = executable.executable.execute(&buffers, keep)?;
        for (index, result) in execution.results.into_iter().enumerate() {
            // SAFETY: the framework gives room for as many outputs as `num_outputs` says.
            unsafe { outputs.add(index).write(executable.buffer(result)) };
        }
        if !args.device_complete_events.is_null() {
            // SAFETY: room for one event a device.
            unsafe { args.device_complete_events.write(EventHandle(execution.done).into_raw()) };
        }
    }
}

/// What a run takes. Later versions of the API have more fields at the end, which frameworks read uninitialised if
/// nobody writes them: they are written where the caller's struct has room.
pub unsafe extern "C" fn compiled_memory_stats(
    args: *mut PJRT_Executable_GetCompiledMemoryStats_Args,
) -> *mut PJRT_Error {
    let mut later = [0; 5];
    let body = |args: &mut PJRT_Executable_GetCompiledMemoryStats_Args| -> Outcome {
        // SAFETY: the framework passes a live handle of this type, or null.
        let executable = unsafe { ExecutableHandle::borrow(args.executable)? };
        let memory = executable.0.program.memory();
        let total = memory.arguments + memory.results - memory.aliased + memory.scratch;
        // Peak, total, allocated, kept by the caller, scratch.
        later = [total, total, total, total - memory.scratch, memory.scratch].map(|bytes| bytes as i64);
        args.generated_code_size_in_bytes = 0;
        args.argument_size_in_bytes = memory.arguments as i64;
        args.output_size_in_bytes = memory.results as i64;
        args.alias_size_in_bytes = memory.aliased as i64;
        args.temp_size_in_bytes = memory.scratch as i64;
        args.host_generated_code_size_in_bytes = 0;
        args.host_argument_size_in_bytes = 0;
        args.host_output_size_in_bytes = 0;
        args.host_alias_size_in_bytes = 0;
        args.host_temp_size_in_bytes = 0;
        Ok(())
    };
    // SAFETY: the framework passes null or the struct of this function.
    let error = unsafe { crate::boundary::call(args, body) };
    if error.is_null() {
        // SAFETY: without an error there is a struct of the size that it says; the fields lie within it.
        unsafe {
            let fields =
                args.cast::<u8>().add(PJRT_Executable_GetCompiledMemoryStats_Args::SIZE).cast::<i64>();
            let room =
                ((*args).struct_size - PJRT_Executable_GetCompiledMemoryStats_Args::SIZE) / size_of::<i64>();
            for (index, value) in later.into_iter().take(room).enumerate() {
                fields.add(index).write(value);
            }
        }
    }
    error
}

unsafe extern "C" fn delete_serialized(serialized: *mut PJRT_SerializedExecutable) {
    // SAFETY: the framework calls this once, with what `serialize` gave.
    unsafe { SerializedHandle::destroy(serialized) }
}
