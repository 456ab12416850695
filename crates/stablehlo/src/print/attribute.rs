//! Attribute values, names and strings.

use std::fmt::Write as _;

use ops::{
    Attr, AttrMap, ComparisonDirection, ComparisonType, FftType, Precision, RngAlgorithm, RngDistribution,
    Transpose,
};
use tensor::{DTypeClass, Literal, Scalar};

use super::{Options, literal, shardy};

/// `name = value`, or the name alone where there is no value.
pub(super) fn named(out: &mut String, name: &str, attr: &Attr, options: Options) {
    key(out, name);
    match attr {
        Attr::Unit => {}
        Attr::Dict(fields) if name == "result_accuracy" => {
            out.push_str(" = ");
            result_accuracy(out, fields);
        }
        _ => {
            out.push_str(" = ");
            value(out, attr, options);
        }
    }
}

/// `{name = value, ...}`.
pub(super) fn dictionary(out: &mut String, attrs: &AttrMap, options: Options) {
    out.push('{');
    for (i, (name, attr)) in attrs.iter().enumerate() {
        if i > 0 {
            out.push_str(", ");
        }
        named(out, name, attr, options);
    }
    out.push('}');
}

/// A value.
pub(super) fn value(out: &mut String, attr: &Attr, options: Options) {
    match attr {
        Attr::Unit => out.push_str("unit"),
        Attr::Bool(flag) => {
            let _ = write!(out, "{flag}");
        }
        Attr::Scalar(scalar) => number(out, *scalar),
        Attr::String(bytes) => string(out, bytes),
        Attr::Symbol(name) => {
            out.push('@');
            symbol(out, name);
        }
        Attr::Array(items) => list(out, items, |out, item| value(out, item, options)),
        Attr::Dict(attrs) => dictionary(out, attrs, options),
        Attr::Tensor(tensor) => literal::dense(out, tensor, options),
        Attr::Type(ty) => {
            let _ = write!(out, "{ty}");
        }
        Attr::Code(code) => {
            let _ = write!(out, "{code} : i32");
        }
        Attr::Keyword(keyword) => enumerated(out, enumeration_of(keyword), keyword),
        Attr::Sharding(sharding) => shardy::attribute(out, sharding),
        Attr::Opaque(text) => out.push_str(text),
    }
}

/// `[a, b]`.
pub(super) fn list<T>(
    out: &mut String,
    items: impl IntoIterator<Item = T>,
    mut item: impl FnMut(&mut String, T),
) {
    out.push('[');
    for (i, each) in items.into_iter().enumerate() {
        if i > 0 {
            out.push_str(", ");
        }
        item(out, each);
    }
    out.push(']');
}

/// `#stablehlo<precision DEFAULT>`.
pub(super) fn enumerated(out: &mut String, enumeration: &str, keyword: &str) {
    let _ = write!(out, "#stablehlo<{enumeration} {keyword}>");
}

/// The enumeration that a keyword outside of any op's own attributes belongs to.
fn enumeration_of(keyword: &str) -> &'static str {
    match () {
        () if Precision::from_keyword(keyword).is_some() => "precision",
        () if ComparisonDirection::from_keyword(keyword).is_some() => "comparison_direction",
        () if ComparisonType::from_keyword(keyword).is_some() => "comparison_type",
        () if FftType::from_keyword(keyword).is_some() => "fft_type",
        () if Transpose::from_keyword(keyword).is_some() => "transpose",
        () if RngDistribution::from_keyword(keyword).is_some() => "rng_distribution",
        () if RngAlgorithm::from_keyword(keyword).is_some() => "rng_algorithm",
        () => "keyword",
    }
}

/// A number with its type.
fn number(out: &mut String, scalar: Scalar) {
    match scalar.dtype.class() {
        DTypeClass::Bool => literal::element(out, scalar),
        // There is no complex number outside of tensors.
        DTypeClass::Complex => literal::dense(out, &Literal::scalar(scalar), Options::default()),
        _ => {
            literal::element(out, scalar);
            let _ = write!(out, " : {}", scalar.dtype);
        }
    }
}

/// `#stablehlo.result_accuracy<atol = 1.0e-5, mode = #stablehlo.result_accuracy_mode<TOLERANCE>>`.
fn result_accuracy(out: &mut String, fields: &AttrMap) {
    out.push_str("#stablehlo.result_accuracy<");
    for name in ["atol", "rtol", "ulps"] {
        if let Some(Attr::Scalar(scalar)) = fields.get(name)
            && !scalar.is(0)
        {
            let _ = write!(out, "{name} = ");
            literal::element(out, *scalar);
            out.push_str(", ");
        }
    }
    let mode = match fields.get("mode") {
        Some(Attr::Keyword(keyword)) => keyword,
        _ => "DEFAULT",
    };
    let _ = write!(out, "mode = #stablehlo.result_accuracy_mode<{mode}>>");
}

/// A quoted string.
pub(super) fn string(out: &mut String, bytes: &[u8]) {
    out.push('"');
    for &byte in bytes {
        match byte {
            b'"' | b'\\' | 0..=0x1f | 0x7f.. => {
                let _ = write!(out, "\\{byte:02X}");
            }
            _ => out.push(byte.into()),
        }
    }
    out.push('"');
}

/// Whether a name can stand without quotes.
fn is_word(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | b'.'))
}

/// The name of an attribute.
pub(super) fn key(out: &mut String, name: &str) {
    match is_word(name) {
        true => out.push_str(name),
        false => string(out, name.as_bytes()),
    }
}

/// A symbol's name, after the `@`.
pub(super) fn symbol(out: &mut String, name: &str) {
    key(out, name);
}
