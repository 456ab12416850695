//! Well-formed containers around programs that try to exhaust the reader.

use std::time::Instant;

use ops::Op;
use stablehlo::bytecode::read;
use stablehlo::error::Error;
use tensor::Data;

use crate::writer::{BUILTIN, Operation, VHLO, Writer, blob, number, numbers, program, region, signed};

/// A writer with an unknown location (attribute 0), f32 (type 0) and tensor<2xf32> (type 1).
fn start() -> Writer {
    let mut writer = Writer::default();
    writer.attribute(BUILTIN, numbers(&[15]));
    writer.ty(VHLO, numbers(&[4]));
    writer.tensor(&[2], 0);
    writer
}

/// A program with one `transpose` whose permutation is this attribute.
fn with_attribute(mut writer: Writer, attribute: usize) -> Vec<u8> {
    let name = writer.name(VHLO, "transpose_v1");
    let properties = Some(writer.properties(&[attribute]));
    let op = Operation { name, properties, results: &[1], operands: &[0], ..Default::default() };
    program(writer, 1, 1, vec![op.bytes()])
}

fn refused(file: &[u8]) -> String {
    match read(file) {
        Ok(_) => panic!("the program was accepted"),
        Err(error) => error.to_string(),
    }
}

#[test]
fn attributes_nested_too_deep() {
    let mut writer = start();
    let mut inner = writer.attribute(VHLO, numbers(&[1, 0]));
    for _ in 0..100_000 {
        inner = writer.attribute(VHLO, numbers(&[1, 1, inner]));
    }
    let message = refused(&with_attribute(writer, inner));
    assert!(message.contains("nested more than 64 deep"), "{message}");
}

#[test]
fn attributes_that_double_at_each_level() {
    let mut writer = start();
    let mut inner = writer.attribute(VHLO, numbers(&[1, 0]));
    for _ in 0..60 {
        inner = writer.attribute(VHLO, numbers(&[1, 2, inner, inner]));
    }
    let message = refused(&with_attribute(writer, inner));
    assert!(message.contains("expand to far more"), "{message}");
}

#[test]
fn types_that_double_at_each_level() {
    for code in [23, 42] {
        let mut writer = start();
        let mut inner = 1;
        for _ in 0..60 {
            inner = writer.ty(VHLO, numbers(&[code, 2, inner, inner]));
        }
        let message = refused(&program(writer, inner, 0, Vec::new()));
        assert!(message.contains("expand to far more"), "{message}");
    }
}

#[test]
fn entries_that_contain_themselves() {
    let mut writer = start();
    let own = writer.attribute_count();
    let attribute = writer.attribute(VHLO, numbers(&[1, 2, own, own]));
    let message = refused(&with_attribute(writer, attribute));
    assert!(message.contains("contains itself"), "{message}");

    let mut writer = start();
    writer.ty(VHLO, numbers(&[23, 2, 2, 2]));
    let message = refused(&program(writer, 2, 0, Vec::new()));
    assert!(message.contains("contains itself"), "{message}");

    let mut writer = start();
    let own = writer.attribute_count();
    let location = writer.attribute(BUILTIN, numbers(&[10, own, own]));
    let name = writer.name(VHLO, "negate_v1");
    let op = Operation { name, location, results: &[1], operands: &[0], ..Default::default() };
    let message = refused(&program(writer, 1, 1, vec![op.bytes()]));
    assert!(message.contains("contains itself"), "{message}");
}

#[test]
fn a_long_chain_of_calls_is_a_location() {
    let mut writer = start();
    let file = writer.string("model.py");
    let file = writer.attribute(BUILTIN, numbers(&[2, file]));
    let mut location = writer.attribute(BUILTIN, numbers(&[11, file, 7, 1]));
    for _ in 0..200_000 {
        location = writer.attribute(BUILTIN, numbers(&[10, location, location]));
    }
    let name = writer.name(VHLO, "negate_v1");
    let op = Operation { name, location, results: &[1], operands: &[0], ..Default::default() };
    let module = read(&program(writer, 1, 1, vec![op.bytes()])).expect("a program");
    let main = module.main().expect("main");
    // Descriptions stop at a depth; reading must not.
    let place = module.locations.describe(main.op(stablehlo::OpId(0)).location);
    assert_eq!(place, "an unknown location");
}

#[test]
fn lists_that_claim_more_elements_than_memory_has() {
    let mut writer = start();
    let i64 = writer.ty(VHLO, numbers(&[14]));
    let ty = writer.tensor(&[1 << 40], i64);
    let list = writer.tensor_attribute(ty, &1i64.to_le_bytes());
    let message = refused(&with_attribute(writer, list));
    assert!(message.contains("expand to far more"), "{message}");
}

#[test]
fn constants_that_claim_more_than_they_hold() {
    let constant = |data: &[u8]| {
        let mut writer = start();
        let ty = writer.tensor(&[1 << 40], 0);
        let value = writer.tensor_attribute(ty, data);
        let name = writer.name(VHLO, "constant_v1");
        let properties = Some(writer.properties(&[value]));
        let op = Operation { name, properties, results: &[ty], ..Default::default() };
        program(writer, 1, 1, vec![op.bytes()])
    };
    let message = refused(&constant(&[0; 16]));
    assert!(message.contains("16 bytes of data for tensor<1099511627776xf32>"), "{message}");
    let module = read(&constant(&1f32.to_le_bytes())).expect("a splat of any size");
    let Op::Constant(constant) = &module.main().expect("main").op(stablehlo::OpId(0)).op else {
        panic!("no constant")
    };
    assert!(matches!(constant.value.data, Data::Splat(_)));
}

#[test]
fn sizes_that_overflow() {
    let mut writer = start();
    let ty = writer.tensor(&[1 << 40, 1 << 40], 0);
    assert!(refused(&program(writer, ty, 0, Vec::new())).contains("larger than any memory"));
    let mut writer = start();
    let ty = writer.tensor(&[-5], 0);
    assert!(refused(&program(writer, ty, 0, Vec::new())).contains("negative dimension"));
}

#[test]
fn counts_beyond_the_bytes_left() {
    let mut writer = start();
    let array = [numbers(&[1]), number(u64::MAX)].concat();
    let array = writer.attribute(VHLO, array);
    assert!(refused(&with_attribute(writer, array)).contains("items announced"));

    let mut writer = start();
    let name = writer.name(VHLO, "case_v1");
    let huge = [numbers(&[1]), number(u64::MAX / 2), numbers(&[0])].concat();
    let op = Operation { name, results: &[1], operands: &[0], regions: &[huge], ..Default::default() };
    assert!(refused(&program(writer, 1, 1, vec![op.bytes()])).contains("items announced"));
}

#[test]
fn regions_nested_too_deep() {
    let mut writer = start();
    let name = writer.name(VHLO, "case_v1");
    let mut op = Operation { name, ..Default::default() }.bytes();
    for _ in 0..2_000 {
        op = Operation { name, regions: &[region(&[], 0, &[op])], ..Default::default() }.bytes();
    }
    let file = program(writer, 1, 0, vec![op]);
    // On the stack of a small thread, as a host program may have.
    let thread = std::thread::Builder::new().stack_size(512 << 10).spawn(move || refused(&file));
    let message = thread.expect("a thread").join().expect("no overflow");
    assert!(message.contains("nested more than 96 deep"), "{message}");
}

#[test]
fn values_out_of_order() {
    let negate = |operand: usize, values: usize| {
        let mut writer = start();
        let name = writer.name(VHLO, "negate_v1");
        let op = Operation { name, results: &[1], operands: &[operand], ..Default::default() };
        program(writer, 1, values, vec![op.bytes()])
    };
    assert!(read(&negate(0, 1)).is_ok());
    assert!(refused(&negate(1, 1)).contains("before it is defined"));
    assert!(refused(&negate(1 << 40, 1)).contains("before it is defined"));
    assert!(refused(&negate(0, 0)).contains("more values than the region announced"));
    assert!(refused(&negate(0, 2)).contains("announced and not defined"));
}

#[test]
fn all_unknown_operations_are_named() {
    let mut writer = start();
    let file = writer.string("model.py");
    let file = writer.attribute(BUILTIN, numbers(&[2, file]));
    let mut op = |name: usize, line: usize| {
        let location = writer.attribute(BUILTIN, numbers(&[11, file, line, 0]));
        Operation { name, location, results: &[1], operands: &[0], ..Default::default() }.bytes()
    };
    let operations = vec![op(0, 3), op(1, 5), op(0, 8), op(2, 9)];
    for (dialect, name) in [(VHLO, "frobnicate_v1"), (VHLO, "add_v7"), (2, "thing")] {
        writer.name(dialect, name);
    }
    let error = read(&program(writer, 1, 4, operations)).expect_err("unknown operations");
    let Error::UnknownOps { ops, producer } = &error else { panic!("{error}") };
    assert_eq!(producer, "StableHLO_v1.17.0");
    let summary: Vec<_> = ops.iter().map(|op| (op.name.as_str(), op.uses, op.locations.join(" "))).collect();
    assert_eq!(
        summary,
        [
            ("vhlo.frobnicate_v1", 2, "model.py:3 model.py:8".to_owned()),
            ("vhlo.add_v7", 1, "model.py:5".to_owned()),
            ("other.thing", 1, "model.py:9".to_owned()),
        ]
    );
    let message = error.to_string();
    assert!(message.contains("3 operations") && message.contains("report"), "{message}");
}

#[test]
fn unknown_codes_are_named() {
    let mut writer = start();
    let attribute = writer.attribute(VHLO, numbers(&[77, 0]));
    let message = refused(&with_attribute(writer, attribute));
    assert!(message.contains("VHLO attribute code 77") && message.contains("vhlo.transpose_v1"), "{message}");
    let mut writer = start();
    let ty = writer.ty(VHLO, numbers(&[99]));
    assert!(refused(&program(writer, ty, 0, Vec::new())).contains("VHLO type code 99"));
}

#[test]
fn an_unknown_discardable_attribute_is_ignored() {
    let mut writer = start();
    let unknown = writer.attribute(VHLO, numbers(&[77, 0]));
    let key = writer.string("future.key");
    let key = writer.attribute(BUILTIN, numbers(&[2, key]));
    let dictionary = Some(writer.attribute(BUILTIN, numbers(&[1, 1, key, unknown])));
    let name = writer.name(VHLO, "negate_v1");
    let op = Operation { name, dictionary, results: &[1], operands: &[0], ..Default::default() };
    let module = read(&program(writer, 1, 1, vec![op.bytes()])).expect("a program");
    assert!(module.main().expect("main").op(stablehlo::OpId(0)).attributes.is_empty());
}

#[test]
fn shared_strings_do_not_multiply() {
    let mut writer = start();
    let text = writer.string(&"x".repeat(1 << 20));
    let operations = (0..1_000)
        .map(|_| {
            let location = writer.attribute(BUILTIN, numbers(&[2, text]));
            let location = writer.attribute(BUILTIN, numbers(&[14, location, 0]));
            Operation { location, results: &[1], operands: &[0], ..Default::default() }.bytes()
        })
        .collect();
    writer.name(VHLO, "negate_v1");
    let message = refused(&program(writer, 1, 1_000, operations));
    assert!(message.contains("expand to far more"), "{message}");
}

#[test]
fn many_operations_are_read() {
    let count = 50_000;
    let mut writer = start();
    let (add, slice) = (writer.name(VHLO, "add_v1"), writer.name(VHLO, "slice_v1"));
    let i64 = writer.ty(VHLO, numbers(&[14]));
    let list = writer.tensor(&[1], i64);
    let [zero, two, one] = [0i64, 2, 1].map(|value| writer.tensor_attribute(list, &value.to_le_bytes()));
    let file = writer.string("/home/user/project/model/attention.py");
    let file = writer.attribute(BUILTIN, numbers(&[2, file]));
    let operations = (0..count)
        .map(|at| {
            let position = writer.attribute(BUILTIN, numbers(&[11, file, at, 9]));
            let name = writer.string(&format!("jit(step)/layer_{at}/add"));
            let name = writer.attribute(BUILTIN, numbers(&[2, name]));
            let location = writer.attribute(BUILTIN, numbers(&[14, name, position]));
            match at % 2 {
                0 => Operation {
                    name: add,
                    location,
                    results: &[1],
                    operands: &[at, at],
                    ..Default::default()
                }
                .bytes(),
                _ => {
                    let properties = Some(writer.properties(&[two, zero, one]));
                    let op = Operation {
                        name: slice,
                        location,
                        properties,
                        results: &[1],
                        operands: &[at],
                        ..Default::default()
                    };
                    op.bytes()
                }
            }
        })
        .collect();
    let bytes = program(writer, 1, count, operations);
    let started = Instant::now();
    let module = read(&bytes).expect("a program");
    eprintln!("{count} operations, {} bytes: {:?}", bytes.len(), started.elapsed());
    let main = module.main().expect("main");
    assert_eq!(main.op_count(), count + 1);
    assert_eq!(
        module.locations.describe(main.op(stablehlo::OpId(7)).location).split(' ').nth(1),
        Some("(jit(step)/layer_7/add)")
    );
}

#[test]
fn constants_of_every_width_fit_their_blob() {
    let mut writer = start();
    let i32 = writer.ty(VHLO, numbers(&[13]));
    let minus_one = writer.attribute(VHLO, [numbers(&[9, i32]), signed(0xffff_ffff)].concat());
    let name = writer.name(VHLO, "get_tuple_element_v1");
    let properties = Some(writer.properties(&[minus_one]));
    let op = Operation { name, properties, results: &[1], operands: &[0], ..Default::default() };
    let module = read(&program(writer, 1, 1, vec![op.bytes()])).expect("a program");
    let Op::GetTupleElement(element) = &module.main().expect("main").op(stablehlo::OpId(0)).op else {
        panic!()
    };
    assert_eq!(element.index, -1);
    assert_eq!(blob(&[]), [1]);
}
