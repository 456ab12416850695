//! Operations on real floats and on complex numbers.

use ops::{BinaryOp, ComparisonDirection, UnaryOp};
use tensor::{DType, NarrowFloat};

use super::{Register, Scalars};

/// The register of a real float.
fn real_register(dtype: DType) -> Register {
    if dtype == DType::F64 { Register::F64 } else { Register::F32 }
}

impl Scalars<'_> {
    /// An f32 expression rounded to the type; one of f64 as it is.
    pub(super) fn round(&mut self, dtype: DType, value: String) -> String {
        match dtype {
            DType::F16 => self.call("f16_round", &[&value]),
            DType::BF16 => self.call("bf16_round", &[&value]),
            DType::F8E8M0FNU => self.call("f8e8m0_round", &[&value]),
            _ => match self.small(dtype) {
                Some(format) => self.call("small_round", &[&value, &format]),
                None => value,
            },
        }
    }

    /// The format of a float of 8 bits or fewer, as a `Small`.
    pub(super) fn small(&mut self, dtype: DType) -> Option<String> {
        let special = match dtype {
            DType::F8E3M4 | DType::F8E4M3 | DType::F8E5M2 => "SMALL_IEEE",
            DType::F8E4M3FN => "SMALL_ONE_NAN",
            DType::F8E4M3FNUZ | DType::F8E4M3B11FNUZ | DType::F8E5M2FNUZ => "SMALL_UNSIGNED_ZERO",
            DType::F4E2M1FN | DType::F6E2M3FN | DType::F6E3M2FN => "SMALL_FINITE",
            _ => return None,
        };
        let (exponent_bits, mantissa_bits, bias) = match dtype {
            DType::F4E2M1FN => (2, 1, 1),
            DType::F6E2M3FN => (2, 3, 1),
            DType::F6E3M2FN => (3, 2, 3),
            DType::F8E3M4 => (3, 4, 3),
            DType::F8E4M3 | DType::F8E4M3FN => (4, 3, 7),
            DType::F8E4M3FNUZ => (4, 3, 8),
            DType::F8E4M3B11FNUZ => (4, 3, 11),
            DType::F8E5M2 => (5, 2, 15),
            _ => (5, 2, 16),
        };
        debug_assert!(NarrowFloat::of(dtype).is_some());
        self.functions.require("Small");
        self.functions.require(special);
        Some(format!("Small({exponent_bits}u, {mantissa_bits}u, {bias}u, {special})"))
    }

    pub(super) fn float_unary(&mut self, op: UnaryOp, dtype: DType, a: &str) -> Option<String> {
        let register = real_register(dtype);
        let name = match op {
            UnaryOp::IsFinite => return self.call_on(register, "is_finite", &[a]),
            UnaryOp::Real => return Some(a.to_owned()),
            UnaryOp::Imag if register == Register::F64 => "0.0lf",
            UnaryOp::Imag => "0.0f",
            UnaryOp::Negate => "-",
            UnaryOp::Abs => "abs",
            UnaryOp::Ceil => "ceil",
            UnaryOp::Floor => "floor",
            UnaryOp::RoundNearestEven => "round_even",
            UnaryOp::RoundNearestAfz => "round_away",
            UnaryOp::Sign => "sign",
            UnaryOp::Sqrt => "sqrt",
            UnaryOp::Rsqrt => "rsqrt",
            UnaryOp::Cbrt => "cbrt",
            UnaryOp::Cosine => "cos",
            UnaryOp::Exponential => "exp",
            UnaryOp::ExponentialMinusOne => "expm1",
            UnaryOp::Log => "log",
            UnaryOp::LogPlusOne => "log1p",
            UnaryOp::Logistic => "logistic",
            UnaryOp::Sine => "sin",
            UnaryOp::Tan => "tan",
            UnaryOp::Tanh => "tanh",
            UnaryOp::Acos => "acos",
            UnaryOp::Acosh => "acosh",
            UnaryOp::Asin => "asin",
            UnaryOp::Asinh => "asinh",
            UnaryOp::Atan => "atan",
            UnaryOp::Atanh => "atanh",
            UnaryOp::Cosh => "cosh",
            UnaryOp::Sinh => "sinh",
            UnaryOp::Erf => "erf",
            UnaryOp::Erfc => "erfc",
            UnaryOp::ErfInv => "erf_inv",
            UnaryOp::CountLeadingZeros | UnaryOp::Not | UnaryOp::Popcnt => return None,
        };
        let value = match (register, name) {
            (_, "0.0f" | "0.0lf") => name.to_owned(),
            (_, "-" | "abs" | "ceil" | "floor") | (Register::F32, "sqrt") => format!("{name}({a})"),
            (Register::F32, "round_even") => format!("round({a})"),
            (Register::F32, "rsqrt") => format!("inverseSqrt({a})"),
            _ => match self.short(op, dtype, a) {
                Some(value) => value,
                None => self.call_on(register, name, &[a])?,
            },
        };
        let exact = matches!(
            op,
            UnaryOp::Negate
                | UnaryOp::Abs
                | UnaryOp::Ceil
                | UnaryOp::Floor
                | UnaryOp::RoundNearestEven
                | UnaryOp::RoundNearestAfz
                | UnaryOp::Sign
        );
        // Of smaller types some lack negative zero.
        if exact && matches!(dtype, DType::F16 | DType::BF16) {
            return Some(value);
        }
        Some(self.round(dtype, value))
    }

    /// A function as accurate as a type of 16 bits needs it, not yet rounded, where there is a shorter one for that.
    pub(super) fn short(&mut self, op: UnaryOp, dtype: DType, a: &str) -> Option<String> {
        let name = match op {
            UnaryOp::Exponential => "exp",
            UnaryOp::Logistic => "logistic",
            UnaryOp::Tanh => "tanh",
            UnaryOp::Erf => "erf",
            _ => return None,
        };
        match dtype {
            DType::F16 => Some(self.call(&format!("f16_{name}"), &[a])),
            DType::BF16 => Some(self.call(&format!("bf16_{name}"), &[a])),
            _ => None,
        }
    }

    /// A real float that compilers know nothing about: they may not simplify what is computed of it.
    pub fn keep(&mut self, dtype: DType, a: &str) -> String {
        self.call(&format!("{}_keep", real_register(dtype).prefix()), &[a])
    }

    /// An i32 expression that orders f32 values as `op`, a maximum or minimum, does: with NaN beyond all numbers. So
    /// many values are folded by integers. `None` for other operations.
    pub fn rank(&mut self, op: BinaryOp, x: &str) -> Option<String> {
        match op {
            BinaryOp::Maximum => Some(self.call("f32_maximum_rank", &[x])),
            BinaryOp::Minimum => Some(self.call("f32_minimum_rank", &[x])),
            _ => None,
        }
    }

    /// The f32 value of a [`rank`](Scalars::rank).
    pub fn of_rank(&mut self, op: BinaryOp, rank: &str) -> Option<String> {
        match op {
            BinaryOp::Maximum => Some(self.call("f32_of_maximum_rank", &[rank])),
            BinaryOp::Minimum => Some(self.call("f32_of_minimum_rank", &[rank])),
            _ => None,
        }
    }

    /// An i32 expression that is larger the earlier [`Graph::first_extreme`](plan::Graph::first_extreme) takes an f32 value:
    /// equal for equal values and for all NaNs.
    pub fn place(&mut self, direction: ComparisonDirection, x: &str) -> String {
        let x = if direction == ComparisonDirection::Lt { format!("-({x})") } else { x.to_owned() };
        self.call("f32_weak_order", &[&x])
    }

    /// The f32 value of a [`place`](Scalars::place), but for the sign of zero.
    pub fn of_place(&mut self, direction: ComparisonDirection, place: &str) -> String {
        let value = self.call("f32_of_weak_order", &[place]);
        if direction == ComparisonDirection::Lt { format!("-({value})") } else { value }
    }

    pub(super) fn float_binary(&mut self, op: BinaryOp, dtype: DType, a: &str, b: &str) -> Option<String> {
        let register = real_register(dtype);
        let value = match op {
            BinaryOp::Add => format!("({a} + {b})"),
            BinaryOp::Subtract => format!("({a} - {b})"),
            BinaryOp::Multiply => format!("({a} * {b})"),
            // The others of these types have no divisors that are too large for `/`.
            BinaryOp::Divide if matches!(dtype, DType::F32 | DType::BF16) => self.call("f32_over", &[a, b]),
            BinaryOp::Divide if register == Register::F32 => format!("({a} / {b})"),
            BinaryOp::Divide => self.call_on(register, "divide", &[a, b])?,
            BinaryOp::Remainder => self.call_on(register, "remainder", &[a, b])?,
            BinaryOp::Maximum => return self.call_on(register, "maximum", &[a, b]),
            BinaryOp::Minimum => return self.call_on(register, "minimum", &[a, b]),
            BinaryOp::Power => self.call_on(register, "power", &[a, b])?,
            BinaryOp::Atan2 => self.call_on(register, "atan2", &[a, b])?,
            BinaryOp::Complex if dtype == DType::F32 => return Some(format!("vec2<f32>({a}, {b})")),
            BinaryOp::Complex if dtype == DType::F64 => return Some(format!("vec2<f64>({a}, {b})")),
            _ => return None,
        };
        Some(self.round(dtype, value))
    }

    pub(super) fn complex_unary(&mut self, op: UnaryOp, register: Register, a: &str) -> Option<String> {
        let name = match op {
            UnaryOp::Real => return Some(format!("({a}).x")),
            UnaryOp::Imag => return Some(format!("({a}).y")),
            UnaryOp::Negate => return Some(format!("(-{a})")),
            UnaryOp::Abs => "abs",
            UnaryOp::Sign => "sign",
            UnaryOp::Exponential => "exp",
            UnaryOp::ExponentialMinusOne => "expm1",
            UnaryOp::Log => "log",
            UnaryOp::LogPlusOne => "log1p",
            UnaryOp::Logistic => "logistic",
            UnaryOp::Sqrt => "sqrt",
            UnaryOp::Rsqrt => "rsqrt",
            UnaryOp::Cbrt => "cbrt",
            UnaryOp::Sine => "sin",
            UnaryOp::Cosine => "cos",
            UnaryOp::Tan => "tan",
            UnaryOp::Sinh => "sinh",
            UnaryOp::Cosh => "cosh",
            UnaryOp::Tanh => "tanh",
            UnaryOp::Asin => "asin",
            UnaryOp::Acos => "acos",
            UnaryOp::Atan => "atan",
            UnaryOp::Asinh => "asinh",
            UnaryOp::Acosh => "acosh",
            UnaryOp::Atanh => "atanh",
            _ => return None,
        };
        self.call_on(register, name, &[a])
    }

    pub(super) fn complex_binary(
        &mut self,
        op: BinaryOp,
        register: Register,
        a: &str,
        b: &str,
    ) -> Option<String> {
        let name = match op {
            BinaryOp::Add => return Some(format!("({a} + {b})")),
            BinaryOp::Subtract => return Some(format!("({a} - {b})")),
            BinaryOp::Multiply => "multiply",
            BinaryOp::Divide => "divide",
            BinaryOp::Power => "power",
            BinaryOp::Atan2 => "atan2",
            _ => return None,
        };
        self.call_on(register, name, &[a, b])
    }
}
