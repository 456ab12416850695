//! Values, shapes of blocks, aliasing.

use ops::{BinaryOp, ComparisonDirection, ComparisonType, UnaryOp, scalar};
use tensor::{DType, Scalar};

use super::super::{
    Operands, TernaryOperands, accumulator, binary, clamp, compare, convert, mul_add, reduce,
    reduce_precision, select, unary,
};
use super::{SPECIAL, each_level};

const DTYPES: [DType; 15] = [
    DType::Bool,
    DType::I8,
    DType::I16,
    DType::I32,
    DType::I64,
    DType::U8,
    DType::U16,
    DType::U32,
    DType::U64,
    DType::F16,
    DType::BF16,
    DType::F32,
    DType::F64,
    DType::C64,
    DType::C128,
];

const SIZES: [usize; 8] = [0, 1, 7, 63, 64, 65, 130, 1000];

const DIRECTIONS: [ComparisonDirection; 6] = [
    ComparisonDirection::Eq,
    ComparisonDirection::Ne,
    ComparisonDirection::Ge,
    ComparisonDirection::Gt,
    ComparisonDirection::Le,
    ComparisonDirection::Lt,
];

/// Elements in aligned memory, followed by a guard that routines must not touch.
struct Block {
    words: Vec<u128>,
    dtype: DType,
    n: usize,
}

const GUARD: u8 = 0xa5;

impl Block {
    fn garbage(dtype: DType, n: usize) -> Block {
        let words = vec![u128::from_le_bytes([GUARD; 16]); (n * dtype.size()).div_ceil(16) + 4];
        Block { words, dtype, n }
    }

    fn of(dtype: DType, values: &[Scalar]) -> Block {
        let mut block = Block::garbage(dtype, values.len());
        for (bytes, value) in block.bytes_mut().chunks_exact_mut(dtype.size()).zip(values) {
            bytes.copy_from_slice(&value.to_bytes()[..dtype.size()]);
        }
        block
    }

    fn pointer(&self) -> *const u8 {
        self.words.as_ptr().cast()
    }

    fn pointer_mut(&mut self) -> *mut u8 {
        self.words.as_mut_ptr().cast()
    }

    fn bytes_mut(&mut self) -> &mut [u8] {
        // SAFETY: the vector holds at least that many bytes.
        unsafe { std::slice::from_raw_parts_mut(self.pointer_mut(), self.words.len() * 16) }
    }

    fn values(&mut self) -> Vec<Scalar> {
        let (dtype, end) = (self.dtype, self.n * self.dtype.size());
        let bytes = self.bytes_mut();
        assert!(bytes[end..].iter().all(|&byte| byte == GUARD), "wrote past the block");
        bytes[..end].chunks_exact(dtype.size()).map(|bytes| Scalar::from_bytes(dtype, bytes)).collect()
    }
}

/// A small generator (G. Marsaglia's xorshift), so that runs are equal.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

/// `n` elements: special values and their neighbours, then moderate and arbitrary ones.
fn elements(dtype: DType, n: usize, seed: u64) -> Vec<Scalar> {
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    (0..n)
        .map(|_| {
            let (pick, bits) = (random.next(), random.next());
            let special = SPECIAL[(bits >> 8) as usize % SPECIAL.len()];
            match pick % 4 {
                _ if dtype == DType::Bool => Scalar::bool(bits & 1 == 1),
                0 if dtype.is_complex() => {
                    let other = SPECIAL[(bits >> 20) as usize % SPECIAL.len()];
                    Scalar::from_complex(dtype, num_complex::Complex::new(special, other))
                }
                0 => Scalar::from_f64(dtype, special),
                1 => Scalar::from_i64(dtype, (bits % 21) as i64 - 10),
                2 if !dtype.is_integer() => {
                    let part = |bits: u64| ((bits % 20001) as f64 - 10000.0) / 997.0;
                    Scalar::from_complex(dtype, num_complex::Complex::new(part(bits), part(bits >> 32)))
                }
                _ => {
                    let mut bytes = [0; 16];
                    bytes[..8].copy_from_slice(&bits.to_le_bytes());
                    bytes[8..].copy_from_slice(&random.next().to_le_bytes());
                    Scalar::from_bytes(dtype, &bytes[..dtype.size()])
                }
            }
        })
        .collect()
}

/// Equal within `ulp` units of the last place of each part; NaN equals NaN.
fn agree(a: Scalar, b: Scalar, ulp: f64) -> bool {
    let parts = |x: Scalar| match x.dtype.is_complex() {
        true => vec![x.as_complex().re, x.as_complex().im],
        false => vec![x.as_f64()],
    };
    a == b
        || !a.dtype.is_integer()
            && a.dtype != DType::Bool
            && parts(a).into_iter().zip(parts(b)).all(|(x, y)| close(a.dtype.real(), x, y, ulp))
}

fn close(dtype: DType, x: f64, y: f64, ulp: f64) -> bool {
    if x.is_nan() || y.is_nan() {
        return x.is_nan() && y.is_nan();
    }
    if x == y {
        return ulp > 0.0 || x.is_sign_negative() == y.is_sign_negative();
    }
    let (digits, least, largest) = match dtype {
        DType::F16 => (11, -24, 65504.0),
        DType::BF16 => (8, -133, 3.39e38),
        DType::F32 => (24, -149, f32::MAX.into()),
        _ => (53, -1074, f64::MAX),
    };
    // At the end of the range the next number would be infinity.
    let (x, y) = (x.clamp(-largest, largest), y.clamp(-largest, largest));
    let exponent = (x.abs().max(y.abs()).log2().floor() as i32 - digits + 1).max(least);
    (x - y).abs() <= ulp * 2f64.powi(exponent / 2) * 2f64.powi(exponent - exponent / 2)
}

/// Ops whose results are exact in every implementation.
fn unary_ulp(op: UnaryOp, dtype: DType) -> f64 {
    use UnaryOp::*;
    match op {
        Abs if dtype.is_complex() => 2.0,
        Abs | Ceil | Floor | Imag | Negate | Real | RoundNearestAfz | RoundNearestEven | Sign | Sqrt
        | IsFinite => 0.0,
        _ if dtype == DType::F16 || dtype == DType::BF16 => 1.0,
        // Two implementations, each within its own bound.
        _ => 4.0,
    }
}

#[test]
fn unary_routines_agree_with_the_reference() {
    each_level(|level| {
        for dtype in DTYPES {
            for &op in UnaryOp::ALL {
                let defined = scalar::eval_unary(op, Scalar::one(dtype)).is_some();
                let Some(routine) = unary(level, op, dtype) else {
                    assert!(!defined, "{op:?} of {dtype} has no routine");
                    continue;
                };
                for n in SIZES {
                    let x = elements(dtype, n, n as u64 + 1);
                    let expected: Vec<_> =
                        x.iter().map(|&x| scalar::eval_unary(op, x).expect("defined")).collect();
                    let to = scalar::eval_unary(op, Scalar::one(dtype)).expect("defined").dtype;
                    let mut block = Block::of(dtype, &x);
                    let mut out = Block::garbage(to, n);
                    // SAFETY: blocks of n elements that do not overlap.
                    unsafe { routine(block.pointer(), out.pointer_mut(), n) };
                    let values = out.values();
                    for i in 0..n {
                        let ulp = unary_ulp(op, dtype);
                        assert!(
                            agree(values[i], expected[i], ulp),
                            "{level:?} {op:?}({:?}) = {:?}, expected {:?}",
                            x[i],
                            values[i],
                            expected[i]
                        );
                    }
                    if to.size() == dtype.size() {
                        // SAFETY: output equal to the operand, of one element size.
                        unsafe { routine(block.pointer(), block.pointer_mut(), n) };
                        block.dtype = to;
                        assert_eq!(block.values(), values, "{level:?} {op:?} {dtype} in place");
                    }
                }
            }
        }
    });
}

#[test]
fn binary_routines_agree_with_the_reference() {
    each_level(|level| {
        for dtype in DTYPES {
            for &op in BinaryOp::ALL {
                let Some(one) = scalar::eval_binary(op, Scalar::one(dtype), Scalar::one(dtype)) else {
                    assert!(binary(level, op, dtype, Operands::Blocks).is_none(), "{op:?} {dtype}");
                    continue;
                };
                if op == BinaryOp::Complex && dtype.size() < 4 {
                    continue;
                }
                let ulp = match op {
                    BinaryOp::Power | BinaryOp::Atan2 => 4.0,
                    // Two roundings of f32 against one of f64.
                    _ if dtype == DType::F16 || dtype == DType::BF16 => 1.0,
                    BinaryOp::Divide | BinaryOp::Multiply if dtype.is_complex() => f64::INFINITY,
                    _ => 0.0,
                };
                check_binary(level, op, dtype, one.dtype, ulp);
            }
        }
    });
}

fn check_binary(level: crate::Level, op: BinaryOp, dtype: DType, to: DType, ulp: f64) {
    for n in SIZES {
        let (a, b) = (elements(dtype, n, 7 + n as u64), elements(dtype, n, 1007 + n as u64));
        for operands in [Operands::Blocks, Operands::RightScalar, Operands::LeftScalar] {
            let routine = binary(level, op, dtype, operands).expect("defined");
            let (a, b) = match operands {
                Operands::Blocks => (a.clone(), b.clone()),
                Operands::RightScalar => {
                    (a.clone(), vec![b.first().copied().unwrap_or(Scalar::one(dtype)); n])
                }
                Operands::LeftScalar => {
                    (vec![a.first().copied().unwrap_or(Scalar::one(dtype)); n], b.clone())
                }
            };
            let mut left = Block::of(dtype, &a);
            let mut right = Block::of(dtype, &b);
            let mut out = Block::garbage(to, n);
            // SAFETY: blocks of n elements that do not overlap.
            unsafe { routine(left.pointer(), right.pointer(), out.pointer_mut(), n) };
            let values = out.values();
            for i in 0..n {
                let expected = scalar::eval_binary(op, a[i], b[i]).expect("defined");
                assert!(
                    ulp == f64::INFINITY || agree(values[i], expected, ulp),
                    "{level:?} {op:?}({:?}, {:?}) = {:?}, expected {expected:?}",
                    a[i],
                    b[i],
                    values[i]
                );
            }
            if to.size() != dtype.size() {
                continue;
            }
            if operands == Operands::Blocks {
                let mut both = Block::of(dtype, &a);
                let mut twice = Block::garbage(to, n);
                // SAFETY: operands may be equal to each other, and to the output.
                unsafe {
                    routine(both.pointer(), both.pointer(), twice.pointer_mut(), n);
                    routine(both.pointer(), both.pointer(), both.pointer_mut(), n);
                }
                assert_same(&both.values(), &twice.values());
            }
            if operands != Operands::LeftScalar {
                // SAFETY: the output equals the left block.
                unsafe { routine(left.pointer(), right.pointer(), left.pointer_mut(), n) };
                assert_same(&left.values(), &values);
                left = Block::of(dtype, &a);
            }
            if operands != Operands::RightScalar {
                // SAFETY: the output equals the right block.
                unsafe { routine(left.pointer(), right.pointer(), right.pointer_mut(), n) };
                assert_same(&right.values(), &values);
            }
        }
    }
}

/// Bits equal, but for the payloads of NaNs, which depend on the order of operands.
#[track_caller]
fn assert_same(a: &[Scalar], b: &[Scalar]) {
    assert!(a.len() == b.len() && a.iter().zip(b).all(|(&a, &b)| agree(a, b, 0.0)));
}

#[test]
fn complex_products_and_quotients() {
    use num_complex::Complex;
    each_level(|level| {
        for dtype in [DType::C64, DType::C128] {
            let values: Vec<_> = (0..300)
                .map(|i| {
                    let t = f64::from(i);
                    Scalar::from_complex(dtype, Complex::new((t * 0.37).sin() * 3.0, (t * 0.91).cos() * 0.2))
                })
                .collect();
            for op in [BinaryOp::Multiply, BinaryOp::Divide] {
                let routine = binary(level, op, dtype, Operands::Blocks).expect("defined");
                let (a, b) = (Block::of(dtype, &values), Block::of(dtype, &values[1..]));
                let mut out = Block::garbage(dtype, 299);
                // SAFETY: blocks of at least 299 elements that do not overlap.
                unsafe { routine(a.pointer(), b.pointer(), out.pointer_mut(), 299) };
                for (i, value) in out.values().into_iter().enumerate() {
                    let expected =
                        scalar::eval_binary(op, values[i], values[i + 1]).expect("defined").as_complex();
                    let error = (value.as_complex() - expected).norm() / expected.norm();
                    let unit = if dtype == DType::C64 { f64::from(f32::EPSILON) } else { f64::EPSILON };
                    assert!(error <= 2.0 * unit, "{level:?} {op:?} {dtype}: {error:e}");
                }
            }
        }
    });
}

#[test]
fn comparisons_agree_with_the_reference() {
    each_level(|level| {
        for dtype in DTYPES {
            for direction in DIRECTIONS {
                for kind in [ComparisonType::NoType, ComparisonType::TotalOrder, ComparisonType::WeakOrder] {
                    let one = Scalar::one(dtype);
                    let defined = scalar::eval_compare(direction, kind, one, one).is_some();
                    for operands in [Operands::Blocks, Operands::RightScalar, Operands::LeftScalar] {
                        let routine = compare(level, direction, kind, dtype, operands);
                        assert_eq!(defined, routine.is_some(), "{direction:?} {kind:?} {dtype}");
                        let Some(routine) = routine else { continue };
                        let n = 500;
                        let (mut a, mut b) = (elements(dtype, n, 3), elements(dtype, n, 4));
                        match operands {
                            Operands::Blocks => (),
                            Operands::RightScalar => b.fill(a[17]),
                            Operands::LeftScalar => a.fill(b[17]),
                        }
                        let (left, right) = (Block::of(dtype, &a), Block::of(dtype, &b));
                        let mut out = Block::garbage(DType::Bool, n);
                        // SAFETY: blocks of n elements that do not overlap.
                        unsafe { routine(left.pointer(), right.pointer(), out.pointer_mut(), n) };
                        for (i, value) in out.values().into_iter().enumerate() {
                            let expected = scalar::eval_compare(direction, kind, a[i], b[i]);
                            let expected = expected.map(Scalar::bool);
                            assert_eq!(Some(value), expected, "{kind:?} {:?} {direction:?} {:?}", a[i], b[i]);
                        }
                    }
                }
            }
        }
    });
}

#[test]
fn conversions_agree_with_the_reference() {
    each_level(|level| {
        for &from in DType::ALL {
            for &to in DType::ALL {
                let Some(routine) = convert(level, from, to) else {
                    assert!(!DTYPES.contains(&from) || !DTYPES.contains(&to), "{from} to {to}");
                    continue;
                };
                let n = 1000;
                let x: Vec<_> = match from.bits() {
                    bits if bits < 8 => (0..n)
                        .map(|i| scalar::eval_convert(Scalar::from_i64(DType::I32, i as i64 % 16), from))
                        .collect(),
                    _ => elements(from, n, 5),
                };
                let block = Block::of(from, &x);
                let mut out = Block::garbage(to, n);
                // SAFETY: blocks of n elements that do not overlap.
                unsafe { routine(block.pointer(), out.pointer_mut(), n) };
                for (i, value) in out.values().into_iter().enumerate() {
                    let expected = scalar::eval_convert(x[i], to);
                    assert!(
                        agree(value, expected, 0.0),
                        "{level:?} {:?} to {to}: {value:?}, expected {expected:?}",
                        x[i]
                    );
                }
            }
        }
    });
}

#[test]
fn ternary_routines_agree_with_the_reference() {
    each_level(|level| {
        for dtype in DTYPES {
            for n in [0, 1, 65, 1000] {
                let (a, b, c) = (elements(dtype, n, 11), elements(dtype, n, 12), elements(dtype, n, 13));
                let masks = elements(DType::Bool, n, 14);
                for (operands, one_b, one_c) in [
                    (TernaryOperands::Blocks, false, false),
                    (TernaryOperands::Second, true, false),
                    (TernaryOperands::Third, false, true),
                    (TernaryOperands::SecondThird, true, true),
                ] {
                    let spread =
                        |x: &[Scalar], one: bool| if one && n > 0 { vec![x[0]; n] } else { x.to_vec() };
                    let (b, c) = (spread(&b, one_b), spread(&c, one_c));
                    let routine = select(level, dtype, operands);
                    let picked: Vec<_> =
                        (0..n).map(|i| if masks[i].bits() != 0 { b[i] } else { c[i] }).collect();
                    check_ternary(
                        routine,
                        (DType::Bool, &masks),
                        &b,
                        &c,
                        [false, !one_b, !one_c],
                        |i, value| {
                            assert_eq!(value, picked[i]);
                        },
                    );
                    let Some(routine) = mul_add(level, dtype, operands) else { continue };
                    if dtype.is_complex() {
                        continue;
                    }
                    check_ternary(routine, (dtype, &a), &b, &c, [true, !one_b, !one_c], |i, value| {
                        let product =
                            scalar::eval_binary(BinaryOp::Multiply, a[i], b[i]).expect("arithmetic");
                        let sum = scalar::eval_binary(BinaryOp::Add, product, c[i]).expect("arithmetic");
                        if dtype.is_float() {
                            // Fused or not, the error is a rounding of each step.
                            let (x, y, z) = (a[i].as_f64(), b[i].as_f64(), c[i].as_f64());
                            let close = close(dtype, value.as_f64(), x * y + z, 2.0)
                                || (x * y).abs() > 1e-3 * (x * y + z).abs()
                                || agree(value, sum, 0.0);
                            assert!(close, "{x} * {y} + {z} = {value:?}");
                        } else {
                            assert_eq!(value, sum);
                        }
                    });
                }
                for scalar_bounds in [false, true] {
                    let Some(routine) = clamp(level, dtype, scalar_bounds) else { continue };
                    let spread =
                        |x: &[Scalar]| if scalar_bounds && n > 0 { vec![x[0]; n] } else { x.to_vec() };
                    let (low, high) = (spread(&a), spread(&c));
                    check_ternary(
                        routine,
                        (dtype, &low),
                        &b,
                        &high,
                        [!scalar_bounds, true, !scalar_bounds],
                        |i, value| {
                            let expected = scalar::eval_clamp(low[i], b[i], high[i]).expect("ordered");
                            assert!(agree(value, expected, 0.0), "{value:?}, expected {expected:?}");
                        },
                    );
                }
            }
        }
    });
}

/// Runs a ternary routine into fresh memory and, where `blocks` says that an operand may be, in place.
fn check_ternary(
    routine: super::super::TernaryFn,
    (first, a): (DType, &[Scalar]),
    b: &[Scalar],
    c: &[Scalar],
    blocks: [bool; 3],
    check: impl Fn(usize, Scalar),
) {
    let n = b.len();
    let dtype = b.first().map_or(first, |b| b.dtype);
    for target in 0..4 {
        let mut operands = [Block::of(first, a), Block::of(dtype, b), Block::of(dtype, c)];
        let mut fresh = Block::garbage(dtype, n);
        if target < 3 && (!blocks[target] || operands[target].dtype != dtype) {
            continue;
        }
        let out = if target < 3 { operands[target].pointer_mut() } else { fresh.pointer_mut() };
        let [a, b, c] = operands.each_ref().map(Block::pointer);
        // SAFETY: blocks of n elements; the output is one of them or overlaps none.
        unsafe { routine(a, b, c, out, n) };
        let out = if target < 3 { &mut operands[target] } else { &mut fresh };
        out.values().into_iter().enumerate().for_each(|(i, value)| check(i, value));
    }
}

#[test]
fn reductions_agree_with_the_reference() {
    use BinaryOp::*;
    each_level(|level| {
        for dtype in DTYPES {
            for op in [Add, Multiply, Maximum, Minimum, And, Or, Xor] {
                let Some(routine) = reduce(level, op, dtype) else {
                    assert!(
                        scalar::eval_binary(op, Scalar::one(dtype), Scalar::one(dtype)).is_none(),
                        "{op:?} {dtype}"
                    );
                    continue;
                };
                for n in [0, 1, 7, 63, 64, 65, 1000, 5000] {
                    let values: Vec<_> = (0..n)
                        .map(|i| match dtype {
                            DType::Bool => Scalar::bool(i % 3 == 1),
                            _ if dtype.is_integer() => elements(dtype, n, 21)[i],
                            // Small integers: every order of summation is exact, and products of ones are.
                            _ if op == Multiply => Scalar::from_i64(dtype, if i % 100 == 3 { -1 } else { 1 }),
                            _ => Scalar::from_i64(dtype, (i as i64 * 37) % 9 - 4),
                        })
                        .take(if dtype.is_integer() { 300 } else { n })
                        .collect();
                    let block = Block::of(dtype, &values);
                    let mut out = Block::garbage(accumulator(dtype), 1);
                    // SAFETY: a block of n elements and room for one accumulator.
                    unsafe { routine(block.pointer(), out.pointer_mut(), 1, values.len()) };
                    let result = out.values()[0];
                    let widened = values.iter().map(|&x| scalar::eval_convert(x, accumulator(dtype)));
                    match widened.reduce(|a, b| scalar::eval_binary(op, a, b).expect("defined")) {
                        // Zeros of complex products may differ in sign.
                        Some(expected) => {
                            assert!(agree(result, expected, 1.0), "{level:?} {op:?} {dtype} {n}")
                        }
                        None => {
                            let one = Scalar::one(accumulator(dtype));
                            assert!(agree(scalar::eval_binary(op, result, one).expect("defined"), one, 0.0));
                        }
                    }
                }
            }
        }
    });
}

#[test]
fn sums_are_as_accurate_as_pairwise() {
    each_level(|level| {
        let values: Vec<_> = (0..100_000).map(|i| ((f64::from(i) * 0.7).sin() + 1.0) as f32).collect();
        let exact: f64 = values.iter().map(|&x| f64::from(x)).sum();
        let routine = reduce(level, BinaryOp::Add, DType::F32).expect("defined");
        let mut sum = 0f32;
        // SAFETY: a slice of that many elements, and room for one.
        unsafe { routine(values.as_ptr().cast(), (&raw mut sum).cast(), 1, values.len()) };
        assert!((f64::from(sum) - exact).abs() / exact < 4.0 * f64::from(f32::EPSILON));
    });
}

#[test]
fn nan_wins_reductions() {
    each_level(|level| {
        for op in [BinaryOp::Maximum, BinaryOp::Minimum, BinaryOp::Add] {
            for position in [0, 5, 64, 99] {
                let mut values = vec![1f32; 100];
                values[position] = f32::NAN;
                let mut out = 0f32;
                let routine = reduce(level, op, DType::F32).expect("defined");
                // SAFETY: a slice of 100 elements, and room for one.
                unsafe { routine(values.as_ptr().cast(), (&raw mut out).cast(), 1, 100) };
                assert!(out.is_nan());
            }
        }
    });
}

#[test]
fn reduce_precision_agrees_with_the_reference() {
    each_level(|level| {
        for dtype in [DType::F16, DType::BF16, DType::F32, DType::F64] {
            let routine = reduce_precision(level, dtype).expect("float");
            for (exponent, mantissa) in [(5, 10), (8, 7), (8, 23), (4, 3), (11, 52), (2, 0), (3, 30)] {
                let x = elements(dtype, 1000, 31);
                let block = Block::of(dtype, &x);
                let mut out = Block::garbage(dtype, 1000);
                // SAFETY: blocks of 1000 elements that do not overlap.
                unsafe { routine(block.pointer(), out.pointer_mut(), 1000, exponent, mantissa) };
                for (i, value) in out.values().into_iter().enumerate() {
                    let expected = scalar::eval_reduce_precision(x[i], exponent, mantissa).expect("float");
                    assert!(
                        agree(value, expected, 0.0),
                        "{dtype} e{exponent}m{mantissa} {:?}: {value:?}, expected {expected:?}",
                        x[i]
                    );
                }
            }
        }
    });
}
