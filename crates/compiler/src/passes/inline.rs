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
    let names = numbers(&module.functions);
    let mut sizes = vec![Size::default(); module.functions.len()];
    for &number in &order {
        let function = &module.functions[number];
        sizes[number] =
            size_of(function, function.body, &|name| names.get(name).map(|&called| sizes[called]))?;
    }
    let main = *order.last().expect("main is called by nobody and comes last");
    let flat = flatten(&module.functions, main, &names);
    drop(names);
    module.functions = vec![flat];
    Ok(module)
}

/// Functions by name.
type Numbers<'a> = HashMap<&'a str, usize>;

fn numbers(functions: &[Function]) -> Numbers<'_> {
    functions.iter().enumerate().map(|(number, function)| (function.name.as_str(), number)).collect()
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
    let numbers = numbers(&module.functions);
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
#[derive(Clone, Copy, Default)]
struct Size {
    ops: usize,
    depth: usize,
}

fn size_of(
    function: &Function,
    region: RegionId,
    callee_size: &dyn Fn(&str) -> Option<Size>,
) -> Result<Size, Error> {
    let mut total = Size::default();
    for &id in &function.region(region).ops {
        let operation = function.op(id);
        total.ops = total.ops.saturating_add(1);
        if let Some(size) = callee(&operation.op).and_then(callee_size) {
            total.ops = total.ops.saturating_add(size.ops);
            total.depth = total.depth.max(size.depth);
        }
        for &nested in &operation.regions {
            let size = size_of(function, nested, callee_size)?;
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

/// A copy of the function in which calls are replaced by the bodies of their callees.
fn flatten(functions: &[Function], number: usize, names: &Numbers<'_>) -> Function {
    let function = &functions[number];
    let mut target = Function::new(function.name.clone());
    target.public = function.public;
    target.arg_attrs.clone_from(&function.arg_attrs);
    target.result_attrs.clone_from(&function.result_attrs);
    target.result_types.clone_from(&function.result_types);
    target.location = function.location;
    let body = target.body;
    let mut map = ValueMap::new(function);
    for &arg in function.args() {
        map.set(arg, target.add_arg(body, function.ty(arg).clone()));
    }
    let mut copy = Copy { target, functions, names, maps: vec![map], frames: Vec::new() };
    copy.frames.push(Frame { function: number, region: function.body, next: 0, to: body, called: None });
    while let Some(frame) = copy.frames.pop() {
        copy.step(frame);
    }
    copy.target
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
}

/// A region being copied.
struct Frame {
    function: usize,
    region: RegionId,
    /// Position of the next op.
    next: usize,
    /// Where copies go.
    to: RegionId,
    /// The results that a call gives, if the region is a callee's body.
    called: Option<SmallVec<[ValueId; 1]>>,
}

/// Frames are a stack of our own, since calls may be nested deeper than the machine's stack allows. Each
/// call on it has a map of values, the innermost being last.
struct Copy<'a> {
    target: Function,
    functions: &'a [Function],
    names: &'a Numbers<'a>,
    maps: Vec<ValueMap>,
    frames: Vec<Frame>,
}

impl Copy<'_> {
    /// Copies ops until the region ends or another one has to be copied first.
    fn step(&mut self, mut frame: Frame) {
        let source = &self.functions[frame.function];
        while let Some(&id) = source.region(frame.region).ops.get(frame.next) {
            frame.next += 1;
            let operation = source.op(id);
            let map = self.maps.last().expect("a map for every call");
            let operands: SmallVec<[ValueId; 3]> =
                operation.operands.iter().map(|&operand| map.get(operand)).collect();
            if let (Op::Return, Some(results)) = (&operation.op, &frame.called) {
                self.maps.pop();
                let caller = self.maps.last_mut().expect("a callee has a caller");
                results.iter().zip(operands).for_each(|(&result, value)| caller.set(result, value));
                return;
            }
            if let Some(&number) = callee(&operation.op).and_then(|name| self.names.get(name)) {
                let to = frame.to;
                self.frames.push(frame);
                return self.enter(number, &operands, operation.results.clone(), to);
            }
            let nested = self.op(source, operation, operands, frame.to);
            if !nested.is_empty() {
                let function = frame.function;
                self.frames.push(frame);
                let regions = operation.regions.iter().zip(nested).rev();
                self.frames.extend(regions.map(|(&region, to)| Frame {
                    function,
                    region,
                    next: 0,
                    to,
                    called: None,
                }));
                return;
            }
        }
    }

    fn enter(&mut self, number: usize, operands: &[ValueId], results: SmallVec<[ValueId; 1]>, to: RegionId) {
        let callee = &self.functions[number];
        let mut map = ValueMap::new(callee);
        callee.args().iter().zip(operands).for_each(|(&arg, &operand)| map.set(arg, operand));
        self.maps.push(map);
        self.frames.push(Frame { function: number, region: callee.body, next: 0, to, called: Some(results) });
    }

    /// Copies one op; its regions get their arguments, and are returned to be filled.
    fn op(
        &mut self,
        source: &Function,
        operation: &Operation,
        operands: SmallVec<[ValueId; 3]>,
        to: RegionId,
    ) -> SmallVec<[RegionId; 2]> {
        let map = self.maps.last_mut().expect("a map for every call");
        let mut regions = SmallVec::new();
        for &nested in &operation.regions {
            let new = self.target.add_region();
            for &arg in &source.region(nested).args {
                map.set(arg, self.target.add_arg(new, source.ty(arg).clone()));
            }
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
            regions: regions.clone(),
            attributes: operation.attributes.clone(),
            location: operation.location,
        };
        self.target.push_op(to, copied);
        regions
    }
}

/// A copy of a function without what no region holds any more.
pub(super) fn compact(function: Function) -> Function {
    flatten(&[function], 0, &Numbers::new())
}
