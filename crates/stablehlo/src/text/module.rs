//! Modules, functions, regions, and the scope of value names.

use std::collections::HashMap;

use ops::{Attr, AttrMap, Op, Type};
use smallvec::{SmallVec, smallvec};

use super::Parser;
use crate::{Error, Function, Module, RegionId, ValueId};

/// The results of one operation under one name.
type Pack = SmallVec<[ValueId; 1]>;

/// Names of the values that can be used here.
#[derive(Debug, Default)]
pub(super) struct Scope<'s> {
    values: HashMap<&'s str, Pack>,
    /// Names in the order of their definition, so that a region's can be dropped at its end.
    defined: Vec<&'s str>,
}

impl<'s> Parser<'s> {
    /// A whole program: a module, or functions without one.
    pub(super) fn module(mut self) -> Result<Module, Error> {
        let mut module = Module::default();
        self.skip_alias_definitions();
        let wrapped = self.eat("module") || self.eat("builtin.module");
        if wrapped {
            if self.at("@") {
                module.name = self.symbol()?;
            }
            if self.eat("attributes") {
                module.attributes = self.dictionary()?;
            }
            self.expect("{")?;
        }
        loop {
            self.skip_alias_definitions();
            if wrapped && self.eat("}") {
                self.optional_location()?;
                self.skip_alias_definitions();
                if !self.rest().is_empty() {
                    return Err(self.expected("the end"));
                }
                break;
            }
            if !wrapped && self.rest().is_empty() {
                break;
            }
            self.module_item(&mut module)?;
        }
        for (name, field) in [
            ("mhlo.num_replicas", &mut module.num_replicas),
            ("mhlo.num_partitions", &mut module.num_partitions),
        ] {
            if let Some(Attr::Scalar(count)) = module.attributes.get(name) {
                *field = u32::try_from(count.as_i128())
                    .map_err(|_| self.error_at(0, format!("`{name}` is not a count")))?;
                module.attributes.take(name);
            }
        }
        module.locations = self.locations;
        Ok(module)
    }

    /// Lines that define aliases, which are read where the alias is used.
    fn skip_alias_definitions(&mut self) {
        loop {
            self.skip();
            if !matches!(self.peek(), b'#' | b'!') {
                return;
            }
            let line = self.rest().find('\n').unwrap_or(self.rest().len());
            let next = self.offset() + line;
            self.seek(next);
        }
    }

    fn module_item(&mut self, module: &mut Module) -> Result<(), Error> {
        self.skip();
        let start = self.offset();
        match self.word() {
            Some("func.func" | "func") => {
                let function = self.function()?;
                if !self.function_names.insert(function.name.clone()) {
                    return Err(self.error_at(start, format!("function @{} is defined twice", function.name)));
                }
                module.functions.push(function);
                Ok(())
            }
            Some("sdy.mesh") => {
                let name = self.symbol()?;
                self.expect("=")?;
                let mesh = self.mesh()?;
                // The only attribute that JAX writes here, `stablehlo.mesh`, repeats the mesh.
                self.optional_dictionary()?;
                self.optional_location()?;
                module.meshes.push((name, mesh));
                Ok(())
            }
            _ => {
                self.seek(start);
                Err(self.expected("a function"))
            }
        }
    }

    /// After `func.func`: visibility, name, signature and body.
    fn function(&mut self) -> Result<Function, Error> {
        self.skip();
        let start = self.offset();
        let public = match () {
            () if self.eat("public") => true,
            () if self.eat("private") || self.eat("nested") => false,
            () => true,
        };
        self.function = Function::new(self.symbol()?);
        self.function.public = public;
        self.scope = Scope::default();
        self.expect("(")?;
        let args = self.list_until(")", |parser| {
            parser.skip();
            let at = parser.offset();
            let name = match parser.at("%") {
                true => {
                    let name = parser.value_name()?;
                    parser.expect(":")?;
                    Some(name)
                }
                false => None,
            };
            let ty = parser.ty()?;
            let attrs = parser.optional_dictionary()?;
            parser.optional_location()?;
            Ok((name, ty, attrs, at))
        })?;
        if self.eat("->") {
            let results = match self.eat("(") {
                true => self.list_until(")", |parser| Ok((parser.ty()?, parser.optional_dictionary()?)))?,
                false => vec![(self.ty()?, AttrMap::default())],
            };
            (self.function.result_types, self.function.result_attrs) = results.into_iter().unzip();
        }
        if self.eat("attributes") {
            self.function.attributes = self.dictionary()?;
        }
        let body = self.function.body;
        for (name, ty, attrs, at) in args {
            let value = self.function.add_arg(body, ty);
            self.function.arg_attrs.push(attrs);
            if let Some(name) = name {
                self.define(name, smallvec![value], at)?;
            }
        }
        if self.eat("{") {
            self.operations(body)?;
        }
        self.function.location = match self.optional_location()? {
            Some(location) => location,
            None => self.location_here(start),
        };
        Ok(std::mem::replace(&mut self.function, Function::new("")))
    }

    /// `{ ... }` of one block. Its arguments are those given, or those that a label `^bb0(...)` lists.
    pub(super) fn region(&mut self, args: &[(&'s str, Type, usize)]) -> Result<RegionId, Error> {
        self.nested(|parser| {
            let region = parser.function.add_region();
            let outer = parser.scope.defined.len();
            parser.expect("{")?;
            for (name, ty, at) in args {
                parser.argument_of(region, name, ty.clone(), *at)?;
            }
            if args.is_empty() && parser.eat("^") {
                parser.suffix("a block name")?;
                if parser.eat("(") {
                    for (name, ty, at) in parser.list_until(")", |parser| parser.argument())? {
                        parser.argument_of(region, name, ty, at)?;
                    }
                }
                parser.expect(":")?;
            }
            parser.operations(region)?;
            for name in parser.scope.defined.drain(outer..) {
                parser.scope.values.remove(name);
            }
            Ok(region)
        })
    }

    fn argument_of(&mut self, region: RegionId, name: &'s str, ty: Type, at: usize) -> Result<(), Error> {
        let value = self.function.add_arg(region, ty);
        self.define(name, smallvec![value], at)
    }

    /// The operations of a block and the closing brace. The last must be a `return`.
    fn operations(&mut self, region: RegionId) -> Result<(), Error> {
        while !self.eat("}") {
            if self.at("^") {
                return Err(self.error_at(self.offset(), "a region has one block in StableHLO"));
            }
            self.operation(region)?;
        }
        let last = self.function.region(region).ops.last();
        match last.map(|&id| &self.function.op(id).op) {
            Some(Op::Return) => Ok(()),
            _ => Err(self.error_at(self.offset() - 1, "expected a `return` at the end of the region")),
        }
    }

    /// `%name`.
    pub(super) fn value_name(&mut self) -> Result<&'s str, Error> {
        self.expect("%")?;
        self.suffix("a value name")
    }

    /// `%name` or `%name#1`, defined before.
    pub(super) fn operand(&mut self) -> Result<ValueId, Error> {
        self.skip();
        let start = self.offset();
        let name = self.value_name()?;
        let which = match self.peek() {
            b'#' => {
                self.expect("#")?;
                usize::try_from(self.expect_i64()?).unwrap_or(usize::MAX)
            }
            _ => 0,
        };
        let Some(pack) = self.scope.values.get(name) else {
            return Err(self.error_at(start, format!("%{name} is not defined here")));
        };
        let value = pack.get(which).copied();
        value.ok_or_else(|| self.error_at(start, format!("%{name} has {} results", pack.len())))
    }

    /// Gives values a name until the end of the region.
    pub(super) fn define(&mut self, name: &'s str, values: Pack, at: usize) -> Result<(), Error> {
        if self.scope.values.insert(name, values).is_some() {
            return Err(self.error_at(at, format!("%{name} is defined twice")));
        }
        self.scope.defined.push(name);
        Ok(())
    }
}
