//! Operations.

use ops::sharding::Sharding;
use ops::{Attr, AttrMap, Op, Type};
use tensor::Literal;

use super::function::{Printer, element_type};
use super::inherent::Inherent;
use super::{attribute, literal, shardy};
use crate::text::assembly::{self, Format, Piece, Types};
use crate::{OpId, Operation};

impl<'p> Printer<'p> {
    /// An operation other than `return`.
    pub(super) fn operation(&mut self, id: OpId) {
        let op = self.function.op(id);
        self.name_results(&op.results);
        self.body(op);
    }

    fn body(&mut self, op: &Operation) {
        match &op.op {
            Op::Unary(unary) if unary.is_chlo() => self.chlo_unary(op, unary.mnemonic()),
            Op::Constant(constant) if self.is_regular_constant(op, &constant.value) => {
                self.write("stablehlo.constant");
                self.attributes(Vec::new(), &op.attributes);
                self.write(" ");
                literal::dense(self.out, &constant.value, self.options);
            }
            Op::While if self.is_regular_while(op) => self.while_loop(op),
            Op::Reduce(_) if self.is_regular_reduce(op) => self.reduce(op),
            Op::ShardingConstraint => self.sharding_constraint(op),
            Op::ManualComputation => self.manual_computation(op),
            Op::CustomCall(call) if call.call_target_name.starts_with("chlo.") => self.chlo_call(op),
            _ => match assembly::format(op.op.mnemonic()) {
                Some(format) if self.fits(&format, op) => self.pretty(&format, op),
                _ => self.generic(op),
            },
        }
    }

    /// ` {a = 1, b}`: attributes of the op that its form leaves out, then discardable ones.
    fn attributes(&mut self, inherent: Vec<String>, discardable: &AttrMap) {
        if inherent.is_empty() && discardable.is_empty() {
            return;
        }
        self.write(" {");
        let count = inherent.len();
        self.comma_separated(inherent, |printer, text| printer.write(text));
        for (i, (name, attr)) in discardable.iter().enumerate() {
            if count + i > 0 {
                self.write(", ");
            }
            attribute::named(self.out, name, attr, self.options);
        }
        self.write("}");
    }

    /// Whether the table's form can tell operands and types.
    fn fits(&self, format: &Format, op: &Operation) -> bool {
        let ty = |value: &crate::ValueId| self.function.ty(*value);
        let single = format.pieces.iter().filter(|piece| **piece == Piece::Operand).count();
        let several =
            format.pieces.iter().any(|piece| matches!(piece, Piece::Operands | Piece::OperandsComma));
        let operands_fit = if several { op.operands.len() >= single } else { op.operands.len() == single };
        let types_fit = match format.types {
            Types::Function => true,
            Types::Same | Types::Complex | Types::Select => op.results.len() == 1,
            Types::Results => op.operands.is_empty() && !op.results.is_empty(),
            Types::Tuple => match op.results.first().map(ty) {
                Some(Type::Tuple(parts)) => {
                    !op.operands.is_empty() && parts.iter().eq(op.operands.iter().map(ty))
                }
                _ => false,
            },
            Types::Pairwise => op.operands.iter().map(ty).eq(op.results.iter().map(ty)),
            Types::Operands => op.results.is_empty(),
        };
        op.regions.is_empty() && operands_fit && types_fit
    }

    /// A form of the table.
    fn pretty(&mut self, format: &Format, op: &Operation) {
        let mut inherent = Inherent::of(&op.op);
        self.write(if matches!(op.op, Op::Call(_)) { "func." } else { "stablehlo." });
        self.write(format.mnemonic);
        let is_parenthesized =
            matches!(format.pieces.first(), Some(Piece::Text(text)) if text.starts_with('('));
        let is_empty =
            format.pieces.is_empty() || (op.operands.is_empty() && format.types == Types::Pairwise);
        if !is_parenthesized && !is_empty {
            self.write(" ");
        }
        let mut operands = op.operands.iter();
        for piece in format.pieces {
            match piece {
                Piece::Operand => {
                    if let Some(&operand) = operands.next() {
                        self.value(operand);
                    }
                }
                Piece::Operands => {
                    self.comma_separated(operands.by_ref(), |printer, &operand| printer.value(operand))
                }
                Piece::OperandsComma => {
                    self.comma_separated(operands.by_ref(), |printer, &operand| printer.value(operand));
                    self.write(",");
                }
                _ => self.piece(*piece, &mut inherent),
            }
        }
        self.attributes(inherent.rest(self.options), &op.attributes);
        self.types(format.types, op);
    }

    fn piece(&mut self, piece: Piece, inherent: &mut Inherent<'_>) {
        match piece {
            Piece::Operand | Piece::Operands | Piece::OperandsComma => {}
            Piece::Text(text) => self.write(text),
            Piece::Int(name) => self.write(inherent.take_i64(name)),
            Piece::Dims(name) => self.i64_list(&inherent.take_dims(name)),
            Piece::Keyword(name) => self.write(inherent.take_keyword(name)),
            Piece::OptionalKeyword(name) => {
                if !inherent.is_default(name) {
                    self.write(format_args!(", {}", inherent.take_keyword(name)));
                }
            }
            Piece::OptionalBool(name) => {
                if !inherent.is_default(name)
                    && let Some(attr) = inherent.take(name)
                {
                    self.write(", ");
                    attribute::named(self.out, name, &attr, self.options);
                }
            }
            Piece::String(name) => attribute::string(self.out, &inherent.take_string(name)),
            Piece::Symbol(name) => {
                self.write("@");
                attribute::symbol(self.out, &String::from_utf8_lossy(&inherent.take_string(name)));
            }
            Piece::Ranges => {
                let starts = inherent.take_dims("start_indices");
                let limits = inherent.take_dims("limit_indices");
                let strides = inherent.take_dims("strides");
                self.write("[");
                self.comma_separated(
                    starts.iter().zip(&limits).zip(&strides),
                    |printer, ((start, limit), stride)| {
                        printer.write(format_args!("{start}:{limit}"));
                        if *stride != 1 {
                            printer.write(format_args!(":{stride}"));
                        }
                    },
                );
                self.write("]");
            }
            Piece::FloatFormat => {
                let (exponent, mantissa) =
                    (inherent.take_i64("exponent_bits"), inherent.take_i64("mantissa_bits"));
                self.write(format_args!("e{exponent}m{mantissa}"));
            }
            Piece::DotDimensions => {
                for kind in ["batching", "contracting"] {
                    let lhs = inherent.take_dims(&format!("lhs_{kind}_dimensions"));
                    let rhs = inherent.take_dims(&format!("rhs_{kind}_dimensions"));
                    if kind == "batching" && lhs.is_empty() && rhs.is_empty() {
                        continue;
                    }
                    self.write(format_args!("{kind}_dims = "));
                    self.i64_list(&lhs);
                    self.write(" x ");
                    self.i64_list(&rhs);
                    self.write(if kind == "batching" { ", " } else { "" });
                }
            }
            Piece::Precision => {
                if let Some(Attr::Array(items)) = inherent.take("precision_config")
                    && !items.is_empty()
                {
                    self.write(", precision = [");
                    self.comma_separated(&items, |printer, item| {
                        if let Attr::Keyword(keyword) = item {
                            printer.write(keyword);
                        }
                    });
                    self.write("]");
                }
            }
            Piece::Algorithm => self.algorithm(inherent),
            Piece::ConvolutionDimensions => self.write(inherent.convolution_dimensions()),
            Piece::Window => self.window(inherent),
        }
    }

    fn i64_list(&mut self, values: &[i64]) {
        self.write("[");
        self.comma_separated(values, |printer, value| printer.write(value));
        self.write("]");
    }

    fn algorithm(&mut self, inherent: &mut Inherent<'_>) {
        const FIELDS: [&str; 7] = [
            "lhs_precision_type",
            "rhs_precision_type",
            "accumulation_type",
            "lhs_component_count",
            "rhs_component_count",
            "num_primitive_operations",
            "allow_imprecise_accumulation",
        ];
        let fields = FIELDS.map(|name| (name, inherent.take(name)));
        if fields.iter().any(|(_, attr)| matches!(attr, None | Some(Attr::Type(Type::None)))) {
            return;
        }
        self.write(", algorithm = <");
        self.comma_separated(fields, |printer, (name, attr)| {
            printer.write(format_args!("{name} = "));
            match attr {
                Some(Attr::Scalar(count)) => printer.write(count),
                Some(attr) => attribute::value(printer.out, &attr, printer.options),
                None => {}
            }
        });
        self.write(">");
    }

    fn window(&mut self, inherent: &mut Inherent<'_>) {
        const FIELDS: [(&str, &str); 5] = [
            ("stride", "window_strides"),
            ("pad", "padding"),
            ("lhs_dilate", "lhs_dilation"),
            ("rhs_dilate", "rhs_dilation"),
            ("reverse", "window_reversal"),
        ];
        let given = FIELDS.map(|(short, name)| (short, inherent.take(name)));
        let given = given.into_iter().filter_map(|(short, attr)| match attr {
            Some(Attr::Tensor(literal)) if !literal.is_empty() => Some((short, literal)),
            _ => None,
        });
        self.comma_separated(given, |printer, (short, literal)| {
            printer.write(format_args!("{short} = ["));
            match short {
                "pad" => printer.comma_separated(0..literal.len() / 2, |printer, i| {
                    printer.write(format_args!("[{}, {}]", literal.get(2 * i), literal.get(2 * i + 1)));
                }),
                _ => printer.comma_separated(literal.scalars(), |printer, value| printer.write(value)),
            }
            printer.write("]");
        });
    }

    fn types(&mut self, types: Types, op: &Operation) {
        let function = self.function;
        let (operands, results) = (&op.operands[..], &op.results[..]);
        let ty = |value: &crate::ValueId| function.ty(*value);
        if matches!(types, Types::Pairwise | Types::Operands) && operands.is_empty() {
            return;
        }
        self.write(" : ");
        match types {
            Types::Function => self.function_type(operands, results),
            Types::Same if operands.iter().all(|operand| ty(operand) == ty(&results[0])) => {
                self.types_of(results)
            }
            Types::Complex if operands.iter().all(|operand| is_part(ty(operand), ty(&results[0]))) => {
                self.types_of(results);
            }
            Types::Select if operands[1..].iter().all(|operand| ty(operand) == ty(&results[0])) => {
                self.types_of(&[operands[0], results[0]]);
            }
            Types::Same | Types::Complex | Types::Select => self.function_type(operands, results),
            Types::Results | Types::Tuple | Types::Pairwise => self.types_of(results),
            Types::Operands => self.types_of(operands),
        }
    }

    /// `"stablehlo.op"(%0) <{a = 1}> ({...}) {b = 2} : (type) -> type`.
    fn generic(&mut self, op: &Operation) {
        self.write(format_args!("\"stablehlo.{}\"(", op.op.mnemonic()));
        self.values(&op.operands);
        self.write(")");
        let inherent = Inherent::of(&op.op).rest(self.options);
        if !inherent.is_empty() {
            self.write(" <{");
            self.comma_separated(inherent, |printer, text| printer.write(text));
            self.write("}>");
        }
        if !op.regions.is_empty() {
            self.write(" (");
            self.comma_separated(&op.regions, |printer, &region| printer.labelled_region(region));
            self.write(")");
        }
        self.attributes(Vec::new(), &op.attributes);
        self.write(" : ");
        self.function_type(&op.operands, &op.results);
    }

    /// `chlo.erf %0 : type -> type`.
    fn chlo_unary(&mut self, op: &Operation, mnemonic: &str) {
        self.write(format_args!("chlo.{mnemonic} "));
        self.values(&op.operands);
        self.attributes(Vec::new(), &op.attributes);
        self.write(" : ");
        self.types_of(&op.operands);
        self.write(" -> ");
        self.types_of(&op.results);
    }

    /// `"chlo.top_k"(%0) <{k = 2 : i64}> : (type) -> (type, type)`.
    fn chlo_call(&mut self, op: &Operation) {
        let mut inherent = Inherent::of(&op.op);
        self.write(format_args!(
            "\"{}\"(",
            String::from_utf8_lossy(&inherent.take_string("call_target_name"))
        ));
        self.values(&op.operands);
        self.write(")");
        if let Some(Attr::Dict(attrs)) = inherent.take("backend_config") {
            self.write(" <");
            attribute::dictionary(self.out, &attrs, self.options);
            self.write(">");
        }
        self.attributes(Vec::new(), &op.attributes);
        self.write(" : ");
        self.function_type(&op.operands, &op.results);
    }

    /// Whether the result has the type of the value, as all but quantized constants do.
    fn is_regular_constant(&self, op: &Operation, value: &Literal) -> bool {
        matches!(op.results[..], [result] if self.function.ty(result).as_tensor() == Some(&value.ty))
    }

    fn is_regular_while(&self, op: &Operation) -> bool {
        op.results.len() == op.operands.len()
            && op.regions.len() == 2
            && op.regions.iter().all(|&region| self.function.region(region).args.len() == op.operands.len())
    }

    fn while_loop(&mut self, op: &Operation) {
        let function = self.function;
        let [condition, body] = [op.regions[0], op.regions[1]];
        let args = &function.region(body).args;
        self.name_arguments(args);
        self.share_names(&function.region(condition).args, args);
        self.write("stablehlo.while(");
        self.comma_separated(args.iter().zip(&op.operands), |printer, (&arg, &operand)| {
            printer.value(arg);
            printer.write(" = ");
            printer.value(operand);
        });
        self.write(")");
        if !op.results.is_empty() {
            self.write(" : ");
            self.types_of(&op.results);
        }
        if !op.attributes.is_empty() {
            self.write(" attributes");
            self.attributes(Vec::new(), &op.attributes);
        }
        self.next_line();
        self.write("cond ");
        self.region(condition);
        self.write(" do ");
        self.region(body);
    }

    fn is_regular_reduce(&self, op: &Operation) -> bool {
        let count = op.operands.len();
        count > 0
            && count.is_multiple_of(2)
            && op.regions.len() == 1
            && self.function.region(op.regions[0]).args.len() == count
    }

    fn reduce(&mut self, op: &Operation) {
        let (inputs, initial) = op.operands.split_at(op.operands.len() / 2);
        self.write("stablehlo.reduce");
        self.comma_separated(inputs.iter().zip(initial), |printer, (&input, &init)| {
            printer.write("(");
            printer.value(input);
            printer.write(" init: ");
            printer.value(init);
            printer.write(")");
        });
        let combiner = self.combiner(op);
        if let Some(combiner) = combiner {
            self.write(format_args!(" applies stablehlo.{combiner}"));
        }
        self.write(" across dimensions = ");
        self.i64_list(&Inherent::of(&op.op).take_dims("dimensions"));
        self.attributes(Vec::new(), &op.attributes);
        self.write(" : ");
        self.function_type(&op.operands, &op.results);
        if combiner.is_none() {
            self.next_line();
            self.write(" reducer");
            let args = &self.function.region(op.regions[0]).args;
            self.name_arguments(args);
            let (accumulators, elements) = args.split_at(args.len() / 2);
            for (&accumulator, &element) in accumulators.iter().zip(elements) {
                self.write("(");
                self.arguments(&[accumulator, element]);
                self.write(") ");
            }
            self.region(op.regions[0]);
        }
    }

    /// The name of the commutative op that a reduction's region consists of, where that says all.
    fn combiner(&self, op: &Operation) -> Option<&'static str> {
        let function = self.function;
        let region = function.region(op.regions[0]);
        let [combine, last] = region.ops[..] else { return None };
        let (combine, last) = (function.op(combine), function.op(last));
        let Op::Binary(binary) = combine.op else { return None };
        let element = element_type(function.ty(op.operands[0]))?;
        let is_scalar = |value: &crate::ValueId| {
            function.ty(*value).as_tensor().is_some_and(|ty| ty.dims.is_empty() && ty.dtype == element)
        };
        let plain = combine.attributes.is_empty() && last.attributes.is_empty();
        let forwards = combine.operands[..] == region.args[..] && last.operands[..] == combine.results[..];
        let typed = region.args.iter().chain(&combine.results).all(is_scalar);
        (binary.is_commutative() && plain && forwards && typed).then(|| binary.mnemonic())
    }

    /// `sdy.sharding_constraint %0 <@mesh, [{"x"}]> : type`.
    fn sharding_constraint(&mut self, op: &Operation) {
        self.write("sdy.sharding_constraint ");
        self.values(&op.operands);
        self.write(" ");
        let mut attributes = op.attributes.clone();
        if let Some(Attr::Sharding(sharding)) = attributes.take("sharding") {
            match &*sharding {
                Sharding::Tensor(tensor) => shardy::tensor_sharding(self.out, tensor),
                other => shardy::attribute(self.out, other),
            }
        }
        self.attributes(Vec::new(), &attributes);
        self.write(" : ");
        self.types_of(&op.results);
    }

    /// `sdy.manual_computation(%0) in_shardings=[...] out_shardings=[...] manual_axes={...} (%arg0: type) {...}`.
    fn manual_computation(&mut self, op: &Operation) {
        let mut attributes = op.attributes.clone();
        self.write("sdy.manual_computation(");
        self.values(&op.operands);
        self.write(")");
        for name in ["in_shardings", "out_shardings"] {
            self.write(format_args!(" {name}="));
            let attr = attributes.take(name);
            let shardings = match attr {
                Some(Attr::Sharding(sharding)) => match *sharding {
                    Sharding::PerValue(shardings) => shardings,
                    _ => Vec::new(),
                },
                _ => Vec::new(),
            };
            attribute::list(self.out, &shardings, shardy::tensor_sharding);
        }
        self.write(" manual_axes=");
        let axes = match attributes.take("manual_axes") {
            Some(Attr::Sharding(sharding)) => match *sharding {
                Sharding::ManualAxes(axes) => axes,
                _ => Vec::new(),
            },
            _ => Vec::new(),
        };
        shardy::manual_axes(self.out, &axes);
        self.write(" (");
        if let Some(&region) = op.regions.first() {
            let args = &self.function.region(region).args;
            self.name_arguments(args);
            self.arguments(args);
            self.write(") ");
            self.manual_region(region);
        }
        self.attributes(Vec::new(), &attributes);
        self.write(" : ");
        self.function_type(&op.operands, &op.results);
    }
}

/// Whether a type is that of the parts of complex numbers.
fn is_part(part: &Type, whole: &Type) -> bool {
    match (part, whole) {
        (Type::Tensor(part), Type::Tensor(whole)) => {
            whole.dtype.is_complex() && part.dims == whole.dims && part.dtype == whole.dtype.real()
        }
        _ => false,
    }
}
