//! Why a program cannot be read.

use std::fmt;

use ops::BuildError;
use thiserror::Error;

/// Why a program cannot be read. The program is at fault (damaged, or not a program), or newer than this
/// reader.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Error {
    /// Neither MLIR bytecode nor text.
    #[error("not a StableHLO program: neither MLIR bytecode (it lacks the magic `ML\\xefR`) nor UTF-8 text")]
    NotAProgram,
    /// The bytes do not follow the format.
    #[error("malformed bytecode at byte {offset} ({section}): {message}")]
    Malformed {
        /// Part of the file.
        section: &'static str,
        /// Position from the start of the file.
        offset: usize,
        /// What is wrong.
        message: String,
    },
    /// The text does not follow the grammar.
    #[error("malformed program text at line {line}, column {column}: {message}")]
    Text {
        /// Line, from 1.
        line: u32,
        /// Column, from 1.
        column: u32,
        /// What is wrong.
        message: String,
    },
    /// Something that this reader does not know.
    #[error(
        "{what} is not known here; the program was written by `{producer}`, and this reader knows {known}"
    )]
    Unknown {
        /// What was met.
        what: String,
        /// Who wrote the program.
        producer: String,
        /// Newest version that this reader was tested with.
        known: &'static str,
    },
    /// Operations that this reader does not know: all of them.
    #[error(
        "the program uses {} that this version of the plugin does not know: {}. The program was written by \
         `{producer}`. Please report it with the program attached (set JAX_METALLIB_DUMP=DIR to write it out)",
        Count(.ops.len()), List(.ops)
    )]
    UnknownOps {
        /// Each name with the places where it is used.
        ops: Vec<UnknownOp>,
        /// Who wrote the program.
        producer: String,
    },
    /// An operation whose attributes do not fit.
    #[error(transparent)]
    Build(#[from] BuildError),
    /// Another error, inside of an operation.
    #[error("{op} at {location}: {source}")]
    InOp {
        /// Name of the operation.
        op: String,
        /// Where the program was written.
        location: String,
        /// What is wrong.
        source: Box<Error>,
    },
}

/// An operation that the reader does not know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownOp {
    /// Name with its dialect.
    pub name: String,
    /// Source locations of the first uses.
    pub locations: Vec<String>,
    /// Number of uses.
    pub uses: usize,
}

struct Count(usize);

impl fmt::Display for Count {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            1 => f.write_str("an operation"),
            n => write!(f, "{n} operations"),
        }
    }
}

struct List<'a>(&'a [UnknownOp]);

impl fmt::Display for List<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, op) in self.0.iter().enumerate() {
            write!(f, "{}`{}` at {}", if i == 0 { "" } else { "; " }, op.name, op.locations.join(", "))?;
            if op.uses > op.locations.len() {
                write!(f, " and {} more", op.uses - op.locations.len())?;
            }
        }
        Ok(())
    }
}
