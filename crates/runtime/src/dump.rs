//! `JAX_METALLIB_DUMP=<dir>`: what a program looks like at each stage, for people and for reports.

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::log::{Level, log};

/// Constants with more elements than this are left out of texts; the program as it was sent has them.
pub const ELIDE_ABOVE: usize = 4096;

/// Files of one program. Without the variable nothing is written.
pub struct Dump {
    directory: Option<PathBuf>,
    number: u32,
}

impl Dump {
    /// The files of the next program of this process.
    pub fn next() -> Dump {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let directory =
            std::env::var_os("JAX_METALLIB_DUMP").filter(|value| !value.is_empty()).map(PathBuf::from);
        let number = if directory.is_some() { NUMBER.fetch_add(1, Ordering::Relaxed) } else { 0 };
        Dump { directory, number }
    }

    /// Whether anything is written.
    pub fn is_on(&self) -> bool {
        self.directory.is_some()
    }

    /// Writes a file named after the program and the stage. That it cannot is worth a warning, not an error.
    pub fn write<T: AsRef<[u8]>>(&self, program: &str, stage: &str, contents: impl FnOnce() -> T) {
        let Some(directory) = &self.directory else { return };
        let safe = |c: char| if c.is_ascii_alphanumeric() || "_-".contains(c) { c } else { '_' };
        let program: String = program.chars().take(80).map(safe).collect();
        let path = directory.join(format!("{:05}.{:04}.{program}.{stage}", std::process::id(), self.number));
        let written = fs::create_dir_all(directory).and_then(|()| fs::write(&path, contents()));
        if let Err(error) = written {
            log(Level::Warning, || format!("JAX_METALLIB_DUMP: cannot write {}: {error}", path.display()));
        }
    }
}
