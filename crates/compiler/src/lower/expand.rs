//! Expands values of the module into the scalar nodes of a kernel's stage.
//!
//! A value at an index map is either loaded from a buffer or computed from its operands at their maps:
//! elementwise ops keep the map, shape ops compose it, indexing ops add computed parts. Out-of-bounds
//! positions (`pad`, `concatenate`) travel as a [`Guard`] under which loads happen.

use std::collections::HashMap;

use ops::attributes::{Concatenate, DynamicSlice, Gather, Pad};
use ops::{BinaryOp, ComparisonDirection, ComparisonType, Op};
use plan::{Access, Bound, Expr, Node, NodeId, NodeOp, SlotId, Term};
use smallvec::SmallVec;
use stablehlo::{Function, Operation, ValueId};
use tensor::{DType, Dims, Scalar, row_major_strides};

use super::index::{self, Index, IndexMap};
use super::nodes::Nodes;
use crate::Error;

/// Where a value of the module can be had.
#[derive(Clone, Debug, PartialEq)]
pub enum Source {
    /// In memory, row-major.
    Buffer(SlotId),
    /// Every element is this.
    Splat(Scalar),
    /// Not in memory: to be computed by the op that defines it.
    Computed,
}

/// How the kernel under construction holds a value, if it does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Held {
    /// As a reduced value of an earlier stage.
    Row(usize),
    /// In a row-local array.
    Scratch(usize),
    /// As an argument of a scalar function.
    Argument(usize),
}

/// What expansion asks about values.
pub trait Values {
    /// The function that owns the values.
    fn function(&self) -> &Function;
    /// Where a value can be had.
    fn source(&self, value: ValueId) -> Source;
    /// The operation that computes a value whose source is [`Source::Computed`].
    fn definition(&self, value: ValueId) -> &Operation;
}

/// The arrays a kernel reads, in order.
#[derive(Default)]
pub struct Inputs {
    /// Slot and element type of each.
    pub slots: Vec<(SlotId, DType)>,
}

impl Inputs {
    /// Element types, as a kernel lists them.
    pub fn dtypes(&self) -> Vec<DType> {
        self.slots.iter().map(|&(_, dtype)| dtype).collect()
    }

    /// Slots, as a step reads them.
    pub fn reads(&self) -> Vec<SlotId> {
        self.slots.iter().map(|&(slot, _)| slot).collect()
    }

    fn add(&mut self, slot: SlotId, dtype: DType) -> usize {
        match self.slots.iter().position(|&(s, d)| (s, d) == (slot, dtype)) {
            Some(found) => found,
            None => {
                self.slots.push((slot, dtype));
                self.slots.len() - 1
            }
        }
    }
}

/// Conditions under which a position exists.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Guard {
    bounds: SmallVec<[Bound; 1]>,
    predicate: Option<NodeId>,
}

impl Guard {
    fn is_empty(&self) -> bool {
        self.bounds.is_empty() && self.predicate.is_none()
    }
}

/// The nodes of one stage while they are made.
pub struct StageBuilder<'a, V> {
    values: &'a V,
    inputs: &'a mut Inputs,
    held: &'a HashMap<ValueId, Held>,
    axes: Dims,
    nodes: Nodes,
    expanded: HashMap<(ValueId, IndexMap, Guard), NodeId>,
}

impl<'a, V: Values> StageBuilder<'a, V> {
    /// A stage over axes of these sizes.
    pub fn new(
        values: &'a V,
        inputs: &'a mut Inputs,
        held: &'a HashMap<ValueId, Held>,
        axes: impl Into<Dims>,
    ) -> Self {
        StageBuilder {
            values,
            inputs,
            held,
            axes: axes.into(),
            nodes: Nodes::default(),
            expanded: HashMap::new(),
        }
    }

    /// The nodes made.
    pub fn finish(self) -> Vec<Node> {
        self.nodes.finish()
    }

    /// Adds a node, or finds its equal.
    pub fn node(&mut self, op: NodeOp, dtype: DType) -> NodeId {
        self.nodes.add(op, dtype)
    }

    /// The type of a node.
    pub fn dtype(&self, node: NodeId) -> DType {
        self.nodes[node].dtype
    }

    fn constant(&mut self, value: Scalar) -> NodeId {
        self.node(NodeOp::Constant(value), value.dtype)
    }

    fn integer(&mut self, value: i64) -> NodeId {
        self.constant(Scalar::from_i64(DType::I64, value))
    }

    fn binary(&mut self, op: BinaryOp, a: NodeId, b: NodeId) -> NodeId {
        let dtype = self.dtype(a);
        self.node(NodeOp::Binary(op, a, b), dtype)
    }

    /// The node converted to a type.
    pub fn convert(&mut self, node: NodeId, dtype: DType) -> NodeId {
        if self.dtype(node) == dtype { node } else { self.node(NodeOp::Convert(node), dtype) }
    }

    /// The value at a map, unconditionally.
    pub fn value(&mut self, value: ValueId, map: &IndexMap) -> Result<NodeId, Error> {
        self.expand(value, map, &Guard::default())
    }

    /// A rank-0 value.
    pub fn scalar(&mut self, value: ValueId) -> Result<NodeId, Error> {
        self.value(value, &IndexMap::new())
    }

    fn expand(&mut self, value: ValueId, map: &IndexMap, guard: &Guard) -> Result<NodeId, Error> {
        let values = self.values;
        let ty = values.function().tensor(value);
        match self.held.get(&value) {
            Some(Held::Row(row)) => return Ok(self.node(NodeOp::Row(*row), ty.dtype)),
            Some(Held::Scratch(array)) => return Ok(self.node(NodeOp::Scratch(*array), ty.dtype)),
            Some(Held::Argument(index)) => return Ok(self.node(NodeOp::Argument(*index), ty.dtype)),
            None => {}
        }
        match values.source(value) {
            Source::Splat(scalar) => Ok(self.constant(scalar)),
            Source::Buffer(slot) => {
                let at = index::linear(map, &ty.dims);
                Ok(self.load(slot, ty.dtype, at, guard, None))
            }
            Source::Computed => {
                let key = (value, map.clone(), guard.clone());
                if let Some(&found) = self.expanded.get(&key) {
                    return Ok(found);
                }
                let node = self.compute(value, map, guard)?;
                self.expanded.insert(key, node);
                Ok(node)
            }
        }
    }

    fn load(&mut self, slot: SlotId, dtype: DType, at: Index, guard: &Guard, fill: Option<NodeId>) -> NodeId {
        let input = self.inputs.add(slot, dtype);
        let fill = match fill {
            None if !guard.is_empty() => Some(self.constant(Scalar::zero(dtype))),
            fill => fill,
        };
        let access = Access {
            expr: at.expr,
            dynamic: at.dynamic,
            bounds: guard.bounds.clone(),
            predicate: guard.predicate,
        };
        self.node(NodeOp::Load { input, access, fill }, dtype)
    }

    fn compute(&mut self, value: ValueId, map: &IndexMap, guard: &Guard) -> Result<NodeId, Error> {
        let values = self.values;
        let function = values.function();
        let operation = values.definition(value);
        let operands = &operation.operands;
        let ty = function.tensor(value);
        let dims_of = |i: usize| &function.tensor(operands[i]).dims;
        Ok(match &operation.op {
            Op::Unary(op) => {
                let a = self.expand(operands[0], map, guard)?;
                self.node(NodeOp::Unary(*op, a), ty.dtype)
            }
            Op::Binary(op) => {
                let a = self.expand(operands[0], map, guard)?;
                let b = self.expand(operands[1], map, guard)?;
                self.node(NodeOp::Binary(*op, a, b), ty.dtype)
            }
            Op::Compare(compare) => {
                let a = self.expand(operands[0], map, guard)?;
                let b = self.expand(operands[1], map, guard)?;
                let op = NodeOp::Compare(compare.comparison_direction, compare.compare_type, a, b);
                self.node(op, DType::Bool)
            }
            Op::Select => {
                let p = self.broadcast_scalar(operands[0], map, guard)?;
                let a = self.expand(operands[1], map, guard)?;
                let b = self.expand(operands[2], map, guard)?;
                self.node(NodeOp::Select(p, a, b), ty.dtype)
            }
            Op::Clamp => {
                let low = self.broadcast_scalar(operands[0], map, guard)?;
                let x = self.expand(operands[1], map, guard)?;
                let high = self.broadcast_scalar(operands[2], map, guard)?;
                let raised = self.binary(BinaryOp::Maximum, low, x);
                self.binary(BinaryOp::Minimum, raised, high)
            }
            Op::Convert => {
                let a = self.expand(operands[0], map, guard)?;
                self.convert(a, ty.dtype)
            }
            Op::BitcastConvert => {
                let a = self.expand(operands[0], map, guard)?;
                if self.dtype(a) == ty.dtype { a } else { self.node(NodeOp::Bitcast(a), ty.dtype) }
            }
            Op::ReducePrecision(format) => {
                let operand = self.expand(operands[0], map, guard)?;
                let op = NodeOp::ReducePrecision {
                    operand,
                    exponent_bits: format.exponent_bits as u32,
                    mantissa_bits: format.mantissa_bits as u32,
                };
                self.node(op, ty.dtype)
            }
            Op::Iota(iota) => {
                let index = self.index_node(&map[iota.iota_dimension as usize]);
                self.convert(index, ty.dtype)
            }
            Op::BroadcastInDim(_) | Op::Reshape | Op::Transpose(_) | Op::Slice(_) | Op::Reverse(_) => {
                let from = dims_of(0);
                let map = match index::through(&operation.op, map, &ty.dims, from, &self.axes) {
                    Some(map) => map,
                    None => self.reshape(map, &ty.dims, from),
                };
                self.expand(operands[0], &map, guard)?
            }
            Op::Pad(pad) => self.pad(operation, pad, map, guard)?,
            Op::Concatenate(concatenate) => self.concatenate(operation, concatenate, map, guard)?,
            Op::Gather(gather) => self.gather(operation, gather, map, guard)?,
            Op::DynamicSlice(slice) => self.dynamic_slice(operation, slice, map, guard)?,
            other => unreachable!("`{}` is not expanded into kernels", other.mnemonic()),
        })
    }

    /// An operand that may be rank 0 where the others are not.
    fn broadcast_scalar(&mut self, value: ValueId, map: &IndexMap, guard: &Guard) -> Result<NodeId, Error> {
        match self.values.function().tensor(value).rank() {
            0 => self.expand(value, &IndexMap::new(), guard),
            _ => self.expand(value, map, guard),
        }
    }

    /// An index as a node of type i32 where it fits, else i64.
    fn index_node(&mut self, index: &Index) -> NodeId {
        let (low, high) = index.expr.range(&self.axes);
        let narrow = i32::try_from(low).is_ok() && i32::try_from(high).is_ok() && index.dynamic.is_empty();
        let dtype = if narrow { DType::I32 } else { DType::I64 };
        let mut total = match index.expr.terms.is_empty() {
            true => self.constant(Scalar::from_i64(dtype, index.expr.offset)),
            false => self.node(NodeOp::Index(index.expr.clone()), dtype),
        };
        for &(node, factor) in &index.dynamic {
            let node = self.convert(node, DType::I64);
            let factor = self.integer(factor);
            let part = self.binary(BinaryOp::Multiply, node, factor);
            total = self.binary(BinaryOp::Add, total, part);
        }
        total
    }

    /// The map of a reshape that no index expression can write: by integer arithmetic on nodes.
    fn reshape(&mut self, map: &IndexMap, to: &[i64], from: &[i64]) -> IndexMap {
        let total = index::linear(map, to);
        let total = self.index_node(&total);
        let total = self.convert(total, DType::I64);
        let mut out = IndexMap::new();
        for (&size, stride) in from.iter().zip(row_major_strides(from)) {
            let stride = self.integer(stride);
            let quotient = self.binary(BinaryOp::Divide, total, stride);
            let size = self.integer(size);
            out.push(Index::node(self.binary(BinaryOp::Remainder, quotient, size)));
        }
        out
    }

    /// `0 <= index < limit` and divisible by `step`, added to a guard; unchanged if it always holds.
    fn guarded(&mut self, guard: &Guard, index: &Index, limit: i64, step: i64) -> Guard {
        let mut guard = guard.clone();
        let bound = Bound { expr: index.expr.clone(), limit, step };
        if index.dynamic.is_empty() {
            let (low, high) = bound.expr.range(&self.axes);
            let always = low >= 0 && high < limit && step == 1;
            if !always && !guard.bounds.contains(&bound) {
                guard.bounds.push(bound);
            }
        } else {
            let holds = self.condition(index, limit, step);
            guard.predicate = Some(match guard.predicate {
                Some(other) => self.binary(BinaryOp::And, other, holds),
                None => holds,
            });
        }
        guard
    }

    /// `0 <= index < limit` and divisible by `step`, as a `bool` node.
    fn condition(&mut self, index: &Index, limit: i64, step: i64) -> NodeId {
        let index = self.index_node(index);
        let dtype = self.dtype(index);
        let mut compare = |direction, a: NodeId, value: i64| {
            let b = self.constant(Scalar::from_i64(dtype, value));
            self.node(NodeOp::Compare(direction, ComparisonType::NoType, a, b), DType::Bool)
        };
        let above = compare(ComparisonDirection::Ge, index, 0);
        let below = compare(ComparisonDirection::Lt, index, limit);
        let mut holds = self.binary(BinaryOp::And, above, below);
        if step > 1 {
            let step = self.constant(Scalar::from_i64(dtype, step));
            let rest = self.binary(BinaryOp::Remainder, index, step);
            let zero = self.constant(Scalar::zero(dtype));
            let op = NodeOp::Compare(ComparisonDirection::Eq, ComparisonType::NoType, rest, zero);
            let whole = self.node(op, DType::Bool);
            holds = self.binary(BinaryOp::And, holds, whole);
        }
        holds
    }

    /// `inside` where the conditions that `inner` adds to `outer` hold, else `outside`.
    fn choose(
        &mut self,
        inside: NodeId,
        outside: NodeId,
        outer: &Guard,
        inner: &Guard,
        tests: &[(Index, i64, i64)],
    ) -> NodeId {
        if inner == outer {
            return inside;
        }
        let dtype = self.dtype(inside);
        let guarded_load = match &self.nodes[inside].op {
            NodeOp::Load { input, access, .. }
                if outer.is_empty()
                    && access.bounds == inner.bounds
                    && access.predicate == inner.predicate =>
            {
                Some(NodeOp::Load { input: *input, access: access.clone(), fill: Some(outside) })
            }
            _ => None,
        };
        if let Some(load) = guarded_load {
            return self.node(load, dtype);
        }
        let mut holds = None;
        for (index, limit, step) in tests {
            let test = self.condition(index, *limit, *step);
            holds = Some(match holds {
                Some(other) => self.binary(BinaryOp::And, other, test),
                None => test,
            });
        }
        match holds {
            Some(holds) => self.node(NodeOp::Select(holds, inside, outside), dtype),
            None => inside,
        }
    }

    fn pad(
        &mut self,
        operation: &Operation,
        pad: &Pad,
        map: &IndexMap,
        guard: &Guard,
    ) -> Result<NodeId, Error> {
        let padding = self.expand(operation.operands[1], &IndexMap::new(), guard)?;
        let positions = map.iter().zip(&pad.edge_padding_low).map(|(at, &low)| at.scaled(1, -low)).collect();
        let steps: Vec<i64> = pad.interior_padding.iter().map(|&interior| interior + 1).collect();
        self.expand_padded(operation.operands[0], &positions, &steps, padding, guard)
    }

    /// The value at positions of its padded form: element i of dimension d is at `i * steps[d]`, and
    /// `outside` is everywhere else.
    pub fn padded(
        &mut self,
        value: ValueId,
        positions: &IndexMap,
        steps: &[i64],
        outside: NodeId,
    ) -> Result<NodeId, Error> {
        self.expand_padded(value, positions, steps, outside, &Guard::default())
    }

    fn expand_padded(
        &mut self,
        value: ValueId,
        positions: &IndexMap,
        steps: &[i64],
        outside: NodeId,
        guard: &Guard,
    ) -> Result<NodeId, Error> {
        let dims = &self.values.function().tensor(value).dims;
        if dims.contains(&0) {
            return Ok(outside);
        }
        let mut inner = guard.clone();
        let mut tests = Vec::new();
        let mut from = IndexMap::new();
        for (d, &size) in dims.iter().enumerate() {
            let limit = (size - 1) * steps[d] + 1;
            let before = inner.clone();
            inner = self.guarded(&inner, &positions[d], limit, steps[d]);
            if inner != before {
                tests.push((positions[d].clone(), limit, steps[d]));
            }
            from.push(self.divided(positions[d].clone(), steps[d]));
        }
        let inside = self.expand(value, &from, &inner)?;
        Ok(self.choose(inside, outside, guard, &inner, &tests))
    }

    /// `index / step` for indices known to be divisible where they count.
    fn divided(&mut self, index: Index, step: i64) -> Index {
        if step == 1 {
            return index;
        }
        let plain = |term: &Term| term.is_plain() && term.stride == 1;
        if let ([term], true) = (&index.expr.terms[..], index.dynamic.is_empty())
            && plain(term)
        {
            // Where `axis + offset` is divisible, what the two parts leave over adds up to one more or to nothing.
            let offset = index.expr.offset;
            let mut expr = Expr::constant(offset.div_euclid(step) + i64::from(offset % step != 0));
            expr.add_term(Term { divisor: step, ..*term });
            return expr.into();
        }
        let whole = self.index_node(&index);
        let whole = self.convert(whole, DType::I64);
        let step = self.integer(step);
        Index::node(self.binary(BinaryOp::Divide, whole, step))
    }

    fn concatenate(
        &mut self,
        operation: &Operation,
        concatenate: &Concatenate,
        map: &IndexMap,
        guard: &Guard,
    ) -> Result<NodeId, Error> {
        let d = concatenate.dimension as usize;
        let mut start = 0;
        let mut joined: Option<NodeId> = None;
        for &operand in &operation.operands {
            let size = self.values.function().tensor(operand).dims[d];
            if size == 0 {
                continue;
            }
            let mut from = map.clone();
            from[d] = map[d].scaled(1, -start);
            let inner = self.guarded(guard, &from[d], size, 1);
            let part = self.expand(operand, &from, &inner)?;
            joined = Some(match joined {
                Some(before) => {
                    let test = (from[d].clone(), size, 1);
                    self.choose(part, before, guard, &inner, &[test])
                }
                None => part,
            });
            start += size;
        }
        match joined {
            Some(node) => Ok(node),
            None => {
                let dtype = self.values.function().tensor(operation.results[0]).dtype;
                Ok(self.constant(Scalar::zero(dtype)))
            }
        }
    }

    /// A start index, clamped so that a slice of `size` stays within `limit`: of type i32 where that holds it, since not
    /// every device has i64.
    fn start(&mut self, index: NodeId, limit: i64, size: i64) -> NodeId {
        let last = limit - size;
        if last <= 0 {
            return self.integer(0);
        }
        let given = self.dtype(index);
        let wide = i32::try_from(last).is_err() || given == DType::I64;
        let dtype = if wide { DType::I64 } else { DType::I32 };
        // Large unsigned numbers would become negative ones.
        let index = match (given, dtype) {
            (DType::U64, _) | (DType::U32, DType::I32) => {
                let last = self.constant(Scalar::from_i64(given, last));
                self.binary(BinaryOp::Minimum, index, last)
            }
            _ => index,
        };
        let index = self.convert(index, dtype);
        let zero = self.constant(Scalar::zero(dtype));
        let raised = self.binary(BinaryOp::Maximum, index, zero);
        let last = self.constant(Scalar::from_i64(dtype, last));
        self.binary(BinaryOp::Minimum, raised, last)
    }

    fn dynamic_slice(
        &mut self,
        operation: &Operation,
        slice: &DynamicSlice,
        map: &IndexMap,
        guard: &Guard,
    ) -> Result<NodeId, Error> {
        let dims = self.values.function().tensor(operation.operands[0]).dims.clone();
        let starts = self.clamped_starts(&operation.operands[1..], &dims, &slice.slice_sizes)?;
        let mut from = map.clone();
        for (at, start) in from.iter_mut().zip(&starts) {
            at.add_scaled(start, 1);
        }
        self.expand(operation.operands[0], &from, guard)
    }

    /// Start indices given as scalars, clamped as `dynamic_slice` and `dynamic_update_slice` do.
    pub fn clamped_starts(
        &mut self,
        starts: &[ValueId],
        dims: &[i64],
        sizes: &[i64],
    ) -> Result<IndexMap, Error> {
        let mut out = IndexMap::new();
        for (d, &start) in starts.iter().enumerate() {
            if dims[d] == sizes[d] {
                out.push(Index::constant(0));
                continue;
            }
            let index = self.scalar(start)?;
            let start = self.start(index, dims[d], sizes[d]);
            out.push(match &self.nodes[start].op {
                NodeOp::Constant(value) => Index::constant(value.as_i64()),
                _ => Index::node(start),
            });
        }
        Ok(out)
    }

    fn gather(
        &mut self,
        operation: &Operation,
        gather: &Gather,
        map: &IndexMap,
        guard: &Guard,
    ) -> Result<NodeId, Error> {
        let function = self.values.function();
        let operand_dims = &function.tensor(operation.operands[0]).dims;
        let indices = operation.operands[1];
        let index_rank = function.tensor(indices).rank();
        let vector_dim = gather.index_vector_dim as usize;
        let offset_dim = |d: &usize| gather.offset_dims.contains(&(*d as i64));
        let batch: Vec<&Index> = (0..map.len()).filter(|d| !offset_dim(d)).map(|d| &map[d]).collect();
        let mut offsets = (0..map.len()).filter(offset_dim).map(|d| &map[d]);

        let mut from: IndexMap = (0..operand_dims.len() as i64)
            .map(|d| {
                let dropped =
                    gather.collapsed_slice_dims.contains(&d) || gather.operand_batching_dims.contains(&d);
                if dropped { Index::constant(0) } else { offsets.next().cloned().unwrap_or_default() }
            })
            .collect();
        for (&d, &index_dim) in gather.operand_batching_dims.iter().zip(&gather.start_indices_batching_dims) {
            let position = index_dim as usize - usize::from(index_dim as usize > vector_dim);
            from[d as usize] = batch[position].clone();
        }
        for (k, &d) in gather.start_index_map.iter().enumerate() {
            let mut rest = batch.iter();
            let at: IndexMap = (0..index_rank)
                .map(|dim| match dim == vector_dim {
                    true => Index::constant(k as i64),
                    false => (*rest.next().expect("a batch dimension for every index dimension")).clone(),
                })
                .collect();
            let node = self.expand(indices, &at, guard)?;
            let start = self.start(node, operand_dims[d as usize], gather.slice_sizes[d as usize]);
            let start = match &self.nodes[start].op {
                NodeOp::Constant(value) => Index::constant(value.as_i64()),
                _ => Index::node(start),
            };
            from[d as usize].add_scaled(&start, 1);
        }
        self.expand(operation.operands[0], &from, guard)
    }
}
