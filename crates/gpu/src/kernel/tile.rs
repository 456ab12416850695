//! Transposes: loads that step along another axis than the stores go through a tile in workgroup memory.
//!
//! ```text
//! load   tile[c][b] = input[.. + b]      neighbouring threads along b, the contiguous axis of the loads
//! store  out[.. + c] = f(tile[c][b])     neighbouring threads along c, the last axis: that of the stores
//! ```

use plan::{Kernel, NodeOp, Stage};
use smallvec::smallvec;

use super::expression::div_up;
use super::lanes::{Direction, Form, Lanes};
use super::node::lane_name;
use super::print::{Names, Printer, Scope};
use super::schedule::Schedule;
use super::shader::{self, Body, Task};
use super::shared::Shared;
use super::text::Text;
use crate::command::{Command, Memory};
use crate::features::Features;
use crate::lower::Refusal;
use crate::scalar::{Scalars, register};

/// Threads of a workgroup.
const THREADS: u32 = 256;

/// Elements for which tiles pay.
const LEAST: i64 = 1 << 14;

/// Tiles along the axis of the loads that follow one another: so both loads and stores of what runs at a time cover
/// long pieces of memory.
const BAND: i64 = 16;

/// How a kernel is transposed.
#[derive(Clone, Debug)]
pub(super) struct Tiling {
    /// The contiguous axis of the loads; that of the stores is the last.
    axis: usize,
    /// The nodes that are such loads.
    loads: Vec<usize>,
    /// Edge of a tile.
    edge: u32,
    /// Lanes of a thread that stores, along the last axis.
    lanes: Lanes,
}

/// The tiling of a kernel that is a transpose.
pub(super) fn tiling(kernel: &Kernel, features: &Features) -> Option<Tiling> {
    let rank = kernel.parallel.len();
    let [stage] = &kernel.stages[..] else { return None };
    if rank < 2 || kernel.rows() < LEAST || !stage.inner.is_empty() || !stage.reductions.is_empty() {
        return None;
    }
    let last = rank - 1;
    let narrowest = kernel.outputs.iter().map(|dtype| dtype.size()).min()?;
    let width = (4 / narrowest.min(4)) as u32;
    let lanes = Lanes { direction: Direction::Parallel, width };
    let varying = lanes.varying(kernel, stage);
    let stored = stage.stores.iter().all(|store| {
        let along = store
            .access
            .expr
            .terms
            .iter()
            .any(|term| term.axis == last && term.stride == 1 && term.is_plain());
        along && (width == 1 || lanes.form(kernel, stage, &store.access, &varying) == Form::Vector)
    });
    if !stored || kernel.parallel[last] < 16 || kernel.parallel[last] % i64::from(width) != 0 {
        return None;
    }
    let mut axis = None;
    let mut loads = Vec::new();
    for (number, node) in stage.nodes.iter().enumerate() {
        let NodeOp::Load { access, .. } = &node.op else { continue };
        let terms = &access.expr.terms;
        let strided = terms.iter().any(|term| term.axis == last && term.stride.abs() > 1);
        if !access.is_affine() || !strided || !terms.iter().all(|term| term.is_plain()) {
            continue;
        }
        let contiguous = terms.iter().find(|term| term.stride == 1).map(|term| term.axis);
        if contiguous.is_some() && (axis.is_none() || axis == contiguous) {
            axis = contiguous;
            loads.push(number);
        }
    }
    let axis = axis.filter(|&axis| kernel.parallel[axis] >= 16)?;
    let bytes = |edge: u32| -> u32 {
        let cells = loads.iter().map(|&load| stage.nodes[load].dtype.size().max(4) as u32);
        cells.sum::<u32>() * edge * (edge + 1)
    };
    let edge = if width == 1 { 32 } else { 64 };
    (bytes(edge) <= features.workgroup_bytes).then_some(Tiling { axis, loads, edge, lanes })
}

/// Prints and launches a transpose.
pub(super) fn launches(task: &Task, tiling: &Tiling, features: &Features) -> Result<Vec<Command>, Refusal> {
    let kernel = &task.kernel;
    let mut scalars = Scalars::new(features);
    let mut schedule = Schedule::serial(kernel);
    schedule.lanes = tiling.lanes;
    let arrays = shader::declare(&task.kernel, &task.arrays, &schedule, &mut scalars)?;
    let memory: Vec<Memory> = task.arrays.iter().map(|array| array.memory).collect();
    let mut printer = Printer {
        kernel,
        schedule: &schedule,
        scalars: &mut scalars,
        arrays,
        text: Text::indented(),
        points: 0,
        partials: None,
        rows: Vec::new(),
        locals: Vec::new(),
        shared: Shared::default(),
    };
    let groups = printer.tiles(tiling)?;
    let Printer { arrays, text, shared, .. } = printer;
    let body = Body { text: text.finish(), arrays, shared, threads: THREADS, groups };
    shader::assemble(kernel, &memory, &body, &scalars)
}

impl Printer<'_, '_> {
    /// Prints the body; returns the number of workgroups.
    fn tiles(&mut self, tiling: &Tiling) -> Result<i64, Refusal> {
        let kernel = self.kernel;
        let stage: &Stage = &kernel.stages[0];
        let (rank, edge) = (kernel.parallel.len(), tiling.edge);
        let (across, last) = (tiling.axis, rank - 1);
        // The grid: all indices of the other axes, and tiles along both in bands.
        let mut others = kernel.parallel.clone();
        let [tiles_b, tiles_c] =
            [across, last].map(|axis| div_up(std::mem::replace(&mut others[axis], 1), edge.into()));
        let (plane, band) = (tiles_b * tiles_c, BAND.min(tiles_b));
        let groups = plane * others.iter().product::<i64>();
        for line in [
            format!("if (group >= {groups}u) {{ return; }}"),
            format!("let other = group / {plane}u;"),
            format!("let tile = group % {plane}u;"),
            format!("let band = tile / {}u * {band}u;", band * tiles_c),
            format!("let width = min({band}u, {tiles_b}u - band);"),
            format!("let within = tile - band * {tiles_c}u;"),
            format!("let corner_b = (band + within % width) * {edge}u;"),
            format!("let corner_c = within / width * {edge}u;"),
        ] {
            self.text.line(format_args!("{line}"));
        }
        self.axes("other", 0, &others, false);
        let mut names = Vec::new();
        for (number, &load) in tiling.loads.iter().enumerate() {
            let register = register(stage.nodes[load].dtype, self.scalars.features)?;
            names.push(self.shared.array(&format!("tile{number}"), register, edge * (edge + 1)));
        }
        let rows = |threads_along: u32| (THREADS / threads_along, edge / (THREADS / threads_along));

        // All loads are on their way before the first is stored. Those behind the edge are of the last element.
        let (step, turns) = rows(edge);
        let whole = [across, last].map(|axis| kernel.parallel[axis] % i64::from(edge) == 0);
        let within = |corner: &str, place: &str, axis: usize, whole: bool| match whole {
            true => format!("let a{axis} = {corner} + {place};"),
            false => format!("let a{axis} = min({corner} + {place}, {}u);", kernel.parallel[axis] - 1),
        };
        self.text.line(format_args!("let b = lid % {edge}u;"));
        for turn in 0..turns {
            for &load in &tiling.loads {
                let dtype = register(stage.nodes[load].dtype, self.scalars.features)?;
                self.text.line(format_args!("var t{load}_{turn}: {};", dtype.wgsl()));
            }
            self.text.open("{");
            self.text.line(format_args!("let c = lid / {edge}u + {}u;", turn * step));
            self.text.line(format_args!("{}", within("corner_b", "b", across, whole[0])));
            self.text.line(format_args!("{}", within("corner_c", "c", last, whole[1])));
            for &load in &tiling.loads {
                let NodeOp::Load { input, access, .. } = &stage.nodes[load].op else {
                    unreachable!("tiles are of loads")
                };
                let scope = Scope {
                    stage,
                    varying: Lanes::ONE.varying(kernel, stage),
                    values: vec![None; stage.nodes.len()],
                    at_start: false,
                };
                let place = self.index(&scope, &access.expr, 0, false);
                self.text.line(format_args!("let at{load} = {place};"));
                let value = self.element(*input, &format!("at{load}"))?;
                self.text.line(format_args!("t{load}_{turn} = {value};"));
            }
            self.text.close();
        }
        for turn in 0..turns {
            for (tile, &load) in names.iter().zip(&tiling.loads) {
                let line = edge + 1;
                let place = format!("(lid / {edge}u + {}u) * {line}u + b", turn * step);
                self.text.line(format_args!("{tile}[{place}] = t{load}_{turn};"));
            }
        }
        self.text.line("workgroupBarrier();");

        let width = tiling.lanes.width;
        let along = edge / width;
        let (step, turns) = rows(along);
        for turn in 0..turns {
            self.store_tile(tiling, &names, turn * step, along)?;
        }
        Ok(groups)
    }

    /// Prints the computation and stores of the elements of a tile that are `shift` lines behind the thread's first.
    fn store_tile(
        &mut self,
        tiling: &Tiling,
        names: &[String],
        shift: u32,
        along: u32,
    ) -> Result<(), Refusal> {
        let kernel = self.kernel;
        let stage: &Stage = &kernel.stages[0];
        let (across, last, edge) = (tiling.axis, kernel.parallel.len() - 1, tiling.edge);
        let width = tiling.lanes.width;
        self.text.open("{");
        self.text.line(format_args!("let b = lid / {along}u + {shift}u;"));
        self.text.line(format_args!("let c = (lid % {along}u) * {width}u;"));
        self.text.line(format_args!("let a{across} = corner_b + b;"));
        self.text.line(format_args!("let a{last} = corner_c + c;"));
        if width > 1 {
            self.text.line(format_args!("let c{last} = a{last} / {width}u;"));
        }
        match inside(kernel, across, last, edge) {
            Some(inside) => self.text.open(format_args!("if ({inside}) {{")),
            None => self.text.open("{"),
        }
        let mut scope = Scope {
            stage,
            varying: tiling.lanes.varying(kernel, stage),
            values: vec![None; stage.nodes.len()],
            at_start: false,
        };
        for (tile, &load) in names.iter().zip(&tiling.loads) {
            let mut values: Names = smallvec![];
            for lane in 0..width {
                let name = lane_name(&format!("v{load}"), lane, width);
                self.text.line(format_args!("let {name} = {tile}[(c + {lane}u) * {}u + b];", edge + 1));
                values.push(name);
            }
            scope.values[load] = Some(values);
        }
        let wanted = scope.wanted();
        self.nodes(&mut scope, &wanted, true)?;
        self.stores(&scope, None)?;
        self.text.close();
        self.text.close();
        Ok(())
    }
}

/// The condition that both axes of a tile are inside, if it is not always so.
fn inside(kernel: &Kernel, across: usize, last: usize, edge: u32) -> Option<String> {
    let ragged = [across, last].into_iter().filter(|&axis| kernel.parallel[axis] % i64::from(edge) != 0);
    let conditions: Vec<String> =
        ragged.map(|axis| format!("a{axis} < {}u", kernel.parallel[axis])).collect();
    (!conditions.is_empty()).then(|| conditions.join(" && "))
}
