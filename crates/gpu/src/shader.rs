//! Shaders as text, with the interface that all of them share.
//!
//! ```wgsl
//! @group(0) @binding(0) var<storage, read_write> b0: array<f32>;   // one a binding; always read_write
//! @group(0) @binding(1) var<storage, read_write> b1: array<vec4<f32>>;
//! struct Args { at0: u32, at1: u32, p0: u32 }                       // offsets of the bindings, then parameters
//! var<immediate> args: Args;
//! @compute @workgroup_size(256) fn main(...) { ... b0[args.at0 + i] ... }
//! ```
//!
//! Arrays are windows of large buffers, so each binding comes with an offset, counted in elements of the type that
//! the shader declares ([`Bound::unit`](crate::command::Bound) says how many bytes that is; arrays start at
//! multiples of 64 bytes). Two bindings may be the same memory. Bindings are `read_write` because one buffer may not
//! be bound both ways in a launch. Immediates take `4 * (bindings + parameters)` bytes.

use std::sync::Arc;

/// A compute shader. Equal shaders share a pipeline.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Shader {
    /// Name for people, such as `kernel` or `matmul_f32`; not part of the identity of the code.
    pub name: &'static str,
    /// WGSL with an entry point `main`.
    pub source: Arc<str>,
    /// Storage buffers `b0`, `b1`, ... in group 0.
    pub bindings: u32,
    /// Parameters after the offsets.
    pub parameters: u32,
    /// Whether the driver may assume that accesses are in bounds: set for shaders whose accesses were checked when
    /// they were made.
    pub unchecked: bool,
}

impl Shader {
    /// Bytes of immediates.
    pub const fn immediate_bytes(&self) -> u32 {
        4 * (self.bindings + self.parameters)
    }
}
