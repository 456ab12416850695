//! Decides which operations of a region become one kernel.
//!
//! Operations are taken in program order and get a *level*: the length of the longest chain of units
//! that must run before. An operation joins a cluster of its producers if it can be written in the same
//! loop nest and every other producer is done at a lower level; otherwise it opens a new one. Edges
//! between clusters therefore always lead to a higher level, so the order of units has no cycle,
//! whatever joins. A second sweep, backwards, moves operations whose only consumers are in one later
//! cluster into that cluster.
//!
//! The loop nest of a cluster is a space (the dimensions of its full values, without those of size 1)
//! and the axes that its folds reduce. Members are *full* values or *row* values (results of the folds,
//! and what is computed from them alone).

mod inline;
mod order;
mod place;
mod sink;

use std::collections::{HashMap, HashSet};

use ops::Op;
use smallvec::SmallVec;
use stablehlo::{Function, OpId, RegionId, ValueId};
use tensor::Dims;

use super::classify::{self, Kind};
use super::index::{self, IndexMap};
use crate::Target;

/// Most operations in one kernel: bounds registers, and the depth of expansion.
const MOST_MEMBERS: usize = 256;

/// Most shape ops in a chain that is not held in memory.
const DEEPEST_VIEW: u32 = 48;

/// Most scalar operations that are repeated in each consumer rather than kept in memory.
const CHEAP: u32 = 3;

/// A group of operations that becomes one kernel.
#[derive(Clone, Debug, Default)]
pub struct Cluster {
    /// Dimensions of full values, those of size 1 left out.
    pub space: Dims,
    /// Bit per axis of the space that folds reduce.
    pub reduced: u64,
    /// Operations in program order.
    pub members: Vec<OpId>,
    level: u32,
}

impl Cluster {
    fn all(&self) -> u64 {
        mask_of(self.space.len())
    }

    /// Dimensions of row values.
    pub fn row_space(&self) -> Dims {
        (0..self.space.len()).filter(|a| self.reduced & (1 << a) == 0).map(|a| self.space[a]).collect()
    }

    /// Number of elements folded into one row value.
    pub fn row_len(&self) -> i64 {
        (0..self.space.len()).filter(|a| self.reduced & (1 << a) != 0).map(|a| self.space[a]).product()
    }
}

fn mask_of(axes: usize) -> u64 {
    if axes >= 64 { u64::MAX } else { (1 << axes) - 1 }
}

/// What runs as one step (or a few).
#[derive(Clone, Debug)]
pub enum Unit {
    /// A fused kernel.
    Kernel(Cluster),
    /// One operation that is not fused.
    Single(OpId),
}

/// How a region is divided.
#[derive(Debug, Default)]
pub struct Fusion {
    /// Units in an order that respects their dependencies.
    pub units: Vec<Unit>,
    /// Values of clusters that must be in memory.
    pub materialized: HashSet<ValueId>,
}

/// A value that an operation needs: not a shape op's, nor an inlined one's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Dep {
    value: ValueId,
    /// Which axes of the consumer's space the value's dimensions are; `None` if it is read in another
    /// way.
    mask: Option<u64>,
}

type Deps = SmallVec<[Dep; 4]>;

/// Who uses a value (positions of operations), and which of their axes its dimensions are.
type Users = SmallVec<[(usize, Option<u64>); 4]>;

/// The role of a cluster's member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Full,
    Row,
}

/// What is decided of an operation.
#[derive(Clone, Debug, Default)]
struct Decision {
    deps: Deps,
    inline: bool,
    cost: u32,
    level: u32,
    cluster: Option<usize>,
    role: Option<Role>,
}

struct Fuser<'a> {
    function: &'a Function,
    target: &'a Target,
    ops: &'a [OpId],
    /// Position in `ops` of the operation that computes a value, for values of this region that are not
    /// in memory yet.
    computed: HashMap<ValueId, usize>,
    decisions: Vec<Decision>,
    clusters: Vec<Cluster>,
    /// Cluster that a cluster was merged into.
    merged: Vec<usize>,
    /// Shape ops whose result must be in memory.
    root_views: HashSet<ValueId>,
    /// Values that something outside of kernels reads.
    external: HashSet<ValueId>,
    /// Values that the nested regions of an operation use.
    captured: &'a dyn Fn(OpId) -> Vec<ValueId>,
}

/// Divides a region's operations. `in_memory` tells which values are available without computing;
/// `captured` lists values that nested regions of each operation use.
pub fn fuse<'a>(
    function: &'a Function,
    target: &'a Target,
    region: RegionId,
    in_memory: &dyn Fn(ValueId) -> bool,
    captured: &'a dyn Fn(OpId) -> Vec<ValueId>,
) -> Fusion {
    let ops = &function.region(region).ops[..];
    let mut computed = HashMap::new();
    for (at, &id) in ops.iter().enumerate() {
        for &result in &function.op(id).results {
            if !in_memory(result) {
                computed.insert(result, at);
            }
        }
    }
    let mut fuser = Fuser {
        function,
        target,
        ops,
        computed,
        decisions: vec![Decision::default(); ops.len()],
        clusters: Vec::new(),
        merged: Vec::new(),
        root_views: HashSet::new(),
        external: HashSet::new(),
        captured,
    };
    fuser.find_roots();
    for &value in function.returned(region) {
        fuser.need_in_memory(value);
    }
    fuser.decide_inlining();
    for at in 0..ops.len() {
        fuser.place(at);
    }
    fuser.sink();
    fuser.finish()
}

impl Fuser<'_> {
    fn kind(&self, at: usize) -> Kind {
        classify::kind(self.function, self.function.op(self.ops[at]))
    }

    /// Whether an operation is computed inside of kernels as a member (not a shape op passed through).
    fn is_member(&self, at: usize) -> bool {
        match self.kind(at) {
            Kind::Point | Kind::Leaf | Kind::Fold => true,
            Kind::View => self.root_views.contains(&self.function.op(self.ops[at]).results[0]),
            Kind::Update | Kind::Single | Kind::Nothing => false,
        }
    }

    /// Dimensions of the space that an operation works in: its result's, a fold's operand's. Steps of
    /// their own work in none.
    fn space(&self, at: usize) -> Dims {
        let operation = self.function.op(self.ops[at]);
        let value = match self.kind(at) {
            Kind::Single | Kind::Nothing => return Dims::new(),
            Kind::Fold => operation.operands[0],
            Kind::Update => operation.operands[1],
            Kind::View | Kind::Point | Kind::Leaf => operation.results[0],
        };
        squeezed(&self.function.tensor(value).dims)
    }

    /// Marks what library steps, control flow and the caller need in memory.
    fn find_roots(&mut self) {
        let mut depth: HashMap<ValueId, u32> = HashMap::new();
        for at in 0..self.ops.len() {
            let operation = self.function.op(self.ops[at]);
            match self.kind(at) {
                Kind::View => {
                    let below = operation.operands.iter().filter_map(|v| depth.get(v)).max().copied();
                    let mine = below.unwrap_or(0) + 1;
                    if mine >= DEEPEST_VIEW {
                        self.root_views.insert(operation.results[0]);
                    } else {
                        depth.insert(operation.results[0], mine);
                    }
                }
                Kind::Point | Kind::Leaf | Kind::Fold | Kind::Nothing => {}
                Kind::Update => self.need_in_memory(operation.operands[0]),
                Kind::Single => {
                    for &operand in &operation.operands {
                        match &operation.op {
                            Op::DotGeneral(_) | Op::Convolution(_) => self.need_strided(operand),
                            _ => self.need_in_memory(operand),
                        }
                    }
                    for value in (self.captured)(self.ops[at]) {
                        self.need_in_memory(value);
                    }
                }
            }
        }
    }

    /// The value whose memory holds `value` row-major (itself, or through reshapes).
    fn need_in_memory(&mut self, value: ValueId) {
        let base = self.reshaped_base(value);
        self.mark_needed(base);
    }

    fn need_strided(&mut self, value: ValueId) {
        let base = match strided_base(self.function, value, |v| self.view_of(v)) {
            Some((base, _)) => base,
            None => value,
        };
        self.mark_needed(base);
    }

    fn mark_needed(&mut self, base: ValueId) {
        if let Some(&at) = self.computed.get(&base) {
            if self.kind(at) == Kind::View {
                self.root_views.insert(base);
            }
            self.external.insert(base);
        }
    }

    /// The shape op that computes a value, unless the value is in memory or will be.
    fn view_of(&self, value: ValueId) -> Option<OpId> {
        let &at = self.computed.get(&value)?;
        (self.kind(at) == Kind::View && !self.root_views.contains(&value)).then(|| self.ops[at])
    }

    fn reshaped_base(&self, mut value: ValueId) -> ValueId {
        while let Some(id) = self.view_of(value) {
            let operation = self.function.op(id);
            if operation.op != Op::Reshape {
                break;
            }
            value = operation.operands[0];
        }
        value
    }

    /// Follows shape ops from a value read at `map` (over `axes`; `None` for a map that is not axes) to
    /// the values below.
    fn trace(&self, value: ValueId, map: Option<&IndexMap>, axes: &[i64], out: &mut Deps) {
        let function = self.function;
        let Some(&at) = self.computed.get(&value) else { return self.add_dep(value, map, axes, out) };
        if self.kind(at) == Kind::Nothing {
            return;
        }
        let Some(view) = self.view_of(value) else { return self.add_dep(value, map, axes, out) };
        self.trace_view(view, map, axes, out, function);
    }

    fn trace_view(
        &self,
        view: OpId,
        map: Option<&IndexMap>,
        axes: &[i64],
        out: &mut Deps,
        function: &Function,
    ) {
        let operation = function.op(view);
        let to = &function.tensor(operation.results[0]).dims;
        match (&operation.operands[..], map) {
            ([operand], Some(map)) => {
                let from = &function.tensor(*operand).dims;
                let below = index::through(&operation.op, map, to, from, axes);
                self.trace(*operand, below.as_ref(), axes, out);
            }
            (operands, _) => {
                for &operand in operands {
                    let scalar = (function.tensor(operand).rank() == 0).then(IndexMap::new);
                    self.trace(operand, scalar.as_ref(), axes, out);
                }
            }
        }
    }

    fn add_dep(&self, value: ValueId, map: Option<&IndexMap>, axes: &[i64], out: &mut Deps) {
        let dims = &self.function.tensor(value).dims;
        let mask = map.and_then(|map| index::axis_mask(map, dims, axes));
        if let Some(&at) = self.computed.get(&value) {
            let decision = &self.decisions[at];
            if decision.inline {
                for dep in &decision.deps {
                    let mask = mask.and_then(|outer| Some(spread(dep.mask?, outer)));
                    push_dep(out, Dep { value: dep.value, mask });
                }
                return;
            }
        }
        push_dep(out, Dep { value, mask });
    }

    /// What an operation needs, seen through shape ops and through inlined operations so far.
    fn deps(&self, at: usize) -> Deps {
        let operation = self.function.op(self.ops[at]);
        let axes = self.space(at);
        let aligned = |value: ValueId| {
            let dims = &self.function.tensor(value).dims;
            (squeezed(dims) == axes).then(|| index::aligned(dims, &(0..axes.len()).collect::<Vec<_>>()))
        };
        let mut out = Deps::new();
        match self.kind(at) {
            Kind::Nothing => {}
            Kind::View => {
                let map = aligned(operation.results[0]);
                self.trace_view(self.ops[at], map.as_ref(), &axes, &mut out, self.function);
            }
            Kind::Point | Kind::Fold => {
                for &operand in &operation.operands {
                    let scalar = self.function.tensor(operand).rank() == 0;
                    let map = if scalar { Some(IndexMap::new()) } else { aligned(operand) };
                    self.trace(operand, map.as_ref(), &axes, &mut out);
                }
            }
            Kind::Leaf => {
                for &operand in &operation.operands {
                    let scalar = (self.function.tensor(operand).rank() == 0).then(IndexMap::new);
                    self.trace(operand, scalar.as_ref(), &axes, &mut out);
                }
            }
            Kind::Update => {
                push_dep(&mut out, Dep { value: self.reshaped_base(operation.operands[0]), mask: None });
                let map = aligned(operation.operands[1]);
                self.trace(operation.operands[1], map.as_ref(), &axes, &mut out);
                for &start in &operation.operands[2..] {
                    self.trace(start, Some(&IndexMap::new()), &axes, &mut out);
                }
            }
            Kind::Single => {
                for &operand in &operation.operands {
                    let base = match &operation.op {
                        Op::DotGeneral(_) | Op::Convolution(_) => {
                            strided_base(self.function, operand, |v| self.view_of(v))
                                .map_or(operand, |(b, _)| b)
                        }
                        _ => self.reshaped_base(operand),
                    };
                    push_dep(&mut out, Dep { value: base, mask: None });
                }
                for value in (self.captured)(self.ops[at]) {
                    push_dep(&mut out, Dep { value: self.reshaped_base(value), mask: None });
                }
            }
        }
        out
    }

    fn find(&self, mut cluster: usize) -> usize {
        while self.merged[cluster] != cluster {
            cluster = self.merged[cluster];
        }
        cluster
    }

    fn cluster_of(&self, value: ValueId) -> Option<usize> {
        let &at = self.computed.get(&value)?;
        self.decisions[at].cluster.map(|c| self.find(c))
    }

    /// The level at which a value can be read from memory.
    fn ready(&self, value: ValueId) -> u32 {
        match self.computed.get(&value) {
            Some(&at) => self.level(at) + 1,
            None => 0,
        }
    }

    fn level(&self, at: usize) -> u32 {
        match self.decisions[at].cluster {
            Some(cluster) => self.clusters[self.find(cluster)].level,
            None => self.decisions[at].level,
        }
    }
}

/// Dimensions without those of size 1.
pub fn squeezed(dims: &[i64]) -> Dims {
    dims.iter().copied().filter(|&size| size != 1).collect()
}

fn push_dep(out: &mut Deps, dep: Dep) {
    if !out.contains(&dep) {
        out.push(dep);
    }
}

/// A mask over the axes that `outer` selects, as a mask over all axes.
fn spread(inner: u64, outer: u64) -> u64 {
    let mut out = 0;
    let mut rest = outer;
    let mut bit = 0;
    while rest != 0 {
        let axis = rest.trailing_zeros();
        if inner & (1 << bit) != 0 {
            out |= 1 << axis;
        }
        bit += 1;
        rest &= rest - 1;
    }
    out
}

/// The value below a chain of shape ops and the position in its memory as an expression over the
/// dimensions of `value`, if that is a plain stride along each dimension.
pub fn strided_base(
    function: &Function,
    value: ValueId,
    view_of: impl Fn(ValueId) -> Option<OpId>,
) -> Option<(ValueId, plan::Expr)> {
    let axes = &function.tensor(value).dims;
    let mut map: IndexMap = (0..axes.len()).map(|axis| plan::Expr::axis(axis).into()).collect();
    let mut base = value;
    while let Some(view) = view_of(base) {
        let operation = function.op(view);
        let [operand] = operation.operands[..] else { return None };
        let (to, from) = (&function.tensor(base).dims, &function.tensor(operand).dims);
        map = index::through(&operation.op, &map, to, from, axes)?;
        base = operand;
    }
    let at = index::linear(&map, &function.tensor(base).dims).expr;
    let strided = at.offset == 0 && at.terms.iter().all(|term| term.is_plain());
    strided.then_some((base, at))
}
