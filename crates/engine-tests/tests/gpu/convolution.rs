//! Convolutions against plain loops.

use std::sync::Arc;

use engine_tests::convolution::{BACKWARD, Case, Layouts, MIXED, NCHW, NHWC, PLAIN, SWAPPED, Sizes, Window};
use engine_tests::harness::{EXACT, assert_agree, small_integers};
use engine_tests::products::{Kind, epilogue};
use gpu::GpuEngine;
use gpu::features::Features;
use gpu::library::convolution::lower_as;
use gpu::library::dot::Choice;
use gpu::library::dot::cooperative::Cooperative;
use gpu::library::dot::tile::Shape;
use gpu::library::fused;
use gpu::lower::Context;
use gpu::scalar::register;
use plan::evaluate::{self, Elements};
use plan::{Fused, Product, StepOp};
use tensor::{DType, Literal};

use crate::device::{check_shaders, engine, run_as, step, tiny_bindings};

const FOURS: Sizes = Sizes { batch: 4, features: 8, outputs: 12, feature_groups: 1, batch_groups: 1 };

/// Runs a convolution and compares it with plain loops.
fn check(dtype: DType, sizes: Sizes, windows: &[Window], layouts: Layouts) {
    check_as(dtype, sizes, windows, layouts, None);
}

/// As `check`, in a given way.
fn check_as(dtype: DType, sizes: Sizes, windows: &[Window], layouts: Layouts, choice: Option<Choice>) {
    check_case(&Case::new(dtype, sizes, windows, layouts), choice);
}

fn check_case(case: &Case, choice: Option<Choice>) {
    let Some(engine) = engine() else { return };
    let out = check_on(&engine, case, choice);
    if !out.ty.is_empty() {
        let dtype = case.params.input;
        let [input, kernel, _] = &case.types;
        let arguments = [small_integers(dtype, &input.dims, 1), small_integers(dtype, &kernel.dims, 2)];
        check_fused(&engine, case, &arguments, &out, choice);
    }
}

/// Runs a convolution on a given engine and compares it with plain loops.
fn check_on(engine: &GpuEngine, case: &Case, choice: Option<Choice>) -> Literal {
    let dtype = case.params.input;
    let [input, kernel, output] = &case.types;
    let arguments = [small_integers(dtype, &input.dims, 1), small_integers(dtype, &kernel.dims, 2)];
    let op = StepOp::Convolution(case.params.clone());
    let lower = |step: &_, context: Context<'_>| lower_as(&case.params, step, context, choice);
    let out = run_as(engine, lower, op, &arguments, output);
    // A few hundred elements of a large result are enough.
    case.check(&arguments[0], &arguments[1], &out, 700);
    out
}

/// Runs a convolution with an epilogue, whose result without it is known.
fn check_fused(
    engine: &GpuEngine,
    case: &Case,
    arguments: &[Literal; 2],
    out: &Literal,
    choice: Option<Choice>,
) {
    let last = out.ty.dims.last().copied().unwrap_or(1);
    let (rows, dtype) = (out.ty.len() as i64 / last, out.ty.dtype);
    let kernel = epilogue(dtype, [1, rows, last], Kind::Layer(dtype));
    let (bias, residual) = (small_integers(dtype, &[last], 3), small_integers(dtype, &[rows * last], 4));
    let inputs: [Elements; 3] = [out, &bias, &residual].map(|literal| literal.scalars().collect());
    let mut expected = [inputs[2].clone()];
    evaluate::kernel(&kernel, &inputs, &mut expected);
    let fused = Fused { product: Product::Convolution(case.params.clone()), epilogue: Arc::new(kernel) };
    let lower = |step: &_, context: Context<'_>| {
        let lowered = fused::lower_as(&fused, step, context, choice)?;
        check_shaders(lowered.clone(), context.features);
        Ok(lowered)
    };
    let arguments = [arguments[0].clone(), arguments[1].clone(), bias, residual];
    let found = run_as(engine, lower, StepOp::Fused(fused.clone()), &arguments, &out.ty);
    let found: Vec<_> = found.scalars().collect();
    assert_agree(&found, &expected[0], EXACT, &format!("{:?}", case.params));
}

/// Checks the shaders of a convolution on a device with these features, if it is done there.
fn check_valid(case: &Case, features: &Features) {
    let step = step(StepOp::Convolution(case.params.clone()));
    if let Ok(lowered) = lower_as(&case.params, &step, Context { features, types: &case.types }, None) {
        check_shaders(lowered, features);
    }
}

#[test]
fn layouts_and_padding() {
    let windows = [Window(7, 3, 1, 1, 1, 1, 1, false), Window(6, 3, 1, 1, 1, 1, 1, false)];
    for layouts in [NHWC, NCHW, BACKWARD, SWAPPED, MIXED] {
        for sizes in [PLAIN, FOURS] {
            check(DType::F32, sizes, &windows, layouts);
        }
    }
}

#[test]
fn strides_dilation_and_reversal() {
    let windows = [
        [Window(9, 3, 2, 0, 1, 1, 1, false), Window(8, 2, 3, 1, 0, 1, 1, false)],
        [Window(5, 3, 1, 2, 2, 2, 1, false), Window(4, 2, 1, 1, 1, 3, 1, true)],
        [Window(9, 3, 1, 2, 2, 1, 2, true), Window(8, 3, 1, -1, -2, 1, 1, false)],
        [Window(5, 2, 3, 3, 2, 2, 3, true), Window(1, 1, 1, 0, 0, 1, 1, false)],
        [Window(6, 1, 1, 0, 0, 1, 1, false), Window(5, 1, 1, 0, 0, 1, 1, false)],
        [Window(6, 1, 2, 0, 0, 1, 1, false), Window(5, 1, 2, 0, 0, 1, 1, false)],
        [Window(3, 2, 1, 4, 4, 5, 1, false), Window(4, 7, 1, 0, 0, 1, 1, false)],
    ];
    for window in windows {
        check(DType::F32, PLAIN, &window, NHWC);
        check(DType::F32, FOURS, &window, BACKWARD);
    }
}

#[test]
fn arrays_larger_than_a_binding() {
    let Some(engine) = tiny_bindings() else { return };
    let check = |dtype, sizes, windows: &[Window], layouts| {
        check_on(&engine, &Case::new(dtype, sizes, windows, layouts), None);
    };
    let same = Window(8, 3, 1, 1, 1, 1, 1, false);
    let odd = Window(7, 3, 1, 1, 1, 1, 1, false);
    let halved = Window(16, 3, 2, 0, 1, 1, 1, false);
    let dilated = Window(8, 3, 1, 1, 2, 2, 1, true);
    for dtype in [DType::F32, DType::BF16, DType::I8] {
        for layouts in [NHWC, NCHW] {
            // By batches, whose images are less than a binding.
            let sizes = Sizes { batch: 40, features: 8, outputs: 16, ..PLAIN };
            for window in [same, halved, dilated] {
                check(dtype, sizes, &[window, same], layouts);
            }
            // By groups, which are the host's where so many bytes do not start at words.
            if dtype == DType::I8 {
                continue;
            }
            let depthwise = Sizes { batch: 2, features: 64, outputs: 64, feature_groups: 64, ..PLAIN };
            check(dtype, depthwise, &[odd, odd], layouts);
        }
        // By positions.
        for long in [Window(1000, 3, 1, 1, 1, 1, 1, false), Window(1000, 3, 2, 0, 1, 1, 2, false)] {
            check(dtype, Sizes { batch: 1, features: 4, outputs: 4, ..PLAIN }, &[long, same], NHWC);
        }
        // By terms, as the gradients of kernels, whose terms are images; by output features.
        let whole = Window(8, 8, 1, 1, 1, 1, 1, false);
        let sizes = Sizes { batch: 8, features: 200, outputs: 16, ..PLAIN };
        check(dtype, sizes, &[whole, whole], SWAPPED);
        check(dtype, Sizes { batch: 1, features: 20, outputs: 64, ..PLAIN }, &[same, same], NCHW);
        let sizes = Sizes { batch: 16, features: 100, outputs: 16, batch_groups: 16, ..PLAIN };
        check(dtype, sizes, &[whole, whole], SWAPPED);
    }
}

#[test]
fn groups() {
    let window = [Window(6, 3, 1, 1, 1, 1, 1, false), Window(5, 2, 2, 0, 1, 1, 1, false)];
    for layouts in [NHWC, NCHW] {
        for (features, outputs, feature_groups) in [(4, 4, 2), (40, 40, 40), (6, 12, 6), (6, 2, 2)] {
            check(DType::F32, Sizes { features, outputs, feature_groups, ..PLAIN }, &window, layouts);
        }
        let depthwise = Sizes { features: 10, outputs: 10, feature_groups: 10, ..PLAIN };
        check(DType::BF16, depthwise, &window, layouts);
        for (batch, outputs, batch_groups) in [(4, 6, 2), (35, 35, 35), (3, 3, 3)] {
            check(DType::F32, Sizes { batch, outputs, batch_groups, ..PLAIN }, &window, layouts);
        }
    }
}

#[test]
fn other_ranks_and_types() {
    let window = Window(6, 3, 1, 1, 1, 1, 1, false);
    for rank in [0, 1, 3] {
        check(DType::F32, PLAIN, &vec![window; rank], NHWC);
    }
    let long = |features: &Features| register(DType::F64, features).is_ok();
    let long = engine().is_some_and(|engine| long(engine.device().features()));
    for dtype in [DType::BF16, DType::F16, DType::I8, DType::I32, DType::F64] {
        if dtype != DType::F64 || long {
            check(dtype, PLAIN, &[window, window], NHWC);
        }
    }
    check(DType::BF16, FOURS, &[window, Window(6, 3, 1, 1, 1, 2, 1, false)], NHWC);
    check(DType::BF16, PLAIN, &[window, Window(6, 3, 1, 1, 1, 2, 1, false)], NHWC);
}

#[test]
fn many_terms_are_shared_among_workgroups() {
    // As gradients of kernels have them.
    let sizes = Sizes { batch: 4, features: 30, outputs: 6, ..PLAIN };
    let window = [Window(12, 10, 1, 0, 0, 1, 1, false), Window(13, 11, 1, 1, 0, 1, 1, false)];
    for layouts in [NHWC, SWAPPED] {
        check(DType::F32, sizes, &window, layouts);
    }
}

#[test]
fn shaders_are_valid_everywhere() {
    let half = Features { float16: true, ..Features::least() };
    let plain = [Window(56, 3, 1, 1, 1, 1, 1, false); 2];
    let dilated = [Window(28, 3, 1, 1, 2, 2, 1, true); 2];
    let sizes = Sizes { batch: 64, features: 64, outputs: 64, ..PLAIN };
    for features in [Features::least(), half] {
        for dtype in [DType::F32, DType::F16, DType::BF16] {
            for layouts in [NHWC, NCHW, BACKWARD, SWAPPED] {
                let depthwise = Sizes { feature_groups: 64, ..sizes };
                for (sizes, window) in [(sizes, plain), (sizes, dilated), (PLAIN, plain), (depthwise, plain)]
                {
                    check_valid(&Case::new(dtype, sizes, &window, layouts), &features);
                }
            }
        }
    }
}

#[test]
fn cooperative_tiles() {
    // The twin runs; the real ones are only read.
    let twin = Cooperative { real: false, half: false, ..Cooperative::sixteen([1, 2], [2, 1], 16, 1) };
    let windows = [Window(7, 3, 2, 1, 1, 1, 1, false), Window(6, 3, 1, 1, 1, 1, 1, false)];
    for (layouts, sizes) in [(NHWC, FOURS), (SWAPPED, FOURS), (NCHW, PLAIN)] {
        let choice = Choice { shape: Shape::Cooperative(twin), parts: 1 };
        check_as(DType::F16, sizes, &windows, layouts, Some(choice));
    }
    for edge in [8, 16] {
        let features = Features {
            float16: true,
            subgroup: Some((32, 32)),
            cooperative_f16: Some(edge),
            workgroup_bytes: if edge == 8 { 32 << 10 } else { 48 << 10 },
            ..Features::least()
        };
        let windows = [Window(28, 3, 1, 1, 1, 1, 1, false); 2];
        for (features_in, layouts) in [(64, NHWC), (64, SWAPPED), (64, BACKWARD), (64, NCHW), (3, NHWC)] {
            let sizes = Sizes { batch: 64, features: features_in, outputs: 64, ..PLAIN };
            check_valid(&Case::new(DType::F16, sizes, &windows, layouts), &features);
        }
    }
}

#[test]
fn repeated_features_and_longer_arrays() {
    let window = [Window(7, 3, 2, 0, 1, 1, 1, false), Window(6, 3, 1, 1, 2, 3, 2, true)];
    for layouts in [NHWC, NCHW, MIXED] {
        for sizes in [PLAIN, FOURS, Sizes { features: 4, outputs: 4, feature_groups: 4, ..PLAIN }] {
            check_case(&Case::new(DType::F32, sizes, &window, layouts).repeated(), None);
        }
    }
}
