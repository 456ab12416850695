//! The engine: prepares plans and runs them on a device.

use std::ops::Range;
use std::sync::Arc;

use plan::{
    Completion, DeviceMemory, Engine, EngineError, OnBytes, Plan, Prepared, SlotId, SlotTable, Space, Step,
    StepOp,
};
use tensor::TensorType;

use crate::command::{Command, Launch, Memory, visit_launches};
use crate::device::Device;
use crate::gate::{self, Gate, Mode};
use crate::lower::{self, Context, Refusal};
use crate::lowering::Lower;
use crate::pipelines::Pipeline;
use crate::shader::Shader;
use crate::stream::{Grid, Places, PreparedLaunch, State, Stream};

/// Runs the device steps of plans on a GPU. Cloning shares the device.
#[derive(Clone)]
pub struct GpuEngine {
    stream: Arc<Stream>,
}

impl GpuEngine {
    /// An engine on an open device.
    ///
    /// # Errors
    /// If a thread cannot be started, or the device refuses its first shader.
    pub fn new(device: Device) -> Result<Self, EngineError> {
        Ok(GpuEngine { stream: Stream::new(Arc::new(device))? })
    }

    /// The device.
    pub fn device(&self) -> &Device {
        &self.stream.device
    }

    /// Prepares a plan whose steps `lower` lowers.
    pub(crate) fn prepare_as(
        &self,
        plan: Arc<Plan>,
        lower: &Lower<'_>,
    ) -> Result<Arc<dyn Prepared>, EngineError> {
        let types: Vec<TensorType> = plan.slots.iter().map(|slot| slot.ty.clone()).collect();
        let context = Context { features: self.stream.device.features(), types: &types };
        let mut preparation = Preparation::default();
        let mut steps = Vec::with_capacity(plan.body.steps.len());
        for step in &plan.body.steps {
            steps.push(match plan.step_space(step) {
                Space::Host => Vec::new(),
                Space::Device => preparation.step(&plan, step, context, lower)?,
            });
        }
        let pipelines = self.stream.pipelines.get(&preparation.shaders)?;
        let mut actions = Actions {
            shaders: &preparation.shaders,
            pipelines: &pipelines,
            max_grid: context.features.max_grid,
            tables: &mut preparation.tables,
        };
        let steps = steps.into_iter().map(|commands| actions.of_step(commands)).collect();
        let mut memory = Owned { stream: self.stream.clone(), blocks: Vec::new() };
        let tables = match preparation.tables.is_empty() {
            true => std::ptr::null_mut(),
            false => memory.upload(&preparation.tables)?,
        };
        let mut constants = Vec::new();
        for (id, slot) in (0..).map(SlotId).zip(&plan.slots) {
            if slot.space == Space::Device
                && let Some(literal) = plan.constant(id)?
            {
                constants.push((id, memory.upload(&literal.to_dense())?));
            }
        }
        let scratch_bytes = preparation.scratch_bytes as usize;
        Ok(Arc::new(PreparedPlan { plan, steps, constants, tables, scratch_bytes, memory }))
    }

    /// Makes the next submission look like one that the device gave up: for tests of what follows.
    #[doc(hidden)]
    pub fn lose_next_submission(&self) {
        self.stream.lose_next_submission();
    }
}

impl Engine for GpuEngine {
    fn prepare(&self, plan: Arc<Plan>) -> Result<Arc<dyn Prepared>, EngineError> {
        self.prepare_as(plan, &lower::lower_placed)
    }

    fn threads(&self) -> usize {
        1
    }

    fn memory(&self) -> Option<&dyn DeviceMemory> {
        Some(self)
    }
}

/// What the steps of a plan need together.
#[derive(Default)]
struct Preparation {
    shaders: Vec<Arc<Shader>>,
    scratch_bytes: u64,
    tables: Vec<u8>,
}

/// A command of a step, or a copy from one space to another.
#[expect(clippy::large_enum_variant, reason = "launches are common; boxing each costs more than the room")]
enum Lowered {
    Command(Command),
    Upload { from: SlotId, to: SlotId, bytes: usize },
    Download { from: SlotId, to: SlotId, bytes: usize },
}

impl Preparation {
    fn step(
        &mut self,
        plan: &Plan,
        step: &Step,
        context: Context<'_>,
        lower: &Lower<'_>,
    ) -> Result<Vec<Lowered>, EngineError> {
        if let (StepOp::Copy, [from], [to]) = (&step.op, &step.reads[..], &step.writes[..]) {
            let bytes = plan.slot(*to).ty.byte_len();
            match (plan.slot(*from).space, plan.slot(*to).space) {
                (Space::Host, Space::Device) => {
                    return Ok(vec![Lowered::Upload { from: *from, to: *to, bytes }]);
                }
                (Space::Device, Space::Host) => {
                    return Ok(vec![Lowered::Download { from: *from, to: *to, bytes }]);
                }
                _ => {}
            }
        }
        let lowered = lower(step, context, plan).map_err(|Refusal(reason)| EngineError::Unsupported {
            origin: step.origin.to_string(),
            reason,
        })?;
        let base = self.tables.len().next_multiple_of(64);
        self.tables.resize(base, 0);
        self.tables.extend(&lowered.tables);
        self.scratch_bytes = self.scratch_bytes.max(lowered.scratch_bytes);
        let mut commands = lowered.commands;
        visit_launches(&mut commands, &mut |launch| {
            for bound in &mut launch.bindings {
                if let Memory::Table(offset) = &mut bound.memory {
                    *offset += base as u64;
                }
            }
            if !self.shaders.contains(&launch.shader) {
                self.shaders.push(launch.shader.clone());
            }
        });
        Ok(commands.into_iter().map(Lowered::Command).collect())
    }
}

/// A command with its pipelines.
pub(crate) enum Action {
    Launch(PreparedLaunch),
    Copy { from: SlotId, to: SlotId, at: u64, bytes: u64 },
    Upload { from: SlotId, to: SlotId, bytes: usize },
    Download { from: SlotId, to: SlotId, bytes: usize },
    Swap(SlotId, SlotId),
    Repeat { count: u64, body: Vec<Action> },
    While { condition: Vec<Action>, predicate: SlotId, body: Vec<Action>, gate: Option<Gate> },
    Case { index: SlotId, branches: Vec<Vec<Action>>, gate: Option<Gate> },
}

/// Makes actions of commands.
struct Actions<'a> {
    shaders: &'a [Arc<Shader>],
    pipelines: &'a [Arc<Pipeline>],
    max_grid: u32,
    /// Those of the plan, to which gates add theirs.
    tables: &'a mut Vec<u8>,
}

impl Actions<'_> {
    fn of_step(&mut self, commands: Vec<Lowered>) -> Vec<Action> {
        let action = |lowered| match lowered {
            Lowered::Command(command) => self.action(command),
            Lowered::Upload { from, to, bytes } => Action::Upload { from, to, bytes },
            Lowered::Download { from, to, bytes } => Action::Download { from, to, bytes },
        };
        commands.into_iter().map(action).collect()
    }

    fn block(&mut self, commands: Vec<Command>) -> Vec<Action> {
        commands.into_iter().map(|command| self.action(command)).collect()
    }

    fn action(&mut self, command: Command) -> Action {
        match command {
            Command::Launch(Launch { shader, bindings, parameters, grid, work }) => {
                let at = self.shaders.iter().position(|known| *known == shader);
                let at = at.expect("all shaders were gathered");
                let pipeline = self.pipelines[at].clone();
                Action::Launch(PreparedLaunch { pipeline, bindings, parameters, grid, work })
            }
            Command::Copy { from, to, at, bytes } => Action::Copy { from, to, at, bytes },
            Command::Swap(a, b) => Action::Swap(a, b),
            Command::Repeat { count, body } => Action::Repeat { count, body: self.block(body) },
            Command::While { condition, predicate, body } => {
                let (condition, body) = (self.block(condition), self.block(body));
                let iteration = [(&body[..], 1), (&condition[..], 1)];
                // Without a body the condition is the loop: it runs once, or rarely more often.
                let gate =
                    if body.is_empty() { None } else { Gate::new(iteration, self.max_grid, self.tables) };
                Action::While { condition, predicate, body, gate }
            }
            Command::Case { index, branches } => {
                let branches: Vec<_> = branches.into_iter().map(|branch| self.block(branch)).collect();
                let blocks = || branches.iter().map(|branch| &branch[..]).zip(0..);
                // Which memory slots have after it must be known without knowing the branch.
                let swaps = blocks().any(|(branch, _)| gate::swaps(branch));
                let gate = if swaps { None } else { Gate::new(blocks(), self.max_grid, self.tables) };
                Action::Case { index, branches, gate }
            }
        }
    }
}

/// Memory on the device that a prepared plan keeps.
struct Owned {
    stream: Arc<Stream>,
    blocks: Vec<(*mut u8, usize)>,
}

impl Owned {
    /// Memory with these contents. An array without elements has memory too: shaders bind it.
    fn upload(&mut self, data: &[u8]) -> Result<*mut u8, EngineError> {
        let address = self.stream.memory.allocate(data.len())?;
        self.blocks.push((address, data.len()));
        self.stream.upload(&mut self.stream.lock(), data, address)?;
        Ok(address)
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        for &(address, bytes) in &self.blocks {
            self.stream.free(address, bytes);
        }
    }
}

/// A plan made ready to run on the device.
struct PreparedPlan {
    plan: Arc<Plan>,
    /// By step; empty for steps of the host.
    steps: Vec<Vec<Action>>,
    constants: Vec<(SlotId, *mut u8)>,
    tables: *mut u8,
    scratch_bytes: usize,
    memory: Owned,
}

// SAFETY: the addresses are names of device memory, never dereferenced.
#[allow(unsafe_code)]
unsafe impl Send for PreparedPlan {}
// SAFETY: as above.
#[allow(unsafe_code)]
unsafe impl Sync for PreparedPlan {}

impl Prepared for PreparedPlan {
    fn run(&self, segment: Range<usize>, slots: &mut SlotTable) -> Result<Completion, EngineError> {
        for &(slot, address) in &self.constants {
            slots.set(slot, address);
        }
        let stream = &self.memory.stream;
        let mut state = stream.lock();
        let scratch = stream.scratch(&mut state, self.scratch_bytes)?;
        let mut downloads = Vec::new();
        let mut run = Recording { stream, state: &mut state, scratch, tables: self.tables };
        for actions in &self.steps[segment] {
            run.actions(actions, slots, &mut downloads)?;
        }
        Ok(if downloads.is_empty() {
            Completion::Queued(stream.hand_over(&mut state)?)
        } else {
            Completion::Pending(stream.submit(&mut state, downloads)?)
        })
    }

    fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }
}

/// Copies to the host that the next submission makes: address, length, receiver.
type Downloads = Vec<(*mut u8, usize, OnBytes)>;

struct Recording<'a> {
    stream: &'a Stream,
    state: &'a mut State,
    scratch: *mut u8,
    tables: *mut u8,
}

impl Recording<'_> {
    fn actions(
        &mut self,
        actions: &[Action],
        slots: &mut SlotTable,
        downloads: &mut Downloads,
    ) -> Result<(), EngineError> {
        for action in actions {
            match action {
                Action::Launch(launch) => {
                    let places = self.places(slots);
                    self.stream.launch(self.state, launch, Grid::Given(launch.grid), &places)?;
                }
                Action::Copy { from, to, at, bytes } => {
                    let [from, to] = [from, to].map(|slot| slots.get(*slot).wrapping_add(*at as usize));
                    self.stream.copy(self.state, from, to, *bytes, None)?;
                }
                Action::Upload { from, to, bytes } => {
                    // SAFETY: the runtime gives every slot of the host memory for its array.
                    #[allow(unsafe_code)]
                    let data = unsafe { host_bytes(slots.get(*from), *bytes) };
                    self.stream.upload(self.state, data, slots.get(*to))?;
                }
                Action::Download { from, to, bytes } => {
                    let target = HostTarget(slots.get(*to));
                    let then: OnBytes = Box::new(move |outcome| {
                        if let Ok(data) = outcome {
                            target.fill(data);
                        }
                    });
                    downloads.push((slots.get(*from), *bytes, then));
                }
                Action::Swap(a, b) => slots.swap(*a, *b),
                Action::Repeat { count, body } => {
                    for _ in 0..*count {
                        self.actions(body, slots, downloads)?;
                    }
                }
                Action::While { condition, predicate, body, gate: Some(gate) } => {
                    self.actions(condition, slots, downloads)?;
                    self.gated_loop(*gate, [body, condition], *predicate, slots)?;
                }
                Action::While { condition, predicate, body, gate: None } => loop {
                    self.actions(condition, slots, downloads)?;
                    let go_on = self.stream.read(self.state, slots.get(*predicate), 1)?;
                    if go_on[0] == 0 {
                        break;
                    }
                    self.actions(body, slots, downloads)?;
                },
                Action::Case { index, branches, gate: Some(gate) } => {
                    let mode = Mode::Case { branches: branches.len() as u32 };
                    self.gate(*gate, mode, slots.get(*index))?;
                    let mut passed = Passed::default();
                    for branch in branches {
                        self.gated(branch, slots, &mut passed)?;
                    }
                }
                Action::Case { index, branches, gate: None } => {
                    let bytes = self.stream.read(self.state, slots.get(*index), 4)?;
                    let index = i32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
                    let last = branches.len() - 1;
                    let branch = usize::try_from(index).map_or(last, |index| index.min(last));
                    self.actions(&branches[branch], slots, downloads)?;
                }
            }
        }
        Ok(())
    }

    fn places<'s>(&self, slots: &'s SlotTable) -> Places<'s> {
        Places { slots, scratch: self.scratch, tables: self.tables }
    }

    fn gate(&mut self, gate: Gate, mode: Mode, flag: *mut u8) -> Result<(), EngineError> {
        let table = self.tables.wrapping_add(gate.table as usize);
        self.stream.gate(self.state, mode, gate.launches, flag, table)
    }

    /// Iterations in batches, after the condition has been computed once. Each computes `blocks` (body, condition).
    fn gated_loop(
        &mut self,
        gate: Gate,
        blocks: [&[Action]; 2],
        predicate: SlotId,
        slots: &mut SlotTable,
    ) -> Result<(), EngineError> {
        self.gate(gate, Mode::First, slots.get(predicate))?;
        let (mut batch, most) = gate.batches();
        let mut recorded = 0;
        loop {
            let mut passed = Passed::default();
            for _ in 0..batch {
                passed = Passed::default();
                for block in blocks {
                    self.gated(block, slots, &mut passed)?;
                }
                self.gate(gate, Mode::Next, slots.get(predicate))?;
            }
            recorded += batch;
            let table = self.tables.wrapping_add(gate.table as usize);
            let state = self.stream.read(self.state, table, 8)?;
            let word =
                |at: usize| u32::from_le_bytes([state[at], state[at + 1], state[at + 2], state[at + 3]]);
            if word(0) == 0 {
                // The count wraps after 2^32 iterations, as the difference does.
                let vain = (recorded as u32).wrapping_sub(word(4)) as usize;
                gate::undo(slots, &passed.swaps, vain);
                return Ok(());
            }
            batch = (2 * batch).min(most);
        }
    }

    /// Records launches that the last gate decides on.
    fn gated(
        &mut self,
        actions: &[Action],
        slots: &mut SlotTable,
        passed: &mut Passed,
    ) -> Result<(), EngineError> {
        for action in actions {
            match action {
                Action::Launch(launch) => {
                    let places = self.places(slots);
                    self.stream.launch(self.state, launch, Grid::Gated(passed.row()), &places)?;
                }
                Action::Copy { from, to, at, bytes } => {
                    let row = Some(passed.row());
                    let [from, to] = [from, to].map(|slot| slots.get(*slot).wrapping_add(*at as usize));
                    self.stream.copy(self.state, from, to, *bytes, row)?;
                }
                Action::Swap(a, b) => {
                    slots.swap(*a, *b);
                    passed.swaps.push((*a, *b));
                }
                Action::Repeat { count, body } => {
                    for _ in 0..*count {
                        self.gated(body, slots, passed)?;
                    }
                }
                Action::Upload { .. }
                | Action::Download { .. }
                | Action::While { .. }
                | Action::Case { .. } => {
                    unreachable!("no gate is made before these")
                }
            }
        }
        Ok(())
    }
}

/// What was recorded after a gate.
#[derive(Default)]
struct Passed {
    launches: u32,
    swaps: Vec<(SlotId, SlotId)>,
}

impl Passed {
    /// The row of the next launch.
    fn row(&mut self) -> u32 {
        self.launches += 1;
        self.launches - 1
    }
}

/// Memory of a host slot that a download fills.
struct HostTarget(*mut u8);

// SAFETY: the run that the memory belongs to waits until the download is done.
#[allow(unsafe_code)]
unsafe impl Send for HostTarget {}

impl HostTarget {
    fn fill(self, data: &[u8]) {
        // SAFETY: the slot has memory for its array, which nobody else uses meanwhile.
        #[allow(unsafe_code)]
        unsafe {
            std::ptr::copy_nonoverlapping(data.as_ptr(), self.0, data.len());
        }
    }
}

/// # Safety
/// `bytes` bytes are readable at the address, unless there are none.
#[allow(unsafe_code)]
unsafe fn host_bytes<'a>(address: *const u8, bytes: usize) -> &'a [u8] {
    if bytes == 0 {
        return &[];
    }
    // SAFETY: the caller's promise.
    unsafe { std::slice::from_raw_parts(address, bytes) }
}

impl DeviceMemory for GpuEngine {
    fn allocate(&self, bytes: usize) -> Result<*mut u8, EngineError> {
        self.stream.memory.allocate(bytes)
    }

    fn free(&self, address: *mut u8, bytes: usize) {
        self.stream.free(address, bytes);
    }

    fn upload(&self, source: &[u8], target: *mut u8) -> Result<(), EngineError> {
        self.stream.upload(&mut self.stream.lock(), source, target)
    }

    fn download(&self, source: *mut u8, bytes: usize, then: OnBytes) {
        // A failure has reached the receiver already.
        let _ = self.stream.submit(&mut self.stream.lock(), vec![(source, bytes, then)]);
    }

    fn copy(&self, source: *mut u8, target: *mut u8, bytes: usize) -> Result<(), EngineError> {
        let mut state = self.stream.lock();
        let most = self.device().features().window_bytes() as usize;
        (0..bytes).step_by(most).try_for_each(|at| {
            let [source, target] = [source, target].map(|address| address.wrapping_add(at));
            self.stream.copy(&mut state, source, target, most.min(bytes - at) as u64, None)
        })
    }

    fn is_separate(&self) -> bool {
        self.stream.device.info().device_type == wgpu::DeviceType::DiscreteGpu
    }
}
