//! The number of iterations of a counted loop.
//!
//! ```text
//! while (i = START, ...) { i < LIMIT } do { ...; i + STEP, ... }
//! ```

use ops::{BinaryOp, ComparisonDirection, Op};
use stablehlo::{Operation, ValueId};
use tensor::Scalar;

use super::Lowering;
use super::expand::{Source, Values};

impl Lowering<'_> {
    /// How often the body of a `while` runs, if constants tell.
    pub(super) fn trip_count(&self, operation: &Operation) -> Option<u64> {
        let function = self.function;
        let [condition, body] = operation.regions[..] else { return None };
        let compare = self.computed_by(function.returned(condition)[0])?;
        let Op::Compare(attrs) = &compare.op else { return None };
        let [counter, limit] = compare.operands[..] else { return None };
        if attrs.comparison_direction != ComparisonDirection::Lt
            || !function.tensor(counter).dtype.is_integer()
        {
            return None;
        }
        let carried = function.region(condition).args.iter().position(|&arg| arg == counter)?;
        let next = self.computed_by(function.returned(body)[carried])?;
        let (Op::Binary(BinaryOp::Add), [a, b]) = (&next.op, &next.operands[..]) else { return None };
        let argument = function.region(body).args[carried];
        let step = match (*a == argument, *b == argument) {
            (true, false) => *b,
            (false, true) => *a,
            _ => return None,
        };
        let [start, limit, step] = [operation.operands[carried], limit, step].map(|value| self.known(value));
        let (start, limit, step) = (start?, limit?, step?.as_i128());
        let dtype = start.dtype;
        let (start, limit) = (start.as_i128(), limit.as_i128());
        if step <= 0 {
            return None;
        }
        let count = ((limit - start).max(0) + step - 1) / step;
        // A counter that wraps goes on counting.
        let last = start + count * step;
        (Scalar::from_i128(dtype, last).as_i128() == last).then(|| u64::try_from(count).ok())?
    }

    /// The operation that computes a value, unless it is an argument.
    fn computed_by(&self, value: ValueId) -> Option<&Operation> {
        self.definitions[value.index()].map(|id| self.function.op(id))
    }

    fn known(&self, value: ValueId) -> Option<Scalar> {
        let constant = self.computed_by(value).is_some_and(|op| matches!(op.op, Op::Constant(_)));
        match constant.then(|| self.source(value))? {
            Source::Splat(scalar) => Some(scalar),
            _ => None,
        }
    }
}
