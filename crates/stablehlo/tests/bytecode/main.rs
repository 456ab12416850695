//! The reader of MLIR bytecode: a file byte by byte, recorded programs, damaged ones and hostile ones.

mod damaged;
mod hostile;
mod recorded;
mod walkthrough;
mod writer;

use std::fs;
use std::path::{Path, PathBuf};

/// Every fixture: its name below the folder of fixtures, and its bytes.
fn fixtures() -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures");
    let list = |folder: &Path| -> Vec<PathBuf> {
        let entries = fs::read_dir(folder).expect("a folder of fixtures");
        entries.map(|entry| entry.expect("a folder entry").path()).collect()
    };
    let mut files: Vec<_> = list(&folder)
        .iter()
        .filter(|path| path.is_dir())
        .flat_map(|path| list(path))
        .filter(|path| path.extension().is_some_and(|extension| extension == "mlirbc"))
        .map(|path| {
            let name = path.strip_prefix(&folder).expect("a path below the folder").display().to_string();
            (name, fs::read(&path).expect("a fixture"))
        })
        .collect();
    files.sort();
    assert!(files.len() >= 25, "the fixtures are missing");
    files
}

/// The fixture of this name.
fn fixture(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(name);
    fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
