//! Operations: names, the generic form, and what is common to all forms.

use ops::{Attr, AttrMap, Op, Type, UnaryOp};
use smallvec::SmallVec;

use super::Parser;
use super::assembly;
use crate::error::UnknownOp;
use crate::{Error, Operation, RegionId, ValueId};

/// Most unknown operations that one error names.
const MOST_UNKNOWN: usize = 100;

/// An operation as read, before its attributes are typed.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub operands: SmallVec<[ValueId; 3]>,
    pub attributes: AttrMap,
    pub regions: SmallVec<[RegionId; 2]>,
    pub result_types: Vec<Type>,
}

/// Which operation a name means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Name<'s> {
    /// An op of the table, by its mnemonic there.
    Known(&'s str),
    /// A CHLO operation, without the prefix.
    Chlo(&'s str),
}

/// The meaning of an operation's name, with its dialect unless that is `func`.
fn resolve(name: &str) -> Option<Name<'_>> {
    match name {
        "call" | "func.call" => Some(Name::Known("call")),
        "return" | "func.return" | "sdy.return" => Some(Name::Known("return")),
        "sdy.sharding_constraint" | "sdy.reshard" => Some(Name::Known("sdy.sharding_constraint")),
        "sdy.manual_computation" => Some(Name::Known("sdy.manual_computation")),
        _ => match name.split_once('.')? {
            ("chlo", "constant") => Some(Name::Known("constant")),
            ("chlo", mnemonic) => Some(Name::Chlo(mnemonic)),
            ("stablehlo", mnemonic) => {
                let is_chlo = UnaryOp::from_mnemonic(mnemonic).is_some_and(UnaryOp::is_chlo);
                (!is_chlo && Op::info_of(mnemonic).is_some()).then_some(Name::Known(mnemonic))
            }
            _ => None,
        },
    }
}

impl<'s> Parser<'s> {
    /// One operation, placed at the end of a region.
    pub(super) fn operation(&mut self, region: RegionId) -> Result<(), Error> {
        self.skip();
        let start = self.offset();
        let results = self.result_names()?;
        self.skip();
        let name_start = self.offset();
        let is_generic = self.at("\"");
        let name = match is_generic {
            true => self.expect_string()?,
            false => self.expect_word("an operation")?.to_owned(),
        };
        let Some(meaning) = resolve(&name) else {
            return Err(match name.contains('.') {
                true => self.unknown_operations(name_start),
                false => self.error_at(name_start, format!("expected an operation, found `{name}`")),
            });
        };
        let draft = match meaning {
            _ if is_generic => self.generic()?,
            Name::Chlo(_) => self.chlo()?,
            Name::Known(mnemonic) => match assembly::format(mnemonic) {
                Some(format) => self.pretty(&format)?,
                None => self.custom(mnemonic, name_start)?,
            },
        };
        self.finish(region, meaning, draft, results, start)
    }

    /// `%a, %b:2 =`, or nothing.
    fn result_names(&mut self) -> Result<Vec<(&'s str, usize, usize)>, Error> {
        let mut names = Vec::new();
        while self.at("%") {
            let start = self.offset();
            let name = self.value_name()?;
            let mut count = 1;
            if self.eat(":") {
                count = usize::try_from(self.expect_i64()?).unwrap_or(usize::MAX);
            }
            names.push((name, count, start));
            if !self.eat(",") {
                self.expect("=")?;
                break;
            }
        }
        Ok(names)
    }

    /// The operation is complete but for its location: builds it and names its results.
    fn finish(
        &mut self,
        region: RegionId,
        meaning: Name<'_>,
        mut draft: Draft,
        names: Vec<(&'s str, usize, usize)>,
        start: usize,
    ) -> Result<(), Error> {
        let location = match self.optional_location()? {
            Some(location) => location,
            None => self.location_here(start),
        };
        let op = match meaning {
            Name::Chlo(mnemonic) => chlo_op(mnemonic, &mut draft.attributes),
            Name::Known(mnemonic) => {
                self.flatten(mnemonic, &mut draft.attributes, start)?;
                Op::build(mnemonic, &mut draft.attributes)
            }
        };
        let op = op.map_err(|error| self.error_at(start, error.to_string()))?;
        let named = names.iter().try_fold(0usize, |sum, (_, count, _)| sum.checked_add(*count));
        if !names.is_empty() && named != Some(draft.result_types.len()) {
            let message = format!("`{}` has {} results", op.mnemonic(), draft.result_types.len());
            return Err(self.error_at(start, message));
        }
        let results: SmallVec<[ValueId; 1]> =
            draft.result_types.into_iter().map(|ty| self.function.add_value(ty)).collect();
        let mut unnamed = &results[..];
        for (name, count, at) in names {
            let (these, rest) = unnamed.split_at(count);
            self.define(name, these.into(), at)?;
            unnamed = rest;
        }
        self.function.push_op(
            region,
            Operation {
                op,
                operands: draft.operands,
                results,
                regions: draft.regions,
                attributes: draft.attributes,
                location,
            },
        );
        Ok(())
    }

    /// After `"name"`: `(%a) <{properties}> ({regions}) {attributes} : (types) -> types`.
    fn generic(&mut self) -> Result<Draft, Error> {
        let mut draft = Draft::default();
        self.expect("(")?;
        draft.operands = self.operands()?;
        self.expect(")")?;
        if self.at("[") {
            return Err(self.error_at(self.offset(), "branches to other blocks are not part of StableHLO"));
        }
        if self.eat("<") {
            draft.attributes = self.dictionary()?;
            self.expect(">")?;
        }
        if self.eat("(") {
            draft.regions = self.list_until(")", |parser| parser.region(&[]))?.into();
        }
        draft.attributes.0.extend(self.optional_dictionary()?.0);
        for segments in ["operandSegmentSizes", "resultSegmentSizes"] {
            draft.attributes.take(segments);
        }
        self.expect(":")?;
        let (operands, results) = self.function_type()?;
        self.check_operand_types(&draft.operands, &operands)?;
        draft.result_types = results;
        Ok(draft)
    }

    /// The types written for operands must be those of the values.
    pub(super) fn check_operand_types(&self, operands: &[ValueId], types: &[Type]) -> Result<(), Error> {
        if operands.len() != types.len() {
            let message = format!("{} operands, but {} operand types", operands.len(), types.len());
            return Err(self.error_at(self.offset(), message));
        }
        for (&operand, ty) in operands.iter().zip(types) {
            let actual = self.function.ty(operand);
            let comparable = !matches!((actual, ty), (Type::Opaque(_), _) | (_, Type::Opaque(_)));
            if comparable && actual != ty {
                let message = format!("an operand has type {actual}, but {ty} is written");
                return Err(self.error_at(self.offset(), message));
            }
        }
        Ok(())
    }

    /// A CHLO operation: `%a, %b {attributes} : types -> types`, or `(%a, k = 2)` before the attributes.
    fn chlo(&mut self) -> Result<Draft, Error> {
        let mut draft = Draft::default();
        if self.eat("(") {
            draft.operands.push(self.operand()?);
            while self.eat(",") {
                let name = self.expect_word("an attribute or operand")?;
                self.expect("=")?;
                draft.attributes.push(name, self.attribute()?);
            }
            self.expect(")")?;
        } else {
            draft.operands = self.operands()?;
        }
        draft.attributes.0.extend(self.optional_dictionary()?.0);
        self.expect(":")?;
        let (operands, results) = match self.at("(") {
            true => self.function_type()?,
            false => {
                let operands = self.type_list()?;
                self.expect("->")?;
                let results = match self.eat("(") {
                    true => self.list_until(")", |parser| parser.ty())?,
                    false => vec![self.ty()?],
                };
                (operands, results)
            }
        };
        self.check_operand_types(&draft.operands, &operands)?;
        draft.result_types = results;
        Ok(draft)
    }

    /// An error that names every unknown operation from here on.
    fn unknown_operations(&self, start: usize) -> Error {
        let mut ops: Vec<UnknownOp> = Vec::new();
        let (mut line_number, _) = self.line_column(start);
        let mut offset = start;
        // The first line begins at the name, later ones may have results before it.
        for line in self.text_from(start).split_inclusive('\n') {
            let (column, name) = operation_name(line);
            if let Some(name) = name
                && resolve(name).is_none()
            {
                let location = format!("line {line_number}, column {}", self.line_column(offset + column).1);
                match ops.iter().position(|known| known.name == name) {
                    Some(known) => ops[known].add(location),
                    None if ops.len() == MOST_UNKNOWN => {}
                    None => ops.push(UnknownOp { name: name.to_owned(), locations: vec![location], uses: 1 }),
                }
            }
            line_number += 1;
            offset += line.len();
        }
        Error::UnknownOps { ops, producer: "text".to_owned() }
    }
}

impl UnknownOp {
    /// Counts another use; only the first few are located.
    fn add(&mut self, location: String) {
        const LOCATED: usize = 3;
        self.uses += 1;
        if self.locations.len() < LOCATED {
            self.locations.push(location);
        }
    }
}

/// The name of the operation that begins on a line, with its column from 0: for messages.
fn operation_name(line: &str) -> (usize, Option<&str>) {
    let mut rest = line.trim_start();
    if rest.starts_with('%')
        && let Some((_, after)) = rest.split_once(" = ")
    {
        rest = after.trim_start();
    }
    let column = line.len() - rest.len();
    let name = match rest.strip_prefix('"') {
        Some(quoted) => quoted.split_once("\"(").map(|(name, _)| name),
        None => rest.split(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '_' | '.' | '-'))).next(),
    };
    let is_name = |name: &&str| {
        name.split_once('.').is_some_and(|(dialect, op)| {
            let is_lower = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
            !op.is_empty() && !dialect.is_empty() && dialect.bytes().all(is_lower)
        }) && !matches!(*name, "func.func" | "sdy.mesh" | "builtin.module")
    };
    (column, name.filter(is_name))
}

/// The op for a CHLO operation; see the documentation of [`super`].
fn chlo_op(mnemonic: &str, attrs: &mut AttrMap) -> Result<Op, ops::BuildError> {
    if let Some(op) = UnaryOp::from_mnemonic(mnemonic).filter(|op| op.is_chlo()) {
        return Ok(Op::Unary(op));
    }
    let (discardable, inherent) =
        std::mem::take(attrs).0.into_iter().partition(|(name, _)| name.contains('.'));
    *attrs = AttrMap(discardable);
    let inherent: Vec<(String, Attr)> = inherent;
    let mut call = AttrMap::default();
    call.push("call_target_name", Attr::String(format!("chlo.{mnemonic}").into_bytes()));
    if !inherent.is_empty() {
        call.push("backend_config", Attr::Dict(AttrMap(inherent)));
    }
    Op::build("custom_call", &mut call)
}
