//! MLIR bytecode holding VHLO, as JAX hands programs to a plugin.
//!
//! | file | what it reads |
//! |---|---|
//! | `cursor` | bytes, variable-length numbers, bounds |
//! | `container` | sections, strings, names, where entries lie |
//! | `entries` | attributes and types on demand, decoded once each |
//! | `builtin`, `vhlo`, `sdy` | what the entries of each dialect hold |
//! | `literal` | tensor data |
//! | `locations` | source locations |
//! | `names` | what an operation name means, and its attributes in wire order |
//! | `attributes` | the attributes of operations, from properties and dictionaries |
//! | `ir` | operations and regions into a [`Module`] |
//!
//! Input is not trusted. Every count is checked against the bytes left before anything is allocated;
//! nesting has explicit limits; and because entries may share others, so that a small file can describe a
//! huge tree, every copy of a decoded attribute is paid from a budget in proportion to the file.

mod attributes;
mod builtin;
mod container;
mod cursor;
mod entries;
mod ir;
mod literal;
mod locations;
mod names;
mod sdy;
mod vhlo;

use container::Container;

use crate::{Error, Module};

/// Newest producer that this reader was tested with.
const NEWEST_KNOWN: &str = "StableHLO up to 1.22";

/// Whether these bytes claim to be MLIR bytecode.
pub fn is_bytecode(bytes: &[u8]) -> bool {
    bytes.starts_with(&container::MAGIC)
}

/// Reads a program. It is not verified yet.
pub fn read(bytes: &[u8]) -> Result<Module, Error> {
    let container = Container::read(bytes)?;
    ir::read(&container, bytes.len())
}
