//! Messages on standard error, as `MPS_LOG_LEVEL` asks for: 0 errors, 1 warnings (default), 2 information, 3 details.

use std::fmt::Display;
use std::sync::OnceLock;

/// How much a message matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// Something failed.
    Error,
    /// Something will surprise.
    Warning,
    /// What happens.
    Info,
    /// What happens, in detail.
    Debug,
}

/// The most detailed level that is printed, read once from the environment.
fn limit() -> Level {
    static LIMIT: OnceLock<Level> = OnceLock::new();
    *LIMIT.get_or_init(|| match std::env::var("MPS_LOG_LEVEL").as_deref() {
        Ok("0") => Level::Error,
        Ok("2") => Level::Info,
        Ok("3") => Level::Debug,
        _ => Level::Warning,
    })
}

/// Prints a message, if its level is asked for. The text is only made then.
pub fn log<T: Display>(level: Level, message: impl FnOnce() -> T) {
    if level <= limit() {
        eprintln!("jax-metallib: {}: {}", format!("{level:?}").to_lowercase(), message());
    }
}
