//! Puts the body of every callee in place of its calls.
//!
//! ```text
//! func @main(%0) { %1 = call @f(%0)  return %1 }          func @main(%0) { %1 = sine %0
//! func @f(%a) { %b = sine %a  return %b }            =>                     return %1 }
//! ```
//!
//! Composites are calls of their decomposition. Needs a verified module (no recursion). Guarantees that
//! only `main` is left and holds no call. Fails if the copies would be too many or nested too deep.

use std::collections::HashMap;

use ops::Op;
use smallvec::SmallVec;
use stablehlo::{Function, Module, OpId, Operation, RegionId, ValueId};

use crate::{Error, Settings};

/// Most operations after inlining: nested calls can double a program at every level.
const MAX_OPS: usize = 20_000_000;

/// Deepest nesting of regions after inlining: passes walk regions recursively.
const MAX_DEPTH: usize = 200;

/// Inlines all calls into `main`.
///
/// # Errors
/// [`Error::Invalid`] if calls are recursive, go nowhere, or the result would be too large.
pub fn run(mut module: Module, _settings: &Settings) -> Result<Module, Error> {
    let order = callees_first(&module)?;
    let mut finished: HashMap<String, (Function, Size)> = HashMap::new();
    let mut functions: Vec<Option<Function>> =
        std::mem::take(&mut module.functions).into_iter().map(Some).collect();
    for number in order {
        let function = functions[number].take().expect("each function comes up once");
        let size = size_of(&function, function.body, &finished)?;
        let has_calls = (0..function.op_count()).any(|at| callee(&function.op(OpId(at as u32)).op).is_some());
        let function = if has_calls { flatten(function, &finished) } else { function };
        finished.insert(function.name.clone(), (function, size));
    }
    let (main, _) =
        finished.remove("main").ok_or_else(|| Error::Invalid("there is no function `main`".into()))?;
    module.functions = vec![main];
    Ok(module)
}

/// The function that an op calls.
fn callee(op: &Op) -> Option<&str> {
    match op {
        Op::Call(attrs) => Some(&attrs.callee),
        Op::Composite(attrs) => Some(&attrs.decomposition),
        _ => None,
    }
}

/// Numbers of the functions that `main` reaches, each after the functions it calls.
fn callees_first(module: &Module) -> Result<Vec<usize>, Error> {
    #[derive(Clone, Copy, PartialEq)]
    enum State {
        New,
        Open,
        Done,
    }
    let numbers: HashMap<&str, usize> = module
        .functions
        .iter()
        .enumerate()
        .map(|(number, function)| (function.name.as_str(), number))
        .collect();
    let number_of = |name: &str| {
        numbers.get(name).copied().ok_or_else(|| Error::Invalid(format!("there is no function `{name}`")))
    };
    let mut state = vec![State::New; module.functions.len()];
    let mut order = Vec::new();
    let mut stack = vec![number_of("main")?];
    while let Some(&number) = stack.last() {
        if state[number] != State::New {
            stack.pop();
            if state[number] == State::Open {
                state[number] = State::Done;
                order.push(number);
            }
            continue;
        }
        state[number] = State::Open;
        let function = &module.functions[number];
        for at in 0..function.op_count() {
            let Some(name) = callee(&function.op(OpId(at as u32)).op) else { continue };
            let called = number_of(name)?;
            match state[called] {
                State::New => stack.push(called),
                State::Open => return Err(Error::Invalid(format!("function `{name}` calls itself"))),
                State::Done => {}
            }
        }
    }
    Ok(order)
}

/// Size of a function after inlining.
#[derive(Clone, Copy)]
struct Size {
    ops: usize,
    depth: usize,
}

fn size_of(
    function: &Function,
    region: RegionId,
    finished: &HashMap<String, (Function, Size)>,
) -> Result<Size, Error> {
    let mut total = Size { ops: 0, depth: 0 };
    for &id in &function.region(region).ops {
        let operation = function.op(id);
        total.ops = total.ops.saturating_add(1);
        if let Some((_, size)) = callee(&operation.op).and_then(|name| finished.get(name)) {
            total.ops = total.ops.saturating_add(size.ops);
            total.depth = total.depth.max(size.depth);
        }
        for &nested in &operation.regions {
            let size = size_of(function, nested, finished)?;
            total.ops = total.ops.saturating_add(size.ops);
            total.depth = total.depth.max(size.depth + 1);
        }
    }
    if total.ops > MAX_OPS {
        return Err(Error::Invalid(format!("more than {MAX_OPS} operations after inlining all calls")));
    }
    if total.depth > MAX_DEPTH {
        return Err(Error::Invalid(format!(
            "regions nested deeper than {MAX_DEPTH} after inlining all calls"
        )));
    }
    Ok(total)
}

/// A copy of the function in which calls are replaced by their bodies, already flat themselves.
fn flatten(function: Function, finished: &HashMap<String, (Function, Size)>) -> Function {
    let mut target = Function::new(function.name.clone());
    target.public = function.public;
    target.arg_attrs.clone_from(&function.arg_attrs);
    target.result_attrs.clone_from(&function.result_attrs);
    target.result_types.clone_from(&function.result_types);
    target.location = function.location;
    let mut copy = Copy { target: &mut target, finished };
    let body = copy.target.body;
    let mut map = ValueMap::new(&function);
    for &arg in function.args() {
        let new = copy.target.add_arg(body, function.ty(arg).clone());
        map.set(arg, new);
    }
    copy.ops(&function, function.body, body, &mut map, true);
    target
}

/// New ids of a function's values.
struct ValueMap(Vec<Option<ValueId>>);

impl ValueMap {
    fn new(function: &Function) -> Self {
        ValueMap(vec![None; function.value_count()])
    }

    fn set(&mut self, old: ValueId, new: ValueId) {
        self.0[old.index()] = Some(new);
    }

    fn get(&self, old: ValueId) -> ValueId {
        self.0[old.index()].expect("values are defined before their uses")
    }

    fn all(&self, old: &[ValueId]) -> SmallVec<[ValueId; 3]> {
        old.iter().map(|&value| self.get(value)).collect()
    }
}

struct Copy<'a> {
    target: &'a mut Function,
    finished: &'a HashMap<String, (Function, Size)>,
}

impl Copy<'_> {
    /// Copies a region's ops to the end of region `to`; with its `return` or without.
    fn ops(
        &mut self,
        source: &Function,
        from: RegionId,
        to: RegionId,
        map: &mut ValueMap,
        with_return: bool,
    ) {
        for &id in &source.region(from).ops {
            let operation = source.op(id);
            match callee(&operation.op).and_then(|name| self.finished.get(name)) {
                Some((called, _)) => self.call(called, source, operation, to, map),
                None if matches!(operation.op, Op::Return) && !with_return => {}
                None => self.op(source, operation, to, map),
            }
        }
    }

    fn op(&mut self, source: &Function, operation: &Operation, to: RegionId, map: &mut ValueMap) {
        let operands = map.all(&operation.operands);
        let mut regions = SmallVec::new();
        for &nested in &operation.regions {
            let new = self.target.add_region();
            for &arg in &source.region(nested).args {
                let copied = self.target.add_arg(new, source.ty(arg).clone());
                map.set(arg, copied);
            }
            self.ops(source, nested, new, map, true);
            regions.push(new);
        }
        let mut results = SmallVec::new();
        for &result in &operation.results {
            let new = self.target.add_value(source.ty(result).clone());
            map.set(result, new);
            results.push(new);
        }
        let copied = Operation {
            op: operation.op.clone(),
            operands,
            results,
            regions,
            attributes: operation.attributes.clone(),
            location: operation.location,
        };
        self.target.push_op(to, copied);
    }

    /// Copies the body of a flat function in place of a call.
    fn call(
        &mut self,
        called: &Function,
        source: &Function,
        operation: &Operation,
        to: RegionId,
        map: &mut ValueMap,
    ) {
        debug_assert_eq!(called.args().len(), operation.operands.len(), "calls in {} fit", source.name);
        let mut inner = ValueMap::new(called);
        for (&arg, &operand) in called.args().iter().zip(&operation.operands) {
            inner.set(arg, map.get(operand));
        }
        self.ops(called, called.body, to, &mut inner, false);
        for (&result, &returned) in operation.results.iter().zip(called.returned(called.body)) {
            map.set(result, inner.get(returned));
        }
    }
}

/// A copy of a flat function without what no region holds any more.
pub(super) fn compact(function: Function) -> Function {
    flatten(function, &HashMap::new())
}
