//! Elements as unsigned integers in the same order.

use half::{bf16, f16};
use tensor::{DType, NarrowFloat};

/// Writes the keys of elements `stride` elements apart.
///
/// # Safety
/// The elements exist, aligned.
pub(crate) type KeyOf = unsafe fn(*const u8, isize, &mut [u64]);

/// The keys of a type; `None` if it has no order.
///
/// Smaller elements have smaller keys, below 2^(bits of the type). Floats are ordered totally (-NaN lowest,
/// -0 below +0) or weakly (zeros equal; every NaN equal and above infinity).
pub(crate) fn key_function(dtype: DType, total: bool) -> Option<KeyOf> {
    Some(match (dtype, total) {
        (DType::Bool | DType::U2 | DType::U4 | DType::U8, _) => keys::<u8>,
        (DType::I2 | DType::I4 | DType::I8, _) => keys::<i8>,
        (DType::U16, _) => keys::<u16>,
        (DType::I16, _) => keys::<i16>,
        (DType::U32, _) => keys::<u32>,
        (DType::I32, _) => keys::<i32>,
        (DType::U64, _) => keys::<u64>,
        (DType::I64, _) => keys::<i64>,
        (DType::F16, true) => keys::<Total<f16>>,
        (DType::F16, _) => keys::<Weak<f16>>,
        (DType::BF16, true) => keys::<Total<bf16>>,
        (DType::BF16, _) => keys::<Weak<bf16>>,
        (DType::F32, true) => keys::<Total<f32>>,
        (DType::F32, _) => keys::<Weak<f32>>,
        (DType::F64, true) => keys::<Total<f64>>,
        (DType::F64, _) => keys::<Weak<f64>>,
        _ => return narrow(dtype, total),
    })
}

/// An element with a key.
trait Key: Copy {
    fn key(self) -> u64;
}

/// # Safety
/// As [`KeyOf`].
unsafe fn keys<T: Key>(from: *const u8, stride: isize, to: &mut [u64]) {
    let from = from.cast::<T>();
    for (i, to) in to.iter_mut().enumerate() {
        // SAFETY: the contract.
        *to = unsafe { (*from.offset(i as isize * stride)).key() };
    }
}

macro_rules! unsigned_keys {
    ($($type:ident)*) => { $(impl Key for $type {
        #[inline(always)]
        fn key(self) -> u64 {
            self.into()
        }
    })* };
}
unsigned_keys!(u8 u16 u32 u64);

macro_rules! signed_keys {
    ($($type:ident $unsigned:ident)*) => { $(impl Key for $type {
        #[inline(always)]
        fn key(self) -> u64 {
            ((self as $unsigned) ^ (1 << ($unsigned::BITS - 1))).into()
        }
    })* };
}
signed_keys!(i8 u8 i16 u16 i32 u32 i64 u64);

/// Floats in total order.
#[derive(Clone, Copy)]
#[repr(transparent)]
struct Total<T>(T);
/// Floats with equal zeros, and NaNs equal and largest.
#[derive(Clone, Copy)]
#[repr(transparent)]
struct Weak<T>(T);

macro_rules! float_keys {
    ($($type:ident $bits:ident $zero:expr;)*) => { $(
        impl Key for Total<$type> {
            #[inline(always)]
            fn key(self) -> u64 {
                let bits = self.0.to_bits();
                let top = 1 << ($bits::BITS - 1);
                (if bits & top != 0 { !bits } else { bits | top }).into()
            }
        }
        impl Key for Weak<$type> {
            #[inline(always)]
            fn key(self) -> u64 {
                if self.0.is_nan() {
                    return $bits::MAX.into();
                }
                Total(if self.0 == $zero { $zero } else { self.0 }).key()
            }
        }
    )* };
}
float_keys!(f16 u16 f16::ZERO; bf16 u16 bf16::ZERO; f32 u32 0f32; f64 u64 0f64;);

/// Keys of floats of 8 bits or fewer: those of their values as f32, whose NaNs count as largest.
fn narrow(dtype: DType, total: bool) -> Option<KeyOf> {
    /// An 8-bit float of the layout that the table of types has at this position.
    macro_rules! layouts {
        ($($case:ident)*) => {
            match dtype {
                $(DType::$case => {
                    #[derive(Clone, Copy)]
                    #[repr(transparent)]
                    struct Narrow<const TOTAL: bool>(u8);
                    impl<const TOTAL: bool> Key for Narrow<TOTAL> {
                        fn key(self) -> u64 {
                            let value = NarrowFloat::of(DType::$case).map_or(0.0, |f| f.decode(self.0)) as f32;
                            if TOTAL { Total(value).key() } else { Weak(value).key() }
                        }
                    }
                    if total { keys::<Narrow<true>> } else { keys::<Narrow<false>> }
                })*
                _ => return None,
            }
        };
    }
    Some(
        layouts!(F4E2M1FN F6E2M3FN F6E3M2FN F8E3M4 F8E4M3 F8E4M3FN F8E4M3FNUZ F8E4M3B11FNUZ F8E5M2 F8E5M2FNUZ F8E8M0FNU),
    )
}
