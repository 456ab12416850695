//! Checks that shaders are valid, have the interface that they claim, and can be translated for Metal and Vulkan.

use gpu::features::Features;
use gpu::shader::Shader;
use naga::valid::{Capabilities, ValidationFlags, Validator};
use naga::{AddressSpace, ShaderStage, back};

/// Panics with the reason and the text if a shader is not fit for a device with these features.
pub fn check_shader(shader: &Shader, features: &Features) {
    if let Err(reason) = translate(shader, features) {
        panic!("{}: {reason}\n{}", shader.name, shader.source);
    }
}

fn translate(shader: &Shader, features: &Features) -> Result<(), String> {
    let module =
        naga::front::wgsl::parse_str(&shader.source).map_err(|e| e.emit_to_string(&shader.source))?;
    let mut capabilities = Capabilities::IMMEDIATES | Capabilities::SHADER_FLOAT16_IN_FLOAT32;
    capabilities.set(Capabilities::SHADER_INT64, features.int64);
    capabilities.set(Capabilities::SHADER_FLOAT16, features.float16);
    capabilities.set(Capabilities::SHADER_FLOAT32_ATOMIC, features.float32_atomics);
    capabilities.set(Capabilities::SUBGROUP, features.subgroup.is_some());
    let info = Validator::new(ValidationFlags::all(), capabilities)
        .validate(&module)
        .map_err(|e| e.emit_to_string(&shader.source))?;
    let storage = |space: AddressSpace| matches!(space, AddressSpace::Storage { .. });
    let bindings = module.global_variables.iter().filter(|(_, v)| storage(v.space)).count();
    let immediates: u32 = module
        .global_variables
        .iter()
        .filter(|(_, v)| v.space == AddressSpace::Immediate)
        .map(|(_, v)| module.types[v.ty].inner.size(module.to_ctx()))
        .sum();
    let workgroup: u32 = module
        .global_variables
        .iter()
        .filter(|(_, v)| v.space == AddressSpace::WorkGroup)
        .map(|(_, v)| module.types[v.ty].inner.size(module.to_ctx()))
        .sum();
    let entry = module.entry_points.first().ok_or("no entry point")?;
    let threads: u32 = entry.workgroup_size.iter().product();
    if entry.stage != ShaderStage::Compute || entry.name != "main" {
        return Err("the entry point is no compute shader `main`".into());
    }
    if bindings != shader.bindings as usize || immediates != shader.immediate_bytes() {
        return Err(format!("it has {bindings} bindings and {immediates} bytes of immediates"));
    }
    if threads > features.workgroup_threads || workgroup > features.workgroup_bytes {
        return Err(format!("it uses {threads} threads and {workgroup} bytes of workgroup memory"));
    }
    let options = back::spv::Options { lang_version: (1, 3), ..Default::default() };
    back::spv::write_vec(&module, &info, &options, None).map_err(|e| format!("SPIR-V: {e}"))?;
    let options = back::msl::Options { lang_version: (3, 1), ..Default::default() };
    back::msl::write_string(&module, &info, &options, &Default::default())
        .map_err(|e| format!("MSL: {e}"))?;
    Ok(())
}
