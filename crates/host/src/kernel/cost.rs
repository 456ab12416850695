//! Choices that depend on sizes: what lanes are, how many, and what a kernel costs.

use plan::{Access, Combiner, Kernel, NodeOp, Stage};

use super::lower::Array;
use super::program::{Instr, Mode, StageProgram, Tile};
use super::stage::is_turned;
use super::walk::{Shape, Walk};
use crate::cpu::Level;
use crate::vector;

/// Lanes of a block: long enough to hide an instruction's overhead of some nanoseconds, short enough that
/// a dozen registers stay in the first-level cache.
const LANES: usize = 1024;
/// Longest rows of which several share a block: longer ones fill blocks well enough.
const PACKED: i64 = 256;
/// Neighbouring rows from which what they have in common is read once for all of them.
const LONG_RUN: i64 = 16;
/// Lanes of a block in tiles: 16 rows of as many f32 stay in the first-level cache.
const TILE_LANES: usize = 256;
/// Bytes that a group of rows may touch and still find in the first levels of cache at its next stage.
const GROUP_BYTES: usize = 32 << 10;

/// The mode of each stage.
pub(crate) fn modes(kernel: &Kernel) -> Vec<Mode> {
    let rows = kernel.rows();
    let vote = |stage: &Stage| {
        let inner: i64 = stage.inner.iter().product();
        if stage.inner.is_empty() || inner <= 1 {
            return Mode::Columns;
        }
        if rows == 1 {
            return Mode::Rows;
        }
        let (along_rows, along_inner) = contiguous_loads(kernel, stage);
        if along_rows > along_inner {
            // Few lanes leave the vector units idle, but short rows are worse.
            return if rows >= 16 || inner < 64 { Mode::Columns } else { Mode::Rows };
        }
        match inner {
            _ if rows < 4 => Mode::Rows,
            ..=PACKED if has_routines(stage) => Mode::Packed,
            ..=24 if rows >= 32 => Mode::Columns,
            _ => Mode::Rows,
        }
    };
    let mut modes: Vec<Mode> = kernel.stages.iter().map(vote).collect();
    if across(kernel, &modes) {
        for (stage, own) in kernel.stages.iter().zip(&mut modes) {
            if stage.inner.iter().product::<i64>() > 1 {
                *own = Mode::Across;
            }
        }
    }
    // A row-local array is laid out by mode: stages that share any must agree. The first reading stage
    // decides for all of the kernel's stages with inner indices.
    if !kernel.scratch.is_empty() {
        let first = kernel.stages.iter().position(|stage| !stage.inner.is_empty());
        if let Some(mode) = first.map(|first| modes[first]) {
            for (stage, own) in kernel.stages.iter().zip(&mut modes) {
                if !stage.inner.is_empty() {
                    // The two modes lay row-local arrays out alike.
                    *own = if mode == Mode::Packed && !has_routines(stage) { Mode::Rows } else { mode };
                }
            }
        }
    }
    modes
}

/// Whether the columns that stages go through are so few that rows alone leave vectors and threads idle, and so
/// long that it matters.
fn across(kernel: &Kernel, modes: &[Mode]) -> bool {
    let looping = |stage: &&Stage| stage.inner.iter().product::<i64>() > 1;
    let rows = kernel.rows();
    rows <= LANES as i64 / 4
        && kernel.scratch.is_empty()
        && modes.iter().all(|mode| *mode == Mode::Columns)
        && kernel.stages.iter().any(|stage| looping(&stage))
        && kernel.stages.iter().filter(looping).all(|stage| {
            has_routines(stage) && rows * stage.inner.iter().product::<i64>() >= 4 * LANES as i64
        })
}

/// Whether all reductions of a stage have routines: the others fold lane by lane and want whole blocks.
fn has_routines(stage: &Stage) -> bool {
    stage.reductions.iter().all(|reduction| {
        let op = match &reduction.combiner {
            Combiner::Binary(op) => Some(*op),
            Combiner::Graph(graph) => graph.as_binary(),
        };
        let dtype = stage.nodes[reduction.inputs[0].index()].dtype;
        op.is_some_and(|op| vector::reduce(Level::Baseline, op, dtype).is_some())
    })
}

/// Numbers of loads (and stores) that are contiguous along the innermost parallel axis, and along the
/// innermost inner axis.
fn contiguous_loads(kernel: &Kernel, stage: &Stage) -> (usize, usize) {
    let rank = kernel.parallel.len();
    let axes = rank + stage.inner.len();
    let (mut along_rows, mut along_inner) = (0, 0);
    let loads = stage.nodes.iter().filter_map(|node| match &node.op {
        NodeOp::Load { access, .. } => Some(access),
        _ => None,
    });
    for access in loads.chain(stage.stores.iter().map(|store| &store.access)) {
        let stride =
            |axis: usize| access.expr.terms.iter().filter(|t| t.axis == axis).map(|t| t.stride).sum::<i64>();
        // A load that does not vary along the rows costs nothing either way, nor does one that is the same for
        // long runs of them.
        let alike = rank > 0 && stride(rank - 1) == 0 && kernel.parallel[rank - 1] >= LONG_RUN;
        if rank > 0 && stride(rank - 1).abs() == 1 && stride(axes - 1).abs() != 1 {
            along_rows += 1;
        } else if stride(axes - 1).abs() == 1 && !alike && (0..rank).any(|axis| stride(axis) != 0) {
            along_inner += 1;
        }
    }
    (along_rows, along_inner)
}

/// Rows of a group, lanes of a block of inner indices.
pub(crate) fn sizes(
    kernel: &Kernel,
    modes: &[Mode],
    threads: usize,
    outer_axes: usize,
    tiled: bool,
) -> (usize, usize) {
    let rows = kernel.parallel[outer_axes..].iter().product::<i64>() as usize;
    if tiled {
        return (TILE_LANES.min(rows), 1);
    }
    let nodes = kernel.stages.iter().map(|stage| stage.nodes.len()).max().unwrap_or(0);
    let lanes = if nodes > 24 { LANES / 2 } else { LANES };
    if modes.contains(&Mode::Across) {
        return (rows, lanes / rows * rows);
    }
    let inner = |stage: &Stage| stage.inner.iter().product::<i64>() as usize;
    let mut group = lanes;
    let mut any_rows = false;
    for (stage, mode) in kernel.stages.iter().zip(modes) {
        let inner = inner(stage);
        if inner <= 1 {
            continue;
        }
        match mode {
            Mode::Rows => {
                any_rows = true;
                group = group.min((GROUP_BYTES / (8 * inner)).clamp(1, 64));
            }
            Mode::Packed => {
                any_rows = true;
                group = group.min((lanes / inner).max(1));
            }
            Mode::Across => {}
            Mode::Columns => {
                let touched = 8 * inner * (1 + kernel.scratch.len());
                let (along_rows, along_inner) = contiguous_loads(kernel, stage);
                if along_inner > along_rows || !kernel.scratch.is_empty() {
                    group = group.min((GROUP_BYTES / touched).clamp(64, lanes));
                }
            }
        }
    }
    // All stages over single rows: one at a time keeps a row in cache.
    if any_rows
        && kernel.stages.iter().all(|stage| inner(stage) > 1)
        && modes.iter().all(|mode| *mode == Mode::Rows)
    {
        group = 1;
    }
    let elements = rows * kernel.stages.iter().map(inner).max().unwrap_or(1).max(1);
    if !any_rows && outer_axes == 0 && threads > 1 && elements > 1 << 16 {
        group = group.min(rows.div_ceil(threads).next_multiple_of(64));
    }
    let longest = kernel.stages.iter().map(inner).max().unwrap_or(1).max(1);
    let group = group.min(rows).max(1);
    let packed = kernel.stages.iter().zip(modes).filter(|(_, mode)| **mode == Mode::Packed);
    let packed = packed.map(|(stage, _)| group * inner(stage)).max().unwrap_or(0);
    (group, lanes.min(longest).max(packed))
}

/// How the lanes of an elementwise kernel run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Lanes {
    /// Leading parallel axes that are looped over.
    pub outer_axes: usize,
    /// Whether the last of these is gone through in tiles.
    pub tile: Option<Tile>,
}

/// The axes that lanes run along: all of them unless accesses lie much better along the last few.
pub(crate) fn lanes(kernel: &Kernel, arrays: &[Array]) -> Lanes {
    let [stage] = &kernel.stages[..] else { return Lanes::default() };
    if !stage.inner.is_empty() || !stage.reductions.is_empty() {
        return Lanes::default();
    }
    let mut best = (f64::INFINITY, Lanes::default());
    for outer_axes in 0..kernel.parallel.len().max(1) {
        for tiled in [false, true] {
            let tile = tiled.then(|| tile(kernel, stage, outer_axes)).flatten();
            if tiled && tile.is_none() {
                continue;
            }
            let cost = lanes_ns(kernel, stage, arrays, outer_axes, tile.is_some());
            // Strictly better: fewer loops otherwise.
            if cost < 0.95 * best.0 {
                best = (cost, Lanes { outer_axes, tile });
            }
        }
    }
    best.1
}

/// A tile, if some load lies along the last looped axis.
fn tile(kernel: &Kernel, stage: &Stage, outer_axes: usize) -> Option<Tile> {
    let lanes = kernel.parallel.len() - outer_axes;
    let long_enough = outer_axes > 0 && kernel.parallel[outer_axes - 1] >= 4;
    let turned = stage.nodes.iter().filter(|node| match &node.op {
        NodeOp::Load { access, .. } if access.is_affine() => {
            is_turned(access, &Walk::access(access, 0, &kernel.parallel, outer_axes, lanes), outer_axes)
        }
        _ => false,
    });
    // One line of cache at a time, of every array read.
    let size = turned.map(|node| node.dtype.size()).max()?;
    long_enough.then(|| Tile { depth: (64 / size).max(8) })
}

/// Estimated time a lane of an elementwise kernel whose lanes run along the axes from `outer_axes` on.
fn lanes_ns(kernel: &Kernel, stage: &Stage, arrays: &[Array], outer_axes: usize, tiled: bool) -> f64 {
    let sizes = &kernel.parallel;
    let count = sizes.len() - outer_axes;
    let total = sizes[outer_axes..].iter().product::<i64>();
    let lanes = total.min(if tiled { TILE_LANES } else { LANES } as i64) as f64;
    let lane_axes: u64 = (outer_axes..sizes.len()).map(|axis| 1 << axis).sum();
    let mut varies: Vec<u64> = Vec::new();
    let mut cost = (30.0 + 6.0 * stage.nodes.len() as f64) / lanes;
    let access_ns = |access: &Access, array: &Array, varies: &[u64], is_load: bool| {
        let mut computed = 0;
        access.visit_operands(|id| computed |= varies[id.index()]);
        let walk = Walk::access(access, computed, sizes, outer_axes, count);
        let run = 12.0 / (walk.run_length() as f64).min(lanes);
        // Reading far apart costs a line of cache each, unless the array stays in cache.
        let far = if array.len as usize * array.dtype.size() > 256 << 10 { 4.0 } else { 0.8 };
        let strided = if walk.stride().abs() <= 1 { 0.1 } else { far };
        match walk.shape() {
            Shape::Uniform if access.is_affine() => 0.0,
            Shape::Linear(1) if access.is_affine() => 0.0,
            _ if access.is_affine() && tiled && is_load && is_turned(access, &walk, outer_axes) => 0.6,
            _ if computed & lane_axes == 0 || walk.computed_by_run() => strided + run,
            _ => 3.0,
        }
    };
    for node in &stage.nodes {
        let mut axes = match &node.op {
            NodeOp::Index(expr) => expr.terms.iter().fold(0, |axes, term| axes | 1u64 << term.axis),
            NodeOp::Load { access, .. } => {
                let terms =
                    access.bounds.iter().flat_map(|bound| &bound.expr.terms).chain(&access.expr.terms);
                terms.fold(0, |axes, term| axes | 1u64 << term.axis)
            }
            _ => 0,
        };
        node.op.visit_operands(|id| axes |= varies[id.index()]);
        if let NodeOp::Load { input, access, .. } = &node.op {
            cost += access_ns(access, &arrays[*input], &varies, true);
        }
        varies.push(axes);
    }
    for store in &stage.stores {
        cost += access_ns(&store.access, &arrays[kernel.inputs.len() + store.output], &varies, false);
    }
    cost
}

/// Estimated time of a stage over all rows on one thread.
pub(crate) fn work_ns(program: &StageProgram, rows: f64) -> f64 {
    let lane: f64 = program.body.iter().map(lane_ns).sum::<f64>() + 0.1 * program.folds.len() as f64;
    let rows_ns = rows * program.inner_len as f64 * lane;
    let setup: f64 = program.setup.iter().map(lane_ns).sum();
    rows_ns + rows * setup
}

/// Estimated time of an instruction a lane, from measurements of the routines on f32 in cache.
fn lane_ns(instr: &Instr) -> f64 {
    match instr {
        Instr::Point { size, .. } => 0.015 * *size as f64,
        Instr::Local { .. } => 0.0,
        Instr::Panel { .. } => 0.6,
        Instr::Expand { .. } | Instr::Repeat { .. } => 0.1,
        Instr::Copy { .. } | Instr::Splat { .. } => 0.05,
        Instr::Unary { .. } => 0.3,
        Instr::Binary { .. } | Instr::Ternary { .. } => 0.04,
        Instr::Round { .. } => 0.2,
        Instr::Index { .. } => 0.2,
        Instr::Load(transfer) | Instr::Store(transfer) => {
            let by_lane = transfer.dynamic.iter().any(|&(_, _, one)| !one);
            match transfer.walk.run_length() {
                LONG_RUN.. if !by_lane => 0.1,
                _ if transfer.dynamic.is_empty() => 0.5,
                _ => 2.0,
            }
        }
        Instr::Plain(_) => 60.0,
    }
}
