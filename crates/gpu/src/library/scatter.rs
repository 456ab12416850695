//! Scatters.
//!
//! A thread takes an update element. Where no two go to the same place it just stores; a replacing scatter finds
//! out first which update comes last; a commutative combination is an atomic one, native where the device has it.
//! Whatever remains, and sums of floats where results must not depend on timing, is done in order: threads own words
//! of the results and look at all updates.

mod target;

use std::fmt::Write;

use ops::BinaryOp;
use plan::library::{Scatter, ScatterCombiner};
use plan::{Graph, SlotId, Step};
use tensor::DType;

use self::target::Geometry;
use super::element::{self, Access};
use super::launch::{Draft, THREADS, check_lengths, reach};
use crate::command::{self, Command, Memory};
use crate::features::Features;
use crate::lower::{Context, Lowered, Refusal};
use crate::scalar::{Scalars, register};

const SHADER: &str = include_str!("../../shaders/scatter.wgsl");
const ORDERED: &str = include_str!("../../shaders/scatter_ordered.wgsl");

/// Threads of an ordered scatter at most, and updates of one of its launches.
const OWNERS: u64 = 1 << 16;
const ORDERED_UPDATES: u64 = 1 << 18;

/// How updates are applied.
enum Form {
    /// Each place is updated at most once.
    Once,
    /// The last update of each place replaces it.
    Last,
    /// By atomics.
    Atomic(BinaryOp),
    /// In order.
    Ordered,
}

/// Lowers the step.
///
/// # Errors
/// If the device cannot run it.
pub fn lower(scatter: &Scatter, step: &Step, context: Context<'_>) -> Result<Lowered, Refusal> {
    let count = scatter.dtypes.len();
    let lengths: [(&[SlotId], &[i64]); 4] = [
        (&step.reads[..count], &scatter.operand_dims),
        (&step.reads[count..=count], &scatter.index_dims),
        (&step.reads[count + 1..], &scatter.update_dims),
        (&step.writes, &scatter.operand_dims),
    ];
    for (slots, dims) in lengths {
        check_lengths(context, slots, dims.iter().product(), "a scatter")?;
    }
    let mut commands = Vec::new();
    for (&from, &to) in step.reads[..count].iter().zip(&step.writes) {
        if from != to {
            let bytes = context.ty(to).byte_len() as u64;
            commands.extend(command::copies(from, to, bytes, context.features));
        }
    }
    let geometry = Geometry::new(scatter);
    let elements = scatter.operand_dims.iter().product::<i64>() as u64;
    if geometry.len() == 0 || elements == 0 || !geometry.fits() {
        return Ok(Lowered { commands, ..Lowered::default() });
    }
    if elements >= 1 << 32 {
        return Err(Refusal::new(format!("a scatter into {elements} elements")));
    }
    // Elements of 16 bits are updated as parts of words.
    let features = Features { float16: false, ..context.features.clone() };
    let dtypes: Vec<DType> = scatter.dtypes.iter().map(|&dtype| handled(scatter, dtype)).collect();
    let form = form(scatter, &geometry, &dtypes, context.features);
    // Places are numbered by words beside the results.
    let most = dtypes.iter().map(|dtype| dtype.size().max(4) as u64).max().unwrap_or(4);
    let limit = reach(context.features);
    let parts = geometry.parts(limit, [most, scatter.index.size() as u64])?;
    let each = if elements * most <= limit { elements } else { limit / most / 64 * 64 };
    let mut lowered = Lowered { commands, ..Lowered::default() };
    for geometry in parts {
        let mut writer = Writer {
            scatter,
            dtypes: dtypes.clone(),
            indices: step.reads[count],
            updates: &step.reads[count + 1..],
            results: &step.writes,
            count: geometry.len(),
            geometry,
            origin: 0,
            extent: 0,
            scalars: Scalars::new(&features),
            context,
        };
        // As many places at a time as can be bound; updates of others are passed over.
        for origin in (0..elements).step_by(each as usize) {
            (writer.origin, writer.extent) = (origin, each.min(elements - origin));
            writer.add(&form, &mut lowered)?;
        }
    }
    Ok(lowered)
}

fn form(scatter: &Scatter, geometry: &Geometry, dtypes: &[DType], features: &Features) -> Form {
    if scatter.unique_indices || geometry.windows() == 1 {
        return Form::Once;
    }
    let op = match &scatter.combiner {
        ScatterCombiner::Replace => return Form::Last,
        ScatterCombiner::Binary(op) => Some(*op),
        ScatterCombiner::Graph(graph) => graph.as_binary(),
    };
    match (op, dtypes) {
        (Some(op), [dtype]) if commutes(op, *dtype, features) => Form::Atomic(op),
        _ => Form::Ordered,
    }
}

/// Writes the launches of a part of the updates that go to a range of places.
struct Writer<'a> {
    scatter: &'a Scatter,
    /// Types in which elements are handled.
    dtypes: Vec<DType>,
    indices: SlotId,
    updates: &'a [SlotId],
    results: &'a [SlotId],
    /// Number of update elements.
    count: u64,
    geometry: Geometry,
    /// The first of the operand elements, and their number.
    origin: u64,
    extent: u64,
    scalars: Scalars<'a>,
    context: Context<'a>,
}

impl<'a> Writer<'a> {
    fn add(&mut self, form: &Form, lowered: &mut Lowered) -> Result<(), Refusal> {
        let commands = &mut lowered.commands;
        let scratch_bytes = match form {
            Form::Once => {
                commands.push(self.once()?);
                0
            }
            Form::Atomic(op) => {
                commands.push(self.atomic(*op)?);
                0
            }
            Form::Last => {
                self.last(commands)?;
                4 * self.extent
            }
            Form::Ordered => {
                self.ordered(commands)?;
                4 * self.count
            }
        };
        lowered.scratch_bytes = lowered.scratch_bytes.max(scratch_bytes);
        Ok(())
    }

    /// Binds an array of updates, to be read.
    fn read_updates(
        &mut self,
        draft: Draft<'a>,
        number: usize,
        binding: usize,
    ) -> Result<(Draft<'a>, String), Refusal> {
        let dtype = self.dtypes[number];
        let declared = element::declared(&mut self.scalars, dtype, Access::Read)?;
        let (name, elements) = (format!("from{binding}"), self.geometry.updates());
        let draft = draft.elements(&name, self.updates[number], elements, declared)?;
        Ok((draft, element::read(&mut self.scalars, dtype, Access::Read, binding)?))
    }

    /// Binds the places of a result, to be updated.
    fn places(
        &self,
        draft: Draft<'a>,
        number: usize,
        element: &str,
        unit: u32,
    ) -> Result<Draft<'a>, Refusal> {
        let bytes = self.dtypes[number].size() as u64;
        draft.window(self.results[number], [self.origin, self.extent].map(|at| at * bytes), element, unit)
    }

    /// A draft that binds the indices, then updates and results.
    fn draft(&mut self, indices: bool, arrays: bool) -> Result<(Draft<'a>, String), Refusal> {
        let mut draft = Draft::new("scatter", self.context);
        let mut text = "const NONE: u32 = 0xffffffffu;\n".to_owned();
        let mut binding = 0;
        if indices {
            let index = self.scatter.index;
            let declared = target::declared(&mut self.scalars, index)?;
            draft = draft
                .elements("entry", self.indices, self.geometry.indices(), declared)?
                .parameter("base", self.geometry.base() as u32)
                .parameter("origin", self.origin as u32)
                .parameter("extent", self.extent as u32);
            text += &target::read(&mut self.scalars, index)?;
            text += &self.geometry.print_target();
            binding = 1;
        }
        if arrays {
            text += &self.geometry.print_order();
            for number in 0..self.dtypes.len() {
                let read;
                (draft, read) = self.read_updates(draft, number, binding + number)?;
                text += &read;
            }
            binding += self.dtypes.len();
            for number in 0..self.dtypes.len() {
                let dtype = self.dtypes[number];
                let (element, unit) = element::declared(&mut self.scalars, dtype, Access::Write)?;
                draft = self.places(draft, number, element, unit)?;
                text += &element::read(&mut self.scalars, dtype, Access::Write, binding + number)?;
                text += &element::write(&mut self.scalars, dtype, binding + number)?;
            }
        }
        Ok((draft, text))
    }

    fn launch(&self, draft: Draft<'_>, text: &str) -> Result<Command, Refusal> {
        let bytes: usize = self.dtypes.iter().map(|dtype| dtype.size()).sum();
        let draft = draft.parameter("first", 0).parameter("last", self.count as u32);
        let functions = self.scalars.functions.source();
        let work = self.count * (3 * bytes as u64 + 4);
        draft.launch(&[&functions, text, SHADER], self.count.div_ceil(THREADS), work)
    }

    /// Statements that combine the `i`-th update into element `to` of each result; the first update is binding
    /// `first`.
    fn combination(&mut self, first: usize) -> Result<String, Refusal> {
        let count = self.dtypes.len();
        let update = |i: usize| update(first + i);
        let current = |i: usize| format!("read{}(to)", first + count + i);
        let mut text = String::new();
        let values: Vec<String> = match &self.scatter.combiner {
            ScatterCombiner::Replace => (0..count).map(update).collect(),
            ScatterCombiner::Binary(op) => {
                writeln!(text, "    let a = {};\n    let b = {};", current(0), update(0)).expect(STRINGS);
                vec![self.scalars.binary(*op, self.dtypes[0], "a", "b")?]
            }
            ScatterCombiner::Graph(graph) => self.call(graph, current, update, &mut text)?,
        };
        for (i, value) in values.iter().enumerate() {
            writeln!(text, "    write{}(to, {value});", first + count + i).expect(STRINGS);
        }
        Ok(text)
    }

    fn call(
        &mut self,
        graph: &Graph,
        current: impl Fn(usize) -> String,
        update: impl Fn(usize) -> String,
        text: &mut String,
    ) -> Result<Vec<String>, Refusal> {
        let count = self.dtypes.len();
        let name = self.scalars.graph(graph)?;
        let arguments: Vec<String> = (0..count).map(current).chain((0..count).map(update)).collect();
        writeln!(text, "    let combined = {name}({});", arguments.join(", ")).expect(STRINGS);
        Ok(match count {
            1 => vec!["combined".to_owned()],
            _ => (0..count).map(|i| format!("combined.r{i}")).collect(),
        })
    }

    fn once(&mut self) -> Result<Command, Refusal> {
        let (draft, text) = self.draft(true, true)?;
        let combination = self.combination(1)?;
        self.launch(draft, &format!("{text}{}", apply(&combination)))
    }

    /// Three launches: the places that matter are cleared, then hold the largest number of an update, which then is
    /// the one that stores.
    fn last(&mut self, commands: &mut Vec<Command>) -> Result<(), Refusal> {
        for statement in ["atomicStore(&b1[args.at1 + to], 0u);", "atomicMax(&b1[args.at1 + to], i + 1u);"] {
            let (draft, text) = self.draft(true, false)?;
            let draft = draft.memory(Memory::Scratch(0), "atomic<u32>", 4);
            commands.push(self.launch(draft, &format!("{text}{}", apply(&format!("    {statement}\n"))))?);
        }
        let (draft, text) = self.draft(true, true)?;
        let at = 1 + 2 * self.dtypes.len();
        let draft = draft.memory(Memory::Scratch(0), "u32", 4);
        let guard = format!("    if b{at}[args.at{at} + to] != i + 1u {{ return; }}\n");
        let combination = self.combination(1)?;
        commands.push(self.launch(draft, &format!("{text}{}", apply(&(guard + &combination))))?);
        Ok(())
    }

    fn atomic(&mut self, op: BinaryOp) -> Result<Command, Refusal> {
        let dtype = self.dtypes[0];
        let (draft, mut text) = self.draft(true, false)?;
        let (draft, read) = self.read_updates(draft, 0, 1)?;
        text += &read;
        text += &self.geometry.print_order();
        let native = native(op, dtype, self.context.features);
        let word = word(dtype);
        let element = match native {
            Some(_) => element::declared(&mut self.scalars, dtype, Access::Read)?.0,
            None => register(word, self.context.features)?.wgsl(),
        };
        let draft = self.places(draft, 0, &format!("atomic<{element}>"), word.size() as u32)?;
        let body = match native {
            Some(name) => format!("    {name}(&b2[args.at2 + to], {});\n", update(1)),
            None => self.exchange(op, dtype)?,
        };
        self.launch(draft, &format!("{text}{}", apply(&body)))
    }

    /// Combines by exchanging the word until nobody came between.
    fn exchange(&mut self, op: BinaryOp, dtype: DType) -> Result<String, Refusal> {
        let per_word = self.scalars.storage(dtype)?.per_word;
        let lane = format!("(to % {per_word}u)");
        let combined = self.scalars.binary(op, dtype, "a", "b")?;
        let (current, new) = if per_word == 1 {
            let current = self.scalars.bitcast(word(dtype), dtype, "old")?;
            (current, self.scalars.bitcast(dtype, word(dtype), "c")?)
        } else {
            let (bits, mask) = self.scalars.lane_bits(dtype, "c", &lane)?;
            (self.scalars.unpack(dtype, "old", &lane)?, format!("((old & ~{mask}) | {bits})"))
        };
        let update = update(1);
        Ok(format!(
            "    let b = {update};\n    let at = args.at2 + to / {per_word}u;\n    var old = atomicLoad(&b2[at]);\n    \
             loop {{\n        let a = {current};\n        let c = {combined};\n        let new_word = {new};\n        \
             if new_word == old {{ break; }}\n        \
             let found = atomicCompareExchangeWeak(&b2[at], old, new_word);\n        \
             if found.exchanged {{ break; }}\n        old = found.old_value;\n    }}\n"
        ))
    }

    /// Launches that record where each update goes, then apply them in order, some at a time.
    fn ordered(&mut self, commands: &mut Vec<Command>) -> Result<(), Refusal> {
        let (draft, text) = self.draft(true, false)?;
        let draft = draft.memory(Memory::Scratch(0), "u32", 4);
        let record = "fn apply(i: u32, to: u32) { b1[args.at1 + i] = to; }\n";
        commands.push(self.launch(draft, &format!("{text}{record}"))?);
        let mut per_word = 1;
        for &dtype in &self.dtypes {
            per_word = per_word.max(self.scalars.storage(dtype)?.per_word);
        }
        let words = self.extent.div_ceil(per_word.into());
        let threads = words.next_power_of_two().clamp(THREADS, OWNERS);
        for first in (0..self.count).step_by(ORDERED_UPDATES as usize) {
            let last = self.count.min(first + ORDERED_UPDATES);
            let (draft, mut text) = self.draft(false, true)?;
            let at = 2 * self.dtypes.len();
            let combination = self.combination(0)?;
            text += &apply(&combination);
            writeln!(text, "const PER_WORD: u32 = {per_word}u;").expect(STRINGS);
            writeln!(text, "fn recorded(i: u32) -> u32 {{ return b{at}[args.at{at} + i]; }}").expect(STRINGS);
            let draft = draft
                .memory(Memory::Scratch(0), "u32", 4)
                .parameter("first", first as u32)
                .parameter("last", last as u32)
                .parameter("threads", threads as u32);
            let functions = self.scalars.functions.source();
            let work = (last - first) * threads / 10;
            commands.push(draft.launch(&[&functions, &text, ORDERED], threads / THREADS, work)?);
        }
        Ok(())
    }
}

const STRINGS: &str = "strings take all";

/// The `i`-th update, of a binding.
fn update(binding: usize) -> String {
    format!("read{binding}(args.from{binding} + update_of(i))")
}

/// What is done with each update whose window fits.
fn apply(statements: &str) -> String {
    format!("fn apply(i: u32, to: u32) {{\n    if to == NONE {{ return; }}\n{statements}}}\n")
}

/// The type in which elements are handled: where they are only moved, one of their size that moves as it is.
fn handled(scatter: &Scatter, dtype: DType) -> DType {
    match (&scatter.combiner, dtype.size()) {
        (ScatterCombiner::Replace, 1) => DType::U8,
        (ScatterCombiner::Replace, 2) => DType::U16,
        (ScatterCombiner::Replace, 4) => DType::U32,
        (ScatterCombiner::Replace, 8) => DType::C64,
        _ => dtype,
    }
}

/// The type of words that are exchanged.
fn word(dtype: DType) -> DType {
    if dtype.size() == 8 { DType::U64 } else { DType::U32 }
}

/// Whether updates may be combined in any order, a word at a time.
fn commutes(op: BinaryOp, dtype: DType, features: &Features) -> bool {
    use BinaryOp::{Add, And, Maximum, Minimum, Multiply, Or, Xor};
    let rounds = (dtype.is_float() || dtype.is_complex()) && matches!(op, Add | Multiply);
    let long = dtype.size() == 8 && features.int64 && features.int64_atomics;
    (dtype.size() <= 4 || long)
        && matches!(op, Add | Multiply | Maximum | Minimum | And | Or | Xor)
        && !(rounds && features.deterministic)
}

/// The built-in function of an atomic combination.
fn native(op: BinaryOp, dtype: DType, features: &Features) -> Option<&'static str> {
    match (op, dtype) {
        (BinaryOp::Add, DType::F32) => features.float32_atomics.then_some("atomicAdd"),
        (op, DType::I32 | DType::U32 | DType::I64 | DType::U64) => match op {
            BinaryOp::Add => Some("atomicAdd"),
            BinaryOp::Maximum => Some("atomicMax"),
            BinaryOp::Minimum => Some("atomicMin"),
            BinaryOp::And => Some("atomicAnd"),
            BinaryOp::Or => Some("atomicOr"),
            BinaryOp::Xor => Some("atomicXor"),
            _ => None,
        },
        _ => None,
    }
}
