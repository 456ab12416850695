//! Conversions between types, of values and of bits.

use tensor::{DType, DTypeClass, Scalar};

use super::{Register, Scalars, register};
use crate::lower::Refusal;

impl Scalars<'_> {
    /// The value converted: floats become integers by truncation, saturating, NaN to 0; integers wrap; everything
    /// becomes a float with one rounding; a `bool` says whether the value is not zero.
    ///
    /// # Errors
    /// If the device lacks one of the types.
    pub fn convert(&mut self, from: DType, to: DType, a: &str) -> Result<String, Refusal> {
        if from == to {
            return Ok(a.to_owned());
        }
        let (source, target) = (register(from, self.features)?, register(to, self.features)?);
        Ok(match (source, target) {
            (Register::C64 | Register::C128, Register::Bool) => {
                let zero = self.constant(Scalar::zero(from))?;
                let zero = self.call(&format!("{}_equal", source.prefix()), &[a, &zero]);
                format!("(!{zero})")
            }
            (Register::C64 | Register::C128, Register::C64 | Register::C128) => {
                let [re, im] = ["x", "y"].map(|part| format!("({a}).{part}"));
                let (re, im) =
                    (self.convert(from.real(), to.real(), &re)?, self.convert(from.real(), to.real(), &im)?);
                format!("{}({re}, {im})", target.wgsl())
            }
            (Register::C64 | Register::C128, _) => {
                return self.convert(from.real(), to, &format!("({a}).x"));
            }
            (_, Register::C64 | Register::C128) => {
                let zero = self.constant(Scalar::zero(to.real()))?;
                format!("{}({}, {zero})", target.wgsl(), self.convert(from, to.real(), a)?)
            }
            (_, Register::Bool) => self.is_not_zero(source, a),
            (Register::Bool, Register::F32) => {
                let value = format!("select(0.0f, 1.0f, {a})");
                // Not every format has a zero.
                self.round(to, value)
            }
            (Register::Bool, Register::F64) => format!("select(0.0lf, 1.0lf, {a})"),
            (Register::Bool, Register::I64) => format!("select(0li, 1li, {a})"),
            (Register::Bool, _) => format!("{}(select(0u, 1u, {a}))", target.wgsl()),
            (Register::F32, Register::F32) => self.round(to, a.to_owned()),
            (Register::F32, Register::F64) => self.call("f64_of_f32", &[a]),
            (Register::F64, Register::F32) if to == DType::F32 => self.call("f32_of_f64", &[a]),
            (Register::F64, Register::F32) => {
                let value = self.call("f32_odd_of_f64", &[a]);
                self.round(to, value)
            }
            (Register::F32 | Register::F64, _) => self.integer_of_float(to, source, target, a),
            (_, Register::F32) => self.float_of_integer(source, from, to, a),
            (Register::I64, Register::F64) => self.call("f64_of_i64", &[a]),
            (Register::U64, Register::F64) => self.call("f64_of_u64", &[a]),
            // Widened by the sign that the source has; a conversion at once takes the target's.
            (Register::I32, Register::U64) => {
                let value = self.call("i64_of_i32", &[a]);
                format!("u64({value})")
            }
            (Register::I32, Register::I64) => self.call("i64_of_i32", &[a]),
            (Register::U32, Register::I64) => format!("i64(u64({a}))"),
            // What is left is exact in f64.
            (_, Register::F64) => format!("f64({a})"),
            _ => {
                let value = format!("{}({a})", target.wgsl());
                let fits = from.class() == to.class() && from.bits() <= to.bits();
                if fits { value } else { self.wrap(to, value) }
            }
        })
    }

    fn is_not_zero(&mut self, source: Register, a: &str) -> String {
        match source {
            Register::F32 => {
                let bits = self.call("f32_bits", &[a]);
                format!("(({bits} & 0x7fffffffu) != 0u)")
            }
            Register::F64 => format!("(!{})", self.call("f64_is_zero", &[a])),
            _ => format!("({a} != {}(0))", source.wgsl()),
        }
    }

    fn integer_of_float(&mut self, to: DType, source: Register, target: Register, a: &str) -> String {
        let from = source.prefix();
        match target {
            Register::I64 | Register::U64 => self.call(&format!("{}_of_{from}", target.prefix()), &[a]),
            _ if to.bits() == 32 => self.call(&format!("{}_of_{from}", target.prefix()), &[a]),
            _ => {
                let bits = to.bits();
                let (low, high) = match to.class() {
                    DTypeClass::Signed => (-(1i64 << (bits - 1)), (1i64 << (bits - 1)) - 1),
                    _ => (0, (1i64 << bits) - 1),
                };
                let (low, high) = (low.to_string(), high.to_string());
                let value = self.call(&format!("i32_clamped_of_{from}"), &[a, &low, &high]);
                if target == Register::U32 { format!("bitcast<u32>({value})") } else { value }
            }
        }
    }

    fn float_of_integer(&mut self, source: Register, from: DType, to: DType, a: &str) -> String {
        // 32-bit integers and f16: those that f32 does not hold are infinite. Others are rounded once more.
        let once = to == DType::F32 || from.bits() < 24 || (to == DType::F16 && !source.is_wide());
        let value = match (source, once) {
            (Register::I64, true) => self.call("f32_of_i64", &[a]),
            (Register::U64, true) => self.call("f32_of_u64", &[a]),
            (Register::I64, false) => self.call("f32_odd_of_i64", &[a]),
            (Register::U64, false) => self.call("f32_odd_of_u64", &[a]),
            (_, true) => format!("f32({a})"),
            (Register::I32, false) => self.call("f32_odd_of_i32", &[a]),
            (_, false) => self.call("f32_odd_of_u32", &[a]),
        };
        self.round(to, value)
    }

    /// The bits of the value as a type of equal width. NaN of a type shorter than f32 may come as another NaN.
    ///
    /// # Errors
    /// If the device lacks one of the types.
    pub fn bitcast(&mut self, from: DType, to: DType, a: &str) -> Result<String, Refusal> {
        let (source, target) = (register(from, self.features)?, register(to, self.features)?);
        if from == to {
            return Ok(a.to_owned());
        }
        if from.size() == 8 {
            let bits = match source {
                Register::C64 => {
                    let (re, im) = (format!("({a}).x"), format!("({a}).y"));
                    let (low, high) = (self.call("f32_bits", &[&re]), self.call("f32_bits", &[&im]));
                    self.call("u64_of", &[&low, &high])
                }
                Register::F64 => self.call("f64_bits", &[a]),
                _ => format!("u64({a})"),
            };
            return Ok(match target {
                Register::C64 => self.call("c64_of_bits", &[&bits]),
                Register::F64 => self.call("f64_value", &[&bits]),
                _ => format!("{}({bits})", target.wgsl()),
            });
        }
        let bits = self.bits_of(from, a)?;
        self.value_of(to, &bits)
    }

    /// The value rounded to a format of this many bits.
    ///
    /// # Errors
    /// If the type is not a float of 16 bits or more that the device has.
    pub fn reduce_precision(
        &mut self,
        dtype: DType,
        exponent_bits: u32,
        mantissa_bits: u32,
        a: &str,
    ) -> Result<String, Refusal> {
        let (source_exponent, source_mantissa) = match dtype {
            DType::F16 => (5, 10),
            DType::BF16 => (8, 7),
            DType::F32 => (8, 23),
            DType::F64 => (11, 52),
            _ => return Err(Refusal::new(format!("reduce_precision of {dtype}"))),
        };
        let top = (1u32 << source_exponent) - 1;
        let drop = source_mantissa - mantissa_bits.min(source_mantissa);
        let (least, largest) = if exponent_bits >= source_exponent {
            (0, top)
        } else {
            let source_bias = (1u32 << (source_exponent - 1)) - 1;
            let bias = (1u32 << (exponent_bits.max(1) - 1)) - 1;
            (source_bias + 1 - bias, source_bias + bias)
        };
        if dtype == DType::F64 {
            register(dtype, self.features)?;
            let [drop, least, largest] = [drop, least, largest].map(|bits| format!("{bits}u"));
            return Ok(self.call("f64_reduce_precision", &[a, &drop, &least, &largest]));
        }
        let bits = self.bits_of(dtype, a)?;
        let sign = 1u32 << (source_exponent + source_mantissa);
        let infinity = top << source_mantissa;
        let format = format!(
            "Reduction({sign:#x}u, {infinity:#x}u, {source_mantissa}u, {drop}u, {least}u, {largest}u)"
        );
        let reduced = self.call("reduce_bits", &[&bits, &format]);
        self.value_of(dtype, &reduced)
    }
}
