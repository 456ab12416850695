//! Element types, shapes, scalars and host literals: the vocabulary that every other crate shares.
//!
//! Layout convention everywhere: row-major (last dimension fastest), little endian, one element a
//! byte for types narrower than 8 bits (and for `bool`, stored as 0 or 1).

#![forbid(unsafe_code)]

mod bytes;
mod dtype;
mod literal;
mod narrow;
mod scalar;
mod shape;

pub use bytes::AlignedBytes;
pub use dtype::{DType, DTypeClass};
pub use literal::{Data, Literal};
pub use narrow::NarrowFloat;
pub use scalar::Scalar;
pub use shape::{Dims, Indices, TensorType, row_major_strides};
