//! Few long columns, such as the channels of a batch of images: lanes are neighbouring inner indices of all rows.
//!
//! Blocks of inner indices are folded lane by lane; then the lanes of each row come together. Threads share the
//! blocks.

use std::ops::Range;

use plan::Kernel;
use smallvec::SmallVec;

use super::accumulate::{self, State, narrowed, start_columns};
use super::execute::{Frame, Shared, columns};
use super::program::{Fold, FoldKind, Mode, Program, StageProgram};
use crate::context::RunContext;

/// The kernel with the axes of stages in this mode numbered as their lanes run: inner axes, then the rows'.
pub(super) fn turned(mut kernel: Kernel, modes: &[Mode]) -> Kernel {
    let rank = kernel.parallel.len();
    for (stage, _) in kernel.stages.iter_mut().zip(modes).filter(|(_, mode)| **mode == Mode::Across) {
        let inner = stage.inner.len();
        stage.visit_exprs_mut(|expr| {
            for term in &mut expr.terms {
                term.axis = if term.axis < rank { term.axis + inner } else { term.axis - rank };
            }
        });
    }
    kernel
}

impl Program {
    /// Blocks of inner indices of a stage; the last may be shorter.
    fn across_blocks(&self, stage: &StageProgram) -> usize {
        stage.inner_len.div_ceil(self.block / self.rows)
    }
}

/// Runs a stage on the calling thread.
///
/// # Safety
/// As [`Frame::run`], for a frame that was started.
pub(super) unsafe fn run(program: &Program, stage: &StageProgram, frame: &mut Frame<'_>) {
    // SAFETY: the caller's promise.
    unsafe {
        blocks(program, stage, frame, 0..program.across_blocks(stage));
        for fold in &stage.folds {
            finish(fold, frame);
        }
    }
}

/// Some of the blocks of a stage; the outcomes of its folds are then known for these, and lanes are the rows.
///
/// # Safety
/// As [`run`].
unsafe fn blocks(program: &Program, stage: &StageProgram, frame: &mut Frame<'_>, range: Range<usize>) {
    let (rows, whole) = (program.rows, stage.inner_len * program.rows / program.block);
    let mut states: SmallVec<[State; 4]> = SmallVec::from_elem(State::default(), stage.folds.len());
    (frame.row, frame.local, frame.position, frame.lanes) = (0, 0, 0, rows);
    // SAFETY: the caller's promise.
    unsafe {
        frame.run(&stage.setup);
        frame.lanes = program.block;
        for block in range.start..range.end.min(whole) {
            frame.position = (block * program.block) as i64;
            frame.run(&stage.body);
            for (fold, state) in stage.folds.iter().zip(&mut states) {
                accumulate::column(fold, state, frame);
            }
        }
        for (fold, state) in stage.folds.iter().zip(&states) {
            gather(fold, state, frame, rows);
        }
        if range.end > whole {
            frame.position = (whole * program.block) as i64;
            frame.lanes = stage.inner_len * rows - whole * program.block;
            frame.run(&stage.body);
            for fold in &stage.folds {
                let (elements, count) = (frame.pointer(fold.elements[0]), frame.lanes / rows);
                add(fold, elements, count, frame, rows, range.start >= whole);
            }
        }
    }
    (frame.position, frame.lanes) = (0, rows);
}

/// Runs a program with such stages on several threads.
///
/// # Safety
/// As [`super::run`].
pub(super) unsafe fn run_parts(program: &Program, arrays: Shared<'_>, context: &RunContext) {
    let rows = program.rows;
    let mut memory = context.scratch(program.memory_bytes());
    // SAFETY: the caller's promise; parts write elements of their own inner indices.
    unsafe {
        let (shared, private, mut frame) = program.frame(&mut memory, arrays.pointers());
        frame.start(program, shared, private);
        for stage in &program.stages {
            if stage.mode != Mode::Across {
                columns(program, stage, &mut frame, 0, rows);
                continue;
            }
            let count = program.across_blocks(stage);
            // The number of parts, and so the order of combination, depends on sizes and threads alone.
            let parts = count.min(4 * context.threads());
            // An accumulator takes 16 bytes at most.
            let bytes = (16 * rows).next_multiple_of(64);
            let mut kept = context.scratch(parts * stage.folds.len() * bytes);
            let (common, start) = (Shared(&[shared]), Shared(&[kept.as_mut_ptr()]));
            let place = |part: usize, fold: usize| {
                start.pointers()[0].wrapping_add((part * stage.folds.len() + fold) * bytes)
            };
            context.parallel(parts, program.work_ns, |part| {
                let mut memory = context.scratch(program.memory_bytes() - program.shared_bytes);
                let (_, private, mut frame) = program.frame(&mut memory, arrays.pointers());
                frame.start(program, common.pointers()[0], private);
                blocks(program, stage, &mut frame, count * part / parts..count * (part + 1) / parts);
                for (at, fold) in stage.folds.iter().enumerate() {
                    keep(fold, &frame, rows, place(part, at));
                }
            });
            (frame.row, frame.local, frame.position, frame.lanes) = (0, 0, 0, rows);
            frame.run(&stage.setup);
            for (at, fold) in stage.folds.iter().enumerate() {
                for part in 0..parts {
                    add(fold, place(part, at), 1, &frame, rows, part == 0);
                }
                finish(fold, &frame);
            }
        }
    }
}

/// Brings the lanes of whole blocks together, one outcome for each of `rows` rows.
///
/// # Safety
/// As [`accumulate::column`], after the last whole block.
unsafe fn gather(fold: &Fold, state: &State, frame: &Frame<'_>, rows: usize) {
    let FoldKind::Simple(simple) = &fold.kind else { return };
    // SAFETY: the caller's promise; lanes are a multiple of the rows.
    unsafe {
        let Some(sums) = simple.sum(state, frame) else { return };
        let mut count = frame.lanes / rows;
        while count > 1 {
            let half = count.div_ceil(2);
            let upper = sums.add(half * rows * simple.size);
            (simple.accumulate)(sums, upper, sums, (count - half) * rows);
            count = half;
        }
        std::ptr::copy_nonoverlapping(sums, simple.outcome(frame), rows * simple.size);
    }
}

/// Adds `count` accumulators of each row to the rows' outcomes, which they are if they come first.
///
/// # Safety
/// There are so many.
unsafe fn add(fold: &Fold, from: *mut u8, count: usize, frame: &Frame<'_>, rows: usize, first: bool) {
    let FoldKind::Simple(simple) = &fold.kind else { return };
    let outcome = simple.outcome(frame);
    for at in 0..count {
        // SAFETY: the caller's promise.
        unsafe {
            let from = from.add(at * rows * simple.size);
            if first && at == 0 {
                std::ptr::copy_nonoverlapping(from, outcome, rows * simple.size);
            } else {
                (simple.accumulate)(outcome, from, outcome, rows);
            }
        }
    }
}

/// Keeps the outcomes of a part.
///
/// # Safety
/// `place` has room for the outcomes.
unsafe fn keep(fold: &Fold, frame: &Frame<'_>, rows: usize, place: *mut u8) {
    let FoldKind::Simple(simple) = &fold.kind else { return };
    // SAFETY: the caller's promise.
    unsafe { std::ptr::copy_nonoverlapping(simple.outcome(frame), place, rows * simple.size) };
}

/// The rows' values from the outcomes; lanes are the rows.
///
/// # Safety
/// As [`start_columns`], after the outcomes are whole.
unsafe fn finish(fold: &Fold, frame: &Frame<'_>) {
    let FoldKind::Simple(simple) = &fold.kind else { return };
    // SAFETY: the caller's promise.
    unsafe {
        start_columns(fold, frame);
        let outcome = narrowed(simple, simple.outcome(frame), simple.level(frame, 0), frame.lanes);
        let result = frame.shared.wrapping_add(fold.results[0]);
        (simple.finish)(result, outcome, result, frame.lanes);
    }
}
