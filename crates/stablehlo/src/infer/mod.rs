//! Result types of operations, and the constraints that make them well defined.
//!
//! [`result_types`] checks every constraint of `spec.md` of StableHLO that depends on an op's attributes,
//! operand types and regions, and returns the types that its results must have. Labels such as `C3` and
//! `I2` are those of the specification under the op's name; `limit` is ours (see [`check`]) and `shape`
//! marks ops that the specification lists without labels.
//!
//! All arithmetic on sizes is checked: an op that passes has dimension numbers in range, bounds within its
//! operand, windows whose extents do not overflow.

pub mod check;
mod collective;
mod control_flow;
mod convolution;
mod dot;
mod dynamic;
mod elementwise;
mod gather;
mod linalg;
mod random;
mod reduce;
mod scatter;
mod shape;
mod window;

pub use dot::{EinsumSpec, parse_einsum};
pub use window::{Window, num_windows};

use ops::{Arity, Op, Type};
use smallvec::SmallVec;
use tensor::{DType, TensorType};
use thiserror::Error;

use check::ensure;

/// Result types of an op.
pub type Types = SmallVec<[Type; 1]>;

/// A broken constraint: the program is at fault.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("{label}: {message}")]
pub struct Violation {
    /// The constraint's label.
    pub label: &'static str,
    /// What was found.
    pub message: String,
}

impl Violation {
    /// A violation of the constraint with this label.
    pub fn new(label: &'static str, message: impl Into<String>) -> Self {
        Violation { label, message: message.into() }
    }
}

/// Types at the border of a region.
#[derive(Clone, Debug, Default)]
pub struct RegionType {
    /// Types of the block arguments.
    pub args: Vec<Type>,
    /// Types of the returned values.
    pub results: Vec<Type>,
}

/// An op with the types around it.
#[derive(Clone, Copy, Debug)]
pub struct Signature<'a> {
    /// The op.
    pub op: &'a Op,
    /// Operand types.
    pub operands: &'a [&'a Type],
    /// Types of its regions.
    pub regions: &'a [RegionType],
    /// Result types as the program states them. They decide where nothing else does: the shape of
    /// `reshape`, the element type of `convert` or `dot_general`, everything of `custom_call`.
    pub declared: &'a [&'a Type],
}

impl<'a> Signature<'a> {
    /// The operand as a tensor.
    pub(crate) fn tensor(&self, index: usize) -> Result<&'a TensorType, Violation> {
        match self.operands.get(index) {
            Some(Type::Tensor(ty)) => Ok(ty),
            Some(other) => Err(operand_kind(index, other)),
            None => Err(Violation::new("arity", format!("operand {index} is missing"))),
        }
    }

    /// All operands as tensors, from `start` on.
    pub(crate) fn tensors(&self, start: usize) -> Result<SmallVec<[&'a TensorType; 3]>, Violation> {
        (start..self.operands.len()).map(|index| self.tensor(index)).collect()
    }

    /// The declared result as a tensor.
    pub(crate) fn declared_tensor(&self, index: usize) -> Result<&'a TensorType, Violation> {
        match self.declared.get(index) {
            Some(Type::Tensor(ty)) => Ok(ty),
            Some(other) => Err(Violation::new("I1", format!("result {index} is {other}, not a tensor"))),
            None => Err(Violation::new("arity", format!("result {index} is missing"))),
        }
    }
}

fn operand_kind(index: usize, ty: &Type) -> Violation {
    Violation::new("I1", format!("operand {index} is {ty}, not a tensor"))
}

/// One result type.
pub(crate) fn one(ty: TensorType) -> Result<Types, Violation> {
    Ok(SmallVec::from_elem(Type::Tensor(ty), 1))
}

/// A rank-0 tensor type.
pub(crate) fn scalar(dtype: DType) -> Type {
    Type::Tensor(TensorType::scalar(dtype))
}

/// The types that the results of an op must have.
///
/// # Errors
/// The first constraint that the op breaks. `call` and `composite` are not checked against their callee:
/// that takes the module.
pub fn result_types(sig: &Signature<'_>) -> Result<Types, Violation> {
    let info = sig.op.info();
    arity("operands", info.operands, sig.operands.len())?;
    arity("regions", info.regions, sig.regions.len())?;
    match sig.op {
        Op::Unary(op) => elementwise::unary(*op, sig),
        Op::Binary(op) => elementwise::binary(*op, sig),
        Op::AfterAll | Op::CreateToken => control_flow::token(sig),
        Op::AllGather(attrs) => collective::all_gather(attrs, sig),
        Op::AllReduce(_) | Op::CollectiveReduce(_) => collective::all_reduce(sig),
        Op::AllToAll(attrs) => collective::all_to_all(attrs, sig),
        Op::AsyncDone | Op::AsyncStart => control_flow::unsupported(sig),
        Op::BatchNormGrad(attrs) => reduce::batch_norm_grad(attrs, sig),
        Op::BatchNormInference(attrs) => reduce::batch_norm_inference(attrs, sig),
        Op::BatchNormTraining(attrs) => reduce::batch_norm_training(attrs, sig),
        Op::BitcastConvert => elementwise::bitcast_convert(sig),
        Op::Broadcast(attrs) => shape::broadcast(attrs, sig),
        Op::BroadcastInDim(attrs) => shape::broadcast_in_dim(&attrs.broadcast_dimensions, sig),
        Op::Call(_) | Op::Composite(_) | Op::CustomCall(_) => control_flow::as_declared(sig),
        Op::Case => control_flow::case(sig),
        Op::Cholesky(_) => linalg::cholesky(sig),
        Op::Clamp => elementwise::clamp(sig),
        Op::CollectiveBroadcast(_) => collective::collective_broadcast(sig),
        Op::CollectivePermute(attrs) => collective::collective_permute(attrs, sig),
        Op::Compare(attrs) => elementwise::compare(attrs, sig),
        Op::Concatenate(attrs) => shape::concatenate(attrs, sig),
        Op::Constant(attrs) => shape::constant(attrs),
        Op::Convert => elementwise::convert(sig),
        Op::Convolution(attrs) => convolution::convolution(attrs, sig),
        Op::CrossReplicaSum(_) => control_flow::same_as_operands(sig),
        Op::Dot(_) => dot::dot(sig),
        Op::DotGeneral(attrs) => dot::dot_general(attrs, sig),
        Op::DynamicBroadcastInDim(attrs) => dynamic::broadcast_in_dim(attrs, sig),
        Op::DynamicConv(attrs) => dynamic::conv(attrs, sig),
        Op::DynamicGather(attrs) => dynamic::gather(attrs, sig),
        Op::DynamicIota(attrs) => dynamic::iota(attrs, sig),
        Op::DynamicPad => dynamic::pad(sig),
        Op::DynamicReshape => dynamic::reshape(sig),
        Op::DynamicSlice(attrs) => gather::dynamic_slice(attrs, sig),
        Op::DynamicUpdateSlice => scatter::dynamic_update_slice(sig),
        Op::Einsum(attrs) | Op::UnaryEinsum(attrs) => dot::einsum(attrs, sig),
        Op::Fft(attrs) => linalg::fft(attrs, sig),
        Op::Gather(attrs) => gather::gather(attrs, sig),
        Op::GetDimensionSize(attrs) => shape::get_dimension_size(attrs, sig),
        Op::GetTupleElement(attrs) => control_flow::get_tuple_element(attrs, sig),
        Op::If => control_flow::if_(sig),
        Op::Infeed(_) | Op::Outfeed(_) | Op::Recv(_) | Op::Send(_) => control_flow::as_declared(sig),
        Op::Iota(attrs) => shape::iota(attrs, sig),
        Op::ManualComputation => control_flow::manual_computation(sig),
        Op::Map(attrs) => elementwise::map(attrs, sig),
        Op::OptimizationBarrier => control_flow::same_as_operands(sig),
        Op::Pad(attrs) => shape::pad(attrs, sig),
        Op::PartitionId | Op::ReplicaId => Ok(SmallVec::from_elem(scalar(DType::U32), 1)),
        Op::RealDynamicSlice => dynamic::slice(sig),
        Op::Reduce(attrs) => reduce::reduce(attrs, sig),
        Op::ReducePrecision(attrs) => elementwise::reduce_precision(attrs, sig),
        Op::ReduceScatter(attrs) => collective::reduce_scatter(attrs, sig),
        Op::ReduceWindow(attrs) => window::reduce_window(attrs, sig),
        Op::Reshape => shape::reshape(sig),
        Op::Return => Ok(Types::new()),
        Op::Reverse(attrs) => shape::reverse(attrs, sig),
        Op::Rng(attrs) => random::rng(attrs, sig),
        Op::RngBitGenerator(attrs) => random::rng_bit_generator(attrs, sig),
        Op::Scatter(attrs) => scatter::scatter(attrs, sig),
        Op::Select => elementwise::select(sig),
        Op::SelectAndScatter(attrs) => window::select_and_scatter(attrs, sig),
        Op::SetDimensionSize(attrs) => shape::set_dimension_size(attrs, sig),
        Op::ShardingConstraint => control_flow::same_as_operands(sig),
        Op::Slice(attrs) => shape::slice(attrs, sig),
        Op::Sort(attrs) => reduce::sort(attrs, sig),
        Op::TorchIndexSelect(attrs) => gather::torch_index_select(attrs, sig),
        Op::Transpose(attrs) => shape::transpose(attrs, sig),
        Op::TriangularSolve(attrs) => linalg::triangular_solve(attrs, sig),
        Op::Tuple => control_flow::tuple(sig),
        Op::UniformDequantize | Op::UniformQuantize => control_flow::unsupported(sig),
        Op::While => control_flow::while_(sig),
    }
}

fn arity(what: &str, allowed: Arity, found: usize) -> Result<(), Violation> {
    let wanted = match allowed {
        Arity::Exactly(count) => format!("exactly {count}"),
        Arity::AtLeast(count) => format!("at least {count}"),
    };
    ensure!(allowed.allows(found), "arity", "has {found} {what}, needs {wanted}");
    Ok(())
}

#[cfg(test)]
mod tests;
