//! Sums of partial sums, stored as any type in any order.

use std::sync::Arc;

use smallvec::{SmallVec, smallvec};

use super::element::{Number, elements};
use super::product::{Array, word};
use super::template::Slots;
use super::tile::{arguments, binding};
use crate::command::{Bound, Launch, Memory, grid};
use crate::features::Features;
use crate::kernel::Epilogue;
use crate::lower::Refusal;
use crate::scalar::Scalars;
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

/// What a shader of this family writes, and how.
struct Writer {
    /// Types of declared elements of results and what else it binds from 1 on.
    elements: Vec<String>,
    bound: Vec<Bound>,
    /// Elements that a thread writes.
    per: u32,
    /// What it writes, of `value_0`, ...
    write: String,
    functions: String,
    epilogue: bool,
}

impl Writer {
    /// One that stores a result of `len` elements, or hands it to an epilogue.
    fn new(
        number: Number,
        out: Array,
        len: i64,
        epilogue: Option<&Epilogue>,
        features: &Features,
    ) -> Result<Self, Refusal> {
        let Some(epilogue) = epilogue else {
            let storage = elements(out.dtype, features);
            return Ok(Writer {
                elements: vec![storage.declared.to_owned()],
                bound: vec![Bound { memory: out.memory, unit: storage.unit }],
                per: storage.per,
                write: storage.write.to_owned(),
                functions: include_str!("../../../shaders/matmul_numbers.wgsl").to_owned(),
                epilogue: false,
            });
        };
        let (per, write) = match len % 4 {
            0 => (4, format!("vec4<{}>(value_0, value_1, value_2, value_3)", number.wgsl())),
            _ => (1, "value_0".to_owned()),
        };
        let function = epilogue.function(per, number.dtype(), |at| at + 1, &mut Scalars::new(features))?;
        Ok(Writer {
            elements: function.elements,
            bound: function.bound,
            per,
            write,
            functions: function.source,
            epilogue: true,
        })
    }

    fn shader(&self, number: Number, features: &Features) -> Result<Arc<Shader>, Refusal> {
        let bindings = 1 + self.elements.len() as u32;
        let enable =
            if self.elements.iter().any(|element| element.contains("f16")) { "enable f16;\n" } else { "" };
        let declared: String =
            self.elements.iter().zip(1..).map(|(element, at)| binding(at, element)).collect();
        let mut slots = Slots::default();
        slots
            .set("ARGS", arguments(bindings, &PARAMETERS))
            .set("FUNCTIONS", &self.functions)
            .set("T", number.wgsl())
            .set("BINDINGS", declared)
            .set("PER", self.per)
            .set("EPILOGUE", if self.epilogue { "yes" } else { "no" })
            .set("WRITE", &self.write);
        let body = slots.print(include_str!("../../../shaders/matmul_finish.wgsl"));
        let shader = Shader {
            name: "matmul_finish",
            source: format!("{enable}{body}").into(),
            bindings,
            parameters: PARAMETERS.len() as u32,
            unchecked: true,
        };
        if bindings > features.max_bindings || shader.immediate_bytes() > features.immediate_bytes {
            return Err(Refusal::new("an epilogue of many arrays"));
        }
        Ok(Arc::new(shader))
    }
}

/// A launch that adds `parts` arrays of sums, `part_stride` elements apart, and stores them or what an epilogue makes of
/// them.
///
/// # Errors
/// If the result has too many dimensions, something does not fit 32 bits, or the device cannot run the epilogue.
pub(in crate::library) fn launch(
    number: Number,
    out: Array,
    sums: Memory,
    mut dims: SmallVec<[Dim; 6]>,
    [parts, part_stride]: [i64; 2],
    epilogue: Option<&Epilogue>,
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
    let writer = Writer::new(number, out, len, epilogue, features)?;
    let mut parameters: SmallVec<[u32; 8]> = smallvec![word(len)?, word(parts)?, word(part_stride)?];
    for dim in &all[1..] {
        parameters.push(word(dim.0)?);
    }
    for dim in &all {
        parameters.push(word(dim.2)?);
    }
    let groups = (len as u64).div_ceil(u64::from(writer.per) * 256);
    let sums = Bound { memory: sums, unit: number.bytes() };
    Ok(Launch {
        shader: writer.shader(number, features)?,
        bindings: std::iter::once(sums).chain(writer.bound).collect(),
        parameters,
        grid: grid(groups, features.max_grid)
            .ok_or_else(|| Refusal::new("a product of more results than a grid has"))?,
        work: u64::from(number.bytes()) * len as u64 * (parts as u64 + 1),
    })
}
