//! From a verified module to a plan: passes, then fusion, scheduling and buffer assignment.
//!
//! [`compile`] is the whole way. Passes work on the module ([`passes`], listed in [`pipeline`]);
//! [`lower`] turns the one function that remains into steps; `epilogues` makes products store what follows them,
//! `merge` makes small kernels one; `place` says which of them the device runs; [`assign`]
//! gives every array its memory.
//! Nothing here knows an engine: a [`Target`] says what there is to compile for.

#![forbid(unsafe_code)]

pub mod assign;
mod classes;
mod epilogues;
mod error;
pub mod lower;
mod merge;
pub mod passes;
pub mod pipeline;
mod place;
mod target;
mod touched;

pub use error::Error;
pub use target::{DeviceTarget, Settings, Supports, Target};

use plan::Plan;
use stablehlo::Module;

/// Compiles a verified module for a target.
pub fn compile(module: Module, target: &Target, settings: &Settings) -> Result<Plan, Error> {
    let module = pipeline::run(module, settings)?;
    let draft = lower::lower(&module, target, settings)?;
    let draft = match &target.device {
        Some(device) => place::place(merge::merge(epilogues::fuse(draft, device), device), device),
        None => draft,
    };
    Ok(assign::assign(draft, target))
}
