//! What is compiled for, and how.

/// What the compiler knows of the machine that will run the plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Longest row that may be kept in row-local arrays (elements), so that it stays in cache.
    pub row_limit: i64,
}

impl Target {
    /// The native host engine.
    pub fn host() -> Self {
        Target { row_limit: 16384 }
    }
}

/// Choices that change the plan; part of the cache key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Run the verifier after every pass.
    pub verify_passes: bool,
}
