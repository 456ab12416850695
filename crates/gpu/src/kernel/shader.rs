//! A kernel with its schedule as a shader and its launches.

use std::sync::Arc;

use plan::{Kernel, NodeOp, Stage};
use smallvec::SmallVec;
use tensor::DType;

use super::expression::div_up;
use super::lanes::{Direction, Form};
use super::print::{Array, Local, Printer};
use super::schedule::{Placement, Schedule};
use super::text::Text;
use crate::command::{self, Bound, Command, Launch, Memory};
use crate::features::Features;
use crate::lower::Refusal;
use crate::scalar::{Register, Scalars, Storage, register};
use crate::shader::Shader;

/// Operations of one launch, at most.
const LAUNCH_OPERATIONS: u64 = 1 << 38;

/// A kernel with the memory of its arrays: inputs, then outputs.
#[derive(Clone, Debug)]
pub(super) struct Task {
    /// What is computed.
    pub kernel: Kernel,
    /// Where its arrays lie.
    pub memory: Vec<Memory>,
    /// Where the partial results of its folds go, in order, instead of being finished.
    pub partial: Vec<Memory>,
}

/// The type whose array holds values of another in scratch memory, unpacked.
pub(super) fn cell(dtype: DType, features: &Features) -> Result<DType, Refusal> {
    Ok(match register(dtype, features)? {
        Register::Bool | Register::U32 => DType::U32,
        Register::I32 => DType::I32,
        Register::I64 => DType::I64,
        Register::U64 => DType::U64,
        Register::F32 => DType::F32,
        Register::C64 => DType::C64,
    })
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
    let mut arrays = declare(kernel, schedule, &mut scalars)?;
    let mut memory = task.memory.clone();
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
    let first_partial = arrays.len();
    for &at in &task.partial {
        memory.push(at);
    }
    let points = points(kernel, schedule);
    let groups = div_up(points, i64::from(schedule.points() * schedule.repeat)) * i64::from(schedule.split);
    let work = Work::of(kernel);
    let parts = work.operations.div_ceil(LAUNCH_OPERATIONS).clamp(1, groups as u64) as i64;

    let mut printer = Printer {
        kernel,
        schedule,
        scalars: &mut scalars,
        arrays,
        text: Text::indented(),
        points,
        rows: Vec::new(),
        locals,
        shared: Vec::new(),
        shared_bytes: 0,
    };
    printer.body(first_partial, task.partial.len(), parts > 1)?;
    let Printer { arrays, text, shared, shared_bytes, .. } = printer;
    if shared_bytes > features.workgroup_bytes {
        return Err(Refusal::new("folds need more workgroup memory than there is"));
    }
    if arrays.len() > features.max_bindings as usize {
        return Err(Refusal::new(format!("{} arrays in one kernel", arrays.len())));
    }
    let parameters = u32::from(parts > 1);
    if 4 * (arrays.len() as u32 + parameters) > features.immediate_bytes {
        return Err(Refusal::new(format!("{} arrays in one kernel", arrays.len())));
    }
    let mut source = Text::default();
    if arrays.iter().any(|array| array.storage.element == "f16") {
        source.line("enable f16;");
    }
    for (number, array) in arrays.iter().enumerate() {
        source.line(format_args!(
            "@group(0) @binding({number}) var<storage, read_write> {}: array<{}>;",
            array.name,
            array.element()
        ));
    }
    source.open("struct Args {");
    for number in 0..arrays.len() {
        source.line(format_args!("at{number}: u32,"));
    }
    if parts > 1 {
        source.line("first: u32,");
    }
    source.close();
    source.line("var<immediate> args: Args;");
    for (name, ty) in &shared {
        source.line(format_args!("var<workgroup> {name}: {ty};"));
    }
    let mut source = source.finish();
    source.push_str(&scalars.functions.source());
    source.push_str(&format!(
        "@compute @workgroup_size({})\nfn main(\n  @builtin(local_invocation_index) lid: u32,\n  \
         @builtin(workgroup_id) id: vec3<u32>,\n  @builtin(num_workgroups) grid: vec3<u32>,\n) {{\n",
        schedule.threads
    ));
    source.push_str(&text.finish());
    source.push_str("}\n");
    let shader = Arc::new(Shader {
        name: "kernel",
        source: source.into(),
        bindings: arrays.len() as u32,
        parameters,
        unchecked: kernel.stages.iter().all(|stage| accesses_are_affine(stage)),
    });
    let bindings: SmallVec<[Bound; 8]> = memory
        .iter()
        .zip(&arrays)
        .map(|(&memory, array)| Bound { memory, unit: array.unit() })
        .collect();
    let mut commands = Vec::new();
    let each = div_up(groups, parts);
    let mut first = 0;
    while first < groups {
        let count = each.min(groups - first);
        let grid = command::grid(count as u64, features.max_grid)
            .ok_or_else(|| Refusal::new("more workgroups than a grid holds"))?;
        let parameters = if parts > 1 { SmallVec::from_slice(&[first as u32]) } else { SmallVec::new() };
        let work = work.launch() * count as u64 / groups as u64;
        commands.push(Command::Launch(Launch {
            shader: shader.clone(),
            bindings: bindings.clone(),
            parameters,
            grid,
            work: work.max(1),
        }));
        first += count;
    }
    Ok(commands)
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
fn plain(number: usize, dtype: DType, scalars: &mut Scalars<'_>) -> Result<Array, Refusal> {
    let storage = scalars.storage(dtype)?;
    Ok(Array {
        name: format!("b{number}"),
        offset: format!("args.at{number}"),
        dtype,
        storage,
        vector: 1,
        atomic: false,
    })
}

/// How the arrays of a kernel are declared: as vectors where the accesses along the lanes are, as atomics where a
/// thread stores a part of a word.
fn declare(kernel: &Kernel, schedule: &Schedule, scalars: &mut Scalars<'_>) -> Result<Vec<Array>, Refusal> {
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
    Ok(arrays)
}

/// Chunks of the stages that use a row-local array.
pub(super) fn local_chunks(kernel: &Kernel, schedule: &Schedule, array: usize) -> i64 {
    let stage = kernel.stages.iter().find(|stage| stage.scratch.iter().any(|&(at, _)| at == array));
    let Some(stage) = stage else { return 1 };
    let count: i64 = stage.inner.iter().product();
    let width = i64::from(schedule.lanes.width);
    if schedule.lanes.direction == Direction::Inner && !stage.inner.is_empty() { count / width } else { count }
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
            work.operations = work.operations.saturating_add(count.saturating_mul(stage.nodes.len() as u64 + 1));
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
    /// Prints the body of `main`.
    fn body(&mut self, first_partial: usize, partials: usize, in_parts: bool) -> Result<(), Refusal> {
        let first = if in_parts { "args.first + " } else { "" };
        self.text.line(format_args!("let group = {first}id.y * grid.x + id.x;"));
        self.groups(first_partial, partials)?;
        Ok(())
    }

    /// Prints what a workgroup does, whose number `group` is.
    pub fn groups(&mut self, first_partial: usize, partials: usize) -> Result<(), Refusal> {
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
            self.point(None, first_partial, partials)?;
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
        self.point(Some("live"), first_partial, partials)
    }

    /// Prints what is done for `point`.
    fn point(&mut self, live: Option<&str>, first_partial: usize, partials: usize) -> Result<(), Refusal> {
        if self.schedule.lanes.direction == Direction::Flat {
            self.flat_axes();
        } else {
            let chunked = self.schedule.lanes.direction == Direction::Parallel && self.schedule.lanes.width > 1;
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
                        self.shared_array(&name, register, elements * self.schedule.points());
                }
                Placement::Memory => {}
            }
        }
        debug_assert!(partials == 0 || first_partial <= self.arrays.len());
        self.stages(live)
    }
}
