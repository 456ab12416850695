//! Shaders as the backends see them: what naga makes of WGSL for Metal and for Vulkan.
//!
//! wgpu does the same when a pipeline is made. Here it needs no device: for people to read, and for tests to check
//! every shader against the limits of devices that are not there.

use naga::back::{msl, spv};
use naga::valid::{Capabilities, ShaderStages, SubgroupOperationSet, ValidationFlags, Validator};
use naga::{AddressSpace, StorageAccess, TypeInner};
use thiserror::Error;

use crate::features::Features;
use crate::shader::Shader;

/// A shader in the languages of the backends, and what it takes of a device.
#[derive(Clone, Debug, PartialEq)]
pub struct Translated {
    /// Metal shading language 3.1, unless the shader uses what Metal does not have: f64, atomics of 64 bits.
    pub metal: Option<String>,
    /// SPIR-V 1.4.
    pub spirv: Vec<u32>,
    /// Bytes of workgroup memory.
    pub workgroup_bytes: u32,
    /// Threads of a workgroup.
    pub workgroup_threads: u32,
}

/// Why a shader is not valid: our fault.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("shader `{shader}`: {reason}")]
pub struct TranslateError {
    /// Name of the shader.
    pub shader: &'static str,
    /// What is wrong, with the place in the text.
    pub reason: String,
}

/// Parses, validates and translates a shader for devices with these features, and checks that it has the interface
/// that it states.
///
/// # Errors
/// What naga finds wrong, where text and [`Shader`] disagree, or what takes more than the features.
pub fn translate(shader: &Shader, features: &Features) -> Result<Translated, TranslateError> {
    let source = &*shader.source;
    let error = |reason: String| TranslateError { shader: shader.name, reason };
    let module = naga::front::wgsl::parse_str(source).map_err(|found| error(found.emit_to_string(source)))?;
    let mut validator = Validator::new(ValidationFlags::all(), capabilities(features));
    validator.subgroup_stages(ShaderStages::COMPUTE).subgroup_operations(SubgroupOperationSet::all());
    let info = validator.validate(&module).map_err(|found| error(found.emit_to_string(source)))?;

    let (mut bindings, mut immediates, mut workgroup_bytes) = (0, 0, 0);
    for (_, variable) in module.global_variables.iter() {
        let size = module.types[variable.ty].inner.size(module.to_ctx());
        match variable.space {
            AddressSpace::Storage { access } if access == StorageAccess::LOAD | StorageAccess::STORE => {
                bindings += 1;
            }
            AddressSpace::Storage { .. } => return Err(error("a binding is not read_write".to_string())),
            AddressSpace::Immediate => immediates += size,
            AddressSpace::WorkGroup => workgroup_bytes += size,
            _ => {}
        }
    }
    if (bindings, immediates) != (shader.bindings, shader.immediate_bytes()) {
        let (stated, bytes) = (shader.bindings, shader.immediate_bytes());
        return Err(error(format!(
            "{bindings} bindings and {immediates} bytes of immediates, stated are {stated} and {bytes}"
        )));
    }
    let [entry] = &module.entry_points[..] else {
        return Err(error("there must be one entry point".to_string()));
    };
    let options = spv::Options { lang_version: (1, 4), ..spv::Options::default() };
    let spirv = spv::write_vec(&module, &info, &options, None).map_err(|found| error(found.to_string()))?;
    let options =
        msl::Options { lang_version: (3, 1), fake_missing_bindings: true, ..msl::Options::default() };
    // Naga panics over types that Metal lacks.
    let lacks = |ty: &naga::Type| match ty.inner {
        TypeInner::Atomic(scalar) => scalar.width == 8,
        ref inner => inner.scalar() == Some(naga::Scalar::F64),
    };
    let metal = if module.types.iter().any(|(_, ty)| lacks(ty)) {
        None
    } else {
        let metal = msl::write_string(&module, &info, &options, &msl::PipelineOptions::default());
        Some(metal.map_err(|found| error(found.to_string()))?.0)
    };
    let workgroup_threads = entry.workgroup_size.iter().product();
    for (used, most, what) in [
        (bindings, features.max_bindings, "bindings"),
        (immediates, features.immediate_bytes, "bytes of immediates"),
        (workgroup_bytes, features.workgroup_bytes, "bytes of workgroup memory"),
        (workgroup_threads, features.workgroup_threads, "threads in a workgroup"),
    ] {
        if used > most {
            return Err(error(format!("it takes {used} {what}, the device has {most}")));
        }
    }
    Ok(Translated { metal, spirv, workgroup_bytes, workgroup_threads })
}

/// What shaders may use of the language.
fn capabilities(features: &Features) -> Capabilities {
    let optional = [
        (features.float16, Capabilities::SHADER_FLOAT16),
        (features.float64, Capabilities::FLOAT64),
        (features.int64, Capabilities::SHADER_INT64),
        (features.int64_atomics, Capabilities::SHADER_INT64_ATOMIC_ALL_OPS),
        (features.float32_atomics, Capabilities::SHADER_FLOAT32_ATOMIC),
        (features.subgroup.is_some(), Capabilities::SUBGROUP | Capabilities::SUBGROUP_BARRIER),
        (features.cooperative_f16.or(features.cooperative_f32).is_some(), Capabilities::COOPERATIVE_MATRIX),
    ];
    let there = optional.into_iter().filter(|(there, _)| *there).map(|(_, capability)| capability);
    there.fold(Capabilities::IMMEDIATES | Capabilities::SHADER_FLOAT16_IN_FLOAT32, Capabilities::union)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn copy(bindings: u32, parameters: u32) -> Shader {
        let source = include_str!("../shaders/copy.wgsl").into();
        Shader { name: "copy", source, bindings, parameters, unchecked: true }
    }

    #[test]
    fn a_shader_reads_in_both_languages() {
        let translated = translate(&copy(2, 1), &Features::least()).expect("valid");
        assert_eq!((translated.workgroup_bytes, translated.workgroup_threads), (0, 256));
        let metal = translated.metal.expect("nothing in it is f64");
        assert!(metal.contains("kernel void main_"), "{metal}");
        assert_eq!(translated.spirv[0], 0x0723_0203);
    }

    #[test]
    fn text_and_interface_must_agree() {
        let error = translate(&copy(3, 1), &Features::least()).expect_err("there are two bindings");
        assert_eq!(
            error.to_string(),
            "shader `copy`: 2 bindings and 12 bytes of immediates, stated are 3 and 16"
        );
        let broken = Shader { source: "fn main( {".into(), ..copy(2, 1) };
        assert!(translate(&broken, &Features::least()).is_err());
    }

    #[test]
    fn a_device_must_have_what_is_used() {
        let few = Features { workgroup_threads: 128, ..Features::least() };
        let error = translate(&copy(2, 1), &few).expect_err("there are 256 threads");
        assert_eq!(
            error.to_string(),
            "shader `copy`: it takes 256 threads in a workgroup, the device has 128"
        );
        let wide = "var<private> wide: i64;\n";
        let wide = Shader { source: format!("{wide}{}", copy(2, 1).source).into(), ..copy(2, 1) };
        assert!(translate(&wide, &Features::least()).is_err());
        assert!(translate(&wide, &Features::usual()).is_ok());
    }

    #[test]
    fn metal_has_no_f64() {
        let double = "fn double(x: f64) -> f64 { return 2.0lf * x; }\n";
        let double = Shader { source: format!("{double}{}", copy(2, 1).source).into(), ..copy(2, 1) };
        assert!(translate(&double, &Features::usual()).is_err());
        let some = Features { float64: true, ..Features::usual() };
        assert_eq!(translate(&double, &some).expect("Vulkan has it").metal, None);
    }
}
