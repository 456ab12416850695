use num_complex::Complex;
use ops::Transpose;
use plan::StepOp;
use plan::library::{Linalg, LinalgRoutine};
use tensor::{DType, Literal, Scalar, TensorType};

use super::{run, small_integers};

type C = Complex<f64>;

const TYPES: [DType; 4] = [DType::F32, DType::F64, DType::C64, DType::C128];
const SIZES: [i64; 6] = [0, 1, 2, 3, 7, 70];

/// A matrix of any type, computed with in complex f64.
#[derive(Clone, Debug)]
struct Matrix {
    rows: usize,
    columns: usize,
    values: Vec<C>,
}

impl Matrix {
    fn new(rows: usize, columns: usize, value: impl Fn(usize, usize) -> C) -> Self {
        let values = (0..rows * columns).map(|at| value(at / columns, at % columns)).collect();
        Matrix { rows, columns, values }
    }

    fn identity(n: usize) -> Self {
        Matrix::new(n, n, |i, j| C::from(f64::from(u8::from(i == j))))
    }

    /// One matrix of a batch.
    fn of(literal: &Literal, index: usize, rows: i64, columns: i64) -> Self {
        let (rows, columns) = (rows as usize, columns as usize);
        let first = index * rows * columns;
        Matrix::new(rows, columns, |i, j| literal.get(first + i * columns + j).as_complex())
    }

    fn at(&self, i: usize, j: usize) -> C {
        self.values[i * self.columns + j]
    }

    fn times(&self, other: &Matrix) -> Matrix {
        assert_eq!(self.columns, other.rows);
        let sum = |i, j| (0..self.columns).map(|k| self.at(i, k) * other.at(k, j)).sum();
        Matrix::new(self.rows, other.columns, sum)
    }

    fn adjoint(&self) -> Matrix {
        Matrix::new(self.columns, self.rows, |i, j| self.at(j, i).conj())
    }

    fn transpose(&self) -> Matrix {
        Matrix::new(self.columns, self.rows, |i, j| self.at(j, i))
    }

    fn filter(&self, keep: impl Fn(usize, usize) -> bool) -> Matrix {
        Matrix::new(self.rows, self.columns, |i, j| if keep(i, j) { self.at(i, j) } else { C::ZERO })
    }

    fn part(&self, rows: usize, columns: usize) -> Matrix {
        Matrix::new(rows, columns, |i, j| self.at(i, j))
    }

    #[track_caller]
    fn assert_near(&self, other: &Matrix, dtype: DType, what: &str) {
        let epsilon = if dtype.real() == DType::F32 { 6e-8 } else { 1.1e-16 };
        let scale = other.values.iter().fold(1.0, |scale: f64, value| scale.max(value.norm()));
        let tolerance = 40.0 * epsilon * scale * (self.rows.max(self.columns) as f64 + 4.0);
        assert_eq!((self.rows, self.columns), (other.rows, other.columns), "{what} of {dtype}");
        for (at, (a, b)) in self.values.iter().zip(&other.values).enumerate() {
            assert!(
                (a - b).norm() <= tolerance,
                "{what} of {dtype}, {}x{} at {at}: {a} {b}",
                self.rows,
                self.columns
            );
        }
    }
}

/// The product of reflections `I - tau v v^H`.
fn reflections(vectors: &[Vec<C>], taus: &[C], n: usize) -> Matrix {
    vectors.iter().zip(taus).fold(Matrix::identity(n), |q, (v, &tau)| {
        let v = Matrix::new(n, 1, |i, _| v[i]);
        let product = q.times(&v).times(&v.adjoint());
        Matrix::new(n, n, |i, j| q.at(i, j) - tau * product.at(i, j))
    })
}

fn linalg(
    routine: LinalgRoutine,
    dtype: DType,
    [batch, rows, cols]: [i64; 3],
    inputs: &[Literal],
    outputs: &[(DType, Vec<i64>)],
) -> Vec<Literal> {
    let types: Vec<_> = outputs
        .iter()
        .map(|(dtype, dims)| TensorType::new(*dtype, [batch].into_iter().chain(dims.iter().copied())))
        .collect();
    run(&StepOp::Linalg(Linalg { routine, dtype, batch, rows, cols }), inputs, &types)
}

/// Random, with a heavy diagonal.
fn dominant(dtype: DType, dims: [i64; 3]) -> Literal {
    let random = small_integers(dtype, &dims, 9);
    let values = random.scalars().enumerate().map(|(at, value)| {
        let (i, j) = (at as i64 / dims[2] % dims[1], at as i64 % dims[2]);
        let weight = if i == j { 4.0 * dims[1] as f64 } else { 0.0 };
        Scalar::from_complex(dtype, value.as_complex() + weight)
    });
    Literal::from_scalars(random.ty.clone(), values.collect::<Vec<_>>())
}

fn vector(literal: &Literal, index: usize, len: i64) -> Vec<C> {
    Matrix::of(literal, index, len, 1).values
}

#[test]
fn cholesky() {
    for dtype in TYPES {
        for n in SIZES {
            for lower in [true, false] {
                // Only one triangle counts: the other is not that of a Hermitian matrix.
                let a = dominant(dtype, [2, n, n]);
                let out = linalg(
                    LinalgRoutine::Cholesky { lower },
                    dtype,
                    [2, n, n],
                    &[a.clone()],
                    &[(dtype, vec![n, n])],
                );
                for b in 0..2 {
                    let (a, factor) = (Matrix::of(&a, b, n, n), Matrix::of(&out[0], b, n, n));
                    let counts = |i: usize, j: usize| (i > j) == lower;
                    let hermitian = Matrix::new(n as usize, n as usize, |i, j| match i == j {
                        true => C::from(a.at(i, i).re),
                        false if counts(i, j) => a.at(i, j),
                        false => a.at(j, i).conj(),
                    });
                    let zeros = factor.filter(|i, j| i == j || counts(i, j));
                    assert_eq!(factor.values, zeros.values);
                    let product =
                        if lower { factor.times(&factor.adjoint()) } else { factor.adjoint().times(&factor) };
                    product.assert_near(&hermitian, dtype, "cholesky");
                }
            }
        }
        let a = Literal::splat([1, 2, 2], Scalar::from_f64(dtype, -1.0));
        let out =
            linalg(LinalgRoutine::Cholesky { lower: true }, dtype, [1, 2, 2], &[a], &[(dtype, vec![2, 2])]);
        assert!(out[0].scalars().all(|value| value.as_f64().is_nan()));
    }
}

#[test]
fn triangular_solve() {
    for dtype in TYPES {
        for n in [0, 1, 3, 40] {
            for bits in 0..8 {
                let [left_side, lower, unit_diagonal] = [0, 1, 2].map(|bit| bits >> bit & 1 == 1);
                for transpose in [Transpose::NoTranspose, Transpose::Transpose, Transpose::Adjoint] {
                    let a = dominant(dtype, [2, n, n]);
                    // With a unit diagonal the rest must be small.
                    let a = Literal::from_scalars(
                        a.ty.clone(),
                        a.scalars()
                            .map(|value| Scalar::from_complex(dtype, value.as_complex() / (4.0 * n as f64))),
                    );
                    let (rhs_rows, rhs_cols) = if left_side { (n, 5) } else { (5, n) };
                    let b = small_integers(dtype, &[2, rhs_rows, rhs_cols], 3);
                    let routine = LinalgRoutine::TriangularSolve {
                        left_side,
                        lower,
                        transpose,
                        unit_diagonal,
                        rhs_rows,
                        rhs_cols,
                    };
                    let out = linalg(
                        routine,
                        dtype,
                        [2, n, n],
                        &[a.clone(), b.clone()],
                        &[(dtype, vec![rhs_rows, rhs_cols])],
                    );
                    for batch in 0..2 {
                        let a = Matrix::of(&a, batch, n, n);
                        let triangle = Matrix::new(a.rows, a.rows, |i, j| match i == j {
                            true if unit_diagonal => C::ONE,
                            true => a.at(i, j),
                            false if (i > j) == lower => a.at(i, j),
                            false => C::ZERO,
                        });
                        let op = match transpose {
                            Transpose::Transpose => triangle.transpose(),
                            Transpose::Adjoint => triangle.adjoint(),
                            _ => triangle,
                        };
                        let x = Matrix::of(&out[0], batch, rhs_rows, rhs_cols);
                        let product = if left_side { op.times(&x) } else { x.times(&op) };
                        product.assert_near(
                            &Matrix::of(&b, batch, rhs_rows, rhs_cols),
                            dtype,
                            "triangular solve",
                        );
                    }
                }
            }
        }
    }
}

const SHAPES: [(i64, i64); 8] = [(0, 3), (1, 1), (3, 3), (5, 2), (2, 5), (70, 40), (40, 70), (65, 65)];

#[test]
fn qr() {
    for dtype in TYPES {
        for (m, n) in SHAPES {
            let k = m.min(n);
            let a = small_integers(dtype, &[2, m, n], 5);
            let out = linalg(
                LinalgRoutine::Geqrf,
                dtype,
                [2, m, n],
                &[a.clone()],
                &[(dtype, vec![m, n]), (dtype, vec![k])],
            );
            // All of the orthogonal matrix, from packed reflections in an m x m array.
            for b in 0..2 {
                let (a, packed) = (Matrix::of(&a, b, m, n), Matrix::of(&out[0], b, m, n));
                let (rows, count) = (m as usize, k as usize);
                let r = packed.filter(|i, j| i <= j);
                let below = Matrix::new(rows, count, |i, j| if i > j { packed.at(i, j) } else { C::ZERO });
                let values = below.values.iter().map(|&value| Scalar::from_complex(dtype, value));
                let reflectors = Literal::from_scalars(TensorType::new(dtype, [1, m, k]), values);
                let taus = vector(&out[1], b, k);
                let tau_values = taus.iter().map(|&value| Scalar::from_complex(dtype, value));
                let tau_literal = Literal::from_scalars(TensorType::new(dtype, [1, k]), tau_values);
                let routine = LinalgRoutine::Orgqr { taus: k };
                let q = linalg(routine, dtype, [1, m, k], &[reflectors, tau_literal], &[(dtype, vec![m, k])]);
                let q = Matrix::of(&q[0], 0, m, k);
                q.adjoint().times(&q).assert_near(&Matrix::identity(count), dtype, "orthogonality");
                q.times(&r.part(count, n as usize)).assert_near(&a, dtype, "qr");
                for i in 0..count {
                    assert_eq!(r.at(i, i).im, 0.0, "the diagonal of r is real");
                }
                if count > 0 && m > 1 {
                    let head = if a.at(0, 0).re < 0.0 { 1.0 } else { -1.0 };
                    assert!(r.at(0, 0).re * head > 0.0, "the sign is opposite to the leading element's");
                }
            }
        }
    }
}

#[test]
fn qr_with_pivoting() {
    for dtype in TYPES {
        for (m, n) in SHAPES {
            let k = m.min(n);
            let a = small_integers(dtype, &[1, m, n], 6);
            let free = Literal::splat([1, n], Scalar::zero(DType::I32));
            let outputs = [(dtype, vec![m, n]), (DType::I32, vec![n]), (dtype, vec![k])];
            let out = linalg(LinalgRoutine::Geqp3, dtype, [1, m, n], &[a.clone(), free], &outputs);
            let a = Matrix::of(&a, 0, m, n);
            let packed = Matrix::of(&out[0], 0, m, n);
            let order: Vec<usize> = out[1].scalars().map(|pivot| pivot.as_i64() as usize - 1).collect();
            let permuted = Matrix::new(m as usize, n as usize, |i, j| a.at(i, order[j]));
            let vectors: Vec<Vec<C>> = (0..k as usize)
                .map(|j| {
                    let element = |i: usize| match i.cmp(&j) {
                        std::cmp::Ordering::Less => C::ZERO,
                        std::cmp::Ordering::Equal => C::ONE,
                        std::cmp::Ordering::Greater => packed.at(i, j),
                    };
                    (0..m as usize).map(element).collect()
                })
                .collect();
            let q = reflections(&vectors, &vector(&out[2], 0, k), m as usize);
            let r = packed.filter(|i, j| i <= j);
            q.times(&r).assert_near(&permuted, dtype, "pivoted qr");
            for i in 1..k as usize {
                assert!(r.at(i, i).norm() <= r.at(i - 1, i - 1).norm() * 1.0001, "the diagonal decreases");
            }
        }
    }
    // A column that is fixed comes first.
    let a = super::literal(DType::F64, &[1, 2, 3], &[1., 2., 0.1, 0., 5., 0.]);
    let pivots = super::literal(DType::I32, &[1, 3], &[0., 0., 1.]);
    let outputs = [(DType::F64, vec![2, 3]), (DType::I32, vec![3]), (DType::F64, vec![2])];
    let out = linalg(LinalgRoutine::Geqp3, DType::F64, [1, 2, 3], &[a, pivots], &outputs);
    assert_eq!(out[1].scalars().map(Scalar::as_i64).collect::<Vec<_>>(), [3, 2, 1]);
}

#[test]
fn lu() {
    for dtype in TYPES {
        for (m, n) in SHAPES {
            let k = m.min(n);
            let a = small_integers(dtype, &[2, m, n], 7);
            let outputs = [(dtype, vec![m, n]), (DType::I32, vec![k]), (DType::I32, vec![m])];
            let out = linalg(LinalgRoutine::Lu, dtype, [2, m, n], &[a.clone()], &outputs);
            for b in 0..2 {
                let (a, packed) = (Matrix::of(&a, b, m, n), Matrix::of(&out[0], b, m, n));
                let mut order: Vec<usize> = (0..m as usize).collect();
                for (i, pivot) in vector(&out[1], b, k).iter().enumerate() {
                    order.swap(i, pivot.re as usize);
                }
                let permutation: Vec<usize> =
                    vector(&out[2], b, m).iter().map(|row| row.re as usize).collect();
                assert_eq!(order, permutation);
                let l = Matrix::new(m as usize, k as usize, |i, j| match i.cmp(&j) {
                    std::cmp::Ordering::Less => C::ZERO,
                    std::cmp::Ordering::Equal => C::ONE,
                    std::cmp::Ordering::Greater => packed.at(i, j),
                });
                let u = packed.part(k as usize, n as usize).filter(|i, j| i <= j);
                let permuted = Matrix::new(m as usize, n as usize, |i, j| a.at(order[i], j));
                l.times(&u).assert_near(&permuted, dtype, "lu");
            }
        }
    }
    let singular = super::literal(DType::F64, &[1, 2, 2], &[0., 1., 0., 2.]);
    let outputs = [(DType::F64, vec![2, 2]), (DType::I32, vec![2]), (DType::I32, vec![2])];
    let out = linalg(LinalgRoutine::Lu, DType::F64, [1, 2, 2], &[singular], &outputs);
    assert_eq!(out[0].scalars().map(Scalar::as_f64).collect::<Vec<_>>(), [0., 1., 0., 2.]);
}

#[test]
fn eigh() {
    for dtype in TYPES {
        for n in SIZES {
            for lower in [true, false] {
                let a = small_integers(dtype, &[2, n, n], 8);
                let outputs = [(dtype, vec![n, n]), (dtype.real(), vec![n])];
                let out = linalg(LinalgRoutine::Eigh { lower }, dtype, [2, n, n], &[a.clone()], &outputs);
                for b in 0..2 {
                    let a = Matrix::of(&a, b, n, n);
                    let hermitian = Matrix::new(n as usize, n as usize, |i, j| match i == j {
                        true => C::from(a.at(i, i).re),
                        false if (i > j) == lower => a.at(i, j),
                        false => a.at(j, i).conj(),
                    });
                    let v = Matrix::of(&out[0], b, n, n);
                    let values = vector(&out[1], b, n);
                    assert!(values.windows(2).all(|pair| pair[0].re <= pair[1].re));
                    v.adjoint().times(&v).assert_near(&Matrix::identity(n as usize), dtype, "orthogonality");
                    let scaled = Matrix::new(v.rows, v.columns, |i, j| v.at(i, j) * values[j]);
                    hermitian.times(&v).assert_near(&scaled, dtype, "eigh");
                }
            }
        }
    }
}

#[test]
fn svd() {
    for dtype in TYPES {
        for (m, n) in SHAPES {
            let k = m.min(n);
            let a = small_integers(dtype, &[2, m, n], 9);
            for full_matrices in [false, true] {
                let (u_columns, v_rows) = if full_matrices { (m, n) } else { (k, k) };
                let outputs =
                    [(dtype.real(), vec![k]), (dtype, vec![m, u_columns]), (dtype, vec![v_rows, n])];
                let routine = LinalgRoutine::Svd { full_matrices, vectors: true };
                let out = linalg(routine, dtype, [2, m, n], &[a.clone()], &outputs);
                let values_only = LinalgRoutine::Svd { full_matrices, vectors: false };
                let values_only = linalg(values_only, dtype, [2, m, n], &[a.clone()], &outputs[..1]);
                for b in 0..2 {
                    let values = vector(&out[0], b, k);
                    let only = Matrix::of(&values_only[0], b, k, 1);
                    only.assert_near(&Matrix::of(&out[0], b, k, 1), dtype, "singular values");
                    assert!(values.windows(2).all(|pair| pair[0].re >= pair[1].re));
                    let (u, vh) = (Matrix::of(&out[1], b, m, u_columns), Matrix::of(&out[2], b, v_rows, n));
                    u.adjoint().times(&u).assert_near(&Matrix::identity(u.columns), dtype, "u");
                    vh.times(&vh.adjoint()).assert_near(&Matrix::identity(vh.rows), dtype, "v");
                    let us = Matrix::new(u.rows, k as usize, |i, j| u.at(i, j) * values[j]);
                    us.times(&vh.part(k as usize, n as usize)).assert_near(
                        &Matrix::of(&a, b, m, n),
                        dtype,
                        "svd",
                    );
                }
            }
        }
    }
}

#[test]
fn eig() {
    for dtype in TYPES {
        let complex = dtype.complex().unwrap_or(dtype);
        for n in SIZES {
            let a = small_integers(dtype, &[2, n, n], 10);
            let outputs = [(complex, vec![n]), (complex, vec![n, n]), (complex, vec![n, n])];
            let routine = LinalgRoutine::Eig { left: true, right: true };
            let out = linalg(routine, dtype, [2, n, n], &[a.clone()], &outputs);
            for b in 0..2 {
                let a = Matrix::of(&a, b, n, n);
                let values = vector(&out[0], b, n);
                let (left, right) = (Matrix::of(&out[1], b, n, n), Matrix::of(&out[2], b, n, n));
                let scaled = Matrix::new(a.rows, a.rows, |i, j| right.at(i, j) * values[j]);
                a.times(&right).assert_near(&scaled, dtype, "right eigenvectors");
                let scaled = Matrix::new(a.rows, a.rows, |i, j| left.at(i, j) * values[j].conj());
                a.adjoint().times(&left).assert_near(&scaled, dtype, "left eigenvectors");
                for v in [&left, &right] {
                    for j in 0..v.columns {
                        let length: f64 = (0..v.rows).map(|i| v.at(i, j).norm_sqr()).sum();
                        assert!((length - 1.0).abs() < 1e-5);
                    }
                }
            }
        }
    }
}

#[test]
fn schur() {
    for dtype in TYPES {
        for n in SIZES {
            let a = small_integers(dtype, &[2, n, n], 11);
            let outputs = [(dtype, vec![n, n]), (dtype, vec![n, n])];
            let out =
                linalg(LinalgRoutine::Schur { vectors: true }, dtype, [2, n, n], &[a.clone()], &outputs);
            for b in 0..2 {
                let (t, z) = (Matrix::of(&out[0], b, n, n), Matrix::of(&out[1], b, n, n));
                z.adjoint().times(&z).assert_near(&Matrix::identity(z.rows), dtype, "orthogonality");
                z.times(&t).times(&z.adjoint()).assert_near(&Matrix::of(&a, b, n, n), dtype, "schur");
                let band = usize::from(!dtype.is_complex());
                assert_eq!(t.values, t.filter(|i, j| i <= j + band).values);
                for i in 1..if dtype.is_complex() { 0 } else { t.rows } {
                    if t.at(i, i - 1) != C::ZERO {
                        assert_eq!(t.at(i, i), t.at(i - 1, i - 1), "blocks have equal diagonal elements");
                        assert!((t.at(i, i - 1) * t.at(i - 1, i)).re < 0.0, "and complex eigenvalues");
                        assert!(i < 2 || t.at(i - 1, i - 2) == C::ZERO, "blocks are 2 x 2");
                    }
                }
            }
        }
    }
}

#[test]
fn hessenberg() {
    for dtype in TYPES {
        for n in SIZES {
            let a = small_integers(dtype, &[1, n, n], 12);
            let off = (n - 1).max(0);
            let outputs = [(dtype, vec![n, n]), (dtype, vec![off])];
            let out = linalg(LinalgRoutine::Hessenberg, dtype, [1, n, n], &[a.clone()], &outputs);
            let packed = Matrix::of(&out[0], 0, n, n);
            let vectors: Vec<Vec<C>> = (0..off as usize)
                .map(|j| {
                    let element = |i: usize| match i.cmp(&(j + 1)) {
                        std::cmp::Ordering::Less => C::ZERO,
                        std::cmp::Ordering::Equal => C::ONE,
                        std::cmp::Ordering::Greater => packed.at(i, j),
                    };
                    (0..n as usize).map(element).collect()
                })
                .collect();
            let q = reflections(&vectors, &vector(&out[1], 0, off), n as usize);
            let h = packed.filter(|i, j| i <= j + 1);
            q.times(&h).times(&q.adjoint()).assert_near(&Matrix::of(&a, 0, n, n), dtype, "hessenberg");
        }
    }
}

#[test]
fn tridiagonal() {
    for dtype in TYPES {
        for n in SIZES {
            for lower in [true, false] {
                let a = small_integers(dtype, &[1, n, n], 13);
                let off = (n - 1).max(0);
                let outputs = [
                    (dtype, vec![n, n]),
                    (dtype.real(), vec![n]),
                    (dtype.real(), vec![off]),
                    (dtype, vec![off]),
                ];
                let out =
                    linalg(LinalgRoutine::Tridiagonal { lower }, dtype, [1, n, n], &[a.clone()], &outputs);
                let a = Matrix::of(&a, 0, n, n);
                let rows = n as usize;
                let hermitian = Matrix::new(rows, rows, |i, j| match i == j {
                    true => C::from(a.at(i, i).re),
                    false if (i > j) == lower => a.at(i, j),
                    false => a.at(j, i).conj(),
                });
                let packed = Matrix::of(&out[0], 0, n, n);
                let (d, e, taus) = (vector(&out[1], 0, n), vector(&out[2], 0, off), vector(&out[3], 0, off));
                let t = Matrix::new(rows, rows, |i, j| match i.abs_diff(j) {
                    0 => d[i],
                    1 => e[i.min(j)],
                    _ => C::ZERO,
                });
                let mut vectors: Vec<Vec<C>> = (0..off as usize)
                    .map(|at| {
                        let (column, one) = if lower { (at, at + 1) } else { (at + 1, at) };
                        let element = |i: usize| match i.cmp(&one) {
                            std::cmp::Ordering::Equal => C::ONE,
                            std::cmp::Ordering::Greater if lower => packed.at(i, column),
                            std::cmp::Ordering::Less if !lower => packed.at(i, column),
                            _ => C::ZERO,
                        };
                        (0..rows).map(element).collect()
                    })
                    .collect();
                let mut taus = taus;
                // The upper form is Q = H(n-1) ... H(1).
                if !lower {
                    vectors.reverse();
                    taus.reverse();
                }
                let q = reflections(&vectors, &taus, rows);
                q.times(&t).times(&q.adjoint()).assert_near(&hermitian, dtype, "tridiagonal");
                for i in 0..off as usize {
                    let (row, column) = if lower { (i + 1, i) } else { (i, i + 1) };
                    assert_eq!((packed.at(row, column), packed.at(i, i)), (e[i], d[i]));
                }
            }
        }
    }
}

#[test]
fn tridiagonal_solve() {
    for dtype in TYPES {
        for n in SIZES {
            for (perturb, weight) in [(false, 0.25), (true, 0.25), (false, 6.0), (true, 6.0)] {
                // Small elements on the diagonal make rows change places.
                let diagonal = |seed: u64, weight: f64| {
                    let random = small_integers(dtype, &[2, n], seed);
                    let values =
                        random.scalars().enumerate().map(|(at, x)| x.as_complex() + weight + at as f64 / 9.0);
                    let values: Vec<_> = values.map(|x| Scalar::from_complex(dtype, x)).collect();
                    Literal::from_scalars(random.ty.clone(), values)
                };
                let diagonals = [diagonal(1, 4.5), diagonal(2, weight), diagonal(3, 4.5)];
                let b = small_integers(dtype, &[2, n, 3], 4);
                let [dl, d, du] = diagonals.clone();
                let inputs = [dl, d, du, b.clone()];
                let routine = LinalgRoutine::TridiagonalSolve { perturb };
                let out = linalg(routine, dtype, [2, n, 3], &inputs, &[(dtype, vec![n, 3])]);
                for index in 0..2 {
                    let [dl, d, du] = [0, 1, 2].map(|which: usize| vector(&diagonals[which], index, n));
                    let a = Matrix::new(n as usize, n as usize, |i, j| match (i, j) {
                        _ if i == j => d[i],
                        _ if i == j + 1 => dl[i],
                        _ if i + 1 == j => du[i],
                        _ => C::ZERO,
                    });
                    let x = Matrix::of(&out[0], index, n, 3);
                    a.times(&x).assert_near(&Matrix::of(&b, index, n, 3), dtype, "tridiagonal_solve");
                }
            }
        }
    }
}

#[test]
fn singular_tridiagonal_systems() {
    // [[0, 1], [0, 1]]: its null vector is (1, 0).
    let row = |values: [f64; 2]| super::literal(DType::F64, &[1, 2], &values);
    let inputs = [
        row([7.0, 0.0]),
        row([0.0, 1.0]),
        row([1.0, 7.0]),
        super::literal(DType::F64, &[1, 2, 1], &[1.0, 2.0]),
    ];
    let solve = |perturb| {
        let routine = LinalgRoutine::TridiagonalSolve { perturb };
        let out = linalg(routine, DType::F64, [1, 2, 1], &inputs, &[(DType::F64, vec![2, 1])]);
        out[0].scalars().map(Scalar::as_f64).collect::<Vec<_>>()
    };
    assert!(solve(false).iter().all(|x| x.is_nan()));
    let x = solve(true);
    assert!(x[0].is_finite() && x[0].abs() > 1e10 * x[1].abs(), "{x:?}");
}
