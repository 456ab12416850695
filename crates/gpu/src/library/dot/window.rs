//! Products of arrays that are larger than a binding: batches, rows and columns at a time, over windows of the arrays.

use plan::library::DotDim;
use smallvec::SmallVec;

use super::product::{Array, Product};
use crate::features::Features;
use crate::lower::Refusal;

/// Most parts of a product.
const MOST_PARTS: usize = 1 << 12;

/// Cuts a product until the windows of its arrays can be bound.
///
/// # Errors
/// If that takes cuts along the contracted dimension, windows that start inside of 64 bytes, or too many parts.
pub(super) fn split(product: &Product, features: &Features) -> Result<Vec<Product>, Refusal> {
    let mut parts = Vec::new();
    cut(product.clone(), features.window_bytes() as i64, &mut parts)?;
    Ok(parts)
}

/// The stride of a dimension in the lhs, the rhs or the result.
type Stride = fn(&DotDim) -> i64;

const STRIDES: [Stride; 3] = [|dim| dim.lhs, |dim| dim.rhs, |dim| dim.out];

fn arrays(product: &Product) -> [Array; 3] {
    [product.lhs, product.rhs, product.out]
}

/// Bytes that an element of an array's memory and those along these dimensions span.
fn bytes<'a>(array: Array, stride: Stride, dims: impl Iterator<Item = &'a DotDim>) -> i64 {
    let last: i64 = dims.map(|dim| stride(dim) * (dim.size - 1)).sum();
    (last + 1) * array.dtype.size() as i64
}

fn cut(product: Product, limit: i64, parts: &mut Vec<Product>) -> Result<(), Refusal> {
    let all = || product.batch.iter().chain([&product.m, &product.n, &product.k]);
    let windows = arrays(&product).into_iter().zip(STRIDES);
    let windows = windows.map(|(array, stride)| (bytes(array, stride, all()), stride, array));
    let (largest, stride, array) = windows.max_by_key(|&(bytes, ..)| bytes).expect("three arrays");
    if largest <= limit {
        parts.push(product);
        return match parts.len() {
            count if count > MOST_PARTS => Err(Refusal::new("a product of too many parts")),
            _ => Ok(()),
        };
    }
    // Along the dimension that reaches farthest and can be cut.
    let dims: SmallVec<[DotDim; 5]> = product.batch.iter().copied().chain([product.m, product.n]).collect();
    let able =
        (0..dims.len()).filter(|&at| stride(&dims[at]) > 0 && step(&product, &dims[at]) < dims[at].size);
    let Some(at) = able.max_by_key(|&at| stride(&dims[at]) * (dims[at].size - 1)) else {
        return Err(Refusal::new("a product whose terms reach beyond a binding"));
    };
    let dim = dims[at];
    let others = largest - stride(&dim) * (dim.size - 1) * array.dtype.size() as i64;
    let room = (limit - others).max(0) / (stride(&dim) * array.dtype.size() as i64) + 1;
    let pieces = (dim.size + room - 1) / room;
    let step = step(&product, &dim);
    let each = ((dim.size + pieces.max(2) - 1) / pieces.max(2) / step * step).max(step);
    for first in (0..dim.size).step_by(each as usize) {
        let mut part = product.clone();
        let size = each.min(dim.size - first);
        match at.checked_sub(part.batch.len()) {
            None => part.batch[at].size = size,
            Some(0) => part.m.size = size,
            Some(_) => part.n.size = size,
        }
        let starts = [&mut part.lhs, &mut part.rhs, &mut part.out];
        for (array, stride) in starts.into_iter().zip(STRIDES) {
            let byte = stride(&dim) * first * array.dtype.size() as i64;
            array.memory = array.memory.from_byte(byte as u64);
        }
        cut(part, limit, parts)?;
    }
    Ok(())
}

/// What parts of a dimension start at multiples of, so that each array's window starts at a multiple of 64 bytes.
fn step(product: &Product, dim: &DotDim) -> i64 {
    let aligned = |(array, stride): (Array, Stride)| {
        let bytes = stride(dim) * array.dtype.size() as i64;
        if bytes == 0 { 1 } else { 64 >> bytes.trailing_zeros().min(6) }
    };
    arrays(product).into_iter().zip(STRIDES).map(aligned).max().unwrap_or(1)
}
