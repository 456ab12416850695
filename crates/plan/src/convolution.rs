//! A convolution as products: which output positions and kernel positions meet at elements of the input.

use crate::library::{Convolution, ConvolutionDim};

/// The rows and terms of one spatial dimension that meet at elements of a dilated input: every `row_step`-th output
/// position from `row` on, every `term_step`-th kernel position from `term` on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Phase {
    /// First output position.
    pub row: i64,
    /// Distance between output positions.
    pub row_step: i64,
    /// Number of output positions.
    pub rows: i64,
    /// First kernel position.
    pub term: i64,
    /// Distance between kernel positions.
    pub term_step: i64,
    /// Number of kernel positions.
    pub terms: i64,
    /// Distances between consecutive rows and terms, in elements of the input.
    pub distances: [i64; 2],
    /// Element of the input at which the first row and term meet.
    pub base: i64,
}

impl Convolution {
    /// The products that make up a convolution: a phase of each spatial dimension, in all combinations.
    ///
    /// # Errors
    /// If groups do not divide the dimensions.
    pub fn phases(&self) -> Result<Vec<Vec<Phase>>, String> {
        let divides = self.kernel_output_features.0 % self.groups() == 0
            && self.input_features.0 == self.kernel_input_features.0 * self.feature_groups
            && self.batch.0 == self.output_batch.0 * self.batch_groups
            && self.output_features.0 == self.kernel_output_features.0
            && (self.feature_groups == 1 || self.batch_groups == 1);
        if !divides {
            return Err("a convolution whose groups do not divide its dimensions".into());
        }
        let mut combinations = vec![Vec::new()];
        for dim in &self.spatial {
            let phases = dim.phases();
            let extended = combinations.iter().flat_map(|chosen: &Vec<Phase>| {
                phases.iter().map(move |&phase| chosen.iter().copied().chain([phase]).collect())
            });
            combinations = extended.collect();
        }
        Ok(combinations)
    }

    /// Groups, of features or of batch elements.
    pub fn groups(&self) -> i64 {
        self.feature_groups * self.batch_groups
    }

    /// Output features of a group.
    pub fn group_columns(&self) -> i64 {
        self.kernel_output_features.0 / self.groups()
    }

    /// Distance between groups in input, kernel and output.
    pub fn group_steps(&self) -> [i64; 3] {
        let input = match self.batch_groups > 1 {
            true => self.output_batch.0 * self.batch.1,
            false => self.kernel_input_features.0 * self.input_features.1,
        };
        let columns = self.group_columns();
        [input, columns * self.kernel_output_features.1, columns * self.output_features.1]
    }
}

impl ConvolutionDim {
    /// The phases of the dimension; one where the input is not dilated.
    fn phases(&self) -> Vec<Phase> {
        let (distance, first) = match self.reverse {
            true => (-self.kernel_dilation, (self.kernel - 1) * self.kernel_dilation),
            false => (self.kernel_dilation, 0),
        };
        let dilation = self.input_dilation.max(1);
        let row_step = dilation / gcd(self.stride, dilation);
        let term_step = dilation / gcd(self.kernel_dilation, dilation);
        let phase = |row: i64| {
            let position = |term: i64| first - self.pad_low + row * self.stride + term * distance;
            let term = (0..term_step.min(self.kernel)).find(|&term| position(term).rem_euclid(dilation) == 0);
            Phase {
                row,
                row_step,
                rows: (self.output - row + row_step - 1) / row_step,
                term: term.unwrap_or(0),
                term_step,
                terms: term.map_or(0, |term| (self.kernel - term + term_step - 1) / term_step),
                distances: [row_step * self.stride / dilation, term_step * distance / dilation],
                base: position(term.unwrap_or(0)).div_euclid(dilation),
            }
        };
        (0..row_step.min(self.output)).map(phase).collect()
    }
}

fn gcd(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { gcd(b, a % b) }
}
