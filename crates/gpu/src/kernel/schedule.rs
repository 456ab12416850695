//! How a kernel's rows and inner indices are spread over threads.

use plan::{Combiner, Kernel, NodeOp, Reduction, Stage};
use tensor::DType;

use super::expression::div_up;
use super::lanes::{Direction, Form, Lanes};
use super::shader::{self, Operand};
use crate::features::Features;

/// A way to run a kernel. A *point* is what one team of threads computes at a time: a row, or `lanes.width`
/// neighbouring rows where the lanes lie along rows.
///
/// ```text
/// workgroup = points x team threads        each member folds, or maps, every team-th inner index of the point
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Schedule {
    /// The lanes of a thread.
    pub lanes: Lanes,
    /// Whether the last lanes may lie behind the last row.
    pub ragged: bool,
    /// Threads of a workgroup: `points * team`.
    pub threads: u32,
    /// Threads that share a point; a power of two.
    pub team: u32,
    /// Whether the members of a team are neighbouring threads; else the points are.
    pub members_first: bool,
    /// Points that a thread computes one after the other; 1 where a team has several members.
    pub repeat: u32,
    /// Workgroups that share a point; more than 1 where partial folds are left to another launch.
    pub split: u32,
    /// Where each row-local array lies.
    pub scratch: Vec<Placement>,
}

/// Where a row-local array lies. Each thread reads only elements that it wrote itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Placement {
    /// An array of the thread.
    Private,
    /// Workgroup memory.
    Workgroup,
    /// Scratch memory of the device.
    Memory,
}

/// Threads of a workgroup.
const THREADS: u32 = 256;

/// Threads that fill a large device: about 100 multiprocessors of 1,024 threads at work.
const FULL: i64 = 1 << 17;

/// Workgroups from which on a thread computes several points, so that the grid has one dimension.
const GROUPS: i64 = 1 << 15;

/// Elements of a row-local array that a thread keeps to itself.
const PRIVATE_ELEMENTS: i64 = 32;

/// Chunks of a thread, at most, that are visited in a loop of known length where all threads have as many.
const EXACT: i64 = 16;

/// Chunks that a member of a team folds by a graph, which costs more than a load, if there are enough rows.
const GRAPH_CHUNKS: i64 = 32;

/// Chunks that a member of a team folds if there are enough rows to fill the device: as many loads are in flight.
const CHUNKS: i64 = 4;

impl Schedule {
    /// Points of a workgroup at a time.
    pub fn points(&self) -> u32 {
        self.threads / self.team
    }

    /// Chunks of a stage: inner indices, or groups of as many as there are lanes along them.
    pub fn chunks(&self, stage: &Stage) -> i64 {
        let grouped = self.lanes.direction == Direction::Inner && !stage.inner.is_empty();
        elements(stage) / if grouped { i64::from(self.lanes.width) } else { 1 }
    }

    /// The chunks that each member of a team visits, where all visit as many, and few: the loop over them is exact.
    pub fn exact_trips(&self, chunks: i64) -> Option<i64> {
        let team = i64::from(self.team);
        (self.split == 1 && chunks % team == 0 && chunks / team <= EXACT).then_some(chunks / team)
    }

    /// For one workgroup of these threads, without vectors; folds and row-local arrays may take so many bytes each.
    pub fn of_one_workgroup(kernel: &Kernel, threads: u32, workgroup_bytes: u32) -> Self {
        let mut schedule = Schedule::serial(kernel);
        schedule.threads = threads;
        let inner = kernel.stages.iter().map(elements).max().unwrap_or(1);
        let mut team = 1;
        while team * 2 <= threads
            && i64::from(team) < inner
            && kernel.rows() * i64::from(team) < threads.into()
        {
            team *= 2;
        }
        schedule.team = team;
        schedule.members_first = !by_columns(kernel);
        if shader::fold_bytes(kernel, &schedule) > workgroup_bytes {
            schedule.team = 1;
        }
        schedule.place_scratch(kernel, workgroup_bytes.into());
        schedule
    }

    /// A thread a row: runs every kernel.
    pub fn serial(kernel: &Kernel) -> Self {
        let mut schedule = Schedule {
            lanes: Lanes::ONE,
            ragged: false,
            threads: THREADS,
            team: 1,
            members_first: false,
            repeat: 1,
            split: 1,
            scratch: Vec::new(),
        };
        schedule.place_scratch(kernel, 0);
        schedule
    }

    /// Places the row-local arrays, of which `room` bytes fit workgroup memory.
    fn place_scratch(&mut self, kernel: &Kernel, room: i64) {
        let mut room = room;
        self.scratch = (0..kernel.scratch.len())
            .map(|array| {
                let uses = |stage: &&Stage| stage.scratch.iter().any(|&(at, _)| at == array);
                let stage = kernel.stages.iter().find(uses).filter(|stage| !stage.inner.is_empty());
                let Some(stage) = stage else { return Placement::Private };
                let (chunks, width) = (self.chunks(stage), i64::from(self.lanes.width));
                let kept = if self.team == 1 { Some(chunks) } else { self.exact_trips(chunks) };
                let size = kernel.scratch[array].size().max(4) as i64;
                let bytes = chunks * width * i64::from(self.points()) * size;
                if kept.is_some_and(|chunks| chunks * width <= PRIVATE_ELEMENTS) {
                    Placement::Private
                } else if self.team > 1 && bytes <= room {
                    room -= bytes;
                    Placement::Workgroup
                } else {
                    Placement::Memory
                }
            })
            .collect();
    }
}

/// Inner indices of a stage.
pub(super) fn elements(stage: &Stage) -> i64 {
    stage.inner.iter().product()
}

/// The accesses of a kernel along some lanes.
#[derive(Clone, Copy, Debug, Default)]
struct Survey {
    /// Loads and stores by form, weighted by how often they happen a row.
    same: i64,
    vector: i64,
    each: i64,
    /// Stores that do not form vectors.
    loose_stores: usize,
    /// Widest element of the accesses that form vectors.
    widest: usize,
}

impl Survey {
    fn new(kernel: &Kernel, lanes: Lanes) -> Self {
        let mut survey = Survey::default();
        for stage in &kernel.stages {
            let varying = lanes.varying(kernel, stage);
            let mut count = |access: &plan::Access, dtype: DType, store: bool| {
                let part_of_word = dtype.size() * (lanes.width as usize) < 4;
                let form = match lanes.form(kernel, stage, access, &varying) {
                    Form::Vector if part_of_word => Form::Each,
                    form => form,
                };
                let weight = elements(stage);
                match form {
                    Form::Same => survey.same += weight,
                    Form::Vector => {
                        survey.vector += weight;
                        survey.widest = survey.widest.max(dtype.size());
                    }
                    Form::Each => survey.each += weight,
                }
                if store && form != Form::Vector {
                    survey.loose_stores += 1;
                }
            };
            for node in &stage.nodes {
                if let NodeOp::Load { input, access, .. } = &node.op {
                    count(access, kernel.inputs[*input], false);
                }
            }
            for store in &stage.stores {
                count(&store.access, kernel.outputs[store.output], true);
            }
        }
        survey
    }
}

/// Lanes of accesses whose widest element has this size: 16 bytes a thread and access.
fn width(widest: usize) -> u32 {
    match widest {
        0..=2 => 8,
        3..=4 => 4,
        _ => 2,
    }
}

/// The schedule of a kernel over its arrays, inputs first.
pub(super) fn choose(kernel: &Kernel, arrays: &[Operand], features: &Features) -> Schedule {
    if kernel.stages.iter().all(|stage| stage.inner.is_empty()) {
        return element(kernel, arrays);
    }
    let inner: i64 = kernel.stages.iter().map(elements).max().unwrap_or(1);
    let mut schedule = if by_columns(kernel) { columns(kernel, inner) } else { rows(kernel, inner) };
    schedule.place_scratch(kernel, i64::from(features.workgroup_bytes) / 2);
    schedule
}

/// Whether the accesses of inner indices step along the last parallel axis rather than the last inner one.
fn by_columns(kernel: &Kernel) -> bool {
    let rank = kernel.parallel.len();
    let (mut along_rows, mut along_columns) = (0, 0);
    for stage in kernel.stages.iter().filter(|stage| !stage.inner.is_empty()) {
        let last = rank + stage.inner.len() - 1;
        let mut count = |access: &plan::Access| {
            let steps = |axis: usize| {
                access
                    .expr
                    .terms
                    .iter()
                    .any(|term| term.axis == axis && term.stride.abs() == 1 && term.is_plain())
            };
            along_rows += if steps(last) { elements(stage) } else { 0 };
            along_columns += if rank > 0 && steps(rank - 1) { elements(stage) } else { 0 };
        };
        for node in &stage.nodes {
            if let NodeOp::Load { access, .. } = &node.op {
                count(access);
            }
        }
        stage.stores.iter().for_each(|store| count(&store.access));
    }
    along_columns > along_rows
}

/// No inner indices: a thread computes neighbouring rows.
fn element(kernel: &Kernel, arrays: &[Operand]) -> Schedule {
    let mut schedule = Schedule::serial(kernel);
    let (lanes, ragged) = element_lanes(kernel, arrays);
    schedule.lanes = lanes;
    schedule.ragged = ragged;
    schedule.place_scratch(kernel, 0);
    let groups = div_up(kernel.rows(), i64::from(lanes.width * THREADS));
    while schedule.repeat < 8 && groups / i64::from(schedule.repeat) >= GROUPS {
        schedule.repeat *= 2;
    }
    schedule
}

fn element_lanes(kernel: &Kernel, arrays: &[Operand]) -> (Lanes, bool) {
    let rows = kernel.rows();
    if rows == 1 {
        return (Lanes::ONE, false);
    }
    let outputs = &arrays[kernel.inputs.len()..];
    let computed = kernel.stages.iter().any(|stage| {
        let loads = stage.nodes.iter().any(|node| match &node.op {
            NodeOp::Load { access, .. } => !access.dynamic.is_empty(),
            _ => false,
        });
        loads || stage.stores.iter().any(|store| !store.access.dynamic.is_empty())
    });
    // Lanes behind the end write padding, which only whole arrays have.
    let may_be_ragged = !computed && outputs.iter().all(|array| array.len == rows && array.padded);
    let direction = Direction::Parallel;
    let last = *kernel.parallel.last().expect("several rows lie along an axis");
    let widest = Survey::new(kernel, Lanes { direction, width: 2 }).widest;
    for width in [width(widest), 4, 2] {
        let lanes = Lanes { direction, width };
        let survey = Survey::new(kernel, lanes);
        let ragged = last % i64::from(width) != 0;
        let fits = !ragged || (may_be_ragged && kernel.parallel.len() == 1);
        if fits && survey.loose_stores == 0 && survey.each <= survey.vector {
            return (lanes, ragged);
        }
    }
    let narrow = kernel.outputs.iter().any(|dtype| dtype.size() < 4);
    let lanes = Lanes { direction: Direction::Flat, width: 4 };
    let ragged = rows % 4 != 0;
    if narrow && (!ragged || may_be_ragged) && Survey::new(kernel, lanes).loose_stores == 0 {
        return (lanes, ragged);
    }
    (Lanes::ONE, false)
}

/// Inner indices are contiguous: the members of a team are neighbours along them.
fn rows(kernel: &Kernel, inner: i64) -> Schedule {
    let mut schedule = Schedule::serial(kernel);
    schedule.lanes = inner_lanes(kernel);
    let chunks = inner / i64::from(schedule.lanes.width);
    let graph = |reduction: &Reduction| matches!(reduction.combiner, Combiner::Graph(_));
    let dear = kernel.stages.iter().flat_map(|stage| &stage.reductions).any(graph);
    let each = if dear { GRAPH_CHUNKS } else { CHUNKS };
    let mut team = 1;
    while team < THREADS
        && i64::from(team) < chunks
        && (i64::from(team) * each < chunks || kernel.rows() * i64::from(team) < FULL)
    {
        team *= 2;
    }
    schedule.team = team;
    schedule.members_first = true;
    schedule
}

fn inner_lanes(kernel: &Kernel) -> Lanes {
    let direction = Direction::Inner;
    let widest = Survey::new(kernel, Lanes { direction, width: 2 }).widest;
    for width in [width(widest), 4, 2] {
        let lanes = Lanes { direction, width };
        let survey = Survey::new(kernel, lanes);
        let mut folded = kernel.stages.iter().filter_map(|stage| stage.inner.last());
        let divides = folded.all(|size| size % i64::from(width) == 0);
        if divides && survey.vector > 0 && survey.each <= survey.vector {
            return lanes;
        }
    }
    Lanes { direction, width: 1 }
}

/// Rows are neighbours in memory: so are the threads of different points, and the members of a team share the inner
/// indices between them.
fn columns(kernel: &Kernel, inner: i64) -> Schedule {
    let mut schedule = Schedule::serial(kernel);
    let direction = Direction::Parallel;
    let last = kernel.parallel.last().copied().unwrap_or(1);
    let widest = Survey::new(kernel, Lanes { direction, width: 2 }).widest;
    for width in [width(widest), 4, 2] {
        let lanes = Lanes { direction, width };
        let survey = Survey::new(kernel, lanes);
        // Stores of row values lie along the lanes as a rule; they are few.
        let fits = last % i64::from(width) == 0 && survey.each <= survey.vector;
        if fits && survey.vector > 0 && last >= i64::from(width) * 8 {
            schedule.lanes = lanes;
            break;
        }
    }
    let points = kernel.rows() / i64::from(schedule.lanes.width);
    let mut team = 1;
    while team < 32 && i64::from(team) * 2 * CHUNKS <= inner && points * i64::from(team) < FULL {
        team *= 2;
    }
    schedule.team = team;
    schedule
}

/// Whether the rows of a kernel fill a large device.
pub(super) fn fills(kernel: &Kernel, schedule: &Schedule) -> bool {
    let points = div_up(kernel.rows(), i64::from(schedule.lanes.of_rows()));
    points * i64::from(schedule.team) >= FULL / 2
}

/// Workgroups that share each point of a fold, so that there are enough of them.
pub(super) fn split(kernel: &Kernel, schedule: &Schedule) -> u32 {
    let lanes = i64::from(schedule.lanes.width);
    let inner: i64 = kernel.stages.iter().map(elements).max().unwrap_or(1);
    let (points, chunks) = match schedule.lanes.direction {
        Direction::Inner => (kernel.rows(), inner / lanes),
        Direction::Parallel | Direction::Flat => (kernel.rows() / lanes, inner),
    };
    let groups = div_up(points, i64::from(schedule.points()));
    let wanted = div_up(FULL * 2, groups * i64::from(THREADS));
    let most = chunks / (i64::from(schedule.team) * CHUNKS * 2);
    let split = wanted.min(most).max(1);
    // No share is empty.
    div_up(chunks, div_up(chunks, split)) as u32
}
