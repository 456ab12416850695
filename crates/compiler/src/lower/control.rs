//! Lowers `while` and `case`: blocks of steps over the same arrays.
//!
//! A carried value lives in one array through the loop; each iteration ends by copying the new values
//! there. Assignment drops the copies whose source can be written in place. Carried values that no
//! iteration changes are read where they are.

use std::collections::HashSet;

use plan::{Block, Step, StepOp};
use smallvec::SmallVec;
use stablehlo::{Function, OpId, Operation, RegionId, ValueId};

use super::{Lowering, copy};
use crate::Error;

/// Values that the nested regions of an operation use but do not define.
pub fn captured(function: &Function, id: OpId) -> Vec<ValueId> {
    let operation = function.op(id);
    let mut defined = HashSet::new();
    let mut used = Vec::new();
    for &region in &operation.regions {
        visit(function, region, &mut defined, &mut used);
    }
    used.retain(|value| !defined.contains(value));
    used.sort_unstable();
    used.dedup();
    used
}

fn visit(function: &Function, region: RegionId, defined: &mut HashSet<ValueId>, used: &mut Vec<ValueId>) {
    defined.extend(&function.region(region).args);
    for &id in &function.region(region).ops {
        let operation = function.op(id);
        used.extend(&operation.operands);
        defined.extend(&operation.results);
        for &inner in &operation.regions {
            visit(function, inner, defined, used);
        }
    }
}

impl<'a> Lowering<'a> {
    pub(super) fn while_loop(&mut self, operation: &'a Operation, block: &mut Block) -> Result<(), Error> {
        let function = self.function;
        let (condition, body) = (operation.regions[0], operation.regions[1]);
        let origin = self.origin(operation);
        let mut carried = Vec::new();
        for (i, &initial) in operation.operands.iter().enumerate() {
            let args = [condition, body].map(|region| function.region(region).args[i]);
            let next = function.returned(body)[i];
            let slot = if next == args[1] {
                self.typed_slot(initial)
            } else {
                let slot = self.temporary(initial);
                self.write_into(initial, slot, &origin, block);
                carried.push((i, slot));
                slot
            };
            for value in [args[0], args[1], operation.results[i]] {
                self.bind(value, slot);
            }
        }
        let condition_block = self.region(condition)?;
        let predicate = self.typed_slot(function.returned(condition)[0]);
        let mut body_block = self.region(body)?;
        let next: Vec<_> = carried
            .iter()
            .map(|&(i, slot)| (self.slot(function.returned(body)[i]), slot))
            .filter(|(from, to)| from != to)
            .collect();
        // A value that another carried array holds must be saved before that array is overwritten.
        let overwritten: HashSet<_> = carried.iter().map(|&(_, slot)| slot).collect();
        let mut moves = Vec::new();
        for (from, to) in next {
            let mut source = from;
            if overwritten.contains(&from) {
                source = self.buffer(self.buffers[from.index()].ty.clone(), super::Home::Temporary);
                body_block.steps.push(copy(from, source, &origin));
            }
            moves.push(copy(source, to, &origin));
        }
        body_block.steps.extend(moves);
        let trip_count = self.trip_count(operation);
        let step = StepOp::While { condition: condition_block, predicate, body: body_block, trip_count };
        block.steps.push(with_effects(step, origin));
        Ok(())
    }

    pub(super) fn case(&mut self, operation: &'a Operation, block: &mut Block) -> Result<(), Error> {
        let function = self.function;
        let origin = self.origin(operation);
        let index = self.typed_slot(operation.operands[0]);
        let slots: Vec<_> = operation.results.iter().map(|&value| self.temporary(value)).collect();
        let mut branches = Vec::new();
        for &region in &operation.regions {
            let mut branch = self.region(region)?;
            for (&value, &slot) in function.returned(region).iter().zip(&slots) {
                self.write_into(value, slot, &origin, &mut branch);
            }
            branches.push(branch);
        }
        for (&value, &slot) in operation.results.iter().zip(&slots) {
            self.bind(value, slot);
        }
        block.steps.push(with_effects(StepOp::Case { index, branches }, origin));
        Ok(())
    }
}

/// A step of control flow; it reads and writes what its blocks do.
fn with_effects(op: StepOp, origin: std::sync::Arc<str>) -> Step {
    let mut step = Step { op, reads: SmallVec::new(), writes: SmallVec::new(), origin };
    step.collect_effects();
    step
}
