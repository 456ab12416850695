//! Operands whose rows and terms are nested dimensions, some of them positions in a padded array.
//!
//! The functions printed depend on the number and kinds of dimensions; sizes and steps travel in a table that each
//! invocation reads once.

use std::fmt::Write;

use super::operand::Access;
use crate::features::Features;

/// A dimension of rows or terms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::library) struct Axis {
    /// Size.
    pub size: i64,
    /// Distance in the array, in elements.
    pub step: i64,
    /// Spatial dimension, and the distance in its positions.
    pub along: Option<(usize, i64)>,
}

/// A spatial dimension of a gathered array.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::library) struct Spatial {
    /// Elements.
    pub size: i64,
    /// Position of the first term of the first row.
    pub base: i64,
    /// Whether positions may lie outside.
    pub checked: bool,
}

/// An operand by dimensions, outermost first.
#[derive(Clone, Debug)]
pub(in crate::library) struct Gathered {
    /// Kept dimensions.
    pub rows: Vec<Axis>,
    /// Contracted dimensions.
    pub terms: Vec<Axis>,
    /// Spatial dimensions that axes refer to.
    pub spatial: Vec<Spatial>,
    /// Index of the first term of the first row; may be negative where positions are checked.
    pub start: i64,
}

/// The step of dimensions that are evenly spaced, as one.
pub(in crate::library) fn even_step(axes: &[Axis]) -> Option<i64> {
    let mut inner: Option<&Axis> = None;
    let mut extent = 1;
    for axis in axes.iter().rev() {
        match inner {
            None => extent = axis.size * axis.step,
            Some(_) if axis.step == extent => extent *= axis.size,
            Some(_) => return None,
        }
        inner = inner.or(Some(axis));
    }
    Some(inner.map_or(1, |axis| axis.step))
}

impl Gathered {
    /// How to read it, where batch elements are `batch_step` apart.
    pub fn access(&self, dtype: tensor::DType, batch_step: i64) -> Access {
        let fours = |value: i64| value % 4 == 0;
        let all = |axes: &[Axis]| axes.iter().all(|axis| fours(axis.step));
        let contiguous = |axes: &[Axis]| {
            axes.split_last().is_some_and(|(last, rest)| {
                last.step == 1 && last.along.is_none() && fours(last.size) && all(rest)
            })
        };
        let start = fours(self.start) && fours(batch_step);
        if start && contiguous(&self.terms) && all(&self.rows) {
            return Access { dtype, along_k: true, wide: true };
        }
        if start && contiguous(&self.rows) && all(&self.terms) {
            return Access { dtype, along_k: false, wide: true };
        }
        let last = |axes: &[Axis]| axes.last().map_or(i64::MAX, |axis| axis.step.abs());
        Access { dtype, along_k: last(&self.terms) <= last(&self.rows), wide: false }
    }
}

/// Values that shaders read from a table.
#[derive(Clone, Debug, Default)]
pub(in crate::library) struct Table {
    names: Vec<String>,
    /// The contents.
    pub values: Vec<u32>,
}

impl Table {
    fn add(&mut self, name: String, value: u32) -> String {
        self.names.push(name.clone());
        self.values.push(value);
        name
    }

    /// Declarations of the values, and the function `setup` that reads them from binding `number`.
    pub fn functions(&self, number: u32) -> String {
        let mut text = String::new();
        for name in &self.names {
            let _ = writeln!(text, "var<private> {name}: u32;");
        }
        text.push_str("fn setup() {\n");
        for (at, name) in self.names.iter().enumerate() {
            let _ = writeln!(text, "    {name} = b{number}[args.at{number} + {at}u];");
        }
        text.push_str("}\n");
        text
    }
}

/// Division of numbers below 2^21 by way of the divisor's inverse; others must use `/`.
pub(in crate::library) const DIVIDE: &str = "fn divide(value: u32, divisor: u32, inverse: u32) -> u32 {
    let guess = u32(f32(value) * bitcast<f32>(inverse));
    let rest = bitcast<i32>(value - guess * divisor);
    return select(select(guess, guess + 1u, rest >= bitcast<i32>(divisor)), guess - 1u, rest < 0);
}
";

/// Largest number that `divide` takes.
const MAX_DIVIDED: i64 = 1 << 21;

/// What a decoded index adds to: `at`, and positions of checked dimensions.
fn place(positions: &[usize]) -> String {
    let fields: String = positions.iter().map(|dim| format!(", y{dim}: i32")).collect();
    format!("at: u32, inside: bool{fields}")
}

/// Prints the decoding of `index` into `place`; `step` is the unit of steps, `quads` says that the innermost axis is
/// counted in fours.
fn decode(
    table: &mut Table,
    prefix: &str,
    axes: &[Axis],
    positions: &[usize],
    step: i64,
    quads: bool,
) -> String {
    let mut text = String::from("    var rest = index;\n");
    let len: i64 = axes.iter().map(|axis| axis.size).product();
    for (number, axis) in axes.iter().enumerate().rev() {
        if number > 0 {
            let size = table.add(format!("{prefix}_size{number}"), axis.size as u32);
            let inverse = table.add(format!("{prefix}_inverse{number}"), (1.0 / axis.size as f32).to_bits());
            let quotient = match len < MAX_DIVIDED {
                true => format!("divide(rest, {size}, {inverse})"),
                false => format!("rest / {size}"),
            };
            let _ = writeln!(text, "    let quotient{number} = {quotient};");
            let _ = writeln!(text, "    let digit{number} = rest - quotient{number} * {size};");
            let _ = writeln!(text, "    rest = quotient{number};");
        } else {
            text.push_str("    let digit0 = rest;\n");
        }
        if quads && number + 1 == axes.len() {
            let _ = writeln!(text, "    place.at += digit{number} / 4u;");
        } else {
            let step = table.add(format!("{prefix}_step{number}"), (axis.step / step) as u32);
            let _ = writeln!(text, "    place.at += digit{number} * {step};");
        }
        if let Some((dim, distance)) = axis.along.filter(|(dim, _)| positions.contains(dim)) {
            let distance = table.add(format!("{prefix}_distance{number}"), distance as u32);
            let _ = writeln!(text, "    place.y{dim} += bitcast<i32>(digit{number} * {distance});");
        }
    }
    text
}

/// Prints `NAME_row` and `NAME_load` of a gathered operand, as `matmul_operand.wgsl` has them for dense ones.
pub(in crate::library) fn functions(
    name: &str,
    gathered: &Gathered,
    access: Access,
    number: &str,
    features: &Features,
    table: &mut Table,
) -> String {
    let Access { along_k, wide, .. } = access;
    let storage = access.storage(features);
    let read = storage.read.replace("NUMBER", number);
    let positions: Vec<usize> =
        (0..gathered.spatial.len()).filter(|&dim| gathered.spatial[dim].checked).collect();
    let (binding, at) = if name == "lhs" { ("b0", "args.at0") } else { ("b1", "args.at1") };
    let step = access.step();
    let mut text = format!("struct {name}_place {{ {} }}\n", place(&positions));
    // One element or quad.
    if wide {
        let _ = write!(
            text,
            "fn {name}_at(at: u32, inside: bool) -> vec4<{number}> {{\n    let word = {binding}[{at} + select(0u, at, inside)];\n    return select(vec4<{number}>(), {read}, inside);\n}}\n"
        );
    } else {
        let per = storage.per;
        let _ = write!(
            text,
            "fn {name}_at(at: u32, inside: bool) -> {number} {{\n    let word = {binding}[{at} + select(0u, at, inside) / {per}u];\n    return select({number}(), {read}, inside);\n}}\n"
        );
    }
    let start = table.add(format!("{name}_start"), (gathered.start / step) as u32);
    let _ = write!(
        text,
        "fn {name}_place_row(index: u32, rows: u32) -> {name}_place {{\n    var place = {name}_place();\n    place.at = {start};\n    place.inside = index < rows;\n"
    );
    for &dim in &positions {
        let base = table.add(format!("{name}_base{dim}"), gathered.spatial[dim].base as u32);
        let _ = writeln!(text, "    place.y{dim} = bitcast<i32>({base});");
    }
    text += &decode(table, &format!("{name}_row"), &gathered.rows, &positions, step, wide && !along_k);
    let _ = write!(
        text,
        "    return place;\n}}\nfn {name}_place_term(index: u32, end: u32) -> {name}_place {{\n    var place = {name}_place();\n    place.inside = index < end;\n"
    );
    text += &decode(table, &format!("{name}_term"), &gathered.terms, &positions, step, wide && along_k);
    let _ = write!(
        text,
        "    return place;\n}}\nfn {name}_meet(base: u32, row: {name}_place, term: {name}_place) -> {} {{\n    var inside = row.inside && term.inside;\n",
        if wide { format!("vec4<{number}>") } else { number.to_owned() }
    );
    for &dim in &positions {
        let size = table.add(format!("{name}_spatial{dim}"), gathered.spatial[dim].size as u32);
        let _ = writeln!(text, "    inside = inside && bitcast<u32>(row.y{dim} + term.y{dim}) < {size};");
    }
    let _ = write!(text, "    return {name}_at(base + row.at + term.at, inside);\n}}\n");
    let four = |make: &dyn Fn(u32) -> String| (0..4).map(make).collect::<Vec<_>>().join(", ");
    let row = |offset: u32| format!("{name}_place_row(row + {offset}u, rows)");
    let term = |offset: u32| format!("{name}_place_term(k + {offset}u, end)");
    let (kind, rows, load) = match (wide, along_k) {
        (true, _) => (format!("{name}_place"), row(0), format!("{name}_meet(base, row, {})", term(0))),
        (false, true) => (
            format!("{name}_place"),
            row(0),
            format!("vec4<{number}>({})", four(&|i| format!("{name}_meet(base, row, {})", term(i)))),
        ),
        (false, false) => (
            format!("array<{name}_place, 4>"),
            format!("array<{name}_place, 4>({})", four(&row)),
            format!("vec4<{number}>({})", four(&|i| format!("{name}_meet(base, row[{i}], term)"))),
        ),
    };
    let shared = if !wide && !along_k { format!("    let term = {};\n", term(0)) } else { String::new() };
    let _ = write!(
        text,
        "fn {name}_row(row: u32, rows: u32) -> {kind} {{\n    return {rows};\n}}\nfn {name}_load(base: u32, row: {kind}, k: u32, end: u32) -> vec4<{number}> {{\n{shared}    return {load};\n}}\n"
    );
    text
}

/// Prints `out_row`: where a row of nested dimensions starts in the result, whose steps count `unit` elements.
pub(in crate::library) fn out_row(rows: &[Axis], start: i64, unit: i64, table: &mut Table) -> String {
    let start = table.add("out_start".into(), (start / unit) as u32);
    let body = decode(table, "out", rows, &[], unit, false);
    format!(
        "struct out_place {{ at: u32 }}\nfn out_row(index: u32) -> u32 {{\n    var place = out_place({start});\n{body}    return place.at;\n}}\n"
    )
}
