//! A kernel as a part of another shader, run by one workgroup.

use plan::Kernel;
use tensor::DType;

use super::check::check_indices;
use super::expression::div_up;
use super::print::{Array, Local, Printer};
use super::schedule::{Placement, Schedule};
use super::shared::Shared;
use super::text::Text;
use super::{shader, simplify};
use crate::lower::Refusal;
use crate::scalar::Scalars;

/// Where an array is in the shader.
#[derive(Clone, Debug)]
pub struct Place {
    /// Name of the binding, an array of the `element` of its type's storage, or of `atomic<u32>`.
    pub array: String,
    /// Expression of the offset of its first element, in declared elements; binds as tightly as a sum.
    pub offset: String,
    /// Whether it is declared as atomics. Arrays of packed types that any kernel writes must be.
    pub atomic: bool,
}

/// Prints a kernel as a block of WGSL for all threads of one workgroup, which reach it together. The text uses
/// `lid`, the local invocation index, and ends with a barrier, so that blocks can follow one another. `places` are
/// those of the inputs, then of the outputs. Functions are gathered in `scalars`, workgroup memory in `shared`.
///
/// # Errors
/// If the device cannot run it, or a row-local array does not fit workgroup memory.
pub fn inline(
    kernel: &Kernel,
    places: &[Place],
    threads: u32,
    scalars: &mut Scalars<'_>,
    shared: &mut Shared,
) -> Result<String, Refusal> {
    if kernel.rows() == 0 {
        return Ok(String::new());
    }
    let kernel = &simplify(kernel);
    check_indices(kernel)?;
    let room = scalars.features.workgroup_bytes / 4;
    let schedule = Schedule::of_one_workgroup(kernel, threads, room);
    if schedule.scratch.contains(&Placement::Memory) {
        return Err(Refusal::new("a row-local array that does not fit workgroup memory"));
    }
    let mut arrays = Vec::new();
    for (place, &dtype) in places.iter().zip(kernel.inputs.iter().chain(&kernel.outputs)) {
        arrays.push(Array::at_place(place, dtype, scalars)?);
    }
    let locals = (0..kernel.scratch.len())
        .map(|array| Local {
            name: format!("x{array}"),
            chunks: shader::local_chunks(kernel, &schedule, array),
        })
        .collect();
    let points = shader::points(kernel, &schedule);
    let groups = div_up(points, schedule.points().into());
    let mut printer = Printer {
        kernel,
        schedule: &schedule,
        scalars,
        arrays,
        text: Text::indented(),
        points,
        partials: None,
        rows: Vec::new(),
        locals,
        shared: std::mem::take(shared),
    };
    if groups == 1 {
        printer.text.open("{");
        printer.text.line("let group = 0u;");
    } else {
        printer.text.open(format_args!("for (var group = 0u; group < {groups}u; group++) {{"));
    }
    let printed = printer.groups();
    printer.text.close();
    printer.text.line("storageBarrier();");
    let Printer { text, shared: used, .. } = printer;
    *shared = used;
    printed?;
    if shared.bytes() > scalars.features.workgroup_bytes {
        return Err(Refusal::new("more workgroup memory than there is"));
    }
    Ok(text.finish())
}

impl Array {
    /// The array at a place.
    pub(super) fn at_place(place: &Place, dtype: DType, scalars: &mut Scalars<'_>) -> Result<Self, Refusal> {
        Ok(Array {
            name: place.array.clone(),
            offset: place.offset.clone(),
            dtype,
            storage: scalars.storage(dtype)?,
            vector: 1,
            atomic: place.atomic,
            pieces: 1,
        })
    }
}
