//! What the GPU engine leaves to the host, found by asking it: a small program for each op and element type is
//! compiled for a device, and the plan tells.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use compiler::Settings;
use gpu::features::Features;
use ops::{BinaryOp, UnaryOp};
use stablehlo::{Module, verify};
use tensor::DType;

const HEAD: &str = "\
# What the GPU leaves to the host

Written by `jax-metallib host-steps`, which compiles a small program for each op and element type and
reads in its plan which steps the device does not run; a test keeps this page fresh (`BLESS=1` rewrites it).
Such a step runs on the host engine, and its arrays are copied there and back: `jax-metallib explain
--device FILE` shows where. A loop or a branch with one such step inside runs there as a whole. Whatever is
not listed here runs on the device; an op is listed for the types that it is defined on, T in a reason is
that type.
";

/// An op in a program: its name, and the text of the function with `T` for the element type, `R` for the real type
/// of a complex one.
struct Sample {
    name: String,
    text: String,
}

const OTHER_SAMPLES: &[(&str, &str)] = &[
    ("compare", "(%x: tensor<9xT>, %y: tensor<9xT>) -> tensor<9xi1> {
       %r = stablehlo.compare LT, %x, %y : (tensor<9xT>, tensor<9xT>) -> tensor<9xi1>
       return %r : tensor<9xi1> }"),
    ("select", "(%p: tensor<9xi1>, %x: tensor<9xT>, %y: tensor<9xT>) -> tensor<9xT> {
       %r = stablehlo.select %p, %x, %y : tensor<9xi1>, tensor<9xT>
       return %r : tensor<9xT> }"),
    ("clamp", "(%x: tensor<9xT>, %y: tensor<9xT>, %z: tensor<9xT>) -> tensor<9xT> {
       %r = stablehlo.clamp %x, %y, %z : tensor<9xT>
       return %r : tensor<9xT> }"),
    ("convert to f32", "(%x: tensor<9xT>) -> tensor<9xf32> {
       %r = stablehlo.convert %x : (tensor<9xT>) -> tensor<9xf32>
       return %r : tensor<9xf32> }"),
    ("convert from f32", "(%x: tensor<9xf32>) -> tensor<9xT> {
       %r = stablehlo.convert %x : (tensor<9xf32>) -> tensor<9xT>
       return %r : tensor<9xT> }"),
    ("reduce_precision", "(%x: tensor<9xT>) -> tensor<9xT> {
       %r = stablehlo.reduce_precision %x, format = e4m3 : tensor<9xT>
       return %r : tensor<9xT> }"),
    ("iota", "() -> tensor<9xT> {
       %r = stablehlo.iota dim = 0 : tensor<9xT>
       return %r : tensor<9xT> }"),
    ("transpose", "(%x: tensor<5x7xT>) -> tensor<7x5xT> {
       %r = stablehlo.transpose %x, dims = [1, 0] : (tensor<5x7xT>) -> tensor<7x5xT>
       return %r : tensor<7x5xT> }"),
    ("reduce", "(%x: tensor<5x7xT>, %z: tensor<T>) -> tensor<5xT> {
       %r = stablehlo.reduce(%x init: %z) applies stablehlo.add across dimensions = [1]
         : (tensor<5x7xT>, tensor<T>) -> tensor<5xT>
       return %r : tensor<5xT> }"),
    ("reduce_window", "(%x: tensor<16xT>, %z: tensor<T>) -> tensor<8xT> {
       %r = \"stablehlo.reduce_window\"(%x, %z) ({
         ^bb0(%a: tensor<T>, %b: tensor<T>):
           %s = stablehlo.add %a, %b : tensor<T>
           stablehlo.return %s : tensor<T>
       }) {window_dimensions = array<i64: 2>, window_strides = array<i64: 2>} : (tensor<16xT>, tensor<T>) -> tensor<8xT>
       return %r : tensor<8xT> }"),
    ("running fold", "(%x: tensor<16xT>, %z: tensor<T>) -> tensor<16xT> {
       %r = \"stablehlo.reduce_window\"(%x, %z) ({
         ^bb0(%a: tensor<T>, %b: tensor<T>):
           %s = stablehlo.add %a, %b : tensor<T>
           stablehlo.return %s : tensor<T>
       }) {window_dimensions = array<i64: 16>, padding = dense<[[15, 0]]> : tensor<1x2xi64>} : (tensor<16xT>, tensor<T>) -> tensor<16xT>
       return %r : tensor<16xT> }"),
    ("dot_general", "(%x: tensor<5x7xT>, %y: tensor<7x3xT>) -> tensor<5x3xT> {
       %r = stablehlo.dot_general %x, %y, contracting_dims = [1] x [0] : (tensor<5x7xT>, tensor<7x3xT>) -> tensor<5x3xT>
       return %r : tensor<5x3xT> }"),
    ("convolution", "(%x: tensor<2x9x9x3xT>, %w: tensor<3x3x3x4xT>) -> tensor<2x7x7x4xT> {
       %r = stablehlo.convolution(%x, %w) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f], window = {}
         {batch_group_count = 1 : i64, feature_group_count = 1 : i64}
         : (tensor<2x9x9x3xT>, tensor<3x3x3x4xT>) -> tensor<2x7x7x4xT>
       return %r : tensor<2x7x7x4xT> }"),
    ("gather", "(%x: tensor<9x4xT>, %i: tensor<5x1xi32>) -> tensor<5x4xT> {
       %r = \"stablehlo.gather\"(%x, %i) {dimension_numbers = #stablehlo.gather<offset_dims = [1],
         collapsed_slice_dims = [0], start_index_map = [0], index_vector_dim = 1>, slice_sizes = array<i64: 1, 4>}
         : (tensor<9x4xT>, tensor<5x1xi32>) -> tensor<5x4xT>
       return %r : tensor<5x4xT> }"),
    ("dynamic_slice", "(%x: tensor<9xT>, %i: tensor<i32>) -> tensor<4xT> {
       %r = stablehlo.dynamic_slice %x, %i, sizes = [4] : (tensor<9xT>, tensor<i32>) -> tensor<4xT>
       return %r : tensor<4xT> }"),
    ("dynamic_update_slice", "(%x: tensor<9xT>, %y: tensor<4xT>, %i: tensor<i32>) -> tensor<9xT> {
       %r = stablehlo.dynamic_update_slice %x, %y, %i : (tensor<9xT>, tensor<4xT>, tensor<i32>) -> tensor<9xT>
       return %r : tensor<9xT> }"),
    ("scatter", "(%x: tensor<9x4xT>, %i: tensor<5x1xi32>, %u: tensor<5x4xT>) -> tensor<9x4xT> {
       %r = \"stablehlo.scatter\"(%x, %i, %u) ({
         ^bb0(%a: tensor<T>, %b: tensor<T>):
           %s = stablehlo.add %a, %b : tensor<T>
           stablehlo.return %s : tensor<T>
       }) {scatter_dimension_numbers = #stablehlo.scatter<update_window_dims = [1], inserted_window_dims = [0],
         scatter_dims_to_operand_dims = [0], index_vector_dim = 1>}
         : (tensor<9x4xT>, tensor<5x1xi32>, tensor<5x4xT>) -> tensor<9x4xT>
       return %r : tensor<9x4xT> }"),
    ("select_and_scatter", "(%x: tensor<8xT>, %y: tensor<4xT>, %z: tensor<T>) -> tensor<8xT> {
       %r = \"stablehlo.select_and_scatter\"(%x, %y, %z) ({
         ^bb0(%a: tensor<T>, %b: tensor<T>):
           %p = stablehlo.compare GE, %a, %b : (tensor<T>, tensor<T>) -> tensor<i1>
           stablehlo.return %p : tensor<i1>
       }, {
         ^bb0(%a: tensor<T>, %b: tensor<T>):
           %s = stablehlo.add %a, %b : tensor<T>
           stablehlo.return %s : tensor<T>
       }) {window_dimensions = array<i64: 2>, window_strides = array<i64: 2>}
         : (tensor<8xT>, tensor<4xT>, tensor<T>) -> tensor<8xT>
       return %r : tensor<8xT> }"),
    ("sort", "(%x: tensor<9xT>) -> tensor<9xT> {
       %r = \"stablehlo.sort\"(%x) ({
         ^bb0(%a: tensor<T>, %b: tensor<T>):
           %p = stablehlo.compare LT, %a, %b : (tensor<T>, tensor<T>) -> tensor<i1>
           stablehlo.return %p : tensor<i1>
       }) {dimension = 0 : i64} : (tensor<9xT>) -> tensor<9xT>
       return %r : tensor<9xT> }"),
    ("top_k", "(%x: tensor<9xT>) -> (tensor<3xT>, tensor<3xi32>) {
       %v, %i = chlo.top_k(%x, k = 3) : tensor<9xT> -> (tensor<3xT>, tensor<3xi32>)
       return %v, %i : tensor<3xT>, tensor<3xi32> }"),
    ("fft", "(%x: tensor<8xT>) -> tensor<8xT> {
       %r = stablehlo.fft %x, type = FFT, length = [8] : (tensor<8xT>) -> tensor<8xT>
       return %r : tensor<8xT> }"),
    ("rng", "(%x: tensor<T>, %y: tensor<T>, %s: tensor<1xi64>) -> tensor<9xT> {
       %n = stablehlo.constant dense<9> : tensor<1xi64>
       %r = stablehlo.rng %x, %y, %n, distribution = UNIFORM : (tensor<T>, tensor<T>, tensor<1xi64>) -> tensor<9xT>
       return %r : tensor<9xT> }"),
    ("rng_bit_generator", "(%s: tensor<2xui64>) -> (tensor<2xui64>, tensor<9xT>) {
       %n, %r = stablehlo.rng_bit_generator %s, algorithm = PHILOX : (tensor<2xui64>) -> (tensor<2xui64>, tensor<9xT>)
       return %n, %r : tensor<2xui64>, tensor<9xT> }"),
    ("cholesky", "(%x: tensor<4x4xT>) -> tensor<4x4xT> {
       %r = stablehlo.cholesky %x, lower = true : tensor<4x4xT>
       return %r : tensor<4x4xT> }"),
    ("triangular_solve", "(%x: tensor<4x4xT>, %y: tensor<4x3xT>) -> tensor<4x3xT> {
       %r = \"stablehlo.triangular_solve\"(%x, %y) {left_side = true, lower = true, unit_diagonal = false,
         transpose_a = #stablehlo<transpose NO_TRANSPOSE>} : (tensor<4x4xT>, tensor<4x3xT>) -> tensor<4x3xT>
       return %r : tensor<4x3xT> }"),
    ("other linear algebra", "(%x: tensor<4x4xT>) -> (tensor<4x4xT>, tensor<4xi32>, tensor<4xi32>) {
       %a, %b, %c = stablehlo.custom_call @mps.lu(%x) : (tensor<4x4xT>) -> (tensor<4x4xT>, tensor<4xi32>, tensor<4xi32>)
       return %a, %b, %c : tensor<4x4xT>, tensor<4xi32>, tensor<4xi32> }"),
    ("while", "(%x: tensor<9xT>, %n: tensor<i32>) -> tensor<9xT> {
       %zero = stablehlo.constant dense<0> : tensor<i32>
       %one = stablehlo.constant dense<1> : tensor<i32>
       %r:2 = stablehlo.while(%i = %zero, %v = %x) : tensor<i32>, tensor<9xT>
       cond {
         %go = stablehlo.compare LT, %i, %n : (tensor<i32>, tensor<i32>) -> tensor<i1>
         stablehlo.return %go : tensor<i1>
       } do {
         %next = stablehlo.add %i, %one : tensor<i32>
         %w = stablehlo.reverse %v, dims = [0] : tensor<9xT>
         stablehlo.return %next, %w : tensor<i32>, tensor<9xT>
       }
       return %r#1 : tensor<9xT> }"),
    ("case", "(%i: tensor<i32>, %x: tensor<9xT>) -> tensor<9xT> {
       %r = \"stablehlo.case\"(%i) ({
         %a = stablehlo.reverse %x, dims = [0] : tensor<9xT>
         stablehlo.return %a : tensor<9xT>
       }, {
         stablehlo.return %x : tensor<9xT>
       }) : (tensor<i32>) -> tensor<9xT>
       return %r : tensor<9xT> }"),
];

fn samples() -> Vec<Sample> {
    let unary = UnaryOp::ALL.iter().map(|op| {
        let dialect = if op.is_chlo() { "chlo" } else { "stablehlo" };
        let result = match op {
            UnaryOp::IsFinite => "i1",
            UnaryOp::Abs | UnaryOp::Real | UnaryOp::Imag => "R",
            _ => "T",
        };
        let name = op.mnemonic();
        let text = format!(
            "(%x: tensor<9xT>) -> tensor<9x{result}> {{
               %r = \"{dialect}.{name}\"(%x) : (tensor<9xT>) -> tensor<9x{result}>
               return %r : tensor<9x{result}> }}"
        );
        Sample { name: name.to_string(), text }
    });
    let binary = BinaryOp::ALL.iter().map(|op| {
        let result = if *op == BinaryOp::Complex { "complex<T>" } else { "T" };
        let name = op.mnemonic();
        let text = format!(
            "(%x: tensor<9xT>, %y: tensor<9xT>) -> tensor<9x{result}> {{
               %r = \"stablehlo.{name}\"(%x, %y) : (tensor<9xT>, tensor<9xT>) -> tensor<9x{result}>
               return %r : tensor<9x{result}> }}"
        );
        Sample { name: name.to_string(), text }
    });
    let other = OTHER_SAMPLES
        .iter()
        .map(|(name, text)| Sample { name: (*name).to_string(), text: (*text).to_string() });
    unary.chain(binary).chain(other).collect()
}

impl Sample {
    /// The program; `None` if the op is not defined on the type.
    fn module(&self, dtype: DType) -> Option<Module> {
        let body = self.text.replace("xT>", &format!("x{}>", dtype.name()));
        let body = body.replace("<T>", &format!("<{}>", dtype.name()));
        let body = body.replace("xR>", &format!("x{}>", dtype.real().name()));
        let text = format!("module @sample {{ func.func public @main{body} }}");
        let module = stablehlo::parse(text.as_bytes()).ok()?;
        verify::verify(&module).ok()?;
        Some(module)
    }

    /// Why the device does not run the op on a type; `None` if it does, or the op is not defined on the type.
    fn reason(&self, dtype: DType, features: &Features) -> Option<String> {
        let module = self.module(dtype)?;
        let plan = compiler::compile(module, &runtime::device_target(features), &Settings::default()).ok()?;
        let reason = plan.host_reasons.iter().flatten().next()?;
        // One reason for all types reads the same for each.
        Some(reason.replace(dtype.name(), "T"))
    }
}

/// Ops with the types and reasons for which devices with these features leave them to the host, but those of `known`.
type Refused = BTreeMap<(usize, DType), String>;

fn refused(samples: &[Sample], features: &Features, known: &Refused) -> Refused {
    let all = (0..samples.len()).flat_map(|sample| DType::ALL.iter().map(move |&dtype| (sample, dtype)));
    let new = all.filter(|key| !known.contains_key(key));
    new.filter_map(|(sample, dtype)| Some(((sample, dtype), samples[sample].reason(dtype, features)?)))
        .collect()
}

/// A reason, and the types that it holds for.
type Row = (String, Vec<DType>);

/// Ops that share types and reasons, in one line.
fn table(samples: &[Sample], refused: &Refused) -> String {
    let mut by_op: BTreeMap<usize, Vec<Row>> = BTreeMap::new();
    for ((sample, dtype), reason) in refused {
        let reasons = by_op.entry(*sample).or_default();
        match reasons.iter_mut().find(|(known, _)| known == reason) {
            Some((_, types)) => types.push(*dtype),
            None => reasons.push((reason.clone(), vec![*dtype])),
        }
    }
    let mut lines: Vec<(Row, Vec<usize>)> = Vec::new();
    for (op, reasons) in by_op {
        for row in reasons {
            match lines.iter_mut().find(|(known, _)| *known == row) {
                Some((_, ops)) => ops.push(op),
                None => lines.push((row, vec![op])),
            }
        }
    }
    let mut out = String::from("| Ops | Element types | Why |\n| --- | --- | --- |\n");
    for ((reason, types), ops) in lines {
        let quoted = |names: Vec<&str>| format!("`{}`", names.join("`, `"));
        let defined =
            |op: &usize| DType::ALL.iter().filter(|dtype| samples[*op].module(**dtype).is_some()).count();
        let types = match ops.iter().all(|op| defined(op) == types.len()) {
            true => "all".to_string(),
            false => quoted(types.into_iter().map(DType::name).collect()),
        };
        let ops = quoted(ops.into_iter().map(|op| samples[op].name.as_str()).collect());
        let _ = writeln!(out, "| {ops} | {types} | {reason} |");
    }
    out
}

/// The page `docs/gpu_host_steps.md`.
pub fn page() -> String {
    let samples = samples();
    let devices = [
        ("On every device", Features { float64: true, ..Features::usual() }),
        ("Also on devices without 64-bit floats, as Apple's", Features::usual()),
        ("Also on devices without 64-bit integers", Features::least()),
    ];
    let mut page = HEAD.to_owned();
    let mut known = Refused::new();
    for (title, features) in devices {
        let more = refused(&samples, &features, &known);
        let _ = write!(page, "\n## {title}\n\n{}", table(&samples, &more));
        known.extend(more);
    }
    page
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_fresh() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/gpu_host_steps.md");
        let page = page();
        if std::env::var_os("BLESS").is_some_and(|value| value == "1") {
            std::fs::write(path, &page).expect("the page is written");
        }
        let there = std::fs::read_to_string(path).unwrap_or_default();
        assert!(there == page, "docs/gpu_host_steps.md is stale: run this test with BLESS=1");
    }

    #[test]
    fn every_sample_is_a_program() {
        for sample in samples() {
            let defined = DType::ALL.iter().any(|&dtype| sample.module(dtype).is_some());
            assert!(defined, "`{}` is defined on no type", sample.name);
        }
    }
}
