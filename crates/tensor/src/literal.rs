//! Tensors of known value.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::{AlignedBytes, DType, Scalar, TensorType};

/// The elements of a literal: one for all, or each.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Data {
    /// Every element has this value.
    Splat(Scalar),
    /// Row-major elements; shared, never copied by passes.
    Dense(Arc<AlignedBytes>),
}

/// A tensor of known value. Cloning shares the elements.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Literal {
    /// Shape and element type.
    pub ty: TensorType,
    /// The elements.
    pub data: Data,
}

impl Literal {
    /// A tensor whose elements are all `value`.
    pub fn splat(dims: impl IntoIterator<Item = i64>, value: Scalar) -> Self {
        Literal { ty: TensorType::new(value.dtype, dims), data: Data::Splat(value) }
    }

    /// A rank-0 tensor.
    pub fn scalar(value: Scalar) -> Self {
        Self::splat([], value)
    }

    /// A tensor from row-major bytes, `ty.byte_len()` of them.
    ///
    /// # Panics
    /// If the length differs: callers have checked it.
    pub fn dense(ty: TensorType, bytes: AlignedBytes) -> Self {
        assert_eq!(ty.byte_len(), bytes.len(), "literal bytes must fill {ty}");
        Literal { ty, data: Data::Dense(Arc::new(bytes)) }
    }

    /// A tensor from scalars in row-major order, all of type `ty.dtype`.
    pub fn from_scalars(ty: TensorType, scalars: impl IntoIterator<Item = Scalar>) -> Self {
        let size = ty.dtype.size();
        let mut bytes = AlignedBytes::zeroed(ty.byte_len());
        for (chunk, scalar) in bytes.chunks_exact_mut(size).zip(scalars) {
            chunk.copy_from_slice(&scalar.to_bytes()[..size]);
        }
        Self::dense(ty, bytes)
    }

    /// A rank-1 tensor of i64.
    pub fn i64s(values: &[i64]) -> Self {
        let ty = TensorType::new(DType::I64, [values.len() as i64]);
        Self::from_scalars(ty, values.iter().map(|&v| Scalar::from_i64(DType::I64, v)))
    }

    /// The element type.
    pub fn dtype(&self) -> DType {
        self.ty.dtype
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.ty.len()
    }

    /// True if there are no elements.
    pub fn is_empty(&self) -> bool {
        self.ty.is_empty()
    }

    /// The value of every element, where they are known to be one: a splat or a single element.
    pub fn splat_value(&self) -> Option<Scalar> {
        match &self.data {
            Data::Splat(value) => Some(*value),
            Data::Dense(_) if self.len() == 1 => Some(self.get(0)),
            Data::Dense(_) => None,
        }
    }

    /// The element at a row-major position.
    pub fn get(&self, index: usize) -> Scalar {
        match &self.data {
            Data::Splat(value) => *value,
            Data::Dense(bytes) => {
                let size = self.ty.dtype.size();
                Scalar::from_bytes(self.ty.dtype, &bytes[index * size..(index + 1) * size])
            }
        }
    }

    /// All elements in row-major order.
    pub fn scalars(&self) -> impl Iterator<Item = Scalar> + '_ {
        (0..self.len()).map(|index| self.get(index))
    }

    /// Row-major bytes; a splat is written out.
    pub fn to_dense(&self) -> Arc<AlignedBytes> {
        match &self.data {
            Data::Dense(bytes) => bytes.clone(),
            Data::Splat(value) => {
                let size = self.ty.dtype.size();
                let mut bytes = AlignedBytes::zeroed(self.ty.byte_len());
                for chunk in bytes.chunks_exact_mut(size) {
                    chunk.copy_from_slice(&value.to_bytes()[..size]);
                }
                Arc::new(bytes)
            }
        }
    }

    /// The same elements in another shape of equal length.
    pub fn reshaped(&self, dims: impl IntoIterator<Item = i64>) -> Self {
        Literal { ty: TensorType::new(self.ty.dtype, dims), data: self.data.clone() }
    }
}
