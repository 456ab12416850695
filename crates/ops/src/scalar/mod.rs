//! Plain reference functions, one a scalar operation: the constant folder's and the tests' oracle.
//!
//! Floats and complex numbers are computed in f64 and rounded once to their type, so results of types
//! narrower than f64 are correctly rounded but for the rarest ties. Functions return `None` where
//! StableHLO defines no such operation on the element type.

mod complex;
mod eval;
mod float;
mod integer;

pub use complex::{complex_binary, complex_unary};
pub use eval::{eval_binary, eval_clamp, eval_compare, eval_convert, eval_reduce_precision, eval_unary};
pub use float::{binary_f64, erf_inv, reduce_precision, unary_f64};
pub use integer::{Width, integer_binary, integer_unary};
