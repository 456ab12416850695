//! From program bytes to a plan.

use compiler::Settings;
use gpu::features::Features;
use gpu::{listing, translate};
use plan::Plan;

use crate::dump::{Dump, ELIDE_ABOVE};
use crate::engine::Engines;
use crate::error::{Error, Result};
use crate::log::{Level, log};
use crate::options::CompileOptions;

/// Compiles MLIR bytecode or text of StableHLO.
pub fn compile(bytes: &[u8], options: &CompileOptions, engines: &Engines) -> Result<Plan> {
    let dump = Dump::next();
    // The name is not known yet, and reading may fail: so the files of the bytes go without.
    dump.write("program", "mlirbc", || bytes);
    let module = stablehlo::parse(bytes).map_err(reader_error)?;
    let name = module.name.to_string();
    let printed = stablehlo::print::Options { elide_above: Some(ELIDE_ABOVE) };
    dump.write(&name, "mlir", || stablehlo::print::module_with(&module, printed));
    stablehlo::verify::verify(&module).map_err(|error| Error::Program(error.to_string().into()))?;
    let round_each = options.switch("xla_allow_excess_precision") == Some(false);
    let settings = Settings { round_each, ..Settings::of(&engines.target) };
    let plan = compiler::compile(module, &engines.target, &settings);
    let plan = plan.map_err(compiler_error)?;
    dump.write(&name, "plan", || plan.to_string());
    if let Some(features) = engines.features.as_ref().filter(|_| dump.is_on()) {
        dump_kernels(&dump, &name, &plan, features);
    }
    Ok(plan)
}

/// Writes the shaders of a plan, each as WGSL, and as Metal's language and SPIR-V where that is made of it.
fn dump_kernels(dump: &Dump, name: &str, plan: &Plan, features: &Features) {
    // What cannot be lowered fails when the plan is prepared.
    for (number, listed) in listing::shaders(plan, features).unwrap_or_default().iter().enumerate() {
        let stage = |extension: &str| format!("k{number:03}.{}.{extension}", listed.shader.name);
        dump.write(name, &stage("wgsl"), || listed.text());
        match translate::translate(&listed.shader, features) {
            Ok(translated) => {
                if let Some(metal) = &translated.metal {
                    dump.write(name, &stage("metal"), || metal);
                }
                dump.write(name, &stage("spv"), || {
                    translated.spirv.iter().flat_map(|word| word.to_le_bytes()).collect::<Vec<u8>>()
                });
            }
            Err(error) => log(Level::Warning, || format!("JAX_METALLIB_DUMP: {error}")),
        }
    }
}

fn reader_error(error: stablehlo::Error) -> Error {
    let message = error.to_string().into();
    match error {
        stablehlo::Error::Unknown { .. } | stablehlo::Error::UnknownOps { .. } => Error::Unsupported(message),
        _ => Error::Program(message),
    }
}

fn compiler_error(error: compiler::Error) -> Error {
    let message = error.to_string().into();
    match error {
        compiler::Error::Unsupported { .. } => Error::Unsupported(message),
        compiler::Error::Invalid(_) | compiler::Error::Devices { .. } => Error::Program(message),
    }
}

/// True when the program is to be kept as it was sent, for frameworks to show: when
/// `JAX_METALLIB_OPTIMIZED_PROGRAM=1` is set, or the compile option `mps_optimized_program`.
pub fn keeps_source(options: &CompileOptions) -> bool {
    options.switch("mps_optimized_program") == Some(true)
        || std::env::var_os("JAX_METALLIB_OPTIMIZED_PROGRAM").is_some_and(|value| value == "1")
}
