//! Generators, bit by bit.

use engine_tests::harness::{EXACT, Numbers, Tolerance, flat};
use ops::RngAlgorithm;
use plan::StepOp;
use plan::evaluate::Elements;
use plan::library::{RngBits, Threefry};
use tensor::{DType, Scalar, TensorType};

use crate::device::{compare, compare_in_windows};

fn words(numbers: &mut Numbers, dtype: DType, len: usize) -> Vec<Scalar> {
    (0..len)
        .map(|_| {
            Scalar::from_i128(dtype, i128::from(u64::from(numbers.bits()) << 32 | u64::from(numbers.bits())))
        })
        .collect()
}

#[test]
fn threefry_elementwise() {
    let mut numbers = Numbers::new(1);
    for len in [0, 1, 2, 255, 256, 257, 1000] {
        for single in 0..16 {
            let operands: [usize; 4] = std::array::from_fn(|i| if single >> i & 1 == 1 { 1 } else { len });
            let op = Threefry { operands: operands.map(|len| len as i64), len: len as i64 };
            let arrays: Vec<_> = operands.iter().map(|&len| words(&mut numbers, DType::U32, len)).collect();
            let reads = operands.map(|len| flat(DType::U32, len));
            let out = flat(DType::U32, len);
            compare(&StepOp::Threefry(op), &reads, &arrays, &[out.clone(), out], EXACT);
        }
    }
}

#[test]
fn threefry_of_arrays_larger_than_a_binding() {
    let mut numbers = Numbers::new(3);
    let len = 5003;
    let operands = [1, len, 1, len];
    let op = Threefry { operands: operands.map(|len| len as i64), len: len as i64 };
    let arrays: Vec<_> = operands.iter().map(|&len| words(&mut numbers, DType::U32, len)).collect();
    let (reads, out) = (operands.map(|len| flat(DType::U32, len)), flat(DType::U32, len));
    compare_in_windows(&StepOp::Threefry(op), &reads, &arrays, &[out.clone(), out], EXACT);
}

#[test]
fn bits_of_every_generator_and_type() {
    check_bits(compare, &[&[], &[0], &[1], &[5], &[3, 4], &[3, 5], &[7, 2, 3], &[1023], &[1, 257, 5]]);
}

#[test]
fn bits_larger_than_a_binding() {
    check_bits(compare_in_windows, &[&[20_001], &[2, 9000], &[9, 41, 50]]);
}

fn check_bits(compare: fn(&StepOp, &[TensorType], &[Elements], &[TensorType], Tolerance), shapes: &[&[i64]]) {
    use RngAlgorithm::{Default, Philox, ThreeFry};
    let states: [&[u64]; 4] =
        [&[81985529216486895, 7], &[3, u64::MAX - 1], &[5, u64::MAX - 1, u64::MAX], &[9, 1 << 32, 3]];
    for algorithm in [Default, Philox, ThreeFry] {
        for state in states.iter().filter(|state| state.len() == 2 || algorithm != ThreeFry) {
            for dtype in [DType::U8, DType::U16, DType::U32, DType::U64, DType::I32] {
                for &dims in shapes {
                    let words = state.len();
                    let op = RngBits { algorithm, state: words as i64, dtype, dims: dims.into() };
                    let state = state.iter().map(|&x| Scalar::from_i128(DType::U64, x.into())).collect();
                    let state_type = flat(DType::U64, words);
                    let out = TensorType::new(dtype, dims.iter().copied());
                    let reads = [state_type.clone()];
                    compare(&StepOp::RngBits(op), &reads, &[state], &[state_type, out], EXACT);
                }
            }
        }
    }
}
