//! Programs as StableHLO text that MLIR reads back.
//!
//! The same module always prints the same text. Values are numbered in the order in which they are
//! printed, so the arena's numbering does not show. Most operations have their pretty form, the rest the
//! generic one; attributes that have their defaults are left out.
//!
//! | file | what it prints |
//! |---|---|
//! | `function` | functions, regions, the names of values |
//! | `operation` | operations: the pretty forms of [`crate::text`]'s table, others, the generic form |
//! | `inherent` | attributes of ops, from their flat names to StableHLO's structured ones |
//! | `attribute`, `literal`, `shardy` | attribute values |

mod attribute;
mod function;
mod inherent;
mod literal;
mod operation;
mod shardy;

use std::fmt::{self, Write as _};

use crate::Module;
use function::Printer;

/// How to print.
#[derive(Clone, Copy, Debug, Default)]
pub struct Options {
    /// Tensors with more elements than this are printed without them, for people. The text cannot be read
    /// back then.
    pub elide_above: Option<usize>,
}

/// The text of a program.
pub fn module(module: &Module) -> String {
    module_with(module, Options::default())
}

/// The text of a program, printed as the options say.
pub fn module_with(module: &Module, options: Options) -> String {
    let mut out = String::from("module ");
    if !module.name.is_empty() {
        out.push('@');
        attribute::symbol(&mut out, &module.name);
        out.push(' ');
    }
    // Writing to a string does not fail.
    let _ = write!(
        out,
        "attributes {{mhlo.num_partitions = {} : i32, mhlo.num_replicas = {} : i32",
        module.num_partitions, module.num_replicas
    );
    for (name, value) in module.attributes.iter() {
        out.push_str(", ");
        attribute::named(&mut out, name, value, options);
    }
    out.push_str("} {\n");
    for (name, mesh) in &module.meshes {
        out.push_str("  sdy.mesh @");
        attribute::symbol(&mut out, name);
        out.push_str(" = ");
        shardy::mesh(&mut out, mesh);
        out.push('\n');
    }
    for function in &module.functions {
        Printer::new(&mut out, function, options).function();
    }
    out.push_str("}\n");
    out
}

impl fmt::Display for Module {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&module(self))
    }
}
