//! Products with epilogues.

use ops::{BinaryOp, ComparisonDirection, UnaryOp};
use plan::evaluate::{self, Elements};
use plan::library::{Dot, DotDim};
use plan::{Engine, Fused, Kernel, NodeId, Plan, Product, Step, StepOp, is_epilogue};
use smallvec::smallvec;
use std::sync::Arc;
use tensor::{DType, Scalar, TensorType};

use crate::build::{Build, affine};
use crate::harness::{
    Tolerance, assert_agree, dirty, execute, flat, from_bytes, single_step, small_integers, to_bytes,
};

/// Row-major `[batch, m, k]` times `[batch, k, n]`; operands and result perhaps transposed.
pub fn dense(dtypes: [DType; 3], [batch, m, k, n]: [i64; 4], transposed: [bool; 3]) -> Dot {
    let [lhs, rhs, out] = dtypes;
    let order = |transposed: bool, rows: i64, columns: i64| if transposed { (1, rows) } else { (columns, 1) };
    let (lhs_m, lhs_k) = order(transposed[0], m, k);
    let (rhs_k, rhs_n) = order(transposed[1], k, n);
    let (out_m, out_n) = order(transposed[2], m, n);
    Dot {
        lhs,
        rhs,
        out,
        accumulate: if out.is_float() && out != DType::F64 { DType::F32 } else { out },
        batch: smallvec![DotDim { size: batch, lhs: m * k, rhs: k * n, out: m * n }],
        m: DotDim { size: m, lhs: lhs_m, rhs: 0, out: out_m },
        n: DotDim { size: n, lhs: 0, rhs: rhs_n, out: out_n },
        k: DotDim { size: k, lhs: lhs_k, rhs: rhs_k, out: 0 },
    }
}

/// All layouts of lhs, rhs and result.
pub fn layouts() -> impl Iterator<Item = [bool; 3]> {
    (0..8).map(|bits| [bits & 1 != 0, bits & 2 != 0, bits & 4 != 0])
}

/// What is computed of a product `x[b, r, c]`, by the order of its result in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `max(x + bias[c], 0) + residual[b, r, c]`, of this type.
    Layer(DType),
    /// `tanh(tanh(exp(tanh(x / 8)))) * scale[r]`, where `c <= r`, else -1: long.
    Masked,
    /// `x + bias[c]`, and whether it is more than 0.
    Two,
    /// `residual[r, b, c] - x`.
    Turned,
    /// `m / 2 + x`, `v / 4 - x` and `p - step * (m / 2 + x)`.
    Update,
}

/// A product with an epilogue.
#[derive(Clone, Debug)]
pub struct Case {
    /// The step.
    pub fused: Fused,
    /// Types of what it reads.
    pub reads: Vec<TensorType>,
    /// Types of what it writes.
    pub writes: Vec<TensorType>,
}

impl Case {
    /// Of a dense product.
    pub fn new(dot: Dot, kind: Kind) -> Self {
        let (rows, columns) = if dot.n.out == 1 { (dot.m, dot.n) } else { (dot.n, dot.m) };
        let sizes = [dot.batch[0].size, rows.size, columns.size];
        let epilogue = epilogue(dot.out, sizes, kind);
        assert!(is_epilogue(&epilogue) || epilogue.rows() == 0);
        let len = |sizes: &[i64]| sizes.iter().product::<i64>() as usize;
        let (batch, k) = (dot.batch[0].size, dot.k.size);
        let [b, r, c] = sizes;
        let mut reads =
            vec![flat(dot.lhs, len(&[batch, dot.m.size, k])), flat(dot.rhs, len(&[batch, dot.n.size, k]))];
        let of = |number: usize, sizes: &[i64]| flat(epilogue.inputs[number], len(sizes));
        reads.extend(match kind {
            Kind::Layer(_) => vec![of(1, &[c]), of(2, &[b, r, c])],
            Kind::Masked => vec![of(1, &[r])],
            Kind::Two => vec![of(1, &[c])],
            Kind::Turned => vec![of(1, &[b, r, c])],
            Kind::Update => vec![of(1, &[]), of(2, &[b, r, c]), of(3, &[b, r, c]), of(4, &[b, r, c])],
        });
        let writes = epilogue.outputs.iter().map(|&dtype| flat(dtype, len(&sizes))).collect();
        Case { fused: Fused { product: Product::Dot(dot), epilogue: Arc::new(epilogue) }, reads, writes }
    }

    /// Arrays to read.
    pub fn arrays(&self) -> Vec<Elements> {
        let array = |(number, ty): (usize, &TensorType)| {
            small_integers(ty.dtype, &ty.dims, number as u64 + 1).scalars().collect()
        };
        self.reads.iter().enumerate().map(array).collect()
    }

    /// What the step computes of them.
    pub fn expected(&self, arrays: &[Elements]) -> Vec<Elements> {
        let Product::Dot(dot) = &self.fused.product else { panic!("cases are matrix products") };
        let product = product(dot, &arrays[..2]);
        let inputs: Vec<Elements> = std::iter::once(product).chain(arrays[2..].iter().cloned()).collect();
        let mut outputs: Vec<Elements> = self.writes.iter().map(|ty| dirty(ty.dtype, ty.len())).collect();
        evaluate::kernel(&self.fused.epilogue, &inputs, &mut outputs);
        outputs
    }

    /// A plan of the step.
    pub fn plan(&self) -> Plan {
        single_step(StepOp::Fused(self.fused.clone()), &self.reads, &self.writes)
    }

    /// A plan in which output 0 takes the memory of the last input.
    pub fn plan_in_place(&self) -> Plan {
        let mut plan = self.plan();
        let step = plan.body.steps[0].clone();
        let (last, result) = (step.reads[step.reads.len() - 1], step.writes[0]);
        let copy = Step {
            op: StepOp::Copy,
            reads: smallvec![last],
            writes: smallvec![result],
            origin: step.origin.clone(),
        };
        *plan.body.steps[0].reads.last_mut().expect("an input") = result;
        plan.body.steps.insert(0, copy);
        plan
    }

    /// Runs a plan of the case and compares with what is expected.
    pub fn check(&self, engine: &dyn Engine, plan: Plan) {
        let arrays = self.arrays();
        let given = arrays.iter().zip(&self.reads).map(|(array, ty)| to_bytes(array, ty.dtype)).collect();
        let dirty = self.writes.iter().map(|ty| to_bytes(&dirty(ty.dtype, ty.len()), ty.dtype));
        let mut results: Vec<_> = dirty.collect();
        execute(engine, plan, given, &mut results).unwrap_or_else(|error| panic!("{error}: {self:?}"));
        for (number, expected) in self.expected(&arrays).iter().enumerate() {
            let actual = from_bytes(&results[number], self.writes[number].dtype);
            let tolerance = Tolerance { relative: 1e-5, absolute: 1e-6 };
            assert_agree(&actual, expected, tolerance, &format!("result {number} of {:?}", self.fused));
        }
    }
}

/// The product, by sums in order.
fn product(dot: &Dot, arrays: &[Elements]) -> Elements {
    let len = dot.batch[0].size * dot.m.size * dot.n.size;
    let mut out = vec![Scalar::zero(dot.out); len as usize];
    let value = |array: &Elements, at: i64| match dot.out.is_float() {
        true => array[at as usize].as_f64(),
        false => array[at as usize].as_i64() as f64,
    };
    for b in 0..dot.batch[0].size {
        for (m, n) in (0..dot.m.size).flat_map(|m| (0..dot.n.size).map(move |n| (m, n))) {
            let start = |stride: fn(&DotDim) -> i64| {
                b * stride(&dot.batch[0]) + m * stride(&dot.m) + n * stride(&dot.n)
            };
            let sum: f64 = (0..dot.k.size)
                .map(|k| {
                    value(&arrays[0], start(|dim| dim.lhs) + k * dot.k.lhs)
                        * value(&arrays[1], start(|dim| dim.rhs) + k * dot.k.rhs)
                })
                .sum();
            out[start(|dim| dim.out) as usize] = match dot.out.is_float() {
                true => Scalar::from_f64(dot.out, sum),
                false => Scalar::from_i64(dot.out, sum as i64),
            };
        }
    }
    out
}

/// The kernel of an epilogue for results of these sizes.
pub fn epilogue(dtype: DType, [b, r, c]: [i64; 3], kind: Kind) -> Kernel {
    let mut build = Build::new(&[b, r, c], &[]);
    let here = affine(0, &[r * c, c, 1]);
    let input = build.input(dtype);
    let x = build.load(input, here.clone());
    let bias = |build: &mut Build, x: NodeId| {
        let bias = build.input(dtype);
        let bias = build.load(bias, affine(0, &[0, 0, 1]));
        build.binary(BinaryOp::Add, x, bias)
    };
    match kind {
        Kind::Layer(to) => {
            let sum = bias(&mut build, x);
            let zero = build.constant(dtype, 0.0);
            let positive = build.binary(BinaryOp::Maximum, sum, zero);
            let value = build.convert(positive, to);
            let residual = build.input(to);
            let residual = build.load(residual, here.clone());
            let value = build.binary(BinaryOp::Add, value, residual);
            let out = build.output(to);
            build.store(out, here, value);
        }
        Kind::Masked => {
            let eighth = build.constant(dtype, 0.125);
            let value = build.binary(BinaryOp::Multiply, x, eighth);
            let ops = [UnaryOp::Tanh, UnaryOp::Exponential, UnaryOp::Tanh, UnaryOp::Tanh];
            let value = ops.into_iter().fold(value, |value, op| build.unary(op, value));
            let scale = build.input(dtype);
            let scale = build.load(scale, affine(0, &[0, 1]));
            let value = build.binary(BinaryOp::Multiply, value, scale);
            let index = |build: &mut Build, axis: usize| {
                let mut strides = [0; 3];
                strides[axis] = 1;
                build.node(plan::NodeOp::Index(affine(0, &strides)), DType::I32)
            };
            let (row, column) = (index(&mut build, 1), index(&mut build, 2));
            let seen = build.compare(ComparisonDirection::Le, column, row);
            let hidden = build.constant(dtype, -1.0);
            let value = build.select(seen, value, hidden);
            let out = build.output(dtype);
            build.store(out, here, value);
        }
        Kind::Two => {
            let sum = bias(&mut build, x);
            let zero = build.constant(dtype, 0.0);
            let flag = build.compare(ComparisonDirection::Gt, sum, zero);
            let (out, mask) = (build.output(dtype), build.output(DType::Bool));
            build.store(out, here.clone(), sum).store(mask, here, flag);
        }
        Kind::Update => {
            let inputs = [0; 4].map(|_| build.input(dtype));
            let step = build.load(inputs[0], affine(0, &[]));
            let [m, v, p] = [1, 2, 3].map(|at| build.load(inputs[at], here.clone()));
            let [half, quarter] = [0.5, 0.25].map(|value| build.constant(dtype, value));
            let [m, v] = [(m, half), (v, quarter)].map(|(a, b)| build.binary(BinaryOp::Multiply, a, b));
            let (m, v) = (build.binary(BinaryOp::Add, m, x), build.binary(BinaryOp::Subtract, v, x));
            let change = build.binary(BinaryOp::Multiply, step, m);
            let p = build.binary(BinaryOp::Subtract, p, change);
            for value in [p, m, v] {
                let out = build.output(dtype);
                build.store(out, here.clone(), value);
            }
        }
        Kind::Turned => {
            let other = build.input(dtype);
            let other = build.load(other, affine(0, &[c, b * c, 1]));
            let value = build.binary(BinaryOp::Subtract, other, x);
            let out = build.output(dtype);
            build.store(out, here, value);
        }
    }
    build.finish()
}

/// Epilogues at odd sizes, of every layout.
pub fn epilogues(engine: &dyn Engine) {
    let kinds = [Kind::Layer(DType::F32), Kind::Masked, Kind::Two, Kind::Turned, Kind::Update];
    for (number, transposed) in layouts().enumerate() {
        for (at, sizes) in
            [[1, 1, 1, 1], [2, 5, 7, 3], [1, 33, 20, 68], [3, 16, 4, 12], [1, 130, 0, 66], [1, 3, 70, 261]]
                .into_iter()
                .enumerate()
        {
            let dot = dense([DType::F32; 3], sizes, transposed);
            let kind = kinds[(number + at) % kinds.len()];
            // The GPU has room for the arrays of this one where there is no batch.
            let kind = if kind == Kind::Update && sizes[0] > 1 { Kind::Masked } else { kind };
            let case = Case::new(dot, kind);
            case.check(engine, case.plan());
        }
    }
}

/// Epilogues of every type, also to others.
pub fn epilogues_of_types(engine: &dyn Engine) {
    use DType::{BF16, F16, F32, I8, I32, U8, U16};
    for (dtypes, to) in [
        ([F16; 3], F16),
        ([BF16; 3], BF16),
        ([BF16, BF16, F32], BF16),
        ([F32; 3], F16),
        ([F32; 3], DType::F8E4M3FN),
        ([I32; 3], I32),
        ([I8, I8, I32], I8),
        ([U8; 3], U16),
        ([F16, F16, F32], F32),
    ] {
        for sizes in [[2, 7, 20, 9], [1, 16, 32, 24], [1, 5, 3, 1]] {
            for kind in [Kind::Layer(to), Kind::Two] {
                let case = Case::new(dense(dtypes, sizes, [false, true, false]), kind);
                case.check(engine, case.plan());
            }
        }
    }
}

/// The result takes the memory of what is added to it.
pub fn epilogues_in_place(engine: &dyn Engine) {
    for dtype in [DType::F32, DType::F16, DType::BF16] {
        for sizes in [[1, 40, 9, 64], [2, 9, 30, 7], [1, 2, 600, 66], [1, 20, 1100, 20]] {
            let case = Case::new(dense([dtype; 3], sizes, [false; 3]), Kind::Layer(dtype));
            case.check(engine, case.plan_in_place());
        }
    }
}
