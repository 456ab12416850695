//! What a convolution's dimensions mean for rows, terms and columns of a product.

use plan::convolution::Phase;
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

    /// Sum of the steps at an index; 0 where there are none.
    pub(super) fn step_sum(&self, mut index: usize) -> isize {
        let mut sum = 0;
        for axis in self.0.iter().rev().filter(|axis| axis.size > 0) {
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

/// Whether all elements of these dimensions, of a size and a stride each, lie within an array. It may be longer, or
/// shorter where dimensions of stride 0 repeat it.
fn fits(dims: &[(i64, i64)], len: usize) -> bool {
    let last: i64 = dims.iter().map(|(size, stride)| (size - 1) * stride).sum();
    let empty = dims.iter().any(|&(size, _)| size == 0);
    dims.iter().all(|&(_, stride)| stride >= 0) && (empty || last < len as i64)
}

/// A spatial dimension of the input.
#[derive(Clone, Copy, Debug)]
pub(super) struct Spatial {
    /// Elements.
    pub size: isize,
    /// Distance between elements in memory.
    pub stride: isize,
    /// Position of the first term of the first row.
    pub base: isize,
}

/// Consecutive rows or terms whose input elements are evenly spaced, if they exist.
#[derive(Clone, Copy, Debug)]
pub(super) struct Run {
    /// How many there are; runs start at multiples of that.
    pub len: usize,
    /// Distance in the input.
    pub step: isize,
    /// How many share a position.
    pub sub: usize,
    /// The spatial dimension that they run along, and the distance between positions.
    pub spatial: Option<(usize, isize)>,
}

/// A convolution as a product for each group.
#[derive(Clone, Debug)]
pub(super) struct Geometry {
    /// Groups, of features or of batch elements.
    pub groups: usize,
    /// Distance between groups in input, kernel, output.
    pub group_steps: [isize; 3],
    /// Where the first term is in the kernel.
    pub kernel_offset: isize,
    /// Where the first row is in the output.
    pub output_offset: isize,
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
    /// Terms that are evenly spaced in the kernel.
    pub term_run: usize,
    /// Whether patches are stored with rows rather than terms innermost.
    pub rows_inner: bool,
    /// Steps of rows and terms in the input, where all patches lie within it, evenly spaced.
    pub in_place: Option<[isize; 2]>,
    /// Groups are neighbours in all arrays, with one feature each.
    pub by_group: bool,
}

impl Geometry {
    /// Derives the products that make up a convolution, each of some of the output positions, and checks that
    /// they stay within arrays of these lengths.
    pub(super) fn all(params: &Convolution, lens: [usize; 3]) -> Result<Vec<Self>, String> {
        if params.spatial.len() > MAX_SPATIAL {
            return Err(format!("a convolution of {} spatial dimensions", params.spatial.len()));
        }
        let mut dims = [
            vec![params.batch, params.input_features],
            vec![params.kernel_input_features, params.kernel_output_features],
            vec![params.output_batch, params.output_features],
        ];
        for dim in &params.spatial {
            dims[0].push((dim.input, dim.input_stride));
            dims[1].push((dim.kernel, dim.kernel_stride));
            dims[2].push((dim.output, dim.output_stride));
        }
        if !dims.iter().zip(lens).all(|(dims, len)| fits(dims, len)) {
            return Err("a convolution whose strides leave its arrays".into());
        }
        let combinations = params.phases()?;
        Ok(combinations.iter().map(|phases| Geometry::new(params, phases)).collect())
    }

    fn new(params: &Convolution, phases: &[Phase]) -> Self {
        let (groups, columns) = (params.groups(), params.group_columns());
        let axis = |size: i64, step: i64, input_step: i64, spatial| Axis {
            size: size as usize,
            step: step as isize,
            input_step: input_step as isize,
            spatial,
        };
        let mut rows = vec![axis(params.output_batch.0, params.output_batch.1, params.batch.1, None)];
        let (features, feature_step) = params.kernel_input_features;
        let mut terms = vec![axis(features, feature_step, params.input_features.1, None)];
        let mut spatial = Vec::new();
        let (mut kernel_offset, mut output_offset) = (0, 0);
        for (index, (dim, phase)) in params.spatial.iter().zip(phases).enumerate() {
            let along = |distance: i64| Some((index, distance as isize));
            let [row_distance, term_distance] = phase.distances;
            rows.push(axis(phase.rows, phase.row_step * dim.output_stride, 0, along(row_distance)));
            terms.push(axis(phase.terms, phase.term_step * dim.kernel_stride, 0, along(term_distance)));
            kernel_offset += phase.term * dim.kernel_stride;
            output_offset += phase.row * dim.output_stride;
            spatial.push(Spatial {
                size: dim.input as isize,
                stride: dim.input_stride as isize,
                base: phase.base as isize,
            });
        }
        let (rows, terms) = (Axes::new(rows), Axes::new(terms));
        let group_steps = params.group_steps().map(|step| step as isize);
        let mut geometry = Geometry {
            groups: groups as usize,
            group_steps,
            kernel_offset: kernel_offset as isize,
            output_offset: output_offset as isize,
            columns: columns as usize,
            column_steps: [params.kernel_output_features.1 as isize, params.output_features.1 as isize],
            spatial,
            row_run: rows.even_run(|axis| axis.step).max(1),
            term_run: terms.even_run(|axis| axis.step).max(1),
            rows_inner: false,
            in_place: None,
            by_group: groups > 1
                && columns == 1
                && (features == 1 || params.batch_groups > 1)
                && group_steps == [1; 3],
            rows,
            terms,
        };
        geometry.rows_inner = geometry.prefers_rows_inner();
        geometry.in_place = geometry.in_place();
        geometry
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
        let score = |run: Run| match run.step {
            1 => 4 * run.len,
            -1..=4 => run.len,
            _ => 0,
        };
        score(self.run(&self.rows)) > score(self.run(&self.terms))
    }

    /// How rows or terms run through the input.
    pub(super) fn run(&self, axes: &Axes) -> Run {
        let last = axes.last();
        let step = self.input_step(last);
        if let Some(spatial) = last.spatial {
            return Run { len: last.size, step, sub: 1, spatial: Some(spatial) };
        }
        // Features of neighbouring positions may be neighbours.
        let before = axes.0.len().checked_sub(2).map(|at| axes.0[at]);
        let joined = before.filter(|axis| {
            axis.spatial.is_some() && self.input_step(axis) == step * last.size as isize && step > 0
        });
        match joined {
            Some(axis) => Run { len: axis.size * last.size, step, sub: last.size, spatial: axis.spatial },
            None => Run { len: last.size, step, sub: last.size, spatial: None },
        }
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
        let inside =
            self.spatial.iter().enumerate().all(|(index, dim)| low[index] >= 0 && high[index] < dim.size);
        let even =
            |axes: &Axes, len: usize| axes.even_run(|axis| self.input_step(axis)).is_multiple_of(len.max(1));
        (inside
            && self.term_run == self.terms.len().max(1)
            && even(&self.rows, self.row_run)
            && even(&self.terms, self.terms.len()))
        .then(|| [&self.rows, &self.terms].map(|axes| self.input_step(axes.last())))
    }

    /// Copies the kernel of a group, terms outermost and columns innermost.
    ///
    /// # Safety
    /// The kernel has its elements.
    pub(super) unsafe fn pack_kernel<T: Copy>(&self, kernel: *const T, group: usize, to: &mut [T]) {
        let start = kernel.wrapping_offset(self.kernel_offset + group as isize * self.group_steps[1]);
        for (term, row) in to.chunks_exact_mut(self.columns).take(self.terms.len()).enumerate() {
            let start = start.wrapping_offset(self.terms.step_sum(term));
            for (column, to) in row.iter_mut().enumerate() {
                // SAFETY: the contract.
                *to = unsafe { *start.offset(column as isize * self.column_steps[0]) };
            }
        }
    }
}
