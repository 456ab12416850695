//! Small matrix products as a part of another shader, run by one workgroup: a thread an element.

use std::fmt::Write;

use plan::library::{Dot, DotDim};
use plan::{Fused, Product};
use tensor::DType;

use crate::kernel::{Place, inline_epilogue};
use crate::lower::Refusal;
use crate::scalar::{Scalars, register};

const STRINGS: &str = "strings take all";

/// What reading two elements and adding their product takes, in operations: a thread waits for both.
const OPERATIONS_PER_PRODUCT: u64 = 13;

/// Elements of the result, and the operations of each.
pub(super) fn work(dot: &Dot) -> (u64, u64) {
    let sizes = dot.batch.iter().chain([&dot.m, &dot.n]);
    (sizes.map(|dim| dim.size as u64).product(), OPERATIONS_PER_PRODUCT * dot.k.size as u64 + 8)
}

/// Prints a product of real floats summed in f32, or of f64, in order; `places` are those of lhs, rhs and result.
///
/// # Errors
/// If it is of other types.
pub(super) fn inline(
    dot: &Dot,
    [lhs, rhs, out]: [&Place; 3],
    threads: u32,
    scalars: &mut Scalars<'_>,
) -> Result<String, Refusal> {
    let value = scalars.convert(dot.accumulate, dot.out, "sum")?;
    let store = format!("let value = {value};\n{}", write(scalars, dot.out, out)?);
    inline_storing(dot, [lhs, rhs], &store, threads, scalars)
}

/// The same of a product that stores what an epilogue makes of its result; `places` are those of the operands, of the
/// epilogue's inputs but the first, and of its outputs.
///
/// # Errors
/// If it is of other types, or the device cannot run the epilogue.
pub(super) fn inline_fused(
    fused: &Fused,
    places: &[Place],
    threads: u32,
    scalars: &mut Scalars<'_>,
) -> Result<String, Refusal> {
    let Product::Dot(dot) = &fused.product else { return Err(Refusal::new("a convolution in a loop")) };
    let (operands, others) = places.split_at(Product::OPERANDS);
    // Nothing reads or writes where the result would be.
    let places: Vec<Place> = operands[..1].iter().chain(others).cloned().collect();
    let epilogue = inline_epilogue(&fused.epilogue, &places, "sum", dot.accumulate, scalars)?;
    let store = format!("let point = to;\n{{\n{epilogue}}}\n");
    inline_storing(dot, [&operands[0], &operands[1]], &store, threads, scalars)
}

/// Prints a product and `store`, statements over `sum` and its position `to`.
fn inline_storing(
    dot: &Dot,
    [lhs, rhs]: [&Place; 2],
    store: &str,
    threads: u32,
    scalars: &mut Scalars<'_>,
) -> Result<String, Refusal> {
    let held = register(dot.accumulate, scalars.features)?;
    for dtype in [dot.lhs, dot.rhs, dot.out] {
        let float = matches!(dot.accumulate, DType::F32 | DType::F64);
        if !float || register(dtype, scalars.features)? != held {
            return Err(Refusal::new(format!("a product of {dtype} in a loop")));
        }
    }
    let mut text = format!("for (var e = lid; e < {}u; e += {threads}u) {{\nvar rest = e;\n", work(dot).0);
    let mut starts = ["0u".to_owned(), "0u".to_owned(), "0u".to_owned()];
    let dims: Vec<&DotDim> = dot.batch.iter().chain([&dot.m, &dot.n]).collect();
    for (number, dim) in dims.iter().enumerate().rev() {
        writeln!(text, "let i{number} = rest % {0}u;\nrest /= {0}u;", dim.size).expect(STRINGS);
        for (start, stride) in starts.iter_mut().zip([dim.lhs, dim.rhs, dim.out]) {
            write!(start, " + i{number} * {stride}u").expect(STRINGS);
        }
    }
    let a = read(scalars, dot.lhs, lhs, "a")?;
    let b = read(scalars, dot.rhs, rhs, "b")?;
    let [a_start, b_start, to] = starts;
    writeln!(
        text,
        "var a = {a_start};\nvar b = {b_start};\nlet to = {to};\nvar sum: {};\n\
         for (var k = 0u; k < {}u; k++) {{\nsum = fma({a}, {b}, sum);\na += {}u;\nb += {}u;\n}}",
        held.wgsl(),
        dot.k.size,
        dot.k.lhs,
        dot.k.rhs
    )
    .expect(STRINGS);
    text += store;
    text += "}\n";
    Ok(text)
}

fn read(scalars: &mut Scalars<'_>, dtype: DType, place: &Place, at: &str) -> Result<String, Refusal> {
    let lanes = scalars.storage(dtype)?.per_word;
    let mut word = format!("{}[{} + {at} / {lanes}u]", place.array, place.offset);
    if place.atomic {
        word = format!("atomicLoad(&{word})");
    }
    scalars.unpack(dtype, &word, &format!("({at} % {lanes}u)"))
}

/// Stores `value` at element `to`.
fn write(scalars: &mut Scalars<'_>, dtype: DType, place: &Place) -> Result<String, Refusal> {
    let lanes = scalars.storage(dtype)?.per_word;
    let word = format!("{}[{} + to / {lanes}u]", place.array, place.offset);
    if lanes == 1 {
        return Ok(format!("{word} = {};\n", scalars.pack(dtype, &["value"])?));
    }
    let (bits, mask) = scalars.lane_bits(dtype, "value", &format!("(to % {lanes}u)"))?;
    Ok(format!("atomicAnd(&{word}, ~{mask});\natomicOr(&{word}, {bits});\n"))
}
