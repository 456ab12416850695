//! StableHLO text, as JAX and MLIR print it.
//!
//! | file | what it reads |
//! |---|---|
//! | `cursor` | punctuation, identifiers, numbers, strings |
//! | `types`, `attribute`, `dense`, `shardy`, `location` | what the names say |
//! | `structured` | `#stablehlo.gather<...>` and the like into the flat attributes of [`ops::attributes`] |
//! | `module` | modules, functions, regions and the scope of names |
//! | `operation` | the generic form of operations, and what is common to all forms |
//! | `assembly` | the pretty form of most operations, as a table that the printer shares |
//! | `custom` | the pretty forms that no table holds: constants, `while`, `reduce`, Shardy, CHLO |
//!
//! Elementwise CHLO operations become [`ops::UnaryOp`]s. Every other CHLO operation becomes an
//! [`ops::Op::CustomCall`] whose target is its full name, such as `chlo.top_k`, and whose
//! `backend_config` is the dictionary of its attributes; the printer writes such calls as the CHLO operation.
//! An operation without a `loc(...)` gets the position in the text, in a file called [`FILE`].
//!
//! Text is not trusted: nesting and alias expansion are bounded, and nothing is allocated that the text does
//! not spell out.

pub(crate) mod assembly;
mod attribute;
mod cursor;
mod custom;
mod dense;
mod location;
mod module;
mod operation;
mod pretty;
mod shardy;
mod structured;
mod types;

use std::collections::{HashMap, HashSet};
use std::ops::{Deref, DerefMut};

use cursor::Cursor;

use crate::{Error, Function, LocId, Locations, Module};

/// File name of the locations of operations that carry none.
pub const FILE: &str = "<text>";

/// Deepest nesting of regions, types and attributes.
const DEEPEST: u32 = 96;

/// Reads a program. It is not verified yet.
pub fn read(source: &str) -> Result<Module, Error> {
    Parser::new(source).module()
}

struct Parser<'s> {
    cursor: Cursor<'s>,
    depth: u32,
    /// Where the definition of an alias such as `#loc1` begins, after its `=`.
    aliases: HashMap<&'s str, usize>,
    /// Bytes of definitions that aliases may still expand to.
    alias_budget: usize,
    locations: Locations,
    location_aliases: HashMap<String, LocId>,
    /// Names of the functions read.
    function_names: HashSet<String>,
    /// The function being read.
    function: Function,
    scope: module::Scope<'s>,
}

impl<'s> Deref for Parser<'s> {
    type Target = Cursor<'s>;

    fn deref(&self) -> &Cursor<'s> {
        &self.cursor
    }
}

impl DerefMut for Parser<'_> {
    fn deref_mut(&mut self) -> &mut Self::Target {
        &mut self.cursor
    }
}

impl<'s> Parser<'s> {
    fn new(source: &'s str) -> Self {
        Parser {
            cursor: Cursor::new(source),
            depth: 0,
            aliases: find_aliases(source),
            alias_budget: 16 * source.len() + (1 << 16),
            locations: Locations::default(),
            location_aliases: HashMap::new(),
            function_names: HashSet::new(),
            function: Function::new(""),
            scope: module::Scope::default(),
        }
    }

    /// Reads something nested, within the limit.
    fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T, Error>) -> Result<T, Error> {
        if self.depth == DEEPEST {
            return Err(self.error_at(self.offset(), format!("nested deeper than {DEEPEST}")));
        }
        self.depth += 1;
        let value = read(self);
        self.depth -= 1;
        value
    }

    /// Items separated by commas up to a closing bracket, the opening one being passed.
    fn list_until<T>(
        &mut self,
        close: &str,
        mut item: impl FnMut(&mut Self) -> Result<T, Error>,
    ) -> Result<Vec<T>, Error> {
        let mut items = Vec::new();
        if self.eat(close) {
            return Ok(items);
        }
        loop {
            items.push(item(self)?);
            if !self.eat(",") {
                self.expect(close)?;
                return Ok(items);
            }
        }
    }

    /// Reads what the alias, such as `#map`, used at `start` stands for.
    fn aliased<T>(
        &mut self,
        name: &str,
        start: usize,
        read: impl FnOnce(&mut Self) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let Some(&definition) = self.aliases.get(name) else {
            return Err(self.error_at(start, format!("`{name}` is not defined")));
        };
        let after = self.offset();
        self.seek(definition);
        let value = self.nested(read)?;
        self.pay_for_alias(self.offset() - definition, start)?;
        self.seek(after);
        Ok(value)
    }

    /// The text of an alias's definition, which is a line, if there is an alias of this name.
    fn alias_text(&mut self, name: &str, start: usize) -> Result<Option<&'s str>, Error> {
        let Some(&definition) = self.aliases.get(name) else { return Ok(None) };
        let text = self.text_from(definition).lines().next().unwrap_or_default().trim();
        self.pay_for_alias(text.len(), start)?;
        Ok(Some(text))
    }

    fn pay_for_alias(&mut self, length: usize, start: usize) -> Result<(), Error> {
        let left = self.alias_budget.checked_sub(length);
        self.alias_budget = left.ok_or_else(|| self.error_at(start, "aliases expand to too much"))?;
        Ok(())
    }
}

/// Definitions of aliases: lines that begin with `#name =` or `!name =`.
fn find_aliases(source: &str) -> HashMap<&str, usize> {
    let mut aliases = HashMap::new();
    let mut offset = 0;
    for line in source.split_inclusive('\n') {
        if line.starts_with(['#', '!'])
            && let Some((name, _)) = line.split_once('=')
        {
            aliases.insert(name.trim_end(), offset + name.len() + 1);
        }
        offset += line.len();
    }
    aliases
}
