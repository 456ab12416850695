//! Attributes of all dialects. Those that the reader does not understand are kept as their text.

use ops::{Attr, AttrMap, Type};
use tensor::{DType, DTypeClass, Literal, Scalar, TensorType};

use super::Parser;
use super::cursor::Number;
use crate::Error;

impl<'s> Parser<'s> {
    /// An attribute value.
    pub(super) fn attribute(&mut self) -> Result<Attr, Error> {
        self.nested(Self::attribute_here)
    }

    fn attribute_here(&mut self) -> Result<Attr, Error> {
        self.skip();
        let start = self.offset();
        match self.peek() {
            b'"' => {
                let bytes = self.string()?.unwrap_or_default();
                if self.eat(":") {
                    self.ty()?;
                }
                Ok(Attr::String(bytes))
            }
            b'@' => self.symbol_reference(),
            b'[' => {
                self.expect("[")?;
                Ok(Attr::Array(self.list_until("]", |parser| parser.attribute())?))
            }
            b'{' => Ok(Attr::Dict(self.dictionary()?)),
            b'#' => self.dialect_attribute(),
            b'-' | b'0'..=b'9' => self.number_attribute(),
            _ => {
                let word = self.word().unwrap_or_default();
                match word {
                    "true" => Ok(Attr::Bool(true)),
                    "false" => Ok(Attr::Bool(false)),
                    "unit" => Ok(Attr::Unit),
                    "dense" => Ok(Attr::Tensor(self.dense()?)),
                    "array" => self.array_attribute(),
                    "affine_map" | "affine_set" | "strided" | "distinct" | "sparse" | "loc" => {
                        self.balanced()?;
                        Ok(Attr::Opaque(self.since(start).to_owned()))
                    }
                    _ => {
                        self.seek(start);
                        match self.optional_type()? {
                            Some(ty) => Ok(Attr::Type(ty)),
                            None => Err(self.expected("an attribute")),
                        }
                    }
                }
            }
        }
    }

    fn symbol_reference(&mut self) -> Result<Attr, Error> {
        let start = self.offset();
        let name = self.symbol()?;
        if !self.rest().starts_with("::") {
            return Ok(Attr::Symbol(name));
        }
        while self.eat("::") {
            self.symbol()?;
        }
        Ok(Attr::Opaque(self.since(start).to_owned()))
    }

    /// `{name = value, flag, "quoted name" = value}`.
    pub(super) fn dictionary(&mut self) -> Result<AttrMap, Error> {
        self.expect("{")?;
        let entries = self.list_until("}", |parser| {
            let name = match parser.word() {
                Some(name) => name.to_owned(),
                None => parser.expect_string()?,
            };
            let value = if parser.eat("=") { parser.attribute()? } else { Attr::Unit };
            Ok((name, value))
        })?;
        Ok(AttrMap(entries))
    }

    /// An attribute dictionary, or none.
    pub(super) fn optional_dictionary(&mut self) -> Result<AttrMap, Error> {
        if self.at("{") { self.dictionary() } else { Ok(AttrMap::default()) }
    }

    /// A number with its type; integers are `i64` and floats `f64` if they have none.
    fn number_attribute(&mut self) -> Result<Attr, Error> {
        let start = self.offset();
        let number = self.number().ok_or_else(|| self.expected("a number"))?;
        let ty = if self.eat(":") { Some(self.ty()?) } else { None };
        let dtype = match &ty {
            None if number.float => Some(DType::F64),
            None => Some(DType::I64),
            Some(Type::Opaque(text)) => scalar_dtype(text),
            Some(_) => None,
        };
        match dtype {
            None => Ok(Attr::Opaque(self.since(start).to_owned())),
            Some(DType::Bool) => Ok(Attr::Bool(number.integer() != Some(0))),
            Some(dtype) => scalar(dtype, number)
                .map(Attr::Scalar)
                .ok_or_else(|| self.error_at(start, format!("not a number of type {dtype}"))),
        }
    }

    /// After `array`: `<i64: 1, 2>`, read as a tensor of rank 1.
    fn array_attribute(&mut self) -> Result<Attr, Error> {
        let start = self.offset();
        self.expect("<")?;
        let ty = self.ty()?;
        let dtype = match &ty {
            Type::Opaque(text) => scalar_dtype(text),
            _ => None,
        };
        let dtype = dtype.ok_or_else(|| self.error_at(start, "expected an array of numbers"))?;
        let scalars = match self.eat(":") {
            true => self.list_until(">", |parser| parser.element(dtype))?,
            false => {
                self.expect(">")?;
                Vec::new()
            }
        };
        Ok(Attr::Tensor(Literal::from_scalars(TensorType::new(dtype, [scalars.len() as i64]), scalars)))
    }

    /// `#alias`, `#dialect.name<...>` or `#dialect<name ...>`.
    fn dialect_attribute(&mut self) -> Result<Attr, Error> {
        let start = self.offset();
        self.expect("#")?;
        let name = self.suffix("an attribute name")?;
        match (name, self.peek()) {
            ("sdy", b'<') => {
                self.expect("<")?;
                let name = self.expect_word("the name of a Shardy attribute")?;
                let attr = self.shardy_attribute(name, start, true)?;
                self.expect(">")?;
                Ok(attr)
            }
            ("stablehlo", b'<') => {
                self.expect("<")?;
                self.expect_word("the name of an enumeration")?;
                let keyword = self.expect_word("a keyword")?.to_owned();
                self.expect(">")?;
                Ok(Attr::Keyword(keyword))
            }
            _ => match name.split_once('.') {
                Some(("sdy", name)) => self.shardy_attribute(name, start, false),
                Some(("stablehlo", name)) => self.stablehlo_attribute(name, start),
                Some(_) => {
                    if self.peek() == b'<' {
                        self.balanced()?;
                    }
                    Ok(Attr::Opaque(self.since(start).to_owned()))
                }
                None if self.peek() == b'<' => {
                    self.balanced()?;
                    Ok(Attr::Opaque(self.since(start).to_owned()))
                }
                None => self.aliased(&format!("#{name}"), start, |parser| parser.attribute()),
            },
        }
    }
}

/// The element type that a bare type such as `i32` or `index` names.
pub(super) fn scalar_dtype(text: &str) -> Option<DType> {
    match text {
        "index" => Some(DType::I64),
        _ => DType::from_name(text).or_else(|| DType::from_name(text.strip_prefix('s')?)),
    }
}

/// The scalar that a number spells; for floats, a hexadecimal number is the bit pattern.
pub(super) fn scalar(dtype: DType, number: Number<'_>) -> Option<Scalar> {
    match dtype.class() {
        DTypeClass::Float if number.is_hex() => {
            let bits = u64::try_from(number.integer()?).ok()?;
            (bits >> (dtype.bits() - 1) <= 1)
                .then(|| Scalar::from_bytes(dtype, &bits.to_le_bytes()[..dtype.size()]))
        }
        DTypeClass::Float => Some(Scalar::from_f64(dtype, number.decimal()?)),
        DTypeClass::Complex => None,
        _ if number.float => None,
        _ => Some(Scalar::from_i128(dtype, number.integer()?)),
    }
}
