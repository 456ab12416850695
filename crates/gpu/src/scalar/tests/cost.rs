//! What operations cost: instructions of the SPIR-V, with a budget for those that programs use most, so that kernels
//! stay bound by memory.

use std::collections::{HashMap, HashSet};

use ops::{BinaryOp, ComparisonDirection, ComparisonType, UnaryOp};
use plan::{NodeId, NodeOp};
use tensor::DType;

use crate::features::Features;
use crate::lower::Refusal;
use crate::scalar::{Scalars, register};
use crate::shader::Shader;
use crate::translate::translate;

const FUNCTION: u32 = 54;
const FUNCTION_PARAMETER: u32 = 55;
const FUNCTION_CALL: u32 = 57;
const EXTENDED: u32 = 12;
const BITCAST: u32 = 124;
const SUMS: [u32; 2] = [129, 131];
const PRODUCT: u32 = 133;

/// Conversions, arithmetic, comparisons and bit operations.
fn is_arithmetic(opcode: u32) -> bool {
    opcode != BITCAST && matches!(opcode, EXTENDED | 109..=148 | 154..=191 | 194..=205)
}

/// Instructions of one call of the function before the entry point, which is the last, with those that it calls. A
/// product that is added to something counts with the sum; what has no parameters is the same in all threads and counts
/// nothing.
fn instructions(words: &[u32]) -> usize {
    let mut functions: Vec<(u32, Vec<&[u32]>)> = Vec::new();
    let mut at = 5;
    while at < words.len() {
        let (opcode, length) = (words[at] & 0xffff, (words[at] >> 16) as usize);
        let instruction = &words[at..at + length];
        if opcode == FUNCTION {
            functions.push((instruction[2], Vec::new()));
        } else if let Some((_, body)) = functions.last_mut() {
            body.push(instruction);
        }
        at += length;
    }
    let mut costs: HashMap<u32, usize> = HashMap::new();
    for (id, body) in &functions {
        let opcode = |instruction: &[u32]| instruction[0] & 0xffff;
        let summed: HashSet<u32> = body
            .iter()
            .filter(|instruction| SUMS.contains(&opcode(instruction)))
            .flat_map(|sum| sum[3..].to_vec())
            .collect();
        let cost = |instruction: &&[u32]| match opcode(instruction) {
            FUNCTION_CALL => costs[&instruction[3]],
            PRODUCT if summed.contains(&instruction[2]) => 0,
            other => usize::from(is_arithmetic(other)),
        };
        let uniform = !body.iter().any(|instruction| opcode(instruction) == FUNCTION_PARAMETER);
        let total = if uniform { 0 } else { body.iter().map(cost).sum() };
        costs.insert(*id, total);
    }
    costs[&functions[functions.len() - 2].0]
}

/// The cost of an expression of operands of these types.
fn cost(
    operands: &[DType],
    result: DType,
    print: impl FnOnce(&mut Scalars<'_>, &[&str]) -> Result<String, Refusal>,
) -> usize {
    let features = Features::least();
    let mut scalars = Scalars::new(&features);
    let names = ["x0", "x1"];
    let expression = print(&mut scalars, &names[..operands.len()]).expect("all devices can");
    let ty = |dtype| register(dtype, &features).expect("all devices can").wgsl();
    let parameters: Vec<String> =
        names.iter().zip(operands).map(|(name, dtype)| format!("{name}: {}", ty(*dtype))).collect();
    let source = format!(
        "struct Args {{ at0: u32 }}\nvar<immediate> args: Args;\n{}\
         fn value({}) -> {} {{ return {expression}; }}\n@compute @workgroup_size(64) fn main() {{}}\n",
        scalars.functions.source(),
        parameters.join(", "),
        ty(result),
    );
    let shader = Shader { name: "cost", source: source.into(), bindings: 0, parameters: 1, unchecked: false };
    let translated =
        translate(&shader, &features).unwrap_or_else(|error| panic!("{error}\n{}", shader.source));
    instructions(&translated.spirv)
}

#[test]
fn common_operations_stay_within_their_budgets() {
    let mut over = Vec::new();
    let mut check = |name: &str, cost: usize, budget: usize| {
        println!("{name}: {cost} of {budget}");
        if cost > budget {
            over.push(format!("{name}: {cost} instructions, allowed are {budget}"));
        }
    };
    let unary = [
        (UnaryOp::Exponential, 22),
        (UnaryOp::ExponentialMinusOne, 27),
        (UnaryOp::Log, 39),
        (UnaryOp::LogPlusOne, 56),
        (UnaryOp::Logistic, 28),
        (UnaryOp::Tanh, 25),
        (UnaryOp::Erf, 45),
        (UnaryOp::Sqrt, 1),
        (UnaryOp::Rsqrt, 1),
        (UnaryOp::Sign, 9),
    ];
    for (op, budget) in unary {
        let cost = cost(&[DType::F32], DType::F32, |scalars, names| scalars.unary(op, DType::F32, names[0]));
        check(op.mnemonic(), cost, budget);
    }
    let short =
        [(UnaryOp::Exponential, 15), (UnaryOp::Logistic, 16), (UnaryOp::Tanh, 17), (UnaryOp::Erf, 19)];
    for (op, budget) in short {
        let op = NodeOp::Widened(op, NodeId(0));
        let cost = cost(&[DType::F32], DType::F32, |scalars, names| {
            scalars.node(&op, DType::F32, &[DType::F32], names)
        });
        check(&format!("{op:?}"), cost, budget);
    }
    let binary =
        [(BinaryOp::Divide, 7), (BinaryOp::Maximum, 12), (BinaryOp::Minimum, 12), (BinaryOp::Power, 268)];
    for (op, budget) in binary {
        let types = [DType::F32; 2];
        let cost =
            cost(&types, DType::F32, |scalars, names| scalars.binary(op, DType::F32, names[0], names[1]));
        check(op.mnemonic(), cost, budget);
    }
    let less = cost(&[DType::F32; 2], DType::Bool, |scalars, names| {
        scalars.compare(ComparisonDirection::Lt, ComparisonType::Float, DType::F32, names[0], names[1])
    });
    check("less than", less, 9);
    for (dtype, budget) in [(DType::BF16, 10), (DType::F16, 3)] {
        let cost = cost(&[DType::F32], dtype, |scalars, names| scalars.convert(DType::F32, dtype, names[0]));
        check(&format!("rounding to {dtype}"), cost, budget);
    }
    assert!(over.is_empty(), "{}", over.join("\n"));
}
