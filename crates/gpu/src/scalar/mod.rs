//! Scalar operations as WGSL.
