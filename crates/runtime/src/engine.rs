//! The choice of an engine.

use std::sync::Arc;

use host::HostEngine;
use plan::Engine;

use crate::error::{Error, Result};
use crate::platform;

/// Name of the engine, for people.
pub const NAME: &str = "host";

/// Threads that the engine will use: as many as the process may.
pub fn thread_count() -> usize {
    std::thread::available_parallelism().map_or(1, |count| count.get())
}

/// What a device on this engine is, for people.
pub fn device_kind(threads: usize) -> String {
    format!("{NAME} ({}, {threads} thread{})", platform::processor(), if threads == 1 { "" } else { "s" })
}

/// Starts the engine.
pub fn start() -> Result<Arc<dyn Engine>> {
    let engine = HostEngine::new(thread_count());
    engine
        .map(|engine| Arc::new(engine) as Arc<dyn Engine>)
        .map_err(|error| Error::Internal(error.to_string().into()))
}
