//! Runs kernels and plans on an engine and compares with the slow evaluator.

use std::sync::{Arc, Mutex};

use num_complex::Complex;
use plan::evaluate::{self, Elements};
use plan::{
    Block, Completion, Engine, EngineError, Kernel, Param, Placement, Plan, Prepared, ResultSlot, Slot,
    SlotId, SlotTable, Space, Step, StepOp,
};
use tensor::{AlignedBytes, DType, DTypeClass, Literal, Scalar, TensorType};

/// Deterministic numbers.
#[derive(Clone, Debug)]
pub struct Numbers(u64);

impl Numbers {
    /// A sequence.
    pub fn new(seed: u64) -> Self {
        Numbers(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x2545_f491_4f6c_dd1d)
    }

    /// The next 32 bits (PCG-like output of a linear congruential state).
    pub fn bits(&mut self) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 29) ^ self.0 >> 40) as u32
    }

    /// In `0..limit`.
    pub fn below(&mut self, limit: u64) -> u64 {
        u64::from(self.bits()) % limit.max(1)
    }

    /// A scalar of moderate size: small integers for integers, halves in -8..8 and a few special values for
    /// floats.
    pub fn scalar(&mut self, dtype: DType) -> Scalar {
        let value = self.below(32) as f64 / 2.0 - 8.0;
        match dtype.class() {
            DTypeClass::Bool => Scalar::bool(self.below(2) == 1),
            DTypeClass::Unsigned => Scalar::from_i64(dtype, self.below(16) as i64),
            DTypeClass::Signed => Scalar::from_i64(dtype, self.below(16) as i64 - 8),
            DTypeClass::Float => Scalar::from_f64(dtype, value),
            DTypeClass::Complex => {
                let imaginary = self.below(32) as f64 / 2.0 - 8.0;
                Scalar::from_complex(dtype, Complex::new(value, imaginary))
            }
        }
    }

    /// An array.
    pub fn array(&mut self, dtype: DType, len: usize) -> Elements {
        (0..len).map(|_| self.scalar(dtype)).collect()
    }
}

/// How far results may lie from the evaluator's.
#[derive(Clone, Copy, Debug)]
pub struct Tolerance {
    /// Relative to the larger magnitude.
    pub relative: f64,
    /// Absolute.
    pub absolute: f64,
}

/// Equal values.
pub const EXACT: Tolerance = Tolerance { relative: 0.0, absolute: 0.0 };

/// A few units in the last place of f32.
pub const CLOSE: Tolerance = Tolerance { relative: 1e-6, absolute: 1e-6 };

/// Asserts that two arrays agree.
pub fn assert_agree(actual: &[Scalar], expected: &[Scalar], tolerance: Tolerance, what: &str) {
    assert_eq!(actual.len(), expected.len(), "{what}: length");
    for (at, (&actual, &expected)) in actual.iter().zip(expected).enumerate() {
        assert!(agree(actual, expected, tolerance), "{what}: element {at} is {actual:?}, not {expected:?}");
    }
}

fn agree(actual: Scalar, expected: Scalar, tolerance: Tolerance) -> bool {
    if actual.dtype != expected.dtype {
        return false;
    }
    if actual == expected {
        return true;
    }
    let close = |a: f64, b: f64| {
        let difference = (a - b).abs();
        a.is_nan() && b.is_nan()
            || a == b
            || difference <= tolerance.absolute + tolerance.relative * a.abs().max(b.abs())
    };
    match actual.dtype.class() {
        DTypeClass::Float => close(actual.as_f64(), expected.as_f64()),
        DTypeClass::Complex => {
            let (a, b) = (actual.as_complex(), expected.as_complex());
            close(a.re, b.re) && close(a.im, b.im)
        }
        _ => false,
    }
}

/// The bytes of an array, aligned.
pub fn to_bytes(elements: &[Scalar], dtype: DType) -> AlignedBytes {
    let mut bytes = AlignedBytes::zeroed(elements.len() * dtype.size());
    for (chunk, scalar) in bytes.chunks_exact_mut(dtype.size()).zip(elements) {
        chunk.copy_from_slice(&scalar.to_bytes()[..dtype.size()]);
    }
    bytes
}

/// An array from its bytes.
pub fn from_bytes(bytes: &[u8], dtype: DType) -> Elements {
    bytes.chunks_exact(dtype.size()).map(|chunk| Scalar::from_bytes(dtype, chunk)).collect()
}

/// All bits set: NaN for floats.
pub fn dirty(dtype: DType, len: usize) -> Elements {
    let mut bytes = AlignedBytes::zeroed(len * dtype.size());
    if dtype == DType::Bool {
        bytes.fill(1);
    } else if dtype.bits() >= 8 {
        bytes.fill(0xff);
    }
    from_bytes(&bytes, dtype)
}

/// Runs the whole of a prepared plan on the memory of its slots.
///
/// # Errors
/// Those of the engine.
pub fn run(prepared: &dyn Prepared, slots: Vec<*mut u8>) -> Result<(), EngineError> {
    let steps = prepared.plan().body.steps.len();
    let mut table = SlotTable::new(slots);
    match prepared.run(0..steps, &mut table)? {
        Completion::Done => Ok(()),
        Completion::Pending(token) => {
            let (sender, receiver) = std::sync::mpsc::channel();
            let sender = Mutex::new(sender);
            token.on_done(Box::new(move |outcome| {
                let sender = sender.lock().expect("the sender is used once");
                sender.send(outcome).expect("the receiver waits");
            }));
            receiver.recv().expect("a token is completed")
        }
    }
}

/// A plan of one step over parameters and results.
pub fn single_step(op: StepOp, reads: &[TensorType], writes: &[TensorType]) -> Plan {
    let slot = |ty: &TensorType, placement| Slot { ty: ty.clone(), placement, space: Space::Host };
    let id = |number: usize| SlotId(number as u32);
    let mut slots: Vec<Slot> =
        reads.iter().enumerate().map(|(number, ty)| slot(ty, Placement::Param(number))).collect();
    slots.extend(writes.iter().enumerate().map(|(number, ty)| slot(ty, Placement::Result(number))));
    let step = Step {
        op,
        reads: (0..reads.len()).map(id).collect(),
        writes: (0..writes.len()).map(|number| id(reads.len() + number)).collect(),
        origin: "test.step".into(),
    };
    Plan {
        name: "test".into(),
        slots,
        constants: Vec::new(),
        params: (0..reads.len())
            .map(|number| Param { ty: reads[number].clone(), slot: id(number), donated: false })
            .collect(),
        results: (0..writes.len())
            .map(|number| ResultSlot {
                ty: writes[number].clone(),
                slot: id(reads.len() + number),
                alias: None,
            })
            .collect(),
        body: Block { steps: vec![step] },
        arena_bytes: 0,
        cost_ns: 0,
    }
}

/// The type of a flat array.
pub fn flat(dtype: DType, len: usize) -> TensorType {
    TensorType::new(dtype, [len as i64])
}

/// Runs a kernel on an engine and on the evaluator and compares all outputs. Outputs are of the given
/// lengths and start dirty.
pub fn check(
    engine: &dyn Engine,
    kernel: &Kernel,
    inputs: &[Elements],
    lengths: &[usize],
    tolerance: Tolerance,
) {
    let start: Vec<Elements> =
        kernel.outputs.iter().zip(lengths).map(|(&dtype, &len)| dirty(dtype, len)).collect();
    check_from(engine, kernel, inputs, &start, tolerance);
}

/// Like [`check`], from given contents of the outputs. An output whose contents equal an input of the same
/// number shares its memory where `start` says so by [`check_in_place`].
pub fn check_from(
    engine: &dyn Engine,
    kernel: &Kernel,
    inputs: &[Elements],
    start: &[Elements],
    tolerance: Tolerance,
) {
    let actual = run_kernel(engine, kernel, inputs, start);
    let mut expected = start.to_vec();
    evaluate::kernel(kernel, inputs, &mut expected);
    for (number, (actual, expected)) in actual.iter().zip(&expected).enumerate() {
        assert_agree(actual, expected, tolerance, &format!("output {number} of {kernel:?}"));
    }
}

/// The outputs of a kernel on an engine.
pub fn run_kernel(
    engine: &dyn Engine,
    kernel: &Kernel,
    inputs: &[Elements],
    start: &[Elements],
) -> Vec<Elements> {
    let types = |dtypes: &[DType], arrays: &[Elements]| -> Vec<TensorType> {
        dtypes.iter().zip(arrays).map(|(&dtype, array)| flat(dtype, array.len())).collect()
    };
    let (reads, writes) = (types(&kernel.inputs, inputs), types(&kernel.outputs, start));
    let plan = single_step(StepOp::Kernel(Arc::new(kernel.clone())), &reads, &writes);
    let prepared = engine.prepare(Arc::new(plan)).unwrap_or_else(|error| panic!("{error}: {kernel:?}"));
    let bytes = |arrays: &[Elements], types: &[TensorType]| -> Vec<AlignedBytes> {
        arrays.iter().zip(types).map(|(array, ty)| to_bytes(array, ty.dtype)).collect()
    };
    let (mut given, mut made) = (bytes(inputs, &reads), bytes(start, &writes));
    let slots = given.iter_mut().chain(&mut made).map(|bytes| bytes.as_mut_ptr()).collect();
    run(&*prepared, slots).expect("kernels do not fail");
    made.iter().zip(&kernel.outputs).map(|(bytes, &dtype)| from_bytes(bytes, dtype)).collect()
}

/// Runs a kernel whose output 0 shares the memory of input 0, and compares.
pub fn check_in_place(engine: &dyn Engine, kernel: &Kernel, inputs: &[Elements], tolerance: Tolerance) {
    let mut expected = vec![inputs[0].clone()];
    evaluate::kernel(kernel, inputs, &mut expected);
    let reads: Vec<TensorType> =
        kernel.inputs.iter().zip(inputs).map(|(&dtype, array)| flat(dtype, array.len())).collect();
    let writes = [reads[0].clone()];
    let mut plan = single_step(StepOp::Kernel(Arc::new(kernel.clone())), &reads, &writes);
    plan.results[0].alias = Some(0);
    plan.params[0].donated = true;
    let prepared = engine.prepare(Arc::new(plan)).expect("the kernel can be prepared");
    let mut given: Vec<AlignedBytes> =
        inputs.iter().zip(&kernel.inputs).map(|(array, &dtype)| to_bytes(array, dtype)).collect();
    let mut slots: Vec<*mut u8> = given.iter_mut().map(|bytes| bytes.as_mut_ptr()).collect();
    slots.push(slots[0]);
    run(&*prepared, slots).expect("kernels do not fail");
    let actual = from_bytes(&given[0], kernel.outputs[0]);
    assert_agree(&actual, &expected[0], tolerance, &format!("in place: {kernel:?}"));
}

/// A literal of f32 values.
pub fn literal(values: &[f64]) -> Literal {
    let ty = flat(DType::F32, values.len());
    Literal::from_scalars(ty, values.iter().map(|&value| Scalar::from_f64(DType::F32, value)))
}
