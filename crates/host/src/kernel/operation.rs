//! Chooses instructions for scalar operations.

use ops::BinaryOp;
use plan::NodeOp;
use smallvec::SmallVec;
use tensor::DType;

use super::lower::Table;
use super::program::{Entry, Home, Instr, PlainInstr};
use super::stage::Value;
use crate::cpu::Level;
use crate::vector::{self, Operands, TernaryOperands};

/// Emits instructions to a list.
pub(crate) struct Operations<'a> {
    /// Where new entries are made.
    pub table: &'a mut Table,
    /// Where instructions go.
    pub list: &'a mut Vec<Instr>,
}

impl Operations<'_> {
    fn register(&mut self, dtype: DType, one: bool) -> Entry {
        self.table.entry(Home::Unplaced { size: dtype.size(), one })
    }

    /// Emits an operation on compiled operands; returns where its result is. `one`: all operands are one
    /// element for all lanes, and so is the result.
    ///
    /// # Errors
    /// If the operation is not defined on the operands' types.
    pub(crate) fn emit(
        &mut self,
        op: &NodeOp,
        dtype: DType,
        operands: &[Value],
        one: bool,
    ) -> Result<Entry, String> {
        let level = Level::best();
        let from = operands[0].dtype;
        match (op, operands) {
            (NodeOp::Convert(_), [a]) if from == dtype => return Ok(a.entry),
            (NodeOp::Bitcast(_), [a]) if same_storage(from, dtype) => return Ok(a.entry),
            _ => {}
        }
        let out = self.register(dtype, one);
        let instr = match (op, operands) {
            (NodeOp::Unary(op, _), [a]) | (NodeOp::Widened(op, _), [a]) => {
                vector::unary(level, *op, from).map(|routine| Instr::Unary { routine, a: a.entry, out, one })
            }
            (NodeOp::Convert(_), [a]) => vector::convert(level, from, dtype).map(|routine| Instr::Unary {
                routine,
                a: a.entry,
                out,
                one,
            }),
            (NodeOp::ReducePrecision { exponent_bits, mantissa_bits, .. }, [a]) => {
                let bits = (*exponent_bits, *mantissa_bits);
                vector::reduce_precision(level, dtype).map(|routine| Instr::Round {
                    routine,
                    a: a.entry,
                    out,
                    bits,
                    one,
                })
            }
            (NodeOp::Binary(op, ..), [a, b]) if a.dtype == b.dtype => {
                vector::binary(level, *op, from, forms(a, b, one)).map(|routine| Instr::Binary {
                    routine,
                    a: a.entry,
                    b: b.entry,
                    out,
                    one,
                })
            }
            (NodeOp::Compare(direction, kind, ..), [a, b]) if a.dtype == b.dtype => {
                vector::compare(level, *direction, *kind, from, forms(a, b, one))
                    .map(|routine| Instr::Binary { routine, a: a.entry, b: b.entry, out, one })
            }
            (NodeOp::Select(..), [p, a, b])
                if p.dtype == DType::Bool && a.dtype == dtype && b.dtype == dtype =>
            {
                let p = self.block(*p, one);
                let routine = vector::select(level, dtype, ternary_forms(a, b, one));
                Some(Instr::Ternary { routine, a: p, b: a.entry, c: b.entry, out, one })
            }
            _ => None,
        };
        let instr = match instr {
            Some(instr) => instr,
            None => {
                let operands: SmallVec<[_; 3]> =
                    operands.iter().map(|value| (value.entry, value.dtype, value.one)).collect();
                let zeros: SmallVec<[_; 3]> =
                    operands.iter().map(|&(_, dtype, _)| tensor::Scalar::zero(dtype)).collect();
                let result = plan::evaluate::apply(op, dtype, &zeros);
                if result.is_none_or(|result| result.dtype != dtype) {
                    return Err(format!("`{op}` is not defined from {from} to {dtype}"));
                }
                Instr::Plain(Box::new(PlainInstr { op: op.clone(), dtype, operands, out, one }))
            }
        };
        self.list.push(instr);
        Ok(out)
    }

    /// The value as a block.
    fn block(&mut self, value: Value, one: bool) -> Entry {
        if one || !value.one {
            return value.entry;
        }
        let to = self.register(value.dtype, false);
        self.list.push(Instr::Splat { size: value.dtype.size(), from: value.entry, to });
        to
    }

    /// One instruction for `outer(inner(x, y), z)`, both of which commute.
    pub(crate) fn fuse(
        &mut self,
        (outer, inner): (BinaryOp, BinaryOp),
        dtype: DType,
        [x, y, z]: [Value; 3],
        one: bool,
    ) -> Option<Entry> {
        let level = Level::best();
        // A block first: routines want one there.
        let (x, y) = if x.one { (y, x) } else { (x, y) };
        if x.one && !one {
            return None;
        }
        let (routine, [a, b, c]) = match (outer, inner) {
            (BinaryOp::Add, BinaryOp::Multiply) => {
                (vector::mul_add(level, dtype, ternary_forms(&y, &z, one))?, [x, y, z])
            }
            (BinaryOp::Minimum, BinaryOp::Maximum) if !one && y.one && z.one => {
                (vector::clamp(level, dtype, true)?, [y, x, z])
            }
            _ => return None,
        };
        let out = self.register(dtype, one);
        self.list.push(Instr::Ternary { routine, a: a.entry, b: b.entry, c: c.entry, out, one });
        Some(out)
    }
}

fn forms(a: &Value, b: &Value, one: bool) -> Operands {
    match (a.one && !one, b.one && !one) {
        (true, _) => Operands::LeftScalar,
        (false, true) => Operands::RightScalar,
        (false, false) => Operands::Blocks,
    }
}

fn ternary_forms(b: &Value, c: &Value, one: bool) -> TernaryOperands {
    match (b.one && !one, c.one && !one) {
        (false, false) => TernaryOperands::Blocks,
        (true, false) => TernaryOperands::Second,
        (false, true) => TernaryOperands::Third,
        (true, true) => TernaryOperands::SecondThird,
    }
}

/// Whether a value's bytes are those of its bits as another type.
fn same_storage(from: DType, to: DType) -> bool {
    from == to || from.bits() == to.bits() && from.bits() >= 8
}
