//! What is compiled for, and how.

use std::fmt;
use std::sync::Arc;

use plan::Step;
use tensor::TensorType;

/// What the compiler knows of the machine that will run the plan.
#[derive(Clone, Debug)]
pub struct Target {
    /// Longest row that may be kept in row-local arrays (elements), so that it stays in cache.
    pub row_limit: i64,
    /// The device beside the host, if there is one.
    pub device: Option<DeviceTarget>,
}

/// Says whether a device runs a step, given the types of the arrays that the step names, by their ids; or why not.
pub type Supports = dyn Fn(&Step, &[TensorType]) -> Result<(), String> + Send + Sync;

/// A device beside the host.
#[derive(Clone)]
pub struct DeviceTarget {
    /// Bytes of the blocks in which it gives out temporary memory, unless an array is larger.
    pub arena_block: usize,
    /// Bytes of the largest array that it holds, at least as many. Larger ones stay with the host.
    pub largest_array: usize,
    /// Which steps it runs. A function of its arguments alone.
    pub supports: Arc<Supports>,
}

impl fmt::Debug for DeviceTarget {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DeviceTarget")
            .field("arena_block", &self.arena_block)
            .field("largest_array", &self.largest_array)
            .finish_non_exhaustive()
    }
}

impl Target {
    /// The native host engine.
    pub fn host() -> Self {
        Target { row_limit: 16384, device: None }
    }

    /// A device, with the host engine for what it does not run.
    pub fn device(device: DeviceTarget) -> Self {
        Target { row_limit: 8192, device: Some(device) }
    }
}

/// Choices that change the plan; part of the cache key.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Run the verifier after every pass.
    pub verify_passes: bool,
    /// Make Threefry elementwise ops instead of a library step.
    pub expand_threefry: bool,
    /// Round bf16 after each operation, also where its result stays within a kernel.
    pub round_each: bool,
}

impl Settings {
    /// What suits a target.
    pub fn of(target: &Target) -> Self {
        Settings { expand_threefry: target.device.is_some(), ..Settings::default() }
    }
}
