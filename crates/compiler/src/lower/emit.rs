//! Writes a cluster as a kernel.
//!
//! Folds divide the work of a row into stages: what depends on a folded value comes in a later stage.
//! A full value that a later stage needs again is recomputed if that is cheap, else kept in a row-local
//! array.

use std::collections::{HashMap, HashSet};

use ops::Op;
use plan::{Access, Graph, Kernel, Reduction, SlotId, Stage, Store};
use smallvec::SmallVec;
use stablehlo::{Function, Operation, RegionId, ValueId};
use tensor::Dims;

use super::classify;
use super::combiner::combiner;
use super::expand::{Held, Inputs, Source, StageBuilder, Values};
use super::fuse::{Cluster, squeezed};
use super::index::{self, Index, IndexMap};
use crate::Error;

/// Scalar operations per element beyond which a value is kept rather than computed again in a later stage.
const RECOMPUTE_LIMIT: u32 = 6;

/// A kernel and the arrays it is bound to.
pub struct Emitted {
    /// The loop nest.
    pub kernel: Kernel,
    /// Slots of its inputs.
    pub reads: Vec<SlotId>,
    /// Values of its outputs.
    pub outputs: Vec<ValueId>,
}

/// Writes a cluster as a kernel that computes the values of `materialized` among its members.
pub fn cluster<V: Values>(
    values: &V,
    cluster: &Cluster,
    materialized: &HashSet<ValueId>,
) -> Result<Emitted, Error> {
    let mut emitter = Emitter::new(values, cluster, materialized);
    emitter.find_depths();
    emitter.choose_scratch();
    emitter.emit()
}

struct Emitter<'a, V> {
    values: &'a V,
    function: &'a Function,
    cluster: &'a Cluster,
    members: Vec<&'a Operation>,
    /// Position among the members of the operation that computes a value.
    member_of: HashMap<ValueId, usize>,
    /// For each member, the members it needs.
    needs: Vec<Vec<usize>>,
    /// Number of folds that must be complete before.
    depth: Vec<usize>,
    materialized: &'a HashSet<ValueId>,
    /// Row-local array of a member, if it has one.
    scratch: HashMap<usize, usize>,
}

impl<'a, V: Values> Emitter<'a, V> {
    fn new(values: &'a V, cluster: &'a Cluster, materialized: &'a HashSet<ValueId>) -> Self {
        let function = values.function();
        let members: Vec<_> = cluster.members.iter().map(|&id| function.op(id)).collect();
        let mut member_of = HashMap::new();
        for (at, operation) in members.iter().enumerate() {
            member_of.extend(operation.results.iter().map(|&value| (value, at)));
        }
        Emitter {
            values,
            function,
            cluster,
            members,
            member_of,
            needs: Vec::new(),
            depth: Vec::new(),
            materialized,
            scratch: HashMap::new(),
        }
    }

    fn is_fold(&self, member: usize) -> bool {
        matches!(self.members[member].op, Op::Reduce(_))
    }

    fn is_full(&self, member: usize) -> bool {
        let dims = &self.function.tensor(self.members[member].results[0]).dims;
        !self.is_fold(member) && squeezed(dims) == self.cluster.space
    }

    /// Members come in program order, so what one needs is known before it.
    fn find_depths(&mut self) {
        for at in 0..self.members.len() {
            let mut found = Vec::new();
            let mut seen = HashSet::new();
            for &operand in &self.members[at].operands {
                self.find_members(operand, &mut seen, &mut found);
            }
            let depth = found.iter().map(|&m| self.depth[m] + usize::from(self.is_fold(m))).max();
            self.depth.push(depth.unwrap_or(0));
            self.needs.push(found);
        }
    }

    fn find_members(&self, value: ValueId, seen: &mut HashSet<ValueId>, found: &mut Vec<usize>) {
        if !seen.insert(value) {
            return;
        }
        if let Some(&member) = self.member_of.get(&value) {
            if !found.contains(&member) {
                found.push(member);
            }
        } else if self.values.source(value) == Source::Computed {
            for &operand in &self.values.definition(value).operands {
                self.find_members(operand, seen, found);
            }
        }
    }

    /// Gives row-local arrays to full values that a later stage would have to compute again at a cost.
    fn choose_scratch(&mut self) {
        if self.cluster.reduced == 0 {
            return;
        }
        let mut cost: Vec<u32> = Vec::new();
        for at in 0..self.members.len() {
            let below: u32 = self.needs[at].iter().filter(|&&m| self.is_full(m)).map(|&m| cost[m]).sum();
            let own = classify::cost(self.function, self.members[at]);
            cost.push(below.saturating_add(own).min(1 << 16));
        }
        let mut wanted = HashSet::new();
        let mut seen = HashSet::new();
        for at in 0..self.members.len() {
            let root =
                self.is_fold(at) || self.members[at].results.iter().any(|v| self.materialized.contains(v));
            if root {
                self.want(at, self.depth[at], &cost, &mut wanted, &mut seen);
            }
        }
        let mut wanted: Vec<_> = wanted.into_iter().collect();
        wanted.sort_unstable();
        self.scratch = wanted.into_iter().enumerate().map(|(array, member)| (member, array)).collect();
    }

    /// `seen` holds the members visited for each stage: expressions share operands, so that the ways through
    /// them can be many more than the members.
    fn want(
        &self,
        at: usize,
        stage: usize,
        cost: &[u32],
        wanted: &mut HashSet<usize>,
        seen: &mut HashSet<(usize, usize)>,
    ) {
        for &need in &self.needs[at] {
            if !self.is_full(need) || wanted.contains(&need) || !seen.insert((need, stage)) {
                continue;
            }
            if self.depth[need] < stage && cost[need] > RECOMPUTE_LIMIT {
                wanted.insert(need);
            } else {
                self.want(need, stage, cost, wanted, seen);
            }
        }
    }

    fn emit(self) -> Result<Emitted, Error> {
        let cluster = self.cluster;
        let reduced = |axis: &usize| cluster.reduced & (1 << axis) != 0;
        let axes: Vec<usize> = (0..cluster.space.len()).collect();
        let (inner, parallel): (Vec<usize>, Vec<usize>) = axes.iter().partition(|axis| reduced(axis));
        let mut axis_of = vec![0; axes.len()];
        for (to, &from) in parallel.iter().chain(&inner).enumerate() {
            axis_of[from] = to;
        }
        let sizes = |list: &[usize]| list.iter().map(|&a| cluster.space[a]).collect::<Dims>();
        let (parallel, inner) = (sizes(&parallel), sizes(&inner));
        let all: Dims = parallel.iter().chain(&inner).copied().collect();
        let row_axes: Vec<usize> = (0..parallel.len()).collect();

        let mut inputs = Inputs::default();
        let mut held: HashMap<ValueId, Held> = HashMap::new();
        let mut stages = Vec::new();
        let mut outputs = Vec::new();
        let mut rows = 0;
        let last = self.depth.iter().copied().max().unwrap_or(0) + 1;
        for depth in 0..=last {
            let here: Vec<usize> = (0..self.members.len()).filter(|&m| self.depth[m] == depth).collect();
            let mut row_stores = Vec::new();
            let mut full_stores = Vec::new();
            for member in 0..self.members.len() {
                let complete = self.depth[member] + usize::from(self.is_fold(member));
                if complete != depth {
                    continue;
                }
                for &value in self.members[member].results.iter().filter(|v| self.materialized.contains(v)) {
                    if self.is_full(member) { &mut full_stores } else { &mut row_stores }.push(value);
                }
            }
            if !row_stores.is_empty() {
                let mut builder = StageBuilder::new(self.values, &mut inputs, &held, parallel.clone());
                let mut stores = Vec::new();
                for value in row_stores {
                    let map = index::aligned(&self.function.tensor(value).dims, &row_axes);
                    stores.push(self.store(&mut builder, value, &map, &mut outputs)?);
                }
                stages.push(Stage { nodes: builder.finish(), stores, ..Stage::default() });
            }
            let folds: Vec<usize> = here.iter().copied().filter(|&m| self.is_fold(m)).collect();
            let kept: Vec<usize> = here.iter().copied().filter(|m| self.scratch.contains_key(m)).collect();
            if full_stores.is_empty() && folds.is_empty() && kept.is_empty() {
                continue;
            }
            let mut builder = StageBuilder::new(self.values, &mut inputs, &held, all.clone());
            let mut stage = Stage { inner: inner.clone(), ..Stage::default() };
            for &member in &kept {
                let value = self.members[member].results[0];
                let map = index::aligned(&self.function.tensor(value).dims, &axis_of);
                stage.scratch.push((self.scratch[&member], builder.value(value, &map)?));
            }
            for &fold in &folds {
                stage.reductions.push(self.reduction(&mut builder, fold, &axis_of)?);
            }
            for value in full_stores {
                let map = index::aligned(&self.function.tensor(value).dims, &axis_of);
                stage.stores.push(self.store(&mut builder, value, &map, &mut outputs)?);
            }
            stage.nodes = builder.finish();
            stages.push(stage);
            for fold in folds {
                for &value in &self.members[fold].results {
                    held.insert(value, Held::Row(rows));
                    rows += 1;
                }
            }
            for member in kept {
                held.insert(self.members[member].results[0], Held::Scratch(self.scratch[&member]));
            }
        }
        let mut scratch: Vec<(usize, usize)> = self.scratch.iter().map(|(&m, &array)| (array, m)).collect();
        scratch.sort_unstable();
        let dtype = |value: ValueId| self.function.tensor(value).dtype;
        let kernel = Kernel {
            parallel,
            inputs: inputs.dtypes(),
            outputs: outputs.iter().map(|&value| dtype(value)).collect(),
            scratch: scratch.into_iter().map(|(_, m)| dtype(self.members[m].results[0])).collect(),
            stages,
        };
        Ok(Emitted { kernel, reads: inputs.reads(), outputs })
    }

    fn store(
        &self,
        builder: &mut StageBuilder<'_, V>,
        value: ValueId,
        map: &IndexMap,
        outputs: &mut Vec<ValueId>,
    ) -> Result<Store, Error> {
        let node = builder.value(value, map)?;
        let at = index::linear(map, &self.function.tensor(value).dims);
        outputs.push(value);
        Ok(Store { output: outputs.len() - 1, access: Access::at(at.expr), value: node })
    }

    fn reduction(
        &self,
        builder: &mut StageBuilder<'_, V>,
        fold: usize,
        axis_of: &[usize],
    ) -> Result<Reduction, Error> {
        let operation = self.members[fold];
        let count = operation.results.len();
        let (operands, initial) = operation.operands.split_at(count);
        let graph = scalar_function(self.values, operation.regions[0])?;
        let mut inputs = SmallVec::new();
        for (i, &operand) in operands.iter().enumerate() {
            let map = index::aligned(&self.function.tensor(operand).dims, axis_of);
            let node = builder.value(operand, &map)?;
            inputs.push(builder.convert(node, graph.arguments[count + i]));
        }
        let mut start = SmallVec::new();
        for (i, &value) in initial.iter().enumerate() {
            let node = builder.scalar(value)?;
            start.push(builder.convert(node, graph.arguments[i]));
        }
        Ok(Reduction { inputs, initial: start, combiner: combiner(graph) })
    }
}

/// A region of scalar operations as a graph over its arguments.
pub fn scalar_function<V: Values>(values: &V, region: RegionId) -> Result<Graph, Error> {
    let function = values.function();
    let args = &function.region(region).args;
    let held = args.iter().enumerate().map(|(i, &arg)| (arg, Held::Argument(i))).collect();
    let mut inputs = Inputs::default();
    let mut builder = StageBuilder::new(values, &mut inputs, &held, Dims::new());
    let mut results = SmallVec::new();
    for &value in function.returned(region) {
        results.push(builder.scalar(value)?);
    }
    let nodes = builder.finish();
    if !inputs.slots.is_empty() {
        return Err(Error::unsupported(
            "a scalar function (of a reduction, sort or scatter) that uses arrays from outside",
        ));
    }
    let arguments = args.iter().map(|&arg| function.tensor(arg).dtype).collect();
    Ok(Graph { arguments, nodes, results })
}

/// Writes `dynamic_update_slice` as a kernel over the update that stores into the result's array.
pub fn update_slice<V: Values>(values: &V, operation: &Operation) -> Result<(Kernel, Vec<SlotId>), Error> {
    let function = values.function();
    let ty = function.tensor(operation.results[0]);
    let update = operation.operands[1];
    let update_dims = &function.tensor(update).dims;
    let parallel = squeezed(update_dims);
    let axes: Vec<usize> = (0..parallel.len()).collect();
    let map = index::aligned(update_dims, &axes);
    let mut inputs = Inputs::default();
    let held = HashMap::new();
    let mut builder = StageBuilder::new(values, &mut inputs, &held, parallel.clone());
    let value = builder.value(update, &map)?;
    let starts = builder.clamped_starts(&operation.operands[2..], &ty.dims, update_dims)?;
    let mut at: SmallVec<[Index; 4]> = map;
    for (index, start) in at.iter_mut().zip(&starts) {
        index.add_scaled(start, 1);
    }
    let at = index::linear(&at, &ty.dims);
    let access = Access { expr: at.expr, dynamic: at.dynamic, ..Access::default() };
    let stage = Stage {
        nodes: builder.finish(),
        stores: vec![Store { output: 0, access, value }],
        ..Stage::default()
    };
    let kernel = Kernel {
        parallel,
        inputs: inputs.dtypes(),
        outputs: vec![ty.dtype],
        scratch: Vec::new(),
        stages: vec![stage],
    };
    Ok((kernel, inputs.reads()))
}
