//! Constants, and values in parts of words.

use gpu::features::Features;
use gpu::scalar::Scalars;
use tensor::{DType, Scalar};

use super::device::{device, shader};
use super::samples::elements;

#[test]
fn constants_keep_their_bits() {
    let Some(device) = device() else { return };
    for &dtype in DType::ALL.iter().filter(|dtype| device.has(**dtype)) {
        let all = elements(dtype);
        let values: Vec<Scalar> = all.iter().copied().step_by(all.len().div_ceil(60)).collect();
        // The constant of each number, of all of them.
        let source = shader(&device.features, &[DType::U32], dtype, |scalars, names| {
            let mut chosen = scalars.constant(values[0])?;
            for (at, value) in values.iter().enumerate().skip(1) {
                let constant = scalars.constant(*value)?;
                chosen = format!("select({chosen}, {constant}, {} == {at}u)", names[0]);
            }
            Ok(chosen)
        });
        let numbers: Vec<u8> = (0..values.len() as u32).flat_map(u32::to_le_bytes).collect();
        let out = device.run(&source.expect("the device has the type"), &[(DType::U32, &numbers)], dtype);
        for (value, bytes) in values.iter().zip(out.chunks(dtype.size())) {
            let stored = Scalar::from_bytes(dtype, bytes);
            let nan = dtype.is_float() && value.as_f64().is_nan() && stored.as_f64().is_nan();
            assert!(stored == *value || nan, "{stored:?} is not {value:?}");
        }
    }
}

/// The bits of a lane are those of the packed word there.
#[test]
fn lanes_are_parts_of_words() {
    let Some(device) = device() else { return };
    let features = Features { float16: false, ..device.features.clone() };
    for &dtype in DType::ALL.iter().filter(|dtype| dtype.size() < 4) {
        let values: Vec<Scalar> = elements(dtype).into_iter().take(4096).collect();
        let lanes = Scalars::new(&features).storage(dtype).expect("packed").per_word;
        let source = shader(&features, &[dtype], DType::U32, |scalars, names| {
            let mut parts = Vec::new();
            for lane in 0..lanes {
                let (bits, mask) = scalars.lane_bits(dtype, names[0], &format!("{lane}u"))?;
                parts.push(format!("({bits} & {mask})"));
            }
            let word = scalars.pack(dtype, &vec![names[0]; lanes as usize])?;
            Ok(format!("({word} ^ ({}))", parts.join(" | ")))
        });
        let bytes: Vec<u8> =
            values.iter().flat_map(|value| value.to_bytes()[..dtype.size()].to_vec()).collect();
        let out = device.run(&source.expect("packed"), &[(dtype, &bytes)], DType::U32);
        assert!(out.iter().all(|byte| *byte == 0), "{dtype}");
    }
}
