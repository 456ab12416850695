//! Checks one function: structure first, then each operation in order.

use ops::{Op, Type};
use smallvec::SmallVec;

use super::calls::Callees;
use super::{Findings, function_name};
use crate::infer::check::fits;
use crate::infer::{RegionType, Signature, result_types};
use crate::{Function, LocId, OpId, Operation, RegionId, ValueId};

/// Deepest nesting of regions: passes walk regions recursively.
const MAX_DEPTH: usize = 200;

/// Checks a function. Later checks assume what earlier ones found in order, so each stage runs only
/// if the stages before it found nothing.
pub(super) fn verify(function: &Function, callees: &Callees<'_>, findings: &mut Findings<'_>) {
    let before = findings.list.len();
    let mut placed = Placement::default();
    structure(function, function.body, 0, &mut placed, findings);
    if findings.list.len() > before {
        return;
    }
    types(function, &placed, findings);
    if findings.list.len() > before {
        return;
    }
    let mut scope = Scope { function, callees, visible: vec![false; function.value_count()] };
    scope.region(function.body, findings);
    signature(function, findings);
}

/// What has been met while walking the regions: each may be met once.
#[derive(Default)]
struct Placement {
    regions: Seen,
    ops: Seen,
    values: Seen,
}

/// A growing set of small numbers.
#[derive(Default)]
struct Seen(Vec<bool>);

impl Seen {
    /// Adds the number; false if it was there.
    fn insert(&mut self, index: usize) -> bool {
        if self.0.len() <= index {
            self.0.resize(index + 1, false);
        }
        !std::mem::replace(&mut self.0[index], true)
    }

    fn contains(&self, index: usize) -> bool {
        self.0.get(index).copied().unwrap_or(false)
    }
}

/// Ids in range; regions, operations and values placed once; one `return`, last.
fn structure(
    function: &Function,
    region: RegionId,
    depth: usize,
    placed: &mut Placement,
    findings: &mut Findings<'_>,
) {
    let mut broken = |location: LocId, message: String| {
        findings.add(function_name(function), location, "structure", message);
    };
    if region.index() >= function.region_count() || !placed.regions.insert(region.index()) {
        return broken(function.location, format!("{region} does not exist or has two owners"));
    }
    if depth > MAX_DEPTH {
        return broken(function.location, format!("regions are nested deeper than {MAX_DEPTH}"));
    }
    let body = function.region(region);
    for &arg in &body.args {
        if arg.index() >= function.value_count() || !placed.values.insert(arg.index()) {
            return broken(function.location, format!("argument {arg} does not exist or is defined twice"));
        }
    }
    for (at, &id) in body.ops.iter().enumerate() {
        if id.index() >= function.op_count() || !placed.ops.insert(id.index()) {
            return broken(function.location, format!("{id} does not exist or is placed twice"));
        }
        let operation = function.op(id);
        if matches!(operation.op, Op::Return) != (at + 1 == body.ops.len()) {
            return broken(operation.location, format!("{region} must have one `return`, at its end"));
        }
        for &value in operation.operands.iter().chain(&operation.results) {
            if value.index() >= function.value_count() {
                return broken(operation.location, format!("value {value} does not exist"));
            }
        }
        for &result in &operation.results {
            if !placed.values.insert(result.index()) {
                return broken(operation.location, format!("value {result} is defined twice"));
            }
        }
    }
    if body.ops.is_empty() {
        return broken(function.location, format!("{region} must have one `return`, at its end"));
    }
    for index in 0..body.ops.len() {
        for &nested in &function.op(function.region(region).ops[index]).regions {
            structure(function, nested, depth + 1, placed, findings);
        }
    }
}

/// Every type of a placed value is one that can be computed with, and of bounded size.
fn types(function: &Function, placed: &Placement, findings: &mut Findings<'_>) {
    let bad = |value: ValueId| match placed.values.contains(value.index()) {
        true => refused(function.ty(value)),
        false => None,
    };
    for &arg in function.args() {
        if let Some((label, message)) = bad(arg) {
            findings.add(function_name(function), function.location, label, message);
        }
    }
    for index in (0..function.op_count()).filter(|&index| placed.ops.contains(index)) {
        let operation = function.op(OpId(index as u32));
        let args = operation.regions.iter().flat_map(|&region| &function.region(region).args);
        for &value in operation.results.iter().chain(args) {
            if let Some((label, message)) = bad(value) {
                findings.add(op_name(&operation.op), operation.location, label, message);
                break;
            }
        }
    }
}

/// Why a type cannot be computed with.
fn refused(ty: &Type) -> Option<(&'static str, String)> {
    match ty {
        Type::Tensor(ty) if fits(ty) => None,
        Type::Tensor(ty) => Some(("limit", format!("the size of {ty} is out of range"))),
        Type::Token => None,
        Type::Tuple(parts) => parts.iter().find_map(refused),
        Type::None | Type::Opaque(_) => Some(("unsupported", format!("type {ty} is not supported"))),
    }
}

fn op_name(op: &Op) -> String {
    match op {
        Op::Unary(op) if op.is_chlo() => format!("chlo.{}", op.mnemonic()),
        Op::ShardingConstraint | Op::ManualComputation => op.mnemonic().to_owned(),
        _ => format!("stablehlo.{}", op.mnemonic()),
    }
}

/// Walks operations in order, knowing which values are visible.
struct Scope<'a> {
    function: &'a Function,
    callees: &'a Callees<'a>,
    visible: Vec<bool>,
}

impl<'a> Scope<'a> {
    fn region(&mut self, region: RegionId, findings: &mut Findings<'_>) {
        let body = self.function.region(region);
        self.show(&body.args, true);
        for &id in &body.ops {
            if findings.full() {
                return;
            }
            self.operation(self.function.op(id), findings);
        }
        // What a region defines is not visible after it.
        self.show(&body.args, false);
        for &id in &body.ops {
            self.show(&self.function.op(id).results, false);
        }
    }

    fn show(&mut self, values: &[ValueId], visible: bool) {
        for value in values {
            self.visible[value.index()] = visible;
        }
    }

    fn operation(&mut self, operation: &'a Operation, findings: &mut Findings<'_>) {
        let function = self.function;
        if let Some(value) = operation.operands.iter().find(|value| !self.visible[value.index()]) {
            let message = format!("operand {value} is not defined before its use");
            findings.add(op_name(&operation.op), operation.location, "dominance", message);
        }
        for &region in &operation.regions {
            self.region(region, findings);
        }
        if let Some(message) = self.callees.check(function, operation) {
            findings.add(op_name(&operation.op), operation.location, "callee", message);
        }
        let broken = check_types(function, operation);
        if let Some((label, message)) = broken {
            findings.add(op_name(&operation.op), operation.location, label, message);
        }
        self.show(&operation.results, true);
    }
}

/// What is wrong with an operation's types.
fn check_types(function: &Function, operation: &Operation) -> Option<(&'static str, String)> {
    let types = |values: &[ValueId]| -> SmallVec<[&Type; 4]> {
        values.iter().map(|&value| function.ty(value)).collect()
    };
    let (operands, declared) = (types(&operation.operands), types(&operation.results));
    let region_type = |&region: &RegionId| RegionType {
        args: function.region(region).args.iter().map(|&arg| function.ty(arg).clone()).collect(),
        results: function.returned(region).iter().map(|&value| function.ty(value).clone()).collect(),
    };
    let regions: SmallVec<[RegionType; 2]> = operation.regions.iter().map(region_type).collect();
    let signature =
        Signature { op: &operation.op, operands: &operands, regions: &regions, declared: &declared };
    let inferred = match result_types(&signature) {
        Ok(inferred) => inferred,
        Err(violation) => return Some((violation.label, violation.message)),
    };
    if inferred.len() != declared.len() {
        return Some(("arity", format!("has {} results, needs {}", declared.len(), inferred.len())));
    }
    let differs = inferred.iter().zip(&declared).position(|(a, b)| a != *b)?;
    let (found, wanted) = (declared[differs], &inferred[differs]);
    Some(("result type", format!("result {differs} is {found}, needs {wanted}")))
}

/// What the body returns is what the signature says; attributes fit.
fn signature(function: &Function, findings: &mut Findings<'_>) {
    let returned = function.returned(function.body);
    let fits = returned.len() == function.result_types.len()
        && returned.iter().zip(&function.result_types).all(|(&value, ty)| function.ty(value) == ty);
    if !fits {
        let message = "what the body returns is not what the signature says".to_owned();
        findings.add(function_name(function), function.location, "return", message);
    }
    let args = function.arg_attrs.len();
    let results = function.result_attrs.len();
    if (args != 0 && args != function.args().len())
        || (results != 0 && results != function.result_types.len())
    {
        let message = "argument or result attributes do not fit the signature".to_owned();
        findings.add(function_name(function), function.location, "signature", message);
    }
}
