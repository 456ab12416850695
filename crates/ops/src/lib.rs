//! The one table of ops.
//!
//! [`Op`] has a variant for each StableHLO operation; [`table`] declares them, [`attributes`] declares
//! their attribute structs. Readers build an [`Op`] from its mnemonic and wire attributes
//! ([`Op::build`]), the printer goes back ([`Op::attributes`]); both directions come from the same
//! declarations. [`UnaryOp`] and [`BinaryOp`] are the scalar operations that elementwise ops and
//! kernels share.

#![forbid(unsafe_code)]

mod attr;
pub mod attributes;
mod elementwise;
mod enums;
pub mod scalar;
pub mod sharding;
mod table;
mod types;

pub use attr::{Attr, AttrMap, AttrValue, Attributes, BuildError};
pub use elementwise::{BinaryOp, UnaryOp};
pub use enums::*;
pub use table::{Arity, Op, OpInfo};
pub use types::Type;
