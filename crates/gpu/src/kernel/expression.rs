//! Index expressions as WGSL: `u32` arithmetic modulo 2^32, so that negative summands need no signs.

use std::fmt::Write;

/// A sum of products of names with constants.
#[derive(Clone, Debug, Default)]
pub(super) struct Sum {
    offset: i64,
    terms: Vec<(String, i64)>,
}

impl Sum {
    /// A constant.
    pub fn new(offset: i64) -> Self {
        Sum { offset, terms: Vec::new() }
    }

    /// Adds `factor * name`; the name is an expression that binds as tightly as a product.
    pub fn add(&mut self, name: impl Into<String>, factor: i64) {
        self.terms.push((name.into(), factor));
    }

    /// The expression, at most a sum: parenthesize where something binds tighter.
    pub fn print(&self) -> String {
        let mut text = String::new();
        let product = |name: &str, factor: u32| match factor {
            1 => name.to_owned(),
            _ => format!("{name} * {factor}u"),
        };
        let (plus, minus): (Vec<_>, Vec<_>) =
            self.terms.iter().filter(|(_, factor)| *factor != 0).partition(|(_, factor)| *factor > 0);
        for (name, factor) in &plus {
            let separator = if text.is_empty() { "" } else { " + " };
            write!(text, "{separator}{}", product(name, *factor as u32)).expect("strings take text");
        }
        let offset = self.offset as u32;
        if text.is_empty() {
            write!(text, "{offset}u").expect("strings take text");
        } else if self.offset > 0 {
            write!(text, " + {offset}u").expect("strings take text");
        } else if self.offset < 0 {
            write!(text, " - {}u", self.offset.unsigned_abs() as u32).expect("strings take text");
        }
        for (name, factor) in &minus {
            write!(text, " - {}", product(name, factor.unsigned_abs() as u32)).expect("strings take text");
        }
        text
    }
}

/// `(value >> n)` for a power of two.
pub(super) fn divided(value: &str, by: u32) -> String {
    match by {
        1 => value.to_owned(),
        _ => format!("({value} >> {}u)", by.trailing_zeros()),
    }
}

/// The quotient rounded up, of numbers that are not negative.
pub(super) fn div_up(number: i64, by: i64) -> i64 {
    (number + by - 1) / by
}
