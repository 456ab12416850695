//! Choices that depend on sizes: what lanes are, how many, and what a kernel costs.

use plan::{Kernel, NodeOp, Stage};

use super::program::{Instr, Mode, StageProgram};

/// Lanes of a block: long enough to hide an instruction's overhead of some nanoseconds, short enough that
/// a dozen registers stay in the first-level cache.
const LANES: usize = 1024;
/// Bytes that a group of rows may touch and still find in the first levels of cache at its next stage.
const GROUP_BYTES: usize = 32 << 10;

/// The mode of each stage.
pub(crate) fn modes(kernel: &Kernel, _threads: usize) -> Vec<Mode> {
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
        if inner <= 24 && rows >= 32 { Mode::Columns } else { Mode::Rows }
    };
    let mut modes: Vec<Mode> = kernel.stages.iter().map(vote).collect();
    // A row-local array is laid out by mode: stages that share any must agree. The first reading stage
    // decides for all of the kernel's stages with inner indices.
    if !kernel.scratch.is_empty() {
        let first = kernel.stages.iter().position(|stage| !stage.inner.is_empty());
        if let Some(mode) = first.map(|first| modes[first]) {
            for (stage, own) in kernel.stages.iter().zip(&mut modes) {
                if !stage.inner.is_empty() {
                    *own = mode;
                }
            }
        }
    }
    modes
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
        // A load that does not vary along the rows at all costs nothing either way.
        if rank > 0 && stride(rank - 1).abs() == 1 && stride(axes - 1).abs() != 1 {
            along_rows += 1;
        } else if stride(axes - 1).abs() == 1 && (0..rank).any(|axis| stride(axis) != 0) {
            along_inner += 1;
        }
    }
    (along_rows, along_inner)
}

/// Rows of a group, lanes of a block of inner indices.
pub(crate) fn sizes(kernel: &Kernel, modes: &[Mode], threads: usize) -> (usize, usize) {
    let rows = kernel.rows() as usize;
    let nodes = kernel.stages.iter().map(|stage| stage.nodes.len()).max().unwrap_or(0);
    let lanes = if nodes > 24 { LANES / 2 } else { LANES };
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
    if !any_rows && threads > 1 && elements > 1 << 16 {
        group = group.min(rows.div_ceil(threads).next_multiple_of(64));
    }
    let longest = kernel.stages.iter().map(inner).max().unwrap_or(1).max(1);
    (group.min(rows).max(1), lanes.min(longest))
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
        Instr::Point { size, .. } => 0.03 * *size as f64,
        Instr::Local { .. } => 0.0,
        Instr::Copy { .. } | Instr::Splat { .. } => 0.05,
        Instr::Unary { .. } => 0.5,
        Instr::Binary { .. } | Instr::Ternary { .. } => 0.08,
        Instr::Round { .. } => 0.2,
        Instr::Index { .. } => 0.2,
        Instr::Load(transfer) | Instr::Store(transfer) => match &transfer.dynamic[..] {
            [] => 0.5,
            _ => 2.0,
        },
        Instr::Plain(_) => 60.0,
    }
}
