//! Convolution.

use ops::attributes::Convolution;
use tensor::{Dims, TensorType};

use super::check::{ensure, in_range, promotable, steps, unique};
use super::window::{Window, num_windows, padding};
use super::{Signature, Types, Violation, one};

pub(super) fn convolution(attrs: &Convolution, sig: &Signature<'_>) -> Result<Types, Violation> {
    padding_of(attrs, &attrs.padding, sig)
}

/// The result with this padding; `dynamic_conv` takes its padding from an operand.
pub(super) fn padding_of(
    attrs: &Convolution,
    pads: &[(i64, i64)],
    sig: &Signature<'_>,
) -> Result<Types, Violation> {
    let (lhs, rhs) = (sig.tensor(0)?, sig.tensor(1)?);
    let rank = lhs.rank();
    ensure!(rank == rhs.rank() && rank >= 2, "C1", "the ranks of {lhs} and {rhs} do not fit");
    let spatial = rank - 2;
    steps("C2", "C3", "window_strides", &attrs.window_strides, spatial)?;
    padding("C4", pads, spatial)?;
    steps("C5", "C6", "lhs_dilation", &attrs.lhs_dilation, spatial)?;
    steps("C7", "C8", "rhs_dilation", &attrs.rhs_dilation, spatial)?;
    let reversal = attrs.window_reversal.len();
    ensure!(reversal == 0 || reversal == spatial, "C9", "window_reversal has {reversal} entries");
    ensure!(attrs.feature_group_count > 0, "C21", "feature_group_count is {}", attrs.feature_group_count);
    ensure!(attrs.batch_group_count > 0, "C22", "batch_group_count is {}", attrs.batch_group_count);
    ensure!(
        attrs.feature_group_count == 1 || attrs.batch_group_count == 1,
        "C23",
        "both feature_group_count and batch_group_count are above 1"
    );
    ensure!(matches!(attrs.precision_config.len(), 0 | 2), "C24", "precision_config needs two entries");
    let input = numbers(
        ("C12", "C13", "input"),
        attrs.input_batch_dimension,
        &attrs.input_spatial_dimensions,
        attrs.input_feature_dimension,
        rank,
    )?;
    let kernel = numbers(
        ("C17", "C18", "kernel"),
        attrs.kernel_input_feature_dimension,
        &attrs.kernel_spatial_dimensions,
        attrs.kernel_output_feature_dimension,
        rank,
    )?;
    let output = numbers(
        ("C19", "C20", "output"),
        attrs.output_batch_dimension,
        &attrs.output_spatial_dimensions,
        attrs.output_feature_dimension,
        rank,
    )?;
    let (batch, features) = (lhs.dims[input[0]], lhs.dims[input[rank - 1]]);
    let (kernel_in, kernel_out) = (rhs.dims[kernel[0]], rhs.dims[kernel[rank - 1]]);
    let (groups, batch_groups) = (attrs.feature_group_count, attrs.batch_group_count);
    ensure!(batch % batch_groups == 0, "C10", "batch_group_count {batch_groups} does not divide {batch}");
    ensure!(features % groups == 0, "C11", "feature_group_count {groups} does not divide {features}");
    ensure!(
        kernel_in == features / groups,
        "C14",
        "the kernel has {kernel_in} input features, needs {}",
        features / groups
    );
    ensure!(kernel_out % batch_groups == 0, "C15", "batch_group_count does not divide {kernel_out}");
    ensure!(kernel_out % groups == 0, "C16", "feature_group_count does not divide {kernel_out}");
    let mut dims = Dims::from_elem(0, rank);
    dims[output[0]] = batch / batch_groups;
    dims[output[rank - 1]] = kernel_out;
    for axis in 0..spatial {
        let window = Window::at(
            axis,
            rhs.dims[kernel[axis + 1]],
            &attrs.window_strides,
            pads,
            &attrs.lhs_dilation,
            &attrs.rhs_dilation,
        );
        dims[output[axis + 1]] = num_windows(lhs.dims[input[axis + 1]], window)?;
    }
    // C27, widened: programs may ask for a wider result than the operands, and for floats of integers.
    let dtype = sig.declared_tensor(0)?.dtype;
    ensure!(lhs.dtype.class() == rhs.dtype.class(), "C27", "element types {} and {}", lhs.dtype, rhs.dtype);
    let floats_of_integers = lhs.dtype.is_integer() && dtype.is_float();
    let fine = lhs.dtype.class() == dtype.class() || floats_of_integers;
    ensure!(fine, "C27", "element types {} and {dtype}", lhs.dtype);
    if lhs.dtype == rhs.dtype && dtype.bits() >= lhs.dtype.bits() && !floats_of_integers {
        promotable("C27", lhs.dtype, dtype)?;
    }
    one(TensorType { dtype, dims })
}

/// Checks one operand's dimension numbers; returns first, spatial..., last.
fn numbers(
    (size_label, label, name): (&'static str, &'static str, &str),
    first: i64,
    spatial: &[i64],
    last: i64,
    rank: usize,
) -> Result<Vec<usize>, Violation> {
    if spatial.len() != rank - 2 {
        let message = format!("{name} has {} spatial dimensions, needs {}", spatial.len(), rank - 2);
        return Err(Violation::new(size_label, message));
    }
    let all: Vec<i64> = [first].iter().chain(spatial).chain(&[last]).copied().collect();
    let name = format!("the {name} dimensions");
    in_range(label, &name, &all, rank)?;
    unique(label, &name, &all)?;
    Ok(all.into_iter().map(|axis| axis as usize).collect())
}
