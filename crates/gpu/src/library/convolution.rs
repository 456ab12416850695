//! Convolutions, as products whose lhs is gathered from the padded input.
//!
//! Rows of the product are output positions, its columns output features; terms are kernel positions and input
//! features. A dilated input makes several products, each of the output positions that meet the same elements.
//! Gradients arrive as convolutions with other dimensions in these roles, so nothing here assumes that rows are many
//! or terms few.

mod geometry;
mod window;

use plan::Step;
use plan::library::{Convolution, DotDim};
use smallvec::{SmallVec, smallvec};

use self::geometry::Geometry;
use self::window::Windows;
use super::dot::element::{Number, stored_singly};
use super::dot::finish;
use super::dot::gather::even_step;
use super::dot::operand::{Access, Target};
use super::dot::product::{Array, Product};
use super::dot::tile::{Gather, Shape};
use super::dot::window::{Manner, Problem};
use super::dot::{self, Choice, Job, choose, lower_product, out_type};
use crate::command::{Command, Memory};
use crate::kernel::Epilogue;
use crate::lower::{Context, Lowered, Refusal};

/// Lowers the step.
///
/// # Errors
/// If the device cannot run it.
pub fn lower(params: &Convolution, step: &Step, context: Context<'_>) -> Result<Lowered, Refusal> {
    lower_as(params, step, context, None)
}

/// Lowers the step, perhaps in a given way: for measurements and tests.
///
/// # Errors
/// If the device cannot run it.
pub fn lower_as(
    params: &Convolution,
    step: &Step,
    context: Context<'_>,
    choice: Option<Choice>,
) -> Result<Lowered, Refusal> {
    lower_with(params, None, step, context, choice)
}

/// Lowers the step, which may store what an epilogue makes of the sums.
///
/// # Errors
/// If the device cannot run it.
pub(super) fn lower_with(
    params: &Convolution,
    epilogue: Option<&Epilogue>,
    step: &Step,
    context: Context<'_>,
    choice: Option<Choice>,
) -> Result<Lowered, Refusal> {
    let features = context.features;
    let slots = [step.reads[0], step.reads[1], step.writes[0]];
    let mut dtypes = [params.input, params.kernel, params.output];
    let number = Number::of(dtypes, features)?;
    if !number.has_quads() {
        return Err(Refusal::new(format!("convolutions of {}", params.output)));
    }
    dtypes[2] = out_type(params.output, number, epilogue);
    let [input, kernel, output] =
        [0, 1, 2].map(|at| Array { memory: Memory::Slot(slots[at]), dtype: dtypes[at] });
    let problem = Windows { params: params.clone(), arrays: [input, kernel, output] };
    if epilogue.is_some_and(|epilogue| epilogue.elements() != problem.results()) {
        return Err(Refusal::new("an epilogue of another number of elements than the convolution has"));
    }
    let stored = problem.with_out(Array { dtype: params.output, ..output });
    dot::window::lower(&problem, stored, Manner { number, epilogue, choice, features })
}

/// Adds the commands of a convolution.
fn add(problem: &Windows, manner: Manner<'_>, lowered: &mut Lowered) -> Result<(), Refusal> {
    let Manner { number, features, .. } = manner;
    let geometries = Geometry::all(&problem.params)?;
    let [input, kernel, whole_output] = problem.arrays;
    // Several products whose results share words of memory leave sums in scratch memory, in the result's order.
    let staged = geometries.len() > 1 && !stored_singly(whole_output.dtype, features);
    let len = problem.results();
    let output = match staged {
        true => Array { memory: Memory::Scratch(lowered.scratch_bytes), dtype: number.dtype() },
        false => whole_output,
    };
    if staged {
        if len != problem.spans()[2] {
            return Err(Refusal::new("a part of a convolution that is stored by words"));
        }
        lowered.scratch_bytes += (u64::from(number.bytes()) * len as u64).next_multiple_of(64);
    }
    for geometry in &geometries {
        let product = geometry.product([input, kernel, output]);
        if product.results() > 0 {
            geometry.lower(&product, geometries.len() == 1, manner, lowered)?;
        }
    }
    if staged && len > 0 {
        let dims = smallvec![(len, 1, 1)];
        let launch = finish::launch(number, whole_output, output.memory, dims, [1, len], None, features)?;
        lowered.commands.push(Command::Launch(launch));
    }
    Ok(())
}

impl Geometry {
    /// The product of all groups; gathered operands replace its strides.
    fn product(&self, [lhs, rhs, out]: [Array; 3]) -> Product {
        let count = |axes: &[super::dot::gather::Axis]| axes.iter().map(|axis| axis.size).product::<i64>();
        let [input_group, kernel_group, output_group] = self.group_steps;
        let step = |axes| even_step(axes).unwrap_or(0);
        Product {
            lhs,
            rhs,
            out,
            batch: match self.groups {
                1 => smallvec![],
                size => smallvec![DotDim { size, lhs: input_group, rhs: kernel_group, out: output_group }],
            },
            m: DotDim { size: count(&self.rows), lhs: step(&self.input.rows), rhs: 0, out: step(&self.rows) },
            n: DotDim { size: self.columns, lhs: 0, rhs: self.column_steps[0], out: self.column_steps[1] },
            k: DotDim {
                size: count(&self.kernel.terms),
                lhs: step(&self.input.terms),
                rhs: step(&self.kernel.terms),
                out: 0,
            },
        }
    }

    fn lower(
        &self,
        product: &Product,
        whole: bool,
        manner: Manner<'_>,
        lowered: &mut Lowered,
    ) -> Result<(), Refusal> {
        let Manner { number, epilogue, choice, features } = manner;
        let even_rows = even_step(&self.rows).is_some() && self.output_start == 0;
        let even_terms = even_step(&self.kernel.terms).is_some() && self.kernel.start == 0;
        let inside = self.input.spatial.iter().all(|dim| !dim.checked) && self.input.start == 0;
        let even_input = even_step(&self.input.rows).is_some() && even_step(&self.input.terms).is_some();
        if whole && even_rows && even_terms && inside && even_input {
            return lower_product(&product.clone().normalize(), manner, lowered);
        }
        let mut product = product.clone();
        (product.m.lhs, product.k.lhs) = (0, 0);
        let product = &product;
        let rhs = match even_terms {
            true => Access::choose(product, &product.n, product.rhs.dtype, |dim| dim.rhs),
            false => self.kernel.access(product.rhs.dtype, self.group_steps[1]),
        };
        let direct = Target::of_rows(product, self.output_start, &self.row_steps(), features);
        // Groups of few columns would leave most of a tile idle.
        if choice.is_none() && self.groups > 1 && self.columns < 4 {
            let terms = |access: Access| access.turned(true);
            let input = self.input.access(product.lhs.dtype, self.group_steps[0]);
            let job = Job {
                product,
                number,
                lhs: terms(input),
                rhs: terms(rhs),
                direct: Target::single(product.out.dtype, features),
                rows: self.row_sizes(),
                gather: self.gather(even_terms, even_rows),
                epilogue,
            };
            let rows_first = self.rows.last().is_some_and(|axis| axis.step == 1);
            return job.launches(Choice { shape: Shape::Direct { rows_first }, parts: 1 }, features, lowered);
        }
        let job = Job {
            product,
            number,
            lhs: self.input.access(product.lhs.dtype, self.group_steps[0]),
            rhs,
            direct,
            rows: self.row_sizes(),
            gather: self.gather(even_terms, even_rows),
            epilogue,
        };
        let choice = choice.unwrap_or_else(|| choose(product, direct.is_some(), features));
        let parts = if whole { choice.parts } else { 1 };
        job.launches(Choice { parts, ..choice }, features, lowered)
    }

    /// Dimensions that are more than strides.
    fn gather(&self, even_terms: bool, even_rows: bool) -> Option<Gather> {
        Some(Gather {
            lhs: self.input.clone(),
            rhs: (!even_terms).then(|| self.kernel.clone()),
            out: (!even_rows).then(|| (self.rows.clone(), self.output_start)),
        })
    }

    /// Sizes of rows and their steps in the output.
    fn row_sizes(&self) -> SmallVec<[(i64, i64); 4]> {
        self.rows.iter().map(|axis| (axis.size, axis.step)).collect()
    }

    /// Steps of rows in the output.
    fn row_steps(&self) -> SmallVec<[i64; 4]> {
        self.rows.iter().map(|axis| axis.step).collect()
    }
}
