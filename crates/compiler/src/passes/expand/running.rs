//! Running folds by a combiner that is no single operation, such as `cumlogsumexp`.
//!
//! Each element is combined with the one `d` before it, for `d` = 1, 2, 4, ...: after each step an element
//! has folded twice as many. That is `n log n` combinations where windows as long as the dimension take
//! `n` squared, and each step is an elementwise kernel.
//! Source: W. D. Hillis, G. L. Steele, Data parallel algorithms, 1986.

use ops::Op;
use ops::attributes::{Pad, ReduceWindow};
use stablehlo::{Function, OpId, RegionId, ValueId};
use tensor::Dims;

use super::super::rewrite::{Rewriter, Step, Values};
use super::legacy::{apply, is_elementwise};

/// Windows up to this length are folded one by one.
const SHORT: i64 = 16;

/// A window over everything before an element along one dimension, or after it.
struct Running {
    axis: usize,
    size: i64,
    reverse: bool,
}

/// Rewrites a `reduce_window` that is a running fold. Its lists are filled.
pub(super) fn fold(rewriter: &mut Rewriter<'_>, id: OpId) -> Option<Step> {
    let operation = rewriter.function.op(id);
    let Op::ReduceWindow(attrs) = &operation.op else { return None };
    let region = operation.regions[0];
    let (operands, initial) = operation.operands.split_at(operation.results.len());
    let (mut values, initial): (Values, Values) = (operands.into(), initial.into());
    let running = running(attrs, &rewriter.function.tensor(values[0]).dims)?;
    let function = &*rewriter.function;
    let args = &function.region(region).args;
    let same_types =
        values.iter().zip(args).all(|(&v, &arg)| function.tensor(v).dtype == function.tensor(arg).dtype);
    if is_one_operation(function, region) || !is_elementwise(function, region) || !same_types {
        return None;
    }
    let mut distance = 1;
    while distance < running.size {
        let shifted: Values = values
            .iter()
            .zip(&initial)
            .map(|(&value, &initial)| shifted(rewriter, value, initial, &running, distance))
            .collect();
        let (first, second) = if running.reverse { (&values, &shifted) } else { (&shifted, &values) };
        let pairs: Values = first.iter().chain(second).copied().collect();
        values = apply(rewriter, region, &pairs);
        distance *= 2;
    }
    Some(Step::Replace(values))
}

/// Which running fold the windows are.
fn running(attrs: &ReduceWindow, dims: &Dims) -> Option<Running> {
    let ones = |list: &Dims| list.iter().all(|&value| value == 1);
    let mut wide = (0..dims.len()).filter(|&d| attrs.window_dimensions[d] != 1);
    let axis = wide.next()?;
    let size = dims[axis];
    let plain = ones(&attrs.window_strides) && ones(&attrs.window_dilations) && ones(&attrs.base_dilations);
    let rest = (0..dims.len()).all(|d| d == axis || attrs.padding[d] == (0, 0));
    if wide.next().is_some() || !plain || !rest || attrs.window_dimensions[axis] != size || size <= SHORT {
        return None;
    }
    let reverse = match attrs.padding[axis] {
        (low, 0) if low == size - 1 => false,
        (0, high) if high == size - 1 => true,
        _ => return None,
    };
    Some(Running { axis, size, reverse })
}

/// Whether a region is one operation on its arguments: engines have running folds by these.
fn is_one_operation(function: &Function, region: RegionId) -> bool {
    matches!(function.region(region).ops[..], [op, _] if matches!(function.op(op).op, Op::Binary(_)))
}

/// The elements `distance` before (after, in reverse); `initial` where there are none.
fn shifted(
    rewriter: &mut Rewriter<'_>,
    value: ValueId,
    initial: ValueId,
    running: &Running,
    distance: i64,
) -> ValueId {
    let ty = rewriter.tensor(value);
    let along = |amount: i64| {
        let mut list = Dims::from_elem(0, ty.rank());
        list[running.axis] = if running.reverse { -amount } else { amount };
        list
    };
    let pad = Pad {
        edge_padding_low: along(distance),
        edge_padding_high: along(-distance),
        interior_padding: Dims::from_elem(0, ty.rank()),
    };
    rewriter.one(Op::Pad(Box::new(pad)), &[value, initial], ty)
}
