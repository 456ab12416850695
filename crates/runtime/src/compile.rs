//! From program bytes to a plan.

use compiler::Target;
use plan::Plan;

use crate::dump::{Dump, ELIDE_ABOVE};
use crate::error::{Error, Result};
use crate::options::{CompileOptions, OptionValue};

/// Compiles MLIR bytecode or text of StableHLO.
pub fn compile(bytes: &[u8], target: &Target) -> Result<Plan> {
    let dump = Dump::next();
    // The name is not known yet, and reading may fail: so the files of the bytes go without.
    dump.write("program", "mlirbc", || bytes);
    let module = stablehlo::parse(bytes).map_err(reader_error)?;
    let name = module.name.to_string();
    let options = stablehlo::print::Options { elide_above: Some(ELIDE_ABOVE) };
    dump.write(&name, "mlir", || stablehlo::print::module_with(&module, options));
    stablehlo::verify::verify(&module).map_err(|error| Error::Program(error.to_string().into()))?;
    let plan = compiler::compile(module, target, &compiler::Settings::of(target));
    let plan = plan.map_err(compiler_error)?;
    dump.write(&name, "plan", || plan.to_string());
    Ok(plan)
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
    let asked = options.overrides.iter().any(|(name, value)| {
        let yes = match value {
            OptionValue::Bool(value) => *value,
            OptionValue::Int(value) => *value != 0,
            OptionValue::Text(text) => text == "1" || text == "true",
            OptionValue::Float(_) => false,
        };
        name == "mps_optimized_program" && yes
    });
    asked || std::env::var_os("JAX_METALLIB_OPTIMIZED_PROGRAM").is_some_and(|value| value == "1")
}
