//! The GPU engine on the adapter that `JAX_METALLIB_ADAPTER` names, by default Mesa's software Vulkan: the suite of all
//! engines, library steps and control flow against the host engine or plain loops, scalar operations over their
//! ranges. Every shader of a library step that runs is translated for Metal too.
//!
//! Without such an adapter the tests say `SKIPPED` and pass, unless `CI` is set.

mod convolution;
mod cumulative;
mod device;
mod loops;
mod matmul;
mod queue;
mod random;
mod scalar;
mod scatter;
mod select_and_scatter;

/// The suite of all engines.
mod suite {
    use plan::Engine;

    fn engines() -> Vec<Box<dyn Engine>> {
        let engine = crate::device::engine();
        engine.into_iter().map(|engine| Box::new(engine) as Box<dyn Engine>).collect()
    }

    engine_tests::suite!(engines);
}

/// The same where nearly every array is larger than a binding.
mod small_bindings {
    use plan::Engine;

    fn engines() -> Vec<Box<dyn Engine>> {
        let engine = crate::device::small_bindings();
        engine.into_iter().map(|engine| Box::new(engine) as Box<dyn Engine>).collect()
    }

    engine_tests::suite!(engines);
}
