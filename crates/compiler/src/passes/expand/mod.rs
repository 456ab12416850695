//! Rewrites ops into simpler ones, so that later passes see fewer kinds.
//!
//! ```text
//! composite "chlo.erf", custom_call @mhlo.erf        erf, as an elementwise op
//! composite "chlo.top_k", custom_call @mhlo.topk     custom_call @mps.top_k {k}
//! custom_call @ApproxTopK                            sort and slices
//! custom_call @dce_sink                              nothing
//! convert of complex numbers to booleans             that of their real parts
//! cholesky, triangular_solve of narrow floats        those of f32
//! maximum, minimum of complex numbers                comparisons of their parts
//! chlo.square, as text has it                        products
//! custom_call @mps.threefry2x32, if settings say so  elementwise ops
//! if                                                 case of the converted predicate
//! dot, einsum, unary_einsum                          dot_general, reduce, transpose
//! broadcast, torch_index_select, map                 broadcast_in_dim, gather, elementwise ops
//! batch_norm_*                                       elementwise ops and reduce
//! bitcast_convert of elements of less than a byte    shifts and masks
//! optimization_barrier, get_tuple_element of tuple   the values themselves
//! reduce_window over all before, of any combiner     elementwise ops over growing distances
//! empty lists of windows, sort along -1              lists of the rank, the dimension counted from 0
//! ```
//!
//! Needs a verified module. Ops that have no expansion stay: whoever cannot compile them says so. Composites
//! without a native op stay too, as calls of their decomposition.

mod batch_norm;
mod bitcast;
mod composite;
mod element_types;
mod legacy;
mod product;
mod running;
mod threefry;
mod top_k;

use ops::Op;
use smallvec::smallvec;
use stablehlo::{Module, OpId};

use super::rewrite::{Rewriter, Step};
use crate::{Error, Settings};

/// Rewrites ops into simpler ones.
///
/// # Errors
/// [`Error::Unsupported`] for ops on quantized values.
pub fn run(mut module: Module, settings: &Settings) -> Result<Module, Error> {
    let comparators = top_k::Comparators::of(&module);
    let mut functions = std::mem::take(&mut module.functions);
    for function in &mut functions {
        Rewriter::new(function)
            .run(&mut |rewriter, id| visit(&module, settings, &comparators, rewriter, id))?;
    }
    module.functions = functions;
    Ok(module)
}

fn visit(
    module: &Module,
    settings: &Settings,
    comparators: &top_k::Comparators,
    rewriter: &mut Rewriter<'_>,
    id: OpId,
) -> Result<Step, Error> {
    let step = match rewriter.function.op(id).op.clone() {
        Op::Cholesky(_) | Op::TriangularSolve(_) => element_types::solve(rewriter, id),
        Op::Composite(attrs) => composite::composite(&attrs, rewriter, id),
        Op::CustomCall(attrs) if attrs.call_target_name == "ApproxTopK" => {
            top_k::approximate(&attrs, comparators, rewriter, id)
        }
        Op::CustomCall(attrs) if settings.expand_threefry && attrs.call_target_name == threefry::TARGET => {
            threefry::threefry(rewriter, id)
        }
        // JAX's mark on values that are used: a call without results, and no code behind it.
        Op::CustomCall(attrs) if attrs.call_target_name == "dce_sink" => Some(Step::Replace(smallvec![])),
        Op::CustomCall(attrs) => composite::custom_call(&attrs, rewriter, id),
        Op::BatchNormGrad(attrs) => batch_norm::grad(&attrs, rewriter, id),
        Op::BatchNormInference(attrs) => batch_norm::inference(&attrs, rewriter, id),
        Op::BatchNormTraining(attrs) => batch_norm::training(&attrs, rewriter, id),
        Op::Binary(op) => element_types::complex_extremum(op, rewriter, id),
        Op::BitcastConvert => bitcast::bitcast(rewriter, id),
        Op::Broadcast(attrs) => legacy::broadcast(&attrs, rewriter, id),
        Op::Convert => element_types::complex_to_bool(rewriter, id),
        Op::Dot(attrs) => product::dot(&attrs, rewriter, id),
        Op::Einsum(attrs) => product::einsum(&attrs, rewriter, id),
        Op::UnaryEinsum(attrs) => product::unary_einsum(&attrs, rewriter, id),
        Op::GetTupleElement(attrs) => legacy::get_tuple_element(&attrs, rewriter, id),
        Op::If => legacy::if_(rewriter, id),
        Op::Map(_) => legacy::map(rewriter, id),
        Op::OptimizationBarrier => {
            Some(Step::Replace(rewriter.function.op(id).operands.iter().copied().collect()))
        }
        Op::TorchIndexSelect(attrs) => legacy::torch_index_select(&attrs, rewriter, id),
        Op::ReduceWindow(_) => {
            legacy::fill_lists(rewriter, id);
            running::fold(rewriter, id)
        }
        Op::SelectAndScatter(_) | Op::Convolution(_) | Op::DynamicConv(_) | Op::Sort(_) => {
            legacy::fill_lists(rewriter, id)
        }
        Op::UniformQuantize | Op::UniformDequantize => {
            let origin = super::origin(module, rewriter.function.op(id));
            return Err(Error::unsupported(format!("{origin}: quantized types")));
        }
        _ => None,
    };
    Ok(step.unwrap_or(Step::Keep))
}

/// One value for a single result.
fn replace(value: stablehlo::ValueId) -> Option<Step> {
    Some(Step::Replace(smallvec![value]))
}
