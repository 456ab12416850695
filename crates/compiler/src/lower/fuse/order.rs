//! The order of units, and what must be in memory between them.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};

use stablehlo::{OpId, ValueId};

use super::{Fuser, Fusion, Kind, Unit};

impl Fuser<'_> {
    /// Orders the units and lists what must be in memory.
    pub(super) fn finish(mut self) -> Fusion {
        let position: HashMap<OpId, usize> = self.ops.iter().enumerate().map(|(at, &id)| (id, at)).collect();
        let mut units: Vec<(usize, Unit)> = Vec::new();
        let mut unit_of = vec![None; self.ops.len()];
        for cluster in 0..self.clusters.len() {
            if self.merged[cluster] != cluster || self.clusters[cluster].members.is_empty() {
                continue;
            }
            let mut found = std::mem::take(&mut self.clusters[cluster]);
            found.members.sort_by_key(|id| position[id]);
            for id in &found.members {
                unit_of[position[id]] = Some(units.len());
            }
            let last = position[found.members.last().expect("not empty")];
            units.push((last, Unit::Kernel(found)));
        }
        for (at, unit) in unit_of.iter_mut().enumerate() {
            if matches!(self.kind(at), Kind::Update | Kind::Single) {
                *unit = Some(units.len());
                units.push((at, Unit::Single(self.ops[at])));
            }
        }
        let mut materialized: HashSet<ValueId> = self.external.clone();
        let mut edges: Vec<(usize, usize)> = Vec::new();
        let mut readers: HashMap<ValueId, Vec<usize>> = HashMap::new();
        for (at, unit) in unit_of.iter().enumerate() {
            let &Some(unit) = unit else { continue };
            for dep in &self.decisions[at].deps {
                readers.entry(dep.value).or_default().push(unit);
                let Some(&from) = self.computed.get(&dep.value) else { continue };
                let Some(producer) = unit_of[from] else { continue };
                if producer != unit {
                    materialized.insert(dep.value);
                    edges.push((producer, unit));
                }
            }
        }
        // Whoever reads an array should come before the operation that updates it in place.
        for (at, unit) in unit_of.iter().enumerate() {
            let (Kind::Update, &Some(unit)) = (self.kind(at), unit) else { continue };
            let base = self.decisions[at].deps[0].value;
            for &reader in readers.get(&base).into_iter().flatten() {
                if reader != unit && units[reader].0 < at {
                    edges.push((reader, unit));
                }
            }
        }
        let order = sorted(&units.iter().map(|(position, _)| *position).collect::<Vec<_>>(), edges);
        let mut units: Vec<Option<Unit>> = units.into_iter().map(|(_, unit)| Some(unit)).collect();
        let units = order.into_iter().map(|unit| units[unit].take().expect("each unit once")).collect();
        Fusion { units, materialized }
    }
}

/// Topological order; among those that can run, the first in the program.
fn sorted(positions: &[usize], mut edges: Vec<(usize, usize)>) -> Vec<usize> {
    edges.sort_unstable();
    edges.dedup();
    let mut waiting = vec![0usize; positions.len()];
    let mut next: Vec<Vec<usize>> = vec![Vec::new(); positions.len()];
    for &(from, to) in &edges {
        waiting[to] += 1;
        next[from].push(to);
    }
    let mut ready: BinaryHeap<_> =
        (0..positions.len()).filter(|&u| waiting[u] == 0).map(|u| Reverse((positions[u], u))).collect();
    let mut order = Vec::with_capacity(positions.len());
    while let Some(Reverse((_, unit))) = ready.pop() {
        order.push(unit);
        for &to in &next[unit] {
            waiting[to] -= 1;
            if waiting[to] == 0 {
                ready.push(Reverse((positions[to], to)));
            }
        }
    }
    assert_eq!(order.len(), positions.len(), "units of a region form no cycle");
    order
}
