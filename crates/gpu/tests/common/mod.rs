//! A bare device that runs lowered steps on arrays, for tests and benchmarks of shaders.

#![allow(dead_code, reason = "each user needs a part")]

use std::collections::HashMap;
use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex, OnceLock};
use std::task::{Context, Poll, Waker};

use gpu::command::{Bound, Command, Launch, Memory};
use gpu::features::Features;
use gpu::lower::Lowered;
use gpu::shader::Shader;
use gpu::translate::translate;
use tensor::{DType, Literal, Scalar, TensorType};

/// Bytes before and after each array, to see that they are left alone.
const MARGIN: u64 = 64;

/// An open device.
pub struct Device {
    pub device: wgpu::Device,
    pub queue: wgpu::Queue,
    pub name: String,
    pub features: Features,
    pipelines: Mutex<HashMap<Arc<Shader>, wgpu::ComputePipeline>>,
}

/// Arrays of a step on the device.
pub struct Arrays {
    slots: Vec<wgpu::Buffer>,
    lengths: Vec<u64>,
    scratch: wgpu::Buffer,
    tables: wgpu::Buffer,
}

fn block_on<F: Future>(future: F) -> F::Output {
    let mut future = pin!(future);
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            return value;
        }
        std::thread::yield_now();
    }
}

/// The software device; `None`, after a visible word, where there is none (an error if `CI` is set).
pub fn software() -> Option<&'static Device> {
    static DEVICE: OnceLock<Option<Device>> = OnceLock::new();
    let device = DEVICE.get_or_init(|| open(|info| info.device_type == wgpu::DeviceType::Cpu)).as_ref();
    if device.is_none() {
        assert!(std::env::var_os("CI").is_none(), "no software Vulkan device");
        eprintln!("SKIPPED: no software Vulkan device");
    }
    device
}

/// Opens the first adapter that is wanted.
pub fn open(wanted: impl Fn(&wgpu::AdapterInfo) -> bool) -> Option<Device> {
    let mut description = wgpu::InstanceDescriptor::new_without_display_handle();
    description.backends = wgpu::Backends::VULKAN | wgpu::Backends::METAL;
    description.flags = wgpu::InstanceFlags::empty();
    let instance = wgpu::Instance::new(description);
    let adapters = block_on(instance.enumerate_adapters(wgpu::Backends::all()));
    let adapter = adapters.into_iter().find(|adapter| wanted(&adapter.get_info()))?;
    let optional = wgpu::Features::SHADER_F16
        | wgpu::Features::SHADER_INT64
        | wgpu::Features::SUBGROUP
        | wgpu::Features::EXPERIMENTAL_COOPERATIVE_MATRIX;
    let features = wgpu::Features::IMMEDIATES | adapter.features() & optional;
    let limits = adapter.limits();
    // SAFETY: cooperative matrices are used within the arrays.
    #[allow(unsafe_code)]
    let experimental = unsafe { wgpu::ExperimentalFeatures::enabled() };
    let (device, queue) = block_on(adapter.request_device(&wgpu::DeviceDescriptor {
        required_features: features,
        required_limits: limits.clone(),
        experimental_features: experimental,
        ..Default::default()
    }))
    .expect("the device opens");
    let info = adapter.get_info();
    let half = wgpu::CooperativeScalarType::F16;
    let single = wgpu::CooperativeScalarType::F32;
    let cooperative = if features.contains(wgpu::Features::EXPERIMENTAL_COOPERATIVE_MATRIX) {
        let all = adapter.cooperative_matrix_properties();
        let fitting = all.into_iter().filter(|kind| {
            kind.ab_type == half
                && kind.cr_type == single
                && kind.m_size == kind.n_size
                && kind.n_size == kind.k_size
        });
        fitting.map(|kind| kind.m_size).max()
    } else {
        None
    };
    let features = Features {
        float16: features.contains(wgpu::Features::SHADER_F16),
        int64: features.contains(wgpu::Features::SHADER_INT64),
        subgroup: features
            .contains(wgpu::Features::SUBGROUP)
            .then_some((info.subgroup_min_size, info.subgroup_max_size)),
        cooperative_f16: cooperative,
        max_bindings: limits.max_storage_buffers_per_shader_stage.min(29),
        max_binding_bytes: limits.max_storage_buffer_binding_size,
        workgroup_bytes: limits.max_compute_workgroup_storage_size,
        workgroup_threads: limits.max_compute_invocations_per_workgroup,
        max_grid: limits.max_compute_workgroups_per_dimension,
        ..Features::least()
    };
    Some(Device { device, queue, name: info.name, features, pipelines: Mutex::default() })
}

impl Device {
    /// The pipeline of a shader.
    pub fn pipeline(&self, shader: &Arc<Shader>) -> wgpu::ComputePipeline {
        if let Some(pipeline) = self.pipelines.lock().expect("no panic").get(shader) {
            return pipeline.clone();
        }
        let description = wgpu::ShaderModuleDescriptor {
            label: Some(shader.name),
            source: wgpu::ShaderSource::Wgsl((&*shader.source).into()),
        };
        let checks = match shader.unchecked {
            true => wgpu::ShaderRuntimeChecks::unchecked(),
            false => wgpu::ShaderRuntimeChecks::checked(),
        };
        // SAFETY: what the tests test.
        #[allow(unsafe_code)]
        let module = unsafe { self.device.create_shader_module_trusted(description, checks) };
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
        let bindings = self
            .device
            .create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label: None, entries: &entries });
        let layout = self.device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: None,
            bind_group_layouts: &[Some(&bindings)],
            immediate_size: shader.immediate_bytes(),
        });
        let pipeline = self.device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: Some(shader.name),
            layout: Some(&layout),
            module: &module,
            entry_point: Some("main"),
            compilation_options: wgpu::PipelineCompilationOptions {
                zero_initialize_workgroup_memory: false,
                ..Default::default()
            },
            cache: None,
        });
        self.pipelines.lock().expect("no panic").insert(shader.clone(), pipeline.clone());
        pipeline
    }

    fn buffer(&self, bytes: u64) -> wgpu::Buffer {
        self.device.create_buffer(&wgpu::BufferDescriptor {
            label: None,
            size: bytes,
            usage: wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        })
    }

    /// Places arrays; margins, padding and scratch are filled with 0xa5.
    pub fn place(&self, lowered: &Lowered, slots: &[&[u8]]) -> Arrays {
        let filled = |bytes: u64, content: &[u8]| {
            let mut all = vec![0xa5; bytes as usize];
            all[MARGIN as usize..MARGIN as usize + content.len()].copy_from_slice(content);
            let buffer = self.buffer(bytes);
            self.queue.write_buffer(&buffer, 0, &all);
            buffer
        };
        let size = |bytes: usize| (bytes as u64).next_multiple_of(64) + 2 * MARGIN;
        let scratch = lowered.scratch_bytes as usize;
        Arrays {
            slots: slots.iter().map(|slot| filled(size(slot.len()), slot)).collect(),
            lengths: slots.iter().map(|slot| slot.len() as u64).collect(),
            scratch: filled(size(scratch), &vec![0xa5; scratch]),
            tables: filled(size(lowered.tables.len()), &lowered.tables),
        }
    }

    /// Records the commands, launches only.
    pub fn record(&self, pass: &mut wgpu::ComputePass<'_>, lowered: &Lowered, arrays: &Arrays) {
        for command in &lowered.commands {
            let Command::Launch(launch) = command else { panic!("only launches are recorded") };
            self.launch(pass, launch, arrays);
        }
    }

    fn launch(&self, pass: &mut wgpu::ComputePass<'_>, launch: &Launch, arrays: &Arrays) {
        assert_eq!(launch.bindings.len(), launch.shader.bindings as usize);
        assert_eq!(launch.parameters.len(), launch.shader.parameters as usize);
        let pipeline = self.pipeline(&launch.shader);
        let place = |bound: &Bound| match bound.memory {
            Memory::Slot(slot) => (&arrays.slots[slot.index()], 0),
            Memory::Scratch(offset) => (&arrays.scratch, offset),
            Memory::Table(offset) => (&arrays.tables, offset),
        };
        let entries: Vec<_> = launch
            .bindings
            .iter()
            .zip(0..)
            .map(|(bound, binding)| wgpu::BindGroupEntry {
                binding,
                resource: place(bound).0.as_entire_binding(),
            })
            .collect();
        let group = self.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: None,
            layout: &pipeline.get_bind_group_layout(0),
            entries: &entries,
        });
        let offsets =
            launch.bindings.iter().map(|bound| ((place(bound).1 + MARGIN) / u64::from(bound.unit)) as u32);
        let words: Vec<u32> = offsets.chain(launch.parameters.iter().copied()).collect();
        pass.set_pipeline(&pipeline);
        pass.set_bind_group(0, &group, &[]);
        pass.set_immediates(0, bytemuck::cast_slice(&words));
        let [x, y, z] = launch.grid;
        pass.dispatch_workgroups(x, y, z);
    }

    /// Waits for everything submitted.
    pub fn wait(&self) {
        self.device.poll(wgpu::PollType::wait_indefinitely()).expect("the device works");
    }

    /// The array of a slot; its margins are checked.
    pub fn read(&self, arrays: &Arrays, slot: usize) -> Vec<u8> {
        let from = &arrays.slots[slot];
        let staging = self.device.create_buffer(&wgpu::BufferDescriptor {
            label: None,
            size: from.size(),
            usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
            mapped_at_creation: false,
        });
        let mut encoder = self.device.create_command_encoder(&Default::default());
        encoder.copy_buffer_to_buffer(from, 0, &staging, 0, from.size());
        self.queue.submit([encoder.finish()]);
        staging.slice(..).map_async(wgpu::MapMode::Read, |result| result.expect("the buffer maps"));
        self.wait();
        let bytes = staging.slice(..).get_mapped_range().expect("the buffer is mapped").to_vec();
        let (start, end) = (MARGIN as usize, (MARGIN + arrays.lengths[slot]) as usize);
        assert!(bytes[..start].iter().all(|&byte| byte == 0xa5), "written before the array");
        let padded = start + (end - start).next_multiple_of(64);
        assert!(bytes[padded..].iter().all(|&byte| byte == 0xa5), "written after the array");
        bytes[start..end].to_vec()
    }

    /// Runs a step and gives its last array.
    pub fn run(&self, lowered: &Lowered, slots: &[&[u8]]) -> Vec<u8> {
        let arrays = self.place(lowered, slots);
        let mut encoder = self.device.create_command_encoder(&Default::default());
        {
            let mut pass = encoder.begin_compute_pass(&Default::default());
            self.record(&mut pass, lowered, &arrays);
        }
        self.queue.submit([encoder.finish()]);
        self.read(&arrays, slots.len() - 1)
    }
}

/// Small pseudo-random integers, exact in every type.
pub fn small_integers(dtype: DType, len: i64, seed: u64) -> Literal {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let low = if matches!(dtype, DType::U8 | DType::U16 | DType::U32) { 0 } else { -3 };
    let scalars = (0..len).map(|_| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        Scalar::from_i64(dtype, ((state >> 33) % 7) as i64 + low)
    });
    Literal::from_scalars(TensorType::new(dtype, [len]), scalars)
}

/// Shaders of a step.
pub fn shaders(lowered: &Lowered) -> Vec<Arc<Shader>> {
    let launches = lowered.commands.iter().filter_map(|command| match command {
        Command::Launch(launch) => Some(launch.shader.clone()),
        _ => None,
    });
    launches.collect()
}

/// Checks that a shader is valid, has the interface it says, and translates to SPIR-V and MSL, within Metal's limits
/// of memory if `metal`.
pub fn check_shader(shader: &Shader, metal: bool) {
    let translated = translate(shader).unwrap_or_else(|error| panic!("{error}\n{}", shader.source));
    let least = Features::least();
    assert!(shader.bindings <= least.max_bindings && shader.immediate_bytes() <= least.immediate_bytes);
    assert!(translated.workgroup_threads <= least.workgroup_threads);
    let bytes = translated.workgroup_bytes;
    assert!(
        !metal || bytes <= least.workgroup_bytes,
        "{} uses {bytes} bytes of workgroup memory",
        shader.name
    );
}
