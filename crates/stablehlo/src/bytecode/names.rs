//! What an operation name of the file means: the op it becomes and its attributes in wire order.
//!
//! VHLO revises an op under a new name (`gather_v2`). Older revisions lack some attributes; those have
//! defaults in [`ops::attributes`], so reading one is leaving them out here.

use ops::{Op, UnaryOp};

use super::container::{Container, Dialect, OpName};

/// What an operation is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// `builtin.module`.
    Module,
    /// A function.
    Function,
    /// A device mesh.
    Mesh,
    /// The op of this mnemonic in the table.
    Op(&'static str),
    /// Gives its operand.
    Identity,
    /// A region that runs in place.
    Inline,
    /// Without any effect on what is computed.
    Nothing,
    /// Not known.
    Unknown,
}

/// An attribute of an operation as its property blob has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Field {
    /// Name of the attribute.
    pub name: &'static str,
    /// Whether the blob may leave it out.
    pub optional: bool,
}

/// An operation name with its meaning.
#[derive(Clone, Debug)]
pub(super) struct Name {
    /// With its dialect, for messages.
    pub full: String,
    /// What it is.
    pub kind: Kind,
    /// Inherent attributes in wire order, which is that of their names.
    pub fields: Vec<Field>,
    /// Whether properties have their own form rather than being a dictionary.
    pub registered: bool,
    /// `dynamic_conv_v1`, whose attribute `padding` is overridden by its third operand.
    pub drops_padding: bool,
}

impl Name {
    /// Whether the operation has an inherent attribute of this name.
    pub fn has_field(&self, name: &str) -> bool {
        self.fields.iter().any(|field| field.name == name)
    }
}

/// The meaning of every operation name of a file.
pub(super) fn resolve(container: &Container<'_>) -> Vec<Name> {
    container.names.iter().map(meaning).collect()
}

fn meaning(name: &OpName<'_>) -> Name {
    let (kind, fields) = match name.dialect {
        Dialect::Builtin => builtin(name.name),
        Dialect::Sdy => shardy(name.name),
        Dialect::Vhlo => vhlo(name.name),
        Dialect::Other(_) => (Kind::Unknown, Vec::new()),
    };
    let full = match name.name {
        "" => name.dialect.name().to_owned(),
        rest => format!("{}.{rest}", name.dialect.name()),
    };
    let drops_padding = full == "vhlo.dynamic_conv_v1";
    Name { full, kind, fields, registered: name.registered, drops_padding }
}

fn required(names: &[&'static str]) -> Vec<Field> {
    names.iter().map(|&name| Field { name, optional: false }).collect()
}

fn optional(name: &'static str) -> Field {
    Field { name, optional: true }
}

fn builtin(name: &str) -> (Kind, Vec<Field>) {
    match name {
        "module" => (Kind::Module, vec![optional("sym_name"), optional("sym_visibility")]),
        "unrealized_conversion_cast" => (Kind::Identity, Vec::new()),
        _ => (Kind::Unknown, Vec::new()),
    }
}

fn shardy(name: &str) -> (Kind, Vec<Field>) {
    match name {
        "mesh" => (Kind::Mesh, required(&["mesh", "sym_name"])),
        "sharding_constraint" | "reshard" => (Kind::Op("sdy.sharding_constraint"), required(&["sharding"])),
        "manual_computation" => {
            (Kind::Op("sdy.manual_computation"), required(&["in_shardings", "manual_axes", "out_shardings"]))
        }
        "return" => (Kind::Op("return"), Vec::new()),
        "constant" => (Kind::Op("constant"), required(&["value"])),
        "named_computation" => {
            let name = Field { name: "name", optional: false };
            (Kind::Inline, vec![optional("in_shardings"), name, optional("out_shardings")])
        }
        "sharding_group" => (Kind::Nothing, required(&["group_id"])),
        "propagation_barrier" => (Kind::Identity, required(&["allowed_direction"])),
        _ => (Kind::Unknown, Vec::new()),
    }
}

/// Ops with a second revision, and the attributes that only that one has. Ops of the accuracy family are
/// those of [`has_accuracy`].
const SECOND_REVISIONS: &[(&str, &[&str])] = &[
    ("all_gather", &[]),
    ("all_reduce", &[]),
    ("all_to_all", &[]),
    ("collective_broadcast", &["has_dynamic_root"]),
    ("composite", &[]),
    ("custom_call", &["result_tilings"]),
    (
        "dot_general",
        &[
            "accumulation_type",
            "allow_imprecise_accumulation",
            "lhs_component_count",
            "lhs_precision_type",
            "num_primitive_operations",
            "rhs_component_count",
            "rhs_precision_type",
        ],
    ),
    ("dynamic_conv", &[]),
    ("dynamic_gather", &["operand_batching_dims", "start_indices_batching_dims"]),
    ("gather", &["operand_batching_dims", "start_indices_batching_dims"]),
    ("recv", &["source_target_pairs"]),
    ("scatter", &["input_batching_dims", "scatter_indices_batching_dims"]),
    ("send", &["source_target_pairs"]),
];

/// Ops whose second revision has a result accuracy; the first has no attributes.
fn has_accuracy(mnemonic: &str) -> bool {
    use UnaryOp::*;
    let family = [
        Cbrt,
        Cosine,
        Exponential,
        ExponentialMinusOne,
        Log,
        LogPlusOne,
        Logistic,
        Rsqrt,
        Sine,
        Sqrt,
        Tan,
        Tanh,
    ];
    family.iter().any(|op| op.mnemonic() == mnemonic)
}

fn vhlo(name: &str) -> (Kind, Vec<Field>) {
    let unknown = (Kind::Unknown, Vec::new());
    let (mnemonic, second) = match (name.strip_suffix("_v1"), name.strip_suffix("_v2")) {
        (Some(mnemonic), _) => (mnemonic, false),
        (_, Some(mnemonic)) => (mnemonic, true),
        _ => return unknown,
    };
    if mnemonic == "func" && !second {
        let fields = ["arg_attrs", "function_type", "res_attrs", "sym_name", "sym_visibility"];
        return (Kind::Function, required(&fields));
    }
    // The table's CHLO and Shardy rows are no VHLO ops.
    if mnemonic.contains('.') || UnaryOp::from_mnemonic(mnemonic).is_some_and(UnaryOp::is_chlo) {
        return unknown;
    }
    let Some(info) = Op::info_of(mnemonic) else { return unknown };
    let revision = SECOND_REVISIONS.iter().find(|(revised, _)| *revised == mnemonic);
    let mut names = info.attributes.to_vec();
    match (second, revision) {
        (true, None) if has_accuracy(mnemonic) => names.push("result_accuracy"),
        (true, None) => return unknown,
        (true, Some(_)) if mnemonic == "dynamic_conv" => names.retain(|&name| name != "padding"),
        (true, Some(_)) | (false, None) => {}
        (false, Some((_, added))) => names.retain(|name| !added.contains(name)),
    }
    names.sort_unstable();
    (Kind::Op(info.mnemonic), required(&names))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fields(name: &str) -> Vec<&'static str> {
        vhlo(name).1.iter().map(|field| field.name).collect()
    }

    #[test]
    fn revisions_differ_in_their_attributes() {
        assert_eq!(fields("tanh_v1"), [""; 0]);
        assert_eq!(fields("tanh_v2"), ["result_accuracy"]);
        assert_eq!(fields("compare_v1"), ["compare_type", "comparison_direction"]);
        assert_eq!(fields("dot_general_v1").len(), 5);
        assert_eq!(fields("dot_general_v2").len(), 12);
        assert_eq!(fields("convolution_v1").len(), 17);
        assert_eq!(fields("dynamic_conv_v1").len(), 17);
        assert_eq!(fields("dynamic_conv_v2").len(), 16);
        assert_eq!(fields("recv_v1"), ["channel_id", "channel_type", "is_host_transfer"]);
    }

    #[test]
    fn other_revisions_and_dialects_are_unknown() {
        for name in ["add_v2", "add_v3", "add", "erf_v1", "sdy.sharding_constraint_v1", "func_v2", "_v1", ""]
        {
            assert_eq!(vhlo(name).0, Kind::Unknown, "{name}");
        }
        assert_eq!(vhlo("cross-replica-sum_v1").0, Kind::Op("cross-replica-sum"));
    }
}
