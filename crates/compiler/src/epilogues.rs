//! Lets products store what the kernel after them makes of their results.
//!
//! ```text
//! t0 <- dot(p0, p1)           ->  r0 <- fused_dot(p0, p1, p2)
//! r0 <- kernel(t0, p2)
//! ```
//!
//! This happens where the kernel maps the result element by element and in its order ([`plan::is_epilogue`]), nothing
//! else reads the result, and the device takes the fused step. A kernel that only turns the order of dimensions is no
//! epilogue, but strides of the product.
//!
//! The step stands as soon behind the product as what it reads is there, and no other step reads what it can update in
//! place. Where that would keep large operands for long, the product stays as it is.

use std::collections::HashMap;
use std::sync::Arc;

use plan::library::{Dot, DotDim};
use plan::{
    Access, Block, Expr, Fused, Kernel, NodeId, NodeOp, Product, SlotId, Step, StepOp, Term, axes,
    is_epilogue,
};
use smallvec::SmallVec;
use tensor::{TensorType, row_major_strides};

use crate::lower::{Draft, Home};
use crate::touched::Touched;
use crate::{DeviceTarget, place};

/// Fuses the products of a draft with the kernels that follow them, where a device takes that.
pub fn fuse(mut draft: Draft, target: &DeviceTarget) -> Draft {
    let uses = draft.uses();
    let mut body = std::mem::take(&mut draft.body);
    Search { draft: &draft, target, types: draft.types(), uses }.block(&mut body);
    draft.body = body;
    draft
}

struct Search<'a> {
    draft: &'a Draft,
    target: &'a DeviceTarget,
    types: Vec<TensorType>,
    /// How many steps name each array, by owner.
    uses: Vec<u32>,
}

impl Search<'_> {
    fn owner(&self, slot: SlotId) -> usize {
        self.draft.owner(slot).index()
    }

    fn block(&self, block: &mut Block) {
        for step in &mut block.steps {
            step.op.blocks_mut().into_iter().for_each(|block| self.block(block));
            step.collect_effects();
        }
        let steps = std::mem::take(&mut block.steps);
        let mut walk = Walk { placed: Vec::with_capacity(steps.len()), ..Walk::default() };
        for (at, step) in steps.iter().enumerate() {
            for &slot in step.reads.iter().chain(&step.writes) {
                walk.last.insert(self.owner(slot), at);
            }
        }
        for step in steps {
            let fused = self.fused(&walk, &step);
            walk.placed.push(Vec::new());
            let (place, step) = match fused {
                Some((first, number, place, fused)) => {
                    walk.placed[first].remove(number);
                    (place, fused)
                }
                None => (walk.placed.len() - 1, step),
            };
            if Product::of(&step.op).is_some() {
                let owner = self.owner(step.writes[0]);
                if self.draft.buffers[owner].home == Home::Temporary && self.uses[owner] == 2 {
                    walk.products.insert(owner, place);
                }
            }
            walk.touched.note(self.draft, &step, place);
            walk.placed[place].push(step);
        }
        block.steps = walk.placed.into_iter().flatten().collect();
    }

    /// The step that a kernel makes of the product before it: the product's place and its number there, the place of the
    /// step, and the step.
    fn fused(&self, walk: &Walk, after: &Step) -> Option<(usize, usize, usize, Step)> {
        let StepOp::Kernel(kernel) = &after.op else { return None };
        let inputs = &after.reads[..kernel.inputs.len()];
        let first = inputs.iter().filter_map(|&slot| walk.products.get(&self.owner(slot)).copied()).max()?;
        let owner = |slot: &SlotId| self.owner(*slot);
        let read: Vec<usize> = inputs.iter().map(owner).collect();
        let is_read = |step: &Step| Product::of(&step.op).is_some() && read.contains(&owner(&step.writes[0]));
        let number = walk.placed[first].iter().position(is_read)?;
        let before = &walk.placed[first][number];
        let result = before.writes[0];
        let is_result = |slot: &SlotId| owner(slot) == owner(&result);
        let ty = |slot: &SlotId| &self.types[slot.index()];
        let whole = after.reads.len() == inputs.len()
            && kernel.rows() > 0
            && ty(&result).len() as i64 == kernel.rows()
            && inputs.iter().all(|slot| !is_result(slot) || ty(slot).dtype == ty(&result).dtype);
        if !whole {
            return None;
        }
        let others: Vec<SlotId> = inputs.iter().copied().filter(|slot| !is_result(slot)).collect();
        let op = fuse_ops(Product::of(&before.op)?, result_first(kernel, |input| is_result(&inputs[input])))?;
        let step = Step {
            op,
            reads: before.reads.iter().chain(&others).copied().collect(),
            writes: after.writes.clone(),
            origin: before.origin.clone(),
        };
        let written = |slot: &SlotId| walk.touched.last_written(self.draft.owner(*slot));
        let read = |slot: &SlotId| walk.touched.last_read(self.draft.owner(*slot));
        let updated =
            |slot: &&SlotId| after.writes.iter().any(|output| ty(output).byte_len() == ty(slot).byte_len());
        let needed = others.iter().map(written);
        let free = others.iter().filter(updated).map(read);
        let unused = after.writes.iter().map(|slot| written(slot).max(read(slot)));
        let place = needed.chain(free).chain(unused).flatten().max().unwrap_or(0).max(first);
        let apart =
            !step.reads.iter().any(|slot| after.writes.iter().any(|other| owner(slot) == owner(other)));
        let unchanged = before.reads.iter().all(|slot| written(slot).is_none_or(|last| last < first));
        let kept: usize = before
            .reads
            .iter()
            .filter(|slot| self.draft.buffers[owner(slot)].home == Home::Temporary)
            .filter(|slot| walk.last[&owner(slot)] < place)
            .map(|slot| ty(slot).byte_len())
            .sum();
        let cheap = place - first <= NEAR || kept <= ty(&result).byte_len();
        let fits = apart && cheap && unchanged;
        (fits && place::supported(&step, &self.types, self.target).is_ok())
            .then_some((first, number, place, step))
    }
}

/// Steps for which operands of any size are kept until the epilogue can be computed.
const NEAR: usize = 8;

/// The steps of a block so far. Places are numbers of steps as they stood; arrays are named by owner.
#[derive(Default)]
struct Walk {
    /// What now stands at each place.
    placed: Vec<Vec<Step>>,
    /// Where products stand whose results one step reads.
    products: HashMap<usize, usize>,
    touched: Touched,
    /// The last step of the whole block that names an array.
    last: HashMap<usize, usize>,
}

/// What a product and a kernel over its result, its input 0, do in one step.
fn fuse_ops(product: Product, kernel: Kernel) -> Option<StepOp> {
    let (product, kernel) = match (product, is_epilogue(&kernel)) {
        (product, true) => (product, kernel),
        (Product::Dot(dot), false) => {
            let (dot, kernel) = turned(dot, &kernel)?;
            (Product::Dot(dot), kernel)
        }
        _ => return None,
    };
    if kernel.inputs.len() == 1 && only_copies(&kernel) {
        return Some(product.op());
    }
    Some(StepOp::Fused(Fused { product, epilogue: Arc::new(kernel) }))
}

/// Whether an epilogue stores nothing but the result.
fn only_copies(kernel: &Kernel) -> bool {
    let stage = &kernel.stages[0];
    let loaded = |id: NodeId| matches!(stage.nodes[id.index()].op, NodeOp::Load { input: 0, .. });
    matches!(&stage.stores[..], [store] if loaded(store.value))
}

/// The product with the dimensions of its result in another order, that of a kernel which maps it, and the kernel as
/// an epilogue of it.
fn turned(dot: Dot, kernel: &Kernel) -> Option<(Dot, Kernel)> {
    let mut kernel = axes::refine(kernel);
    let rows = kernel.parallel.clone();
    let [stage] = &mut kernel.stages[..] else { return None };
    let mut loads = stage.nodes.iter().filter_map(|node| match &node.op {
        NodeOp::Load { input: 0, access, .. } => Some(access),
        _ => None,
    });
    let access = loads.next()?.clone();
    if !access.is_affine() || access.expr.offset != 0 || loads.any(|other| *other != access) {
        return None;
    }
    // Where the axes are in the result as it was, and as it will be.
    let mut from = vec![0; rows.len()];
    for term in &access.expr.terms {
        if !term.is_plain() || term.axis >= rows.len() {
            return None;
        }
        from[term.axis] += term.stride;
    }
    let to = row_major_strides(&rows);
    // Axes by their place in the result, innermost first; together they are all of it.
    let mut order = Vec::with_capacity(rows.len());
    let mut extent = 1;
    while order.len() < rows.len() {
        let axis = from.iter().position(|&stride| stride == extent)?;
        order.push(axis);
        extent *= rows[axis];
    }
    let axes = TurnedAxes { rows: &rows, from: &from, to: &to, order: &order };
    let one = |dim: &DotDim| match (&axes.parts(dim)?[..], dim.size) {
        (_, 1) => Some(*dim),
        (&[part], _) => Some(part),
        _ => None,
    };
    let mut batch = SmallVec::new();
    for dim in &dot.batch {
        batch.extend_from_slice(&axes.parts(dim)?);
    }
    let dot = Dot { batch, m: one(&dot.m)?, n: one(&dot.n)?, ..dot };
    let whole = to.iter().enumerate().map(|(axis, &stride)| Term::plain(axis, stride)).collect();
    for node in &mut stage.nodes {
        if let NodeOp::Load { input: 0, access, .. } = &mut node.op {
            *access = Access::at(Expr { offset: 0, terms: SmallVec::clone(&whole) });
        }
    }
    is_epilogue(&kernel).then_some((dot, kernel))
}

/// The kernel with one input, the first, for those that are a product's result.
fn result_first(kernel: &Kernel, is_result: impl Fn(usize) -> bool) -> Kernel {
    let mut kernel = kernel.clone();
    let result = (0..kernel.inputs.len()).find(|&input| is_result(input));
    let others: Vec<usize> = (0..kernel.inputs.len()).filter(|&input| !is_result(input)).collect();
    for node in kernel.stages.iter_mut().flat_map(|stage| &mut stage.nodes) {
        if let NodeOp::Load { input, .. } = &mut node.op {
            *input = others.iter().position(|other| other == input).map_or(0, |at| at + 1);
        }
    }
    kernel.inputs = result.iter().chain(&others).map(|&input| kernel.inputs[input]).collect();
    kernel
}

/// Axes of a kernel that reads a result in another order.
struct TurnedAxes<'a> {
    rows: &'a [i64],
    /// Their strides in the result.
    from: &'a [i64],
    /// Their strides in what the kernel writes.
    to: &'a [i64],
    /// The axes, innermost in the result first.
    order: &'a [usize],
}

impl TurnedAxes<'_> {
    /// The axes that a dimension of the product consists of, joined where they stay neighbours; outermost first.
    fn parts(&self, dim: &DotDim) -> Option<Vec<DotDim>> {
        let mut parts: Vec<DotDim> = Vec::new();
        let mut extent = 1;
        for &axis in self.order {
            let size = self.rows[axis];
            if !(dim.out..dim.out * dim.size).contains(&self.from[axis]) {
                continue;
            }
            match parts.last_mut() {
                Some(inner) if self.to[axis] == inner.out * inner.size => inner.size *= size,
                _ => parts.push(DotDim {
                    size,
                    lhs: dim.lhs * extent,
                    rhs: dim.rhs * extent,
                    out: self.to[axis],
                }),
            }
            extent *= size;
        }
        parts.reverse();
        (extent == dim.size).then_some(parts)
    }
}
