//! Entries of MLIR's builtin dialect.

use ops::{Attr, Type};
use tensor::{DType, TensorType};

use super::cursor::Cursor;
use super::entries::{Entries, TypeEntry, dimensions_text, signed_list};
use super::literal;
use crate::Error;

/// Codes of attributes that are source locations.
pub(super) mod location {
    pub const CALL_SITE: u64 = 10;
    pub const FILE: u64 = 11;
    pub const FUSED: u64 = 12;
    pub const FUSED_WITH_METADATA: u64 = 13;
    pub const NAME: u64 = 14;
    pub const FILE_RANGE: u64 = 22;
}

/// Decodes an attribute.
pub(super) fn attribute<'a>(entries: &mut Entries<'_, 'a>, cursor: &mut Cursor<'a>) -> Result<Attr, Error> {
    let attr = match cursor.varint()? {
        0 => entries.array(cursor)?,
        1 => entries.dictionary(cursor)?,
        2 => Attr::String(entries.container.string(cursor)?.to_vec()),
        3 => {
            let text = entries.container.string(cursor)?.to_vec();
            entries.type_index(cursor)?;
            Attr::String(text)
        }
        4 => Attr::Symbol(entries.name_at(cursor)?),
        5 => {
            let mut path = format!("@{}", entries.name_at(cursor)?);
            for _ in 0..cursor.count()? {
                let name = entries.name_at(cursor)?;
                path.push_str("::@");
                path.push_str(&name);
            }
            Attr::Opaque(path)
        }
        6 => Attr::Type(entries.type_at(cursor)?.into_type()),
        7 => Attr::Unit,
        8 => entries.integer(cursor)?,
        9 => entries.float(cursor)?,
        17 => {
            let element = entries.type_at(cursor)?;
            let count = cursor.varint()?;
            let data = cursor.blob()?;
            match (element, i64::try_from(count)) {
                (TypeEntry::Element(dtype), Ok(count)) => {
                    let ty = TensorType::new(dtype, [count]);
                    if ty.checked_byte_len() != Some(data.left()) {
                        return Err(data.error(format!("{} bytes of data for {ty}", data.left())));
                    }
                    Attr::Tensor(literal::packed(ty, data)?)
                }
                (other, _) => {
                    return Err(entries.container.unknown(format!("an array of {}", other.element().1)));
                }
            }
        }
        18 => {
            let ty = entries.literal_type(cursor)?;
            Attr::Tensor(literal::tensor(ty, cursor.blob()?)?)
        }
        code @ (10..=16 | 19..=23) => {
            let kind = match code {
                10..=15 | 22 => "location",
                16 => "dense resource",
                19 => "tensor of strings",
                20 => "sparse tensor",
                21 => "distinct attribute",
                _ => "affine map",
            };
            // Nothing that runs refers to these: the payload stays unread.
            cursor.bytes(cursor.left())?;
            Attr::Opaque(format!("<{kind}>"))
        }
        code => return Err(entries.container.unknown(format!("builtin attribute code {code}"))),
    };
    Ok(attr)
}

/// Decodes a type.
pub(super) fn ty<'a>(entries: &mut Entries<'_, 'a>, cursor: &mut Cursor<'a>) -> Result<TypeEntry, Error> {
    let element = |dtype| Ok(TypeEntry::Element(dtype));
    let opaque = |text: String| Ok(TypeEntry::Value(Type::Opaque(text)));
    match cursor.varint()? {
        0 => {
            let packed = cursor.varint()?;
            let (width, unsigned) = (packed >> 2, packed & 3 == 2);
            let name = format!("{}i{width}", if unsigned { "u" } else { "" });
            Ok(match DType::from_name(&name) {
                Some(dtype) => TypeEntry::Element(dtype),
                None => TypeEntry::Other(name),
            })
        }
        1 => element(DType::I64),
        2 => {
            Ok(TypeEntry::Function { inputs: entries.types_at(cursor)?, results: entries.types_at(cursor)? })
        }
        3 => element(DType::BF16),
        4 => element(DType::F16),
        5 => element(DType::F32),
        6 => element(DType::F64),
        7 => Ok(TypeEntry::Other("f80".into())),
        8 => Ok(TypeEntry::Other("f128".into())),
        9 => complex(entries, cursor),
        10 => {
            let dims = signed_list(cursor)?;
            let (_, element) = entries.type_at(cursor)?.element();
            entries.attribute_index(cursor)?;
            opaque(format!("memref<{}{element}>", dimensions_text(&dims)))
        }
        12 => Ok(TypeEntry::Value(Type::None)),
        13 => entries.tensor_type(cursor, None),
        14 => {
            entries.attribute_index(cursor)?;
            entries.tensor_type(cursor, Some("#encoding"))
        }
        15 => Ok(TypeEntry::Value(Type::Tuple(entries.types_at(cursor)?))),
        18 => opaque(format!("tensor<*x{}>", entries.type_at(cursor)?.element().1)),
        19 => {
            let dims = signed_list(cursor)?;
            let (_, element) = entries.type_at(cursor)?.element();
            opaque(format!("vector<{}{element}>", dimensions_text(&dims)))
        }
        21 => Ok(TypeEntry::Other("tf32".into())),
        22 => element(DType::F8E5M2),
        23 => element(DType::F8E4M3),
        24 => element(DType::F8E4M3FN),
        25 => element(DType::F8E5M2FNUZ),
        26 => element(DType::F8E4M3FNUZ),
        27 => element(DType::F8E4M3B11FNUZ),
        28 => element(DType::F8E3M4),
        29 => element(DType::F4E2M1FN),
        30 => element(DType::F6E2M3FN),
        31 => element(DType::F6E3M2FN),
        32 => element(DType::F8E8M0FNU),
        code => Err(entries.container.unknown(format!("builtin type code {code}"))),
    }
}

/// A complex type from its part's type.
pub(super) fn complex<'a>(
    entries: &mut Entries<'_, 'a>,
    cursor: &mut Cursor<'a>,
) -> Result<TypeEntry, Error> {
    let part = entries.type_at(cursor)?;
    Ok(match part {
        TypeEntry::Element(DType::F32) => TypeEntry::Element(DType::C64),
        TypeEntry::Element(DType::F64) => TypeEntry::Element(DType::C128),
        other => TypeEntry::Other(format!("complex<{}>", other.element().1)),
    })
}
