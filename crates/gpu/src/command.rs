//! What a prepared step does, as data.

use std::sync::Arc;

use plan::SlotId;
use smallvec::SmallVec;

use crate::features::Features;
use crate::shader::Shader;

/// One action on the device's stream; each sees the effects of those before.
#[expect(clippy::large_enum_variant, reason = "launches are common; boxing each costs more than the room")]
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Runs a shader.
    Launch(Launch),
    /// Copies bytes of one array to the same place in another; the arrays do not overlap, or are the same.
    Copy {
        /// Source.
        from: SlotId,
        /// Target.
        to: SlotId,
        /// The first of the bytes, a multiple of 64.
        at: u64,
        /// Length; fits a window of a binding.
        bytes: u64,
    },
    /// Exchanges the memory of two slots.
    Swap(SlotId, SlotId),
    /// Runs the body a known number of times.
    Repeat {
        /// How often.
        count: u64,
        /// One iteration.
        body: Vec<Command>,
    },
    /// Repeats `body` while `condition` leaves true in `predicate`.
    While {
        /// Computes the predicate.
        condition: Vec<Command>,
        /// A `bool` scalar.
        predicate: SlotId,
        /// One iteration.
        body: Vec<Command>,
    },
    /// Runs the branch that an i32 scalar selects; out of range the last.
    Case {
        /// The selector.
        index: SlotId,
        /// The branches.
        branches: Vec<Vec<Command>>,
    },
}

/// One launch of a shader.
#[derive(Clone, Debug, PartialEq)]
pub struct Launch {
    /// What runs.
    pub shader: Arc<Shader>,
    /// What is bound, in order.
    pub bindings: SmallVec<[Bound; 8]>,
    /// Values of the shader's parameters.
    pub parameters: SmallVec<[u32; 8]>,
    /// Workgroups in each dimension; never 0.
    pub grid: [u32; 3],
    /// Estimated work: bytes moved or, where that is more, operations over ten. Bounds what is submitted at once.
    pub work: u64,
}

/// An array that a launch uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Bound {
    /// Which.
    pub memory: Memory,
    /// Bytes of an element of the type that the shader declares: the offset is counted in these. 1, 2, 4, 8 or 16.
    pub unit: u32,
}

/// Memory of a launch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Memory {
    /// An array of the plan.
    Slot(SlotId),
    /// An array of the plan from this byte on, a multiple of 64: of arrays that are larger than a binding.
    Window(SlotId, u64),
    /// Bytes of the engine's scratch memory from this offset, a multiple of 64. Its contents last from launch to
    /// launch of one step.
    Scratch(u64),
    /// Bytes of the step's own tables from this offset, a multiple of 64 (see `Lowered::tables`).
    Table(u64),
}

impl Memory {
    /// The same memory from a byte on, a multiple of 64.
    pub fn from_byte(self, byte: u64) -> Self {
        match self {
            memory if byte == 0 => memory,
            Memory::Slot(slot) => Memory::Window(slot, byte),
            Memory::Window(slot, at) => Memory::Window(slot, at + byte),
            Memory::Scratch(at) => Memory::Scratch(at + byte),
            Memory::Table(at) => Memory::Table(at + byte),
        }
    }
}

/// The copies of an array, in pieces that fit a binding.
pub fn copies(from: SlotId, to: SlotId, bytes: u64, features: &Features) -> impl Iterator<Item = Command> {
    let most = if bytes <= features.max_binding_bytes { bytes.max(1) } else { features.window_bytes() };
    let pieces = (0..bytes.max(1)).step_by(most as usize);
    pieces.map(move |at| Command::Copy { from, to, at, bytes: most.min(bytes - at) })
}

/// The grid for a number of workgroups: one dimension if it fits, else two of about the same number in all. Shaders
/// compute `group = id.y * num_workgroups.x + id.x` and ignore those past the number, which they know.
pub fn grid(groups: u64, max: u32) -> Option<[u32; 3]> {
    let (groups, max) = (groups.max(1), u64::from(max));
    let y = groups.div_ceil(max);
    let x = groups.div_ceil(y);
    (y <= max).then_some([x as u32, y as u32, 1])
}

/// Calls `f` on every launch, nested ones included.
pub fn visit_launches(commands: &mut [Command], f: &mut impl FnMut(&mut Launch)) {
    for command in commands {
        match command {
            Command::Launch(launch) => f(launch),
            Command::Copy { .. } | Command::Swap(..) => {}
            Command::Repeat { body, .. } => visit_launches(body, f),
            Command::While { condition, body, .. } => {
                visit_launches(condition, f);
                visit_launches(body, f);
            }
            Command::Case { branches, .. } => {
                branches.iter_mut().for_each(|branch| visit_launches(branch, f));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grids_hold_their_groups_and_few_more() {
        for groups in [0, 1, 7, 65535, 65536, 65537, 131_070, 131_071, 10_000_019] {
            let [x, y, z] = grid(groups, 65535).expect("it fits");
            let made = u64::from(x) * u64::from(y);
            assert!(made >= groups.max(1) && made < groups.max(1) + u64::from(y), "{groups}: {x} x {y}");
            assert!(x <= 65535 && z == 1);
        }
        assert_eq!(grid(1 << 32, 65535), None);
    }
}
