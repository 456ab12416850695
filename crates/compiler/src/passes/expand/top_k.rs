//! `ApproxTopK`, computed exactly: a stable sort and a slice.

use std::collections::HashMap;

use ops::attributes::{CustomCall, Slice, Sort};
use ops::{AttrMap, AttrValue, ComparisonDirection, Op, Type};
use smallvec::smallvec;
use stablehlo::{Function, Module, OpId, ValueId};
use tensor::{DType, Dims, TensorType};

use super::super::rewrite::{Rewriter, Step, Values};

/// Functions that compare their first two arguments, and in which direction.
pub(super) struct Comparators(HashMap<String, ComparisonDirection>);

impl Comparators {
    pub(super) fn of(module: &Module) -> Self {
        let named = |function: &Function| Some((function.name.clone(), direction(function)?));
        Comparators(module.functions.iter().filter_map(named).collect())
    }
}

/// `return compare GT, %arg0, %arg1` or its mirror images.
fn direction(function: &Function) -> Option<ComparisonDirection> {
    let body = function.region(function.body);
    let [first, _] = body.ops[..] else { return None };
    let operation = function.op(first);
    let Op::Compare(attrs) = &operation.op else { return None };
    let args = function.args();
    let (a, b) = (*args.first()?, *args.get(1)?);
    if function.returned(function.body) != &operation.results[..] {
        return None;
    }
    use ComparisonDirection::*;
    let descending = match attrs.comparison_direction {
        Gt | Ge => true,
        Lt | Le => false,
        Eq | Ne => return None,
    };
    match operation.operands[..] {
        [x, y] if (x, y) == (a, b) => Some(if descending { Gt } else { Lt }),
        [x, y] if (x, y) == (b, a) => Some(if descending { Lt } else { Gt }),
        _ => None,
    }
}

/// Operands are n arrays and n initial values, the first array being the key.
pub(super) fn approximate(
    attrs: &CustomCall,
    comparators: &Comparators,
    rewriter: &mut Rewriter<'_>,
    id: OpId,
) -> Option<Step> {
    let direction = *comparators.0.get(attrs.called_computations.first()?)?;
    let operation = rewriter.function.op(id);
    let config = operation.attributes.get("mhlo.backend_config").unwrap_or(&attrs.backend_config);
    let config = AttrMap::from_attr(config)?;
    let dimension = i64::from_attr(config.get("reduction_dim")?)?;
    let count = operation.results.len();
    if operation.operands.len() != 2 * count {
        return None;
    }
    let arrays: Vec<ValueId> = operation.operands[..count].to_vec();
    let results = operation.results.clone();
    let tensors = |values: &[ValueId]| -> Option<Vec<TensorType>> {
        values.iter().map(|&value| rewriter.function.ty(value).as_tensor().cloned()).collect()
    };
    let (from, to) = (tensors(&arrays)?, tensors(&results)?);
    let rank = from[0].rank() as i64;
    let axis = if dimension < 0 { dimension + rank } else { dimension };
    let shrinks = |from: &TensorType, to: &TensorType| {
        from.dtype == to.dtype
            && from.rank() == to.rank()
            && (0..from.rank())
                .all(|d| from.dims[d] == to.dims[d] || (d as i64 == axis && to.dims[d] <= from.dims[d]))
    };
    let alike = from.iter().all(|ty| ty.dims == from[0].dims);
    if !alike || !(0..rank).contains(&axis) || !from.iter().zip(&to).all(|(a, b)| shrinks(a, b)) {
        return None;
    }
    let dtypes: Vec<DType> = from.iter().map(|ty| ty.dtype).collect();
    let region = rewriter.comparator(&dtypes, direction);
    let sort = Op::Sort(Box::new(Sort { dimension: axis, is_stable: true }));
    let sorted = rewriter.emit_with(sort, &arrays, from.iter().cloned().map(Type::Tensor), smallvec![region]);
    let values: Values = sorted.iter().zip(to).map(|(&value, ty)| leading(rewriter, value, ty)).collect();
    Some(Step::Replace(values))
}

/// The leading part of this type.
fn leading(rewriter: &mut Rewriter<'_>, value: ValueId, ty: TensorType) -> ValueId {
    let slice = Slice {
        start_indices: Dims::from_elem(0, ty.rank()),
        limit_indices: ty.dims.clone(),
        strides: Dims::from_elem(1, ty.rank()),
    };
    rewriter.one(Op::Slice(Box::new(slice)), &[value], ty)
}
