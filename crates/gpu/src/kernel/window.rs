//! Kernels over arrays that are larger than a binding: a part of the rows at a time, over windows of the arrays.
//!
//! ```text
//! out[i*N + j] = f(in[j*M + i])      rows i and j are cut until each part touches windows of both that can be bound
//! ```
//!
//! Each access of a large array has a window of its own. What no part of the rows confines, such as the table of a
//! gather or a column that is folded, stays as it is: [`super::pieces`] binds it piece by piece.

use plan::{Access, Expr, Kernel, NodeOp, Term};
use tensor::Dims;

use super::schedule::elements;
use super::shader::{Operand, Task};
use super::simplify;
use crate::features::Features;
use crate::lower::{MOST_PARTS, Refusal};

/// Sizes of parts are multiples of this where that is little: so accesses stay aligned, and shaders equal.
const STEP: i64 = 64;

/// Cuts a task until the windows of its arrays can be bound. A task whose arrays can be is left alone, and so is one
/// whose folds are partial: its rows are few.
///
/// # Errors
/// If there were too many parts.
pub(super) fn split(task: Task, features: &Features) -> Result<Vec<Task>, Refusal> {
    let fits = |array: &Operand| array.bytes() <= features.window_bytes();
    if !task.partial.is_empty()
        || (task.arrays.iter().all(fits) && evaluations(&task.kernel.parallel, &task.kernel) < 1 << 31)
    {
        return Ok(vec![task]);
    }
    let mut cutting = Cutting::new(&task, features);
    loop {
        let mut parts = Vec::new();
        match cutting.cut(Part::whole(&cutting.kernel), &mut parts) {
            Ok(()) => return Ok(parts.iter().map(|part| cutting.task(part)).collect()),
            Err(Uncut::Array(array)) => cutting.whole[array] = true,
            Err(Uncut::Many) => return Err(Refusal::new("arrays so large that a kernel has too many parts")),
        }
    }
}

/// Evaluations of a kernel's longest stage, with rows of these sizes.
fn evaluations(rows: &Dims, kernel: &Kernel) -> i64 {
    let most = kernel.stages.iter().map(elements).max().unwrap_or(1);
    rows.iter().fold(most, |count, &size| count.saturating_mul(size))
}

/// A part of the rows: along each parallel axis from an index on, so many.
#[derive(Clone, Debug)]
struct Part {
    first: Dims,
    sizes: Dims,
}

impl Part {
    fn whole(kernel: &Kernel) -> Self {
        Part { first: kernel.parallel.iter().map(|_| 0).collect(), sizes: kernel.parallel.clone() }
    }
}

/// Why no part fits.
enum Uncut {
    /// This array cannot be confined by cutting rows.
    Array(usize),
    /// There are too many.
    Many,
}

struct Cutting {
    /// The kernel, an array for each access of a large one.
    kernel: Kernel,
    /// Its arrays, inputs first.
    arrays: Vec<Operand>,
    /// By array: where it is accessed, with the sizes of the inner axes there.
    accesses: Vec<Vec<(Access, Dims)>>,
    /// Arrays that are not confined.
    whole: Vec<bool>,
    /// By parallel axis: parts start at multiples of this.
    steps: Vec<i64>,
    limit: i64,
}

impl Cutting {
    fn new(task: &Task, features: &Features) -> Self {
        let limit = features.window_bytes() as i64;
        let large = |array: usize| task.arrays[array].bytes() > limit as u64;
        let mut kernel = task.kernel.clone();
        let (given_inputs, given_outputs) = (kernel.inputs.clone(), kernel.outputs.clone());
        let mut accesses = [Vec::new(), Vec::new()];
        // The array of an access: one with accesses alike.
        let mut place = |from: usize, output: bool, access: &Access, inner: &Dims| -> usize {
            let array = if output { given_inputs.len() + from } else { from };
            let size = task.arrays[array].dtype.size() as i64;
            let groups: &mut Vec<(usize, Vec<(Access, Dims)>)> = &mut accesses[usize::from(output)];
            let alike = |known: &Access| {
                let distance = (known.expr.offset - access.expr.offset).abs().saturating_mul(size);
                (known.dynamic.is_empty() == access.dynamic.is_empty())
                    && (!known.dynamic.is_empty()
                        || (known.expr.terms == access.expr.terms && distance <= limit / 8))
            };
            let found = groups.iter().position(|(of, known)| {
                *of == array && (!large(array) || known.first().is_some_and(|(known, _)| alike(known)))
            });
            let at = found.unwrap_or_else(|| {
                groups.push((array, Vec::new()));
                groups.len() - 1
            });
            groups[at].1.push((access.clone(), inner.clone()));
            at
        };
        for stage in &mut kernel.stages {
            for node in &mut stage.nodes {
                if let NodeOp::Load { input, access, .. } = &mut node.op {
                    *input = place(*input, false, access, &stage.inner);
                }
            }
            for store in &mut stage.stores {
                store.output = place(store.output, true, &store.access, &stage.inner);
            }
        }
        let [inputs, outputs] = accesses;
        kernel.inputs = inputs.iter().map(|&(array, _)| given_inputs[array]).collect();
        kernel.outputs =
            outputs.iter().map(|&(array, _)| given_outputs[array - given_inputs.len()]).collect();
        let groups = || inputs.iter().chain(&outputs);
        let mut cutting = Cutting {
            arrays: groups().map(|&(array, _)| task.arrays[array]).collect(),
            whole: groups().map(|&(array, _)| !large(array)).collect(),
            steps: steps(&kernel),
            accesses: groups().map(|(_, accesses)| accesses.clone()).collect(),
            kernel,
            limit,
        };
        let row = Part {
            sizes: cutting.kernel.parallel.iter().map(|_| 1).collect(),
            ..Part::whole(&cutting.kernel)
        };
        for array in 0..cutting.arrays.len() {
            let unconfined = |(access, _): &(Access, Dims)| !access.dynamic.is_empty();
            cutting.whole[array] |=
                cutting.accesses[array].iter().any(unconfined) || cutting.bytes(array, &row, false) > limit;
        }
        cutting
    }

    /// The elements of an array that a part touches, the first and the last, if there may be any; those outside of the
    /// array, which no access reaches, only if they are not `inside`.
    fn window(&self, array: usize, part: &Part, inside: bool) -> Option<(i64, i64)> {
        let last = self.arrays[array].len - 1;
        let mut window: Option<(i64, i64)> = None;
        for (access, inner) in &self.accesses[array] {
            let (mut low, mut high) = (0, last);
            if access.dynamic.is_empty() {
                (low, high) = range(&access.expr, part, inner);
            }
            if inside {
                (low, high) = (low.max(0), high.min(last));
            }
            if low <= high {
                window = Some(window.map_or((low, high), |(l, h)| (l.min(low), h.max(high))));
            }
        }
        window
    }

    /// Bytes of the window that a part needs, rounded as it is bound.
    fn bytes(&self, array: usize, part: &Part, inside: bool) -> i64 {
        let size = self.arrays[array].dtype.size() as i64;
        let window = self.window(array, part, inside);
        window.map_or(0, |(low, high)| {
            ((high + 1) * size + 63).div_euclid(64) * 64 - (low * size).div_euclid(64) * 64
        })
    }

    /// Cuts a part until its windows can be bound.
    fn cut(&self, part: Part, parts: &mut Vec<Part>) -> Result<(), Uncut> {
        let confined = (0..self.arrays.len()).filter(|&array| !self.whole[array]);
        let bytes = confined.map(|array| (self.bytes(array, &part, true), array)).max();
        let largest = bytes.filter(|&(bytes, _)| bytes > self.limit);
        let count = evaluations(&part.sizes, &self.kernel);
        if largest.is_none() && count < 1 << 31 {
            parts.push(part);
            return if parts.len() > MOST_PARTS { Err(Uncut::Many) } else { Ok(()) };
        }
        // Along the axis that reaches farthest; without a window that is too large, along the longest.
        let reach = |axis: usize| match largest {
            Some((_, array)) => {
                self.accesses[array].iter().map(|(access, _)| along(&access.expr, axis, &part)).max()
            }
            None => Some(part.sizes[axis]),
        };
        let axes = (0..part.sizes.len()).filter(|&axis| part.sizes[axis] > self.steps[axis]);
        let axis = axes
            .filter(|&axis| reach(axis) > Some(0))
            .max_by_key(|&axis| (reach(axis), std::cmp::Reverse(axis)));
        let Some(axis) = axis else {
            return Err(largest.map_or(Uncut::Many, |(_, array)| Uncut::Array(array)));
        };
        let size = part.sizes[axis];
        // A little more than it takes, so that rounding does not make parts too large.
        let pieces = largest.map_or(2, |(bytes, _)| bytes / (self.limit / 16 * 15) + 1).max(2);
        let mut each = (size + pieces - 1) / pieces;
        let step = self.steps[axis];
        if each >= STEP * 16 && STEP % step == 0 {
            each = (each + STEP - 1) / STEP * STEP;
        } else {
            each = (each / step).max(1) * step;
        }
        for first in (0..size).step_by(each as usize) {
            let mut piece = part.clone();
            piece.first[axis] += first;
            piece.sizes[axis] = each.min(size - first);
            self.cut(piece, parts)?;
        }
        Ok(())
    }

    /// The task of a part.
    fn task(&self, part: &Part) -> Task {
        let mut kernel = self.kernel.clone();
        kernel.parallel = part.sizes.clone();
        let mut arrays = self.arrays.clone();
        let mut starts = vec![0; arrays.len()];
        for (number, array) in arrays.iter_mut().enumerate() {
            let large = array.bytes() > self.limit as u64;
            if !large {
                continue;
            }
            let size = array.dtype.size() as i64;
            let (low, high) = self.window(number, part, true).unwrap_or((0, 0));
            let start = low * size / 64 * 64;
            starts[number] = start / size;
            *array = Operand {
                memory: array.memory.from_byte(start as u64),
                len: high + 1 - start / size,
                padded: array.padded && high + 1 == array.len,
                ..*array
            };
        }
        let inputs = kernel.inputs.len();
        for stage in &mut kernel.stages {
            stage.visit_exprs_mut(|expr| shift(expr, part));
            for node in &mut stage.nodes {
                if let NodeOp::Load { input, access, .. } = &mut node.op {
                    access.expr.offset -= starts[*input];
                }
            }
            for store in &mut stage.stores {
                store.access.expr.offset -= starts[inputs + store.output];
            }
        }
        Task { kernel: simplify(&kernel), arrays, partial: Vec::new(), split: 1 }
    }
}

/// By parallel axis: what its parts start at multiples of, so that divisions of the axis stay divisions.
fn steps(kernel: &Kernel) -> Vec<i64> {
    let rank = kernel.parallel.len();
    let mut steps = vec![1_i64; rank];
    for stage in &kernel.stages {
        stage.visit_exprs(|expr| {
            for term in expr.terms.iter().filter(|term| term.axis < rank && !term.is_plain()) {
                let period = term.divisor.saturating_mul(term.modulus.max(1));
                steps[term.axis] = least_common_multiple(steps[term.axis], period);
            }
        });
    }
    steps
}

fn least_common_multiple(a: i64, b: i64) -> i64 {
    let (mut x, mut y) = (a, b);
    while y != 0 {
        (x, y) = (y, x % y);
    }
    (a / x).saturating_mul(b)
}

/// Moves an expression to the rows of a part.
fn shift(expr: &mut Expr, part: &Part) {
    for term in expr.terms.iter().filter(|term| term.axis < part.first.len()) {
        // Parts start at multiples of divisor and modulus.
        expr.offset += term.at(part.first[term.axis]);
    }
}

/// Smallest and largest value of a term over indices of its axis.
fn extent(term: &Term, first: i64, size: i64) -> (i64, i64) {
    let (low, high) = (first / term.divisor, (first + size - 1) / term.divisor);
    let (low, high) = match term.modulus {
        0 => (low, high),
        modulus if high - low >= modulus || low % modulus > high % modulus => (0, modulus - 1),
        modulus => (low % modulus, high % modulus),
    };
    let ends = [low * term.stride, high * term.stride];
    (ends[0].min(ends[1]), ends[0].max(ends[1]))
}

/// Smallest and largest value of an expression over a part and inner axes.
fn range(expr: &Expr, part: &Part, inner: &Dims) -> (i64, i64) {
    let rank = part.sizes.len();
    expr.terms.iter().fold((expr.offset, expr.offset), |(low, high), term| {
        let (first, size) = match term.axis {
            axis if axis < rank => (part.first[axis], part.sizes[axis]),
            axis => (0, inner[axis - rank]),
        };
        let (least, most) = if size > 0 { extent(term, first, size) } else { (0, 0) };
        (low + least, high + most)
    })
}

/// How far an expression reaches along a parallel axis of a part.
fn along(expr: &Expr, axis: usize, part: &Part) -> i64 {
    let terms = expr.terms.iter().filter(|term| term.axis == axis);
    let ends = terms.map(|term| extent(term, part.first[axis], part.sizes[axis]));
    ends.map(|(low, high)| high - low).sum()
}
