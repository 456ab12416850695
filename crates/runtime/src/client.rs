//! Clients: where everything begins.

use std::sync::{Arc, OnceLock};
use std::time::Instant;

use plan::{Engine, Plan};

use crate::device::Device;
use crate::error::Result;
use crate::executable::Executable;
use crate::fingerprint::fingerprint;
use crate::fork::Generation;
use crate::log::{Level, log};
use crate::options::{ClientOptions, CompileOptions};
use crate::program::{Origin, Program};
use crate::{compile, engine, limit};

/// Name of the platform, as frameworks register it.
pub const PLATFORM_NAME: &str = "mps";

/// The one kind of memory that a device has.
pub const MEMORY_KIND: &str = "device";

/// A client: one device with its memory and its queue. Clients share nothing.
pub struct Client {
    device: Arc<Device>,
    /// Started with the first program.
    engine: OnceLock<Result<Arc<dyn Engine>>>,
    platform_version: String,
}

impl Client {
    /// A client of its own. Starts no thread.
    pub fn new(options: &ClientOptions) -> Client {
        Client::over(options, OnceLock::new())
    }

    /// A client whose programs run on a given engine.
    pub fn with_engine(options: &ClientOptions, engine: Arc<dyn Engine>) -> Client {
        Client::over(options, OnceLock::from(Ok(engine)))
    }

    fn over(options: &ClientOptions, engine: OnceLock<Result<Arc<dyn Engine>>>) -> Client {
        Generation::watch();
        let limit = options.memory_limit.unwrap_or_else(limit::default_limit);
        let device = Device::new(engine::device_kind(engine::thread_count()), limit);
        Client { device, engine, platform_version: format!("jax-metallib {}", env!("CARGO_PKG_VERSION")) }
    }

    /// The device.
    pub fn device(&self) -> &Arc<Device> {
        &self.device
    }

    /// Name and version of this library: caches of compiled programs depend on it.
    pub fn platform_version(&self) -> &str {
        &self.platform_version
    }

    /// Compiles a program: MLIR bytecode or text of StableHLO.
    pub fn compile(&self, bytes: &[u8], options: &CompileOptions) -> Result<Executable> {
        self.device.made_in().check()?;
        options.check_device_count()?;
        let start = Instant::now();
        let plan = compile::compile(bytes)?;
        let compiled = start.elapsed();
        let fingerprint = fingerprint(&[self.platform_version.as_bytes(), bytes]);
        let source = compile::keeps_source(options).then(|| bytes.into());
        let executable = self.load_plan(plan, Origin { fingerprint, source })?;
        log(Level::Info, || {
            let program = executable.program();
            let steps = program.plan().body.steps.len();
            format!(
                "compiled `{}` to {steps} steps in {compiled:.2?}, prepared in {:.2?}",
                program.name(),
                start.elapsed() - compiled
            )
        });
        Ok(executable)
    }

    /// Loads what [`Program::serialize`] gave, without compiling.
    pub fn load(&self, bytes: &[u8]) -> Result<Executable> {
        self.device.made_in().check()?;
        let (plan, origin) = Program::deserialize(bytes, &self.platform_version)?;
        self.load_plan(plan, origin)
    }

    /// Loads a plan.
    pub fn load_plan(&self, plan: Plan, origin: Origin) -> Result<Executable> {
        let engine = self.engine.get_or_init(engine::start).clone()?;
        let program = Program::new(plan, origin, &*engine, &self.platform_version)?;
        Ok(Executable::new(Arc::new(program), self.device.clone()))
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        if self.device.made_in().forked() {
            // Its threads are gone and its locks may be held for ever: the child lets it be.
            std::mem::forget(self.device.clone());
            std::mem::forget(std::mem::take(&mut self.engine));
        } else {
            self.device.queue().close();
        }
    }
}
