//! Elementwise ops: the result's shape is the operands'.

use ops::attributes::{Compare, Map, ReducePrecision};
use ops::{BinaryOp, ComparisonType, Type, UnaryOp};
use tensor::{DType, DTypeClass, Dims, TensorType};

use super::check::{ensure, region_type};
use super::{Signature, Types, Violation, one, scalar};

/// Classes of element types that an op takes.
const FLOAT: &[DTypeClass] = &[DTypeClass::Float];
const ANALYTIC: &[DTypeClass] = &[DTypeClass::Float, DTypeClass::Complex];
const INTEGER: &[DTypeClass] = &[DTypeClass::Signed, DTypeClass::Unsigned];
const BITWISE: &[DTypeClass] = &[DTypeClass::Bool, DTypeClass::Signed, DTypeClass::Unsigned];
const HAS_SIGN: &[DTypeClass] = &[DTypeClass::Signed, DTypeClass::Float, DTypeClass::Complex];
const NUMBER: &[DTypeClass] =
    &[DTypeClass::Signed, DTypeClass::Unsigned, DTypeClass::Float, DTypeClass::Complex];
const ANY: &[DTypeClass] =
    &[DTypeClass::Bool, DTypeClass::Signed, DTypeClass::Unsigned, DTypeClass::Float, DTypeClass::Complex];

fn unary_classes(op: UnaryOp) -> &'static [DTypeClass] {
    use UnaryOp::*;
    match op {
        Abs | Sign => HAS_SIGN,
        Negate => NUMBER,
        Not => BITWISE,
        CountLeadingZeros | Popcnt => INTEGER,
        Ceil | Floor | IsFinite | RoundNearestAfz | RoundNearestEven | Erf | Erfc | ErfInv => FLOAT,
        Cbrt | Cosine | Exponential | ExponentialMinusOne | Imag | Log | LogPlusOne | Logistic | Real
        | Rsqrt | Sine | Sqrt | Tan | Tanh | Acos | Acosh | Asin | Asinh | Atan | Atanh | Cosh | Sinh => {
            ANALYTIC
        }
    }
}

fn binary_classes(op: BinaryOp) -> &'static [DTypeClass] {
    use BinaryOp::*;
    match op {
        Add | Multiply | Maximum | Minimum => ANY,
        Subtract | Divide | Remainder | Power => NUMBER,
        And | Or | Xor => BITWISE,
        ShiftLeft | ShiftRightArithmetic | ShiftRightLogical => INTEGER,
        Atan2 => ANALYTIC,
        Complex => FLOAT,
    }
}

/// The element type of the result of `op` over `dtype`, or `None` if the op is not defined on it.
fn unary_dtype(op: UnaryOp, dtype: DType) -> Option<DType> {
    unary_classes(op).contains(&dtype.class()).then_some(match op {
        UnaryOp::IsFinite => DType::Bool,
        UnaryOp::Abs | UnaryOp::Real | UnaryOp::Imag => dtype.real(),
        _ => dtype,
    })
}

pub(super) fn unary(op: UnaryOp, sig: &Signature<'_>) -> Result<Types, Violation> {
    let operand = sig.tensor(0)?;
    // I1: element type. C1, C2: shape and element type of the result.
    let Some(dtype) = unary_dtype(op, operand.dtype) else {
        return Err(Violation::new("I1", format!("not defined on element type {}", operand.dtype)));
    };
    one(operand.with_dtype(dtype))
}

pub(super) fn binary(op: BinaryOp, sig: &Signature<'_>) -> Result<Types, Violation> {
    let (lhs, rhs) = (sig.tensor(0)?, sig.tensor(1)?);
    ensure!(lhs == rhs, "C1", "operand types differ: {lhs} and {rhs}");
    ensure!(
        binary_classes(op).contains(&lhs.dtype.class()),
        "I1",
        "not defined on element type {}",
        lhs.dtype
    );
    if op != BinaryOp::Complex {
        return one(lhs.clone());
    }
    match lhs.dtype.complex() {
        Some(dtype) => one(lhs.with_dtype(dtype)),
        None => Err(Violation::new("C3", format!("no complex type has parts of type {}", lhs.dtype))),
    }
}

pub(super) fn compare(attrs: &Compare, sig: &Signature<'_>) -> Result<Types, Violation> {
    let (lhs, rhs) = (sig.tensor(0)?, sig.tensor(1)?);
    ensure!(lhs.dtype == rhs.dtype, "C1", "element types differ: {} and {}", lhs.dtype, rhs.dtype);
    ensure!(lhs.dims == rhs.dims, "C2", "shapes differ: {lhs} and {rhs}");
    use ComparisonType::*;
    let fine = match (attrs.compare_type, lhs.dtype.class()) {
        (NoType, _) => true,
        (Float, class) => matches!(class, DTypeClass::Float | DTypeClass::Complex),
        (TotalOrder | WeakOrder, class) => class == DTypeClass::Float,
        (Signed | Unsigned, class) => !matches!(class, DTypeClass::Float | DTypeClass::Complex),
    };
    ensure!(fine, "C3", "compare_type {} does not order {}", attrs.compare_type.keyword(), lhs.dtype);
    one(lhs.with_dtype(DType::Bool))
}

pub(super) fn select(sig: &Signature<'_>) -> Result<Types, Violation> {
    let (predicate, on_true, on_false) = (sig.tensor(0)?, sig.tensor(1)?, sig.tensor(2)?);
    ensure!(predicate.dtype == DType::Bool, "I1", "the predicate is {predicate}");
    ensure!(
        predicate.rank() == 0 || predicate.dims == on_true.dims,
        "C1",
        "the predicate {predicate} is neither a scalar nor of the shape of {on_true}"
    );
    ensure!(on_true == on_false, "C2", "the choices differ: {on_true} and {on_false}");
    one(on_true.clone())
}

pub(super) fn clamp(sig: &Signature<'_>) -> Result<Types, Violation> {
    let (min, operand, max) = (sig.tensor(0)?, sig.tensor(1)?, sig.tensor(2)?);
    ensure!(min.rank() == 0 || min.dims == operand.dims, "C1", "min is {min} for an operand of {operand}");
    ensure!(max.rank() == 0 || max.dims == operand.dims, "C2", "max is {max} for an operand of {operand}");
    ensure!(
        min.dtype == operand.dtype && max.dtype == operand.dtype,
        "C3",
        "element types differ: {}, {}, {}",
        min.dtype,
        operand.dtype,
        max.dtype
    );
    one(operand.clone())
}

pub(super) fn convert(sig: &Signature<'_>) -> Result<Types, Violation> {
    // C1: the shape stays, the element type is the program's choice.
    one(sig.tensor(0)?.with_dtype(sig.declared_tensor(0)?.dtype))
}

pub(super) fn reduce_precision(attrs: &ReducePrecision, sig: &Signature<'_>) -> Result<Types, Violation> {
    let operand = sig.tensor(0)?;
    ensure!(operand.dtype.is_float(), "I1", "not defined on element type {}", operand.dtype);
    ensure!(attrs.exponent_bits >= 1, "C2", "exponent_bits is {}", attrs.exponent_bits);
    ensure!(attrs.mantissa_bits >= 0, "C3", "mantissa_bits is {}", attrs.mantissa_bits);
    one(operand.clone())
}

pub(super) fn bitcast_convert(sig: &Signature<'_>) -> Result<Types, Violation> {
    let operand = sig.tensor(0)?;
    let dtype = sig.declared_tensor(0)?.dtype;
    ensure!(
        operand.dtype.is_complex() == dtype.is_complex(),
        "C2",
        "cannot reinterpret {} as {dtype}",
        operand.dtype
    );
    let (from, to) = (i64::from(operand.dtype.bits()), i64::from(dtype.bits()));
    let mut dims: Dims = operand.dims.clone();
    if to < from {
        ensure!(from % to == 0, "C1", "{dtype} does not divide {}", operand.dtype);
        dims.push(from / to);
    } else if to > from {
        let last = dims.pop();
        ensure!(
            last.is_some_and(|last| to % from == 0 && last == to / from),
            "C1",
            "the last dimension of {operand} does not make one {dtype}"
        );
    }
    one(TensorType::new(dtype, dims))
}

pub(super) fn map(attrs: &Map, sig: &Signature<'_>) -> Result<Types, Violation> {
    let inputs = sig.tensors(0)?;
    let first = inputs[0];
    ensure!(inputs.iter().all(|ty| ty.dims == first.dims), "C1", "input shapes differ");
    let in_order = attrs.dimensions.iter().copied().eq(0..first.rank() as i64);
    ensure!(in_order, "C3", "dimensions are {:?} for rank {}", &attrs.dimensions[..], first.rank());
    let args: Vec<Type> = inputs.iter().map(|ty| scalar(ty.dtype)).collect();
    let dtype = match sig.regions[0].results.as_slice() {
        [Type::Tensor(ty)] if ty.rank() == 0 => ty.dtype,
        _ => return Err(Violation::new("C4", "the region does not return one scalar")),
    };
    let args: Vec<&Type> = args.iter().collect();
    region_type("C4", "the region", &sig.regions[0], &args, &[&scalar(dtype)])?;
    one(first.with_dtype(dtype))
}
