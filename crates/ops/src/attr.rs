//! Attributes at the border: the untyped value that readers produce and printers consume, and the
//! conversions to and from typed fields.

use tensor::{DType, Dims, Literal, Scalar, TensorType};
use thiserror::Error;

use crate::Type;
use crate::sharding::Sharding;

/// An attribute as bytecode or text spells it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attr {
    /// Present, without a value.
    Unit,
    /// `true` or `false`.
    Bool(bool),
    /// A number with its type.
    Scalar(Scalar),
    /// An arbitrary byte string, usually UTF-8.
    String(Vec<u8>),
    /// A reference `@name`.
    Symbol(String),
    /// An ordered list.
    Array(Vec<Attr>),
    /// Named values in written order.
    Dict(AttrMap),
    /// A tensor of known value, or an integer list (`array<i64: ...>` reads as a rank-1 tensor).
    Tensor(Literal),
    /// A type.
    Type(Type),
    /// An enum case by its wire code (bytecode).
    Code(u32),
    /// An enum case by its keyword (text).
    Keyword(String),
    /// A Shardy attribute.
    Sharding(Box<Sharding>),
    /// An attribute that is carried but not understood; its text.
    Opaque(String),
}

/// Named attributes in written order; small, so looked up by scanning.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AttrMap(pub Vec<(String, Attr)>);

impl AttrMap {
    /// The attribute of this name.
    pub fn get(&self, name: &str) -> Option<&Attr> {
        self.0.iter().find(|(key, _)| key == name).map(|(_, value)| value)
    }

    /// Removes and returns the attribute of this name.
    pub fn take(&mut self, name: &str) -> Option<Attr> {
        let at = self.0.iter().position(|(key, _)| key == name)?;
        Some(self.0.remove(at).1)
    }

    /// Appends an attribute.
    pub fn push(&mut self, name: impl Into<String>, value: Attr) {
        self.0.push((name.into(), value));
    }

    /// True if there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Names and values in written order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Attr)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value))
    }
}

/// Why an op could not be built from its wire form. The program is at fault, or newer than this reader.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum BuildError {
    /// The table has no op of this name.
    #[error("unknown op `{0}`")]
    UnknownOp(String),
    /// A required attribute is absent.
    #[error("op `{op}` lacks attribute `{name}`")]
    Missing {
        /// Mnemonic of the op.
        op: &'static str,
        /// Name of the attribute.
        name: &'static str,
    },
    /// An attribute has the wrong kind or an unknown enum value.
    #[error("op `{op}` has a malformed attribute `{name}`: {value}")]
    Malformed {
        /// Mnemonic of the op.
        op: &'static str,
        /// Name of the attribute.
        name: &'static str,
        /// What was found, shortened.
        value: String,
    },
}

/// A typed field that an attribute can hold.
pub trait AttrValue: Sized {
    /// Reads the attribute; `None` if it has another kind.
    fn from_attr(attr: &Attr) -> Option<Self>;
    /// Writes the attribute.
    fn to_attr(&self) -> Attr;
}

/// A typed attribute struct of an op, declared in [`crate::attributes`].
pub trait Attributes: Sized {
    /// Field names, which are the wire names.
    const NAMES: &'static [&'static str];
    /// Takes the fields out of `attrs`; absent ones get their defaults. What remains is discardable.
    fn read(op: &'static str, attrs: &mut AttrMap) -> Result<Self, BuildError>;
    /// All fields, in declaration order.
    fn write(&self) -> Vec<(&'static str, Attr)>;
}

impl AttrValue for bool {
    fn from_attr(attr: &Attr) -> Option<Self> {
        match attr {
            Attr::Bool(value) => Some(*value),
            Attr::Unit => Some(true),
            Attr::Scalar(value) if value.dtype == DType::Bool => Some(!value.is(0)),
            _ => None,
        }
    }

    fn to_attr(&self) -> Attr {
        Attr::Bool(*self)
    }
}

impl AttrValue for i64 {
    fn from_attr(attr: &Attr) -> Option<Self> {
        match attr {
            Attr::Scalar(value) if value.dtype.is_integer() => value.as_i128().try_into().ok(),
            _ => None,
        }
    }

    fn to_attr(&self) -> Attr {
        Attr::Scalar(Scalar::from_i64(DType::I64, *self))
    }
}

impl AttrValue for i32 {
    fn from_attr(attr: &Attr) -> Option<Self> {
        i64::from_attr(attr)?.try_into().ok()
    }

    fn to_attr(&self) -> Attr {
        Attr::Scalar(Scalar::from_i64(DType::I32, (*self).into()))
    }
}

impl AttrValue for f32 {
    fn from_attr(attr: &Attr) -> Option<Self> {
        match attr {
            Attr::Scalar(value) if value.dtype.is_float() => Some(value.as_f64() as f32),
            _ => None,
        }
    }

    fn to_attr(&self) -> Attr {
        Attr::Scalar(Scalar::from_f64(DType::F32, (*self).into()))
    }
}

impl AttrValue for String {
    fn from_attr(attr: &Attr) -> Option<Self> {
        match attr {
            Attr::String(bytes) => String::from_utf8(bytes.clone()).ok(),
            Attr::Symbol(name) => Some(name.clone()),
            _ => None,
        }
    }

    fn to_attr(&self) -> Attr {
        Attr::String(self.clone().into_bytes())
    }
}

/// Integer lists: rank-1 tensors of integers (any rank-0/1 splat included).
impl AttrValue for Dims {
    fn from_attr(attr: &Attr) -> Option<Self> {
        match attr {
            Attr::Tensor(literal) if literal.ty.rank() == 1 && literal.dtype().is_integer() => {
                Some(literal.scalars().map(Scalar::as_i64).collect())
            }
            Attr::Array(items) => items.iter().map(i64::from_attr).collect(),
            _ => None,
        }
    }

    fn to_attr(&self) -> Attr {
        Attr::Tensor(Literal::i64s(self))
    }
}

impl AttrValue for Vec<bool> {
    fn from_attr(attr: &Attr) -> Option<Self> {
        match attr {
            Attr::Tensor(literal) if literal.ty.rank() == 1 && literal.dtype() == DType::Bool => {
                Some(literal.scalars().map(|value| !value.is(0)).collect())
            }
            Attr::Array(items) => items.iter().map(bool::from_attr).collect(),
            _ => None,
        }
    }

    fn to_attr(&self) -> Attr {
        let ty = TensorType::new(DType::Bool, [self.len() as i64]);
        Attr::Tensor(Literal::from_scalars(ty, self.iter().map(|&v| Scalar::bool(v))))
    }
}

/// Pairs such as low and high padding: a tensor of shape [n, 2].
impl AttrValue for Vec<(i64, i64)> {
    fn from_attr(attr: &Attr) -> Option<Self> {
        match attr {
            Attr::Tensor(literal) if literal.dtype().is_integer() => match literal.ty.dims[..] {
                [_, 2] => {
                    let flat: Vec<i64> = literal.scalars().map(Scalar::as_i64).collect();
                    Some(flat.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect())
                }
                [0] => Some(Vec::new()),
                _ => None,
            },
            _ => None,
        }
    }

    fn to_attr(&self) -> Attr {
        let ty = TensorType::new(DType::I64, [self.len() as i64, 2]);
        let flat = self.iter().flat_map(|&(low, high)| [low, high]);
        Attr::Tensor(Literal::from_scalars(ty, flat.map(|v| Scalar::from_i64(DType::I64, v))))
    }
}

impl AttrValue for Literal {
    fn from_attr(attr: &Attr) -> Option<Self> {
        match attr {
            Attr::Tensor(literal) => Some(literal.clone()),
            _ => None,
        }
    }

    fn to_attr(&self) -> Attr {
        Attr::Tensor(self.clone())
    }
}

impl AttrValue for Type {
    fn from_attr(attr: &Attr) -> Option<Self> {
        match attr {
            Attr::Type(ty) => Some(ty.clone()),
            _ => None,
        }
    }

    fn to_attr(&self) -> Attr {
        Attr::Type(self.clone())
    }
}

impl AttrValue for Attr {
    fn from_attr(attr: &Attr) -> Option<Self> {
        Some(attr.clone())
    }

    fn to_attr(&self) -> Attr {
        self.clone()
    }
}

impl AttrValue for AttrMap {
    fn from_attr(attr: &Attr) -> Option<Self> {
        match attr {
            Attr::Dict(map) => Some(map.clone()),
            _ => None,
        }
    }

    fn to_attr(&self) -> Attr {
        Attr::Dict(self.clone())
    }
}

macro_rules! list_values {
    ($($item:ty),*) => {$(
        impl AttrValue for Vec<$item> {
            fn from_attr(attr: &Attr) -> Option<Self> {
                match attr {
                    Attr::Array(items) => items.iter().map(<$item>::from_attr).collect(),
                    _ => None,
                }
            }

            fn to_attr(&self) -> Attr {
                Attr::Array(self.iter().map(AttrValue::to_attr).collect())
            }
        }
    )*};
}

list_values!(String, Dims, Attr, crate::Precision);
