//! Random bits against values that JAX 0.10.2 gave on its CPU backend.

use ops::{RngAlgorithm, RngDistribution};
use plan::StepOp;
use plan::library::{Rng, RngBits, Threefry};
use tensor::{DType, Literal, Scalar, TensorType};

use super::{literal, run};

fn unsigned(dtype: DType, values: &[u64]) -> Literal {
    let ty = TensorType::new(dtype, [values.len() as i64]);
    Literal::from_scalars(ty, values.iter().map(|&value| Scalar::from_i128(dtype, value.into())))
}

fn values(literal: &Literal) -> Vec<u64> {
    literal.scalars().map(|value| value.as_i128() as u64).collect()
}

/// `lax.rng_bit_generator`: algorithm, state, type, shape, new state, bits.
type Case = (RngAlgorithm, &'static [u64], DType, &'static [i64], &'static [u64], &'static [u64]);

#[test]
fn bits_as_xla() {
    use DType::{U8, U16, U32, U64};
    use RngAlgorithm::{Default, Philox, ThreeFry};
    #[rustfmt::skip]
    let cases: &[Case] = &[
        (Philox, &[81985529216486895, 7], U32, &[], &[81985529216486895, 8], &[3618103709]),
        (Philox, &[81985529216486895, 7], U32, &[5], &[81985529216486895, 9], &[3618103709, 77933012, 2522147117, 4086062539, 944831759]),
        (Philox, &[81985529216486895, 7], U32, &[3, 5], &[81985529216486895, 11], &[3618103709, 77933012, 2522147117, 4086062539, 944831759, 2682371285, 2655110209, 285884804, 903550802, 1787990629, 70733291, 2788602809, 3010061992, 3304586428, 2012659751]),
        (Philox, &[81985529216486895, 7], U32, &[3, 4], &[81985529216486895, 10], &[3618103709, 77933012, 2522147117, 4086062539, 944831759, 2682371285, 2655110209, 285884804, 903550802, 1787990629, 70733291, 2788602809]),
        (Philox, &[81985529216486895, 7], U64, &[3], &[81985529216486895, 9], &[334719741436879261, 17549504976937871661, 11520696945749327119]),
        (Philox, &[81985529216486895, 7], U64, &[2, 2], &[81985529216486895, 9], &[334719741436879261, 17549504976937871661, 11520696945749327119, 1227865886258480193]),
        (Philox, &[81985529216486895, 7], U16, &[3, 3], &[81985529216486895, 10], &[57757, 10708, 59693, 24011, 64783, 48341, 50241, 16772, 5970]),
        (Philox, &[81985529216486895, 7], U8, &[5], &[81985529216486895, 9], &[157, 212, 45, 203, 15]),
        (Philox, &[3, 18446744073709551614], U32, &[], &[3, 18446744073709551615], &[1986292693]),
        (Philox, &[3, 18446744073709551614], U32, &[5], &[3, 0], &[1986292693, 148880762, 240602989, 1942880309, 1733508001]),
        (Philox, &[3, 18446744073709551614], U32, &[3, 5], &[3, 2], &[1986292693, 148880762, 240602989, 1942880309, 1733508001, 547713088, 2905953186, 834471078, 1995848961, 2377083460, 192503441, 2649255194, 3326414959, 1962591100, 3104691913]),
        (Philox, &[3, 18446744073709551614], U32, &[3, 4], &[3, 1], &[1986292693, 148880762, 240602989, 1942880309, 1733508001, 547713088, 2905953186, 834471078, 1995848961, 2377083460, 192503441, 2649255194]),
        (Philox, &[3, 18446744073709551614], U64, &[3], &[3, 0], &[639438005779852245, 8344607387437977453, 2352409802284678049]),
        (Philox, &[3, 18446744073709551614], U64, &[2, 2], &[3, 0], &[639438005779852245, 8344607387437977453, 2352409802284678049, 3584025992373818274]),
        (Philox, &[3, 18446744073709551614], U16, &[3, 3], &[3, 1], &[27605, 48506, 20333, 53, 15265, 28736, 21410, 1190, 15617]),
        (Philox, &[3, 18446744073709551614], U8, &[5], &[3, 0], &[213, 122, 109, 53, 161]),
        (ThreeFry, &[81985529216486895, 18446744073709551614], U32, &[], &[81985529216486895, 18446744073709551615], &[2968789339]),
        (ThreeFry, &[81985529216486895, 18446744073709551614], U32, &[5], &[81985529216486895, 1], &[2968789339, 3784990900, 188576916, 2901984476, 2862930057]),
        (ThreeFry, &[81985529216486895, 18446744073709551614], U32, &[3, 5], &[81985529216486895, 7], &[2968789339, 3784990900, 188576916, 2901984476, 2862930057, 1973758215, 3554510355, 902882801, 2396094436, 2083461592, 3732519869, 387185944, 2963079838, 2105865281, 1822680882]),
        (ThreeFry, &[81985529216486895, 18446744073709551614], U32, &[3, 4], &[81985529216486895, 4], &[2968789339, 3784990900, 188576916, 2901984476, 2862930057, 1798685940, 1973758215, 3554510355, 902882801, 2396094436, 2083461592, 42261475]),
        (ThreeFry, &[81985529216486895, 18446744073709551614], U64, &[3], &[81985529216486895, 1], &[16256412134126395739, 12463928418108273812, 7725297290937948297]),
        (ThreeFry, &[81985529216486895, 18446744073709551614], U64, &[2, 2], &[81985529216486895, 2], &[16256412134126395739, 12463928418108273812, 7725297290937948297, 15266505729992108295]),
        (ThreeFry, &[81985529216486895, 18446744073709551614], U16, &[3, 3], &[81985529216486895, 4], &[8539, 29844, 55433, 24756, 50396, 50420, 10503, 58865, 6616]),
        (ThreeFry, &[81985529216486895, 18446744073709551614], U8, &[5], &[81985529216486895, 1], &[91, 180, 148, 220, 137]),
        (Default, &[81985529216486895, 7], U32, &[5], &[81985529216486895, 9], &[3618103709, 77933012, 2522147117, 4086062539, 944831759]),
        (Default, &[81985529216486895, 7], U8, &[5], &[81985529216486895, 9], &[157, 212, 45, 203, 15]),
    ];
    for (algorithm, state, dtype, dims, new_state, bits) in cases {
        let op =
            RngBits { algorithm: *algorithm, state: state.len() as i64, dtype: *dtype, dims: (*dims).into() };
        let types =
            [TensorType::new(U64, [state.len() as i64]), TensorType::new(*dtype, dims.iter().copied())];
        let out = run(&StepOp::RngBits(op), &[unsigned(U64, state)], &types);
        assert_eq!(values(&out[0]), *new_state, "{algorithm:?} {dtype} {dims:?}");
        assert_eq!(values(&out[1]), *bits, "{algorithm:?} {dtype} {dims:?}");
    }
}

#[test]
fn many_bits_are_the_few_continued() {
    for algorithm in [RngAlgorithm::Philox, RngAlgorithm::ThreeFry] {
        for dtype in [DType::U8, DType::U32, DType::U64] {
            let bits = |state: &[u64], len: i64| {
                let op = RngBits { algorithm, state: 2, dtype, dims: [len][..].into() };
                let types = [TensorType::new(DType::U64, [2]), TensorType::new(dtype, [len])];
                let out = run(&StepOp::RngBits(op), &[unsigned(DType::U64, state)], &types);
                (values(&out[0]), values(&out[1]))
            };
            let (_, all) = bits(&[1, 2], 40_000);
            let (next, first) = bits(&[1, 2], 20_000);
            assert_eq!(all[..20_000], first);
            // Philox reads the key as the counter's upper half, so that a carry would not come back.
            assert_eq!(all[20_000..], bits(&next, 20_000).1);
        }
    }
}

#[test]
fn threefry_as_jax() {
    // `jax.random`'s threefry2x32_p; the first is the known answer of the Random123 distribution.
    let cases = [
        ([0u64; 4], [0x6b20_0159, 0x99ba_4efe]),
        ([0xffff_ffff; 4], [0x1cb9_96fc, 0xbb00_2be7]),
        ([0x1319_8a2e, 0x0370_7344, 0x243f_6a88, 0x85a3_08d3], [0xc492_3a9c, 0x483d_f7a0]),
    ];
    for (input, expected) in cases {
        for len in [0, 1, 3, 70, 40_000] {
            let operands = input.map(|word| Literal::splat([len], Scalar::from_i64(DType::U32, word as i64)));
            for scalar_keys in [false, true] {
                let mut inputs = operands.to_vec();
                let mut sizes = [len; 4];
                if scalar_keys {
                    for i in 0..2 {
                        inputs[i] = unsigned(DType::U32, &[input[i]]);
                        sizes[i] = 1;
                    }
                }
                let ty = TensorType::new(DType::U32, [len]);
                let out =
                    run(&StepOp::Threefry(Threefry { operands: sizes, len }), &inputs, &[ty.clone(), ty]);
                for (out, expected) in out.iter().zip(expected) {
                    assert!(values(out).iter().all(|&word| word == expected));
                }
            }
        }
    }
}

#[test]
fn numbers_follow_their_distribution() {
    let context = crate::context::RunContext::new(1).expect("no threads to start");
    let sample = |distribution, dtype, a: f64, b: f64, len: i64| {
        let rng = StepOp::Rng(Rng { distribution, dtype, len, seed: 5 });
        let inputs = [literal(dtype, &[], &[a]), literal(dtype, &[], &[b])];
        let ty = TensorType::new(dtype, [len]);
        let types = super::StepTypes {
            origin: "test",
            reads: inputs.iter().map(|input| &input.ty).collect(),
            writes: vec![&ty],
        };
        let step = super::prepare_library(&rng, &types).expect("the step is supported");
        let inputs = inputs.map(|input| input.to_dense());
        let mut runs = Vec::new();
        for _ in 0..2 {
            let mut bytes = tensor::AlignedBytes::zeroed(ty.byte_len());
            // SAFETY: all arrays have the types that the step was prepared with.
            unsafe { step.run(&[inputs[0].as_ptr(), inputs[1].as_ptr()], &[bytes.as_mut_ptr()], &context) }
                .expect("the step runs");
            runs.push(Literal::dense(ty.clone(), bytes).scalars().map(Scalar::as_f64).collect::<Vec<_>>());
        }
        assert_ne!(runs[0], runs[1]);
        runs.swap_remove(0)
    };
    let mean = |x: &[f64]| x.iter().sum::<f64>() / x.len() as f64;
    for dtype in [DType::F32, DType::BF16, DType::F64] {
        let x = sample(RngDistribution::Uniform, dtype, -1.0, 3.0, 20_000);
        assert!(x.iter().all(|x| (-1.0..3.0).contains(x)) && (mean(&x) - 1.0).abs() < 0.05);
        let x = sample(RngDistribution::Normal, dtype, 2.0, 3.0, 20_000);
        let squares: Vec<f64> = x.iter().map(|x| (x - 2.0).powi(2)).collect();
        assert!((mean(&x) - 2.0).abs() < 0.1 && (mean(&squares) - 9.0).abs() < 0.4);
    }
    let x = sample(RngDistribution::Uniform, DType::I8, -2.0, 3.0, 5_000);
    assert!((-2..3).all(|value| x.contains(&value.into())) && x.iter().all(|x| (-2.0..3.0).contains(x)));
}
