//! Finds an op that computes the same.

use std::collections::HashMap;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::mem::discriminant;

use ops::{Op, Type};
use smallvec::SmallVec;
use stablehlo::{Function, OpId, RegionId, ValueId};
use tensor::Data;

use super::super::rewrite::Values;

/// Pure ops by hash, as seen from the region being walked.
#[derive(Default)]
pub(super) struct Table {
    buckets: HashMap<u64, SmallVec<[OpId; 1]>>,
    /// What to forget when a region ends: entries of each level, innermost last.
    log: Vec<Vec<(u64, OpId)>>,
}

impl Table {
    pub(super) fn enter(&mut self) {
        self.log.push(Vec::new());
    }

    pub(super) fn leave(&mut self) {
        for (hash, id) in self.log.pop().expect("every region is entered first") {
            if let Some(bucket) = self.buckets.get_mut(&hash) {
                bucket.retain(|other| *other != id);
            }
        }
    }

    /// The results of an equal op that dominates this one; otherwise remembers it. An op that was met in the
    /// region at level `here` may stand further out, at `level`; then it is known for the life of the table.
    pub(super) fn share(
        &mut self,
        function: &Function,
        id: OpId,
        level: usize,
        here: usize,
    ) -> Option<Values> {
        // A crowded bucket means many ops that differ in what is not hashed; looking at the latest few
        // keeps the walk linear.
        const LOOK_AT: usize = 8;
        if !sharable(&function.op(id).op) {
            return None;
        }
        let hash = hash_of(function, id, level);
        let bucket = self.buckets.entry(hash).or_default();
        for &other in bucket.iter().rev().take(LOOK_AT) {
            if equal(function, id, other) {
                return Some(function.op(other).results.iter().copied().collect());
            }
        }
        bucket.push(id);
        let log = if level < here { self.log.first_mut() } else { self.log.last_mut() };
        log.expect("every region is entered first").push((hash, id));
        None
    }
}

/// Control flow is seldom repeated, and comparing it costs.
fn sharable(op: &Op) -> bool {
    !matches!(op, Op::While | Op::Case | Op::If | Op::Return)
}

fn hash_of(function: &Function, id: OpId, level: usize) -> u64 {
    let operation = function.op(id);
    let mut state = DefaultHasher::new();
    // What is cheaper to compute than to keep is not brought into a loop from outside.
    if matches!(operation.op, Op::BroadcastInDim(_) | Op::Iota(_)) {
        level.hash(&mut state);
    }
    discriminant(&operation.op).hash(&mut state);
    hash_attributes(&operation.op, &mut state);
    operation.operands.hash(&mut state);
    for &result in &operation.results {
        function.ty(result).hash(&mut state);
    }
    state.finish()
}

/// The attributes that tell ops of the same operands apart; others are left to comparison.
fn hash_attributes(op: &Op, state: &mut DefaultHasher) {
    match op {
        Op::Unary(op) => op.hash(state),
        Op::Binary(op) => op.hash(state),
        Op::Compare(attrs) => attrs.comparison_direction.hash(state),
        Op::Constant(attrs) => match &attrs.value.data {
            Data::Splat(value) => value.hash(state),
            Data::Dense(bytes) => bytes[..bytes.len().min(256)].hash(state),
        },
        Op::Slice(attrs) => (&attrs.start_indices, &attrs.strides).hash(state),
        Op::BroadcastInDim(attrs) => attrs.broadcast_dimensions.hash(state),
        Op::Transpose(attrs) => attrs.permutation.hash(state),
        Op::Iota(attrs) => attrs.iota_dimension.hash(state),
        Op::Pad(attrs) => (&attrs.edge_padding_low, &attrs.edge_padding_high).hash(state),
        Op::Reduce(attrs) | Op::Reverse(attrs) => attrs.dimensions.hash(state),
        Op::CustomCall(attrs) => attrs.call_target_name.hash(state),
        _ => {}
    }
}

fn equal(function: &Function, a: OpId, b: OpId) -> bool {
    let (x, y) = (function.op(a), function.op(b));
    let types = |values: &[ValueId]| -> SmallVec<[&Type; 4]> {
        values.iter().map(|&value| function.ty(value)).collect()
    };
    x.operands == y.operands
        && x.op == y.op
        && x.attributes == y.attributes
        && types(&x.results) == types(&y.results)
        && x.regions.len() == y.regions.len()
        && x.regions.iter().zip(&y.regions).all(|(&r, &s)| equal_regions(function, r, s, &mut Vec::new()))
}

/// Whether two regions compute the same; `same` pairs their values, outer ones are themselves.
fn equal_regions(function: &Function, a: RegionId, b: RegionId, same: &mut Vec<(ValueId, ValueId)>) -> bool {
    // Combiners have a handful of ops; larger regions are not worth the time.
    const MAX_OPS: usize = 32;
    let (x, y) = (function.region(a), function.region(b));
    if x.args.len() != y.args.len() || x.ops.len() != y.ops.len() || x.ops.len() > MAX_OPS {
        return false;
    }
    same.extend(x.args.iter().copied().zip(y.args.iter().copied()));
    x.ops.iter().zip(&y.ops).all(|(&i, &j)| {
        let (p, q) = (function.op(i), function.op(j));
        let alike = p.op == q.op
            && p.attributes == q.attributes
            && p.regions.is_empty()
            && q.regions.is_empty()
            && p.operands.len() == q.operands.len()
            && p.operands.iter().zip(&q.operands).all(|(&v, &w)| v == w || same.contains(&(v, w)))
            && p.results.len() == q.results.len()
            && p.results.iter().zip(&q.results).all(|(&v, &w)| function.ty(v) == function.ty(w));
        same.extend(p.results.iter().copied().zip(q.results.iter().copied()));
        alike
    })
}
