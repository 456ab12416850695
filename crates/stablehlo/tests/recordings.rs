//! Reads every program in the folder that `STABLEHLO_RECORDINGS` names, and its subfolders.

use std::fs;
use std::path::{Path, PathBuf};

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<_> = fs::read_dir(folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.expect("a folder entry").path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

#[test]
fn every_recording_is_read_valid_and_read_back_from_text() {
    let Some(folder) = std::env::var_os("STABLEHLO_RECORDINGS") else {
        eprintln!("SKIPPED: STABLEHLO_RECORDINGS names no folder of recorded programs");
        return;
    };
    let mut paths = Vec::new();
    files(Path::new(&folder), &mut paths);
    let (mut count, mut failures) = (0, Vec::new());
    for path in paths {
        let bytes = fs::read(&path).expect("a readable file");
        if !stablehlo::bytecode::is_bytecode(&bytes) {
            continue;
        }
        count += 1;
        match stablehlo::bytecode::read(&bytes) {
            Ok(module) => {
                if let Err(error) = stablehlo::verify::verify(&module) {
                    failures.push(format!("{}: {error}", path.display()));
                }
                match stablehlo::text::read(&stablehlo::print::module(&module)) {
                    Ok(again) => failures.extend(
                        stablehlo::equal::difference(&module, &again)
                            .map(|difference| format!("{}, printed: {difference}", path.display())),
                    ),
                    Err(error) => failures.push(format!("{}, printed: {error}", path.display())),
                }
            }
            Err(error) => failures.push(format!("{}: {error}", path.display())),
        }
    }
    assert!(count > 0, "no bytecode in {}", Path::new(&folder).display());
    assert!(failures.is_empty(), "{} of {count} programs:\n{}", failures.len(), failures.join("\n"));
    eprintln!("{count} programs read");
}
