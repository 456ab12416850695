//! The table of ops, for people and for scripts.

use ops::{Arity, BinaryOp, Op, OpInfo, UnaryOp};
use serde::Serialize;

/// How many operands, regions or results: `least` and, if there is an end, `most`.
#[derive(Serialize)]
struct Count {
    least: usize,
    most: Option<usize>,
}

impl From<Arity> for Count {
    fn from(arity: Arity) -> Self {
        match arity {
            Arity::Exactly(count) => Count { least: count, most: Some(count) },
            Arity::AtLeast(least) => Count { least, most: None },
        }
    }
}

/// An op as JSON has it.
#[derive(Serialize)]
struct Row {
    mnemonic: &'static str,
    /// `unary`, `binary` or `other`.
    family: &'static str,
    /// `stablehlo`, `chlo` or `sdy`.
    dialect: &'static str,
    operands: Count,
    regions: Count,
    results: Count,
    side_effect: bool,
    /// For `binary`: whether the operands can be swapped.
    commutative: bool,
    attributes: &'static [&'static str],
}

impl From<OpInfo> for Row {
    fn from(info: OpInfo) -> Self {
        let unary = UnaryOp::from_mnemonic(info.mnemonic);
        let binary = BinaryOp::from_mnemonic(info.mnemonic);
        Row {
            mnemonic: info.mnemonic,
            family: match (unary, binary) {
                (Some(_), _) => "unary",
                (_, Some(_)) => "binary",
                _ => "other",
            },
            dialect: match unary {
                Some(op) if op.is_chlo() => "chlo",
                _ if info.mnemonic.starts_with("sdy.") => "sdy",
                _ => "stablehlo",
            },
            operands: info.operands.into(),
            regions: info.regions.into(),
            results: info.results.into(),
            side_effect: info.side_effect,
            commutative: binary.is_some_and(BinaryOp::is_commutative),
            attributes: info.attributes,
        }
    }
}

/// Every op as a JSON array, one object an op, in the table's order.
pub fn json() -> Result<String, serde_json::Error> {
    let rows: Vec<Row> = Op::all().map(Row::from).collect();
    serde_json::to_string_pretty(&rows).map(|text| text + "\n")
}

/// The names of all ops, one a line.
pub fn names() -> String {
    Op::all().map(|info| format!("{}\n", info.mnemonic)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_tells_families_and_attributes() {
        let rows: serde_json::Value = serde_json::from_str(&json().expect("JSON")).expect("JSON");
        let row = |name: &str| {
            let rows = rows.as_array().expect("an array");
            rows.iter().find(|row| row["mnemonic"] == name).expect("a row").clone()
        };
        assert_eq!(row("add")["family"], "binary");
        assert_eq!(row("add")["commutative"], true);
        assert_eq!(row("erf")["dialect"], "chlo");
        assert_eq!(row("concatenate")["operands"]["most"], serde_json::Value::Null);
        assert_eq!(row("iota")["attributes"][0], "iota_dimension");
        assert_eq!(rows.as_array().map(Vec::len), Some(Op::all().count()));
    }
}
