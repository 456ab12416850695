//! From program bytes to a plan.

use plan::Plan;

use crate::error::{Error, Result};
use crate::options::{CompileOptions, OptionValue};

/// Compiles MLIR bytecode or text of StableHLO for the engine.
pub fn compile(_bytes: &[u8]) -> Result<Plan> {
    Err(Error::Unimplemented("compiling programs"))
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
