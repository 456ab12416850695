//! Every function passes naga's validator and becomes SPIR-V and MSL.

use naga::back::{msl, spv};
use naga::valid::{Capabilities, ValidationFlags, Validator};

use super::super::Functions;
use super::super::functions::names;

/// A shader around some text.
pub(super) fn shader(text: &str) -> String {
    format!(
        "@group(0) @binding(0) var<storage, read_write> b0: array<u32>;\n\
         struct Args {{ at0: u32 }}\nvar<immediate> args: Args;\n{text}\n\
         @compute @workgroup_size(64) fn main() {{ b0[args.at0] = 0u; }}\n"
    )
}

/// Parses, validates and translates; returns the MSL.
pub(super) fn translate(source: &str) -> String {
    let module =
        naga::front::wgsl::parse_str(source).unwrap_or_else(|e| panic!("{}", e.emit_to_string(source)));
    let info = Validator::new(ValidationFlags::all(), Capabilities::all())
        .validate(&module)
        .unwrap_or_else(|e| panic!("{}", e.emit_to_string(source)));
    let options = spv::Options { lang_version: (1, 3), ..spv::Options::default() };
    spv::write_vec(&module, &info, &options, None).unwrap_or_else(|e| panic!("SPIR-V: {e}\n{source}"));
    let options =
        msl::Options { lang_version: (3, 0), fake_missing_bindings: true, ..msl::Options::default() };
    let pipeline = msl::PipelineOptions::default();
    msl::write_string(&module, &info, &options, &pipeline).unwrap_or_else(|e| panic!("MSL: {e}\n{source}")).0
}

#[test]
fn every_function_translates() {
    for name in names() {
        let mut functions = Functions::default();
        functions.require(name);
        translate(&shader(&functions.source()));
    }
}
