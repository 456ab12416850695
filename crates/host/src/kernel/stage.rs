//! Compiles one stage of a kernel.

use plan::{Access, EngineError, Kernel, NodeId, NodeOp, Stage, Store};
use smallvec::SmallVec;
use tensor::{DType, Dims, Scalar};

use super::fold;
use super::lower::{Bump, Layout, Lowering, Table};
use super::operation::Operations;
use super::program::{Entry, Home, Instr, Mode, Panel, StageProgram, Transfer};
use super::walk::{Shape, Walk};

/// A value of a stage: where it is and how it varies.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Value {
    /// Its block, or single element.
    pub entry: Entry,
    /// One element for all lanes.
    pub one: bool,
    /// Computed once an inner index, or block of them.
    pub in_body: bool,
    /// Element type.
    pub dtype: DType,
}

/// Compiles one stage.
pub(crate) struct StageBuilder<'a> {
    kernel: &'a Kernel,
    stage: &'a Stage,
    layout: &'a Layout,
    lowering: &'a Lowering<'a>,
    pub(crate) table: &'a mut Table,
    pub(crate) memory: &'a mut Bump,
    pub(crate) mode: Mode,
    sizes: Dims,
    /// For each node the set of axes that it varies over, as bits.
    varies: Vec<u64>,
    /// Times each node is used by others that count.
    uses: Vec<u32>,
    values: Vec<Option<Value>>,
    setup: Vec<Instr>,
    body: Vec<Instr>,
    panels: Vec<Panel>,
    /// Packed, across: values of rows, and where they are repeated for each inner index.
    expanded: Vec<(Entry, Entry)>,
}

impl<'a> StageBuilder<'a> {
    /// A builder for the stage at a position.
    pub(crate) fn new(
        kernel: &'a Kernel,
        position: usize,
        layout: &'a Layout,
        lowering: &'a Lowering<'a>,
        table: &'a mut Table,
        memory: &'a mut Bump,
    ) -> Self {
        let stage = &kernel.stages[position];
        let mode = layout.modes[position];
        let sizes = match mode {
            Mode::Across => stage.inner.iter().chain(&kernel.parallel).copied().collect(),
            _ => kernel.axes(stage),
        };
        StageBuilder {
            kernel,
            stage,
            layout,
            lowering,
            table,
            memory,
            mode,
            varies: vec![0; stage.nodes.len()],
            uses: count_uses(stage),
            values: vec![None; stage.nodes.len()],
            setup: Vec::new(),
            body: Vec::new(),
            panels: Vec::new(),
            expanded: Vec::new(),
            sizes,
        }
    }

    /// The program of the stage, whose reductions make the row values from `first_row_value` on.
    ///
    /// # Errors
    /// See [`lower`](super::lower::lower).
    pub(crate) fn build(mut self, first_row_value: usize) -> Result<StageProgram, EngineError> {
        if self.sizes.len() > 64 {
            return Err(self.lowering.error("a kernel of more than 64 axes"));
        }
        for position in 0..self.stage.nodes.len() {
            self.varies[position] = self.axes_of(position);
        }
        for position in 0..self.stage.nodes.len() {
            if self.uses[position] > 0 {
                let value = self.node(position)?;
                self.values[position] = Some(value);
            }
        }
        let mut folds = Vec::new();
        let mut row_value = first_row_value;
        for reduction in &self.stage.reductions {
            let results = self.layout.row_values[row_value..row_value + reduction.initial.len()].to_vec();
            row_value += reduction.initial.len();
            folds.push(fold::build(&mut self, reduction, &results)?);
        }
        let elements: Vec<Entry> = folds.iter().flat_map(|fold| fold.elements.iter().copied()).collect();
        let mut redirected = elements;
        for &(array, value) in &self.stage.scratch {
            self.scratch_write(array, value, &mut redirected);
        }
        self.keep_overwritten();
        for store in &self.stage.stores {
            self.store(store, &mut redirected)?;
        }
        Ok(StageProgram {
            mode: self.mode,
            inner: self.stage.inner.clone(),
            inner_len: self.stage.inner.iter().product::<i64>() as usize,
            setup: self.setup,
            body: self.body,
            folds,
            panels: self.panels,
        })
    }

    /// First lane axis and number of lane axes of values in the body, or in the setup.
    fn lanes(&self, in_body: bool) -> (usize, usize) {
        let (rank, outer) = (self.kernel.parallel.len(), self.layout.outer_axes);
        match self.mode {
            Mode::Columns => (outer, rank - outer),
            Mode::Rows => (rank, self.stage.inner.len()),
            Mode::Packed | Mode::Across if in_body => (0, self.sizes.len()),
            Mode::Packed => (0, rank),
            Mode::Across => (self.stage.inner.len(), rank),
        }
    }

    fn lane_mask(&self, in_body: bool) -> u64 {
        let (first, count) = self.lanes(in_body);
        mask(first + count) & !mask(first)
    }

    fn inner_mask(&self) -> u64 {
        match self.mode {
            Mode::Across => mask(self.stage.inner.len()),
            _ => mask(self.sizes.len()) & !mask(self.kernel.parallel.len()),
        }
    }

    /// Largest number of lanes of a block.
    pub(crate) fn max_lanes(&self) -> usize {
        self.layout.group.max(self.layout.block)
    }

    /// Largest number of rows of a group.
    pub(crate) fn group(&self) -> usize {
        self.layout.group
    }

    /// Number of inner indices.
    pub(crate) fn inner_len(&self) -> i64 {
        self.stage.inner.iter().product()
    }

    /// The error of a kernel that breaks the rules.
    pub(crate) fn error(&self, reason: impl Into<String>) -> EngineError {
        self.lowering.error(reason)
    }

    /// The compiled value of a node that is used, as operand of an instruction of the body or the setup.
    pub(crate) fn operand(&mut self, id: NodeId, in_body: bool) -> Value {
        let value = self.value(id);
        if !matches!(self.mode, Mode::Packed | Mode::Across) || !in_body || value.in_body || value.one {
            return value;
        }
        let known = self.expanded.iter().find(|(row, _)| *row == value.entry).map(|&(_, entry)| entry);
        let entry = known.unwrap_or_else(|| {
            let to = self.register(value.dtype, false);
            let (size, from) = (value.dtype.size(), value.entry);
            match self.mode {
                Mode::Across => {
                    let (lanes, times) = (self.group(), self.layout.block / self.group());
                    self.setup.push(Instr::Repeat { size, lanes, times, from, to });
                }
                _ => self.body.push(Instr::Expand { size, times: self.inner_len() as usize, from, to }),
            }
            self.expanded.push((value.entry, to));
            to
        });
        Value { entry, in_body: true, ..value }
    }

    /// The compiled value of a node that is used.
    pub(crate) fn value(&self, id: NodeId) -> Value {
        self.values[id.index()].expect("operands are compiled before their users")
    }

    fn axes_of(&self, position: usize) -> u64 {
        let op = &self.stage.nodes[position].op;
        let mut axes = match op {
            NodeOp::Index(expr) => expr_axes(expr),
            NodeOp::Load { access, .. } => access_axes(access),
            NodeOp::Row(_) => mask(self.sizes.len()) & !self.inner_mask(),
            NodeOp::Scratch(_) => mask(self.sizes.len()),
            _ => 0,
        };
        op.visit_operands(|id| axes |= self.varies[id.index()]);
        axes
    }

    /// Whether a value that varies over these axes is one for all lanes, and whether it belongs to the body.
    fn kind(&self, axes: u64) -> (bool, bool) {
        let by_inner = axes & self.inner_mask() != 0;
        let one = axes & self.lane_mask(by_inner) == 0;
        (one, if self.stage.inner.is_empty() { !one } else { by_inner })
    }

    /// A new register.
    pub(crate) fn register(&mut self, dtype: DType, one: bool) -> Entry {
        self.table.entry(Home::Unplaced { size: dtype.size(), one })
    }

    /// Adds an instruction to the body, or to the setup.
    pub(crate) fn emit(&mut self, in_body: bool, instr: Instr) {
        if in_body { self.body.push(instr) } else { self.setup.push(instr) }
    }

    fn node(&mut self, position: usize) -> Result<Value, EngineError> {
        let stage = self.stage;
        let node = &stage.nodes[position];
        let dtype = node.dtype;
        let (one, in_body) = self.kind(self.varies[position]);
        let (first, count) = self.lanes(in_body);
        let value = |entry| Value { entry, one, in_body, dtype };
        Ok(match &node.op {
            NodeOp::Constant(constant) => value(self.table.constant(*constant)),
            NodeOp::Index(expr) => {
                let walk = Box::new(Walk::new(expr, &self.sizes, first, count));
                let out = self.register(dtype, one);
                self.emit(in_body, Instr::Index { walk, dtype, out, one });
                value(out)
            }
            NodeOp::Row(row) => {
                let (offset, dtype) = self.layout.row_values[*row];
                match self.mode {
                    Mode::Columns | Mode::Packed | Mode::Across => {
                        value(self.table.entry(Home::Shared(offset)))
                    }
                    Mode::Rows => {
                        let out = self.table.entry(Home::Moving);
                        self.emit(in_body, Instr::Local { offset, size: dtype.size(), row_value: true, out });
                        value(out)
                    }
                }
            }
            NodeOp::Scratch(array) => {
                let (offset, dtype) = self.layout.scratch[*array];
                let out = self.table.entry(Home::Moving);
                self.emit(in_body, Instr::Local { offset, size: dtype.size(), row_value: false, out });
                value(out)
            }
            NodeOp::Load { input, access, fill } => self.load(position, *input, access, *fill)?,
            NodeOp::Argument(_) => return Err(self.error("an argument outside a combiner")),
            operation => {
                let mut operands: SmallVec<[Value; 3]> = SmallVec::new();
                operation.visit_operands(|id| operands.push(self.operand(id, in_body)));
                if let Some(entry) = self.fused(position) {
                    return Ok(value(entry));
                }
                value(self.operation(operation, dtype, &operands, one, in_body)?)
            }
        })
    }

    /// Emits a scalar operation and returns its result.
    pub(crate) fn operation(
        &mut self,
        op: &NodeOp,
        dtype: DType,
        operands: &[Value],
        one: bool,
        in_body: bool,
    ) -> Result<Entry, EngineError> {
        let mut list = Vec::new();
        let result = Operations { table: self.table, list: &mut list }.emit(op, dtype, operands, one);
        for instr in list {
            self.emit(in_body, instr);
        }
        result.map_err(|reason| self.error(reason))
    }

    /// One instruction for an operation and one of its operands that nothing else uses.
    fn fused(&mut self, position: usize) -> Option<Entry> {
        let (one, in_body) = self.kind(self.varies[position]);
        let stage = self.stage;
        let node = &stage.nodes[position];
        let NodeOp::Binary(op, a, b) = node.op else { return None };
        for (product, addend) in [(a, b), (b, a)] {
            let NodeOp::Binary(inner, x, y) = stage.nodes[product.index()].op else { continue };
            if self.uses[product.index()] != 1 || a == b {
                continue;
            }
            let (x, y, z) =
                (self.operand(x, in_body), self.operand(y, in_body), self.operand(addend, in_body));
            // Values are written once, so the operand's own instruction can be dropped and done here.
            let made = self.value(product);
            let list = if in_body { &self.body } else { &self.setup };
            let own = list.iter().rposition(|instr| {
                matches!(instr, Instr::Binary { .. }) && instr.written() == Some(made.entry)
            });
            let Some(own) = own else { continue };
            let mut fresh = Vec::new();
            let mut operations = Operations { table: self.table, list: &mut fresh };
            let Some(entry) = operations.fuse((op, inner), node.dtype, [x, y, z], one) else { continue };
            let list = if in_body { &mut self.body } else { &mut self.setup };
            list.remove(own);
            list.extend(fresh);
            return Some(entry);
        }
        None
    }

    fn load(
        &mut self,
        position: usize,
        input: usize,
        access: &Access,
        fill: Option<NodeId>,
    ) -> Result<Value, EngineError> {
        let dtype = self.stage.nodes[position].dtype;
        let (one, in_body) = self.kind(self.varies[position]);
        let (first, count) = self.lanes(in_body);
        let walk = Walk::access(access, self.computed_axes(access), &self.sizes, first, count);
        let value = |entry| Value { entry, one, in_body, dtype };
        let array = self.lowering.arrays[input];
        if access.is_affine() {
            self.check_range(&access.expr, array.len)?;
            if one || walk.shape() == Shape::Linear(1) {
                let out = self.table.entry(Home::Moving);
                let walk = Box::new(walk);
                self.emit(in_body, Instr::Point { array: input, size: dtype.size(), walk, out });
                return Ok(value(out));
            }
            if let Some(tile) = self.layout.tile
                && is_turned(access, &walk, self.layout.outer_axes)
            {
                let size = dtype.size();
                let pitch = self.layout.group * size;
                let memory = self.memory.take(tile.depth * pitch);
                self.panels.push(Panel { array: input, size, walk, memory });
                let out = self.table.entry(Home::Moving);
                self.emit(in_body, Instr::Panel { memory, pitch, out });
                return Ok(value(out));
            }
        }
        let fill = match fill {
            Some(fill) => {
                let fill = self.operand(fill, in_body);
                (fill.entry, fill.one)
            }
            None => (self.table.constant(Scalar::zero(dtype)), true),
        };
        let mut transfer = self.transfer(input, access, walk, fill, one, in_body)?;
        transfer.out = self.register(dtype, one);
        let out = transfer.out;
        self.emit(in_body, Instr::Load(Box::new(transfer)));
        Ok(value(out))
    }

    /// Axes that the computed parts of an access vary over.
    fn computed_axes(&self, access: &Access) -> u64 {
        let mut axes = 0;
        access.visit_operands(|id| axes |= self.varies[id.index()]);
        axes
    }

    /// An affine access must stay in its array.
    fn check_range(&self, expr: &plan::Expr, len: i64) -> Result<(), EngineError> {
        let (low, high) = expr.range(&self.sizes);
        if low < 0 || high >= len {
            return Err(self.error(format!("access [{expr}] leaves an array of {len} elements")));
        }
        Ok(())
    }

    /// The parts that loads and stores share; the output register is not set.
    fn transfer(
        &mut self,
        array: usize,
        access: &Access,
        walk: Walk,
        value: (Entry, bool),
        one: bool,
        in_body: bool,
    ) -> Result<Transfer, EngineError> {
        let ty = self.lowering.arrays[array];
        let mut dynamic = SmallVec::new();
        for &(id, stride) in &access.dynamic {
            let index = self.operand(id, in_body);
            if !index.dtype.is_integer() {
                return Err(self.error("a computed index that is no integer"));
            }
            let wide =
                self.operation(&NodeOp::Convert(id), DType::I64, &[index], index.one, index.in_body)?;
            dynamic.push((wide, stride, index.one));
        }
        let predicate = access.predicate.map(|id| self.operand(id, in_body));
        let predicate = predicate.map(|value| (value.entry, value.one));
        let (low, high) = access.expr.range(&self.sizes);
        Ok(Transfer {
            array,
            len: ty.len,
            size: ty.dtype.size(),
            walk,
            proved: access.dynamic.is_empty() && low >= 0 && high < ty.len,
            dynamic,
            predicate,
            value,
            out: value.0,
            one,
        })
    }

    /// Writes a value to a row-local array, directly from the instruction that makes it where possible.
    fn scratch_write(&mut self, array: usize, id: NodeId, redirected: &mut Vec<Entry>) {
        let (offset, dtype) = self.layout.scratch[array];
        let size = dtype.size();
        let value = self.operand(id, true);
        let instr = |out| Instr::Local { offset, size, row_value: false, out };
        if self.redirect(value, &|_| false, redirected) {
            self.body.insert(0, instr(value.entry));
        } else {
            let to = self.table.entry(Home::Moving);
            self.body.push(instr(to));
            self.copy(value, to);
        }
    }

    fn copy(&mut self, value: Value, to: Entry) {
        let size = value.dtype.size();
        self.body.push(if value.one {
            Instr::Splat { size, from: value.entry, to }
        } else {
            Instr::Copy { size, from: value.entry, to, one: false }
        });
    }

    /// Copies elements that are stored as they were read, where another store may overwrite them before.
    fn keep_overwritten(&mut self) {
        let stage = self.stage;
        for store in &stage.stores {
            let NodeOp::Load { input, .. } = stage.nodes[store.value.index()].op else { continue };
            let aliases = |other: &Store| (self.lowering.may_alias)(input, other.output);
            if stage.stores.iter().any(|other| other.output != store.output && aliases(other)) {
                let value = self.operand(store.value, true);
                let to = self.register(value.dtype, false);
                self.copy(value, to);
                self.values[store.value.index()] =
                    Some(Value { entry: to, one: false, in_body: true, ..value });
            }
        }
    }

    fn store(&mut self, store: &Store, redirected: &mut Vec<Entry>) -> Result<(), EngineError> {
        let array = self.lowering.inputs + store.output;
        let value = self.operand(store.value, true);
        let (first, count) = self.lanes(true);
        let computed = self.computed_axes(&store.access);
        let walk = Walk::access(&store.access, computed, &self.sizes, first, count);
        let lowering = self.lowering;
        if store.access.is_affine() {
            self.check_range(&store.access.expr, lowering.arrays[array].len)?;
            let single = self.sizes[first..first + count].iter().product::<i64>() == 1;
            if walk.shape() == Shape::Linear(1) || single {
                let point =
                    |out| Instr::Point { array, size: value.dtype.size(), walk: Box::new(walk.clone()), out };
                let aliases = |input: usize| (lowering.may_alias)(input, store.output);
                if self.redirect(value, &aliases, redirected) {
                    self.body.insert(0, point(value.entry));
                } else {
                    let to = self.table.entry(Home::Moving);
                    self.body.push(point(to));
                    self.copy(value, to);
                }
                return Ok(());
            }
        }
        let transfer = self.transfer(array, &store.access, walk, (value.entry, value.one), false, true)?;
        self.body.push(Instr::Store(Box::new(transfer)));
        Ok(())
    }

    /// Makes the instruction that computes a value write to where the value's entry is pointed at, rather
    /// than to a register. Not possible if a later instruction reads an input that may be overwritten
    /// thereby.
    fn redirect(
        &mut self,
        value: Value,
        aliases: &dyn Fn(usize) -> bool,
        redirected: &mut Vec<Entry>,
    ) -> bool {
        let is_register =
            matches!(self.table.entries[value.entry.index()], Home::Unplaced { one: false, .. });
        let maker = self.body.iter().position(|instr| instr.written() == Some(value.entry));
        let Some(maker) = maker.filter(|_| is_register && !redirected.contains(&value.entry)) else {
            return false;
        };
        let mut exposed: Vec<Entry> = Vec::new();
        for instr in self.setup.iter().chain(&self.body) {
            if let Instr::Point { array, out, .. } = instr
                && *array < self.lowering.inputs
                && aliases(*array)
            {
                exposed.push(*out);
            }
        }
        let overwritten = self.body[maker + 1..].iter().any(|instr| {
            let mut reads = matches!(instr, Instr::Load(load) if aliases(load.array));
            instr.visit_reads(|entry| reads |= exposed.contains(&entry));
            reads
        });
        if overwritten {
            return false;
        }
        // The maker itself may read what it overwrites only lane by lane: loads fill in runs, and operands of
        // another element size lie elsewhere.
        let whole = matches!(&self.body[maker], Instr::Load(load) if aliases(load.array));
        if whole {
            return false;
        }
        self.table.entries[value.entry.index()] = Home::Moving;
        redirected.push(value.entry);
        true
    }
}

/// Whether an access reads rows that lie along the last looped axis, across the lanes.
pub(crate) fn is_turned(access: &Access, walk: &Walk, outer_axes: usize) -> bool {
    let across = matches!(walk.shape(), Shape::Linear(stride) if stride != 1);
    let mut along = access.expr.terms.iter().filter(|term| term.axis + 1 == outer_axes);
    across
        && matches!((along.next(), along.next()), (Some(term), None) if term.is_plain() && term.stride == 1)
}

fn mask(count: usize) -> u64 {
    if count >= 64 { u64::MAX } else { (1 << count) - 1 }
}

fn expr_axes(expr: &plan::Expr) -> u64 {
    expr.terms.iter().fold(0, |axes, term| axes | 1 << term.axis)
}

fn access_axes(access: &Access) -> u64 {
    access.bounds.iter().fold(expr_axes(&access.expr), |axes, bound| axes | expr_axes(&bound.expr))
}

/// Times each node is used by stores, reductions, row-local arrays, or nodes that are used.
fn count_uses(stage: &Stage) -> Vec<u32> {
    let mut uses = vec![0; stage.nodes.len()];
    let mut add = |id: NodeId| uses[id.index()] += 1;
    for store in &stage.stores {
        add(store.value);
        store.access.visit_operands(&mut add);
    }
    for reduction in &stage.reductions {
        reduction.inputs.iter().chain(&reduction.initial).copied().for_each(&mut add);
    }
    stage.scratch.iter().for_each(|&(_, value)| add(value));
    for position in (0..stage.nodes.len()).rev() {
        if uses[position] > 0 {
            stage.nodes[position].op.visit_operands(|id| uses[id.index()] += 1);
        }
    }
    uses
}
