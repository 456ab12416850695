//! The choice of engines: the host's, and that of a GPU where one is to be used.

use std::path::PathBuf;
use std::sync::Arc;

use compiler::{DeviceTarget, Target};
use gpu::features::Features;
use gpu::lower::Context;
use gpu::{Adapter, GpuEngine, Selection};
use host::{Callbacks, HostEngine};
use plan::{DeviceMemory, Engine, Space};

use crate::error::{Error, Result};
use crate::options::{ClientOptions, DeviceChoice};
use crate::platform;
use crate::pool::LARGEST_STEP;

/// The engines of a device.
#[derive(Clone)]
pub struct Engines {
    /// Runs steps of the host.
    pub host: Arc<dyn Engine>,
    /// Runs steps of the device.
    pub device: Option<Arc<dyn Engine>>,
    /// What programs are compiled for.
    pub target: Target,
    /// What the device can do, if it is a GPU that was opened here.
    pub features: Option<Features>,
}

/// What a device will run on, before anything is started.
pub enum Choice {
    /// The host engine alone.
    Host,
    /// A GPU beside it.
    Gpu(Box<Adapter>),
    /// Engines that were made elsewhere.
    Given(Engines),
}

/// Threads that the host engine will use: as many as the process may.
pub fn thread_count() -> usize {
    std::thread::available_parallelism().map_or(1, |count| count.get())
}

impl Choice {
    /// Looks for what the options ask for. Opens nothing.
    ///
    /// # Errors
    /// If they ask for a GPU and there is none.
    pub fn of(options: &ClientOptions) -> Result<Choice> {
        if options.device == DeviceChoice::Host {
            return Ok(Choice::Host);
        }
        let found = gpu::select(&Selection { name: options.adapter.clone() });
        match found {
            Some(adapter) => Ok(Choice::Gpu(Box::new(adapter.deterministic(options.deterministic)))),
            None if options.device == DeviceChoice::Auto && options.adapter.is_none() => Ok(Choice::Host),
            None => {
                let there = match gpu::adapter_names() {
                    names if names.is_empty() => "this machine has none".to_string(),
                    names => format!("there are: {}", names.join(", ")),
                };
                let wanted = match &options.adapter {
                    Some(name) => format!("no GPU has `{name}` in its name (JAX_METALLIB_ADAPTER)"),
                    None => {
                        "no GPU was found (JAX_METALLIB_DEVICE=gpu); software devices are only taken when \
                             JAX_METALLIB_ADAPTER names them"
                            .to_string()
                    }
                };
                Err(Error::NoDevice(format!("{wanted}; {there}").into()))
            }
        }
    }

    /// Name of the engine, for people.
    pub fn engine(&self) -> &'static str {
        match self {
            Choice::Gpu(_) => "gpu",
            Choice::Host | Choice::Given(_) => "host",
        }
    }

    /// What the device is, for people.
    pub fn kind(&self) -> String {
        match self {
            Choice::Gpu(adapter) => adapter.kind(),
            Choice::Host | Choice::Given(_) => {
                let threads = thread_count();
                let s = if threads == 1 { "" } else { "s" };
                format!("host ({}, {threads} thread{s})", platform::processor())
            }
        }
    }

    /// Driver and abilities of the device, for reports; empty for the host.
    pub fn details(&self) -> (String, String) {
        match self {
            Choice::Gpu(adapter) => (adapter.driver(), adapter.abilities()),
            Choice::Host | Choice::Given(_) => Default::default(),
        }
    }

    /// The memory that arrays are put into.
    pub fn space(&self) -> Space {
        match self {
            Choice::Gpu(_) => Space::Device,
            Choice::Host => Space::Host,
            Choice::Given(engines) if engines.device.is_some() => Space::Device,
            Choice::Given(_) => Space::Host,
        }
    }

    /// Starts the engines. Engines that were made elsewhere have their own callbacks.
    ///
    /// # Errors
    /// What the engines say.
    pub fn start(&self, callbacks: Option<Callbacks>) -> Result<Engines> {
        let host = || -> Result<Arc<dyn Engine>> {
            let engine = match callbacks {
                Some(callbacks) => HostEngine::with_callbacks(thread_count(), callbacks),
                None => HostEngine::new(thread_count()),
            };
            Ok(Arc::new(engine.map_err(Error::from_device)?))
        };
        match self {
            Choice::Given(engines) => Ok(engines.clone()),
            Choice::Host => Ok(Engines::of_host(host()?)),
            Choice::Gpu(adapter) => {
                let device = adapter.as_ref().clone().open(cache_folder()).map_err(Error::from_device)?;
                let engine = GpuEngine::new(device).map_err(Error::from_device)?;
                let features = engine.device().features().clone();
                let target = device_target(&features);
                let (device, features) = (Some(Arc::new(engine) as Arc<dyn Engine>), Some(features));
                Ok(Engines { host: host()?, device, target, features })
            }
        }
    }
}

impl Engines {
    /// An engine of the host alone.
    pub fn of_host(host: Arc<dyn Engine>) -> Engines {
        Engines { host, device: None, target: Target::host(), features: None }
    }

    /// The memory that an array of this size is put into when it comes from outside.
    pub fn space_for(&self, bytes: usize) -> Space {
        let fits = |device: &DeviceTarget| bytes <= device.largest_array;
        if self.target.device.as_ref().is_some_and(fits) { Space::Device } else { Space::Host }
    }

    /// The memory of the device.
    ///
    /// # Errors
    /// If there is no device.
    pub fn memory(&self) -> Result<&dyn DeviceMemory> {
        let memory = self.device.as_deref().and_then(Engine::memory);
        memory.ok_or_else(|| Error::Internal("an array is on a device, and there is none".into()))
    }
}

/// What programs are compiled for on a GPU with these features.
pub fn device_target(features: &Features) -> Target {
    // Blocks of memory have sizes in this unit at most.
    let unit = LARGEST_STEP as u64;
    let block = features.max_binding_bytes / unit * unit;
    // What is read back has a few bytes before it.
    let largest = (features.max_buffer_bytes / unit * unit).saturating_sub(unit).max(block);
    let features = features.clone();
    Target::device(DeviceTarget {
        arena_block: block as usize,
        largest_array: largest as usize,
        supports: Arc::new(move |step, types| {
            let context = Context { features: &features, types };
            gpu::lower::lower(step, context).map(|_| ()).map_err(|refusal| refusal.0)
        }),
    })
}

/// Where compiled shaders are kept between processes.
fn cache_folder() -> Option<PathBuf> {
    let folder = std::env::var_os("XDG_CACHE_HOME").map(PathBuf::from);
    let folder = folder.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cache")));
    Some(folder?.join("jax-metallib"))
}
