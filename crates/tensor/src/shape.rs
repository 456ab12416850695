//! Shapes and index arithmetic.

use std::fmt;

use serde::{Deserialize, Serialize};
use smallvec::SmallVec;

use crate::DType;

/// Dimension sizes, outermost first. Also used for indices, strides and dimension numbers.
pub type Dims = SmallVec<[i64; 6]>;

/// The type of a statically shaped tensor.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TensorType {
    /// Element type.
    pub dtype: DType,
    /// Dimension sizes, each at least 0.
    pub dims: Dims,
}

impl TensorType {
    /// A tensor type from its parts.
    pub fn new(dtype: DType, dims: impl IntoIterator<Item = i64>) -> Self {
        TensorType { dtype, dims: dims.into_iter().collect() }
    }

    /// A rank-0 tensor type.
    pub fn scalar(dtype: DType) -> Self {
        TensorType { dtype, dims: Dims::new() }
    }

    /// Number of dimensions.
    pub fn rank(&self) -> usize {
        self.dims.len()
    }

    /// Number of elements. Callers construct types only from sizes whose product fits (readers check it).
    pub fn len(&self) -> usize {
        self.dims.iter().product::<i64>() as usize
    }

    /// True when some dimension is 0.
    pub fn is_empty(&self) -> bool {
        self.dims.contains(&0)
    }

    /// Bytes that the elements take, one byte at least per element.
    pub fn byte_len(&self) -> usize {
        self.len() * self.dtype.size()
    }

    /// [`byte_len`](Self::byte_len), or `None` where it does not fit `isize` or a size is negative:
    /// the check that readers make before they trust a type.
    pub fn checked_byte_len(&self) -> Option<usize> {
        let mut total = self.dtype.size() as i64;
        for &dim in &self.dims {
            if dim < 0 {
                return None;
            }
            total = if dim == 0 { 0 } else { total.checked_mul(dim)? };
            if dim == 0 {
                return self.dims.iter().all(|&d| d >= 0).then_some(0);
            }
        }
        Some(total as usize)
    }

    /// The same shape with another element type.
    pub fn with_dtype(&self, dtype: DType) -> Self {
        TensorType { dtype, dims: self.dims.clone() }
    }
}

impl fmt::Display for TensorType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("tensor<")?;
        for dim in &self.dims {
            write!(f, "{dim}x")?;
        }
        write!(f, "{}>", self.dtype)
    }
}

/// Strides in elements of a dense row-major array with these dimension sizes.
pub fn row_major_strides(dims: &[i64]) -> Dims {
    let mut strides: Dims = SmallVec::from_elem(1, dims.len());
    for i in (1..dims.len()).rev() {
        strides[i - 1] = strides[i] * dims[i].max(1);
    }
    strides
}

/// All multi-indices of a shape in row-major order. For tests and small loops: each step allocates nothing,
/// but is not a fast path.
#[derive(Clone, Debug)]
pub struct Indices {
    dims: Dims,
    next: Option<Dims>,
}

impl Indices {
    /// Iterates over every index of `dims`; a rank-0 shape has one, empty, index.
    pub fn new(dims: &[i64]) -> Self {
        let start = (!dims.contains(&0)).then(|| SmallVec::from_elem(0, dims.len()));
        Indices { dims: dims.into(), next: start }
    }
}

impl Iterator for Indices {
    type Item = Dims;

    fn next(&mut self) -> Option<Dims> {
        let current = self.next.clone()?;
        let mut following = current.clone();
        self.next = None;
        for axis in (0..self.dims.len()).rev() {
            following[axis] += 1;
            if following[axis] < self.dims[axis] {
                self.next = Some(following);
                break;
            }
            following[axis] = 0;
        }
        Some(current)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use smallvec::smallvec;

    #[test]
    fn strides_and_indices_agree() {
        let dims = [2, 3, 4];
        let strides = row_major_strides(&dims);
        for (flat, index) in Indices::new(&dims).enumerate() {
            let offset: i64 = index.iter().zip(&strides).map(|(i, s)| i * s).sum();
            assert_eq!(offset, flat as i64);
        }
        assert_eq!(Indices::new(&[]).collect::<Vec<_>>(), vec![Dims::new()]);
        assert_eq!(Indices::new(&[2, 0]).count(), 0);
        let expected: Dims = smallvec![12, 4, 1];
        assert_eq!(strides, expected);
    }

    #[test]
    fn byte_length_refuses_overflow() {
        assert_eq!(TensorType::new(DType::F32, [2, 3]).checked_byte_len(), Some(24));
        assert_eq!(TensorType::new(DType::F32, [i64::MAX, 2]).checked_byte_len(), None);
        assert_eq!(TensorType::new(DType::F32, [-1]).checked_byte_len(), None);
        assert_eq!(TensorType::new(DType::F32, [0, i64::MAX]).checked_byte_len(), Some(0));
        assert_eq!(TensorType::new(DType::C64, [2, 3]).to_string(), "tensor<2x3xcomplex<f32>>");
    }
}
