//! The attributes of operations: from properties and dictionaries to typed ops.

use std::borrow::Cow;

use ops::{Attr, AttrMap, Op};

use super::container::Dialect;
use super::cursor::Cursor;
use super::entries::expanded_weight;
use super::ir::{Header, Reader};
use crate::Error;

/// Attribute names with the attributes' indices.
pub(super) type Named = Vec<(Cow<'static, str>, usize)>;

impl<'c, 'a> Reader<'c, 'a> {
    /// The op with its attributes, and the discardable attributes.
    pub(super) fn build(
        &mut self,
        header: &Header<'c, 'a>,
        mnemonic: &'static str,
    ) -> Result<(Op, AttrMap), Error> {
        let inherent = self.inherent(header)?;
        let mut attributes = AttrMap(Vec::with_capacity(inherent.len()));
        for (name, index) in inherent {
            let attr = self.entries.attribute(index)?;
            // A constant's value stays as it is; lists are written out.
            if mnemonic != "constant" {
                self.entries.charge(expanded_weight(&attr))?;
            }
            attributes.push(name, attr);
        }
        attributes.0.extend(self.discardable(header)?.0);
        if header.name.drops_padding {
            attributes.take("padding");
        }
        if attributes.get("result_accuracy").is_some_and(is_default_accuracy) {
            attributes.take("result_accuracy");
        }
        let op = Op::build(mnemonic, &mut attributes)?;
        Ok((op, attributes))
    }

    /// The attributes that belong to the operation: from its properties, before container version 5 from its
    /// dictionary.
    pub(super) fn inherent(&mut self, header: &Header<'c, 'a>) -> Result<Named, Error> {
        if let (true, Some(index)) = (self.container.version < 5, header.dictionary) {
            let mut named = self.named(index)?;
            named.retain(|(name, _)| header.name.has_field(name));
            return Ok(named);
        }
        let Some(mut blob) = header.properties else { return Ok(Named::new()) };
        if !header.name.registered {
            let index = self.entries.attribute_index(&mut blob)?;
            blob.finish()?;
            return self.named(index);
        }
        let mut named = Named::with_capacity(header.name.fields.len());
        for field in &header.name.fields {
            let index = match field.optional {
                true => self.entries.optional_index(&mut blob)?,
                false => Some(self.entries.attribute_index(&mut blob)?),
            };
            named.extend(index.map(|index| (Cow::Borrowed(field.name), index)));
        }
        blob.finish()?;
        Ok(named)
    }

    /// The attributes that may be ignored. So those newer than this reader are left out.
    pub(super) fn discardable(&mut self, header: &Header<'c, 'a>) -> Result<AttrMap, Error> {
        let mut attributes = AttrMap::default();
        let Some(index) = header.dictionary else { return Ok(attributes) };
        for (name, index) in self.named(index)? {
            if self.container.version < 5 && header.name.has_field(&name) {
                continue;
            }
            match self.entries.attribute(index) {
                Ok(attr) => {
                    self.entries.charge(expanded_weight(&attr))?;
                    attributes.push(name, attr);
                }
                Err(Error::Unknown { .. }) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(attributes)
    }

    /// Names and values of a dictionary attribute.
    fn named(&mut self, index: usize) -> Result<Named, Error> {
        let entry = self.container.attribute(index);
        let mut bytes = entry.bytes;
        let code = match entry.dialect {
            Dialect::Builtin => 1,
            _ => 6,
        };
        if !entry.binary || bytes.varint()? != code {
            return Err(bytes.error("attributes that are no dictionary"));
        }
        let mut named = Named::new();
        for _ in 0..bytes.count()? {
            let name = self.entries.name_at(&mut bytes)?;
            named.push((Cow::Owned(name), self.entries.attribute_index(&mut bytes)?));
        }
        bytes.finish()?;
        Ok(named)
    }
}

/// One dictionary a value; none means that all are empty.
pub(super) fn dictionaries(
    cursor: &Cursor<'_>,
    items: Vec<Attr>,
    count: usize,
) -> Result<Vec<AttrMap>, Error> {
    if items.is_empty() {
        return Ok(vec![AttrMap::default(); count]);
    }
    if items.len() != count {
        return Err(cursor.error("as many attribute dictionaries as values are needed"));
    }
    let dictionary = |item| match item {
        Attr::Dict(map) => Ok(map),
        _ => Err(cursor.error("attributes that are no dictionary")),
    };
    items.into_iter().map(dictionary).collect()
}

/// Whether a result accuracy asks for nothing.
fn is_default_accuracy(attr: &Attr) -> bool {
    let Attr::Dict(map) = attr else { return false };
    map.iter().all(|(_, value)| match value {
        Attr::Scalar(value) => value.is(0),
        Attr::Keyword(mode) => mode == "DEFAULT",
        _ => false,
    })
}
