//! Convolutions of arrays that are larger than a binding, by ranges of their dimensions.

use plan::library::{Convolution, ConvolutionDim};
use smallvec::SmallVec;

use crate::features::Features;
use crate::library::dot::element::stored_singly;
use crate::library::dot::product::Array;
use crate::library::dot::window::{Manner, Problem, Range, advance, aligned};
use crate::lower::{Lowered, Refusal};

/// A convolution of windows of arrays.
#[derive(Clone, Debug)]
pub(super) struct Windows {
    /// The convolution.
    pub params: Convolution,
    /// Input, kernel, output.
    pub arrays: [Array; 3],
}

/// Positions of what ranges are taken of; spatial dimensions follow.
const BATCH: usize = 0;
const COLUMNS: usize = 1;
const TERMS: usize = 2;
const SPATIAL: usize = 3;

impl Problem for Windows {
    fn arrays(&self) -> [Array; 3] {
        self.arrays
    }

    fn with_out(&self, out: Array) -> Box<dyn Problem> {
        let [input, kernel, _] = self.arrays;
        Box::new(Windows { params: self.params.clone(), arrays: [input, kernel, out] })
    }

    fn spans(&self) -> [i64; 3] {
        let params = &self.params;
        let span = |dims: [(i64, i64); 2], spatial: fn(&ConvolutionDim) -> (i64, i64)| -> i64 {
            let dims = dims.into_iter().chain(params.spatial.iter().map(spatial));
            dims.map(|(size, stride)| (size - 1) * stride).sum::<i64>() + 1
        };
        [
            span([params.batch, params.input_features], |dim| (dim.input, dim.input_stride)),
            span([params.kernel_input_features, params.kernel_output_features], |dim| {
                (dim.kernel, dim.kernel_stride)
            }),
            span([params.output_batch, params.output_features], |dim| (dim.output, dim.output_stride)),
        ]
    }

    fn results(&self) -> i64 {
        let spatial = self.params.spatial.iter().map(|dim| dim.output).product::<i64>();
        spatial * self.params.output_batch.0 * self.params.output_features.0
    }

    fn ranges(&self) -> SmallVec<[Range; 8]> {
        let params = &self.params;
        let range = |size, strides| Range::new(size, strides, self.arrays);
        // Where groups depend on the size of a dimension, it is left whole.
        let sole = |sole: bool, range: Range| if sole { range } else { Range { size: 1, ..range } };
        let batch = range(params.output_batch.0, [params.batch.1, 0, params.output_batch.1]);
        let columns = match params.groups() {
            1 => {
                let (size, stride) = params.kernel_output_features;
                range(size, [0, stride, params.output_features.1])
            }
            groups => range(groups, params.group_steps()),
        };
        let (size, stride) = params.kernel_input_features;
        let terms = range(size, [params.input_features.1, stride, 0]);
        let spatial = params.spatial.iter().map(|dim| {
            let reach = [dim.input_stride * dim.stride / dim.input_dilation.max(1), 0, dim.output_stride];
            Range { size: dim.output, reach, step: aligned(dim.output_stride, self.arrays[2]) }
        });
        let batch = sole(params.batch_groups == 1, batch);
        [batch, columns, sole(params.feature_groups == 1, terms)].into_iter().chain(spatial).collect()
    }

    fn part(&self, at: usize, first: i64, size: i64) -> Box<dyn Problem> {
        let mut part = self.clone();
        let params = &mut part.params;
        let reach = self.ranges()[at].reach;
        let starts = match at {
            BATCH => {
                params.batch.0 = size;
                params.output_batch.0 = size;
                reach
            }
            COLUMNS => {
                let columns = params.group_columns();
                if params.feature_groups > 1 {
                    params.input_features.0 = params.kernel_input_features.0 * size;
                    params.feature_groups = size;
                } else if params.batch_groups > 1 {
                    params.batch.0 = params.output_batch.0 * size;
                    params.batch_groups = size;
                }
                let columns = if self.params.groups() > 1 { columns * size } else { size };
                params.kernel_output_features.0 = columns;
                params.output_features.0 = columns;
                reach
            }
            TERMS => {
                params.kernel_input_features.0 = size;
                params.input_features.0 = size;
                reach
            }
            _ => {
                let dim = &mut params.spatial[at - SPATIAL];
                let step = aligned(dim.input_stride, self.arrays[0]);
                let input = narrow(dim, first, size, step);
                [input * dim.input_stride, 0, first * dim.output_stride]
            }
        };
        for (array, start) in part.arrays.iter_mut().zip(starts) {
            advance(array, start * if at < SPATIAL { first } else { 1 });
        }
        Box::new(part)
    }

    fn is_staged(&self, features: &Features) -> bool {
        !stored_singly(self.arrays[2].dtype, features)
    }

    fn add(&self, manner: Manner<'_>, lowered: &mut Lowered) -> Result<(), Refusal> {
        super::add(self, manner, lowered)
    }
}

/// Makes a spatial dimension one of `size` outputs from `first` on, over no more of the input than they need; gives where
/// that starts, a multiple of `step`.
fn narrow(dim: &mut ConvolutionDim, first: i64, size: i64, step: i64) -> i64 {
    let dilation = dim.input_dilation.max(1);
    let begin = first * dim.stride - dim.pad_low;
    let end = begin + (size - 1) * dim.stride + (dim.kernel - 1) * dim.kernel_dilation;
    let low = begin.div_euclid(dilation).clamp(0, (dim.input - 1).max(0)) / step * step;
    let high = (end.div_euclid(dilation) + 1).clamp(low, dim.input);
    dim.output = size;
    dim.input = high - low;
    dim.pad_low = low * dilation - begin;
    low
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The elements of the input that meet each kernel position at each output.
    fn met(dim: &ConvolutionDim, start: i64) -> Vec<Vec<Option<i64>>> {
        let met = |output: i64, kernel: i64| {
            let at = output * dim.stride + kernel * dim.kernel_dilation - dim.pad_low;
            let element = at.div_euclid(dim.input_dilation);
            let exists = at.rem_euclid(dim.input_dilation) == 0 && (0..dim.input).contains(&element);
            exists.then_some(element + start)
        };
        (0..dim.output).map(|output| (0..dim.kernel).map(|kernel| met(output, kernel)).collect()).collect()
    }

    #[test]
    fn ranges_of_outputs_meet_the_same_elements() {
        for [stride, dilation, kernel_dilation] in [[1, 1, 1], [2, 1, 1], [1, 2, 1], [3, 2, 2], [1, 3, 2]] {
            for pad_low in [-2, 0, 1, 9] {
                let (input, kernel) = (20, 3);
                let whole = ConvolutionDim {
                    input,
                    kernel,
                    output: (input * dilation + 6) / stride,
                    stride,
                    pad_low,
                    pad_high: 0,
                    input_dilation: dilation,
                    kernel_dilation,
                    reverse: false,
                    input_stride: 1,
                    kernel_stride: 1,
                    output_stride: 1,
                };
                let all = met(&whole, 0);
                for (size, step) in [(1, 1), (4, 4), (5, 2)] {
                    for first in (0..whole.output).step_by(size) {
                        let size = (size as i64).min(whole.output - first);
                        let mut part = whole;
                        let start = narrow(&mut part, first, size, step);
                        assert!(start % step == 0 && part.input >= 0 && start + part.input <= input);
                        assert_eq!(met(&part, start), all[first as usize..(first + size) as usize]);
                    }
                }
            }
        }
    }
}
