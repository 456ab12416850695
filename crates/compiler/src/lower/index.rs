//! Index maps: where in an operand the element at a kernel's axes comes from.
//!
//! A map has one [`Index`] a dimension of the operand. Shape ops compose maps; nothing is copied.

use ops::Op;
use plan::{Expr, NodeId, Term};
use smallvec::{SmallVec, smallvec};
use tensor::row_major_strides;

/// A position along one dimension: a quasi-affine part, and computed parts (node, factor).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Index {
    /// The part that follows from the axes.
    pub expr: Expr,
    /// Integer nodes and their factors.
    pub dynamic: SmallVec<[(NodeId, i64); 1]>,
}

/// One position a dimension.
pub type IndexMap = SmallVec<[Index; 4]>;

impl From<Expr> for Index {
    fn from(expr: Expr) -> Self {
        Index { expr, dynamic: SmallVec::new() }
    }
}

impl Index {
    /// A constant position.
    pub fn constant(offset: i64) -> Self {
        Expr::constant(offset).into()
    }

    /// The value of a node.
    pub fn node(node: NodeId) -> Self {
        Index { expr: Expr::default(), dynamic: smallvec![(node, 1)] }
    }

    /// `self * factor + offset`.
    pub fn scaled(&self, factor: i64, offset: i64) -> Self {
        let mut out = Index::constant(offset);
        out.add_scaled(self, factor);
        out
    }

    /// Adds `factor * other`.
    pub fn add_scaled(&mut self, other: &Index, factor: i64) {
        self.expr.add_scaled(&other.expr, factor);
        self.dynamic.extend(other.dynamic.iter().map(|&(node, f)| (node, f * factor)));
    }

    /// The axis, if this is just the index along one.
    pub fn as_axis(&self) -> Option<usize> {
        match (&self.expr.terms[..], self.expr.offset, self.dynamic.is_empty()) {
            ([term], 0, true) if term.is_plain() && term.stride == 1 => Some(term.axis),
            _ => None,
        }
    }
}

/// The map of a value whose dimensions are the axes `axes[i]` in order; dimensions of size 1 take none.
pub fn aligned(dims: &[i64], axes: &[usize]) -> IndexMap {
    let mut axes = axes.iter();
    let index = |&size: &i64| match size {
        1 => Index::constant(0),
        _ => Expr::axis(*axes.next().expect("an axis for every dimension beyond size 1")).into(),
    };
    dims.iter().map(index).collect()
}

/// The row-major element number of a position in an array of these sizes.
pub fn linear(map: &[Index], dims: &[i64]) -> Index {
    let mut out = Index::default();
    for (index, stride) in map.iter().zip(row_major_strides(dims)) {
        out.add_scaled(index, stride);
    }
    rejoin(&mut out.expr);
    out
}

/// Puts the parts of a split axis together again where they lie in order: `(a / n) * n * s + (a % n) * s` is
/// `a * s`.
fn rejoin(expr: &mut Expr) {
    let mut at = 0;
    while at < expr.terms.len() {
        let low = expr.terms[at];
        let continues = |high: &Term| {
            low.modulus != 0
                && high.axis == low.axis
                && high.divisor == low.divisor * low.modulus
                && high.stride == low.stride * low.modulus
        };
        match expr.terms.iter().position(continues) {
            Some(found) => {
                let modulus = low.modulus * expr.terms[found].modulus;
                expr.terms[at] = Term { modulus, ..low };
                expr.terms.remove(found);
                at = 0;
            }
            None => at += 1,
        }
    }
}

/// The map over the operand of a shape op (`from`) of the positions `map` over its result (`to`): broadcast,
/// transpose, slice, reverse, and reshapes that can be written. `None` for reshapes that cannot be, and for
/// other ops.
pub fn through(op: &Op, map: &IndexMap, to: &[i64], from: &[i64], axes: &[i64]) -> Option<IndexMap> {
    Some(match op {
        Op::BroadcastInDim(broadcast) => {
            let place = |(d, &to): (usize, &i64)| match from[d] {
                1 => Index::constant(0),
                _ => map[to as usize].clone(),
            };
            broadcast.broadcast_dimensions.iter().enumerate().map(place).collect()
        }
        Op::Transpose(transpose) => {
            let mut out = map.clone();
            for (result, &operand) in transpose.permutation.iter().enumerate() {
                out[operand as usize] = map[result].clone();
            }
            out
        }
        Op::Slice(slice) => {
            let bounds = slice.strides.iter().zip(&slice.start_indices);
            map.iter().zip(bounds).map(|(at, (&step, &start))| at.scaled(step, start)).collect()
        }
        Op::Reverse(reverse) => {
            let mut out = map.clone();
            for &d in &reverse.dimensions {
                out[d as usize] = map[d as usize].scaled(-1, from[d as usize] - 1);
            }
            out
        }
        Op::Reshape => match same_but_ones(map, to, from) {
            Some(same) => same,
            None => {
                let total = linear(map, to);
                total.dynamic.is_empty().then_some(())?;
                let position = |(d, stride): (usize, i64)| match from[d] {
                    1 => Some(Index::constant(0)),
                    size => divide(&total.expr, stride, if d == 0 { 0 } else { size }, axes).map(Index::from),
                };
                row_major_strides(from).into_iter().enumerate().map(position).collect::<Option<_>>()?
            }
        },
        _ => return None,
    })
}

/// The map of a reshape that only adds or drops dimensions of size 1.
fn same_but_ones(map: &IndexMap, to: &[i64], from: &[i64]) -> Option<IndexMap> {
    let mut rest = to.iter().zip(map).filter(|(size, _)| **size != 1);
    let mut out = IndexMap::new();
    for &size in from {
        out.push(match size {
            1 => Index::constant(0),
            _ => {
                let (&found, index) = rest.next()?;
                (found == size).then(|| index.clone())?
            }
        });
    }
    rest.next().is_none().then_some(out)
}

/// `(expr / divisor) % modulus` as an expression, where that can be written; `modulus` 0 for none.
///
/// Each summand is split into a part divisible by `divisor` and a rest; if the rests stay below the
/// divisor, floor division distributes. `axes` are the sizes of the axes.
pub fn divide(expr: &Expr, divisor: i64, modulus: i64, axes: &[i64]) -> Option<Expr> {
    let (quotient, rest) = split(expr, divisor, axes)?;
    fits(&rest, divisor, axes).then_some(())?;
    if modulus == 0 || fits(&quotient, modulus, axes) {
        return Some(quotient);
    }
    let (_, rest) = split(&quotient, modulus, axes)?;
    fits(&rest, modulus, axes).then_some(rest)
}

/// Whether an expression stays in `0..limit`.
fn fits(expr: &Expr, limit: i64, axes: &[i64]) -> bool {
    let (low, high) = expr.range(axes);
    low >= 0 && high < limit
}

/// `expr = quotient * divisor + rest`, summand by summand.
fn split(expr: &Expr, divisor: i64, axes: &[i64]) -> Option<(Expr, Expr)> {
    let mut quotient = Expr::constant(expr.offset.div_euclid(divisor));
    let mut rest = Expr::constant(expr.offset.rem_euclid(divisor));
    for &term in &expr.terms {
        if term.stride % divisor == 0 {
            quotient.add_term(Term { stride: term.stride / divisor, ..term });
            continue;
        }
        let reach = term_count(term, axes[term.axis]);
        if term.stride > 0 && (reach - 1) * term.stride < divisor {
            rest.add_term(term);
            continue;
        }
        // x * stride = (x / step) * divisor + (x % step) * stride, with step = divisor / stride.
        if term.stride <= 0 || divisor % term.stride != 0 {
            return None;
        }
        let step = divisor / term.stride;
        if term.modulus != 0 && term.modulus % step != 0 {
            return None;
        }
        quotient.add_term(Term {
            divisor: term.divisor * step,
            modulus: if term.modulus == 0 { 0 } else { term.modulus / step },
            stride: 1,
            ..term
        });
        rest.add_term(Term { modulus: step, ..term });
    }
    Some((quotient, rest))
}

/// How many values `(axis / divisor) % modulus` takes.
fn term_count(term: Term, size: i64) -> i64 {
    let quotients = (size.max(1) - 1) / term.divisor + 1;
    if term.modulus == 0 { quotients } else { quotients.min(term.modulus) }
}

/// Which axes an operand's dimensions are, in order, if the map is nothing but axes (constant 0 for
/// dimensions of size 1): a bit per axis. `None` for any other map.
pub fn axis_mask(map: &[Index], dims: &[i64], axes: &[i64]) -> Option<u64> {
    let mut mask = 0u64;
    let mut previous = None;
    for (index, &size) in map.iter().zip(dims) {
        if size == 1 {
            continue;
        }
        let axis = index.as_axis()?;
        if axes[axis] != size || previous.is_some_and(|p| p >= axis) || axis >= 64 {
            return None;
        }
        previous = Some(axis);
        mask |= 1 << axis;
    }
    Some(mask)
}

#[cfg(test)]
mod tests {
    use super::*;
    use tensor::Indices;

    fn check(expr: &Expr, divisor: i64, modulus: i64, axes: &[i64]) -> bool {
        let Some(found) = divide(expr, divisor, modulus, axes) else { return false };
        for index in Indices::new(axes) {
            let quotient = expr.at(&index).div_euclid(divisor);
            let expected = if modulus == 0 { quotient } else { quotient.rem_euclid(modulus) };
            assert_eq!(found.at(&index), expected, "{expr} / {divisor} % {modulus} at {index:?}");
        }
        true
    }

    #[test]
    fn splitting_and_joining_dimensions() {
        // [2, 12] read as [2, 3, 4]: 12 * a0 + a1.
        let mut joined = Expr::axis(0).clone();
        joined.terms[0].stride = 12;
        joined.add_scaled(&Expr::axis(1), 1);
        let axes = [2, 12];
        assert!(check(&joined, 12, 0, &axes));
        assert!(check(&joined, 4, 3, &axes));
        assert!(check(&joined, 1, 4, &axes));
        // [2, 3, 4] read as [6, 4] and [2, 12].
        let mut parts = Expr::default();
        for (axis, stride) in [(0, 12), (1, 4), (2, 1)] {
            parts.add_term(Term::plain(axis, stride));
        }
        let axes = [2, 3, 4];
        assert!(check(&parts, 4, 0, &axes));
        assert!(check(&parts, 1, 12, &axes));
        assert!(check(&parts, 12, 2, &axes));
        // Boundaries that do not divide cannot be written.
        assert!(!check(&parts, 6, 0, &axes));
        assert!(!check(&parts, 5, 0, &axes));
    }

    #[test]
    fn offsets_and_repeated_splits() {
        let mut expr = Expr::constant(24);
        expr.add_term(Term::plain(0, 1));
        assert!(check(&expr, 8, 0, &[8]));
        assert!(check(&expr, 4, 0, &[16]));
        let halves = divide(&Expr::axis(0), 4, 6, &[48]).expect("one axis always splits");
        assert!(check(&halves, 2, 3, &[48]));
        assert!(check(&halves, 3, 2, &[48]));
        assert!(!check(&halves, 4, 0, &[48]));
    }

    #[test]
    fn masks() {
        let map = aligned(&[2, 1, 4], &[0, 2]);
        assert_eq!(axis_mask(&map, &[2, 1, 4], &[2, 3, 4]), Some(0b101));
        let swapped: IndexMap = [1, 0].map(|axis| Index::from(Expr::axis(axis))).into_iter().collect();
        assert_eq!(axis_mask(&swapped, &[3, 2], &[2, 3]), None);
        assert_eq!(linear(&map, &[2, 1, 4]).expr.at(&[1, 0, 3]), 7);
    }
}
