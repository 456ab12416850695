//! Quasi-affine accesses seen from a block of lanes.
//!
//! Lanes run along some consecutive axes of a stage, flattened row-major; the other axes have one index a
//! block. A [`Walk`] splits the lanes of a block into runs along which all its expressions are
//! linear.

use plan::{Access, Expr, Term};
use smallvec::SmallVec;

/// Expressions over lanes: the address of an access (or the value of an index) first, then its bounds.
#[derive(Clone, Debug)]
pub(crate) struct Walk {
    /// Sizes of the lane axes, outermost first, those merged along which every expression is linear.
    sizes: SmallVec<[i64; 4]>,
    /// The expressions.
    parts: SmallVec<[Part; 2]>,
    /// Limit and divisor of each expression after the first.
    limits: SmallVec<[(i64, i64); 1]>,
    /// Whether runs must be single lanes: something divides along the innermost lane axis.
    single: bool,
    /// Whether each of `sizes` is one that computed parts of the access vary over.
    computed: SmallVec<[bool; 4]>,
}

#[derive(Clone, Debug)]
struct Part {
    offset: i64,
    /// (stage axis, stride) of axes outside the lanes.
    outer: SmallVec<[(usize, i64); 4]>,
    /// Terms of axes outside the lanes that divide.
    outer_divided: SmallVec<[Term; 1]>,
    /// Stride along each of `sizes`.
    strides: SmallVec<[i64; 4]>,
    /// Terms along `sizes` that divide; then nothing was merged.
    divided: SmallVec<[Term; 1]>,
}

/// How an access lies in memory along the lanes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// One element for all lanes.
    Uniform,
    /// One lane after the other, at this stride.
    Linear(i64),
    /// Neither.
    Irregular,
}

/// Values at the start of a run: of the address, then of the bounds.
pub(crate) type Values = SmallVec<[i64; 4]>;

impl Walk {
    /// `sizes[first..first + count]` of the stage's axes are the lanes.
    pub(crate) fn new(expr: &Expr, sizes: &[i64], first: usize, count: usize) -> Self {
        Self::of(&[expr], SmallVec::new(), 0, sizes, first, count)
    }

    /// The static part of an access whose computed parts vary over some axes, given as bits.
    pub(crate) fn access(access: &Access, computed: u64, sizes: &[i64], first: usize, count: usize) -> Self {
        let exprs: SmallVec<[&Expr; 4]> =
            std::iter::once(&access.expr).chain(access.bounds.iter().map(|bound| &bound.expr)).collect();
        let limits = access.bounds.iter().map(|bound| (bound.limit, bound.step)).collect();
        Self::of(&exprs, limits, computed, sizes, first, count)
    }

    fn of(
        exprs: &[&Expr],
        limits: SmallVec<[(i64, i64); 1]>,
        computed: u64,
        sizes: &[i64],
        first: usize,
        count: usize,
    ) -> Self {
        let lanes = first..first + count;
        let mut parts: SmallVec<[Part; 2]> = SmallVec::new();
        for expr in exprs {
            let mut part = Part {
                offset: expr.offset,
                outer: SmallVec::new(),
                outer_divided: SmallVec::new(),
                strides: SmallVec::from_elem(0, count),
                divided: SmallVec::new(),
            };
            for &term in &expr.terms {
                match (lanes.contains(&term.axis), term.is_plain()) {
                    (true, true) => part.strides[term.axis - first] += term.stride,
                    (true, false) => part.divided.push(Term { axis: term.axis - first, ..term }),
                    (false, true) => part.outer.push((term.axis, term.stride)),
                    (false, false) => part.outer_divided.push(term),
                }
            }
            parts.push(part);
        }
        let computed = lanes.clone().map(|axis| computed >> axis & 1 == 1).collect();
        let mut walk = Walk { sizes: sizes[lanes].into(), parts, limits, single: false, computed };
        if walk.parts.iter().all(|part| part.divided.is_empty()) {
            walk.merge();
        }
        let innermost = walk.sizes.len().wrapping_sub(1);
        walk.single = walk.parts.iter().any(|part| part.divided.iter().any(|term| term.axis == innermost))
            || walk.limits.iter().zip(&walk.parts[1..]).any(|(&(_, step), part)| {
                step > 1 && part.strides.last().is_some_and(|stride| stride % step != 0)
            });
        walk
    }

    /// Joins neighbouring axes along which all expressions go on linearly.
    fn merge(&mut self) {
        let mut axis = self.sizes.len();
        while axis > 1 {
            axis -= 1;
            let inner = self.sizes[axis];
            let linear = |part: &Part| part.strides[axis - 1] == part.strides[axis] * inner;
            if self.computed[axis - 1] == self.computed[axis] && self.parts.iter().all(linear) {
                self.sizes[axis - 1] *= inner;
                self.sizes.remove(axis);
                self.computed.remove(axis);
                for part in &mut self.parts {
                    part.strides.remove(axis - 1);
                }
            }
        }
    }

    /// How the lanes lie.
    pub(crate) fn shape(&self) -> Shape {
        let whole = self.limits.is_empty() && self.parts[0].divided.is_empty();
        match (whole, &self.parts[0].strides[..]) {
            (true, strides) if strides.iter().all(|&stride| stride == 0) => Shape::Uniform,
            (true, [stride]) => Shape::Linear(*stride),
            _ => Shape::Irregular,
        }
    }

    /// Length of the runs that a walk finds, ends of blocks aside.
    pub(crate) fn run_length(&self) -> i64 {
        if self.single { 1 } else { self.sizes.last().copied().unwrap_or(1) }
    }

    /// Address of the lane at a flat position, for shapes uniform and linear. `index` holds the
    /// indices of the other axes.
    #[inline]
    pub(crate) fn address(&self, index: &[i64], position: i64) -> i64 {
        let part = &self.parts[0];
        part.base(index) + part.strides.first().map_or(0, |stride| stride * position)
    }

    /// Whether the access has bounds.
    pub(crate) fn is_bounded(&self) -> bool {
        !self.limits.is_empty()
    }

    /// Whether computed parts of the access are the same along a run.
    pub(crate) fn computed_by_run(&self) -> bool {
        !self.computed.last().is_some_and(|&computed| computed)
    }

    /// Stride of the address along a run.
    pub(crate) fn stride(&self) -> i64 {
        self.parts[0].strides.last().copied().unwrap_or(0)
    }

    /// Calls `f(lane, count, values)` for each run of lanes of the block of `count` lanes at a flat position.
    pub(crate) fn runs(
        &self,
        index: &[i64],
        position: i64,
        count: usize,
        mut f: impl FnMut(usize, usize, &Values),
    ) {
        let mut values: Values = self.parts.iter().map(|part| part.base(index)).collect();
        let Some((&innermost, outer)) = self.sizes.split_last() else {
            // No lane axes: all lanes (one, as a rule) are the same.
            return f(0, count, &values);
        };
        if self.parts.iter().any(|part| !part.divided.is_empty()) {
            return self.divided_runs(&values, position, count, f);
        }
        let last = outer.len();
        let mut at: SmallVec<[i64; 6]> = SmallVec::from_elem(0, last + 1);
        self.decompose(position, &mut at);
        for (value, part) in values.iter_mut().zip(&self.parts) {
            *value += part.strides.iter().zip(&at).map(|(stride, index)| stride * index).sum::<i64>();
        }
        let step = |values: &mut Values, axis: usize, by: i64| {
            for (value, part) in values.iter_mut().zip(&self.parts) {
                *value += part.strides[axis] * by;
            }
        };
        let mut lane = 0;
        // The common case: one expression over rows of runs.
        if let ([size], [part], false) = (outer, &self.parts[..], self.single) {
            let (row, wrap) = (part.strides[0] - part.strides[1] * at[1], part.strides[0] * size);
            let mut length = ((innermost - at[1]) as usize).min(count);
            loop {
                f(lane, length, &values);
                lane += length;
                if lane >= count {
                    return;
                }
                values[0] += if lane == length { row } else { part.strides[0] };
                at[0] += 1;
                if at[0] == *size {
                    at[0] = 0;
                    values[0] -= wrap;
                }
                length = (innermost as usize).min(count - lane);
            }
        }
        loop {
            let left = if self.single { 1 } else { innermost - at[last] };
            let length = (left as usize).min(count - lane);
            f(lane, length, &values);
            lane += length;
            if lane >= count {
                return;
            }
            at[last] += length as i64;
            step(&mut values, last, length as i64);
            if at[last] < innermost {
                continue;
            }
            at[last] = 0;
            step(&mut values, last, -innermost);
            for axis in (0..last).rev() {
                at[axis] += 1;
                step(&mut values, axis, 1);
                if at[axis] < outer[axis] {
                    break;
                }
                at[axis] = 0;
                step(&mut values, axis, -outer[axis]);
            }
        }
    }

    fn decompose(&self, position: i64, at: &mut [i64]) {
        let mut rest = position;
        for (index, &size) in at.iter_mut().zip(&self.sizes).rev() {
            *index = rest % size;
            rest /= size;
        }
    }

    /// Runs where terms divide along lane axes: every run's values are computed afresh.
    fn divided_runs(
        &self,
        bases: &Values,
        position: i64,
        count: usize,
        mut f: impl FnMut(usize, usize, &Values),
    ) {
        let mut at: SmallVec<[i64; 6]> = SmallVec::from_elem(0, self.sizes.len());
        self.decompose(position, &mut at);
        let last = at.len() - 1;
        let mut values = bases.clone();
        let mut lane = 0;
        while lane < count {
            let left = if self.single { 1 } else { self.sizes[last] - at[last] };
            let length = (left as usize).min(count - lane);
            for ((value, base), part) in values.iter_mut().zip(bases).zip(&self.parts) {
                *value = base + part.lanes(&at);
            }
            f(lane, length, &values);
            lane += length;
            at[last] += length as i64;
            for axis in (1..=last).rev() {
                if at[axis] < self.sizes[axis] {
                    break;
                }
                at[axis] = 0;
                at[axis - 1] += 1;
            }
        }
    }

    /// The lanes `low..high` of a run of `count` where all bounds hold.
    #[inline]
    pub(crate) fn allowed(&self, values: &Values, count: usize) -> (usize, usize) {
        let (mut low, mut high) = (0, count as i64);
        for ((&value, &(limit, step)), part) in values[1..].iter().zip(&self.limits).zip(&self.parts[1..]) {
            let stride = part.strides.last().copied().unwrap_or(0);
            let (from, to) = interval(value, stride, limit, count as i64);
            low = low.max(from);
            high = high.min(to);
            if step > 1 && value % step != 0 {
                return (0, 0);
            }
        }
        if low < high { (low as usize, high as usize) } else { (0, 0) }
    }
}

impl Part {
    #[inline]
    fn base(&self, index: &[i64]) -> i64 {
        let plain: i64 = self.outer.iter().map(|&(axis, stride)| stride * index[axis]).sum();
        let divided: i64 = self.outer_divided.iter().map(|term| term.at(index[term.axis])).sum();
        self.offset + plain + divided
    }

    fn lanes(&self, at: &[i64]) -> i64 {
        let plain: i64 = self.strides.iter().zip(at).map(|(stride, index)| stride * index).sum();
        plain + self.divided.iter().map(|term| term.at(at[term.axis])).sum::<i64>()
    }
}

/// The `i` of `0..count` with `0 <= value + stride * i < limit`, as a half-open interval.
#[inline]
pub(crate) fn interval(value: i64, stride: i64, limit: i64, count: i64) -> (i64, i64) {
    match stride {
        0 if (0..limit).contains(&value) => (0, count),
        0 => (0, 0),
        1.. => {
            let low = if value >= 0 { 0 } else { (-value + stride - 1) / stride };
            let high = if value >= limit { 0 } else { (limit - value + stride - 1) / stride };
            (low, high.min(count))
        }
        _ => {
            let low = if value < limit { 0 } else { (value - limit) / -stride + 1 };
            let high = if value < 0 { 0 } else { value / -stride + 1 };
            (low, high.min(count))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use plan::Bound;
    use tensor::{Dims, Indices};

    #[test]
    fn intervals_match_brute_force() {
        for value in -7..8 {
            for stride in -3..4 {
                for limit in 0..6 {
                    let (low, high) = interval(value, stride, limit, 5);
                    for i in 0..5 {
                        let inside = (0..limit).contains(&(value + stride * i));
                        assert_eq!((low..high).contains(&i), inside, "{value} {stride} {limit} {i}");
                    }
                }
            }
        }
    }

    #[test]
    fn runs_visit_every_lane_once_with_its_address() {
        let sizes: Dims = [2, 3, 4, 5].into_iter().collect();
        let term = |axis, divisor, modulus, stride| Term { axis, divisor, modulus, stride };
        let exprs: [&[Term]; 5] = [
            &[term(0, 1, 0, 60), term(1, 1, 0, 20), term(2, 1, 0, 5), term(3, 1, 0, 1)],
            &[term(0, 1, 0, 60), term(2, 1, 0, 3), term(3, 1, 0, 12)],
            &[term(1, 1, 0, 1)],
            &[term(3, 2, 0, 7), term(2, 1, 3, 1)],
            &[term(2, 3, 0, 7), term(3, 1, 0, -1)],
        ];
        let bound = Bound {
            expr: Expr { offset: -2, terms: [term(2, 1, 0, 2), term(3, 1, 0, 1)].into_iter().collect() },
            limit: 6,
            step: 2,
        };
        for terms in exprs {
            for bounded in [false, true] {
                let expr = Expr { offset: 100, terms: terms.iter().copied().collect() };
                let bounds = if bounded { [bound.clone()].into_iter().collect() } else { SmallVec::new() };
                let access = Access { expr: expr.clone(), bounds, ..Access::default() };
                let walk = Walk::access(&access, 0, &sizes, 1, 3);
                let lanes: Vec<Dims> = Indices::new(&sizes[1..]).collect();
                for (position, count) in [(0, 60), (7, 30), (59, 1)] {
                    let mut seen = vec![0; count];
                    walk.runs(&[1, 0, 0, 0], position as i64, count, |lane, length, values| {
                        let (low, high) = walk.allowed(values, length);
                        for i in 0..length {
                            let mut index: Dims = [1].into_iter().collect();
                            index.extend(lanes[position + lane + i].iter().copied());
                            seen[lane + i] += 1;
                            assert_eq!(values[0] + walk.stride() * i as i64, expr.at(&index));
                            let holds = access.bounds.iter().all(|bound| bound.holds(&index));
                            assert_eq!((low..high).contains(&i), holds);
                        }
                    });
                    assert!(seen.iter().all(|&times| times == 1));
                }
            }
        }
    }
}
