//! One suite of tests for every engine, against the slow evaluator of [`plan::evaluate`].
//!
//! [`suite!`] makes a test of each function here for an engine. Outputs are prefilled with NaN, sizes are
//! odd: 0, 1, around vector lengths, past block sizes.

#![forbid(unsafe_code)]

pub mod access;
pub mod build;
pub mod control;
pub mod convolution;
pub mod elementwise;
pub mod harness;
pub mod products;
pub mod random;
pub mod reduce;
pub mod rows;

/// Makes a `#[test]` of every function of the suite; the expression is a function that gives the engines to test,
/// as `Vec<Box<dyn Engine>>`.
#[macro_export]
macro_rules! suite {
    ($engines:expr) => {
        $crate::suite! { @tests $engines;
            elementwise: chains_at_odd_sizes, every_type, conversions, index_values, fused_pairs,
            nothing_is_taken_apart, several_outputs, keeps_what_it_replaces;
            access: transposes, slices_and_reversals, broadcasts, padding, concatenation, divided_axes, gathers,
                dynamic_slices, conditional_stores, in_place_updates, constants;
            reduce: rows_and_columns, every_type_and_operation, nothing_to_fold, whole_arrays, rows_of_middling_length,
                largest_with_position, first_positions, long_sums_are_accurate, few_long_columns, windows;
            rows: softmax, layer_norm, row_values_in_later_stages, single_long_row;
            control: loops, loops_of_unknown_length, branches, swaps_and_copies, bad_plans_are_errors;
            random: random_kernels;
            products: epilogues, epilogues_of_types, epilogues_in_place;
        }
    };
    (@tests $engines:expr; $($module:ident: $($name:ident),*;)*) => { $(
        mod $module {
            $(
                #[test]
                fn $name() {
                    use super::*;
                    for engine in $engines() {
                        $crate::$module::$name(&*engine);
                    }
                }
            )*
        }
    )* };
}
