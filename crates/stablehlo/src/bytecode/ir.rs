//! Operations and regions into a [`Module`].

use std::collections::HashMap;

use ops::sharding::Sharding;
use ops::{Attr, Op, Type};
use smallvec::SmallVec;

use super::attributes::dictionaries;
use super::container::Container;
use super::cursor::Cursor;
use super::entries::Entries;
use super::locations::LocationReader;
use super::names::{self, Kind, Name};
use crate::error::UnknownOp;
use crate::{Error, Function, Module, Operation, RegionId, ValueId};

/// Regions may nest this deep.
const DEEPEST: u32 = 96;

/// Bit of an operation's or block's mask.
const USE_LIST_ORDERS: u8 = 0x20;

/// Places named for each unknown op.
const PLACES: usize = 5;

/// Reads the operations of a file of `file_len` bytes.
pub(super) fn read(container: &Container<'_>, file_len: usize) -> Result<Module, Error> {
    let names = names::resolve(container);
    let mut reader = Reader {
        container,
        names: &names,
        entries: Entries::new(container, file_len),
        locations: LocationReader::new(container.attribute_count()),
        scopes: vec![Vec::new()],
        depth: 0,
        unknown: Vec::new(),
        unknown_by_name: HashMap::new(),
        module: Module::default(),
    };
    let outcome = reader.program();
    if !reader.unknown.is_empty() {
        return Err(Error::UnknownOps { ops: reader.unknown, producer: container.producer.clone() });
    }
    outcome?;
    let mut module = reader.module;
    module.locations = reader.locations.table;
    Ok(module)
}

/// Reads operations into a module.
pub(super) struct Reader<'c, 'a> {
    pub(super) container: &'c Container<'a>,
    names: &'c [Name],
    pub(super) entries: Entries<'c, 'a>,
    locations: LocationReader,
    /// Values by number; an isolated operation opens a fresh numbering.
    scopes: Vec<Vec<Option<ValueId>>>,
    depth: u32,
    unknown: Vec<UnknownOp>,
    unknown_by_name: HashMap<usize, usize>,
    module: Module,
}

/// The fields of an operation before its regions.
pub(super) struct Header<'c, 'a> {
    pub(super) name: &'c Name,
    name_id: usize,
    location: usize,
    pub(super) dictionary: Option<usize>,
    pub(super) properties: Option<Cursor<'a>>,
    results: SmallVec<[usize; 2]>,
    operands: SmallVec<[u64; 4]>,
    regions: usize,
    isolated: bool,
}

/// Where operations go, and the value numbers that they define.
struct Place {
    region: RegionId,
    /// In the module itself rather than in a function.
    top_level: bool,
    next: usize,
    end: usize,
}

impl<'c, 'a> Reader<'c, 'a> {
    /// The whole section: one `builtin.module`.
    fn program(&mut self) -> Result<(), Error> {
        let mut cursor = self.container.ir;
        if cursor.flagged()? != (1, false) {
            return Err(cursor.error("a program is one module"));
        }
        let header = self.header(&mut cursor)?;
        if header.name.kind != Kind::Module || header.regions != 1 {
            return Err(cursor.error("a program is one module"));
        }
        for (name, index) in self.inherent(&header)? {
            if let ("sym_name", Attr::String(text)) = (&*name, self.entries.attribute(index)?) {
                self.module.name = String::from_utf8_lossy(&text).into_owned();
            }
        }
        let mut attributes = self.discardable(&header)?;
        let mut count = |name: &str| match attributes.take(name) {
            None => Ok(1),
            Some(Attr::Scalar(value)) => {
                u32::try_from(value.as_i128()).ok().filter(|&count| count > 0).ok_or(())
            }
            Some(_) => Err(()),
        };
        let malformed = |()| cursor.error("a number of replicas or partitions that is none");
        self.module.num_replicas = count("mhlo.num_replicas").map_err(malformed)?;
        self.module.num_partitions = count("mhlo.num_partitions").map_err(malformed)?;
        self.module.attributes = attributes;

        // Operations of the module itself are functions and meshes; this function stays empty.
        let mut top_level = Function::new("");
        let mut inner = self.enter(&mut cursor, &header)?;
        let body = top_level.body;
        self.region(inner.as_mut().unwrap_or(&mut cursor), &mut top_level, body, None, true)?;
        self.leave(inner, &header)?;
        cursor.finish()
    }

    fn header(&mut self, cursor: &mut Cursor<'a>) -> Result<Header<'c, 'a>, Error> {
        let name_id = cursor.index(self.names.len(), "operation name")?;
        let mask = cursor.byte()?;
        if mask & 0x80 != 0 {
            return Err(cursor.error(format!("unknown fields of an operation: {mask:#x}")));
        }
        let location = self.entries.attribute_index(cursor)?;
        let mut header = Header {
            name: &self.names[name_id],
            name_id,
            location,
            dictionary: None,
            properties: None,
            results: SmallVec::new(),
            operands: SmallVec::new(),
            regions: 0,
            isolated: false,
        };
        if mask & 0x01 != 0 {
            header.dictionary = Some(self.entries.attribute_index(cursor)?);
        }
        if mask & 0x40 != 0 {
            let index = cursor.index(self.container.properties.len(), "properties")?;
            header.properties = Some(self.container.properties[index]);
        }
        if mask & 0x02 != 0 {
            for _ in 0..cursor.count()? {
                header.results.push(self.entries.type_index(cursor)?);
            }
        }
        if mask & 0x04 != 0 {
            for _ in 0..cursor.count()? {
                header.operands.push(cursor.varint()?);
            }
        }
        if mask & 0x08 != 0 && cursor.count()? != 0 {
            return Err(cursor.error("jumps between blocks are not part of StableHLO"));
        }
        if mask & USE_LIST_ORDERS != 0 {
            use_list_orders(cursor, header.results.len())?;
        }
        if mask & 0x10 != 0 {
            let (regions, isolated) = cursor.flagged()?;
            header.regions = cursor.bounded(regions)?;
            header.isolated = isolated;
        }
        Ok(header)
    }

    /// Begins the regions of an operation; gives a cursor of their own if they are wrapped in a section.
    fn enter(
        &mut self,
        cursor: &mut Cursor<'a>,
        header: &Header<'c, 'a>,
    ) -> Result<Option<Cursor<'a>>, Error> {
        if !header.isolated {
            return Ok(None);
        }
        self.scopes.push(Vec::new());
        if self.container.version < 2 {
            return Ok(None);
        }
        match cursor.section()? {
            (4, body) => Ok(Some(body)),
            (id, body) => Err(body.error(format!("section {id} around the regions of an operation"))),
        }
    }

    /// Ends the regions of an operation.
    fn leave(&mut self, inner: Option<Cursor<'a>>, header: &Header<'c, 'a>) -> Result<(), Error> {
        if header.isolated {
            self.scopes.pop();
        }
        inner.map_or(Ok(()), |inner| inner.finish())
    }

    /// Reads a region's operations into `region`. Its arguments are new ones, or the `bound` values.
    fn region(
        &mut self,
        cursor: &mut Cursor<'a>,
        function: &mut Function,
        region: RegionId,
        bound: Option<&[ValueId]>,
        top_level: bool,
    ) -> Result<(), Error> {
        let blocks = cursor.count()?;
        if blocks == 0 {
            return Ok(());
        }
        if blocks > 1 {
            return Err(cursor.error(format!("a region of {blocks} blocks")));
        }
        if self.depth == DEEPEST {
            return Err(cursor.error(format!("regions nested more than {DEEPEST} deep")));
        }
        self.depth += 1;
        let values = cursor.count()?;
        let scope = self.scope();
        let start = scope.len();
        scope.resize(start + values, None);
        let mut place = Place { region, top_level, next: start, end: start + values };

        let (operations, has_args) = cursor.flagged()?;
        if has_args {
            self.block_args(cursor, function, &mut place, bound)?;
        } else if bound.is_some_and(|bound| !bound.is_empty()) {
            return Err(cursor.error("a region without the arguments that its operation gives"));
        }
        for _ in 0..cursor.bounded(operations)? {
            self.operation(cursor, function, &mut place)?;
        }
        if place.next != place.end {
            return Err(cursor.error(format!("{} values announced and not defined", place.end - place.next)));
        }
        self.scope().truncate(start);
        self.depth -= 1;
        Ok(())
    }

    fn block_args(
        &mut self,
        cursor: &mut Cursor<'a>,
        function: &mut Function,
        place: &mut Place,
        bound: Option<&[ValueId]>,
    ) -> Result<(), Error> {
        let count = cursor.count()?;
        if bound.is_some_and(|bound| bound.len() != count) {
            return Err(cursor.error(format!("a region with {count} arguments, another number given")));
        }
        for at in 0..count {
            let (ty, has_location) = if self.container.version >= 4 {
                let (index, has_location) = cursor.flagged()?;
                (cursor.checked(index, self.container.type_count(), "type")?, has_location)
            } else {
                (self.entries.type_index(cursor)?, true)
            };
            if has_location {
                self.entries.attribute_index(cursor)?;
            }
            let value = match bound {
                Some(bound) => bound[at],
                None => function.add_arg(place.region, self.entries.value_type(ty)?),
            };
            self.define(cursor, place, value)?;
        }
        if self.container.version >= 3 {
            // A mask of which only the bit for use-list orders is used, as in an operation.
            match cursor.byte()? {
                0 => {}
                USE_LIST_ORDERS => use_list_orders(cursor, count)?,
                other => return Err(cursor.error(format!("unknown fields of a block: {other:#x}"))),
            }
        }
        Ok(())
    }

    fn operation(
        &mut self,
        cursor: &mut Cursor<'a>,
        function: &mut Function,
        place: &mut Place,
    ) -> Result<(), Error> {
        let header = self.header(cursor)?;
        let outcome = match header.name.kind {
            Kind::Function if place.top_level => self.function(cursor, &header),
            Kind::Mesh if place.top_level => self.mesh(&header),
            Kind::Unknown => self.unknown_operation(cursor, &header, function, place),
            Kind::Module | Kind::Function | Kind::Mesh => Err(cursor.error("an operation out of place")),
            _ if place.top_level => Err(cursor.error("an operation outside of any function")),
            Kind::Op(mnemonic) => self.table_operation(cursor, &header, mnemonic, function, place),
            Kind::Identity => self.identity(cursor, &header, function, place),
            Kind::Inline => self.inline(cursor, &header, function, place),
            Kind::Nothing if header.results.is_empty() && header.regions == 0 => Ok(()),
            Kind::Nothing => Err(cursor.error("results or regions that the operation does not have")),
        };
        outcome.map_err(|error| self.in_operation(error, &header))
    }

    /// Adds name and place of the innermost operation to an error.
    #[cold]
    fn in_operation(&mut self, error: Error, header: &Header<'c, 'a>) -> Error {
        match error {
            Error::InOp { .. } => error,
            _ => Error::InOp {
                op: header.name.full.clone(),
                location: self.describe(header),
                source: Box::new(error),
            },
        }
    }

    fn describe(&mut self, header: &Header<'c, 'a>) -> String {
        match self.locations.location(&mut self.entries, header.location) {
            Ok(id) => self.locations.table.describe(id),
            Err(_) => "a malformed location".to_owned(),
        }
    }

    /// An operation that the table of ops has.
    fn table_operation(
        &mut self,
        cursor: &mut Cursor<'a>,
        header: &Header<'c, 'a>,
        mnemonic: &'static str,
        function: &mut Function,
        place: &mut Place,
    ) -> Result<(), Error> {
        let operands = self.operands(cursor, header)?.into_iter().collect();
        let mut regions = SmallVec::new();
        let mut inner = self.enter(cursor, header)?;
        for _ in 0..header.regions {
            let region = function.add_region();
            self.region(inner.as_mut().unwrap_or(cursor), function, region, None, false)?;
            regions.push(region);
        }
        self.leave(inner, header)?;

        let (op, attributes) = self.build(header, mnemonic)?;
        let location = self.locations.location(&mut self.entries, header.location)?;
        let mut results = SmallVec::new();
        for &ty in &header.results {
            let value = function.add_value(self.entries.value_type(ty)?);
            self.define(cursor, place, value)?;
            results.push(value);
        }
        function.push_op(place.region, Operation { op, operands, results, regions, attributes, location });
        Ok(())
    }

    /// An operation whose result is its operand.
    fn identity(
        &mut self,
        cursor: &mut Cursor<'a>,
        header: &Header<'c, 'a>,
        function: &Function,
        place: &mut Place,
    ) -> Result<(), Error> {
        let operands = self.operands(cursor, header)?;
        let ([operand], [result], 0) = (&operands[..], &header.results[..], header.regions) else {
            return Err(cursor.error("an identity of other than one operand and one result"));
        };
        if let (Type::Tensor(from), Type::Tensor(to)) =
            (function.ty(*operand), self.entries.value_type(*result)?)
            && *from != to
        {
            return Err(cursor.error(format!("an identity from {from} to {to}")));
        }
        self.define(cursor, place, *operand)
    }

    /// An operation whose region runs in place.
    fn inline(
        &mut self,
        cursor: &mut Cursor<'a>,
        header: &Header<'c, 'a>,
        function: &mut Function,
        place: &mut Place,
    ) -> Result<(), Error> {
        let operands = self.operands(cursor, header)?;
        if header.regions != 1 {
            return Err(cursor.error("an operation in place of its region has one"));
        }
        let before = function.region(place.region).ops.len();
        let mut inner = self.enter(cursor, header)?;
        self.region(inner.as_mut().unwrap_or(cursor), function, place.region, Some(&operands), false)?;
        self.leave(inner, header)?;
        let placed = &mut function.region_mut(place.region).ops;
        let last = if placed.len() > before { placed.pop() } else { None };
        let returned = match last.map(|id| function.op(id)) {
            Some(Operation { op: Op::Return, operands, .. }) if operands.len() == header.results.len() => {
                operands.clone()
            }
            _ => return Err(cursor.error("a region that does not return the operation's results")),
        };
        for value in returned {
            self.define(cursor, place, value)?;
        }
        Ok(())
    }

    /// Notes an operation that is not known, and goes on, so that all of them can be named.
    fn unknown_operation(
        &mut self,
        cursor: &mut Cursor<'a>,
        header: &Header<'c, 'a>,
        function: &mut Function,
        place: &mut Place,
    ) -> Result<(), Error> {
        let at = *self.unknown_by_name.entry(header.name_id).or_insert_with(|| {
            self.unknown.push(UnknownOp { name: header.name.full.clone(), locations: Vec::new(), uses: 0 });
            self.unknown.len() - 1
        });
        self.unknown[at].uses += 1;
        if self.unknown[at].locations.len() < PLACES {
            let place = self.describe(header);
            self.unknown[at].locations.push(place);
        }
        let mut inner = self.enter(cursor, header)?;
        for _ in 0..header.regions {
            let region = function.add_region();
            self.region(inner.as_mut().unwrap_or(cursor), function, region, None, false)?;
        }
        self.leave(inner, header)?;
        for &ty in &header.results {
            let value = function.add_value(self.entries.value_type(ty)?);
            if !place.top_level {
                self.define(cursor, place, value)?;
            }
        }
        Ok(())
    }

    fn function(&mut self, cursor: &mut Cursor<'a>, header: &Header<'c, 'a>) -> Result<(), Error> {
        let mut function = Function::new("");
        let mut signature = None;
        let (mut arg_attrs, mut result_attrs) = (Vec::new(), Vec::new());
        for (name, index) in self.inherent(header)? {
            if name == "function_type" {
                signature = Some(self.entries.function_type(index)?);
                continue;
            }
            match (&*name, self.entries.attribute(index)?) {
                ("arg_attrs", Attr::Array(items)) => arg_attrs = items,
                ("res_attrs", Attr::Array(items)) => result_attrs = items,
                ("sym_name", Attr::String(text)) => {
                    function.name = String::from_utf8(text)
                        .map_err(|_| cursor.error("a function name that is not UTF-8"))?;
                }
                ("sym_visibility", Attr::String(text)) => function.public = text != b"private",
                (name, _) => return Err(cursor.error(format!("the attribute `{name}` is something else"))),
            }
        }
        let (inputs, results) = signature.ok_or_else(|| cursor.error("a function without a type"))?;
        function.location = self.locations.location(&mut self.entries, header.location)?;
        function.arg_attrs = dictionaries(cursor, arg_attrs, inputs.len())?;
        function.result_attrs = dictionaries(cursor, result_attrs, results.len())?;
        function.result_types = results;
        function.attributes = self.discardable(header)?;

        if header.regions != 1 || !header.results.is_empty() {
            return Err(cursor.error("a function is one region without results"));
        }
        let body = function.body;
        let mut inner = self.enter(cursor, header)?;
        self.region(inner.as_mut().unwrap_or(cursor), &mut function, body, None, false)?;
        self.leave(inner, header)?;
        let agree = inputs.len() == function.args().len()
            && inputs.iter().zip(function.args()).all(|(ty, &arg)| ty == function.ty(arg));
        if !agree {
            return Err(cursor.error(format!("the arguments of `{}` differ from its type", function.name)));
        }
        self.module.functions.push(function);
        Ok(())
    }

    fn mesh(&mut self, header: &Header<'c, 'a>) -> Result<(), Error> {
        let (mut name, mut mesh) = (None, None);
        for (field, index) in self.inherent(header)? {
            match (&*field, self.entries.attribute(index)?) {
                ("sym_name", Attr::String(text)) => name = String::from_utf8(text).ok(),
                ("mesh", Attr::Sharding(sharding)) => {
                    if let Sharding::Mesh(found) = *sharding {
                        mesh = Some(found);
                    }
                }
                _ => {}
            }
        }
        match (name, mesh) {
            (Some(name), Some(mesh)) => {
                self.module.meshes.push((name, mesh));
                Ok(())
            }
            _ => Err(self.container.ir.error("a mesh without its name or axes")),
        }
    }

    fn scope(&mut self) -> &mut Vec<Option<ValueId>> {
        self.scopes.last_mut().expect("the outermost scope is never left")
    }

    fn define(&mut self, cursor: &Cursor<'a>, place: &mut Place, value: ValueId) -> Result<(), Error> {
        if place.next == place.end {
            return Err(cursor.error("more values than the region announced"));
        }
        let number = place.next;
        place.next += 1;
        self.scope()[number] = Some(value);
        Ok(())
    }

    fn operands(
        &mut self,
        cursor: &Cursor<'a>,
        header: &Header<'c, 'a>,
    ) -> Result<SmallVec<[ValueId; 4]>, Error> {
        let scope = self.scope();
        let value = |&number: &u64| match usize::try_from(number).ok().and_then(|number| scope.get(number)) {
            Some(Some(value)) => Ok(*value),
            _ => Err(cursor.error(format!("value {number} is used before it is defined"))),
        };
        header.operands.iter().map(value).collect()
    }
}

/// Orders in which the uses of values were listed, which say nothing about the program.
fn use_list_orders(cursor: &mut Cursor<'_>, values: usize) -> Result<(), Error> {
    let orders = if values > 1 { cursor.count()? } else { 1 };
    for _ in 0..orders {
        if values > 1 {
            cursor.varint()?;
        }
        let (length, _pairs) = cursor.flagged()?;
        for _ in 0..cursor.bounded(length)? {
            cursor.varint()?;
        }
    }
    Ok(())
}
