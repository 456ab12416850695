//! Convolutions against plain loops.

use ops::BinaryOp;
use ops::scalar::{eval_binary, eval_convert};
use plan::library::{Convolution, ConvolutionDim};
use tensor::{DType, Indices, Literal, Scalar, TensorType, row_major_strides};

/// Sizes of a convolution, a window dimension each: input, kernel, stride, low and high padding, input and kernel
/// dilation, reversal.
#[derive(Clone, Copy, Debug)]
pub struct Window(pub i64, pub i64, pub i64, pub i64, pub i64, pub i64, pub i64, pub bool);

impl Window {
    fn output(self) -> i64 {
        let Window(input, kernel, stride, low, high, input_dilation, kernel_dilation, _) = self;
        let span = if input == 0 { 0 } else { (input - 1) * input_dilation + 1 };
        let window = if kernel == 0 { 0 } else { (kernel - 1) * kernel_dilation + 1 };
        if window > span + low + high { 0 } else { (span + low + high - window) / stride + 1 }
    }
}

/// Order of batch (b), feature (f; of kernels i, o) and spatial (0, 1, ...) dimensions in the three arrays.
pub type Layouts = [&'static str; 3];

/// Features innermost.
pub const NHWC: Layouts = ["b012f", "012io", "b012f"];
/// Features outside of space.
pub const NCHW: Layouts = ["bf012", "oi012", "bf012"];
/// As the gradient of an NHWC input: kernel features exchanged.
pub const BACKWARD: Layouts = ["b012f", "012oi", "b012f"];
/// As the gradient of an NHWC kernel: batch and feature exchanged.
pub const SWAPPED: Layouts = ["f012b", "i012o", "012bf"];
/// No order that anybody has.
pub const MIXED: Layouts = ["0fb12", "1o0i2", "f1b02"];

/// Sizes of the dimensions that are not spatial.
#[derive(Clone, Copy, Debug)]
pub struct Sizes {
    /// Elements of the batch.
    pub batch: i64,
    /// Features of the input.
    pub features: i64,
    /// Features of the output.
    pub outputs: i64,
    /// Groups of features.
    pub feature_groups: i64,
    /// Groups of the batch.
    pub batch_groups: i64,
}

/// Small odd sizes without groups.
pub const PLAIN: Sizes = Sizes { batch: 2, features: 3, outputs: 5, feature_groups: 1, batch_groups: 1 };

/// A convolution and the types of its arrays.
#[derive(Debug)]
pub struct Case {
    /// The step's parameters.
    pub params: Convolution,
    /// Types of input, kernel and output.
    pub types: [TensorType; 3],
    windows: Vec<Window>,
    /// Strides of input, kernel and output in the order batch or input feature, feature, space.
    strides: [Vec<i64>; 3],
    output_sizes: Vec<i64>,
}

/// Strides in the order of `names`, and dimensions as laid out. Spatial dimensions that are not named are not there.
fn lay_out(layout: &str, names: &str, sizes: &[i64]) -> (Vec<i64>, Vec<i64>) {
    let layout: String = layout.chars().filter(|c| names.contains(*c)).collect();
    let size = |name: char| sizes[names.find(name).expect("a known dimension")];
    let dims: Vec<i64> = layout.chars().map(size).collect();
    let strides = row_major_strides(&dims);
    let stride = |name: char| strides[layout.find(name).expect("a dimension of the layout")];
    (names.chars().map(stride).collect(), dims)
}

impl Case {
    /// A convolution of arrays of one type.
    pub fn new(dtype: DType, sizes: Sizes, windows: &[Window], layouts: Layouts) -> Self {
        let Sizes { batch, features, outputs, feature_groups, batch_groups } = sizes;
        let names: String = ('0'..).take(windows.len()).collect();
        let collect = |first: [i64; 2], size: fn(&Window) -> i64| -> Vec<i64> {
            first.into_iter().chain(windows.iter().map(size)).collect()
        };
        let kernel_features = features / feature_groups;
        let output_batch = batch / batch_groups;
        let output_sizes = collect([output_batch, outputs], |w| w.output());
        let (input, input_dims) =
            lay_out(layouts[0], &format!("bf{names}"), &collect([batch, features], |w| w.0));
        let (kernel, kernel_dims) =
            lay_out(layouts[1], &format!("io{names}"), &collect([kernel_features, outputs], |w| w.1));
        let (output, output_dims) = lay_out(layouts[2], &format!("bf{names}"), &output_sizes);
        let spatial = windows.iter().enumerate().map(|(d, window)| {
            let &Window(
                size,
                kernel_size,
                stride,
                pad_low,
                pad_high,
                input_dilation,
                kernel_dilation,
                reverse,
            ) = window;
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
        let types = [input_dims, kernel_dims, output_dims].map(|dims| TensorType::new(dtype, dims));
        Case { params, types, windows: windows.to_vec(), strides: [input, kernel, output], output_sizes }
    }

    /// The case with every feature of the input, and every output of the kernel, the same one: arrays hold it once, and
    /// go on behind it.
    pub fn repeated(mut self) -> Self {
        let Convolution {
            batch, input_features, kernel_input_features, kernel_output_features, spatial, ..
        } = &mut self.params;
        let sizes = [input_features.0, kernel_output_features.0];
        for ((strides, ty), size) in self.strides.iter_mut().zip(&mut self.types).zip(sizes) {
            let repeated = strides[1];
            strides.iter_mut().filter(|stride| **stride > repeated).for_each(|stride| *stride /= size);
            strides[1] = 0;
            *ty = TensorType::new(ty.dtype, [ty.len() as i64 / size + 3]);
        }
        let [input, kernel, _] = &self.strides;
        (batch.1, input_features.1) = (input[0], input[1]);
        (kernel_input_features.1, kernel_output_features.1) = (kernel[0], kernel[1]);
        for (d, dim) in spatial.iter_mut().enumerate() {
            (dim.input_stride, dim.kernel_stride) = (input[2 + d], kernel[2 + d]);
        }
        self
    }

    /// Asserts that an output is right, as far as about `most` elements of it tell.
    pub fn check(&self, input: &Literal, kernel: &Literal, output: &Literal, most: i64) {
        let count: i64 = self.output_sizes.iter().product();
        for (number, index) in (0..).zip(Indices::new(&self.output_sizes)) {
            if count > most && number * 7919 % count >= most {
                continue;
            }
            let found = output.get(place(&index, &self.strides[2]));
            assert_eq!(found, self.element(&index, input, kernel), "at {index:?} of {:?}", self.params);
        }
    }

    /// The element of the output at an index of batch, feature and space.
    fn element(&self, index: &[i64], input: &Literal, kernel: &Literal) -> Scalar {
        let dtype = self.params.output;
        let sum_type = if dtype.is_float() { DType::F64 } else { dtype };
        let get = |literal: &Literal, at: usize| eval_convert(literal.get(at), sum_type);
        let binary = |op, a, b| eval_binary(op, a, b).expect("defined");
        let (outputs, output_batch) = (self.params.output_features.0, self.params.output_batch.0);
        let kernel_features = self.params.kernel_input_features.0;
        let feature_group = index[1] / (outputs / self.params.feature_groups);
        let batch_group = index[1] / (outputs / self.params.batch_groups);
        let kernel_window: Vec<i64> = self.windows.iter().map(|window| window.1).collect();
        let mut sum = Scalar::zero(sum_type);
        for feature in 0..kernel_features {
            for offset in Indices::new(&kernel_window) {
                let mut from =
                    vec![batch_group * output_batch + index[0], feature_group * kernel_features + feature];
                let mut inside = true;
                for (d, window) in self.windows.iter().enumerate() {
                    let &Window(size, kernel, stride, low, _, input_dilation, kernel_dilation, reverse) =
                        window;
                    let k = if reverse { kernel - 1 - offset[d] } else { offset[d] };
                    let position = index[2 + d] * stride + k * kernel_dilation - low;
                    inside &=
                        position >= 0 && position % input_dilation == 0 && position / input_dilation < size;
                    from.push(position / input_dilation);
                }
                if inside {
                    let weight: Vec<i64> = [feature, index[1]].into_iter().chain(offset).collect();
                    let x = get(input, place(&from, &self.strides[0]));
                    let y = get(kernel, place(&weight, &self.strides[1]));
                    sum = binary(BinaryOp::Add, sum, binary(BinaryOp::Multiply, x, y));
                }
            }
        }
        eval_convert(sum, dtype)
    }
}

fn place(index: &[i64], strides: &[i64]) -> usize {
    index.iter().zip(strides).map(|(i, stride)| i * stride).sum::<i64>() as usize
}
