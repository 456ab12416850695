//! What a convolution's dimensions mean for rows, terms and columns of a product.

use plan::library::Convolution;

use super::patches::MAX_SPATIAL;

/// A dimension of rows or terms.
#[derive(Clone, Copy, Debug)]
pub(super) struct Axis {
    /// Size.
    pub size: usize,
    /// Distance in the output (rows) or the kernel (terms).
    pub step: isize,
    /// Distance in the input, for dimensions that are not spatial.
    pub input_step: isize,
    /// Spatial dimension, and the distance in its dilated positions.
    pub spatial: Option<(usize, isize)>,
}

/// Nested dimensions, outermost first; never empty.
#[derive(Clone, Debug)]
pub(super) struct Axes(pub Vec<Axis>);

impl Axes {
    /// Orders dimensions by their step, so that neighbours in memory are neighbours in the product.
    fn new(mut axes: Vec<Axis>) -> Self {
        axes.sort_by_key(|axis| std::cmp::Reverse(axis.step));
        let one = Axis { size: 1, step: 1, input_step: 0, spatial: None };
        if axes.iter().any(|axis| axis.size != 1) {
            axes.retain(|axis| axis.size != 1);
        } else {
            axes = vec![one];
        }
        Axes(axes)
    }

    /// Number of indices.
    pub(super) fn len(&self) -> usize {
        self.0.iter().map(|axis| axis.size).product()
    }

    /// The innermost dimension.
    pub(super) fn last(&self) -> &Axis {
        self.0.last().expect("there is always a dimension")
    }

    /// Step of the innermost dimension.
    pub(super) fn last_step(&self) -> isize {
        self.last().step
    }

    /// Sum of the steps at an index.
    pub(super) fn step_sum(&self, mut index: usize) -> isize {
        let mut sum = 0;
        for axis in self.0.iter().rev() {
            sum += (index % axis.size) as isize * axis.step;
            index /= axis.size;
        }
        sum
    }

    /// How many consecutive indices, from a multiple of that on, are evenly spaced by `step`.
    fn even_run(&self, step: impl Fn(&Axis) -> isize) -> usize {
        let mut run = 1;
        let mut expected = step(self.last());
        for axis in self.0.iter().rev() {
            if step(axis) != expected {
                break;
            }
            run *= axis.size;
            expected *= axis.size as isize;
        }
        run
    }
}

/// A spatial dimension of the input.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spatial {
    /// Elements.
    pub size: isize,
    /// Positions between elements.
    pub dilation: isize,
    /// Distance between elements in memory.
    pub stride: isize,
    /// Position of the first term of the first row.
    pub base: isize,
}

/// A convolution as a product for each group.
#[derive(Clone, Debug)]
pub(super) struct Geometry {
    /// Groups, of features or of batch elements.
    pub groups: usize,
    /// Distance between groups in input, kernel, output.
    pub group_steps: [isize; 3],
    /// Output positions of a group.
    pub rows: Axes,
    /// Kernel positions and input features of a group.
    pub terms: Axes,
    /// Output features of a group.
    pub columns: usize,
    /// Distance between output features in kernel and output.
    pub column_steps: [isize; 2],
    /// Spatial dimensions of the input.
    pub spatial: Vec<Spatial>,
    /// Rows that are evenly spaced in the output.
    pub row_run: usize,
    /// Whether all terms are evenly spaced in the kernel.
    pub even_terms: bool,
    /// Whether patches are stored with rows rather than terms innermost.
    pub rows_inner: bool,
    /// Steps of rows and terms in the input, where all patches lie within it, evenly spaced.
    pub in_place: Option<[isize; 2]>,
    /// Groups are neighbours in all arrays, with one feature each.
    pub by_group: bool,
}

impl Geometry {
    /// Derives the geometry and checks that it stays within arrays of these lengths.
    pub(super) fn new(params: &Convolution, lens: [usize; 3]) -> Result<Self, String> {
        let (feature_groups, batch_groups) = (params.feature_groups, params.batch_groups);
        let groups = feature_groups * batch_groups;
        let divides = params.kernel_output_features.0 % groups == 0
            && params.input_features.0 == params.kernel_input_features.0 * feature_groups
            && params.batch.0 == params.output_batch.0 * batch_groups
            && params.output_features.0 == params.kernel_output_features.0
            && (feature_groups == 1 || batch_groups == 1);
        if !divides {
            return Err("a convolution whose groups do not divide its dimensions".into());
        }
        if params.spatial.len() > MAX_SPATIAL {
            return Err(format!("a convolution of {} spatial dimensions", params.spatial.len()));
        }
        let columns = params.kernel_output_features.0 / groups;
        let plain = |size: i64, step: i64, input_step: i64| Axis {
            size: size as usize,
            step: step as isize,
            input_step: input_step as isize,
            spatial: None,
        };
        let mut rows = vec![plain(params.output_batch.0, params.output_batch.1, params.batch.1)];
        let (features, feature_step) = params.kernel_input_features;
        let mut terms = vec![plain(features, feature_step, params.input_features.1)];
        let mut spatial = Vec::new();
        for (index, dim) in params.spatial.iter().enumerate() {
            let along = |size: i64, step: i64, distance: i64| Axis {
                size: size as usize,
                step: step as isize,
                input_step: 0,
                spatial: Some((index, distance as isize)),
            };
            let (kernel_distance, first) = match dim.reverse {
                true => (-dim.kernel_dilation, (dim.kernel - 1) * dim.kernel_dilation),
                false => (dim.kernel_dilation, 0),
            };
            rows.push(along(dim.output, dim.output_stride, dim.stride));
            terms.push(along(dim.kernel, dim.kernel_stride, kernel_distance));
            spatial.push(Spatial {
                size: dim.input as isize,
                dilation: dim.input_dilation as isize,
                stride: dim.input_stride as isize,
                base: (first - dim.pad_low) as isize,
            });
        }
        let output_len =
            rows.iter().map(|axis| axis.size).product::<usize>() * params.output_features.0 as usize;
        let kernel_len =
            terms.iter().map(|axis| axis.size).product::<usize>() * params.output_features.0 as usize;
        let input_len = params.spatial.iter().map(|dim| dim.input).product::<i64>()
            * params.batch.0
            * params.input_features.0;
        if [input_len as usize, kernel_len, output_len] != lens {
            return Err("a convolution whose arrays do not fit its dimensions".into());
        }
        let (rows, terms) = (Axes::new(rows), Axes::new(terms));
        let batch_step = if batch_groups > 1 { params.output_batch.0 * params.batch.1 } else { 0 };
        let input_group = if batch_groups > 1 { batch_step } else { features * params.input_features.1 };
        let group_steps = [
            input_group as isize,
            (columns * params.kernel_output_features.1) as isize,
            (columns * params.output_features.1) as isize,
        ];
        let single = features == 1 || (batch_groups > 1 && columns == 1);
        let by_group = groups > 1 && columns == 1 && single && group_steps == [1; 3];
        let row_run = rows.even_run(|axis| axis.step);
        let even_terms = terms.even_run(|axis| axis.step) == terms.len();
        let mut geometry = Geometry {
            groups: groups as usize,
            group_steps,
            columns: columns as usize,
            column_steps: [params.kernel_output_features.1 as isize, params.output_features.1 as isize],
            spatial,
            row_run: row_run.max(1),
            even_terms,
            rows_inner: false,
            in_place: None,
            by_group,
            rows,
            terms,
        };
        geometry.rows_inner = geometry.prefers_rows_inner();
        geometry.in_place = geometry.in_place();
        Ok(geometry)
    }

    /// Distance in the input along a dimension.
    pub(super) fn input_step(&self, axis: &Axis) -> isize {
        match axis.spatial {
            None => axis.input_step,
            Some((dim, distance)) => distance * self.spatial[dim].stride,
        }
    }

    /// Patches are copied along the dimension that is contiguous in the input.
    fn prefers_rows_inner(&self) -> bool {
        let score = |axis: &Axis| match self.input_step(axis) {
            1 => 4 * axis.size,
            -1..=4 => axis.size,
            _ => 0,
        };
        score(self.rows.last()) > score(self.terms.last())
    }

    /// The steps of rows and terms if no patch leaves the input and they are evenly spaced.
    fn in_place(&self) -> Option<[isize; 2]> {
        let (mut low, mut high): (Vec<_>, Vec<_>) =
            self.spatial.iter().map(|dim| (dim.base, dim.base)).unzip();
        for axis in self.rows.0.iter().chain(&self.terms.0) {
            if let Some((dim, distance)) = axis.spatial {
                let extreme = distance * (axis.size as isize - 1);
                low[dim] += extreme.min(0);
                high[dim] += extreme.max(0);
            }
        }
        let inside = self
            .spatial
            .iter()
            .enumerate()
            .all(|(index, dim)| dim.dilation == 1 && low[index] >= 0 && high[index] < dim.size);
        let even =
            |axes: &Axes, len: usize| axes.even_run(|axis| self.input_step(axis)).is_multiple_of(len.max(1));
        (inside && self.even_terms && even(&self.rows, self.row_run) && even(&self.terms, self.terms.len()))
            .then(|| [&self.rows, &self.terms].map(|axes| self.input_step(axes.last())))
    }

    /// Copies the kernel of a group, terms outermost and columns innermost.
    ///
    /// # Safety
    /// The kernel has its elements.
    pub(super) unsafe fn pack_kernel<T: Copy>(&self, kernel: *const T, group: usize, to: &mut [T]) {
        let start = kernel.wrapping_offset(group as isize * self.group_steps[1]);
        for (term, row) in to.chunks_exact_mut(self.columns).take(self.terms.len()).enumerate() {
            let start = start.wrapping_offset(self.terms.step_sum(term));
            for (column, to) in row.iter_mut().enumerate() {
                // SAFETY: the contract.
                *to = unsafe { *start.offset(column as isize * self.column_steps[0]) };
            }
        }
    }
}
