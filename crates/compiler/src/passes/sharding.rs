//! Removes shardings and collectives from a program for one device.
//!
//! ```text
//! %1 = sdy.sharding_constraint %0 <@mesh, [{"x"}]>                  uses of %1 become uses of %0
//! %2 = stablehlo.custom_call @SPMDFullToShardShape(%1)              uses of %1
//! %3 = "stablehlo.all_reduce"(%2) ({add}), groups of one            uses of %2
//! %4 = sdy.manual_computation(%3) ({^bb0(%a): ... return %b})       the body, with %3 for %a
//! %5 = stablehlo.partition_id                                       a constant 0
//! ```
//!
//! Needs a verified module. Guarantees that no sharding, mesh, collective or device id is left, and no
//! sharding attribute on ops, arguments or results. Fails where the program is written for several devices.

use ops::attributes::{CollectivePermute, Constant};
use ops::{Attr, AttrMap, Op, Type};
use smallvec::smallvec;
use stablehlo::{Function, Module, OpId, ValueId};
use tensor::{DType, Literal, Scalar, TensorType};

use super::origin;
use super::rewrite::{Rewriter, Step, Values};
use crate::{Error, Settings};

/// Targets of custom calls that only place or lay out their operand.
const IDENTITIES: &[&str] = &[
    "Sharding",
    "SPMDFullToShardShape",
    "SPMDShardToFullShape",
    "annotate_device_placement",
    "LayoutConstraint",
    "MoveToHost",
    "MoveToDevice",
];

/// Attributes that name shardings.
const ATTRIBUTES: &[&str] =
    &["sdy.sharding", "mhlo.sharding", "sdy.sharding_rule", "sharding", "in_shardings", "out_shardings"];

/// Removes shardings and collectives.
///
/// # Errors
/// [`Error::Devices`] if the program needs more than one device.
pub fn run(mut module: Module, _settings: &Settings) -> Result<Module, Error> {
    let needed = module.num_replicas as usize * module.num_partitions as usize;
    if needed > 1 {
        let origin = if module.name.is_empty() { "the program" } else { &module.name };
        return Err(Error::Devices { origin: origin.to_owned(), needed });
    }
    let mut functions = std::mem::take(&mut module.functions);
    for function in &mut functions {
        let signature = function.arg_attrs.iter_mut().chain(&mut function.result_attrs);
        signature.for_each(strip);
        Rewriter::new(function).run(&mut |rewriter, id| visit(&module, rewriter, id))?;
    }
    module.functions = functions;
    module.meshes.clear();
    Ok(module)
}

/// Drops attributes that name shardings.
fn strip(attributes: &mut AttrMap) {
    attributes.0.retain(|(name, _)| !ATTRIBUTES.contains(&name.as_str()));
}

fn visit(module: &Module, rewriter: &mut Rewriter<'_>, id: OpId) -> Result<Step, Error> {
    strip(&mut rewriter.function.op_mut(id).attributes);
    let operation = rewriter.function.op(id);
    let groups = match &operation.op {
        Op::ShardingConstraint => None,
        Op::CustomCall(attrs) if IDENTITIES.contains(&attrs.call_target_name.as_str()) => None,
        Op::CollectivePermute(attrs) => return permute(module, rewriter, id, &attrs.clone()),
        Op::ManualComputation => {
            let region = operation.regions[0];
            let args = rewriter.function.region(region).args.clone();
            require_same_types(module, rewriter.function, id, &args)?;
            let operands = rewriter.function.op(id).operands.clone();
            for (arg, operand) in args.into_iter().zip(operands) {
                rewriter.bind(arg, operand);
            }
            return Ok(Step::Splice(region));
        }
        Op::PartitionId | Op::ReplicaId => {
            let zero = Literal::scalar(Scalar::zero(DType::U32));
            let op = Op::Constant(Box::new(Constant { value: zero }));
            return Ok(Step::Replace(smallvec![rewriter.one(op, &[], TensorType::scalar(DType::U32))]));
        }
        Op::AllGather(attrs) => Some(&attrs.replica_groups),
        Op::AllReduce(attrs) => Some(&attrs.replica_groups),
        Op::AllToAll(attrs) => Some(&attrs.replica_groups),
        Op::CollectiveBroadcast(attrs) => Some(&attrs.replica_groups),
        Op::CollectiveReduce(attrs) => Some(&attrs.replica_groups),
        Op::CrossReplicaSum(attrs) => Some(&attrs.replica_groups),
        Op::ReduceScatter(attrs) => Some(&attrs.replica_groups),
        _ => return Ok(Step::Keep),
    };
    if let Some(needed) = groups.map(group_size).filter(|&size| size > 1) {
        return Err(Error::Devices { origin: origin(module, operation), needed });
    }
    identity(module, rewriter, id)
}

/// Results are the operands (a dynamic root is left over), converted where a combiner is wider.
fn identity(module: &Module, rewriter: &mut Rewriter<'_>, id: OpId) -> Result<Step, Error> {
    let (operands, results) = {
        let operation = rewriter.function.op(id);
        (operation.operands.clone(), operation.results.clone())
    };
    let mut values = Values::new();
    for (&operand, &result) in operands.iter().zip(&results) {
        let (from, to) = (rewriter.function.ty(operand).clone(), rewriter.function.ty(result).clone());
        values.push(match (&from, &to) {
            (Type::Tensor(from), Type::Tensor(to)) if from.dims == to.dims => {
                rewriter.convert(operand, to.dtype)
            }
            _ if from == to => operand,
            _ => return Err(several(module, rewriter.function, id)),
        });
    }
    Ok(Step::Replace(values))
}

/// What this device sends to itself, or zeros.
fn permute(
    module: &Module,
    rewriter: &mut Rewriter<'_>,
    id: OpId,
    attrs: &CollectivePermute,
) -> Result<Step, Error> {
    if attrs.source_target_pairs.iter().any(|&(from, to)| from != 0 || to != 0) {
        return Err(several(module, rewriter.function, id));
    }
    let operand = rewriter.function.op(id).operands[0];
    if !attrs.source_target_pairs.is_empty() {
        return Ok(Step::Replace(smallvec![operand]));
    }
    let ty = rewriter.tensor(operand);
    Ok(Step::Replace(smallvec![rewriter.splat(&ty.dims, Scalar::zero(ty.dtype))]))
}

/// On one device local and global types are equal.
fn require_same_types(module: &Module, function: &Function, id: OpId, args: &[ValueId]) -> Result<(), Error> {
    let operation = function.op(id);
    let returned = function.returned(operation.regions[0]);
    let same =
        |a: &[ValueId], b: &[ValueId]| a.iter().zip(b).all(|(&a, &b)| function.ty(a) == function.ty(b));
    if same(args, &operation.operands) && same(returned, &operation.results) {
        return Ok(());
    }
    Err(several(module, function, id))
}

/// Shapes or ids say that there are several devices, not how many.
fn several(module: &Module, function: &Function, id: OpId) -> Error {
    let sizes = |mesh: &ops::sharding::Mesh| mesh.axes.iter().map(|axis| axis.size.max(1) as usize).product();
    let needed = module.meshes.iter().map(|(_, mesh)| sizes(mesh)).max().unwrap_or(2).max(2);
    Error::Devices { origin: origin(module, function.op(id)), needed }
}

/// Number of processes in a group, as far as the attribute says.
fn group_size(groups: &Attr) -> usize {
    match groups {
        Attr::Tensor(literal) => literal.ty.dims.get(1).map_or(1, |&size| size.max(1) as usize),
        _ => 1,
    }
}
