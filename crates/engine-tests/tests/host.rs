//! The suite on the host engine, with one thread and with several.

use plan::Engine;

fn engines() -> Vec<Box<dyn Engine>> {
    let engine = |threads| host::HostEngine::new(threads).expect("threads start");
    [1, 3].map(|threads| Box::new(engine(threads)) as Box<dyn Engine>).into()
}

engine_tests::suite!(engines);
