//! Whole programs survive printing and reading.

use std::path::Path;

use crate::{files, fixtures, module, round_trip};

#[test]
fn programs_that_jax_prints() {
    for (name, source) in fixtures() {
        round_trip(&name, &module(&source)).unwrap_or_else(|failure| panic!("{failure}"));
    }
}

#[test]
fn recorded_programs() {
    let Some(folder) = std::env::var_os("STABLEHLO_RECORDINGS") else {
        eprintln!("SKIPPED: STABLEHLO_RECORDINGS names no folder of recorded programs");
        return;
    };
    let folder = Path::new(&folder);
    let (mut count, mut failures) = (0, Vec::new());
    for path in ["txt", "mlir", "mlirbc"].into_iter().flat_map(|extension| files(folder, extension)) {
        let name = path.display().to_string();
        let bytes = std::fs::read(&path).expect("a readable file");
        let module = match std::str::from_utf8(&bytes) {
            _ if stablehlo::bytecode::is_bytecode(&bytes) => stablehlo::bytecode::read(&bytes),
            Ok(source) if source.contains("func.func") => stablehlo::text::read(source),
            _ => continue,
        };
        count += 1;
        let outcome =
            module.map_err(|error| format!("{name}: {error}")).and_then(|module| round_trip(&name, &module));
        failures.extend(outcome.err());
    }
    assert!(count > 0, "no programs in {}", folder.display());
    assert!(failures.is_empty(), "{} of {count} programs:\n{}", failures.len(), failures.join("\n"));
    eprintln!("{count} programs read, printed and read back");
}
