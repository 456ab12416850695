//! Clients: where everything begins.

use std::sync::Arc;
use std::time::Instant;

use compiler::Target;
use plan::{Engine, Plan, Space};

use crate::device::Device;
use crate::engine::{Choice, Engines};
use crate::error::Result;
use crate::executable::Executable;
use crate::fingerprint::fingerprint;
use crate::fork::Generation;
use crate::log::{Level, log};
use crate::options::{ClientOptions, CompileOptions};
use crate::program::{Origin, Program};
use crate::{compile, limit};

/// Name of the platform, as frameworks register it.
pub const PLATFORM_NAME: &str = "mps";

/// The one kind of memory that a device has.
pub const MEMORY_KIND: &str = "device";

/// A client: one device with its memory and its queue. Clients share nothing.
pub struct Client {
    device: Arc<Device>,
    platform_version: String,
    verify: bool,
}

impl Client {
    /// A client of its own. Starts no thread.
    ///
    /// # Errors
    /// [`Error::NoDevice`](crate::Error) if the options ask for a GPU that is not there.
    pub fn new(options: &ClientOptions) -> Result<Client> {
        Ok(Client::over(options, Choice::of(options)?))
    }

    /// A client whose programs run on a given engine of the host.
    pub fn with_engine(options: &ClientOptions, engine: Arc<dyn Engine>) -> Client {
        Client::over(options, Choice::Given(Engines::of_host(engine)))
    }

    /// A client whose programs are compiled for a target, and run on given engines: one of the host, and one of a device.
    pub fn with_engines(
        options: &ClientOptions,
        host: Arc<dyn Engine>,
        device: Arc<dyn Engine>,
        target: Target,
    ) -> Client {
        let engines = Engines { host, device: Some(device), target, features: None };
        Client::over(options, Choice::Given(engines))
    }

    fn over(options: &ClientOptions, choice: Choice) -> Client {
        Generation::watch();
        let limit = options.memory_limit.unwrap_or_else(limit::default_limit);
        let device = Device::new(choice, limit, options.callbacks);
        // Plans depend on the device: so does what caches keep of them.
        let on = match device.space() {
            Space::Host => String::new(),
            Space::Device => format!(" on {}", device.kind()),
        };
        let platform_version = format!("jax-metallib {}{on}", env!("CARGO_PKG_VERSION"));
        Client { device, platform_version, verify: options.verify }
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
        options.check_names()?;
        let start = Instant::now();
        let plan = compile::compile(bytes, options, self.device.engines()?)?;
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
        let engines = self.device.engines()?;
        let program = Program::new(plan, origin, engines, &self.platform_version, self.verify)?;
        Ok(Executable::new(Arc::new(program), self.device.clone()))
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        if self.device.made_in().forked() {
            // Its threads are gone and its locks may be held for ever: the child lets it be.
            std::mem::forget(self.device.clone());
        } else {
            self.device.queue().close();
        }
    }
}
