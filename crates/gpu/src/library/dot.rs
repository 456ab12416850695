//! Matrix products.
//!
//! ```text
//! Dot -> Product (few dimensions) -> a tile and a number of parts -> launches
//! ```
//!
//! A kernel that cannot store the result's type or order in place, or that shares the terms among workgroups, leaves
//! sums in scratch memory, which [`finish`] adds and stores.

mod choice;
pub mod cooperative;
pub(super) mod element;
pub(super) mod finish;
pub(super) mod gather;
pub(super) mod operand;
pub(super) mod product;
pub(super) mod template;
pub mod thin;
pub mod tile;
pub(super) mod window;

use plan::Step;
use plan::library::{Dot, DotDim};
use smallvec::{SmallVec, smallvec};
use tensor::DType;

pub use self::choice::Choice;
pub(super) use self::choice::choose;
use self::element::Number;
use self::operand::{Access, Target};
use self::product::{Array, Product};
use self::tile::{Destination, Gather, Shape, Variant};
use self::window::{Manner, Problem};
use crate::command::{Command, Memory};
use crate::features::Features;
use crate::kernel::Epilogue;
use crate::lower::{Context, Lowered, Refusal};

/// Lowers the step.
///
/// # Errors
/// If the device cannot run it.
pub fn lower(dot: &Dot, step: &Step, context: Context<'_>) -> Result<Lowered, Refusal> {
    lower_as(dot, step, context, None)
}

/// Lowers the step, perhaps in a given way: for measurements and tests.
///
/// # Errors
/// If the device cannot run it.
pub fn lower_as(
    dot: &Dot,
    step: &Step,
    context: Context<'_>,
    choice: Option<Choice>,
) -> Result<Lowered, Refusal> {
    lower_with(dot, None, step, context, choice)
}

/// Lowers the step, which may store what an epilogue makes of the sums.
///
/// # Errors
/// If the device cannot run it.
pub(super) fn lower_with(
    dot: &Dot,
    epilogue: Option<&Epilogue>,
    step: &Step,
    context: Context<'_>,
    choice: Option<Choice>,
) -> Result<Lowered, Refusal> {
    let array = |memory, dtype| Array { memory: Memory::Slot(memory), dtype };
    let slots = [step.reads[0], step.reads[1], step.writes[0]];
    let number = Number::of([dot.lhs, dot.rhs, dot.out], context.features)?;
    let product = Product {
        lhs: array(slots[0], dot.lhs),
        rhs: array(slots[1], dot.rhs),
        out: array(slots[2], out_type(dot.out, number, epilogue)),
        batch: dot.batch.iter().copied().collect(),
        m: dot.m,
        n: dot.n,
        k: dot.k,
    };
    let all = || product.batch.iter().chain([&product.m, &product.n, &product.k]);
    if all().any(|dim| dim.lhs < 0 || dim.rhs < 0 || dim.out < 0) {
        return Err(Refusal::new("a product with negative strides"));
    }
    if number == Number::F32 && dot.accumulate == DType::F64 {
        return Err(Refusal::new("sums in f64"));
    }
    let product = product.normalize();
    let stored = product.with_out(array(slots[2], dot.out));
    window::lower(&product, stored, Manner { number, epilogue, choice, features: context.features })
}

/// The type of a result as kernels see it: an epilogue takes the sums as they are.
pub(super) fn out_type(out: DType, number: Number, epilogue: Option<&Epilogue>) -> DType {
    if epilogue.is_some() { number.dtype() } else { out }
}

/// Adds the commands of a product of dense operands.
///
/// # Errors
/// If the device cannot run it.
pub(super) fn lower_product(
    product: &Product,
    Manner { number, epilogue, choice, features }: Manner<'_>,
    lowered: &mut Lowered,
) -> Result<(), Refusal> {
    if epilogue.is_some_and(|epilogue| epilogue.elements() != product.results() as i64) {
        return Err(Refusal::new("an epilogue of another number of elements than the product has"));
    }
    if product.results() == 0 {
        return Ok(());
    }
    if !number.has_quads() {
        if epilogue.is_some() {
            return Err(Refusal::new(format!("an epilogue of sums in {}", number.dtype())));
        }
        let single = |dtype| Access { dtype, along_k: false, wide: false, exact: false };
        let job = Job {
            product,
            number,
            lhs: single(product.lhs.dtype),
            rhs: single(product.rhs.dtype),
            direct: Target::single(product.out.dtype, features),
            rows: smallvec![(product.m.size, product.m.out)],
            gather: None,
            epilogue,
        };
        return job.launches(Choice { shape: Shape::Elements, parts: 1 }, features, lowered);
    }
    // Few columns are few rows of the transposed product.
    let transposed =
        (choice.is_none() && product.n.size < product.m.size).then(|| product.clone().transposed());
    // Single sums of a part of a product must be stored in place.
    let singly = product.is_dense() || Target::single(product.out.dtype, features).is_some();
    let choose_special = |product| {
        thin::choose(product)
            .filter(|(shape, _)| singly || !matches!(shape, Shape::Thin(thin) if thin.along_k))
    };
    let special = choice.is_none().then(|| choose_special(product)).flatten();
    let special = special.map(|found| (product, found)).or_else(|| {
        let product = transposed.as_ref()?;
        Some((product, choose_special(product)?))
    });
    let (product, choice) = match special {
        Some((product, (shape, parts))) => (product, Some(Choice { shape, parts })),
        None => (product, choice),
    };
    let mut lhs = Access::choose(product, &product.m, product.lhs.dtype, |dim| dim.lhs);
    let mut rhs = Access::choose(product, &product.n, product.rhs.dtype, |dim| dim.rhs);
    let mut direct = Target::choose(product, features);
    match choice.map(|choice| choice.shape) {
        // These read the lhs along k; lanes along k store single sums.
        Some(Shape::Thin(thin)) => {
            lhs = lhs.turned(true);
            if thin.along_k {
                direct = Target::single(product.out.dtype, features);
            }
        }
        Some(Shape::Small) => (lhs, rhs) = (lhs.turned(true), rhs.turned(false)),
        _ => {}
    }
    let choice = choice.unwrap_or_else(|| choose(product, direct.is_some(), features));
    let job = Job {
        product,
        number,
        lhs,
        rhs,
        direct,
        rows: smallvec![(product.m.size, product.m.out)],
        gather: None,
        epilogue,
    };
    job.launches(choice, features, lowered)
}

/// A product and how its arrays are accessed.
pub(super) struct Job<'a> {
    /// The product; strides that gathered operands or rows replace count for nothing.
    pub product: &'a Product,
    /// Type of sums.
    pub number: Number,
    /// Reads the lhs.
    pub lhs: Access,
    /// Reads the rhs.
    pub rhs: Access,
    /// Writes the result, where the kernel that computes it can.
    pub direct: Option<Target>,
    /// Size and stride in the result of the dimensions of rows, outermost first.
    pub rows: SmallVec<[(i64, i64); 4]>,
    /// Dimensions that are more than strides.
    pub gather: Option<Gather>,
    /// What is stored instead of the sums.
    pub epilogue: Option<&'a Epilogue>,
}

impl Job<'_> {
    /// Adds the launches.
    ///
    /// # Errors
    /// If something does not fit 32 bits or the device's grid.
    pub fn launches(
        &self,
        Choice { shape, parts }: Choice,
        features: &Features,
        lowered: &mut Lowered,
    ) -> Result<(), Refusal> {
        let product = self.product;
        // Sums are finished into results without gaps; a part of a large product may have some.
        let finished = self.gather.is_some() || product.is_dense();
        let room = features.window_bytes() / (u64::from(self.number.bytes()) * product.results()).max(1);
        let parts = if finished { parts.min(room as u32).max(1) } else { 1 };
        let k = product.k.size as u32;
        let part_k = k.div_ceil(parts).next_multiple_of(shape.depth());
        let parts = k.div_ceil(part_k.max(1)).max(1);
        let batch = product.three_batches()?;
        if let Some(target) = self.direct.filter(|_| parts == 1) {
            let [b0, b1, b2] = batch.map(|dim| dim.out);
            let strides = [product.m.out, product.n.out, b0, b1, b2, 0];
            let destination = Destination { out: product.out, target, strides };
            return self.compute(shape, &destination, [1, part_k], self.epilogue, features, lowered);
        }
        if !finished {
            return Err(Refusal::new("a part of a product that is stored by words"));
        }
        let single = match shape {
            Shape::Thin(thin) => thin.along_k,
            Shape::Direct { .. } => true,
            _ => false,
        };
        let sums = self.partial(&batch, parts, single, lowered.scratch_bytes)?;
        if sums.bytes > features.window_bytes() {
            return Err(Refusal::new("a product of arrays larger than a binding"));
        }
        let gather = self.gather.clone().map(|gather| Gather { out: None, ..gather });
        let partial = Job { gather, rows: self.rows.clone(), ..*self };
        partial.compute(shape, &sums.destination, [parts, part_k], None, features, lowered)?;
        let parts = [parts.into(), sums.destination.strides[5]];
        let memory = sums.destination.out.memory;
        let finish =
            finish::launch(self.number, product.out, memory, sums.dims, parts, self.epilogue, features)?;
        lowered.commands.push(Command::Launch(finish));
        lowered.scratch_bytes += sums.bytes.next_multiple_of(64);
        Ok(())
    }

    /// Adds the launch that computes the sums.
    fn compute(
        &self,
        shape: Shape,
        destination: &Destination,
        parts: [u32; 2],
        epilogue: Option<&Epilogue>,
        features: &Features,
        lowered: &mut Lowered,
    ) -> Result<(), Refusal> {
        let target = destination.target;
        let k = i64::from(shape.depth());
        let whole = self.product.k.size > 0 && self.product.k.size % k == 0 && shape.is_tiled();
        let exact = |access: Access, size: i64, edge: u32| Access {
            exact: whole && access.wide && size % i64::from(edge) == 0,
            ..access
        };
        let lhs = exact(self.lhs, self.product.m.size, shape.rows());
        let rhs = exact(self.rhs, self.product.n.size, shape.columns());
        let batched = epilogue.is_none() || !self.product.batch.is_empty();
        let gather = self.gather.clone();
        let variant = Variant { shape, number: self.number, lhs, rhs, target, gather, batched, epilogue };
        let launch = tile::launch(self.product, &variant, destination, parts, &mut lowered.tables, features)?;
        lowered.commands.push(Command::Launch(launch));
        Ok(())
    }

    /// Sums in scratch memory from a byte on: parts outermost, then batches, rows, columns.
    fn partial(&self, batch: &[DotDim; 3], parts: u32, single: bool, at: u64) -> Result<Partial, Refusal> {
        let (m, n) = (self.product.m.size, self.product.n.size);
        let mut dims: SmallVec<[finish::Dim; 6]> = SmallVec::new();
        let mut extent = 1;
        let columns = [(n, self.product.n.out)];
        let batches = batch.iter().rev().map(|dim| (dim.size, dim.out));
        let inner_first = columns.into_iter().chain(self.rows.iter().rev().copied()).chain(batches);
        for (size, out) in inner_first {
            dims.push((size, out, extent));
            extent *= size;
        }
        product::word(extent * i64::from(parts))?;
        let dtype = self.number.dtype();
        let (b2, b1) = (m * n, m * n * batch[2].size);
        Ok(Partial {
            destination: Destination {
                out: Array { memory: Memory::Scratch(at), dtype },
                target: Target { dtype, wide: n % 4 == 0 && !single },
                strides: [n, 1, b1 * batch[1].size, b1, b2, extent],
            },
            dims,
            bytes: u64::from(self.number.bytes()) * extent as u64 * u64::from(parts),
        })
    }
}

/// Where partial sums are.
struct Partial {
    destination: Destination,
    dims: SmallVec<[finish::Dim; 6]>,
    bytes: u64,
}
