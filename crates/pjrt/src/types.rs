//! Element types and layouts as the C API writes them.

use runtime::Error;
use tensor::{DType, Dims};

use crate::abi::*;
use crate::boundary::{Failure, Outcome, code, lent};

/// Codes of `PJRT_Buffer_Type` with their element types. 0 is invalid, 23 a token. Codes from 26 on are of later
/// versions of the API; frameworks send them all the same.
const TYPES: &[(PJRT_Buffer_Type, DType)] = &[
    (1, DType::Bool),
    (2, DType::I8),
    (3, DType::I16),
    (4, DType::I32),
    (5, DType::I64),
    (6, DType::U8),
    (7, DType::U16),
    (8, DType::U32),
    (9, DType::U64),
    (10, DType::F16),
    (11, DType::F32),
    (12, DType::F64),
    (13, DType::BF16),
    (14, DType::C64),
    (15, DType::C128),
    (16, DType::F8E5M2),
    (17, DType::F8E4M3FN),
    (18, DType::F8E4M3B11FNUZ),
    (19, DType::F8E5M2FNUZ),
    (20, DType::F8E4M3FNUZ),
    (21, DType::I4),
    (22, DType::U4),
    (24, DType::I2),
    (25, DType::U2),
    (26, DType::F8E4M3),
    (27, DType::F8E3M4),
    (28, DType::F8E8M0FNU),
    (29, DType::F4E2M1FN),
];

/// The element type of a code.
pub fn dtype_from_code(wanted: PJRT_Buffer_Type) -> Outcome<DType> {
    let found = TYPES.iter().find(|(code, _)| *code == wanted);
    found.map(|(_, dtype)| *dtype).ok_or_else(|| {
        Failure::new(
            code::UNIMPLEMENTED,
            format!("buffers of element type {wanted} are not known to platform mps"),
        )
    })
}

/// The code of an element type; 0 (invalid) for types that the API has no code for.
pub fn code_of_dtype(wanted: DType) -> PJRT_Buffer_Type {
    TYPES.iter().find(|(_, dtype)| *dtype == wanted).map_or(0, |(code, _)| *code)
}

/// More dimensions than any array has.
const MAX_RANK: usize = 64;

/// Dimension numbers in falling order: the last `rank` of them are a row-major layout.
static FALLING: [i64; MAX_RANK] = {
    let mut falling = [0; MAX_RANK];
    let mut i = 0;
    while i < MAX_RANK {
        falling[i] = (MAX_RANK - 1 - i) as i64;
        i += 1;
    }
    falling
};

/// The layout of every buffer: dense, row-major, no tiles. It lives for ever.
pub fn row_major_layout(rank: usize) -> Outcome<PJRT_Buffer_MemoryLayout> {
    let minor_to_major = FALLING.get(MAX_RANK.wrapping_sub(rank)..).unwrap_or(&[]);
    if minor_to_major.len() != rank {
        return Err(Failure::invalid(format!("arrays of {rank} dimensions are not supported")));
    }
    let tiled = PJRT_Buffer_MemoryLayout_Tiled {
        struct_size: size_of::<PJRT_Buffer_MemoryLayout_Tiled>(),
        extension_start: std::ptr::null_mut(),
        minor_to_major: minor_to_major.as_ptr(),
        minor_to_major_size: rank,
        tile_dims: std::ptr::null(),
        tile_dim_sizes: std::ptr::null(),
        num_tiles: 0,
    };
    Ok(PJRT_Buffer_MemoryLayout {
        struct_size: PJRT_Buffer_MemoryLayout::SIZE,
        extension_start: std::ptr::null_mut(),
        value: PJRT_Buffer_MemoryLayout_Value { tiled },
        r#type: PJRT_MEMORY_LAYOUT_TILED,
    })
}

/// Byte strides of a layout; `None` for the dense row-major one.
///
/// # Safety
///
/// The layout is null or alive, and its lists are as long as it says.
pub unsafe fn byte_strides(
    layout: *const PJRT_Buffer_MemoryLayout,
    dims: &[i64],
    item_size: usize,
) -> Outcome<Option<Dims>> {
    // SAFETY: null or alive.
    let Some(layout) = (unsafe { layout.as_ref() }) else { return Ok(None) };
    match layout.r#type {
        PJRT_MEMORY_LAYOUT_TILED => {
            // SAFETY: the type says which field of the union is set.
            let tiled = unsafe { layout.value.tiled };
            if tiled.num_tiles != 0 {
                return Err(Failure::from(Error::Unimplemented("tiled memory layouts")));
            }
            // SAFETY: as long as the layout says.
            let minor_to_major = unsafe { lent(tiled.minor_to_major, tiled.minor_to_major_size) };
            strides_in_order(minor_to_major, dims, item_size).map(Some)
        }
        PJRT_MEMORY_LAYOUT_STRIDES => {
            // SAFETY: the type says which field of the union is set; it is as long as it says.
            let strides =
                unsafe { lent(layout.value.strides.byte_strides, layout.value.strides.num_byte_strides) };
            Ok(Some(strides.into()))
        }
        other => Err(Failure::invalid(format!("unknown memory layout type {other}"))),
    }
}

/// Byte strides of a dense array whose dimensions vary in this order, fastest first.
fn strides_in_order(minor_to_major: &[i64], dims: &[i64], item_size: usize) -> Outcome<Dims> {
    let mut strides: Dims = dims.iter().map(|_| -1).collect();
    let mut stride = item_size as i64;
    for &dim in minor_to_major {
        match usize::try_from(dim).ok().and_then(|dim| strides.get_mut(dim).zip(dims.get(dim))) {
            Some((slot @ -1, &size)) => {
                *slot = stride;
                stride *= size.max(1);
            }
            _ => {
                return Err(Failure::invalid(format!(
                    "{minor_to_major:?} is no order of the dimensions {dims:?}"
                )));
            }
        }
    }
    if strides.contains(&-1) {
        return Err(Failure::invalid(format!("{minor_to_major:?} is no order of the dimensions {dims:?}")));
    }
    Ok(strides)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn type_codes_read_back() {
        for &(code, dtype) in TYPES {
            assert_eq!(dtype_from_code(code).ok(), Some(dtype));
            assert_eq!(code_of_dtype(dtype), code);
        }
        assert!(dtype_from_code(0).is_err() && dtype_from_code(23).is_err() && dtype_from_code(-5).is_err());
    }

    #[test]
    fn strides_follow_the_order() {
        let strides =
            |order: &[i64]| strides_in_order(order, &[2, 3, 4], 8).ok().map(|strides| strides.to_vec());
        assert_eq!(strides(&[2, 1, 0]), Some(vec![96, 32, 8]));
        assert_eq!(strides(&[0, 1, 2]), Some(vec![8, 16, 48]));
        assert_eq!(strides(&[0, 1]), None);
        assert_eq!(strides(&[0, 1, 1]), None);
        assert_eq!(strides(&[0, 1, 3]), None);
    }

    #[test]
    fn row_major_layouts_fall() {
        let Ok(layout) = row_major_layout(3) else { panic!("three dimensions are supported") };
        // SAFETY: made just before, as a tiled layout.
        let minor_to_major =
            unsafe { lent(layout.value.tiled.minor_to_major, layout.value.tiled.minor_to_major_size) };
        assert_eq!(minor_to_major, [2, 1, 0]);
        assert!(row_major_layout(0).is_ok() && row_major_layout(MAX_RANK + 1).is_err());
    }
}
