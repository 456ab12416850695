//! Workgroup memory of a shader.

use crate::scalar::Register;

/// Arrays in workgroup memory: one for a purpose and a type, as long as its longest use.
#[derive(Clone, Debug, Default)]
pub struct Shared {
    arrays: Vec<(String, Register, u32)>,
}

impl Shared {
    /// The name of an array for a purpose.
    pub fn array(&mut self, purpose: &str, register: Register, len: u32) -> String {
        let suffix = if register == Register::C64 { "c64" } else { register.wgsl() };
        let name = format!("{purpose}_{suffix}");
        match self.arrays.iter_mut().find(|(known, ..)| *known == name) {
            Some((.., longest)) => *longest = len.max(*longest),
            None => self.arrays.push((name.clone(), register, len)),
        }
        name
    }

    /// The declarations, a line each.
    pub fn declarations(&self) -> String {
        let line = |(name, register, len): &(String, Register, u32)| {
            format!("var<workgroup> {name}: array<{}, {len}>;\n", register.wgsl())
        };
        self.arrays.iter().map(line).collect()
    }

    /// Bytes in all.
    pub fn bytes(&self) -> u32 {
        let bytes = |register: Register| match register {
            Register::I64 | Register::U64 | Register::C64 => 8,
            Register::Bool | Register::I32 | Register::U32 | Register::F32 => 4,
        };
        self.arrays.iter().map(|&(_, register, len)| bytes(register) * len).sum()
    }
}
