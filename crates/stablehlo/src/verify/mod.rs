//! Checks a [`Module`] before anything computes with it.
//!
//! After [`verify`] the compiler may rely on: ids in range and every value defined once, before its uses
//! and in an enclosing region; operand, result and region counts as the table says; every constraint of
//! [`crate::infer`], and declared result types equal to the inferred ones; sizes of all tensors within
//! [`check::MAX_BYTES`](crate::infer::check::MAX_BYTES); one `return` at the end of each region; callees
//! that exist and fit; calls without recursion; a `main`.

mod calls;
mod function;

use thiserror::Error;

use crate::{Function, LocId, Module};

/// One broken rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// Name of the op, such as `stablehlo.add`, or of the function.
    pub subject: String,
    /// Source location, as [`crate::Locations::describe`] words it.
    pub location: String,
    /// Label of the constraint: of `spec.md` under the op's name, or a word of ours.
    pub label: &'static str,
    /// What was found.
    pub message: String,
}

impl std::fmt::Display for Finding {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} at {}: {} ({})", self.subject, self.location, self.message, self.label)
    }
}

/// The program breaks rules of StableHLO, or uses types that are not computed with.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("the program is not valid:\n{}", lines(findings))]
pub struct VerifyError {
    /// What is wrong, in program order, at most [`MAX_FINDINGS`].
    pub findings: Vec<Finding>,
}

fn lines(findings: &[Finding]) -> String {
    let mut text: Vec<String> = findings.iter().map(|finding| format!("  {finding}")).collect();
    if findings.len() == MAX_FINDINGS {
        text.push("  (and possibly more)".to_owned());
    }
    text.join("\n")
}

/// Findings after which verification stops.
pub const MAX_FINDINGS: usize = 50;

/// Checks the module.
///
/// # Errors
/// All findings, up to [`MAX_FINDINGS`].
pub fn verify(module: &Module) -> Result<(), VerifyError> {
    let mut findings = Findings { module, list: Vec::new() };
    if module.main().is_none() {
        findings.add("the module", LocId::UNKNOWN, "main", "there is no function `main`".to_owned());
    }
    let callees = calls::Callees::new(module, &mut findings);
    for function in &module.functions {
        if findings.full() {
            break;
        }
        function::verify(function, &callees, &mut findings);
    }
    calls::acyclic(module, &mut findings);
    if findings.list.is_empty() { Ok(()) } else { Err(VerifyError { findings: findings.list }) }
}

/// Collects findings.
struct Findings<'a> {
    module: &'a Module,
    list: Vec<Finding>,
}

impl Findings<'_> {
    fn add(&mut self, subject: impl Into<String>, location: LocId, label: &'static str, message: String) {
        if !self.full() {
            let location = self.module.locations.describe(location);
            self.list.push(Finding { subject: subject.into(), location, label, message });
        }
    }

    fn full(&self) -> bool {
        self.list.len() >= MAX_FINDINGS
    }
}

/// How a function is named in messages.
fn function_name(function: &Function) -> String {
    format!("function `{}`", function.name)
}

#[cfg(test)]
mod tests;
