//! Runs printed operations on the device.

use std::sync::{Arc, OnceLock};

use gpu::GpuEngine;
use gpu::command::{Bound, Command, Launch, Memory, grid};
use gpu::features::Features;
use gpu::lower::{Lowered, Refusal};
use gpu::scalar::{Scalars, register};
use gpu::shader::Shader;
use plan::{SlotId, StepOp};
use tensor::{AlignedBytes, DType, Literal, Scalar, TensorType};

use crate::device::{engine, run_as};

/// The least positive number of a float type, f32 or f64, that is not subnormal.
pub fn smallest_normal(dtype: DType) -> f64 {
    if dtype == DType::F64 { f64::MIN_POSITIVE } else { f32::MIN_POSITIVE.into() }
}

/// Elements that a thread computes.
const CHUNK: usize = 4;

/// The device and what shaders here use of it.
pub struct Device {
    engine: GpuEngine,
    pub features: Features,
}

/// The device under test, if there is one.
pub fn device() -> Option<Device> {
    let engine = engine()?;
    let Features { float16, float64, int64, .. } = *engine.device().features();
    Some(Device { engine, features: Features { float16, float64, int64, ..Features::least() } })
}

/// A shader that applies an expression, printed by `print` from the names of its operands, to arrays of these types.
pub fn shader(
    features: &Features,
    operands: &[DType],
    result: DType,
    print: impl FnOnce(&mut Scalars<'_>, &[&str]) -> Result<String, Refusal>,
) -> Result<Arc<Shader>, Refusal> {
    let mut scalars = Scalars::new(features);
    let names: Vec<String> = (0..operands.len()).map(|i| format!("x{i}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let expression = print(&mut scalars, &names)?;
    let parameters = operands
        .iter()
        .zip(&names)
        .map(|(dtype, name)| Ok(format!("{name}: {}", register(*dtype, features)?.wgsl())));
    let parameters = parameters.collect::<Result<Vec<_>, Refusal>>()?.join(", ");
    let ty = register(result, features)?.wgsl();
    let mut text = format!("fn compute({parameters}) -> {ty} {{ return {expression}; }}\n");
    let mut main = String::new();
    let arrays = operands.iter().chain([&result]);
    for (at, dtype) in arrays.enumerate() {
        let storage = scalars.storage(*dtype)?;
        let element = storage.element;
        text += &format!("@group(0) @binding({at}) var<storage, read_write> b{at}: array<{element}>;\n");
    }
    let offsets: Vec<String> = (0..=operands.len()).map(|i| format!("at{i}: u32")).collect();
    text += &format!("struct Args {{ {} }}\nvar<immediate> args: Args;\n", offsets.join(", "));
    for element in 0..CHUNK {
        let mut values = Vec::new();
        for (at, dtype) in operands.iter().enumerate() {
            let per_word = scalars.storage(*dtype)?.per_word as usize;
            let step = CHUNK / per_word;
            let word = format!("b{at}[args.at{at} + chunk * {step}u + {}u]", element / per_word);
            values.push(scalars.unpack(*dtype, &word, &format!("{}u", element % per_word))?);
        }
        main += &format!("    let y{element} = compute({});\n", values.join(", "));
    }
    let (out, per_word) = (operands.len(), scalars.storage(result)?.per_word as usize);
    for word in 0..CHUNK / per_word {
        let values: Vec<String> = (0..per_word).map(|lane| format!("y{}", word * per_word + lane)).collect();
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        let packed = scalars.pack(result, &values)?;
        main += &format!("    b{out}[args.at{out} + chunk * {}u + {word}u] = {packed};\n", CHUNK / per_word);
    }
    let enable = if features.float16 { "enable f16;\n" } else { "" };
    let text = format!(
        "{enable}{text}{}@compute @workgroup_size(64)\n\
         fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) grid: vec3<u32>) {{\n    \
         let chunk = id.y * grid.x * 64u + id.x;\n{main}}}\n",
        scalars.functions.source()
    );
    let bindings = operands.len() as u32 + 1;
    Ok(Arc::new(Shader { name: "scalar", source: text.into(), bindings, parameters: 0, unchecked: false }))
}

impl Device {
    /// Whether it takes subnormal numbers of a float type, f32 or f64, for zeros.
    pub fn flushes(&self, dtype: DType) -> bool {
        static FLUSHES: [OnceLock<bool>; 2] = [OnceLock::new(), OnceLock::new()];
        *FLUSHES[usize::from(dtype == DType::F64)].get_or_init(|| {
            let half = Scalar::from_f64(dtype, 0.5);
            let least = Scalar::from_f64(dtype, smallest_normal(dtype));
            let halved = shader(&self.features, &[dtype], dtype, |scalars, names| {
                Ok(format!("({} * {})", names[0], scalars.constant(half)?))
            });
            let least = &least.to_bytes()[..dtype.size()];
            let halved = self.run(&halved.expect("the device has the type"), &[(dtype, least)], dtype);
            halved.iter().all(|byte| *byte == 0)
        })
    }

    /// Whether its conversions from f16 to f32 lose sign and bits of NaN.
    pub fn loses_nans(&self) -> bool {
        static LOSES: OnceLock<bool> = OnceLock::new();
        *LOSES.get_or_init(|| {
            let bits = shader(&self.features, &[DType::F16], DType::U16, |scalars, names| {
                scalars.bitcast(DType::F16, DType::U16, names[0])
            });
            let nan = 0xfe01u16.to_le_bytes();
            self.run(&bits.expect("all devices have both"), &[(DType::F16, &nan)], DType::U16) != nan
        })
    }

    /// Whether it has a type.
    pub fn has(&self, dtype: DType) -> bool {
        register(dtype, &self.features).is_ok()
    }

    /// Runs a shader of these types on arrays of equal length, given and returned as bytes.
    pub fn run(&self, shader: &Arc<Shader>, operands: &[(DType, &[u8])], result: DType) -> Vec<u8> {
        let count = operands[0].1.len() / operands[0].0.size();
        let grid = grid(count.div_ceil(64 * CHUNK) as u64, 65535).expect("it fits");
        // All threads read and write.
        let padded = (grid[0] * grid[1]) as usize * 64 * CHUNK;
        let ty = |dtype| TensorType::new(dtype, [padded as i64]);
        let argument = |&(dtype, bytes): &(DType, &[u8])| {
            let mut all = AlignedBytes::zeroed(padded * dtype.size());
            all[..bytes.len()].copy_from_slice(bytes);
            Literal::dense(ty(dtype), all)
        };
        let arguments: Vec<Literal> = operands.iter().map(argument).collect();
        let mut scalars = Scalars::new(&self.features);
        let dtypes = operands.iter().map(|(dtype, _)| *dtype).chain([result]);
        let bindings = dtypes.zip(0..).map(|(dtype, slot)| Bound {
            memory: Memory::Slot(SlotId(slot)),
            unit: scalars.storage(dtype).expect("it was printed").unit,
        });
        let launch = Launch {
            shader: shader.clone(),
            bindings: bindings.collect(),
            parameters: [][..].into(),
            grid,
            work: padded as u64,
        };
        let lowered = Lowered { commands: vec![Command::Launch(launch)], ..Lowered::default() };
        let out = run_as(&self.engine, |_, _| Ok(lowered.clone()), StepOp::Copy, &arguments, &ty(result));
        out.to_dense()[..count * result.size()].to_vec()
    }
}
