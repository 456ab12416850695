//! The runtime over engines made for the purpose, and over a GPU.

mod device;
mod device_memory;
mod fake;
mod gpu;

use runtime::{Buffer, Client, Error, Executable, HostArray};
use tensor::{DType, TensorType};

/// An array on the device of a client.
fn upload(client: &Client, values: &[f32]) -> Result<Buffer, Error> {
    let ty = TensorType::new(DType::F32, [values.len() as i64]);
    let host = HostArray { data: values.as_ptr().cast(), byte_strides: None };
    // SAFETY: a slice is a dense array.
    unsafe { Buffer::from_host(client.device(), ty, host) }
}

/// The elements of an array, once they are there.
fn read(buffer: &Buffer) -> Result<Vec<f32>, Error> {
    let mut values = vec![f32::NAN; buffer.ty().len()];
    // SAFETY: as many elements, and the event is waited for.
    unsafe { buffer.copy_to_host(values.as_mut_ptr().cast(), None) }?.wait()?;
    Ok(values)
}

/// The only result of a program.
fn run_one(executable: &Executable, arguments: &[&Buffer]) -> Result<Buffer, Error> {
    executable.execute(arguments, &[]).map(|mut execution| execution.results.remove(0))
}
