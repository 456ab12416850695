//! Few long columns, such as the channels of a batch of images: lanes are neighbouring inner indices of all rows.
//!
//! Blocks of inner indices are folded lane by lane; then the lanes of each row come together. Threads share the
//! blocks.

use std::ops::Range;

use plan::Kernel;
use smallvec::SmallVec;

use super::accumulate::{self, State};
use super::execute::{Frame, Shared, columns};
use super::program::{Mode, Program, StageProgram};
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
            accumulate::finish_across(fold, frame);
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
            accumulate::gather_across(fold, state, frame, rows);
        }
        if range.end > whole {
            frame.position = (whole * program.block) as i64;
            frame.lanes = stage.inner_len * rows - whole * program.block;
            frame.run(&stage.body);
            for fold in &stage.folds {
                accumulate::add_across(fold, frame, rows, range.start >= whole);
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
            let bytes = accumulate::across_bytes(rows);
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
                    accumulate::keep_across(fold, &frame, rows, place(part, at));
                }
            });
            (frame.row, frame.local, frame.position, frame.lanes) = (0, 0, 0, rows);
            frame.run(&stage.setup);
            for (at, fold) in stage.folds.iter().enumerate() {
                for part in 0..parts {
                    accumulate::take_across(fold, &frame, rows, place(part, at), part == 0);
                }
                accumulate::finish_across(fold, &frame);
            }
        }
    }
}
