//! Printing the nodes of a stage.

use plan::{Access, Node, NodeId, NodeOp};
use tensor::DType;

use super::apart::hidden_operand;
use super::lanes::Form;
use super::print::{Names, Printer, Scope};
use super::schedule::Placement;
use crate::lower::Refusal;

impl Printer<'_, '_> {
    /// Prints the nodes that `wanted` needs, `inner` ones or those of the row, unless they are available.
    pub fn nodes(&mut self, scope: &mut Scope<'_>, wanted: &[NodeId], inner: bool) -> Result<(), Refusal> {
        let needed = needed(&scope.stage.nodes, wanted);
        for (at, node) in scope.stage.nodes.iter().enumerate() {
            if needed[at] && scope.values[at].is_none() && (inner || !scope.varying.inner[at]) {
                let names = self.node(scope, at, node)?;
                scope.values[at] = Some(names);
            }
        }
        Ok(())
    }

    fn node(&mut self, scope: &Scope<'_>, at: usize, node: &Node) -> Result<Names, Refusal> {
        let lanes = if scope.varying.lane[at] { self.schedule.lanes.of_stage(scope.stage) } else { 1 };
        match &node.op {
            // Named, so that operations of constants are not evaluated, and refused, when the shader is read.
            NodeOp::Constant(value) => {
                let value = self.scalars.constant(*value)?;
                self.text.line(format_args!("let v{at} = {value};"));
                Ok(Names::from_iter([format!("v{at}")]))
            }
            NodeOp::Row(row) => Ok(self.rows[*row].iter().cloned().collect()),
            NodeOp::Load { input, access, fill } => self.load(scope, at, *input, access, *fill),
            _ => {
                let mut operands: Vec<NodeId> = Vec::new();
                node.op.visit_operands(|id| operands.push(id));
                let types: Vec<DType> =
                    operands.iter().map(|id| scope.stage.nodes[id.index()].dtype).collect();
                let hidden = hidden_operand(&scope.stage.nodes, node);
                let mut names = Names::new();
                for lane in 0..lanes {
                    let value = match &node.op {
                        NodeOp::Index(expr) => self.index_value(scope, expr, node.dtype, lane)?,
                        NodeOp::Scratch(array) => self.read_local(scope, *array, lane)?,
                        op => {
                            let mut operands: Vec<&str> =
                                operands.iter().map(|&id| scope.name(id, lane)).collect();
                            let kept = hidden.map(|at| (at, self.scalars.keep(types[at], operands[at])));
                            if let Some((at, kept)) = &kept {
                                operands[*at] = kept;
                            }
                            self.scalars.node(op, node.dtype, &types, &operands)?
                        }
                    };
                    let name = lane_name(&format!("v{at}"), lane, lanes);
                    self.text.line(format_args!("let {name} = {value};"));
                    names.push(name);
                }
                Ok(names)
            }
        }
    }

    fn index_value(
        &mut self,
        scope: &Scope<'_>,
        expr: &plan::Expr,
        dtype: DType,
        lane: u32,
    ) -> Result<String, Refusal> {
        let value = format!("bitcast<i32>({})", self.index(scope, expr, lane, false));
        if dtype == DType::I32 { Ok(value) } else { self.scalars.convert(DType::I32, dtype, &value) }
    }

    fn load(
        &mut self,
        scope: &Scope<'_>,
        at: usize,
        input: usize,
        access: &Access,
        fill: Option<NodeId>,
    ) -> Result<Names, Refusal> {
        let form = self.form(scope, input, access);
        let name = format!("v{at}");
        let lanes = self.schedule.lanes.width;
        if form == Form::Vector {
            let condition = self.condition(scope, access, 0)?;
            let number = self.place(scope, access, 0, true)?;
            let Some(condition) = condition else { return self.vector(input, &number, &name) };
            let fill = fill.expect("a conditional load has a fill value");
            let names: Names = (0..lanes).map(|lane| format!("{name}_{lane}")).collect();
            for (lane, name) in names.iter().enumerate() {
                self.text.line(format_args!("var {name} = {};", scope.name(fill, lane as u32)));
            }
            self.text.open(format_args!("if ({condition}) {{"));
            let loaded = self.vector(input, &number, &format!("{name}_x"))?;
            for (name, loaded) in names.iter().zip(&loaded) {
                self.text.line(format_args!("{name} = {loaded};"));
            }
            self.text.close();
            return Ok(names);
        }
        // A fill value may differ between lanes even where the place does not.
        let lanes = if scope.varying.lane[at] { self.schedule.lanes.of_stage(scope.stage) } else { 1 };
        let mut names = Names::new();
        for lane in 0..lanes {
            let name = lane_name(&name, lane, lanes);
            let condition = self.condition(scope, access, lane)?;
            if let Some(condition) = &condition {
                let fill = fill.expect("a conditional load has a fill value");
                self.text.line(format_args!("var {name} = {};", scope.name(fill, lane)));
                self.text.open(format_args!("if ({condition}) {{"));
            }
            let mut place = self.place(scope, access, lane, false)?;
            if self.arrays[input].per_declared() > 1 {
                self.text.line(format_args!("let {name}_at = {place};"));
                place = format!("{name}_at");
            }
            let value = self.element(input, &place)?;
            if condition.is_some() {
                self.text.line(format_args!("{name} = {value};"));
                self.text.close();
            } else {
                self.text.line(format_args!("let {name} = {value};"));
            }
            names.push(name);
        }
        Ok(names)
    }

    /// The element number of an access, or the number of its vector.
    fn place(
        &mut self,
        scope: &Scope<'_>,
        access: &Access,
        lane: u32,
        vector: bool,
    ) -> Result<String, Refusal> {
        let scale = if vector { i64::from(self.schedule.lanes.width) } else { 1 };
        let mut place = self.index(scope, &access.expr, lane, vector);
        if !access.dynamic.is_empty() && access.expr.terms.is_empty() && access.expr.offset == 0 {
            place.clear();
        }
        for &(node, stride) in &access.dynamic {
            let dtype = scope.stage.nodes[node.index()].dtype;
            let value = self.scalars.convert(dtype, DType::U32, scope.name(node, lane))?;
            let factor = (stride / scale) as u32;
            let product = if factor == 1 { value } else { format!("{value} * {factor}u") };
            place = if place.is_empty() { product } else { format!("{place} + {product}") };
        }
        Ok(place)
    }

    /// When an access happens, unless always.
    fn condition(
        &mut self,
        scope: &Scope<'_>,
        access: &Access,
        lane: u32,
    ) -> Result<Option<String>, Refusal> {
        let mut conditions = Vec::new();
        for bound in &access.bounds {
            if bound.limit <= 0 {
                return Ok(Some("false".to_owned()));
            }
            // A negative value is a large one without its sign.
            let value = self.index(scope, &bound.expr, lane, false);
            conditions.push(format!("({value}) < {}u", bound.limit));
            if bound.step != 1 {
                conditions.push(format!("({value}) % {}u == 0u", bound.step));
            }
        }
        conditions.extend(access.predicate.map(|id| scope.name(id, lane).to_owned()));
        Ok((!conditions.is_empty()).then(|| conditions.join(" && ")))
    }

    /// Prints the stores of a stage; `guard` is a further condition.
    pub fn stores(&mut self, scope: &Scope<'_>, guard: Option<&str>) -> Result<(), Refusal> {
        for (number, store) in scope.stage.stores.iter().enumerate() {
            let array = self.kernel.inputs.len() + store.output;
            let form = self.form(scope, array, &store.access);
            let lanes = if form == Form::Each { self.schedule.lanes.of_stage(scope.stage) } else { 1 };
            for lane in 0..lanes {
                let condition = self.condition(scope, &store.access, lane)?;
                let conditions: Vec<&str> = guard.into_iter().chain(condition.as_deref()).collect();
                if !conditions.is_empty() {
                    self.text.open(format_args!("if ({}) {{", conditions.join(" && ")));
                }
                if form == Form::Vector {
                    let place = self.place(scope, &store.access, 0, true)?;
                    let values: Vec<&str> =
                        (0..self.schedule.lanes.width).map(|lane| scope.name(store.value, lane)).collect();
                    self.store_vector(array, &place, &values)?;
                } else {
                    let mut place = self.place(scope, &store.access, lane, false)?;
                    if self.arrays[array].per_declared() > 1 {
                        let name = lane_name(&format!("s{number}_at"), lane, lanes);
                        self.text.line(format_args!("let {name} = {place};"));
                        place = name;
                    }
                    self.store_element(array, &place, scope.name(store.value, lane))?;
                }
                if !conditions.is_empty() {
                    self.text.close();
                }
            }
        }
        Ok(())
    }

    /// Prints the writes of row-local arrays.
    pub fn write_locals(&mut self, scope: &Scope<'_>) -> Result<(), Refusal> {
        for &(array, value) in &scope.stage.scratch {
            for lane in 0..self.schedule.lanes.of_stage(scope.stage) {
                let place = self.local(scope, array, lane);
                let mut value = scope.name(value, lane).to_owned();
                if self.schedule.scratch[array] == Placement::Memory
                    && self.kernel.scratch[array] == DType::Bool
                {
                    value = format!("select(0u, 1u, {value})");
                }
                self.text.line(format_args!("{place} = {value};"));
            }
        }
        Ok(())
    }

    fn read_local(&mut self, scope: &Scope<'_>, array: usize, lane: u32) -> Result<String, Refusal> {
        let place = self.local(scope, array, lane);
        let as_word =
            self.schedule.scratch[array] == Placement::Memory && self.kernel.scratch[array] == DType::Bool;
        Ok(if as_word { format!("({place} != 0u)") } else { place })
    }

    /// The element of a row-local array at the current inner index: one array a lane, one element a chunk.
    fn local(&self, scope: &Scope<'_>, array: usize, lane: u32) -> String {
        let local = &self.locals[array];
        let kept = self.schedule.scratch[array] == Placement::Private && self.schedule.team > 1;
        let chunk = match scope.stage.inner.is_empty() || (kept && local.chunks == 1) {
            true => "0u",
            false if kept => "u",
            false => "k",
        };
        let lanes = i64::from(self.schedule.lanes.width);
        let (chunks, points) = (local.chunks, i64::from(self.schedule.points()));
        let shift = |by: i64| if by == 0 { String::new() } else { format!(" + {by}u") };
        let lane = i64::from(lane);
        let name = &local.name;
        match self.schedule.scratch[array] {
            Placement::Private => format!("{name}[{chunk}{}]", shift(lane * chunks)),
            Placement::Workgroup if self.schedule.members_first => {
                format!("{name}[slot * {}u + {chunk}{}]", lanes * chunks, shift(lane * chunks))
            }
            Placement::Workgroup => {
                format!("{name}[{chunk} * {points}u + slot{}]", shift(lane * chunks * points))
            }
            Placement::Memory if self.schedule.members_first => {
                format!("{name} + point * {}u + {chunk}{}]", lanes * chunks, shift(lane * chunks))
            }
            Placement::Memory => {
                format!("{name} + {chunk} * {}u + point{}]", self.points, shift(lane * chunks * self.points))
            }
        }
    }
}

/// The name of a value in one of several lanes.
pub(super) fn lane_name(name: &str, lane: u32, lanes: u32) -> String {
    if lanes == 1 { name.to_owned() } else { format!("{name}_{lane}") }
}

/// Which nodes some of them need, themselves included.
pub(super) fn needed(nodes: &[Node], wanted: &[NodeId]) -> Vec<bool> {
    let mut needed = vec![false; nodes.len()];
    wanted.iter().for_each(|id| needed[id.index()] = true);
    for at in (0..nodes.len()).rev() {
        if needed[at] {
            nodes[at].op.visit_operands(|id| needed[id.index()] = true);
        }
    }
    needed
}
