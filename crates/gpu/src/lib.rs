//! The GPU engine: runs plans on wgpu, that is on Metal and on Vulkan.
//!
//! ```text
//! Plan step --lower--> Command (launches of shaders, copies, loops)   pure data, no device needed
//! Command   --encode-> wgpu command buffers                           `engine`, `stream`
//! ```
//!
//! * [`features`]: what a device can do.
//! * [`shader`]: shaders as text with their interface; [`command`]: what a prepared step does.
//! * [`lower`]: steps of a plan as commands; one module a family in [`kernel`] and [`library`], over [`scalar`].

#![deny(unsafe_code)]

pub mod command;
mod completion;
mod device;
mod engine;
pub mod features;
mod gate;
pub mod kernel;
pub mod library;
pub mod listing;
pub mod lower;
mod lowering;
mod memory;
mod pipelines;
mod readback;
pub mod scalar;
pub mod shader;
mod stream;
pub mod translate;

pub use device::{Adapter, Device, Selection, adapter_names, select};
pub use engine::GpuEngine;
pub use lowering::{Lower, Lowering};
