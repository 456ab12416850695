//! The list of passes, in order.

use stablehlo::Module;

use crate::{Error, Settings};

/// Runs every pass.
pub fn run(module: Module, _settings: &Settings) -> Result<Module, Error> {
    Ok(module)
}
