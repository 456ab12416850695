//! StableHLO programs: bytecode (VHLO) and text into a verified [`Module`], and back into text.

#![forbid(unsafe_code)]

pub mod bytecode;
pub mod equal;
pub mod error;
pub mod infer;
pub mod location;
pub mod module;
pub mod print;
pub mod text;
pub mod verify;

pub use error::Error;
pub use location::{LocId, Location, Locations};
pub use module::{Function, Module, OpId, Operation, Region, RegionId, ValueId};

/// Reads a program, bytecode or text. It is not verified yet.
///
/// # Errors
/// If it is neither, is damaged, or uses what this crate does not know.
pub fn parse(bytes: &[u8]) -> Result<Module, Error> {
    if bytecode::is_bytecode(bytes) {
        return bytecode::read(bytes);
    }
    text::read(std::str::from_utf8(bytes).map_err(|_| Error::NotAProgram)?)
}
