//! Comparisons.

use ops::{ComparisonDirection, ComparisonType};
use tensor::{DType, DTypeClass};

use super::{Scalars, register};
use crate::lower::Refusal;

impl Scalars<'_> {
    /// The comparison of two values of the type given.
    ///
    /// # Errors
    /// If the type has no such order or the device cannot do it.
    pub fn compare(
        &mut self,
        direction: ComparisonDirection,
        kind: ComparisonType,
        dtype: DType,
        a: &str,
        b: &str,
    ) -> Result<String, Refusal> {
        let symbol = match direction {
            ComparisonDirection::Eq => "==",
            ComparisonDirection::Ne => "!=",
            ComparisonDirection::Ge => ">=",
            ComparisonDirection::Gt => ">",
            ComparisonDirection::Le => "<=",
            ComparisonDirection::Lt => "<",
        };
        let register = register(dtype, self.features)?;
        let prefix = register.prefix();
        Ok(match (dtype.class(), kind) {
            (DTypeClass::Float, ComparisonType::TotalOrder | ComparisonType::WeakOrder) => {
                let order = if kind == ComparisonType::TotalOrder { "order" } else { "weak_order" };
                let [a, b] = [a, b].map(|value| self.call(&format!("{prefix}_{order}"), &[value]));
                format!("({a} {symbol} {b})")
            }
            // The test for NaN.
            (DTypeClass::Float, _) if a == b && direction == ComparisonDirection::Ne => {
                self.call(&format!("{prefix}_is_nan"), &[a])
            }
            (DTypeClass::Float, _) if a == b && direction == ComparisonDirection::Eq => {
                format!("(!{})", self.call(&format!("{prefix}_is_nan"), &[a]))
            }
            (DTypeClass::Float, _) => {
                let ordered = self.call(&format!("{prefix}_ordered"), &[a, b]);
                match direction {
                    ComparisonDirection::Ne => format!("(!(({a} == {b}) & {ordered}))"),
                    _ => format!("(({a} {symbol} {b}) & {ordered})"),
                }
            }
            (DTypeClass::Complex, _) => {
                let equal = self.call(&format!("{prefix}_equal"), &[a, b]);
                match direction {
                    ComparisonDirection::Eq => equal,
                    ComparisonDirection::Ne => format!("(!{equal})"),
                    _ => return Err(Refusal::new("complex numbers have no order")),
                }
            }
            (DTypeClass::Bool, _)
                if !matches!(direction, ComparisonDirection::Eq | ComparisonDirection::Ne) =>
            {
                format!("(select(0u, 1u, {a}) {symbol} select(0u, 1u, {b}))")
            }
            _ => format!("({a} {symbol} {b})"),
        })
    }
}
