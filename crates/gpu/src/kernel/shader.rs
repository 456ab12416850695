//! A kernel with its schedule as a shader and its launches.

use std::sync::Arc;

use plan::{Kernel, NodeOp, Stage};
use smallvec::SmallVec;
use tensor::DType;

use super::expression::div_up;
use super::fold;
use super::lanes::{Direction, Form};
use super::print::{Array, Local, Printer};
use super::schedule::{Placement, Schedule};
use super::shared::Shared;
use super::text::Text;
use crate::command::{self, Bound, Command, Launch, Memory};
use crate::features::Features;
use crate::lower::Refusal;
use crate::scalar::{Register, Scalars, Storage, register};
use crate::shader::Shader;

/// Operations of one launch, at most.
const LAUNCH_OPERATIONS: u64 = 1 << 38;

/// A kernel with its arrays: inputs, then outputs.
#[derive(Clone, Debug)]
pub(super) struct Task {
    /// What is computed.
    pub kernel: Kernel,
    /// Its arrays.
    pub arrays: Vec<Operand>,
    /// Where the partial results of its folds go, in order, instead of being finished.
    pub partial: Vec<Operand>,
    /// How many partial results there are of each row.
    pub split: u32,
}

/// An array that a kernel uses.
#[derive(Clone, Copy, Debug)]
pub(super) struct Operand {
    /// Where it is.
    pub memory: Memory,
    /// Type of its elements.
    pub dtype: DType,
    /// Number of its elements.
    pub len: i64,
    /// Whether nothing but padding follows them.
    pub padded: bool,
}

impl Operand {
    /// Bytes of its elements.
    pub fn bytes(&self) -> u64 {
        self.len as u64 * self.dtype.size() as u64
    }
}

/// The type whose array holds values of another in scratch memory, unpacked.
pub(super) fn cell(dtype: DType, features: &Features) -> Result<DType, Refusal> {
    Ok(match register(dtype, features)? {
        Register::Bool => DType::U32,
        register => register.dtype(),
    })
}

/// Types of the partial results of a kernel's folds, in order, as scratch memory holds them.
pub(super) fn partial_types(kernel: &Kernel, features: &Features) -> Result<Vec<DType>, Refusal> {
    let mut types = Vec::new();
    for stage in &kernel.stages {
        for reduction in &stage.reductions {
            for id in &reduction.inputs {
                let dtype = fold::accumulator(&reduction.combiner, stage.nodes[id.index()].dtype);
                types.push(cell(dtype, features)?);
            }
        }
    }
    Ok(types)
}

/// Prints a task and launches it. `scratch` is memory for row-local arrays, by array.
pub(super) fn launches(
    task: &Task,
    schedule: &Schedule,
    scratch: &[Option<Memory>],
    features: &Features,
) -> Result<Vec<Command>, Refusal> {
    let kernel = &task.kernel;
    let mut scalars = Scalars::new(features);
    let mut arrays = declare(&task.kernel, &task.arrays, schedule, &mut scalars)?;
    let mut memory: Vec<Memory> = task.arrays.iter().map(|array| array.memory).collect();
    let mut locals = Vec::new();
    for (number, &dtype) in kernel.scratch.iter().enumerate() {
        let mut name = format!("x{number}");
        if let Some(at) = scratch[number] {
            let array = plain(arrays.len(), cell(dtype, features)?, &mut scalars)?;
            name = format!("{}[{}", array.name, array.offset);
            arrays.push(array);
            memory.push(at);
        }
        locals.push(Local { name, chunks: local_chunks(kernel, schedule, number) });
    }
    let partials = arrays.len();
    for partial in &task.partial {
        arrays.push(plain(arrays.len(), partial.dtype, &mut scalars)?);
        memory.push(partial.memory);
    }
    let points = points(kernel, schedule);
    let groups = div_up(points, i64::from(schedule.points() * schedule.repeat)) * i64::from(schedule.split);
    let mut printer = Printer {
        kernel,
        schedule,
        scalars: &mut scalars,
        arrays,
        text: Text::indented(),
        points,
        partials: (!task.partial.is_empty()).then_some(partials),
        rows: Vec::new(),
        locals,
        shared: Shared::default(),
    };
    printer.groups()?;
    let Printer { arrays, text, shared, .. } = printer;
    let body = Body { text: text.finish(), arrays, shared, threads: schedule.threads, groups };
    assemble(kernel, &memory, &body, &scalars)
}

/// The body of a shader's `main`, over `lid` and `group`.
pub(super) struct Body {
    /// WGSL.
    pub text: String,
    /// What is bound.
    pub arrays: Vec<Array>,
    /// Workgroup memory.
    pub shared: Shared,
    /// Threads of a workgroup.
    pub threads: u32,
    /// Workgroups.
    pub groups: i64,
}

/// The launches of a shader with this body; several if they are long.
pub(super) fn assemble(
    kernel: &Kernel,
    memory: &[Memory],
    body: &Body,
    scalars: &Scalars<'_>,
) -> Result<Vec<Command>, Refusal> {
    let features = scalars.features;
    let Body { arrays, groups, .. } = body;
    let work = Work::of(kernel);
    let parts = work.operations.div_ceil(LAUNCH_OPERATIONS).clamp(1, *groups as u64) as i64;
    if body.shared.bytes() > features.workgroup_bytes {
        return Err(Refusal::new("folds need more workgroup memory than there is"));
    }
    let parameters = u32::from(parts > 1);
    let bound: u32 = arrays.iter().map(|array| array.pieces).sum();
    if bound > features.max_bindings || 4 * (bound + parameters) > features.immediate_bytes {
        return Err(Refusal::new(format!("{bound} arrays in one kernel")));
    }
    let shader = Arc::new(Shader {
        name: "kernel",
        source: source(body, scalars, parts > 1).into(),
        bindings: bound,
        parameters,
        unchecked: kernel.stages.iter().all(accesses_are_affine),
    });
    let mut bindings: SmallVec<[Bound; 8]> =
        memory.iter().zip(arrays).map(|(&memory, array)| Bound { memory, unit: array.unit() }).collect();
    for (&memory, array) in memory.iter().zip(arrays) {
        for piece in 1..array.pieces {
            let memory = memory.from_byte(u64::from(piece) * features.window_bytes());
            bindings.push(Bound { memory, unit: array.unit() });
        }
    }
    let mut commands = Vec::new();
    // Grids that hold no more workgroups than are wanted, but for the last: those would run twice.
    let mut each = div_up(*groups, parts);
    let lines = div_up(each, features.max_grid.into());
    each = div_up(each, lines) * lines;
    for first in (0..*groups).step_by(each as usize) {
        let count = each.min(groups - first) as u64;
        let grid = command::grid(count, features.max_grid)
            .ok_or_else(|| Refusal::new("more workgroups than a grid holds"))?;
        let work = (u128::from(work.launch()) * u128::from(count) / *groups as u128) as u64;
        commands.push(Command::Launch(Launch {
            shader: shader.clone(),
            bindings: bindings.clone(),
            parameters: if parts > 1 { SmallVec::from_slice(&[first as u32]) } else { SmallVec::new() },
            grid,
            work: work.max(1),
        }));
    }
    Ok(commands)
}

/// The text of a shader with this body. `in_parts`: a parameter is the number of the first workgroup.
fn source(body: &Body, scalars: &Scalars<'_>, in_parts: bool) -> String {
    let mut text = Text::default();
    if body.arrays.iter().any(|array| array.storage.element == "f16") {
        text.line("enable f16;");
    }
    for (number, array) in body.arrays.iter().enumerate() {
        let binding = format!("@group(0) @binding({number}) var<storage, read_write>");
        text.line(format_args!("{binding} {}: array<{}>;", array.name, array.element()));
    }
    let mut bound = body.arrays.len();
    let mut functions = String::new();
    for array in &body.arrays {
        let Some(pieces) = array.in_pieces(&mut bound, scalars.features) else { continue };
        for (piece, binding) in pieces.bindings.iter().enumerate().skip(1) {
            let binding = format!("@group(0) @binding({binding}) var<storage, read_write>");
            text.line(format_args!("{binding} {}: array<{}>;", pieces.name(piece), array.element()));
        }
        functions += &pieces.functions();
    }
    text.open("struct Args {");
    for number in 0..bound {
        text.line(format_args!("at{number}: u32,"));
    }
    if in_parts {
        text.line("first: u32,");
    }
    text.close();
    text.line("var<immediate> args: Args;");
    let mut text = text.finish();
    let first = if in_parts { "args.first + " } else { "" };
    text += &functions;
    text += &body.shared.declarations();
    text += &scalars.functions.source();
    text += &format!(
        "@compute @workgroup_size({})\nfn main(\n  @builtin(local_invocation_index) lid: u32,\n  \
         @builtin(workgroup_id) id: vec3<u32>,\n  @builtin(num_workgroups) grid: vec3<u32>,\n) {{\n  \
         let group = {first}id.y * grid.x + id.x;\n{}}}\n",
        body.threads, body.text
    );
    text
}

/// Bytes of workgroup memory that the folds of a kernel take, at most.
pub(super) fn fold_bytes(kernel: &Kernel, schedule: &Schedule) -> u32 {
    if schedule.team == 1 {
        return 0;
    }
    let cells: usize = kernel.row_types().iter().map(|dtype| dtype.size().max(4)).sum();
    cells as u32 * schedule.threads * schedule.lanes.of_rows()
}

/// Points that a kernel's rows make.
pub(super) fn points(kernel: &Kernel, schedule: &Schedule) -> i64 {
    let width = i64::from(schedule.lanes.width);
    match schedule.lanes.direction {
        Direction::Inner => kernel.rows(),
        Direction::Flat => div_up(kernel.rows(), width),
        Direction::Parallel => match kernel.parallel.split_last() {
            Some((&last, outer)) => outer.iter().product::<i64>() * div_up(last, width),
            None => 1,
        },
    }
}

fn accesses_are_affine(stage: &Stage) -> bool {
    let loads = stage.nodes.iter().all(|node| match &node.op {
        NodeOp::Load { access, .. } => access.dynamic.is_empty(),
        _ => true,
    });
    loads && stage.stores.iter().all(|store| store.access.dynamic.is_empty())
}

/// An array of declared elements that are single values.
pub(super) fn plain(number: usize, dtype: DType, scalars: &mut Scalars<'_>) -> Result<Array, Refusal> {
    let storage = scalars.storage(dtype)?;
    Ok(Array {
        name: format!("b{number}"),
        offset: format!("args.at{number}"),
        dtype,
        storage,
        vector: 1,
        atomic: false,
        pieces: 1,
    })
}

/// How the arrays of a kernel are declared: as vectors where the accesses along the lanes are, as atomics where a
/// thread stores a part of a word.
pub(super) fn declare(
    kernel: &Kernel,
    operands: &[Operand],
    schedule: &Schedule,
    scalars: &mut Scalars<'_>,
) -> Result<Vec<Array>, Refusal> {
    let width = schedule.lanes.width;
    let mut arrays = Vec::new();
    for (number, &dtype) in kernel.inputs.iter().chain(&kernel.outputs).enumerate() {
        arrays.push(plain(number, dtype, scalars)?);
    }
    let vector = |storage: &Storage| match width / storage.per_word {
        words @ 2.. if storage.unit <= 4 => words.min(4),
        _ => 1,
    };
    let mut whole = vec![true; kernel.outputs.len()];
    for stage in &kernel.stages {
        let varying = schedule.lanes.varying(kernel, stage);
        for node in &stage.nodes {
            let NodeOp::Load { input, access, .. } = &node.op else { continue };
            if schedule.lanes.form(kernel, stage, access, &varying) == Form::Vector {
                arrays[*input].vector = vector(&arrays[*input].storage);
            }
        }
        for store in &stage.stores {
            let form = schedule.lanes.form(kernel, stage, &store.access, &varying);
            whole[store.output] &= form == Form::Vector;
        }
    }
    for (array, whole) in arrays[kernel.inputs.len()..].iter_mut().zip(whole) {
        array.vector = if whole { vector(&array.storage) } else { 1 };
        array.atomic = array.storage.per_word > 1 && !(whole && width >= array.storage.per_word);
    }
    for (array, operand) in arrays.iter_mut().zip(operands) {
        array.pieces = operand.bytes().div_ceil(scalars.features.window_bytes()).max(1) as u32;
    }
    Ok(arrays)
}

/// Chunks of the stages that use a row-local array, or those of one thread where threads keep them to themselves.
pub(super) fn local_chunks(kernel: &Kernel, schedule: &Schedule, array: usize) -> i64 {
    let stage = kernel.stages.iter().find(|stage| stage.scratch.iter().any(|&(at, _)| at == array));
    let Some(stage) = stage else { return 1 };
    let chunks = schedule.chunks(stage);
    match schedule.scratch[array] {
        Placement::Private if !stage.inner.is_empty() => schedule.exact_trips(chunks).unwrap_or(chunks),
        _ => chunks,
    }
}

/// What a kernel costs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Work {
    /// Scalar operations.
    pub operations: u64,
    /// Bytes of loads and stores.
    pub bytes: u64,
}

impl Work {
    /// That of all rows.
    pub fn of(kernel: &Kernel) -> Work {
        let mut work = Work { operations: 0, bytes: 0 };
        for stage in &kernel.stages {
            let count = (kernel.rows() * stage.inner.iter().product::<i64>()) as u64;
            let loads = stage.nodes.iter().filter(|node| matches!(node.op, NodeOp::Load { .. }));
            let stored = stage.stores.iter().map(|store| kernel.outputs[store.output].size());
            let bytes = loads.map(|node| node.dtype.size()).chain(stored).sum::<usize>() as u64;
            work.operations =
                work.operations.saturating_add(count.saturating_mul(stage.nodes.len() as u64 + 1));
            work.bytes = work.bytes.saturating_add(count.saturating_mul(bytes));
        }
        work
    }

    /// As launches count it.
    pub fn launch(self) -> u64 {
        self.bytes.max(self.operations / 10)
    }
}

impl Printer<'_, '_> {
    /// Prints what a workgroup does, whose number `group` is.
    pub fn groups(&mut self) -> Result<(), Refusal> {
        let Schedule { team, threads, repeat, split, .. } = *self.schedule;
        let per_group = self.schedule.points();
        let points = self.points;
        let mut number = "group".to_owned();
        if split > 1 {
            self.text.line(format_args!("let part = group % {split}u;"));
            number = format!("(group / {split}u)");
        }
        if team == 1 {
            self.text.line("let slot = lid;");
            if repeat > 1 {
                self.text.open(format_args!("for (var turn = 0u; turn < {repeat}u; turn++) {{"));
                number = format!("({number} * {repeat}u + turn)");
            }
            self.text.line(format_args!("let point = {number} * {threads}u + lid;"));
            self.text.open(format_args!("if (point < {points}u) {{"));
            self.point(None)?;
            self.text.close();
            if repeat > 1 {
                self.text.close();
            }
            return Ok(());
        }
        let (slot, member) = if self.schedule.members_first {
            (format!("lid / {team}u"), format!("lid % {team}u"))
        } else {
            (format!("lid % {per_group}u"), format!("lid / {per_group}u"))
        };
        if per_group == 1 {
            self.text.line("let slot = 0u;");
            self.text.line("let member = lid;");
        } else {
            self.text.line(format_args!("let slot = {slot};"));
            self.text.line(format_args!("let member = {member};"));
        }
        // All threads reach the barriers; those behind the last point repeat its work and store nothing.
        let place = if per_group == 1 { number } else { format!("{number} * {per_group}u + slot") };
        self.text.line(format_args!("let place = {place};"));
        self.text.line(format_args!("let live = place < {points}u;"));
        self.text.line(format_args!("let point = min(place, {}u);", points - 1));
        self.point(Some("live"))
    }

    /// Prints what is done for `point`.
    fn point(&mut self, live: Option<&str>) -> Result<(), Refusal> {
        if self.schedule.lanes.direction == Direction::Flat {
            self.flat_axes();
        } else {
            let chunked =
                self.schedule.lanes.direction == Direction::Parallel && self.schedule.lanes.width > 1;
            let kernel = self.kernel;
            self.axes("point", 0, &kernel.parallel, chunked);
        }
        for (number, placement) in self.schedule.scratch.iter().enumerate() {
            let register = register(self.kernel.scratch[number], self.scalars.features)?;
            let elements = self.locals[number].chunks as u32 * self.schedule.lanes.width;
            match placement {
                Placement::Private => {
                    let name = &self.locals[number].name;
                    self.text.line(format_args!("var {name}: array<{}, {elements}>;", register.wgsl()));
                }
                Placement::Workgroup => {
                    let name = format!("x{number}");
                    self.locals[number].name =
                        self.shared.array(&name, register, elements * self.schedule.points());
                }
                Placement::Memory => {}
            }
        }
        self.stages(live)
    }
}
