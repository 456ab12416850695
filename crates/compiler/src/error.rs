//! Why a module could not be compiled.

use thiserror::Error;

/// Why a module could not be compiled.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Error {
    /// The program uses something this backend lacks. All such uses are listed.
    #[error(
        "{} not supported on platform mps:\n  {}\nSet JAX_METALLIB_DUMP=DIR and attach the program written there to a report.",
        if findings.len() == 1 { "this operation is" } else { "these operations are" },
        findings.join("\n  ")
    )]
    Unsupported {
        /// One line each: op, location, what is missing.
        findings: Vec<String>,
    },
    /// The program breaks a rule of StableHLO.
    #[error("invalid program: {0}")]
    Invalid(String),
    /// The program needs more devices than there are.
    #[error("{origin}: this program needs {needed} devices, but platform mps has 1")]
    Devices {
        /// The op that needs them.
        origin: String,
        /// How many.
        needed: usize,
    },
}

impl Error {
    /// One unsupported use.
    pub fn unsupported(finding: impl Into<String>) -> Self {
        Error::Unsupported { findings: vec![finding.into()] }
    }
}
