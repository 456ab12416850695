//! Printing the stages of a kernel, for one point.

use plan::{NodeId, NodeOp, Stage};

use super::expression::div_up;
use super::fold::{Fold, Form};
use super::lanes::Direction;
use super::print::{Printer, Scope};
use super::schedule::Placement;
use crate::lower::Refusal;
use crate::scalar::register;

/// Chunks that a thread folds before the sum joins that of the blocks before, at least.
const LEAST_BLOCK: i64 = 16;

/// Chunks whose loads are in flight at once: they are written out, since drivers do not unroll loops.
const UNROLL: i64 = 4;

/// The chunks of inner indices that a team visits: member `m` those from `first + m` by `team` below `last`.
struct Range {
    first: String,
    last: String,
    /// Number, or an upper limit of it where it depends on the workgroup.
    count: i64,
}

impl Printer<'_, '_> {
    /// Prints all stages of a point. `live` is a condition under which stores happen.
    pub fn stages(&mut self, live: Option<&str>) -> Result<(), Refusal> {
        for (row, dtype) in self.kernel.row_types().into_iter().enumerate() {
            let ty = register(dtype, self.scalars.features)?.wgsl();
            let names: Vec<String> =
                (0..self.schedule.lanes.of_rows()).map(|lane| self.row_name(row, lane)).collect();
            for name in &names {
                self.text.line(format_args!("var {name}: {ty};"));
            }
            self.rows.push(names);
        }
        let mut row = 0;
        let alone = self.kernel.stages.len() == 1;
        for stage in &self.kernel.stages {
            if !alone {
                self.text.open("{");
            }
            self.stage(stage, row, live)?;
            row += stage.reductions.iter().map(|reduction| reduction.initial.len()).sum::<usize>();
            if !alone {
                self.text.close();
            }
        }
        Ok(())
    }

    fn stage(&mut self, stage: &Stage, row: usize, live: Option<&str>) -> Result<(), Refusal> {
        let varying = self.schedule.lanes.varying(self.kernel, stage);
        let mut scope = Scope { stage, varying, values: vec![None; stage.nodes.len()], at_start: false };
        let wanted = scope.wanted();
        let mut folds = self.folds(&scope, row)?;
        let count: i64 = stage.inner.iter().product();
        if count == 0 {
            return self.finish_all(&mut scope, None, row);
        }
        self.nodes(&mut scope, &wanted, false)?;
        if stage.inner.is_empty() {
            for fold in &folds {
                self.take(&scope, fold)?;
            }
            self.write_locals(&scope)?;
            let first = (self.schedule.team > 1).then_some("member == 0u");
            let guard: Vec<&str> = live.into_iter().chain(first).collect();
            self.stores(&scope, (!guard.is_empty()).then(|| guard.join(" && ")).as_deref())?;
        } else {
            for fold in &folds {
                self.declare(fold, "")?;
            }
            let range = self.range(stage);
            self.walk(&mut scope, &folds, &wanted, &range, live)?;
            for fold in &mut folds {
                self.fold_lanes(fold)?;
                if let Form::Places { .. } = fold.form {
                    self.take_values(fold);
                }
            }
            let live_members = self.live_members(&range);
            self.fold_team(&folds, &live_members)?;
            folds.iter_mut().for_each(|fold| self.take_values(fold));
        }
        self.finish_all(&mut scope, Some(&folds), row)
    }

    /// The partial result of a single element.
    fn take(&mut self, scope: &Scope<'_>, fold: &Fold<'_>) -> Result<(), Refusal> {
        for (names, id) in fold.names.iter().zip(&fold.reduction.inputs) {
            for (lane, name) in names.iter().enumerate() {
                self.text.line(format_args!("var {name} = {};", scope.name(*id, lane as u32)));
            }
        }
        Ok(())
    }

    /// Chunks of a stage: inner indices, or groups of as many as there are lanes along them.
    fn range(&self, stage: &Stage) -> Range {
        let chunks = self.schedule.chunks(stage);
        let split = i64::from(self.schedule.split);
        if split == 1 {
            return Range { first: "0u".into(), last: format!("{chunks}u"), count: chunks };
        }
        let each = div_up(chunks, split);
        Range {
            first: format!("part * {each}u"),
            last: format!("min(part * {each}u + {each}u, {chunks}u)"),
            count: each,
        }
    }

    /// How many members of a team have an element.
    fn live_members(&self, range: &Range) -> String {
        if self.schedule.split == 1 {
            return format!("{}u", range.count);
        }
        format!("({} - {})", range.last, range.first)
    }

    /// Prints the loop over the chunks of a stage.
    fn walk(
        &mut self,
        scope: &mut Scope<'_>,
        folds: &[Fold<'_>],
        wanted: &[NodeId],
        range: &Range,
        live: Option<&str>,
    ) -> Result<(), Refusal> {
        let team = i64::from(self.schedule.team);
        let trips = div_up(range.count, team);
        let start = match (team, &range.first[..]) {
            (1, first) => first.to_owned(),
            (_, "0u") => "member".to_owned(),
            (_, first) => format!("{first} + member"),
        };
        if trips == 1 {
            self.text.open(format_args!("if ({start} < {}) {{", range.last));
            self.text.line(format_args!("let k = {start};"));
            self.chunk(scope, folds, wanted, "", true, live)?;
            self.text.close();
            return Ok(());
        }
        let bare = scope.stage.stores.is_empty() && scope.stage.scratch.is_empty();
        // Folds without a value that changes nothing begin with their first element.
        let peeled = folds.iter().any(|fold| fold.identity.is_none());
        if self.schedule.exact_trips(range.count).is_some() {
            let place = if team == 1 { "u".to_owned() } else { format!("member + u * {team}u") };
            // What a thread keeps of a row stays in registers if it is named by constants.
            let kept = team > 1 && self.keeps(scope.stage);
            let few = bare && trips <= 2 * UNROLL;
            let unrolled = if kept || few { trips } else { i64::from(peeled) };
            for turn in 0..unrolled {
                self.text.open("{");
                self.text.line(format_args!("const u = {turn}u;"));
                self.text.line(format_args!("let k = {place};"));
                self.chunk(scope, folds, wanted, "", turn == 0, live)?;
                self.text.close();
            }
            if unrolled < trips {
                self.text.open(format_args!("for (var u = {unrolled}u; u < {trips}u; u++) {{"));
                self.text.line(format_args!("let k = {place};"));
                self.chunk(scope, folds, wanted, "", false, live)?;
                self.text.close();
            }
            return Ok(());
        }
        let mut begin = start.clone();
        if peeled {
            self.text.open(format_args!("if ({start} < {}) {{", range.last));
            self.text.line(format_args!("let k = {start};"));
            self.chunk(scope, folds, wanted, "", true, live)?;
            self.text.close();
            begin = format!("{start} + {team}u");
        }
        let mut block = (trips as f64).sqrt().ceil() as i64;
        block = div_up(block.max(LEAST_BLOCK), UNROLL) * UNROLL;
        let blocked = trips > 2 * block && folds.iter().any(Fold::rounds);
        let (last, prefix) = if blocked { ("end".to_owned(), "part_") } else { (range.last.clone(), "") };
        if blocked {
            let stride = block * team;
            let line = format!("for (var block = {begin}; block < {}; block += {stride}u) {{", range.last);
            self.text.open(line);
            self.text.line(format_args!("let end = min(block + {stride}u, {});", range.last));
            for fold in folds.iter().filter(|fold| fold.identity.is_some()) {
                self.declare(fold, prefix)?;
            }
            begin = "block".to_owned();
        }
        if bare && trips >= UNROLL {
            self.text.line(format_args!("var next = {begin};"));
            let ahead = (UNROLL - 1) * team;
            self.text.open(format_args!("for (; next + {ahead}u < {last}; next += {}u) {{", UNROLL * team));
            for turn in 0..UNROLL {
                self.text.open("{");
                self.text.line(format_args!("let k = next + {}u;", turn * team));
                self.chunk(scope, folds, wanted, prefix, false, live)?;
                self.text.close();
            }
            self.text.close();
            begin = "next".to_owned();
        }
        self.text.open(format_args!("for (var k = {begin}; k < {last}; k += {team}u) {{"));
        self.chunk(scope, folds, wanted, prefix, false, live)?;
        self.text.close();
        if blocked {
            for fold in folds.iter().filter(|fold| fold.identity.is_some()) {
                self.join(fold, prefix)?;
            }
            self.text.close();
        }
        Ok(())
    }

    /// Whether a stage uses row-local arrays that threads keep to themselves.
    fn keeps(&self, stage: &Stage) -> bool {
        let read = stage.nodes.iter().filter_map(|node| match node.op {
            NodeOp::Scratch(array) => Some(array),
            _ => None,
        });
        let mut used = read.chain(stage.scratch.iter().map(|&(array, _)| array));
        used.any(|array| self.schedule.scratch[array] == Placement::Private)
    }

    /// Prints what is done at the chunk `k`; `first` says that it is the first of the thread.
    fn chunk(
        &mut self,
        scope: &mut Scope<'_>,
        folds: &[Fold<'_>],
        wanted: &[NodeId],
        prefix: &str,
        first: bool,
        live: Option<&str>,
    ) -> Result<(), Refusal> {
        let chunked = self.schedule.lanes.direction == Direction::Inner && self.schedule.lanes.width > 1;
        let rank = self.kernel.parallel.len();
        self.axes("k", rank, &scope.stage.inner, chunked);
        self.nodes(scope, wanted, true)?;
        for fold in folds {
            let prefix = if fold.identity.is_some() { prefix } else { "" };
            self.accumulate(scope, fold, prefix, first)?;
        }
        self.write_locals(scope)?;
        self.stores(scope, live)?;
        for (value, &inner) in scope.values.iter_mut().zip(&scope.varying.inner) {
            if inner {
                *value = None;
            }
        }
        Ok(())
    }

    /// Prints the row values of a stage.
    fn finish_all(
        &mut self,
        scope: &mut Scope<'_>,
        folds: Option<&[Fold<'_>]>,
        mut row: usize,
    ) -> Result<(), Refusal> {
        if let (Some(first), Some(folds)) = (self.partials, folds) {
            return self.store_partials(folds, first);
        }
        scope.at_start = true;
        for (number, reduction) in scope.stage.reductions.iter().enumerate() {
            self.nodes(scope, &reduction.initial, true)?;
            self.finish(scope, folds.map(|folds| &folds[number]), reduction, row)?;
            row += reduction.initial.len();
        }
        Ok(())
    }
}
