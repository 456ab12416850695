//! Programs that are valid but out of proportion: deep, doubling, endless chains.

use compiler::{Error, Settings, pipeline};
use ops::attributes::Call;
use ops::{BinaryOp, Op, Type, UnaryOp};
use smallvec::smallvec;
use stablehlo::{Function, LocId, Module, Operation, RegionId, ValueId, verify::verify};
use tensor::{DType, TensorType};

fn scalar(dtype: DType) -> Type {
    TensorType::scalar(dtype).into()
}

fn finish(function: &mut Function, region: RegionId, value: ValueId) {
    function.append(region, Op::Return, &[value], [], LocId::UNKNOWN);
}

fn call(callee: String) -> Op {
    Op::Call(Box::new(Call { callee }))
}

/// `name(x) = callee(callee(x))`, or a negation where there is no callee.
fn twice(name: String, callee: Option<String>) -> Function {
    let mut function = Function::new(name);
    let body = function.body;
    let mut value = function.add_arg(body, scalar(DType::F32));
    for _ in 0..2 {
        let op = callee.clone().map_or(Op::Unary(UnaryOp::Negate), call);
        value = function.append(body, op, &[value], [scalar(DType::F32)], LocId::UNKNOWN)[0];
    }
    finish(&mut function, body, value);
    function.result_types = vec![scalar(DType::F32)];
    function
}

fn doubling(levels: usize) -> Module {
    let name = |level: usize| if level == 0 { "main".to_owned() } else { format!("f{level}") };
    let functions =
        (0..levels).map(|level| twice(name(level), (level + 1 < levels).then(|| name(level + 1)))).collect();
    Module { functions, ..Module::default() }
}

#[test]
fn calls_that_double_are_refused_before_they_are_copied() {
    let module = doubling(60);
    verify(&module).expect("valid");
    let error = pipeline::run(module, &Settings::default()).expect_err("2^60 operations");
    assert!(matches!(&error, Error::Invalid(text) if text.contains("after inlining")), "{error}");
}

#[test]
fn calls_that_double_a_little_are_inlined() {
    let module = doubling(8);
    let module = pipeline::run(module, &Settings::default()).expect("256 negations");
    // An even number of negations is none.
    assert_eq!(module.functions[0].op_count(), 1);
}

#[test]
fn long_chains_of_calls_are_inlined() {
    const LENGTH: usize = 5_000;
    let mut functions = Vec::new();
    for level in 0..LENGTH {
        let mut function = Function::new(if level == 0 { "main".to_owned() } else { format!("f{level}") });
        let body = function.body;
        let x = function.add_arg(body, scalar(DType::F32));
        let sum = Op::Binary(BinaryOp::Add);
        let mut value = function.append(body, sum, &[x, x], [scalar(DType::F32)], LocId::UNKNOWN)[0];
        if level + 1 < LENGTH {
            let op = call(format!("f{}", level + 1));
            value = function.append(body, op, &[value], [scalar(DType::F32)], LocId::UNKNOWN)[0];
        }
        finish(&mut function, body, value);
        function.result_types = vec![scalar(DType::F32)];
        functions.push(function);
    }
    let module = Module { functions, ..Module::default() };
    verify(&module).expect("valid");
    let module = pipeline::run(module, &Settings::default()).expect("a chain of sums");
    assert_eq!(module.functions[0].op_count(), LENGTH + 1);
}

/// Branches within branches.
fn nested(depth: usize) -> Module {
    let mut main = Function::new("main");
    let body = main.body;
    let index = main.add_arg(body, scalar(DType::I32));
    let x = main.add_arg(body, scalar(DType::F32));
    let regions: Vec<RegionId> = (0..depth).map(|_| main.add_region()).collect();
    let mut around = body;
    for &inner in &regions {
        let other = main.add_region();
        finish(&mut main, other, x);
        let result = main.add_value(scalar(DType::F32));
        main.push_op(
            around,
            Operation {
                op: Op::Case,
                operands: smallvec![index],
                results: smallvec![result],
                regions: smallvec![inner, other],
                attributes: Default::default(),
                location: LocId::UNKNOWN,
            },
        );
        finish(&mut main, around, result);
        around = inner;
    }
    let value = main.append(around, Op::Unary(UnaryOp::Sine), &[x], [scalar(DType::F32)], LocId::UNKNOWN)[0];
    finish(&mut main, around, value);
    main.result_types = vec![scalar(DType::F32)];
    Module { functions: vec![main], ..Module::default() }
}

#[test]
fn deep_nesting_compiles_or_is_refused() {
    let module = nested(190);
    verify(&module).expect("valid");
    pipeline::run(module, &Settings::default()).expect("deep but allowed");
    let error = verify(&nested(1000)).expect_err("too deep");
    assert_eq!(error.findings[0].label, "structure");
}
