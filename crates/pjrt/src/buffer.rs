//! `PJRT_Buffer_*` and the functions that make buffers.

use runtime::{Buffer, Event, HostArray};
use tensor::TensorType;

use crate::abi::*;
use crate::boundary::{Failure, Handle, Outcome, exported, lent};
use crate::client::ClientHandle;
use crate::event::EventHandle;
use crate::types::{byte_strides, code_of_dtype, dtype_from_code, row_major_layout};

/// What a `PJRT_Buffer` points to, with the handles of its client that frameworks ask for.
pub struct BufferHandle {
    pub buffer: Buffer,
    pub device: *mut PJRT_Device,
    pub memory: *mut PJRT_Memory,
}

impl Handle for BufferHandle {
    type Opaque = PJRT_Buffer;
}

impl BufferHandle {
    /// Another buffer at the same place.
    fn sibling(&self, buffer: Buffer) -> *mut PJRT_Buffer {
        BufferHandle { buffer, device: self.device, memory: self.memory }.into_raw()
    }

    fn dims(&self) -> &[i64] {
        &self.buffer.ty().dims
    }
}

exported! {
    /// Copies an array of the host to the device before it returns, whatever the semantics allow: aliasing would
    /// show later writes to it.
    fn from_host(args: PJRT_Client_BufferFromHostBuffer_Args, client: ClientHandle) {
        // SAFETY: as long as the framework says.
        let dims = unsafe { lent(args.dims, args.num_dims) };
        let ty = TensorType::new(dtype_from_code(args.r#type)?, dims.iter().copied());
        // SAFETY: null or alive, with lists as long as it says.
        let wanted = unsafe { byte_strides(args.device_layout, dims, 1) }?;
        // SAFETY: the layout of every buffer, with lists as long as it says.
        let actual = unsafe { byte_strides(&row_major_layout(dims.len())?, dims, 1) }?;
        if wanted.is_some() && wanted != actual {
            return Err(runtime::Error::Unimplemented("device layouts other than row-major").into());
        }
        // SAFETY: as long as the framework says; none means a dense array.
        let strides = unsafe { lent(args.byte_strides, args.num_byte_strides) };
        let host = HostArray {
            data: args.data.cast(),
            byte_strides: (args.num_byte_strides > 0).then_some(strides),
        };
        // SAFETY: the framework promises an array of this type and these strides during the call.
        let buffer = unsafe { Buffer::from_host(client.client.device(), ty, host) }?;
        let (device, memory) = (client.device.as_raw(), client.device.memories[0]);
        args.buffer = BufferHandle { buffer, device, memory }.into_raw();
        args.done_with_host_buffer = EventHandle(Event::ready()).into_raw();
    }

    /// Destroys a buffer. Its memory goes when runs and readers are done with it.
    fn destroy(args: PJRT_Buffer_Destroy_Args) {
        // SAFETY: the framework gives up a buffer that it owns.
        unsafe { BufferHandle::destroy(args.buffer) }
    }

    /// Element type.
    fn element_type(args: PJRT_Buffer_ElementType_Args, buffer: BufferHandle) {
        args.r#type = code_of_dtype(buffer.buffer.ty().dtype);
    }

    /// Shape.
    fn dimensions(args: PJRT_Buffer_Dimensions_Args, buffer: BufferHandle) {
        args.dims = buffer.dims().as_ptr();
        args.num_dims = buffer.dims().len();
    }

    /// Shape: there is no padding.
    fn unpadded_dimensions(args: PJRT_Buffer_UnpaddedDimensions_Args, buffer: BufferHandle) {
        args.unpadded_dims = buffer.dims().as_ptr();
        args.num_dims = buffer.dims().len();
    }

    /// There are none.
    fn dynamic_dimension_indices(args: PJRT_Buffer_DynamicDimensionIndices_Args) {
        args.dynamic_dim_indices = std::ptr::NonNull::dangling().as_ptr();
        args.num_dynamic_dims = 0;
    }

    /// Always row-major.
    fn memory_layout(args: PJRT_Buffer_GetMemoryLayout_Args, buffer: BufferHandle) {
        args.layout = row_major_layout(buffer.dims().len())?;
    }

    /// Bytes of the elements.
    fn on_device_size(args: PJRT_Buffer_OnDeviceSizeInBytes_Args, buffer: BufferHandle) {
        args.on_device_size_in_bytes = buffer.buffer.ty().byte_len();
    }

    /// The device.
    fn device(args: PJRT_Buffer_Device_Args, buffer: BufferHandle) {
        args.device = buffer.device;
    }

    /// The memory.
    fn memory(args: PJRT_Buffer_Memory_Args, buffer: BufferHandle) {
        args.memory = buffer.memory;
    }

    /// Takes the elements away.
    fn delete(_args: PJRT_Buffer_Delete_Args, buffer: BufferHandle) {
        buffer.buffer.delete();
    }

    /// Whether the elements were taken away, by deletion or donation.
    fn is_deleted(args: PJRT_Buffer_IsDeleted_Args, buffer: BufferHandle) {
        args.is_deleted = buffer.buffer.is_deleted();
    }

    /// A copy on the device; there is only one.
    fn copy_to_device(args: PJRT_Buffer_CopyToDevice_Args, buffer: BufferHandle) {
        if args.dst_device != buffer.device {
            return Err(Failure::invalid("the destination is a device of another client"));
        }
        args.dst_buffer = buffer.sibling(buffer.buffer.copy()?);
    }

    /// A copy in the memory; there is only one.
    fn copy_to_memory(args: PJRT_Buffer_CopyToMemory_Args, buffer: BufferHandle) {
        if args.dst_memory != buffer.memory {
            return Err(Failure::invalid("the destination is a memory of another client"));
        }
        args.dst_buffer = buffer.sibling(buffer.buffer.copy()?);
    }

    /// Copies to host memory when the elements are ready; the event then tells. A null destination asks for the size.
    fn to_host(args: PJRT_Buffer_ToHostBuffer_Args, src: BufferHandle) {
        let ty = src.buffer.ty();
        if args.dst.is_null() {
            args.dst_size = ty.byte_len();
            return Ok(());
        }
        if args.dst_size < ty.byte_len() {
            return Err(Failure::invalid(format!("{} bytes of room for {ty}", args.dst_size)));
        }
        // SAFETY: null or alive, with lists as long as it says.
        let strides = unsafe { byte_strides(args.host_layout, &ty.dims, ty.dtype.size()) }?;
        // SAFETY: the framework keeps the destination, of that layout, until the event is done.
        let event = unsafe { src.buffer.copy_to_host(args.dst.cast(), strides.as_deref()) }?;
        args.event = EventHandle(event).into_raw();
    }

    /// On the host engine: frameworks then read arrays in place, from inside of call backs too.
    fn is_on_cpu(args: PJRT_Buffer_IsOnCpu_Args, buffer: BufferHandle) {
        args.is_on_cpu = buffer.buffer.device().is_host();
    }

    /// Ready when the elements are there.
    fn ready_event(args: PJRT_Buffer_ReadyEvent_Args, buffer: BufferHandle) {
        args.event = EventHandle(buffer.buffer.ready()).into_raw();
    }

    /// Address of the elements, once they are ready.
    fn unsafe_pointer(args: PJRT_Buffer_UnsafePointer_Args, buffer: BufferHandle) {
        args.buffer_pointer = buffer.buffer.address()?.expose_provenance();
    }

    /// Keeps the elements where they are for a reader outside.
    fn increase_external_references(
        _args: PJRT_Buffer_IncreaseExternalReferenceCount_Args,
        buffer: BufferHandle
    ) {
        buffer.buffer.acquire_external()?;
    }

    /// Ends the stay of a reader outside.
    fn decrease_external_references(
        _args: PJRT_Buffer_DecreaseExternalReferenceCount_Args,
        buffer: BufferHandle
    ) {
        buffer.buffer.release_external();
    }

    /// Address of the elements, once they are ready.
    fn opaque_pointer(args: PJRT_Buffer_OpaqueDeviceMemoryDataPointer_Args, buffer: BufferHandle) {
        args.device_memory_ptr = buffer.buffer.address()?.cast();
    }
}
