//! Runs lowered steps on software Vulkan, plainly: all arrays of a run lie in one buffer with guards between
//! them, which must come back untouched.

use std::collections::HashMap;
use std::future::Future;
use std::ops::Range;
use std::pin::pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use gpu::command::{Command, Launch, Memory};
use gpu::features::Features;
use gpu::lower;
use gpu::shader::Shader;
use plan::{Completion, Engine, EngineError, Placement, Plan, Prepared, SlotId, SlotTable};
use tensor::TensorType;

use crate::translate::check_shader;

const GUARD: u64 = 64;
const GUARD_BYTE: u8 = 0xa5;

/// A software device.
#[derive(Clone)]
pub struct Device(Arc<Inner>);

struct Inner {
    device: wgpu::Device,
    queue: wgpu::Queue,
    features: Features,
    pipelines: Mutex<HashMap<Shader, (wgpu::ComputePipeline, wgpu::BindGroupLayout)>>,
}

fn block_on<T>(future: impl Future<Output = T>) -> T {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return value;
        }
    }
}

/// The software device, if there is one. In CI there must be.
pub fn device() -> Option<Device> {
    static DEVICE: std::sync::OnceLock<Option<Device>> = std::sync::OnceLock::new();
    let device = DEVICE.get_or_init(open);
    if device.is_none() {
        assert!(std::env::var_os("CI").is_none(), "there is no software Vulkan device");
        eprintln!("SKIPPED: there is no software Vulkan device");
    }
    device.clone()
}

fn open() -> Option<Device> {
    let instance = wgpu::Instance::new(wgpu::InstanceDescriptor {
        backends: wgpu::Backends::VULKAN,
        ..wgpu::InstanceDescriptor::new_without_display_handle()
    });
    let adapters = block_on(instance.enumerate_adapters(wgpu::Backends::VULKAN));
    let adapter = adapters.into_iter().find(|a| a.get_info().device_type == wgpu::DeviceType::Cpu)?;
    let wanted = wgpu::Features::IMMEDIATES
        | wgpu::Features::SHADER_INT64
        | wgpu::Features::SHADER_F16
        | wgpu::Features::SHADER_FLOAT32_ATOMIC
        | wgpu::Features::SUBGROUP;
    let supported = adapter.features() & wanted;
    let descriptor = wgpu::DeviceDescriptor {
        required_features: supported,
        required_limits: adapter.limits(),
        ..Default::default()
    };
    let (device, queue) = block_on(adapter.request_device(&descriptor)).expect("the device opens");
    let features = Features {
        int64: supported.contains(wgpu::Features::SHADER_INT64),
        float16: supported.contains(wgpu::Features::SHADER_F16),
        float32_atomics: supported.contains(wgpu::Features::SHADER_FLOAT32_ATOMIC),
        ..Features::least()
    };
    let inner = Inner { device, queue, features, pipelines: Mutex::new(HashMap::new()) };
    Some(Device(Arc::new(inner)))
}

impl Device {
    /// What it can do.
    pub fn features(&self) -> &Features {
        &self.0.features
    }

    /// An engine on it that knows these features only.
    pub fn engine(&self, features: Features) -> TestEngine {
        TestEngine { device: self.clone(), features }
    }
}

/// Runs plans step by step.
pub struct TestEngine {
    device: Device,
    features: Features,
}

impl Engine for TestEngine {
    fn prepare(&self, plan: Arc<Plan>) -> Result<Arc<dyn Prepared>, EngineError> {
        let types: Vec<TensorType> = plan.slots.iter().map(|slot| slot.ty.clone()).collect();
        let context = lower::Context { features: &self.features, types: &types };
        let mut steps = Vec::new();
        for step in &plan.body.steps {
            let lowered = lower::lower(step, context).map_err(|refusal| EngineError::Unsupported {
                origin: step.origin.to_string(),
                reason: refusal.0,
            })?;
            check_commands(&lowered.commands, &self.features);
            steps.push(lowered);
        }
        Ok(Arc::new(TestPrepared { device: self.device.clone(), plan, steps, types }))
    }

    fn threads(&self) -> usize {
        1
    }
}

fn check_commands(commands: &[Command], features: &Features) {
    for command in commands {
        match command {
            Command::Launch(launch) => check_shader(&launch.shader, features),
            Command::Copy { .. } | Command::Swap(..) => {}
            Command::Repeat { body, .. } => check_commands(body, features),
            Command::While { condition, body, .. } => {
                check_commands(condition, features);
                check_commands(body, features);
            }
            Command::Case { branches, .. } => branches.iter().for_each(|b| check_commands(b, features)),
        }
    }
}

struct TestPrepared {
    device: Device,
    plan: Arc<Plan>,
    steps: Vec<lower::Lowered>,
    types: Vec<TensorType>,
}

impl Prepared for TestPrepared {
    fn run(&self, segment: Range<usize>, slots: &mut SlotTable) -> Result<Completion, EngineError> {
        for step in &self.steps[segment] {
            self.step(step, slots);
        }
        Ok(Completion::Done)
    }

    fn plan(&self) -> &Arc<Plan> {
        &self.plan
    }
}

impl TestPrepared {
    fn step(&self, lowered: &lower::Lowered, slots: &mut SlotTable) {
        let padded = |bytes: u64| bytes.next_multiple_of(64);
        // Slots with the same memory share their place.
        let mut places: HashMap<usize, u64> = HashMap::new();
        let mut at = GUARD;
        let mut constants: Vec<Vec<u8>> =
            self.plan.constants.iter().map(|literal| literal.to_dense().to_vec()).collect();
        let mut offsets = Vec::new();
        let mut extents = Vec::new();
        for (number, ty) in self.types.iter().enumerate() {
            let mut pointer = slots.get(SlotId(number as u32));
            if let Placement::Constant(index) = self.plan.slots[number].placement {
                pointer = constants[index].as_mut_ptr();
            }
            if pointer.is_null() {
                offsets.push(0);
                continue;
            }
            let place = *places.entry(pointer as usize).or_insert_with(|| {
                let place = at;
                extents.push((place, pointer, ty.byte_len()));
                at += padded(ty.byte_len() as u64) + GUARD;
                place
            });
            offsets.push(place);
        }
        let scratch = at;
        at += padded(lowered.scratch_bytes) + GUARD;
        let tables = at;
        at += padded(lowered.tables.len() as u64) + GUARD;
        let mut bytes = vec![GUARD_BYTE; at as usize];
        for &(place, pointer, len) in &extents {
            // SAFETY: tests give arrays of the slots' lengths.
            let array = unsafe { std::slice::from_raw_parts(pointer, len) };
            bytes[place as usize..][..len].copy_from_slice(array);
        }
        bytes[tables as usize..][..lowered.tables.len()].copy_from_slice(&lowered.tables);
        let inner = &self.device.0;
        let buffer = inner.device.create_buffer(&wgpu::BufferDescriptor {
            label: None,
            size: at,
            usage: wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        inner.queue.write_buffer(&buffer, 0, &bytes);
        let mut run = Run { inner, buffer, offsets, scratch, tables, encoder: None, types: &self.types };
        run.commands(&lowered.commands);
        let result = run.read(0, at);
        let mut guards = vec![true; at as usize];
        for &(place, pointer, len) in &extents {
            // SAFETY: as above.
            let array = unsafe { std::slice::from_raw_parts_mut(pointer, len) };
            array.copy_from_slice(&result[place as usize..][..len]);
            guards[place as usize..][..padded(len as u64) as usize].fill(false);
        }
        for (start, len) in [(scratch, lowered.scratch_bytes), (tables, lowered.tables.len() as u64)] {
            guards[start as usize..][..padded(len) as usize].fill(false);
        }
        let touched = (0..at as usize).find(|&i| guards[i] && result[i] != GUARD_BYTE);
        assert_eq!(touched, None, "memory outside of the arrays was written; arrays: {extents:?}");
    }
}

struct Run<'a> {
    inner: &'a Inner,
    buffer: wgpu::Buffer,
    offsets: Vec<u64>,
    scratch: u64,
    tables: u64,
    encoder: Option<wgpu::CommandEncoder>,
    types: &'a [TensorType],
}

impl Run<'_> {
    fn commands(&mut self, commands: &[Command]) {
        for command in commands {
            match command {
                Command::Launch(launch) => self.launch(launch),
                Command::Copy { from, to, bytes } => {
                    let (from, to) = (self.offsets[from.index()], self.offsets[to.index()]);
                    if from != to && *bytes > 0 {
                        self.copy(from, to, bytes.next_multiple_of(4));
                    }
                }
                Command::Swap(a, b) => self.offsets.swap(a.index(), b.index()),
                Command::Repeat { count, body } => (0..*count).for_each(|_| self.commands(body)),
                Command::While { condition, predicate, body } => loop {
                    self.commands(condition);
                    if self.read(self.offsets[predicate.index()], 4)[0] == 0 {
                        break;
                    }
                    self.commands(body);
                },
                Command::Case { index, branches } => {
                    let bytes = self.read(self.offsets[index.index()], 4);
                    let index = i32::from_le_bytes(bytes[..4].try_into().expect("four bytes"));
                    let last = branches.len() - 1;
                    let branch = usize::try_from(index).map_or(last, |index| index.min(last));
                    self.commands(&branches[branch]);
                }
            }
        }
    }

    fn encoder(&mut self) -> &mut wgpu::CommandEncoder {
        self.encoder.get_or_insert_with(|| self.inner.device.create_command_encoder(&Default::default()))
    }

    fn copy(&mut self, from: u64, to: u64, bytes: u64) {
        // Copies within a buffer are refused: through another one.
        let through = self.inner.device.create_buffer(&wgpu::BufferDescriptor {
            label: None,
            size: bytes,
            usage: wgpu::BufferUsages::COPY_SRC | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        let buffer = self.buffer.clone();
        let encoder = self.encoder();
        encoder.copy_buffer_to_buffer(&buffer, from, &through, 0, bytes);
        encoder.copy_buffer_to_buffer(&through, 0, &buffer, to, bytes);
    }

    fn launch(&mut self, launch: &Launch) {
        let (pipeline, layout) = self.pipeline(&launch.shader);
        assert_eq!(launch.bindings.len(), launch.shader.bindings as usize);
        assert_eq!(launch.parameters.len(), launch.shader.parameters as usize);
        let mut immediates = Vec::new();
        for bound in &launch.bindings {
            let at = match bound.memory {
                Memory::Slot(slot) => {
                    let ty = &self.types[slot.index()];
                    assert!(ty.byte_len() > 0, "an array without elements is bound");
                    self.offsets[slot.index()]
                }
                Memory::Scratch(at) => self.scratch + at,
                Memory::Table(at) => self.tables + at,
            };
            assert_eq!(at % 64, 0);
            immediates.extend((at as u32 / bound.unit).to_le_bytes());
        }
        launch.parameters.iter().for_each(|value| immediates.extend(value.to_le_bytes()));
        let entries: Vec<_> = (0..launch.shader.bindings)
            .map(|binding| wgpu::BindGroupEntry { binding, resource: self.buffer.as_entire_binding() })
            .collect();
        let group = self.inner.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: None,
            layout: &layout,
            entries: &entries,
        });
        let mut pass = self.encoder().begin_compute_pass(&Default::default());
        pass.set_pipeline(&pipeline);
        pass.set_bind_group(0, &group, &[]);
        pass.set_immediates(0, &immediates);
        let [x, y, z] = launch.grid;
        pass.dispatch_workgroups(x, y, z);
    }

    fn pipeline(&self, shader: &Shader) -> (wgpu::ComputePipeline, wgpu::BindGroupLayout) {
        let mut pipelines = self.inner.pipelines.lock().expect("no panic while it is held");
        if let Some(pipeline) = pipelines.get(shader) {
            return pipeline.clone();
        }
        let device = &self.inner.device;
        let module = device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label: Some(shader.name),
            source: wgpu::ShaderSource::Wgsl((&*shader.source).into()),
        });
        let entries: Vec<_> = (0..shader.bindings)
            .map(|binding| wgpu::BindGroupLayoutEntry {
                binding,
                visibility: wgpu::ShaderStages::COMPUTE,
                ty: wgpu::BindingType::Buffer {
                    ty: wgpu::BufferBindingType::Storage { read_only: false },
                    has_dynamic_offset: false,
                    min_binding_size: None,
                },
                count: None,
            })
            .collect();
        let layout = device
            .create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label: None, entries: &entries });
        let pipeline_layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: None,
            bind_group_layouts: &[Some(&layout)],
            immediate_size: shader.immediate_bytes(),
        });
        let pipeline = device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: Some(shader.name),
            layout: Some(&pipeline_layout),
            module: &module,
            entry_point: Some("main"),
            compilation_options: Default::default(),
            cache: None,
        });
        pipelines.insert(shader.clone(), (pipeline.clone(), layout.clone()));
        (pipeline, layout)
    }

    /// Bytes of the buffer after all that was recorded.
    fn read(&mut self, at: u64, bytes: u64) -> Vec<u8> {
        let target = self.inner.device.create_buffer(&wgpu::BufferDescriptor {
            label: None,
            size: bytes,
            usage: wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::MAP_READ,
            mapped_at_creation: false,
        });
        let buffer = self.buffer.clone();
        self.encoder().copy_buffer_to_buffer(&buffer, at, &target, 0, bytes);
        let encoder = self.encoder.take().expect("just made");
        self.inner.queue.submit([encoder.finish()]);
        target.map_async(wgpu::MapMode::Read, .., |result| result.expect("the buffer is mapped"));
        self.inner.device.poll(wgpu::PollType::wait_indefinitely()).expect("the device answers");
        let mapped = target.get_mapped_range(..).expect("it is mapped");
        mapped.to_vec()
    }
}
