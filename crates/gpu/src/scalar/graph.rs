//! Combiner graphs as WGSL functions.

use std::fmt::Write;

use plan::Graph;

use super::{Scalars, register};
use crate::lower::Refusal;

impl Scalars<'_> {
    /// A graph as a WGSL function; returns its name. Arguments and results are registers. Several results come as a
    /// struct with fields `r0`, `r1`, ...; one result is the plain value.
    ///
    /// # Errors
    /// If the device cannot do one of the operations.
    pub fn graph(&mut self, graph: &Graph) -> Result<String, Refusal> {
        let mut types = Vec::new();
        let mut body = String::new();
        for (at, node) in graph.nodes.iter().enumerate() {
            let value = match node.op {
                plan::NodeOp::Argument(index) => format!("a{index}"),
                _ => {
                    let (mut names, mut dtypes) = (Vec::new(), Vec::new());
                    node.op.visit_operands(|id| {
                        names.push(format!("v{}", id.0));
                        dtypes.push(graph.nodes[id.index()].dtype);
                    });
                    let names: Vec<&str> = names.iter().map(String::as_str).collect();
                    self.node(&node.op, node.dtype, &dtypes, &names)?
                }
            };
            let ty = register(node.dtype, self.features)?.wgsl();
            types.push(ty);
            let _ = writeln!(body, "    let v{at}: {ty} = {value};");
        }
        let mut arguments = Vec::new();
        for (at, dtype) in graph.arguments.iter().enumerate() {
            arguments.push(format!("a{at}: {}", register(*dtype, self.features)?.wgsl()));
        }
        let results: Vec<String> = graph.results.iter().map(|id| format!("v{}", id.0)).collect();
        let (result, value, structure) = match &graph.results[..] {
            [one] => (types[one.index()].to_owned(), results[0].clone(), String::new()),
            many => {
                let fields: String =
                    many.iter().enumerate().map(|(i, id)| format!(" r{i}: {},", types[id.index()])).collect();
                let structure = format!("struct $_results {{{fields} }}\n");
                ("$_results".to_owned(), format!("$_results({})", results.join(", ")), structure)
            }
        };
        let arguments = arguments.join(", ");
        let text = format!("{structure}fn $({arguments}) -> {result} {{\n{body}    return {value};\n}}\n");
        Ok(self.functions.define("graph", &text))
    }
}
