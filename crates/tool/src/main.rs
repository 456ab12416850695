//! `jax-metallib`: look at programs, passes, plans and the table of ops.

#![forbid(unsafe_code)]

mod host_steps;
mod kernels;
mod ops_table;
mod program;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use gpu::features::Features;
use thiserror::Error;

/// Looks at StableHLO programs, the passes over them, their plans, and the table of ops.
#[derive(Parser)]
#[command(name = "jax-metallib", version)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Prints a program (bytecode or text) as text, after passes.
    Opt {
        /// The program; `-` reads standard input.
        file: PathBuf,
        /// A pass to run; may be given several times.
        #[arg(long = "pass", value_name = "NAME")]
        passes: Vec<String>,
        /// Runs all passes, in the compiler's order.
        #[arg(long, conflicts_with = "passes")]
        all: bool,
        /// Leaves out the elements of tensors with more than this many.
        #[arg(long, value_name = "ELEMENTS")]
        elide: Option<usize>,
        /// Takes the program as it is, without checking it first.
        #[arg(long)]
        unchecked: bool,
    },
    /// Prints the plan that a program compiles to.
    Explain {
        /// The program; `-` reads standard input.
        file: PathBuf,
        /// For a GPU instead of the host alone; needs none.
        #[arg(long, value_name = "FEATURES", num_args = 0..=1, require_equals = true, default_missing_value = "least")]
        device: Option<FeatureSet>,
    },
    /// Prints the shaders that a program runs on a GPU; needs none.
    Kernels {
        /// The program; `-` reads standard input.
        file: PathBuf,
        /// The language; may be given several times. By default both.
        #[arg(long = "language", value_name = "LANGUAGE")]
        languages: Vec<kernels::Language>,
        /// What the GPU has.
        #[arg(long, value_name = "FEATURES", default_value = "least")]
        device: FeatureSet,
    },
    /// Prints what the GPU engine leaves to the host, as `docs/gpu_host_steps.md` has it.
    HostSteps,
    /// Lists the ops.
    Ops {
        /// As JSON, with operands, attributes and the rest.
        #[arg(long)]
        json: bool,
    },
}

/// What a GPU that is not there is taken to have.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
enum FeatureSet {
    /// What every supported one has.
    Least,
    /// Also 64-bit integers, float16 and subgroups, as nearly all have.
    Usual,
}

impl FeatureSet {
    fn features(self) -> Features {
        match self {
            FeatureSet::Least => Features::least(),
            FeatureSet::Usual => Features::usual(),
        }
    }
}

/// Why a command failed.
#[derive(Debug, Error)]
enum Error {
    /// The file cannot be read.
    #[error("{}: {source}", .path.display())]
    Io {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// The file is not a program.
    #[error("{}: {source}", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        source: stablehlo::Error,
    },
    /// The program is not valid.
    #[error(transparent)]
    Verify(#[from] stablehlo::verify::VerifyError),
    /// A pass or the lowering failed.
    #[error(transparent)]
    Compile(#[from] compiler::Error),
    /// There is no such pass.
    #[error("there is no pass `{name}`; the passes are {known}")]
    UnknownPass {
        /// What was asked for.
        name: String,
        /// All names.
        known: String,
    },
    /// A step cannot be lowered, or its shader is wrong: our fault.
    #[error("{0}")]
    Kernel(String),
    /// The table cannot be written.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
}

fn run(command: Command) -> Result<String, Error> {
    match command {
        Command::Opt { file, passes, all, elide, unchecked } => {
            let module = program::read(&file)?;
            if !unchecked {
                stablehlo::verify::verify(&module)?;
            }
            let module = program::run_passes(module, &passes, all)?;
            let options = stablehlo::print::Options { elide_above: elide };
            Ok(stablehlo::print::module_with(&module, options))
        }
        Command::Explain { file, device } => {
            Ok(program::plan(&file, device.map(FeatureSet::features).as_ref())?.to_string())
        }
        Command::Kernels { file, languages, device } => {
            let features = device.features();
            kernels::print(&program::plan(&file, Some(&features))?, &features, &languages)
        }
        Command::HostSteps => Ok(host_steps::page()),
        Command::Ops { json: true } => Ok(ops_table::json()?),
        Command::Ops { json: false } => Ok(ops_table::names()),
    }
}

fn main() -> ExitCode {
    match run(Arguments::parse().command) {
        Ok(output) => {
            use std::io::Write as _;
            // A reader that has seen enough, such as `head`, is no failure.
            let _ = std::io::stdout().write_all(output.as_bytes());
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn arguments_are_consistent() {
        Arguments::command().debug_assert();
    }
}
