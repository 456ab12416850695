//! Threefry as elementwise ops, so that counters, generator and consumer are one kernel.
//!
//! ```text
//! y1, y2 = custom_call @mps.threefry2x32(k1, k2, x1, x2)        xor, add, shift_left, shift_right_logical, or
//! ```
//!
//! Only where [`Settings::expand_threefry`](crate::Settings::expand_threefry) asks for it: on a device the library step
//! is bound by the memory of its operands and results, while the host computes it better as one step.

use ops::BinaryOp::{Add, Or, ShiftLeft, ShiftRightLogical, Xor};
use ops::{BinaryOp, Op};
use smallvec::smallvec;
use stablehlo::{OpId, ValueId};
use tensor::{DType, Dims, Scalar, TensorType};

use super::super::rewrite::{Rewriter, Step};

/// The custom call.
pub(super) const TARGET: &str = "mps.threefry2x32";

/// Rotations of the eight rounds that repeat; table 4 of J. Salmon et al., "Parallel random numbers: as easy as 1, 2,
/// 3" (SC 2011).
const ROTATIONS: [[u32; 4]; 2] = [[13, 15, 26, 6], [17, 29, 16, 24]];

/// Completes the key schedule: the same paper, section 4.2.
const PARITY: u32 = 0x1BD1_1BDA;

/// Groups of four rounds; a part of the key is added after each.
const GROUPS: usize = 5;

pub(super) fn threefry(rewriter: &mut Rewriter<'_>, id: OpId) -> Option<Step> {
    let operation = rewriter.function.op(id);
    let (&[k1, k2, x1, x2], &[y1, y2]) = (&operation.operands[..], &operation.results[..]) else {
        return None;
    };
    let ty = |value| rewriter.function.ty(value).as_tensor();
    let out = ty(y1)?.clone();
    let fits = |ty: &TensorType| ty.dtype == DType::U32 && (ty.dims == out.dims || ty.rank() == 0);
    if ty(y2)? != &out
        || out.dtype != DType::U32
        || ![k1, k2, x1, x2].iter().all(|&v| ty(v).is_some_and(fits))
    {
        return None;
    }
    let mut words = Words { rewriter, dims: out.dims };
    // Keys are spread before they are combined: scalars of their own would be a kernel of their own.
    let [k1, k2, x1, x2] = [k1, k2, x1, x2].map(|value| words.spread(value));
    let parity = words.constant(PARITY);
    let mixed = words.op(Xor, k1, k2);
    let keys = [k1, k2, words.op(Xor, mixed, parity)];
    let mut x = [words.op(Add, x1, k1), words.op(Add, x2, k2)];
    for group in 0..GROUPS {
        for rotation in ROTATIONS[group % 2] {
            let sum = words.op(Add, x[0], x[1]);
            let turned = words.rotate(x[1], rotation);
            x = [sum, words.op(Xor, turned, sum)];
        }
        let number = words.constant(group as u32 + 1);
        let numbered = words.op(Add, keys[(group + 2) % 3], number);
        x = [words.op(Add, x[0], keys[(group + 1) % 3]), words.op(Add, x[1], numbered)];
    }
    Some(Step::Replace(smallvec![x[0], x[1]]))
}

/// Emits ops on arrays of `u32` of one shape.
struct Words<'a, 'b> {
    rewriter: &'a mut Rewriter<'b>,
    dims: Dims,
}

impl Words<'_, '_> {
    fn op(&mut self, op: BinaryOp, a: ValueId, b: ValueId) -> ValueId {
        self.rewriter.one(Op::Binary(op), &[a, b], TensorType { dtype: DType::U32, dims: self.dims.clone() })
    }

    fn constant(&mut self, value: u32) -> ValueId {
        self.rewriter.splat(&self.dims, Scalar::from_i64(DType::U32, value.into()))
    }

    fn spread(&mut self, value: ValueId) -> ValueId {
        let whole = self.rewriter.tensor(value).dims == self.dims;
        if whole { value } else { self.rewriter.broadcast(value, &self.dims, &[]) }
    }

    fn rotate(&mut self, x: ValueId, by: u32) -> ValueId {
        let (left, right) = (self.constant(by), self.constant(32 - by));
        let (high, low) = (self.op(ShiftLeft, x, left), self.op(ShiftRightLogical, x, right));
        self.op(Or, high, low)
    }
}
