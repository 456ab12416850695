//! Drops what nobody uses: ops, results of branches, values that loops carry for nothing.
//!
//! ```text
//! while (%i = %0, %unused = %x) ...      =>      while (%i = %0) ...
//! ```

use std::collections::HashMap;

use ops::Op;
use smallvec::SmallVec;
use stablehlo::{Function, OpId, RegionId, ValueId};

use super::super::is_pure;

/// Drops dead code; true if a loop or branch lost values, so that more may be simplified.
pub(super) fn run(function: &mut Function) -> bool {
    let mut defs = vec![None; function.value_count()];
    for index in 0..function.op_count() {
        let id = OpId(index as u32);
        for &result in &function.op(id).results {
            defs[result.index()] = Some(id);
        }
    }
    let live = vec![false; function.value_count()];
    let marks = vec![0; function.value_count()];
    let inside = vec![0; function.op_count()];
    let mut dead = Dead { function, defs, live, marks, inside, stamp: 0, trimmed: false };
    let body = dead.function.body;
    dead.region(body);
    dead.trimmed
}

struct Dead<'a> {
    function: &'a mut Function,
    defs: Vec<Option<OpId>>,
    live: Vec<bool>,
    /// Values reached in the current search, by its number.
    marks: Vec<u32>,
    /// Ops inside the current loop, likewise.
    inside: Vec<u32>,
    stamp: u32,
    trimmed: bool,
}

impl Dead<'_> {
    /// Keeps a region's ops that have effects or live results, last first.
    fn region(&mut self, region: RegionId) {
        let mut ops = std::mem::take(&mut self.function.region_mut(region).ops);
        let mut kept = Vec::with_capacity(ops.len());
        while let Some(id) = ops.pop() {
            let operation = self.function.op(id);
            let used = operation.results.iter().any(|result| self.live[result.index()]);
            if !used && !matches!(operation.op, Op::Return) && is_pure(self.function, id) {
                continue;
            }
            match self.function.op(id).op {
                Op::While => self.trim_while(id),
                Op::Case => self.trim_case(id),
                _ => {}
            }
            for &operand in &self.function.op(id).operands {
                self.live[operand.index()] = true;
            }
            for nested in self.function.op(id).regions.clone() {
                self.region(nested);
            }
            kept.push(id);
        }
        kept.reverse();
        self.function.region_mut(region).ops = kept;
    }

    fn trim_case(&mut self, id: OpId) {
        let results = &self.function.op(id).results;
        let keep: Vec<bool> = results.iter().map(|result| self.live[result.index()]).collect();
        if keep.iter().all(|&kept| kept) {
            return;
        }
        self.trimmed = true;
        retain(&mut self.function.op_mut(id).results, &keep);
        for region in self.function.op(id).regions.clone() {
            self.trim_return(region, &keep);
        }
    }

    fn trim_return(&mut self, region: RegionId, keep: &[bool]) {
        if let Some(&end) = self.function.region(region).ops.last() {
            retain(&mut self.function.op_mut(end).operands, keep);
        }
    }

    fn trim_while(&mut self, id: OpId) {
        let keep = self.carried_for_a_reason(id);
        if keep.iter().all(|&kept| kept) {
            return;
        }
        self.trimmed = true;
        let operation = self.function.op_mut(id);
        retain(&mut operation.operands, &keep);
        retain(&mut operation.results, &keep);
        let (condition, body) = (operation.regions[0], operation.regions[1]);
        for region in [condition, body] {
            let mut at = 0;
            self.function.region_mut(region).args.retain(|_| {
                at += 1;
                keep[at - 1]
            });
        }
        self.trim_return(body, &keep);
    }

    /// Which carried values matter: for a result that is used, for the condition, for an effect, or for
    /// another such value.
    fn carried_for_a_reason(&mut self, id: OpId) -> Vec<bool> {
        self.stamp += 1;
        self.mark_inside(id);
        let operation = self.function.op(id);
        let (condition, body) = (operation.regions[0], operation.regions[1]);
        let mut keep: Vec<bool> = operation.results.iter().map(|result| self.live[result.index()]).collect();
        let mut work: Vec<ValueId> = self.function.returned(condition).to_vec();
        for region in [condition, body] {
            for &nested in &self.function.region(region).ops {
                if !matches!(self.function.op(nested).op, Op::Return) && !is_pure(self.function, nested) {
                    used_by(self.function, nested, &mut work);
                }
            }
        }
        let next: Vec<ValueId> = self.function.returned(body).to_vec();
        work.extend(next.iter().zip(&keep).filter(|&(_, &kept)| kept).map(|(&value, _)| value));
        let number_of: HashMap<ValueId, usize> = [condition, body]
            .iter()
            .flat_map(|&region| self.function.region(region).args.iter().copied().enumerate())
            .map(|(number, arg)| (arg, number))
            .collect();
        while let Some(value) = work.pop() {
            if std::mem::replace(&mut self.marks[value.index()], self.stamp) == self.stamp {
                continue;
            }
            if let Some(&number) = number_of.get(&value) {
                if !std::mem::replace(&mut keep[number], true) {
                    work.push(next[number]);
                }
            } else if let Some(definition) = self.defs[value.index()]
                && self.inside[definition.index()] == self.stamp
            {
                used_by(self.function, definition, &mut work);
            }
        }
        keep
    }

    fn mark_inside(&mut self, id: OpId) {
        for region in self.function.op(id).regions.clone() {
            for index in 0..self.function.region(region).ops.len() {
                let nested = self.function.region(region).ops[index];
                self.inside[nested.index()] = self.stamp;
                self.mark_inside(nested);
            }
        }
    }
}

/// All values that an op uses, nested regions included.
fn used_by(function: &Function, id: OpId, into: &mut Vec<ValueId>) {
    let operation = function.op(id);
    into.extend(&operation.operands);
    for &region in &operation.regions {
        for &nested in &function.region(region).ops {
            used_by(function, nested, into);
        }
    }
}

fn retain<A: smallvec::Array<Item = ValueId>>(values: &mut SmallVec<A>, keep: &[bool]) {
    let mut at = 0;
    values.retain(|_| {
        at += 1;
        keep[at - 1]
    });
}
