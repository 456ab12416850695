//! The stream: records work and submits it, in order.

use std::collections::HashMap;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, TryLockError};

use plan::{EngineError, OnBytes, SlotTable};
use smallvec::SmallVec;

use crate::command::{self, Bound};
use crate::completion::{self, Completions, Download, Submission, Ticket};
use crate::device::Device;
use crate::features::BINDING_ALIGNMENT;
use crate::gate::{self, GRID_BYTES, Gates, Mode};
use crate::memory::{Memory, Window};
use crate::pipelines::{Pipeline, Pipelines};
use crate::readback::{HEADER, Manner, Readback, Readbacks};
use crate::shader::Shader;

/// Work (in the unit of [`Launch::work`](crate::command::Launch)) after which what was recorded is submitted, so that
/// no single submission runs for seconds, and the device starts while the host still records.
const SUBMIT_AFTER: u64 = 1 << 33;

/// Launches after which what was recorded is submitted.
const LAUNCHES_AFTER: u32 = 2048;

/// Launches after which what was recorded is submitted to a device that has nothing to do.
const LAUNCHES_WHEN_IDLE: u32 = 32;

/// Submissions that keep the device busy. While so many are under way, runs that are handed over gather in the next one:
/// the device pauses between submissions, and each costs the host more than a launch.
const ENOUGH_UNDER_WAY: usize = 2;

/// Bytes that are written to the device at once.
const LARGEST_WRITE: usize = 256 << 20;

/// Serial numbers are copied from a table of this many.
const SERIALS: u64 = 4096;

/// Bind groups that are remembered.
const GROUPS: usize = 4096;

/// A launch with its pipeline, ready to be recorded.
pub(crate) struct PreparedLaunch {
    pub(crate) pipeline: Arc<Pipeline>,
    pub(crate) bindings: SmallVec<[Bound; 8]>,
    pub(crate) parameters: SmallVec<[u32; 8]>,
    pub(crate) grid: [u32; 3],
    pub(crate) work: u64,
}

/// Where the memory of a launch is.
pub(crate) struct Places<'a> {
    pub(crate) slots: &'a SlotTable,
    pub(crate) scratch: *mut u8,
    pub(crate) tables: *mut u8,
}

/// Where the size of a launch comes from.
#[derive(Clone, Copy)]
pub(crate) enum Grid {
    Given([u32; 3]),
    /// This row of the last gate's.
    Gated(u32),
}

/// The one stream of a device.
pub(crate) struct Stream {
    pub(crate) device: Arc<Device>,
    pub(crate) memory: Memory,
    pub(crate) pipelines: Pipelines,
    pub(crate) readbacks: Arc<Readbacks>,
    pub(crate) completions: Completions,
    serials: wgpu::Buffer,
    copy: Arc<Pipeline>,
    gates: Gates,
    state: Mutex<State>,
    /// Buffers that are gone; the next recorder forgets their bind groups.
    gone: Mutex<Vec<u32>>,
    backlog: Backlog,
}

/// What decides when work that was handed over is submitted; read without the lock.
#[derive(Default)]
struct Backlog {
    /// Submissions that have not ended.
    under_way: AtomicUsize,
    /// Whether recorded work was handed over and waits to be submitted.
    handed_over: AtomicBool,
}

impl Backlog {
    fn is_due(&self) -> bool {
        self.handed_over.load(Ordering::SeqCst) && self.under_way.load(Ordering::SeqCst) < ENOUGH_UNDER_WAY
    }
}

/// The right to record.
pub(crate) struct Recorder<'a> {
    stream: &'a Stream,
    /// Taken when the recorder ends.
    state: Option<MutexGuard<'a, State>>,
}

impl Deref for Recorder<'_> {
    type Target = State;

    fn deref(&self) -> &State {
        self.state.as_ref().expect("it has not ended")
    }
}

impl DerefMut for Recorder<'_> {
    fn deref_mut(&mut self) -> &mut State {
        self.state.as_mut().expect("it has not ended")
    }
}

impl Drop for Recorder<'_> {
    fn drop(&mut self) {
        self.state = None;
        // A submission may have ended meanwhile and found the lock taken.
        self.stream.submit_if_due();
    }
}

/// What was recorded and not yet submitted.
#[derive(Default)]
pub(crate) struct State {
    /// Of the next submission.
    ticket: Arc<Ticket>,
    pass: Option<wgpu::ComputePass<'static>>,
    encoder: Option<wgpu::CommandEncoder>,
    work: u64,
    launches: u32,
    serial: u64,
    groups: HashMap<GroupKey, wgpu::BindGroup>,
    scratch: Option<(*mut u8, usize)>,
    /// The next submission leaves a wrong serial number.
    lose_next: bool,
}

type GroupKey = SmallVec<[u32; 8]>;

/// What a launch binds.
#[derive(Default)]
struct Group {
    /// Numbers of the buffers, those that are not bound as a whole followed by where the binding starts.
    key: GroupKey,
    /// Buffers, start and size of each binding; all of the buffer without a size.
    bindings: SmallVec<[(wgpu::Buffer, u64, Option<wgpu::BufferSize>); 8]>,
}

impl Group {
    /// Binds the buffer of a window: all of it or, where that is more than may be bound, as much from the window on.
    /// Returns the offset of the window in the binding, in units of so many bytes.
    fn bind(&mut self, window: Window, unit: u32, most: u64) -> u32 {
        let Window { buffer, id, offset } = window;
        self.key.push(id);
        let (mut start, mut size) = (0, None);
        if buffer.size() > most {
            start = offset / BINDING_ALIGNMENT * BINDING_ALIGNMENT;
            size = wgpu::BufferSize::new(most.min(buffer.size() - start));
            self.key.push((start / BINDING_ALIGNMENT) as u32);
        }
        self.bindings.push((buffer, start, size));
        ((offset - start) / u64::from(unit)) as u32
    }
}

// SAFETY: the address of scratch memory is a name, never dereferenced.
#[allow(unsafe_code)]
unsafe impl Send for State {}

impl Stream {
    pub(crate) fn new(device: Arc<Device>) -> Result<Arc<Self>, EngineError> {
        let readbacks = Arc::<Readbacks>::default();
        let (completions, submissions) = completion::completions();
        let pipelines = Pipelines::new(device.clone());
        let copy = Shader {
            name: "copy",
            source: include_str!("../shaders/copy.wgsl").into(),
            bindings: 2,
            parameters: 1,
            unchecked: true,
        };
        let copy = pipelines.get(&[Arc::new(copy)])?.remove(0);
        let serials = device.device.create_buffer(&wgpu::BufferDescriptor {
            label: None,
            size: 8 * SERIALS,
            usage: wgpu::BufferUsages::COPY_SRC | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        let numbers: Vec<u64> = (1..=SERIALS).collect();
        device.queue.write_buffer(&serials, 0, bytemuck::cast_slice(&numbers));
        let memory = Memory::new(device.clone());
        let state = Mutex::default();
        let gates = Gates::new(&device, &pipelines)?;
        let backlog = Backlog::default();
        let stream = Arc::new(Stream {
            device,
            memory,
            pipelines,
            readbacks,
            completions,
            serials,
            copy,
            gates,
            state,
            gone: Mutex::default(),
            backlog,
        });
        completion::start(&stream, submissions)?;
        Ok(stream)
    }

    /// The right to record.
    pub(crate) fn lock(&self) -> Recorder<'_> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        self.forget(&mut state);
        Recorder { stream: self, state: Some(state) }
    }

    /// Submits what was handed over, if the device is about to run out of work. Leaves it to a recorder if there is one.
    fn submit_if_due(&self) {
        while self.backlog.is_due() {
            let mut state = match self.state.try_lock() {
                Ok(state) => state,
                Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
                Err(TryLockError::WouldBlock) => return,
            };
            if self.backlog.is_due() {
                // A failure has reached the ticket.
                let _ = self.submit(&mut state, Vec::new());
            }
        }
    }

    /// Ends a run: what was recorded is submitted now, or soon if the device has enough to do. The ticket tells when it is
    /// done.
    pub(crate) fn hand_over(&self, state: &mut State) -> Result<Arc<Ticket>, EngineError> {
        self.backlog.handed_over.store(true, Ordering::SeqCst);
        if self.backlog.is_due() { self.submit(state, Vec::new()) } else { Ok(state.ticket.clone()) }
    }

    /// Records a launch. Submits now and then.
    pub(crate) fn launch(
        &self,
        state: &mut State,
        launch: &PreparedLaunch,
        grid: Grid,
        places: &Places<'_>,
    ) -> Result<(), EngineError> {
        let mut group = Group::default();
        let mut words: SmallVec<[u32; 32]> = SmallVec::new();
        for bound in &launch.bindings {
            let address = match bound.memory {
                command::Memory::Slot(slot) => places.slots.get(slot),
                command::Memory::Window(slot, byte) => places.slots.get(slot).wrapping_add(byte as usize),
                command::Memory::Scratch(offset) => places.scratch.wrapping_add(offset as usize),
                command::Memory::Table(offset) => places.tables.wrapping_add(offset as usize),
            };
            words.push(group.bind(self.memory.window(address)?, bound.unit, self.most_bound()));
        }
        words.extend_from_slice(&launch.parameters);
        self.record(state, &launch.pipeline, group, &words, grid);
        state.work += launch.work;
        let idle = self.backlog.under_way.load(Ordering::SeqCst) == 0;
        let most = if idle { LAUNCHES_WHEN_IDLE } else { LAUNCHES_AFTER };
        if state.work > SUBMIT_AFTER || state.launches >= most {
            self.submit(state, Vec::new())?;
        }
        Ok(())
    }

    fn record(&self, state: &mut State, pipeline: &Pipeline, group: Group, words: &[u32], grid: Grid) {
        if state.groups.len() >= GROUPS {
            state.groups.clear();
        }
        let State { pass, encoder, groups, .. } = state;
        let group = groups.entry(group.key).or_insert_with(|| {
            let entries: SmallVec<[wgpu::BindGroupEntry<'_>; 8]> = group
                .bindings
                .iter()
                .zip(0..)
                .map(|((buffer, start, size), binding)| wgpu::BindGroupEntry {
                    binding,
                    resource: wgpu::BindingResource::Buffer(wgpu::BufferBinding {
                        buffer,
                        offset: *start,
                        size: *size,
                    }),
                })
                .collect();
            self.device.device.create_bind_group(&wgpu::BindGroupDescriptor {
                label: None,
                layout: &pipeline.group,
                entries: &entries,
            })
        });
        let pass = pass.get_or_insert_with(|| {
            let encoder =
                encoder.get_or_insert_with(|| self.device.device.create_command_encoder(&Default::default()));
            encoder.begin_compute_pass(&Default::default()).forget_lifetime()
        });
        pass.set_pipeline(&pipeline.pipeline);
        pass.set_bind_group(0, &*group, &[]);
        if !words.is_empty() {
            pass.set_immediates(0, bytemuck::cast_slice(words));
        }
        match grid {
            Grid::Given([x, y, z]) => pass.dispatch_workgroups(x, y, z),
            Grid::Gated(row) => {
                pass.dispatch_workgroups_indirect(&self.gates.grids, GRID_BYTES * u64::from(row));
            }
        }
        state.launches += 1;
    }

    /// Records a gate before so many launches, which decides by the flag and the state in its table.
    pub(crate) fn gate(
        &self,
        state: &mut State,
        mode: Mode,
        launches: u32,
        flag: *mut u8,
        table: *mut u8,
    ) -> Result<(), EngineError> {
        let mut group = Group::default();
        let mut bind = |address| -> Result<u32, EngineError> {
            Ok(group.bind(self.memory.window(address)?, 4, self.most_bound()))
        };
        let (flag, table) = (bind(flag)?, bind(table)?);
        // No buffer of the memory has the number 0.
        let grids = Window { buffer: self.gates.grids.clone(), id: 0, offset: 0 };
        let grids = group.bind(grids, 4, self.most_bound());
        let [mode, branches] = mode.parameters();
        let words = [flag, table, grids, mode, launches, branches];
        let pipeline = self.gates.pipeline.clone();
        self.record(state, &pipeline, group, &words, Grid::Given([1, 1, 1]));
        Ok(())
    }

    /// Bytes of one binding, a multiple of the alignment of bindings.
    fn most_bound(&self) -> u64 {
        self.device.features().max_binding_bytes / BINDING_ALIGNMENT * BINDING_ALIGNMENT
    }

    /// Records a copy within the device, of bytes that fit a window of a binding; up to 15 bytes of padding after `bytes` are copied too. `gated`: its row of the
    /// last gate's.
    pub(crate) fn copy(
        &self,
        state: &mut State,
        from: *mut u8,
        to: *mut u8,
        bytes: u64,
        gated: Option<u32>,
    ) -> Result<(), EngineError> {
        if bytes == 0 || from == to {
            return Ok(());
        }
        let mut group = Group::default();
        let mut bind = |address| -> Result<u32, EngineError> {
            Ok(group.bind(self.memory.window(address)?, 16, self.most_bound()))
        };
        let (from, to) = (bind(from)?, bind(to)?);
        let vectors = bytes.div_ceil(16);
        let grid = match gated {
            Some(row) => Grid::Gated(row),
            None => gate::copy_grid(bytes, self.device.features().max_grid)
                .map(Grid::Given)
                .ok_or_else(|| self.device.failed("a copy is too large"))?,
        };
        let words = [from, to, vectors as u32];
        let copy = self.copy.clone();
        self.record(state, &copy, group, &words, grid);
        state.work += 2 * bytes;
        Ok(())
    }

    /// Copies from the host, after all that was recorded.
    ///
    /// # Errors
    /// If the device has failed.
    pub(crate) fn upload(&self, state: &mut State, data: &[u8], to: *mut u8) -> Result<(), EngineError> {
        if state.launches > 0 && !data.is_empty() {
            // Writes come before what is submitted next.
            self.submit(state, Vec::new())?;
        }
        for (piece, at) in data.chunks(LARGEST_WRITE).zip((0..).step_by(LARGEST_WRITE)) {
            let window = self.memory.window(to.wrapping_add(at))?;
            let padded = wgpu::BufferSize::new((piece.len() as u64).next_multiple_of(4));
            let padded = padded.expect("no piece is empty");
            let view = self.device.queue.write_buffer_with(&window.buffer, window.offset, padded);
            let mut view = view.ok_or_else(|| self.device.failed("a copy from the host was refused"))?;
            view.slice(..piece.len()).copy_from_slice(piece);
            let zeros = [0; 4];
            let rest = padded.get() as usize - piece.len();
            view.slice(piece.len()..).copy_from_slice(&zeros[..rest]);
        }
        self.device.check()
    }

    /// Submits what was recorded; the ticket tells when it is done. `downloads`: address, length and receiver of bytes
    /// that are copied to the host after it.
    ///
    /// # Errors
    /// If the device has failed. Ticket and receivers are told so too, by another thread.
    pub(crate) fn submit(
        &self,
        state: &mut State,
        downloads: Vec<(*mut u8, usize, OnBytes)>,
    ) -> Result<Arc<Ticket>, EngineError> {
        let submission = self.submission(state, downloads);
        let ticket = submission.ticket.clone();
        let outcome = submission.sent.as_ref().map(|_| ticket).map_err(Clone::clone);
        self.completions.watch(submission);
        outcome
    }

    /// Sends what was recorded to the device. Must be watched then.
    fn submission(&self, state: &mut State, downloads: Vec<(*mut u8, usize, OnBytes)>) -> Submission {
        let mut offset = HEADER;
        let mut sources = SmallVec::<[*mut u8; 4]>::new();
        let mut wanted = Vec::with_capacity(downloads.len());
        for (address, bytes, then) in downloads {
            sources.push(address);
            wanted.push(Download { offset, bytes, then });
            offset += (bytes as u64).next_multiple_of(16);
        }
        let at = state.serial % SERIALS;
        state.serial += 1;
        let sent = self.send(state, at, &sources, &wanted, offset);
        self.backlog.handed_over.store(false, Ordering::SeqCst);
        self.backlog.under_way.fetch_add(1, Ordering::SeqCst);
        let ticket = std::mem::take(&mut state.ticket);
        Submission { serial: at + 1, sent, downloads: wanted, ticket }
    }

    /// Sends what was recorded to the device, with the copies to a buffer of `total` bytes that the host reads.
    fn send(
        &self,
        state: &mut State,
        serial_at: u64,
        sources: &[*mut u8],
        wanted: &[Download],
        total: u64,
    ) -> Result<(wgpu::SubmissionIndex, Readback), EngineError> {
        state.pass = None;
        (state.work, state.launches) = (0, 0);
        let encoder = state.encoder.take();
        let mut encoder =
            encoder.unwrap_or_else(|| self.device.device.create_command_encoder(&Default::default()));
        self.device.check()?;
        let readback = self.readbacks.take(&self.device, total)?;
        for (&address, Download { offset, bytes, .. }) in sources.iter().zip(wanted) {
            if *bytes > 0 {
                let window = self.memory.window(address)?;
                let padded = (*bytes as u64).next_multiple_of(4);
                let (from, to) = (&window.buffer, &readback.buffer);
                encoder.copy_buffer_to_buffer(from, window.offset, to, *offset, Some(padded));
            }
        }
        let from = if std::mem::take(&mut state.lose_next) { (serial_at + 1) % SERIALS } else { serial_at };
        encoder.copy_buffer_to_buffer(&self.serials, 8 * from, &readback.buffer, 0, Some(8));
        let index = self.device.queue.submit([encoder.finish()]);
        readback.map();
        Ok((index, readback))
    }

    /// A submission has ended: the device may need more work.
    pub(crate) fn submission_ended(&self) {
        self.backlog.under_way.fetch_sub(1, Ordering::SeqCst);
        self.submit_if_due();
    }

    /// Reads a few bytes after all that was recorded. Blocks until they are there, and asks the device itself: the thread
    /// that waits for submissions may be in a call back, and wait for this recorder.
    pub(crate) fn read(
        &self,
        state: &mut State,
        address: *mut u8,
        bytes: usize,
    ) -> Result<Vec<u8>, EngineError> {
        let submission = self.submission(state, vec![(address, bytes, Box::new(|_| ()))]);
        let mut data = Vec::new();
        let read = submission.wait(&self.device, Manner::Awake).map(|readback| {
            readback.read(HEADER, bytes, |found| data.extend_from_slice(found));
        });
        self.completions.watch(submission);
        read.map(|()| data)
    }

    /// Scratch memory of at least this size. Everything on the stream shares it: launches run one after another.
    pub(crate) fn scratch(&self, state: &mut State, bytes: usize) -> Result<*mut u8, EngineError> {
        if bytes == 0 {
            return Ok(std::ptr::null_mut());
        }
        if let Some((address, size)) = state.scratch
            && size >= bytes
        {
            return Ok(address);
        }
        if let Some((address, size)) = state.scratch.take() {
            self.free(address, size);
            self.forget(state);
        }
        let most = self.device.features().max_buffer_bytes as usize;
        let size = bytes.next_power_of_two().min(most).max(bytes);
        let address = self.memory.allocate(size)?;
        state.scratch = Some((address, size));
        Ok(address)
    }

    /// Gives memory back. Waits for no recorder, which may wait for the device.
    pub(crate) fn free(&self, address: *mut u8, bytes: usize) {
        let Some(id) = self.memory.free(address, bytes) else { return };
        self.gone().push(id);
        if let Ok(state) = self.state.try_lock() {
            let mut recorder = Recorder { stream: self, state: Some(state) };
            self.forget(&mut recorder);
        }
    }

    /// Drops the bind groups that hold buffers that are gone.
    fn forget(&self, state: &mut State) {
        for id in self.gone().drain(..) {
            state.groups.retain(|key, _| !key.contains(&id));
        }
    }

    fn gone(&self) -> MutexGuard<'_, Vec<u32>> {
        self.gone.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes the next submission look like one that the device gave up.
    pub(crate) fn lose_next_submission(&self) {
        self.lock().lose_next = true;
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        if self.backlog.handed_over.load(Ordering::SeqCst) {
            let mut state = std::mem::take(self.state.get_mut().unwrap_or_else(PoisonError::into_inner));
            // A failure has reached the ticket.
            let _ = self.submit(&mut state, Vec::new());
        }
        // Else the thread would close the device, perhaps while the process ends and the driver with it: NVIDIA's then
        // frees its memory twice.
        if !self.completions.close() {
            std::mem::forget(self.device.clone());
        }
    }
}
