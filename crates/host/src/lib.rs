//! The host engine.

mod callback;
mod context;
mod cpu;
mod engine;
mod kernel;
mod library;
mod step;
pub mod vector;

pub use callback::{CallbackHandler, Callbacks};
pub use cpu::Level;
pub use engine::HostEngine;
