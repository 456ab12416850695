//! What a device can do, as far as shaders depend on it.

/// Bindings start at multiples of this: no device asks for more.
pub const BINDING_ALIGNMENT: u64 = 256;

/// Features and limits of a device. Lowering is a function of the step and of these alone.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Features {
    /// `f16` in storage and arithmetic.
    pub float16: bool,
    /// `f64` in storage and basic arithmetic (never on Metal).
    pub float64: bool,
    /// `i64` and `u64` in storage and arithmetic.
    pub int64: bool,
    /// Atomics on `i64` and `u64` in storage (never on Metal).
    pub int64_atomics: bool,
    /// `atomicAdd` on `f32` in storage.
    pub float32_atomics: bool,
    /// Smallest and largest size of a subgroup, where subgroup operations exist.
    pub subgroup: Option<(u32, u32)>,
    /// Edge of the square tiles of cooperative matrices of f16 with f32 sums, where they exist: 8 on Metal, 16
    /// elsewhere.
    pub cooperative_f16: Option<u32>,
    /// As `cooperative_f16`, of f32 with f32 sums (Metal).
    pub cooperative_f32: Option<u32>,
    /// Storage buffers that one shader may use (29 on Metal).
    pub max_bindings: u32,
    /// Bytes of one binding.
    pub max_binding_bytes: u64,
    /// Bytes of one buffer: the largest array. What is larger than a binding is bound in windows.
    pub max_buffer_bytes: u64,
    /// Bytes of workgroup memory (32 KiB on Metal).
    pub workgroup_bytes: u32,
    /// Threads of a workgroup.
    pub workgroup_threads: u32,
    /// Bytes of immediates, of which the first `4 * bindings` are offsets.
    pub immediate_bytes: u32,
    /// Workgroups in each dimension of a grid.
    pub max_grid: u32,
    /// Whether results may not depend on the order in which threads run: a wish rather than a feature. Without it,
    /// sums of floats by scatters differ in the last bits from run to run.
    pub deterministic: bool,
}

impl Features {
    /// What every supported device has: Metal's limits and no optional feature.
    pub const fn least() -> Self {
        Features {
            float16: false,
            float64: false,
            int64: false,
            int64_atomics: false,
            float32_atomics: false,
            subgroup: None,
            cooperative_f16: None,
            cooperative_f32: None,
            max_bindings: 29,
            max_binding_bytes: 128 << 20,
            max_buffer_bytes: 256 << 20,
            workgroup_bytes: 32 << 10,
            workgroup_threads: 1024,
            immediate_bytes: 128,
            max_grid: 65535,
            deterministic: false,
        }
    }

    /// Bytes of an array that one binding reaches, from any multiple of 64 bytes on: bindings start at multiples of
    /// [`BINDING_ALIGNMENT`], up to so much before what is wanted.
    pub const fn window_bytes(&self) -> u64 {
        (self.max_binding_bytes / BINDING_ALIGNMENT).saturating_sub(1) * BINDING_ALIGNMENT
    }

    /// What nearly every device has: Apple's GPUs since the M1, and those of desktops.
    pub const fn usual() -> Self {
        Features { float16: true, int64: true, subgroup: Some((32, 32)), ..Features::least() }
    }
}
