//! What a test file can ask for: the one table of commands.

use std::sync::Arc;

use compiler::{DeviceTarget, Settings, Target, pipeline};
use plan::{Block, Fused, NodeOp, Step, StepOp};
use stablehlo::{Error, Module, print, text, verify};
use tensor::TensorType;

/// Something that went wrong, and the line of the file where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// Line from 1.
    pub line: usize,
    /// What went wrong.
    pub message: String,
}

/// What a command prints, or how it fails.
pub type Outcome = Result<String, Vec<Failure>>;

/// A command: the module as read, and the arguments.
type Command = fn(Module, &[&str]) -> Outcome;

/// Every command by name.
const COMMANDS: &[(&str, Command)] = &[
    // Reads, and prints nothing.
    ("parse", |_, _| Ok(String::new())),
    // Reads and prints.
    ("print", |module, _| Ok(print::module(&module))),
    // Verifies, and prints nothing.
    ("verify", |module, _| verified(module).map(|_| String::new())),
    // Verifies, runs the passes that the arguments name, and prints; `+NAME` turns a setting on.
    ("pass", passes),
    // Compiles, and prints the plan: for the host engine, or with `device` for one that runs all but the steps, the
    // scalar operations in kernels and the element types that the other arguments name.
    ("plan", plan),
];

/// Runs a command of this name on a program.
///
/// # Errors
/// If there is no such command.
pub fn run(command: &[&str], source: &str) -> Result<Outcome, String> {
    let (name, arguments) = command.split_first().ok_or("no command")?;
    let found = COMMANDS.iter().find(|(known, _)| known == name);
    let (_, command) = found.ok_or_else(|| format!("unknown command `{name}`"))?;
    Ok(text::read(source).map_err(read_failures).and_then(|module| command(module, arguments)))
}

fn read_failures(error: Error) -> Vec<Failure> {
    match error {
        Error::Text { line, message, .. } => vec![Failure { line: line as usize, message }],
        Error::UnknownOps { ref ops, .. } => {
            let failure = |op: &stablehlo::error::UnknownOp| {
                let line = op
                    .locations
                    .first()
                    .and_then(|at| at.strip_prefix("line ")?.split(',').next()?.parse().ok());
                Failure { line: line.unwrap_or(1), message: format!("unknown operation `{}`", op.name) }
            };
            ops.iter().map(failure).collect()
        }
        other => vec![located(other.to_string())],
    }
}

/// A failure on the line that its message names as a location in the text.
fn located(message: String) -> Failure {
    let after = message.split_once(text::FILE).and_then(|(_, after)| after.strip_prefix(':'));
    let digits = after.map(|after| after.chars().take_while(char::is_ascii_digit).collect::<String>());
    let line = digits.and_then(|digits| digits.parse().ok()).unwrap_or(1);
    Failure { line, message }
}

fn verified(module: Module) -> Result<Module, Vec<Failure>> {
    match verify::verify(&module) {
        Ok(()) => Ok(module),
        Err(error) => Err(error
            .findings
            .into_iter()
            .map(|finding| Failure {
                line: located(finding.location).line,
                message: format!("{}: {} ({})", finding.subject, finding.message, finding.label),
            })
            .collect()),
    }
}

fn passes(module: Module, names: &[&str]) -> Outcome {
    let (switches, names): (Vec<&str>, Vec<&str>) = names.iter().partition(|name| name.starts_with('+'));
    let mut settings = Settings { verify_passes: true, ..Settings::default() };
    for switch in switches {
        match switch {
            "+expand_threefry" => settings.expand_threefry = true,
            _ => return Err(vec![Failure { line: 1, message: format!("unknown setting `{switch}`") }]),
        }
    }
    let module = names.iter().try_fold(verified(module)?, |module, name| {
        let pass = pipeline::PASSES.iter().find(|(known, _)| known == name);
        let Some((_, pass)) = pass else {
            return Err(vec![Failure { line: 1, message: format!("unknown pass `{name}`") }]);
        };
        let module = pass(module, &settings).map_err(|error| vec![located(error.to_string())])?;
        verified(module)
    })?;
    Ok(print::module(&module))
}

fn plan(module: Module, arguments: &[&str]) -> Outcome {
    let target = match arguments.split_first() {
        None => Target::host(),
        Some((&"device", host_only)) => device(host_only),
        Some((other, _)) => {
            return Err(vec![Failure { line: 1, message: format!("unknown target `{other}`") }]);
        }
    };
    let settings = Settings { verify_passes: true, ..Settings::of(&target) };
    let plan = compiler::compile(verified(module)?, &target, &settings);
    plan.map(|plan| plan.to_string()).map_err(|error| vec![located(error.to_string())])
}

/// A device that runs everything but what is named.
fn device(host_only: &[&str]) -> Target {
    let host_only: Vec<String> = host_only.iter().map(|name| (*name).to_string()).collect();
    let supports = move |step: &Step, types: &[TensorType]| match refused(step, types, &host_only) {
        Some(name) => Err(format!("the device has no {name}")),
        None => Ok(()),
    };
    Target::device(DeviceTarget {
        arena_block: 1 << 20,
        largest_array: 1 << 20,
        supports: Arc::new(supports),
    })
}

/// The first of the names that a step needs, nested steps included.
fn refused(step: &Step, types: &[TensorType], host_only: &[String]) -> Option<String> {
    let mut names = vec![step.op.name().to_string()];
    names.extend(step.reads.iter().chain(&step.writes).map(|slot| types[slot.index()].dtype.to_string()));
    let mut nested: Vec<&Block> = Vec::new();
    match &step.op {
        StepOp::Kernel(kernel) | StepOp::Fused(Fused { epilogue: kernel, .. }) => {
            for node in kernel.stages.iter().flat_map(|stage| &stage.nodes) {
                match node.op {
                    NodeOp::Unary(op, _) | NodeOp::Widened(op, _) => names.push(op.mnemonic().to_string()),
                    NodeOp::Binary(op, _, _) => names.push(op.mnemonic().to_string()),
                    _ => {}
                }
            }
        }
        StepOp::While { condition, body, .. } => nested.extend([condition, body]),
        StepOp::Case { branches, .. } => nested.extend(branches),
        _ => {}
    }
    let inside =
        || nested.iter().flat_map(|block| &block.steps).find_map(|step| refused(step, types, host_only));
    names.into_iter().find(|name| host_only.contains(name)).or_else(inside)
}
