//! Pipelines: compiled shaders, each made once, several at a time.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use plan::EngineError;

use crate::device::Device;
use crate::shader::Shader;

/// A compiled shader with the layout of its bindings.
pub(crate) struct Pipeline {
    pub(crate) pipeline: wgpu::ComputePipeline,
    pub(crate) group: wgpu::BindGroupLayout,
}

type Slot = Arc<OnceLock<Result<Arc<Pipeline>, EngineError>>>;

/// All pipelines of a device.
pub(crate) struct Pipelines {
    device: Arc<Device>,
    known: Mutex<HashMap<Arc<Shader>, Slot>>,
    /// By number of bindings.
    layouts: Mutex<HashMap<u32, wgpu::BindGroupLayout>>,
    cache: Option<wgpu::PipelineCache>,
}

impl Pipelines {
    pub(crate) fn new(device: Arc<Device>) -> Self {
        let cache = disk_cache::open(&device);
        Pipelines { device, known: Mutex::default(), layouts: Mutex::default(), cache }
    }

    /// The pipelines of these shaders, in order. New ones are made on several threads.
    pub(crate) fn get(&self, shaders: &[Arc<Shader>]) -> Result<Vec<Arc<Pipeline>>, EngineError> {
        let slots: Vec<Slot> = {
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            shaders.iter().map(|shader| known.entry(shader.clone()).or_default().clone()).collect()
        };
        let missing: Vec<usize> = (0..slots.len()).filter(|&at| slots[at].get().is_none()).collect();
        let next = AtomicUsize::new(0);
        let work = || {
            while let Some(&at) = missing.get(next.fetch_add(1, Ordering::Relaxed)) {
                slots[at].get_or_init(|| self.compile(&shaders[at]).map(Arc::new));
            }
        };
        let threads = std::thread::available_parallelism().map_or(1, |count| count.get());
        std::thread::scope(|scope| {
            for _ in 1..threads.min(missing.len()) {
                scope.spawn(work);
            }
            work();
        });
        if !missing.is_empty()
            && let Some(cache) = &self.cache
        {
            disk_cache::save(&self.device, cache);
        }
        slots.iter().map(|slot| slot.get().expect("all were made").clone()).collect()
    }

    fn compile(&self, shader: &Shader) -> Result<Pipeline, EngineError> {
        let device = &self.device.device;
        let group = self.layout(shader.bindings);
        let made = self.device.scoped(|| {
            let description = wgpu::ShaderModuleDescriptor {
                label: Some(shader.name),
                source: wgpu::ShaderSource::Wgsl(shader.source.as_ref().into()),
            };
            let mut checks = wgpu::ShaderRuntimeChecks::checked();
            checks.bounds_checks = !shader.unchecked;
            checks.force_loop_bounding = !shader.unchecked;
            checks.int_div_checks = !shader.unchecked;
            // SAFETY: a shader is only marked unchecked when its accesses are in bounds, its loops end and its
            // divisors are not zero.
            #[allow(unsafe_code)]
            let module = unsafe { device.create_shader_module_trusted(description, checks) };
            let layout = device.create_pipeline_layout(&wgpu::PipelineLayoutDescriptor {
                label: None,
                bind_group_layouts: &[Some(&group)],
                immediate_size: shader.immediate_bytes(),
            });
            device.create_compute_pipeline(&wgpu::ComputePipelineDescriptor {
                label: Some(shader.name),
                layout: Some(&layout),
                module: &module,
                entry_point: Some("main"),
                compilation_options: wgpu::PipelineCompilationOptions {
                    // Shaders write workgroup memory before they read it.
                    zero_initialize_workgroup_memory: false,
                    ..Default::default()
                },
                cache: self.cache.as_ref(),
            })
        });
        match made {
            Ok(pipeline) => Ok(Pipeline { pipeline, group }),
            Err(error) => Err(EngineError::Failed {
                origin: format!("shader `{}` on {}", shader.name, self.device.kind()),
                reason: error.to_string(),
            }),
        }
    }

    fn layout(&self, bindings: u32) -> wgpu::BindGroupLayout {
        let mut layouts = self.layouts.lock().unwrap_or_else(PoisonError::into_inner);
        let make = || {
            let entry = |binding| wgpu::BindGroupLayoutEntry {
                binding,
                visibility: wgpu::ShaderStages::COMPUTE,
                ty: wgpu::BindingType::Buffer {
                    ty: wgpu::BufferBindingType::Storage { read_only: false },
                    has_dynamic_offset: false,
                    min_binding_size: None,
                },
                count: None,
            };
            let entries: Vec<_> = (0..bindings).map(entry).collect();
            let description = wgpu::BindGroupLayoutDescriptor { label: None, entries: &entries };
            self.device.device.create_bind_group_layout(&description)
        };
        layouts.entry(bindings).or_insert_with(make).clone()
    }
}

/// The driver's compiled code between processes, where the API hands it out (Vulkan).
mod disk_cache {
    use std::fs;
    use std::path::PathBuf;

    use crate::device::Device;

    /// A cache with what earlier processes left for this adapter and driver.
    pub(super) fn open(device: &Device) -> Option<wgpu::PipelineCache> {
        if !device.device.features().contains(wgpu::Features::PIPELINE_CACHE) {
            return None;
        }
        let data = file(device).and_then(|path| fs::read(path).ok());
        let description =
            wgpu::PipelineCacheDescriptor { label: None, data: data.as_deref(), fallback: true };
        // SAFETY: the data was written by `save`; wgpu checks its header, and the file is in the user's own folder.
        #[allow(unsafe_code)]
        let cache = device.scoped(|| unsafe { device.device.create_pipeline_cache(&description) });
        cache.ok()
    }

    /// Writes the cache for later processes. A failure costs them time, nothing else.
    pub(super) fn save(device: &Device, cache: &wgpu::PipelineCache) {
        let (Some(path), Some(data)) = (file(device), cache.get_data()) else { return };
        let Some(folder) = path.parent() else { return };
        let temporary = folder.join(format!("{}.tmp", std::process::id()));
        // Readers never see half a file.
        let written = fs::create_dir_all(folder)
            .and_then(|()| fs::write(&temporary, data))
            .and_then(|()| fs::rename(&temporary, &path));
        if written.is_err() {
            let _ = fs::remove_file(&temporary);
        }
    }

    fn file(device: &Device) -> Option<PathBuf> {
        Some(device.cache_folder()?.join(wgpu::util::pipeline_cache_key(device.info())?))
    }
}
