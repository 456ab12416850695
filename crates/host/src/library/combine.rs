//! Combining runs of elements in place, for scatters.

use half::{bf16, f16};
use num_complex::Complex;
use ops::BinaryOp;
use tensor::DType;

/// `to[i] = op(to[i], from[i])` for `count` elements at these distances.
///
/// # Safety
/// The elements exist, aligned, and the arrays do not overlap.
pub(crate) type Combine =
    unsafe fn(to: *mut u8, to_stride: isize, from: *const u8, from_stride: isize, count: usize);

/// `to[indices[i] * scale] = op(of itself, from[i * stride])` in order, where the index is at least 0 and at
/// most the limit.
///
/// # Safety
/// As [`Combine`], for all indices within the limit.
pub(crate) type Indexed = unsafe fn(to: *mut u8, from: *const u8, &Indices);

/// Where single elements go.
pub(crate) struct Indices {
    /// Indices.
    pub start: *const i32,
    /// Distance between indices.
    pub stride: isize,
    /// How many there are.
    pub count: usize,
    /// The largest that counts.
    pub limit: i64,
    /// Distance in the destination for an index of one.
    pub scale: isize,
    /// Distance between elements of the source.
    pub from_stride: isize,
}

/// The routines of an operation on a type.
#[derive(Clone, Copy)]
pub(crate) struct Routines {
    /// For runs of elements.
    pub run: Combine,
    /// For single elements.
    pub indexed: Indexed,
}

/// # Safety
/// As [`Indexed`].
unsafe fn indexed<P: Pairwise>(to: *mut u8, from: *const u8, indices: &Indices) {
    let (to, from) = (to.cast::<P::Element>(), from.cast::<P::Element>());
    for i in 0..indices.count as isize {
        // SAFETY: the contract.
        unsafe {
            let index = i64::from(*indices.start.offset(i * indices.stride));
            if (0..=indices.limit).contains(&index) {
                let to = to.offset(index as isize * indices.scale);
                *to = P::apply(*to, *from.offset(i * indices.from_stride));
            }
        }
    }
}

/// A function of two elements.
trait Pairwise {
    type Element: Copy;
    fn apply(a: Self::Element, b: Self::Element) -> Self::Element;
}

/// # Safety
/// As [`Combine`].
unsafe fn combine<P: Pairwise>(
    to: *mut u8,
    to_stride: isize,
    from: *const u8,
    from_stride: isize,
    count: usize,
) {
    let (to, from) = (to.cast::<P::Element>(), from.cast::<P::Element>());
    // SAFETY: the contract.
    unsafe {
        if to_stride == 1 && from_stride == 1 {
            let to = std::slice::from_raw_parts_mut(to, count);
            let from = std::slice::from_raw_parts(from, count);
            to.iter_mut().zip(from).for_each(|(to, &from)| *to = P::apply(*to, from));
        } else {
            for i in 0..count as isize {
                let to = to.offset(i * to_stride);
                *to = P::apply(*to, *from.offset(i * from_stride));
            }
        }
    }
}

/// A function on elements, as a type.
macro_rules! pairwise {
    ($type:ty, $a:ident, $b:ident, $body:expr) => {{
        enum Op {}
        impl Pairwise for Op {
            type Element = $type;
            #[inline(always)]
            fn apply($a: $type, $b: $type) -> $type {
                $body
            }
        }
        Routines { run: combine::<Op>, indexed: indexed::<Op> }
    }};
}

/// The functions that order floats: NaN if either is, +0 above -0.
macro_rules! floats {
    ($op:ident, $type:ident) => {
        match $op {
            BinaryOp::Add => pairwise!($type, a, b, a + b),
            BinaryOp::Subtract => pairwise!($type, a, b, a - b),
            BinaryOp::Multiply => pairwise!($type, a, b, a * b),
            BinaryOp::Maximum => {
                pairwise!(
                    $type,
                    a,
                    b,
                    if a.is_nan() || a > b || (a == b && !a.is_sign_negative()) { a } else { b }
                )
            }
            BinaryOp::Minimum => {
                pairwise!(
                    $type,
                    a,
                    b,
                    if a.is_nan() || a < b || (a == b && a.is_sign_negative()) { a } else { b }
                )
            }
            _ => return None,
        }
    };
}

macro_rules! integers {
    ($op:ident, $type:ident) => {
        match $op {
            BinaryOp::Add => pairwise!($type, a, b, a.wrapping_add(b)),
            BinaryOp::Subtract => pairwise!($type, a, b, a.wrapping_sub(b)),
            BinaryOp::Multiply => pairwise!($type, a, b, a.wrapping_mul(b)),
            BinaryOp::Maximum => pairwise!($type, a, b, a.max(b)),
            BinaryOp::Minimum => pairwise!($type, a, b, a.min(b)),
            BinaryOp::And => pairwise!($type, a, b, a & b),
            BinaryOp::Or => pairwise!($type, a, b, a | b),
            BinaryOp::Xor => pairwise!($type, a, b, a ^ b),
            _ => return None,
        }
    };
}

macro_rules! complexes {
    ($op:ident, $type:ty) => {
        match $op {
            BinaryOp::Add => pairwise!($type, a, b, a + b),
            BinaryOp::Subtract => pairwise!($type, a, b, a - b),
            BinaryOp::Multiply => pairwise!($type, a, b, a * b),
            _ => return None,
        }
    };
}

/// The routine for an operation and a type, if there is one.
pub(crate) fn binary(op: BinaryOp, dtype: DType) -> Option<Routines> {
    Some(match dtype {
        DType::F64 => floats!(op, f64),
        DType::F32 => floats!(op, f32),
        DType::F16 => floats!(op, f16),
        DType::BF16 => floats!(op, bf16),
        DType::C64 => complexes!(op, Complex<f32>),
        DType::C128 => complexes!(op, Complex<f64>),
        DType::I8 => integers!(op, i8),
        DType::I16 => integers!(op, i16),
        DType::I32 => integers!(op, i32),
        DType::I64 => integers!(op, i64),
        DType::U8 => integers!(op, u8),
        DType::U16 => integers!(op, u16),
        DType::U32 => integers!(op, u32),
        DType::U64 => integers!(op, u64),
        DType::Bool => match op {
            BinaryOp::Add | BinaryOp::Or | BinaryOp::Maximum => pairwise!(u8, a, b, a | b),
            BinaryOp::Multiply | BinaryOp::And | BinaryOp::Minimum => pairwise!(u8, a, b, a & b),
            BinaryOp::Xor => pairwise!(u8, a, b, a ^ b),
            _ => return None,
        },
        _ => return None,
    })
}

/// The routine that replaces elements of `size` bytes.
pub(crate) fn replace(size: usize) -> Routines {
    match size {
        1 => pairwise!(u8, _a, b, b),
        2 => pairwise!(u16, _a, b, b),
        4 => pairwise!(u32, _a, b, b),
        8 => pairwise!(u64, _a, b, b),
        _ => pairwise!([u64; 2], _a, b, b),
    }
}
