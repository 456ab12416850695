//! Operations on integers.

use ops::{BinaryOp, UnaryOp};
use tensor::{DType, DTypeClass};

use super::Scalars;

/// The register prefix of the functions on a type: `i32`, `u32`, `i64` or `u64`.
fn is_signed(dtype: DType) -> bool {
    dtype.class() == DTypeClass::Signed
}

impl Scalars<'_> {
    /// A register value of up to 32 bits that was computed modulo 2^32, wrapped to its type.
    pub(super) fn wrap(&mut self, dtype: DType, value: String) -> String {
        match (dtype.bits(), is_signed(dtype)) {
            (32.., _) => value,
            (bits, true) => self.call("i32_wrap", &[&value, &format!("{bits}u")]),
            (bits, false) => format!("({value} & {:#x}u)", (1u32 << bits) - 1),
        }
    }

    /// The low bits of a register value as u32, zero-extended.
    fn unsigned(&self, dtype: DType, a: &str) -> String {
        match (dtype.bits(), is_signed(dtype)) {
            (_, false) => a.to_owned(),
            (32, true) => format!("bitcast<u32>({a})"),
            (bits, true) => format!("(bitcast<u32>({a}) & {:#x}u)", (1u32 << bits) - 1),
        }
    }

    /// A u32 as a register value of the type.
    fn signed(&self, dtype: DType, bits: String) -> String {
        if is_signed(dtype) { format!("bitcast<i32>({bits})") } else { bits }
    }

    pub(super) fn integer_unary(&mut self, op: UnaryOp, dtype: DType, a: &str) -> Option<String> {
        let signed = is_signed(dtype);
        if dtype.bits() == 64 {
            return self.wide_unary(op, signed, a);
        }
        let value = match op {
            UnaryOp::Abs if signed => self.call("i32_absolute", &[a]),
            UnaryOp::Abs => a.to_owned(),
            UnaryOp::Negate => {
                let negated = format!("(0u - {})", self.unsigned(dtype, a));
                self.signed(dtype, negated)
            }
            UnaryOp::Not => format!("(~{a})"),
            UnaryOp::Sign if signed => self.call("i32_sign", &[a]),
            UnaryOp::Sign => format!("select(0u, 1u, {a} > 0u)"),
            UnaryOp::Popcnt => {
                let count = format!("countOneBits({})", self.unsigned(dtype, a));
                self.signed(dtype, count)
            }
            UnaryOp::CountLeadingZeros => {
                let bits = self.unsigned(dtype, a);
                let count = format!("(countLeadingZeros({bits}) - {}u)", 32 - dtype.bits());
                self.signed(dtype, count)
            }
            _ => return None,
        };
        Some(self.wrap(dtype, value))
    }

    fn wide_unary(&mut self, op: UnaryOp, signed: bool, a: &str) -> Option<String> {
        let counted = |count: String| if signed { format!("i64({count})") } else { count };
        Some(match op {
            UnaryOp::Abs if signed => self.call("i64_absolute", &[a]),
            UnaryOp::Abs => a.to_owned(),
            UnaryOp::Negate if signed => self.call("i64_negate", &[a]),
            UnaryOp::Negate => format!("(0lu - {a})"),
            UnaryOp::Not => format!("(~{a})"),
            UnaryOp::Sign if signed => self.call("i64_sign", &[a]),
            UnaryOp::Sign => format!("select(0lu, 1lu, {a} > 0lu)"),
            UnaryOp::Popcnt => counted(self.call("u64_ones", &[&format!("u64({a})")])),
            UnaryOp::CountLeadingZeros => counted(self.call("u64_leading_zeros", &[&format!("u64({a})")])),
            _ => return None,
        })
    }

    pub(super) fn integer_binary(&mut self, op: BinaryOp, dtype: DType, a: &str, b: &str) -> Option<String> {
        let signed = is_signed(dtype);
        if dtype.bits() == 64 {
            return self.wide_binary(op, signed, a, b);
        }
        let bits = format!("{}u", dtype.bits());
        let value = match op {
            BinaryOp::Add => format!("({a} + {b})"),
            BinaryOp::Subtract => format!("({a} - {b})"),
            BinaryOp::Multiply => format!("({a} * {b})"),
            BinaryOp::Divide => self.call(if signed { "i32_divide" } else { "u32_divide" }, &[a, b]),
            BinaryOp::Remainder => self.call(if signed { "i32_remainder" } else { "u32_remainder" }, &[a, b]),
            BinaryOp::Power => self.call(if signed { "i32_power" } else { "u32_power" }, &[a, b]),
            BinaryOp::Maximum => return Some(format!("select({b}, {a}, {a} > {b})")),
            BinaryOp::Minimum => return Some(format!("select({b}, {a}, {a} < {b})")),
            BinaryOp::And => return Some(format!("({a} & {b})")),
            BinaryOp::Or => return Some(format!("({a} | {b})")),
            BinaryOp::Xor => return Some(format!("({a} ^ {b})")),
            BinaryOp::ShiftLeft => {
                let (value, amount) = (self.unsigned(dtype, a), self.unsigned(dtype, b));
                let shifted = self.call("u32_shift_left", &[&value, &amount, &bits]);
                self.signed(dtype, shifted)
            }
            BinaryOp::ShiftRightLogical => {
                let (value, amount) = (self.unsigned(dtype, a), self.unsigned(dtype, b));
                let shifted = self.call("u32_shift_right", &[&value, &amount, &bits]);
                self.signed(dtype, shifted)
            }
            BinaryOp::ShiftRightArithmetic => {
                let amount = self.unsigned(dtype, b);
                let value = match (signed, dtype.bits()) {
                    (true, _) => a.to_owned(),
                    (false, 32) => format!("bitcast<i32>({a})"),
                    (false, _) => self.call("i32_wrap", &[&format!("bitcast<i32>({a})"), &bits]),
                };
                let shifted = self.call("i32_shift_right", &[&value, &amount]);
                if signed { shifted } else { format!("bitcast<u32>({shifted})") }
            }
            BinaryOp::Atan2 | BinaryOp::Complex => return None,
        };
        Some(self.wrap(dtype, value))
    }

    fn wide_binary(&mut self, op: BinaryOp, signed: bool, a: &str, b: &str) -> Option<String> {
        let (ua, ub) = (format!("u64({a})"), format!("u64({b})"));
        let by_bits = |value: String| if signed { format!("i64({value})") } else { value };
        Some(match op {
            BinaryOp::Add if signed => self.call("i64_add", &[a, b]),
            BinaryOp::Add => format!("({a} + {b})"),
            BinaryOp::Subtract if signed => self.call("i64_subtract", &[a, b]),
            BinaryOp::Subtract => format!("({a} - {b})"),
            BinaryOp::Multiply if signed => self.call("i64_multiply", &[a, b]),
            BinaryOp::Multiply => format!("({a} * {b})"),
            BinaryOp::Divide => self.call(if signed { "i64_divide" } else { "u64_divide" }, &[a, b]),
            BinaryOp::Remainder => self.call(if signed { "i64_remainder" } else { "u64_remainder" }, &[a, b]),
            BinaryOp::Power => self.call(if signed { "i64_power" } else { "u64_power" }, &[a, b]),
            BinaryOp::Maximum => format!("select({b}, {a}, {a} > {b})"),
            BinaryOp::Minimum => format!("select({b}, {a}, {a} < {b})"),
            BinaryOp::And => format!("({a} & {b})"),
            BinaryOp::Or => format!("({a} | {b})"),
            BinaryOp::Xor => format!("({a} ^ {b})"),
            BinaryOp::ShiftLeft => by_bits(self.call("u64_shift_left", &[&ua, &ub])),
            BinaryOp::ShiftRightLogical => by_bits(self.call("u64_shift_right", &[&ua, &ub])),
            BinaryOp::ShiftRightArithmetic => {
                let shifted = self.call("i64_shift_right", &[&format!("i64({a})"), &ub]);
                if signed { shifted } else { format!("u64({shifted})") }
            }
            BinaryOp::Atan2 | BinaryOp::Complex => return None,
        })
    }
}
