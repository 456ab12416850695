//! The GPU engine on the adapter that `JAX_METALLIB_ADAPTER` names, by default Mesa's software Vulkan: the suite of all
//! engines, library steps and control flow against the host engine or plain loops, scalar operations over their
//! ranges. Every shader of a library step that runs is translated for Metal too.
//!
//! Without such an adapter the tests say `SKIPPED` and pass, unless `CI` is set.

mod convolution;
mod cumulative;
mod device;
mod fused;
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

/// Folds where subgroups may be larger than the device promises.
mod any_subgroups {
    use plan::Engine;

    fn engines() -> Vec<Box<dyn Engine>> {
        let engine = crate::device::any_subgroups();
        engine.into_iter().map(|engine| Box::new(engine) as Box<dyn Engine>).collect()
    }

    engine_tests::suite! { @tests engines;
        reduce: rows_and_columns, largest_with_position, first_positions;
        rows: softmax, layer_norm;
    }
}

/// What needs no array as a whole, where nearly every one is larger than a binding.
mod tiny_bindings {
    use plan::Engine;

    fn engines() -> Vec<Box<dyn Engine>> {
        let engine = crate::device::tiny_bindings();
        engine.into_iter().map(|engine| Box::new(engine) as Box<dyn Engine>).collect()
    }

    engine_tests::suite! { @tests engines;
        elementwise: chains_at_odd_sizes, every_type, conversions, index_values, fused_pairs,
            nothing_is_taken_apart, several_outputs;
        access: transposes, slices_and_reversals, broadcasts, padding, concatenation, divided_axes, gathers,
            dynamic_slices, conditional_stores, in_place_updates, constants;
        reduce: rows_and_columns, every_type_and_operation, nothing_to_fold, whole_arrays, windows;
        rows: row_values_in_later_stages;
        control: loops, loops_of_unknown_length, branches, swaps_and_copies;
    }
}

/// The suite where many arrays are larger than a binding.
mod small_bindings {
    use plan::Engine;

    fn engines() -> Vec<Box<dyn Engine>> {
        let engine = crate::device::small_bindings();
        engine.into_iter().map(|engine| Box::new(engine) as Box<dyn Engine>).collect()
    }

    // All but a few whose folds take more bindings than a shader has, and what the module above has.
    engine_tests::suite! { @tests engines;
        elementwise: chains_at_odd_sizes, every_type, conversions, index_values, fused_pairs,
            nothing_is_taken_apart, several_outputs;
        access: transposes, gathers, in_place_updates;
        reduce: rows_and_columns, nothing_to_fold, whole_arrays, largest_with_position, windows;
        rows: softmax, layer_norm, row_values_in_later_stages, single_long_row;
        random: random_kernels;
    }
}
