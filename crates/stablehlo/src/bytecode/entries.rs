//! Attributes and types, decoded when first referred to and once each.

use ops::{Attr, AttrMap, Type};
use tensor::{DType, Scalar, TensorType};

use super::container::{Container, Dialect};
use super::cursor::Cursor;
use super::{builtin, sdy, vhlo};
use crate::Error;

/// Attributes and types may refer to others this deep.
const DEEPEST: u32 = 64;

/// Nodes that decoded attributes may add up to, whatever the size of the file, and for each of its bytes.
const BASE_BUDGET: u64 = 1 << 20;
const BUDGET_PER_BYTE: u64 = 4;

/// What a type entry describes.
#[derive(Clone, Debug)]
pub(super) enum TypeEntry {
    /// An element type; `index` is taken as `i64`.
    Element(DType),
    /// The type of a value.
    Value(Type),
    /// The type of a function.
    Function {
        /// Argument types.
        inputs: Vec<Type>,
        /// Result types.
        results: Vec<Type>,
    },
    /// An element type that is never computed with, such as a quantized one; its text.
    Other(String),
}

impl TypeEntry {
    /// As an element type: the type if tensors hold it, and its text.
    pub fn element(&self) -> (Option<DType>, String) {
        match self {
            TypeEntry::Element(dtype) => (Some(*dtype), dtype.name().to_owned()),
            TypeEntry::Value(ty) => (None, ty.to_string()),
            TypeEntry::Function { .. } => (None, "function".to_owned()),
            TypeEntry::Other(text) => (None, text.clone()),
        }
    }

    /// As the value of an attribute; an element type is given by its name.
    pub fn into_type(self) -> Type {
        match self {
            TypeEntry::Element(dtype) => Type::Opaque(dtype.name().to_owned()),
            TypeEntry::Value(ty) => ty,
            TypeEntry::Function { .. } => Type::Opaque("function".to_owned()),
            TypeEntry::Other(text) => Type::Opaque(text),
        }
    }

    fn weight(&self) -> u64 {
        let list = |types: &[Type]| types.iter().map(type_weight).sum::<u64>();
        match self {
            TypeEntry::Element(_) => 1,
            TypeEntry::Value(ty) => type_weight(ty),
            TypeEntry::Function { inputs, results } => 1 + list(inputs) + list(results),
            TypeEntry::Other(text) => text_weight(text.len()),
        }
    }
}

/// Whether an entry was decoded.
#[derive(Clone, Copy)]
enum State {
    Untouched,
    /// Being decoded: meeting it again means that it contains itself.
    Pending,
    Decoded(u32),
}

/// The attributes and types of a file.
pub(super) struct Entries<'c, 'a> {
    /// The file.
    pub container: &'c Container<'a>,
    attribute_states: Vec<State>,
    attributes: Vec<(Attr, u64)>,
    type_states: Vec<State>,
    types: Vec<(TypeEntry, u64)>,
    depth: u32,
    budget: u64,
}

impl<'c, 'a> Entries<'c, 'a> {
    /// Nothing decoded yet, of a file of `file_len` bytes.
    pub fn new(container: &'c Container<'a>, file_len: usize) -> Self {
        Entries {
            container,
            attribute_states: vec![State::Untouched; container.attribute_count()],
            attributes: Vec::new(),
            type_states: vec![State::Untouched; container.type_count()],
            types: Vec::new(),
            depth: 0,
            budget: BASE_BUDGET.saturating_add(BUDGET_PER_BYTE.saturating_mul(file_len as u64)),
        }
    }

    /// Pays for `weight` nodes.
    pub fn charge(&mut self, weight: u64) -> Result<(), Error> {
        match self.budget.checked_sub(weight) {
            Some(left) => {
                self.budget = left;
                Ok(())
            }
            None => {
                let message = "attributes that expand to far more than the size of the file";
                Err(Cursor::new(&[]).named("attributes and types").error(message))
            }
        }
    }

    /// Reads a reference to an attribute.
    pub fn attribute_index(&self, cursor: &mut Cursor<'a>) -> Result<usize, Error> {
        cursor.index(self.container.attribute_count(), "attribute")
    }

    /// Reads a reference to an attribute that may be absent.
    pub fn optional_index(&self, cursor: &mut Cursor<'a>) -> Result<Option<usize>, Error> {
        match cursor.flagged()? {
            (0, false) => Ok(None),
            (index, true) => {
                Ok(Some(cursor.checked(index, self.container.attribute_count(), "attribute")?))
            }
            _ => Err(cursor.error("a malformed optional attribute")),
        }
    }

    /// Reads a list of references to attributes.
    pub fn attribute_indices(&self, cursor: &mut Cursor<'a>) -> Result<Vec<usize>, Error> {
        (0..cursor.count()?).map(|_| self.attribute_index(cursor)).collect()
    }

    /// Reads a reference to a type.
    pub fn type_index(&self, cursor: &mut Cursor<'a>) -> Result<usize, Error> {
        cursor.index(self.container.type_count(), "type")
    }

    /// Reads a reference to an attribute and decodes that.
    pub fn attribute_at(&mut self, cursor: &mut Cursor<'a>) -> Result<Attr, Error> {
        let index = self.attribute_index(cursor)?;
        self.attribute(index)
    }

    /// Reads a reference to a type and decodes that.
    pub fn type_at(&mut self, cursor: &mut Cursor<'a>) -> Result<TypeEntry, Error> {
        let index = self.type_index(cursor)?;
        self.type_entry(index)
    }

    /// Reads a list of references to types of values.
    pub fn types_at(&mut self, cursor: &mut Cursor<'a>) -> Result<Vec<Type>, Error> {
        (0..cursor.count()?)
            .map(|_| {
                let index = self.type_index(cursor)?;
                self.value_type(index)
            })
            .collect()
    }

    /// The dialect, code and payload of the binary attribute that is referred to.
    pub fn open_at(&mut self, cursor: &mut Cursor<'a>) -> Result<(Dialect<'a>, u64, Cursor<'a>), Error> {
        self.charge(1)?;
        let entry = self.container.attribute(self.attribute_index(cursor)?);
        let mut bytes = entry.bytes;
        if !entry.binary {
            return Err(bytes.error("an attribute in text form"));
        }
        Ok((entry.dialect, bytes.varint()?, bytes))
    }

    /// An attribute.
    pub fn attribute(&mut self, index: usize) -> Result<Attr, Error> {
        let id = match self.attribute_states[index] {
            State::Decoded(id) => id as usize,
            State::Pending => {
                return Err(self.container.attribute(index).bytes.error("an attribute that contains itself"));
            }
            State::Untouched => {
                self.attribute_states[index] = State::Pending;
                let decoded = self.nested(self.container.attribute(index).bytes, |entries, cursor| {
                    entries.decode_attribute(index, cursor)
                });
                self.attribute_states[index] = State::Untouched;
                let attr = decoded?;
                let weight = attr_weight(&attr);
                self.attributes.push((attr, weight));
                self.attribute_states[index] = State::Decoded(self.attributes.len() as u32 - 1);
                self.attributes.len() - 1
            }
        };
        self.charge(self.attributes[id].1)?;
        Ok(self.attributes[id].0.clone())
    }

    /// A type.
    pub fn type_entry(&mut self, index: usize) -> Result<TypeEntry, Error> {
        let id = match self.type_states[index] {
            State::Decoded(id) => id as usize,
            State::Pending => {
                return Err(self.container.ty(index).bytes.error("a type that contains itself"));
            }
            State::Untouched => {
                self.type_states[index] = State::Pending;
                let decoded = self.nested(self.container.ty(index).bytes, |entries, cursor| {
                    entries.decode_type(index, cursor)
                });
                self.type_states[index] = State::Untouched;
                let ty = decoded?;
                let weight = ty.weight();
                self.types.push((ty, weight));
                self.type_states[index] = State::Decoded(self.types.len() as u32 - 1);
                self.types.len() - 1
            }
        };
        self.charge(self.types[id].1)?;
        Ok(self.types[id].0.clone())
    }

    /// A type that values can have.
    pub fn value_type(&mut self, index: usize) -> Result<Type, Error> {
        match self.type_entry(index)? {
            TypeEntry::Function { .. } => {
                Err(self.container.ty(index).bytes.error("a function type where a value's is expected"))
            }
            other => Ok(other.into_type()),
        }
    }

    /// The argument and result types that an attribute holding a function type names.
    pub fn function_type(&mut self, index: usize) -> Result<(Vec<Type>, Vec<Type>), Error> {
        let entry = self.container.attribute(index);
        let mut bytes = entry.bytes;
        let type_code = match entry.dialect {
            Dialect::Vhlo => 17,
            _ => 6,
        };
        if entry.binary
            && bytes.varint()? == type_code
            && let TypeEntry::Function { inputs, results } = self.type_at(&mut bytes)?
        {
            return Ok((inputs, results));
        }
        Err(bytes.error("the function type is something else"))
    }

    /// Runs `decode` on an entry's bytes, one level deeper, and checks that it reads all of them.
    fn nested<T>(
        &mut self,
        mut cursor: Cursor<'a>,
        decode: impl FnOnce(&mut Self, &mut Cursor<'a>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        if self.depth == DEEPEST {
            return Err(cursor.error(format!("attributes or types nested more than {DEEPEST} deep")));
        }
        self.depth += 1;
        let decoded = decode(self, &mut cursor).and_then(|value| cursor.finish().map(|()| value));
        self.depth -= 1;
        decoded
    }

    fn decode_attribute(&mut self, index: usize, cursor: &mut Cursor<'a>) -> Result<Attr, Error> {
        let entry = self.container.attribute(index);
        if !entry.binary {
            return Ok(Attr::Opaque(String::from_utf8_lossy(cursor.nul_terminated()?).into_owned()));
        }
        match entry.dialect {
            Dialect::Builtin => builtin::attribute(self, cursor),
            Dialect::Vhlo => vhlo::attribute(self, cursor),
            Dialect::Sdy => sdy::attribute(self, cursor),
            Dialect::Other(name) => Err(self.container.unknown(format!("an attribute of dialect `{name}`"))),
        }
    }

    fn decode_type(&mut self, index: usize, cursor: &mut Cursor<'a>) -> Result<TypeEntry, Error> {
        let entry = self.container.ty(index);
        if !entry.binary {
            let text = String::from_utf8_lossy(cursor.nul_terminated()?).into_owned();
            return Ok(match DType::from_name(&text) {
                Some(dtype) => TypeEntry::Element(dtype),
                None if text.ends_with("token") => TypeEntry::Value(Type::Token),
                None => TypeEntry::Other(text),
            });
        }
        match entry.dialect {
            Dialect::Builtin => builtin::ty(self, cursor),
            Dialect::Vhlo => vhlo::ty(self, cursor),
            other => Err(self.container.unknown(format!("a type of dialect `{}`", other.name()))),
        }
    }

    /// A ranked tensor type; one that is not static or holds no element type of ours is kept as text.
    pub fn tensor_type(
        &mut self,
        cursor: &mut Cursor<'a>,
        encoding: Option<&str>,
    ) -> Result<TypeEntry, Error> {
        let dims = signed_list(cursor)?;
        let (dtype, element) = self.type_at(cursor)?.element();
        if dims.iter().any(|&dim| dim < 0 && dim != DYNAMIC) {
            return Err(cursor.error("a negative dimension"));
        }
        if let (Some(dtype), None, false) = (dtype, encoding, dims.contains(&DYNAMIC)) {
            let ty = TensorType::new(dtype, dims);
            if ty.checked_byte_len().is_none() {
                return Err(cursor.error(format!("{ty} is larger than any memory")));
            }
            return Ok(TypeEntry::Value(Type::Tensor(ty)));
        }
        let encoding = encoding.map(|text| format!(", {text}")).unwrap_or_default();
        Ok(TypeEntry::Value(Type::Opaque(format!("tensor<{}{element}{encoding}>", dimensions_text(&dims)))))
    }

    /// An integer attribute: its type, then its value.
    pub fn integer(&mut self, cursor: &mut Cursor<'a>) -> Result<Attr, Error> {
        match self.type_at(cursor)? {
            TypeEntry::Element(dtype) if dtype.is_integer() || dtype == DType::Bool => {
                let bits = fixed_width(cursor, dtype.bits())?;
                Ok(match dtype {
                    DType::Bool => Attr::Bool(bits != 0),
                    _ => Attr::Scalar(Scalar::from_i128(dtype, bits as i128)),
                })
            }
            other => {
                Err(self.container.unknown(format!("an integer attribute of type {}", other.element().1)))
            }
        }
    }

    /// A float attribute: its type, then its bits.
    pub fn float(&mut self, cursor: &mut Cursor<'a>) -> Result<Attr, Error> {
        match self.type_at(cursor)? {
            TypeEntry::Element(dtype) if dtype.is_float() => {
                let bits = fixed_width(cursor, dtype.bits())?;
                Ok(Attr::Scalar(Scalar::from_bytes(dtype, &bits.to_le_bytes()[..dtype.size()])))
            }
            other => Err(self.container.unknown(format!("a float attribute of type {}", other.element().1))),
        }
    }

    /// The type of a tensor of known value.
    pub fn literal_type(&mut self, cursor: &mut Cursor<'a>) -> Result<TensorType, Error> {
        match self.type_at(cursor)? {
            TypeEntry::Value(Type::Tensor(ty)) => Ok(ty),
            other => {
                Err(self.container.unknown(format!("a tensor of known value of type {}", other.element().1)))
            }
        }
    }

    /// A list of attributes.
    pub fn array(&mut self, cursor: &mut Cursor<'a>) -> Result<Attr, Error> {
        let items = (0..cursor.count()?).map(|_| self.attribute_at(cursor)).collect::<Result<_, _>>()?;
        Ok(Attr::Array(items))
    }

    /// Named attributes: each key a string attribute.
    pub fn dictionary(&mut self, cursor: &mut Cursor<'a>) -> Result<Attr, Error> {
        let mut map = AttrMap::default();
        for _ in 0..cursor.count()? {
            let key = self.name_at(cursor)?;
            map.push(key, self.attribute_at(cursor)?);
        }
        Ok(Attr::Dict(map))
    }

    /// Reads a reference to a string or symbol attribute that serves as a name.
    pub fn name_at(&mut self, cursor: &mut Cursor<'a>) -> Result<String, Error> {
        let at = *cursor;
        match self.attribute_at(cursor)? {
            Attr::String(bytes) => String::from_utf8(bytes).map_err(|_| at.error("a name that is not UTF-8")),
            Attr::Symbol(name) => Ok(name),
            _ => Err(at.error("a name that is not a string")),
        }
    }
}

/// How a dynamic dimension is written.
pub(super) const DYNAMIC: i64 = i64::MIN;

/// Dimensions as type texts have them: `2x?x`.
pub(super) fn dimensions_text(dims: &[i64]) -> String {
    let size = |&dim: &i64| if dim == DYNAMIC { "?x".to_owned() } else { format!("{dim}x") };
    dims.iter().map(size).collect()
}

/// A list of signed numbers.
pub(super) fn signed_list(cursor: &mut Cursor<'_>) -> Result<Vec<i64>, Error> {
    (0..cursor.count()?).map(|_| cursor.signed()).collect()
}

/// A number of known width: a byte up to 8 bits, a signed number up to 64. What lies above the width is
/// cleared (i32 -1 is written as 0xffffffff, i64 -1 as -1).
pub(super) fn fixed_width(cursor: &mut Cursor<'_>, bits: u32) -> Result<u128, Error> {
    let value = if bits <= 8 { u64::from(cursor.byte()?) } else { cursor.signed()? as u64 };
    Ok(u128::from(if bits < 64 { value & ((1 << bits) - 1) } else { value }))
}

fn text_weight(len: usize) -> u64 {
    1 + len as u64 / 64
}

fn type_weight(ty: &Type) -> u64 {
    match ty {
        Type::Tensor(ty) => 1 + ty.rank() as u64 / 8,
        Type::Tuple(parts) => 1 + parts.iter().map(type_weight).sum::<u64>(),
        Type::Opaque(text) => text_weight(text.len()),
        Type::Token | Type::None => 1,
    }
}

/// Nodes that a copy of an attribute takes; elements of tensors are shared and count nothing.
fn attr_weight(attr: &Attr) -> u64 {
    match attr {
        Attr::String(bytes) => text_weight(bytes.len()),
        Attr::Symbol(text) | Attr::Keyword(text) | Attr::Opaque(text) => text_weight(text.len()),
        Attr::Array(items) => 1 + items.iter().map(attr_weight).sum::<u64>(),
        Attr::Dict(map) => {
            1 + map.iter().map(|(key, value)| text_weight(key.len()) + attr_weight(value)).sum::<u64>()
        }
        Attr::Type(ty) => type_weight(ty),
        Attr::Tensor(literal) => 1 + literal.ty.rank() as u64 / 8,
        Attr::Sharding(sharding) => sdy::weight(sharding),
        Attr::Unit | Attr::Bool(_) | Attr::Scalar(_) | Attr::Code(_) => 1,
    }
}

/// Nodes that the integer lists in an attribute take once written out as fields of an op.
pub(super) fn expanded_weight(attr: &Attr) -> u64 {
    match attr {
        Attr::Tensor(literal) => 1 + literal.len() as u64 / 8,
        Attr::Array(items) => items.iter().map(expanded_weight).fold(1, u64::saturating_add),
        Attr::Dict(map) => map.iter().map(|(_, value)| expanded_weight(value)).fold(1, u64::saturating_add),
        _ => 1,
    }
}
