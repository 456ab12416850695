//! The host engine.

mod context;
mod cpu;
mod engine;
mod kernel;
mod library;
mod step;
pub mod vector;

pub use cpu::Level;
pub use engine::HostEngine;
