//! The suite on the GPU engine: on the adapter that `JAX_METALLIB_ADAPTER` names, by default Mesa's software Vulkan.
//!
//! Without such an adapter the tests say `SKIPPED` and pass, unless `CI` is set.

use std::sync::OnceLock;

use gpu::{GpuEngine, Selection, adapter_names, select};
use plan::Engine;

/// Clones of one engine: opening a device takes long.
fn engines() -> Vec<Box<dyn Engine>> {
    static ENGINE: OnceLock<Option<GpuEngine>> = OnceLock::new();
    let engine = ENGINE.get_or_init(|| {
        let name = std::env::var("JAX_METALLIB_ADAPTER").unwrap_or_else(|_| "llvmpipe".to_string());
        let adapter = select(&Selection { name: Some(name) })?;
        let device = adapter.open(None).expect("the device opens");
        Some(GpuEngine::new(device).expect("the engine starts"))
    });
    if engine.is_none() {
        let message = format!("no adapter for the GPU engine; there are {:?}", adapter_names());
        assert!(std::env::var_os("CI").is_none(), "{message}");
        eprintln!("SKIPPED: {message}");
    }
    engine.iter().map(|engine| Box::new(engine.clone()) as Box<dyn Engine>).collect()
}

engine_tests::suite!(engines);
