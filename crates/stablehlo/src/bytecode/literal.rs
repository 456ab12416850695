//! Tensor data: how VHLO and MLIR's own dialect write it, to the layout of [`tensor`].

use tensor::{AlignedBytes, DType, Literal, Scalar, TensorType};

use super::cursor::Cursor;
use crate::Error;

/// A tensor of known value. Data of one element's size stands for all elements. A type's size is known to
/// fit memory's addresses, and nothing is allocated before the data is known to have that size.
pub(super) fn tensor(ty: TensorType, data: Cursor<'_>) -> Result<Literal, Error> {
    let bytes = data.rest();
    if ty.dtype == DType::Bool {
        return booleans(ty, data);
    }
    if bytes.len() == ty.dtype.size() {
        // Even of no elements: splats of empty tensors say what they would be filled with.
        let mut element = [0; 16];
        element[..bytes.len()].copy_from_slice(bytes);
        ty.dtype.extend(&mut element[..bytes.len()]);
        return Ok(Literal::splat(ty.dims, Scalar::from_bytes(ty.dtype, &element[..bytes.len()])));
    }
    packed(ty, data)
}

/// A tensor whose elements are all written, booleans as bytes.
pub(super) fn packed(ty: TensorType, data: Cursor<'_>) -> Result<Literal, Error> {
    let bytes = data.rest();
    if bytes.len() != ty.byte_len() {
        return Err(data.error(format!("{} bytes of data for {ty}", bytes.len())));
    }
    if ty.dtype == DType::Bool && bytes.iter().any(|&byte| byte > 1) {
        return Err(data.error("a boolean other than 0 and 1"));
    }
    let mut elements = AlignedBytes::copy_from(bytes);
    ty.dtype.extend(&mut elements);
    Ok(Literal::dense(ty, elements))
}

/// Booleans: all true as one 0xFF, otherwise a bit each, low bits first, or (old writers) a byte each.
fn booleans(ty: TensorType, data: Cursor<'_>) -> Result<Literal, Error> {
    let bytes = data.rest();
    let count = ty.len();
    let splat = |ty: TensorType, value: bool| Ok(Literal::splat(ty.dims, Scalar::bool(value)));
    match *bytes {
        [0xff] => splat(ty, true),
        [0x00] => splat(ty, false),
        [0x01] if count == 1 => splat(ty, true),
        _ if bytes.len() == count.div_ceil(8) && bytes.len() != count => {
            let mut elements = AlignedBytes::zeroed(count);
            for (group, &bits) in elements.chunks_mut(8).zip(bytes) {
                for (bit, element) in group.iter_mut().enumerate() {
                    *element = bits >> bit & 1;
                }
            }
            Ok(Literal::dense(ty, elements))
        }
        _ => packed(ty, data),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(dtype: DType, dims: &[i64], bytes: &[u8]) -> Option<Vec<i64>> {
        let ty = TensorType::new(dtype, dims.iter().copied());
        let literal = tensor(ty, Cursor::new(bytes)).ok()?;
        Some(literal.scalars().map(Scalar::as_i64).collect())
    }

    #[test]
    fn splats_and_plain_data() {
        assert_eq!(read(DType::I16, &[3], &[0xfe, 0xff]), Some(vec![-2; 3]));
        assert_eq!(read(DType::I16, &[2], &[1, 0, 2, 0]), Some(vec![1, 2]));
        assert_eq!(read(DType::I16, &[0], &[]), Some(vec![]));
        assert_eq!(read(DType::I16, &[3], &[1, 0, 2, 0]), None);
        assert_eq!(read(DType::I16, &[0], &[1, 0]), Some(vec![]));
        assert_eq!(read(DType::I16, &[2, 0], &[1, 0, 2, 0]), None);
    }

    #[test]
    fn narrow_integers_are_sign_extended() {
        assert_eq!(read(DType::I4, &[2], &[0x0f, 0x07]), Some(vec![-1, 7]));
        assert_eq!(read(DType::I2, &[5], &[0x02]), Some(vec![-2; 5]));
        assert_eq!(read(DType::U4, &[2], &[0xff, 0x03]), Some(vec![15, 3]));
    }

    #[test]
    fn booleans_in_every_form() {
        assert_eq!(read(DType::Bool, &[3], &[0xff]), Some(vec![1; 3]));
        assert_eq!(read(DType::Bool, &[100], &[0]), Some(vec![0; 100]));
        assert_eq!(read(DType::Bool, &[3], &[0b101]), Some(vec![1, 0, 1]));
        assert_eq!(read(DType::Bool, &[9], &[0b101, 1]), Some(vec![1, 0, 1, 0, 0, 0, 0, 0, 1]));
        assert_eq!(read(DType::Bool, &[], &[1]), Some(vec![1]));
        assert_eq!(read(DType::Bool, &[3], &[1, 0, 1]), Some(vec![1, 0, 1]));
        assert_eq!(read(DType::Bool, &[3], &[1, 0, 7]), None);
        assert_eq!(read(DType::Bool, &[0], &[]), Some(vec![]));
        assert_eq!(read(DType::Bool, &[0], &[0xff]), Some(vec![]));
    }
}
