//! Rewrites a kernel over simpler axes.
//!
//! [`refine`] removes divisions: axes of size 1 vanish. An axis that accesses divide, or take modulo, is split into factors so that every
//! term becomes a plain stride, where the divisors and moduli divide one another and the size:
//!
//! ```text
//! axis a0 of 12, terms 5*(a0/4), 1*(a0%4)   ->   axes a0 of 3, a1 of 4, terms 5*a0, 1*a1
//! ```
//!
//! [`collapse`] joins neighbours that every access walks as one. [`flatten`] makes all of them one axis, with divisions.
//!
//! Row-major positions of rows and of inner indices stay what they are.

use tensor::{Dims, row_major_strides};

use crate::{Expr, Kernel, Stage, Term};

/// The same kernel over refined axes. All sizes must be at least 1.
pub fn refine(kernel: &Kernel) -> Kernel {
    let rank = kernel.parallel.len();
    let parallel: Vec<Factors> = (0..rank)
        .map(|axis| {
            let mut cuts = Vec::new();
            for stage in &kernel.stages {
                stage.visit_exprs(|expr| collect_cuts(expr, axis, kernel.parallel[axis], &mut cuts));
            }
            Factors::new(kernel.parallel[axis], cuts)
        })
        .collect();
    let mut refined = kernel.clone();
    refined.parallel = parallel.iter().flat_map(|factors| factors.sizes.iter().copied()).collect();
    for stage in &mut refined.stages {
        let mut axes = parallel.clone();
        for (axis, &size) in stage.inner.iter().enumerate() {
            let mut cuts = Vec::new();
            stage.visit_exprs(|expr| collect_cuts(expr, rank + axis, size, &mut cuts));
            axes.push(Factors::new(size, cuts));
        }
        stage.inner = axes[rank..].iter().flat_map(|factors| factors.sizes.iter().copied()).collect();
        let mut first = 0;
        for factors in &mut axes {
            factors.first = first;
            first += factors.sizes.len();
        }
        stage.visit_exprs_mut(|expr| *expr = rewrite(expr, &axes));
    }
    refined
}

/// What becomes of an axis.
#[derive(Clone, Debug)]
struct Factors {
    size: i64,
    /// Number of the first axis it becomes.
    first: usize,
    /// Sizes of the axes it becomes, outermost first.
    sizes: Dims,
    /// Whether all terms become plain.
    plain: bool,
}

impl Factors {
    /// `cuts`: place values at which terms take the axis apart.
    fn new(size: i64, mut cuts: Vec<i64>) -> Self {
        cuts.sort_unstable();
        cuts.dedup();
        cuts.push(size);
        let mut sizes = Dims::new();
        let mut place = 1;
        let mut plain = true;
        for &cut in &cuts {
            plain &= cut % place == 0;
            if cut != place {
                sizes.insert(0, cut / place);
            }
            place = cut;
        }
        if !plain {
            sizes = Dims::from_slice(&[size]);
        }
        Factors { size, first: 0, sizes, plain }
    }
}

/// Reduces a term to what matters on an axis of this size; `None` if it is 0 everywhere.
fn normalize(term: Term, size: i64) -> Option<Term> {
    if term.divisor >= size || term.modulus == 1 || size == 1 {
        return None;
    }
    let redundant = term.modulus != 0 && term.modulus.saturating_mul(term.divisor) >= size;
    Some(Term { modulus: if redundant { 0 } else { term.modulus }, ..term })
}

fn collect_cuts(expr: &Expr, axis: usize, size: i64, cuts: &mut Vec<i64>) {
    for term in expr.terms.iter().filter(|term| term.axis == axis) {
        let Some(term) = normalize(*term, size) else { continue };
        if term.divisor > 1 {
            cuts.push(term.divisor);
        }
        if term.modulus > 0 {
            cuts.push(term.divisor * term.modulus);
        }
    }
}

fn rewrite(expr: &Expr, axes: &[Factors]) -> Expr {
    let mut out = Expr::constant(expr.offset);
    for term in &expr.terms {
        let factors = &axes[term.axis];
        let Some(term) = normalize(*term, factors.size) else { continue };
        if !factors.plain {
            out.add_term(Term { axis: factors.first, ..term });
            continue;
        }
        let end = if term.modulus == 0 { i64::MAX } else { term.divisor * term.modulus };
        let mut place = 1;
        for (position, &size) in factors.sizes.iter().enumerate().rev() {
            if place >= term.divisor && place < end {
                out.add_term(Term::plain(factors.first + position, term.stride * (place / term.divisor)));
            }
            place *= size;
        }
    }
    out
}

/// The same kernel with neighbouring axes joined where every expression steps through both at one stride.
pub fn collapse(kernel: &Kernel) -> Kernel {
    let mut kernel = kernel.clone();
    for axis in (0..kernel.parallel.len().saturating_sub(1)).rev() {
        let size = kernel.parallel[axis + 1];
        if kernel.stages.iter().all(|stage| joins(stage, axis, size)) {
            kernel.parallel[axis] *= size;
            kernel.parallel.remove(axis + 1);
            kernel.stages.iter_mut().for_each(|stage| join(stage, axis));
        }
    }
    let rank = kernel.parallel.len();
    for stage in &mut kernel.stages {
        for axis in (0..stage.inner.len().saturating_sub(1)).rev() {
            let size = stage.inner[axis + 1];
            if joins(stage, rank + axis, size) {
                stage.inner[axis] *= size;
                stage.inner.remove(axis + 1);
                join(stage, rank + axis);
            }
        }
    }
    kernel
}

/// The same kernel over one axis of all rows; `None` if it has inner dimensions, or terms that divide one of several axes
/// into what is no factor of it. All sizes must be at least 1.
pub fn flatten(kernel: &Kernel) -> Option<Kernel> {
    if kernel.stages.iter().any(|stage| !stage.inner.is_empty()) {
        return None;
    }
    if kernel.parallel.len() == 1 {
        return Some(kernel.clone());
    }
    let sizes = kernel.parallel.clone();
    let places = row_major_strides(&sizes);
    let flat = |term: &Term| {
        let size = sizes[term.axis];
        let Some(term) = normalize(*term, size) else { return Some(Term::plain(0, 0)) };
        // Of the outermost axis nothing lies above.
        let whole =
            size % term.divisor == 0 && (term.modulus == 0 || size / term.divisor % term.modulus == 0);
        let modulus = match (term.modulus, term.axis) {
            (0, 0) => 0,
            (0, _) => size / term.divisor,
            (modulus, _) => modulus,
        };
        let divisor = places[term.axis] * term.divisor;
        (whole || term.axis == 0).then_some(Term { axis: 0, divisor, modulus, stride: term.stride })
    };
    let mut flattened = kernel.clone();
    flattened.parallel = Dims::from_slice(&[kernel.rows()]);
    let mut whole = true;
    for stage in &mut flattened.stages {
        stage.visit_exprs_mut(|expr| {
            let mut out = Expr::constant(expr.offset);
            for term in &expr.terms {
                match flat(term) {
                    Some(term) => out.add_term(term),
                    None => whole = false,
                }
            }
            *expr = out;
        });
    }
    whole.then_some(flattened)
}

/// Whether each expression is a function of `axis * size + (axis + 1)` alone.
fn joins(stage: &Stage, axis: usize, size: i64) -> bool {
    let mut joins = true;
    stage.visit_exprs(|expr| {
        let mut strides = [0, 0];
        for term in expr.terms.iter().filter(|term| term.axis == axis || term.axis == axis + 1) {
            joins &= term.is_plain();
            strides[term.axis - axis] += term.stride;
        }
        joins &= strides[0] == strides[1] * size;
    });
    joins
}

fn join(stage: &mut Stage, axis: usize) {
    stage.visit_exprs_mut(|expr| {
        expr.terms.retain(|term| term.axis != axis);
        for term in expr.terms.iter_mut().filter(|term| term.axis > axis) {
            term.axis -= 1;
        }
    });
}

#[cfg(test)]
mod tests {
    use tensor::{DType, Indices};

    use super::*;
    use crate::{Access, Node, NodeOp, Store};

    fn kernel(parallel: &[i64], terms: &[Term]) -> Kernel {
        let expr = Expr { offset: 3, terms: terms.iter().copied().collect() };
        Kernel {
            parallel: parallel.into(),
            inputs: Vec::new(),
            outputs: vec![DType::I64],
            scratch: Vec::new(),
            stages: vec![Stage {
                nodes: vec![Node { op: NodeOp::Index(expr), dtype: DType::I64 }],
                stores: vec![Store { output: 0, access: Access::default(), value: crate::NodeId(0) }],
                ..Stage::default()
            }],
        }
    }

    fn values(kernel: &Kernel) -> Vec<i64> {
        let NodeOp::Index(expr) = &kernel.stages[0].nodes[0].op else { panic!("an index") };
        Indices::new(&kernel.parallel).map(|index| expr.at(&index)).collect()
    }

    #[test]
    fn terms_become_plain_where_factors_divide() {
        let term = |axis, divisor, modulus, stride| Term { axis, divisor, modulus, stride };
        let cases: [(&[i64], &[Term], &[i64]); 5] = [
            (&[12], &[term(0, 4, 0, 5), term(0, 1, 4, 1)], &[3, 4]),
            (&[24, 1], &[term(0, 2, 3, 7), term(1, 1, 0, 9)], &[4, 3, 2]),
            (&[6, 4], &[term(0, 6, 0, 5), term(1, 1, 4, 1)], &[6, 4]),
            (&[10], &[term(0, 4, 0, 5)], &[10]),
            (&[8, 9], &[term(0, 1, 0, -2), term(1, 3, 0, 4)], &[8, 3, 3]),
        ];
        for (parallel, terms, expected) in cases {
            let before = kernel(parallel, terms);
            let after = refine(&before);
            assert_eq!(&after.parallel[..], expected);
            assert_eq!(values(&after), values(&before));
        }
    }

    #[test]
    fn all_axes_become_one() {
        let term = |axis, divisor, modulus, stride| Term { axis, divisor, modulus, stride };
        let whole: [(&[i64], &[Term]); 6] = [
            (&[2, 3, 4], &[term(0, 1, 0, 12), term(1, 1, 0, 4), term(2, 1, 0, 1)]),
            (&[3, 8], &[term(0, 1, 0, -1), term(1, 2, 2, 5), term(1, 4, 0, 3)]),
            (&[7, 8], &[term(0, 2, 3, 1), term(1, 1, 0, 9)]),
            (&[5, 1, 6], &[term(1, 1, 0, 7), term(2, 3, 0, 1)]),
            (&[], &[]),
            (&[9], &[term(0, 2, 3, 4)]),
        ];
        for (parallel, terms) in whole {
            let before = kernel(parallel, terms);
            let after = flatten(&before).expect("whole factors");
            assert_eq!(after.parallel.len(), 1);
            assert_eq!(values(&after), values(&before), "{parallel:?} {terms:?}");
        }
        assert_eq!(flatten(&kernel(&[2, 9], &[term(1, 2, 0, 1)])), None);
        assert_eq!(flatten(&kernel(&[2, 9], &[term(1, 3, 2, 1)])), None);
        let mut inner = kernel(&[2, 9], &[]);
        inner.stages[0].inner = Dims::from_slice(&[4]);
        assert_eq!(flatten(&inner), None);
    }

    #[test]
    fn neighbours_join_where_all_strides_fit() {
        let plain = Term::plain;
        let cases: [(&[i64], &[Term], &[i64]); 4] = [
            (&[2, 3, 4], &[plain(0, 12), plain(1, 4), plain(2, 1)], &[24]),
            (&[2, 3, 4], &[plain(0, 12), plain(1, 4)], &[6, 4]),
            (&[2, 3, 4], &[plain(0, 1), plain(1, 8), plain(2, 2)], &[2, 12]),
            (&[3, 4], &[plain(1, 1)], &[3, 4]),
        ];
        for (parallel, terms, expected) in cases {
            let before = kernel(parallel, terms);
            let after = collapse(&before);
            assert_eq!(&after.parallel[..], expected);
            assert_eq!(values(&after), values(&before));
        }
    }
}
