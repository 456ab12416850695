//! Scalar operations as WGSL: the vocabulary of every shader that computes with array elements.
//!
//! [`Scalars`] prints expressions and gathers the functions they call; the text of the functions is in
//! `shaders/shared/*.wgsl`, a file a family, cut into items that are found by name ([`functions`]).
//!
//! # Numbers
//! The reference is `ops::scalar`: every operation agrees with it, exactly for integers, conversions, comparisons and
//! rounding, within 4 ulp for functions. Subnormal results are kept where the device keeps them.
//!
//! WGSL promises little about floats, and compilers below it less: SPIR-V consumers may fuse and simplify (naga writes
//! no `NoContraction`; Mesa takes `(a + b) - a` apart), and Metal's compiler runs with fast math, which reorders sums and
//! assumes that nothing is NaN or infinite: wgpu sets no math mode, and its pass-through of MSL sets none either. There
//! is no switch that holds on all systems, so the text does not depend on one:
//! * NaN, infinity and the sign of zero are found and made in integers, through `f32_bits` and `f32_value`. They xor
//!   with a zero that no compiler can know (`hidden`: a bit of `args.at0`, an offset that is always even), so what a
//!   compiler believes about a float never reaches the test.
//! * Where a sum or product must be rounded as written (error-free sums, argument reduction), `f32_keep` hides it the
//!   same way. Products of halves (`f32_upper`) are exact, so that fusing them changes nothing.
//! * Built-in functions are used only where they are exact: `floor`, `ceil`, `trunc`, `round`, `abs`. `/`, `sqrt` and
//!   `inverseSqrt` are the devices' own, within 2.5 ulp by Vulkan's rules; where more is needed a residual corrects the
//!   quotient (`f32_quotient`). `clamp` bounds arguments, after which NaN is put back by an integer test.
//!
//! f64 is there where [`Features::float64`] says so (never on Metal) and keeps the same rules: its functions, in
//! `shaders/shared/f64`, are named after those of f32 and found by their register. Vulkan promises little more of f64
//! than of f32, so quotients and roots are corrected and conversions made by integers there.
//!
//! What is rounded to f16 or bf16 in the end is computed to about that precision by functions of its own, where there are
//! such (`short`): nodes of those types, and of bf16 those that the compiler has widened to f32.
//!
//! So shaders that use [`Functions::source`] must declare `args` with a field `at0`, as all shaders of this crate do.
//! Where storage of f16 is native ([`Features::float16`]) the shader needs `enable f16;`.
//!
//! # To add a function
//! 1. Write `fn TYPE_name(..)` in the file of its family in `shaders/shared`; call others by name, nothing is included
//!    by hand. A new file is named in [`functions`]. The head of the file says the error.
//! 2. Name it in the table of its class, in `float` (real and complex) or `integer`. Real functions are printed for
//!    f64 if there is an `f64_name`.
//! 3. Name its op in `tests/accuracy` (or `tests/exact`, `tests/complex`, which go through all ops): they compare it with
//!    `ops::scalar` on a software device over samples of its whole domain. Its translation to SPIR-V and MSL, and the
//!    absence of built-ins that are not to be trusted, are tested for all functions.
//! 4. If programs use it often, give it a budget of instructions in `tests/cost`.

mod compare;
mod convert;
mod float;
mod functions;
mod graph;
mod integer;
mod storage;
#[cfg(test)]
mod tests;

use ops::{BinaryOp, UnaryOp};
use plan::NodeOp;
use tensor::{DType, DTypeClass, Scalar};

pub use functions::Functions;
pub use storage::Storage;

use crate::features::Features;
use crate::lower::Refusal;

/// The type in which values of a dtype are held in shaders. Narrow integers are held sign- or zero-extended in `I32` or
/// `U32` and wrapped after each operation; f16, bf16 and the 8-bit and smaller floats are held in `F32` and rounded to
/// their type after each operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Register {
    /// `bool`.
    Bool,
    /// Signed integers of up to 32 bits.
    I32,
    /// Unsigned integers of up to 32 bits.
    U32,
    /// Signed integers of 64 bits.
    I64,
    /// Unsigned integers of 64 bits.
    U64,
    /// Real floats of up to 32 bits.
    F32,
    /// Real floats of 64 bits.
    F64,
    /// Complex numbers: real and imaginary part.
    C64,
    /// Complex numbers of f64.
    C128,
}

impl Register {
    /// The WGSL type.
    pub fn wgsl(self) -> &'static str {
        match self {
            Register::Bool => "bool",
            Register::I32 => "i32",
            Register::U32 => "u32",
            Register::I64 => "i64",
            Register::U64 => "u64",
            Register::F32 => "f32",
            Register::F64 => "f64",
            Register::C64 => "vec2<f32>",
            Register::C128 => "vec2<f64>",
        }
    }

    /// What the names of the shared functions on it begin with.
    pub fn prefix(self) -> &'static str {
        match self {
            Register::C64 => "c64",
            Register::C128 => "c128",
            other => other.wgsl(),
        }
    }

    /// Bytes in workgroup memory.
    pub fn bytes(self) -> u32 {
        match self {
            Register::Bool | Register::I32 | Register::U32 | Register::F32 => 4,
            Register::I64 | Register::U64 | Register::F64 | Register::C64 => 8,
            Register::C128 => 16,
        }
    }

    /// The type that it holds unpacked, where there is one of its own.
    pub fn dtype(self) -> DType {
        match self {
            Register::Bool => DType::Bool,
            Register::I32 => DType::I32,
            Register::U32 => DType::U32,
            Register::I64 => DType::I64,
            Register::U64 => DType::U64,
            Register::F32 => DType::F32,
            Register::F64 => DType::F64,
            Register::C64 => DType::C64,
            Register::C128 => DType::C128,
        }
    }

    /// Whether it holds 64-bit integers.
    fn is_wide(self) -> bool {
        matches!(self, Register::I64 | Register::U64)
    }
}

/// The register type of a dtype.
///
/// # Errors
/// If the device has no such type.
pub fn register(dtype: DType, features: &Features) -> Result<Register, Refusal> {
    match (dtype, dtype.class()) {
        // What f64 is made of and tested by is u64.
        (DType::F64 | DType::C128, _) if !(features.float64 && features.int64) => {
            Err(Refusal::new(format!("the device has no {dtype}")))
        }
        (DType::F64, _) => Ok(Register::F64),
        (DType::C128, _) => Ok(Register::C128),
        (DType::I64 | DType::U64, _) if !features.int64 => {
            Err(Refusal::new(format!("the device has no {dtype}")))
        }
        (DType::I64, _) => Ok(Register::I64),
        (DType::U64, _) => Ok(Register::U64),
        (_, DTypeClass::Bool) => Ok(Register::Bool),
        (_, DTypeClass::Signed) => Ok(Register::I32),
        (_, DTypeClass::Unsigned) => Ok(Register::U32),
        (_, DTypeClass::Float) => Ok(Register::F32),
        (_, DTypeClass::Complex) => Ok(Register::C64),
    }
}

/// Whether registers of a dtype can be computed with, rather than moved and compared.
///
/// # Errors
/// Of powers of two the least is subnormal in f32, which devices may take for zero.
fn computes(dtype: DType) -> Result<(), Refusal> {
    match dtype {
        DType::F8E8M0FNU => Err(Refusal::new(format!("arithmetic on {dtype}"))),
        _ => Ok(()),
    }
}

/// Prints scalar operations for a device. Operands are names of values or literals, and each is evaluated once where it
/// has effects or cost.
#[derive(Clone, Debug)]
pub struct Scalars<'a> {
    /// The device.
    pub features: &'a Features,
    /// What the printed expressions call.
    pub functions: Functions,
}

impl<'a> Scalars<'a> {
    /// A printer for a device.
    pub fn new(features: &'a Features) -> Self {
        Scalars { features, functions: Functions::default() }
    }

    /// A known value.
    ///
    /// # Errors
    /// If the device has no such type.
    pub fn constant(&mut self, value: Scalar) -> Result<String, Refusal> {
        Ok(match register(value.dtype, self.features)? {
            Register::Bool => (value.bits() != 0).to_string(),
            Register::I32 if value.as_i64() == i32::MIN.into() => "(-2147483647i - 1i)".to_owned(),
            Register::I32 => format!("({}i)", value.as_i64()),
            Register::U32 => format!("{}u", value.as_i128()),
            Register::I64 if value.as_i64() == i64::MIN => "(-9223372036854775807li - 1li)".to_owned(),
            Register::I64 => format!("({}li)", value.as_i64()),
            Register::U64 => format!("{}lu", value.as_i128()),
            Register::F32 => self.literal(value.as_f64() as f32),
            Register::F64 => self.long_literal(value.as_f64()),
            Register::C64 => {
                let value = value.as_complex();
                format!("vec2<f32>({}, {})", self.literal(value.re as f32), self.literal(value.im as f32))
            }
            Register::C128 => {
                let value = value.as_complex();
                format!("vec2<f64>({}, {})", self.long_literal(value.re), self.long_literal(value.im))
            }
        })
    }

    /// A float. What compilers may not keep as it stands is given by its bits.
    fn literal(&mut self, value: f32) -> String {
        if value.is_normal() || value.to_bits() == 0 {
            format!("({value:e}f)")
        } else {
            self.call("f32_value", &[&format!("{:#x}u", value.to_bits())])
        }
    }

    /// As [`literal`](Self::literal), of f64.
    fn long_literal(&mut self, value: f64) -> String {
        if value.is_normal() || value.to_bits() == 0 {
            format!("({value:e}lf)")
        } else {
            self.call("f64_value", &[&format!("{:#x}lu", value.to_bits())])
        }
    }

    /// An operation of one operand, whose type is given.
    ///
    /// # Errors
    /// If it is not defined on the type or the device cannot do it.
    pub fn unary(&mut self, op: UnaryOp, dtype: DType, a: &str) -> Result<String, Refusal> {
        if op != UnaryOp::IsFinite {
            computes(dtype)?;
        }
        let printed = match register(dtype, self.features)? {
            Register::Bool => (op == UnaryOp::Not).then(|| format!("(!{a})")),
            Register::I32 | Register::U32 | Register::I64 | Register::U64 => self.integer_unary(op, dtype, a),
            Register::F32 | Register::F64 => self.float_unary(op, dtype, a),
            register @ (Register::C64 | Register::C128) => self.complex_unary(op, register, a),
        };
        printed.ok_or_else(|| Refusal::new(format!("{} of {dtype}", op.mnemonic())))
    }

    /// An operation of two operands, whose type is given.
    ///
    /// # Errors
    /// If it is not defined on the type or the device cannot do it.
    pub fn binary(&mut self, op: BinaryOp, dtype: DType, a: &str, b: &str) -> Result<String, Refusal> {
        if !matches!(op, BinaryOp::Maximum | BinaryOp::Minimum) {
            computes(dtype)?;
        }
        let printed = match register(dtype, self.features)? {
            Register::Bool => match op {
                BinaryOp::Add | BinaryOp::Or | BinaryOp::Maximum => Some(format!("({a} | {b})")),
                BinaryOp::Multiply | BinaryOp::And | BinaryOp::Minimum => Some(format!("({a} & {b})")),
                BinaryOp::Xor => Some(format!("({a} != {b})")),
                _ => None,
            },
            Register::I32 | Register::U32 | Register::I64 | Register::U64 => {
                self.integer_binary(op, dtype, a, b)
            }
            Register::F32 | Register::F64 => self.float_binary(op, dtype, a, b),
            register @ (Register::C64 | Register::C128) => self.complex_binary(op, register, a, b),
        };
        printed.ok_or_else(|| Refusal::new(format!("{} of {dtype}", op.mnemonic())))
    }

    /// The scalar operation of a node, its operands in the order of [`NodeOp::visit_operands`].
    ///
    /// # Errors
    /// If the node is not a scalar operation, or the device cannot do it.
    pub fn node(
        &mut self,
        op: &NodeOp,
        dtype: DType,
        operand_types: &[DType],
        operands: &[&str],
    ) -> Result<String, Refusal> {
        match (op, operands) {
            (NodeOp::Constant(value), []) => self.constant(*value),
            (NodeOp::Unary(op, _), [a]) => self.unary(*op, operand_types[0], a),
            (NodeOp::Widened(op, _), [a]) => match self.short(*op, DType::BF16, a) {
                Some(value) => Ok(value),
                None => self.unary(*op, operand_types[0], a),
            },
            (NodeOp::Binary(op, ..), [a, b]) => self.binary(*op, operand_types[0], a, b),
            (NodeOp::Compare(direction, kind, ..), [a, b]) => {
                self.compare(*direction, *kind, operand_types[0], a, b)
            }
            (NodeOp::Select(..), [condition, a, b]) => Ok(format!("select({b}, {a}, {condition})")),
            (NodeOp::Convert(_), [a]) => self.convert(operand_types[0], dtype, a),
            (NodeOp::Bitcast(_), [a]) => self.bitcast(operand_types[0], dtype, a),
            (NodeOp::ReducePrecision { exponent_bits, mantissa_bits, .. }, [a]) => {
                self.reduce_precision(dtype, *exponent_bits, *mantissa_bits, a)
            }
            _ => Err(Refusal::new("not a scalar operation")),
        }
    }

    /// A call of a shared function.
    fn call(&mut self, name: &str, arguments: &[&str]) -> String {
        self.functions.require(name);
        format!("{name}({})", arguments.join(", "))
    }

    /// A call of the shared function on a register, if there is one.
    fn call_on(&mut self, register: Register, name: &str, arguments: &[&str]) -> Option<String> {
        let name = format!("{}_{name}", register.prefix());
        Functions::exists(&name).then(|| self.call(&name, arguments))
    }
}
