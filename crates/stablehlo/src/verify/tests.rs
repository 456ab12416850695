use ops::attributes::Call;
use ops::{BinaryOp, Op, Type};
use tensor::{DType, TensorType};

use super::*;
use crate::ValueId;

fn vector(size: i64) -> Type {
    TensorType::new(DType::F32, [size]).into()
}

/// `main(x: 4xf32) -> 4xf32` with `x + x` in it.
fn doubling() -> Module {
    let mut main = Function::new("main");
    let x = main.add_arg(main.body, vector(4));
    let sum = main.append(main.body, Op::Binary(BinaryOp::Add), &[x, x], [vector(4)], LocId::UNKNOWN);
    main.append(main.body, Op::Return, &sum, [], LocId::UNKNOWN);
    main.result_types = vec![vector(4)];
    Module { functions: vec![main], ..Module::default() }
}

fn labels(module: &Module) -> Vec<&'static str> {
    match verify(module) {
        Ok(()) => Vec::new(),
        Err(error) => error.findings.iter().map(|finding| finding.label).collect(),
    }
}

#[test]
fn accepts_a_sound_module() {
    assert_eq!(labels(&doubling()), Vec::<&str>::new());
}

#[test]
fn reports_use_before_definition() {
    let mut module = doubling();
    let main = &mut module.functions[0];
    let id = main.region(main.body).ops[0];
    let own = main.op(id).results[0];
    main.op_mut(id).operands[1] = own;
    assert_eq!(labels(&module), ["dominance"]);
}

#[test]
fn reports_values_and_operations_out_of_range() {
    let mut module = doubling();
    let main = &mut module.functions[0];
    let id = main.region(main.body).ops[0];
    main.op_mut(id).operands[1] = ValueId(99);
    assert_eq!(labels(&module), ["structure"]);
    let mut module = doubling();
    let main = &mut module.functions[0];
    let body = main.body;
    main.region_mut(body).ops.insert(0, crate::OpId(77));
    assert_eq!(labels(&module), ["structure"]);
}

#[test]
fn reports_a_missing_return() {
    let mut module = doubling();
    let main = &mut module.functions[0];
    let body = main.body;
    main.region_mut(body).ops.pop();
    assert_eq!(labels(&module), ["structure"]);
}

#[test]
fn reports_types_that_differ_or_do_not_fit() {
    let mut module = doubling();
    let main = &mut module.functions[0];
    let id = main.region(main.body).ops[0];
    let sum = main.op(id).results[0];
    main.set_type(sum, vector(5));
    assert_eq!(labels(&module), ["result type", "return"]);
    let main = &mut module.functions[0];
    main.set_type(sum, vector(i64::MAX));
    assert_eq!(labels(&module), ["limit"]);
    let main = &mut module.functions[0];
    main.set_type(sum, Type::Opaque("tensor<?xf32>".into()));
    assert_eq!(labels(&module), ["unsupported"]);
}

#[test]
fn reports_recursion_and_unknown_callees() {
    let mut module = doubling();
    let main = &mut module.functions[0];
    let call = |callee: &str| Op::Call(Box::new(Call { callee: callee.into() }));
    let id = main.region(main.body).ops[0];
    main.op_mut(id).op = call("f");
    assert_eq!(labels(&module), ["callee"]);
    let main = &mut module.functions[0];
    let x = main.args()[0];
    main.op_mut(id).operands = [x].as_slice().into();
    main.op_mut(id).op = call("main");
    assert_eq!(labels(&module), ["recursion"]);
}

#[test]
fn messages_name_op_and_location() {
    let mut module = doubling();
    let place = crate::Location::File { file: "model.py".into(), line: 7, column: 1 };
    let location = module.locations.add(place);
    let main = &mut module.functions[0];
    let id = main.region(main.body).ops[0];
    main.op_mut(id).location = location;
    main.op_mut(id).operands.pop();
    let error = verify(&module).expect_err("one operand is missing").to_string();
    assert!(
        error.contains("stablehlo.add at model.py:7: has 1 operands, needs exactly 2 (arity)"),
        "{error}"
    );
}
