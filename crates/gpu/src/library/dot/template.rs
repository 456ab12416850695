//! Shaders from WGSL files with slots.
//!
//! `$NAME` is the value of a slot. Lines that begin with `//@` choose and repeat text:
//!
//! ```wgsl
//! //@ for i in $ROWS        repeats what follows with $i = 0, 1, ... (a slot or a number says how often)
//! //@ if $MODE == wide      keeps what follows if both sides are equal text (`!=`: if not)
//! //@ else
//! //@ end
//! ```
//!
//! Loops are written out because no shading language here promises to unroll, and arrays in registers need it.

use std::fmt::Display;

/// Names and values of slots.
#[derive(Clone, Debug, Default)]
pub(in crate::library) struct Slots(Vec<(String, String)>);

impl Slots {
    /// Adds a slot.
    pub fn set(&mut self, name: impl Into<String>, value: impl Display) -> &mut Self {
        self.0.push((name.into(), value.to_string()));
        self
    }

    /// The text with slots filled; the longest name that fits counts.
    fn fill(&self, line: &str) -> String {
        let mut parts = line.split('$');
        let mut out = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let slot = self.0.iter().rev().filter(|(name, _)| part.starts_with(name.as_str()));
            // Of equal names the latest counts: inner loops shadow outer ones.
            let (name, value) = slot
                .reduce(|best, other| if other.0.len() > best.0.len() { other } else { best })
                .unwrap_or_else(|| panic!("no slot for `${part}` in `{line}`"));
            out.push_str(value);
            out.push_str(&part[name.len()..]);
        }
        out
    }

    /// Prints a file.
    ///
    /// # Panics
    /// If it names a slot that has no value, or its directives do not nest.
    pub fn print(&self, text: &str) -> String {
        let lines: Vec<&str> = text.lines().collect();
        let mut out = String::with_capacity(2 * text.len());
        self.clone().block(&lines, &mut out);
        out
    }

    fn block(&mut self, lines: &[&str], out: &mut String) {
        let mut at = 0;
        while at < lines.len() {
            let Some(directive) = lines[at].trim_start().strip_prefix("//@ ") else {
                if !lines[at].trim_start().starts_with("//") {
                    out.push_str(&self.fill(lines[at]));
                    out.push('\n');
                }
                at += 1;
                continue;
            };
            let (middle, end) = extent(lines, at);
            let words: Vec<String> = directive.split_whitespace().map(|word| self.fill(word)).collect();
            match words.iter().map(String::as_str).collect::<Vec<_>>()[..] {
                ["for", variable, "in", count] => {
                    let count: usize = count.parse().expect("a loop counts to a number");
                    for i in 0..count {
                        self.set(variable, i);
                        self.block(&lines[at + 1..end], out);
                        self.0.pop();
                    }
                }
                ["if", left, relation @ ("==" | "!="), right] => {
                    let kept = if (left == right) == (relation == "==") {
                        at + 1..middle.unwrap_or(end)
                    } else {
                        middle.map_or(end, |middle| middle + 1)..end
                    };
                    self.block(&lines[kept], out);
                }
                _ => panic!("`{directive}` is no directive"),
            }
            at = end + 1;
        }
    }
}

/// Where the directive at a line has its `else` and its `end`.
fn extent(lines: &[&str], start: usize) -> (Option<usize>, usize) {
    let (mut depth, mut middle) = (0, None);
    for (at, line) in lines.iter().enumerate().skip(start) {
        let directive = line.trim_start().strip_prefix("//@ ").unwrap_or_default();
        match directive.split_whitespace().next() {
            Some("for" | "if") => depth += 1,
            Some("else") if depth == 1 => middle = Some(at),
            Some("end") => {
                depth -= 1;
                if depth == 0 {
                    return (middle, at);
                }
            }
            _ => {}
        }
    }
    panic!("`{}` has no end", lines[start]);
}

#[test]
fn loops_nest_and_conditions_choose() {
    let mut slots = Slots::default();
    slots.set("N", 2).set("NAME", "x").set("MODE", "wide");
    let text = "a $NAME\n//@ for i in $N\n//@ for j in 2\nv_$i_$j $N\n//@ end\n//@ end\n\
        //@ if $MODE == wide\nyes\n//@ else\nno\n//@ end\n//@ if $MODE != wide\nnever\n//@ end\n";
    assert_eq!(slots.print(text), "a x\nv_0_0 2\nv_0_1 2\nv_1_0 2\nv_1_1 2\nyes\n");
}
