//! The suite on the host engine.

engine_tests::suite!(|threads| host::HostEngine::new(threads).expect("threads start"));
