//! A rough estimate of a plan's work, to tell tiny programs from others.

use plan::{Block, Kernel, NodeOp, StepOp};

/// Nanoseconds that starting any step takes.
const STEP_NS: u64 = 200;

/// Picoseconds per element and scalar operation, in cache, on one core.
const OP_PS: u64 = 60;

/// Picoseconds per multiply-add of a matrix product on one core.
const PRODUCT_PS: u64 = 25;

/// Nanoseconds for one run of a block; loops of unknown length count once.
pub fn block(block: &Block) -> u64 {
    block.steps.iter().map(|step| STEP_NS.saturating_add(step_ns(&step.op))).fold(0, u64::saturating_add)
}

fn step_ns(op: &StepOp) -> u64 {
    let product = |sizes: &[i64]| sizes.iter().fold(1u64, |n, &size| n.saturating_mul(size.max(0) as u64));
    match op {
        StepOp::Kernel(kernel) => kernel_ns(kernel),
        StepOp::Dot(dot) => {
            let batch: Vec<i64> = dot.batch.iter().map(|dim| dim.size).collect();
            product(&batch).saturating_mul(product(&[dot.m.size, dot.n.size, dot.k.size])) / 1000 * PRODUCT_PS
        }
        StepOp::Fused(fused) => step_ns(&fused.product.op()).saturating_add(kernel_ns(&fused.epilogue)),
        StepOp::While { body, trip_count: Some(count), .. } => block(body).saturating_mul(*count),
        StepOp::While { condition, body, .. } => {
            // Unknown length: never tiny.
            1_000_000u64.saturating_add(block(condition)).saturating_add(block(body))
        }
        StepOp::Case { branches, .. } => branches.iter().map(block).max().unwrap_or(0),
        StepOp::Copy | StepOp::Swap => 100,
        StepOp::Threefry(threefry) => product(&[threefry.len]) * 3,
        // The remaining library steps are rarely small enough to matter.
        _ => 200_000,
    }
}

fn kernel_ns(kernel: &Kernel) -> u64 {
    let rows = kernel.rows().max(0) as u64;
    let mut total = 0u64;
    for stage in &kernel.stages {
        let inner: i64 = stage.inner.iter().product();
        let elements = rows.saturating_mul(inner.max(0) as u64);
        let weight: u64 = stage.nodes.iter().map(|node| node_weight(&node.op)).sum();
        total = total.saturating_add(elements.saturating_mul(weight + 1) / 1000 * OP_PS);
    }
    total
}

fn node_weight(op: &NodeOp) -> u64 {
    match op {
        NodeOp::Constant(_) | NodeOp::Row(_) => 0,
        NodeOp::Unary(op, _) | NodeOp::Widened(op, _) => crate::lower::unary_cost(*op).into(),
        NodeOp::Binary(op, _, _) => crate::lower::binary_cost(*op).into(),
        _ => 1,
    }
}
