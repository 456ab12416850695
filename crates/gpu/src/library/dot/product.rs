//! Products as the kernels see them.

use plan::library::DotDim;
use smallvec::SmallVec;
use tensor::DType;

use crate::command::Memory;
use crate::lower::Refusal;

/// An array of a product.
#[derive(Clone, Copy, Debug)]
pub(in crate::library) struct Array {
    /// Where.
    pub memory: Memory,
    /// Element type.
    pub dtype: DType,
}

/// `out[b, m, n] = sum over k of lhs[b, m, k] * rhs[b, k, n]`, with few dimensions: strides count elements and are
/// not negative.
#[derive(Clone, Debug)]
pub(in crate::library) struct Product {
    /// Left operand.
    pub lhs: Array,
    /// Right operand.
    pub rhs: Array,
    /// Result.
    pub out: Array,
    /// Batch dimensions, outermost first.
    pub batch: SmallVec<[DotDim; 3]>,
    /// Rows.
    pub m: DotDim,
    /// Columns.
    pub n: DotDim,
    /// Contracted dimension.
    pub k: DotDim,
}

impl Product {
    /// Makes a product of few dimensions, the columns of its result neighbours where possible.
    pub fn normalize(mut self) -> Self {
        self.batch.retain(|dim| dim.size != 1);
        let mut merged: SmallVec<[DotDim; 3]> = SmallVec::new();
        for &dim in &self.batch {
            match merged.last_mut() {
                Some(outer) if follows(outer, &dim) => *outer = DotDim { size: outer.size * dim.size, ..dim },
                _ => merged.push(dim),
            }
        }
        self.batch = merged;
        if self.m.out == 1 && self.m.size > 1 && (self.n.out != 1 || self.n.size == 1) {
            self.swap();
        }
        // Batch elements that share an operand are further rows or columns.
        while let Some(&dim) = self.batch.last() {
            if dim.rhs == 0 && follows(&dim, &self.m) {
                self.m.size *= dim.size;
            } else if dim.lhs == 0 && follows(&dim, &self.n) {
                self.n.size *= dim.size;
            } else {
                break;
            }
            self.batch.pop();
        }
        self
    }

    /// The transposed product.
    pub fn transposed(mut self) -> Self {
        self.swap();
        self
    }

    /// Exchanges the operands: the transposed product.
    fn swap(&mut self) {
        std::mem::swap(&mut self.lhs, &mut self.rhs);
        std::mem::swap(&mut self.m, &mut self.n);
        for dim in self.batch.iter_mut().chain([&mut self.m, &mut self.n, &mut self.k]) {
            std::mem::swap(&mut dim.lhs, &mut dim.rhs);
        }
    }

    /// Number of batch elements.
    pub fn batches(&self) -> u64 {
        self.batch.iter().map(|dim| dim.size as u64).product()
    }

    /// Number of results.
    pub fn results(&self) -> u64 {
        self.batches() * (self.m.size * self.n.size) as u64
    }

    /// Whether the results lie without gaps.
    pub fn is_dense(&self) -> bool {
        let dims = self.batch.iter().chain([&self.m, &self.n]);
        let last: i64 = dims.map(|dim| dim.out * (dim.size - 1)).sum();
        last + 1 == self.results() as i64
    }

    /// The three innermost batch dimensions, padded with ones.
    ///
    /// # Errors
    /// If there are more.
    pub fn three_batches(&self) -> Result<[DotDim; 3], Refusal> {
        if self.batch.len() > 3 {
            return Err(Refusal::new("a product of more than three separate batch dimensions"));
        }
        let mut all = [DotDim { size: 1, lhs: 0, rhs: 0, out: 0 }; 3];
        all[3 - self.batch.len()..].copy_from_slice(&self.batch);
        Ok(all)
    }
}

/// Whether two dimensions are one in every array.
fn follows(outer: &DotDim, inner: &DotDim) -> bool {
    outer.lhs == inner.size * inner.lhs
        && outer.rhs == inner.size * inner.rhs
        && outer.out == inner.size * inner.out
}

/// A stride or size as a shader takes it.
///
/// # Errors
/// If it does not fit 32 bits.
pub(in crate::library) fn word(value: i64) -> Result<u32, Refusal> {
    u32::try_from(value).map_err(|_| Refusal::new("a product whose indices exceed 32 bits"))
}
