//! Functions that read and write single elements of a binding.

use std::fmt::Write;

use tensor::DType;

use crate::lower::Refusal;
use crate::scalar::{Scalars, register};

/// How the elements of a binding are accessed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    /// Only read.
    Read,
    /// Written, and perhaps read, each element by one thread; what else is in its word stays.
    Write,
}

/// Declared element of a binding and its bytes: what [`Draft::slot`](super::launch::Draft::slot) takes.
///
/// # Errors
/// If the device has no such type.
pub(super) fn declared(
    scalars: &mut Scalars<'_>,
    dtype: DType,
    access: Access,
) -> Result<(&'static str, u32), Refusal> {
    let storage = scalars.storage(dtype)?;
    let element = match access {
        Access::Write if storage.per_word > 1 => "atomic<u32>",
        _ => storage.element,
    };
    Ok((element, storage.unit))
}

/// `fn read0(i: u32) -> T`: element `i` of binding 0, and so on for other bindings.
///
/// # Errors
/// If the device has no such type.
pub(super) fn read(
    scalars: &mut Scalars<'_>,
    dtype: DType,
    access: Access,
    binding: usize,
) -> Result<String, Refusal> {
    let ty = register(dtype, scalars.features)?.wgsl();
    let lanes = scalars.storage(dtype)?.per_word;
    let (mut word, lane) = place(binding, lanes);
    if access == Access::Write && lanes > 1 {
        word = format!("atomicLoad(&{word})");
    }
    let value = scalars.unpack(dtype, &word, &lane)?;
    Ok(format!("fn read{binding}(i: u32) -> {ty} {{ return {value}; }}\n"))
}

/// `fn write1(i: u32, value: T)`: sets element `i` of binding 1, and so on. Packed elements are set by atomics, so
/// that their neighbours may be set at the same time.
///
/// # Errors
/// If the device has no such type.
pub(super) fn write(scalars: &mut Scalars<'_>, dtype: DType, binding: usize) -> Result<String, Refusal> {
    let ty = register(dtype, scalars.features)?.wgsl();
    let lanes = scalars.storage(dtype)?.per_word;
    let (word, lane) = place(binding, lanes);
    let mut text = format!("fn write{binding}(i: u32, value: {ty}) {{\n");
    if lanes == 1 {
        let value = scalars.pack(dtype, &["value"])?;
        writeln!(text, "    {word} = {value};").expect("strings take all");
    } else {
        let (bits, mask) = scalars.lane_bits(dtype, "value", &lane)?;
        writeln!(text, "    atomicAnd(&{word}, ~{mask});\n    atomicOr(&{word}, {bits});")
            .expect("strings take all");
    }
    text.push_str("}\n");
    Ok(text)
}

/// The declared element that holds element `i`, and where in it.
fn place(binding: usize, lanes: u32) -> (String, String) {
    match lanes {
        1 => (format!("b{binding}[args.at{binding} + i]"), "0u".to_owned()),
        _ => (format!("b{binding}[args.at{binding} + i / {lanes}u]"), format!("i % {lanes}u")),
    }
}
