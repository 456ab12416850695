//! Rebuilding a function op by op.
//!
//! A [`Rewriter`] walks regions in order. For each op a rule decides: keep it, replace its results by other
//! values (for which it may have emitted new ops), or splice in a region's ops. Later uses follow the
//! replacement.

use ops::attributes::{BroadcastInDim, Compare, Constant, Dimensions, Permutation};
use ops::{AttrMap, BinaryOp, ComparisonDirection, ComparisonType, Op, Type, UnaryOp};
use smallvec::{SmallVec, smallvec};
use stablehlo::{Function, LocId, OpId, Operation, RegionId, ValueId};
use tensor::{DType, Dims, Literal, Scalar, TensorType};

use crate::Error;

/// Values that stand for an op's results.
pub(super) type Values = SmallVec<[ValueId; 1]>;

/// What becomes of an op.
pub(super) enum Step {
    /// It stays (perhaps changed in place); its regions are walked next.
    Keep,
    /// These values stand for its results.
    Replace(Values),
    /// The ops of this region take its place; what the region returns stands for its results. The rule
    /// has bound the region's arguments by [`Rewriter::bind`].
    Splice(RegionId),
}

/// A function under reconstruction.
pub(super) struct Rewriter<'a> {
    pub function: &'a mut Function,
    replaced: Vec<Option<ValueId>>,
    defs: Vec<Option<OpId>>,
    /// Finished ops of the regions being walked, innermost last.
    out: Vec<Vec<OpId>>,
    /// Location of the op being visited, which emitted ops get.
    location: LocId,
}

impl<'a> Rewriter<'a> {
    pub fn new(function: &'a mut Function) -> Self {
        Rewriter {
            function,
            replaced: Vec::new(),
            defs: Vec::new(),
            out: Vec::new(),
            location: LocId::UNKNOWN,
        }
    }

    /// Walks the whole body.
    pub fn run(
        &mut self,
        rule: &mut dyn FnMut(&mut Rewriter<'_>, OpId) -> Result<Step, Error>,
    ) -> Result<(), Error> {
        self.region(self.function.body, rule)
    }

    fn region(
        &mut self,
        region: RegionId,
        rule: &mut dyn FnMut(&mut Rewriter<'_>, OpId) -> Result<Step, Error>,
    ) -> Result<(), Error> {
        let ops = std::mem::take(&mut self.function.region_mut(region).ops);
        self.out.push(Vec::with_capacity(ops.len()));
        for id in ops {
            self.visit(id, rule)?;
        }
        self.function.region_mut(region).ops = self.out.pop().expect("pushed above");
        Ok(())
    }

    fn visit(
        &mut self,
        id: OpId,
        rule: &mut dyn FnMut(&mut Rewriter<'_>, OpId) -> Result<Step, Error>,
    ) -> Result<(), Error> {
        let operands: SmallVec<[ValueId; 3]> =
            self.function.op(id).operands.iter().map(|&value| self.resolve(value)).collect();
        self.function.op_mut(id).operands = operands;
        let results = self.function.op(id).results.clone();
        self.location = self.function.op(id).location;
        let values = match rule(self, id)? {
            Step::Keep => {
                for region in self.function.op(id).regions.clone() {
                    self.region(region, rule)?;
                }
                self.place(id);
                return Ok(());
            }
            Step::Replace(values) => values,
            Step::Splice(region) => {
                let mut ops = std::mem::take(&mut self.function.region_mut(region).ops);
                let end = ops.pop().expect("a region ends with a return");
                for nested in ops {
                    self.visit(nested, rule)?;
                }
                self.function.op(end).operands.iter().map(|&value| self.resolve(value)).collect()
            }
        };
        for (result, value) in results.into_iter().zip(values) {
            self.bind(result, value);
        }
        Ok(())
    }

    fn place(&mut self, id: OpId) {
        for result in self.function.op(id).results.clone() {
            if self.defs.len() <= result.index() {
                self.defs.resize(self.function.value_count(), None);
            }
            self.defs[result.index()] = Some(id);
        }
        self.out.last_mut().expect("ops are placed while a region is walked").push(id);
    }

    /// From now on `value` stands for `old`.
    pub fn bind(&mut self, old: ValueId, value: ValueId) {
        if self.replaced.len() <= old.index() {
            self.replaced.resize(self.function.value_count(), None);
        }
        self.replaced[old.index()] = Some(value);
    }

    /// What stands for a value.
    pub fn resolve(&self, mut value: ValueId) -> ValueId {
        while let Some(&Some(next)) = self.replaced.get(value.index()) {
            value = next;
        }
        value
    }

    /// The op that defines a value, if it is not an argument.
    pub fn def(&self, value: ValueId) -> Option<&Operation> {
        self.defs.get(value.index()).copied().flatten().map(|id| self.function.op(id))
    }

    /// The tensor type of a value, cloned.
    pub fn tensor(&self, value: ValueId) -> TensorType {
        self.function.tensor(value).clone()
    }

    /// Emits an op with these result types.
    pub fn emit(&mut self, op: Op, operands: &[ValueId], types: impl IntoIterator<Item = Type>) -> Values {
        self.emit_with(op, operands, types, SmallVec::new())
    }

    /// Emits an op with regions.
    pub fn emit_with(
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
        self.place(id);
        results
    }

    /// Emits an op with one tensor result.
    pub fn one(&mut self, op: Op, operands: &[ValueId], ty: TensorType) -> ValueId {
        self.emit(op, operands, [Type::Tensor(ty)])[0]
    }

    pub fn unary(&mut self, op: UnaryOp, x: ValueId) -> ValueId {
        let ty = self.tensor(x);
        self.one(Op::Unary(op), &[x], ty)
    }

    pub fn binary(&mut self, op: BinaryOp, a: ValueId, b: ValueId) -> ValueId {
        let ty = self.tensor(a);
        self.one(Op::Binary(op), &[a, b], ty)
    }

    pub fn splat(&mut self, dims: &Dims, value: Scalar) -> ValueId {
        let value = Literal::splat(dims.iter().copied(), value);
        let ty = value.ty.clone();
        self.one(Op::Constant(Box::new(Constant { value })), &[], ty)
    }

    pub fn convert(&mut self, x: ValueId, dtype: DType) -> ValueId {
        let ty = self.tensor(x);
        if ty.dtype == dtype { x } else { self.one(Op::Convert, &[x], ty.with_dtype(dtype)) }
    }

    pub fn broadcast(&mut self, x: ValueId, dims: &Dims, dimensions: &[i64]) -> ValueId {
        let ty = TensorType { dtype: self.tensor(x).dtype, dims: dims.clone() };
        let attrs = BroadcastInDim { broadcast_dimensions: dimensions.into() };
        self.one(Op::BroadcastInDim(Box::new(attrs)), &[x], ty)
    }

    pub fn transpose(&mut self, x: ValueId, permutation: &[i64]) -> ValueId {
        if permutation.iter().copied().eq(0..permutation.len() as i64) {
            return x;
        }
        let ty = self.tensor(x);
        let dims = permutation.iter().map(|&axis| ty.dims[axis as usize]);
        let op = Op::Transpose(Box::new(Permutation { permutation: permutation.into() }));
        self.one(op, &[x], TensorType::new(ty.dtype, dims))
    }

    /// Sums over these dimensions; the type of `x` is kept.
    pub fn sum(&mut self, x: ValueId, dimensions: &[i64]) -> ValueId {
        if dimensions.is_empty() {
            return x;
        }
        let ty = self.tensor(x);
        let scalar = Type::Tensor(TensorType::scalar(ty.dtype));
        let region = self.function.add_region();
        let a = self.function.add_arg(region, scalar.clone());
        let b = self.function.add_arg(region, scalar.clone());
        let total = self.function.append(region, Op::Binary(BinaryOp::Add), &[a, b], [scalar], self.location);
        self.function.append(region, Op::Return, &total, [], self.location);
        let zero = self.splat(&Dims::new(), Scalar::zero(ty.dtype));
        let kept = (0..ty.rank()).filter(|axis| !dimensions.contains(&(*axis as i64)));
        let result = TensorType::new(ty.dtype, kept.map(|axis| ty.dims[axis]));
        let op = Op::Reduce(Box::new(Dimensions { dimensions: dimensions.into() }));
        self.emit_with(op, &[x, zero], [Type::Tensor(result)], smallvec![region])[0]
    }

    /// A comparator region over pairs of these types that compares the first pair.
    pub fn comparator(&mut self, dtypes: &[DType], direction: ComparisonDirection) -> RegionId {
        let region = self.function.add_region();
        let args: Vec<ValueId> = dtypes
            .iter()
            .flat_map(|&dtype| [dtype, dtype])
            .map(|dtype| self.function.add_arg(region, Type::Tensor(TensorType::scalar(dtype))))
            .collect();
        let kind = if dtypes[0].is_float() { ComparisonType::TotalOrder } else { ComparisonType::NoType };
        let op = Op::Compare(Box::new(Compare { compare_type: kind, comparison_direction: direction }));
        let boolean = Type::Tensor(TensorType::scalar(DType::Bool));
        let first = self.function.append(region, op, &args[..2], [boolean], self.location);
        self.function.append(region, Op::Return, &first, [], self.location);
        region
    }
}
