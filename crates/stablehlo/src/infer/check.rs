//! Checks that several families share.

use ops::Type;
use tensor::{DType, TensorType};

use super::{RegionType, Violation};

/// Returns a [`Violation`] with this label unless the condition holds.
macro_rules! ensure {
    ($condition:expr, $label:literal, $($message:tt)*) => {
        if !$condition {
            return Err($crate::infer::Violation::new($label, format!($($message)*)));
        }
    };
}
pub(crate) use ensure;

/// Largest size of a tensor in bytes, padded to at least one element a dimension: more than any machine
/// holds, and small enough that offsets and their sums stay far from overflow.
pub const MAX_BYTES: i64 = 1 << 48;

/// Largest magnitude of paddings, strides, dilations and window sizes, so that their products with a
/// dimension's coordinate stay far from overflow.
pub const MAX_STEP: i64 = 1 << 40;

/// Whether sizes are not negative and the bytes fit [`MAX_BYTES`].
pub fn fits(ty: &TensorType) -> bool {
    let mut total = ty.dtype.size() as i64;
    ty.dims.iter().all(|&dim| {
        total = total.saturating_mul(dim.max(1));
        dim >= 0 && total <= MAX_BYTES
    })
}

/// Checks that dimension numbers lie in `0..rank`.
pub(crate) fn in_range(label: &'static str, name: &str, axes: &[i64], rank: usize) -> Result<(), Violation> {
    match axes.iter().find(|&&axis| axis < 0 || axis >= rank as i64) {
        Some(axis) => {
            Err(Violation::new(label, format!("{name} has {axis}, which is not a dimension of rank {rank}")))
        }
        None => Ok(()),
    }
}

/// Checks that no number occurs twice. Lists are as long as a rank.
pub(crate) fn unique<'a>(
    label: &'static str,
    name: &str,
    axes: impl IntoIterator<Item = &'a i64>,
) -> Result<(), Violation> {
    let mut sorted: Vec<i64> = axes.into_iter().copied().collect();
    sorted.sort_unstable();
    match sorted.windows(2).find(|pair| pair[0] == pair[1]) {
        Some(pair) => Err(Violation::new(label, format!("{name} has {} twice", pair[0]))),
        None => Ok(()),
    }
}

/// Checks that numbers do not decrease.
pub(crate) fn sorted(label: &'static str, name: &str, axes: &[i64]) -> Result<(), Violation> {
    match axes.windows(2).find(|pair| pair[0] > pair[1]) {
        Some(pair) => Err(Violation::new(label, format!("{name} has {} before {}", pair[0], pair[1]))),
        None => Ok(()),
    }
}

/// Checks that `x` may be accumulated in `y`: one class, `y` at least as wide.
pub(crate) fn promotable(label: &'static str, x: DType, y: DType) -> Result<(), Violation> {
    let fine = x == y || (x.class() == y.class() && x.bits() <= y.bits());
    if fine { Ok(()) } else { Err(Violation::new(label, format!("{x} does not promote to {y}"))) }
}

/// The element types of a combiner `(E0.., E0..) -> (E0..)` over scalars, each a promotion of the
/// corresponding input type.
pub(crate) fn combiner(
    label: &'static str,
    region: &RegionType,
    inputs: &[DType],
) -> Result<Vec<DType>, Violation> {
    let count = inputs.len();
    if region.results.len() != count || region.args.len() != 2 * count {
        let message = format!(
            "the region has {} arguments and {} results, needs {} and {count}",
            region.args.len(),
            region.results.len(),
            2 * count
        );
        return Err(Violation::new(label, message));
    }
    let mut found = Vec::with_capacity(count);
    for (index, result) in region.results.iter().enumerate() {
        let element = match result {
            Type::Tensor(ty) if ty.rank() == 0 => ty.dtype,
            _ => return Err(Violation::new(label, format!("the region returns {result}, not a scalar"))),
        };
        for at in [index, count + index] {
            if region.args[at] != *result {
                let message = format!("region argument {at} is {}, needs {result}", region.args[at]);
                return Err(Violation::new(label, message));
            }
        }
        promotable(label, inputs[index], element)?;
        found.push(element);
    }
    Ok(found)
}

/// Checks that a region maps these types to these.
pub(crate) fn region_type(
    label: &'static str,
    name: &str,
    region: &RegionType,
    args: &[&Type],
    results: &[&Type],
) -> Result<(), Violation> {
    let matches = |found: &[Type], wanted: &[&Type]| {
        found.len() == wanted.len() && found.iter().zip(wanted).all(|(a, b)| a == *b)
    };
    if matches(&region.args, args) && matches(&region.results, results) {
        return Ok(());
    }
    let message = format!(
        "{name} has type ({}) -> ({}), needs ({}) -> ({})",
        list(region.args.iter()),
        list(region.results.iter()),
        list(args.iter().copied()),
        list(results.iter().copied())
    );
    Err(Violation::new(label, message))
}

/// Types as text, separated by commas.
pub(crate) fn list<'a>(types: impl Iterator<Item = &'a Type>) -> String {
    types.map(Type::to_string).collect::<Vec<_>>().join(", ")
}

/// Checks a list of steps: as long as `rank`, or empty for the default, each between 1 and [`MAX_STEP`].
pub(crate) fn steps(
    size_label: &'static str,
    value_label: &'static str,
    name: &str,
    values: &[i64],
    rank: usize,
) -> Result<(), Violation> {
    if !values.is_empty() && values.len() != rank {
        let message = format!("{name} has {} entries, needs {rank}", values.len());
        return Err(Violation::new(size_label, message));
    }
    match values.iter().find(|&&value| value < 1) {
        Some(value) => Err(Violation::new(value_label, format!("{name} has {value}, which is below 1"))),
        None => bounded(name, values.iter().copied()),
    }
}

/// Checks that no magnitude is above [`MAX_STEP`].
pub(crate) fn bounded(name: &str, values: impl IntoIterator<Item = i64>) -> Result<(), Violation> {
    for value in values {
        ensure!(value.unsigned_abs() <= MAX_STEP as u64, "limit", "{name} has {value}");
    }
    Ok(())
}

/// The sum of sizes, where it does not overflow.
pub(crate) fn add(a: i64, b: i64) -> Result<i64, Violation> {
    a.checked_add(b).ok_or_else(|| Violation::new("limit", format!("{a} + {b} overflows")))
}

/// The product of sizes, where it does not overflow.
pub(crate) fn mul(a: i64, b: i64) -> Result<i64, Violation> {
    a.checked_mul(b).ok_or_else(|| Violation::new("limit", format!("{a} * {b} overflows")))
}
