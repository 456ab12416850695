//! Runs printed operations on a software device.

use std::pin::pin;
use std::sync::OnceLock;
use std::task::{Context, Poll, Waker};

use tensor::DType;
use wgpu::util::DeviceExt;

use crate::features::Features;
use crate::lower::Refusal;
use crate::scalar::{Scalars, register};

/// A device and what it can do.
pub(super) struct Device {
    device: wgpu::Device,
    queue: wgpu::Queue,
    pub(super) features: Features,
}

/// Bytes before each array, so that offsets count.
const LEAD: usize = 64;

/// Elements that a thread computes.
const CHUNK: usize = 4;

/// The software device, opened once; `None` where there is none, which is said, and an error in CI.
pub(super) fn device() -> Option<&'static Device> {
    static DEVICE: OnceLock<Option<Device>> = OnceLock::new();
    let device = DEVICE.get_or_init(open).as_ref();
    if device.is_none() {
        assert!(std::env::var_os("CI").is_none(), "no software Vulkan device");
        println!("SKIPPED: no software Vulkan device");
    }
    device
}

fn open() -> Option<Device> {
    let mut description = wgpu::InstanceDescriptor::new_without_display_handle();
    description.backends = wgpu::Backends::VULKAN;
    let instance = wgpu::Instance::new(description);
    let adapters = wait(instance.enumerate_adapters(wgpu::Backends::VULKAN));
    let adapter = adapters.into_iter().find(|a| a.get_info().device_type == wgpu::DeviceType::Cpu)?;
    let wanted = wgpu::Features::SHADER_F16 | wgpu::Features::SHADER_INT64;
    let description = wgpu::DeviceDescriptor {
        required_features: wgpu::Features::IMMEDIATES | (adapter.features() & wanted),
        required_limits: adapter.limits(),
        ..wgpu::DeviceDescriptor::default()
    };
    let (device, queue) = wait(adapter.request_device(&description)).expect("the device opens");
    let features = Features {
        float16: device.features().contains(wgpu::Features::SHADER_F16),
        int64: device.features().contains(wgpu::Features::SHADER_INT64),
        ..Features::least()
    };
    Some(Device { device, queue, features })
}

/// The result of a future that is ready at once, as those of native devices are.
fn wait<T>(future: impl Future<Output = T>) -> T {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(value) => value,
        Poll::Pending => panic!("native devices answer at once"),
    }
}

/// A shader, and the bytes of the elements that its bindings count in.
pub(super) struct Program {
    pub(super) text: String,
    units: Vec<u32>,
}

/// A shader that applies an expression, printed by `print` from the names of its operands, to arrays of these types.
pub(super) fn shader(
    features: &Features,
    operands: &[DType],
    result: DType,
    print: impl FnOnce(&mut Scalars<'_>, &[&str]) -> Result<String, Refusal>,
) -> Result<Program, Refusal> {
    let mut scalars = Scalars::new(features);
    let names: Vec<String> = (0..operands.len()).map(|i| format!("x{i}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let expression = print(&mut scalars, &names)?;
    let parameters = operands
        .iter()
        .zip(&names)
        .map(|(dtype, name)| Ok(format!("{name}: {}", register(*dtype, features)?.wgsl())));
    let parameters = parameters.collect::<Result<Vec<_>, Refusal>>()?.join(", ");
    let ty = register(result, features)?.wgsl();
    let mut text = format!("fn compute({parameters}) -> {ty} {{ return {expression}; }}\n");
    let mut main = String::new();
    let mut units = Vec::new();
    let arrays = operands.iter().chain([&result]);
    for (at, dtype) in arrays.enumerate() {
        let storage = scalars.storage(*dtype)?;
        let element = storage.element;
        units.push(storage.unit);
        text += &format!("@group(0) @binding({at}) var<storage, read_write> b{at}: array<{element}>;\n");
    }
    let offsets: Vec<String> = (0..=operands.len()).map(|i| format!("at{i}: u32")).collect();
    text += &format!("struct Args {{ {} }}\nvar<immediate> args: Args;\n", offsets.join(", "));
    for element in 0..CHUNK {
        let mut values = Vec::new();
        for (at, dtype) in operands.iter().enumerate() {
            let per_word = scalars.storage(*dtype)?.per_word as usize;
            let step = CHUNK / per_word;
            let word = format!("b{at}[args.at{at} + chunk * {step}u + {}u]", element / per_word);
            values.push(scalars.unpack(*dtype, &word, &format!("{}u", element % per_word))?);
        }
        main += &format!("    let y{element} = compute({});\n", values.join(", "));
    }
    let (out, per_word) = (operands.len(), scalars.storage(result)?.per_word as usize);
    for word in 0..CHUNK / per_word {
        let values: Vec<String> = (0..per_word).map(|lane| format!("y{}", word * per_word + lane)).collect();
        let values: Vec<&str> = values.iter().map(String::as_str).collect();
        let packed = scalars.pack(result, &values)?;
        main += &format!("    b{out}[args.at{out} + chunk * {}u + {word}u] = {packed};\n", CHUNK / per_word);
    }
    let enable = if features.float16 { "enable f16;\n" } else { "" };
    let text = format!(
        "{enable}{text}{}@compute @workgroup_size(64)\n\
         fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) grid: vec3<u32>) {{\n    \
         let chunk = id.y * grid.x * 64u + id.x;\n{main}}}\n",
        scalars.functions.source()
    );
    Ok(Program { text, units })
}

impl Device {
    /// Whether it takes subnormal f32 for zeros.
    pub(super) fn flushes(&self) -> bool {
        let double = shader(&self.features, &[DType::F32], DType::F32, |_, names| {
            Ok(format!("({} * 2.0f)", names[0]))
        });
        let out =
            self.run(&double.expect("all devices can"), &[(DType::F32, &1e-40f32.to_le_bytes())], DType::F32);
        out == [0; 4]
    }

    /// Runs a program of these types on arrays of equal length, given and returned as bytes.
    pub(super) fn run(&self, program: &Program, operands: &[(DType, &[u8])], result: DType) -> Vec<u8> {
        let count = operands[0].1.len() / operands[0].0.size();
        let threads = count.div_ceil(CHUNK).next_multiple_of(64);
        let groups = threads / 64;
        let (x, y) = if groups <= 65535 { (groups, 1) } else { (65535, groups.div_ceil(65535)) };
        let padded = x * y * 64 * CHUNK;
        let usage = wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::COPY_SRC;
        let mut buffers = Vec::new();
        let offsets: Vec<u32> = program.units.iter().map(|unit| LEAD as u32 / unit).collect();
        for (dtype, bytes) in operands.iter().copied().chain([(result, &[][..])]) {
            let mut contents = vec![0u8; LEAD];
            contents.extend_from_slice(bytes);
            contents.resize(LEAD + padded * dtype.size(), 0);
            let description = wgpu::util::BufferInitDescriptor { label: None, contents: &contents, usage };
            buffers.push(self.device.create_buffer_init(&description));
        }
        let module = self.device.create_shader_module(wgpu::ShaderModuleDescriptor {
            label: None,
            source: wgpu::ShaderSource::Wgsl(program.text.as_str().into()),
        });
        let entries: Vec<_> = (0u32..)
            .zip(&buffers)
            .map(|(binding, _)| wgpu::BindGroupLayoutEntry {
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
        let group = self
            .device
            .create_bind_group_layout(&wgpu::BindGroupLayoutDescriptor { label: None, entries: &entries });
        let layout = self.device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
            label: None,
            bind_group_layouts: &[Some(&group)],
            immediate_size: 4 * buffers.len() as u32,
        });
        let pipeline = self.device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
            label: None,
            layout: Some(&layout),
            module: &module,
            entry_point: Some("main"),
            compilation_options: wgpu::PipelineCompilationOptions::default(),
            cache: None,
        });
        let entries: Vec<_> = (0u32..)
            .zip(&buffers)
            .map(|(binding, buffer)| wgpu::BindGroupEntry { binding, resource: buffer.as_entire_binding() })
            .collect();
        let bound = self.device.create_bind_group(&wgpu::BindGroupDescriptor {
            label: None,
            layout: &group,
            entries: &entries,
        });
        let out = buffers.last().expect("an output");
        let copy = self.device.create_buffer(&wgpu::BufferDescriptor {
            label: None,
            size: out.size(),
            usage: wgpu::BufferUsages::COPY_DST | wgpu::BufferUsages::MAP_READ,
            mapped_at_creation: false,
        });
        let mut encoder = self.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
        let mut pass = encoder.begin_compute_pass(&wgpu::ComputePassDescriptor::default());
        pass.set_pipeline(&pipeline);
        pass.set_bind_group(0, &bound, &[]);
        pass.set_immediates(0, bytemuck::cast_slice(&offsets));
        pass.dispatch_workgroups(x as u32, y as u32, 1);
        drop(pass);
        encoder.copy_buffer_to_buffer(out, 0, &copy, 0, out.size());
        self.queue.submit([encoder.finish()]);
        copy.map_async(wgpu::MapMode::Read, .., |mapped| mapped.expect("the result can be read"));
        self.device.poll(wgpu::PollType::wait_indefinitely()).expect("the device finishes");
        let view = copy.get_mapped_range(..).expect("mapped");
        view[LEAD..LEAD + count * result.size()].to_vec()
    }
}
