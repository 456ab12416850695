//! CPU feature levels: the one place that knows about architectures.
//!
//! A routine is written once, portably, generic over an [`Isa`]; [`per_level!`] compiles it for each level
//! with that level's target features and picks one by [`Level`]. On architectures other than x86-64 all
//! levels are the baseline, whose 128-bit vectors are what such machines have.

use std::sync::OnceLock;

/// A set of CPU features that routines are compiled for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// What every CPU of the architecture has: 128-bit vectors.
    Baseline,
    /// x86-64-v3: 256-bit vectors and fused multiply-add.
    Avx2,
    /// x86-64-v4: 512-bit vectors.
    Avx512,
}

impl Level {
    /// The highest level that this machine has, found once.
    pub fn best() -> Level {
        static BEST: OnceLock<Level> = OnceLock::new();
        *BEST.get_or_init(detect)
    }

    /// All levels that this machine has, lowest first.
    pub fn available() -> impl Iterator<Item = Level> {
        [Level::Baseline, Level::Avx2, Level::Avx512].into_iter().filter(|&level| level <= Level::best())
    }
}

#[cfg(target_arch = "x86_64")]
fn detect() -> Level {
    macro_rules! all {
        ($($feature:tt)*) => { $(is_x86_feature_detected!($feature))&&* };
    }
    if !all!("avx2" "fma" "bmi1" "bmi2" "f16c" "lzcnt" "popcnt" "movbe") {
        Level::Baseline
    } else if !all!("avx512f" "avx512bw" "avx512cd" "avx512dq" "avx512vl") {
        Level::Avx2
    } else {
        Level::Avx512
    }
}

#[cfg(not(target_arch = "x86_64"))]
fn detect() -> Level {
    Level::Baseline
}

/// What a routine's body may know about the level that it is compiled for.
pub trait Isa: 'static {
    /// The level.
    const LEVEL: Level;
    /// Fused multiply-add is an instruction (otherwise it is a slow library call).
    const FMA: bool;
    /// Rounding to an integer is an instruction (otherwise it is a slow library call).
    const ROUND: bool;
    /// Copies for this level are kept small rather than fast where a higher level has one: on x86-64 only machines
    /// from before 2013 use them.
    const SMALL: bool = false;
}

/// The lanes of [`Level::Baseline`].
pub enum Baseline {}
/// The lanes of [`Level::Avx2`].
pub enum Avx2 {}
/// The lanes of [`Level::Avx512`].
pub enum Avx512 {}

impl Isa for Baseline {
    const LEVEL: Level = Level::Baseline;
    const FMA: bool = cfg!(target_arch = "aarch64");
    const ROUND: bool = cfg!(target_arch = "aarch64");
    const SMALL: bool = cfg!(target_arch = "x86_64");
}

impl Isa for Avx2 {
    const LEVEL: Level = Level::Avx2;
    const FMA: bool = true;
    const ROUND: bool = true;
}

impl Isa for Avx512 {
    const LEVEL: Level = Level::Avx512;
    const FMA: bool = true;
    const ROUND: bool = true;
}

/// Compiles an `unsafe fn body<L: Isa, K..>(args)` for each level; the function made maps a [`Level`] to a
/// pointer to that level's copy.
///
/// The body and all it calls must be `#[inline(always)]`, or they are compiled without the features.
/// Calling a pointer for a level that the machine lacks is undefined behaviour. The constant after `up to` is
/// the highest level that there is a copy for: over all kernels and types the copies are megabytes.
macro_rules! per_level {
    ($($(#[$meta:meta])* fn $name:ident<$($kernel:ident: $bound:path),*>($($arg:ident: $type:ty),*) -> $pointer:ty = $body:ident $(, up to $up_to:expr)?;)*) => { $(
        $(#[$meta])*
        pub(crate) fn $name<$($kernel: $bound),*>(level: $crate::cpu::Level) -> $pointer {
            #[inline(never)]
            unsafe fn baseline<$($kernel: $bound),*>($($arg: $type),*) {
                // SAFETY: the caller keeps the contract of the body.
                unsafe { $body::<$crate::cpu::Baseline, $($kernel),*>($($arg),*) }
            }
            #[cfg(target_arch = "x86_64")]
            #[inline(never)]
            #[target_feature(enable = "avx2,fma,bmi1,bmi2,f16c,lzcnt,popcnt,movbe")]
            unsafe fn avx2<$($kernel: $bound),*>($($arg: $type),*) {
                // SAFETY: the caller keeps the contract of the body.
                unsafe { $body::<$crate::cpu::Avx2, $($kernel),*>($($arg),*) }
            }
            #[cfg(target_arch = "x86_64")]
            #[inline(never)]
            #[target_feature(enable = "avx2,fma,bmi1,bmi2,f16c,lzcnt,popcnt,movbe,avx512f,avx512bw,avx512cd,avx512dq,avx512vl")]
            unsafe fn avx512<$($kernel: $bound),*>($($arg: $type),*) {
                // SAFETY: the caller keeps the contract of the body.
                unsafe { $body::<$crate::cpu::Avx512, $($kernel),*>($($arg),*) }
            }
            match level {
                #[cfg(target_arch = "x86_64")]
                $crate::cpu::Level::Avx512 if const { true $(&& $crate::cpu::Level::Avx512 as u8 <= $up_to as u8)? } => {
                    avx512::<$($kernel),*>
                }
                #[cfg(target_arch = "x86_64")]
                $crate::cpu::Level::Avx2 | $crate::cpu::Level::Avx512
                    if const { true $(&& $crate::cpu::Level::Avx2 as u8 <= $up_to as u8)? } =>
                {
                    avx2::<$($kernel),*>
                }
                _ => baseline::<$($kernel),*>,
            }
        }
    )* };
}
pub(crate) use per_level;
