//! Whether two modules are the same program, whatever the numbering of their arenas and their locations.

use std::collections::HashMap;

use ops::{Attr, AttrMap, Op};
use tensor::Literal;

use crate::{Function, Module, Operation, RegionId, ValueId};

/// Whether two modules are the same program.
pub fn same(a: &Module, b: &Module) -> bool {
    difference(a, b).is_none()
}

/// The first difference between two modules, or `None` if they are the same program. The order of
/// attributes in a dictionary does not matter, nor does whether equal elements are stored once or each.
pub fn difference(a: &Module, b: &Module) -> Option<String> {
    if a.name != b.name {
        return Some(format!("module names: {:?} and {:?}", a.name, b.name));
    }
    if a.meshes != b.meshes {
        return Some("meshes".to_owned());
    }
    if (a.num_replicas, a.num_partitions) != (b.num_replicas, b.num_partitions) {
        return Some("numbers of replicas or partitions".to_owned());
    }
    if !same_attributes(&a.attributes, &b.attributes) {
        return Some("module attributes".to_owned());
    }
    let names = |module: &Module| module.functions.iter().map(|f| f.name.clone()).collect::<Vec<_>>();
    if names(a) != names(b) {
        return Some(format!("functions: {:?} and {:?}", names(a), names(b)));
    }
    a.functions.iter().zip(&b.functions).find_map(|(a, b)| {
        let found = Comparison { a, b, values: HashMap::new() }.difference();
        found.map(|what| format!("@{}: {what}", a.name))
    })
}

struct Comparison<'m> {
    a: &'m Function,
    b: &'m Function,
    /// Values of `b` by those of `a`.
    values: HashMap<ValueId, ValueId>,
}

impl Comparison<'_> {
    fn difference(&mut self) -> Option<String> {
        let (a, b) = (self.a, self.b);
        if a.public != b.public || a.result_types != b.result_types {
            return Some("visibility or result types".to_owned());
        }
        let lists = [(&a.arg_attrs, &b.arg_attrs), (&a.result_attrs, &b.result_attrs)];
        for (a, b) in lists {
            let none = AttrMap::default();
            let count = a.len().max(b.len());
            let equal = |i: usize| same_attributes(a.get(i).unwrap_or(&none), b.get(i).unwrap_or(&none));
            if !(0..count).all(equal) {
                return Some("attributes of arguments or results".to_owned());
            }
        }
        if !same_attributes(&a.attributes, &b.attributes) {
            return Some("attributes of the function".to_owned());
        }
        self.region(a.body, b.body)
    }

    fn region(&mut self, a: RegionId, b: RegionId) -> Option<String> {
        let (a, b) = (self.a.region(a), self.b.region(b));
        if a.ops.len() != b.ops.len() {
            return Some(format!("{} operations and {}", a.ops.len(), b.ops.len()));
        }
        if !self.define(&a.args, &b.args) {
            return Some("arguments of a region".to_owned());
        }
        let (in_a, in_b) = (self.a, self.b);
        let mut pairs = a.ops.iter().zip(&b.ops).enumerate();
        pairs.find_map(|(i, (&a, &b))| {
            let (a, b) = (in_a.op(a), in_b.op(b));
            self.operation(a, b).map(|what| format!("operation {i}, {}: {what}", a.op.mnemonic()))
        })
    }

    fn operation(&mut self, a: &Operation, b: &Operation) -> Option<String> {
        if !same_op(&a.op, &b.op) {
            return Some(format!("{:?} and {:?}", a.op, b.op));
        }
        if !same_attributes(&a.attributes, &b.attributes) {
            return Some(format!("attributes {:?} and {:?}", a.attributes, b.attributes));
        }
        let equal = |(a, b): (&ValueId, &ValueId)| self.values.get(a) == Some(b);
        if a.operands.len() != b.operands.len() || !a.operands.iter().zip(&b.operands).all(equal) {
            return Some("operands".to_owned());
        }
        if a.regions.len() != b.regions.len() {
            return Some("number of regions".to_owned());
        }
        let inside = a.regions.iter().zip(&b.regions).find_map(|(&a, &b)| self.region(a, b));
        if inside.is_some() {
            return inside;
        }
        (!self.define(&a.results, &b.results)).then(|| "results".to_owned())
    }

    /// Pairs new values; false if their number or types differ.
    fn define(&mut self, a: &[ValueId], b: &[ValueId]) -> bool {
        self.values.extend(a.iter().copied().zip(b.iter().copied()));
        a.len() == b.len() && a.iter().zip(b).all(|(&a, &b)| self.a.ty(a) == self.b.ty(b))
    }
}

fn same_op(a: &Op, b: &Op) -> bool {
    if a.mnemonic() != b.mnemonic() {
        return false;
    }
    a == b || {
        let (a, b) = (a.attributes(), b.attributes());
        a.len() == b.len() && a.iter().zip(&b).all(|((_, a), (_, b))| same_attribute(a, b))
    }
}

fn same_attributes(a: &AttrMap, b: &AttrMap) -> bool {
    a.0.len() == b.0.len()
        && a.iter().all(|(name, value)| b.get(name).is_some_and(|other| same_attribute(value, other)))
}

fn same_attribute(a: &Attr, b: &Attr) -> bool {
    match (a, b) {
        (Attr::Dict(a), Attr::Dict(b)) => same_attributes(a, b),
        (Attr::Array(a), Attr::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same_attribute(a, b))
        }
        (Attr::Tensor(a), Attr::Tensor(b)) => same_literal(a, b),
        (Attr::Bool(a), Attr::Scalar(b)) | (Attr::Scalar(b), Attr::Bool(a)) => *b == tensor::Scalar::bool(*a),
        _ => a == b,
    }
}

fn same_literal(a: &Literal, b: &Literal) -> bool {
    use tensor::Data::{Dense, Splat};
    a.ty == b.ty
        && match (&a.data, &b.data) {
            (Splat(_), Splat(_)) | (Dense(_), Dense(_)) => a.data == b.data,
            (Splat(value), Dense(_)) => b.scalars().all(|element| element == *value),
            (Dense(_), Splat(value)) => a.scalars().all(|element| element == *value),
        }
}
