//! Integer functions on values held in `i128`, wrapped to their width.

use crate::{BinaryOp, UnaryOp};

/// Width and signedness of an integer type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Width {
    /// Bits, 1 to 64.
    pub bits: u32,
    /// Two's complement rather than unsigned.
    pub signed: bool,
}

impl Width {
    /// The value of this type that is congruent to `value` modulo 2^bits.
    pub fn wrap(self, value: i128) -> i128 {
        let shift = 128 - self.bits;
        if self.signed { (value << shift) >> shift } else { (((value as u128) << shift) >> shift) as i128 }
    }

    /// The bits of `value` as an unsigned number.
    fn unsigned(self, value: i128) -> i128 {
        Width { signed: false, ..self }.wrap(value)
    }
}

/// `op(x)`, or `None` if the operation is not defined on integers.
pub fn integer_unary(op: UnaryOp, width: Width, x: i128) -> Option<i128> {
    let value = match op {
        UnaryOp::Abs => x.abs(),
        UnaryOp::Negate => -x,
        UnaryOp::Not => !x,
        UnaryOp::Sign => x.signum(),
        UnaryOp::Popcnt => width.unsigned(x).count_ones().into(),
        UnaryOp::CountLeadingZeros => {
            i128::from(width.unsigned(x).leading_zeros()) - i128::from(128 - width.bits)
        }
        _ => return None,
    };
    Some(width.wrap(value))
}

/// `op(a, b)`, or `None` if the operation is not defined on integers.
///
/// Division by zero gives all one bits and a remainder by zero the dividend; shifts by an amount that is
/// not below the width give 0, or the sign.
pub fn integer_binary(op: BinaryOp, width: Width, a: i128, b: i128) -> Option<i128> {
    use BinaryOp::*;
    let amount = width.unsigned(b).min(i128::from(width.bits)) as u32;
    let value = match op {
        Add => a + b,
        Subtract => a - b,
        Multiply => a.wrapping_mul(b),
        Divide if b == 0 => -1,
        Divide => a / b,
        Remainder if b == 0 => a,
        Remainder => a % b,
        Power => power(width, a, b),
        Maximum => a.max(b),
        Minimum => a.min(b),
        And => a & b,
        Or => a | b,
        Xor => a ^ b,
        ShiftLeft => a << amount,
        ShiftRightArithmetic => Width { signed: true, ..width }.wrap(a) >> amount,
        ShiftRightLogical => width.unsigned(a) >> amount,
        Atan2 | Complex => return None,
    };
    Some(width.wrap(value))
}

/// Power by squaring, wrapping; a negative exponent gives 1 for base 1, ±1 for base -1, else 0.
fn power(width: Width, base: i128, exponent: i128) -> i128 {
    if exponent < 0 {
        return match base {
            1 => 1,
            -1 if exponent % 2 == 0 => 1,
            -1 => -1,
            _ => 0,
        };
    }
    let (mut result, mut square, mut rest) = (1i128, base, exponent);
    while rest > 0 {
        if rest & 1 == 1 {
            result = width.wrap(result.wrapping_mul(square));
        }
        square = width.wrap(square.wrapping_mul(square));
        rest >>= 1;
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;

    const I8: Width = Width { bits: 8, signed: true };
    const U8: Width = Width { bits: 8, signed: false };

    #[test]
    fn division_edges() {
        assert_eq!(integer_binary(BinaryOp::Divide, I8, 7, 0), Some(-1));
        assert_eq!(integer_binary(BinaryOp::Divide, U8, 7, 0), Some(255));
        assert_eq!(integer_binary(BinaryOp::Divide, I8, -128, -1), Some(-128));
        assert_eq!(integer_binary(BinaryOp::Remainder, I8, -128, -1), Some(0));
        assert_eq!(integer_binary(BinaryOp::Remainder, I8, -7, 0), Some(-7));
        assert_eq!(integer_binary(BinaryOp::Remainder, I8, -7, 3), Some(-1));
    }

    #[test]
    fn shifts_past_the_width() {
        assert_eq!(integer_binary(BinaryOp::ShiftLeft, I8, 1, 8), Some(0));
        assert_eq!(integer_binary(BinaryOp::ShiftLeft, I8, 1, 7), Some(-128));
        assert_eq!(integer_binary(BinaryOp::ShiftRightArithmetic, I8, -128, 100), Some(-1));
        assert_eq!(integer_binary(BinaryOp::ShiftRightArithmetic, U8, 128, 1), Some(192));
        assert_eq!(integer_binary(BinaryOp::ShiftRightLogical, I8, -1, -1), Some(0));
        assert_eq!(integer_binary(BinaryOp::ShiftRightLogical, I8, -1, 4), Some(15));
    }

    #[test]
    fn powers_wrap() {
        assert_eq!(integer_binary(BinaryOp::Power, I8, 3, 5), Some(-13));
        assert_eq!(integer_binary(BinaryOp::Power, I8, 2, -1), Some(0));
        assert_eq!(integer_binary(BinaryOp::Power, I8, -1, -3), Some(-1));
        assert_eq!(integer_binary(BinaryOp::Power, I8, 0, 0), Some(1));
    }

    #[test]
    fn bit_counts() {
        assert_eq!(integer_unary(UnaryOp::Popcnt, I8, -1), Some(8));
        assert_eq!(integer_unary(UnaryOp::CountLeadingZeros, I8, 0), Some(8));
        assert_eq!(integer_unary(UnaryOp::CountLeadingZeros, I8, 1), Some(7));
        assert_eq!(integer_unary(UnaryOp::Abs, I8, -128), Some(-128));
    }
}
