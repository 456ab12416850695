//! Source locations, decoded when an operation refers to them. Chains of calls get long, so this works
//! through a stack of its own instead of by recursion.

use smallvec::{SmallVec, smallvec};

use super::builtin::location;
use super::container::Dialect;
use super::cursor::Cursor;
use super::entries::Entries;
use crate::{Error, LocId, Location, Locations};

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Untouched,
    Pending,
    Decoded(LocId),
}

/// Decodes locations into a module's table.
pub(super) struct LocationReader {
    states: Vec<State>,
    stack: Vec<usize>,
    /// The table so far.
    pub table: Locations,
}

/// A location whose texts are still bytes of the file and whose parts are still attribute indices.
enum Parsed<'a> {
    Unknown,
    File { file: &'a [u8], line: u32, column: u32 },
    Named(&'a [u8], usize),
    CallSite(usize, usize),
    Fused(Vec<usize>),
}

impl LocationReader {
    /// Nothing decoded yet, of `count` attributes.
    pub fn new(count: usize) -> Self {
        LocationReader {
            states: vec![State::Untouched; count],
            stack: Vec::new(),
            table: Locations::default(),
        }
    }

    /// The location that an attribute holds.
    pub fn location(&mut self, entries: &mut Entries<'_, '_>, index: usize) -> Result<LocId, Error> {
        if let State::Decoded(id) = self.states[index] {
            return Ok(id);
        }
        self.stack.clear();
        self.stack.push(index);
        while let Some(&index) = self.stack.last() {
            if let State::Decoded(_) = self.states[index] {
                self.stack.pop();
                continue;
            }
            let parsed = parse(entries, index)?;
            self.states[index] = State::Pending;
            let waiting = self.stack.len();
            for &part in parsed.parts().iter() {
                match self.states[part] {
                    State::Decoded(_) => {}
                    State::Untouched => self.stack.push(part),
                    State::Pending => {
                        let bytes = entries.container.attribute(part).bytes;
                        return Err(bytes.error("a location that contains itself"));
                    }
                }
            }
            if self.stack.len() == waiting {
                self.states[index] = State::Decoded(match self.finish(entries, parsed)? {
                    Location::Unknown => LocId::UNKNOWN,
                    known => self.table.add(known),
                });
                self.stack.pop();
            }
        }
        match self.states[index] {
            State::Decoded(id) => Ok(id),
            _ => Ok(LocId::UNKNOWN),
        }
    }

    /// The location, its parts being decoded.
    fn finish(&self, entries: &mut Entries<'_, '_>, parsed: Parsed<'_>) -> Result<Location, Error> {
        let id = |index: usize| match self.states[index] {
            State::Decoded(id) => id,
            _ => LocId::UNKNOWN,
        };
        let mut text = |bytes: &[u8]| -> Result<String, Error> {
            entries.charge(1 + bytes.len() as u64 / 64)?;
            Ok(String::from_utf8_lossy(bytes).into_owned())
        };
        Ok(match parsed {
            Parsed::Unknown => Location::Unknown,
            Parsed::File { file, line, column } => Location::File { file: text(file)?, line, column },
            Parsed::Named(name, child) => Location::Named { name: text(name)?, child: id(child) },
            Parsed::CallSite(callee, caller) => Location::CallSite { callee: id(callee), caller: id(caller) },
            Parsed::Fused(parts) => Location::Fused(parts.into_iter().map(id).collect()),
        })
    }
}

impl Parsed<'_> {
    fn parts(&self) -> SmallVec<[usize; 2]> {
        match self {
            Parsed::Unknown | Parsed::File { .. } => SmallVec::new(),
            Parsed::Named(_, child) => smallvec![*child],
            Parsed::CallSite(callee, caller) => smallvec![*callee, *caller],
            Parsed::Fused(parts) => parts.as_slice().into(),
        }
    }
}

fn parse<'a>(entries: &mut Entries<'_, 'a>, index: usize) -> Result<Parsed<'a>, Error> {
    let entry = entries.container.attribute(index);
    let mut cursor = entry.bytes.named("locations");
    if !entry.binary || entry.dialect != Dialect::Builtin {
        return Ok(Parsed::Unknown);
    }
    let cursor = &mut cursor;
    let parsed = match cursor.varint()? {
        location::CALL_SITE => {
            Parsed::CallSite(entries.attribute_index(cursor)?, entries.attribute_index(cursor)?)
        }
        location::FILE => {
            let file = text(entries, cursor)?;
            let (line, column) = (position(cursor)?, position(cursor)?);
            Parsed::File { file, line, column }
        }
        location::FILE_RANGE => {
            let file = text(entries, cursor)?;
            let numbers = (0..cursor.count()?).map(|_| position(cursor)).collect::<Result<Vec<_>, _>>()?;
            let number = |at: usize| numbers.get(at).copied().unwrap_or(0);
            Parsed::File { file, line: number(0), column: number(1) }
        }
        location::FUSED => Parsed::Fused(entries.attribute_indices(cursor)?),
        location::FUSED_WITH_METADATA => {
            let parts = entries.attribute_indices(cursor)?;
            entries.attribute_index(cursor)?;
            Parsed::Fused(parts)
        }
        location::NAME => Parsed::Named(text(entries, cursor)?, entries.attribute_index(cursor)?),
        _ => return Ok(Parsed::Unknown),
    };
    cursor.finish()?;
    Ok(parsed)
}

/// A line or column; beyond 32 bits the largest.
fn position(cursor: &mut Cursor<'_>) -> Result<u32, Error> {
    Ok(u32::try_from(cursor.varint()?).unwrap_or(u32::MAX))
}

/// The text of the string attribute referred to, without decoding that into an attribute first.
fn text<'a>(entries: &mut Entries<'_, 'a>, cursor: &mut Cursor<'a>) -> Result<&'a [u8], Error> {
    let (dialect, code, mut payload) = entries.open_at(cursor)?;
    if dialect != Dialect::Builtin || !matches!(code, 2 | 3) {
        return Err(payload.error("a location's name that is not a string"));
    }
    entries.container.string(&mut payload)
}
