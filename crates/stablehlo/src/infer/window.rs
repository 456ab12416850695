//! Windows that slide over a tensor: their arithmetic, `reduce_window` and `select_and_scatter`.

use ops::Type;
use ops::attributes::{ReduceWindow, SelectAndScatter};
use tensor::{DType, Dims, TensorType};

use super::check::{add, bounded, combiner, ensure, mul, region_type, steps};
use super::{Signature, Types, Violation, one, scalar};

/// A window along one dimension.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Number of window elements.
    pub size: i64,
    /// Distance between windows.
    pub stride: i64,
    /// Padding before and after the dilated operand; may be negative.
    pub padding: (i64, i64),
    /// Distance between operand elements.
    pub base_dilation: i64,
    /// Distance between window elements.
    pub window_dilation: i64,
}

impl Window {
    /// Window number `axis` of attribute lists, where an empty list means the default.
    pub fn at(
        axis: usize,
        size: i64,
        strides: &[i64],
        padding: &[(i64, i64)],
        base_dilations: &[i64],
        window_dilations: &[i64],
    ) -> Window {
        let or_one = |list: &[i64]| list.get(axis).copied().unwrap_or(1);
        Window {
            size,
            stride: or_one(strides),
            padding: padding.get(axis).copied().unwrap_or((0, 0)),
            base_dilation: or_one(base_dilations),
            window_dilation: or_one(window_dilations),
        }
    }
}

/// How many windows fit a dimension of this size (C15 of `reduce_window`, C25 of `convolution`).
///
/// # Errors
/// If an extent overflows.
pub fn num_windows(size: i64, window: Window) -> Result<i64, Violation> {
    let extent = |count: i64, step: i64| if count == 0 { Ok(0) } else { add(mul(count - 1, step)?, 1) };
    let dilated = extent(size, window.base_dilation)?;
    let padded = add(add(window.padding.0, dilated)?, window.padding.1)?;
    let reach = extent(window.size, window.window_dilation)?;
    if padded <= 0 || reach > padded {
        return Ok(0);
    }
    Ok((padded - reach) / window.stride + 1)
}

/// Checks padding: as long as `rank` or empty, of bounded magnitude.
pub(super) fn padding(label: &'static str, pairs: &[(i64, i64)], rank: usize) -> Result<(), Violation> {
    if !pairs.is_empty() && pairs.len() != rank {
        return Err(Violation::new(label, format!("padding has {} entries, needs {rank}", pairs.len())));
    }
    bounded("padding", pairs.iter().flat_map(|&(low, high)| [low, high]))
}

pub(super) fn reduce_window(attrs: &ReduceWindow, sig: &Signature<'_>) -> Result<Types, Violation> {
    let operands = sig.tensors(0)?;
    ensure!(
        operands.len() % 2 == 0,
        "C1",
        "{} operands are not inputs and as many initial values",
        operands.len()
    );
    let (inputs, inits) = operands.split_at(operands.len() / 2);
    let first = inputs[0];
    let rank = first.rank();
    ensure!(inputs.iter().all(|ty| ty.dims == first.dims), "C2", "input shapes differ");
    for (input, init) in inputs.iter().zip(inits) {
        ensure!(init.rank() == 0, "I2", "an initial value is {init}");
        ensure!(input.dtype == init.dtype, "C3", "{input} starts from {init}");
    }
    let dimensions = &attrs.window_dimensions;
    ensure!(dimensions.len() == rank, "C4", "window_dimensions has {} entries for {first}", dimensions.len());
    steps("C4", "C5", "window_dimensions", dimensions, rank)?;
    steps("C6", "C7", "window_strides", &attrs.window_strides, rank)?;
    steps("C8", "C9", "base_dilations", &attrs.base_dilations, rank)?;
    steps("C10", "C11", "window_dilations", &attrs.window_dilations, rank)?;
    padding("C12", &attrs.padding, rank)?;
    let dtypes: Vec<DType> = inputs.iter().map(|ty| ty.dtype).collect();
    let elements = combiner("C13", &sig.regions[0], &dtypes)?;
    let mut dims = Dims::new();
    for (axis, &size) in first.dims.iter().enumerate() {
        let window = Window::at(
            axis,
            dimensions[axis],
            &attrs.window_strides,
            &attrs.padding,
            &attrs.base_dilations,
            &attrs.window_dilations,
        );
        dims.push(num_windows(size, window)?);
    }
    // C14 to C16: one shape, element types of the region.
    Ok(elements.iter().map(|&dtype| Type::Tensor(TensorType { dtype, dims: dims.clone() })).collect())
}

pub(super) fn select_and_scatter(attrs: &SelectAndScatter, sig: &Signature<'_>) -> Result<Types, Violation> {
    let (operand, source, init) = (sig.tensor(0)?, sig.tensor(1)?, sig.tensor(2)?);
    let rank = operand.rank();
    ensure!(operand.dtype == source.dtype, "C1", "{source} is scattered into {operand}");
    ensure!(init.rank() == 0, "I3", "the initial value is {init}");
    ensure!(init.dtype == operand.dtype, "C3", "{operand} starts from {init}");
    steps("C4", "C5", "window_dimensions", &attrs.window_dimensions, rank)?;
    steps("C6", "C7", "window_strides", &attrs.window_strides, rank)?;
    padding("C8", &attrs.padding, rank)?;
    ensure!(source.rank() == rank, "C2", "the source {source} has another rank than {operand}");
    for (axis, &size) in operand.dims.iter().enumerate() {
        let window_size = attrs.window_dimensions.get(axis).copied().unwrap_or(1);
        let window = Window::at(axis, window_size, &attrs.window_strides, &attrs.padding, &[], &[]);
        let wanted = num_windows(size, window)?;
        ensure!(
            source.dims[axis] == wanted,
            "C2",
            "dimension {axis} of the source {source} should count {wanted} windows"
        );
    }
    let element = scalar(operand.dtype);
    let boolean = scalar(DType::Bool);
    region_type("C9", "select", &sig.regions[0], &[&element, &element], &[&boolean])?;
    let combined = combiner("C10", &sig.regions[1], &[operand.dtype])?;
    one(operand.with_dtype(combined[0]))
}
