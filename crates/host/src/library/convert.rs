//! Element types that products compute in, and conversion of whole arrays to and from them.

use half::slice::HalfFloatSliceExt;
use half::{bf16, f16};
use tensor::{DType, DTypeClass, Scalar};

use super::gemm::Element;

/// An element type that arrays are computed in.
pub(crate) trait Native: Element {
    /// The element type whose arrays need no conversion.
    const DTYPE: DType;
    /// The value of a scalar.
    fn from_scalar(x: Scalar) -> Self;
    /// The value as an element of this type, rounded or wrapped.
    fn to_scalar(self, dtype: DType) -> Scalar;
    /// The conversion from a type that has a fast one.
    ///
    /// # Safety
    /// `from` holds `to.len()` elements of `dtype`.
    unsafe fn read_fast(dtype: DType, from: *const u8, to: &mut [Self]) -> bool;
    /// The conversion to a type that has a fast one.
    ///
    /// # Safety
    /// `to` has room for `from.len()` elements of `dtype`.
    unsafe fn write_fast(dtype: DType, from: &[Self], to: *mut u8) -> bool;
}

/// The element type in which sums of this type are computed.
pub(crate) fn native(dtype: DType) -> DType {
    match dtype.class() {
        DTypeClass::Bool => DType::I32,
        DTypeClass::Signed | DTypeClass::Unsigned if dtype.bits() == 64 => DType::I64,
        DTypeClass::Signed | DTypeClass::Unsigned => DType::I32,
        DTypeClass::Float | DTypeClass::Complex if dtype.real() == DType::F64 => DType::F64,
        DTypeClass::Float | DTypeClass::Complex => DType::F32,
    }
}

/// Converts an array to the native type; of complex numbers, all parts.
///
/// # Safety
/// `from` holds `to.len()` elements of `dtype`, aligned.
pub(crate) unsafe fn read<T: Native>(dtype: DType, from: *const u8, to: &mut [T]) {
    // SAFETY: passed on.
    if unsafe { T::read_fast(dtype, from, to) } {
        return;
    }
    let size = dtype.size();
    // SAFETY: the array has this many bytes.
    let bytes = unsafe { std::slice::from_raw_parts(from, to.len() * size) };
    if size == 1 {
        let table: [T; 256] =
            std::array::from_fn(|byte| T::from_scalar(Scalar::from_bytes(dtype, &[byte as u8])));
        for (to, &byte) in to.iter_mut().zip(bytes) {
            *to = table[usize::from(byte)];
        }
    } else {
        for (to, bytes) in to.iter_mut().zip(bytes.chunks_exact(size)) {
            *to = T::from_scalar(Scalar::from_bytes(dtype, bytes));
        }
    }
}

/// Converts an array from the native type.
///
/// # Safety
/// `to` has room for `from.len()` elements of `dtype`, aligned.
pub(crate) unsafe fn write<T: Native>(dtype: DType, from: &[T], to: *mut u8) {
    // SAFETY: passed on.
    if unsafe { T::write_fast(dtype, from, to) } {
        return;
    }
    let size = dtype.size();
    // SAFETY: the array has this many bytes.
    let bytes = unsafe { std::slice::from_raw_parts_mut(to, from.len() * size) };
    for (&from, to) in from.iter().zip(bytes.chunks_exact_mut(size)) {
        to.copy_from_slice(&from.to_scalar(dtype).to_bytes()[..size]);
    }
}

/// Elements of a plain type by a cast of each.
macro_rules! cast {
    ($dtype:ident, $from:ident, $to:ident, $self:ident, [$($case:ident $type:ident,)*]) => {
        match $dtype {
            $(DType::$case => {
                // SAFETY: the caller says that the array holds elements of this type.
                let from = unsafe { std::slice::from_raw_parts($from.cast::<$type>(), $to.len()) };
                $to.iter_mut().zip(from).for_each(|(to, &from)| *to = from as $self);
                true
            })*
            _ => false,
        }
    };
}

/// Elements to a plain type by a cast of each.
macro_rules! cast_back {
    ($dtype:ident, $from:ident, $to:ident, [$($case:ident $type:ident,)*]) => {
        match $dtype {
            $(DType::$case => {
                // SAFETY: the caller says that the array has room for elements of this type.
                let to = unsafe { std::slice::from_raw_parts_mut($to.cast::<$type>(), $from.len()) };
                to.iter_mut().zip($from).for_each(|(to, &from)| *to = from as $type);
                true
            })*
            _ => false,
        }
    };
}

macro_rules! native_float {
    ($type:ident $dtype:ident $convert_to:ident $convert_from:ident) => {
        impl Native for $type {
            const DTYPE: DType = DType::$dtype;

            fn from_scalar(x: Scalar) -> Self {
                x.as_f64() as $type
            }

            fn to_scalar(self, dtype: DType) -> Scalar {
                Scalar::from_f64(dtype, self.into())
            }

            unsafe fn read_fast(dtype: DType, from: *const u8, to: &mut [Self]) -> bool {
                match dtype {
                    // SAFETY: the caller says that the array holds elements of this type.
                    DType::BF16 => unsafe {
                        std::slice::from_raw_parts(from.cast::<bf16>(), to.len()).$convert_to(to)
                    },
                    // SAFETY: as above.
                    DType::F16 => unsafe {
                        std::slice::from_raw_parts(from.cast::<f16>(), to.len()).$convert_to(to)
                    },
                    _ => return cast!(dtype, from, to, $type, [F32 f32, F64 f64, I32 i32, I64 i64,]),
                }
                true
            }

            unsafe fn write_fast(dtype: DType, from: &[Self], to: *mut u8) -> bool {
                match dtype {
                    // SAFETY: the caller says that the array has room for elements of this type.
                    DType::BF16 => unsafe {
                        std::slice::from_raw_parts_mut(to.cast::<bf16>(), from.len()).$convert_from(from)
                    },
                    // SAFETY: as above.
                    DType::F16 => unsafe {
                        std::slice::from_raw_parts_mut(to.cast::<f16>(), from.len()).$convert_from(from)
                    },
                    _ => return cast_back!(dtype, from, to, [F32 f32, F64 f64,]),
                }
                true
            }
        }
    };
}

native_float!(f32 F32 convert_to_f32_slice convert_from_f32_slice);
native_float!(f64 F64 convert_to_f64_slice convert_from_f64_slice);

macro_rules! native_integer {
    ($type:ident $dtype:ident) => {
        impl Native for $type {
            const DTYPE: DType = DType::$dtype;

            fn from_scalar(x: Scalar) -> Self {
                x.as_i64() as $type
            }

            fn to_scalar(self, dtype: DType) -> Scalar {
                match dtype {
                    DType::Bool => Scalar::bool(self != 0),
                    _ if dtype.is_integer() => Scalar::from_i64(dtype, self.into()),
                    _ => Scalar::from_f64(dtype, self as f64),
                }
            }

            unsafe fn read_fast(dtype: DType, from: *const u8, to: &mut [Self]) -> bool {
                cast!(dtype, from, to, $type, [
                    Bool u8, I8 i8, U8 u8, I16 i16, U16 u16, I32 i32, U32 u32, I64 i64, U64 u64,
                ])
            }

            unsafe fn write_fast(dtype: DType, from: &[Self], to: *mut u8) -> bool {
                cast_back!(dtype, from, to, [
                    I8 i8, U8 u8, I16 i16, U16 u16, I32 i32, U32 u32, I64 i64, U64 u64, F32 f32, F64 f64,
                ])
            }
        }
    };
}

native_integer!(i32 I32);
native_integer!(i64 I64);
