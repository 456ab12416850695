//! Entries of the VHLO dialect.

use ops::sharding::{AxisRef, Mesh, MeshAxis, MeshRef, Sharding};
use ops::{Attr, AttrMap, ResultAccuracyMode, Type};
use tensor::{DType, Scalar};

use super::container::Dialect;
use super::cursor::Cursor;
use super::entries::{DYNAMIC, Entries, TypeEntry, dimensions_text, fixed_width, signed_list};
use super::{builtin, literal};
use crate::Error;

/// Decodes an attribute. Enum cases stay codes: the op that has them knows their names.
pub(super) fn attribute<'a>(entries: &mut Entries<'_, 'a>, cursor: &mut Cursor<'a>) -> Result<Attr, Error> {
    let attr = match cursor.varint()? {
        1 => entries.array(cursor)?,
        2 => {
            let value = cursor.varint()?;
            Attr::Bool(cursor.flag(value)?)
        }
        3 | 4 | 5 | 7 | 11 | 12 | 13 | 16 | 19 => {
            let code = cursor.varint()?;
            Attr::Code(u32::try_from(code).map_err(|_| cursor.error("an enum case beyond 32 bits"))?)
        }
        6 => entries.dictionary(cursor)?,
        8 => entries.float(cursor)?,
        9 => entries.integer(cursor)?,
        10 => {
            let mut alias = AttrMap::default();
            alias.push("output_tuple_indices", indices(cursor)?);
            alias.push("operand_index", integer(cursor.signed()?));
            alias.push("operand_tuple_indices", indices(cursor)?);
            Attr::Dict(alias)
        }
        14 => Attr::String(entries.container.string(cursor)?.to_vec()),
        15 => {
            let ty = entries.literal_type(cursor)?;
            Attr::Tensor(literal::tensor(ty, cursor.blob()?)?)
        }
        17 => Attr::Type(entries.type_at(cursor)?.into_type()),
        18 => Attr::Opaque(bounds_text(&signed_list(cursor)?)),
        20 => {
            let mut accuracy = AttrMap::default();
            accuracy.push("atol", double(cursor)?);
            accuracy.push("rtol", double(cursor)?);
            accuracy.push("ulps", integer(cursor.signed()?));
            let mode = match entries.attribute_at(cursor)? {
                Attr::Code(code) => ResultAccuracyMode::from_code(code),
                _ => None,
            };
            let mode = mode.ok_or_else(|| cursor.error("an unknown result accuracy mode"))?;
            accuracy.push("mode", Attr::Keyword(mode.keyword().to_owned()));
            Attr::Dict(accuracy)
        }
        23 => {
            let mesh = match entries.attribute_at(cursor)? {
                Attr::String(name) => MeshRef::Symbol(String::from_utf8_lossy(&name).into_owned()),
                Attr::Symbol(name) => MeshRef::Symbol(name),
                Attr::Sharding(sharding) => match *sharding {
                    Sharding::Mesh(mesh) => MeshRef::Inline(mesh),
                    _ => return Err(cursor.error("a mesh is something else")),
                },
                _ => return Err(cursor.error("a mesh is something else")),
            };
            let axes = list(entries, cursor, axis_ref)?;
            Attr::Sharding(Box::new(Sharding::MeshAxesGroups { mesh, axes }))
        }
        25 => {
            let axes = list(entries, cursor, mesh_axis)?;
            let device_ids = match entries.optional_index(cursor)? {
                None => Vec::new(),
                Some(index) => match entries.attribute(index)? {
                    Attr::Tensor(ids) if ids.dtype().is_integer() => {
                        entries.charge(ids.len() as u64 / 8)?;
                        ids.scalars().map(Scalar::as_i64).collect()
                    }
                    _ => return Err(cursor.error("device ids that are no integers")),
                },
            };
            Attr::Sharding(Box::new(Sharding::Mesh(Mesh { axes, device_ids })))
        }
        // Parts of the two above, read there; nothing else holds them.
        code @ (21 | 22 | 24) => {
            cursor.bytes(cursor.left())?;
            Attr::Opaque(format!("<part {code} of a mesh>"))
        }
        code => return Err(entries.container.unknown(format!("VHLO attribute code {code}"))),
    };
    Ok(attr)
}

fn integer(value: i64) -> Attr {
    Attr::Scalar(Scalar::from_i64(DType::I64, value))
}

fn double(cursor: &mut Cursor<'_>) -> Result<Attr, Error> {
    let bits = fixed_width(cursor, 64)?;
    Ok(Attr::Scalar(Scalar::from_f64(DType::F64, f64::from_bits(bits as u64))))
}

fn indices(cursor: &mut Cursor<'_>) -> Result<Attr, Error> {
    Ok(Attr::Array(signed_list(cursor)?.into_iter().map(integer).collect()))
}

fn bounds_text(bounds: &[i64]) -> String {
    let bound = |&size: &i64| if size == DYNAMIC { "?".to_owned() } else { size.to_string() };
    format!("#stablehlo.bounds<{}>", bounds.iter().map(bound).collect::<Vec<_>>().join(", "))
}

/// Opens the attribute referred to, which must have this code.
fn open<'a>(entries: &mut Entries<'_, 'a>, cursor: &mut Cursor<'a>, code: u64) -> Result<Cursor<'a>, Error> {
    match entries.open_at(cursor)? {
        (Dialect::Vhlo, found, payload) if found == code => Ok(payload),
        (dialect, found, payload) => {
            Err(payload.error(format!("{} attribute {found} where vhlo {code} is expected", dialect.name())))
        }
    }
}

/// The items of the array attribute referred to.
fn list<'a, T>(
    entries: &mut Entries<'_, 'a>,
    cursor: &mut Cursor<'a>,
    item: impl Fn(&mut Entries<'_, 'a>, &mut Cursor<'a>) -> Result<T, Error>,
) -> Result<Vec<T>, Error> {
    let mut array = open(entries, cursor, 1)?;
    (0..array.count()?).map(|_| item(entries, &mut array)).collect()
}

fn axis_ref<'a>(entries: &mut Entries<'_, 'a>, cursor: &mut Cursor<'a>) -> Result<AxisRef, Error> {
    let mut axis = open(entries, cursor, 22)?;
    let name = entries.name_at(&mut axis)?;
    let partial = axis.varint()?;
    let sub_axis = match axis.flag(partial)? {
        true => {
            let mut part = open(entries, &mut axis, 21)?;
            Some((part.signed()?, part.signed()?))
        }
        false => None,
    };
    axis.finish()?;
    Ok(AxisRef { name, sub_axis })
}

fn mesh_axis<'a>(entries: &mut Entries<'_, 'a>, cursor: &mut Cursor<'a>) -> Result<MeshAxis, Error> {
    let mut axis = open(entries, cursor, 24)?;
    let mesh_axis = MeshAxis { name: entries.name_at(&mut axis)?, size: axis.signed()? };
    axis.finish()?;
    Ok(mesh_axis)
}

/// Decodes a type.
pub(super) fn ty<'a>(entries: &mut Entries<'_, 'a>, cursor: &mut Cursor<'a>) -> Result<TypeEntry, Error> {
    let element = |dtype| Ok(TypeEntry::Element(dtype));
    let value = |ty| Ok(TypeEntry::Value(ty));
    match cursor.varint()? {
        0 => element(DType::Bool),
        1 => builtin::complex(entries, cursor),
        2 => element(DType::BF16),
        3 => element(DType::F16),
        4 => element(DType::F32),
        5 => element(DType::F64),
        6 => element(DType::F8E4M3FN),
        7 => element(DType::F8E5M2),
        8 => {
            Ok(TypeEntry::Function { inputs: entries.types_at(cursor)?, results: entries.types_at(cursor)? })
        }
        9 => element(DType::I64),
        10 => element(DType::I4),
        11 => element(DType::I8),
        12 => element(DType::I16),
        13 => element(DType::I32),
        14 => element(DType::I64),
        15 => element(DType::U4),
        16 => element(DType::U8),
        17 => element(DType::U16),
        18 => element(DType::U32),
        19 => element(DType::U64),
        20 => entries.tensor_type(cursor, None),
        21 => {
            let encoding = match entries.attribute_at(cursor)? {
                Attr::Opaque(text) => text,
                _ => "#encoding".to_owned(),
            };
            entries.tensor_type(cursor, Some(&encoding))
        }
        22 => value(Type::Token),
        23 => value(Type::Tuple(entries.types_at(cursor)?)),
        24 => quantized(entries, cursor),
        25 => value(Type::Opaque(format!("tensor<*x{}>", entries.type_at(cursor)?.element().1))),
        26 => value(Type::Opaque("!shape.witness".to_owned())),
        27 => element(DType::F8E4M3FNUZ),
        28 => element(DType::F8E5M2FNUZ),
        29 => element(DType::F8E4M3B11FNUZ),
        30 => quantized_per_axis(entries, cursor),
        31 => element(DType::I2),
        32 => element(DType::U2),
        33 => value(Type::None),
        34 => Ok(TypeEntry::Other("tf32".to_owned())),
        35 => element(DType::F8E4M3),
        36 => element(DType::F8E3M4),
        37 => element(DType::F4E2M1FN),
        38 => element(DType::F6E2M3FN),
        39 => element(DType::F6E3M2FN),
        40 => element(DType::F8E8M0FNU),
        41 => {
            let dims = signed_list(cursor)?;
            let (_, element) = entries.type_at(cursor)?.element();
            value(Type::Opaque(format!("memref<{}{element}>", dimensions_text(&dims))))
        }
        42 => {
            let parts: Vec<_> = entries.types_at(cursor)?.iter().map(Type::to_string).collect();
            value(Type::Opaque(format!("!stablehlo.future<{}>", parts.join(", "))))
        }
        code => Err(entries.container.unknown(format!("VHLO type code {code}"))),
    }
}

/// Flags, storage and expressed type of a quantized type as text begins: `!quant.uniform<i8:f32`.
fn quantized_start<'a>(entries: &mut Entries<'_, 'a>, cursor: &mut Cursor<'a>) -> Result<String, Error> {
    let signed = cursor.varint()? & 1 == 1;
    let (_, storage) = entries.type_at(cursor)?.element();
    let (_, expressed) = entries.type_at(cursor)?.element();
    let sign = if signed || storage.starts_with('u') { "" } else { "u" };
    Ok(format!("!quant.uniform<{sign}{storage}:{expressed}"))
}

fn quantized<'a>(entries: &mut Entries<'_, 'a>, cursor: &mut Cursor<'a>) -> Result<TypeEntry, Error> {
    let start = quantized_start(entries, cursor)?;
    let scale = f64::from_bits(fixed_width(cursor, 64)? as u64);
    let zero = cursor.signed()?;
    let (_min, _max) = (cursor.signed()?, cursor.signed()?);
    Ok(TypeEntry::Other(format!("{start}, {scale:e}:{zero}>")))
}

fn quantized_per_axis<'a>(
    entries: &mut Entries<'_, 'a>,
    cursor: &mut Cursor<'a>,
) -> Result<TypeEntry, Error> {
    let start = quantized_start(entries, cursor)?;
    let axis = cursor.varint()?;
    let (_min, _max) = (cursor.signed()?, cursor.signed()?);
    let scales = (0..cursor.count()?)
        .map(|_| Ok(f64::from_bits(fixed_width(cursor, 64)? as u64)))
        .collect::<Result<Vec<_>, Error>>()?;
    let zeros = signed_list(cursor)?;
    let pairs: Vec<_> = scales.iter().zip(&zeros).map(|(scale, zero)| format!("{scale:e}:{zero}")).collect();
    Ok(TypeEntry::Other(format!("{start}:{axis}, {{{}}}>", pairs.join(", "))))
}
