//! A loop of small steps as one launch of one workgroup.
//!
//! Iterations are some hundred nanoseconds apart, where separate launches are some microseconds apart.

use std::fmt::Write;

use plan::{Block, Fused, Kernel, Plan, Product, SlotId, Step, StepOp};
use tensor::DType;

use super::product;
use super::residence::Arrays;
use crate::command::Command;
use crate::kernel::{Place, Shared, inline};
use crate::library::launch::{Draft, fill};
use crate::lower::{Context, Lowered, Refusal};
use crate::scalar::Scalars;

const SHADER: &str = include_str!("../../../shaders/loop.wgsl");

/// Operations of a thread for each step that take as long as launching the step.
const OPERATIONS_PER_STEP: u64 = 1500;
/// Cycles of an operation that waits for the one before, and of a barrier.
const OPERATION_CYCLES: u64 = 8;
const BARRIER_CYCLES: u64 = 200;
/// Cycles of one launch: a fraction of a second, which no watchdog minds.
const LAUNCH_CYCLES: u64 = 1 << 28;
/// Threads at most.
const MAX_THREADS: u64 = 256;

const STRINGS: &str = "strings take all";

/// Lowers a loop whose steps are all small.
///
/// # Errors
/// If it is no such loop.
pub(super) fn lower(step: &Step, context: Context<'_>, plan: &Plan) -> Result<Lowered, Refusal> {
    let StepOp::While { condition, predicate, body, trip_count } = &step.op else {
        return Err(Refusal::new("no loop"));
    };
    let condition = if trip_count.is_some() { &Block::default() } else { condition };
    let steps = || condition.steps.iter().chain(&body.steps);
    let size = Size::of(steps())?;

    let mut scalars = Scalars::new(context.features);
    let mut arrays = Arrays::default();
    let touch = |arrays: &mut Arrays, scalars: &mut Scalars<'_>, block: &Block| -> Result<(), Refusal> {
        for step in &block.steps {
            for (slots, written) in [(&step.reads[..], false), (&step.writes[..], true)] {
                for &slot in slots {
                    arrays.touch(slot, written, plan, scalars)?;
                }
            }
        }
        Ok(())
    };
    touch(&mut arrays, &mut scalars, condition)?;
    if trip_count.is_none() {
        arrays.touch(*predicate, false, plan, &mut scalars)?;
    }
    touch(&mut arrays, &mut scalars, body)?;
    arrays.keep(context.features.workgroup_bytes)?;
    if trip_count.is_none() {
        // The host looks at it, whatever shares its memory.
        let predicate = arrays.of(*predicate);
        arrays.all[predicate].lasting = true;
    }

    let mut printer = Printer { arrays, threads: size.threads as u32, scalars, shared: Shared::default() };
    let body = printer.block(body)?;
    let mut condition = printer.block(condition)?;
    let mut workgroup = String::new();
    if trip_count.is_none() {
        let place = printer.place(*predicate);
        let mut word = format!("{}[{}]", place.array, place.offset);
        if place.atomic {
            word = format!("atomicLoad(&{word})");
        }
        let value = printer.scalars.unpack(DType::Bool, &word, "0u")?;
        writeln!(condition, "if lid == 0u {{ goes_on = select(0u, 1u, {value}); }}").expect(STRINGS);
        condition += "if workgroupUniformLoad(&goes_on) == 0u { break; }\n";
        workgroup += "var<workgroup> goes_on: u32;\n";
    }
    let threads = size.threads.to_string();
    let shader = fill(SHADER, &[("THREADS", &threads[..]), ("CONDITION", &condition), ("BODY", &body)]);
    let (declarations, bytes) = printer.kept();
    if bytes + printer.shared.bytes() + 4 > context.features.workgroup_bytes {
        return Err(Refusal::new("more workgroup memory than there is"));
    }
    workgroup += &declarations;
    workgroup += &printer.shared.declarations();
    let moves = printer.moves();
    let functions = printer.scalars.functions.source();

    let launch = |count: u64| -> Result<Command, Refusal> {
        let mut draft = Draft::new("loop", context);
        for array in &printer.arrays.all {
            let slot = array.slots[0];
            if array.is_atomic() && !array.kept {
                draft = draft.slot(slot, "atomic<u32>", 4)?;
            } else {
                draft = draft.slot(slot, array.storage.element, array.storage.unit)?;
            }
        }
        let draft = draft.parameter("count", count as u32);
        // One workgroup is as slow as a thousandth of a device.
        draft.launch(&[&workgroup, &functions, &moves, &shader], 1, count * size.cycles * 1000)
    };
    let most = (LAUNCH_CYCLES / size.cycles).max(1);
    let commands = match *trip_count {
        None => {
            vec![Command::While { condition: vec![launch(most)?], predicate: *predicate, body: Vec::new() }]
        }
        Some(count) => {
            let mut commands = Vec::new();
            if count >= most {
                commands.push(Command::Repeat { count: count / most, body: vec![launch(most)?] });
            }
            if count % most > 0 {
                commands.push(launch(count % most)?);
            }
            commands
        }
    };
    Ok(Lowered { commands, ..Lowered::default() })
}

/// How large an iteration is.
struct Size {
    threads: u64,
    cycles: u64,
}

impl Size {
    /// Of steps that are all small.
    fn of<'a>(steps: impl Iterator<Item = &'a Step>) -> Result<Size, Refusal> {
        let steps: Vec<&Step> = steps.collect();
        let mut widest = 1;
        let mut works = Vec::new();
        for step in &steps {
            let (elements, operations) = match &step.op {
                StepOp::Kernel(kernel) => work(kernel),
                StepOp::Dot(dot) => product::work(dot),
                StepOp::Fused(Fused { product: Product::Dot(dot), epilogue }) => {
                    let (elements, operations) = product::work(dot);
                    (elements, operations + work(epilogue).1)
                }
                StepOp::Copy => (1, 4),
                op => return Err(Refusal::new(format!("a {} in the loop", op.name()))),
            };
            widest = widest.max(elements);
            works.push((elements, operations));
        }
        let threads = widest.next_power_of_two().clamp(32, MAX_THREADS);
        let operations: u64 =
            works.iter().map(|&(elements, operations)| elements.div_ceil(threads) * operations).sum();
        let count = steps.len() as u64;
        if operations > OPERATIONS_PER_STEP * count.max(1) {
            return Err(Refusal::new("steps that keep more than one workgroup busy"));
        }
        Ok(Size { threads, cycles: operations * OPERATION_CYCLES + (count + 1) * BARRIER_CYCLES })
    }
}

/// The largest number of elements of a stage that can be computed side by side, and the operations of each.
fn work(kernel: &Kernel) -> (u64, u64) {
    let rows = kernel.rows().max(1) as u64;
    let stages = kernel.stages.iter().map(|stage| {
        let inner = stage.inner.iter().product::<i64>().max(1) as u64;
        (rows.saturating_mul(inner), stage.nodes.len() as u64 + 2)
    });
    stages.fold((1, 0), |(most, sum), (elements, operations)| (most.max(elements), sum + operations))
}

struct Printer<'a> {
    arrays: Arrays,
    threads: u32,
    scalars: Scalars<'a>,
    shared: Shared,
}

/// What happened since the last barrier.
#[derive(Default)]
struct Pending {
    read: Vec<usize>,
    written: Vec<usize>,
    /// Whether a step used workgroup memory of its own.
    shared: bool,
}

impl Pending {
    fn conflicts(&self, reads: &[usize], writes: &[usize]) -> bool {
        let any = |list: &[usize], of: &[usize]| list.iter().any(|array| of.contains(array));
        self.shared || any(reads, &self.written) || any(writes, &self.written) || any(writes, &self.read)
    }
}

impl Printer<'_> {
    /// Where a slot is.
    fn place(&self, slot: SlotId) -> Place {
        let number = self.arrays.of(slot);
        let array = &self.arrays.all[number];
        match array.kept {
            true => Place { array: format!("kept{number}"), offset: "0u".into(), atomic: array.is_atomic() },
            false => Place {
                array: format!("b{number}"),
                offset: format!("args.at{number}"),
                atomic: array.is_atomic(),
            },
        }
    }

    /// The steps of a block, barriers between those that touch the same arrays, and one after the last.
    fn block(&mut self, block: &Block) -> Result<String, Refusal> {
        let mut text = String::new();
        let mut pending = Pending::default();
        for step in &block.steps {
            let numbers =
                |slots: &[SlotId]| -> Vec<usize> { slots.iter().map(|&slot| self.arrays.of(slot)).collect() };
            let (reads, writes) = (numbers(&step.reads), numbers(&step.writes));
            let own = matches!(&step.op, StepOp::Kernel(kernel) if uses_shared(kernel));
            if pending.conflicts(&reads, &writes) || (own && pending.shared) {
                text += self.barrier(&pending);
                pending = Pending::default();
            }
            text += &self.step(step)?;
            pending.read.extend(reads);
            pending.written.extend(writes);
            pending.shared |= own;
        }
        if !block.steps.is_empty() {
            text += self.barrier(&pending);
        }
        Ok(text)
    }

    fn barrier(&self, pending: &Pending) -> &'static str {
        let touched = pending.read.iter().chain(&pending.written);
        if touched.into_iter().any(|&array| self.arrays.all[array].is_fenced()) {
            "storageBarrier();\nworkgroupBarrier();\n"
        } else {
            "workgroupBarrier();\n"
        }
    }

    fn step(&mut self, step: &Step) -> Result<String, Refusal> {
        match &step.op {
            StepOp::Kernel(kernel) => {
                let inputs = step.reads[..kernel.inputs.len()].iter();
                let places: Vec<Place> = inputs.chain(&step.writes).map(|&slot| self.place(slot)).collect();
                let text = inline(kernel, &places, self.threads, &mut self.scalars, &mut self.shared)?;
                // The barrier after it is chosen here.
                let text = text.trim_end();
                Ok(format!("{}\n", text.strip_suffix("storageBarrier();").unwrap_or(text)))
            }
            StepOp::Dot(dot) => {
                let places = [step.reads[0], step.reads[1], step.writes[0]].map(|slot| self.place(slot));
                product::inline(dot, places.each_ref(), self.threads, &mut self.scalars)
            }
            StepOp::Fused(fused) => {
                let slots = step.reads.iter().chain(&step.writes);
                let places: Vec<Place> = slots.map(|&slot| self.place(slot)).collect();
                product::inline_fused(fused, &places, self.threads, &mut self.scalars)
            }
            StepOp::Copy => {
                let (from, to) = (step.reads[0], step.writes[0]);
                let numbers = [self.arrays.of(from), self.arrays.of(to)];
                let [a, b] = numbers.map(|number| &self.arrays.all[number]);
                if (a.storage, a.words) != (b.storage, b.words) {
                    return Err(Refusal::new("a copy between types"));
                }
                Ok(self.copy(&self.place(from), &self.place(to), a.words))
            }
            op => Err(Refusal::new(format!("a {} in the loop", op.name()))),
        }
    }

    /// A loop of all threads that copies declared elements.
    fn copy(&self, from: &Place, to: &Place, words: u32) -> String {
        let at = |place: &Place| format!("{}[{} + i]", place.array, place.offset);
        let value = if from.atomic { format!("atomicLoad(&{})", at(from)) } else { at(from) };
        let store = match to.atomic {
            true => format!("atomicStore(&{}, {value});", at(to)),
            false => format!("{} = {value};", at(to)),
        };
        format!("for (var i = lid; i < {words}u; i += {}u) {{ {store} }}\n", self.threads)
    }

    /// Declarations of the arrays in workgroup memory, and their bytes.
    fn kept(&self) -> (String, u32) {
        let (mut text, mut bytes) = (String::new(), 0);
        for (number, array) in self.arrays.all.iter().enumerate().filter(|(_, array)| array.kept) {
            let element = if array.is_atomic() { "atomic<u32>" } else { array.storage.element };
            writeln!(text, "var<workgroup> kept{number}: array<{element}, {}>;", array.words).expect(STRINGS);
            bytes += array.words * array.storage.unit;
        }
        (text, bytes)
    }

    /// `load_all` and `store_all`: the arrays in workgroup memory from and to their bindings.
    fn moves(&self) -> String {
        let (mut load, mut store) = (String::new(), String::new());
        for (number, array) in self.arrays.all.iter().enumerate().filter(|(_, array)| array.kept) {
            let kept = self.place(array.slots[0]);
            let bound =
                Place { array: format!("b{number}"), offset: format!("args.at{number}"), atomic: false };
            load += &self.copy(&bound, &kept, array.words);
            if array.writers > 0 && array.lasting {
                store += &self.copy(&kept, &bound, array.words);
            }
        }
        format!("fn load_all(lid: u32) {{\n{load}}}\nfn store_all(lid: u32) {{\n{store}}}\n")
    }
}

/// Whether the text of a kernel uses workgroup memory.
fn uses_shared(kernel: &Kernel) -> bool {
    !kernel.scratch.is_empty() || kernel.stages.iter().any(|stage| !stage.reductions.is_empty())
}
