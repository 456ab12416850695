//! A compiled program: a plan, prepared for an engine.

use std::ops::Range;
use std::sync::Arc;

use plan::{Completion, Engine, Placement, Plan, Prepared, Slot, SlotTable, Space, StepOp};
use smallvec::SmallVec;
use tensor::TensorType;

use crate::engine::Engines;
use crate::error::{Error, Result};
use crate::verify::Verifier;

/// Steps that an engine is handed at a time. Between two segments a run notices that its client closes.
const SEGMENT: usize = 256;

/// Start of every serialized program.
const MAGIC: &[u8; 8] = b"JMLEXEC\0";

/// A plan with what is needed to run it; shared by executables and runs.
pub struct Program {
    name: Arc<str>,
    parameters: Vec<Arc<TensorType>>,
    results: Vec<Arc<TensorType>>,
    plan: Arc<Plan>,
    /// By [`Space`]; none where no step is of it.
    prepared: [Option<Arc<dyn Prepared>>; 2],
    segments: Vec<Segment>,
    /// Compares the device with the host, if that is asked for.
    verifier: Option<Verifier>,
    new_bytes: u64,
    origin: Origin,
    platform_version: String,
}

/// Where a plan came from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// Equal for equal programs.
    pub fingerprint: String,
    /// The program as it was sent, if it is to be kept.
    pub source: Option<Arc<[u8]>>,
}

/// What a run takes, in bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProgramMemory {
    /// All arguments.
    pub arguments: u64,
    /// All results.
    pub results: u64,
    /// The part of the results that takes the memory of arguments.
    pub aliased: u64,
    /// Scratch.
    pub scratch: u64,
}

/// Consecutive steps of one space.
#[derive(Clone, Debug)]
pub struct Segment {
    /// Whose they are.
    pub space: Space,
    /// Which.
    pub steps: Range<usize>,
}

/// Where the arrays of a run are.
pub struct Addresses {
    /// One an argument. The argument that a result replaces has that result's address.
    pub arguments: SmallVec<[*mut u8; 8]>,
    /// One a result.
    pub results: SmallVec<[*mut u8; 8]>,
    /// Scratch memory of [`Program::arena_bytes`].
    pub arena: *mut u8,
    /// The same on the device, a block an entry.
    pub device_arena: SmallVec<[*mut u8; 1]>,
}

impl Program {
    /// Prepares a plan for an engine. `verify`: whether runs compare the steps of the device with the host engine.
    pub fn new(
        plan: Plan,
        origin: Origin,
        engines: &Engines,
        platform_version: &str,
        verify: bool,
    ) -> Result<Program> {
        check_interface(&plan)?;
        let name: Arc<str> = plan.name.as_str().into();
        let plan = Arc::new(plan);
        let segments = segments(&plan);
        let prepare = |space: Space, engine: Option<&Arc<dyn Engine>>| {
            if !segments.iter().any(|segment| segment.space == space) {
                return Ok(None);
            }
            let engine =
                engine.ok_or_else(|| Error::Internal("a plan for a device, and there is none".into()))?;
            engine.prepare(plan.clone()).map(Some).map_err(|error| Error::from_engine(&name, error))
        };
        let prepared =
            [prepare(Space::Host, Some(&engines.host))?, prepare(Space::Device, engines.device.as_ref())?];
        let verifier = match &engines.device {
            Some(device) if verify && plan.uses_device() => {
                let verifier = Verifier::new(&plan, &*engines.host, device.clone());
                Some(verifier.map_err(|error| Error::from_engine(&name, error))?)
            }
            _ => None,
        };
        let fresh = plan.results.iter().filter(|result| result.alias.is_none());
        let fresh_bytes: u64 = fresh.map(|result| result.ty.byte_len() as u64).sum();
        Ok(Program {
            name,
            parameters: plan.param_types().cloned().map(Arc::new).collect(),
            results: plan.result_types().cloned().map(Arc::new).collect(),
            new_bytes: fresh_bytes + plan.arena_bytes as u64 + plan.device_arena.bytes as u64,
            plan,
            prepared,
            segments,
            verifier,
            origin,
            platform_version: platform_version.to_string(),
        })
    }

    /// Equal for equal programs.
    pub fn fingerprint(&self) -> &str {
        &self.origin.fingerprint
    }

    /// The program as it was sent, if it was kept.
    pub fn source(&self) -> Option<&[u8]> {
        self.origin.source.as_deref()
    }

    /// The plan as bytes that [`Client::load`](crate::Client::load) of another process takes.
    pub fn serialize(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        for text in [&self.platform_version, &self.origin.fingerprint] {
            out.extend((text.len() as u32).to_le_bytes());
            out.extend(text.as_bytes());
        }
        out.extend(self.plan().to_bytes());
        out
    }

    /// The plan in serialized bytes of the same version of this library.
    pub(crate) fn deserialize(bytes: &[u8], platform_version: &str) -> Result<(Plan, Origin)> {
        let damaged =
            || Error::Deserialize("the bytes are not those of an executable of platform mps".to_string());
        let mut rest = bytes.strip_prefix(MAGIC).ok_or_else(damaged)?;
        let mut text = || {
            let (len, after) = rest.split_first_chunk::<4>()?;
            let (text, after) = after.split_at_checked(u32::from_le_bytes(*len) as usize)?;
            rest = after;
            std::str::from_utf8(text).ok()
        };
        let (version, fingerprint) = text().zip(text()).ok_or_else(damaged)?;
        if version != platform_version {
            let message =
                format!("it was made by `{version}`, this is `{platform_version}`; compile it again");
            return Err(Error::Deserialize(message));
        }
        let fingerprint = fingerprint.to_string();
        let plan = Plan::from_bytes(rest).map_err(|error| Error::Deserialize(error.to_string()))?;
        Ok((plan, Origin { fingerprint, source: None }))
    }

    /// What a run takes.
    pub fn memory(&self) -> ProgramMemory {
        let sum = |types: &[Arc<TensorType>]| types.iter().map(|ty| ty.byte_len() as u64).sum::<u64>();
        let aliased = self.results.iter().enumerate().filter(|(index, _)| self.alias(*index).is_some());
        ProgramMemory {
            arguments: sum(&self.parameters),
            results: sum(&self.results),
            aliased: aliased.map(|(_, ty)| ty.byte_len() as u64).sum(),
            scratch: self.arena_bytes() as u64 + self.plan.device_arena.bytes as u64,
        }
    }

    /// The plan.
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Runs the steps of a segment.
    pub(crate) fn run(&self, segment: &Segment, slots: &mut SlotTable) -> Result<Completion> {
        let prepared = self.prepared[segment.space as usize].as_ref();
        let prepared = prepared.ok_or_else(|| Error::Internal("a segment was not prepared".into()))?;
        let steps = segment.steps.clone();
        let completion = match &self.verifier {
            Some(verifier) if segment.space == Space::Device => verifier.run(&**prepared, steps, slots),
            _ => prepared.run(steps, slots),
        };
        completion.map_err(|error| Error::from_engine(&self.name, error))
    }

    /// The memory in which a parameter is expected.
    pub(crate) fn parameter_space(&self, parameter: usize) -> Space {
        self.plan.slot(self.plan.params[parameter].slot).space
    }

    /// The memory in which a result is left.
    pub(crate) fn result_space(&self, result: usize) -> Space {
        self.plan.slot(self.plan.results[result].slot).space
    }

    /// Whether a run does nothing but hand work to the device: its caller waits for nothing.
    pub(crate) fn only_queues(&self) -> bool {
        let brings_back = |step: &plan::Step| {
            let reads_back = matches!(step.op, StepOp::Copy)
                && step.writes.iter().any(|&slot| self.plan.slot(slot).space == Space::Host);
            reads_back || matches!(step.op, StepOp::While { .. } | StepOp::Case { .. })
        };
        self.segments.iter().all(|segment| segment.space == Space::Device)
            && !self.plan.body.steps.iter().any(brings_back)
    }

    /// Name of the program, for messages.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// Types of the arguments.
    pub fn parameters(&self) -> &[Arc<TensorType>] {
        &self.parameters
    }

    /// Types of the results.
    pub fn results(&self) -> &[Arc<TensorType>] {
        &self.results
    }

    /// The parameter whose memory a result takes.
    pub fn alias(&self, result: usize) -> Option<usize> {
        self.plan().results[result].alias
    }

    /// True when the argument of this parameter is given up by a call.
    pub fn donates(&self, parameter: usize) -> bool {
        self.plan().params[parameter].donated
    }

    /// Bytes of scratch memory of a run.
    pub fn arena_bytes(&self) -> usize {
        self.plan().arena_bytes
    }

    /// Bytes that a run takes, if donated arguments are its own: scratch and results.
    pub fn new_bytes(&self) -> u64 {
        self.new_bytes
    }

    /// Estimated time of a run in nanoseconds.
    pub fn cost_ns(&self) -> u64 {
        self.plan().cost_ns
    }

    /// The steps to run next, given how many segments are done; `None` at the end.
    pub(crate) fn segment(&self, done: usize) -> Option<&Segment> {
        self.segments.get(done)
    }

    /// The memory of every slot of a run.
    pub(crate) fn slot_table(&self, addresses: &Addresses) -> SlotTable {
        let block = self.plan.device_arena.block.max(1);
        let address = |slot: &Slot| match (slot.placement, slot.space) {
            (Placement::Param(index), _) => addresses.arguments[index],
            (Placement::Result(index), _) => addresses.results[index],
            // The engine sets these itself.
            (Placement::Constant(_), _) => std::ptr::null_mut(),
            (Placement::Arena(offset), Space::Host) => addresses.arena.wrapping_add(offset),
            (Placement::Arena(offset), Space::Device) => {
                addresses.device_arena[offset / block].wrapping_add(offset % block)
            }
        };
        SlotTable::new(self.plan().slots.iter().map(address).collect())
    }
}

/// Cuts a plan where the space changes, and every [`SEGMENT`] steps of the host.
fn segments(plan: &Plan) -> Vec<Segment> {
    let mut segments: Vec<Segment> = Vec::new();
    for (at, step) in plan.body.steps.iter().enumerate() {
        let space = plan.step_space(step);
        match segments.last_mut() {
            Some(last) if last.space == space && (space == Space::Device || last.steps.len() < SEGMENT) => {
                last.steps.end = at + 1;
            }
            _ => segments.push(Segment { space, steps: at..at + 1 }),
        }
    }
    segments
}

/// Checks what the runtime relies on when it gives slots their memory; plans may come from a file.
fn check_interface(plan: &Plan) -> Result<()> {
    let check = |holds: bool, what: &str| match holds {
        true => Ok(()),
        false => Err(Error::Internal(format!("plan `{}`: {what}", plan.name).into())),
    };
    let mut types = plan.param_types().chain(plan.result_types());
    check(types.all(|ty| ty.checked_byte_len().is_some()), "an argument or result is too large")?;
    for slot in &plan.slots {
        let memory = match slot.placement {
            Placement::Param(index) => plan.params.get(index).map(|param| param.ty.byte_len()),
            Placement::Result(index) => plan.results.get(index).map(|result| result.ty.byte_len()),
            Placement::Constant(index) => plan.constants.get(index).map(|constant| constant.ty.byte_len()),
            Placement::Arena(offset) if slot.space == Space::Host => plan.arena_bytes.checked_sub(offset),
            Placement::Arena(offset) => {
                let arena = plan.device_arena;
                let in_block = arena.block.checked_sub(offset % arena.block.max(1));
                arena.bytes.checked_sub(offset).zip(in_block).map(|(rest, in_block)| rest.min(in_block))
            }
        };
        let fits = slot.ty.checked_byte_len().zip(memory).is_some_and(|(needed, given)| needed <= given);
        check(fits, "a slot lies outside its memory")?;
    }
    for (index, param) in plan.params.iter().enumerate() {
        let placed = plan.slots.get(param.slot.index()).map(|slot| slot.placement);
        let expected = match placed {
            Some(Placement::Param(place)) => place == index,
            // One array, named by the result.
            Some(Placement::Result(place)) => plan.results[place].alias == Some(index),
            _ => false,
        };
        check(expected, "an argument is not where the caller puts it")?;
    }
    let mut replaced = vec![false; plan.params.len()];
    for (index, result) in plan.results.iter().enumerate() {
        let placed = plan.slots.get(result.slot.index()).map(|slot| slot.placement);
        let expected = placed == Some(Placement::Result(index))
            || result.alias.is_some_and(|alias| placed == Some(Placement::Param(alias)));
        check(expected, "a result is not where the caller looks for it")?;
        if let Some(alias) = result.alias {
            let fits =
                plan.params.get(alias).is_some_and(|param| param.ty.byte_len() == result.ty.byte_len());
            check(fits, "a result replaces an argument of another size")?;
            check(!std::mem::replace(&mut replaced[alias], true), "two results replace one argument")?;
        }
    }
    Ok(())
}
