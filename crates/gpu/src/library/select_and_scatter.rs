//! Gradients of selecting window reductions: first each window's choice, then each operand element gathers the
//! sources whose windows chose it. No two threads write the same element, so the order is fixed.

use std::fmt::{Arguments, Write};

use plan::Step;
use plan::library::SelectAndScatter;
use tensor::row_major_strides;

use super::element::{self, Access};
use super::launch::{Draft, THREADS, check_lengths, reach};
use crate::command::{Command, Memory};
use crate::lower::{Context, Lowered, Refusal};
use crate::scalar::{Scalars, register};

const SHADER: &str = include_str!("../../shaders/select_and_scatter.wgsl");

/// Lowers the step.
///
/// # Errors
/// If the device cannot run it.
pub fn lower(select: &SelectAndScatter, step: &Step, context: Context<'_>) -> Result<Lowered, Refusal> {
    let elements = select.operand_dims.iter().product::<i64>() as u64;
    let sources = select.source_dims.iter().product::<i64>() as u64;
    check_lengths(context, &[step.reads[0], step.writes[0]], elements as i64, "select_and_scatter")?;
    check_lengths(context, &[step.reads[1]], sources as i64, "select_and_scatter")?;
    if elements == 0 {
        return Ok(Lowered::default());
    }
    // Dimensions outside of all windows are one, of which as much is done at a time as can be bound.
    let sole =
        |&dim: &usize| select.window[dim] == 1 && select.strides[dim] == 1 && select.padding[dim] == (0, 0);
    let outside = (0..select.operand_dims.len()).take_while(sole).count();
    let outer = select.operand_dims[..outside].iter().product::<i64>() as u64;
    let (inner, chosen) = (elements / outer, sources / outer);
    let most = (inner * select.dtype.size() as u64).max(chosen * select.dtype.size().max(4) as u64);
    let each = (reach(context.features) / most).clamp(1, outer);
    let mut lowered = Lowered::default();
    for first in (0..outer).step_by(each as usize) {
        let count = each.min(outer - first);
        let select = inside(select, outside, count);
        let part = Part {
            select,
            operand: [first * inner, count * inner],
            source: [first * chosen, count * chosen],
        };
        let sources = part.source[1];
        if sources > 0 {
            lowered.commands.push(choose(&part, step, context)?);
        }
        lowered.commands.push(gather(&part, step, context)?);
        lowered.scratch_bytes = lowered.scratch_bytes.max(4 * sources);
    }
    if lowered.scratch_bytes > context.features.window_bytes() {
        return Err(Refusal::new("choices that do not fit one binding"));
    }
    Ok(lowered)
}

/// A part of a step.
struct Part {
    select: SelectAndScatter,
    /// First element of operand and result, and number of elements.
    operand: [u64; 2],
    /// The same of the source.
    source: [u64; 2],
}

/// The step over arrays whose first `outside` dimensions are one of `count`.
fn inside(select: &SelectAndScatter, outside: usize, count: u64) -> SelectAndScatter {
    let join = |dims: &[i64], one: i64| [one].into_iter().chain(dims[outside..].iter().copied()).collect();
    SelectAndScatter {
        operand_dims: join(&select.operand_dims, count as i64),
        source_dims: join(&select.source_dims, count as i64),
        window: join(&select.window, 1),
        strides: join(&select.strides, 1),
        padding: [(0, 0)].into_iter().chain(select.padding[outside..].iter().copied()).collect(),
        ..select.clone()
    }
}

/// Lines of a function.
#[derive(Default)]
struct Text(String);

impl Text {
    fn line(&mut self, line: Arguments<'_>) {
        writeln!(self.0, "    {line}").expect("strings take all");
    }

    /// `let x0 = ...;` and so on: the indices along dimensions of a row-major index.
    fn decompose(&mut self, name: &str, index: &str, dims: &[i64]) {
        for (dim, (&size, stride)) in dims.iter().zip(row_major_strides(dims)).enumerate() {
            self.line(format_args!(
                "let {name}{dim} = i32({index} / {}u % {}u);",
                stride.max(1),
                size.max(1)
            ));
        }
    }
}

/// `0 + x0 * 12 + x1 * 4`: a row-major index.
fn row_major(name: &str, dims: &[i64]) -> String {
    let strides = row_major_strides(dims);
    strides
        .iter()
        .enumerate()
        .fold("0".to_owned(), |sum, (dim, stride)| format!("{sum} + {name}{dim} * {stride}"))
}

/// Records the operand element that each window selects; none where a window lies outside.
fn choose(part: &Part, step: &Step, context: Context<'_>) -> Result<Command, Refusal> {
    let &Part { ref select, operand, source: [_, sources] } = part;
    let mut scalars = Scalars::new(context.features);
    let declared = element::declared(&mut scalars, select.dtype, Access::Read)?;
    let read = element::read(&mut scalars, select.dtype, Access::Read, 0)?;
    let keep = scalars.graph(&select.select)?;
    let rank = select.operand_dims.len();
    let mut text = Text(format!("{read}fn visit(i: u32) {{\n"));
    text.decompose("s", "i", &select.source_dims);
    let mut empty = "false".to_owned();
    for dim in 0..rank {
        let (stride, window) = (select.strides[dim], select.window[dim]);
        let (low, size) = (select.padding[dim].0, select.operand_dims[dim]);
        text.line(format_args!("let start{dim} = s{dim} * {stride} - ({low});"));
        text.line(format_args!("let low{dim} = max(start{dim}, 0);"));
        text.line(format_args!("let high{dim} = min(start{dim} + {window}, {size});"));
        write!(empty, " || low{dim} >= high{dim}").expect("strings take all");
    }
    text.line(format_args!("if {empty} {{ b1[args.at1 + i] = 0xffffffffu; return; }}"));
    text.line(format_args!("var chosen = u32({});", row_major("low", &select.operand_dims)));
    text.line(format_args!("var best = read0(args.operand + chosen);"));
    for dim in 0..rank {
        text.line(format_args!("for (var x{dim} = low{dim}; x{dim} < high{dim}; x{dim}++) {{"));
    }
    text.line(format_args!("let at = u32({});", row_major("x", &select.operand_dims)));
    text.line(format_args!("let candidate = read0(args.operand + at);"));
    text.line(format_args!("if !{keep}(best, candidate) {{ best = candidate; chosen = at; }}"));
    (0..rank).for_each(|_| text.line(format_args!("}}")));
    text.line(format_args!("b1[args.at1 + i] = chosen;\n}}"));
    let window: i64 = select.window.iter().product();
    let draft = Draft::new("select_and_scatter", context)
        .elements("operand", step.reads[0], operand, declared)?
        .memory(Memory::Scratch(0), "u32", 4)
        .parameter("count", sources as u32);
    let work = sources * (window as u64 * u64::from(declared.1) + 4);
    draft.launch(&[&scalars.functions.source(), &text.0, SHADER], sources.div_ceil(THREADS), work)
}

/// Combines into each operand element the sources of the windows that selected it.
fn gather(part: &Part, step: &Step, context: Context<'_>) -> Result<Command, Refusal> {
    let &Part { ref select, operand, source } = part;
    let ([_, elements], [_, sources]) = (operand, source);
    let dtype = select.dtype;
    let mut scalars = Scalars::new(context.features);
    let (element, unit) = element::declared(&mut scalars, dtype, Access::Read)?;
    let written = element::declared(&mut scalars, dtype, Access::Write)?;
    let ty = register(dtype, context.features)?.wgsl();
    let mut draft = Draft::new("select_and_scatter", context).slot(step.reads[2], element, unit)?.elements(
        "result",
        step.writes[0],
        operand,
        written,
    )?;
    let mut text = Text(element::read(&mut scalars, dtype, Access::Read, 0)?);
    text.0 += &element::write(&mut scalars, dtype, 1)?;
    if sources > 0 {
        draft = draft.elements("source", step.reads[1], source, (element, unit))?.memory(
            Memory::Scratch(0),
            "u32",
            4,
        );
        text.0 += &element::read(&mut scalars, dtype, Access::Read, 2)?;
    }
    text.0 += "fn visit(i: u32) {\n";
    text.line(format_args!("var sum: {ty} = read0(0u);"));
    if sources > 0 {
        let combine = scalars.graph(&select.scatter)?;
        text.decompose("x", "i", &select.operand_dims);
        let rank = select.operand_dims.len();
        for dim in 0..rank {
            let (stride, window) = (select.strides[dim], select.window[dim]);
            let last = select.source_dims[dim] - 1;
            text.line(format_args!("let end{dim} = x{dim} + ({});", select.padding[dim].0));
            let rounded = window - stride;
            text.line(format_args!("let low{dim} = max(end{dim} - ({rounded}), 0) / {stride};"));
            text.line(format_args!(
                "let high{dim} = select(min(end{dim} / {stride}, {last}), -1, end{dim} < 0);"
            ));
        }
        for dim in 0..rank {
            text.line(format_args!("for (var s{dim} = low{dim}; s{dim} <= high{dim}; s{dim}++) {{"));
        }
        text.line(format_args!("let source = u32({});", row_major("s", &select.source_dims)));
        text.line(format_args!(
            "if b3[args.at3 + source] == i {{ sum = {combine}(sum, read2(args.source + source)); }}"
        ));
        (0..rank).for_each(|_| text.line(format_args!("}}")));
    }
    text.line(format_args!("write1(args.result + i, sum);\n}}"));
    let draft = draft.parameter("count", elements as u32);
    let work = (2 * elements + 4 * sources) * u64::from(unit);
    draft.launch(&[&scalars.functions.source(), &text.0, SHADER], elements.div_ceil(THREADS), work)
}
