//! The scalar operations that elementwise ops and kernels share.

use serde::{Deserialize, Serialize};

macro_rules! scalar_ops {
    ($(#[$doc:meta])* $name:ident { $($(#[$case_doc:meta])* $case:ident $mnemonic:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name { $($(#[$case_doc])* $case,)* }

        impl $name {
            /// All operations, in declaration order.
            pub const ALL: &'static [$name] = &[$($name::$case),*];

            /// The name, without a dialect prefix.
            pub const fn mnemonic(self) -> &'static str {
                match self { $($name::$case => $mnemonic,)* }
            }

            /// The operation of this name.
            pub fn from_mnemonic(mnemonic: &str) -> Option<Self> {
                match mnemonic { $($mnemonic => Some($name::$case),)* _ => None }
            }
        }
    };
}

scalar_ops! {
    /// Operations of one operand whose result has the operand's type, except: `abs` of complex, `real`
    /// and `imag` give the part's type, and `is_finite` gives `bool`.
    UnaryOp {
        /// Magnitude.
        Abs "abs",
        /// Cube root.
        Cbrt "cbrt",
        /// Round toward positive infinity.
        Ceil "ceil",
        /// Cosine.
        Cosine "cosine",
        /// Leading zero bits.
        CountLeadingZeros "count_leading_zeros",
        /// e to the x.
        Exponential "exponential",
        /// e to the x, minus 1.
        ExponentialMinusOne "exponential_minus_one",
        /// Round toward negative infinity.
        Floor "floor",
        /// Imaginary part.
        Imag "imag",
        /// Neither infinite nor NaN.
        IsFinite "is_finite",
        /// Natural logarithm.
        Log "log",
        /// Natural logarithm of 1 + x.
        LogPlusOne "log_plus_one",
        /// 1 / (1 + exp(-x)).
        Logistic "logistic",
        /// Minus x; wraps for integers.
        Negate "negate",
        /// Bitwise complement; logical for `bool`.
        Not "not",
        /// Number of one bits.
        Popcnt "popcnt",
        /// Real part.
        Real "real",
        /// Round to nearest, ties away from zero.
        RoundNearestAfz "round_nearest_afz",
        /// Round to nearest, ties to even.
        RoundNearestEven "round_nearest_even",
        /// 1 / sqrt(x).
        Rsqrt "rsqrt",
        /// -1, 0 or 1; signed zero and NaN are kept; complex x / |x|.
        Sign "sign",
        /// Sine.
        Sine "sine",
        /// Square root.
        Sqrt "sqrt",
        /// Tangent.
        Tan "tan",
        /// Hyperbolic tangent.
        Tanh "tanh",
        /// Inverse cosine (CHLO).
        Acos "acos",
        /// Inverse hyperbolic cosine (CHLO).
        Acosh "acosh",
        /// Inverse sine (CHLO).
        Asin "asin",
        /// Inverse hyperbolic sine (CHLO).
        Asinh "asinh",
        /// Inverse tangent (CHLO).
        Atan "atan",
        /// Inverse hyperbolic tangent (CHLO).
        Atanh "atanh",
        /// Hyperbolic cosine (CHLO).
        Cosh "cosh",
        /// Hyperbolic sine (CHLO).
        Sinh "sinh",
        /// Error function (CHLO).
        Erf "erf",
        /// Complementary error function (CHLO).
        Erfc "erfc",
        /// Inverse error function (CHLO).
        ErfInv "erf_inv",
    }
}

impl UnaryOp {
    /// True for operations that StableHLO itself lacks; they arrive as composites or custom calls.
    pub const fn is_chlo(self) -> bool {
        use UnaryOp::*;
        matches!(self, Acos | Acosh | Asin | Asinh | Atan | Atanh | Cosh | Sinh | Erf | Erfc | ErfInv)
    }
}

scalar_ops! {
    /// Operations of two operands of one type with a result of that type, except `complex`, which makes
    /// a pair of its real and imaginary part.
    BinaryOp {
        /// Sum; logical or for `bool`.
        Add "add",
        /// Bitwise and.
        And "and",
        /// Angle of the point (x = rhs, y = lhs).
        Atan2 "atan2",
        /// A complex number from its parts.
        Complex "complex",
        /// Quotient; integers truncate, division by zero gives all ones bits.
        Divide "divide",
        /// Larger; NaN if either is.
        Maximum "maximum",
        /// Smaller; NaN if either is.
        Minimum "minimum",
        /// Product; logical and for `bool`.
        Multiply "multiply",
        /// Bitwise or.
        Or "or",
        /// lhs to the power of rhs.
        Power "power",
        /// Remainder with the sign of the dividend; by zero the dividend for integers.
        Remainder "remainder",
        /// Shift left; 0 if the amount is not below the width.
        ShiftLeft "shift_left",
        /// Shift right with sign fill.
        ShiftRightArithmetic "shift_right_arithmetic",
        /// Shift right with zero fill.
        ShiftRightLogical "shift_right_logical",
        /// Difference.
        Subtract "subtract",
        /// Bitwise exclusive or.
        Xor "xor",
    }
}

impl BinaryOp {
    /// True if `op(a, b)` equals `op(b, a)` bit for bit (NaN payloads aside).
    pub const fn is_commutative(self) -> bool {
        use BinaryOp::*;
        matches!(self, Add | And | Maximum | Minimum | Multiply | Or | Xor)
    }
}
