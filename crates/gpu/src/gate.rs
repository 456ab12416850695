//! Loops and branches that the device decides.
//!
//! The host cannot know whether an iteration happens without waiting for the device. So it records several: after the
//! condition a *gate* writes the grids of the launches of the next iteration, or zeros, to a buffer from which those
//! launches take them. Once a batch is recorded the host reads how many iterations there were, and whether to go on.
//! Branches are recorded all, behind one gate that lets one of them through.

use std::sync::Arc;

use plan::{EngineError, SlotId, SlotTable};

use crate::command;
use crate::device::Device;
use crate::engine::Action;
use crate::pipelines::{Pipeline, Pipelines};
use crate::shader::Shader;

/// Most launches behind one gate.
pub(crate) const MOST_LAUNCHES: usize = 512;

/// Launches in one batch of iterations: bounds what is recorded in vain.
const BATCH_LAUNCHES: usize = 2048;

/// Iterations in the first batch, and in the largest.
const BATCH: std::ops::RangeInclusive<usize> = 4..=64;

/// Bytes of a launch in the buffer of grids.
pub(crate) const GRID_BYTES: u64 = 12;

/// What a gate decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// One of so many branches.
    Case { branches: u32 },
    /// The first iteration of a loop.
    First,
    /// A later one.
    Next,
}

impl Mode {
    /// Parameters of the shader: its mode, and the number of branches.
    pub(crate) fn parameters(self) -> [u32; 2] {
        match self {
            Mode::Case { branches } => [0, branches],
            Mode::First => [1, 0],
            Mode::Next => [2, 0],
        }
    }
}

/// A gate before launches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Gate {
    /// Where its table is among the plan's: the state of a loop, then a row a launch.
    pub(crate) table: u64,
    /// Launches behind it.
    pub(crate) launches: u32,
}

impl Gate {
    /// A gate before the first of these blocks that passes for `choice` 0, and so on; its table is appended. None if the
    /// blocks hold what cannot be gated.
    pub(crate) fn new<'a>(
        blocks: impl IntoIterator<Item = (&'a [Action], u32)>,
        max_grid: u32,
        tables: &mut Vec<u8>,
    ) -> Option<Gate> {
        let mut rows = Vec::new();
        for (actions, choice) in blocks {
            collect(actions, choice, max_grid, &mut rows)?;
        }
        let table = tables.len().next_multiple_of(64);
        tables.resize(table, 0);
        tables.extend([0; 16]);
        tables.extend(rows.iter().flatten().flat_map(|word| word.to_le_bytes()));
        Some(Gate { table: table as u64, launches: rows.len() as u32 })
    }

    /// Iterations in the first batch and in the largest.
    pub(crate) fn batches(&self) -> (usize, usize) {
        let most = (BATCH_LAUNCHES / (self.launches as usize + 1)).clamp(1, *BATCH.end());
        (most.min(*BATCH.start()), most)
    }
}

/// Rows of the launches of these actions in the order in which they are recorded.
fn collect(actions: &[Action], choice: u32, max_grid: u32, rows: &mut Vec<[u32; 4]>) -> Option<()> {
    for action in actions {
        match action {
            Action::Launch(launch) => {
                let [x, y, z] = launch.grid;
                rows.push([x, y, z, choice]);
            }
            Action::Copy { bytes, .. } => {
                let [x, y, z] = copy_grid(*bytes, max_grid)?;
                rows.push([x, y, z, choice]);
            }
            Action::Swap(..) => {}
            Action::Repeat { count, body } => {
                for _ in 0..*count {
                    let before = rows.len();
                    collect(body, choice, max_grid, rows)?;
                    if rows.len() == before {
                        // Nothing but swaps, perhaps very many.
                        return None;
                    }
                }
            }
            Action::Upload { .. } | Action::Download { .. } | Action::While { .. } | Action::Case { .. } => {
                return None;
            }
        }
        if rows.len() > MOST_LAUNCHES {
            return None;
        }
    }
    Some(())
}

/// The grid of a copy of so many bytes.
pub(crate) fn copy_grid(bytes: u64, max_grid: u32) -> Option<[u32; 3]> {
    command::grid(bytes.div_ceil(16).div_ceil(256), max_grid)
}

/// Whether slots change their memory in these actions.
pub(crate) fn swaps(actions: &[Action]) -> bool {
    actions.iter().any(|action| match action {
        Action::Swap(..) => true,
        Action::Repeat { body, .. } => swaps(body),
        _ => false,
    })
}

/// Takes back the last `iterations` times that these slots were exchanged.
pub(crate) fn undo(slots: &mut SlotTable, swaps: &[(SlotId, SlotId)], iterations: usize) {
    for _ in 0..iterations {
        for &(a, b) in swaps.iter().rev() {
            slots.swap(a, b);
        }
    }
}

fn shader() -> Shader {
    Shader {
        name: "gate",
        source: include_str!("../shaders/gate.wgsl").into(),
        bindings: 3,
        parameters: 3,
        unchecked: true,
    }
}

/// The shader of gates and the buffer of grids that it writes. What is recorded runs in order, so all gates share it.
pub(crate) struct Gates {
    pub(crate) pipeline: Arc<Pipeline>,
    pub(crate) grids: wgpu::Buffer,
}

impl Gates {
    pub(crate) fn new(device: &Device, pipelines: &Pipelines) -> Result<Self, EngineError> {
        let pipeline = pipelines.get(&[Arc::new(shader())])?.remove(0);
        let grids = device.device.create_buffer(&wgpu::BufferDescriptor {
            label: None,
            size: GRID_BYTES * MOST_LAUNCHES as u64,
            usage: wgpu::BufferUsages::STORAGE | wgpu::BufferUsages::INDIRECT,
            mapped_at_creation: false,
        });
        Ok(Gates { pipeline, grids })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::features::Features;
    use crate::translate::translate;

    fn copy(bytes: u64) -> Action {
        Action::Copy { from: SlotId(0), to: SlotId(1), at: 0, bytes }
    }

    #[test]
    fn the_shader_is_valid() {
        translate(&shader(), &Features::least()).expect("valid");
    }

    #[test]
    fn a_row_for_each_launch_after_the_state() {
        let branches = [vec![copy(16)], vec![Action::Repeat { count: 2, body: vec![copy(8192)] }]];
        let mut tables = vec![9; 5];
        let gate = Gate::new(branches.iter().map(|branch| &branch[..]).zip(0..), 65535, &mut tables);
        assert_eq!(gate, Some(Gate { table: 64, launches: 3 }));
        let words: Vec<u32> = tables[64..].chunks(4).map(|word| u32::from(word[0])).collect();
        assert_eq!(words, [0, 0, 0, 0, 1, 1, 1, 0, 2, 1, 1, 1, 2, 1, 1, 1]);
    }

    #[test]
    fn not_everything_can_be_gated() {
        let nested = Action::Case { index: SlotId(0), branches: Vec::new(), gate: None };
        let swap = Action::Swap(SlotId(0), SlotId(1));
        let repeat = |count, body| Action::Repeat { count, body };
        for action in [nested, repeat(u64::MAX, vec![swap]), repeat(u64::MAX, vec![copy(16)])] {
            let mut tables = Vec::new();
            assert_eq!(Gate::new([(&[action][..], 1)], 65535, &mut tables), None);
            assert!(tables.is_empty());
        }
    }

    #[test]
    fn batches_are_bounded_by_their_launches() {
        let batches = |launches| Gate { table: 0, launches }.batches();
        assert_eq!([batches(0), batches(3), batches(99), batches(512)], [(4, 64), (4, 64), (4, 20), (3, 3)]);
    }
}
