//! Every form of every operation: what is read is what is meant.

use ops::{Attr, Op, Type, UnaryOp};
use stablehlo::{Location, Module, Operation};
use tensor::{DType, Scalar};

use crate::{module, round_trip};

/// The operations of the first function.
fn operations(module: &Module) -> Vec<&Operation> {
    let function = &module.functions[0];
    function.region(function.body).ops.iter().map(|&id| function.op(id)).collect()
}

/// Both texts are one program, and it survives printing.
fn same(pretty: &str, generic: &str) {
    let wrap = |op: &str| {
        module(&format!(
            "func.func @main(%x: tensor<4x4xf32>, %y: tensor<4x4xf32>, %s: tensor<f32>, %i: tensor<i32>) {{\n{op}\n\
             return\n}}"
        ))
    };
    let (a, b) = (wrap(pretty), wrap(generic));
    assert_eq!(stablehlo::equal::difference(&a, &b), None, "{pretty}");
    round_trip(pretty, &a).unwrap_or_else(|failure| panic!("{failure}"));
}

#[test]
fn pretty_and_generic_forms_agree() {
    same(
        "%0 = stablehlo.add %x, %y : tensor<4x4xf32>",
        "%0 = \"stablehlo.add\"(%x, %y) : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>",
    );
    same(
        "%0 = stablehlo.slice %x [0:2, 1:4:3] : (tensor<4x4xf32>) -> tensor<2x1xf32>",
        "%0 = \"stablehlo.slice\"(%x) <{start_indices = array<i64: 0, 1>, limit_indices = array<i64: 2, 4>, \
         strides = array<i64: 1, 3>}> : (tensor<4x4xf32>) -> tensor<2x1xf32>",
    );
    same(
        "%0 = stablehlo.dot_general %x, %y, batching_dims = [0] x [1], contracting_dims = [1] x [0], \
         precision = [HIGHEST, DEFAULT], algorithm = <lhs_precision_type = tf32, rhs_precision_type = tf32, \
         accumulation_type = f32, lhs_component_count = 1, rhs_component_count = 1, \
         num_primitive_operations = 3, allow_imprecise_accumulation = false> \
         : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4xf32>",
        "%0 = \"stablehlo.dot_general\"(%x, %y) <{dot_dimension_numbers = #stablehlo.dot<lhs_batching_dimensions \
         = [0], rhs_batching_dimensions = [1], lhs_contracting_dimensions = [1], rhs_contracting_dimensions = \
         [0]>, precision_config = [#stablehlo<precision HIGHEST>, #stablehlo<precision DEFAULT>], algorithm = \
         #stablehlo.dot_algorithm<lhs_precision_type = tf32, rhs_precision_type = tf32, accumulation_type = f32, \
         lhs_component_count = 1, rhs_component_count = 1, num_primitive_operations = 3, \
         allow_imprecise_accumulation = false>}> : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4xf32>",
    );
    same(
        "%0 = stablehlo.reduce(%x init: %s) applies stablehlo.maximum across dimensions = [1] \
         : (tensor<4x4xf32>, tensor<f32>) -> tensor<4xf32>",
        "%0 = \"stablehlo.reduce\"(%x, %s) <{dimensions = array<i64: 1>}> ({\n^bb0(%a: tensor<f32>, %b: \
         tensor<f32>):\n%1 = stablehlo.maximum %a, %b : tensor<f32>\nstablehlo.return %1 : tensor<f32>\n}) \
         : (tensor<4x4xf32>, tensor<f32>) -> tensor<4xf32>",
    );
    same(
        "%0 = stablehlo.reduce(%x init: %s) across dimensions = [0, 1] : (tensor<4x4xf32>, tensor<f32>) -> \
         tensor<f32>\n reducer(%a: tensor<f32>, %b: tensor<f32>) {\n%1 = stablehlo.subtract %b, %a : \
         tensor<f32>\nstablehlo.return %1 : tensor<f32>\n}",
        "%0 = \"stablehlo.reduce\"(%x, %s) ({\n^bb0(%a: tensor<f32>, %b: tensor<f32>):\n%1 = stablehlo.subtract \
         %b, %a : tensor<f32>\nstablehlo.return %1 : tensor<f32>\n}) {dimensions = array<i64: 0, 1>} \
         : (tensor<4x4xf32>, tensor<f32>) -> tensor<f32>",
    );
    same(
        "%0:2 = stablehlo.while(%a = %i, %b = %x) : tensor<i32>, tensor<4x4xf32>\ncond {\n%1 = \
         stablehlo.compare LT, %a, %i, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>\nstablehlo.return %1 : \
         tensor<i1>\n} do {\nstablehlo.return %a, %b : tensor<i32>, tensor<4x4xf32>\n}",
        "%0:2 = \"stablehlo.while\"(%i, %x) ({\n^bb0(%a: tensor<i32>, %b: tensor<4x4xf32>):\n%1 = \
         \"stablehlo.compare\"(%a, %i) <{comparison_direction = #stablehlo<comparison_direction LT>, compare_type \
         = #stablehlo<comparison_type SIGNED>}> : (tensor<i32>, tensor<i32>) -> tensor<i1>\nstablehlo.return %1 : \
         tensor<i1>\n}, {\n^bb0(%a: tensor<i32>, %b: tensor<4x4xf32>):\nstablehlo.return %a, %b : tensor<i32>, \
         tensor<4x4xf32>\n}) : (tensor<i32>, tensor<4x4xf32>) -> (tensor<i32>, tensor<4x4xf32>)",
    );
    same(
        "stablehlo.custom_call @\"my target\"(%x) {api_version = 4 : i32, backend_config = {a = 1 : i32}, \
         has_side_effect = true, operand_layouts = [dense<[0, 1]> : tensor<2xindex>]} : (tensor<4x4xf32>) -> ()",
        "\"stablehlo.custom_call\"(%x) <{call_target_name = \"my target\", api_version = 4 : i32, has_side_effect \
         = true, operand_layouts = [dense<[0, 1]> : tensor<2xindex>], backend_config = {a = 1 : i32}}> \
         : (tensor<4x4xf32>) -> ()",
    );
}

/// One of each remaining form, from the table and beyond it.
const EACH: &str = r#"
func.func @main(%x: tensor<4x4xf32>, %i: tensor<i32>, %p: tensor<i1>, %c: tensor<2xcomplex<f32>>,
                %token: !stablehlo.token, %image: tensor<1x8x8x3xf32>, %filter: tensor<3x3x3x4xf32>) {
  %s = stablehlo.constant {note = "kept"} dense<1.5> : tensor<f32>
  %after = stablehlo.after_all %token, %token : !stablehlo.token
  %made = stablehlo.create_token : !stablehlo.token
  %0 = stablehlo.convert %x : (tensor<4x4xf32>) -> tensor<4x4xbf16>
  %1 = stablehlo.bitcast_convert %x : (tensor<4x4xf32>) -> tensor<4x4xui32>
  %2 = stablehlo.broadcast %s, sizes = [2, 3] : (tensor<f32>) -> tensor<2x3xf32>
  %3 = stablehlo.broadcast_in_dim %s, dims = [] : (tensor<f32>) -> tensor<4x4xf32>
  %4 = stablehlo.cholesky %x, lower = true : tensor<4x4xf32>
  %5 = stablehlo.clamp %s, %x, %s : (tensor<f32>, tensor<4x4xf32>, tensor<f32>) -> tensor<4x4xf32>
  %6 = stablehlo.compare TOTALORDER_IS_NOT_A_DIRECTION, %x, %x : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xi1>
  %7 = stablehlo.real %c : (tensor<2xcomplex<f32>>) -> tensor<2xf32>
  %8 = stablehlo.complex %7, %7 : tensor<2xcomplex<f32>>
  %9 = stablehlo.concatenate %x, %x, dim = 1 : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x8xf32>
  %10 = stablehlo.convolution(%image, %filter) dim_numbers = [b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f],
    window = {stride = [2, 1], pad = [[0, 1], [2, 2]], lhs_dilate = [1, 1], rhs_dilate = [1, 2], reverse = [false, true]}
    {batch_group_count = 1 : i64, feature_group_count = 1 : i64} : (tensor<1x8x8x3xf32>, tensor<3x3x3x4xf32>) -> tensor<1x3x8x4xf32>
  %11 = stablehlo.dynamic_slice %x, %i, %i, sizes = [2, 2] : (tensor<4x4xf32>, tensor<i32>, tensor<i32>) -> tensor<2x2xf32>
  %12 = stablehlo.dynamic_update_slice %x, %11, %i, %i : (tensor<4x4xf32>, tensor<2x2xf32>, tensor<i32>, tensor<i32>) -> tensor<4x4xf32>
  %13 = stablehlo.fft %c, type = IFFT, length = [2] : (tensor<2xcomplex<f32>>) -> tensor<2xcomplex<f32>>
  %14 = stablehlo.iota dim = 1 : tensor<4x4xi32>
  %15:2 = stablehlo.optimization_barrier %x, %i : tensor<4x4xf32>, tensor<i32>
  %16 = stablehlo.pad %x, %s, low = [0, 1], high = [2, 3], interior = [0, 1] : (tensor<4x4xf32>, tensor<f32>) -> tensor<6x11xf32>
  %17 = stablehlo.partition_id : tensor<ui32>
  %18 = stablehlo.reduce_precision %x, format = e5m10 : tensor<4x4xf32>
  %19 = stablehlo.reverse %x, dims = [0, 1] : tensor<4x4xf32>
  %20:2 = stablehlo.rng_bit_generator %1, algorithm = PHILOX : (tensor<4x4xui32>) -> (tensor<4x4xui32>, tensor<3xui32>)
  %21 = stablehlo.select %p, %x, %x : tensor<i1>, tensor<4x4xf32>
  %22 = stablehlo.tuple %x, %i : tuple<tensor<4x4xf32>, tensor<i32>>
  %23 = stablehlo.get_tuple_element %22[1] : (tuple<tensor<4x4xf32>, tensor<i32>>) -> tensor<i32>
  %24 = stablehlo.einsum %x, %x, config = "ab,bc->ac" : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  %25 = stablehlo.exponential %x {result_accuracy = #stablehlo.result_accuracy<ulps = 3, mode = #stablehlo.result_accuracy_mode<TOLERANCE>>} : tensor<4x4xf32>
  %26 = stablehlo.transpose %x, dims = [1, 0] : (tensor<4x4xf32>) -> tensor<4x4xf32>
  %27 = stablehlo.composite "my.op" %x {composite_attributes = {n = 3 : i64}, decomposition = @helper, version = 2 : i32} : (tensor<4x4xf32>) -> tensor<4x4xf32>
  %28 = func.call @helper(%x) : (tensor<4x4xf32>) -> tensor<4x4xf32>
  %29 = chlo.erf_inv %x : tensor<4x4xf32> -> tensor<4x4xf32>
  %30 = chlo.next_after %x, %x : tensor<4x4xf32>, tensor<4x4xf32> -> tensor<4x4xf32>
  %values, %indices = chlo.top_k(%x, k = 2) : tensor<4x4xf32> -> (tensor<4x2xf32>, tensor<4x2xi32>)
  %31 = "stablehlo.triangular_solve"(%x, %x) <{left_side = true, lower = false, transpose_a = #stablehlo<transpose ADJOINT>, unit_diagonal = false}> : (tensor<4x4xf32>, tensor<4x4xf32>) -> tensor<4x4xf32>
  %32 = "stablehlo.collective_permute"(%x) <{channel_handle = #stablehlo.channel_handle<handle = 7, type = 1>, source_target_pairs = dense<[[0, 1], [1, 0]]> : tensor<2x2xi64>}> : (tensor<4x4xf32>) -> tensor<4x4xf32>
  return
}
func.func private @helper(tensor<4x4xf32>) -> tensor<4x4xf32>
"#;

#[test]
fn each_form_survives_printing() {
    let source = EACH.replace("TOTALORDER_IS_NOT_A_DIRECTION", "GE");
    let module = module(&source);
    round_trip("each form", &module).unwrap_or_else(|failure| panic!("{failure}"));
    let error = stablehlo::text::read(EACH).expect_err("not a direction");
    assert!(error.to_string().contains("comparison_direction"), "{error}");
}

#[test]
fn chlo_operations_are_unary_or_calls() {
    let source = EACH.replace("TOTALORDER_IS_NOT_A_DIRECTION", "GE");
    let module = module(&source);
    let ops = operations(&module);
    assert!(ops.iter().any(|op| op.op == Op::Unary(UnaryOp::ErfInv)));
    let top_k = ops.iter().find_map(|op| match &op.op {
        Op::CustomCall(call) if call.call_target_name == "chlo.top_k" => Some(call),
        _ => None,
    });
    let Attr::Dict(attributes) = &top_k.expect("a call").backend_config else {
        panic!("attributes of top_k")
    };
    assert_eq!(attributes.get("k"), Some(&Attr::Scalar(Scalar::from_i64(DType::I64, 2))));
}

#[test]
fn constants_of_every_spelling() {
    let value = |constant: &str| -> Vec<String> {
        let module = module(&format!("func.func @main() {{\n%0 = stablehlo.constant {constant}\nreturn\n}}"));
        round_trip(constant, &module).unwrap_or_else(|failure| panic!("{failure}"));
        let Op::Constant(constant) = &operations(&module)[0].op else { panic!("a constant") };
        constant.value.scalars().map(|scalar| scalar.to_string()).collect()
    };
    assert_eq!(value("dense<> : tensor<0xf32>"), [""; 0]);
    assert_eq!(value("dense<[[1, -2]]> : tensor<1x2xi8>"), ["1", "-2"]);
    assert_eq!(value("dense<true> : tensor<2xi1>"), ["true", "true"]);
    assert_eq!(value("dense<\"0xFE01\"> : tensor<2xi8>"), ["-2", "1"]);
    assert_eq!(value("dense<\"0x0E01\"> : tensor<2xi4>"), ["-2", "1"]);
    assert_eq!(value("dense<\"0x05\"> : tensor<3xi1>"), ["true", "false", "true"]);
    assert_eq!(value("dense<\"0x010001\"> : tensor<3xi1>"), ["true", "false", "true"]);
    assert_eq!(value("dense<\"0x0000C03F\"> : tensor<2xf32>"), ["1.5e0", "1.5e0"]);
    assert_eq!(value("dense<[0x7F800000, 2.5e-1]> : tensor<2xf32>"), ["inf", "2.5e-1"]);
    assert_eq!(value("dense<0x7FC0> : tensor<bf16>"), ["NaN"]);
    assert_eq!(value("dense<[(1.0, -2.5)]> : tensor<1xcomplex<f64>>"), ["(1e0, -2.5e0)"]);
    assert_eq!(value("dense<0x38> : tensor<f8E4M3FN>"), ["1e0"]);
}

#[test]
fn special_types_keep_their_text() {
    let source = "!q = !quant.uniform<i8:f32, 2.0:15>\nfunc.func @main(%a: tensor<?x4xf32>, %b: tensor<2x!q>, \
                  %c: tensor<?xi32, #stablehlo.bounds<9>>, %d: tensor<2xindex>) {\nreturn\n}";
    let module = module(source);
    let function = &module.functions[0];
    let types: Vec<_> = function.args().iter().map(|&arg| function.ty(arg).to_string()).collect();
    assert_eq!(
        types,
        [
            "tensor<?x4xf32>",
            "tensor<2x!quant.uniform<i8:f32, 2.0:15>>",
            "tensor<?xi32, #stablehlo.bounds<9>>",
            "tensor<2xi64>"
        ]
    );
    assert!(matches!(function.ty(function.args()[0]), Type::Opaque(_)));
}

#[test]
fn locations_resolve_through_aliases() {
    let source = "#loc = loc(\"model.py\":3:7)\nmodule @m {\n  func.func @main(%a: tensor<f32> loc(unknown)) {\n    \
                  %0 = stablehlo.negate %a : tensor<f32> loc(#loc1)\n    return loc(callsite(\"f\" at #loc))\n  }\n}\n\
                  #loc1 = loc(\"jit(f)/neg\"(#loc))\n";
    let module = module(source);
    let ops = operations(&module);
    assert_eq!(module.locations.describe(ops[0].location), "model.py:3 (jit(f)/neg)");
    assert!(matches!(module.locations.get(ops[1].location), Location::CallSite { .. }));
    assert_eq!(module.locations.describe(module.functions[0].location), "<text>:3");
}
