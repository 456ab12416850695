//! Loops, branches and tuples.

use ops::Op;
use stablehlo::OpId;

use super::super::super::rewrite::Values;
use super::super::{Canon, Rewrite, value};
use super::Rule;

pub(super) const WHILE: &[Rule] = &[carried_unchanged];
pub(super) const CASE: &[Rule] = &[known_branch];
pub(super) const GET_TUPLE_ELEMENT: &[Rule] = &[part_of_tuple];

/// A value that the body hands on as it came need not be carried: inside and after the loop it is the
/// initial value.
fn carried_unchanged(canon: &mut Canon<'_>, id: OpId) -> Option<Rewrite> {
    let operation = canon.function.op(id);
    let (condition, body) = (operation.regions[0], operation.regions[1]);
    let args = &canon.function.region(body).args;
    let unchanged: Vec<bool> = args
        .iter()
        .zip(canon.function.returned(body))
        .map(|(&arg, &next)| canon.resolve(next) == arg)
        .collect();
    if !unchanged.contains(&true) {
        return None;
    }
    let (operands, results) = (operation.operands.clone(), operation.results.clone());
    for region in [condition, body] {
        let args = std::mem::take(&mut canon.function.region_mut(region).args);
        for (number, arg) in args.into_iter().enumerate() {
            if unchanged[number] {
                canon.bind(arg, operands[number]);
            } else {
                canon.function.region_mut(region).args.push(arg);
            }
        }
    }
    for (number, &result) in results.iter().enumerate().filter(|(number, _)| unchanged[*number]) {
        canon.bind(result, operands[number]);
    }
    let kept = |number: &usize| !unchanged[*number];
    let end = *canon.function.region(body).ops.last().expect("a region ends with a return");
    let next = canon.function.op(end).operands.clone();
    canon.function.op_mut(end).operands = (0..next.len()).filter(kept).map(|number| next[number]).collect();
    let operation = canon.function.op_mut(id);
    operation.operands = (0..operands.len()).filter(kept).map(|number| operands[number]).collect();
    operation.results = (0..results.len()).filter(kept).map(|number| results[number]).collect();
    Some(Rewrite::Changed)
}

/// A loop whose condition is false gives its initial values. Also notices, now that the body is in its
/// final form, that another round would carry less.
pub(super) fn never_runs(canon: &mut Canon<'_>, id: OpId) -> Option<Values> {
    let operation = canon.function.op(id);
    let (condition, body) = (operation.regions[0], operation.regions[1]);
    let [goes_on] = *canon.function.returned(condition) else { return None };
    if canon.scalar(goes_on).is_some_and(|known| known.is(0)) {
        return Some(operation.operands.iter().copied().collect());
    }
    let args = &canon.function.region(body).args;
    canon.again |= args.iter().zip(canon.function.returned(body)).any(|(arg, next)| arg == next);
    None
}

/// A branch that is known, or the only one, takes the place of the op. Out of range means the last.
fn known_branch(canon: &mut Canon<'_>, id: OpId) -> Option<Rewrite> {
    let operation = canon.function.op(id);
    let last = operation.regions.len() - 1;
    if last == 0 {
        return Some(Rewrite::Splice(operation.regions[0]));
    }
    let index = canon.scalar(operation.operands[0])?.as_i64();
    let branch = usize::try_from(index).unwrap_or(last).min(last);
    Some(Rewrite::Splice(operation.regions[branch]))
}

/// The part of a tuple that was just made.
fn part_of_tuple(canon: &mut Canon<'_>, id: OpId) -> Option<Rewrite> {
    let Op::GetTupleElement(attrs) = &canon.function.op(id).op else { return None };
    let tuple = canon.def(canon.operand(id, 0)).filter(|operation| operation.op == Op::Tuple)?;
    value(tuple.operands[attrs.index as usize])
}
