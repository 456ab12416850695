//! Runs kernels and plans on an engine and compares with the slow evaluator.

use std::sync::Arc;
use std::sync::mpsc::Receiver;

use num_complex::Complex;
use plan::evaluate::{self, Elements};
use plan::{
    Block, Completion, DeviceArena, DeviceMemory, Engine, EngineError, Kernel, Node, NodeOp, Param,
    Placement, Plan, ResultSlot, Slot, SlotId, SlotTable, Space, Step, StepOp,
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

/// An array of pseudo-random small integers, exact in every type.
pub fn small_integers(dtype: DType, dims: &[i64], seed: u64) -> Literal {
    let ty = TensorType::new(dtype, dims.iter().copied());
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let low = if dtype.is_integer() && Scalar::from_i64(dtype, -1).as_i64() > 0 { 0 } else { -3 };
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 33) % 7) as i64 + low
    };
    let count = ty.len();
    let values: Vec<Scalar> = (0..count)
        .map(|_| match dtype {
            _ if dtype.is_complex() => {
                let (re, im) = (next() as f64, next() as f64);
                Scalar::from_complex(dtype, Complex::new(re, im))
            }
            DType::Bool => Scalar::bool(next() > 0),
            _ => Scalar::from_i64(dtype, next()),
        })
        .collect();
    Literal::from_scalars(ty, values)
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

/// Waits for the end of what `run` started.
///
/// # Errors
/// Those of the engine.
pub fn wait(completion: Completion) -> Result<(), EngineError> {
    match completion {
        Completion::Done => Ok(()),
        Completion::Pending(token) | Completion::Queued(token) => {
            let (sender, receiver) = std::sync::mpsc::channel();
            token.on_done(Box::new(move |outcome| sender.send(outcome).expect("the receiver waits")));
            receiver.recv().expect("a token is completed")
        }
    }
}

/// Starts to bring the start of an allocation to the host.
pub fn download(
    memory: &dyn DeviceMemory,
    address: *mut u8,
    bytes: usize,
) -> Receiver<Result<Vec<u8>, EngineError>> {
    let (sender, receiver) = std::sync::mpsc::channel();
    let then = move |outcome: Result<&[u8], EngineError>| {
        sender.send(outcome.map(<[u8]>::to_vec)).expect("the receiver waits");
    };
    memory.download(address, bytes, Box::new(then));
    receiver
}

/// Bytes on each side of an array on a device, to see that they are left alone.
const GUARD: usize = 64;

/// What guards hold.
const GUARD_BYTE: u8 = 0xa5;

/// Memory of an array or an arena, on the host or on a device.
struct Region<'a> {
    address: *mut u8,
    bytes: usize,
    device: Option<&'a dyn DeviceMemory>,
}

impl<'a> Region<'a> {
    /// Memory with these contents; on the host the contents themselves, on a device between guards.
    fn new(engine: &'a dyn Engine, contents: &mut AlignedBytes) -> Self {
        let (device, bytes) = (engine.memory(), contents.len());
        let Some(memory) = device else { return Region { address: contents.as_mut_ptr(), bytes, device } };
        let mut guarded = vec![GUARD_BYTE; Self::guarded(bytes)];
        guarded[GUARD..][..bytes].copy_from_slice(contents);
        let allocation = memory.allocate(guarded.len()).expect("the device has memory");
        memory.upload(&guarded, allocation).expect("the device takes bytes");
        Region { address: allocation.wrapping_add(GUARD), bytes, device }
    }

    /// Length with padding, which arrays may write, and guards.
    fn guarded(bytes: usize) -> usize {
        bytes.next_multiple_of(64) + 2 * GUARD
    }

    fn allocation(&self) -> *mut u8 {
        self.address.wrapping_sub(GUARD)
    }

    /// Starts to bring the contents of device memory back, with the guards.
    fn fetch(&self) -> Option<Receiver<Result<Vec<u8>, EngineError>>> {
        Some(download(self.device?, self.allocation(), Self::guarded(self.bytes)))
    }
}

impl Drop for Region<'_> {
    fn drop(&mut self) {
        if let Some(memory) = self.device {
            memory.free(self.allocation(), Self::guarded(self.bytes));
        }
    }
}

/// Brings the contents of some regions back, and asserts that all guards are whole.
fn fetch(regions: &[Region<'_>], contents: &mut [AlignedBytes]) -> Result<(), EngineError> {
    let fetched: Vec<_> = regions.iter().map(Region::fetch).collect();
    for ((region, fetched), contents) in regions.iter().zip(fetched).zip(contents) {
        let Some(fetched) = fetched else { continue };
        let fetched = fetched.recv().expect("a download is answered")?;
        let padded = GUARD + region.bytes.next_multiple_of(64);
        let whole = |guard: &[u8]| guard.iter().all(|&byte| byte == GUARD_BYTE);
        assert!(whole(&fetched[..GUARD]), "memory before an array was written");
        assert!(whole(&fetched[padded..]), "memory after an array was written");
        contents.copy_from_slice(&fetched[GUARD..][..region.bytes]);
    }
    Ok(())
}

/// Puts all slots of a plan for the host into the memory of an engine.
pub fn settle(engine: &dyn Engine, plan: &mut Plan) {
    if engine.memory().is_some() {
        plan.slots.iter_mut().for_each(|slot| slot.space = Space::Device);
        let bytes = std::mem::take(&mut plan.arena_bytes);
        plan.device_arena = DeviceArena { bytes, block: bytes.max(1) };
    }
}

/// Runs a plan whose slots are in host memory, or the same with all of them in the memory of the engine. `results`
/// are what the results start with and then what they are; one that replaces an argument starts as that.
///
/// # Errors
/// Those of the engine.
pub fn execute(
    engine: &dyn Engine,
    mut plan: Plan,
    mut arguments: Vec<AlignedBytes>,
    results: &mut [AlignedBytes],
) -> Result<(), EngineError> {
    settle(engine, &mut plan);
    for (result, contents) in plan.results.iter().zip(results.iter_mut()) {
        if let Some(argument) = result.alias {
            contents.copy_from_slice(&arguments[argument]);
        }
    }
    let mut arena = [AlignedBytes::zeroed(plan.arena_bytes + plan.device_arena.bytes)];
    arena[0].fill(0xff);
    let prepared = engine.prepare(Arc::new(plan))?;
    let plan = prepared.plan();
    let made: Vec<_> = results.iter_mut().map(|contents| Region::new(engine, contents)).collect();
    let given: Vec<_> = arguments.iter_mut().map(|contents| Region::new(engine, contents)).collect();
    let temporary = [Region::new(engine, &mut arena[0])];
    let replaced = |argument| plan.results.iter().position(|result| result.alias == Some(argument));
    let address = |placement| match placement {
        Placement::Param(index) => {
            replaced(index).map_or(given[index].address, |result| made[result].address)
        }
        Placement::Result(index) => made[index].address,
        Placement::Constant(_) => std::ptr::null_mut(),
        Placement::Arena(offset) => temporary[0].address.wrapping_add(offset),
    };
    let mut table = SlotTable::new(plan.slots.iter().map(|slot| address(slot.placement)).collect());
    wait(prepared.run(0..plan.body.steps.len(), &mut table)?)?;
    fetch(&made, results)?;
    fetch(&given, &mut arguments)?;
    fetch(&temporary, &mut arena)
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
        device_arena: DeviceArena::default(),
        host_reasons: Vec::new(),
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
    let Ok(actual) = run_kernel(engine, kernel, inputs, start) else { return };
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
) -> Result<Vec<Elements>, Refused> {
    let types = |dtypes: &[DType], arrays: &[Elements]| -> Vec<TensorType> {
        dtypes.iter().zip(arrays).map(|(&dtype, array)| flat(dtype, array.len())).collect()
    };
    let (reads, writes) = (types(&kernel.inputs, inputs), types(&kernel.outputs, start));
    let plan = single_step(StepOp::Kernel(Arc::new(kernel.clone())), &reads, &writes);
    let bytes = |arrays: &[Elements], types: &[TensorType]| -> Vec<AlignedBytes> {
        arrays.iter().zip(types).map(|(array, ty)| to_bytes(array, ty.dtype)).collect()
    };
    let (given, mut made) = (bytes(inputs, &reads), bytes(start, &writes));
    execute(engine, plan, given, &mut made).map_err(|error| refused(engine, error, kernel))?;
    Ok(made.iter().zip(&kernel.outputs).map(|(bytes, &dtype)| from_bytes(bytes, dtype)).collect())
}

/// A kernel that the device leaves to the host.
#[derive(Clone, Copy, Debug)]
pub struct Refused;

/// Only a device may refuse a kernel, and only for its types, or for arithmetic on powers of two.
fn refused(engine: &dyn Engine, error: EngineError, kernel: &Kernel) -> Refused {
    let types = |dtype: &DType| matches!(dtype, DType::F64 | DType::C128 | DType::I64 | DType::U64);
    let nodes = || kernel.stages.iter().flat_map(|stage| &stage.nodes);
    let powers = |node: &Node| {
        node.dtype == DType::F8E8M0FNU && matches!(node.op, NodeOp::Unary(..) | NodeOp::Binary(..))
    };
    let dtypes = nodes().map(|node| &node.dtype);
    let rare = kernel.inputs.iter().chain(&kernel.outputs).chain(dtypes).any(types) || nodes().any(powers);
    match error {
        EngineError::Unsupported { .. } if engine.memory().is_some() && rare => Refused,
        error => panic!("{error}: {kernel:?}"),
    }
}

/// Runs a kernel whose output 0 shares the memory of input 0, and compares. `others`: lengths of its other outputs.
pub fn check_in_place(
    engine: &dyn Engine,
    kernel: &Kernel,
    inputs: &[Elements],
    others: &[usize],
    tolerance: Tolerance,
) {
    let rest = kernel.outputs[1..].iter().zip(others).map(|(&dtype, &len)| dirty(dtype, len));
    let start: Vec<Elements> = std::iter::once(inputs[0].clone()).chain(rest).collect();
    let mut expected = start.clone();
    evaluate::kernel(kernel, inputs, &mut expected);
    let types = |dtypes: &[DType], arrays: &[Elements]| -> Vec<TensorType> {
        dtypes.iter().zip(arrays).map(|(&dtype, array)| flat(dtype, array.len())).collect()
    };
    let (reads, writes) = (types(&kernel.inputs, inputs), types(&kernel.outputs, &start));
    let mut plan = single_step(StepOp::Kernel(Arc::new(kernel.clone())), &reads, &writes);
    plan.results[0].alias = Some(0);
    plan.params[0].donated = true;
    let given = inputs.iter().zip(&kernel.inputs).map(|(array, &dtype)| to_bytes(array, dtype)).collect();
    let mut made: Vec<_> =
        start.iter().zip(&kernel.outputs).map(|(array, &dtype)| to_bytes(array, dtype)).collect();
    if let Err(error) = execute(engine, plan, given, &mut made) {
        refused(engine, error, kernel);
        return;
    }
    for (number, (bytes, expected)) in made.iter().zip(&expected).enumerate() {
        let actual = from_bytes(bytes, kernel.outputs[number]);
        assert_agree(&actual, expected, tolerance, &format!("in place, output {number}: {kernel:?}"));
    }
}

/// A literal of f32 values.
pub fn literal(values: &[f64]) -> Literal {
    let ty = flat(DType::F32, values.len());
    Literal::from_scalars(ty, values.iter().map(|&value| Scalar::from_f64(DType::F32, value)))
}
