//! The reader and the printer of text: programs as JAX prints them, every form, damaged and hostile text.

mod damaged;
mod forms;
mod hostile;
mod round_trip;

use std::fs;
use std::path::{Path, PathBuf};

use stablehlo::{Module, equal, print, text};

/// Files of a folder and its subfolders that have this extension.
fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut found = Vec::new();
    for entry in entries {
        let path = entry.expect("a folder entry").path();
        if path.is_dir() {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|found| found == extension) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Texts of programs as JAX prints them, by name.
fn fixtures() -> Vec<(String, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/text");
    let read = |path: PathBuf| (path.display().to_string(), fs::read_to_string(&path).expect("a fixture"));
    let found: Vec<_> = files(&folder, "mlir").into_iter().map(read).collect();
    assert!(found.len() >= 12, "the fixtures are missing");
    found
}

/// Reads text that must be well formed.
fn module(source: &str) -> Module {
    text::read(source).unwrap_or_else(|error| panic!("{error}\n{source}"))
}

/// Reading what is printed gives the same program, and printing that the same text.
fn round_trip(name: &str, module: &Module) -> Result<(), String> {
    let printed = print::module(module);
    let again = text::read(&printed).map_err(|error| format!("{name}: {error}"))?;
    if let Some(difference) = equal::difference(module, &again) {
        return Err(format!("{name}: {difference}"));
    }
    if print::module(&again) != printed {
        return Err(format!("{name}: the second print differs from the first"));
    }
    Ok(())
}
