//! How a kernel's rows and inner indices are spread over threads.

use plan::Kernel;

use super::lanes::Lanes;
use crate::features::Features;
use crate::lower::Refusal;

/// A way to run a kernel. A *point* is what one team of threads computes at a time: a row, or `lanes.width`
/// neighbouring rows where the lanes lie along rows.
///
/// ```text
/// workgroup = points x team threads        each member folds, or maps, every team-th inner index of the point
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Schedule {
    /// The lanes of a thread.
    pub lanes: Lanes,
    /// Whether the last lanes may lie behind the last row.
    pub ragged: bool,
    /// Threads of a workgroup: `points * team`.
    pub threads: u32,
    /// Threads that share a point; a power of two.
    pub team: u32,
    /// Whether the members of a team are neighbouring threads; else the points are.
    pub members_first: bool,
    /// Points that a thread computes one after the other; 1 where a team has several members.
    pub repeat: u32,
    /// Workgroups that share a point; more than 1 where partial folds are left to another launch.
    pub split: u32,
    /// Where each row-local array lies.
    pub scratch: Vec<Placement>,
}

/// Where a row-local array lies. Each thread reads only elements that it wrote itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Placement {
    /// An array of the thread.
    Private,
    /// Workgroup memory.
    Workgroup,
    /// Scratch memory of the device.
    Memory,
}

impl Schedule {
    /// Points of a workgroup at a time.
    pub fn points(&self) -> u32 {
        self.threads / self.team
    }
}

/// Threads of a workgroup.
const THREADS: u32 = 256;

/// The schedule of a kernel; `lengths` are those of its arrays, inputs first.
pub(super) fn choose(kernel: &Kernel, _lengths: &[i64], _features: &Features) -> Result<Schedule, Refusal> {
    Ok(Schedule {
        lanes: Lanes::ONE,
        ragged: false,
        threads: THREADS,
        team: 1,
        members_first: false,
        repeat: 1,
        split: 1,
        scratch: kernel.scratch.iter().map(|_| Placement::Memory).collect(),
    })
}
