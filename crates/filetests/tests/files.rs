//! Runs the test files of this crate.

use std::path::Path;

#[test]
fn files() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("files");
    match filetests::run_folder(&folder) {
        Ok(count) => assert!(count > 0, "no test files"),
        Err(report) => panic!("{report}"),
    }
}
