//! A position in the bytes, with the primitives of MLIR bytecode.

use crate::Error;

/// Reads forward within a range of the file. Copying one is a way to look ahead.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'a> {
    file: &'a [u8],
    at: usize,
    end: usize,
    section: &'static str,
}

impl<'a> Cursor<'a> {
    /// A cursor over the whole file.
    pub fn new(file: &'a [u8]) -> Self {
        Cursor { file, at: 0, end: file.len(), section: "header" }
    }

    /// The same range under the name of another section, for messages.
    pub fn named(self, section: &'static str) -> Self {
        Cursor { section, ..self }
    }

    /// Position from the start of the file.
    pub fn offset(&self) -> usize {
        self.at
    }

    /// A cursor over the bytes from `start` to `end` of the file, which lie in this one's range.
    pub fn range(&self, start: usize, end: usize) -> Cursor<'a> {
        Cursor { at: start, end, ..*self }
    }

    /// An error at this position.
    pub fn error(&self, message: impl Into<String>) -> Error {
        Error::Malformed { section: self.section, offset: self.at, message: message.into() }
    }

    /// Bytes left.
    pub fn left(&self) -> usize {
        self.end - self.at
    }

    /// Whether no bytes are left.
    pub fn is_done(&self) -> bool {
        self.at == self.end
    }

    /// Checks that everything was read.
    pub fn finish(&self) -> Result<(), Error> {
        if self.is_done() { Ok(()) } else { Err(self.error(format!("{} unexpected bytes", self.left()))) }
    }

    /// The bytes left, without reading them.
    pub fn rest(&self) -> &'a [u8] {
        &self.file[self.at..self.end]
    }

    /// The next `len` bytes.
    pub fn bytes(&mut self, len: usize) -> Result<&'a [u8], Error> {
        Ok(self.split(len)?.rest())
    }

    /// A cursor over the next `len` bytes, which are skipped here.
    pub fn split(&mut self, len: usize) -> Result<Cursor<'a>, Error> {
        if len > self.left() {
            return Err(self.error(format!("{len} bytes announced, {} left", self.left())));
        }
        let part = Cursor { end: self.at + len, ..*self };
        self.at += len;
        Ok(part)
    }

    /// One byte.
    pub fn byte(&mut self) -> Result<u8, Error> {
        if self.is_done() {
            return Err(self.error("unexpected end"));
        }
        self.at += 1;
        Ok(self.file[self.at - 1])
    }

    /// A byte or number that must be 0 or 1.
    pub fn flag(&self, value: u64) -> Result<bool, Error> {
        match value {
            0 => Ok(false),
            1 => Ok(true),
            other => Err(self.error(format!("{other} where 0 or 1 is expected"))),
        }
    }

    /// A number of variable length: the count of trailing zero bits of the first byte is the number of
    /// further bytes.
    pub fn varint(&mut self) -> Result<u64, Error> {
        let first = self.byte()?;
        if first & 1 == 1 {
            return Ok(u64::from(first >> 1));
        }
        if first == 0 {
            let bytes = self.bytes(8)?;
            return Ok(bytes.iter().rev().fold(0, |value, &byte| value << 8 | u64::from(byte)));
        }
        let extra = first.trailing_zeros() as usize;
        let bytes = self.bytes(extra)?;
        let value = bytes.iter().rev().fold(0, |value, &byte| value << 8 | u64::from(byte));
        Ok((value << 8 | u64::from(first)) >> (extra + 1))
    }

    /// A signed number in zigzag form.
    pub fn signed(&mut self) -> Result<i64, Error> {
        let value = self.varint()?;
        Ok((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    /// A number whose lowest bit is a flag.
    pub fn flagged(&mut self) -> Result<(u64, bool), Error> {
        let value = self.varint()?;
        Ok((value >> 1, value & 1 == 1))
    }

    /// A number of items that take at least a byte each, so no more than there are bytes left.
    pub fn count(&mut self) -> Result<usize, Error> {
        let value = self.varint()?;
        self.bounded(value)
    }

    /// Checks a number of items that take at least a byte each.
    pub fn bounded(&self, value: u64) -> Result<usize, Error> {
        if value > self.left() as u64 {
            return Err(self.error(format!("{value} items announced, {} bytes left", self.left())));
        }
        Ok(value as usize)
    }

    /// An index into a table of `len` entries.
    pub fn index(&mut self, len: usize, table: &str) -> Result<usize, Error> {
        let value = self.varint()?;
        self.checked(value, len, table)
    }

    /// Checks an index into a table of `len` entries.
    pub fn checked(&self, value: u64, len: usize, table: &str) -> Result<usize, Error> {
        if value >= len as u64 {
            return Err(self.error(format!("{table} {value} of {len}")));
        }
        Ok(value as usize)
    }

    /// A length, then that many bytes.
    pub fn blob(&mut self) -> Result<Cursor<'a>, Error> {
        let len = self.count()?;
        self.split(len)
    }

    /// Bytes up to a NUL, which is skipped.
    pub fn nul_terminated(&mut self) -> Result<&'a [u8], Error> {
        let Some(len) = self.rest().iter().position(|&byte| byte == 0) else {
            return Err(self.error("text without its terminating NUL"));
        };
        let text = self.bytes(len)?;
        self.byte()?;
        Ok(text)
    }

    /// A section: its id and contents.
    pub fn section(&mut self) -> Result<(u8, Cursor<'a>), Error> {
        let id_and_align = self.byte()?;
        let length = self.varint()?;
        if id_and_align & 0x80 != 0 {
            let alignment = self.varint()?;
            if !alignment.is_power_of_two() {
                return Err(self.error(format!("a section alignment of {alignment}")));
            }
            while !(self.at as u64).is_multiple_of(alignment) {
                if self.byte()? != 0xcb {
                    return Err(self.error("a byte other than 0xCB as padding"));
                }
            }
        }
        let length = self.bounded(length)?;
        Ok((id_and_align & 0x7f, self.split(length)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variable_length_numbers() {
        let read = |bytes: &[u8]| Cursor::new(bytes).varint();
        assert_eq!(read(&[0x0d]), Ok(6));
        assert_eq!(read(&[0xff]), Ok(127));
        assert_eq!(read(&[0x02, 0x02]), Ok(128));
        assert_eq!(read(&[0x80, 1, 0, 0, 0, 0, 0, 1]), Ok(1 << 48 | 1));
        assert_eq!(read(&[0, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), Ok(u64::MAX));
        assert!(read(&[0x02]).is_err());
        assert_eq!(Cursor::new(&[0x07]).signed(), Ok(-2));
        assert_eq!(Cursor::new(&[0, 255, 255, 255, 255, 255, 255, 255, 255]).signed(), Ok(i64::MIN));
    }

    #[test]
    fn lengths_are_checked_against_what_is_left() {
        assert!(Cursor::new(&[0x07, 1, 2]).blob().is_err());
        assert!(Cursor::new(&[0, 255, 255, 255, 255, 255, 255, 255, 255, 1]).blob().is_err());
        assert_eq!(Cursor::new(&[0x05, 1, 2]).blob().map(|blob| blob.rest()), Ok(&[1, 2][..]));
    }
}
