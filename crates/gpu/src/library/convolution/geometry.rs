//! What a convolution's dimensions mean for rows, terms and columns of a product.

use plan::convolution::Phase;
use plan::library::Convolution;

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

impl Geometry {
    /// The products that make up a convolution, each of some of the output positions; together all.
    ///
    /// # Errors
    /// If there are too many spatial dimensions, or groups do not divide the others.
    pub fn all(params: &Convolution) -> Result<Vec<Self>, Refusal> {
        if params.spatial.len() > 3 {
            return Err(Refusal::new(format!(
                "a convolution of {} spatial dimensions",
                params.spatial.len()
            )));
        }
        let combinations = params.phases().map_err(Refusal)?;
        Ok(combinations.iter().map(|phases| Geometry::new(params, phases)).collect())
    }

    fn new(params: &Convolution, phases: &[Phase]) -> Self {
        let (groups, columns) = (params.groups(), params.group_columns());
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
        let (rows, input_rows) = ordered(rows);
        let (terms, input_terms) = ordered(terms);
        let column = Axis { size: columns, step: params.kernel_output_features.1, along: None };
        Geometry {
            groups,
            group_steps: if groups == 1 { [0; 3] } else { params.group_steps() },
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
