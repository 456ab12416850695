//! A small file, byte by byte: `main(%a: tensor<2xf32>) { %c = constant [1.0, 2.0]; return add(%a, %c) }`.

use ops::{BinaryOp, Op};
use stablehlo::LocId;
use stablehlo::bytecode::read;
use tensor::{DType, TensorType};

/// The file, a line a part.
const FILE: &[(&str, &str)] = &[
    ("magic", "4d4cef52"),
    ("container version 6", "0d"),
    ("producer StableHLO_v1.17.0", "537461626c65484c4f5f76312e31372e3000"),
    ("section 1: dialects, 13 bytes", "011b"),
    ("2 dialects: strings 0 and 1, unversioned", "050105"),
    ("5 operation names", "0b"),
    ("builtin: string 2, module", "01030b"),
    ("vhlo: strings 3 to 6, func_v1, constant_v1, add_v1, return_v1", "03090f13171b"),
    ("section 3: sizes, 17 bytes", "0323"),
    ("6 attributes, 3 types", "0d07"),
    ("builtin: attribute 0 of 1 byte", "010307"),
    ("vhlo: attributes 1 to 5 of 2, 2, 2, 2, 11 bytes", "030b0b0b0b0b2f"),
    ("vhlo: types 0 to 2 of 4, 5, 1 bytes", "0307131707"),
    ("section 2: attributes and types, 30 bytes", "023d"),
    ("attribute 0: unknown location", "1f"),
    ("attribute 1: empty array", "0301"),
    ("attribute 2: type 1", "2303"),
    ("attribute 3: string 7, main", "1d0f"),
    ("attribute 4: string 8, public", "1d11"),
    ("attribute 5: tensor of type 0, 8 bytes: 1.0, 2.0", "1f01110000803f00000040"),
    ("type 0: tensor of shape 2 of type 2", "29030905"),
    ("type 1: function from type 0 to type 0", "1103010301"),
    ("type 2: f32", "09"),
    ("section 4: operations, 43 bytes", "0457"),
    ("1 operation", "05"),
    ("module: properties 0, 1 region, isolated", "0150010107"),
    ("section 4, 35 bytes", "0447"),
    ("1 block, no values, 1 operation", "030105"),
    ("func: properties 1, 1 region, isolated", "0350010307"),
    ("section 4, 25 bytes", "0433"),
    ("1 block, 3 values, 3 operations, with arguments", "03070f"),
    ("1 argument of type 0, no orders", "030100"),
    ("constant: properties 2, 1 result of type 0", "054201050301"),
    ("add: 1 result of type 0, operands 0 and 1", "0706010301050103"),
    ("return: operand 2", "0904010305"),
    ("section 6: no external resources", "060301"),
    ("section 5: empty", "0501"),
    ("section 0: strings, 79 bytes", "009f"),
    ("9 strings, lengths last to first", "130f0b150f19110f0b11"),
    ("builtin, vhlo", "6275696c74696e0076686c6f00"),
    ("module, func_v1", "6d6f64756c650066756e635f763100"),
    ("constant_v1, add_v1", "636f6e7374616e745f7631006164645f763100"),
    ("return_v1, main, public", "72657475726e5f7631006d61696e007075626c696300"),
    ("section 8: properties, 12 bytes", "0819"),
    ("3 blobs", "07"),
    ("module: no name, no visibility", "050101"),
    ("func: arg_attrs 1, function_type 2, res_attrs 1, sym_name 3, sym_visibility 4", "0b0305030709"),
    ("constant: value 5", "030b"),
];

pub fn file() -> Vec<u8> {
    let digits: String = FILE.iter().map(|(_, hex)| *hex).collect();
    let byte = |at| u8::from_str_radix(&digits[at..at + 2], 16).expect("hexadecimal digits");
    (0..digits.len()).step_by(2).map(byte).collect()
}

#[test]
fn is_read() {
    let module = read(&file()).expect("a program");
    assert_eq!((module.name.as_str(), module.functions.len(), module.meshes.len()), ("", 1, 0));
    let main = module.main().expect("main");
    assert!(main.public);
    let tensor = TensorType::new(DType::F32, [2]);
    let types: Vec<_> =
        (0..main.value_count()).map(|value| main.ty(stablehlo::ValueId(value as u32))).collect();
    assert_eq!(types, vec![&ops::Type::Tensor(tensor.clone()); 3]);
    assert_eq!(main.result_types, [ops::Type::Tensor(tensor)]);

    let body: Vec<_> = main.region(main.body).ops.iter().map(|&id| main.op(id)).collect();
    let [constant, add, ret] = body[..] else { panic!("{} operations", body.len()) };
    let Op::Constant(constant_op) = &constant.op else { panic!("{:?}", constant.op) };
    let values: Vec<_> = constant_op.value.scalars().map(|value| value.as_f64()).collect();
    assert_eq!(values, [1.0, 2.0]);
    assert_eq!(add.op, Op::Binary(BinaryOp::Add));
    assert_eq!(add.operands[..], [main.args()[0], constant.results[0]]);
    assert_eq!((&ret.op, &ret.operands[..]), (&Op::Return, &add.results[..]));
    assert_eq!(add.location, LocId::UNKNOWN);
}

#[test]
fn cut_short_anywhere_it_is_refused() {
    let file = file();
    for length in 0..file.len() {
        assert!(read(&file[..length]).is_err(), "the first {length} bytes were accepted");
    }
}
