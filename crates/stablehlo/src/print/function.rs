//! Functions, regions and the names of values.

use std::fmt::Write as _;

use ops::{AttrMap, Op, Type};

use super::{Options, attribute};
use crate::{Function, OpId, RegionId, ValueId};

/// How a value is written.
#[derive(Clone, Copy, Debug)]
enum Name {
    /// Not defined where it is used: the module is malformed.
    Unknown,
    /// `%arg3`.
    Argument(u32),
    /// `%3`.
    Single(u32),
    /// `%3#1`.
    OneOf(u32, u32),
}

/// What a region belongs to, which decides how its `return` is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owner {
    Function,
    ManualComputation,
    Other,
}

/// Prints one function.
pub(super) struct Printer<'p> {
    pub out: &'p mut String,
    pub function: &'p Function,
    pub options: Options,
    names: Vec<Name>,
    arguments: u32,
    results: u32,
    indent: usize,
}

impl<'p> Printer<'p> {
    pub fn new(out: &'p mut String, function: &'p Function, options: Options) -> Self {
        let names = vec![Name::Unknown; function.value_count()];
        Printer { out, function, options, names, arguments: 0, results: 0, indent: 1 }
    }

    /// Writes text. Writing to a string does not fail.
    pub fn write(&mut self, text: impl std::fmt::Display) {
        let _ = write!(self.out, "{text}");
    }

    fn line(&mut self) {
        for _ in 0..self.indent {
            self.out.push_str("  ");
        }
    }

    /// The whole function.
    pub fn function(mut self) {
        let function = self.function;
        self.line();
        self.write("func.func ");
        self.write(if function.public { "public @" } else { "private @" });
        attribute::symbol(self.out, &function.name);
        let args = function.args();
        self.name_arguments(args);
        self.write("(");
        let body = function.region(function.body);
        self.comma_separated(args.iter().enumerate(), |printer, (i, &arg)| {
            if !body.ops.is_empty() {
                printer.value(arg);
                printer.write(": ");
            }
            printer.write(function.ty(arg));
            printer.argument_attributes(function.arg_attrs.get(i));
        });
        self.write(")");
        let plain = function.result_attrs.iter().all(AttrMap::is_empty);
        match &function.result_types[..] {
            [] => {}
            [ty] if plain => self.write(format_args!(" -> {ty}")),
            types => {
                self.write(" -> (");
                self.comma_separated(types.iter().enumerate(), |printer, (i, ty)| {
                    printer.write(ty);
                    printer.argument_attributes(function.result_attrs.get(i));
                });
                self.write(")");
            }
        }
        if !function.attributes.is_empty() {
            self.write(" attributes");
            self.argument_attributes(Some(&function.attributes));
        }
        if !body.ops.is_empty() {
            self.write(" {\n");
            self.operations(function.body, Owner::Function);
            self.write("}");
        }
        self.write("\n");
    }

    fn argument_attributes(&mut self, attrs: Option<&AttrMap>) {
        if let Some(attrs) = attrs.filter(|attrs| !attrs.is_empty()) {
            self.write(" ");
            attribute::dictionary(self.out, attrs, self.options);
        }
    }

    /// Items with `, ` between them.
    pub fn comma_separated<T>(
        &mut self,
        items: impl IntoIterator<Item = T>,
        mut item: impl FnMut(&mut Self, T),
    ) {
        for (i, each) in items.into_iter().enumerate() {
            if i > 0 {
                self.write(", ");
            }
            item(self, each);
        }
    }

    /// Gives block arguments their names.
    pub fn name_arguments(&mut self, args: &[ValueId]) {
        for &arg in args {
            self.names[arg.index()] = Name::Argument(self.arguments);
            self.arguments += 1;
        }
    }

    /// Gives block arguments the names of others.
    pub fn share_names(&mut self, args: &[ValueId], like: &[ValueId]) {
        for (arg, like) in args.iter().zip(like) {
            self.names[arg.index()] = self.names[like.index()];
        }
    }

    /// The name of a value.
    pub fn value(&mut self, value: ValueId) {
        match self.names.get(value.index()).copied().unwrap_or(Name::Unknown) {
            Name::Unknown => self.write(format_args!("%undefined{}", value.0)),
            Name::Argument(n) => self.write(format_args!("%arg{n}")),
            Name::Single(n) => self.write(format_args!("%{n}")),
            Name::OneOf(n, i) => self.write(format_args!("%{n}#{i}")),
        }
    }

    /// Names of values, separated by commas.
    pub fn values(&mut self, values: &[ValueId]) {
        self.comma_separated(values, |printer, &value| printer.value(value));
    }

    /// Types of values, separated by commas.
    pub fn types_of(&mut self, values: &[ValueId]) {
        let function = self.function;
        self.comma_separated(values, |printer, &value| printer.write(function.ty(value)));
    }

    /// `(types) -> type`.
    pub fn function_type(&mut self, operands: &[ValueId], results: &[ValueId]) {
        self.write("(");
        self.types_of(operands);
        self.write(") -> ");
        match results {
            [one] => self.types_of(&[*one]),
            _ => {
                self.write("(");
                self.types_of(results);
                self.write(")");
            }
        }
    }

    /// `%arg0: type, %arg1: type`.
    pub fn arguments(&mut self, args: &[ValueId]) {
        let function = self.function;
        self.comma_separated(args, |printer, &arg| {
            printer.value(arg);
            printer.write(": ");
            printer.write(function.ty(arg));
        });
    }

    /// The operations of a region and the blanks before its closing brace.
    fn operations(&mut self, region: RegionId, owner: Owner) {
        let function = self.function;
        self.indent += 1;
        for &id in &function.region(region).ops {
            self.line();
            if matches!(function.op(id).op, Op::Return) {
                self.write(match owner {
                    Owner::Function => "return",
                    Owner::ManualComputation => "sdy.return",
                    Owner::Other => "stablehlo.return",
                });
                self.after_return(id);
            } else {
                self.operation(id);
            }
            self.write("\n");
        }
        self.indent -= 1;
        self.line();
    }

    fn after_return(&mut self, id: OpId) {
        let op = self.function.op(id);
        if !op.operands.is_empty() {
            self.write(" ");
            self.values(&op.operands);
        }
        self.argument_attributes(Some(&op.attributes));
        if !op.operands.is_empty() {
            self.write(" : ");
            self.types_of(&op.operands);
        }
    }

    /// `{ ... }` whose arguments are written elsewhere.
    pub fn region(&mut self, region: RegionId) {
        self.write("{\n");
        self.operations(region, Owner::Other);
        self.write("}");
    }

    /// The same for a manual computation.
    pub fn manual_region(&mut self, region: RegionId) {
        self.write("{\n");
        self.operations(region, Owner::ManualComputation);
        self.write("}");
    }

    /// `{ ... }` with its arguments in a block label.
    pub fn labelled_region(&mut self, region: RegionId) {
        let args = &self.function.region(region).args;
        self.write("{\n");
        if !args.is_empty() {
            self.name_arguments(args);
            self.line();
            self.write("^bb0(");
            self.arguments(args);
            self.write("):\n");
        }
        self.operations(region, Owner::Other);
        self.write("}");
    }

    /// `%3 = ` or `%3:2 = `; nothing without results.
    pub fn name_results(&mut self, results: &[ValueId]) {
        let number = self.results;
        match results {
            [] => return,
            [one] => {
                self.names[one.index()] = Name::Single(number);
                self.write(format_args!("%{number} = "));
            }
            several => {
                for (i, value) in several.iter().enumerate() {
                    self.names[value.index()] = Name::OneOf(number, i as u32);
                }
                self.write(format_args!("%{number}:{} = ", several.len()));
            }
        }
        self.results += 1;
    }

    /// The line break inside of an operation.
    pub fn next_line(&mut self) {
        self.write("\n");
        self.line();
    }
}

/// The element type of a tensor type.
pub(super) fn element_type(ty: &Type) -> Option<tensor::DType> {
    ty.as_tensor().map(|tensor| tensor.dtype)
}
