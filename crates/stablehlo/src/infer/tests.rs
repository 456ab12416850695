use ops::attributes::{Concatenate, Pad, Slice};
use ops::{BinaryOp, UnaryOp};
use tensor::Dims;

use super::*;

fn infer(op: Op, operands: &[Type], declared: &[Type]) -> Result<Types, Violation> {
    let operands: Vec<&Type> = operands.iter().collect();
    let declared: Vec<&Type> = declared.iter().collect();
    result_types(&Signature { op: &op, operands: &operands, regions: &[], declared: &declared })
}

fn f32s(dims: &[i64]) -> Type {
    TensorType::new(DType::F32, dims.iter().copied()).into()
}

fn label(result: Result<Types, Violation>) -> &'static str {
    result.expect_err("a constraint is broken").label
}

#[test]
fn elementwise_types() {
    let c64: Type = TensorType::new(DType::C64, [3]).into();
    assert_eq!(
        infer(Op::Unary(UnaryOp::Abs), std::slice::from_ref(&c64), &[]),
        Ok(one(TensorType::new(DType::F32, [3])).unwrap())
    );
    assert_eq!(label(infer(Op::Unary(UnaryOp::Floor), &[c64], &[])), "I1");
    assert_eq!(label(infer(Op::Binary(BinaryOp::Add), &[f32s(&[2]), f32s(&[3])], &[])), "C1");
    assert_eq!(label(infer(Op::Binary(BinaryOp::Add), &[f32s(&[2])], &[])), "arity");
}

#[test]
fn sizes_do_not_overflow() {
    let huge = f32s(&[i64::MAX - 1]);
    let join = Op::Concatenate(Box::new(Concatenate { dimension: 0 }));
    assert_eq!(label(infer(join, &[huge.clone(), huge.clone()], &[])), "limit");
    let pad = |low: i64, interior: i64| {
        let one = |value: i64| Dims::from_elem(value, 1);
        Op::Pad(Box::new(Pad {
            edge_padding_low: one(low),
            edge_padding_high: one(0),
            interior_padding: one(interior),
        }))
    };
    assert_eq!(label(infer(pad(0, 4), &[huge.clone(), f32s(&[])], &[])), "limit");
    assert_eq!(label(infer(pad(i64::MIN, 0), &[huge, f32s(&[])], &[])), "limit");
    assert_eq!(label(infer(pad(-3, 0), &[f32s(&[2]), f32s(&[])], &[])), "C4");
    assert_eq!(infer(pad(-1, 2), &[f32s(&[3]), f32s(&[])], &[]), Ok(Types::from_elem(f32s(&[6]), 1)));
}

#[test]
fn slice_bounds() {
    let slice = |start: i64, limit: i64, stride: i64| {
        let one = |value: i64| Dims::from_elem(value, 1);
        Op::Slice(Box::new(Slice {
            start_indices: one(start),
            limit_indices: one(limit),
            strides: one(stride),
        }))
    };
    assert_eq!(infer(slice(1, 8, 3), &[f32s(&[8])], &[]), Ok(Types::from_elem(f32s(&[3]), 1)));
    assert_eq!(infer(slice(8, 8, 1), &[f32s(&[8])], &[]), Ok(Types::from_elem(f32s(&[0]), 1)));
    assert_eq!(label(infer(slice(-1, 8, 1), &[f32s(&[8])], &[])), "C3");
    assert_eq!(label(infer(slice(0, 9, 1), &[f32s(&[8])], &[])), "C3");
    assert_eq!(label(infer(slice(0, 8, 0), &[f32s(&[8])], &[])), "C4");
    assert_eq!(label(infer(slice(0, 8, 1), &[f32s(&[8, 2])], &[])), "C2");
}

#[test]
fn windows_are_counted_as_by_sliding() {
    for size in 0..6 {
        for window_size in 1..4 {
            for (stride, low, high) in [(1, 0, 0), (2, 1, 0), (3, 2, 2), (1, -1, 1)] {
                for (base, dilation) in [(1, 1), (2, 1), (1, 2), (3, 2)] {
                    let window = Window {
                        size: window_size,
                        stride,
                        padding: (low, high),
                        base_dilation: base,
                        window_dilation: dilation,
                    };
                    let dilated = if size == 0 { 0 } else { (size - 1) * base + 1 };
                    let reach = (window_size - 1) * dilation + 1;
                    let starts =
                        (0..).map(|n| n * stride).take_while(|start| start + reach <= low + dilated + high);
                    assert_eq!(num_windows(size, window), Ok(starts.count() as i64), "{size} {window:?}");
                }
            }
        }
    }
}

#[test]
fn einsum_subscripts() {
    let spec = parse_einsum("ab,bc->ac").expect("well formed");
    assert_eq!(spec.result, ['a', 'c']);
    for bad in ["ab,bc", "ab->aa", "ab->c", "a1->a"] {
        assert!(parse_einsum(bad).is_err(), "{bad}");
    }
}
