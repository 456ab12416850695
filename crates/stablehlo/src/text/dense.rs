//! Tensors of known value: `dense<...> : tensor<...>`.

use ops::Type;
use tensor::{AlignedBytes, DType, DTypeClass, Data, Literal, Scalar, TensorType};

use super::Parser;
use super::attribute::scalar;
use crate::Error;

impl<'s> Parser<'s> {
    /// After `dense`: `<elements> : type`. Nothing is allocated for a splat, whatever its size.
    pub(super) fn dense(&mut self) -> Result<Literal, Error> {
        self.skip();
        let start = self.offset();
        // The elements are read once their type, which follows them, is known.
        self.balanced()?;
        let close = self.offset() - 1;
        self.expect(":")?;
        let ty_start = self.offset();
        let ty = self.ty()?;
        let Type::Tensor(ty) = ty else {
            return Err(self.error_at(ty_start, format!("expected a statically shaped tensor, found {ty}")));
        };
        let end = self.offset();
        self.seek(start + 1);
        let literal = self.elements(ty)?;
        self.skip();
        if self.offset() != close {
            return Err(self.expected("`>`"));
        }
        self.seek(end);
        Ok(literal)
    }

    fn elements(&mut self, ty: TensorType) -> Result<Literal, Error> {
        self.skip();
        let start = self.offset();
        match self.peek() {
            b'>' if ty.is_empty() => Ok(Literal::dense(ty, AlignedBytes::zeroed(0))),
            b'"' => self.hex_elements(ty),
            b'[' => {
                let mut lists = ElementLists { dims: &ty.dims, bytes: Vec::new(), size: ty.dtype.size() };
                self.element_lists(&mut lists, ty.dtype)?;
                let bytes = AlignedBytes::copy_from(&lists.bytes);
                if bytes.len() != ty.byte_len() {
                    return Err(self.error_at(start, format!("expected {} elements for {ty}", ty.len())));
                }
                Ok(Literal::dense(ty, bytes))
            }
            _ => {
                let value = self.element(ty.dtype)?;
                Ok(Literal { ty, data: Data::Splat(value) })
            }
        }
    }

    /// Nested lists, walked without recursion. Each list must be as long as its dimension.
    fn element_lists(&mut self, lists: &mut ElementLists<'_>, dtype: DType) -> Result<(), Error> {
        let mut open: Vec<i64> = Vec::new();
        loop {
            self.skip();
            let start = self.offset();
            if self.eat("[") {
                if open.len() == lists.dims.len() {
                    return Err(self.error_at(start, "lists are nested deeper than the tensor's rank"));
                }
                open.push(0);
                if !self.at("]") {
                    continue;
                }
            } else {
                if open.len() != lists.dims.len() {
                    return Err(self.expected("a list: the tensor's rank is greater"));
                }
                let value = self.element(dtype)?;
                lists.bytes.extend_from_slice(&value.to_bytes()[..lists.size]);
                *open.last_mut().expect("the rank is positive inside a list") += 1;
            }
            while self.eat("]") {
                let length = open.pop().expect("a list is open");
                if length != lists.dims[open.len()] {
                    let wanted = lists.dims[open.len()];
                    return Err(
                        self.error_at(start, format!("expected {wanted} entries in a list, found {length}"))
                    );
                }
                match open.last_mut() {
                    Some(outer) => *outer += 1,
                    None => return Ok(()),
                }
            }
            self.expect(",")?;
        }
    }

    /// One element.
    pub(super) fn element(&mut self, dtype: DType) -> Result<Scalar, Error> {
        self.skip();
        let start = self.offset();
        let value = match dtype.class() {
            DTypeClass::Bool if self.eat("true") => Some(Scalar::bool(true)),
            DTypeClass::Bool if self.eat("false") => Some(Scalar::bool(false)),
            DTypeClass::Complex => {
                self.expect("(")?;
                let re = self.element(dtype.real())?;
                self.expect(",")?;
                let im = self.element(dtype.real())?;
                self.expect(")")?;
                Some(complex_of_parts(dtype, re, im))
            }
            _ => self.number().and_then(|number| scalar(dtype, number)),
        };
        value.ok_or_else(|| {
            self.cursor.seek(start);
            self.expected(&format!("an element of type {dtype}"))
        })
    }

    /// `"0x..."`: the bytes of all elements, or of one that all equal.
    fn hex_elements(&mut self, ty: TensorType) -> Result<Literal, Error> {
        let start = self.offset();
        let text = self.expect_string()?;
        let digits = text.strip_prefix("0x").or(text.strip_prefix("0X"));
        let raw = digits.and_then(decode_hex).ok_or_else(|| self.error_at(start, "expected `\"0x...\"`"))?;
        let (dtype, size) = (ty.dtype, ty.dtype.size());
        let (length, wanted) = (raw.len(), ty.byte_len());
        let is_packed = dtype == DType::Bool && length != wanted && length == ty.len().div_ceil(8);
        let element = |chunk: &[u8]| match dtype.class() {
            DTypeClass::Bool => Scalar::bool(chunk[0] != 0),
            // Sign extension of 2 and 4 bits, which the text has zero-extended.
            DTypeClass::Signed | DTypeClass::Unsigned if dtype.bits() < 8 => {
                Scalar::from_i64(dtype, chunk[0].into())
            }
            _ => Scalar::from_bytes(dtype, chunk),
        };
        if dtype == DType::Bool && raw == [0xff] {
            return Ok(Literal { ty, data: Data::Splat(Scalar::bool(true)) });
        }
        if is_packed {
            let bits = (0..ty.len()).map(|i| Scalar::bool(raw[i / 8] >> (i % 8) & 1 == 1));
            return Ok(Literal::from_scalars(ty.clone(), bits));
        }
        if length == size && wanted != size {
            return Ok(Literal { ty, data: Data::Splat(element(&raw)) });
        }
        if length != wanted {
            let message = format!("expected {wanted} bytes for {ty} or {size} for a splat, found {length}");
            return Err(self.error_at(start, message));
        }
        Ok(Literal::from_scalars(ty, raw.chunks_exact(size).map(element)))
    }
}

struct ElementLists<'t> {
    dims: &'t [i64],
    bytes: Vec<u8>,
    size: usize,
}

/// The complex number with these parts, bit for bit.
fn complex_of_parts(dtype: DType, re: Scalar, im: Scalar) -> Scalar {
    let half = dtype.real().size();
    let mut bytes = [0; 16];
    bytes[..half].copy_from_slice(&re.to_bytes()[..half]);
    bytes[half..2 * half].copy_from_slice(&im.to_bytes()[..half]);
    Scalar::from_bytes(dtype, &bytes[..2 * half])
}

fn decode_hex(digits: &str) -> Option<Vec<u8>> {
    let digit = |byte: u8| (byte as char).to_digit(16).map(|value| value as u8);
    let pairs = digits.as_bytes().chunks(2);
    pairs.map(|pair| Some(digit(pair[0])? << 4 | digit(*pair.get(1)?)?)).collect()
}
