//! Which values of a stage differ between the lanes of a thread, and how accesses lie along the lanes.
//!
//! A thread computes `width` neighbouring elements at once: its lanes. They lie along the last parallel axis, along
//! the last inner axis, or along the flat index of all parallel axes.

use plan::{Access, Expr, Kernel, NodeOp, Stage};

/// Where the lanes of a thread lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Direction {
    /// Along the last parallel axis.
    Parallel,
    /// Along the last inner axis of each stage that has one.
    Inner,
    /// Along the row-major index of all parallel axes; each lane finds its own axes.
    Flat,
}

/// The lanes of a thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct Lanes {
    /// Where they lie.
    pub direction: Direction,
    /// How many; 1 for none.
    pub width: u32,
}

/// How the lanes of an access lie in its array.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Form {
    /// All lanes touch the same element.
    Same,
    /// Lanes touch neighbouring elements that start at a multiple of the width, all or none of them.
    Vector,
    /// Each lane by itself.
    Each,
}

/// What the nodes of a stage depend on.
#[derive(Clone, Debug)]
pub(super) struct Varying {
    /// By node: whether it differs between inner indices.
    pub inner: Vec<bool>,
    /// By node: whether it differs between the lanes of a thread.
    pub lane: Vec<bool>,
}

impl Lanes {
    /// No lanes.
    pub const ONE: Lanes = Lanes { direction: Direction::Parallel, width: 1 };

    /// Whether the lanes of a stage differ along an axis.
    pub fn on(&self, kernel: &Kernel, stage: &Stage, axis: usize) -> bool {
        let rank = kernel.parallel.len();
        self.width > 1
            && match self.direction {
                Direction::Parallel => axis + 1 == rank,
                Direction::Inner => axis >= rank && axis + 1 == rank + stage.inner.len(),
                Direction::Flat => axis < rank,
            }
    }

    /// Lanes of row values: those of rows that lie along the lanes.
    pub fn of_rows(&self) -> u32 {
        if self.direction == Direction::Inner { 1 } else { self.width }
    }

    /// Lanes of values at inner indices of a stage.
    pub fn of_stage(&self, stage: &Stage) -> u32 {
        if self.direction == Direction::Inner && stage.inner.is_empty() { 1 } else { self.width }
    }

    fn along(&self, kernel: &Kernel, stage: &Stage, expr: &Expr) -> bool {
        expr.terms.iter().any(|term| self.on(kernel, stage, term.axis))
    }

    /// What the nodes of a stage depend on.
    pub fn varying(&self, kernel: &Kernel, stage: &Stage) -> Varying {
        let rank = kernel.parallel.len();
        let mut varying = Varying { inner: Vec::new(), lane: Vec::new() };
        for node in &stage.nodes {
            let (mut inner, mut lane) = (false, false);
            let mut expr = |expr: &Expr| {
                inner |= expr.terms.iter().any(|term| term.axis >= rank);
                lane |= self.along(kernel, stage, expr);
            };
            match &node.op {
                NodeOp::Index(index) => expr(index),
                NodeOp::Load { access, .. } => {
                    expr(&access.expr);
                    access.bounds.iter().for_each(|bound| expr(&bound.expr));
                }
                NodeOp::Row(_) => lane = self.of_rows() > 1,
                NodeOp::Scratch(_) => (inner, lane) = (!stage.inner.is_empty(), self.of_stage(stage) > 1),
                _ => {}
            }
            node.op.visit_operands(|id| {
                inner |= varying.inner[id.index()];
                lane |= varying.lane[id.index()];
            });
            varying.inner.push(inner);
            varying.lane.push(lane);
        }
        varying
    }

    /// How an access of a stage lies along the lanes.
    pub fn form(&self, kernel: &Kernel, stage: &Stage, access: &Access, varying: &Varying) -> Form {
        let differs = |expr: &Expr| self.along(kernel, stage, expr);
        let mut computed = false;
        access.visit_operands(|id| computed |= varying.lane[id.index()]);
        if !computed && !differs(&access.expr) && !access.bounds.iter().any(|bound| differs(&bound.expr)) {
            return Form::Same;
        }
        let width = i64::from(self.width);
        let dynamic = access.dynamic.iter().all(|&(_, stride)| stride % width == 0);
        let bounds = access.bounds.iter().all(|bound| {
            !differs(&bound.expr)
                || (bound.limit % width == 0 && bound.step == 1 && self.aligned(kernel, stage, &bound.expr))
        });
        if !computed && dynamic && bounds && self.aligned(kernel, stage, &access.expr) {
            Form::Vector
        } else {
            Form::Each
        }
    }

    /// Whether an expression counts the lanes one by one from a multiple of the width.
    fn aligned(&self, kernel: &Kernel, stage: &Stage, expr: &Expr) -> bool {
        let width = i64::from(self.width);
        if self.direction == Direction::Flat {
            let strides = tensor::row_major_strides(&kernel.parallel);
            let flat = |axis: usize| {
                let on_axis = expr.terms.iter().filter(|term| term.axis == axis);
                on_axis.clone().count() == 1
                    && on_axis.clone().all(|term| term.is_plain() && term.stride == strides[axis])
            };
            return expr.offset % width == 0
                && expr.terms.iter().all(|term| term.axis < strides.len())
                && (0..strides.len()).all(flat);
        }
        let mut steps = 0;
        let others = expr.terms.iter().all(|term| {
            if !self.on(kernel, stage, term.axis) {
                return term.stride % width == 0;
            }
            steps += term.stride;
            term.is_plain()
        });
        others && steps == 1 && expr.offset % width == 0
    }
}
