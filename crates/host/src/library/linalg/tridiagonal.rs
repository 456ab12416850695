//! Tridiagonal systems.

use num_complex::ComplexFloat;
use num_traits::Float;

use super::field::Field;

/// Solves a system with the diagonals `[below, on, above]`, of which the first element of `below` and the last of
/// `above` do not count, for the columns of `b`, by elimination with partial pivoting.
///
/// A singular matrix gives NaN. With `perturb`, pivots below epsilon times the largest element of the upper factor are
/// raised to that, so that the result is finite: inverse iteration lives on it.
pub(super) fn solve<T: Field>(diagonals: [&[T]; 3], perturb: bool, b: &[T], out: &mut [T]) {
    let [below, on, above] = diagonals;
    let n = on.len();
    if n == 0 || b.is_empty() {
        return;
    }
    let columns = b.len() / n;
    out.copy_from_slice(b);
    let (mut d, mut first, mut second) = (on.to_vec(), above.to_vec(), vec![T::zero(); n]);
    first[n - 1] = T::zero();
    for i in 0..n - 1 {
        let (upper, lower) = out[i * columns..(i + 2) * columns].split_at_mut(columns);
        let (a, c) = (d[i], below[i + 1]);
        let factor = if ComplexFloat::abs(a) >= ComplexFloat::abs(c) {
            // Where both are zero there is nothing to eliminate.
            let factor = if c == T::zero() { c } else { c / a };
            d[i + 1] -= factor * first[i];
            factor
        } else {
            let factor = a / c;
            let next = d[i + 1];
            d[i] = c;
            d[i + 1] = first[i] - factor * next;
            first[i] = next;
            second[i] = first[i + 1];
            first[i + 1] = T::zero() - factor * second[i];
            upper.swap_with_slice(lower);
            factor
        };
        lower.iter_mut().zip(upper).for_each(|(x, above)| *x -= factor * *above);
    }
    if perturb {
        raise_small(&mut d, &first, &second);
    } else if d.contains(&T::zero()) {
        return out.fill(T::invalid());
    }
    for i in (0..n).rev() {
        let (row, below) = out[i * columns..].split_at_mut(columns);
        for (j, x) in row.iter_mut().enumerate() {
            for (at, factor) in [(j, first[i]), (columns + j, second[i])] {
                if let Some(&known) = below.get(at) {
                    *x -= factor * known;
                }
            }
            *x /= d[i];
        }
    }
}

/// Raises small pivots, keeping their signs.
fn raise_small<T: Field>(d: &mut [T], first: &[T], second: &[T]) {
    let zero = <T::R as num_traits::Zero>::zero();
    let larger = |largest: T::R, x: &T| Float::max(largest, ComplexFloat::abs(*x));
    let largest = d.iter().chain(first).chain(second).fold(zero, larger);
    let scale = if largest > zero { largest } else { <T::R as num_traits::One>::one() };
    let least = <T::R as Float>::epsilon() * scale;
    for pivot in d {
        let size = ComplexFloat::abs(*pivot);
        if size == zero {
            *pivot = T::of(least);
        } else if size < least {
            *pivot *= T::of(least / size);
        }
    }
}
