//! Attributes of the StableHLO dialect, and how structured ones fall apart into the flat, VHLO-named
//! attributes of [`ops::attributes`].

use ops::sharding::{AxisRef, Mesh, MeshAxis, MeshRef, Sharding};
use ops::{Attr, AttrMap};
use tensor::{DType, Data, Literal, Scalar};

use super::Parser;
use crate::Error;

/// Attributes whose fields are attributes of the op itself on the wire.
const FLATTENED: &[&str] =
    &["dimension_numbers", "scatter_dimension_numbers", "dot_dimension_numbers", "algorithm"];

/// Most elements of an integer list that is written as a splat.
const LONGEST_SPLAT: usize = 1 << 16;

impl<'s> Parser<'s> {
    /// After `#stablehlo.NAME`.
    pub(super) fn stablehlo_attribute(&mut self, name: &str, start: usize) -> Result<Attr, Error> {
        match name {
            "gather" | "scatter" | "dot" | "dot_algorithm" | "output_operand_alias" | "channel_handle" => {
                self.fields().map(Attr::Dict)
            }
            "result_accuracy" => self.result_accuracy(),
            "conv" => {
                self.expect("<")?;
                let raw = self.eat("raw");
                let numbers = if raw { self.fields_until_close()? } else { self.convolution_dimensions()? };
                if !raw {
                    self.expect(">")?;
                }
                Ok(Attr::Dict(numbers))
            }
            "replica_group_mesh_axes" => self.mesh_axes_groups(),
            "precision"
            | "fft_type"
            | "comparison_direction"
            | "comparison_type"
            | "transpose"
            | "rng_distribution"
            | "rng_algorithm"
            | "result_accuracy_mode"
            | "custom_call_api_version" => {
                self.expect("<")?;
                let keyword = self.expect_word("a keyword")?.to_owned();
                self.expect(">")?;
                Ok(Attr::Keyword(keyword))
            }
            _ => {
                if self.peek() == b'<' {
                    self.balanced()?;
                }
                Ok(Attr::Opaque(self.since(start).to_owned()))
            }
        }
    }

    /// `<atol = 1.0e-5, mode = #stablehlo.result_accuracy_mode<TOLERANCE>>`, with all four fields filled in.
    fn result_accuracy(&mut self) -> Result<Attr, Error> {
        let mut given = self.fields()?;
        let defaults = [
            ("atol", Attr::Scalar(Scalar::zero(DType::F64))),
            ("rtol", Attr::Scalar(Scalar::zero(DType::F64))),
            ("ulps", Attr::Scalar(Scalar::zero(DType::I64))),
            ("mode", Attr::Keyword("DEFAULT".to_owned())),
        ];
        let fields = defaults.map(|(name, default)| (name.to_owned(), given.take(name).unwrap_or(default)));
        Ok(Attr::Dict(AttrMap(fields.into())))
    }

    /// `<name = value, ...>`.
    pub(super) fn fields(&mut self) -> Result<AttrMap, Error> {
        self.expect("<")?;
        self.fields_until_close()
    }

    /// The same after `<`. A comma may follow the last field.
    fn fields_until_close(&mut self) -> Result<AttrMap, Error> {
        let mut fields = AttrMap::default();
        while !self.eat(">") {
            let name = self.expect_word("the name of a field")?;
            self.expect("=")?;
            fields.push(name, self.attribute()?);
            if !self.eat(",") {
                self.expect(">")?;
                break;
            }
        }
        Ok(fields)
    }

    /// `[b, 0, 1, f]x[0, 1, i, o]->[b, 0, 1, f]`.
    pub(super) fn convolution_dimensions(&mut self) -> Result<AttrMap, Error> {
        let mut numbers = AttrMap::default();
        self.dimension_roles("input", [("b", "batch"), ("f", "feature")], &mut numbers)?;
        self.expect_cross()?;
        self.dimension_roles("kernel", [("i", "input_feature"), ("o", "output_feature")], &mut numbers)?;
        self.expect("->")?;
        self.dimension_roles("output", [("b", "batch"), ("f", "feature")], &mut numbers)?;
        Ok(numbers)
    }

    /// The `x` between two lists, which a list may follow at once.
    pub(super) fn expect_cross(&mut self) -> Result<(), Error> {
        if !self.at("x") {
            return Err(self.expected("`x`"));
        }
        let next = self.offset() + 1;
        self.seek(next);
        Ok(())
    }

    fn dimension_roles(
        &mut self,
        tensor: &str,
        letters: [(&str, &str); 2],
        numbers: &mut AttrMap,
    ) -> Result<(), Error> {
        self.skip();
        let start = self.offset();
        self.expect("[")?;
        let roles = self.list_until("]", |parser| {
            if let Some(word) = parser.word() {
                return Ok(Err(word));
            }
            if parser.eat("?") {
                return Ok(Err("?"));
            }
            parser.expect_i64().map(Ok)
        })?;
        let position = |wanted| roles.iter().position(|role| *role == wanted).map(|at| at as i64);
        for (letter, role) in letters {
            let at = position(Err(letter))
                .ok_or_else(|| self.error_at(start, format!("expected a dimension `{letter}`")))?;
            numbers
                .push(format!("{tensor}_{role}_dimension"), Attr::Scalar(Scalar::from_i64(DType::I64, at)));
        }
        let spatial_count = roles.iter().filter(|role| role.is_ok()).count() as i64;
        let spatial = (0..spatial_count).map(|n| {
            position(Ok(n)).ok_or_else(|| self.error_at(start, format!("expected a spatial dimension {n}")))
        });
        let spatial = spatial.collect::<Result<Vec<i64>, Error>>()?;
        numbers.push(format!("{tensor}_spatial_dimensions"), Attr::Tensor(Literal::i64s(&spatial)));
        Ok(())
    }

    /// `<mesh = @mesh, axes = [#stablehlo.axis_ref<name = "x">]>`.
    fn mesh_axes_groups(&mut self) -> Result<Attr, Error> {
        self.expect_all("< mesh =")?;
        let mesh = match self.at("@") {
            true => MeshRef::Symbol(self.symbol()?),
            false => {
                self.eat("#stablehlo.mesh");
                MeshRef::Inline(self.stablehlo_mesh()?)
            }
        };
        self.expect_all(", axes = [")?;
        let axes = self.list_until("]", |parser| {
            parser.eat("#stablehlo.axis_ref");
            parser.expect_all("< name =")?;
            let name = parser.expect_string()?;
            let mut sub_axis = None;
            if parser.eat(",") {
                parser.expect_all("sub_axis_info =")?;
                parser.eat("#stablehlo.sub_axis_info");
                sub_axis = Some(parser.sub_axis()?);
            }
            parser.expect(">")?;
            Ok(AxisRef { name, sub_axis })
        })?;
        self.expect(">")?;
        Ok(Attr::Sharding(Box::new(Sharding::MeshAxesGroups { mesh, axes })))
    }

    /// `<axes=[<name = "x", size = 2>], device_ids=dense<[1, 0]> : tensor<2xi64>>`.
    fn stablehlo_mesh(&mut self) -> Result<Mesh, Error> {
        self.expect_all("< axes = [")?;
        let axes = self.list_until("]", |parser| {
            parser.eat("#stablehlo.mesh_axis");
            parser.expect_all("< name =")?;
            let name = parser.expect_string()?;
            parser.expect_all(", size =")?;
            let size = parser.expect_i64()?;
            parser.expect(">")?;
            Ok(MeshAxis { name, size })
        })?;
        let mut device_ids = Vec::new();
        if self.eat(",") {
            self.expect_all("device_ids = dense")?;
            let start = self.offset();
            let ids = self.dense()?;
            if ids.len() > LONGEST_SPLAT {
                return Err(self.error_at(start, "too many device ids"));
            }
            device_ids = ids.scalars().map(Scalar::as_i64).collect();
        }
        self.expect(">")?;
        Ok(Mesh { axes, device_ids })
    }

    /// Renames and unpacks the attributes of an op to those of the table.
    pub(super) fn flatten(&self, mnemonic: &str, attrs: &mut AttrMap, start: usize) -> Result<(), Error> {
        for name in FLATTENED {
            if let Some(Attr::Dict(_)) = attrs.get(name)
                && let Some(Attr::Dict(fields)) = attrs.take(name)
            {
                attrs.0.extend(fields.0);
            }
        }
        if let Some(Attr::Dict(_)) = attrs.get("channel_handle")
            && let Some(Attr::Dict(mut channel)) = attrs.take("channel_handle")
        {
            attrs.0.extend(channel.take("handle").map(|id| ("channel_id".to_owned(), id)));
            if matches!(mnemonic, "send" | "recv") {
                attrs.0.extend(channel.take("type").map(|kind| ("channel_type".to_owned(), kind)));
            }
        }
        if attrs.get("result_accuracy").is_some_and(is_default_accuracy) {
            attrs.take("result_accuracy");
        }
        for (name, attr) in attrs.iter() {
            if name != "value" && has_long_splat(attr) {
                return Err(self.error_at(start, format!("attribute `{name}` is too long")));
            }
        }
        Ok(())
    }
}

/// Whether a `result_accuracy` asks for nothing.
fn is_default_accuracy(attr: &Attr) -> bool {
    let Attr::Dict(fields) = attr else { return false };
    fields.iter().all(|(_, value)| match value {
        Attr::Keyword(mode) => mode == "DEFAULT",
        Attr::Scalar(tolerance) => tolerance.is(0),
        _ => false,
    })
}

/// Whether reading the attribute as a list would take much more memory than its text.
fn has_long_splat(attr: &Attr) -> bool {
    match attr {
        Attr::Tensor(Literal { data: Data::Splat(_), ty }) => ty.len() > LONGEST_SPLAT,
        Attr::Array(items) => items.iter().any(has_long_splat),
        _ => false,
    }
}
