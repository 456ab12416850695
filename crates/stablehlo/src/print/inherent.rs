//! Attributes of ops: from the flat names of [`ops::attributes`] to StableHLO's attribute classes.

use std::fmt::Write as _;

use ops::{Attr, AttrMap, AttrValue, CustomCallApiVersion, Op};
use tensor::{DType, Literal, Scalar};

use super::attribute::{self, enumerated, list, value};
use super::{Options, literal};

/// The attributes of an op that are still to be printed.
pub(super) struct Inherent<'o> {
    op: &'o Op,
    left: AttrMap,
}

const GATHER: &[&str] = &[
    "offset_dims",
    "collapsed_slice_dims",
    "operand_batching_dims",
    "start_indices_batching_dims",
    "start_index_map",
    "index_vector_dim",
];
const SCATTER: &[&str] = &[
    "update_window_dims",
    "inserted_window_dims",
    "input_batching_dims",
    "scatter_indices_batching_dims",
    "scatter_dims_to_operand_dims",
    "index_vector_dim",
];

impl<'o> Inherent<'o> {
    pub fn of(op: &'o Op) -> Self {
        let left = op.attributes().into_iter().map(|(name, attr)| (name.to_owned(), attr)).collect();
        Inherent { op, left: AttrMap(left) }
    }

    /// Takes an attribute to print it in the op's own form.
    pub fn take(&mut self, name: &str) -> Option<Attr> {
        self.left.take(name)
    }

    /// Takes an integer.
    pub fn take_i64(&mut self, name: &str) -> i64 {
        self.take(name).and_then(|attr| i64::from_attr(&attr)).unwrap_or_default()
    }

    /// Takes a list of integers.
    pub fn take_dims(&mut self, name: &str) -> Vec<i64> {
        self.take(name).and_then(|attr| tensor::Dims::from_attr(&attr)).unwrap_or_default().to_vec()
    }

    /// Takes a keyword.
    pub fn take_keyword(&mut self, name: &str) -> String {
        match self.take(name) {
            Some(Attr::Keyword(keyword)) => keyword,
            _ => String::new(),
        }
    }

    /// Takes a name or other text.
    pub fn take_string(&mut self, name: &str) -> Vec<u8> {
        match self.take(name) {
            Some(Attr::String(bytes)) => bytes,
            _ => Vec::new(),
        }
    }

    /// Whether the op would be the same without this attribute.
    pub fn is_default(&self, name: &str) -> bool {
        if name == "replica_groups" {
            return false;
        }
        let others = self.op.attributes().into_iter().filter(|(other, _)| *other != name);
        let mut others = AttrMap(others.map(|(name, attr)| (name.to_owned(), attr)).collect());
        Op::build(self.op.mnemonic(), &mut others).is_ok_and(|op| op == *self.op)
    }

    /// What is left, each as `name = value`.
    pub fn rest(mut self, options: Options) -> Vec<String> {
        let mut rest = Vec::new();
        match self.op {
            Op::Gather(_) | Op::DynamicGather(_) => {
                rest.push(format!("dimension_numbers = #stablehlo.gather{}", self.dimension_numbers(GATHER)));
            }
            Op::Scatter(_) => {
                let numbers = self.dimension_numbers(SCATTER);
                rest.push(format!("scatter_dimension_numbers = #stablehlo.scatter{numbers}"));
            }
            Op::DynamicConv(_) => {
                self.take("padding");
                let numbers = self.convolution_dimensions();
                rest.push(format!("dimension_numbers = #stablehlo.conv<{numbers}>"));
            }
            _ => {}
        }
        let is_channel = matches!(self.op, Op::Send(_) | Op::Recv(_));
        if let Some(id) = self.take("channel_id").and_then(|id| i64::from_attr(&id))
            && (id != 0 || is_channel)
        {
            // Collectives lose the type on the wire; it is that between devices.
            let kind = if is_channel { self.take_i64("channel_type") } else { 1 };
            rest.push(format!("channel_handle = #stablehlo.channel_handle<handle = {id}, type = {kind}>"));
        }
        for (name, attr) in std::mem::take(&mut self.left.0) {
            if !self.is_default(&name) {
                rest.push(spell(&name, &attr, options));
            }
        }
        rest
    }

    /// `<offset_dims = [0], index_vector_dim = 1>`.
    fn dimension_numbers(&mut self, names: &[&str]) -> String {
        let mut fields = Vec::new();
        for &name in names {
            match self.take(name) {
                Some(Attr::Scalar(scalar)) if !scalar.is(0) => fields.push(format!("{name} = {scalar}")),
                Some(Attr::Tensor(dims)) if !dims.is_empty() => {
                    let mut text = format!("{name} = ");
                    list(&mut text, dims.scalars(), literal::element);
                    fields.push(text);
                }
                _ => {}
            }
        }
        format!("<{}>", fields.join(", "))
    }

    /// `[b, 0, f]x[0, i, o]->[b, 0, f]`.
    pub fn convolution_dimensions(&mut self) -> String {
        let mut part = |tensor: &str, letters: [(&str, &str); 2]| {
            let spatial = self.take_dims(&format!("{tensor}_spatial_dimensions"));
            let mut roles = vec!["?".to_owned(); spatial.len() + letters.len()];
            let mut place = |at: i64, role: String| {
                if let Some(slot) = usize::try_from(at).ok().and_then(|at| roles.get_mut(at)) {
                    *slot = role;
                }
            };
            for (letter, role) in letters {
                place(self.take_i64(&format!("{tensor}_{role}_dimension")), letter.to_owned());
            }
            spatial.iter().enumerate().for_each(|(i, &at)| place(at, i.to_string()));
            format!("[{}]", roles.join(", "))
        };
        let input = part("input", [("b", "batch"), ("f", "feature")]);
        let kernel = part("kernel", [("i", "input_feature"), ("o", "output_feature")]);
        let output = part("output", [("b", "batch"), ("f", "feature")]);
        format!("{input}x{kernel}->{output}")
    }
}

/// `name = value` as StableHLO types the attribute.
fn spell(name: &str, attr: &Attr, options: Options) -> String {
    let mut out = String::new();
    attribute::key(&mut out, name);
    if matches!(name, "use_global_device_ids" | "has_dynamic_root") {
        return out;
    }
    out.push_str(" = ");
    match (name, attr) {
        (
            "fft_type" | "comparison_direction" | "rng_distribution" | "rng_algorithm",
            Attr::Keyword(keyword),
        ) => {
            enumerated(&mut out, name, keyword);
        }
        ("transpose_a", Attr::Keyword(keyword)) => enumerated(&mut out, "transpose", keyword),
        ("compare_type", Attr::Keyword(keyword)) => enumerated(&mut out, "comparison_type", keyword),
        ("api_version", Attr::Keyword(keyword)) => {
            let code = CustomCallApiVersion::from_keyword(keyword).unwrap_or_default().code();
            let _ = write!(out, "{code} : i32");
        }
        ("version", Attr::Scalar(version)) => {
            let _ = write!(out, "{version} : i32");
        }
        ("decomposition" | "callee", Attr::String(symbol)) => function_name(&mut out, symbol),
        ("called_computations", Attr::Array(names)) => list(&mut out, names, |out, name| {
            if let Attr::String(symbol) = name {
                function_name(out, symbol);
            }
        }),
        ("operand_layouts" | "result_layouts" | "result_tilings", attr) => layouts(&mut out, attr),
        ("output_operand_aliases", Attr::Array(aliases)) => list(&mut out, aliases, output_operand_alias),
        ("replica_groups" | "value" | "source_target_pairs" | "padding", attr) => {
            value(&mut out, attr, options)
        }
        (_, Attr::Tensor(tensor)) if tensor.ty.rank() == 1 => array(&mut out, tensor),
        _ => value(&mut out, attr, options),
    }
    out
}

fn function_name(out: &mut String, name: &[u8]) {
    out.push('@');
    attribute::symbol(out, &String::from_utf8_lossy(name));
}

/// `array<i64: 1, 2>`.
fn array(out: &mut String, tensor: &Literal) {
    let _ = write!(out, "array<{}", if tensor.dtype() == DType::Bool { DType::Bool } else { DType::I64 });
    for (i, scalar) in tensor.scalars().enumerate() {
        out.push_str(if i == 0 { ": " } else { ", " });
        literal::element(out, scalar);
    }
    out.push('>');
}

/// Layouts and tilings: tensors of `index`, or lists of them.
fn layouts(out: &mut String, attr: &Attr) {
    match attr {
        Attr::Tensor(tensor) => literal::dense_index(out, tensor),
        Attr::Array(items) => list(out, items, layouts),
        _ => value(out, attr, Options::default()),
    }
}

fn output_operand_alias(out: &mut String, alias: &Attr) {
    let Attr::Dict(fields) = alias else { return value(out, alias, Options::default()) };
    let dims = |name: &str| match fields.get(name).and_then(tensor::Dims::from_attr) {
        Some(dims) => format!("{:?}", &dims[..]),
        None => "[]".to_owned(),
    };
    let operand = match fields.get("operand_index") {
        Some(Attr::Scalar(index)) => *index,
        _ => Scalar::zero(DType::I64),
    };
    let _ = write!(
        out,
        "#stablehlo.output_operand_alias<output_tuple_indices = {}, operand_index = {operand}, \
         operand_tuple_indices = {}>",
        dims("output_tuple_indices"),
        dims("operand_tuple_indices")
    );
}
