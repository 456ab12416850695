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
        let name = format!("{purpose}_{}", register.prefix());
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
        self.arrays.iter().map(|&(_, register, len)| register.bytes() * len).sum()
    }
}
