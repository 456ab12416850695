//! Collectives. Sizes that depend on the process groups are the program's claim; the pass that resolves
//! shardings checks them against the devices.

use ops::Type;
use ops::attributes::{AllGather, AllToAll, CollectivePermute, ReduceScatter};
use tensor::DType;

use super::check::{combiner, ensure, in_range, unique};
use super::{Signature, Types, Violation};

/// Checks that a declared result is the operand's type but for the size along `axis`.
fn but_for(
    label: &'static str,
    sig: &Signature<'_>,
    axis: i64,
    fits: impl Fn(i64, i64) -> bool,
) -> Result<Types, Violation> {
    let operands = sig.tensors(0)?;
    if sig.declared.len() != operands.len() {
        return Err(Violation::new(label, "there are not as many results as operands"));
    }
    let mut results = Types::new();
    for (index, operand) in operands.iter().enumerate() {
        let declared = sig.declared_tensor(index)?;
        let same = operand.dtype == declared.dtype
            && operand.rank() == declared.rank()
            && (0..operand.rank()).all(|d| {
                let (from, to) = (operand.dims[d], declared.dims[d]);
                if d as i64 == axis { fits(from, to) } else { from == to }
            });
        if !same {
            return Err(Violation::new(label, format!("{operand} cannot become {declared}")));
        }
        results.push(Type::Tensor(declared.clone()));
    }
    Ok(results)
}

fn multiple(part: i64, whole: i64) -> bool {
    if part == 0 { whole == 0 } else { whole % part == 0 }
}

pub(super) fn all_gather(attrs: &AllGather, sig: &Signature<'_>) -> Result<Types, Violation> {
    for operand in sig.tensors(0)? {
        in_range("C1", "all_gather_dim", &[attrs.all_gather_dim], operand.rank())?;
    }
    ensure!(!attrs.use_global_device_ids || attrs.channel_id > 0, "C5", "channel_id is {}", attrs.channel_id);
    but_for("C6", sig, attrs.all_gather_dim, multiple)
}

pub(super) fn all_reduce(sig: &Signature<'_>) -> Result<Types, Violation> {
    let operands = sig.tensors(0)?;
    let mut results = Types::new();
    for operand in operands {
        let element = combiner("C5", &sig.regions[0], &[operand.dtype])?;
        results.push(Type::Tensor(operand.with_dtype(element[0])));
    }
    Ok(results)
}

pub(super) fn all_to_all(attrs: &AllToAll, sig: &Signature<'_>) -> Result<Types, Violation> {
    let (split, concat, count) = (attrs.split_dimension, attrs.concat_dimension, attrs.split_count);
    ensure!(count > 0, "C4", "split_count is {count}");
    let mut results = Types::new();
    for operand in sig.tensors(0)? {
        in_range("C1", "split_dimension", &[split], operand.rank())?;
        in_range("C3", "concat_dimension", &[concat], operand.rank())?;
        ensure!(operand.dims[split as usize] % count == 0, "C2", "{count} does not divide {operand}");
        let mut result = operand.clone();
        result.dims[split as usize] /= count;
        let grown = result.dims[concat as usize].checked_mul(count);
        result.dims[concat as usize] = grown.ok_or_else(|| Violation::new("limit", "the size overflows"))?;
        results.push(Type::Tensor(result));
    }
    Ok(results)
}

pub(super) fn collective_permute(attrs: &CollectivePermute, sig: &Signature<'_>) -> Result<Types, Violation> {
    let pairs = &attrs.source_target_pairs;
    unique("C2", "sources", pairs.iter().map(|(from, _)| from))?;
    unique("C3", "targets", pairs.iter().map(|(_, to)| to))?;
    ensure!(pairs.iter().all(|&(from, to)| from >= 0 && to >= 0), "C4", "a process id is negative");
    super::control_flow::same_as_operands(sig)
}

/// With a dynamic root the last operand names the roots and has no result.
pub(super) fn collective_broadcast(sig: &Signature<'_>) -> Result<Types, Violation> {
    let mut operands = sig.tensors(0)?;
    if operands.len() == sig.declared.len() + 1 {
        let root = operands.pop();
        ensure!(root.is_some_and(|ty| ty.dtype == DType::I32), "C4", "the root is not an i32");
    }
    Ok(operands.iter().map(|&ty| Type::Tensor(ty.clone())).collect())
}

pub(super) fn reduce_scatter(attrs: &ReduceScatter, sig: &Signature<'_>) -> Result<Types, Violation> {
    let operand = sig.tensor(0)?;
    in_range("C2", "scatter_dimension", &[attrs.scatter_dimension], operand.rank())?;
    let element = combiner("C7", &sig.regions[0], &[operand.dtype])?;
    ensure!(sig.declared_tensor(0)?.dtype == element[0], "C9", "the result has another element type");
    but_for("C8", sig, attrs.scatter_dimension, |from, to| multiple(to, from))
}
