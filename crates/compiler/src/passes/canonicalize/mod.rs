//! Simplifies a program: constant folding, algebra, shapes, common subexpressions, dead code.
//!
//! ```text
//! %c = constant dense<2.0> : tensor<f32>
//! %0 = broadcast_in_dim %c, dims = []           =>      %0 = constant dense<2.0> : tensor<8xf32>
//! %1 = transpose %x, dims = [1, 0]                      return %x (transposed twice), %0
//! %2 = transpose %1, dims = [1, 0]
//! ```
//!
//! One walk in program order rewrites each op against operands that are already in their final form and
//! shares it with an equal one before it; a second walk backwards drops what nobody uses. Rules look at
//! definitions only, so one round suffices, except where a loop's carried values change: then another
//! follows, up to [`MAX_ROUNDS`]. Time is linear in the number of ops.
//!
//! Needs a verified module of one function without calls. Guarantees: no constant larger than 64 KB is computed
//! (but splats of any size), constants of loop bodies and branches stand outside of them,
//! regions of `reduce`, `sort` and the like use no constant from outside, arenas hold nothing unused.

mod dead;
mod fold;
mod rules;
mod table;

use ops::{AttrMap, Op, Type};
use smallvec::SmallVec;
use stablehlo::{Function, LocId, Module, OpId, Operation, RegionId, ValueId};
use tensor::{Literal, Scalar, TensorType};

use super::rewrite::Values;
use super::{inline, is_isolated, is_pure};
use crate::{Error, Settings};
use table::Table;

/// Rounds of both walks at most.
const MAX_ROUNDS: usize = 4;

/// Simplifies every function.
///
/// # Errors
/// None so far: what has no simpler form stays.
pub fn run(mut module: Module, _settings: &Settings) -> Result<Module, Error> {
    for function in &mut module.functions {
        let mut work = std::mem::replace(function, Function::new(""));
        for _ in 0..MAX_ROUNDS {
            let again = Canon::new(&mut work).run();
            let trimmed = dead::run(&mut work);
            if !again && !trimmed {
                break;
            }
        }
        *function = inline::compact(work);
    }
    Ok(module)
}

/// What a rule makes of an op.
enum Rewrite {
    /// It was changed in place; rules are tried anew.
    Changed,
    /// These values stand for its results.
    Values(Values),
    /// The ops of this region, which has no arguments, take its place.
    Splice(RegionId),
}

/// A value for a single result.
fn value(value: ValueId) -> Option<Rewrite> {
    Some(Rewrite::Values(SmallVec::from_elem(value, 1)))
}

/// A function being rewritten in program order.
struct Canon<'a> {
    function: &'a mut Function,
    replaced: Vec<Option<ValueId>>,
    /// The op that defines each value, and the nesting level it is in.
    defs: Vec<Option<(OpId, usize)>>,
    /// Finished ops of the regions being walked, innermost last.
    out: Vec<Vec<OpId>>,
    /// For each of these, the level where its constants go: the innermost isolated region, or the body.
    home: Vec<usize>,
    table: Table,
    location: LocId,
    /// How many rules are at work inside each other.
    depth: usize,
    /// Elements that may still be evaluated: folding must not cost more than it saves.
    budget: usize,
    /// Whether another round may find more.
    again: bool,
}

impl<'a> Canon<'a> {
    fn new(function: &'a mut Function) -> Self {
        Canon {
            function,
            replaced: Vec::new(),
            defs: Vec::new(),
            out: Vec::new(),
            home: Vec::new(),
            table: Table::default(),
            location: LocId::UNKNOWN,
            depth: 0,
            budget: 1 << 22,
            again: false,
        }
    }

    fn run(mut self) -> bool {
        self.region(self.function.body, true);
        self.again
    }

    fn region(&mut self, region: RegionId, isolated: bool) {
        let ops = std::mem::take(&mut self.function.region_mut(region).ops);
        let level = self.out.len();
        self.out.push(Vec::with_capacity(ops.len()));
        self.home.push(if isolated { level } else { self.home[level - 1] });
        let outer = if isolated { Some(std::mem::take(&mut self.table)) } else { None };
        self.table.enter();
        for id in ops {
            self.original(id);
        }
        self.table.leave();
        if let Some(outer) = outer {
            self.table = outer;
        }
        self.home.pop();
        self.function.region_mut(region).ops = self.out.pop().expect("pushed above");
    }

    /// Rewrites an op of the program.
    fn original(&mut self, id: OpId) {
        let mut operands = self.function.op(id).operands.clone();
        for operand in &mut operands {
            *operand = self.resolve(*operand);
            *operand = self.sunk(*operand);
        }
        let operation = self.function.op_mut(id);
        operation.operands = operands;
        self.location = operation.location;
        if let Some(values) = self.place(id) {
            // A loop may have lost results on the way; those are bound already.
            let results = self.function.op(id).results.clone();
            for (result, value) in results.into_iter().zip(values) {
                self.bind(result, value);
            }
        }
    }

    /// Simplifies and shares an op; the values that stand for its results, or `None` if it was placed.
    fn place(&mut self, id: OpId) -> Option<Values> {
        // Rules reduce, so few steps are enough; the bound keeps a pair that undo each other from looping.
        const MAX_STEPS: usize = 16;
        const MAX_DEPTH: usize = 8;
        if self.depth < MAX_DEPTH {
            for _ in 0..MAX_STEPS {
                match rules::simplify(self, id) {
                    None => break,
                    Some(Rewrite::Changed) => {}
                    Some(Rewrite::Values(values)) => return Some(values),
                    Some(Rewrite::Splice(region)) => return Some(self.splice(region)),
                }
            }
        }
        if let Some(values) = self.nested(id) {
            return Some(values);
        }
        let pure = is_pure(self.function, id);
        let level = self.level_of(id);
        if pure && let Some(values) = self.table.share(self.function, id, level, self.out.len() - 1) {
            return Some(values);
        }
        if self.defs.len() < self.function.value_count() {
            self.defs.resize(self.function.value_count(), None);
        }
        for &result in &self.function.op(id).results {
            self.defs[result.index()] = Some((id, level));
        }
        self.out[level].push(id);
        None
    }

    /// Constants stand outside of loops and branches, everything else where it is.
    fn level_of(&self, id: OpId) -> usize {
        let here = self.out.len() - 1;
        if matches!(self.function.op(id).op, Op::Constant(_)) { self.home[here] } else { here }
    }

    fn nested(&mut self, id: OpId) -> Option<Values> {
        let regions = self.function.op(id).regions.clone();
        if regions.is_empty() {
            return None;
        }
        let location = self.location;
        let isolated = is_isolated(&self.function.op(id).op);
        for region in regions {
            self.region(region, isolated);
        }
        self.location = location;
        rules::after_regions(self, id)
    }

    fn splice(&mut self, region: RegionId) -> Values {
        let mut ops = std::mem::take(&mut self.function.region_mut(region).ops);
        let end = ops.pop().expect("a region ends with a return");
        for id in ops {
            self.original(id);
        }
        let returned = self.function.op(end).operands.clone();
        returned.into_iter().map(|value| self.resolve(value)).collect()
    }

    /// From now on `value` stands for `old`.
    fn bind(&mut self, old: ValueId, value: ValueId) {
        if old != value {
            if self.replaced.len() < self.function.value_count() {
                self.replaced.resize(self.function.value_count(), None);
            }
            self.replaced[old.index()] = Some(value);
        }
    }

    fn resolve(&self, mut value: ValueId) -> ValueId {
        while let Some(&Some(next)) = self.replaced.get(value.index()) {
            value = next;
        }
        value
    }

    /// In an isolated region, a copy of a constant that stands outside.
    fn sunk(&mut self, value: ValueId) -> ValueId {
        let home = *self.home.last().expect("ops are in a region");
        match self.defs.get(value.index()) {
            Some(&Some((id, level))) if level < home => match &self.function.op(id).op {
                Op::Constant(attrs) => {
                    let literal = attrs.value.clone();
                    self.constant(literal)
                }
                _ => value,
            },
            _ => value,
        }
    }

    /// The op that defines a value, if it is not an argument.
    fn def(&self, value: ValueId) -> Option<&Operation> {
        self.defs.get(value.index()).copied().flatten().map(|(id, _)| self.function.op(id))
    }

    fn operand(&self, id: OpId, index: usize) -> ValueId {
        self.function.op(id).operands[index]
    }

    fn ty(&self, value: ValueId) -> &TensorType {
        self.function.tensor(value)
    }

    /// The type of an op's first result.
    fn result(&self, id: OpId) -> &TensorType {
        self.function.tensor(self.function.op(id).results[0])
    }

    /// The value, if it is a constant.
    fn literal(&self, value: ValueId) -> Option<&Literal> {
        match &self.def(value)?.op {
            Op::Constant(attrs) => Some(&attrs.value),
            _ => None,
        }
    }

    /// The one value of all elements, if it is a constant.
    fn scalar(&self, value: ValueId) -> Option<Scalar> {
        self.literal(value)?.splat_value()
    }

    /// All elements of a small integer constant.
    fn integers(&self, value: ValueId) -> Option<Vec<i64>> {
        let literal = self.literal(value)?;
        let small = literal.len() <= 256 && literal.dtype().is_integer();
        small.then(|| literal.scalars().map(Scalar::as_i64).collect())
    }

    fn emit(&mut self, op: Op, operands: &[ValueId], types: impl IntoIterator<Item = Type>) -> Values {
        self.emit_with(op, operands, types, SmallVec::new())
    }

    fn emit_with(
        &mut self,
        op: Op,
        operands: &[ValueId],
        types: impl IntoIterator<Item = Type>,
        regions: SmallVec<[RegionId; 2]>,
    ) -> Values {
        let results: Values = types.into_iter().map(|ty| self.function.add_value(ty)).collect();
        let id = self.function.add_op(Operation {
            op,
            operands: operands.into(),
            results: results.clone(),
            regions,
            attributes: AttrMap::default(),
            location: self.location,
        });
        self.depth += 1;
        let placed = self.place(id);
        self.depth -= 1;
        placed.unwrap_or(results)
    }

    /// An op with one tensor result.
    fn one(&mut self, op: Op, operands: &[ValueId], ty: TensorType) -> ValueId {
        self.emit(op, operands, [Type::Tensor(ty)])[0]
    }

    fn constant(&mut self, value: Literal) -> ValueId {
        let ty = value.ty.clone();
        self.one(Op::Constant(Box::new(ops::attributes::Constant { value })), &[], ty)
    }

    /// A constant of this type with one value.
    fn splat(&mut self, ty: &TensorType, value: Scalar) -> ValueId {
        self.constant(Literal::splat(ty.dims.iter().copied(), value))
    }

    fn reshape(&mut self, x: ValueId, dims: &[i64]) -> ValueId {
        let ty = TensorType::new(self.ty(x).dtype, dims.iter().copied());
        if ty.dims == self.ty(x).dims { x } else { self.one(Op::Reshape, &[x], ty) }
    }
}
