//! How arrays lie in memory, and the bits of values.

use tensor::{DType, DTypeClass};

use super::{Register, Scalars, register};
use crate::lower::Refusal;

/// How arrays of a dtype lie in a shader's binding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Storage {
    /// WGSL type of the declared array's element: `f32`, or `u32` for packed ones, ...
    pub element: &'static str,
    /// Its bytes.
    pub unit: u32,
    /// Array elements in one declared element: 1, or 2 or 4 for packed ones.
    pub per_word: u32,
}

impl Scalars<'_> {
    /// How an array of a dtype is declared and accessed.
    ///
    /// # Errors
    /// If the device has no such type.
    pub fn storage(&mut self, dtype: DType) -> Result<Storage, Refusal> {
        let register = register(dtype, self.features)?;
        let native = |element, unit| Storage { element, unit, per_word: 1 };
        Ok(match dtype {
            DType::F32 | DType::I32 | DType::U32 => native(register.wgsl(), 4),
            DType::I64 | DType::U64 | DType::F64 | DType::C64 => native(register.wgsl(), 8),
            DType::C128 => native(register.wgsl(), 16),
            DType::F16 if self.features.float16 => native("f16", 2),
            _ => Storage { element: "u32", unit: 4, per_word: 4 / dtype.size() as u32 },
        })
    }

    /// The register value of element number `lane` (an expression, `0..per_word`) of a declared element.
    ///
    /// # Errors
    /// If the device has no such type.
    pub fn unpack(&mut self, dtype: DType, word: &str, lane: &str) -> Result<String, Refusal> {
        let storage = self.storage(dtype)?;
        match (storage.per_word, storage.element) {
            (1, "f16") => Ok(format!("f32({word})")),
            (1, _) => Ok(word.to_owned()),
            (lanes, _) => {
                let width = 32 / lanes;
                let mask = u32::MAX >> (32 - width);
                self.value_of(dtype, &format!("(({word} >> ({width}u * ({lane}))) & {mask:#x}u)"))
            }
        }
    }

    /// A declared element made of `per_word` register values.
    ///
    /// # Errors
    /// If the device has no such type.
    pub fn pack(&mut self, dtype: DType, values: &[&str]) -> Result<String, Refusal> {
        let storage = self.storage(dtype)?;
        debug_assert_eq!(values.len(), storage.per_word as usize);
        match (storage.per_word, storage.element) {
            (1, "f16") => Ok(format!("f16({})", values[0])),
            (1, _) => Ok(values[0].to_owned()),
            (lanes, _) => {
                let mut word = Vec::new();
                for (lane, value) in (0u32..).zip(values) {
                    let bits = self.stored_bits(dtype, value)?;
                    word.push(format!("({bits} << {}u)", lane * (32 / lanes)));
                }
                Ok(format!("({})", word.join(" | ")))
            }
        }
    }

    /// The bits of one value of a packed type, shifted to its lane, and the mask of the lane: for partial stores by
    /// atomics.
    ///
    /// # Errors
    /// If the type is not packed or the device has no such type.
    pub fn lane_bits(&mut self, dtype: DType, value: &str, lane: &str) -> Result<(String, String), Refusal> {
        let storage = self.storage(dtype)?;
        if storage.per_word == 1 {
            return Err(Refusal::new(format!("{dtype} is not packed")));
        }
        let width = 32 / storage.per_word;
        let mask = u32::MAX >> (32 - width);
        let shift = format!("({width}u * ({lane}))");
        let bits = self.stored_bits(dtype, value)?;
        Ok((format!("({bits} << {shift})"), format!("({mask:#x}u << {shift})")))
    }

    /// The bits of a value as they are stored, in the low bits of a u32, for types of up to 32 bits: those of narrow
    /// signed integers are sign-extended to a byte.
    fn stored_bits(&mut self, dtype: DType, value: &str) -> Result<String, Refusal> {
        if dtype.class() == DTypeClass::Signed && dtype.bits() < 8 {
            return Ok(format!("(bitcast<u32>({value}) & 0xffu)"));
        }
        self.bits_of(dtype, value)
    }

    /// The bits of a value of up to 32 bits, zero-extended to a u32.
    pub(super) fn bits_of(&mut self, dtype: DType, value: &str) -> Result<String, Refusal> {
        let bits = dtype.bits();
        Ok(match (register(dtype, self.features)?, dtype) {
            (Register::Bool, _) => format!("select(0u, 1u, {value})"),
            (Register::U32, _) => value.to_owned(),
            (Register::I32, _) if bits == 32 => format!("bitcast<u32>({value})"),
            (Register::I32, _) => format!("(bitcast<u32>({value}) & {:#x}u)", (1u32 << bits) - 1),
            (_, DType::F32) => self.call("f32_bits", &[value]),
            (_, DType::F16) => self.call("f16_to_bits", &[value]),
            (_, DType::BF16) => self.call("bf16_to_bits", &[value]),
            (_, DType::F8E8M0FNU) => self.call("f8e8m0_to_bits", &[value]),
            _ => match self.small(dtype) {
                Some(format) => self.call("small_to_bits", &[value, &format]),
                None => return Err(Refusal::new(format!("{dtype} has more than 32 bits"))),
            },
        })
    }

    /// The value of these bits, for types of up to 32 bits.
    pub(super) fn value_of(&mut self, dtype: DType, bits: &str) -> Result<String, Refusal> {
        Ok(match (register(dtype, self.features)?, dtype) {
            (Register::Bool, _) => format!("(({bits} & 1u) != 0u)"),
            (Register::U32, _) => self.wrap(dtype, bits.to_owned()),
            (Register::I32, _) => self.wrap(dtype, format!("bitcast<i32>({bits})")),
            (_, DType::F32) => self.call("f32_value", &[bits]),
            (_, DType::F16) => self.call("f16_of_bits", &[bits]),
            (_, DType::BF16) => self.call("bf16_of_bits", &[bits]),
            (_, DType::F8E8M0FNU) => self.call("f8e8m0_of_bits", &[bits]),
            _ => match self.small(dtype) {
                Some(format) => self.call("small_of_bits", &[bits, &format]),
                None => return Err(Refusal::new(format!("{dtype} has more than 32 bits"))),
            },
        })
    }
}
