//! Programs as JAX sent them.

use ops::sharding::{MeshRef, Sharding};
use ops::{Attr, Op, Type, UnaryOp};
use stablehlo::bytecode::read;
use stablehlo::verify::verify;
use stablehlo::{Function, Module, Operation, equal, parse, print};
use tensor::{DType, Scalar};

use crate::{fixture, fixtures};

fn module(name: &str) -> Module {
    read(&fixture(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// Operations of a function, nested ones included, in arena order.
fn operations(function: &Function) -> impl Iterator<Item = &Operation> {
    (0..function.op_count()).map(|id| function.op(stablehlo::OpId(id as u32)))
}

#[test]
fn all_are_read_valid_and_read_back_from_text() {
    for (name, bytes) in fixtures() {
        let module = parse(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        verify(&module).unwrap_or_else(|error| panic!("{name}: {error}"));
        let text = print::module(&module);
        let again = parse(text.as_bytes()).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(equal::difference(&module, &again), None, "{name}");
    }
}

#[test]
fn functions_have_names_types_and_argument_attributes() {
    let module = module("jax-0.10.2/mlp_sgd_donated.mlirbc");
    assert!(module.name.starts_with("jit_"), "{}", module.name);
    assert_eq!((module.num_replicas, module.num_partitions), (1, 1));
    let main = module.main().expect("main");
    assert!(main.public);
    assert_eq!(main.arg_attrs.len(), main.args().len());
    assert_eq!(main.result_attrs.len(), main.result_types.len());
    let aliased = main.arg_attrs.iter().filter(|attrs| attrs.get("tf.aliasing_output").is_some()).count();
    assert!(aliased > 0);
    assert!(
        module.functions.iter().filter(|function| function.name != "main").all(|function| !function.public)
    );
}

#[test]
fn locations_name_the_primitive_and_the_line() {
    let module = module("jax-0.10.2/add.mlirbc");
    let main = module.main().expect("main");
    let add = operations(main).next().expect("an operation");
    assert_eq!(add.op.mnemonic(), "add");
    let place = module.locations.describe(add.location);
    assert!(place.contains(".py:") && place.contains("/add"), "{place}");
}

#[test]
fn narrow_constants_have_their_values() {
    let constant = |name: &str| {
        let module = module(name);
        let main = module.main().expect("main");
        operations(main)
            .find_map(|operation| match &operation.op {
                Op::Constant(constant) if !constant.value.is_empty() => Some(constant.value.clone()),
                _ => None,
            })
            .expect("a constant")
    };
    let int4 = constant("jax-0.10.2/constants_int4.mlirbc");
    assert_eq!(int4.dtype(), DType::I4);
    assert!(int4.scalars().all(|value| (-8..8).contains(&value.as_i64())));
    assert!(int4.scalars().any(|value| value.as_i64() < 0));
    let uint4 = constant("jax-0.10.2/constants_uint4.mlirbc");
    assert!(uint4.scalars().all(|value| (0..16).contains(&value.as_i64())));
    assert_eq!(constant("jax-0.10.2/constants_f8e4m3fn.mlirbc").dtype(), DType::F8E4M3FN);
}

#[test]
fn splats_stay_splats() {
    let module = module("jax-0.10.2/transformer_train_step.mlirbc");
    let constants: Vec<_> = module
        .functions
        .iter()
        .flat_map(operations)
        .filter_map(|operation| match &operation.op {
            Op::Constant(constant) => Some(constant.value.clone()),
            _ => None,
        })
        .collect();
    assert!(constants.len() > 10);
    assert!(constants.iter().all(|value| value.splat_value().is_some() || value.len() > 1));
}

#[test]
fn shardy_is_typed() {
    let module = module("jax-0.10.2/shard_map_psum.mlirbc");
    let [(name, mesh)] = &module.meshes[..] else { panic!("{} meshes", module.meshes.len()) };
    assert_eq!(mesh.axes.iter().map(|axis| axis.size).collect::<Vec<_>>(), [2]);
    let main = module.main().expect("main");
    let manual = module
        .functions
        .iter()
        .flat_map(operations)
        .find(|operation| operation.op == Op::ManualComputation)
        .expect("a manual computation");
    assert_eq!(manual.regions.len(), 1);
    let Some(Attr::Sharding(sharding)) = manual.attributes.get("in_shardings") else {
        panic!("no shardings")
    };
    let Sharding::PerValue(shardings) = &**sharding else { panic!("{sharding:?}") };
    assert_eq!(shardings.len(), manual.operands.len());
    assert_eq!(shardings[0].mesh, MeshRef::Symbol(name.clone()));
    assert!(matches!(manual.attributes.get("manual_axes"), Some(Attr::Sharding(_))));
    assert_eq!(main.args().len(), 1);
}

#[test]
fn higher_level_functions_come_as_calls_or_composites() {
    let calls = module("jax-0.9.0/top_k.mlirbc");
    let top_k = calls
        .functions
        .iter()
        .flat_map(operations)
        .find(
            |operation| matches!(&operation.op, Op::CustomCall(call) if call.call_target_name == "mhlo.topk"),
        )
        .expect("a call of mhlo.topk");
    let Some(Attr::Dict(attributes)) = top_k.attributes.get("mhlo.attributes") else {
        panic!("no attributes")
    };
    assert!(matches!(attributes.get("k"), Some(Attr::Scalar(_))));

    let composites = module("jax-0.12.0.1/top_k.mlirbc");
    let top_k = composites
        .functions
        .iter()
        .flat_map(operations)
        .find_map(|operation| match &operation.op {
            Op::Composite(composite) => Some(composite),
            _ => None,
        })
        .expect("a composite");
    assert_eq!(top_k.name, "chlo.top_k");
    assert!(composites.function(&top_k.decomposition).is_some());
}

#[test]
fn only_a_result_accuracy_that_asks_for_something_is_kept() {
    let module = module("jax-0.12.0.1-newest/accuracy.mlirbc");
    let accuracies: Vec<_> = module
        .functions
        .iter()
        .flat_map(operations)
        .filter(|operation| matches!(operation.op, Op::Unary(_)))
        .map(|operation| operation.attributes.get("result_accuracy"))
        .collect();
    assert!(accuracies.iter().any(Option::is_some));
    let plain = module_without_accuracy();
    assert!(operations(plain.main().expect("main")).all(|op| op.attributes.get("result_accuracy").is_none()));
}

fn module_without_accuracy() -> Module {
    let module = module("jax-0.10.2/special_functions.mlirbc");
    let unary =
        |operation: &Operation| matches!(operation.op, Op::Unary(UnaryOp::Exponential | UnaryOp::Log));
    assert!(module.functions.iter().flat_map(operations).any(unary));
    module
}

#[test]
fn dot_algorithms_are_kept() {
    let module = module("jax-0.12.0.1-newest/dots.mlirbc");
    let dots: Vec<_> = module
        .functions
        .iter()
        .flat_map(operations)
        .filter_map(|operation| match &operation.op {
            Op::DotGeneral(dot) => Some(dot),
            _ => None,
        })
        .collect();
    assert!(dots.iter().any(|dot| dot.accumulation_type == Type::None));
    let algorithm = dots.iter().find(|dot| dot.accumulation_type != Type::None).expect("an algorithm");
    assert_eq!(algorithm.accumulation_type, Type::Opaque("f32".to_owned()));
    let count = |value| Attr::Scalar(Scalar::from_i64(DType::I64, value));
    assert_eq!(algorithm.lhs_component_count, count(1));
}
