//! The WGSL functions of `shaders/shared`, found by name.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::OnceLock;

/// Files of `shaders/shared` without their comments, which would only take room in the library.
macro_rules! shared {
    ($($name:literal),* $(,)?) => { &[$({
        const TEXT: &[u8] = include_bytes!(concat!("../../shaders/shared/", $name, ".wgsl"));
        const LEN: usize = code::<{ TEXT.len() }>(TEXT).1;
        const CODE: [u8; LEN] = code::<LEN>(TEXT).0;
        match std::str::from_utf8(&CODE) {
            Ok(code) => code,
            Err(_) => panic!("shaders are ASCII"),
        }
    }),*] };
}

/// The files, a family each. Their items are `fn`, `const` and `struct` that begin a line.
const FILES: &[&str] = shared![
    "bits",
    "integer",
    "wide",
    "real",
    "convert",
    "narrow",
    "exp",
    "log",
    "trig",
    "hyperbolic",
    "error",
    "power",
    "half",
];

/// The files that serve f64 too.
const FILES_BOTH: &[&str] = shared!["pair", "sum", "complex"];

/// The files for devices that have f64. Nothing in [`FILES`] needs their items.
const FILES_F64: &[&str] = shared![
    "f64/bits",
    "f64/real",
    "f64/convert",
    "f64/exp",
    "f64/log",
    "f64/trig",
    "f64/hyperbolic",
    "f64/error",
    "f64/power",
    "f64/complex",
];

/// What is left of a text without comments, spaces at ends of lines and empty lines, and its length; as much of it as
/// there is room for.
const fn code<const N: usize>(text: &[u8]) -> ([u8; N], usize) {
    let mut code = [0; N];
    // Where the line begins, where it ends so far, and where the next byte goes.
    let (mut start, mut end, mut to) = (0, 0, 0);
    let mut comment = false;
    let mut at = 0;
    while at < text.len() {
        let byte = text[at];
        comment |= byte == b'/' && at + 1 < text.len() && text[at + 1] == b'/';
        if byte == b'\n' {
            if end > start {
                if end < N {
                    code[end] = byte;
                }
                end += 1;
            }
            (start, to, comment) = (end, end, false);
        } else if !comment {
            if to < N {
                code[to] = byte;
            }
            to += 1;
            if byte != b' ' {
                end = to;
            }
        }
        at += 1;
    }
    (code, end)
}

/// WGSL functions that printed expressions call, gathered in order.
///
/// Their text refers to `args.at0`: see the [module](super) for why.
#[derive(Clone, Debug, Default)]
pub struct Functions {
    items: Vec<(Cow<'static, str>, Cow<'static, str>)>,
}

impl Functions {
    /// The text of the functions, constants and structs, each once.
    pub fn source(&self) -> String {
        self.items.iter().flat_map(|(_, text)| [text.as_ref(), "\n"]).collect()
    }

    /// Adds an item of the shared files with everything that it needs.
    ///
    /// # Panics
    /// If there is no such item: a mistake in this crate.
    pub(crate) fn require(&mut self, name: &str) {
        if self.has(name) {
            return;
        }
        let (name, item) =
            library().get_key_value(name).unwrap_or_else(|| panic!("shared shaders have no item `{name}`"));
        item.needs.iter().for_each(|needed| self.require(needed));
        self.items.push(((*name).into(), item.text.as_str().into()));
    }

    /// Whether the shared files have an item.
    pub(super) fn exists(name: &str) -> bool {
        library().contains_key(name)
    }

    /// Adds a function printed at run time, whose text names it and what it defines by `$`; returns its name.
    pub(super) fn define(&mut self, prefix: &str, text: &str) -> String {
        let named = |name: &str| text.replace('$', name);
        let mut count = 0;
        loop {
            let name = format!("{prefix}{count}");
            match self.items.iter().find(|(item, _)| *item == name) {
                Some((_, known)) if *known == named(&name) => return name,
                Some(_) => count += 1,
                None => {
                    self.items.push((name.clone().into(), named(&name).into()));
                    return name;
                }
            }
        }
    }

    fn has(&self, name: &str) -> bool {
        self.items.iter().any(|(item, _)| item == name)
    }
}

/// An item of the shared files.
struct Item {
    text: String,
    /// Items whose names occur in the text.
    needs: Vec<&'static str>,
}

/// The items of all files by name.
fn library() -> &'static HashMap<&'static str, Item> {
    static LIBRARY: OnceLock<HashMap<&'static str, Item>> = OnceLock::new();
    LIBRARY.get_or_init(|| {
        let items: Vec<(&'static str, String)> = items().chain(items_f64()).collect();
        let names: HashMap<&str, usize> = items.iter().enumerate().map(|(i, (name, _))| (*name, i)).collect();
        let needs = |own: &str, text: &str| {
            let mut needs: Vec<&'static str> = Vec::new();
            for word in words(text) {
                if let Some(&at) = names.get(word) {
                    let name = items[at].0;
                    if name != own && !needs.contains(&name) {
                        needs.push(name);
                    }
                }
            }
            needs
        };
        items
            .iter()
            .map(|(name, text)| (*name, Item { text: text.clone(), needs: needs(name, text) }))
            .collect()
    })
}

/// The items of [`FILES`] and of [`FILES_BOTH`].
pub(super) fn items() -> impl Iterator<Item = (&'static str, String)> {
    FILES.iter().chain(FILES_BOTH).flat_map(|file| parse(file))
}

/// The items of [`FILES_F64`], and those of [`FILES_BOTH`] in f64, but for constants.
pub(super) fn items_f64() -> impl Iterator<Item = (&'static str, String)> {
    let both = FILES_BOTH.iter().flat_map(|file| parse(file)).filter(|(_, text)| !text.starts_with("const "));
    let long = both.map(|(name, text)| (&*String::leak(in_f64(name)), in_f64(&text)));
    FILES_F64.iter().flat_map(|file| parse(file)).chain(long)
}

/// A text on f32 and complex numbers of it, in f64.
fn in_f64(text: &str) -> String {
    let mut long = String::new();
    let mut rest = text;
    while let Some(start) = rest.find(is_word) {
        let (before, from) = rest.split_at(start);
        let (word, after) = from.split_at(from.find(|c| !is_word(c)).unwrap_or(from.len()));
        long += before;
        let digits = word.starts_with(|c: char| c.is_ascii_digit());
        match word.strip_suffix('f').filter(|_| digits) {
            Some(digits) => long.extend([digits, "lf"]),
            None => match word {
                "LN2" | "HALF_PI" => long.extend(["F64_", word]),
                "sqrt" => long += "f64_sqrt",
                _ => long += &word.replace("f32", "f64").replace("F32", "F64").replace("c64", "c128"),
            },
        }
        rest = after;
    }
    long + rest
}

fn is_word(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// Cuts a file into items: name and text.
fn parse(file: &'static str) -> Vec<(&'static str, String)> {
    let mut items: Vec<(&'static str, String)> = Vec::new();
    for code in file.lines() {
        let header = ["fn ", "const ", "struct "].iter().find_map(|keyword| code.strip_prefix(keyword));
        match (header, items.last_mut()) {
            (Some(rest), _) => items.push((words(rest).next().unwrap_or(""), code.to_owned())),
            (None, Some((_, text))) => {
                text.push('\n');
                text.push_str(code);
            }
            (None, None) => {}
        }
    }
    items
}

/// The identifiers and numbers of a text.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c| !is_word(c)).filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_are_left_out() {
        let text = b"// head\n\nfn f() { // why\n    return 1 / 2;\n}  \n";
        let (whole, len) = code::<64>(text);
        assert_eq!(std::str::from_utf8(&whole[..len]), Ok("fn f() {\n    return 1 / 2;\n}\n"));
    }

    #[test]
    fn complex_numbers_are_said_in_f64() {
        let text = "fn c64_f(z: vec2<f32>) -> f32 { return f32_keep(sqrt(z.x)) + 1.5e-3f * LN2; }";
        let long = "fn c128_f(z: vec2<f64>) -> f64 { return f64_keep(f64_sqrt(z.x)) + 1.5e-3lf * F64_LN2; }";
        assert_eq!(in_f64(text), long);
    }

    #[test]
    fn names_are_unique() {
        let mut seen = std::collections::HashSet::new();
        for (name, _) in items().chain(items_f64()) {
            assert!(seen.insert(name), "{name} is defined twice");
        }
    }

    #[test]
    fn each_item_comes_once_after_what_it_needs() {
        let mut functions = Functions::default();
        functions.require("f32_divide");
        functions.require("f32_value");
        let source = functions.source();
        assert_eq!(source.matches("fn f32_value(").count(), 1);
        assert!(source.find("fn f32_value(") < source.find("fn f32_divide("));
    }
}
