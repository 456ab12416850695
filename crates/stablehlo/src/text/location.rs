//! Source locations: `loc("file":3:4)`, `loc("name"(#loc1))`, `loc(callsite(... at ...))`, `loc(fused[...])`.

use super::Parser;
use crate::{Error, LocId, Location};

impl<'s> Parser<'s> {
    /// A trailing `loc(...)`, if there is one.
    pub(super) fn optional_location(&mut self) -> Result<Option<LocId>, Error> {
        if !self.eat("loc") {
            return Ok(None);
        }
        self.expect("(")?;
        let location = self.location()?;
        self.expect(")")?;
        Ok(Some(location))
    }

    /// The position in this text.
    pub(super) fn location_here(&mut self, offset: usize) -> LocId {
        let (line, column) = self.line_column(offset);
        self.locations.add(Location::File { file: super::FILE.to_owned(), line, column })
    }

    fn location(&mut self) -> Result<LocId, Error> {
        self.nested(Self::location_inner)
    }

    fn location_inner(&mut self) -> Result<LocId, Error> {
        self.skip();
        let start = self.offset();
        match self.peek() {
            b'"' => self.file_or_name(),
            b'#' => {
                self.expect("#")?;
                let name = format!("#{}", self.suffix("a location alias")?);
                if let Some(&known) = self.location_aliases.get(&name) {
                    return Ok(known);
                }
                let location = self.aliased(&name, start, |parser| {
                    parser.expect_all("loc (")?;
                    let location = parser.location()?;
                    parser.expect(")")?;
                    Ok(location)
                })?;
                self.location_aliases.insert(name, location);
                Ok(location)
            }
            _ => match self.word() {
                Some("unknown") => Ok(LocId::UNKNOWN),
                Some("callsite") => {
                    self.expect("(")?;
                    let callee = self.location()?;
                    self.expect("at")?;
                    let caller = self.location()?;
                    self.expect(")")?;
                    Ok(self.locations.add(Location::CallSite { callee, caller }))
                }
                Some("fused") => {
                    if self.peek() == b'<' {
                        self.balanced()?;
                    }
                    self.expect("[")?;
                    let parts = self.list_until("]", |parser| parser.location())?;
                    Ok(self.locations.add(Location::Fused(parts)))
                }
                _ => Err(self.error_at(start, "expected a location")),
            },
        }
    }

    fn file_or_name(&mut self) -> Result<LocId, Error> {
        let name = String::from_utf8_lossy(&self.string()?.unwrap_or_default()).into_owned();
        if self.eat(":") {
            let line = self.position()?;
            self.expect(":")?;
            let column = self.position()?;
            if self.eat("to") {
                if !self.at(":") {
                    self.position()?;
                }
                self.expect(":")?;
                self.position()?;
            }
            return Ok(self.locations.add(Location::File { file: name, line, column }));
        }
        let child = match self.eat("(") {
            true => {
                let child = self.location()?;
                self.expect(")")?;
                child
            }
            false => LocId::UNKNOWN,
        };
        Ok(self.locations.add(Location::Named { name, child }))
    }

    fn position(&mut self) -> Result<u32, Error> {
        let start = self.offset();
        u32::try_from(self.expect_i64()?).map_err(|_| self.error_at(start, "expected a line or column"))
    }
}
