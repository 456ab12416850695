//! The plugin as a framework sees it: through the table of functions.

use std::ffi::c_void;
use std::ptr::{null, null_mut};

use jax_metallib::abi::*;
use jax_metallib::{GetPjrtApi, jax_metallib_info};

fn api() -> &'static PJRT_Api {
    // SAFETY: the table lives for ever.
    unsafe { &*GetPjrtApi() }
}

/// Arguments whose fields are all zero.
fn zeroed<A: Args>() -> A {
    // SAFETY: all fields of arguments are numbers, optional pointers or false.
    unsafe { std::mem::zeroed() }
}

/// Makes the arguments of a function: all zero but the size and the named fields.
macro_rules! args {
    ($type:ident { $($field:ident: $value:expr),* $(,)? }) => {{
        let mut args: $type = zeroed();
        args.struct_size = <$type as Args>::SIZE;
        $(args.$field = $value;)*
        args
    }};
}

/// Calls a function of the table; gives its arguments back, or the code and message of its error.
macro_rules! call {
    ($function:ident, $type:ident { $($field:ident: $value:expr),* $(,)? }) => {{
        let mut args = args!($type { $($field: $value),* });
        // SAFETY: the arguments are those of the function, with live handles.
        let error = unsafe { (api().$function)(&mut args) };
        take_error(error).map(|()| args)
    }};
}

type Outcome<T> = Result<T, (i32, String)>;

fn take_error(error: *mut PJRT_Error) -> Outcome<()> {
    if error.is_null() {
        return Ok(());
    }
    // SAFETY: the error is alive until it is destroyed here.
    unsafe {
        let mut code = args!(PJRT_Error_GetCode_Args { error: error });
        assert!((api().PJRT_Error_GetCode)(&mut code).is_null());
        let mut message = args!(PJRT_Error_Message_Args { error: error });
        (api().PJRT_Error_Message)(&mut message);
        let text = std::slice::from_raw_parts(message.message.cast::<u8>(), message.message_size);
        let text = String::from_utf8(text.to_vec()).expect("messages are UTF-8");
        (api().PJRT_Error_Destroy)(&mut args!(PJRT_Error_Destroy_Args { error: error }));
        Err((code.code, text))
    }
}

/// A client with what belongs to it.
struct Fixture {
    client: *mut PJRT_Client,
    device: *mut PJRT_Device,
    memory: *mut PJRT_Memory,
}

impl Fixture {
    fn new() -> Fixture {
        let client = call!(PJRT_Client_Create, PJRT_Client_Create_Args {}).expect("a client").client;
        let devices =
            call!(PJRT_Client_Devices, PJRT_Client_Devices_Args { client: client }).expect("devices");
        assert_eq!(devices.num_devices, 1);
        // SAFETY: a list of one.
        let device = unsafe { *devices.devices };
        let memory = call!(PJRT_Device_DefaultMemory, PJRT_Device_DefaultMemory_Args { device: device });
        Fixture { client, device, memory: memory.expect("a memory").memory }
    }

    fn put(
        &self,
        code: i32,
        data: &[u8],
        dims: &[i64],
        strides: &[i64],
        start: usize,
    ) -> Outcome<*mut PJRT_Buffer> {
        let put = call!(
            PJRT_Client_BufferFromHostBuffer,
            PJRT_Client_BufferFromHostBuffer_Args {
                client: self.client,
                data: data[start..].as_ptr().cast(),
                r#type: code,
                dims: dims.as_ptr(),
                num_dims: dims.len(),
                byte_strides: strides.as_ptr(),
                num_byte_strides: strides.len(),
                host_buffer_semantics: 2,
                memory: self.memory,
            }
        )?;
        assert!(
            call!(PJRT_Event_IsReady, PJRT_Event_IsReady_Args { event: put.done_with_host_buffer })?.is_ready,
            "the data is copied during the call"
        );
        call!(PJRT_Event_Destroy, PJRT_Event_Destroy_Args { event: put.done_with_host_buffer })?;
        Ok(put.buffer)
    }
}

impl Drop for Fixture {
    fn drop(&mut self) {
        call!(PJRT_Client_Destroy, PJRT_Client_Destroy_Args { client: self.client }).expect("destroyed");
    }
}

fn get(buffer: *mut PJRT_Buffer) -> Outcome<Vec<u8>> {
    let size = call!(PJRT_Buffer_ToHostBuffer, PJRT_Buffer_ToHostBuffer_Args { src: buffer })?.dst_size;
    let mut bytes = vec![0xEE; size.max(1)];
    let dst = bytes.as_mut_ptr().cast();
    let copy = call!(
        PJRT_Buffer_ToHostBuffer,
        PJRT_Buffer_ToHostBuffer_Args { src: buffer, dst: dst, dst_size: size }
    )?;
    let waited = call!(PJRT_Event_Await, PJRT_Event_Await_Args { event: copy.event });
    call!(PJRT_Event_Destroy, PJRT_Event_Destroy_Args { event: copy.event })?;
    waited?;
    bytes.truncate(size);
    Ok(bytes)
}

fn destroy(buffer: *mut PJRT_Buffer) {
    call!(PJRT_Buffer_Destroy, PJRT_Buffer_Destroy_Args { buffer: buffer }).expect("destroyed");
}

#[test]
fn the_table_is_of_version_0_54() {
    let api = api();
    assert_eq!((api.struct_size, SLOT_NAMES.len()), (808, 100));
    assert_eq!((api.pjrt_api_version.major_version, api.pjrt_api_version.minor_version), (0, 54));
    assert_eq!(SLOT_NAMES[99], "PJRT_ExecuteContext_Destroy");
    // SAFETY: the table is 100 pointers after 40 bytes, and the chain has one node.
    unsafe {
        let slots =
            std::slice::from_raw_parts((&raw const *api).cast::<u8>().add(40).cast::<*const c_void>(), 100);
        assert!(slots.iter().all(|slot| !slot.is_null()));
        let profiler = &*api.extension_start.cast::<PJRT_Profiler_Extension>();
        assert_eq!((profiler.base.struct_size, profiler.base.r#type), (40, PJRT_EXTENSION_TYPE_PROFILER));
        assert!(profiler.base.next.is_null());
        assert_eq!((*profiler.profiler_api).struct_size, 80);
    }
}

#[test]
fn the_plugin_asks_for_one_stablehlo_version() {
    call!(PJRT_Plugin_Initialize, PJRT_Plugin_Initialize_Args {}).expect("initialized");
    let attributes = call!(PJRT_Plugin_Attributes, PJRT_Plugin_Attributes_Args {}).expect("attributes");
    assert_eq!(attributes.num_attributes, 1);
    // SAFETY: a list of one, with a name and three numbers.
    unsafe {
        let attribute = &*attributes.attributes;
        let name = std::slice::from_raw_parts(attribute.name.cast::<u8>(), attribute.name_size);
        assert_eq!(name, b"stablehlo_current_version");
        let version = std::slice::from_raw_parts(attribute.value.int64_array_value, attribute.value_size);
        assert_eq!(version, [1, 13, 0]);
    }
}

/// A byte as the element of fewer bits that its low bits are.
fn extended(byte: u8, bits: u32, signed: bool) -> u8 {
    let unused = 8 - bits;
    if signed { ((byte << unused) as i8 >> unused) as u8 } else { byte << unused >> unused }
}

#[test]
fn arrays_of_every_type_and_layout_come_back() {
    let fixture = Fixture::new();
    let data: Vec<u8> = (0..=255).collect();
    let sizes = [
        (1, 1),
        (2, 1),
        (3, 2),
        (4, 4),
        (5, 8),
        (6, 1),
        (7, 2),
        (8, 4),
        (9, 8),
        (10, 2),
        (11, 4),
        (12, 8),
        (13, 2),
        (14, 8),
        (15, 16),
        (16, 1),
        (17, 1),
        (18, 1),
        (19, 1),
        (20, 1),
        (21, 1),
        (22, 1),
        (24, 1),
        (25, 1),
        (26, 1),
        (27, 1),
        (28, 1),
        (29, 1),
    ];
    for (code, size) in sizes {
        let item = size as i64;
        let views: [(&[i64], &[i64], usize); 6] = [
            (&[2, 3], &[3 * item, item], 0),
            (&[3, 2], &[item, 3 * item], 0),
            (&[4], &[-item], 3 * size),
            (&[3, 2], &[0, item], 0),
            (&[0, 5], &[item, item], 0),
            (&[], &[], 2),
        ];
        for (dims, strides, start) in views {
            let buffer = fixture.put(code, &data, dims, strides, start).expect("a buffer");
            let mut expected = Vec::new();
            for index in tensor::Indices::new(dims) {
                let offset: i64 = index.iter().zip(strides).map(|(index, stride)| index * stride).sum();
                let at = (start as i64 + offset) as usize;
                expected.extend_from_slice(&data[at..at + size]);
            }
            // Elements of less than a byte count with their own bits only.
            match code {
                21 | 22 => expected.iter_mut().for_each(|byte| *byte = extended(*byte, 4, code == 21)),
                24 | 25 => expected.iter_mut().for_each(|byte| *byte = extended(*byte, 2, code == 24)),
                _ => {}
            }
            assert_eq!(get(buffer).expect("the elements"), expected, "type {code} {dims:?} {strides:?}");
            let ty = call!(PJRT_Buffer_ElementType, PJRT_Buffer_ElementType_Args { buffer: buffer });
            assert_eq!(ty.expect("a type").r#type, code);
            let shape = call!(PJRT_Buffer_Dimensions, PJRT_Buffer_Dimensions_Args { buffer: buffer });
            let shape = shape.expect("a shape");
            // SAFETY: as long as it says, and the buffer is alive.
            assert_eq!(unsafe { std::slice::from_raw_parts(shape.dims, shape.num_dims) }, dims);
            destroy(buffer);
        }
    }
    for code in [0, 23, 99] {
        assert!(fixture.put(code, &data, &[1], &[1], 0).is_err());
    }
    let huge = fixture.put(11, &data, &[1 << 40], &[4], 0).expect_err("more than there is");
    assert_eq!(huge.0, 8, "{}", huge.1);
    assert!(fixture.put(11, &data, &[i64::MAX, i64::MAX], &[4, 4], 0).is_err());
    assert!(fixture.put(11, &data, &[-1], &[4], 0).is_err());
    assert!(fixture.put(11, &data, &[2], &[4, 4], 0).is_err());
}

#[test]
fn deleted_buffers_say_so_and_external_readers_keep_theirs() {
    let fixture = Fixture::new();
    let buffer = fixture.put(2, &[1, 2, 3, 4], &[4], &[], 0).expect("a buffer");
    let increase = PJRT_Buffer_IncreaseExternalReferenceCount_Args::SIZE;
    assert_eq!(increase, 24);
    call!(
        PJRT_Buffer_IncreaseExternalReferenceCount,
        PJRT_Buffer_IncreaseExternalReferenceCount_Args { buffer: buffer }
    )
    .expect("a reference");
    call!(PJRT_Buffer_Delete, PJRT_Buffer_Delete_Args { buffer: buffer }).expect("deleted");
    assert!(
        call!(PJRT_Buffer_IsDeleted, PJRT_Buffer_IsDeleted_Args { buffer: buffer })
            .expect("known")
            .is_deleted
    );
    let (code, message) = get(buffer).expect_err("a deleted buffer");
    assert_eq!(code, 3);
    assert!(message.contains("deleted or donated"), "{message}");
    let pointer = call!(
        PJRT_Buffer_OpaqueDeviceMemoryDataPointer,
        PJRT_Buffer_OpaqueDeviceMemoryDataPointer_Args { buffer: buffer }
    )
    .expect("the reference keeps the elements");
    // SAFETY: the external reference keeps the elements.
    assert_eq!(
        unsafe { std::slice::from_raw_parts(pointer.device_memory_ptr.cast::<u8>(), 4) },
        [1, 2, 3, 4]
    );
    call!(
        PJRT_Buffer_DecreaseExternalReferenceCount,
        PJRT_Buffer_DecreaseExternalReferenceCount_Args { buffer: buffer }
    )
    .expect("given back");
    let event = call!(PJRT_Buffer_ReadyEvent, PJRT_Buffer_ReadyEvent_Args { buffer: buffer })
        .expect("an event")
        .event;
    assert!(call!(PJRT_Event_Error, PJRT_Event_Error_Args { event: event }).is_err());
    call!(PJRT_Event_Destroy, PJRT_Event_Destroy_Args { event: event }).expect("destroyed");
    destroy(buffer);
}

unsafe extern "C" fn record(error: *mut PJRT_Error, user_arg: *mut c_void) {
    // SAFETY: the test passes a list, and the callback owns the error.
    unsafe { (*user_arg.cast::<Vec<Outcome<()>>>()).push(take_error(error)) }
}

#[test]
fn callbacks_own_their_error_and_run_once() {
    let fixture = Fixture::new();
    let buffer = fixture.put(2, &[1], &[1], &[], 0).expect("a buffer");
    let mut told: Vec<Outcome<()>> = Vec::new();
    for delete_first in [false, true] {
        if delete_first {
            call!(PJRT_Buffer_Delete, PJRT_Buffer_Delete_Args { buffer: buffer }).expect("deleted");
        }
        let event = call!(PJRT_Buffer_ReadyEvent, PJRT_Buffer_ReadyEvent_Args { buffer: buffer })
            .expect("known")
            .event;
        let user_arg = (&raw mut told).cast();
        let args = call!(
            PJRT_Event_OnReady,
            PJRT_Event_OnReady_Args { event: event, callback: Some(record), user_arg: user_arg }
        );
        assert!(args.is_ok());
        call!(PJRT_Event_Destroy, PJRT_Event_Destroy_Args { event: event }).expect("destroyed");
    }
    assert_eq!(told.len(), 2);
    assert!(told[0].is_ok());
    assert_eq!(told[1].as_ref().expect_err("the buffer is deleted").0, 3);
    destroy(buffer);
}

#[test]
fn bad_calls_are_errors() {
    let fixture = Fixture::new();
    assert_eq!(
        call!(PJRT_Buffer_IsDeleted, PJRT_Buffer_IsDeleted_Args {}).map(|_| ()).expect_err("null").0,
        3
    );
    let lookup =
        call!(PJRT_Client_LookupDevice, PJRT_Client_LookupDevice_Args { client: fixture.client, id: 7 });
    assert_eq!(
        lookup.map(|_| ()).expect_err("no such device"),
        (3, "platform mps has no device 7".to_string())
    );
    let unknown = call!(PJRT_ExecuteContext_Create, PJRT_ExecuteContext_Create_Args {}).map(|_| ());
    let message = "PJRT_ExecuteContext_Create is not offered by platform mps".to_string();
    assert_eq!(unknown.expect_err("not offered"), (12, message));
    let compile = |program: &PJRT_Program, options: &[u8]| {
        call!(
            PJRT_Client_Compile,
            PJRT_Client_Compile_Args {
                client: fixture.client,
                program: program,
                compile_options: options.as_ptr().cast(),
                compile_options_size: options.len(),
            }
        )
        .map(|_| ())
    };
    let program = |format: &'static str, code: &'static [u8]| {
        args!(PJRT_Program {
            code: code.as_ptr().cast_mut().cast(),
            code_size: code.len(),
            format: format.as_ptr().cast(),
            format_size: format.len(),
        })
    };
    assert_eq!(compile(&program("hlo", b""), b"").expect_err("not MLIR").0, 12);
    assert!(compile(&program("mlir", b"ML\xefR"), b"").is_err());
    assert_eq!(compile(&program("mlir", b""), &[0xFF]).expect_err("bad options").0, 3);
    let two_partitions =
        compile(&program("mlir", b""), &[0x1A, 4, 0x20, 1, 0x28, 2]).expect_err("one device");
    assert!(two_partitions.1.contains("1 replicas of 2 partitions"), "{}", two_partitions.1);
    assert!(compile(&args!(PJRT_Program { code: null_mut() }), b"").is_err());
    let load = call!(
        PJRT_Executable_DeserializeAndLoad,
        PJRT_Executable_DeserializeAndLoad_Args { client: fixture.client, serialized_executable: null() }
    );
    assert!(load.is_err());
}

/// The answers about one executable, and calls of it.
struct Loaded {
    loaded: *mut PJRT_LoadedExecutable,
    executable: *mut PJRT_Executable,
}

impl Loaded {
    fn compile(fixture: &Fixture, text: &str) -> Outcome<Loaded> {
        let program = args!(PJRT_Program {
            code: text.as_ptr().cast_mut().cast(),
            code_size: text.len(),
            format: "mlir".as_ptr().cast(),
            format_size: 4,
        });
        let compiled = call!(
            PJRT_Client_Compile,
            PJRT_Client_Compile_Args { client: fixture.client, program: &program }
        )?;
        Loaded::new(compiled.executable)
    }

    fn new(loaded: *mut PJRT_LoadedExecutable) -> Outcome<Loaded> {
        let got = call!(
            PJRT_LoadedExecutable_GetExecutable,
            PJRT_LoadedExecutable_GetExecutable_Args { loaded_executable: loaded }
        )?;
        Ok(Loaded { loaded, executable: got.executable })
    }

    fn run(&self, arguments: &[*mut PJRT_Buffer]) -> Outcome<Vec<*mut PJRT_Buffer>> {
        let number = call!(
            PJRT_Executable_NumOutputs,
            PJRT_Executable_NumOutputs_Args { executable: self.executable }
        )?;
        let mut outputs = vec![null_mut(); number.num_outputs];
        let mut options = args!(PJRT_ExecuteOptions {});
        let mut event = null_mut();
        // One list a device.
        let (argument_lists, output_lists) = (arguments.as_ptr(), outputs.as_mut_ptr());
        call!(
            PJRT_LoadedExecutable_Execute,
            PJRT_LoadedExecutable_Execute_Args {
                executable: self.loaded,
                options: &mut options,
                argument_lists: &argument_lists,
                num_devices: 1,
                num_args: arguments.len(),
                output_lists: &output_lists,
                device_complete_events: &mut event,
            }
        )?;
        call!(PJRT_Event_Await, PJRT_Event_Await_Args { event: event })?;
        call!(PJRT_Event_Destroy, PJRT_Event_Destroy_Args { event: event })?;
        Ok(outputs)
    }
}

impl Drop for Loaded {
    fn drop(&mut self) {
        let executable =
            call!(PJRT_Executable_Destroy, PJRT_Executable_Destroy_Args { executable: self.executable });
        let loaded = call!(
            PJRT_LoadedExecutable_Destroy,
            PJRT_LoadedExecutable_Destroy_Args { executable: self.loaded }
        );
        assert!(executable.is_ok() && loaded.is_ok());
    }
}

const SUM_AND_DOUBLE: &str = "module @jit_f {
  func.func public @main(%x: tensor<3xf32> {tf.aliasing_output = 0 : i32}, %y: tensor<3xf32>)
      -> (tensor<3xf32>, tensor<3xf32>) {
    %0 = stablehlo.add %x, %y : tensor<3xf32>
    %1 = stablehlo.add %y, %y : tensor<3xf32>
    return %0, %1 : tensor<3xf32>, tensor<3xf32>
  }
}";

fn floats(bytes: Vec<u8>) -> Vec<f32> {
    bytes.chunks_exact(4).map(|bytes| f32::from_le_bytes(bytes.try_into().expect("four bytes"))).collect()
}

#[test]
fn programs_compile_run_donate_and_travel() {
    let fixture = Fixture::new();
    let first = Loaded::compile(&fixture, SUM_AND_DOUBLE).expect("a program");
    let serialized =
        call!(PJRT_Executable_Serialize, PJRT_Executable_Serialize_Args { executable: first.executable });
    let serialized = serialized.expect("bytes");
    let second = call!(
        PJRT_Executable_DeserializeAndLoad,
        PJRT_Executable_DeserializeAndLoad_Args {
            client: fixture.client,
            serialized_executable: serialized.serialized_bytes,
            serialized_executable_size: serialized.serialized_bytes_size,
        }
    );
    let second = Loaded::new(second.expect("its own bytes").loaded_executable).expect("an executable");
    let delete = serialized.serialized_executable_deleter.expect("a deleter");
    // SAFETY: once, with what the function gave.
    unsafe { delete(serialized.serialized_executable) };

    let put = |values: [f32; 3]| {
        let bytes: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        fixture.put(11, &bytes, &[3], &[], 0).expect("a buffer")
    };
    let deleted = |buffer| {
        call!(PJRT_Buffer_IsDeleted, PJRT_Buffer_IsDeleted_Args { buffer: buffer }).expect("known").is_deleted
    };
    for loaded in [&first, &second] {
        let (x, y) = (put([1.0, 2.0, 3.0]), put([10.0, 20.0, 30.0]));
        let outputs = loaded.run(&[x, y]).expect("a run");
        assert_eq!(floats(get(outputs[0]).expect("there")), [11.0, 22.0, 33.0]);
        assert_eq!(floats(get(outputs[1]).expect("there")), [20.0, 40.0, 60.0]);
        assert!(deleted(x) && !deleted(y));
        assert_eq!(loaded.run(&[x, y]).expect_err("x is donated").0, 3);
        assert_eq!(loaded.run(&[y]).expect_err("one is missing").0, 3);
        // The same buffer twice, donated once.
        let twice = loaded.run(&[y, y]).expect("a run");
        assert_eq!(floats(get(twice[0]).expect("there")), [20.0, 40.0, 60.0]);
        assert_eq!(floats(get(twice[1]).expect("there")), [20.0, 40.0, 60.0]);
        for buffer in [x, y].into_iter().chain(outputs).chain(twice) {
            destroy(buffer);
        }
    }
}

/// Frameworks call on threads that flush subnormal numbers; ours, started by such calls, must not.
#[cfg(target_arch = "x86_64")]
#[test]
fn subnormals_count_whatever_the_callers_mode() {
    use std::arch::asm;

    /// Flushing of results and operands, all exceptions masked.
    const FLUSHING: u32 = 0x9fc0;
    /// Enough elements for every thread to have a part.
    const COUNT: usize = 1 << 20;

    let caller = std::thread::spawn(|| {
        // SAFETY: a valid mode, on a thread of its own.
        unsafe { asm!("ldmxcsr [{}]", in(reg) &FLUSHING) };
        let fixture = Fixture::new();
        let text = format!(
            "func.func public @main(%x: tensor<{COUNT}xf32>) -> tensor<{COUNT}xf32> {{
               %c = stablehlo.constant dense<5.000000e-01> : tensor<{COUNT}xf32>
               %0 = stablehlo.multiply %x, %c : tensor<{COUNT}xf32>
               return %0 : tensor<{COUNT}xf32>
             }}"
        );
        let program = Loaded::compile(&fixture, &text).expect("a program");
        let bytes = 4u32.to_le_bytes().repeat(COUNT);
        let x = fixture.put(11, &bytes, &[COUNT as i64], &[], 0).expect("a buffer");
        let outputs = program.run(&[x]).expect("a run");
        let halves = get(outputs[0]).expect("there");
        assert!(halves == 2u32.to_le_bytes().repeat(COUNT), "half of a subnormal number is one");
        [x, outputs[0]].into_iter().for_each(destroy);
        let mut mode = 0u32;
        // SAFETY: stores the register to a local.
        unsafe { asm!("stmxcsr [{}]", in(reg) &mut mode) };
        assert_eq!(mode & 0xffc0, FLUSHING, "the caller's mode is as before");
    });
    caller.join().expect("the test passes on its thread");
}

#[test]
fn executables_answer_questions() {
    let fixture = Fixture::new();
    let program = Loaded::compile(&fixture, SUM_AND_DOUBLE).expect("a program");
    let executable = program.executable;
    let name =
        call!(PJRT_Executable_Name, PJRT_Executable_Name_Args { executable: executable }).expect("known");
    let types = call!(
        PJRT_Executable_OutputElementTypes,
        PJRT_Executable_OutputElementTypes_Args { executable: executable }
    );
    let dims = call!(
        PJRT_Executable_OutputDimensions,
        PJRT_Executable_OutputDimensions_Args { executable: executable }
    );
    let (types, dims) = (types.expect("known"), dims.expect("known"));
    // SAFETY: as long as they say, and the executable is alive.
    unsafe {
        let name = std::slice::from_raw_parts(name.executable_name.cast::<u8>(), name.executable_name_size);
        assert_eq!(name, b"jit_f");
        assert_eq!(std::slice::from_raw_parts(types.output_types, types.num_output_types), [11, 11]);
        assert_eq!(std::slice::from_raw_parts(dims.dim_sizes, dims.num_outputs), [1, 1]);
        assert_eq!(std::slice::from_raw_parts(dims.dims, 2), [3, 3]);
    }
    let optimized = call!(
        PJRT_Executable_OptimizedProgram,
        PJRT_Executable_OptimizedProgram_Args { executable: executable }
    );
    assert_eq!(optimized.map(|_| ()).expect_err("not kept").0, 12);

    // Structs of newer callers are longer; nothing beyond their size is written.
    let mut words = [-1i64; 20];
    for size in [104, 120, 144] {
        words.fill(-1);
        words[0] = size;
        words[2] = executable.addr() as i64;
        let args = words.as_mut_ptr().cast::<PJRT_Executable_GetCompiledMemoryStats_Args>();
        // SAFETY: room for more than any version has.
        unsafe {
            (*args).executable = executable;
            assert!((api().PJRT_Executable_GetCompiledMemoryStats)(args).is_null());
        }
        assert_eq!(words[3..8], [0, 24, 24, 12, 0]);
        let written = size as usize / 8;
        assert!(words[13..written].iter().all(|&word| word >= 0), "{words:?}");
        assert!(words[written..].iter().all(|&word| word == -1), "{words:?}");
    }
}

#[test]
fn the_device_describes_itself() {
    let fixture = Fixture::new();
    let description =
        call!(PJRT_Device_GetDescription, PJRT_Device_GetDescription_Args { device: fixture.device })
            .expect("known");
    let kind = call!(
        PJRT_DeviceDescription_Kind,
        PJRT_DeviceDescription_Kind_Args { device_description: description.device_description }
    )
    .expect("known");
    // SAFETY: as long as it says, and the client is alive; the other text lives for ever.
    let (kind, info) = unsafe {
        let kind = std::slice::from_raw_parts(kind.device_kind.cast::<u8>(), kind.device_kind_size);
        (std::str::from_utf8(kind).expect("UTF-8"), std::ffi::CStr::from_ptr(jax_metallib_info()))
    };
    assert!(kind.starts_with("host ("), "{kind}");
    assert!(info.to_str().expect("UTF-8").contains(&format!("\"device_kind\": \"{kind}\"")), "{info:?}");
    let stats = call!(PJRT_Device_MemoryStats, PJRT_Device_MemoryStats_Args { device: fixture.device })
        .expect("known");
    assert!(stats.bytes_in_use == 0 && stats.bytes_limit_is_set && stats.bytes_limit > 0);
    let buffer = fixture.put(2, &[0; 100], &[100], &[], 0).expect("a buffer");
    let stats = call!(PJRT_Device_MemoryStats, PJRT_Device_MemoryStats_Args { device: fixture.device })
        .expect("known");
    assert_eq!((stats.bytes_in_use, stats.num_allocs), (128, 1));
    destroy(buffer);
}
