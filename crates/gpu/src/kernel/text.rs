//! Text with indentation.

use std::fmt::{Display, Write};

/// WGSL under construction.
#[derive(Debug, Default)]
pub(super) struct Text {
    out: String,
    depth: usize,
}

impl Text {
    /// Text that starts inside a block.
    pub fn indented() -> Self {
        Text { out: String::new(), depth: 1 }
    }

    /// Adds a line.
    pub fn line(&mut self, line: impl Display) {
        writeln!(self.out, "{:indent$}{line}", "", indent = 2 * self.depth).expect("strings take text");
    }

    /// Adds a line that opens a block, such as `if (x) {`.
    pub fn open(&mut self, line: impl Display) {
        self.line(line);
        self.depth += 1;
    }

    /// Closes a block.
    pub fn close(&mut self) {
        self.depth -= 1;
        self.line("}");
    }

    /// The text.
    pub fn finish(self) -> String {
        self.out
    }
}
