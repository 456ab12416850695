//! Where in the user's program an operation comes from.

use std::fmt;

/// Names a location in [`Locations`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct LocId(pub u32);

impl LocId {
    /// The unknown location, present in every table.
    pub const UNKNOWN: LocId = LocId(0);
}

/// A source location.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Location {
    /// Not known.
    Unknown,
    /// A position in a file; the column may be 0.
    File {
        /// File name.
        file: String,
        /// Line, from 1.
        line: u32,
        /// Column, from 1.
        column: u32,
    },
    /// A name such as `jit(f)/dot_general` around another location.
    Named {
        /// The name.
        name: String,
        /// What it names.
        child: LocId,
    },
    /// A call.
    CallSite {
        /// Location in the function called.
        callee: LocId,
        /// Location of the call.
        caller: LocId,
    },
    /// Several locations as one.
    Fused(Vec<LocId>),
}

/// The locations of a module. Equal modules need not have equal tables.
#[derive(Clone, Debug)]
pub struct Locations {
    entries: Vec<Location>,
}

impl Default for Locations {
    fn default() -> Self {
        Locations { entries: vec![Location::Unknown] }
    }
}

impl Locations {
    /// Adds a location.
    pub fn add(&mut self, location: Location) -> LocId {
        self.entries.push(location);
        LocId((self.entries.len() - 1) as u32)
    }

    /// The location of this id; unknown ids give the unknown location.
    pub fn get(&self, id: LocId) -> &Location {
        self.entries.get(id.0 as usize).unwrap_or(&Location::Unknown)
    }

    /// The innermost user position as `file:line`, with the outermost name before it, for messages.
    pub fn describe(&self, id: LocId) -> String {
        let mut found = Description::default();
        self.visit(id, 0, &mut found);
        match (found.name, found.position) {
            (Some(name), Some(position)) => format!("{position} ({name})"),
            (Some(name), None) => name,
            (None, Some(position)) => position,
            (None, None) => "an unknown location".to_owned(),
        }
    }

    fn visit(&self, id: LocId, depth: u32, found: &mut Description) {
        // Locations may share parts, so that the tree they describe is far larger than the table.
        const DEEPEST: u32 = 64;
        const MOST_VISITS: u32 = 1000;
        found.visits += 1;
        let enough = found.name.is_some() && found.position.is_some();
        if enough || depth > DEEPEST || found.visits > MOST_VISITS {
            return;
        }
        match self.get(id) {
            Location::Unknown => {}
            Location::File { file, line, .. } => {
                found.position.get_or_insert_with(|| format!("{file}:{line}"));
            }
            Location::Named { name, child } => {
                found.name.get_or_insert_with(|| name.clone());
                self.visit(*child, depth + 1, found);
            }
            Location::CallSite { callee, caller } => {
                self.visit(*callee, depth + 1, found);
                self.visit(*caller, depth + 1, found);
            }
            Location::Fused(parts) => parts.iter().for_each(|&part| self.visit(part, depth + 1, found)),
        }
    }
}

#[derive(Default)]
struct Description {
    name: Option<String>,
    position: Option<String>,
    visits: u32,
}

impl fmt::Display for LocId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "loc{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn describes_name_and_position() {
        let mut table = Locations::default();
        let file = table.add(Location::File { file: "model.py".into(), line: 41, column: 3 });
        let call = table.add(Location::CallSite { callee: file, caller: LocId::UNKNOWN });
        let named = table.add(Location::Named { name: "jit(f)/add".into(), child: call });
        assert_eq!(table.describe(named), "model.py:41 (jit(f)/add)");
        assert_eq!(table.describe(LocId(99)), "an unknown location");
    }
}
