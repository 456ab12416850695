//! Printing folds: within a thread, over its lanes, and across the threads of a team.

use ops::{BinaryOp, ComparisonDirection};
use plan::{Combiner, Graph, NodeId, NodeOp, Reduction, Stage};
use tensor::{DType, DTypeClass, Scalar};

use super::lanes::Direction;
use super::node::lane_name;
use super::print::{Printer, Scope};
use crate::lower::Refusal;
use crate::scalar::{Register, register};

/// A reduction while it is printed.
pub(super) struct Fold<'a> {
    pub reduction: &'a Reduction,
    /// Types of the partial results.
    pub dtypes: Vec<DType>,
    /// What they are held as.
    pub form: Form,
    /// The WGSL function of a combiner graph.
    pub function: Option<String>,
    /// Value that changes nothing, where the combiner has one.
    pub identity: Option<Scalar>,
    /// Names of the partial results, by value and lane.
    pub names: Vec<Vec<String>>,
}

/// How partial results of a fold are held.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// As they are.
    Values,
    /// Floats as integers that this operation orders alike ([`Scalars::rank`]).
    ///
    /// [`Scalars::rank`]: crate::scalar::Scalars::rank
    Ranks(BinaryOp),
    /// Truth values as bits of integers, with the operation on these. Subgroups exchange integers, and NVIDIA's driver
    /// loses truth values in workgroup memory.
    Bits(BinaryOp),
    /// By a thread, of [`Graph::first_extreme`]: floats as integers, larger for what is taken earlier
    /// ([`Scalars::place`](crate::scalar::Scalars::place)), and positions. `ascending` says that a thread meets
    /// positions in their order.
    Places { direction: ComparisonDirection, ascending: bool },
}

impl Form {
    /// Of partial results of one operation.
    fn of(op: BinaryOp, dtype: DType) -> Form {
        match (dtype, op) {
            (DType::F32, BinaryOp::Maximum | BinaryOp::Minimum) => Form::Ranks(op),
            (DType::Bool, BinaryOp::Add | BinaryOp::Or | BinaryOp::Maximum) => Form::Bits(BinaryOp::Or),
            (DType::Bool, BinaryOp::Multiply | BinaryOp::And | BinaryOp::Minimum) => {
                Form::Bits(BinaryOp::And)
            }
            (DType::Bool, BinaryOp::Xor) => Form::Bits(op),
            _ => Form::Values,
        }
    }
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
    /// The type in which a partial result is held.
    pub fn held(&self, value: usize) -> DType {
        match self.form {
            Form::Values => self.dtypes[value],
            Form::Ranks(_) => DType::I32,
            Form::Bits(_) => DType::U32,
            Form::Places { .. } => [DType::I32, self.dtypes[1]][value],
        }
    }

    /// Whether more steps mean more rounding errors.
    pub fn rounds(&self) -> bool {
        matches!(self.reduction.combiner, Combiner::Binary(BinaryOp::Add))
            && self.dtypes.iter().any(|dtype| dtype.is_float() || dtype.is_complex())
    }
}

impl Printer<'_, '_> {
    /// The folds of a stage, whose first result is a row value.
    ///
    /// # Errors
    /// If the device cannot combine the values.
    pub fn folds<'s>(&mut self, scope: &Scope<'s>, row: usize) -> Result<Vec<Fold<'s>>, Refusal> {
        let mut count = 0;
        let mut folds = Vec::new();
        for reduction in &scope.stage.reductions {
            let dtypes: Vec<DType> = reduction
                .inputs
                .iter()
                .map(|id| accumulator(&reduction.combiner, scope.stage.nodes[id.index()].dtype))
                .collect();
            // A single element is not folded.
            let form = match reduction.combiner {
                _ if scope.stage.inner.is_empty() => Form::Values,
                Combiner::Binary(op) => Form::of(op, dtypes[0]),
                Combiner::Graph(ref graph) => self.places(scope, reduction, graph, row + count),
            };
            let (identity, function) = match (&reduction.combiner, form) {
                (Combiner::Binary(op), Form::Values | Form::Places { .. }) => {
                    (identity(*op, dtypes[0]), None)
                }
                (_, Form::Ranks(op)) => (identity(op, DType::I32), None),
                (_, Form::Bits(op)) => (identity(op, DType::U32), None),
                (Combiner::Graph(graph), _) => (None, Some(self.scalars.graph(graph)?)),
            };
            let lanes = self.schedule.lanes.of_stage(scope.stage);
            let names = dtypes
                .iter()
                .map(|_| {
                    count += 1;
                    (0..lanes).map(|lane| lane_name(&format!("f{}", count - 1), lane, lanes)).collect()
                })
                .collect();
            folds.push(Fold { reduction, dtypes, form, function, identity, names });
        }
        Ok(folds)
    }

    /// How a fold by a graph is held: by places if it takes the first of the largest or smallest values and only its
    /// position is used, since places lose the sign of zero.
    fn places(&self, scope: &Scope<'_>, reduction: &Reduction, graph: &Graph, row: usize) -> Form {
        let [value, position] = graph.arguments[..2] else { return Form::Values };
        let extreme = |&direction: &ComparisonDirection| {
            Graph::first_extreme(direction, value, position).as_ref() == Some(graph)
        };
        let direction = [ComparisonDirection::Gt, ComparisonDirection::Lt].into_iter().find(extreme);
        let used = |stage: &Stage| stage.nodes.iter().any(|node| node.op == NodeOp::Row(row));
        let (Some(direction), false) = (direction, self.kernel.stages.iter().any(used)) else {
            return Form::Values;
        };
        if register(value, self.scalars.features).ok() != Some(Register::F32) {
            return Form::Values;
        }
        let ascending = match &scope.stage.nodes[reduction.inputs[1].index()].op {
            NodeOp::Index(index) => {
                let inner = |term: &&plan::Term| term.axis >= self.kernel.parallel.len();
                let mut terms = index.terms.iter().filter(inner);
                scope.stage.inner.len() == 1 && terms.all(|term| term.is_plain() && term.stride > 0)
            }
            _ => false,
        };
        Form::Places { direction, ascending }
    }

    /// Declares the partial results.
    pub fn declare(&mut self, fold: &Fold<'_>, prefix: &str) -> Result<(), Refusal> {
        for (value, names) in fold.names.iter().enumerate() {
            let ty = register(fold.held(value), self.scalars.features)?.wgsl();
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
    /// a thread is taken as it is.
    pub fn accumulate(
        &mut self,
        scope: &Scope<'_>,
        fold: &Fold<'_>,
        prefix: &str,
        first: bool,
    ) -> Result<(), Refusal> {
        for lane in 0..fold.names[0].len() {
            let targets: Vec<String> =
                fold.names.iter().map(|names| format!("{prefix}{}", names[lane])).collect();
            let mut elements: Vec<String> =
                fold.reduction.inputs.iter().map(|&id| scope.name(id, lane as u32).to_owned()).collect();
            match fold.form {
                Form::Values => {}
                Form::Ranks(op) => {
                    elements[0] = self.scalars.rank(op, &elements[0]).expect("the operation has ranks");
                }
                Form::Bits(_) => elements[0] = format!("select(0u, 1u, {})", elements[0]),
                Form::Places { direction, .. } => elements[0] = self.scalars.place(direction, &elements[0]),
            }
            if let (Form::Places { ascending: true, .. }, false) = (fold.form, first) {
                // An equal value comes later.
                self.pick(&targets, &targets, &elements, "place <= best");
                continue;
            }
            if fold.identity.is_some() || !first {
                self.combine(fold, &targets, &targets, &elements)?;
                continue;
            }
            for (target, element) in targets.iter().zip(&elements) {
                self.text.line(format_args!("{target} = {element};"));
            }
        }
        Ok(())
    }

    /// Prints `targets = combine(a, b)`.
    pub fn combine(
        &mut self,
        fold: &Fold<'_>,
        targets: &[String],
        a: &[String],
        b: &[String],
    ) -> Result<(), Refusal> {
        if let Combiner::Binary(op) = fold.reduction.combiner {
            let op = if let Form::Bits(op) = fold.form { op } else { op };
            let value = self.scalars.binary(op, fold.held(0), &a[0], &b[0])?;
            self.text.line(format_args!("{} = {value};", targets[0]));
            return Ok(());
        }
        if let Form::Places { .. } = fold.form {
            let condition = format!("place < best || (place == best && {} < {})", a[1], b[1]);
            self.pick(targets, a, b, &condition);
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

    /// Prints the choice of one of two places and its position: of `a`, whose place is `best`, on a condition.
    fn pick(&mut self, targets: &[String], a: &[String], b: &[String], condition: &str) {
        self.text.open("{");
        self.text.line(format_args!("let best = {};", a[0]));
        self.text.line(format_args!("let place = {};", b[0]));
        self.text.line(format_args!("let keep = {condition};"));
        self.text.line(format_args!("{} = select({}, {}, keep);", targets[1], b[1], a[1]));
        self.text.line(format_args!("{} = select(place, best, keep);", targets[0]));
        self.text.close();
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

    /// Takes what is held in another form for the values that it stands for.
    pub fn take_values(&mut self, fold: &mut Fold<'_>) {
        let form = std::mem::replace(&mut fold.form, Form::Values);
        if form == Form::Values {
            return;
        }
        for name in &mut fold.names[0] {
            let value = match form {
                Form::Ranks(op) => self.scalars.of_rank(op, name).expect("the operation has ranks"),
                Form::Places { direction, .. } => self.scalars.of_place(direction, name),
                _ => format!("({name} != 0u)"),
            };
            self.text.line(format_args!("var {name}_value = {value};"));
            name.push_str("_value");
        }
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
