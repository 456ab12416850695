//! Everything that is printed passes naga's validator and becomes SPIR-V and MSL, and uses no built-in that loses NaN,
//! infinity or accuracy.

use naga::back::{msl, spv};
use naga::valid::{Capabilities, ValidationFlags, Validator};
use ops::{BinaryOp, ComparisonDirection, ComparisonType, UnaryOp};
use plan::{Graph, Node, NodeId, NodeOp};
use tensor::{DType, Scalar};

use super::super::functions::{FILES, names};
use super::super::{Functions, Scalars};
use super::device;
use crate::features::Features;

/// Devices with and without the types that not all have.
fn devices() -> [Features; 2] {
    [Features::least(), Features { int64: true, float16: true, ..Features::least() }]
}

/// A shader around some text.
fn shader(text: &str) -> String {
    format!(
        "@group(0) @binding(0) var<storage, read_write> b0: array<u32>;\n\
         struct Args {{ at0: u32 }}\nvar<immediate> args: Args;\n{text}\n\
         @compute @workgroup_size(64) fn main() {{ b0[args.at0] = 0u; }}\n"
    )
}

/// Parses, validates and translates; returns the MSL.
fn translate(source: &str) -> String {
    let module =
        naga::front::wgsl::parse_str(source).unwrap_or_else(|e| panic!("{}", e.emit_to_string(source)));
    let info = Validator::new(ValidationFlags::all(), Capabilities::all())
        .validate(&module)
        .unwrap_or_else(|e| panic!("{}", e.emit_to_string(source)));
    let options = spv::Options { lang_version: (1, 3), ..spv::Options::default() };
    spv::write_vec(&module, &info, &options, None).unwrap_or_else(|e| panic!("SPIR-V: {e}\n{source}"));
    let options =
        msl::Options { lang_version: (3, 0), fake_missing_bindings: true, ..msl::Options::default() };
    let pipeline = msl::PipelineOptions::default();
    msl::write_string(&module, &info, &options, &pipeline).unwrap_or_else(|e| panic!("MSL: {e}\n{source}")).0
}

#[test]
fn every_function_translates() {
    for name in names() {
        let mut functions = Functions::default();
        functions.require(name);
        translate(&shader(&functions.source()));
    }
}

/// All operations that the reference defines on a type, with the type of their result.
fn operations(dtype: DType) -> Vec<(NodeOp, DType)> {
    let (a, b) = (NodeId(0), NodeId(1));
    let one = Scalar::one(dtype);
    let unary = UnaryOp::ALL.iter().map(|op| NodeOp::Unary(*op, a));
    let binary = BinaryOp::ALL.iter().map(|op| NodeOp::Binary(*op, a, b));
    let mut operations = Vec::new();
    for op in unary.chain(binary) {
        let operands = [one; 2];
        let arity = if matches!(op, NodeOp::Unary(..)) { 1 } else { 2 };
        if let Some(value) = plan::evaluate::apply(&op, dtype, &operands[..arity]) {
            operations.push((op, value.dtype));
        }
    }
    operations
}

/// The devices' answer to every operation of the reference: all but f64 and c128, and 64-bit integers where they lack.
#[test]
fn every_operation_translates() {
    for features in devices() {
        for &dtype in DType::ALL {
            let lacking = matches!(dtype, DType::F64 | DType::C128)
                || (matches!(dtype, DType::I64 | DType::U64) && !features.int64);
            for (op, result) in operations(dtype) {
                let operands = vec![dtype; if matches!(op, NodeOp::Unary(..)) { 1 } else { 2 }];
                let printed = device::shader(&features, &operands, result, |scalars, names| {
                    scalars.node(&op, result, &operands, names)
                });
                match printed {
                    Ok(program) => drop(translate(&program.text)),
                    Err(refusal) => assert!(lacking, "{op:?} of {dtype}: {refusal}"),
                }
            }
        }
    }
}

/// Metal's compiler assumes that floats are numbers. So the MSL tests no float for being one, and whatever bits become
/// a float by a cast are hidden from it, or those of a normal number by construction.
#[test]
fn metal_sees_no_special_floats() {
    let mut functions = Functions::default();
    names().into_iter().for_each(|name| functions.require(name));
    let text = translate(&shader(&functions.source()));
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    let banned = ["isnan", "isinf", "isfinite", "isnormal", "NAN", "INFINITY", "HUGE_VALF"];
    words.for_each(|word| assert!(!banned.contains(&word), "MSL has `{word}`"));

    let mut function = "";
    for line in text.lines() {
        if let Some((head, _)) =
            line.split_once('(').filter(|_| line.starts_with("float ") && line.ends_with('('))
        {
            function = head.trim_start_matches("float ");
        } else if line.ends_with('(') && !line.starts_with(' ') {
            function = line.trim_end_matches('(').rsplit(' ').next().unwrap_or("");
        }
        if line.contains("as_type<float>(") {
            let normal =
                ["f32_power_of_two", "f32_log_split", "f32_reduce_exactly", "small_of_bits", "f32_cbrt"];
            // Data, of which nothing is known.
            let normal = [&normal[..], &["bf16_of_bits"]].concat();
            let shown = normal.contains(&function) || line.contains(" ^ ");
            assert!(shown, "{function}: {line}");
        }
    }
}

#[test]
fn no_untrusted_built_ins() {
    // What WGSL may compute badly, or without regard to NaN and signs. `clamp` is used where NaN is put back.
    let banned = [
        "max",
        "min",
        "sign",
        "exp",
        "exp2",
        "log",
        "log2",
        "pow",
        "sin",
        "cos",
        "tan",
        "sinh",
        "cosh",
        "tanh",
        "asin",
        "acos",
        "atan",
        "atan2",
        "asinh",
        "acosh",
        "atanh",
        "inverseSqrt",
        "fma",
        "mix",
        "fract",
        "modf",
        "frexp",
        "ldexp",
        "length",
        "saturate",
        "degrees",
        "radians",
        "smoothstep",
        "step",
        "quantizeToF16",
    ];
    for file in FILES {
        let code: String =
            file.lines().map(|line| line.split("//").next().unwrap_or("")).collect::<Vec<_>>().join("\n");
        for (at, _) in code.match_indices('(') {
            let word: String =
                code[..at].chars().rev().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            let word: String = word.chars().rev().collect();
            assert!(!banned.contains(&word.as_str()), "`{word}` is called");
        }
        assert!(!code.contains("f32 !="), "floats are compared with !=");
    }
}

#[test]
fn graphs_become_functions() {
    let node = |op, dtype| Node { op, dtype };
    // The larger value with its index, the lower index of equal ones.
    let graph = Graph {
        arguments: [DType::F32, DType::I32, DType::F32, DType::I32].into_iter().collect(),
        nodes: vec![
            node(NodeOp::Argument(0), DType::F32),
            node(NodeOp::Argument(1), DType::I32),
            node(NodeOp::Argument(2), DType::F32),
            node(NodeOp::Argument(3), DType::I32),
            node(
                NodeOp::Compare(ComparisonDirection::Gt, ComparisonType::Float, NodeId(0), NodeId(2)),
                DType::Bool,
            ),
            node(NodeOp::Select(NodeId(4), NodeId(0), NodeId(2)), DType::F32),
            node(NodeOp::Select(NodeId(4), NodeId(1), NodeId(3)), DType::I32),
        ],
        results: [NodeId(5), NodeId(6)].into_iter().collect(),
    };
    let features = Features::least();
    let mut scalars = Scalars::new(&features);
    let name = scalars.graph(&graph).expect("all devices can");
    assert_eq!(scalars.graph(&graph).as_ref(), Ok(&name), "equal graphs share a function");
    let call = format!("fn use_it() -> i32 {{ return {name}(1.0f, 2i, 3.0f, 4i).r1; }}");
    translate(&shader(&format!("{}{call}", scalars.functions.source())));
}
