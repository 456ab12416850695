//! Writes MLIR bytecode, container version 6, for programs that no compiler would write.

use std::collections::HashMap;

/// Dialects by number.
pub const BUILTIN: usize = 0;
pub const VHLO: usize = 1;
const DIALECTS: [&str; 3] = ["builtin", "vhlo", "other"];

/// A variable-length number.
pub fn number(value: u64) -> Vec<u8> {
    let extra = (0..8u32).find(|extra| value < 1u64 << (7 * (extra + 1)));
    match extra {
        Some(extra) => {
            let bits = value << (extra + 1) | 1 << extra;
            bits.to_le_bytes()[..=extra as usize].to_vec()
        }
        None => [&[0], &value.to_le_bytes()[..]].concat(),
    }
}

/// A signed number in zigzag form.
pub fn signed(value: i64) -> Vec<u8> {
    number((value << 1 ^ value >> 63) as u64)
}

/// Numbers, one after the other.
pub fn numbers(values: &[usize]) -> Vec<u8> {
    values.iter().flat_map(|&value| number(value as u64)).collect()
}

/// A length, then the bytes.
pub fn blob(bytes: &[u8]) -> Vec<u8> {
    [number(bytes.len() as u64), bytes.to_vec()].concat()
}

/// A flagged number.
pub fn flagged(value: usize, flag: bool) -> Vec<u8> {
    number((value as u64) << 1 | u64::from(flag))
}

fn section(id: u8, bytes: &[u8]) -> Vec<u8> {
    [vec![id], blob(bytes)].concat()
}

/// The tables of a file.
#[derive(Default)]
pub struct Writer {
    strings: Vec<Vec<u8>>,
    string_ids: HashMap<Vec<u8>, usize>,
    names: Vec<(usize, usize)>,
    attributes: Vec<(usize, Vec<u8>)>,
    types: Vec<(usize, Vec<u8>)>,
    properties: Vec<Vec<u8>>,
}

impl Writer {
    pub fn string(&mut self, text: &str) -> usize {
        let next = self.strings.len();
        let id = *self.string_ids.entry(text.as_bytes().to_vec()).or_insert(next);
        if id == next {
            self.strings.push(text.as_bytes().to_vec());
        }
        id
    }

    /// An operation name; its id.
    pub fn name(&mut self, dialect: usize, name: &str) -> usize {
        let name = self.string(name);
        self.names.push((dialect, name));
        self.names.len() - 1
    }

    /// An attribute; its index.
    pub fn attribute(&mut self, dialect: usize, payload: Vec<u8>) -> usize {
        self.attributes.push((dialect, payload));
        self.attributes.len() - 1
    }

    /// How many attributes there are, which is the index of the next.
    pub fn attribute_count(&self) -> usize {
        self.attributes.len()
    }

    /// A type; its index.
    pub fn ty(&mut self, dialect: usize, payload: Vec<u8>) -> usize {
        self.types.push((dialect, payload));
        self.types.len() - 1
    }

    /// A property blob of references to attributes; its index.
    pub fn properties(&mut self, attributes: &[usize]) -> usize {
        self.properties.push(numbers(attributes));
        self.properties.len() - 1
    }

    /// A VHLO string attribute.
    pub fn vhlo_string(&mut self, text: &str) -> usize {
        let text = self.string(text);
        self.attribute(VHLO, numbers(&[14, text]))
    }

    /// A VHLO tensor type.
    pub fn tensor(&mut self, dims: &[i64], element: usize) -> usize {
        let shape: Vec<u8> = dims.iter().flat_map(|&dim| signed(dim)).collect();
        self.ty(VHLO, [numbers(&[20, dims.len()]), shape, numbers(&[element])].concat())
    }

    /// A VHLO tensor attribute.
    pub fn tensor_attribute(&mut self, ty: usize, data: &[u8]) -> usize {
        self.attribute(VHLO, [numbers(&[15, ty]), blob(data)].concat())
    }

    /// A file whose operations are these bytes.
    pub fn file(&mut self, ir: &[u8]) -> Vec<u8> {
        let dialect_names: Vec<usize> = DIALECTS.iter().map(|name| self.string(name)).collect();
        let mut names = numbers(&[DIALECTS.len()]);
        dialect_names.iter().for_each(|&name| names.extend(flagged(name, false)));
        names.extend(numbers(&[self.names.len()]));
        for &(dialect, name) in &self.names {
            names.extend(numbers(&[dialect, 1]));
            names.extend(flagged(name, true));
        }

        let mut sizes = numbers(&[self.attributes.len(), self.types.len()]);
        let mut entries = Vec::new();
        for (dialect, payload) in self.attributes.iter().chain(&self.types) {
            sizes.extend(numbers(&[*dialect, 1]));
            sizes.extend(flagged(payload.len(), true));
            entries.extend(payload);
        }

        let mut strings = numbers(&[self.strings.len()]);
        strings.extend(self.strings.iter().rev().flat_map(|text| number(text.len() as u64 + 1)));
        for text in &self.strings {
            strings.extend(text);
            strings.push(0);
        }
        let mut properties = numbers(&[self.properties.len()]);
        properties.extend(self.properties.iter().flat_map(|bytes| blob(bytes)));

        let mut file = b"ML\xefR".to_vec();
        file.extend(number(6));
        file.extend(b"StableHLO_v1.17.0\0");
        for (id, bytes) in
            [(1, &names[..]), (3, &sizes), (2, &entries), (4, ir), (0, &strings), (8, &properties)]
        {
            file.extend(section(id, bytes));
        }
        file
    }
}

/// An operation without attributes: name, location, properties, result types, operands, and the bytes of its
/// regions after their number.
#[derive(Default)]
pub struct Operation<'a> {
    pub name: usize,
    pub location: usize,
    pub dictionary: Option<usize>,
    pub properties: Option<usize>,
    pub results: &'a [usize],
    pub operands: &'a [usize],
    pub regions: &'a [Vec<u8>],
    pub isolated: bool,
}

impl Operation<'_> {
    pub fn bytes(&self) -> Vec<u8> {
        let bit = |set: bool, bit: u8| if set { bit } else { 0 };
        let mask = bit(self.dictionary.is_some(), 1)
            | bit(!self.results.is_empty(), 2)
            | bit(!self.operands.is_empty(), 4)
            | bit(!self.regions.is_empty(), 0x10)
            | bit(self.properties.is_some(), 0x40);
        let mut bytes = number(self.name as u64);
        bytes.push(mask);
        bytes.extend(numbers(&[self.location]));
        bytes.extend(self.dictionary.map(|index| numbers(&[index])).unwrap_or_default());
        bytes.extend(self.properties.map(|index| numbers(&[index])).unwrap_or_default());
        for list in [self.results, self.operands] {
            if !list.is_empty() {
                bytes.extend(numbers(&[list.len()]));
                bytes.extend(numbers(list));
            }
        }
        if !self.regions.is_empty() {
            bytes.extend(flagged(self.regions.len(), self.isolated));
            let inner = self.regions.concat();
            bytes.extend(if self.isolated { section(4, &inner) } else { inner });
        }
        bytes
    }
}

/// A region of one block: argument types, number of values, operations.
pub fn region(args: &[usize], values: usize, operations: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = numbers(&[1, values]);
    bytes.extend(flagged(operations.len(), !args.is_empty()));
    if !args.is_empty() {
        bytes.extend(numbers(&[args.len()]));
        args.iter().for_each(|&ty| bytes.extend(flagged(ty, false)));
        bytes.push(0);
    }
    bytes.extend(operations.concat());
    bytes
}

/// A file with a function `main` of one argument and no results, whose operations are these and a `return`;
/// `values` counts the results.
pub fn program(mut writer: Writer, argument: usize, values: usize, mut operations: Vec<Vec<u8>>) -> Vec<u8> {
    let unknown = writer.attribute(BUILTIN, numbers(&[15]));
    let empty = writer.attribute(VHLO, numbers(&[1, 0]));
    let function_type = writer.ty(VHLO, numbers(&[8, 1, argument, 0]));
    let signature = writer.attribute(VHLO, numbers(&[17, function_type]));
    let (name, visibility) = (writer.vhlo_string("main"), writer.vhlo_string("public"));
    let properties = writer.properties(&[empty, signature, empty, name, visibility]);
    let [module, func, ret] = [(BUILTIN, "module"), (VHLO, "func_v1"), (VHLO, "return_v1")]
        .map(|(dialect, name)| writer.name(dialect, name));

    operations.push(Operation { name: ret, location: unknown, ..Default::default() }.bytes());
    let func = Operation {
        name: func,
        location: unknown,
        properties: Some(properties),
        regions: &[region(&[argument], values + 1, &operations)],
        isolated: true,
        ..Default::default()
    };
    let module = Operation {
        name: module,
        location: unknown,
        regions: &[region(&[], 0, &[func.bytes()])],
        isolated: true,
        ..Default::default()
    };
    writer.file(&[flagged(1, false), module.bytes()].concat())
}
