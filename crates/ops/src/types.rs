//! Types of SSA values.

use std::fmt;

use tensor::TensorType;

/// The type of an SSA value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Type {
    /// A statically shaped tensor.
    Tensor(TensorType),
    /// Orders side effects; carries no data.
    Token,
    /// Several values as one.
    Tuple(Vec<Type>),
    /// The absence of a type, as in an unset dot algorithm.
    None,
    /// A type that programs may name but that is never computed with (quantized, bounded, future,
    /// buffer); the text is its StableHLO spelling.
    Opaque(String),
}

impl Type {
    /// The tensor type, if it is one.
    pub fn as_tensor(&self) -> Option<&TensorType> {
        match self {
            Type::Tensor(ty) => Some(ty),
            _ => None,
        }
    }
}

impl From<TensorType> for Type {
    fn from(ty: TensorType) -> Self {
        Type::Tensor(ty)
    }
}

impl fmt::Display for Type {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Type::Tensor(ty) => ty.fmt(f),
            Type::Token => f.write_str("!stablehlo.token"),
            Type::Tuple(parts) => {
                f.write_str("tuple<")?;
                for (i, part) in parts.iter().enumerate() {
                    write!(f, "{}{part}", if i == 0 { "" } else { ", " })?;
                }
                f.write_str(">")
            }
            Type::None => f.write_str("none"),
            Type::Opaque(text) => f.write_str(text),
        }
    }
}
