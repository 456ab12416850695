//! Attributes of the Shardy dialect.

use ops::Attr;
use ops::sharding::{AxisRef, DimensionSharding, Mesh, MeshAxis, MeshRef, Sharding, TensorSharding};

use super::container::Dialect;
use super::cursor::Cursor;
use super::entries::{Entries, signed_list};
use crate::Error;

/// Decodes an attribute.
pub(super) fn attribute<'a>(entries: &mut Entries<'_, 'a>, cursor: &mut Cursor<'a>) -> Result<Attr, Error> {
    let sharding = match cursor.varint()? {
        0 => {
            let names = (0..cursor.count()?).map(|_| entries.name_at(cursor)).collect::<Result<_, _>>()?;
            Sharding::ManualAxes(names)
        }
        2 => {
            let axes = list(entries, cursor, mesh_axis)?;
            Sharding::Mesh(Mesh { axes, device_ids: signed_list(cursor)? })
        }
        code @ (6 | 15 | 17) => match tensor_sharding(entries, code, cursor)? {
            Some(sharding) => Sharding::Tensor(sharding),
            None => Sharding::Other("#sdy.sharding with a reduction other than a sum".to_owned()),
        },
        7 | 16 => {
            let shardings = list(entries, cursor, |entries, cursor| {
                let (code, mut payload) = open(entries, cursor)?;
                let sharding = match code {
                    6 | 15 | 17 => tensor_sharding(entries, code, &mut payload)?,
                    _ => return Err(payload.error("an item that is no sharding of a tensor")),
                };
                payload.finish()?;
                Ok(sharding)
            })?;
            match shardings.into_iter().collect() {
                Some(shardings) => Sharding::PerValue(shardings),
                None => {
                    Sharding::Other("#sdy.sharding_per_value with a reduction other than a sum".to_owned())
                }
            }
        }
        code @ (1 | 3..=5 | 8..=14) => {
            cursor.bytes(cursor.left())?;
            Sharding::Other(format!("#sdy.attribute_{code}"))
        }
        code => return Err(entries.container.unknown(format!("Shardy attribute code {code}"))),
    };
    Ok(Attr::Sharding(Box::new(sharding)))
}

/// A sharding after its code: 15 adds unreduced axes to 6, and 17 the way to reduce them; `None` for a way
/// other than a sum.
fn tensor_sharding<'a>(
    entries: &mut Entries<'_, 'a>,
    code: u64,
    cursor: &mut Cursor<'a>,
) -> Result<Option<TensorSharding>, Error> {
    let mesh = match entries.attribute_at(cursor)? {
        Attr::Symbol(name) => MeshRef::Symbol(name),
        Attr::Sharding(sharding) => match *sharding {
            Sharding::Mesh(mesh) => MeshRef::Inline(mesh),
            _ => return Err(cursor.error("a mesh is something else")),
        },
        _ => return Err(cursor.error("a mesh is something else")),
    };
    let dimensions = list(entries, cursor, dimension)?;
    let replicated = list(entries, cursor, axis_ref)?;
    let unreduced = if code >= 15 { list(entries, cursor, axis_ref)? } else { Vec::new() };
    let sum = code != 17 || cursor.signed()? == 0;
    Ok(sum.then_some(TensorSharding { mesh, dimensions, replicated, unreduced }))
}

/// Opens the Shardy attribute referred to.
fn open<'a>(entries: &mut Entries<'_, 'a>, cursor: &mut Cursor<'a>) -> Result<(u64, Cursor<'a>), Error> {
    match entries.open_at(cursor)? {
        (Dialect::Sdy, code, payload) => Ok((code, payload)),
        (dialect, _, payload) => {
            Err(payload.error(format!("a {} attribute in a Shardy one", dialect.name())))
        }
    }
}

/// Opens the Shardy attribute referred to, which must have this code.
fn expect<'a>(
    entries: &mut Entries<'_, 'a>,
    cursor: &mut Cursor<'a>,
    code: u64,
) -> Result<Cursor<'a>, Error> {
    match open(entries, cursor)? {
        (found, payload) if found == code => Ok(payload),
        (found, payload) => Err(payload.error(format!("Shardy attribute {found} where {code} is expected"))),
    }
}

fn list<'a, T>(
    entries: &mut Entries<'_, 'a>,
    cursor: &mut Cursor<'a>,
    item: impl Fn(&mut Entries<'_, 'a>, &mut Cursor<'a>) -> Result<T, Error>,
) -> Result<Vec<T>, Error> {
    (0..cursor.count()?).map(|_| item(entries, cursor)).collect()
}

fn name(entries: &mut Entries<'_, '_>, name: &str) -> Result<String, Error> {
    entries.charge(1 + name.len() as u64 / 64)?;
    Ok(name.to_owned())
}

fn mesh_axis<'a>(entries: &mut Entries<'_, 'a>, cursor: &mut Cursor<'a>) -> Result<MeshAxis, Error> {
    let mut axis = expect(entries, cursor, 1)?;
    let text = entries.container.text(&mut axis)?;
    let mesh_axis = MeshAxis { name: name(entries, text)?, size: axis.signed()? };
    axis.finish()?;
    Ok(mesh_axis)
}

fn axis_ref<'a>(entries: &mut Entries<'_, 'a>, cursor: &mut Cursor<'a>) -> Result<AxisRef, Error> {
    let mut axis = expect(entries, cursor, 4)?;
    let text = entries.container.text(&mut axis)?;
    let name = name(entries, text)?;
    let sub_axis = match axis.flagged()? {
        (0, false) => None,
        (index, true) => {
            let index = axis.checked(index, entries.container.attribute_count(), "attribute")?;
            let entry = entries.container.attribute(index);
            let mut part = entry.bytes;
            if entry.dialect != Dialect::Sdy || !entry.binary || part.varint()? != 3 {
                return Err(part.error("a sub-axis that is something else"));
            }
            let sub_axis = (part.signed()?, part.signed()?);
            part.finish()?;
            Some(sub_axis)
        }
        _ => return Err(axis.error("a malformed optional attribute")),
    };
    axis.finish()?;
    Ok(AxisRef { name, sub_axis })
}

fn dimension<'a>(entries: &mut Entries<'_, 'a>, cursor: &mut Cursor<'a>) -> Result<DimensionSharding, Error> {
    let mut dimension = expect(entries, cursor, 5)?;
    let axes = list(entries, &mut dimension, axis_ref)?;
    let closed = dimension.byte()?;
    let closed = dimension.flag(closed.into())?;
    let priority = match dimension.flagged()? {
        (_, false) => None,
        (value, true) => {
            Some(i64::try_from(value).map_err(|_| dimension.error("a priority beyond 63 bits"))?)
        }
    };
    dimension.finish()?;
    Ok(DimensionSharding { axes, closed, priority })
}

/// Nodes that a copy takes.
pub(super) fn weight(sharding: &Sharding) -> u64 {
    let names =
        |names: &mut dyn Iterator<Item = &str>| names.map(|name| 1 + name.len() as u64 / 64).sum::<u64>();
    let axes = |axes: &[AxisRef]| names(&mut axes.iter().map(|axis| axis.name.as_str()));
    let mesh = |mesh: &Mesh| {
        1 + names(&mut mesh.axes.iter().map(|axis| axis.name.as_str())) + mesh.device_ids.len() as u64 / 8
    };
    let mesh_ref = |reference: &MeshRef| match reference {
        MeshRef::Symbol(name) => 1 + name.len() as u64 / 64,
        MeshRef::Inline(inline) => mesh(inline),
    };
    let tensor = |sharding: &TensorSharding| {
        1 + mesh_ref(&sharding.mesh)
            + sharding.dimensions.iter().map(|dimension| 1 + axes(&dimension.axes)).sum::<u64>()
            + axes(&sharding.replicated)
            + axes(&sharding.unreduced)
    };
    match sharding {
        Sharding::Mesh(inline) => mesh(inline),
        Sharding::Tensor(sharding) => tensor(sharding),
        Sharding::PerValue(shardings) => 1 + shardings.iter().map(tensor).sum::<u64>(),
        Sharding::ManualAxes(axes) => 1 + names(&mut axes.iter().map(String::as_str)),
        Sharding::MeshAxesGroups { mesh, axes: groups } => 1 + mesh_ref(mesh) + axes(groups),
        Sharding::Other(text) => 1 + text.len() as u64 / 64,
    }
}
