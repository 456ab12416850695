//! Options of clients and of compilations, as typed data.

use host::Callbacks;

use crate::error::{Error, Result};

/// How to make a client.
#[derive(Clone, Debug, Default)]
pub struct ClientOptions {
    /// Bytes that arrays and scratch memory may take; by default most of what the machine grants.
    pub memory_limit: Option<u64>,
    /// What computes.
    pub device: DeviceChoice,
    /// A part of the name of the GPU that is wanted, of any case.
    pub adapter: Option<String>,
    /// Whether the host engine does every step of the device again, to compare: slow.
    pub verify: bool,
    /// Whether a GPU is to give the same bits in every run, which costs time in scatters.
    pub deterministic: bool,
    /// How Python functions are called, where the framework offers that.
    pub callbacks: Option<Callbacks>,
}

impl ClientOptions {
    /// What `JAX_METALLIB_DEVICE`, `JAX_METALLIB_ADAPTER`, `JAX_METALLIB_VERIFY` and `JAX_METALLIB_DETERMINISTIC` ask
    /// for.
    ///
    /// # Errors
    /// [`Error::Invalid`] for other values than they have.
    pub fn from_environment() -> Result<ClientOptions> {
        let text = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let device = match text("JAX_METALLIB_DEVICE").as_deref() {
            None | Some("auto") => DeviceChoice::Auto,
            Some("gpu") => DeviceChoice::Gpu,
            Some("host") => DeviceChoice::Host,
            Some(other) => {
                let message = format!("JAX_METALLIB_DEVICE={other}: expected `auto`, `gpu` or `host`");
                return Err(Error::Invalid(message));
            }
        };
        let switch = |name: &str| match text(name).as_deref() {
            None | Some("0") => Ok(false),
            Some("1") => Ok(true),
            Some(other) => Err(Error::Invalid(format!("{name}={other}: expected `0` or `1`"))),
        };
        Ok(ClientOptions {
            device,
            adapter: text("JAX_METALLIB_ADAPTER"),
            verify: switch("JAX_METALLIB_VERIFY")?,
            deterministic: switch("JAX_METALLIB_DETERMINISTIC")?,
            ..ClientOptions::default()
        })
    }
}

/// What computes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DeviceChoice {
    /// A GPU if there is a real one, else the host.
    #[default]
    Auto,
    /// A GPU.
    Gpu,
    /// The host.
    Host,
}

/// A value of a named option.
#[derive(Clone, Debug, PartialEq)]
pub enum OptionValue {
    /// Text.
    Text(String),
    /// Yes or no.
    Bool(bool),
    /// A whole number.
    Int(i64),
    /// A number.
    Float(f64),
}

/// Which device runs which part of a program: `devices[computation][replica]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeviceAssignment {
    /// Replicas of each computation.
    pub replicas: i64,
    /// Computations (partitions of the program).
    pub computations: i64,
    /// Device ids.
    pub devices: Vec<Vec<i64>>,
}

/// How to compile a program.
#[derive(Clone, Debug, PartialEq)]
pub struct CompileOptions {
    /// Copies of the program that run together.
    pub replicas: i64,
    /// Parts that the program is split into.
    pub partitions: i64,
    /// Where they run, when the caller says so.
    pub device_assignment: Option<DeviceAssignment>,
    /// Options by name, as given to `jax.jit(..., compiler_options={...})`, in the order of their names.
    pub overrides: Vec<(String, OptionValue)>,
}

impl Default for CompileOptions {
    fn default() -> Self {
        CompileOptions { replicas: 1, partitions: 1, device_assignment: None, overrides: Vec::new() }
    }
}

/// Options of XLA's compiler whose names do not begin with `xla_`. As those that do, they have no effect here, but for
/// `xla_allow_excess_precision`.
const XLA_OPTIONS: &[&str] = &[
    "compile_portable_executable",
    "exec_time_optimization_effort",
    "memory_fitting_effort",
    "memory_fitting_level",
    "optimization_level",
];

impl CompileOptions {
    /// An error if there is an option that is neither ours nor XLA's: it may be misspelt.
    pub fn check_names(&self) -> Result<()> {
        let known = |name: &str| {
            name.starts_with("xla_") || name == "mps_optimized_program" || XLA_OPTIONS.contains(&name)
        };
        match self.overrides.iter().find(|(name, _)| !known(name)) {
            None => Ok(()),
            Some((name, _)) => Err(Error::Invalid(format!("No such compile option: '{name}'"))),
        }
    }

    /// What an option that is yes or no was given as, if it was.
    pub fn switch(&self, name: &str) -> Option<bool> {
        let (_, value) = self.overrides.iter().find(|(option, _)| option == name)?;
        Some(match value {
            OptionValue::Bool(value) => *value,
            OptionValue::Int(value) => *value != 0,
            OptionValue::Text(text) => matches!(text.to_ascii_lowercase().as_str(), "1" | "true"),
            OptionValue::Float(_) => false,
        })
    }

    /// An error if the program needs more devices than there are.
    pub fn check_device_count(&self) -> Result<()> {
        let CompileOptions { replicas, partitions, .. } = *self;
        if replicas == 1 && partitions == 1 {
            Ok(())
        } else {
            Err(Error::DeviceCount { replicas, partitions })
        }
    }
}
