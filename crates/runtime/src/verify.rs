//! `JAX_METALLIB_VERIFY=1`: does every step of the device again on the host engine, and compares.
//!
//! Before a step, what it names is copied to the host. Then the device runs it, the host engine runs it on the copies, and
//! what both wrote is compared: bit for bit where no floats are computed, else within what another order of summation
//! and other roundings of functions explain. A loop or a branch is compared as a whole, at its end. Integers and
//! booleans must agree, so a comparison of floats that are equal but for rounding may be reported wrongly.

#![allow(unsafe_code)]

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;
use std::sync::mpsc::channel;

use plan::{
    Block, Completion, DeviceMemory, Engine, EngineError, NodeOp, Placement, Plan, Prepared, Slot, SlotId,
    SlotTable, Space, Step, StepOp,
};
use tensor::{AlignedBytes, DType, Scalar, TensorType};

/// Compares a device with the host.
pub struct Verifier {
    /// The plan with all slots in host memory, for the host engine.
    host: Arc<dyn Prepared>,
    device: Arc<dyn Engine>,
}

impl Verifier {
    /// A verifier of a plan.
    ///
    /// # Errors
    /// If the host engine lacks a step.
    pub fn new(plan: &Plan, host: &dyn Engine, device: Arc<dyn Engine>) -> Result<Verifier, EngineError> {
        let mut plan = plan.clone();
        plan.slots.iter_mut().for_each(|slot| slot.space = Space::Host);
        Ok(Verifier { host: host.prepare(Arc::new(plan))?, device })
    }

    /// Runs steps of the device, each to its end, and compares.
    ///
    /// # Errors
    /// Those of the engines; [`EngineError::Failed`] with the first element that differs.
    pub fn run(
        &self,
        prepared: &dyn Prepared,
        steps: Range<usize>,
        slots: &mut SlotTable,
    ) -> Result<Completion, EngineError> {
        for at in steps {
            self.step(prepared, at, slots)?;
        }
        Ok(Completion::Done)
    }

    fn step(&self, prepared: &dyn Prepared, at: usize, slots: &mut SlotTable) -> Result<(), EngineError> {
        let plan = prepared.plan();
        let step = &plan.body.steps[at];
        let memory = self.device.memory().ok_or_else(|| EngineError::Failed {
            origin: step.origin.to_string(),
            reason: "a step of a device, and there is none".to_string(),
        })?;
        let named = step.reads.iter().chain(&step.writes);
        let named = named.filter(|&&id| !matches!(plan.slot(id).placement, Placement::Constant(_)));
        // Slots with one address are one array.
        let mut copies: HashMap<*mut u8, AlignedBytes> = HashMap::new();
        let mut table = SlotTable::new(vec![std::ptr::null_mut(); plan.slots.len()]);
        for &id in named.clone() {
            let bytes = plan.slot(id).ty.byte_len();
            if copies.get(&slots.get(id)).is_none_or(|copy| copy.len() < bytes) {
                copies.insert(slots.get(id), contents(plan.slot(id), slots.get(id), memory)?);
            }
        }
        for &id in named {
            table.set(
                id,
                copies.get_mut(&slots.get(id)).map_or(std::ptr::null_mut(), |copy| copy.as_mut_ptr()),
            );
        }
        finish(prepared.run(at..at + 1, slots)?)?;
        finish(self.host.run(at..at + 1, &mut table)?)?;
        let tolerance = Tolerance::of(plan, step);
        for &id in &step.writes {
            let slot = plan.slot(id);
            let found = contents(slot, slots.get(id), memory)?;
            // SAFETY: the host engine was given a copy of the array's size; a swap exchanges arrays of one size.
            let expected = unsafe { std::slice::from_raw_parts(table.get(id), found.len()) };
            let difference = tolerance.difference(&slot.ty, &found, expected);
            if let Some((element, found, expected)) = difference.filter(|_| is_needed(plan, at, slot)) {
                let (kind, ty) = (step.op.name(), &slot.ty);
                let index = index(ty, element);
                return Err(EngineError::Failed {
                    origin: step.origin.to_string(),
                    reason: format!(
                        "step {at} of the plan ({kind}) differs from the host (JAX_METALLIB_VERIFY): element {index:?} \
                         of {id}, {ty}, is {found} on the device and {expected} on the host"
                    ),
                });
            }
        }
        Ok(())
    }
}

/// What an array holds now.
fn contents(slot: &Slot, address: *mut u8, memory: &dyn DeviceMemory) -> Result<AlignedBytes, EngineError> {
    let bytes = slot.ty.byte_len();
    if bytes == 0 {
        return Ok(AlignedBytes::zeroed(0));
    }
    match slot.space {
        // SAFETY: the runtime gives slots of the host memory for their arrays.
        Space::Host => Ok(AlignedBytes::copy_from(unsafe { std::slice::from_raw_parts(address, bytes) })),
        Space::Device => {
            let (sender, receiver) = channel();
            let then = move |outcome: Result<&[u8], EngineError>| {
                // The receiver waits.
                let _ = sender.send(outcome.map(AlignedBytes::copy_from));
            };
            memory.download(address, bytes, Box::new(then));
            receiver.recv().unwrap_or_else(|_| Err(dropped()))
        }
    }
}

/// Waits for the end of what an engine started.
fn finish(completion: Completion) -> Result<(), EngineError> {
    match completion {
        Completion::Done => Ok(()),
        Completion::Pending(token) | Completion::Queued(token) => {
            let (sender, receiver) = channel();
            token.on_done(Box::new(move |outcome| {
                // The receiver waits.
                let _ = sender.send(outcome);
            }));
            receiver.recv().unwrap_or_else(|_| Err(dropped()))
        }
    }
}

fn dropped() -> EngineError {
    EngineError::Failed {
        origin: "JAX_METALLIB_VERIFY".to_string(),
        reason: "the device does not answer".to_string(),
    }
}

/// Position of an element in each dimension.
fn index(ty: &TensorType, element: usize) -> Vec<i64> {
    let mut rest = element as i64;
    let mut index: Vec<i64> = ty
        .dims
        .iter()
        .rev()
        .map(|&size| {
            let at = rest % size;
            rest /= size;
            at
        })
        .collect();
    index.reverse();
    index
}

/// How far a step's results may be off.
struct Tolerance {
    /// Relative to the element.
    element: f64,
    /// Relative to the largest element of the array.
    array: f64,
}

impl Tolerance {
    fn of(plan: &Plan, step: &Step) -> Tolerance {
        let slots = step.reads.iter().chain(&step.writes);
        let mut epsilon = slots.map(|&id| epsilon(plan.slot(id).ty.dtype)).fold(0.0, f64::max);
        let (element, array) = match &step.op {
            StepOp::Copy | StepOp::Swap | StepOp::Sort(_) | StepOp::RngBits(_) | StepOp::Threefry(_) => {
                (0.0, 0.0)
            }
            StepOp::Kernel(kernel) => {
                let nodes = || kernel.stages.iter().flat_map(|stage| &stage.nodes);
                epsilon = nodes().map(|node| self::epsilon(node.dtype)).fold(epsilon, f64::max);
                let moves = |op: &NodeOp| {
                    matches!(
                        op,
                        NodeOp::Constant(_)
                            | NodeOp::Index(_)
                            | NodeOp::Load { .. }
                            | NodeOp::Row(_)
                            | NodeOp::Scratch(_)
                            | NodeOp::Argument(_)
                            | NodeOp::Select(..)
                            | NodeOp::Bitcast(_)
                    )
                };
                match kernel.stages.iter().all(|stage| stage.reductions.is_empty()) {
                    true if nodes().all(|node| moves(&node.op)) => (0.0, 0.0),
                    true => (64.0, 4.0),
                    false => (1024.0, 1024.0),
                }
            }
            _ => (1024.0, 1024.0),
        };
        Tolerance { element: element * epsilon, array: array * epsilon }
    }

    /// The first element that is too far off: its number, and what is there and should be.
    fn difference(&self, ty: &TensorType, found: &[u8], expected: &[u8]) -> Option<(usize, Scalar, Scalar)> {
        if found == expected {
            return None;
        }
        let dtype = ty.dtype;
        let elements =
            |bytes| <[u8]>::chunks_exact(bytes, dtype.size()).map(|at| Scalar::from_bytes(dtype, at));
        let largest = match dtype.is_float() || dtype.is_complex() {
            true => elements(expected).map(magnitude).filter(|size| size.is_finite()).fold(0.0, f64::max),
            false => 0.0,
        };
        let pairs = elements(found).zip(elements(expected)).enumerate();
        let mut wrong = pairs.filter(|&(_, (a, b))| !self.agree(a, b, largest));
        wrong.next().map(|(at, (found, expected))| (at, found, expected))
    }

    fn agree(&self, a: Scalar, b: Scalar, largest: f64) -> bool {
        if a == b {
            return true;
        }
        let close = |a: f64, b: f64| {
            // Devices may flush subnormal numbers.
            let allowed =
                self.element * a.abs().max(b.abs()) + self.array * largest + f64::from(f32::MIN_POSITIVE);
            a == b || a.is_nan() && b.is_nan() || (a - b).abs() <= allowed
        };
        if a.dtype.is_complex() {
            let (a, b) = (a.as_complex(), b.as_complex());
            close(a.re, b.re) && close(a.im, b.im)
        } else {
            a.dtype.is_float() && close(a.as_f64(), b.as_f64())
        }
    }
}

fn magnitude(value: Scalar) -> f64 {
    if value.dtype.is_complex() {
        let value = value.as_complex();
        value.re.abs().max(value.im.abs())
    } else {
        value.as_f64().abs()
    }
}

/// Distance from 1 to the next number, and 0 for types without rounding.
fn epsilon(dtype: DType) -> f64 {
    match dtype.real() {
        DType::F64 => f64::EPSILON,
        DType::F32 => f32::EPSILON.into(),
        DType::F16 => 0.000_976_562_5,
        DType::BF16 => 0.007_812_5,
        other if other.is_float() => 0.125,
        _ => 0.0,
    }
}

/// Whether anyone looks at what is in a slot after a step: not at what a loop keeps for one iteration.
fn is_needed(plan: &Plan, at: usize, slot: &Slot) -> bool {
    match first_use(plan, &plan.body.steps[at + 1..], slot) {
        Some(Use::Read) => true,
        Some(Use::Overwrite) => false,
        None => matches!(slot.placement, Placement::Param(_) | Placement::Result(_)),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    Read,
    Overwrite,
}

/// What steps do first with the memory of a slot.
fn first_use(plan: &Plan, steps: &[Step], slot: &Slot) -> Option<Use> {
    let same = |id: &SlotId| {
        let other = plan.slot(*id);
        (other.placement, other.space) == (slot.placement, slot.space)
    };
    let of_block = |block: &Block| first_use(plan, &block.steps, slot);
    steps.iter().find_map(|step| match &step.op {
        StepOp::While { condition, predicate, body, .. } => {
            of_block(condition).or_else(|| match same(predicate) {
                true => Some(Use::Read),
                // The body may not run at all.
                false => of_block(body).filter(|first| *first == Use::Read),
            })
        }
        StepOp::Case { index, branches } => {
            let mut uses = branches.iter().map(of_block);
            if same(index) || uses.clone().any(|first| first == Some(Use::Read)) {
                Some(Use::Read)
            } else {
                uses.all(|first| first == Some(Use::Overwrite)).then_some(Use::Overwrite)
            }
        }
        _ if step.reads.iter().any(same) => Some(Use::Read),
        _ => step.writes.iter().any(same).then_some(Use::Overwrite),
    })
}
