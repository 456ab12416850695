//! The file layout: sections, strings, names, and where attributes and types lie.

use super::cursor::Cursor;
use crate::Error;

/// First bytes of MLIR bytecode.
pub(super) const MAGIC: [u8; 4] = *b"ML\xefR";

/// Newest container version known.
const NEWEST: u64 = 6;

/// A dialect that operations, attributes and types come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Dialect<'a> {
    /// MLIR's own.
    Builtin,
    /// Versioned StableHLO.
    Vhlo,
    /// Shardy.
    Sdy,
    /// Another one.
    Other(&'a str),
}

impl<'a> Dialect<'a> {
    fn from_name(name: &'a str) -> Self {
        match name {
            "builtin" => Dialect::Builtin,
            "vhlo" => Dialect::Vhlo,
            "sdy" => Dialect::Sdy,
            other => Dialect::Other(other),
        }
    }

    /// Name as written.
    pub fn name(self) -> &'a str {
        match self {
            Dialect::Builtin => "builtin",
            Dialect::Vhlo => "vhlo",
            Dialect::Sdy => "sdy",
            Dialect::Other(name) => name,
        }
    }
}

/// An operation name as the file lists it.
#[derive(Clone, Copy, Debug)]
pub(super) struct OpName<'a> {
    /// Its dialect.
    pub dialect: Dialect<'a>,
    /// The rest of the name.
    pub name: &'a str,
    /// Whether the writer knew the operation, so that properties have its own form.
    pub registered: bool,
}

/// Where an attribute or type lies.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry<'a> {
    /// Whose encoding it has.
    pub dialect: Dialect<'a>,
    /// Binary rather than text.
    pub binary: bool,
    /// Its bytes.
    pub bytes: Cursor<'a>,
}

/// An [`Entry`] as the tables keep it: there may be several for each operation.
#[derive(Clone, Copy, Debug)]
struct Slot {
    start: usize,
    end: usize,
    dialect: u32,
    binary: bool,
}

/// A file taken apart, nothing decoded yet.
#[derive(Debug)]
pub(super) struct Container<'a> {
    /// Container version, 0 to 6.
    pub version: u64,
    /// Who wrote it, such as `StableHLO_v1.13.7`.
    pub producer: String,
    /// String table; arbitrary bytes.
    pub strings: Vec<&'a [u8]>,
    /// Operation names by id.
    pub names: Vec<OpName<'a>>,
    /// Property blobs by index.
    pub properties: Vec<Cursor<'a>>,
    dialects: Vec<Dialect<'a>>,
    entry_bytes: Cursor<'a>,
    attributes: Vec<Slot>,
    types: Vec<Slot>,
    /// The operations.
    pub ir: Cursor<'a>,
}

impl<'a> Container<'a> {
    /// Takes a file apart.
    pub fn read(file: &'a [u8]) -> Result<Self, Error> {
        let mut cursor = Cursor::new(file);
        if cursor.bytes(MAGIC.len())? != MAGIC {
            return Err(Error::NotAProgram);
        }
        let version = cursor.varint()?;
        let producer = String::from_utf8_lossy(cursor.nul_terminated()?).into_owned();
        if version > NEWEST {
            return Err(Error::Unknown {
                what: format!("bytecode container version {version}"),
                producer,
                known: "container versions 0 to 6",
            });
        }

        const NAMES: [&str; 9] = [
            "strings",
            "dialects",
            "attributes and types",
            "attribute and type sizes",
            "operations",
            "resources",
            "resource index",
            "dialect version",
            "properties",
        ];
        let mut sections: [Option<Cursor<'a>>; NAMES.len()] = [None; NAMES.len()];
        while !cursor.is_done() {
            let (id, body) = cursor.section()?;
            match sections.get_mut(usize::from(id)) {
                Some(slot @ None) if id != 7 => *slot = Some(body.named(NAMES[usize::from(id)])),
                Some(Some(_)) => return Err(body.error(format!("a second section {id}"))),
                _ => return Err(body.error(format!("unknown section {id}"))),
            }
        }
        let required = |id: usize| {
            sections[id].ok_or_else(|| cursor.error(format!("the section with {} is missing", NAMES[id])))
        };
        if sections[5].is_some() != sections[6].is_some() {
            return Err(cursor.error("resources come with their index or not at all"));
        }

        let strings = read_strings(required(0)?)?;
        let properties = match sections[8] {
            Some(section) => read_properties(section)?,
            None if version < 5 => Vec::new(),
            None => return Err(cursor.error("the section with properties is missing")),
        };
        let (dialects, names) = read_names(required(1)?, version, &strings)?;
        let entry_bytes = required(2)?;
        let (attributes, types) = read_entries(required(3)?, entry_bytes, dialects.len())?;
        let ir = required(4)?;
        Ok(Container {
            version,
            producer,
            strings,
            names,
            properties,
            dialects,
            entry_bytes,
            attributes,
            types,
            ir,
        })
    }

    /// Number of attributes.
    pub fn attribute_count(&self) -> usize {
        self.attributes.len()
    }

    /// Number of types.
    pub fn type_count(&self) -> usize {
        self.types.len()
    }

    /// An attribute, by an index below their number.
    pub fn attribute(&self, index: usize) -> Entry<'a> {
        self.entry(self.attributes[index])
    }

    /// A type, by an index below their number.
    pub fn ty(&self, index: usize) -> Entry<'a> {
        self.entry(self.types[index])
    }

    fn entry(&self, slot: Slot) -> Entry<'a> {
        Entry {
            dialect: self.dialects[slot.dialect as usize],
            binary: slot.binary,
            bytes: self.entry_bytes.range(slot.start, slot.end),
        }
    }

    /// An error for something newer than this reader.
    pub fn unknown(&self, what: impl Into<String>) -> Error {
        Error::Unknown { what: what.into(), producer: self.producer.clone(), known: super::NEWEST_KNOWN }
    }

    /// Reads a reference to a string.
    pub fn string(&self, cursor: &mut Cursor<'a>) -> Result<&'a [u8], Error> {
        Ok(self.strings[cursor.index(self.strings.len(), "string")?])
    }

    /// Reads a reference to a string that must be UTF-8.
    pub fn text(&self, cursor: &mut Cursor<'a>) -> Result<&'a str, Error> {
        let at = *cursor;
        std::str::from_utf8(self.string(cursor)?).map_err(|_| at.error("a name that is not UTF-8"))
    }
}

/// Lengths come last string first, each with its NUL; the bytes follow first string first.
fn read_strings(mut section: Cursor<'_>) -> Result<Vec<&[u8]>, Error> {
    let count = section.count()?;
    let mut lengths = Vec::with_capacity(count);
    for _ in 0..count {
        let length = section.count()?;
        lengths.push(length);
    }
    let mut strings = Vec::with_capacity(count);
    for length in lengths.into_iter().rev() {
        match section.bytes(length)? {
            [text @ .., 0] => strings.push(text),
            _ => return Err(section.error("a string without its terminating NUL")),
        }
    }
    section.finish()?;
    Ok(strings)
}

fn read_properties(mut section: Cursor<'_>) -> Result<Vec<Cursor<'_>>, Error> {
    let count = section.count()?;
    let blobs = (0..count).map(|_| section.blob()).collect::<Result<_, _>>()?;
    section.finish()?;
    Ok(blobs)
}

type Names<'a> = (Vec<Dialect<'a>>, Vec<OpName<'a>>);

fn read_names<'a>(mut section: Cursor<'a>, version: u64, strings: &[&'a [u8]]) -> Result<Names<'a>, Error> {
    let text = |cursor: &Cursor<'a>, index: u64| {
        let index = cursor.checked(index, strings.len(), "string")?;
        std::str::from_utf8(strings[index]).map_err(|_| cursor.error("a name that is not UTF-8"))
    };
    let flagged_from = |cursor: &mut Cursor<'a>, first: u64| {
        if version >= first { cursor.flagged() } else { Ok((cursor.varint()?, false)) }
    };

    let count = section.count()?;
    let mut dialects = Vec::with_capacity(count);
    for _ in 0..count {
        let (name, versioned) = flagged_from(&mut section, 1)?;
        dialects.push(Dialect::from_name(text(&section, name)?));
        if versioned {
            match section.section()? {
                (7, _) => {}
                (id, body) => return Err(body.error(format!("section {id} as a dialect version"))),
            }
        }
    }
    let announced = if version >= 4 { Some(section.count()?) } else { None };
    let mut names = Vec::with_capacity(announced.unwrap_or(0));
    while !section.is_done() {
        let dialect = dialects[section.index(dialects.len(), "dialect")?];
        for _ in 0..section.count()? {
            let (name, registered) = flagged_from(&mut section, 5)?;
            names.push(OpName { dialect, name: text(&section, name)?, registered });
        }
    }
    if announced.is_some_and(|announced| announced != names.len()) {
        return Err(section.error(format!("{} operation names, another number announced", names.len())));
    }
    Ok((dialects, names))
}

/// Where attributes and types lie; `bytes` holds them back to back.
fn read_entries(
    mut sizes: Cursor<'_>,
    mut bytes: Cursor<'_>,
    dialects: usize,
) -> Result<(Vec<Slot>, Vec<Slot>), Error> {
    let attribute_count = sizes.count()?;
    let type_count = sizes.count()?;
    let mut group = |count: usize| {
        let mut entries = Vec::with_capacity(count);
        while entries.len() < count {
            let dialect = sizes.index(dialects, "dialect")? as u32;
            let size = sizes.count()?;
            if size > count - entries.len() {
                return Err(sizes.error("a group larger than what was announced"));
            }
            for _ in 0..size {
                let (length, binary) = sizes.flagged()?;
                let length = bytes.bounded(length)?;
                let start = bytes.offset();
                bytes.split(length)?;
                entries.push(Slot { start, end: start + length, dialect, binary });
            }
        }
        Ok(entries)
    };
    let attributes = group(attribute_count)?;
    let types = group(type_count)?;
    sizes.finish()?;
    bytes.finish()?;
    Ok((attributes, types))
}
