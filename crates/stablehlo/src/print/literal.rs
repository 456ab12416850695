//! Numbers and tensors of known value.

use std::fmt::Write as _;

use tensor::{DType, DTypeClass, Data, Literal, Scalar};

use super::Options;

/// Tensors with more elements are written as bytes.
const LONGEST_LIST: usize = 64;

/// `dense<...> : type`.
pub(super) fn dense(out: &mut String, literal: &Literal, options: Options) {
    dense_as(out, literal, literal.dtype().name(), options);
}

/// The same with integers of type `index`, as layouts are written.
pub(super) fn dense_index(out: &mut String, literal: &Literal) {
    dense_as(out, literal, "index", Options::default());
}

fn dense_as(out: &mut String, literal: &Literal, element_name: &str, options: Options) {
    match &literal.data {
        Data::Splat(value) => {
            out.push_str("dense<");
            element(out, *value);
            out.push('>');
        }
        Data::Dense(_) if options.elide_above.is_some_and(|limit| literal.len() > limit) => {
            out.push_str("dense_resource<__elided__>");
        }
        Data::Dense(bytes) => {
            out.push_str("dense<");
            match literal.len() {
                0 => {}
                1 => element(out, literal.get(0)),
                // Versions of MLIR differ in how they pack bytes of booleans.
                count if count > LONGEST_LIST && literal.dtype() != DType::Bool => {
                    hex(out, bytes, literal.dtype());
                }
                _ => lists(out, literal),
            }
            out.push('>');
        }
    }
    out.push_str(" : tensor<");
    for dim in &literal.ty.dims {
        let _ = write!(out, "{dim}x");
    }
    let _ = write!(out, "{element_name}>");
}

/// Nested lists of elements.
fn lists(out: &mut String, literal: &Literal) {
    let dims = &literal.ty.dims;
    for (i, value) in literal.scalars().enumerate() {
        if i > 0 {
            out.push_str(", ");
        }
        // A list begins or ends wherever the position is a multiple of its length.
        let boundaries = |position: usize| {
            let mut length = 1;
            dims.iter()
                .rev()
                .filter(|&&dim| {
                    length *= dim as usize;
                    position.is_multiple_of(length)
                })
                .count()
        };
        out.extend(std::iter::repeat_n('[', boundaries(i)));
        element(out, value);
        out.extend(std::iter::repeat_n(']', boundaries(i + 1)));
    }
}

/// `"0x..."`: the bytes of all elements, those narrower than a byte extended with zeros.
fn hex(out: &mut String, bytes: &[u8], dtype: DType) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    let mask = if dtype.bits() < 8 { (1u8 << dtype.bits()) - 1 } else { 0xff };
    out.reserve(2 * bytes.len() + 4);
    out.push_str("\"0x");
    for byte in bytes {
        let byte = byte & mask;
        out.push(DIGITS[usize::from(byte >> 4)].into());
        out.push(DIGITS[usize::from(byte & 15)].into());
    }
    out.push('"');
}

/// One element, without its type.
pub(super) fn element(out: &mut String, value: Scalar) {
    match value.dtype.class() {
        DTypeClass::Bool | DTypeClass::Signed | DTypeClass::Unsigned => {
            let _ = write!(out, "{value}");
        }
        DTypeClass::Float => float(out, value),
        DTypeClass::Complex => {
            let (half, bytes) = (value.dtype.real().size(), value.to_bytes());
            out.push('(');
            float(out, Scalar::from_bytes(value.dtype.real(), &bytes[..half]));
            out.push_str(", ");
            float(out, Scalar::from_bytes(value.dtype.real(), &bytes[half..2 * half]));
            out.push(')');
        }
    }
}

/// The shortest decimal number that reads back as this value, or its bits. MLIR, like our reader, reads a
/// decimal number as f64 and rounds that to the type.
fn float(out: &mut String, value: Scalar) {
    let wide = value.as_f64();
    let text = match value.dtype {
        DType::F64 => format!("{wide:?}"),
        _ => format!("{:?}", wide as f32),
    };
    let reads_back =
        |text: &str| text.parse().is_ok_and(|read: f64| Scalar::from_f64(value.dtype, read) == value);
    match text.split_once('e') {
        _ if !wide.is_finite() || !reads_back(&text) => {
            let _ = write!(out, "0x{:01$X}", value.bits(), value.dtype.size() * 2);
        }
        // A number without a point would be an integer.
        Some((mantissa, exponent)) if !mantissa.contains('.') => {
            let _ = write!(out, "{mantissa}.0e{exponent}");
        }
        _ => out.push_str(&text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: Scalar) -> String {
        let mut out = String::new();
        element(&mut out, value);
        out
    }

    #[test]
    fn floats_have_a_point_and_read_back() {
        assert_eq!(text(Scalar::from_f64(DType::F32, 1e-20)), "1.0e-20");
        assert_eq!(text(Scalar::from_f64(DType::F32, 0.1)), "0.1");
        assert_eq!(text(Scalar::from_f64(DType::F64, -0.0)), "-0.0");
        assert_eq!(text(Scalar::from_f64(DType::F16, f64::INFINITY)), "0x7C00");
        assert_eq!(text(Scalar::from_f64(DType::BF16, 0.1)), "0.100097656");
        assert_eq!(text(Scalar::from_bytes(DType::F8E4M3FN, &[0x7f])), "0x7F");
    }

    #[test]
    fn lists_nest_as_the_shape_does() {
        let ty = tensor::TensorType::new(DType::I32, [2, 1, 2]);
        let literal = Literal::from_scalars(ty, (0..4).map(|v| Scalar::from_i64(DType::I32, v)));
        let mut out = String::new();
        dense(&mut out, &literal, Options::default());
        assert_eq!(out, "dense<[[[0, 1]], [[2, 3]]]> : tensor<2x1x2xi32>");
    }
}
