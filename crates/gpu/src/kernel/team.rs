//! Printing folds across the threads of a team.

use super::fold::Fold;
use super::print::Printer;
use crate::lower::Refusal;
use crate::scalar::{Register, register};

/// Names of arrays of workgroup memory: by fold, value and lane.
type Cells = Vec<Vec<Vec<String>>>;

impl Printer<'_, '_> {
    /// Folds across the members of each team; afterwards all members have the result. `live` is the number of members
    /// that have a partial one. All threads get here together.
    pub fn fold_team(&mut self, folds: &[Fold<'_>], live: &str) -> Result<(), Refusal> {
        if self.schedule.team == 1 || folds.is_empty() {
            return Ok(());
        }
        match self.scalars.features.subgroup {
            Some((size, _)) if self.schedule.members_first && self.shuffle(folds)? => {
                self.fold_by_subgroups(folds, size, live)
            }
            _ => self.fold_by_tree(folds, live),
        }
    }

    /// Whether all partial results can be exchanged within subgroups.
    fn shuffle(&self, folds: &[Fold<'_>]) -> Result<bool, Refusal> {
        let mut all = true;
        for fold in folds {
            for value in 0..fold.names.len() {
                let register = register(fold.held(value), self.scalars.features)?;
                all &= matches!(register, Register::F32 | Register::I32 | Register::U32);
            }
        }
        Ok(all)
    }

    /// Exchanges within subgroups, whose members are neighbouring threads, then in workgroup memory between them. Subgroups
    /// may have more threads than `size`, so lanes are counted from one's own. Where
    /// all members have a partial result they come to the same bits, since the operations commute; otherwise the first
    /// member of each subgroup has that of the subgroup.
    fn fold_by_subgroups(&mut self, folds: &[Fold<'_>], size: u32, live: &str) -> Result<(), Refusal> {
        let team = self.schedule.team;
        let within = size.min(team);
        let mut half = within / 2;
        while half > 0 {
            for fold in folds {
                for lane in 0..fold.names[0].len() {
                    self.exchange(fold, lane, half, within, live)?;
                }
            }
            half /= 2;
        }
        let parts = team / within;
        if parts == 1 {
            for fold in folds.iter().filter(|fold| fold.identity.is_none()) {
                self.give_to_all(fold, within);
            }
            return Ok(());
        }
        let memory = self.cells(folds, parts * self.schedule.points())?;
        self.text.line(format_args!("let parts = slot * {parts}u;"));
        self.text.open(format_args!("if (member % {within}u == 0u) {{"));
        for (name, array) in named_cells(folds, &memory) {
            self.text.line(format_args!("{array}[parts + member / {within}u] = {name};"));
        }
        self.text.close();
        self.text.line("workgroupBarrier();");
        for (name, array) in named_cells(folds, &memory) {
            self.text.line(format_args!("{name} = {array}[parts];"));
        }
        self.text.open(format_args!("for (var i = 1u; i < {parts}u; i++) {{"));
        for (fold, arrays) in folds.iter().zip(&memory) {
            if fold.identity.is_none() {
                self.text.open(format_args!("if (i * {within}u < {live}) {{"));
            }
            for lane in 0..fold.names[0].len() {
                let own: Vec<String> = fold.names.iter().map(|names| names[lane].clone()).collect();
                let others: Vec<String> =
                    arrays.iter().map(|arrays| format!("{}[parts + i]", arrays[lane])).collect();
                self.combine_cells(fold, &own, &own, &others)?;
            }
            if fold.identity.is_none() {
                self.text.close();
            }
        }
        self.text.close();
        self.text.line("workgroupBarrier();");
        Ok(())
    }

    /// Gives the partial results of the first member to all of a team of `within` threads of a subgroup.
    fn give_to_all(&mut self, fold: &Fold<'_>, within: u32) {
        for name in fold.names.iter().flatten() {
            let mut known = 1;
            while known < within {
                let other = format!("subgroupShuffleXor({name}, {known}u)");
                let line = format!("{name} = select({name}, {other}, (member & {known}u) != 0u);");
                self.text.line(format_args!("{line}"));
                known *= 2;
            }
        }
    }

    /// Combines the partial results of members of a subgroup that are `half` apart.
    fn exchange(
        &mut self,
        fold: &Fold<'_>,
        lane: usize,
        half: u32,
        within: u32,
        live: &str,
    ) -> Result<(), Refusal> {
        let own: Vec<String> = fold.names.iter().map(|names| names[lane].clone()).collect();
        let others: Vec<String> = (0..own.len()).map(|value| format!("other{value}")).collect();
        let shuffle = if fold.identity.is_some() { "subgroupShuffleXor" } else { "subgroupShuffleDown" };
        self.text.open("{");
        for (name, other) in own.iter().zip(&others) {
            self.text.line(format_args!("let {other} = {shuffle}({name}, {half}u);"));
        }
        if fold.identity.is_none() {
            let inside = format!("member % {within}u + {half}u < {within}u && member + {half}u < {live}");
            self.text.open(format_args!("if ({inside}) {{"));
            self.combine(fold, &own, &own, &others)?;
            self.text.close();
        } else {
            self.combine(fold, &own, &own, &others)?;
        }
        self.text.close();
        Ok(())
    }

    /// A tree in workgroup memory.
    fn fold_by_tree(&mut self, folds: &[Fold<'_>], live: &str) -> Result<(), Refusal> {
        let (team, threads) = (self.schedule.team, self.schedule.threads);
        let step = if self.schedule.members_first { 1 } else { self.schedule.points() };
        let memory = self.cells(folds, threads)?;
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
                self.combine_cells(fold, &own, &own, &others)?;
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

    /// Combines results, of which some are in workgroup memory, through names.
    fn combine_cells(
        &mut self,
        fold: &Fold<'_>,
        targets: &[String],
        own: &[String],
        others: &[String],
    ) -> Result<(), Refusal> {
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
        self.combine(fold, targets, &a, &b)?;
        self.text.close();
        Ok(())
    }

    /// Arrays of workgroup memory for partial results.
    fn cells(&mut self, folds: &[Fold<'_>], len: u32) -> Result<Cells, Refusal> {
        let mut memory = Cells::new();
        let mut count = 0;
        for fold in folds {
            let mut arrays = Vec::new();
            for (value, names) in fold.names.iter().enumerate() {
                let register = register(fold.held(value), self.scalars.features)?;
                let cells = names.iter().map(|_| {
                    count += 1;
                    self.shared.array(&format!("t{}", count - 1), register, len)
                });
                arrays.push(cells.collect());
            }
            memory.push(arrays);
        }
        Ok(memory)
    }
}

/// The names of partial results, each with its array of workgroup memory.
fn named_cells<'a>(
    folds: &'a [Fold<'_>],
    memory: &'a Cells,
) -> impl Iterator<Item = (&'a String, &'a String)> {
    let names = folds.iter().flat_map(|fold| fold.names.iter().flatten());
    names.zip(memory.iter().flatten().flatten())
}
