//! Printing folds: within a thread, over its lanes, and across the threads of a team.

use ops::BinaryOp;
use plan::{Combiner, NodeId, Reduction};
use tensor::{DType, DTypeClass, Scalar};

use super::lanes::Direction;
use super::node::lane_name;
use super::print::{Printer, Scope};
use crate::lower::Refusal;
use crate::scalar::register;

/// A reduction while it is printed.
pub(super) struct Fold<'a> {
    pub reduction: &'a Reduction,
    /// Types in which partial results are held.
    pub dtypes: Vec<DType>,
    /// The WGSL function of a combiner graph.
    pub function: Option<String>,
    /// Value that changes nothing, where the combiner has one.
    pub identity: Option<Scalar>,
    /// Names of the partial results, by value and lane.
    pub names: Vec<Vec<String>>,
}

/// The type in which partial results of a fold are held: f32 for narrower floats that an operation folds.
pub(super) fn accumulator(combiner: &Combiner, dtype: DType) -> DType {
    match combiner {
        Combiner::Binary(_) if dtype.is_float() && dtype.bits() <= 16 => DType::F32,
        _ => dtype,
    }
}

/// The value that an operation ignores: negative zero for sums, so that a sum of negative zeros is one.
pub(super) fn identity(op: BinaryOp, dtype: DType) -> Option<Scalar> {
    let class = dtype.class();
    let ones = match class {
        DTypeClass::Bool => Scalar::bool(true),
        DTypeClass::Signed => Scalar::from_i64(dtype, -1),
        DTypeClass::Unsigned => Scalar::from_i128(dtype, (1 << dtype.bits()) - 1),
        DTypeClass::Float | DTypeClass::Complex => Scalar::zero(dtype),
    };
    let extreme = |largest: bool| match class {
        DTypeClass::Bool => Some(Scalar::bool(largest)),
        DTypeClass::Signed => {
            let top = (1_i128 << (dtype.bits() - 1)) - 1;
            Some(Scalar::from_i128(dtype, if largest { top } else { -top - 1 }))
        }
        DTypeClass::Unsigned => Some(if largest { ones } else { Scalar::zero(dtype) }),
        DTypeClass::Float => {
            Some(Scalar::from_f64(dtype, if largest { f64::INFINITY } else { f64::NEG_INFINITY }))
        }
        DTypeClass::Complex => None,
    };
    match op {
        BinaryOp::Add if class == DTypeClass::Float => Some(Scalar::from_f64(dtype, -0.0)),
        BinaryOp::Add | BinaryOp::Or | BinaryOp::Xor => Some(Scalar::zero(dtype)),
        BinaryOp::Multiply => Some(Scalar::one(dtype)),
        BinaryOp::Maximum => extreme(false),
        BinaryOp::Minimum => extreme(true),
        BinaryOp::And => Some(ones),
        _ => None,
    }
}

impl Fold<'_> {
    /// Whether more steps mean more rounding errors.
    pub fn rounds(&self) -> bool {
        matches!(self.reduction.combiner, Combiner::Binary(BinaryOp::Add))
            && self.dtypes.iter().any(|dtype| dtype.is_float() || dtype.is_complex())
    }
}

impl Printer<'_, '_> {
    /// The folds of a stage.
    pub fn folds<'s>(&mut self, scope: &Scope<'s>) -> Result<Vec<Fold<'s>>, Refusal> {
        let mut count = 0;
        let mut folds = Vec::new();
        for reduction in &scope.stage.reductions {
            let dtypes: Vec<DType> = reduction
                .inputs
                .iter()
                .map(|id| accumulator(&reduction.combiner, scope.stage.nodes[id.index()].dtype))
                .collect();
            let (identity, function) = match &reduction.combiner {
                Combiner::Binary(op) => (identity(*op, dtypes[0]), None),
                Combiner::Graph(graph) => (None, Some(self.scalars.graph(graph)?)),
            };
            let lanes = self.schedule.lanes.of_stage(scope.stage);
            let names = dtypes
                .iter()
                .map(|_| {
                    count += 1;
                    (0..lanes).map(|lane| lane_name(&format!("f{}", count - 1), lane, lanes)).collect()
                })
                .collect();
            folds.push(Fold { reduction, dtypes, function, identity, names });
        }
        Ok(folds)
    }

    /// Declares the partial results.
    pub fn declare(&mut self, fold: &Fold<'_>, prefix: &str) -> Result<(), Refusal> {
        for (names, &dtype) in fold.names.iter().zip(&fold.dtypes) {
            let ty = register(dtype, self.scalars.features)?.wgsl();
            for name in names {
                match fold.identity {
                    Some(value) => {
                        let value = self.scalars.constant(value)?;
                        self.text.line(format_args!("var {prefix}{name} = {value};"));
                    }
                    None => self.text.line(format_args!("var {prefix}{name}: {ty};")),
                }
            }
        }
        Ok(())
    }

    /// Prints the fold of the current elements into the partial results. Without an identity the first element of
    /// a thread, where `first` holds, is taken as it is.
    pub fn accumulate(
        &mut self,
        scope: &Scope<'_>,
        fold: &Fold<'_>,
        prefix: &str,
        first: &str,
    ) -> Result<(), Refusal> {
        for lane in 0..fold.names[0].len() {
            let targets: Vec<String> =
                fold.names.iter().map(|names| format!("{prefix}{}", names[lane])).collect();
            let elements: Vec<String> =
                fold.reduction.inputs.iter().map(|&id| scope.name(id, lane as u32).to_owned()).collect();
            if fold.identity.is_some() {
                self.combine(fold, &targets, &targets, &elements)?;
                continue;
            }
            self.text.open(format_args!("if ({first}) {{"));
            for (target, element) in targets.iter().zip(&elements) {
                self.text.line(format_args!("{target} = {element};"));
            }
            self.text.close();
            self.text.open("else {");
            self.combine(fold, &targets, &targets, &elements)?;
            self.text.close();
        }
        Ok(())
    }

    /// Prints `targets = combine(a, b)`.
    fn combine(
        &mut self,
        fold: &Fold<'_>,
        targets: &[String],
        a: &[String],
        b: &[String],
    ) -> Result<(), Refusal> {
        if let Combiner::Binary(op) = fold.reduction.combiner {
            let value = self.scalars.binary(op, fold.dtypes[0], &a[0], &b[0])?;
            self.text.line(format_args!("{} = {value};", targets[0]));
            return Ok(());
        }
        let name = fold.function.as_ref().expect("a graph is a function");
        let arguments = [a, b].concat().join(", ");
        if let [target] = targets {
            self.text.line(format_args!("{target} = {name}({arguments});"));
            return Ok(());
        }
        self.text.open("{");
        self.text.line(format_args!("let both = {name}({arguments});"));
        for (number, target) in targets.iter().enumerate() {
            self.text.line(format_args!("{target} = both.r{number};"));
        }
        self.text.close();
        Ok(())
    }

    /// Prints the fold of a block's partial results, of names with a prefix, into those of the whole.
    pub fn join(&mut self, fold: &Fold<'_>, prefix: &str) -> Result<(), Refusal> {
        for lane in 0..fold.names[0].len() {
            let whole: Vec<String> = fold.names.iter().map(|names| names[lane].clone()).collect();
            let part: Vec<String> = whole.iter().map(|name| format!("{prefix}{name}")).collect();
            self.combine(fold, &whole, &whole, &part)?;
        }
        Ok(())
    }

    /// Folds the lanes of each thread, where they lie along inner indices.
    pub fn fold_lanes(&mut self, fold: &mut Fold<'_>) -> Result<(), Refusal> {
        if self.schedule.lanes.direction != Direction::Inner {
            return Ok(());
        }
        let mut lanes = fold.names[0].len();
        while lanes > 1 {
            lanes /= 2;
            for lane in 0..lanes {
                let pick =
                    |lane: usize| fold.names.iter().map(|names| names[lane].clone()).collect::<Vec<_>>();
                let (a, b) = (pick(lane), pick(lane + lanes));
                self.combine(fold, &a, &a, &b)?;
            }
        }
        fold.names.iter_mut().for_each(|names| names.truncate(1));
        Ok(())
    }

    /// Folds across the members of each team by a tree in workgroup memory; afterwards all members have the result.
    /// `live` is the number of members that have one.
    pub fn fold_team(&mut self, folds: &[Fold<'_>], live: &str) -> Result<(), Refusal> {
        let (team, threads) = (self.schedule.team, self.schedule.threads);
        if team == 1 || folds.is_empty() {
            return Ok(());
        }
        let step = if self.schedule.members_first { 1 } else { self.schedule.points() };
        let mut memory: Vec<Vec<Vec<String>>> = Vec::new();
        let mut count = 0;
        for fold in folds {
            let mut arrays = Vec::new();
            for (names, &dtype) in fold.names.iter().zip(&fold.dtypes) {
                let register = register(dtype, self.scalars.features)?;
                let cells = names.iter().map(|_| {
                    count += 1;
                    self.shared.array(&format!("t{}", count - 1), register, threads)
                });
                arrays.push(cells.collect());
            }
            memory.push(arrays);
        }
        for (fold, arrays) in folds.iter().zip(&memory) {
            for (names, arrays) in fold.names.iter().zip(arrays) {
                for (name, array) in names.iter().zip(arrays) {
                    self.text.line(format_args!("{array}[lid] = {name};"));
                }
            }
        }
        self.text.line("workgroupBarrier();");
        self.text.open(format_args!("for (var half = {}u; half > 0u; half >>= 1u) {{", team / 2));
        self.text.open("if (member < half) {");
        let other = if step == 1 { "lid + half".to_owned() } else { format!("lid + half * {step}u") };
        self.text.line(format_args!("let other = {other};"));
        for (fold, arrays) in folds.iter().zip(&memory) {
            if fold.identity.is_none() {
                self.text.open(format_args!("if (member + half < {live}) {{"));
            }
            for lane in 0..fold.names[0].len() {
                let own: Vec<String> = arrays.iter().map(|arrays| format!("{}[lid]", arrays[lane])).collect();
                let others: Vec<String> =
                    arrays.iter().map(|arrays| format!("{}[other]", arrays[lane])).collect();
                self.combine_cells(fold, &own, &others)?;
            }
            if fold.identity.is_none() {
                self.text.close();
            }
        }
        self.text.close();
        self.text.line("workgroupBarrier();");
        self.text.close();
        let first = if self.schedule.members_first { format!("slot * {team}u") } else { "slot".to_owned() };
        for (fold, arrays) in folds.iter().zip(&memory) {
            for (names, arrays) in fold.names.iter().zip(arrays) {
                for (name, array) in names.iter().zip(arrays) {
                    self.text.line(format_args!("{name} = {array}[{first}];"));
                }
            }
        }
        self.text.line("workgroupBarrier();");
        Ok(())
    }

    /// Combines elements of workgroup memory, through names.
    fn combine_cells(&mut self, fold: &Fold<'_>, own: &[String], others: &[String]) -> Result<(), Refusal> {
        self.text.open("{");
        let mut named = |cells: &[String], prefix: &str| -> Vec<String> {
            let mut names = Vec::new();
            for (number, cell) in cells.iter().enumerate() {
                let name = format!("{prefix}{number}");
                self.text.line(format_args!("let {name} = {cell};"));
                names.push(name);
            }
            names
        };
        let (a, b) = (named(own, "a"), named(others, "b"));
        self.combine(fold, own, &a, &b)?;
        self.text.close();
        Ok(())
    }

    /// Prints the row values from the partial results: combined with the starting values, rounded to their type.
    pub fn finish(
        &mut self,
        scope: &Scope<'_>,
        fold: Option<&Fold<'_>>,
        reduction: &Reduction,
        row: usize,
    ) -> Result<(), Refusal> {
        for lane in 0..self.schedule.lanes.of_rows() {
            let targets: Vec<String> =
                (0..reduction.initial.len()).map(|value| self.row_name(row + value, lane)).collect();
            let initial: Vec<String> =
                reduction.initial.iter().map(|&id| scope.name(id, lane).to_owned()).collect();
            let Some(fold) = fold else {
                for (target, initial) in targets.iter().zip(&initial) {
                    self.text.line(format_args!("{target} = {initial};"));
                }
                continue;
            };
            let folded: Vec<String> = fold.names.iter().map(|names| names[lane as usize].clone()).collect();
            self.combine(fold, &targets, &initial, &folded)?;
            let dtype = self.dtype(scope, reduction.inputs[0]);
            if fold.dtypes[0] != dtype {
                let rounded = self.scalars.convert(fold.dtypes[0], dtype, &targets[0])?;
                self.text.line(format_args!("{} = {rounded};", targets[0]));
            }
        }
        Ok(())
    }

    /// Stores the partial results of a workgroup's share of each row.
    pub fn store_partials(&mut self, folds: &[Fold<'_>], first: usize) -> Result<(), Refusal> {
        let split = self.schedule.split;
        let rows = self.schedule.lanes.of_rows();
        let mut number = first;
        let condition = if self.schedule.team > 1 { "live && member == 0u" } else { "true" };
        self.text.open(format_args!("if ({condition}) {{"));
        for fold in folds {
            for (names, dtype) in fold.names.iter().zip(&fold.dtypes) {
                for (lane, name) in names.iter().enumerate() {
                    let value =
                        if *dtype == DType::Bool { format!("select(0u, 1u, {name})") } else { name.clone() };
                    let row =
                        if rows == 1 { "point".to_owned() } else { format!("(point * {rows}u + {lane}u)") };
                    let place = self.arrays[number].at(&format!("{row} * {split}u + part"));
                    self.text.line(format_args!("{place} = {value};"));
                }
                number += 1;
            }
        }
        self.text.close();
        Ok(())
    }

    fn dtype(&self, scope: &Scope<'_>, id: NodeId) -> DType {
        scope.stage.nodes[id.index()].dtype
    }

    /// The variable of a row value in a lane.
    pub fn row_name(&self, row: usize, lane: u32) -> String {
        lane_name(&format!("r{row}"), lane, self.schedule.lanes.of_rows())
    }
}
