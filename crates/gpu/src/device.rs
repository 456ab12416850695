//! Adapters and the device made of one.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use plan::EngineError;
use wgpu::{Backends, DeviceType};

use crate::features::Features;
use crate::memory::LARGEST_BUFFER;

/// Which adapter is wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Selection {
    /// A part of its name, of any case. Without one, the first real GPU: discrete ones before integrated ones.
    /// Software devices are taken only when named.
    pub name: Option<String>,
}

/// An adapter of this machine.
#[derive(Clone)]
pub struct Adapter {
    adapter: wgpu::Adapter,
    info: wgpu::AdapterInfo,
    deterministic: bool,
    binding_limit: u64,
}

/// An open device with its queue.
pub struct Device {
    pub(crate) device: wgpu::Device,
    pub(crate) queue: wgpu::Queue,
    info: wgpu::AdapterInfo,
    features: Features,
    cache_folder: Option<PathBuf>,
    failure: Arc<OnceLock<String>>,
}

/// The way to the drivers, opened once and never closed: a driver that is unloaded leaves functions behind that the end
/// of the process calls (NVIDIA's does).
fn instance() -> &'static wgpu::Instance {
    static INSTANCE: OnceLock<wgpu::Instance> = OnceLock::new();
    INSTANCE.get_or_init(|| {
        let mut description = wgpu::InstanceDescriptor::new_without_display_handle();
        description.backends = Backends::METAL | Backends::VULKAN;
        // Shaders and indirect launches are made here: wgpu need not check them again at run time.
        description.flags = wgpu::InstanceFlags::empty();
        wgpu::Instance::new(description)
    })
}

/// Adapters that can run the engine, best first.
fn adapters() -> Vec<Adapter> {
    let found = pollster::block_on(instance().enumerate_adapters(Backends::METAL | Backends::VULKAN));
    let mut adapters: Vec<Adapter> = found
        .into_iter()
        .filter(|adapter| adapter.features().contains(wgpu::Features::IMMEDIATES))
        .map(|adapter| Adapter {
            info: adapter.get_info(),
            adapter,
            deterministic: false,
            binding_limit: u64::MAX,
        })
        .collect();
    adapters.sort_by_key(|adapter| match adapter.info.device_type {
        DeviceType::DiscreteGpu => 0,
        DeviceType::IntegratedGpu => 1,
        DeviceType::VirtualGpu => 2,
        DeviceType::Other => 3,
        DeviceType::Cpu => 4,
    });
    adapters
}

/// The adapter that fits a selection; `None` if there is none.
pub fn select(selection: &Selection) -> Option<Adapter> {
    let name = selection.name.as_ref().map(|name| name.to_lowercase());
    adapters().into_iter().find(|adapter| match &name {
        Some(name) => adapter.info.name.to_lowercase().contains(name),
        None => adapter.info.device_type != DeviceType::Cpu,
    })
}

/// Names of all adapters, for messages.
pub fn adapter_names() -> Vec<String> {
    adapters().iter().map(Adapter::kind).collect()
}

impl Adapter {
    /// The adapter, whose device is to give the same bits in every run, or not: [`Features::deterministic`].
    pub fn deterministic(self, wanted: bool) -> Self {
        Adapter { deterministic: wanted, ..self }
    }

    /// The adapter, as if one binding took no more than so many bytes: so that small arrays are bound in windows.
    pub fn binding_at_most(self, bytes: u64) -> Self {
        Adapter { binding_limit: bytes, ..self }
    }

    /// What the device is, for people: `NVIDIA H200 (Vulkan)`.
    pub fn kind(&self) -> String {
        kind(&self.info)
    }

    /// The driver with its version, for reports.
    pub fn driver(&self) -> String {
        format!("{} {}", self.info.driver, self.info.driver_info).trim().to_string()
    }

    /// What the device can do beyond what every supported one can, for reports.
    pub fn abilities(&self) -> String {
        let names = [
            (wgpu::Features::SHADER_F16, "float16"),
            (wgpu::Features::SHADER_F64, "float64"),
            (wgpu::Features::SHADER_INT64, "int64"),
            (wgpu::Features::SHADER_INT64_ATOMIC_ALL_OPS, "int64 atomics"),
            (wgpu::Features::SHADER_FLOAT32_ATOMIC, "float32 atomics"),
            (wgpu::Features::SUBGROUP, "subgroups"),
            (wgpu::Features::EXPERIMENTAL_COOPERATIVE_MATRIX, "cooperative matrices"),
        ];
        let there = self.adapter.features();
        let names = names.into_iter().filter(|(feature, _)| there.contains(*feature));
        names.map(|(_, name)| name).collect::<Vec<_>>().join(", ")
    }

    /// Opens the device. Compiled shaders are kept in a folder between processes, if one is given.
    ///
    /// # Errors
    /// [`EngineError::Failed`] with what the driver says.
    pub fn open(self, cache_folder: Option<PathBuf>) -> Result<Device, EngineError> {
        let available = self.adapter.features();
        let wanted = wgpu::Features::IMMEDIATES
            | available
                & (wgpu::Features::SHADER_F16
                    | wgpu::Features::SHADER_F64
                    | wgpu::Features::SHADER_INT64
                    | wgpu::Features::SHADER_INT64_ATOMIC_ALL_OPS
                    | wgpu::Features::SHADER_FLOAT32_ATOMIC
                    | wgpu::Features::SUBGROUP
                    | wgpu::Features::PIPELINE_CACHE
                    | wgpu::Features::EXPERIMENTAL_COOPERATIVE_MATRIX
                    | wgpu::Features::TIMESTAMP_QUERY);
        // SAFETY: cooperative matrices are the only experimental feature asked for. Their loads and stores are not
        // checked for bounds: the matrix shaders do that by construction.
        #[allow(unsafe_code)]
        let experimental = unsafe { wgpu::ExperimentalFeatures::enabled() };
        let description = wgpu::DeviceDescriptor {
            label: Some("jax-metallib"),
            required_features: wanted,
            required_limits: self.adapter.limits(),
            experimental_features: experimental,
            memory_hints: wgpu::MemoryHints::Performance,
            trace: wgpu::Trace::Off,
        };
        let opened = pollster::block_on(self.adapter.request_device(&description));
        let (device, queue) = opened.map_err(|error| EngineError::Failed {
            origin: kind(&self.info),
            reason: format!("the device cannot be opened: {error}"),
        })?;
        let failure = Arc::new(OnceLock::new());
        let lost = failure.clone();
        device.set_device_lost_callback(move |_, message| {
            let _ = lost.set(format!("the device was lost: {message}"));
        });
        let wrong = failure.clone();
        device.on_uncaptured_error(Arc::new(move |error: wgpu::Error| {
            let _ = wrong.set(format!("the device refused work: {error}"));
        }));
        let mut features = features(&device, &self.adapter, &self.info);
        features.deterministic = self.deterministic;
        features.max_binding_bytes = features.max_binding_bytes.min(self.binding_limit);
        Ok(Device { device, queue, info: self.info, features, cache_folder, failure })
    }
}

impl Device {
    /// What the device is, for people.
    pub fn kind(&self) -> String {
        kind(&self.info)
    }

    /// What it can do.
    pub fn features(&self) -> &Features {
        &self.features
    }

    pub(crate) fn cache_folder(&self) -> Option<&Path> {
        self.cache_folder.as_deref()
    }

    pub(crate) fn info(&self) -> &wgpu::AdapterInfo {
        &self.info
    }

    /// An error once the device is lost or has refused work: from then on nothing that it gives may be believed.
    pub(crate) fn check(&self) -> Result<(), EngineError> {
        match self.failure.get() {
            None => Ok(()),
            Some(reason) => Err(self.failed(reason)),
        }
    }

    /// Declares the device unusable from now on.
    pub(crate) fn fail(&self, reason: &str) {
        let _ = self.failure.set(reason.to_string());
    }

    /// An error of this device.
    pub(crate) fn failed(&self, reason: &str) -> EngineError {
        EngineError::Failed { origin: self.kind(), reason: reason.to_string() }
    }

    /// Calls `f` and returns what the device finds wrong with it.
    pub(crate) fn scoped<T>(&self, f: impl FnOnce() -> T) -> Result<T, wgpu::Error> {
        let memory = self.device.push_error_scope(wgpu::ErrorFilter::OutOfMemory);
        let internal = self.device.push_error_scope(wgpu::ErrorFilter::Internal);
        let validation = self.device.push_error_scope(wgpu::ErrorFilter::Validation);
        let value = f();
        let found = [validation, internal, memory].map(|scope| pollster::block_on(scope.pop()));
        found.into_iter().flatten().next().map_or(Ok(value), Err)
    }
}

fn kind(info: &wgpu::AdapterInfo) -> String {
    let backend = match info.backend {
        wgpu::Backend::Metal => "Metal",
        wgpu::Backend::Vulkan => "Vulkan",
        _ => "other",
    };
    format!("{} ({backend})", info.name)
}

fn features(device: &wgpu::Device, adapter: &wgpu::Adapter, info: &wgpu::AdapterInfo) -> Features {
    let (has, limits) = (device.features(), device.limits());
    let metal = info.backend == wgpu::Backend::Metal;
    let cooperative = |scalar: wgpu::CooperativeScalarType| {
        let tiles = match has.contains(wgpu::Features::EXPERIMENTAL_COOPERATIVE_MATRIX) {
            true => adapter.cooperative_matrix_properties(),
            false => Vec::new(),
        };
        let fits = |tile: &wgpu::CooperativeMatrixProperties| {
            let square = tile.m_size == tile.n_size && tile.n_size == tile.k_size;
            square && tile.ab_type == scalar && tile.cr_type == wgpu::CooperativeScalarType::F32
        };
        tiles.iter().filter(|tile| fits(tile)).map(|tile| tile.m_size).max()
    };
    // Metal's own limits for all vendors are 4 and 64; SIMD groups of Apple's GPUs have 32 threads (Metal feature set tables).
    let subgroup = match metal && info.name.starts_with("Apple") {
        true => (32, 32),
        false => (info.subgroup_min_size, info.subgroup_max_size),
    };
    // Metal has 31 argument slots; wgpu takes one for the immediates and one for the sizes of buffers.
    let most_bindings = if metal { 29 } else { u32::MAX };
    Features {
        float16: has.contains(wgpu::Features::SHADER_F16),
        float64: has.contains(wgpu::Features::SHADER_F64) && !metal,
        int64: has.contains(wgpu::Features::SHADER_INT64),
        int64_atomics: has.contains(wgpu::Features::SHADER_INT64_ATOMIC_ALL_OPS),
        float32_atomics: has.contains(wgpu::Features::SHADER_FLOAT32_ATOMIC),
        subgroup: has.contains(wgpu::Features::SUBGROUP).then_some(subgroup),
        cooperative_f16: cooperative(wgpu::CooperativeScalarType::F16),
        cooperative_f32: cooperative(wgpu::CooperativeScalarType::F32),
        max_bindings: limits.max_storage_buffers_per_shader_stage.min(most_bindings),
        max_binding_bytes: limits.max_storage_buffer_binding_size,
        max_buffer_bytes: limits.max_buffer_size.min(LARGEST_BUFFER),
        workgroup_bytes: limits.max_compute_workgroup_storage_size,
        workgroup_threads: limits.max_compute_invocations_per_workgroup,
        immediate_bytes: limits.max_immediate_size,
        max_grid: limits.max_compute_workgroups_per_dimension,
        deterministic: false,
    }
}
