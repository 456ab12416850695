//! Arrays that are larger than a binding and that a launch needs as a whole: bound piece by piece.
//!
//! ```wgsl
//! fn load_b0(i: u32) -> f32 {
//!   if (i < 1024u) { return b0[args.at0 + i]; }
//!   return b0_1[args.at3 + i - 1024u];
//! }
//! ```

use std::fmt::Write;

/// How a binding continues in others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pieces {
    /// Name of the binding of the first piece; the others are `b0_1` and so on.
    pub name: String,
    /// Type of a declared element.
    pub element: String,
    /// Whether they are declared as atomics.
    pub atomic: bool,
    /// Declared elements of a piece.
    pub each: u64,
    /// Numbers of the bindings.
    pub bindings: Vec<usize>,
}

impl Pieces {
    /// Name of a piece.
    pub fn name(&self, piece: usize) -> String {
        if piece == 0 { self.name.clone() } else { format!("{}_{piece}", self.name) }
    }

    /// The functions that access elements.
    pub fn functions(&self) -> String {
        let (name, element) = (&self.name, &self.element);
        let mut text = String::new();
        let load: fn(&str) -> String = match self.atomic {
            true => |at| format!("return atomicLoad(&{at});"),
            false => |at| format!("return {at};"),
        };
        self.function(&mut text, &format!("load_{name}(i: u32) -> {element}"), load);
        let store: fn(&str) -> String = match self.atomic {
            true => |at| format!("atomicStore(&{at}, x); return;"),
            false => |at| format!("{at} = x; return;"),
        };
        self.function(&mut text, &format!("store_{name}(i: u32, x: {element})"), store);
        if self.atomic {
            let and = |at: &str| format!("atomicAnd(&{at}, x); return;");
            self.function(&mut text, &format!("and_{name}(i: u32, x: {element})"), and);
            let or = |at: &str| format!("atomicOr(&{at}, x); return;");
            self.function(&mut text, &format!("or_{name}(i: u32, x: {element})"), or);
        }
        text
    }

    /// A function that does something with the place of an element.
    fn function(&self, text: &mut String, head: &str, with: impl Fn(&str) -> String) {
        writeln!(text, "fn {head} {{").expect("strings take text");
        let last = self.bindings.len() - 1;
        for (piece, binding) in self.bindings.iter().enumerate() {
            let before = piece as u64 * self.each;
            let shift = if piece == 0 { String::new() } else { format!(" - {before}u") };
            let done = with(&format!("{}[args.at{binding} + i{shift}]", self.name(piece)));
            match piece {
                piece if piece == last => writeln!(text, "  {done}"),
                _ => writeln!(text, "  if (i < {}u) {{ {done} }}", before + self.each),
            }
            .expect("strings take text");
        }
        text.push_str("}\n");
    }
}

/// Expression of the declared element at an index of an array in pieces.
pub fn load(array: &str, index: &str) -> String {
    format!("load_{array}({index})")
}

/// Statement that sets a declared element.
pub fn store(array: &str, index: &str, value: &str) -> String {
    format!("store_{array}({index}, {value});")
}

/// Statement that changes a word: `and` or `or`.
pub fn change(array: &str, op: &str, index: &str, value: &str) -> String {
    format!("{op}_{array}({index}, {value});")
}
