use engine_tests::convolution::{Case, Layouts, MIXED, NCHW, NHWC, PLAIN, SWAPPED, Sizes, Window};
use plan::StepOp;
use tensor::DType;

use super::{run, small_integers};

fn check(dtype: DType, sizes: Sizes, windows: &[Window], layouts: Layouts) {
    check_case(&Case::new(dtype, sizes, windows, layouts));
}

fn check_case(case: &Case) {
    let dtype = case.params.input;
    let [input, kernel, output] = &case.types;
    let input = small_integers(dtype, &input.dims, 1);
    let kernel = small_integers(dtype, &kernel.dims, 2);
    let op = StepOp::Convolution(case.params.clone());
    let out = run(&op, &[input.clone(), kernel.clone()], std::slice::from_ref(output));
    case.check(&input, &kernel, &out[0], i64::MAX);
}

#[test]
fn strides_padding_and_dilation() {
    let windows = [
        [Window(7, 3, 1, 1, 1, 1, 1, false), Window(6, 3, 1, 1, 1, 1, 1, false)],
        [Window(7, 3, 2, 0, 1, 1, 1, false), Window(6, 2, 3, 2, 2, 1, 1, false)],
        [Window(7, 3, 1, 2, 2, 2, 1, true), Window(6, 3, 1, 1, 2, 3, 1, true)],
        [Window(9, 3, 1, -1, -2, 1, 2, false), Window(8, 2, 2, 3, -1, 2, 3, true)],
        [Window(7, 4, 2, 2, 1, 3, 2, true), Window(5, 4, 2, 3, 4, 4, 2, false)],
        [Window(3, 5, 4, 2, 7, 6, 3, false), Window(6, 3, 3, 1, 5, 2, 1, true)],
        [Window(5, 1, 1, 0, 0, 1, 1, false), Window(6, 1, 1, 0, 0, 1, 1, false)],
        [Window(5, 5, 1, 0, 0, 1, 1, false), Window(4, 4, 1, 0, 0, 1, 1, false)],
        [Window(2, 3, 1, 0, 0, 1, 1, false), Window(6, 1, 1, 0, 0, 1, 1, false)],
        [Window(1, 1, 1, 4, 4, 1, 1, false), Window(3, 0, 1, 0, 0, 1, 1, false)],
    ];
    for layouts in [NHWC, NCHW, SWAPPED, MIXED] {
        for window in &windows {
            check(DType::F32, PLAIN, window, layouts);
        }
    }
}

#[test]
fn groups() {
    let window = [Window(6, 3, 1, 1, 1, 1, 1, false), Window(5, 2, 2, 0, 1, 1, 1, false)];
    for layouts in [NHWC, NCHW, SWAPPED, MIXED] {
        for (features, outputs, feature_groups) in [(4, 4, 2), (40, 40, 40), (6, 12, 6), (6, 2, 2)] {
            check(DType::F32, Sizes { features, outputs, feature_groups, ..PLAIN }, &window, layouts);
        }
        for (batch, outputs, batch_groups) in [(4, 6, 2), (35, 35, 35), (3, 3, 3)] {
            check(DType::F32, Sizes { batch, outputs, batch_groups, ..PLAIN }, &window, layouts);
        }
    }
}

#[test]
fn other_ranks_and_types() {
    let window = Window(6, 3, 1, 1, 1, 1, 1, false);
    for layouts in [NHWC, NCHW, MIXED] {
        for rank in [0, 1, 3] {
            check(DType::F32, PLAIN, &vec![window; rank], layouts);
        }
    }
    for dtype in [DType::F64, DType::BF16, DType::F16, DType::I8, DType::I32, DType::I64, DType::C64] {
        check(dtype, PLAIN, &[window, window], NHWC);
    }
}

#[test]
fn blocks_of_rows_and_terms() {
    let sizes = Sizes { batch: 3, features: 40, outputs: 66, ..PLAIN };
    let window = [Window(9, 3, 1, 1, 1, 1, 1, false), Window(11, 5, 1, 2, 2, 1, 1, false)];
    for layouts in [NHWC, NCHW, SWAPPED] {
        check(DType::F32, sizes, &window, layouts);
    }
    // Few rows and many terms, as gradients of kernels have.
    let sizes = Sizes { batch: 4, features: 30, outputs: 6, ..PLAIN };
    let window = [Window(12, 10, 1, 0, 0, 1, 1, false), Window(13, 11, 1, 1, 0, 1, 1, false)];
    for layouts in [NHWC, NCHW, SWAPPED] {
        check(DType::F32, sizes, &window, layouts);
    }
    // So few that threads share the terms.
    let sizes = Sizes { batch: 1, features: 45, outputs: 3, ..PLAIN };
    for (dtype, layouts) in
        [(DType::F32, NHWC), (DType::F32, NCHW), (DType::BF16, SWAPPED), (DType::C64, NHWC)]
    {
        check(dtype, sizes, &window, layouts);
    }
}

#[test]
fn repeated_features_and_longer_arrays() {
    let window = [Window(7, 3, 2, 0, 1, 1, 1, false), Window(6, 3, 1, 1, 2, 3, 2, true)];
    for layouts in [NHWC, NCHW, SWAPPED, MIXED] {
        for sizes in [PLAIN, Sizes { features: 4, outputs: 4, feature_groups: 4, ..PLAIN }] {
            check_case(&Case::new(DType::F32, sizes, &window, layouts).repeated());
        }
    }
    check_case(&Case::new(DType::C64, PLAIN, &window, NHWC).repeated());
}
