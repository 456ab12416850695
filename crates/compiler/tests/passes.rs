//! Tests of single passes as text: `tests/passes/PASS/*.mlir`.
//!
//! A file holds cases separated by `// -----`. A case is a comment that says what it shows, a program, the
//! line `// ==>` and what the pass makes of it; for errors `// ==> error: TEXT`, of which the message
//! contains TEXT. `BLESS=1 cargo test -p compiler --test passes` rewrites what follows `// ==>`; read the
//! difference before you commit it.

use std::fs;
use std::path::{Path, PathBuf};

use compiler::{Settings, pipeline};
use stablehlo::{print, text, verify::verify};

const ARROW: &str = "// ==>";
const SEPARATOR: &str = "// -----";

#[test]
fn sharding() {
    check("sharding");
}

#[test]
fn expand() {
    check("expand");
}

#[test]
fn inline() {
    check("inline");
}

#[test]
fn canonicalize() {
    check("canonicalize");
}

#[test]
fn contract() {
    check("contract");
}

/// Every folder tests a pass and every pass has a folder.
#[test]
fn passes_have_folders() {
    let mut folders: Vec<String> = entries(&root()).iter().map(|path| file_name(path)).collect();
    let mut passes: Vec<String> = pipeline::PASSES.iter().map(|(name, _)| (*name).to_owned()).collect();
    folders.sort();
    passes.sort();
    assert_eq!(folders, passes);
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/passes")
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(folder)
        .expect("a folder of cases")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    found.sort();
    found
}

fn file_name(path: &Path) -> String {
    path.file_name().expect("a name").to_string_lossy().into_owned()
}

fn check(pass: &str) {
    let bless = std::env::var_os("BLESS").is_some();
    let mut failures = Vec::new();
    for path in entries(&root().join(pass)) {
        let source = fs::read_to_string(&path).expect("readable cases");
        let cases: Vec<String> = source.split(SEPARATOR).map(|case| run_case(pass, case)).collect();
        let actual = cases.join(&format!("{SEPARATOR}\n"));
        if bless {
            fs::write(&path, &actual).expect("writable cases");
        } else if actual != source {
            failures.push(format!("{}\n{}", path.display(), first_difference(&source, &actual)));
        }
    }
    assert!(failures.is_empty(), "BLESS=1 rewrites expectations:\n{}", failures.join("\n"));
}

/// The case with what the pass makes of it now.
fn run_case(pass: &str, case: &str) -> String {
    let (input, expected) = case.split_once(ARROW).unwrap_or((case, ""));
    let outcome = match run_pass(pass, input) {
        Ok(printed) => format!("\n{printed}"),
        Err(message) => match expected.strip_prefix(" error: ").map(str::trim_end) {
            Some(part) if message.contains(part) => format!(" error: {part}\n"),
            _ => format!(" error: {}\n", message.replace('\n', " ")),
        },
    };
    format!("{}{ARROW}{outcome}", input.trim_start_matches('\n'))
}

fn run_pass(pass: &str, input: &str) -> Result<String, String> {
    let module = text::read(input).map_err(|error| error.to_string())?;
    verify(&module).map_err(|error| error.to_string())?;
    let (_, run) = pipeline::PASSES.iter().find(|(name, _)| *name == pass).expect("a pass of this name");
    let module = run(module, &Settings::default()).map_err(|error| error.to_string())?;
    verify(&module).map_err(|error| format!("the pass broke the program: {error}"))?;
    let printed = print::module(&module);
    // Functions alone, without the module around them.
    let lines: Vec<&str> = printed.trim_end().lines().collect();
    let functions = &lines[1..lines.len() - 1];
    Ok(functions.iter().map(|line| format!("{}\n", line.strip_prefix("  ").unwrap_or(line))).collect())
}

fn first_difference(expected: &str, actual: &str) -> String {
    let pairs = expected.lines().zip(actual.lines()).enumerate();
    match pairs.into_iter().find(|(_, (a, b))| a != b) {
        Some((line, (a, b))) => format!("  line {}:\n    expected {a}\n    found    {b}", line + 1),
        None => "  lengths differ".to_owned(),
    }
}
