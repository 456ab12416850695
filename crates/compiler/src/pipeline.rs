//! The list of passes, in order.

use stablehlo::{Module, verify::verify};

use crate::passes::{canonicalize, contract, expand, inline, sharding, turn};
use crate::{Error, Settings};

/// A pass: a module in, a module out.
pub type Pass = fn(Module, &Settings) -> Result<Module, Error>;

/// Every pass by name, in the order in which they run.
pub const PASSES: &[(&str, Pass)] = &[
    ("sharding", sharding::run),
    ("expand", expand::run),
    ("inline", inline::run),
    ("canonicalize", canonicalize::run),
    ("turn", turn::run),
    ("contract", contract::run),
];

/// Runs every pass on a verified module.
///
/// # Errors
/// The first error of a pass. Where [`Settings::verify_passes`] is set, and in debug builds, a pass that
/// breaks the module is an [`Error::Invalid`] that names it.
pub fn run(module: Module, settings: &Settings) -> Result<Module, Error> {
    PASSES.iter().try_fold(module, |module, (name, pass)| {
        let module = pass(module, settings)?;
        if settings.verify_passes || cfg!(debug_assertions) {
            verify(&module).map_err(|error| Error::Invalid(format!("after pass {name}: {error}")))?;
        }
        Ok(module)
    })
}
