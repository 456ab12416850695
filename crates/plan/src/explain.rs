//! Plans for people.

use std::fmt::{self, Display, Write};

use crate::{
    Access, Block, Combiner, Expr, Fused, Graph, Kernel, Node, NodeId, NodeOp, Placement, Plan, Space, Stage,
    Step, StepOp,
};

/// Writes through a formatter, indented.
struct Printer<'a, 'b> {
    out: &'a mut fmt::Formatter<'b>,
    depth: usize,
}

impl Printer<'_, '_> {
    fn line(&mut self, text: impl Display) -> fmt::Result {
        writeln!(self.out, "{:indent$}{text}", "", indent = 2 * self.depth)
    }

    fn block(&mut self, block: &Block) -> fmt::Result {
        self.depth += 1;
        for step in &block.steps {
            self.step(step)?;
        }
        self.depth -= 1;
        Ok(())
    }

    fn step(&mut self, step: &Step) -> fmt::Result {
        let slots =
            |ids: &[crate::SlotId]| ids.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let head = format!("{} <- {}({})", slots(&step.writes), step.op.name(), slots(&step.reads));
        self.line(format_args!("{head}  // {}", step.origin))?;
        match &step.op {
            StepOp::Kernel(kernel) => self.kernel(kernel),
            StepOp::While { condition, predicate, body, trip_count } => {
                match trip_count {
                    Some(count) => self.line(format_args!("while {predicate} ({count} times)"))?,
                    None => self.line(format_args!("while {predicate}"))?,
                }
                self.block(condition)?;
                self.line("do")?;
                self.block(body)
            }
            StepOp::Case { index, branches } => {
                for (i, branch) in branches.iter().enumerate() {
                    self.line(format_args!("case {index} = {i}"))?;
                    self.block(branch)?;
                }
                Ok(())
            }
            StepOp::Copy | StepOp::Swap => Ok(()),
            StepOp::Fused(Fused { product, epilogue }) => {
                self.depth += 1;
                self.line(format_args!("{:?}", product.op()))?;
                self.depth -= 1;
                self.kernel(epilogue)
            }
            other => {
                self.depth += 1;
                self.line(format_args!("{other:?}"))?;
                self.depth -= 1;
                Ok(())
            }
        }
    }

    fn kernel(&mut self, kernel: &Kernel) -> fmt::Result {
        self.depth += 1;
        self.line(format_args!("rows {:?}", &kernel.parallel[..]))?;
        let mut row = 0;
        for stage in &kernel.stages {
            self.line(format_args!("stage {:?}", &stage.inner[..]))?;
            self.depth += 1;
            self.stage(stage, &mut row)?;
            self.depth -= 1;
        }
        self.depth -= 1;
        Ok(())
    }

    fn stage(&mut self, stage: &Stage, row: &mut usize) -> fmt::Result {
        self.nodes(&stage.nodes)?;
        for reduction in &stage.reductions {
            let names =
                |ids: &[NodeId]| ids.iter().map(|n| format!("v{}", n.0)).collect::<Vec<_>>().join(", ");
            let results: Vec<_> = (0..reduction.initial.len()).map(|i| format!("row{}", *row + i)).collect();
            *row += reduction.initial.len();
            let combiner = match &reduction.combiner {
                Combiner::Binary(op) => op.mnemonic(),
                Combiner::Graph(_) => "graph",
            };
            self.line(format_args!(
                "{} = fold {combiner}({}) from {}",
                results.join(", "),
                names(&reduction.inputs),
                names(&reduction.initial)
            ))?;
            if let Combiner::Graph(graph) = &reduction.combiner {
                self.graph(graph)?;
            }
        }
        for (array, value) in &stage.scratch {
            self.line(format_args!("scratch{array} = v{}", value.0))?;
        }
        for store in &stage.stores {
            self.line(format_args!("out{}[{}] = v{}", store.output, store.access, store.value.0))?;
        }
        Ok(())
    }

    fn graph(&mut self, graph: &Graph) -> fmt::Result {
        self.depth += 1;
        self.nodes(&graph.nodes)?;
        let results: Vec<_> = graph.results.iter().map(|n| format!("v{}", n.0)).collect();
        self.line(format_args!("yield {}", results.join(", ")))?;
        self.depth -= 1;
        Ok(())
    }

    fn nodes(&mut self, nodes: &[Node]) -> fmt::Result {
        for (i, node) in nodes.iter().enumerate() {
            self.line(format_args!("v{i} = {} : {}", node.op, node.dtype))?;
        }
        Ok(())
    }
}

impl Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "plan {} (arena {} bytes", self.name, self.arena_bytes)?;
        let device = self.uses_device();
        if device {
            write!(f, ", on the device {}", self.device_arena.bytes)?;
        }
        writeln!(f, ", about {} ns)", self.cost_ns)?;
        for (i, slot) in self.slots.iter().enumerate() {
            write!(f, "  s{i}: {} ", slot.ty)?;
            if device && slot.space == Space::Device {
                write!(f, "device ")?;
            }
            match slot.placement {
                Placement::Param(n) => {
                    let donated = self.params.get(n).is_some_and(|param| param.donated);
                    writeln!(f, "argument {n}{}", if donated { ", donated" } else { "" })?;
                }
                Placement::Result(n) => writeln!(f, "result {n}")?,
                Placement::Constant(n) => writeln!(f, "constant {n}")?,
                Placement::Arena(offset) => writeln!(f, "arena {offset}")?,
            }
        }
        for (i, result) in self.results.iter().enumerate() {
            if let Some(param) = result.alias {
                writeln!(f, "  result {i} takes the buffer of argument {param}")?;
            }
        }
        let mut printer = Printer { out: f, depth: 1 };
        for (i, step) in self.body.steps.iter().enumerate() {
            if let Some(Some(reason)) = self.host_reasons.get(i) {
                printer.line(format_args!("// on the host: {reason}"))?;
            }
            printer.step(step)?;
        }
        Ok(())
    }
}

impl Display for NodeOp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NodeOp::Constant(value) => write!(f, "{value}"),
            NodeOp::Index(expr) => write!(f, "index {expr}"),
            NodeOp::Load { input, access, fill } => {
                write!(f, "in{input}[{access}]")?;
                fill.map_or(Ok(()), |fill| write!(f, " else v{}", fill.0))
            }
            NodeOp::Row(row) => write!(f, "row{row}"),
            NodeOp::Scratch(array) => write!(f, "scratch{array}"),
            NodeOp::Argument(index) => write!(f, "arg{index}"),
            NodeOp::Unary(op, a) => write!(f, "{} v{}", op.mnemonic(), a.0),
            NodeOp::Widened(op, a) => write!(f, "widened {} v{}", op.mnemonic(), a.0),
            NodeOp::Binary(op, a, b) => write!(f, "{} v{}, v{}", op.mnemonic(), a.0, b.0),
            NodeOp::Compare(direction, kind, a, b) => {
                write!(f, "compare {} {} v{}, v{}", direction.keyword(), kind.keyword(), a.0, b.0)
            }
            NodeOp::Select(p, a, b) => write!(f, "select v{}, v{}, v{}", p.0, a.0, b.0),
            NodeOp::Convert(a) => write!(f, "convert v{}", a.0),
            NodeOp::Bitcast(a) => write!(f, "bitcast v{}", a.0),
            NodeOp::ReducePrecision { operand, exponent_bits, mantissa_bits } => {
                write!(f, "reduce_precision v{} e{exponent_bits}m{mantissa_bits}", operand.0)
            }
        }
    }
}

impl Display for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.expr)?;
        for (node, stride) in &self.dynamic {
            write!(f, " + v{}*{stride}", node.0)?;
        }
        for bound in &self.bounds {
            write!(f, " if 0 <= {} < {}", bound.expr, bound.limit)?;
            if bound.step != 1 {
                write!(f, " step {}", bound.step)?;
            }
        }
        self.predicate.map_or(Ok(()), |node| write!(f, " if v{}", node.0))
    }
}

impl Display for Expr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        for term in &self.terms {
            if !text.is_empty() {
                text.push_str(" + ");
            }
            write!(text, "a{}", term.axis)?;
            if term.divisor != 1 {
                write!(text, "/{}", term.divisor)?;
            }
            if term.modulus != 0 {
                write!(text, "%{}", term.modulus)?;
            }
            if term.stride != 1 {
                write!(text, "*{}", term.stride)?;
            }
        }
        match (text.is_empty(), self.offset) {
            (true, offset) => write!(f, "{offset}"),
            (false, 0) => f.write_str(&text),
            (false, offset) => write!(f, "{text} + {offset}"),
        }
    }
}
