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
