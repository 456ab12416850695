//! What a test file can ask for: the one table of commands.

use std::sync::Arc;

use compiler::{DeviceTarget, Settings, Target, pipeline};
use stablehlo::{Error, Module, print, text, verify};

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
    // Compiles for the host engine, or with the argument `device` for a device that runs every step, and prints the plan.
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
    let target = match arguments {
        [] => Target::host(),
        ["device"] => {
            Target::device(DeviceTarget { arena_block: 1 << 28, supports: Arc::new(|_, _| Ok(())) })
        }
        _ => return Err(vec![Failure { line: 1, message: format!("unknown target {arguments:?}") }]),
    };
    let settings = Settings { verify_passes: true, ..Settings::of(&target) };
    let plan = compiler::compile(verified(module)?, &target, &settings);
    plan.map(|plan| plan.to_string()).map_err(|error| vec![located(error.to_string())])
}
