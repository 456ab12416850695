//! Sums of partial sums, stored as any type in any order.

use std::sync::Arc;

use smallvec::{SmallVec, smallvec};

use super::element::{Number, elements};
use super::product::{Array, word};
use super::template::Slots;
use super::tile::arguments;
use crate::command::{Bound, Launch, Memory, grid};
use crate::features::Features;
use crate::lower::Refusal;
use crate::shader::Shader;

const PARAMETERS: [&str; 12] = [
    "len",
    "parts",
    "part_stride",
    "size1",
    "size2",
    "size3",
    "size4",
    "stride0",
    "stride1",
    "stride2",
    "stride3",
    "stride4",
];

/// A dimension of a result: size, stride in the result, stride in the partial sums.
pub(in crate::library) type Dim = (i64, i64, i64);

/// The shader for a type of sums and of results.
pub(in crate::library) fn shader(number: Number, out: tensor::DType, features: &Features) -> Arc<Shader> {
    let storage = elements(out, features);
    let enable = if storage.declared == "f16" { "enable f16;\n" } else { "" };
    let mut slots = Slots::default();
    slots
        .set("ARGS", arguments(2, &PARAMETERS))
        .set("FUNCTIONS", include_str!("../../../shaders/matmul_numbers.wgsl"))
        .set("T", number.wgsl())
        .set("DECLARED", storage.declared)
        .set("PER", storage.per)
        .set("WRITE", storage.write);
    let body = slots.print(include_str!("../../../shaders/matmul_finish.wgsl"));
    Arc::new(Shader {
        name: "matmul_finish",
        source: format!("{enable}{body}").into(),
        bindings: 2,
        parameters: PARAMETERS.len() as u32,
        unchecked: true,
    })
}

/// A launch that adds `parts` arrays of sums, `part_stride` elements apart, in scratch memory from 0.
///
/// # Errors
/// If the result has too many dimensions, or something does not fit 32 bits.
pub(in crate::library) fn launch(
    number: Number,
    out: Array,
    mut dims: SmallVec<[Dim; 6]>,
    parts: u32,
    part_stride: i64,
    features: &Features,
) -> Result<Launch, Refusal> {
    dims.retain(|dim| dim.0 != 1);
    dims.sort_by_key(|dim| std::cmp::Reverse(dim.1));
    let mut merged: SmallVec<[Dim; 6]> = SmallVec::new();
    for (size, out, from) in dims {
        match merged.last_mut() {
            Some(outer) if outer.1 == size * out && outer.2 == size * from => {
                *outer = (outer.0 * size, out, from)
            }
            _ => merged.push((size, out, from)),
        }
    }
    if merged.len() > 5 {
        return Err(Refusal::new("a product whose result has more than five separate dimensions"));
    }
    let mut all = [(1, 0, 0); 5];
    all[5 - merged.len()..].copy_from_slice(&merged);
    let len: i64 = all.iter().map(|dim| dim.0).product();
    let storage = elements(out.dtype, features);
    let mut parameters: SmallVec<[u32; 8]> = smallvec![word(len)?, parts, word(part_stride)?];
    for dim in &all[1..] {
        parameters.push(word(dim.0)?);
    }
    for dim in &all {
        parameters.push(word(dim.2)?);
    }
    let groups = (len as u64).div_ceil(u64::from(storage.per) * 256);
    Ok(Launch {
        shader: shader(number, out.dtype, features),
        bindings: smallvec![
            Bound { memory: Memory::Scratch(0), unit: number.bytes() },
            Bound { memory: out.memory, unit: storage.unit },
        ],
        parameters,
        grid: grid(groups, features.max_grid)
            .ok_or_else(|| Refusal::new("a product of more results than a grid has"))?,
        work: u64::from(number.bytes()) * len as u64 * (u64::from(parts) + 1),
    })
}
