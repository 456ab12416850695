//! Runs lane programs.

use std::ops::Range;

use smallvec::SmallVec;

use super::accumulate::{self, State};
use super::across;
use super::program::{Entry, Home, Instr, Mode, Program, StageProgram, Tile};
use super::transfer;
use crate::context::RunContext;

/// What an instruction works on.
pub(crate) struct Frame<'a> {
    /// Arrays: inputs, then outputs.
    pub arrays: &'a [*mut u8],
    /// Where each entry points.
    table: &'a mut [*mut u8],
    /// Index along each axis of the stage that is not a lane axis.
    pub index: &'a mut [i64],
    /// Row values and row-local arrays.
    pub shared: *mut u8,
    /// Registers and accumulators.
    pub private: *mut u8,
    /// Flat position of the first lane among the lane axes.
    pub position: i64,
    /// Lanes of the block.
    pub lanes: usize,
    /// Row of the group.
    pub row: usize,
    /// Position in row-local arrays.
    pub local: usize,
}

impl Frame<'_> {
    /// Where an entry points.
    #[inline(always)]
    pub(crate) fn pointer(&self, entry: Entry) -> *mut u8 {
        self.table[entry.index()]
    }

    /// Points an entry elsewhere.
    #[inline(always)]
    pub(crate) fn point(&mut self, entry: Entry, to: *mut u8) {
        self.table[entry.index()] = to;
    }

    /// Runs instructions on the block.
    ///
    /// # Safety
    /// The frame's arrays hold the elements that the program was made for and are not written by others,
    /// its memory regions have the program's sizes, and the block lies within the lane axes: then every
    /// entry holds enough elements when it is used, because the program is in order.
    pub(crate) unsafe fn run(&mut self, list: &[Instr]) {
        for instr in list {
            let count = |one: bool| if one { 1 } else { self.lanes };
            // SAFETY: the caller's promise; operands and results do not overlap unless they are equal blocks
            // of one element size, which the routines allow.
            unsafe {
                match instr {
                    Instr::Unary { routine, a, out, one } => {
                        routine(self.pointer(*a), self.pointer(*out), count(*one));
                    }
                    Instr::Binary { routine, a, b, out, one } => {
                        routine(self.pointer(*a), self.pointer(*b), self.pointer(*out), count(*one));
                    }
                    Instr::Ternary { routine, a, b, c, out, one } => {
                        let (a, b, c) = (self.pointer(*a), self.pointer(*b), self.pointer(*c));
                        routine(a, b, c, self.pointer(*out), count(*one));
                    }
                    Instr::Round { routine, a, out, bits, one } => {
                        routine(self.pointer(*a), self.pointer(*out), count(*one), bits.0, bits.1);
                    }
                    Instr::Plain(plain) => transfer::plain(plain, self, count(plain.one)),
                    Instr::Copy { size, from, to, one } => {
                        // The two may be one place, where an output shares an input's memory.
                        std::ptr::copy(self.pointer(*from), self.pointer(*to), size * count(*one));
                    }
                    Instr::Splat { size, from, to } => {
                        transfer::splat(*size, self.pointer(*from), self.pointer(*to), self.lanes);
                    }
                    Instr::Point { array, size, walk, out } => {
                        let offset = walk.address(self.index, self.position);
                        self.table[out.index()] =
                            self.arrays[*array].wrapping_offset(offset as isize * *size as isize);
                    }
                    Instr::Local { offset, size, row_value, out } => {
                        let element = if *row_value { self.row } else { self.local };
                        self.table[out.index()] = self.shared.wrapping_add(offset + element * size);
                    }
                    Instr::Panel { memory, pitch, out } => {
                        self.table[out.index()] = self.private.wrapping_add(memory + self.row * pitch);
                    }
                    Instr::Expand { size, times, from, to } => {
                        transfer::expand(*size, *times, self.pointer(*from), self.pointer(*to), self.lanes);
                    }
                    Instr::Repeat { size, lanes, times, from, to } => {
                        let (from, to, bytes) = (self.pointer(*from), self.pointer(*to), size * lanes);
                        for at in 0..*times {
                            std::ptr::copy_nonoverlapping(from, to.add(at * bytes), bytes);
                        }
                    }
                    Instr::Load(load) => transfer::load(load, self, count(load.one)),
                    Instr::Store(store) => transfer::store(store, self, self.lanes),
                    Instr::Index { walk, dtype, out, one } => {
                        transfer::index(walk, *dtype, self, self.pointer(*out), count(*one));
                    }
                }
            }
        }
    }
}

/// Arrays that threads share. The steps of a kernel write disjoint elements.
#[derive(Clone, Copy)]
pub(super) struct Shared<'a>(pub(super) &'a [*mut u8]);
// SAFETY: threads write disjoint elements of the arrays, and read none that another writes.
unsafe impl Sync for Shared<'_> {}
// SAFETY: as above.
unsafe impl Send for Shared<'_> {}

impl Shared<'_> {
    pub(super) fn pointers(&self) -> &[*mut u8] {
        self.0
    }
}

/// Runs a program on arrays: inputs, then outputs. `memory` has the [`Program::memory_bytes`] that a run on
/// one thread takes.
///
/// # Safety
/// The arrays hold the elements that the program was made for, outputs are written by nobody else, and share
/// memory with inputs only as the program was told.
pub(crate) unsafe fn run(program: &Program, arrays: &[*mut u8], memory: &mut [u8], context: &RunContext) {
    let groups = program.groups;
    let helpers = context.helpers(groups, program.work_ns);
    let arrays = Shared(arrays);
    if helpers == 0 && context.helpers(usize::MAX, program.work_ns) > 0 {
        // SAFETY: the caller's promise.
        unsafe {
            if program.stages.iter().any(|stage| stage.mode == Mode::Across) {
                return across::run_parts(program, arrays, context);
            }
            if program.splits_rows() {
                return run_wide(program, arrays, context);
            }
        }
    }
    if helpers == 0 {
        // SAFETY: the caller's promise.
        return unsafe { run_task(program, arrays, memory, 0..groups) };
    }
    // A few tasks a thread even out what threads lose to others.
    let tasks = groups.min(4 * (helpers + 1));
    context.parallel(tasks, program.work_ns, |task| {
        let groups = groups * task / tasks..groups * (task + 1) / tasks;
        let mut memory = context.scratch(program.memory_bytes());
        // SAFETY: the caller's promise; tasks have rows of their own, so they write disjoint elements.
        unsafe { run_task(program, arrays, &mut memory, groups) };
    });
}

/// Runs groups of rows on the calling thread.
///
/// # Safety
/// As [`run`].
unsafe fn run_task(program: &Program, arrays: Shared<'_>, memory: &mut [u8], groups: Range<usize>) {
    // SAFETY: the caller's promise.
    unsafe {
        let (shared, private, mut frame) = program.frame(memory, arrays.pointers());
        frame.start(program, shared, private);
        run_groups(program, &mut frame, groups);
    }
}

impl Program {
    /// Bytes of a frame's memory: shared, private, the table, the index.
    pub(crate) fn memory_bytes(&self) -> usize {
        self.shared_bytes + self.private_bytes + self.overhead_bytes()
    }

    fn overhead_bytes(&self) -> usize {
        let table = (self.entries.len() * size_of::<*mut u8>()).next_multiple_of(64);
        table + (self.axes * size_of::<i64>()).next_multiple_of(64)
    }

    /// Whether the inner indices of a row may be shared among threads: all looping stages have lanes along
    /// them.
    fn splits_rows(&self) -> bool {
        self.group == 1
            && self.stages.iter().any(|stage| stage.inner_len > 4 * self.block)
            && self.stages.iter().all(|stage| stage.mode != Mode::Columns || stage.inner_len <= 1)
    }

    /// A frame over scratch memory, with its shared and private regions.
    ///
    /// # Safety
    /// `memory` is aligned to 64 and has [`memory_bytes`](Self::memory_bytes), or as many less [`shared_bytes`](Self::shared_bytes)
    /// if the shared region is not used.
    pub(super) unsafe fn frame<'a>(
        &self,
        memory: &'a mut [u8],
        arrays: &'a [*mut u8],
    ) -> (*mut u8, *mut u8, Frame<'a>) {
        let start = memory.as_mut_ptr();
        let table_bytes = (self.entries.len() * size_of::<*mut u8>()).next_multiple_of(64);
        // SAFETY: the memory is aligned to 64 and large enough; every byte pattern is a pointer, or an i64.
        unsafe {
            let table = std::slice::from_raw_parts_mut(start.cast::<*mut u8>(), self.entries.len());
            let index = std::slice::from_raw_parts_mut(start.add(table_bytes).cast::<i64>(), self.axes);
            let private = start.add(self.overhead_bytes());
            let shared = private.wrapping_add(self.private_bytes);
            let frame =
                Frame { arrays, table, index, shared, private, position: 0, lanes: 0, row: 0, local: 0 };
            (shared, private, frame)
        }
    }
}

impl Frame<'_> {
    /// Points the table at its memory.
    pub(super) fn start(&mut self, program: &Program, shared: *mut u8, private: *mut u8) {
        self.shared = shared;
        self.private = private;
        self.index.fill(0);
        let constants = program.constants.as_ptr().cast_mut();
        for (pointer, home) in self.table.iter_mut().zip(&program.entries) {
            *pointer = match *home {
                Home::Moving | Home::Unplaced { .. } => std::ptr::null_mut(),
                Home::Constant(offset) => constants.wrapping_add(offset),
                Home::Shared(offset) => shared.wrapping_add(offset),
                Home::Private(offset) => private.wrapping_add(offset),
            };
        }
    }
}

/// # Safety
/// As [`run`], for a frame that was started.
unsafe fn run_groups(program: &Program, frame: &mut Frame<'_>, groups: Range<usize>) {
    let (lane_rows, blocks) = (program.lane_rows, program.blocks);
    for group in groups {
        // SAFETY: the caller's promise.
        unsafe {
            if let Some(tile) = program.tile {
                run_tile(program, tile, frame, group, blocks);
                continue;
            }
            set_index(&program.parallel[..program.outer_axes], frame.index, group / blocks);
            let first = group % blocks * program.group;
            run_group(program, frame, first, program.group.min(lane_rows - first));
        }
    }
}

/// # Safety
/// As [`run_groups`]; indices of looped axes are set.
unsafe fn run_group(program: &Program, frame: &mut Frame<'_>, first: usize, count: usize) {
    for stage in &program.stages {
        // SAFETY: the caller's promise.
        unsafe {
            match stage.mode {
                Mode::Columns => columns(program, stage, frame, first, count),
                Mode::Packed => packed(stage, frame, first, count),
                Mode::Across => across::run(program, stage, frame),
                Mode::Rows => {
                    set_index(&program.parallel, frame.index, first);
                    for row in 0..count {
                        frame.row = row;
                        one_row(program, stage, frame, row * stage.inner_len, 0..stage.inner_len, None);
                        advance(&program.parallel, frame.index);
                    }
                }
            }
        }
    }
}

/// # Safety
/// As [`run_groups`].
unsafe fn run_tile(program: &Program, tile: Tile, frame: &mut Frame<'_>, group: usize, blocks: usize) {
    let [stage] = &program.stages[..] else { return };
    let (length, axis) = (program.tiled_len, program.outer_axes - 1);
    let tiles = length.div_ceil(tile.depth);
    let (rest, start) = (group / tiles, group % tiles * tile.depth);
    let first = rest % blocks * program.group;
    let depth = tile.depth.min(length - start);
    set_index(&program.parallel[..axis], frame.index, rest / blocks);
    frame.index[axis] = start as i64;
    frame.position = first as i64;
    frame.lanes = program.group.min(program.lane_rows - first);
    // SAFETY: the caller's promise; panels have room for `group` lanes of `depth` rows.
    unsafe {
        for panel in &stage.panels {
            let offset = panel.walk.address(frame.index, frame.position) as isize * panel.size as isize;
            let from = frame.arrays[panel.array].wrapping_offset(offset);
            let to = frame.private.wrapping_add(panel.memory);
            transfer::panel(panel.size, from, panel.walk.stride(), to, program.group, (frame.lanes, depth));
        }
        for row in 0..depth {
            frame.row = row;
            frame.index[axis] = (start + row) as i64;
            frame.run(&stage.setup);
            frame.run(&stage.body);
        }
    }
}

/// # Safety
/// As [`run_groups`].
unsafe fn packed(stage: &StageProgram, frame: &mut Frame<'_>, first: usize, count: usize) {
    frame.row = 0;
    frame.local = 0;
    frame.position = first as i64;
    frame.lanes = count;
    // SAFETY: the caller's promise.
    unsafe {
        frame.run(&stage.setup);
        if stage.inner_len > 0 {
            frame.position = (first * stage.inner_len) as i64;
            frame.lanes = count * stage.inner_len;
            frame.run(&stage.body);
        }
        frame.lanes = count;
        for fold in &stage.folds {
            accumulate::finish_packed(fold, stage.inner_len, frame);
        }
    }
}

/// # Safety
/// As [`run_groups`].
pub(super) unsafe fn columns(
    program: &Program,
    stage: &StageProgram,
    frame: &mut Frame<'_>,
    first: usize,
    count: usize,
) {
    frame.position = first as i64;
    frame.lanes = count;
    frame.row = 0;
    let inner = stage.inner_axes(program.parallel.len());
    frame.index[inner.clone()].fill(0);
    let mut states: SmallVec<[State; 4]> = SmallVec::from_elem(State::default(), stage.folds.len());
    // SAFETY: the caller's promise.
    unsafe {
        frame.run(&stage.setup);
        for fold in &stage.folds {
            accumulate::begin_columns(fold, frame);
        }
        for element in 0..stage.inner_len {
            frame.local = element * program.group;
            frame.run(&stage.body);
            for (fold, state) in stage.folds.iter().zip(&mut states) {
                accumulate::column(fold, state, frame);
            }
            advance(&stage.inner, &mut frame.index[inner.clone()]);
        }
        for (fold, state) in stage.folds.iter().zip(&mut states) {
            accumulate::end_columns(fold, state, frame);
        }
    }
}

/// A part of a row that threads share.
#[derive(Clone, Copy)]
struct Partial<'a> {
    /// Where the partial results of each fold begin.
    places: &'a [*mut u8],
    part: usize,
    parts: usize,
}

/// A row's inner indices in a range, whose row-local elements begin at `local`. With `partial` the folded
/// values are kept as partial results, otherwise they are finished.
///
/// # Safety
/// As [`run_groups`].
unsafe fn one_row(
    program: &Program,
    stage: &StageProgram,
    frame: &mut Frame<'_>,
    local: usize,
    range: Range<usize>,
    partial: Option<Partial<'_>>,
) {
    let mut states: SmallVec<[State; 4]> = SmallVec::from_elem(State::default(), stage.folds.len());
    frame.lanes = program.block;
    // SAFETY: the caller's promise.
    unsafe {
        frame.run(&stage.setup);
        let mut start = range.start;
        while start < range.end {
            frame.lanes = program.block.min(range.end - start);
            frame.position = start as i64;
            frame.local = local + start;
            frame.run(&stage.body);
            for (fold, state) in stage.folds.iter().zip(&mut states) {
                accumulate::block(fold, state, frame);
            }
            start += frame.lanes;
        }
        for (at, (fold, state)) in stage.folds.iter().zip(&mut states).enumerate() {
            accumulate::collapse(fold, state, frame);
            match partial {
                Some(Partial { places, part, parts }) => {
                    accumulate::keep(fold, frame, places[at], part, parts)
                }
                None => accumulate::finish_row(fold, state.any(), frame),
            }
        }
    }
}

/// Few rows of many inner indices: threads share each row, a stage at a time.
///
/// # Safety
/// As [`run`].
unsafe fn run_wide(program: &Program, arrays: Shared<'_>, context: &RunContext) {
    let mut memory = context.scratch(program.memory_bytes());
    // SAFETY: the caller's promise; parts of a row write disjoint elements.
    unsafe {
        let (shared, private, mut frame) = program.frame(&mut memory, arrays.pointers());
        frame.start(program, shared, private);
        for row in 0..program.rows {
            for stage in &program.stages {
                if stage.inner_len <= program.block || stage.mode != Mode::Rows {
                    match stage.mode {
                        Mode::Columns => columns(program, stage, &mut frame, row, 1),
                        Mode::Packed => packed(stage, &mut frame, row, 1),
                        Mode::Across => across::run(program, stage, &mut frame),
                        Mode::Rows => {
                            set_index(&program.parallel, frame.index, row);
                            one_row(program, stage, &mut frame, 0, 0..stage.inner_len, None);
                        }
                    }
                    continue;
                }
                let blocks = stage.inner_len.div_ceil(program.block);
                // The number of parts, and so the order of combination, depends on sizes and threads alone.
                let parts = blocks.min(4 * context.threads()).min(program.block);
                let mut partials = context.scratch(accumulate::partial_bytes(&stage.folds, parts));
                let partials: SmallVec<[*mut u8; 4]> =
                    accumulate::partial_places(&stage.folds, parts, partials.as_mut_ptr());
                let common = Shared(&[shared]);
                let places = Shared(&partials);
                context.parallel(parts, program.work_ns, |part| {
                    let bound = |part: usize| (blocks * part / parts * program.block).min(stage.inner_len);
                    let mut memory = context.scratch(program.memory_bytes() - program.shared_bytes);
                    let (_, private, mut frame) = program.frame(&mut memory, arrays.pointers());
                    frame.start(program, common.pointers()[0], private);
                    set_index(&program.parallel, frame.index, row);
                    let range = bound(part)..bound(part + 1);
                    let partial = Partial { places: places.pointers(), part, parts };
                    one_row(program, stage, &mut frame, 0, range, Some(partial));
                });
                set_index(&program.parallel, frame.index, row);
                frame.row = 0;
                frame.lanes = 1;
                frame.run(&stage.setup);
                for (fold, &place) in stage.folds.iter().zip(&partials) {
                    accumulate::take(fold, &mut frame, place, parts);
                    accumulate::finish_row(fold, true, &mut frame);
                }
            }
        }
    }
}

/// The index of a row-major position.
fn set_index(sizes: &[i64], index: &mut [i64], position: usize) {
    let mut rest = position as i64;
    for (index, &size) in index[..sizes.len()].iter_mut().zip(sizes).rev() {
        *index = rest % size;
        rest /= size;
    }
}

/// The next index in row-major order.
#[inline]
fn advance(sizes: &[i64], index: &mut [i64]) {
    for axis in (0..sizes.len()).rev() {
        index[axis] += 1;
        if index[axis] < sizes[axis] {
            return;
        }
        index[axis] = 0;
    }
}
