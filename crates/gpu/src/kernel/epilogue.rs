//! A kernel over the elements of a product's result, as a part of the shader that computes them.

use plan::{Fused, Kernel, NodeOp, Product, Step, is_epilogue};
use tensor::DType;

use super::check::check;
use super::inline::Place;
use super::lanes::{Direction, Lanes};
use super::print::{Array, Names, Printer, Scope};
use super::schedule::Schedule;
use super::shader::{self, Operand};
use super::shared::Shared;
use super::simplify;
use super::text::Text;
use crate::command::{Bound, Memory};
use crate::lower::{Context, Refusal};
use crate::scalar::{Scalars, register};

/// What is computed of the elements of a result, and stored.
#[derive(Clone, Debug)]
pub struct Epilogue {
    kernel: Kernel,
    /// Where the arrays are that it names: outputs, then inputs but the first.
    memory: Vec<Memory>,
}

/// The function `epilogue(point, sums)` of a shader, and what it needs.
#[derive(Clone, Debug)]
pub struct Function {
    /// WGSL: the function and those that it calls.
    pub source: String,
    /// Types of the declared elements of its arrays, in the order of [`Epilogue::memory`].
    pub elements: Vec<String>,
    /// The arrays, in the same order.
    pub bound: Vec<Bound>,
}

impl Epilogue {
    /// The epilogue of a step.
    ///
    /// # Errors
    /// If the device cannot run it.
    pub fn new(fused: &Fused, step: &Step, context: Context<'_>) -> Result<Self, Refusal> {
        let kernel = &*fused.epilogue;
        let named = step.reads.len() + 1 == Product::OPERANDS + kernel.inputs.len()
            && step.writes.len() == kernel.outputs.len();
        if !is_epilogue(kernel) || kernel.inputs[0] != fused.product.dtype() || !named {
            return Err(Refusal::new("a broken epilogue"));
        }
        let operand = |(slot, &dtype): (&plan::SlotId, &DType)| {
            let len = context.ty(*slot).len() as i64;
            Operand { memory: Memory::Slot(*slot), dtype, len, padded: true }
        };
        let result =
            Operand { memory: Memory::Scratch(0), dtype: kernel.inputs[0], len: kernel.rows(), padded: true };
        let others = step.reads[Product::OPERANDS..].iter().zip(&kernel.inputs[1..]).map(operand);
        let outputs: Vec<Operand> = step.writes.iter().zip(&kernel.outputs).map(operand).collect();
        let memory = outputs.iter().copied().chain(others.clone()).map(|array| array.memory).collect();
        let arrays: Vec<Operand> = std::iter::once(result).chain(others).chain(outputs).collect();
        check(kernel, &arrays)?;
        if arrays.iter().any(|array| array.bytes() > context.features.window_bytes()) {
            return Err(Refusal::new("an epilogue over arrays larger than a binding"));
        }
        let gathers = kernel.stages[0].nodes.iter().any(|node| match &node.op {
            NodeOp::Load { access, .. } => !access.dynamic.is_empty(),
            _ => false,
        });
        if gathers {
            return Err(Refusal::new("an epilogue that gathers"));
        }
        Ok(Epilogue { kernel: simplify(kernel), memory })
    }

    /// Number of elements of the result.
    pub fn elements(&self) -> i64 {
        self.kernel.rows()
    }

    /// Number of arrays that it names.
    pub fn arrays(&self) -> u32 {
        self.memory.len() as u32
    }

    /// Whether it costs so much that a shader should hold it once rather than at each place that stores.
    pub fn is_long(&self) -> bool {
        let cost = |op: &NodeOp| match op {
            NodeOp::Unary(..) | NodeOp::Widened(..) => 8,
            NodeOp::Binary(..) | NodeOp::Load { .. } => 2,
            NodeOp::Constant(_) => 0,
            _ => 1,
        };
        self.kernel.stages[0].nodes.iter().map(|node| cost(&node.op)).sum::<u32>() > LONG
    }

    /// The function of sums in registers of the type `sums`: of four where `width` is 4, else of one. Its `point` is the
    /// number of the element, or of the four. `binding` gives the number of the binding of an array by its position.
    ///
    /// # Errors
    /// If the device cannot run it.
    pub fn function(
        &self,
        width: u32,
        sums: DType,
        binding: impl Fn(u32) -> u32,
        scalars: &mut Scalars<'_>,
    ) -> Result<Function, Refusal> {
        let kernel = &self.kernel;
        let schedule = Schedule { lanes: lanes(kernel, width), ..Schedule::serial(kernel) };
        let mut arrays = shader::declare(kernel, &[], &schedule, scalars)?;
        let inputs = kernel.inputs.len();
        let outputs = kernel.outputs.len();
        let order = (inputs..inputs + outputs).chain(1..inputs);
        let mut elements = Vec::new();
        let mut bound = Vec::new();
        for ((at, position), &memory) in order.zip(0..).zip(&self.memory) {
            let number = binding(position);
            let array = &mut arrays[at];
            array.name = format!("b{number}");
            array.offset = format!("args.at{number}");
            elements.push(array.element());
            bound.push(Bound { memory, unit: array.unit() });
        }
        let body = body(kernel, &schedule, arrays, "sums", sums, scalars)?;
        let number = register(sums, scalars.features)?.wgsl();
        let ty = if width == 1 { number.to_owned() } else { format!("vec{width}<{number}>") };
        let source =
            format!("{}fn epilogue(point: u32, sums: {ty}) {{\n{body}}}\n", scalars.functions.source());
        Ok(Function { source, elements, bound })
    }
}

/// Cost of a long epilogue.
const LONG: u32 = 24;

/// Prints a kernel that is an epilogue as statements over `point`, the number of the element, and the variable `sum`.
/// `places` are those of its arrays: inputs, of which the first counts for nothing, then outputs.
///
/// # Errors
/// If the device cannot run it.
pub fn inline_epilogue(
    kernel: &Kernel,
    places: &[Place],
    sum: &str,
    sums: DType,
    scalars: &mut Scalars<'_>,
) -> Result<String, Refusal> {
    let kernel = &simplify(kernel);
    super::check::check_indices(kernel)?;
    let mut arrays = Vec::new();
    for (place, &dtype) in places.iter().zip(kernel.inputs.iter().chain(&kernel.outputs)) {
        arrays.push(Array::at_place(place, dtype, scalars)?);
    }
    body(kernel, &Schedule::serial(kernel), arrays, sum, sums, scalars)
}

/// Four lanes along the last axis, or along all of them where that has a remainder.
fn lanes(kernel: &Kernel, width: u32) -> Lanes {
    let last = kernel.parallel.last().copied().unwrap_or(1);
    match width {
        1 => Lanes::ONE,
        _ if last % i64::from(width) == 0 => Lanes { direction: Direction::Parallel, width },
        _ => Lanes { direction: Direction::Flat, width },
    }
}

/// The statements of an epilogue.
fn body(
    kernel: &Kernel,
    schedule: &Schedule,
    arrays: Vec<Array>,
    sum: &str,
    sums: DType,
    scalars: &mut Scalars<'_>,
) -> Result<String, Refusal> {
    let mut printer = Printer {
        kernel,
        schedule,
        scalars,
        arrays,
        text: Text::indented(),
        points: shader::points(kernel, schedule),
        partials: None,
        rows: Vec::new(),
        locals: Vec::new(),
        shared: Shared::default(),
    };
    printer.epilogue(sum, sums)?;
    Ok(printer.text.finish())
}

impl Printer<'_, '_> {
    fn epilogue(&mut self, sum: &str, sums: DType) -> Result<(), Refusal> {
        let kernel = self.kernel;
        let Lanes { direction, width } = self.schedule.lanes;
        match direction {
            Direction::Flat => self.flat_axes(),
            _ => self.axes("point", 0, &kernel.parallel, width > 1),
        }
        let mut results = Names::new();
        for lane in 0..width {
            let element = if width == 1 { sum.to_owned() } else { format!("{sum}[{lane}]") };
            let value = self.scalars.convert(sums, kernel.inputs[0], &element)?;
            let name = format!("result_{lane}");
            self.text.line(format_args!("let {name} = {value};"));
            results.push(name);
        }
        let stage = &kernel.stages[0];
        let varying = self.schedule.lanes.varying(kernel, stage);
        let values = stage.nodes.iter().map(|node| match node.op {
            NodeOp::Load { input: 0, .. } => Some(results.clone()),
            _ => None,
        });
        let mut scope = Scope { stage, varying, values: values.collect(), at_start: false };
        let wanted = scope.wanted();
        self.nodes(&mut scope, &wanted, false)?;
        self.stores(&scope, None)
    }
}
