//! A device that is none: its memory is a map from opaque addresses to bytes, and a thread does what it is handed, in
//! order, unless it is told to hold. Steps are computed by the host engine.

use std::collections::{BTreeMap, VecDeque};
use std::ops::Range;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};

use host::HostEngine;
use plan::{
    Completion, DeviceMemory, Engine, EngineError, OnBytes, OnDone, Placement, Plan, Prepared, SlotTable,
    Space, StepOp, Token,
};

/// Addresses start here; nothing of the process is there.
const FIRST_ADDRESS: usize = 0x100;

/// The device. Clones are the same one.
#[derive(Clone)]
pub struct FakeDevice {
    shared: Arc<Shared>,
    host: HostEngine,
}

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    memory: BTreeMap<usize, Vec<Line>>,
    next_address: usize,
    allocations: usize,
    jobs: VecDeque<Job>,
    hold: bool,
    fail_next: bool,
    failure: Option<EngineError>,
    wrong_kind: Option<&'static str>,
    submissions: usize,
}

/// Memory in the alignment that engines may rely on.
#[derive(Clone)]
#[repr(align(64))]
struct Line(#[allow(dead_code)] [u8; 64]);

type Job = Box<dyn FnOnce(&Shared, Result<(), EngineError>) + Send>;

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    /// Where the bytes of an address are. They stay there until the address is freed.
    fn locate(&self, address: usize) -> *mut u8 {
        let mut state = self.lock();
        let (start, lines) =
            state.memory.range_mut(..=address).next_back().expect("an address of the device");
        assert!(address - start < 64 * lines.len(), "an address within its allocation");
        lines.as_mut_ptr().cast::<u8>().wrapping_add(address - start)
    }

    fn push(&self, job: Job) {
        self.lock().jobs.push_back(job);
        self.changed.notify_all();
    }

    fn serve(self: &Arc<Self>) {
        loop {
            let mut state = self.lock();
            while state.hold || state.jobs.is_empty() {
                state = self.changed.wait(state).unwrap();
            }
            let job = state.jobs.pop_front().expect("there is a job");
            let standing = state.failure.clone().map_or(Ok(()), Err);
            drop(state);
            job(self, standing);
        }
    }
}

impl FakeDevice {
    pub fn new() -> Self {
        let state = State { next_address: FIRST_ADDRESS, ..State::default() };
        let shared = Arc::new(Shared { state: Mutex::new(state), changed: Condvar::new() });
        let server = shared.clone();
        std::thread::spawn(move || server.serve());
        FakeDevice { shared, host: HostEngine::new(1).expect("threads start") }
    }

    /// Starts nothing from now on until it is released.
    pub fn hold(&self) {
        self.shared.lock().hold = true;
    }

    /// Goes on.
    pub fn release(&self) {
        self.shared.lock().hold = false;
        self.shared.changed.notify_all();
    }

    /// Fails with the next run that it is handed, for good.
    pub fn fail_next_run(&self) {
        self.shared.lock().fail_next = true;
    }

    /// Adds 0.5 to the second float of what steps of a kind compute.
    pub fn compute_wrongly(&self, kind: &'static str) {
        self.shared.lock().wrong_kind = Some(kind);
    }

    /// Segments of runs that it was handed.
    pub fn submissions(&self) -> usize {
        self.shared.lock().submissions
    }

    /// How often it gave out memory.
    pub fn allocations(&self) -> usize {
        self.shared.lock().allocations
    }

    fn check(&self) -> Result<(), EngineError> {
        self.shared.lock().failure.clone().map_or(Ok(()), Err)
    }
}

fn failure() -> EngineError {
    EngineError::Failed { origin: "the fake device".to_string(), reason: "lost on purpose".to_string() }
}

impl Engine for FakeDevice {
    fn prepare(&self, plan: Arc<Plan>) -> Result<Arc<dyn Prepared>, EngineError> {
        let mut local = (*plan).clone();
        local.slots.iter_mut().for_each(|slot| slot.space = Space::Host);
        let local = self.host.prepare(Arc::new(local))?;
        Ok(Arc::new(PreparedFake { plan, local, device: self.clone() }))
    }

    fn threads(&self) -> usize {
        1
    }

    fn memory(&self) -> Option<&dyn DeviceMemory> {
        Some(self)
    }
}

struct PreparedFake {
    plan: Arc<Plan>,
    /// The plan on the host engine, which is given the places behind addresses.
    local: Arc<dyn Prepared>,
    device: FakeDevice,
}

#[derive(Default)]
struct Ticket(Mutex<Waiting>);

/// What is known of work in flight, and who waits for it.
type Waiting = (Option<Result<(), EngineError>>, Vec<OnDone>);

impl Ticket {
    fn complete(&self, outcome: Result<(), EngineError>) {
        let waiting = {
            let mut state = self.0.lock().unwrap();
            state.0 = Some(outcome.clone());
            std::mem::take(&mut state.1)
        };
        waiting.into_iter().for_each(|then| then(outcome.clone()));
    }
}

impl Token for Ticket {
    fn on_done(&self, then: OnDone) {
        let outcome = {
            let mut state = self.0.lock().unwrap();
            match &state.0 {
                Some(outcome) => outcome.clone(),
                None => return state.1.push(then),
            }
        };
        then(outcome);
    }
}

impl Prepared for PreparedFake {
    fn run(&self, segment: Range<usize>, slots: &mut SlotTable) -> Result<Completion, EngineError> {
        self.device.check()?;
        let shared = &self.device.shared;
        shared.lock().submissions += 1;
        if std::mem::take(&mut shared.lock().fail_next) {
            shared.push(Box::new(|shared, _| shared.lock().failure = Some(failure())));
        }
        let mut brings_back = false;
        for at in segment {
            let step = &self.plan.body.steps[at];
            match (&step.op, &step.reads[..], &step.writes[..]) {
                (StepOp::Swap, _, &[a, b]) => slots.swap(a, b),
                (StepOp::Copy, &[from], &[to]) if self.plan.slot(from).space == Space::Host => {
                    // The host's memory may be gone when the copy is made.
                    let bytes = self.plan.slot(to).ty.byte_len();
                    // SAFETY: the runtime gives slots of the host memory for their arrays.
                    let data = unsafe { std::slice::from_raw_parts(slots.get(from), bytes) };
                    self.device.upload(data, slots.get(to))?;
                }
                _ => {
                    let to_host = step.writes.iter().any(|&slot| self.plan.slot(slot).space == Space::Host);
                    brings_back |= to_host;
                    self.queue(at, slots);
                }
            }
        }
        let ticket = Arc::<Ticket>::default();
        let done = ticket.clone();
        shared.push(Box::new(move |_, outcome| done.complete(outcome)));
        Ok(if brings_back { Completion::Pending(ticket) } else { Completion::Queued(ticket) })
    }

    fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }
}

impl PreparedFake {
    /// Queues one step with the memory that its slots have now.
    fn queue(&self, at: usize, slots: &SlotTable) {
        let step = &self.plan.body.steps[at];
        let named = step.reads.iter().chain(&step.writes);
        let places: Vec<(plan::SlotId, Space, usize)> = named
            .filter(|&&slot| !matches!(self.plan.slot(slot).placement, Placement::Constant(_)))
            .map(|&slot| (slot, self.plan.slot(slot).space, slots.get(slot).addr()))
            .collect();
        let host: Vec<usize> = places.iter().map(|&(slot, ..)| slots.get(slot).expose_provenance()).collect();
        let (local, count) = (self.local.clone(), self.plan.slots.len());
        let (kind, written) = (step.op.name(), step.writes[0]);
        let compute = move |shared: &Shared, standing: Result<(), EngineError>| {
            if standing.is_err() {
                return;
            }
            let mut table = SlotTable::new(vec![std::ptr::null_mut(); count]);
            for (&(slot, space, address), host) in places.iter().zip(host) {
                table.set(
                    slot,
                    match space {
                        Space::Host => std::ptr::with_exposed_provenance_mut(host),
                        Space::Device => shared.locate(address),
                    },
                );
            }
            if let Err(error) = local.run(at..at + 1, &mut table).map(|_| ()) {
                shared.lock().failure = Some(error);
            }
            if shared.lock().wrong_kind == Some(kind) {
                let second = table.get(written).cast::<f32>().wrapping_add(1);
                // SAFETY: the tests that ask for it have arrays of at least two floats.
                unsafe { second.write(second.read() + 0.5) };
            }
        };
        self.device.shared.push(Box::new(compute));
    }
}

impl DeviceMemory for FakeDevice {
    fn allocate(&self, bytes: usize) -> Result<*mut u8, EngineError> {
        let mut state = self.shared.lock();
        let address = state.next_address;
        let lines = bytes.div_ceil(64).max(1);
        state.memory.insert(address, vec![Line([0xAA; 64]); lines]);
        state.next_address += 64 * (lines + 1);
        state.allocations += 1;
        Ok(std::ptr::without_provenance_mut(address))
    }

    fn free(&self, address: *mut u8, _: usize) {
        let address = address.addr();
        self.shared.push(Box::new(move |shared, _| {
            shared.lock().memory.remove(&address).expect("memory is freed once");
        }));
    }

    fn upload(&self, source: &[u8], target: *mut u8) -> Result<(), EngineError> {
        self.check()?;
        let (data, target) = (source.to_vec(), target.addr());
        self.shared.push(Box::new(move |shared, _| {
            let place = shared.locate(target);
            // SAFETY: the place has as many bytes as the caller says.
            unsafe { std::ptr::copy_nonoverlapping(data.as_ptr(), place, data.len()) };
        }));
        Ok(())
    }

    fn download(&self, source: *mut u8, bytes: usize, then: OnBytes) {
        let source = source.addr();
        self.shared.push(Box::new(move |shared, standing| match standing {
            // SAFETY: the place has as many bytes as the caller says.
            Ok(()) => then(Ok(unsafe { std::slice::from_raw_parts(shared.locate(source), bytes) })),
            Err(error) => then(Err(error)),
        }));
    }

    fn copy(&self, source: *mut u8, target: *mut u8, bytes: usize) -> Result<(), EngineError> {
        self.check()?;
        let (source, target) = (source.addr(), target.addr());
        self.shared.push(Box::new(move |shared, _| {
            let (source, target) = (shared.locate(source), shared.locate(target));
            // SAFETY: both places have as many bytes as the caller says.
            unsafe { std::ptr::copy_nonoverlapping(source, target, bytes) };
        }));
        Ok(())
    }

    fn is_separate(&self) -> bool {
        false
    }
}
