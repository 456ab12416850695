//! Running folds along a dimension.
//!
//! Rows are folded by workgroups, columns (and short rows) by threads. Where that is too few, each is cut into
//! sections, in three launches: the fold of each section, the running fold of those, and of the elements from there.
//! Arrays that are larger than a binding are done some rows at a time, or some sections where a row is.
//! The order is fixed; sums of floats carry what rounding loses, so that errors do not grow with the length.

use ops::BinaryOp;
use plan::library::Cumulative;
use plan::{SlotId, Step};
use tensor::DType;

use super::element::{self, Access};
use super::launch::{Draft, THREADS, check_lengths, reach};
use crate::command::{Command, Memory};
use crate::lower::{Context, Lowered, Refusal};
use crate::scalar::{Register, Scalars, register};

const ROWS: &str = include_str!("../../shaders/cumulative_rows.wgsl");
const COLUMNS: &str = include_str!("../../shaders/cumulative_columns.wgsl");

/// Rows up to this length are folded by a thread each.
const SHORT_ROW: u64 = 64;
/// Workgroups, and threads, that keep a device busy.
const BUSY_GROUPS: u64 = 4096;
const BUSY_THREADS: u64 = 1 << 16;
/// Elements that a thread folds at least before a column is cut, and sections of a column at most.
const LEAST_SECTION: u64 = 16;
const MAX_SECTIONS: u64 = 512;

/// The state of a fold: its type, and the functions that shaders call.
struct Fold {
    /// Type of elements and of states.
    element: &'static str,
    state: &'static str,
    state_bytes: u64,
    /// `start`, `next`, `merge`, `value`.
    functions: String,
}

/// An array `[outer, size, inner]` cut along the middle, or some sections of one.
#[derive(Clone, Copy)]
struct Shape {
    /// Its first element, in the arrays.
    first: u64,
    /// Sections before the first.
    before: u64,
    outer: u64,
    size: u64,
    inner: u64,
    sections: u64,
    /// Elements of a section.
    span: u64,
    rows: bool,
}

/// What a launch does.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pass {
    /// Everything, without sections.
    Whole,
    /// The fold of each section.
    Totals,
    /// The running fold of those, in place.
    Middle,
    /// The running fold of the elements.
    Sections,
}

/// Lowers the step.
///
/// # Errors
/// If the device cannot run it.
pub fn lower(cumulative: &Cumulative, step: &Step, context: Context<'_>) -> Result<Lowered, Refusal> {
    let len = (cumulative.outer * cumulative.size * cumulative.inner) as u64;
    if len == 0 {
        return Ok(Lowered::default());
    }
    check_lengths(context, &[step.reads[0], step.writes[0]], len as i64, "a running fold")?;
    let (dtype, op) = stored(cumulative)?;
    let mut scalars = Scalars::new(context.features);
    let fold = fold(op, dtype, &mut scalars)?;
    let mut writer = Writer {
        dtype,
        reverse: cumulative.reverse,
        arrays: [step.reads[0], step.writes[0]],
        fold,
        scalars,
        context,
    };
    let mut lowered = Lowered::default();
    let [outer, size, inner] = [cumulative.outer, cumulative.size, cumulative.inner].map(|n| n as u64);
    let limit = reach(context.features) / dtype.size() as u64;
    let each = (limit / (size * inner)).clamp(1, outer);
    for row in (0..outer).step_by(each as usize) {
        let shape = cut([each.min(outer - row), size, inner], writer.items(), limit);
        writer.part(Shape { first: row * size * inner, ..shape }, limit, &mut lowered)?;
    }
    Ok(lowered)
}

/// The type and operation in which a fold is done: that of bools is bitwise.
fn stored(cumulative: &Cumulative) -> Result<(DType, BinaryOp), Refusal> {
    use BinaryOp::{Add, And, Maximum, Minimum, Multiply, Or, Xor};
    let (dtype, op) = (cumulative.dtype, cumulative.op);
    match (dtype, op) {
        (DType::Bool, Add | Or | Maximum) => Ok((DType::U8, Or)),
        (DType::Bool, Multiply | And | Minimum) => Ok((DType::U8, And)),
        (DType::Bool, Xor) => Ok((DType::U8, Xor)),
        (_, Add | Multiply | Maximum | Minimum | And | Or | Xor) => Ok((dtype, op)),
        _ => Err(Refusal::new(format!("a running {} of {dtype}", op.mnemonic()))),
    }
}

fn fold(op: BinaryOp, dtype: DType, scalars: &mut Scalars<'_>) -> Result<Fold, Refusal> {
    let element = register(dtype, scalars.features)?.wgsl();
    let functions = |[start, next, merge, value]: [&str; 4], state: &str| {
        format!(
            "fn start(x: R) -> A {{ return {start}; }}\nfn next(a: A, x: R) -> A {{ return {next}; }}\n\
             fn merge(a: A, b: A) -> A {{ return {merge}; }}\nfn value(a: {state}) -> R {{ return {value}; }}\n"
        )
    };
    let float = dtype.is_float();
    if op == BinaryOp::Add && (float || dtype.is_complex()) {
        let real = register(dtype.real(), scalars.features)?;
        let name = |function: &str| format!("{}_sum_{function}", real.prefix());
        let [start, next, merge, value] = ["start", "next", "merge", "value"].map(name);
        [&start, &next, &merge, &value].iter().for_each(|name| scalars.functions.require(name));
        let (state, state_bytes) = match (real, float) {
            (Register::F64, true) => ("vec2<f64>", 16),
            (Register::F64, false) => ("vec4<f64>", 32),
            (_, true) => ("vec2<f32>", 8),
            (_, false) => ("vec4<f32>", 16),
        };
        let texts = if float {
            let value = scalars.convert(real.dtype(), dtype, &format!("{value}(a)"))?;
            [format!("{start}(x)"), format!("{next}(a, x)"), format!("{merge}(a, b)"), value]
        } else {
            [
                format!("{state}({start}(x.x), {start}(x.y))"),
                format!("{state}({next}(a.xy, x.x), {next}(a.zw, x.y))"),
                format!("{state}({merge}(a.xy, b.xy), {merge}(a.zw, b.zw))"),
                format!("{element}({value}(a.xy), {value}(a.zw))"),
            ]
        };
        let functions = functions(texts.each_ref().map(String::as_str), "A");
        return Ok(Fold { element, state, state_bytes, functions });
    }
    // Products of narrow floats are rounded once.
    let narrow = float && dtype.bits() < 32;
    let wide = if narrow && op == BinaryOp::Multiply { DType::F32 } else { dtype };
    let next = scalars.binary(op, wide, "a", "x")?;
    let merge = scalars.binary(op, wide, "a", "b")?;
    let value = scalars.convert(wide, dtype, "a")?;
    let state_bytes = dtype.size().max(4) as u64;
    Ok(Fold { element, state: element, state_bytes, functions: functions(["x", &next, &merge, &value], "A") })
}

/// Elements of a thread, so that a tile takes 16 KiB of workgroup memory; 8 beside the largest states.
fn items(bytes: u64, state_bytes: u64) -> u64 {
    let tile = if state_bytes > 16 { 32 } else { 64 };
    tile / bytes.max(4)
}

/// The sections of an array, each of no more than `limit` elements where that can be.
fn cut([outer, size, inner]: [u64; 3], items: u64, limit: u64) -> Shape {
    let rows = inner == 1 && size > SHORT_ROW;
    let span = if rows {
        let tile = items * THREADS;
        let sections = size.div_ceil(tile).min((BUSY_GROUPS / outer).max(1));
        let span = if sections == 1 { size } else { size.div_ceil(sections).next_multiple_of(tile) };
        if span > limit { (limit / tile).max(1) * tile } else { span }
    } else {
        let wanted = (BUSY_THREADS / (outer * inner)).clamp(1, MAX_SECTIONS);
        size.div_ceil(wanted).max(LEAST_SECTION.min(size)).min((limit / inner).max(1))
    };
    Shape { first: 0, before: 0, outer, size, inner, sections: size.div_ceil(span), span, rows }
}

struct Writer<'a> {
    dtype: DType,
    reverse: bool,
    /// Operand and result.
    arrays: [SlotId; 2],
    fold: Fold,
    scalars: Scalars<'a>,
    context: Context<'a>,
}

impl Writer<'_> {
    /// Elements of a thread.
    fn items(&self) -> u64 {
        items(self.dtype.size() as u64, self.fold.state_bytes)
    }

    /// Adds the launches of a part, which share scratch memory with those of other parts.
    fn part(&mut self, shape: Shape, limit: u64, lowered: &mut Lowered) -> Result<(), Refusal> {
        if shape.sections == 1 {
            lowered.commands.push(self.launch(Pass::Whole, &shape)?);
            return Ok(());
        }
        let scratch_bytes = shape.outer * shape.sections * shape.inner * self.fold.state_bytes;
        if scratch_bytes > self.context.features.window_bytes() {
            return Err(Refusal::new("a running fold whose sections do not fit one binding"));
        }
        lowered.scratch_bytes = lowered.scratch_bytes.max(scratch_bytes);
        let middle = Shape { first: 0, size: shape.sections, span: shape.sections, sections: 1, ..shape };
        let bound = self.bound(shape, limit);
        for pass in [Pass::Totals, Pass::Middle, Pass::Sections] {
            let shapes = if pass == Pass::Middle { std::slice::from_ref(&middle) } else { &bound[..] };
            for shape in shapes {
                lowered.commands.push(self.launch(pass, shape)?);
            }
        }
        Ok(())
    }

    /// As many sections of a shape at a time as can be bound: all, or those of one that has an outer size of 1.
    fn bound(&self, shape: Shape, limit: u64) -> Vec<Shape> {
        let each = if shape.outer * shape.size * shape.inner <= limit {
            shape.sections
        } else {
            (limit / (shape.span * shape.inner)).max(1)
        };
        let part = |before: u64| {
            let sections = each.min(shape.sections - before);
            let begin = before * shape.span;
            let end = (begin + sections * shape.span).min(shape.size);
            let from = if self.reverse { shape.size - end } else { begin };
            Shape { first: shape.first + from * shape.inner, before, size: end - begin, sections, ..shape }
        };
        (0..shape.sections).step_by(each as usize).map(part).collect()
    }

    fn launch(&mut self, pass: Pass, shape: &Shape) -> Result<Command, Refusal> {
        let Fold { element, state, state_bytes, ref functions } = self.fold;
        let totals = Memory::Scratch(0);
        let len = shape.outer * shape.size * shape.inner;
        let mut draft = Draft::new("cumulative", self.context);
        let mut interface = String::new();
        if pass == Pass::Middle {
            draft = draft.memory(totals, state, state_bytes as u32).memory(totals, state, state_bytes as u32);
            interface += "fn read(i: u32) -> R { return b0[args.at0 + i]; }\n\
                fn write(i: u32, x: R) { b1[args.at1 + i] = x; }\n\
                fn start(x: A) -> A { return x; }\nfn next(a: A, x: A) -> A { return merge(a, x); }\n\
                fn value(a: A) -> A { return a; }\n";
            interface += functions.lines().find(|line| line.starts_with("fn merge")).unwrap_or_default();
        } else {
            let declared = element::declared(&mut self.scalars, self.dtype, Access::Read)?;
            draft = draft.elements("read_at", self.arrays[0], [shape.first, len], declared)?;
            interface += &element::read(&mut self.scalars, self.dtype, Access::Read, 0)?;
            interface += "fn read(i: u32) -> R { return read0(args.read_at + i); }\n";
            interface += functions;
        }
        if matches!(pass, Pass::Whole | Pass::Sections) {
            let declared = element::declared(&mut self.scalars, self.dtype, Access::Write)?;
            draft = draft.elements("write_at", self.arrays[1], [shape.first, len], declared)?;
            interface += &element::write(&mut self.scalars, self.dtype, 1)?;
            interface += "fn write(i: u32, x: R) { write1(args.write_at + i, x); }\n";
        }
        if pass == Pass::Totals {
            draft = draft.memory(totals, state, state_bytes as u32);
            interface += "fn write(i: u32, x: R) {}\n\
                fn total(section: u32, x: A) { b1[args.at1 + section] = x; }\n";
        } else {
            interface += "\nfn total(section: u32, x: A) {}\n";
        }
        if pass == Pass::Sections {
            draft = draft.memory(totals, state, state_bytes as u32);
            interface += "fn prefix(section: u32) -> A { return b2[args.at2 + section]; }\n";
        } else {
            interface += "fn prefix(section: u32) -> A { var none: A; return none; }\n";
        }
        let (element, bytes) = match pass {
            Pass::Middle => (state, state_bytes),
            _ => (element, self.dtype.size() as u64),
        };
        let constants = format!(
            "alias R = {element};\nalias A = {state};\nconst ITEMS: u32 = {}u;\nconst PREFIX: bool = {};\n\
             const STORE: bool = {};\nconst REVERSE: bool = {};\n",
            items(bytes, state_bytes),
            pass == Pass::Sections,
            pass != Pass::Totals,
            self.reverse && pass != Pass::Middle,
        );
        let threads = shape.outer * shape.sections * shape.inner;
        draft = draft
            .parameter("before", shape.before as u32)
            .parameter("size", shape.size as u32)
            .parameter("sections", shape.sections as u32)
            .parameter("span", shape.span.min(shape.size) as u32);
        let work = 2 * len * bytes;
        let functions = self.scalars.functions.source();
        if shape.rows {
            let text = [&constants, &functions, &interface, ROWS];
            draft.parameter("rows", shape.outer as u32).launch(&text, shape.outer * shape.sections, work)
        } else {
            let text = [&constants, &functions, &interface, COLUMNS];
            let draft = draft.parameter("inner", shape.inner as u32).parameter("threads", threads as u32);
            draft.launch(&text, threads.div_ceil(THREADS), work)
        }
    }
}
