//! Damaged text is an error or another program, never a panic.

use stablehlo::{print, text};

use crate::fixtures;

/// Pieces that damage text in interesting places.
const PIECES: &[&str] = &[
    "%",
    "\"",
    "<",
    ">",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "-",
    "0x",
    "99999999999999999999",
    "-1",
    "?",
    "#",
    "@",
    "é",
    "tensor<",
    "dense<",
    ":",
    "x",
    "\\",
    "\n",
    "i1",
    "complex<f32>",
    "^bb",
    "array<i64",
    "loc(",
    "%0#7",
    ":9",
];

/// A xorshift generator: the same damage every time.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound.max(1) as u64) as usize
    }

    /// A position between two characters.
    fn position(&mut self, text: &str) -> usize {
        let at = self.below(text.len() + 1);
        (0..=at).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0)
    }
}

/// Reads text that may be anything; what can be read can be printed and read again.
fn read(source: &str) {
    if let Ok(module) = text::read(source) {
        let printed = print::module(&module);
        text::read(&printed).unwrap_or_else(|error| panic!("{error}\n{printed}\nfrom\n{source}"));
    }
}

#[test]
fn cut_anywhere() {
    for (_, source) in fixtures() {
        let step = source.len() / 60 + 1;
        for end in (0..source.len()).step_by(step).filter(|&end| source.is_char_boundary(end)) {
            assert!(text::read(&source[..end]).is_err() || source[end..].trim().is_empty() || end == 0);
        }
    }
}

#[test]
fn changed_anywhere() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for (_, source) in fixtures() {
        for _ in 0..60 {
            let mut changed = source.clone();
            for _ in 0..1 + random.below(3) {
                let from = random.position(&changed);
                let to = random.position(&changed).clamp(from, changed.len().min(from + 12));
                let to = (from..=to).rev().find(|&at| changed.is_char_boundary(at)).unwrap_or(from);
                let piece = PIECES[random.below(PIECES.len())];
                match random.below(3) {
                    0 => changed.insert_str(from, piece),
                    1 => changed.replace_range(from..to, ""),
                    _ => changed.replace_range(from..to, piece),
                }
            }
            read(&changed);
        }
    }
}
