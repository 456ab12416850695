//! Tests that are text files: a program, what to do with it, and what must come out.
//!
//! ```text
//! // test: pass canonicalize
//! func.func @main(%x: tensor<f32>) -> tensor<f32> {
//!   ...
//! }
//! // ---
//! // module attributes {...} {
//! //   ...
//! // }
//! ```
//!
//! The first line names a command of [`commands`] with its arguments. What it prints must equal the
//! comments after `// ---`. A test of errors has no such block; instead, each line that must fail ends in
//! `// error: MESSAGE`, part of the message. An error without a line belongs to the first line.
//!
//! With `BLESS=1` in the environment files are rewritten to what comes out; read the difference before
//! committing it.

#![forbid(unsafe_code)]

pub mod commands;
mod file;

use std::fs;
use std::path::{Path, PathBuf};

use commands::Failure;
use file::TestFile;

/// Runs every `.mlir` file of a folder and its subfolders.
///
/// # Errors
/// A report of the files that fail, each with what was expected and what came out.
pub fn run_folder(folder: &Path) -> Result<usize, String> {
    let bless = std::env::var_os("BLESS").is_some_and(|value| value == "1");
    let mut paths = Vec::new();
    collect(folder, &mut paths);
    let failures: Vec<String> = paths.iter().filter_map(|path| run_file(path, bless).err()).collect();
    match failures.is_empty() {
        true => Ok(paths.len()),
        false => {
            Err(format!("{} of {} files fail\n\n{}", failures.len(), paths.len(), failures.join("\n\n")))
        }
    }
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut entries: Vec<PathBuf> = entries.map(|entry| entry.expect("a folder entry").path()).collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            collect(&path, paths);
        } else if path.extension().is_some_and(|extension| extension == "mlir") {
            paths.push(path);
        }
    }
}

fn run_file(path: &Path, bless: bool) -> Result<(), String> {
    let name = path.display();
    let source = fs::read_to_string(path).map_err(|error| format!("{name}: {error}"))?;
    let test = TestFile::parse(&source).map_err(|error| format!("{name}: {error}"))?;
    let outcome = commands::run(&test.command, &source).map_err(|error| format!("{name}: {error}"))?;
    match check(&test, &outcome) {
        Ok(()) => Ok(()),
        Err(_) if bless => {
            fs::write(path, test.blessed(&outcome)).map_err(|error| format!("{name}: {error}"))
        }
        Err(message) => Err(format!("{name}: {message}")),
    }
}

/// Compares what came out with what the file expects.
fn check(test: &TestFile<'_>, outcome: &Result<String, Vec<Failure>>) -> Result<(), String> {
    match outcome {
        Ok(output) if !test.errors.is_empty() => Err(format!("expected errors, but it succeeds:\n{output}")),
        Ok(output) if *output == test.expected => Ok(()),
        Ok(output) => Err(format!("expected:\n{}\nfound:\n{output}", test.expected)),
        Err(failures) => {
            let unexpected = failures.iter().find(|failure| {
                !test
                    .errors
                    .iter()
                    .any(|(line, part)| *line == failure.line && failure.message.contains(part))
            });
            let missing = test.errors.iter().find(|(line, part)| {
                !failures.iter().any(|failure| *line == failure.line && failure.message.contains(part))
            });
            match (unexpected, missing) {
                (Some(failure), _) => {
                    Err(format!("line {}: unexpected error: {}", failure.line, failure.message))
                }
                (None, Some((line, part))) => Err(format!("line {line}: no error with `{part}`")),
                (None, None) => Ok(()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_fit_is_told() {
        let source = "// test: print\nfunc.func @f() {\n  return // error: here\n}\n// ---\n// out\n";
        let test = TestFile::parse(source).expect("a test file");
        let failure = |line, message: &str| Failure { line, message: message.to_owned() };
        assert_eq!(check(&test, &Err(vec![failure(3, "it is here")])), Ok(()));
        assert!(check(&test, &Ok("out\n".to_owned())).is_err());
        let elsewhere = check(&test, &Err(vec![failure(2, "it is here")]));
        assert_eq!(elsewhere, Err("line 2: unexpected error: it is here".to_owned()));
        assert_eq!(check(&test, &Err(Vec::new())), Err("line 3: no error with `here`".to_owned()));
        assert_eq!(
            test.blessed(&Err(vec![failure(2, "no body")])),
            "// test: print\nfunc.func @f() { // error: no body\n  return\n}\n"
        );
        assert_eq!(
            test.blessed(&Ok("a\n\nb\n".to_owned())),
            "// test: print\nfunc.func @f() {\n  return\n}\n// ---\n// a\n//\n// b\n"
        );
    }
}
