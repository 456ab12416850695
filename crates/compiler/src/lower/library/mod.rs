//! Library steps: operations that are not loop nests, as parameter structs.

mod custom_call;
mod dot;
mod scatter;
mod sort;
mod window;

use ops::{BinaryOp, Op};
use plan::{Block, Combiner, Graph, Kernel, Node, NodeOp, SlotId, Stage, Step, StepOp, Store, library};
use smallvec::SmallVec;
use stablehlo::{Function, Module, Operation, RegionId, ValueId};
use tensor::{DType, Dims, Scalar};

use super::combiner::combiner;
use super::emit::scalar_function;
use super::expand::{Inputs, Source, StageBuilder, Values};
use super::fuse::{squeezed, strided_base};
use super::{Lowering, classify, copy, index};
use crate::Error;

impl<'a> Lowering<'a> {
    /// Lowers an operation to a library step (or a kernel of its own).
    pub(super) fn library(&mut self, operation: &'a Operation, block: &mut Block) -> Result<(), Error> {
        let function = self.function;
        let operand = |i: usize| function.tensor(operation.operands[i]);
        match &operation.op {
            Op::DotGeneral(dot) => self.dot(operation, dot, block),
            Op::Convolution(convolution) => self.convolution(operation, convolution, block),
            Op::Sort(sort) => self.sort(operation, sort, block),
            Op::ReduceWindow(window) => self.reduce_window(operation, window, block),
            Op::SelectAndScatter(window) => self.select_and_scatter(operation, window, block),
            Op::Scatter(scatter) => self.scatter(operation, scatter, block),
            Op::CustomCall(call) => self.custom_call(operation, call, block),
            Op::Concatenate(concatenate) => {
                self.concatenate(operation, concatenate.dimension as usize, block)
            }
            Op::Fft(fft) => {
                let ty = operand(0);
                let rank = ty.rank() - fft.fft_length.len();
                let step = library::Fft {
                    kind: fft.fft_type,
                    input: ty.dtype,
                    batch: ty.dims[..rank].iter().product(),
                    lengths: fft.fft_length.clone(),
                };
                self.push(operation, StepOp::Fft(step), block)
            }
            Op::Cholesky(cholesky) => {
                let routine = library::LinalgRoutine::Cholesky { lower: cholesky.lower };
                self.linalg(operation, routine, block)
            }
            Op::TriangularSolve(solve) => {
                let rhs = operand(1);
                let routine = library::LinalgRoutine::TriangularSolve {
                    left_side: solve.left_side,
                    lower: solve.lower,
                    transpose: solve.transpose_a,
                    unit_diagonal: solve.unit_diagonal,
                    rhs_rows: rhs.dims[rhs.rank() - 2],
                    rhs_cols: rhs.dims[rhs.rank() - 1],
                };
                self.linalg(operation, routine, block)
            }
            Op::RngBitGenerator(rng) => {
                let ty = function.tensor(operation.results[1]);
                let step = library::RngBits {
                    algorithm: rng.rng_algorithm,
                    state: operand(0).len() as i64,
                    dtype: ty.dtype,
                    dims: ty.dims.clone(),
                };
                self.push(operation, StepOp::RngBits(step), block)
            }
            Op::Rng(rng) => {
                let ty = function.tensor(operation.results[0]);
                self.random_calls += 1;
                let step = library::Rng {
                    distribution: rng.rng_distribution,
                    dtype: ty.dtype,
                    len: ty.len() as i64,
                    seed: self.random_calls,
                };
                let reads = [self.typed_slot(operation.operands[0]), self.typed_slot(operation.operands[1])];
                let writes = self.results(operation);
                self.push_step(operation, StepOp::Rng(step), &reads, &writes, block);
                Ok(())
            }
            Op::BitcastConvert => {
                let from = self.slot(operation.operands[0]);
                let to = self.results(operation)[0];
                block.steps.push(copy(from, to, &self.origin(operation)));
                Ok(())
            }
            Op::OptimizationBarrier => {
                for (&from, &to) in operation.operands.iter().zip(&operation.results) {
                    let slot = self.slot(from);
                    self.bind(to, slot);
                }
                Ok(())
            }
            Op::AfterAll | Op::CreateToken => Ok(()),
            _ => Err(Error::unsupported(missing(self.module, self.function, operation))),
        }
    }

    /// An error that names the operation and its place.
    fn unsupported(&self, operation: &Operation, what: &str) -> Error {
        Error::unsupported(format!("{}: {what}", self.origin(operation)))
    }

    /// Temporary arrays for an operation's results, bound to them.
    fn results(&mut self, operation: &Operation) -> SmallVec<[SlotId; 2]> {
        let mut slots = SmallVec::new();
        for &value in &operation.results {
            let slot = self.temporary(value);
            self.bind(value, slot);
            slots.push(slot);
        }
        slots
    }

    /// Adds a step that reads all operands and writes all results.
    fn push(&mut self, operation: &Operation, op: StepOp, block: &mut Block) -> Result<(), Error> {
        let reads: Vec<_> = operation.operands.iter().map(|&value| self.typed_slot(value)).collect();
        let writes = self.results(operation);
        self.push_step(operation, op, &reads, &writes, block);
        Ok(())
    }

    fn push_step(
        &self,
        operation: &Operation,
        op: StepOp,
        reads: &[SlotId],
        writes: &[SlotId],
        block: &mut Block,
    ) {
        let origin = self.origin(operation);
        block.steps.push(Step { op, reads: reads.into(), writes: writes.into(), origin });
    }

    fn linalg(
        &mut self,
        operation: &Operation,
        routine: library::LinalgRoutine,
        block: &mut Block,
    ) -> Result<(), Error> {
        // The diagonals of a tridiagonal matrix come before the right side, which has the sizes.
        let first = usize::from(matches!(routine, library::LinalgRoutine::TridiagonalSolve { .. })) * 3;
        let Some(&first) = operation.operands.get(first) else {
            return Err(self.unsupported(operation, "lacks operands"));
        };
        let ty = self.function.tensor(first);
        let [batch @ .., rows, cols] = &ty.dims[..] else {
            return Err(self.unsupported(operation, "needs a matrix"));
        };
        let step = library::Linalg {
            routine,
            dtype: ty.dtype,
            batch: batch.iter().product(),
            rows: *rows,
            cols: *cols,
        };
        self.push(operation, StepOp::Linalg(step), block)
    }

    /// The array below the shape ops of an operand, and its stride along each of the operand's dimensions.
    fn strided(&mut self, value: ValueId) -> (SlotId, Dims) {
        let computed = |v: ValueId| {
            (self.source(v) == Source::Computed).then(|| self.definitions[v.index()].expect("defined"))
        };
        let rank = self.function.tensor(value).rank();
        let (base, expr) = strided_base(self.function, value, computed).expect("checked when fusing");
        let mut strides = Dims::from_elem(0, rank);
        for term in &expr.terms {
            strides[term.axis] = term.stride;
        }
        (self.slot(base), strides)
    }

    /// Writes each operand into its part of the result.
    fn concatenate(&mut self, operation: &'a Operation, axis: usize, block: &mut Block) -> Result<(), Error> {
        let result = self.results(operation)[0];
        let ty = self.function.tensor(operation.results[0]).clone();
        let mut start = 0;
        for (i, &part) in operation.operands.iter().enumerate() {
            let dims = &self.function.tensor(part).dims;
            let parallel = squeezed(dims);
            let axes: Vec<usize> = (0..parallel.len()).collect();
            let map = index::aligned(dims, &axes);
            let mut inputs = Inputs::default();
            let held = Default::default();
            let mut builder = StageBuilder::new(self, &mut inputs, &held, parallel.clone());
            let value = builder.value(part, &map)?;
            let nodes = builder.finish();
            let mut to = map;
            to[axis] = to[axis].scaled(1, start);
            let access = plan::Access::at(index::linear(&to, &ty.dims).expr);
            let stage = Stage { nodes, stores: vec![Store { output: 0, access, value }], ..Stage::default() };
            let mut reads = inputs.reads();
            if i > 0 {
                reads.push(result);
            }
            let kernel = Kernel {
                parallel,
                inputs: inputs.dtypes(),
                outputs: vec![ty.dtype],
                scratch: Vec::new(),
                stages: vec![stage],
            };
            start += dims[axis];
            self.push_step(operation, StepOp::Kernel(kernel.into()), &reads, &[result], block);
        }
        Ok(())
    }
}

/// Every operation of a function that nothing implements, nested regions included, is an error that names
/// them all.
pub fn check_supported(module: &Module, function: &Function) -> Result<(), Error> {
    let mut findings = Vec::new();
    visit(function, function.body, &mut |operation| {
        if !is_supported(operation) {
            findings.push(missing(module, function, operation));
        }
    });
    if findings.is_empty() { Ok(()) } else { Err(Error::Unsupported { findings }) }
}

fn visit(function: &Function, region: RegionId, f: &mut impl FnMut(&Operation)) {
    for &id in &function.region(region).ops {
        let operation = function.op(id);
        f(operation);
        operation.regions.iter().for_each(|&inner| visit(function, inner, f));
    }
}

/// Whether lowering knows an operation. Passes have removed calls, composites, shardings and the ops that
/// others express.
fn is_supported(operation: &Operation) -> bool {
    match &operation.op {
        Op::CustomCall(call) => custom_call::is_known(call),
        Op::DotGeneral(_)
        | Op::Convolution(_)
        | Op::Sort(_)
        | Op::ReduceWindow(_)
        | Op::SelectAndScatter(_)
        | Op::Scatter(_)
        | Op::Fft(_)
        | Op::Cholesky(_)
        | Op::TriangularSolve(_)
        | Op::RngBitGenerator(_)
        | Op::Rng(_)
        | Op::OptimizationBarrier
        | Op::AfterAll
        | Op::CreateToken
        | Op::While
        | Op::Case => true,
        Op::BitcastConvert | Op::Concatenate(_) => true,
        op => classify::is_fusible(op),
    }
}

/// What is missing where, for messages.
fn missing(module: &Module, function: &Function, operation: &Operation) -> String {
    let origin = crate::passes::origin(module, operation);
    match &operation.op {
        Op::CustomCall(call) => format!("{origin}: no target `{}` on platform mps", call.call_target_name),
        _ => {
            let ty = operation.results.first().map_or(String::new(), |&v| function.ty(v).to_string());
            format!("{origin}: no implementation for a result of type {ty}")
        }
    }
}

/// Whether a value equals the identity of a fold.
fn is_identity(op: BinaryOp, value: Scalar) -> bool {
    let dtype = value.dtype;
    match op {
        BinaryOp::Add | BinaryOp::Or | BinaryOp::Xor => value.is(0),
        BinaryOp::Multiply => value.is(1),
        BinaryOp::And => value == Scalar::from_i64(dtype, if dtype == DType::Bool { 1 } else { -1 }),
        BinaryOp::Maximum => value == lowest(dtype),
        BinaryOp::Minimum => value == highest(dtype),
        _ => false,
    }
}

/// The identity of `maximum`.
fn lowest(dtype: DType) -> Scalar {
    if dtype.is_float() {
        return Scalar::from_f64(dtype, f64::NEG_INFINITY);
    }
    match dtype.class() {
        tensor::DTypeClass::Signed => Scalar::from_i128(dtype, -(1i128 << (dtype.bits() - 1))),
        _ => Scalar::zero(dtype),
    }
}

/// The identity of `minimum`.
fn highest(dtype: DType) -> Scalar {
    if dtype.is_float() {
        return Scalar::from_f64(dtype, f64::INFINITY);
    }
    match dtype.class() {
        tensor::DTypeClass::Signed => Scalar::from_i128(dtype, (1i128 << (dtype.bits() - 1)) - 1),
        _ => Scalar::from_i128(dtype, (1i128 << dtype.bits()) - 1),
    }
}

/// A combiner that is one scalar operation.
fn binary_combiner(combiner: &Combiner) -> Option<BinaryOp> {
    match combiner {
        Combiner::Binary(op) => Some(*op),
        Combiner::Graph(_) => None,
    }
}

/// Whether a graph just returns an argument.
fn returns_argument(graph: &Graph, index: usize) -> bool {
    let is = |node: &Node| node.op == NodeOp::Argument(index);
    matches!(graph.results[..], [result] if is(&graph.nodes[result.index()]))
}

/// An operand's source when it is one value.
fn splat<V: Values>(values: &V, value: ValueId) -> Option<Scalar> {
    match values.source(value) {
        Source::Splat(scalar) => Some(scalar),
        _ => None,
    }
}
