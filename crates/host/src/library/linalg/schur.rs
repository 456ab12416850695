//! Schur forms by the QR algorithm with implicit shifts.
//!
//! Complex matrices: single shifts after J. Wilkinson, by rotations. Real ones: double shifts after J. Francis,
//! by reflections of three rows, and 2 x 2 blocks in LAPACK's standard form (equal diagonal elements, off-diagonal
//! elements of opposite sign). G. Golub and C. Van Loan, "Matrix Computations", chapter 7.

use faer::{Mat, Par};
use num_complex::ComplexFloat;
use num_traits::{Float, One, Zero};

use super::field::{Field, all_finite, store};
use super::householder;

/// Iterations for one eigenvalue after which the search is given up.
const ITERATIONS: usize = 60;

/// The Hessenberg form of a matrix, and the unitary matrix that leads to it.
fn hessenberg<T: Field>(n: usize, a: &[T], par: Par) -> (Mat<T>, Mat<T>) {
    let mut packed = vec![T::zero(); n * n];
    let mut taus = vec![T::zero(); n.saturating_sub(1)];
    householder::hessenberg(n, a, &mut packed, &mut taus);
    let mut z = Mat::from_fn(n, n, |i, j| if i == j { T::one() } else { T::zero() });
    if n > 1 {
        let m = n - 1;
        let reflections: Vec<T> = (0..m * m).map(|at| packed[(at / m + 1) * n + at % m]).collect();
        let mut q = vec![T::zero(); m * m];
        householder::orgqr([m, m], &reflections, &taus, &mut q, par);
        (0..m * m).for_each(|at| z[(at / m + 1, at % m + 1)] = q[at]);
    }
    let h = Mat::from_fn(n, n, |i, j| if i > j + 1 { T::zero() } else { packed[i * n + j] });
    (h, z)
}

/// Writes the Schur form, or NaN if it was not found.
fn finish<T: Field>(found: bool, n: usize, h: &Mat<T>, z: &Mat<T>, t: &mut [T], z_out: Option<&mut [T]>) {
    if !found {
        t.fill(T::invalid());
        z_out.into_iter().for_each(|out| out.fill(T::invalid()));
        return;
    }
    store(h, n, t);
    if let Some(out) = z_out {
        store(z, n, out);
    }
}

/// Sum of the parts' magnitudes.
fn size<T: Field>(x: T) -> T::R {
    Float::abs(x.re()) + Float::abs(x.im())
}

/// The start of the unreduced block that ends at row `end`: negligible subdiagonal elements are zeroed.
fn deflate<T: Field>(h: &mut Mat<T>, end: usize) -> usize {
    let epsilon = <T::R as Float>::epsilon();
    let mut start = end;
    while start > 0 {
        let mut scale = size(h[(start - 1, start - 1)]) + size(h[(start, start)]);
        if scale == T::R::zero() {
            scale = (0..=end).fold(T::R::zero(), |sum, i| sum + size(h[(i, i.min(end))]) + size(h[(0, i)]));
        }
        if size(h[(start, start - 1)]) <= epsilon * scale {
            h[(start, start - 1)] = T::zero();
            break;
        }
        start -= 1;
    }
    start
}

/// Triangular Schur form of a complex matrix.
pub(super) fn complex<T: Field>(n: usize, a: &[T], t: &mut [T], z_out: Option<&mut [T]>, par: Par) {
    let (mut h, mut z) = hessenberg(n, a, par);
    let mut found = all_finite(a);
    let (mut end, mut iterations) = (n, 0);
    while found && end > 1 {
        let last = end - 1;
        let start = deflate(&mut h, last);
        if start == last {
            end -= 1;
            iterations = 0;
            continue;
        }
        iterations += 1;
        found = iterations <= ITERATIONS;
        let shift = if iterations % 10 == 0 {
            // An exceptional shift breaks cycles.
            T::of(ComplexFloat::abs(h[(last, last - 1)])) + h[(last, last)]
        } else {
            wilkinson(&h, last)
        };
        let (mut x, mut y) = (h[(start, start)] - shift, h[(start + 1, start)]);
        for k in start..last {
            if k > start {
                (x, y) = (h[(k, k - 1)], h[(k + 1, k - 1)]);
            }
            let Some((c, s)) = rotation(x, y) else { continue };
            for j in k.saturating_sub(1).max(start)..n {
                let (u, v) = (h[(k, j)], h[(k + 1, j)]);
                h[(k, j)] = T::of(c) * u + s * v;
                h[(k + 1, j)] = T::of(c) * v - s.conj() * u;
            }
            rotate_columns(&mut h, k, (last).min(k + 2) + 1, c, s);
            rotate_columns(&mut z, k, n, c, s);
        }
    }
    for j in 0..n {
        (j + 1..n).for_each(|i| h[(i, j)] = T::zero());
    }
    finish(found, n, &h, &z, t, z_out);
}

/// c and s with `c x + s y` the length and `c y - conj(s) x` zero; `None` if both are zero.
fn rotation<T: Field>(x: T, y: T) -> Option<(T::R, T)> {
    let (a, b) = (ComplexFloat::abs(x), ComplexFloat::abs(y));
    let length = Float::hypot(a, b);
    if length == T::R::zero() {
        return None;
    }
    if a == T::R::zero() {
        return Some((T::R::zero(), y.conj() / T::of(b)));
    }
    Some((a / length, x / T::of(a) * y.conj() / T::of(length)))
}

/// Multiplies columns k and k + 1 of the first `rows` rows by the adjoint of a rotation.
fn rotate_columns<T: Field>(m: &mut Mat<T>, k: usize, rows: usize, c: T::R, s: T) {
    for i in 0..rows {
        let (u, v) = (m[(i, k)], m[(i, k + 1)]);
        m[(i, k)] = T::of(c) * u + s.conj() * v;
        m[(i, k + 1)] = T::of(c) * v - s * u;
    }
}

/// The eigenvalue of the trailing 2 x 2 block that is nearer to its last element.
fn wilkinson<T: Field>(h: &Mat<T>, last: usize) -> T {
    let (a, b, c, d) = (h[(last - 1, last - 1)], h[(last - 1, last)], h[(last, last - 1)], h[(last, last)]);
    let half = T::of(T::R::one() / (T::R::one() + T::R::one()));
    let p = (a - d) * half;
    let product = b * c;
    let root = ComplexFloat::sqrt(p * p + product);
    let denominator = if size(p + root) > size(p - root) { p + root } else { p - root };
    if denominator.is_zero() { d } else { d - product / denominator }
}

/// Quasi-triangular Schur form of a real matrix.
pub(super) fn real<T: Field<R = T> + Float>(
    n: usize,
    a: &[T],
    t: &mut [T],
    z_out: Option<&mut [T]>,
    par: Par,
) {
    let (mut h, mut z) = hessenberg(n, a, par);
    let mut found = all_finite(a);
    let (mut end, mut iterations) = (n, 0);
    while found && end > 0 {
        let last = end - 1;
        let start = deflate(&mut h, last);
        if start + 1 >= last {
            if start < last {
                standardize(&mut h, &mut z, start);
            }
            end = start;
            iterations = 0;
            continue;
        }
        iterations += 1;
        found = iterations <= ITERATIONS;
        francis(&mut h, &mut z, start, last, iterations % 10 == 0);
    }
    for j in 0..n {
        (j + 2..n).for_each(|i| h[(i, j)] = T::zero());
    }
    finish(found, n, &h, &z, t, z_out);
}

/// A sweep with the two shifts that the trailing block gives.
fn francis<T: Field<R = T> + Float>(
    h: &mut Mat<T>,
    z: &mut Mat<T>,
    start: usize,
    last: usize,
    exceptional: bool,
) {
    let n = h.nrows();
    let (mut trace, mut determinant) = (
        h[(last - 1, last - 1)] + h[(last, last)],
        h[(last - 1, last - 1)] * h[(last, last)] - h[(last - 1, last)] * h[(last, last - 1)],
    );
    if exceptional {
        // LAPACK's (dlahqr).
        let s = Float::abs(h[(last, last - 1)]) + Float::abs(h[(last - 1, last - 2)]);
        let number = |x: f64| <T as num_traits::NumCast>::from(x).expect("a float");
        let diagonal = number(0.75) * s + h[(last, last)];
        trace = diagonal + diagonal;
        determinant = diagonal * diagonal + number(0.4375) * s * s;
    }
    // The first column of the shifted product.
    let (a, b) = (h[(start, start)], h[(start + 1, start)]);
    let mut x = [
        a * a + h[(start, start + 1)] * b - trace * a + determinant,
        b * (a + h[(start + 1, start + 1)] - trace),
        b * h[(start + 2, start + 1)],
    ];
    for k in start..last {
        let rows = if k + 2 <= last { 3 } else { 2 };
        if k > start {
            for (i, x) in x[..rows].iter_mut().enumerate() {
                *x = h[(k + i, k - 1)];
            }
        }
        let (head, rest) = x[..rows].split_first_mut().expect("two rows or three");
        let (tau, _) = householder::reflector(*head, rest);
        if tau.is_zero() {
            continue;
        }
        *head = T::one();
        let v = &x[..rows];
        for j in k.saturating_sub(1).max(start)..n {
            let sum = v.iter().enumerate().fold(T::zero(), |sum, (i, &v)| sum + v * h[(k + i, j)]) * tau;
            v.iter().enumerate().for_each(|(i, &v)| h[(k + i, j)] -= sum * v);
        }
        reflect_rows(h, v, tau, k, (k + 3).min(last) + 1);
        reflect_rows(z, v, tau, k, n);
        if k > start {
            (1..rows).for_each(|i| h[(k + i, k - 1)] = T::zero());
        }
    }
}

/// Applies a reflection from the right to columns from k on, in the first `count` rows.
fn reflect_rows<T: Field<R = T>>(m: &mut Mat<T>, v: &[T], tau: T, k: usize, count: usize) {
    for i in 0..count {
        let sum = v.iter().enumerate().fold(T::zero(), |sum, (j, &v)| sum + v * m[(i, k + j)]) * tau;
        v.iter().enumerate().for_each(|(j, &v)| m[(i, k + j)] -= sum * v);
    }
}

/// Brings the block at rows k and k + 1 to standard form: triangular if its eigenvalues are real, else with
/// equal diagonal elements.
fn standardize<T: Field<R = T> + Float>(h: &mut Mat<T>, z: &mut Mat<T>, k: usize) {
    let n = h.nrows();
    let (a, b, c, d) = (h[(k, k)], h[(k, k + 1)], h[(k + 1, k)], h[(k + 1, k + 1)]);
    if c == T::zero() {
        return;
    }
    let two = T::one() + T::one();
    let p = (a - d) / two;
    let discriminant = p * p + b * c;
    let (cosine, sine) = if discriminant >= T::zero() {
        // Rotate an eigenvector to the front.
        let root = Float::sqrt(discriminant);
        let larger = if p >= T::zero() { p + root } else { p - root };
        // (larger, c) spans the eigenspace of d + larger.
        let length = Float::hypot(larger, c);
        (larger / length, c / length)
    } else {
        // Rotate by half the angle of (b + c, a - d), which makes the diagonal equal.
        let angle = Float::atan2(d - a, b + c) / two;
        (Float::cos(angle), Float::sin(angle))
    };
    for j in k..n {
        let (u, v) = (h[(k, j)], h[(k + 1, j)]);
        h[(k, j)] = cosine * u + sine * v;
        h[(k + 1, j)] = cosine * v - sine * u;
    }
    rotate_columns(h, k, k + 2, cosine, sine);
    rotate_columns(z, k, n, cosine, sine);
    if discriminant >= T::zero() {
        h[(k + 1, k)] = T::zero();
    } else {
        let mean = (h[(k, k)] + h[(k + 1, k + 1)]) / two;
        h[(k, k)] = mean;
        h[(k + 1, k + 1)] = mean;
    }
}
