//! Operations on real floats and on complex numbers.

use ops::{BinaryOp, UnaryOp};
use tensor::{DType, NarrowFloat};

use super::Scalars;

impl Scalars<'_> {
    /// An f32 expression rounded to the type.
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
        let name = match op {
            UnaryOp::IsFinite => return Some(self.call("f32_is_finite", &[a])),
            UnaryOp::Real => return Some(a.to_owned()),
            UnaryOp::Imag => "0.0f",
            UnaryOp::Negate => "-",
            UnaryOp::Abs => "abs",
            UnaryOp::Ceil => "ceil",
            UnaryOp::Floor => "floor",
            UnaryOp::RoundNearestEven => "round",
            UnaryOp::RoundNearestAfz => "f32_round_away",
            UnaryOp::Sign => "f32_sign",
            UnaryOp::Sqrt => "sqrt",
            UnaryOp::Rsqrt => "inverseSqrt",
            UnaryOp::Cbrt => "f32_cbrt",
            UnaryOp::Cosine => "f32_cos",
            UnaryOp::Exponential => "f32_exp",
            UnaryOp::ExponentialMinusOne => "f32_expm1",
            UnaryOp::Log => "f32_log",
            UnaryOp::LogPlusOne => "f32_log1p",
            UnaryOp::Logistic => "f32_logistic",
            UnaryOp::Sine => "f32_sin",
            UnaryOp::Tan => "f32_tan",
            UnaryOp::Tanh => "f32_tanh",
            UnaryOp::Acos => "f32_acos",
            UnaryOp::Acosh => "f32_acosh",
            UnaryOp::Asin => "f32_asin",
            UnaryOp::Asinh => "f32_asinh",
            UnaryOp::Atan => "f32_atan",
            UnaryOp::Atanh => "f32_atanh",
            UnaryOp::Cosh => "f32_cosh",
            UnaryOp::Sinh => "f32_sinh",
            UnaryOp::Erf => "f32_erf",
            UnaryOp::Erfc => "f32_erfc",
            UnaryOp::ErfInv => "f32_erf_inv",
            UnaryOp::CountLeadingZeros | UnaryOp::Not | UnaryOp::Popcnt => return None,
        };
        let value = match name {
            "0.0f" => name.to_owned(),
            "-" | "abs" | "ceil" | "floor" | "round" | "sqrt" | "inverseSqrt" => format!("{name}({a})"),
            _ => self.call(name, &[a]),
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

    pub(super) fn float_binary(&mut self, op: BinaryOp, dtype: DType, a: &str, b: &str) -> Option<String> {
        let value = match op {
            BinaryOp::Add => format!("({a} + {b})"),
            BinaryOp::Subtract => format!("({a} - {b})"),
            BinaryOp::Multiply => format!("({a} * {b})"),
            BinaryOp::Divide => format!("({a} / {b})"),
            BinaryOp::Remainder => self.call("f32_remainder", &[a, b]),
            BinaryOp::Maximum => return Some(self.call("f32_maximum", &[a, b])),
            BinaryOp::Minimum => return Some(self.call("f32_minimum", &[a, b])),
            BinaryOp::Power => self.call("f32_power", &[a, b]),
            BinaryOp::Atan2 => self.call("f32_atan2", &[a, b]),
            BinaryOp::Complex if dtype == DType::F32 => return Some(format!("vec2<f32>({a}, {b})")),
            _ => return None,
        };
        Some(self.round(dtype, value))
    }

    pub(super) fn complex_unary(&mut self, op: UnaryOp, a: &str) -> Option<String> {
        let name = match op {
            UnaryOp::Real => return Some(format!("({a}).x")),
            UnaryOp::Imag => return Some(format!("({a}).y")),
            UnaryOp::Negate => return Some(format!("(-{a})")),
            UnaryOp::Abs => "c64_abs",
            UnaryOp::Sign => "c64_sign",
            UnaryOp::Exponential => "c64_exp",
            UnaryOp::ExponentialMinusOne => "c64_expm1",
            UnaryOp::Log => "c64_log",
            UnaryOp::LogPlusOne => "c64_log1p",
            UnaryOp::Logistic => "c64_logistic",
            UnaryOp::Sqrt => "c64_sqrt",
            UnaryOp::Rsqrt => "c64_rsqrt",
            UnaryOp::Cbrt => "c64_cbrt",
            UnaryOp::Sine => "c64_sin",
            UnaryOp::Cosine => "c64_cos",
            UnaryOp::Tan => "c64_tan",
            UnaryOp::Sinh => "c64_sinh",
            UnaryOp::Cosh => "c64_cosh",
            UnaryOp::Tanh => "c64_tanh",
            UnaryOp::Asin => "c64_asin",
            UnaryOp::Acos => "c64_acos",
            UnaryOp::Atan => "c64_atan",
            UnaryOp::Asinh => "c64_asinh",
            UnaryOp::Acosh => "c64_acosh",
            UnaryOp::Atanh => "c64_atanh",
            _ => return None,
        };
        Some(self.call(name, &[a]))
    }

    pub(super) fn complex_binary(&mut self, op: BinaryOp, a: &str, b: &str) -> Option<String> {
        let name = match op {
            BinaryOp::Add => return Some(format!("({a} + {b})")),
            BinaryOp::Subtract => return Some(format!("({a} - {b})")),
            BinaryOp::Multiply => "c64_multiply",
            BinaryOp::Divide => "c64_divide",
            BinaryOp::Power => "c64_power",
            BinaryOp::Atan2 => "c64_atan2",
            _ => return None,
        };
        Some(self.call(name, &[a, b]))
    }
}
