//! A position in the source and the words of the grammar: punctuation, identifiers, numbers, strings.

use crate::Error;

/// A position in the source. Every method but [`Cursor::peek`] and [`Cursor::rest`] skips blanks and
/// comments first.
#[derive(Debug)]
pub(super) struct Cursor<'s> {
    source: &'s str,
    at: usize,
    /// Offsets at which lines start.
    line_starts: Vec<usize>,
}

/// A number as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Number<'s> {
    /// Its text without the sign.
    pub digits: &'s str,
    /// Whether a minus sign stands before it.
    pub negative: bool,
    /// Whether it has a point.
    pub float: bool,
}

impl Number<'_> {
    /// The integer written, decimal or hexadecimal; `None` for floats and beyond 128 bits.
    pub fn integer(self) -> Option<i128> {
        let magnitude = match self.digits.strip_prefix("0x") {
            Some(hex) => u128::from_str_radix(hex, 16).ok()? as i128,
            None => self.digits.parse().ok()?,
        };
        if self.negative { magnitude.checked_neg() } else { Some(magnitude) }
    }

    /// The decimal number written.
    pub fn decimal(self) -> Option<f64> {
        let magnitude: f64 = self.digits.parse().ok()?;
        Some(if self.negative { -magnitude } else { magnitude })
    }

    /// Whether it is a hexadecimal bit pattern.
    pub fn is_hex(self) -> bool {
        self.digits.starts_with("0x")
    }
}

fn is_word_start(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_'
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | b'.')
}

impl<'s> Cursor<'s> {
    pub fn new(source: &'s str) -> Self {
        let newlines = source.bytes().enumerate().filter(|&(_, byte)| byte == b'\n');
        let line_starts = std::iter::once(0).chain(newlines.map(|(at, _)| at + 1)).collect();
        Cursor { source, at: 0, line_starts }
    }

    /// The byte offset.
    pub fn offset(&self) -> usize {
        self.at
    }

    /// Continues at a byte offset that this cursor has been at.
    pub fn seek(&mut self, offset: usize) {
        self.at = offset;
    }

    /// The source from one offset up to here.
    pub fn since(&self, start: usize) -> &'s str {
        &self.source[start..self.at]
    }

    /// What is left of the source.
    pub fn rest(&self) -> &'s str {
        &self.source[self.at..]
    }

    /// The source from an offset that this cursor has been at.
    pub fn text_from(&self, offset: usize) -> &'s str {
        &self.source[offset..]
    }

    /// The next byte, 0 at the end.
    pub fn peek(&self) -> u8 {
        self.source.as_bytes().get(self.at).copied().unwrap_or(0)
    }

    /// An error at an offset.
    pub fn error_at(&self, offset: usize, message: impl Into<String>) -> Error {
        let (line, column) = self.line_column(offset);
        Error::Text { line, column, message: message.into() }
    }

    /// An error here, saying what should stand here and what does.
    pub fn expected(&self, what: &str) -> Error {
        let found: String = self.rest().chars().take_while(|c| *c != '\n').take(24).collect();
        let found =
            if self.rest().is_empty() { "the end".to_owned() } else { format!("`{}`", found.trim_end()) };
        self.error_at(self.at, format!("expected {what}, found {found}"))
    }

    /// Line and column of an offset, from 1.
    pub fn line_column(&self, offset: usize) -> (u32, u32) {
        let line = self.line_starts.partition_point(|&start| start <= offset) - 1;
        (line as u32 + 1, (offset - self.line_starts[line]) as u32 + 1)
    }

    /// Skips blanks and `//` comments.
    pub fn skip(&mut self) {
        let bytes = self.source.as_bytes();
        loop {
            while self.at < bytes.len() && bytes[self.at].is_ascii_whitespace() {
                self.at += 1;
            }
            if !bytes[self.at..].starts_with(b"//") {
                return;
            }
            self.at +=
                bytes[self.at..].iter().position(|&byte| byte == b'\n').unwrap_or(bytes.len() - self.at);
        }
    }

    /// Whether this text comes next.
    pub fn at(&mut self, text: &str) -> bool {
        self.skip();
        self.rest().starts_with(text)
    }

    /// Passes over this text if it comes next. A word is only found whole.
    pub fn eat(&mut self, text: &str) -> bool {
        if !self.at(text) {
            return false;
        }
        let after = self.source.as_bytes().get(self.at + text.len()).copied().unwrap_or(0);
        if is_word_start(text.as_bytes()[0]) && is_word(after) {
            return false;
        }
        self.at += text.len();
        true
    }

    /// Passes over this text, which must come next.
    pub fn expect(&mut self, text: &str) -> Result<(), Error> {
        if self.eat(text) { Ok(()) } else { Err(self.expected(&format!("`{text}`"))) }
    }

    /// Passes over the words of a phrase such as `, sizes =`.
    pub fn expect_all(&mut self, phrase: &str) -> Result<(), Error> {
        phrase.split_ascii_whitespace().try_for_each(|word| self.expect(word))
    }

    fn take_while(&mut self, accept: impl Fn(u8) -> bool) -> &'s str {
        let start = self.at;
        while self.at < self.source.len() && accept(self.peek()) {
            self.at += 1;
        }
        self.since(start)
    }

    /// An identifier, which may contain dots: `func.func`, `DEFAULT`, `x`.
    pub fn word(&mut self) -> Option<&'s str> {
        self.skip();
        is_word_start(self.peek()).then(|| self.take_while(is_word))
    }

    /// An identifier that must come next.
    pub fn expect_word(&mut self, what: &str) -> Result<&'s str, Error> {
        self.word().ok_or_else(|| self.expected(what))
    }

    /// The name of a value (without `%` and `#n`), alias or block, after its sigil.
    pub fn suffix(&mut self, what: &str) -> Result<&'s str, Error> {
        let name = self.take_while(|byte| is_word(byte) || byte == b'-');
        if name.is_empty() { Err(self.expected(what)) } else { Ok(name) }
    }

    /// A number, with or without a sign.
    pub fn number(&mut self) -> Option<Number<'s>> {
        self.skip();
        let bytes = self.rest().as_bytes();
        let negative = bytes.first() == Some(&b'-');
        let start = usize::from(negative);
        if !bytes.get(start)?.is_ascii_digit() {
            return None;
        }
        let digits_from =
            |from: usize| from + bytes[from..].iter().take_while(|b| b.is_ascii_digit()).count();
        let is_hex =
            bytes[start..].starts_with(b"0x") && bytes.get(start + 2).is_some_and(u8::is_ascii_hexdigit);
        let mut float = false;
        let mut end = digits_from(start);
        if is_hex {
            end = start + 2 + bytes[start + 2..].iter().take_while(|b| b.is_ascii_hexdigit()).count();
        } else if bytes.get(end) == Some(&b'.') {
            float = true;
            end = digits_from(end + 1);
            if matches!(bytes.get(end), Some(b'e' | b'E')) {
                let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
                let exponent = digits_from(end + 1 + sign);
                if exponent > end + 1 + sign {
                    end = exponent;
                }
            }
        }
        let digits = &self.rest()[start..end];
        self.at += end;
        Some(Number { digits, negative, float })
    }

    /// A 64-bit integer that must come next.
    pub fn expect_i64(&mut self) -> Result<i64, Error> {
        self.skip();
        let start = self.at;
        let number = self.number().ok_or_else(|| self.expected("an integer"))?;
        let value = number.integer().and_then(|value| i64::try_from(value).ok());
        value.ok_or_else(|| self.error_at(start, "expected an integer of 64 bits"))
    }

    /// Decimal digits only: a dimension size, where `x` follows at once.
    pub fn digits(&mut self) -> Option<&'s str> {
        let digits = self.take_while(|byte| byte.is_ascii_digit());
        (!digits.is_empty()).then_some(digits)
    }

    /// A quoted string with its escapes resolved.
    pub fn string(&mut self) -> Result<Option<Vec<u8>>, Error> {
        if !self.at("\"") {
            return Ok(None);
        }
        let start = self.at;
        let bytes = self.source.as_bytes();
        let mut value = Vec::new();
        self.at += 1;
        loop {
            match bytes.get(self.at) {
                None | Some(b'\n') => return Err(self.error_at(start, "unterminated string")),
                Some(b'"') => {
                    self.at += 1;
                    return Ok(Some(value));
                }
                Some(b'\\') => value.push(self.escape()?),
                Some(&byte) => {
                    value.push(byte);
                    self.at += 1;
                }
            }
        }
    }

    fn escape(&mut self) -> Result<u8, Error> {
        let bytes = &self.source.as_bytes()[self.at..];
        let hex = |at: usize| bytes.get(at).and_then(|&byte| (byte as char).to_digit(16));
        let (value, length) = match (bytes.get(1), hex(1), hex(2)) {
            (_, Some(high), Some(low)) => ((high * 16 + low) as u8, 3),
            (Some(b'n'), ..) => (b'\n', 2),
            (Some(b't'), ..) => (b'\t', 2),
            (Some(&quoted @ (b'"' | b'\\')), ..) => (quoted, 2),
            _ => return Err(self.expected("an escape: two hexadecimal digits, `n`, `t`, `\"` or `\\`")),
        };
        self.at += length;
        Ok(value)
    }

    /// A quoted string that must come next and be UTF-8.
    pub fn expect_string(&mut self) -> Result<String, Error> {
        let start = self.at;
        let bytes = self.string()?.ok_or_else(|| self.expected("a string"))?;
        String::from_utf8(bytes).map_err(|_| self.error_at(start, "expected a string in UTF-8"))
    }

    /// The name after `@`, quoted or not.
    pub fn symbol(&mut self) -> Result<String, Error> {
        self.expect("@")?;
        if self.peek() == b'"' {
            return self.expect_string();
        }
        match is_word_start(self.peek()) {
            true => Ok(self.take_while(is_word).to_owned()),
            false => Err(self.expected("a symbol name")),
        }
    }

    /// Passes over text in brackets, from the opening one here to the matching closing one.
    pub fn balanced(&mut self) -> Result<&'s str, Error> {
        self.skip();
        let start = self.at;
        let bytes = self.source.as_bytes();
        if !matches!(self.peek(), b'<' | b'(' | b'[' | b'{') {
            return Err(self.expected("a bracket"));
        }
        let mut open = Vec::new();
        while self.at < bytes.len() {
            match bytes[self.at] {
                b'"' => {
                    self.string()?;
                    continue;
                }
                b'-' if bytes.get(self.at + 1) == Some(&b'>') => self.at += 1,
                b'<' => open.push(b'>'),
                b'(' => open.push(b')'),
                b'[' => open.push(b']'),
                b'{' => open.push(b'}'),
                close @ (b'>' | b')' | b']' | b'}') if open.pop() != Some(close) => {
                    return Err(self.error_at(start, "unbalanced brackets"));
                }
                _ => {}
            }
            self.at += 1;
            if open.is_empty() {
                return Ok(self.since(start));
            }
        }
        Err(self.error_at(start, "unbalanced brackets"))
    }
}
