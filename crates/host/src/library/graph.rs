//! Scalar functions that a program defines: comparators of sorts, combiners of scatters.
//!
//! A [`Graph`] becomes a list of instructions over registers that hold storage bits. Common operations of
//! common types are functions on those bits; the others go through the reference functions of `ops`.

use ops::scalar::{eval_binary, eval_compare, eval_convert, eval_reduce_precision, eval_unary};
use ops::{BinaryOp, ComparisonDirection, ComparisonType};
use plan::{EngineError, Graph, NodeOp};
use tensor::{DType, Scalar};

use super::StepTypes;

/// A value's storage bits, the rest zero.
pub(crate) type Bits = u128;

/// A function of bits.
type BitFunction = fn(Bits, Bits, Bits) -> Bits;

/// A graph made ready to evaluate.
#[derive(Clone, Debug)]
pub(crate) struct ScalarFunction {
    instructions: Vec<Instruction>,
    /// Initial registers: arguments (zero) first, then constants and results of instructions.
    registers: Vec<Bits>,
    arguments: usize,
    results: Vec<usize>,
}

#[derive(Clone, Debug)]
struct Instruction {
    kind: Kind,
    operands: [usize; 3],
    out: usize,
}

#[derive(Clone, Debug)]
enum Kind {
    Bits(BitFunction),
    General(Box<General>),
}

/// Any operation, by the reference functions.
#[derive(Clone, Debug)]
struct General {
    op: NodeOp,
    types: [DType; 2],
    result: DType,
}

/// Registers to evaluate in; made once a thread.
pub(crate) struct Registers(Vec<Bits>);

impl ScalarFunction {
    /// Makes a graph ready.
    ///
    /// # Errors
    /// If it has a node that is no scalar operation.
    pub(crate) fn new(graph: &Graph, types: &StepTypes<'_>) -> Result<Self, EngineError> {
        let arguments = graph.arguments.len();
        let mut registers = vec![0; arguments];
        let mut instructions = Vec::new();
        let mut places: Vec<usize> = Vec::new();
        for node in &graph.nodes {
            let mut operands = [0; 3];
            let mut operand_types = [node.dtype; 2];
            let mut count = 0;
            node.op.visit_operands(|id| {
                if count < 3 {
                    operands[count] = places[id.index()];
                }
                if count < 2 {
                    operand_types[count] = graph.nodes[id.index()].dtype;
                }
                count += 1;
            });
            match node.op {
                NodeOp::Argument(index) if index < arguments => {
                    places.push(index);
                    continue;
                }
                NodeOp::Constant(value) => {
                    places.push(registers.len());
                    registers.push(value.bits());
                    continue;
                }
                NodeOp::Argument(_)
                | NodeOp::Index(_)
                | NodeOp::Load { .. }
                | NodeOp::Row(_)
                | NodeOp::Scratch(_) => {
                    return Err(types.unsupported("a scalar function that is not one of scalars"));
                }
                NodeOp::Unary(..)
                | NodeOp::Widened(..)
                | NodeOp::Binary(..)
                | NodeOp::Compare(..)
                | NodeOp::Select(..)
                | NodeOp::Convert(_)
                | NodeOp::Bitcast(_)
                | NodeOp::ReducePrecision { .. } => {}
            }
            let kind = match common(&node.op, operand_types[0]) {
                Some(function) => Kind::Bits(function),
                None => {
                    let general_op =
                        General { op: node.op.clone(), types: operand_types, result: node.dtype };
                    let kind = Kind::General(Box::new(general_op));
                    // An operation that the type lacks fails now rather than while running.
                    if general(&kind, [0; 3]).is_none() {
                        return Err(types.unsupported(format!("{:?} of {}", node.op, operand_types[0])));
                    }
                    kind
                }
            };
            places.push(registers.len());
            instructions.push(Instruction { kind, operands, out: registers.len() });
            registers.push(0);
        }
        let results = graph.results.iter().map(|id| places[id.index()]).collect();
        Ok(ScalarFunction { instructions, registers, arguments, results })
    }

    /// Registers for [`call`](Self::call).
    pub(crate) fn registers(&self) -> Registers {
        Registers(self.registers.clone())
    }

    /// Evaluates the function; results are asked for with [`result`](Self::result).
    pub(crate) fn call(&self, registers: &mut Registers, arguments: &[Bits]) {
        let registers = &mut registers.0;
        registers[..self.arguments].copy_from_slice(arguments);
        for instruction in &self.instructions {
            let operands = instruction.operands.map(|at| registers[at]);
            registers[instruction.out] = match &instruction.kind {
                Kind::Bits(function) => function(operands[0], operands[1], operands[2]),
                kind => general(kind, operands).unwrap_or(0),
            };
        }
    }

    /// A result of the last call.
    pub(crate) fn result(&self, registers: &Registers, index: usize) -> Bits {
        registers.0[self.results[index]]
    }
}

/// An element of an array as bits.
///
/// # Safety
/// `from` points to `size` bytes, aligned for an element of that size (complex: of half).
#[inline(always)]
pub(crate) unsafe fn read_bits(from: *const u8, size: usize) -> Bits {
    // SAFETY: the contract.
    unsafe {
        match size {
            1 => (*from).into(),
            2 => from.cast::<u16>().read_unaligned().into(),
            4 => from.cast::<u32>().read_unaligned().into(),
            8 => from.cast::<u64>().read_unaligned().into(),
            _ => from.cast::<u128>().read_unaligned(),
        }
    }
}

/// Writes an element.
///
/// # Safety
/// As for [`read_bits`].
#[inline(always)]
pub(crate) unsafe fn write_bits(to: *mut u8, size: usize, bits: Bits) {
    // SAFETY: the contract.
    unsafe {
        match size {
            1 => *to = bits as u8,
            2 => to.cast::<u16>().write_unaligned(bits as u16),
            4 => to.cast::<u32>().write_unaligned(bits as u32),
            8 => to.cast::<u64>().write_unaligned(bits as u64),
            _ => to.cast::<u128>().write_unaligned(bits),
        }
    }
}

/// A scalar from storage bits.
pub(crate) fn scalar(dtype: DType, bits: Bits) -> Scalar {
    Scalar::from_bytes(dtype, &bits.to_le_bytes()[..dtype.size()])
}

/// Any scalar operation, by the reference functions; `None` if the type lacks it.
fn general(kind: &Kind, operands: [Bits; 3]) -> Option<Bits> {
    let Kind::General(general) = kind else { return None };
    let General { op, types, result } = &**general;
    let [a, b] = [0, 1].map(|i| scalar(types[i], operands[i]));
    let value = match op {
        NodeOp::Unary(op, _) | NodeOp::Widened(op, _) => eval_unary(*op, a)?,
        NodeOp::Binary(op, ..) => eval_binary(*op, a, b)?,
        NodeOp::Compare(direction, kind, ..) => Scalar::bool(eval_compare(*direction, *kind, a, b)?),
        NodeOp::Convert(_) => eval_convert(a, *result),
        NodeOp::Bitcast(_) => scalar(*result, a.bits()),
        NodeOp::ReducePrecision { exponent_bits, mantissa_bits, .. } => {
            eval_reduce_precision(a, *exponent_bits, *mantissa_bits)?
        }
        _ => return None,
    };
    Some(value.bits())
}

/// Operations of one type as functions on bits.
macro_rules! functions {
    ($op:expr, $dtype:expr; $($case:ident: $bits:ty, $from:expr;)*) => {
        match ($op, $dtype) {
            $(
                (NodeOp::Compare(direction, kind, ..), DType::$case)
                    if !matches!(kind, ComparisonType::TotalOrder | ComparisonType::WeakOrder) =>
                {
                    return Some(match direction {
                        ComparisonDirection::Eq => |a, b, _| ($from(a as $bits) == $from(b as $bits)).into(),
                        ComparisonDirection::Ne => |a, b, _| ($from(a as $bits) != $from(b as $bits)).into(),
                        ComparisonDirection::Ge => |a, b, _| ($from(a as $bits) >= $from(b as $bits)).into(),
                        ComparisonDirection::Gt => |a, b, _| ($from(a as $bits) > $from(b as $bits)).into(),
                        ComparisonDirection::Le => |a, b, _| ($from(a as $bits) <= $from(b as $bits)).into(),
                        ComparisonDirection::Lt => |a, b, _| ($from(a as $bits) < $from(b as $bits)).into(),
                    });
                }
            )*
            _ => {}
        }
    };
}

/// The function on bits for a common operation of a common type.
fn common(op: &NodeOp, dtype: DType) -> Option<BitFunction> {
    functions! { op, dtype;
        F32: u32, f32::from_bits;
        F64: u64, f64::from_bits;
        I32: u32, u32::cast_signed;
        I64: u64, u64::cast_signed;
        U32: u32, u32::from;
        U64: u64, u64::from;
    }
    let function: BitFunction = match (op, dtype) {
        // The operand types of a select are told by its predicate, which comes first.
        (NodeOp::Select(..), _) => |p, a, b| if p != 0 { a } else { b },
        (NodeOp::Bitcast(_), dtype) if dtype.bits() >= 8 => |a, _, _| a,
        (NodeOp::Binary(BinaryOp::And, ..), _) => |a, b, _| a & b,
        (NodeOp::Binary(BinaryOp::Or, ..), _) => |a, b, _| a | b,
        (NodeOp::Binary(BinaryOp::Xor, ..), _) => |a, b, _| a ^ b,
        (NodeOp::Binary(BinaryOp::Add, ..), DType::F32) => {
            |a, b, _| (f32::from_bits(a as u32) + f32::from_bits(b as u32)).to_bits().into()
        }
        (NodeOp::Binary(BinaryOp::Add, ..), DType::F64) => {
            |a, b, _| (f64::from_bits(a as u64) + f64::from_bits(b as u64)).to_bits().into()
        }
        (NodeOp::Binary(BinaryOp::Multiply, ..), DType::F32) => {
            |a, b, _| (f32::from_bits(a as u32) * f32::from_bits(b as u32)).to_bits().into()
        }
        (NodeOp::Binary(BinaryOp::Add, ..), DType::I32 | DType::U32) => {
            |a, b, _| (a as u32).wrapping_add(b as u32).into()
        }
        (NodeOp::Binary(BinaryOp::Add, ..), DType::I64 | DType::U64) => {
            |a, b, _| (a as u64).wrapping_add(b as u64).into()
        }
        _ => return None,
    };
    Some(function)
}
