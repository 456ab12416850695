//! Convolutions against plain loops.

mod common;

use gpu::features::Features;
use gpu::lower::{Context, Lowered, Refusal, lower};
use plan::library::{Convolution, ConvolutionDim};
use plan::{SlotId, Step, StepOp};
use smallvec::smallvec;
use tensor::{DType, Indices, Scalar, TensorType, row_major_strides};

use self::common::{check_shader, shaders, small_integers, software};

/// Sizes of a convolution, a window dimension each: input, kernel, stride, low and high padding, input and kernel
/// dilation, reversal.
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

const NHWC: Layouts = ["b012f", "012io", "b012f"];
const NCHW: Layouts = ["bf012", "oi012", "bf012"];
/// As the gradient of an NHWC input: kernel features exchanged.
const BACKWARD: Layouts = ["b012f", "012oi", "b012f"];
/// As the gradient of an NHWC kernel: batch and feature exchanged.
const SWAPPED: Layouts = ["f012b", "i012o", "012bf"];
const MIXED: Layouts = ["0fb12", "1o0i2", "f1b02"];

/// Batch, features and outputs; feature and batch groups.
#[derive(Clone, Copy)]
struct Sizes {
    batch: i64,
    features: i64,
    outputs: i64,
    feature_groups: i64,
    batch_groups: i64,
}

const PLAIN: Sizes = Sizes { batch: 2, features: 3, outputs: 5, feature_groups: 1, batch_groups: 1 };
const FOURS: Sizes = Sizes { batch: 4, features: 8, outputs: 12, feature_groups: 1, batch_groups: 1 };

/// A convolution with the dimensions of its arrays.
struct Case {
    params: Convolution,
    dims: [Vec<i64>; 3],
    windows: Vec<Window>,
}

/// Strides in the order of `names`, and dimensions as laid out.
fn lay_out(layout: &str, names: &str, sizes: &[i64]) -> (Vec<i64>, Vec<i64>) {
    let layout: String = layout.chars().filter(|c| names.contains(*c)).collect();
    let size = |name: char| sizes[names.find(name).expect("a known dimension")];
    let dims: Vec<i64> = layout.chars().map(size).collect();
    let strides = row_major_strides(&dims);
    let stride = |name: char| strides[layout.find(name).expect("a dimension of the layout")];
    (names.chars().map(stride).collect(), dims)
}

fn case(dtype: DType, sizes: Sizes, windows: &[Window], layouts: Layouts) -> Case {
    let Sizes { batch, features, outputs, feature_groups, batch_groups } = sizes;
    let names: String = ('0'..).take(windows.len()).collect();
    let collect = |first: [i64; 2], size: fn(&Window) -> i64| -> Vec<i64> {
        first.into_iter().chain(windows.iter().map(size)).collect()
    };
    let kernel_features = features / feature_groups;
    let output_batch = batch / batch_groups;
    let (input, input_dims) =
        lay_out(layouts[0], &format!("bf{names}"), &collect([batch, features], |w| w.0));
    let (kernel, kernel_dims) =
        lay_out(layouts[1], &format!("io{names}"), &collect([kernel_features, outputs], |w| w.1));
    let (output, output_dims) =
        lay_out(layouts[2], &format!("bf{names}"), &collect([output_batch, outputs], |w| w.output()));
    let spatial = windows.iter().enumerate().map(|(d, window)| {
        let &Window(size, kernel_size, stride, pad_low, pad_high, input_dilation, kernel_dilation, reverse) =
            window;
        ConvolutionDim {
            input: size,
            kernel: kernel_size,
            output: window.output(),
            stride,
            pad_low,
            pad_high,
            input_dilation,
            kernel_dilation,
            reverse,
            input_stride: input[2 + d],
            kernel_stride: kernel[2 + d],
            output_stride: output[2 + d],
        }
    });
    let params = Convolution {
        input: dtype,
        kernel: dtype,
        output: dtype,
        batch: (batch, input[0]),
        input_features: (features, input[1]),
        kernel_input_features: (kernel_features, kernel[0]),
        kernel_output_features: (outputs, kernel[1]),
        output_batch: (output_batch, output[0]),
        output_features: (outputs, output[1]),
        feature_groups,
        batch_groups,
        spatial: spatial.collect(),
    };
    Case { params, dims: [input_dims, kernel_dims, output_dims], windows: windows.to_vec() }
}

impl Case {
    fn types(&self) -> [TensorType; 3] {
        [0, 1, 2].map(|at| TensorType::new(self.params.input, self.dims[at].iter().copied()))
    }

    fn lower(&self, features: &Features) -> Result<Lowered, Refusal> {
        let step = Step {
            op: StepOp::Convolution(self.params.clone()),
            reads: smallvec![SlotId(0), SlotId(1)],
            writes: smallvec![SlotId(2)],
            origin: "test".into(),
        };
        lower(&step, Context { features, types: &self.types() })
    }
}

/// Runs a convolution and compares it with plain loops.
fn check(dtype: DType, sizes: Sizes, windows: &[Window], layouts: Layouts) {
    let Some(device) = software() else { return };
    let case = case(dtype, sizes, windows, layouts);
    let params = &case.params;
    let lowered = case.lower(&device.features).unwrap_or_else(|why| panic!("{why}: {params:?}"));
    let types = case.types();
    let input = small_integers(dtype, types[0].len() as i64, 1);
    let kernel = small_integers(dtype, types[1].len() as i64, 2);
    let dirty = vec![0xff; types[2].byte_len()];
    let out = device.run(&lowered, &[&input.to_dense()[..], &kernel.to_dense()[..], &dirty]);
    let values =
        |literal: &tensor::Literal| -> Vec<i64> { literal.scalars().map(|x| x.as_f64() as i64).collect() };
    let (input, kernel) = (values(&input), values(&kernel));
    let width = types[2].byte_len() / types[2].len().max(1);
    let kernel_window: Vec<i64> = windows.iter().map(|w| w.1).collect();
    let output_sizes: Vec<i64> = [params.output_batch.0, params.output_features.0]
        .into_iter()
        .chain(windows.iter().map(|w| w.output()))
        .collect();
    let count: i64 = output_sizes.iter().product();
    for (number, index) in Indices::new(&output_sizes).enumerate() {
        // A few hundred elements of a large result are enough.
        if count > 1000 && number as i64 * 7919 % count >= 700 {
            continue;
        }
        let feature_group = index[1] / (params.output_features.0 / params.feature_groups);
        let batch_group = index[1] / (params.output_features.0 / params.batch_groups);
        let mut sum = 0;
        for feature in 0..params.kernel_input_features.0 {
            for offset in Indices::new(&kernel_window) {
                let mut from = (batch_group * params.output_batch.0 + index[0]) * params.batch.1
                    + (feature_group * params.kernel_input_features.0 + feature) * params.input_features.1;
                let mut weight =
                    feature * params.kernel_input_features.1 + index[1] * params.kernel_output_features.1;
                let mut inside = true;
                for (d, (window, dim)) in case.windows.iter().zip(&params.spatial).enumerate() {
                    let &Window(size, kernel, stride, low, _, input_dilation, kernel_dilation, reverse) =
                        window;
                    let k = if reverse { kernel - 1 - offset[d] } else { offset[d] };
                    let position = index[2 + d] * stride + k * kernel_dilation - low;
                    inside &=
                        position >= 0 && position % input_dilation == 0 && position / input_dilation < size;
                    from += position / input_dilation * dim.input_stride;
                    weight += offset[d] * dim.kernel_stride;
                }
                if inside {
                    sum += input[from as usize] * kernel[weight as usize];
                }
            }
        }
        let mut at = index[0] * params.output_batch.1 + index[1] * params.output_features.1;
        at += params.spatial.iter().zip(&index[2..]).map(|(dim, i)| dim.output_stride * i).sum::<i64>();
        let at = at as usize;
        let found = Scalar::from_bytes(dtype, &out[at * width..(at + 1) * width]);
        let expected = match dtype.is_float() {
            true => Scalar::from_f64(dtype, sum as f64),
            false => Scalar::from_i64(dtype, sum),
        };
        assert_eq!(found, expected, "{dtype} {layouts:?} at {index:?} of {params:?}");
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
fn groups() {
    let window = [Window(6, 3, 1, 1, 1, 1, 1, false), Window(5, 2, 2, 0, 1, 1, 1, false)];
    for layouts in [NHWC, NCHW] {
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
    for rank in [0, 1, 3] {
        check(DType::F32, PLAIN, &vec![window; rank], NHWC);
    }
    for dtype in [DType::BF16, DType::F16, DType::I8, DType::I32] {
        check(dtype, PLAIN, &[window, window], NHWC);
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
                for (sizes, window) in [(sizes, plain), (sizes, dilated), (PLAIN, plain)] {
                    let lowered = case(dtype, sizes, &window, layouts).lower(&features);
                    for shader in lowered.iter().flat_map(shaders) {
                        check_shader(&shader, true);
                    }
                }
            }
        }
    }
}
