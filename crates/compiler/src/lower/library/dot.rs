//! `dot_general` and `convolution`: operands are read through strides, so transposes cost nothing.

use ops::attributes::{Convolution, DotGeneral};
use plan::library::{self, ConvolutionDim, DotDim};
use plan::{Block, StepOp};
use smallvec::SmallVec;
use stablehlo::Operation;
use tensor::{DType, Dims, row_major_strides};

use super::Lowering;
use crate::Error;

impl<'a> Lowering<'a> {
    pub(super) fn dot(
        &mut self,
        operation: &'a Operation,
        dot: &DotGeneral,
        block: &mut Block,
    ) -> Result<(), Error> {
        let function = self.function;
        let (lhs, rhs) = (operation.operands[0], operation.operands[1]);
        let (lhs_type, rhs_type) = (function.tensor(lhs), function.tensor(rhs));
        let out_type = function.tensor(operation.results[0]);
        let (lhs_slot, lhs_strides) = self.strided(lhs);
        let (rhs_slot, rhs_strides) = self.strided(rhs);
        let out_strides = row_major_strides(&out_type.dims);
        let mut out = out_strides.iter();
        let mut next_out = || *out.next().expect("a result dimension for each kept one");
        let pairs = |a: &Dims, b: &Dims| -> Vec<(usize, usize)> {
            a.iter().zip(b).map(|(&l, &r)| (l as usize, r as usize)).collect()
        };
        let batch = pairs(&dot.lhs_batching_dimensions, &dot.rhs_batching_dimensions);
        let contract = pairs(&dot.lhs_contracting_dimensions, &dot.rhs_contracting_dimensions);
        let mut batch_dims: Vec<DotDim> = batch
            .iter()
            .map(|&(l, r)| DotDim {
                size: lhs_type.dims[l],
                lhs: lhs_strides[l],
                rhs: rhs_strides[r],
                out: next_out(),
            })
            .collect();
        let mut rows: Vec<DotDim> = (0..lhs_type.rank())
            .filter(|d| batch.iter().chain(&contract).all(|(l, _)| l != d))
            .map(|d| DotDim { size: lhs_type.dims[d], lhs: lhs_strides[d], rhs: 0, out: next_out() })
            .collect();
        let mut columns: Vec<DotDim> = (0..rhs_type.rank())
            .filter(|d| batch.iter().chain(&contract).all(|(_, r)| r != d))
            .map(|d| DotDim { size: rhs_type.dims[d], lhs: 0, rhs: rhs_strides[d], out: next_out() })
            .collect();
        let mut inner: Vec<DotDim> = contract
            .iter()
            .map(|&(l, r)| DotDim {
                size: lhs_type.dims[l],
                lhs: lhs_strides[l],
                rhs: rhs_strides[r],
                out: 0,
            })
            .collect();
        for dims in [&mut batch_dims, &mut rows, &mut columns, &mut inner] {
            collapse(dims);
        }
        if inner.len() > 1 {
            return Err(self.unsupported(operation, "has more than one contracting dimension"));
        }
        let m = take_largest(&mut rows);
        let n = take_largest(&mut columns);
        let k = take_largest(&mut inner);
        batch_dims.extend(rows);
        batch_dims.extend(columns);
        let step = library::Dot {
            lhs: lhs_type.dtype,
            rhs: rhs_type.dtype,
            out: out_type.dtype,
            accumulate: accumulation(lhs_type.dtype, out_type.dtype),
            batch: batch_dims.into(),
            m,
            n,
            k,
        };
        let writes = self.results(operation);
        self.push_step(operation, StepOp::Dot(step), &[lhs_slot, rhs_slot], &writes, block);
        Ok(())
    }

    pub(super) fn convolution(
        &mut self,
        operation: &'a Operation,
        attrs: &Convolution,
        block: &mut Block,
    ) -> Result<(), Error> {
        let function = self.function;
        let (lhs, rhs) = (operation.operands[0], operation.operands[1]);
        let (input, kernel) = (function.tensor(lhs), function.tensor(rhs));
        let output = function.tensor(operation.results[0]);
        let (lhs_slot, lhs_strides) = self.strided(lhs);
        let (rhs_slot, rhs_strides) = self.strided(rhs);
        let out_strides = row_major_strides(&output.dims);
        let at = |dims: &Dims, strides: &Dims, d: i64| (dims[d as usize], strides[d as usize]);
        let or = |list: &Dims, i: usize, default: i64| list.get(i).copied().unwrap_or(default);
        let mut spatial = SmallVec::new();
        for i in 0..attrs.input_spatial_dimensions.len() {
            let (input_size, input_stride) = at(&input.dims, &lhs_strides, attrs.input_spatial_dimensions[i]);
            let (kernel_size, kernel_stride) =
                at(&kernel.dims, &rhs_strides, attrs.kernel_spatial_dimensions[i]);
            let (output_size, output_stride) =
                at(&output.dims, &out_strides, attrs.output_spatial_dimensions[i]);
            let (pad_low, pad_high) = attrs.padding.get(i).copied().unwrap_or((0, 0));
            spatial.push(ConvolutionDim {
                input: input_size,
                kernel: kernel_size,
                output: output_size,
                stride: or(&attrs.window_strides, i, 1),
                pad_low,
                pad_high,
                input_dilation: or(&attrs.lhs_dilation, i, 1),
                kernel_dilation: or(&attrs.rhs_dilation, i, 1),
                reverse: attrs.window_reversal.get(i).copied().unwrap_or(false),
                input_stride,
                kernel_stride,
                output_stride,
            });
        }
        let step = library::Convolution {
            input: input.dtype,
            kernel: kernel.dtype,
            output: output.dtype,
            batch: at(&input.dims, &lhs_strides, attrs.input_batch_dimension),
            input_features: at(&input.dims, &lhs_strides, attrs.input_feature_dimension),
            kernel_input_features: at(&kernel.dims, &rhs_strides, attrs.kernel_input_feature_dimension),
            kernel_output_features: at(&kernel.dims, &rhs_strides, attrs.kernel_output_feature_dimension),
            output_batch: at(&output.dims, &out_strides, attrs.output_batch_dimension),
            output_features: at(&output.dims, &out_strides, attrs.output_feature_dimension),
            feature_groups: attrs.feature_group_count,
            batch_groups: attrs.batch_group_count,
            spatial,
        };
        let writes = self.results(operation);
        self.push_step(operation, StepOp::Convolution(step), &[lhs_slot, rhs_slot], &writes, block);
        Ok(())
    }
}

/// The type in which products are summed.
fn accumulation(operand: DType, out: DType) -> DType {
    if operand.is_float() && operand.bits() < 32 && out.bits() <= 32 { DType::F32 } else { out }
}

/// Joins neighbouring dimensions that all arrays step through alike, and drops those of size 1.
fn collapse(dims: &mut Vec<DotDim>) {
    dims.retain(|dim| dim.size != 1);
    let mut out: Vec<DotDim> = Vec::new();
    for &dim in dims.iter() {
        match out.last_mut() {
            Some(last)
                if last.lhs == dim.lhs * dim.size
                    && last.rhs == dim.rhs * dim.size
                    && last.out == dim.out * dim.size =>
            {
                *last = DotDim { size: last.size * dim.size, ..dim };
            }
            _ => out.push(dim),
        }
    }
    *dims = out;
}

/// Removes the largest dimension; one of size 1 if there is none.
fn take_largest(dims: &mut Vec<DotDim>) -> DotDim {
    match (0..dims.len()).max_by_key(|&i| dims[i].size) {
        Some(at) => dims.remove(at),
        None => DotDim { size: 1, lhs: 0, rhs: 0, out: 0 },
    }
}
