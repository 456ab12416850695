//! Runs reductions: partial results of blocks of lanes, or of lanes, and how they come together.
//!
//! Sums cascade: up to [`CASCADE`] partial results are folded before the outcome goes to the next level, so
//! that no chain of additions is long.

use smallvec::SmallVec;

use super::execute::Frame;
use super::program::{CASCADE, Fold, FoldKind, GraphFold, LEVELS, SimpleFold};
use super::transfer::splat;

/// How far a reduction has come.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct State {
    /// Partial results of each level.
    counts: [usize; LEVELS],
    /// Graphs: lanes of the accumulators that hold something. Others: 1 once there is a result.
    filled: usize,
}

impl State {
    /// Whether anything was folded.
    pub(crate) fn any(&self) -> bool {
        self.filled > 0
    }
}

impl SimpleFold {
    /// Where the partial results of a level begin.
    pub(super) fn level(&self, frame: &Frame<'_>, level: usize) -> *mut u8 {
        frame.private.wrapping_add(self.memory + level * self.span)
    }

    /// Columns: folds the levels into one; where that is, if anything was folded.
    ///
    /// # Safety
    /// As [`Frame::run`].
    pub(super) unsafe fn sum(&self, state: &State, frame: &Frame<'_>) -> Option<*mut u8> {
        let levels = (0..LEVELS).filter(|&level| state.counts[level] > 0);
        levels.map(|level| self.level(frame, level)).reduce(|lower, own| {
            // SAFETY: the caller's promise.
            unsafe { (self.accumulate)(own, lower, own, frame.lanes) };
            own
        })
    }

    /// Where a finished fold is.
    pub(super) fn outcome(&self, frame: &Frame<'_>) -> *mut u8 {
        self.level(frame, LEVELS)
    }

    /// Rows: folds the partial results of a level into one of the next, or the last level into the outcome.
    ///
    /// # Safety
    /// As [`Frame::run`].
    unsafe fn raise(&self, state: &mut State, frame: &Frame<'_>, level: usize) {
        let from = self.level(frame, level);
        let count = std::mem::take(&mut state.counts[level]);
        // SAFETY: levels have room for `CASCADE` accumulators each.
        unsafe {
            if level + 1 == LEVELS {
                return (self.reduce_accumulators)(from, self.outcome(frame), 1, count);
            }
            if state.counts[level + 1] == CASCADE {
                self.raise(state, frame, level + 1);
                if level + 2 == LEVELS {
                    std::ptr::copy_nonoverlapping(
                        self.outcome(frame),
                        self.level(frame, level + 1),
                        self.size,
                    );
                    state.counts[level + 1] = 1;
                }
            }
            let to = self.level(frame, level + 1).wrapping_add(state.counts[level + 1] * self.size);
            (self.reduce_accumulators)(from, to, 1, count);
            state.counts[level + 1] += 1;
        }
    }
}

/// Rows: folds the block's elements.
///
/// # Safety
/// As [`Frame::run`], after the stage's body ran on the block.
#[inline]
pub(crate) unsafe fn block(fold: &Fold, state: &mut State, frame: &mut Frame<'_>) {
    // SAFETY: the caller's promise; accumulators have room for all lanes of a block.
    unsafe {
        match &fold.kind {
            FoldKind::Simple(simple) => {
                if state.counts[0] == CASCADE {
                    simple.raise(state, frame, 0);
                }
                let to = simple.level(frame, 0).wrapping_add(state.counts[0] * simple.size);
                (simple.reduce)(frame.pointer(fold.elements[0]), to, 1, frame.lanes);
                state.counts[0] += 1;
            }
            FoldKind::Graph(graph) => {
                if state.filled == 0 {
                    for ((&element, &memory), &size) in
                        fold.elements.iter().zip(&graph.memory).zip(&fold.sizes)
                    {
                        let to = frame.private.wrapping_add(memory);
                        std::ptr::copy_nonoverlapping(frame.pointer(element), to, size * frame.lanes);
                    }
                    state.filled = frame.lanes;
                } else {
                    for (value, &element) in fold.elements.iter().enumerate() {
                        frame.point(graph.arguments[value], frame.pointer(element));
                        frame.point(
                            graph.accumulators[value],
                            frame.private.wrapping_add(graph.memory[value]),
                        );
                    }
                    frame.run(&graph.combine);
                }
            }
        }
    }
}

/// Rows: brings the partial results together in one.
///
/// # Safety
/// As [`block`].
pub(crate) unsafe fn collapse(fold: &Fold, state: &mut State, frame: &mut Frame<'_>) {
    // SAFETY: the caller's promise.
    unsafe {
        match &fold.kind {
            FoldKind::Simple(simple) => {
                if state.counts == [0; LEVELS] {
                    return;
                }
                state.filled = 1;
                if state.counts == [1, 0, 0, 0] {
                    let from = simple.level(frame, 0);
                    return std::ptr::copy_nonoverlapping(from, simple.outcome(frame), simple.size);
                }
                for level in 0..LEVELS {
                    if state.counts[level] > 0 {
                        simple.raise(state, frame, level);
                    }
                }
            }
            FoldKind::Graph(graph) => fold_lanes(fold, graph, state.filled, frame),
        }
    }
}

/// Folds the lanes of the accumulators of a graph into the first.
///
/// # Safety
/// As [`block`]; `filled` lanes hold something.
unsafe fn fold_lanes(fold: &Fold, graph: &GraphFold, filled: usize, frame: &mut Frame<'_>) {
    let mut count = filled;
    while count > 1 {
        let half = count.div_ceil(2);
        for (value, &size) in fold.sizes.iter().enumerate() {
            let memory = frame.private.wrapping_add(graph.memory[value]);
            frame.point(graph.accumulators[value], memory);
            frame.point(graph.arguments[value], memory.wrapping_add(half * size));
        }
        frame.lanes = count - half;
        // SAFETY: the caller's promise; the halves do not overlap.
        unsafe { frame.run(&graph.combine) };
        count = half;
    }
}

/// Rows: combines the outcome with the starting values; the row's values are then known.
///
/// # Safety
/// As [`block`], after [`collapse`] or [`take`]; `any`: something was folded.
pub(crate) unsafe fn finish_row(fold: &Fold, any: bool, frame: &mut Frame<'_>) {
    // SAFETY: the caller's promise; row values have room for the group's rows.
    unsafe {
        let row = frame.row;
        let result = |frame: &Frame<'_>, value: usize| {
            frame.shared.wrapping_add(fold.results[value] + row * fold.sizes[value])
        };
        if let (FoldKind::Simple(simple), true) = (&fold.kind, any) {
            let outcome = narrowed(simple, simple.outcome(frame), simple.level(frame, 0), 1);
            return (simple.finish)(frame.pointer(fold.initial[0].0), outcome, result(frame, 0), 1);
        }
        for (value, &(initial, _)) in fold.initial.iter().enumerate() {
            std::ptr::copy_nonoverlapping(frame.pointer(initial), result(frame, value), fold.sizes[value]);
        }
        if let (FoldKind::Graph(graph), true) = (&fold.kind, any) {
            for value in 0..fold.sizes.len() {
                frame.point(graph.accumulators[value], result(frame, value));
                frame.point(graph.arguments[value], frame.private.wrapping_add(graph.memory[value]));
            }
            frame.lanes = 1;
            frame.run(&graph.combine);
        }
    }
}

/// Accumulators as elements, in `spare` if the types differ.
///
/// # Safety
/// Both blocks have room for the lanes and do not overlap.
pub(super) unsafe fn narrowed(
    simple: &SimpleFold,
    accumulators: *mut u8,
    spare: *mut u8,
    lanes: usize,
) -> *mut u8 {
    let Some(narrow) = simple.narrow else { return accumulators };
    // SAFETY: the caller's promise.
    unsafe { narrow(accumulators, spare, lanes) };
    spare
}

/// Bytes of the partial results of some parts of a row.
pub(crate) fn partial_bytes(folds: &[Fold], parts: usize) -> usize {
    folds.iter().map(|fold| fold_partial_bytes(fold, parts)).sum()
}

fn fold_partial_bytes(fold: &Fold, parts: usize) -> usize {
    // An accumulator takes 16 bytes at most.
    fold.sizes.len() * (16 * parts).next_multiple_of(64)
}

/// Where the partial results of each fold begin.
pub(crate) fn partial_places(folds: &[Fold], parts: usize, memory: *mut u8) -> SmallVec<[*mut u8; 4]> {
    let mut offset = 0;
    let mut place = |fold: &Fold| {
        let at = memory.wrapping_add(offset);
        offset += fold_partial_bytes(fold, parts);
        at
    };
    folds.iter().map(&mut place).collect()
}

/// Rows: keeps the outcome of part `part` of a row.
///
/// # Safety
/// As [`block`], after [`collapse`]; `place` has room for the part.
pub(crate) unsafe fn keep(fold: &Fold, frame: &Frame<'_>, place: *mut u8, part: usize, parts: usize) {
    // SAFETY: the caller's promise.
    unsafe {
        match &fold.kind {
            FoldKind::Simple(simple) => {
                let to = place.wrapping_add(part * simple.size);
                std::ptr::copy_nonoverlapping(simple.outcome(frame), to, simple.size);
            }
            FoldKind::Graph(graph) => {
                for (value, &size) in fold.sizes.iter().enumerate() {
                    let from = frame.private.wrapping_add(graph.memory[value]);
                    let to = place.wrapping_add(value * (16 * parts).next_multiple_of(64) + part * size);
                    std::ptr::copy_nonoverlapping(from, to, size);
                }
            }
        }
    }
}

/// Rows: brings kept outcomes of all parts together.
///
/// # Safety
/// As [`keep`]; all parts were kept.
pub(crate) unsafe fn take(fold: &Fold, frame: &mut Frame<'_>, place: *mut u8, parts: usize) {
    // SAFETY: the caller's promise; there are no more parts than lanes in a block.
    unsafe {
        match &fold.kind {
            FoldKind::Simple(simple) => (simple.reduce_accumulators)(place, simple.outcome(frame), 1, parts),
            FoldKind::Graph(graph) => {
                for (value, &size) in fold.sizes.iter().enumerate() {
                    let from = place.wrapping_add(value * (16 * parts).next_multiple_of(64));
                    let to = frame.private.wrapping_add(graph.memory[value]);
                    std::ptr::copy_nonoverlapping(from, to, parts * size);
                }
                fold_lanes(fold, graph, parts, frame);
            }
        }
    }
}

/// Packed: folds each of the block's rows of `len` elements; the rows' values are then known.
///
/// # Safety
/// As [`Frame::run`], after the stage's body ran on the block; the lanes are rows.
pub(crate) unsafe fn finish_packed(fold: &Fold, len: usize, frame: &mut Frame<'_>) {
    // SAFETY: the caller's promise; accumulators have room for the group's rows.
    unsafe {
        start_columns(fold, frame);
        let FoldKind::Simple(simple) = &fold.kind else { return };
        if len == 0 {
            return;
        }
        let outcome = simple.outcome(frame);
        (simple.reduce)(frame.pointer(fold.elements[0]), outcome, frame.lanes, len);
        let outcome = narrowed(simple, outcome, simple.level(frame, 0), frame.lanes);
        let result = frame.shared.wrapping_add(fold.results[0]);
        (simple.finish)(result, outcome, result, frame.lanes);
    }
}

/// Columns: before the first inner index.
///
/// # Safety
/// As [`Frame::run`], after the stage's setup ran on the block.
pub(crate) unsafe fn begin_columns(fold: &Fold, frame: &mut Frame<'_>) {
    if let FoldKind::Graph(graph) = &fold.kind {
        // SAFETY: the caller's promise.
        unsafe { start_columns(fold, frame) };
        for (&accumulator, &result) in graph.accumulators.iter().zip(&fold.results) {
            frame.point(accumulator, frame.shared.wrapping_add(result));
        }
    }
}

/// The starting values as the row values.
///
/// # Safety
/// As [`begin_columns`].
pub(super) unsafe fn start_columns(fold: &Fold, frame: &Frame<'_>) {
    for (value, &(initial, one)) in fold.initial.iter().enumerate() {
        let (from, to) = (frame.pointer(initial), frame.shared.wrapping_add(fold.results[value]));
        // SAFETY: the caller's promise; row values have room for the group's rows.
        unsafe {
            if one {
                splat(fold.sizes[value], from, to, frame.lanes);
            } else {
                std::ptr::copy_nonoverlapping(from, to, frame.lanes * fold.sizes[value]);
            }
        }
    }
}

/// Columns: folds one element a lane.
///
/// # Safety
/// As [`begin_columns`], after the stage's body ran on the block.
#[inline]
pub(crate) unsafe fn column(fold: &Fold, state: &mut State, frame: &mut Frame<'_>) {
    // SAFETY: the caller's promise.
    unsafe {
        match &fold.kind {
            FoldKind::Simple(simple) => {
                let mut from = frame.pointer(fold.elements[0]);
                for level in 0..LEVELS {
                    let to = simple.level(frame, level);
                    if state.counts[level] == 0 {
                        std::ptr::copy_nonoverlapping(from, to, frame.lanes * simple.size);
                    } else {
                        (simple.accumulate)(to, from, to, frame.lanes);
                    }
                    state.counts[level] += 1;
                    if !simple.cascade || state.counts[level] < CASCADE || level + 1 == LEVELS {
                        break;
                    }
                    state.counts[level] = 0;
                    from = to;
                }
            }
            FoldKind::Graph(graph) => {
                for (&argument, &element) in graph.arguments.iter().zip(&fold.elements) {
                    frame.point(argument, frame.pointer(element));
                }
                frame.run(&graph.combine);
            }
        }
    }
}

/// Columns: after the last inner index; the rows' values are then known.
///
/// # Safety
/// As [`begin_columns`].
pub(crate) unsafe fn end_columns(fold: &Fold, state: &mut State, frame: &mut Frame<'_>) {
    let FoldKind::Simple(simple) = &fold.kind else { return };
    // SAFETY: the caller's promise.
    unsafe {
        start_columns(fold, frame);
        if let Some(outcome) = simple.sum(state, frame) {
            let outcome = narrowed(simple, outcome, simple.outcome(frame), frame.lanes);
            let result = frame.shared.wrapping_add(fold.results[0]);
            (simple.finish)(result, outcome, result, frame.lanes);
        }
    }
}
