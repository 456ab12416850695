//! From the one function that passes leave to a draft plan: fused kernels and library steps over arrays
//! whose memory is not assigned yet.

mod classify;
mod combiner;
mod control;
mod draft;
mod emit;
mod expand;
mod fuse;
mod index;
mod library;
mod nodes;
mod trip_count;
mod widen;

use std::collections::HashMap;
use std::sync::Arc;

use ops::{Attr, AttrMap, AttrValue, Op, Type};
use plan::{
    Access, Block, Expr, Kernel, Node, NodeId, NodeOp, Param, SlotId, Space, Stage, Step, StepOp, Store,
};
use smallvec::SmallVec;
use stablehlo::{Function, Module, OpId, Operation, RegionId, ValueId};
use tensor::{DType, Literal, Scalar, TensorType};

use crate::passes::origin;
use crate::{Error, Settings, Target};
pub use classify::{binary_cost, unary_cost};
pub use draft::{Buffer, Draft, Home};
use expand::{Source, Values};
use fuse::Unit;

/// Lowers the entry point of a module on which all passes have run.
pub fn lower(module: &Module, target: &Target, settings: &Settings) -> Result<Draft, Error> {
    let function = module.main().ok_or_else(|| Error::Invalid("the module has no function `main`".into()))?;
    library::check_supported(module, function)?;
    let mut lowering = Lowering::new(module, function, target, settings);
    lowering.bind_params();
    lowering.find_definitions(function.body);
    let mut body = lowering.region(function.body)?;
    lowering.return_results(&mut body);
    Ok(lowering.draft(body))
}

/// State of lowering a function.
struct Lowering<'a> {
    module: &'a Module,
    function: &'a Function,
    target: &'a Target,
    settings: &'a Settings,
    sources: Vec<Source>,
    definitions: Vec<Option<OpId>>,
    buffers: Vec<Buffer>,
    constants: Vec<Literal>,
    params: Vec<Param>,
    results: Vec<(TensorType, SlotId, Option<usize>)>,
    random_calls: u64,
}

impl Values for Lowering<'_> {
    fn function(&self) -> &Function {
        self.function
    }

    fn source(&self, value: ValueId) -> Source {
        self.sources[value.index()].clone()
    }

    fn definition(&self, value: ValueId) -> &Operation {
        let id = self.definitions[value.index()].expect("a computed value has a definition");
        self.function.op(id)
    }
}

impl<'a> Lowering<'a> {
    fn new(module: &'a Module, function: &'a Function, target: &'a Target, settings: &'a Settings) -> Self {
        Lowering {
            module,
            function,
            target,
            settings,
            sources: vec![Source::Computed; function.value_count()],
            definitions: vec![None; function.value_count()],
            buffers: Vec::new(),
            constants: Vec::new(),
            params: Vec::new(),
            results: Vec::new(),
            random_calls: 0,
        }
    }

    fn buffer(&mut self, ty: TensorType, home: Home) -> SlotId {
        self.buffers.push(Buffer { ty, home, view_of: None, space: Space::Host });
        SlotId((self.buffers.len() - 1) as u32)
    }

    /// A temporary array for a value.
    fn temporary(&mut self, value: ValueId) -> SlotId {
        self.buffer(self.array_type(value), Home::Temporary)
    }

    /// The array type of a value; tokens are empty arrays.
    fn array_type(&self, value: ValueId) -> TensorType {
        array_type(self.function.ty(value))
    }

    fn bind(&mut self, value: ValueId, slot: SlotId) {
        self.sources[value.index()] = Source::Buffer(slot);
    }

    fn bind_params(&mut self) {
        for (i, &arg) in self.function.args().iter().enumerate() {
            let ty = self.array_type(arg);
            let slot = self.buffer(ty.clone(), Home::Param(i));
            self.bind(arg, slot);
            let attrs = self.function.arg_attrs.get(i);
            let donated = attrs.is_some_and(|attrs| {
                attrs.get("tf.aliasing_output").is_some()
                    || attrs.get("jax.buffer_donor").and_then(bool::from_attr) == Some(true)
            });
            self.params.push(Param { ty, slot, donated });
        }
    }

    /// Notes which operation defines each value of a region, and the constants.
    fn find_definitions(&mut self, region: RegionId) {
        let function = self.function;
        for &id in &function.region(region).ops {
            let operation = function.op(id);
            for &result in &operation.results {
                self.definitions[result.index()] = Some(id);
                if *function.ty(result) == Type::Token {
                    let slot = self.temporary(result);
                    self.bind(result, slot);
                }
            }
            if let Op::Constant(constant) = &operation.op {
                let result = operation.results[0];
                match constant.value.splat_value() {
                    Some(value) => self.sources[result.index()] = Source::Splat(value),
                    None => {
                        let home = Home::Constant(self.constants.len());
                        self.constants.push(constant.value.clone());
                        let slot = self.buffer(constant.value.ty.clone(), home);
                        self.bind(result, slot);
                    }
                }
            }
            for &inner in &operation.regions {
                self.find_definitions(inner);
            }
        }
    }

    /// The op's name and place, for steps and messages.
    fn origin(&self, operation: &Operation) -> Arc<str> {
        origin(self.module, operation).into()
    }

    /// Lowers a region's operations; what they define that others need is in memory after.
    fn region(&mut self, region: RegionId) -> Result<Block, Error> {
        let function = self.function;
        let in_memory = |value: ValueId| self.sources[value.index()] != Source::Computed;
        let captured = |id: OpId| control::captured(function, id);
        let fusion = fuse::fuse(function, self.target, region, &in_memory, &captured);
        let mut block = Block::default();
        for unit in &fusion.units {
            match unit {
                Unit::Kernel(cluster) => {
                    let mut emitted = emit::cluster(self, cluster, &fusion.materialized)?;
                    if emitted.outputs.is_empty() {
                        continue;
                    }
                    if !self.settings.round_each {
                        widen::widen(&mut emitted.kernel);
                    }
                    let writes = emitted.outputs.iter().map(|&value| self.temporary(value)).collect();
                    let last = cluster.members.last().expect("clusters have members");
                    let step = Step {
                        op: StepOp::Kernel(Arc::new(emitted.kernel)),
                        reads: emitted.reads.into(),
                        writes,
                        origin: self.origin(function.op(*last)),
                    };
                    for (&value, &slot) in emitted.outputs.iter().zip(&step.writes) {
                        self.bind(value, slot);
                    }
                    block.steps.push(step);
                }
                Unit::Single(id) => self.single(function.op(*id), &mut block)?,
            }
        }
        Ok(block)
    }

    /// Lowers an operation that is not part of a fused kernel.
    fn single(&mut self, operation: &'a Operation, block: &mut Block) -> Result<(), Error> {
        match &operation.op {
            Op::DynamicUpdateSlice => {
                let result = self.temporary(operation.results[0]);
                let origin = self.origin(operation);
                self.write_into(operation.operands[0], result, &origin, block);
                let (kernel, mut reads) = emit::update_slice(self, operation)?;
                reads.push(result);
                block.steps.push(Step {
                    op: StepOp::Kernel(Arc::new(kernel)),
                    reads: reads.into(),
                    writes: [result].into_iter().collect(),
                    origin,
                });
                self.bind(operation.results[0], result);
                Ok(())
            }
            Op::While => self.while_loop(operation, block),
            Op::Case => self.case(operation, block),
            _ => self.library(operation, block),
        }
    }

    /// The array that holds a value row-major: its own, or that of the value it is a reshape of.
    fn slot(&mut self, value: ValueId) -> SlotId {
        match self.source(value) {
            Source::Buffer(slot) => slot,
            Source::Splat(scalar) => {
                let ty = self.array_type(value);
                let home = Home::Constant(self.constants.len());
                self.constants.push(Literal::splat(ty.dims.iter().copied(), scalar));
                let slot = self.buffer(ty, home);
                self.bind(value, slot);
                slot
            }
            Source::Computed => {
                let operation = self.definition(value);
                assert_eq!(operation.op, Op::Reshape, "what a step reads was put into memory");
                let below = operation.operands[0];
                self.slot(below)
            }
        }
    }

    /// The array that holds a value row-major, as an array of the value's own shape.
    fn typed_slot(&mut self, value: ValueId) -> SlotId {
        let base = self.slot(value);
        let ty = self.array_type(value);
        if self.buffers[base.index()].ty == ty {
            return base;
        }
        let owner = self.buffers[base.index()].view_of.unwrap_or(base);
        let view = self.buffer(ty, Home::Temporary);
        self.buffers[view.index()].view_of = Some(owner);
        view
    }

    /// Puts a value into an array: a copy, or a kernel that fills it where every element is the same.
    fn write_into(&mut self, value: ValueId, slot: SlotId, origin: &Arc<str>, block: &mut Block) {
        let step = match self.source(value) {
            Source::Splat(scalar) => fill(scalar, &self.buffers[slot.index()].ty, slot, origin),
            _ => copy(self.slot(value), slot, origin),
        };
        block.steps.push(step);
    }

    /// Copies what `main` returns into the results' arrays; assignment drops the copies it can.
    fn return_results(&mut self, body: &mut Block) {
        let function = self.function;
        let mut aliases: HashMap<usize, usize> = HashMap::new();
        for (param, attrs) in function.arg_attrs.iter().enumerate() {
            if let Some(output) = aliased_output(attrs) {
                aliases.insert(output, param);
            }
        }
        for (i, &value) in function.returned(function.body).iter().enumerate() {
            let ty = self.array_type(value);
            let slot = self.buffer(ty.clone(), Home::Result(i));
            self.write_into(value, slot, &"return".into(), body);
            let alias = aliases
                .get(&i)
                .copied()
                .filter(|&param| self.params.get(param).is_some_and(|p| p.ty.byte_len() == ty.byte_len()));
            self.results.push((ty, slot, alias));
        }
    }

    fn draft(self, body: Block) -> Draft {
        Draft {
            name: self.module.name.clone(),
            buffers: self.buffers,
            constants: self.constants,
            params: self.params,
            results: self.results,
            body,
            host_reasons: Vec::new(),
        }
    }
}

/// The result that an argument's `tf.aliasing_output` names.
fn aliased_output(attrs: &AttrMap) -> Option<usize> {
    match attrs.get("tf.aliasing_output")? {
        Attr::Scalar(value) => usize::try_from(value.as_i64()).ok(),
        _ => None,
    }
}

fn array_type(ty: &Type) -> TensorType {
    match ty {
        Type::Tensor(ty) => ty.clone(),
        _ => TensorType::new(DType::Bool, [0]),
    }
}

/// A step that writes one value to every element of an array.
fn fill(value: Scalar, ty: &TensorType, slot: SlotId, origin: &Arc<str>) -> Step {
    let element = NodeId(0);
    let access = Access::at(Expr::axis(0));
    let stage = Stage {
        nodes: vec![Node { op: NodeOp::Constant(value), dtype: value.dtype }],
        stores: vec![Store { output: 0, access, value: element }],
        ..Stage::default()
    };
    let kernel = Kernel {
        parallel: [ty.len() as i64].into_iter().collect(),
        inputs: Vec::new(),
        outputs: vec![value.dtype],
        scratch: Vec::new(),
        stages: vec![stage],
    };
    Step {
        op: StepOp::Kernel(Arc::new(kernel)),
        reads: SmallVec::new(),
        writes: [slot].into_iter().collect(),
        origin: origin.clone(),
    }
}

/// A step that copies an array.
pub(crate) fn copy(from: SlotId, to: SlotId, origin: &Arc<str>) -> Step {
    Step {
        op: StepOp::Copy,
        reads: [from].into_iter().collect(),
        writes: [to].into_iter().collect(),
        origin: origin.clone(),
    }
}
