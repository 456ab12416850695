//! What a convolution's dimensions mean for rows, terms and columns of a product.

use plan::library::{Convolution, ConvolutionDim};

use crate::library::dot::gather::{Axis, Gathered, Spatial};
use crate::lower::Refusal;

/// A convolution, or some of its output positions, as a product for each group.
#[derive(Clone, Debug)]
pub(super) struct Geometry {
    /// Groups, of features or of batch elements.
    pub groups: i64,
    /// Distance between groups in input, kernel, output.
    pub group_steps: [i64; 3],
    /// Output features of a group.
    pub columns: i64,
    /// Distance between output features in kernel and output.
    pub column_steps: [i64; 2],
    /// Where the first row is in the output.
    pub output_start: i64,
    /// Output positions of a group, by their steps in the output.
    pub rows: Vec<Axis>,
    /// The input: rows and terms in the order of the others.
    pub input: Gathered,
    /// The kernel.
    pub kernel: Gathered,
}

/// The rows and terms of one spatial dimension that meet at elements of a dilated input: every `row_step`-th output
/// position from `row` on, every `term_step`-th kernel position from `term` on.
#[derive(Clone, Copy)]
struct Phase {
    row: i64,
    row_step: i64,
    rows: i64,
    term: i64,
    term_step: i64,
    terms: i64,
    /// Distances between consecutive rows and terms, in elements.
    distances: [i64; 2],
    /// Element at which the first row and term meet.
    base: i64,
}

fn gcd(a: i64, b: i64) -> i64 {
    if b == 0 { a } else { gcd(b, a % b) }
}

/// The phases of a dimension; one where the input is not dilated.
fn phases(dim: &ConvolutionDim) -> Vec<Phase> {
    let (distance, first) = match dim.reverse {
        true => (-dim.kernel_dilation, (dim.kernel - 1) * dim.kernel_dilation),
        false => (dim.kernel_dilation, 0),
    };
    let dilation = dim.input_dilation.max(1);
    let row_step = dilation / gcd(dim.stride, dilation);
    let term_step = dilation / gcd(dim.kernel_dilation, dilation);
    let phase = |row: i64| {
        let position = |term: i64| first - dim.pad_low + row * dim.stride + term * distance;
        let term = (0..term_step.min(dim.kernel)).find(|&term| position(term).rem_euclid(dilation) == 0);
        Phase {
            row,
            row_step,
            rows: (dim.output - row + row_step - 1) / row_step,
            term: term.unwrap_or(0),
            term_step,
            terms: term.map_or(0, |term| (dim.kernel - term + term_step - 1) / term_step),
            distances: [row_step * dim.stride / dilation, term_step * distance / dilation],
            base: position(term.unwrap_or(0)).div_euclid(dilation),
        }
    };
    (0..row_step.min(dim.output)).map(phase).collect()
}

impl Geometry {
    /// The products that make up a convolution, each of some of the output positions; together all.
    ///
    /// # Errors
    /// If there are too many spatial dimensions, or groups do not divide the others.
    pub fn all(params: &Convolution) -> Result<Vec<Self>, Refusal> {
        let groups = params.feature_groups * params.batch_groups;
        let divides = params.kernel_output_features.0 % groups == 0
            && params.input_features.0 == params.kernel_input_features.0 * params.feature_groups
            && params.batch.0 == params.output_batch.0 * params.batch_groups
            && params.output_features.0 == params.kernel_output_features.0
            && (params.feature_groups == 1 || params.batch_groups == 1);
        if !divides {
            return Err(Refusal::new("a convolution whose groups do not divide its dimensions"));
        }
        if params.spatial.len() > 3 {
            return Err(Refusal::new(format!(
                "a convolution of {} spatial dimensions",
                params.spatial.len()
            )));
        }
        let mut combinations = vec![Vec::new()];
        for dim in &params.spatial {
            let phases = phases(dim);
            let extended = combinations.iter().flat_map(|chosen: &Vec<Phase>| {
                phases.iter().map(move |&phase| chosen.iter().copied().chain([phase]).collect())
            });
            combinations = extended.collect();
        }
        Ok(combinations.iter().map(|phases| Geometry::new(params, phases)).collect())
    }

    fn new(params: &Convolution, phases: &[Phase]) -> Self {
        let groups = params.feature_groups * params.batch_groups;
        let columns = params.kernel_output_features.0 / groups;
        let (features, feature_step) = params.kernel_input_features;
        // Each dimension twice: by its step in the output or the kernel, and in the input.
        let plain = |size, step| Axis { size, step, along: None };
        let mut rows = vec![(
            plain(params.output_batch.0, params.output_batch.1),
            plain(params.output_batch.0, params.batch.1),
        )];
        let mut terms = vec![(plain(features, feature_step), plain(features, params.input_features.1))];
        let mut spatial = Vec::new();
        let (mut kernel_start, mut output_start, mut input_start) = (0, 0, 0);
        for (index, (dim, phase)) in params.spatial.iter().zip(phases).enumerate() {
            let [row_distance, term_distance] = phase.distances;
            let along = |size, distance| Axis {
                size,
                step: distance * dim.input_stride,
                along: Some((index, distance)),
            };
            rows.push((
                plain(phase.rows, phase.row_step * dim.output_stride),
                along(phase.rows, row_distance),
            ));
            terms.push((
                plain(phase.terms, phase.term_step * dim.kernel_stride),
                along(phase.terms, term_distance),
            ));
            kernel_start += phase.term * dim.kernel_stride;
            output_start += phase.row * dim.output_stride;
            input_start += phase.base * dim.input_stride;
            let extremes = [(phase.rows, row_distance), (phase.terms, term_distance)]
                .map(|(size, distance)| distance * (size - 1).max(0));
            let low: i64 = phase.base + extremes.iter().map(|&extreme| extreme.min(0)).sum::<i64>();
            let high: i64 = phase.base + extremes.iter().map(|&extreme| extreme.max(0)).sum::<i64>();
            spatial.push(Spatial {
                size: dim.input,
                base: phase.base,
                checked: low < 0 || high >= dim.input,
            });
        }
        let input_group = match params.batch_groups > 1 {
            true => params.output_batch.0 * params.batch.1,
            false => features * params.input_features.1,
        };
        let (rows, input_rows) = ordered(rows);
        let (terms, input_terms) = ordered(terms);
        let column = Axis { size: columns, step: params.kernel_output_features.1, along: None };
        Geometry {
            groups,
            group_steps: match groups {
                1 => [0; 3],
                _ => [
                    input_group,
                    columns * params.kernel_output_features.1,
                    columns * params.output_features.1,
                ],
            },
            columns,
            column_steps: [params.kernel_output_features.1, params.output_features.1],
            output_start,
            rows,
            input: Gathered { rows: input_rows, terms: input_terms, spatial, start: input_start },
            kernel: Gathered { rows: vec![column], terms, spatial: Vec::new(), start: kernel_start },
        }
    }
}

/// Neighbours in the first array become neighbours in the product; never empty.
fn ordered(mut axes: Vec<(Axis, Axis)>) -> (Vec<Axis>, Vec<Axis>) {
    axes.sort_by_key(|(axis, _)| std::cmp::Reverse(axis.step));
    if axes.iter().any(|(axis, _)| axis.size != 1) {
        axes.retain(|(axis, _)| axis.size != 1);
    } else {
        axes.truncate(1);
    }
    axes.into_iter().unzip()
}
