//! Evaluates ops over constants.

use tensor::{AlignedBytes, Data, Dims, Indices, Literal, Scalar, TensorType, row_major_strides};

use super::Canon;

/// Largest constant that folding may create element by element.
const MAX_BYTES: usize = 64 << 10;

/// Up to this size a folded constant may be larger than what it is computed from.
const SMALL_BYTES: usize = 1 << 10;

impl Canon<'_> {
    /// `f` over elements of operands of one shape. A splat stays one; otherwise the result is written
    /// out, if it is small.
    pub(super) fn map_elements(
        &mut self,
        operands: &[Literal],
        ty: &TensorType,
        f: impl Fn(&[Scalar]) -> Option<Scalar>,
    ) -> Option<Literal> {
        let splats: Option<Vec<Scalar>> = operands.iter().map(Literal::splat_value).collect();
        if let Some(scalars) = splats {
            return Some(Literal::splat(ty.dims.iter().copied(), f(&scalars)?));
        }
        self.spend(ty, MAX_BYTES)?;
        let at = |index: usize| -> Option<Scalar> {
            // Scalar operands (of select, clamp) serve every element.
            let element = |literal: &Literal| literal.splat_value().unwrap_or_else(|| literal.get(index));
            f(&operands.iter().map(element).collect::<Vec<_>>())
        };
        let scalars: Option<Vec<Scalar>> = (0..ty.len()).map(at).collect();
        Some(Literal::from_scalars(ty.clone(), scalars?))
    }

    /// A literal whose elements are those of `source` at the positions that `position` gives for each
    /// multi-index; `None` where it says so, or the result would be large.
    pub(super) fn move_elements(
        &mut self,
        source: &Literal,
        ty: &TensorType,
        position: impl Fn(&[i64]) -> Dims,
    ) -> Option<Literal> {
        let Data::Dense(bytes) = &source.data else {
            return Some(Literal::splat(ty.dims.iter().copied(), source.splat_value()?));
        };
        self.spend(ty, source.ty.byte_len().clamp(SMALL_BYTES, MAX_BYTES))?;
        let strides = row_major_strides(&source.ty.dims);
        let size = ty.dtype.size();
        let mut moved = AlignedBytes::zeroed(ty.byte_len());
        for (chunk, index) in moved.chunks_exact_mut(size).zip(Indices::new(&ty.dims)) {
            let at: i64 = position(&index).iter().zip(&strides).map(|(i, stride)| i * stride).sum();
            chunk.copy_from_slice(&bytes[at as usize * size..][..size]);
        }
        Some(Literal::dense(ty.clone(), moved))
    }

    /// Takes the evaluation of a result of this type out of the budget, if it is at most `limit` bytes.
    pub(super) fn spend(&mut self, ty: &TensorType, limit: usize) -> Option<()> {
        if ty.byte_len() > limit {
            return None;
        }
        self.budget = self.budget.checked_sub(ty.len())?;
        Some(())
    }

    /// Limit for results that join several constants.
    pub(super) const fn joined_limit() -> usize {
        MAX_BYTES
    }
}

/// A dense literal whose elements are all equal, as a splat.
pub(super) fn as_splat(literal: &Literal) -> Option<Literal> {
    let Data::Dense(bytes) = &literal.data else { return None };
    let size = literal.dtype().size();
    if bytes.is_empty()
        || bytes.len() > MAX_BYTES
        || bytes.chunks_exact(size).any(|chunk| *chunk != bytes[..size])
    {
        return None;
    }
    Some(Literal::splat(literal.ty.dims.iter().copied(), literal.get(0)))
}
