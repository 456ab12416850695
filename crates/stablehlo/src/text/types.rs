//! Types. What is not a statically shaped tensor, token or tuple is kept as its text.

use ops::Type;
use tensor::{DType, Dims, TensorType};

use super::Parser;
use super::attribute::scalar_dtype;
use crate::Error;

impl<'s> Parser<'s> {
    /// A type of a value.
    pub(super) fn ty(&mut self) -> Result<Type, Error> {
        self.nested(|parser| match parser.optional_type()? {
            Some(ty) => Ok(ty),
            None => Err(parser.expected("a type")),
        })
    }

    /// A type, if one comes next.
    pub(super) fn optional_type(&mut self) -> Result<Option<Type>, Error> {
        self.skip();
        let start = self.offset();
        match self.peek() {
            b'!' => self.dialect_type().map(Some),
            b'(' => {
                self.function_type()?;
                self.opaque(start).map(Some)
            }
            _ => {
                let Some(name) = self.word() else { return Ok(None) };
                if !is_type_name(name) {
                    self.seek(start);
                    return Ok(None);
                }
                self.named_type(name, start).map(Some)
            }
        }
    }

    fn named_type(&mut self, name: &str, start: usize) -> Result<Type, Error> {
        match name {
            "none" => Ok(Type::None),
            "tensor" => self.tensor_type(start),
            "tuple" => {
                self.expect("<")?;
                let parts = self.list_until(">", |parser| parser.ty())?;
                Ok(Type::Tuple(parts))
            }
            _ => {
                if self.peek() == b'<' {
                    self.balanced()?;
                }
                self.opaque(start)
            }
        }
    }

    /// After `tensor`: `<2x3xf32>`. Dynamic, quantized, encoded and other special tensors are opaque.
    fn tensor_type(&mut self, start: usize) -> Result<Type, Error> {
        self.expect("<")?;
        let mut dims = Dims::new();
        let mut plain = true;
        self.skip();
        loop {
            if self.peek() == b'?' {
                plain = false;
                self.expect("?")?;
            } else if let Some(digits) = self.digits() {
                let size =
                    digits.parse().map_err(|_| self.error_at(start, "a dimension size is too large"))?;
                dims.push(size);
            } else {
                break;
            }
            if !self.rest().starts_with('x') {
                return Err(self.expected("`x` after a dimension size"));
            }
            let next = self.offset() + 1;
            self.seek(next);
        }
        let element = self.offset();
        let dtype = match self.word() {
            Some("complex") => {
                self.balanced()?;
                DType::from_name(self.since(element))
            }
            Some(name) => scalar_dtype(name),
            None => None,
        };
        match dtype {
            Some(dtype) if plain && self.eat(">") => {
                let ty = TensorType::new(dtype, dims);
                match ty.checked_byte_len() {
                    Some(_) => Ok(Type::Tensor(ty)),
                    None => Err(self.error_at(start, format!("{ty} is too large"))),
                }
            }
            _ => {
                self.seek(start + "tensor".len());
                self.balanced()?;
                self.opaque(start)
            }
        }
    }

    /// The type whose text began at `start`: aliases in it are replaced and runs of blanks are one space, so
    /// that equal types compare equal.
    fn opaque(&mut self, start: usize) -> Result<Type, Error> {
        let text = self.since(start).split_ascii_whitespace().collect::<Vec<_>>().join(" ");
        let mut expanded = String::new();
        let mut rest = &text[..];
        while let Some(at) = rest.find(['!', '#']) {
            let length =
                rest[at + 1..].find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '.')));
            let end = length.map_or(rest.len(), |length| at + 1 + length);
            expanded.push_str(&rest[..at]);
            match self.alias_text(&rest[at..end], start)? {
                Some(definition) => expanded.push_str(definition),
                None => expanded.push_str(&rest[at..end]),
            }
            rest = &rest[end..];
        }
        expanded.push_str(rest);
        Ok(Type::Opaque(expanded))
    }

    fn dialect_type(&mut self) -> Result<Type, Error> {
        let start = self.offset();
        self.expect("!")?;
        let name = self.suffix("a type name")?;
        if name == "stablehlo.token" {
            return Ok(Type::Token);
        }
        if !name.contains('.') {
            return self.aliased(&format!("!{name}"), start, |parser| parser.ty());
        }
        if self.peek() == b'<' {
            self.balanced()?;
        }
        self.opaque(start)
    }

    /// `(types) -> types` or `(types) -> type`.
    pub(super) fn function_type(&mut self) -> Result<(Vec<Type>, Vec<Type>), Error> {
        self.expect("(")?;
        let inputs = self.list_until(")", |parser| parser.ty())?;
        self.expect("->")?;
        let results = match self.eat("(") {
            true => self.list_until(")", |parser| parser.ty())?,
            false => vec![self.ty()?],
        };
        Ok((inputs, results))
    }
}

/// Whether a word begins a type rather than a keyword.
fn is_type_name(name: &str) -> bool {
    matches!(name, "tensor" | "tuple" | "none" | "index" | "memref" | "vector" | "complex" | "tf32")
        || DType::from_name(name).is_some()
        || name
            .strip_prefix("si")
            .or(name.strip_prefix("ui"))
            .or(name.strip_prefix('i'))
            .is_some_and(is_digits)
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}
