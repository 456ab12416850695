//! Products and convolutions of arrays that are larger than a binding: ranges of their dimensions one after another, over
//! windows of the arrays.
//!
//! Where only ranges of the terms help, as in the gradient of a weight, the sums of each go to scratch memory and are
//! added to those before.

use smallvec::{SmallVec, smallvec};

use super::element::Number;
use super::finish;
use super::operand::Target;
use super::product::{Array, Product};
use super::{Choice, lower_product};
use crate::command::{Command, Memory};
use crate::features::Features;
use crate::kernel::Epilogue;
use crate::lower::{Lowered, MOST_PARTS, Refusal};

/// Arrays that are multiplied and summed.
pub(in crate::library) trait Problem {
    /// The lhs, the rhs and the result.
    fn arrays(&self) -> [Array; 3];

    /// The problem with another result of the same strides.
    fn with_out(&self, out: Array) -> Box<dyn Problem>;

    /// Elements from the first to the last that each of the arrays is asked for.
    fn spans(&self) -> [i64; 3];

    /// Number of results.
    fn results(&self) -> i64;

    /// Dimensions that ranges may be taken of.
    fn ranges(&self) -> SmallVec<[Range; 8]>;

    /// The problem of a range of dimension `at`.
    fn part(&self, at: usize, first: i64, size: i64) -> Box<dyn Problem>;

    /// Whether the results are stored by way of scratch memory in any case.
    fn is_staged(&self, features: &Features) -> bool;

    /// Adds the commands; all windows can be bound.
    ///
    /// # Errors
    /// If the device cannot run it.
    fn add(&self, manner: Manner<'_>, lowered: &mut Lowered) -> Result<(), Refusal>;
}

/// How a problem is done.
#[derive(Clone, Copy)]
pub(in crate::library) struct Manner<'a> {
    /// Type of sums.
    pub number: Number,
    /// What is stored instead of the sums.
    pub epilogue: Option<&'a Epilogue>,
    /// In which way, if that is given.
    pub choice: Option<Choice>,
    /// The device.
    pub features: &'a Features,
}

/// A dimension that ranges may be taken of.
#[derive(Clone, Copy, Debug)]
pub(in crate::library) struct Range {
    /// Size.
    pub size: i64,
    /// Elements that each array reaches farther with each step; the result none: they are terms.
    pub reach: [i64; 3],
    /// What ranges start at multiples of.
    pub step: i64,
}

impl Range {
    /// Of a dimension with these strides, so that the windows of ranges start at multiples of 64 bytes.
    pub fn new(size: i64, strides: [i64; 3], arrays: [Array; 3]) -> Self {
        let aligned = |(array, stride): (Array, i64)| aligned(stride, array);
        let step = arrays.into_iter().zip(strides).map(aligned).max().unwrap_or(1);
        Range { size, reach: strides, step }
    }

    fn is_of_terms(&self) -> bool {
        self.reach[2] == 0
    }
}

/// The fewest steps of a stride that make a multiple of 64 bytes, a power of two.
pub(in crate::library) fn aligned(stride: i64, array: Array) -> i64 {
    match stride * array.dtype.size() as i64 {
        0 => 1,
        bytes => 64 >> bytes.trailing_zeros().min(6),
    }
}

/// Moves an array's start by elements.
pub(in crate::library) fn advance(array: &mut Array, elements: i64) {
    array.memory = array.memory.from_byte((elements * array.dtype.size() as i64) as u64);
}

impl Problem for Product {
    fn arrays(&self) -> [Array; 3] {
        [self.lhs, self.rhs, self.out]
    }

    fn with_out(&self, out: Array) -> Box<dyn Problem> {
        Box::new(Product { out, ..self.clone() })
    }

    fn spans(&self) -> [i64; 3] {
        let dims = || self.batch.iter().chain([&self.m, &self.n, &self.k]);
        let span = |stride: fn(&plan::library::DotDim) -> i64| -> i64 {
            dims().map(|dim| stride(dim) * (dim.size - 1)).sum::<i64>() + 1
        };
        [span(|dim| dim.lhs), span(|dim| dim.rhs), span(|dim| dim.out)]
    }

    fn results(&self) -> i64 {
        Product::results(self) as i64
    }

    fn ranges(&self) -> SmallVec<[Range; 8]> {
        let dims = self.batch.iter().chain([&self.m, &self.n, &self.k]);
        dims.map(|dim| Range::new(dim.size, [dim.lhs, dim.rhs, dim.out], self.arrays())).collect()
    }

    fn part(&self, at: usize, first: i64, size: i64) -> Box<dyn Problem> {
        let mut part = self.clone();
        let Product { lhs, rhs, out, batch, m, n, k } = &mut part;
        let dim = batch.iter_mut().chain([m, n, k]).nth(at).expect("one of the dimensions");
        dim.size = size;
        advance(lhs, dim.lhs * first);
        advance(rhs, dim.rhs * first);
        advance(out, dim.out * first);
        Box::new(part)
    }

    fn is_staged(&self, features: &Features) -> bool {
        Target::choose(self, features).is_none()
    }

    fn add(&self, manner: Manner<'_>, lowered: &mut Lowered) -> Result<(), Refusal> {
        lower_product(self, manner, lowered)
    }
}

/// Adds the commands of a problem, at once if its arrays and sums can be bound, else a part at a time. `stored`: the
/// problem without an epilogue, which parts do not have.
///
/// # Errors
/// If the device cannot run it; or windows would start inside of 64 bytes, there are too many parts, or the results of a
/// part that needs several ranges of terms have gaps.
pub(in crate::library) fn lower(
    problem: &dyn Problem,
    stored: Box<dyn Problem>,
    manner: Manner<'_>,
) -> Result<Lowered, Refusal> {
    let Manner { number, features, .. } = manner;
    let mut lowered = Lowered::default();
    let mut cutting = Cutting { number, features, limit: features.window_bytes() as i64, parts: Vec::new() };
    if stored.results() == 0 || cutting.excess(&*stored, None).is_none() {
        problem.add(manner, &mut lowered)?;
        return Ok(lowered);
    }
    if manner.epilogue.is_some() {
        return Err(Refusal::new("an epilogue of a product of arrays larger than a binding"));
    }
    let ranges = stored.ranges();
    let terms = ranges.iter().filter(|range| range.is_of_terms()).map(|range| range.size).max();
    cutting.cut(stored, terms.unwrap_or(1))?;
    lowered.in_turn(cutting.parts, |lowered, part| {
        if let [part] = &part[..] {
            return part.add(manner, lowered);
        }
        let [.., out] = part[0].arrays();
        let len = part[0].spans()[2];
        if len != part[0].results() {
            return Err(Refusal::new("a product of many terms whose results have gaps"));
        }
        let (sums, stride) = (lowered.scratch_bytes, padded(len));
        let place = |at: i64| Array {
            memory: Memory::Scratch(sums + (at * stride) as u64 * u64::from(number.bytes())),
            dtype: number.dtype(),
        };
        let last = part.len() - 1;
        lowered.scratch_bytes += (2 * stride) as u64 * u64::from(number.bytes());
        lowered.in_turn(part.into_iter().enumerate(), |lowered, (at, terms)| {
            terms.with_out(place(at.min(1) as i64)).add(manner, lowered)?;
            if at > 0 {
                let to = if at == last { out } else { place(0) };
                let (from, dims) = (place(0).memory, smallvec![(len, 1, 1)]);
                let added = finish::launch(number, to, from, dims, [2, stride], None, features)?;
                lowered.commands.push(Command::Launch(added));
            }
            Ok(())
        })
    })?;
    Ok(lowered)
}

/// Elements from the sums of some terms to those of others.
fn padded(len: i64) -> i64 {
    (len + 63) / 64 * 64
}

struct Cutting<'a> {
    number: Number,
    features: &'a Features,
    limit: i64,
    /// Each as its ranges of terms.
    parts: Vec<Vec<Box<dyn Problem>>>,
}

impl Cutting<'_> {
    /// The window that is too large, if one is, and its bytes: of an array, or (3) of sums in scratch memory. `first`: the
    /// problem of some of the terms, if they are done in several ranges.
    fn excess(&self, problem: &dyn Problem, first: Option<&dyn Problem>) -> Option<(usize, i64)> {
        let (arrays, spans) = (problem.arrays(), first.unwrap_or(problem).spans());
        let mut windows: SmallVec<[(usize, i64); 4]> =
            (0..3).map(|at| (at, spans[at] * arrays[at].dtype.size() as i64)).collect();
        let sums = if first.is_some() { 2 } else { i64::from(problem.is_staged(self.features)) };
        windows.push((3, padded(spans[2]) * i64::from(self.number.bytes()) * sums));
        windows.into_iter().max_by_key(|&(_, bytes)| bytes).filter(|&(_, bytes)| bytes > self.limit)
    }

    /// Adds the parts of a problem that is done `at_once` terms at a time.
    fn cut(&mut self, problem: Box<dyn Problem>, at_once: i64) -> Result<(), Refusal> {
        let ranges = problem.ranges();
        let terms = ranges.iter().position(|range| range.is_of_terms() && range.size > at_once);
        let pieces: Vec<Box<dyn Problem>> = terms.map_or(Vec::new(), |at| {
            let firsts = (0..ranges[at].size).step_by(at_once as usize);
            firsts.map(|first| problem.part(at, first, at_once.min(ranges[at].size - first))).collect()
        });
        let Some((window, bytes)) = self.excess(&*problem, pieces.first().map(|piece| &**piece)) else {
            self.parts.push(if pieces.is_empty() { vec![problem] } else { pieces });
            return match self.parts.len() {
                count if count > MOST_PARTS => Err(Refusal::new("a product of too many parts")),
                _ => Ok(()),
            };
        };
        // Along the dimension that reaches farthest and can be cut.
        let size = |at: usize| if terms == Some(at) { at_once } else { ranges[at].size };
        let reach = |at: usize| ranges[at].reach[window.min(2)];
        let able = (0..ranges.len()).filter(|&at| reach(at) > 0 && ranges[at].step < size(at));
        let Some(at) = able.max_by_key(|&at| reach(at) * (size(at) - 1)) else {
            return Err(Refusal::new("a product whose parts would start inside of words"));
        };
        let (size, step) = (size(at), ranges[at].step);
        let room = match window {
            3 => self.limit / (bytes / size).max(1),
            _ => {
                let each = reach(at) * problem.arrays()[window].dtype.size() as i64;
                let others = bytes - each * (size - 1);
                (self.limit - others).max(0) / each + 1
            }
        };
        let count = ((size + room.max(1) - 1) / room.max(1)).max(2);
        let each = ((size + count - 1) / count / step * step).max(step);
        if ranges[at].is_of_terms() {
            return self.cut(problem, each);
        }
        (0..size)
            .step_by(each as usize)
            .try_for_each(|first| self.cut(problem.part(at, first, each.min(size - first)), at_once))
    }
}
