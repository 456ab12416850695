//! Everything that is printed passes naga's validator and becomes SPIR-V and MSL, and uses no built-in that loses NaN,
//! infinity or accuracy.

use ops::{ComparisonDirection, ComparisonType};
use plan::{Graph, Node, NodeId, NodeOp};
use tensor::DType;

use super::super::functions::{items, items_f64};
use super::super::{Functions, Scalars};
use crate::features::Features;
use crate::shader::Shader;
use crate::translate::translate;

/// A shader around some text.
fn around(text: &str) -> Shader {
    let source = format!(
        "@group(0) @binding(0) var<storage, read_write> b0: array<u32>;\n\
         struct Args {{ at0: u32 }}\nvar<immediate> args: Args;\n{text}\n\
         @compute @workgroup_size(64) fn main() {{ b0[args.at0] = 0u; }}\n"
    );
    Shader { name: "test", source: source.into(), bindings: 1, parameters: 0, unchecked: false }
}

/// The MSL of a shader around some text.
fn metal(text: &str) -> String {
    let shader = around(text);
    let translated = translate(&shader, &Features::usual());
    let translated = translated.unwrap_or_else(|error| panic!("{error}\n{}", shader.source));
    translated.metal.expect("nothing in it is f64")
}

#[test]
fn every_function_translates() {
    for (name, _) in items() {
        let mut functions = Functions::default();
        functions.require(name);
        metal(&functions.source());
    }
}

#[test]
fn every_function_of_f64_translates() {
    let features = Features { float64: true, ..Features::usual() };
    for (name, _) in items_f64() {
        let mut functions = Functions::default();
        functions.require(name);
        let shader = around(&functions.source());
        translate(&shader, &features).unwrap_or_else(|error| panic!("{error}\n{}", shader.source));
    }
}

/// Metal's compiler assumes that floats are numbers. So the MSL tests no float for being one, and whatever bits become
/// a float by a cast are hidden from it, or those of a normal number by construction.
#[test]
fn metal_sees_no_special_floats() {
    let mut functions = Functions::default();
    items().for_each(|(name, _)| functions.require(name));
    let text = metal(&functions.source());
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
            let normal = [
                "f32_power_of_two",
                "f32_exp_bounded",
                "half_raised",
                "half_odd",
                "f32_log_split",
                "f32_reduce_exactly",
                "small_of_bits",
                "f32_cbrt",
            ];
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
    for (_, code) in items().chain(items_f64()) {
        for (at, _) in code.match_indices('(') {
            let word: String =
                code[..at].chars().rev().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            let word: String = word.chars().rev().collect();
            assert!(!banned.contains(&word.as_str()), "`{word}` is called");
        }
        assert!(!code.contains("f32 !=") && !code.contains("f64 !="), "floats are compared with !=");
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
    metal(&format!("{}{call}", scalars.functions.source()));
}
