//! Dense linear algebra on batches of matrices, with LAPACK's conventions.
//!
//! Factorizations by reflections and elimination are written here, since their packed form is part of their
//! interface; products, triangular solves and spectral decompositions are faer's. What fails is NaN.

#![expect(clippy::needless_range_loop, reason = "indices name rows and columns")]

mod eigen;
mod factor;
mod field;
mod householder;
mod schur;
mod spectral;
mod tridiagonal;

use faer::Par;
use num_complex::Complex;
use plan::EngineError;
use plan::library::{Linalg, LinalgRoutine};
use tensor::DType;

use self::field::Field;
use super::product::SendPointer;
use super::{LibraryStep, StepTypes};
use crate::context::RunContext;

/// Matrices with at least this many rows and columns are worth several threads.
const PARALLEL_FROM: i64 = 160;

/// A routine made ready.
struct LinalgStep {
    params: Linalg,
    /// Elements of one matrix (or vector) of each array read, and their type.
    reads: Vec<(usize, DType)>,
    /// The same of each array written.
    writes: Vec<(usize, DType)>,
}

/// Makes a routine ready.
///
/// # Errors
/// If the element type has no linear algebra or an array does not fit.
pub(super) fn prepare(params: &Linalg, types: &StepTypes<'_>) -> Result<Box<dyn LibraryStep>, EngineError> {
    if !matches!(params.dtype, DType::F32 | DType::F64 | DType::C64 | DType::C128) {
        return Err(types.unsupported(format!("linear algebra of {}", params.dtype)));
    }
    let (reads, writes) = shapes(params);
    let check = |shapes: &[Shape], arrays: &[&tensor::TensorType]| {
        shapes.len() == arrays.len()
            && shapes.iter().zip(arrays).all(|(shape, ty)| {
                ty.len() as i64 == shape.len * params.batch && ty.dtype == shape.kind.dtype(params.dtype)
            })
    };
    if !check(&reads, &types.reads) || !check(&writes, &types.writes) {
        let arrays: Vec<_> = types.reads.iter().chain(&types.writes).map(|ty| ty.to_string()).collect();
        return Err(types.unsupported(format!("{:?} of arrays {}", params.routine, arrays.join(", "))));
    }
    let sizes = |shapes: Vec<Shape>| {
        shapes.iter().map(|shape| (shape.len as usize, shape.kind.dtype(params.dtype))).collect()
    };
    Ok(Box::new(LinalgStep { params: params.clone(), reads: sizes(reads), writes: sizes(writes) }))
}

/// Element type of an array, in terms of that of the matrices.
#[derive(Clone, Copy)]
enum Kind {
    Same,
    Real,
    Complex,
    I32,
}

impl Kind {
    fn dtype(self, dtype: DType) -> DType {
        match self {
            Kind::Same => dtype,
            Kind::Real => dtype.real(),
            Kind::Complex => dtype.complex().unwrap_or(dtype),
            Kind::I32 => DType::I32,
        }
    }
}

/// Elements of one matrix of an array, and their kind.
struct Shape {
    len: i64,
    kind: Kind,
}

/// The arrays that a routine reads and writes.
fn shapes(params: &Linalg) -> (Vec<Shape>, Vec<Shape>) {
    use Kind::{Complex, I32, Real, Same};
    let Linalg { rows: m, cols: n, .. } = *params;
    let k = m.min(n);
    let list =
        |shapes: &[(i64, Kind)]| shapes.iter().map(|&(len, kind)| Shape { len, kind }).collect::<Vec<_>>();
    let a = [(m * n, Same)];
    let (reads, writes) = match params.routine {
        LinalgRoutine::Cholesky { .. } => (list(&a), list(&a)),
        LinalgRoutine::TriangularSolve { rhs_rows, rhs_cols, .. } => {
            let b = (rhs_rows * rhs_cols, Same);
            (list(&[a[0], b]), list(&[b]))
        }
        LinalgRoutine::Geqrf => (list(&a), list(&[a[0], (k, Same)])),
        LinalgRoutine::Geqp3 => (list(&[a[0], (n, I32)]), list(&[a[0], (n, I32), (k, Same)])),
        LinalgRoutine::Orgqr { taus } => (list(&[a[0], (taus, Same)]), list(&a)),
        LinalgRoutine::Lu => (list(&a), list(&[a[0], (k, I32), (m, I32)])),
        LinalgRoutine::Eigh { .. } => (list(&a), list(&[a[0], (n, Real)])),
        LinalgRoutine::Svd { full_matrices, vectors } => {
            let (u, v) = if full_matrices { (m * m, n * n) } else { (m * k, k * n) };
            let writes = list(&[(k, Real), (u, Same), (v, Same)]);
            (list(&a), writes.into_iter().take(if vectors { 3 } else { 1 }).collect())
        }
        LinalgRoutine::Eig { left, right } => {
            let vectors = usize::from(left) + usize::from(right);
            let writes = list(&[(n, Complex), (n * n, Complex), (n * n, Complex)]);
            (list(&a), writes.into_iter().take(1 + vectors).collect())
        }
        LinalgRoutine::Schur { vectors } => (list(&a), list(&[a[0]; 2][..1 + usize::from(vectors)])),
        LinalgRoutine::Hessenberg => (list(&a), list(&[a[0], ((n - 1).max(0), Same)])),
        LinalgRoutine::TridiagonalSolve { .. } => (list(&[(m, Same), (m, Same), (m, Same), a[0]]), list(&a)),
        LinalgRoutine::Tridiagonal { .. } => {
            let off = (n - 1).max(0);
            (list(&a), list(&[a[0], (n, Real), (off, Real), (off, Same)]))
        }
    };
    (reads, writes)
}

impl LibraryStep for LinalgStep {
    unsafe fn run(
        &self,
        reads: &[*const u8],
        writes: &[*mut u8],
        context: &RunContext,
    ) -> Result<(), EngineError> {
        let (batch, n) = (self.params.batch as usize, self.params.rows.max(self.params.cols) as u64);
        let reads: Vec<_> = reads.iter().map(|p| SendPointer(p.cast_mut())).collect();
        let writes: Vec<_> = writes.iter().map(|p| SendPointer(*p)).collect();
        let one = |index: usize, par: Par| {
            let arrays = Arrays {
                reads: (0..reads.len())
                    .map(|i| {
                        let (len, dtype) = self.reads[i];
                        (reads[i].at(index * len * dtype.size()).cast_const(), len)
                    })
                    .collect(),
                writes: (0..writes.len())
                    .map(|i| {
                        let (len, dtype) = self.writes[i];
                        (writes[i].at(index * len * dtype.size()), len)
                    })
                    .collect(),
            };
            // SAFETY: preparing checked sizes and types of all arrays; matrices are apart.
            unsafe {
                match self.params.dtype {
                    _ if self.is_spectral() => self.run_spectral(&arrays, par),
                    DType::F32 => self.run_one::<f32>(&arrays, par),
                    DType::F64 => self.run_one::<f64>(&arrays, par),
                    DType::C64 => self.run_one::<Complex<f32>>(&arrays, par),
                    _ => self.run_one::<Complex<f64>>(&arrays, par),
                }
            }
        };
        if batch == 1 && self.params.rows.min(self.params.cols) >= PARALLEL_FROM && context.threads() > 1 {
            context.install(|| one(0, Par::rayon(context.threads())));
        } else {
            let work = batch as u64 * n * n * n * 2;
            context.parallel(batch, work, |index| one(index, Par::Seq));
        }
        Ok(())
    }
}

/// The arrays of one matrix of the batch: start and number of elements.
struct Arrays {
    reads: Vec<(*const u8, usize)>,
    writes: Vec<(*mut u8, usize)>,
}

impl Arrays {
    /// # Safety
    /// The array holds elements of this type.
    unsafe fn read<T>(&self, index: usize) -> &[T] {
        let (start, len) = self.reads[index];
        // SAFETY: the array has this many elements.
        unsafe { std::slice::from_raw_parts(start.cast(), len) }
    }

    /// # Safety
    /// The array holds elements of this type, and is borrowed once at a time.
    #[expect(clippy::mut_from_ref, reason = "different arrays are borrowed at the same time")]
    unsafe fn write<T>(&self, index: usize) -> &mut [T] {
        let (start, len) = self.writes[index];
        // SAFETY: the array has this many elements.
        unsafe { std::slice::from_raw_parts_mut(start.cast(), len) }
    }
}

impl LinalgStep {
    /// Runs the routine on one matrix.
    ///
    /// # Safety
    /// The arrays have the lengths and types of the routine.
    unsafe fn run_one<T: Field>(&self, arrays: &Arrays, par: Par) {
        let (m, n) = (self.params.rows as usize, self.params.cols as usize);
        // SAFETY: the contract; each array is borrowed once.
        unsafe {
            let a = arrays.read::<T>(0);
            match self.params.routine {
                LinalgRoutine::Cholesky { lower } => factor::cholesky(n, lower, a, arrays.write(0), par),
                LinalgRoutine::TriangularSolve {
                    left_side,
                    lower,
                    transpose,
                    unit_diagonal,
                    rhs_rows,
                    rhs_cols,
                } => {
                    let solve = factor::TriangularSolve { left_side, lower, transpose, unit_diagonal };
                    let shape = [rhs_rows as usize, rhs_cols as usize];
                    solve.run(a, arrays.read(1), shape, arrays.write(0), par);
                }
                LinalgRoutine::Geqrf => householder::geqrf([m, n], a, arrays.write(0), arrays.write(1), par),
                LinalgRoutine::Geqp3 => {
                    let pivots = arrays.read::<i32>(1);
                    householder::geqp3([m, n], a, pivots, arrays.write(0), arrays.write(1), arrays.write(2));
                }
                LinalgRoutine::Orgqr { .. } => {
                    householder::orgqr([m, n], a, arrays.read(1), arrays.write(0), par);
                }
                LinalgRoutine::Lu => {
                    factor::lu([m, n], a, arrays.write(0), arrays.write(1), arrays.write(2), par)
                }
                LinalgRoutine::Hessenberg => householder::hessenberg(n, a, arrays.write(0), arrays.write(1)),
                LinalgRoutine::TridiagonalSolve { perturb } => {
                    let diagonals = [a, arrays.read(1), arrays.read(2)];
                    tridiagonal::solve(diagonals, perturb, arrays.read(3), arrays.write(0));
                }
                LinalgRoutine::Tridiagonal { lower } => householder::tridiagonal(
                    n,
                    lower,
                    a,
                    arrays.write(0),
                    [arrays.write(1), arrays.write(2)],
                    arrays.write(3),
                ),
                LinalgRoutine::Eigh { .. }
                | LinalgRoutine::Svd { .. }
                | LinalgRoutine::Eig { .. }
                | LinalgRoutine::Schur { .. } => unreachable!("run as spectral routines"),
            }
        }
    }

    fn is_spectral(&self) -> bool {
        matches!(
            self.params.routine,
            LinalgRoutine::Eigh { .. }
                | LinalgRoutine::Svd { .. }
                | LinalgRoutine::Eig { .. }
                | LinalgRoutine::Schur { .. }
        )
    }

    /// Runs a spectral routine on one matrix, in double precision whatever its type: these algorithms are
    /// long, and one instance of each for real and for complex numbers keeps the library small.
    ///
    /// # Safety
    /// As [`run_one`](Self::run_one).
    unsafe fn run_spectral(&self, arrays: &Arrays, par: Par) {
        // SAFETY: the contract; the wide arrays have the lengths of the narrow ones, in double precision.
        unsafe {
            match self.params.dtype {
                DType::F64 => self.run_wide::<f64>(arrays, par),
                DType::C128 => self.run_wide::<Complex<f64>>(arrays, par),
                _ => {
                    let floats =
                        |&(len, dtype): &(usize, DType)| len * if dtype.is_complex() { 2 } else { 1 };
                    let reads: Vec<usize> = self.reads.iter().map(floats).collect();
                    let writes: Vec<usize> = self.writes.iter().map(floats).collect();
                    let narrow =
                        |i: usize| std::slice::from_raw_parts(arrays.reads[i].0.cast::<f32>(), reads[i]);
                    let wide_in: Vec<Vec<f64>> =
                        (0..reads.len()).map(|i| narrow(i).iter().map(|&x| x.into()).collect()).collect();
                    let mut wide_out: Vec<Vec<f64>> = writes.iter().map(|&n| vec![0.0; n]).collect();
                    let wide = Arrays {
                        reads: wide_in
                            .iter()
                            .zip(&self.reads)
                            .map(|(v, r)| (v.as_ptr().cast(), r.0))
                            .collect(),
                        writes: wide_out
                            .iter_mut()
                            .zip(&self.writes)
                            .map(|(v, w)| (v.as_mut_ptr().cast(), w.0))
                            .collect(),
                    };
                    match self.params.dtype {
                        DType::F32 => self.run_wide::<f64>(&wide, par),
                        _ => self.run_wide::<Complex<f64>>(&wide, par),
                    }
                    for (i, values) in wide_out.iter().enumerate() {
                        let out = std::slice::from_raw_parts_mut(arrays.writes[i].0.cast::<f32>(), writes[i]);
                        out.iter_mut().zip(values).for_each(|(out, &value)| *out = value as f32);
                    }
                }
            }
        }
    }

    /// # Safety
    /// As [`run_one`](Self::run_one).
    unsafe fn run_wide<T: Field>(&self, arrays: &Arrays, par: Par) {
        let (m, n) = (self.params.rows as usize, self.params.cols as usize);
        // SAFETY: the contract; each array is borrowed once.
        unsafe {
            let a = arrays.read::<T>(0);
            match self.params.routine {
                LinalgRoutine::Eigh { lower } => {
                    spectral::eigh(n, lower, a, arrays.write(0), arrays.write(1), par);
                }
                LinalgRoutine::Svd { full_matrices, vectors } => {
                    let vectors = vectors.then(|| [arrays.write(1), arrays.write(2)]);
                    spectral::svd([m, n], full_matrices, a, arrays.write(0), vectors, par);
                }
                LinalgRoutine::Eig { left, right } => {
                    let left_out = left.then(|| arrays.write(1));
                    let right_out = right.then(|| arrays.write(1 + usize::from(left)));
                    T::eig(n, a, arrays.write(0), [left_out, right_out], par);
                }
                LinalgRoutine::Schur { vectors } => {
                    T::schur(n, a, arrays.write(0), vectors.then(|| arrays.write(1)), par);
                }
                _ => unreachable!("run as one of the other routines"),
            }
        }
    }
}
