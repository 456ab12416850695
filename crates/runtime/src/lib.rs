//! Clients, buffers, events, executables and the device queue: the safe façade over reader, compiler and engines.
//!
//! - A [`Client`] has one [`Device`]: a memory pool within a budget, a queue of runs, and at most two threads, each
//!   started when it is first needed.
//! - A [`Buffer`] is a typed array on the device; an [`Executable`] is a program on the device. Executing one gives
//!   buffers that may still be on their way; an [`Event`] tells when they are ready, or that they never will be.
//! - An array is in the memory of the host, in that of the device, or in both; it is brought over when it is needed.
//! - A run is an object that can stop at a step and be resumed, so waiting holds no thread.
//!
//! Nothing here is global to the process, except the count of forks: clients share nothing.

#![deny(unsafe_code)]

mod background;
mod buffer;
mod client;
mod compile;
mod contents;
mod device;
mod dump;
mod engine;
mod error;
mod event;
mod executable;
mod fingerprint;
mod fork;
mod info;
mod limit;
mod log;
mod options;
mod platform;
mod pool;
mod program;
mod queue;
mod residency;
mod run;
mod sync;
mod transfer;
mod verify;

pub use buffer::{Buffer, HostArray};
pub use client::{Client, MEMORY_KIND, PLATFORM_NAME};
pub use device::Device;
pub use engine::device_target;
pub use error::{Error, ErrorKind, Result};
pub use event::{Callback, Event};
pub use executable::{Executable, Execution};
pub use fork::Generation;
pub use host::{CallbackHandler, Callbacks};
pub use info::{Info, info};
pub use options::{ClientOptions, CompileOptions, DeviceAssignment, DeviceChoice, OptionValue};
pub use pool::MemoryStats;
pub use program::{Origin, Program, ProgramMemory};
