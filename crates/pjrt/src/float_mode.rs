//! The mode of floating-point arithmetic during a call, whatever the caller's.
//!
//! Frameworks call on threads that flush subnormal numbers to zero, and threads inherit the mode of the one that
//! starts them. Here subnormals count: results would differ between threads, and faer's complex arithmetic, which
//! moves bits of integers through floating-point registers, would be plainly wrong.

/// IEEE arithmetic (round to nearest, subnormals kept, exceptions masked) until dropped; then the caller's mode.
pub struct IeeeFloats {
    /// The caller's mode, where it is another one.
    before: Option<u64>,
}

impl IeeeFloats {
    /// Begins.
    pub fn begin() -> Self {
        let mode = control::read();
        let differs = mode & control::MODE != control::IEEE;
        if differs {
            control::write(control::IEEE);
        }
        IeeeFloats { before: differs.then_some(mode) }
    }
}

impl Drop for IeeeFloats {
    fn drop(&mut self) {
        if let Some(mode) = self.before {
            control::write(mode);
        }
    }
}

#[cfg(target_arch = "x86_64")]
mod control {
    use std::arch::asm;

    /// The bits of MXCSR that are not flags of what happened.
    pub const MODE: u64 = 0xffc0;
    /// All exceptions are masked.
    pub const IEEE: u64 = 0x1f80;

    pub fn read() -> u64 {
        let mut mode = 0u32;
        // SAFETY: stores the register to a local.
        unsafe { asm!("stmxcsr [{}]", in(reg) &raw mut mode, options(nostack, preserves_flags)) };
        mode.into()
    }

    pub fn write(mode: u64) {
        let mode = mode as u32;
        // SAFETY: the value is the default one, or was read from the register.
        unsafe { asm!("ldmxcsr [{}]", in(reg) &raw const mode, options(nostack, preserves_flags)) };
    }
}

#[cfg(target_arch = "aarch64")]
mod control {
    use std::arch::asm;

    /// FPCR has no flags of what happened.
    pub const MODE: u64 = u64::MAX;
    /// Round to nearest, no flushing, no traps.
    pub const IEEE: u64 = 0;

    pub fn read() -> u64 {
        let mode: u64;
        // SAFETY: reads the register.
        unsafe { asm!("mrs {}, fpcr", out(reg) mode, options(nomem, nostack, preserves_flags)) };
        mode
    }

    pub fn write(mode: u64) {
        // SAFETY: the value is the default one, or was read from the register.
        unsafe { asm!("msr fpcr, {}", in(reg) mode, options(nostack, preserves_flags)) };
    }
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
mod control {
    /// No known mode.
    pub const MODE: u64 = 0;
    /// The only one.
    pub const IEEE: u64 = 0;

    pub fn read() -> u64 {
        IEEE
    }

    pub fn write(_: u64) {}
}
