use ops::BinaryOp;
use ops::scalar::{eval_binary, eval_convert};
use plan::StepOp;
use plan::library::{Convolution, ConvolutionDim};
use tensor::{DType, Indices, Literal, Scalar, TensorType, row_major_strides};

use super::{run, small_integers};

/// Sizes of a convolution, a window dimension each: input, kernel, stride, low and high padding, input and
/// kernel dilation, reversal.
#[derive(Clone, Copy)]
struct Window(i64, i64, i64, i64, i64, i64, i64, bool);

impl Window {
    fn output(self) -> i64 {
        let Window(input, kernel, stride, low, high, input_dilation, kernel_dilation, _) = self;
        let span = if input == 0 { 0 } else { (input - 1) * input_dilation + 1 };
        let window = if kernel == 0 { 0 } else { (kernel - 1) * kernel_dilation + 1 };
        if window > span + low + high { 0 } else { (span + low + high - window) / stride + 1 }
    }
}

/// Order of batch (b), feature (f; of kernels i, o) and spatial (0, 1, ...) dimensions in the three arrays.
type Layouts = [&'static str; 3];

/// Feature and batch groups.
#[derive(Clone, Copy)]
struct Sizes {
    batch: i64,
    features: i64,
    outputs: i64,
    feature_groups: i64,
    batch_groups: i64,
}

const PLAIN: Sizes = Sizes { batch: 2, features: 3, outputs: 5, feature_groups: 1, batch_groups: 1 };

/// Strides in the order of `names`, and dimensions as laid out.
fn lay_out(layout: &str, names: &str, sizes: &[i64]) -> (Vec<i64>, Vec<i64>) {
    let size = |name: char| sizes[names.find(name).expect("a known dimension")];
    let dims: Vec<i64> = layout.chars().map(size).collect();
    let strides = row_major_strides(&dims);
    let stride = |name: char| strides[layout.find(name).expect("a dimension of the layout")];
    (names.chars().map(stride).collect(), dims)
}

fn check(dtype: DType, sizes: Sizes, windows: &[Window], layouts: Layouts) {
    let Sizes { batch, features, outputs, feature_groups, batch_groups } = sizes;
    let names: String = ('0'..).take(windows.len()).collect();
    let collect = |first: [i64; 2], size: fn(&Window) -> i64| -> Vec<i64> {
        first.into_iter().chain(windows.iter().map(size)).collect()
    };
    let layout = |layout: &str| {
        layout.chars().filter(|c| !c.is_ascii_digit() || names.contains(*c)).collect::<String>()
    };
    let (input_strides, input_dims) =
        lay_out(&layout(layouts[0]), &format!("bf{names}"), &collect([batch, features], |w| w.0));
    let kernel_features = features / feature_groups;
    let (kernel_strides, kernel_dims) =
        lay_out(&layout(layouts[1]), &format!("io{names}"), &collect([kernel_features, outputs], |w| w.1));
    let output_batch = batch / batch_groups;
    let output_sizes = collect([output_batch, outputs], |w| w.output());
    let (output_strides, output_dims) = lay_out(&layout(layouts[2]), &format!("bf{names}"), &output_sizes);
    let spatial = windows.iter().enumerate().map(|(d, window)| {
        let &Window(input, kernel, stride, pad_low, pad_high, input_dilation, kernel_dilation, reverse) =
            window;
        ConvolutionDim {
            input,
            kernel,
            output: window.output(),
            stride,
            pad_low,
            pad_high,
            input_dilation,
            kernel_dilation,
            reverse,
            input_stride: input_strides[2 + d],
            kernel_stride: kernel_strides[2 + d],
            output_stride: output_strides[2 + d],
        }
    });
    let params = Convolution {
        input: dtype,
        kernel: dtype,
        output: dtype,
        batch: (batch, input_strides[0]),
        input_features: (features, input_strides[1]),
        kernel_input_features: (kernel_features, kernel_strides[0]),
        kernel_output_features: (outputs, kernel_strides[1]),
        output_batch: (output_batch, output_strides[0]),
        output_features: (outputs, output_strides[1]),
        feature_groups,
        batch_groups,
        spatial: spatial.collect(),
    };
    let input = small_integers(dtype, &input_dims, 1);
    let kernel = small_integers(dtype, &kernel_dims, 2);
    let ty = TensorType::new(dtype, output_dims);
    let out = run(&StepOp::Convolution(params), &[input.clone(), kernel.clone()], std::slice::from_ref(&ty));

    let sum_type = if dtype.is_float() { DType::F64 } else { dtype };
    let at =
        |index: &[i64], strides: &[i64]| index.iter().zip(strides).map(|(i, s)| i * s).sum::<i64>() as usize;
    let get = |literal: &Literal, at: usize| eval_convert(literal.get(at), sum_type);
    let kernel_window: Vec<i64> = windows.iter().map(|w| w.1).collect();
    for index in Indices::new(&output_sizes) {
        let feature_group = index[1] / (outputs / feature_groups);
        let batch_group = index[1] / (outputs / batch_groups);
        let mut sum = Scalar::zero(sum_type);
        for feature in 0..kernel_features {
            for offset in Indices::new(&kernel_window) {
                let mut from =
                    vec![batch_group * output_batch + index[0], feature_group * kernel_features + feature];
                let mut inside = true;
                for (d, window) in windows.iter().enumerate() {
                    let &Window(size, kernel, stride, low, _, input_dilation, kernel_dilation, reverse) =
                        window;
                    let k = if reverse { kernel - 1 - offset[d] } else { offset[d] };
                    let position = index[2 + d] * stride + k * kernel_dilation - low;
                    inside &=
                        position >= 0 && position % input_dilation == 0 && position / input_dilation < size;
                    from.push(position / input_dilation);
                }
                if !inside {
                    continue;
                }
                let weight: Vec<i64> = [feature, index[1]].into_iter().chain(offset).collect();
                let x = get(&input, at(&from, &input_strides));
                let y = get(&kernel, at(&weight, &kernel_strides));
                let binary = |op, a, b| eval_binary(op, a, b).expect("defined");
                sum = binary(BinaryOp::Add, sum, binary(BinaryOp::Multiply, x, y));
            }
        }
        let result = out[0].get(at(&index, &output_strides));
        assert_eq!(result, eval_convert(sum, dtype), "{dtype} {layouts:?} {index:?}");
    }
}

const NHWC: Layouts = ["b012f", "012io", "b012f"];
const NCHW: Layouts = ["bf012", "oi012", "bf012"];
/// As the gradient of an NHWC kernel: batch and feature exchanged.
const SWAPPED: Layouts = ["f012b", "i012o", "012bf"];
const MIXED: Layouts = ["0fb12", "1o0i2", "f1b02"];

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
