//! Callees: that they exist, fit their calls, and do not call themselves.

use std::collections::HashMap;

use ops::{Op, Type};

use super::{Findings, function_name};
use crate::infer::check::list;
use crate::{Function, Module, Operation};

/// Functions by name.
pub(super) struct Callees<'a> {
    by_name: HashMap<&'a str, &'a Function>,
}

impl<'a> Callees<'a> {
    pub(super) fn new(module: &'a Module, findings: &mut Findings<'_>) -> Self {
        let mut by_name = HashMap::new();
        for function in &module.functions {
            if by_name.insert(function.name.as_str(), function).is_some() {
                let message = "another function has the same name".to_owned();
                findings.add(function_name(function), function.location, "names", message);
            }
        }
        Callees { by_name }
    }

    /// What is wrong with the callee of a call or composite.
    pub(super) fn check(&self, caller: &Function, operation: &Operation) -> Option<String> {
        let name = callee(&operation.op)?;
        let Some(function) = self.by_name.get(name) else {
            return Some(format!("there is no function `{name}`"));
        };
        let args: Vec<&Type> = function.args().iter().filter_map(|&arg| caller_safe(function, arg)).collect();
        let fits = args.len() == operation.operands.len()
            && args.iter().zip(&operation.operands).all(|(ty, &operand)| *ty == caller.ty(operand))
            && function.result_types.len() == operation.results.len()
            && function
                .result_types
                .iter()
                .zip(&operation.results)
                .all(|(ty, &result)| ty == caller.ty(result));
        (!fits).then(|| {
            format!(
                "`{name}` has type ({}) -> ({})",
                list(args.iter().copied()),
                list(function.result_types.iter())
            )
        })
    }
}

/// The type of an argument whose id may be out of range, which is reported where the callee is verified.
fn caller_safe(function: &Function, value: crate::ValueId) -> Option<&Type> {
    (value.index() < function.value_count()).then(|| function.ty(value))
}

/// The function that an op calls.
fn callee(op: &Op) -> Option<&str> {
    match op {
        Op::Call(attrs) => Some(&attrs.callee),
        Op::Composite(attrs) => Some(&attrs.decomposition),
        _ => None,
    }
}

/// Reports a function that reaches itself. Runs in time linear in the number of operations, and without
/// recursion.
pub(super) fn acyclic(module: &Module, findings: &mut Findings<'_>) {
    let mut numbers: HashMap<&str, usize> = HashMap::new();
    for (number, function) in module.functions.iter().enumerate() {
        numbers.entry(&function.name).or_insert(number);
    }
    // Kahn's algorithm: repeatedly remove functions that nobody left calls.
    let mut calls: Vec<Vec<usize>> = vec![Vec::new(); module.functions.len()];
    let mut callers = vec![0usize; module.functions.len()];
    for (number, function) in module.functions.iter().enumerate() {
        let ops = (0..function.op_count()).map(|index| &function.op(crate::OpId(index as u32)).op);
        for called in ops.filter_map(callee).filter_map(|name| numbers.get(name)) {
            calls[number].push(*called);
            callers[*called] += 1;
        }
    }
    let mut free: Vec<usize> = (0..callers.len()).filter(|&number| callers[number] == 0).collect();
    while let Some(number) = free.pop() {
        for &called in &calls[number] {
            callers[called] -= 1;
            if callers[called] == 0 {
                free.push(called);
            }
        }
    }
    if let Some(number) = callers.iter().position(|&count| count > 0) {
        let function = &module.functions[number];
        let message = "the function calls itself, or is called by one that does".to_owned();
        findings.add(function_name(function), function.location, "recursion", message);
    }
}
