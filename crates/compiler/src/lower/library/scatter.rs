//! `scatter` and `select_and_scatter`.

use ops::attributes::{Scatter, SelectAndScatter};
use plan::library::{self, ScatterCombiner};
use plan::{Block, StepOp};
use stablehlo::Operation;
use tensor::Dims;

use super::{Lowering, returns_argument, scalar_function};
use crate::Error;

impl<'a> Lowering<'a> {
    pub(super) fn scatter(
        &mut self,
        operation: &'a Operation,
        attrs: &Scatter,
        block: &mut Block,
    ) -> Result<(), Error> {
        let function = self.function;
        let count = operation.results.len();
        let graph = scalar_function(self, operation.regions[0])?;
        let combiner = if count == 1 && returns_argument(&graph, 1) {
            ScatterCombiner::Replace
        } else if let Some(op) = graph.as_binary() {
            ScatterCombiner::Binary(op)
        } else {
            ScatterCombiner::Graph(graph)
        };
        let dims = |i: usize| function.tensor(operation.operands[i]).dims.clone();
        let step = library::Scatter {
            dtypes: operation.results.iter().map(|&v| function.tensor(v).dtype).collect(),
            index: function.tensor(operation.operands[count]).dtype,
            operand_dims: dims(0),
            index_dims: dims(count),
            update_dims: dims(count + 1),
            index_vector_dim: attrs.index_vector_dim,
            update_window_dims: attrs.update_window_dims.clone(),
            inserted_window_dims: attrs.inserted_window_dims.clone(),
            input_batching_dims: attrs.input_batching_dims.clone(),
            scatter_indices_batching_dims: attrs.scatter_indices_batching_dims.clone(),
            scatter_dims_to_operand_dims: attrs.scatter_dims_to_operand_dims.clone(),
            unique_indices: attrs.unique_indices,
            combiner,
        };
        let origin = self.origin(operation);
        let results = self.results(operation);
        for (&value, &result) in operation.operands.iter().zip(&results) {
            self.write_into(value, result, &origin, block);
        }
        let others = operation.operands[count..].iter().map(|&value| self.typed_slot(value));
        let reads: Vec<_> = results.iter().copied().chain(others).collect();
        self.push_step(operation, StepOp::Scatter(step), &reads, &results, block);
        Ok(())
    }

    pub(super) fn select_and_scatter(
        &mut self,
        operation: &'a Operation,
        attrs: &SelectAndScatter,
        block: &mut Block,
    ) -> Result<(), Error> {
        let ty = self.function.tensor(operation.operands[0]);
        let ones = |list: &Dims| if list.is_empty() { Dims::from_elem(1, ty.rank()) } else { list.clone() };
        let padding = match attrs.padding.is_empty() {
            true => vec![(0, 0); ty.rank()],
            false => attrs.padding.clone(),
        };
        let step = library::SelectAndScatter {
            dtype: ty.dtype,
            operand_dims: ty.dims.clone(),
            source_dims: self.function.tensor(operation.operands[1]).dims.clone(),
            window: ones(&attrs.window_dimensions),
            strides: ones(&attrs.window_strides),
            padding,
            select: scalar_function(self, operation.regions[0])?,
            scatter: scalar_function(self, operation.regions[1])?,
        };
        self.push(operation, StepOp::SelectAndScatter(step), block)
    }
}
