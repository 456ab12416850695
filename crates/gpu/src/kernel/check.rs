//! What a kernel must hold to before it is printed: its shader reads and writes memory unchecked.

use plan::{Access, Kernel, NodeId, NodeOp, Stage};

use super::shader::Operand;
use crate::features::Features;
use crate::lower::Refusal;

/// Checks a kernel over its arrays, inputs first.
///
/// # Errors
/// If it breaks a rule.
pub(super) fn check(kernel: &Kernel, arrays: &[Operand]) -> Result<(), Refusal> {
    if arrays.len() != kernel.inputs.len() + kernel.outputs.len() {
        return Err(Refusal::new("a kernel has an array for each of its inputs and outputs"));
    }
    let mut rows = 0;
    for stage in &kernel.stages {
        check_stage(kernel, stage, arrays, rows)?;
        rows += stage.reductions.iter().map(|reduction| reduction.initial.len()).sum::<usize>();
    }
    Ok(())
}

/// Indices are 32 bits wide.
pub(super) fn check_len(array: &Operand) -> Result<(), Refusal> {
    match array.len {
        len if len < 1 << 31 => Ok(()),
        len => Err(Refusal::new(format!("an array of {len} elements"))),
    }
}

/// Memory that is not bound in windows must fit one.
pub(super) fn check_size(array: &Operand, features: &Features) -> Result<(), Refusal> {
    check_len(array)?;
    match array.bytes() {
        bytes if bytes <= features.window_bytes() => Ok(()),
        bytes => Err(Refusal::new(format!("an array of {bytes} bytes between two launches"))),
    }
}

/// All index expressions must fit 31 bits.
pub(super) fn check_indices(kernel: &Kernel) -> Result<(), Refusal> {
    let mut fits = true;
    for stage in &kernel.stages {
        let sizes = kernel.axes(stage);
        let count = sizes.iter().fold(1_i64, |product, &size| product.saturating_mul(size));
        fits &= count < 1 << 31;
        if count > 0 {
            stage.visit_exprs(|expr| {
                let (low, high) = expr.range(&sizes);
                fits &= low > -(1 << 31) && high < 1 << 31;
            });
        }
    }
    if fits { Ok(()) } else { Err(Refusal::new("indices of more than 31 bits")) }
}

fn check_stage(kernel: &Kernel, stage: &Stage, arrays: &[Operand], rows: usize) -> Result<(), Refusal> {
    let broken = |what: &str| Err(Refusal::new(format!("a broken kernel: {what}")));
    for (at, node) in stage.nodes.iter().enumerate() {
        let mut ordered = true;
        node.op.visit_operands(|id| ordered &= id.index() < at);
        if !ordered {
            return broken("a value is used before it is computed");
        }
        match &node.op {
            NodeOp::Load { input, access, .. } => {
                if kernel.inputs.get(*input) != Some(&node.dtype) {
                    return broken("a load is not of its input's type");
                }
                check_range(kernel, stage, access, arrays[*input].len)?;
            }
            NodeOp::Row(row) if *row >= rows => return broken("a row value is used before its stage"),
            NodeOp::Scratch(array) if kernel.scratch.get(*array) != Some(&node.dtype) => {
                return broken("a row-local element is not of its array's type");
            }
            NodeOp::Argument(_) => return broken("an argument outside a combiner"),
            _ => {}
        }
    }
    let dtype = |id: NodeId| stage.nodes.get(id.index()).map(|node| node.dtype);
    for store in &stage.stores {
        if dtype(store.value).is_none() || dtype(store.value).as_ref() != kernel.outputs.get(store.output) {
            return broken("a store is not of its output's type");
        }
        check_range(kernel, stage, &store.access, arrays[kernel.inputs.len() + store.output].len)?;
    }
    for reduction in &stage.reductions {
        let mut ids = reduction.inputs.iter().zip(&reduction.initial);
        if reduction.inputs.len() != reduction.initial.len()
            || !ids.all(|(&input, &initial)| dtype(input).is_some() && dtype(input) == dtype(initial))
        {
            return broken("a fold starts with values of other types");
        }
    }
    Ok(())
}

/// Accesses that always happen and follow from the axes alone are in bounds.
fn check_range(kernel: &Kernel, stage: &Stage, access: &Access, len: i64) -> Result<(), Refusal> {
    let sizes = kernel.axes(stage);
    if !access.is_affine() || sizes.contains(&0) {
        return Ok(());
    }
    let (low, high) = access.expr.range(&sizes);
    if low < 0 || high >= len {
        return Err(Refusal::new("a broken kernel: an access outside its array"));
    }
    Ok(())
}
