//! Commands on a program.

use std::io::Read as _;
use std::path::Path;

use compiler::{Settings, Target, pipeline};
use gpu::features::Features;
use plan::Plan;
use stablehlo::{Module, verify};

use crate::Error;

/// Reads a program, bytecode or text, from a file or standard input.
pub fn read(path: &Path) -> Result<Module, Error> {
    let mut bytes = Vec::new();
    let outcome = match path.as_os_str() == "-" {
        true => std::io::stdin().read_to_end(&mut bytes).map(|_| ()),
        false => std::fs::read(path).map(|content| bytes = content),
    };
    outcome.map_err(|source| Error::Io { path: path.to_owned(), source })?;
    stablehlo::parse(&bytes).map_err(|source| Error::Read { path: path.to_owned(), source })
}

/// Runs the passes of these names, or all of the pipeline.
pub fn run_passes(module: Module, names: &[String], all: bool) -> Result<Module, Error> {
    let settings = Settings { verify_passes: true, ..Settings::default() };
    if all {
        return Ok(pipeline::run(module, &settings)?);
    }
    names.iter().try_fold(module, |module, name| {
        let Some((_, pass)) = pipeline::PASSES.iter().find(|(known, _)| known == name) else {
            let known: Vec<_> = pipeline::PASSES.iter().map(|(known, _)| *known).collect();
            return Err(Error::UnknownPass { name: name.clone(), known: known.join(", ") });
        };
        let module = pass(module, &settings)?;
        verify::verify(&module)?;
        Ok(module)
    })
}

/// The plan of a program: for the host engine, or for a device.
pub fn plan(path: &Path, device: Option<&Features>) -> Result<Plan, Error> {
    let module = read(path)?;
    verify::verify(&module)?;
    let target = device.map_or_else(Target::host, runtime::device_target);
    Ok(compiler::compile(module, &target, &Settings::of(&target))?)
}
