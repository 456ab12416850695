//! `reduce_window`: a running fold where the window is the whole dimension, else a kernel that folds each
//! window.

use ops::attributes::ReduceWindow;
use plan::{Access, Block, Combiner, Kernel, Reduction, Stage, StepOp, Store, library};
use smallvec::SmallVec;
use stablehlo::Operation;
use tensor::Dims;

use super::{Lowering, binary_combiner, combiner, is_identity, scalar_function, splat};
use crate::Error;
use crate::lower::expand::{Inputs, StageBuilder};
use crate::lower::fuse::squeezed;
use crate::lower::index::{self, Index, IndexMap};

impl<'a> Lowering<'a> {
    pub(super) fn reduce_window(
        &mut self,
        operation: &'a Operation,
        attrs: &ReduceWindow,
        block: &mut Block,
    ) -> Result<(), Error> {
        let graph = scalar_function(self, operation.regions[0])?;
        let combiner = combiner(graph.clone());
        if let Some(step) = self.cumulative(operation, attrs, &combiner) {
            let reads = [self.typed_slot(operation.operands[0])];
            let writes = self.results(operation);
            self.push_step(operation, StepOp::Cumulative(step), &reads, &writes, block);
            return Ok(());
        }
        let function = self.function;
        let count = operation.results.len();
        let dims = &function.tensor(operation.operands[0]).dims;
        let out_dims = &function.tensor(operation.results[0]).dims;
        let parallel = squeezed(out_dims);
        let inner = squeezed(&attrs.window_dimensions);
        let outputs: Vec<usize> = (0..parallel.len()).collect();
        let windows: Vec<usize> = (parallel.len()..parallel.len() + inner.len()).collect();
        let out_map = index::aligned(out_dims, &outputs);
        let window_map = index::aligned(&attrs.window_dimensions, &windows);
        let or_one = |list: &Dims, d: usize| list.get(d).copied().unwrap_or(1);
        let mut positions = IndexMap::new();
        for d in 0..dims.len() {
            let low = attrs.padding.get(d).map_or(0, |&(low, _)| low);
            let mut at: Index = out_map[d].scaled(or_one(&attrs.window_strides, d), -low);
            at.add_scaled(&window_map[d], or_one(&attrs.window_dilations, d));
            positions.push(at);
        }
        let steps: Vec<i64> = (0..dims.len()).map(|d| or_one(&attrs.base_dilations, d)).collect();
        let all: Dims = parallel.iter().chain(&inner).copied().collect();
        let mut inputs = Inputs::default();
        let held = Default::default();
        let mut builder = StageBuilder::new(self, &mut inputs, &held, all);
        let (operands, initial) = operation.operands.split_at(count);
        let mut elements = SmallVec::new();
        let mut start = SmallVec::new();
        for (i, (&operand, &initial)) in operands.iter().zip(initial).enumerate() {
            let outside = builder.scalar(initial)?;
            let element = builder.padded(operand, &positions, &steps, outside)?;
            elements.push(builder.convert(element, graph.arguments[count + i]));
            start.push(builder.convert(outside, graph.arguments[i]));
        }
        let fold = Stage {
            inner,
            nodes: builder.finish(),
            reductions: vec![Reduction { inputs: elements, initial: start, combiner }],
            ..Stage::default()
        };
        let held = operation.results.iter().enumerate();
        let held = held.map(|(i, &value)| (value, crate::lower::expand::Held::Row(i))).collect();
        let mut builder = StageBuilder::new(self, &mut inputs, &held, parallel.clone());
        let mut stores = Vec::new();
        for (output, &value) in operation.results.iter().enumerate() {
            let node = builder.value(value, &out_map)?;
            let access = Access::at(index::linear(&out_map, out_dims).expr);
            stores.push(Store { output, access, value: node });
        }
        let write = Stage { nodes: builder.finish(), stores, ..Stage::default() };
        let kernel = Kernel {
            parallel,
            inputs: inputs.dtypes(),
            outputs: operation.results.iter().map(|&v| function.tensor(v).dtype).collect(),
            scratch: Vec::new(),
            stages: vec![fold, write],
        };
        let reads = inputs.reads();
        let writes = self.results(operation);
        self.push_step(operation, StepOp::Kernel(kernel.into()), &reads, &writes, block);
        Ok(())
    }

    /// The running fold that a window of a whole dimension with one-sided padding is.
    fn cumulative(
        &self,
        operation: &Operation,
        attrs: &ReduceWindow,
        combiner: &Combiner,
    ) -> Option<library::Cumulative> {
        let op = binary_combiner(combiner)?;
        let [operand, initial] = operation.operands[..] else { return None };
        let ty = self.function.tensor(operand);
        is_identity(op, splat(self, initial)?).then_some(())?;
        let plain = |list: &Dims| list.iter().all(|&value| value == 1);
        let dense =
            plain(&attrs.window_strides) && plain(&attrs.window_dilations) && plain(&attrs.base_dilations);
        let padding = |d: usize| attrs.padding.get(d).copied().unwrap_or((0, 0));
        let mut wide = (0..ty.rank()).filter(|&d| attrs.window_dimensions[d] != 1);
        let axis = wide.next()?;
        let rest = (0..ty.rank()).filter(|&d| d != axis).all(|d| padding(d) == (0, 0));
        let size = ty.dims[axis];
        if wide.next().is_some() || !dense || !rest || attrs.window_dimensions[axis] != size {
            return None;
        }
        let reverse = match padding(axis) {
            (low, 0) if low == size - 1 => false,
            (0, high) if high == size - 1 => true,
            _ => return None,
        };
        Some(library::Cumulative {
            dtype: ty.dtype,
            op,
            outer: ty.dims[..axis].iter().product(),
            size,
            inner: ty.dims[axis + 1..].iter().product(),
            reverse,
        })
    }
}
