//! Element types that products compute in, and conversion of whole arrays to and from them.

use half::slice::HalfFloatSliceExt;
use half::{bf16, f16};
use tensor::{DType, DTypeClass, Scalar};

use super::gemm::Element;
use crate::context::{RunContext, Scratch};

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

/// An array in the native type: itself, or a converted copy.
pub(crate) struct Operand<'a, T> {
    start: *const T,
    _copy: Option<Scratch<'a>>,
}

impl<'a, T: Native> Operand<'a, T> {
    /// The array at `from`, of `len` elements of `dtype`.
    ///
    /// # Safety
    /// The array has these elements, aligned, for as long as the operand is used.
    pub(crate) unsafe fn new(dtype: DType, from: *const u8, len: usize, context: &'a RunContext) -> Self {
        if dtype == T::DTYPE {
            return Operand { start: from.cast(), _copy: None };
        }
        let mut copy = context.scratch(len * size_of::<T>());
        // SAFETY: scratch is aligned and any bytes are valid elements.
        let start = unsafe {
            let elements = &mut copy.align_to_mut::<T>().1[..len];
            read(dtype, from, elements);
            elements.as_ptr()
        };
        Operand { start, _copy: Some(copy) }
    }

    /// The first element.
    pub(crate) fn start(&self) -> *const T {
        self.start
    }
}

/// Computes a bilinear function of complex arrays by four calls of the real one on separate parts:
/// `function(a, b, c, accumulate)` stores its result in c or adds it.
///
/// # Safety
/// The arrays have the types and lengths given: two operands and the result.
pub(crate) unsafe fn by_parts<T: Native>(
    dtypes: [DType; 3],
    lens: [usize; 3],
    reads: &[*const u8],
    out: *mut u8,
    context: &RunContext,
    function: impl Fn(*const T, *const T, *mut T, bool),
) {
    let [left, right, result] = lens;
    let mut scratch =
        context.scratch((3 * left + 2 * right + 2 * result + left.max(right) * 2) * size_of::<T>());
    // SAFETY: scratch is aligned and any bytes are valid elements; arrays have the lengths given.
    unsafe {
        let scratch = scratch.align_to_mut::<T>().1;
        let (left_re, scratch) = scratch.split_at_mut(left);
        let (left_im, scratch) = scratch.split_at_mut(left);
        let (left_minus, scratch) = scratch.split_at_mut(left);
        let (right_re, scratch) = scratch.split_at_mut(right);
        let (right_im, scratch) = scratch.split_at_mut(right);
        let (re, scratch) = scratch.split_at_mut(result);
        let (im, pairs) = scratch.split_at_mut(result);
        split(dtypes[0], reads[0], left_re, left_im, pairs);
        split(dtypes[1], reads[1], right_re, right_im, pairs);
        let minus_one = T::from_scalar(Scalar::from_i64(T::DTYPE, -1));
        for (to, &from) in left_minus.iter_mut().zip(&*left_im) {
            *to = minus_one.madd::<crate::cpu::Baseline>(from, T::ZERO);
        }
        function(left_re.as_ptr(), right_re.as_ptr(), re.as_mut_ptr(), false);
        function(left_minus.as_ptr(), right_im.as_ptr(), re.as_mut_ptr(), true);
        function(left_re.as_ptr(), right_im.as_ptr(), im.as_mut_ptr(), false);
        function(left_im.as_ptr(), right_re.as_ptr(), im.as_mut_ptr(), true);
        let out = std::slice::from_raw_parts_mut(out.cast::<[T; 2]>(), result);
        for (to, (&re, &im)) in out.iter_mut().zip(re.iter().zip(&*im)) {
            *to = [re, im];
        }
    }
}

/// Separates real and imaginary parts; a real array has imaginary parts of zero.
///
/// # Safety
/// `from` holds as many elements as `re`; `pairs` has room for twice as many.
unsafe fn split<T: Native>(dtype: DType, from: *const u8, re: &mut [T], im: &mut [T], pairs: &mut [T]) {
    // SAFETY: a complex array is an array of its parts.
    unsafe {
        if !dtype.is_complex() {
            read(dtype, from, re);
            im.fill(T::ZERO);
            return;
        }
        let pairs = &mut pairs[..2 * re.len()];
        read(dtype.real(), from, pairs);
        for ((re, im), pair) in re.iter_mut().zip(im).zip(pairs.chunks_exact(2)) {
            (*re, *im) = (pair[0], pair[1]);
        }
    }
}
