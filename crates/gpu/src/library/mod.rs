//! Library steps, a family a module.

pub mod control;
pub mod convolution;
pub mod cumulative;
pub mod dot;
mod element;
pub mod fused;
mod launch;
pub mod rng_bits;
pub mod scatter;
pub mod select_and_scatter;
pub mod threefry;
