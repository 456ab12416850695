//! Text made to exhaust the reader.

use stablehlo::{Error, text};

fn message(source: &str) -> String {
    text::read(source).expect_err("hostile text").to_string()
}

fn body(operations: &str) -> String {
    format!(
        "func.func @main(%a: tensor<2xf32>) -> tensor<2xf32> {{\n{operations}\nreturn %a : tensor<2xf32>\n}}\n"
    )
}

#[test]
fn nesting_is_bounded() {
    let depth = 100_000;
    let tuples = format!("func.func @f(%a: {}", "tuple<".repeat(depth));
    assert!(message(&tuples).contains("nested deeper"));
    let arrays = format!("module attributes {{a = {}", "[".repeat(depth));
    assert!(message(&arrays).contains("nested deeper"));
    let regions = body(&"\"stablehlo.case\"(%a) ({".repeat(depth));
    assert!(message(&regions).contains("nested deeper"));
    let lists = body(&format!("%0 = stablehlo.constant dense<{}> : tensor<f32>", "[".repeat(depth)));
    assert!(message(&lists).contains("unbalanced"));
    let lists = body(&format!(
        "%0 = stablehlo.constant dense<{}1.0{}> : tensor<1xf32>",
        "[".repeat(depth),
        "]".repeat(depth)
    ));
    assert!(message(&lists).contains("nested deeper than the tensor's rank"));
}

#[test]
fn aliases_do_not_multiply() {
    let mut source = String::from("#a0 = [1, 2, 3, 4, 5, 6, 7, 8]\n");
    for level in 1..20 {
        let previous = format!("#a{}", level - 1);
        source += &format!("#a{level} = [{previous}, {previous}, {previous}, {previous}]\n");
    }
    source += "module attributes {a = #a19} {}\n";
    assert!(message(&source).contains("aliases expand to too much"));
    assert!(message("#a = [#a]\nmodule attributes {a = #a} {}").contains("nested deeper"));
    assert!(message("module attributes {a = #b} {}").contains("`#b` is not defined"));
    assert!(message("#l = loc(fused[#l])\nmodule {} loc(#l)").contains("nested deeper"));
}

#[test]
fn declared_sizes_allocate_nothing() {
    let splat = body("%0 = stablehlo.constant dense<0.0> : tensor<9999999999xf32>");
    let module = text::read(&splat).expect("a splat of any size");
    assert_eq!(module.functions[0].op_count(), 2);
    for (constant, expected) in [
        ("dense<0.0> : tensor<9223372036854775807x2xf32>", "too large"),
        ("dense<0.0> : tensor<99999999999999999999xf32>", "too large"),
        ("dense<\"0x00\"> : tensor<9999999999xf32>", "bytes"),
        ("dense<[0.0]> : tensor<9999999999xf32>", "entries in a list"),
    ] {
        let found = message(&body(&format!("%0 = stablehlo.constant {constant}")));
        assert!(found.contains(expected), "{constant}: {found}");
    }
    let dims = "%0 = \"stablehlo.transpose\"(%a) {permutation = dense<0> : tensor<9999999999xi64>} : \
                (tensor<2xf32>) -> tensor<2xf32>";
    assert!(message(&body(dims)).contains("too long"));
    let results = message(&body("%0:9999999999 = stablehlo.negate %a : tensor<2xf32>"));
    assert!(results.contains("has 1 results"), "{results}");
}

#[test]
fn one_error_names_every_unknown_operation() {
    let source = body(
        "%0 = arith.addf %a, %a : tensor<2xf32>\n%1 = stablehlo.negate %0 : tensor<2xf32>\n\
         %2 = \"my.op\"(%1) : (tensor<2xf32>) -> tensor<2xf32>\n%3 = arith.addf %a, %a : tensor<2xf32>",
    );
    let Err(Error::UnknownOps { ops, .. }) = text::read(&source) else { panic!("unknown operations") };
    let found: Vec<_> = ops.iter().map(|op| (op.name.as_str(), op.uses, op.locations.join("; "))).collect();
    assert_eq!(
        found,
        [
            ("arith.addf", 2, "line 2, column 6; line 5, column 6".to_owned()),
            ("my.op", 1, "line 4, column 6".to_owned())
        ]
    );
}

#[test]
fn errors_tell_the_place() {
    let found =
        message("func.func @main(%a: tensor<2xf32>) {\n  %0 = stablehlo.add %a, %b : tensor<2xf32>\n}");
    assert_eq!(found, "malformed program text at line 2, column 26: %b is not defined here");
    let found =
        message("func.func @main(%a: tensor<2xf32>) {\n  %0 = stablehlo.add %a %a : tensor<2xf32>\n}");
    assert!(found.contains("line 2, column 25: expected `,`, found `%a : tensor<2xf32>`"), "{found}");
}
