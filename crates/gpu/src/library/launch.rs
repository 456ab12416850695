//! Launches of library shaders: the interface that all shaders share is printed here, before their text.

use std::fmt::Write;
use std::sync::Arc;

use plan::SlotId;
use smallvec::SmallVec;

use crate::command::{Bound, Command, Launch, Memory, grid};
use crate::features::Features;
use crate::lower::{Context, Refusal};
use crate::shader::Shader;

/// Threads of a workgroup of most library shaders.
pub(super) const THREADS: u64 = 256;

/// Elements that 32-bit index arithmetic of shaders reaches, rounding up to whole workgroups included.
const MAX_ELEMENTS: u64 = 1 << 31;

/// Checks that arrays have as many elements as a step says, because shaders rely on it.
///
/// # Errors
/// If one is shorter.
pub(super) fn check_lengths(
    context: Context<'_>,
    slots: &[SlotId],
    elements: i64,
    step: &str,
) -> Result<(), Refusal> {
    match slots.iter().find(|&&slot| (context.ty(slot).len() as i64) < elements) {
        Some(slot) => Err(Refusal::new(format!("{step} of {elements} elements of {slot}, which is shorter"))),
        None => Ok(()),
    }
}

/// Bytes of an array that one binding reaches from any element on, as [`Draft::elements`] binds it.
pub(super) fn reach(features: &Features) -> u64 {
    features.window_bytes().saturating_sub(64)
}

/// A launch in the making: bindings `b0`, `b1`, ... at `args.at0`, `args.at1`, ... and named parameters.
pub(super) struct Draft<'a> {
    context: Context<'a>,
    name: &'static str,
    declarations: String,
    members: String,
    bindings: SmallVec<[Bound; 8]>,
    parameters: SmallVec<[u32; 8]>,
}

impl<'a> Draft<'a> {
    /// A launch of a shader with this name.
    pub(super) fn new(name: &'static str, context: Context<'a>) -> Self {
        Draft {
            context,
            name,
            declarations: String::new(),
            members: String::new(),
            bindings: SmallVec::new(),
            parameters: SmallVec::new(),
        }
    }

    /// Binds an array of the plan, declared as an array of `element`s of `unit` bytes.
    ///
    /// # Errors
    /// If the array is too large for one binding.
    pub(super) fn slot(self, slot: SlotId, element: &str, unit: u32) -> Result<Self, Refusal> {
        let ty = self.context.ty(slot);
        let bytes = (ty.byte_len() as u64).next_multiple_of(64);
        if bytes > self.context.features.window_bytes() || ty.len() as u64 >= MAX_ELEMENTS {
            return Err(Refusal::new(format!("an array of {} bytes is too large for one binding", bytes)));
        }
        Ok(self.memory(Memory::Slot(slot), element, unit))
    }

    /// Binds `bytes` bytes of an array of the plan from a byte on, a multiple of 64.
    ///
    /// # Errors
    /// If that is too much for one binding.
    pub(super) fn window(
        self,
        slot: SlotId,
        [byte, bytes]: [u64; 2],
        element: &str,
        unit: u32,
    ) -> Result<Self, Refusal> {
        match bytes.next_multiple_of(64) {
            bytes if bytes <= self.context.features.window_bytes() => {
                Ok(self.memory(Memory::Slot(slot).from_byte(byte), element, unit))
            }
            bytes => Err(Refusal::new(format!("{bytes} bytes at once are too much for one binding"))),
        }
    }

    /// Binds elements of an array of the plan: from the first on, and so many. They are found from `args.NAME` on, which
    /// is added to the parameters.
    ///
    /// # Errors
    /// If they are too many for one binding.
    pub(super) fn elements(
        self,
        name: &str,
        slot: SlotId,
        [first, len]: [u64; 2],
        (element, unit): (&str, u32),
    ) -> Result<Self, Refusal> {
        let bytes = self.context.ty(slot).dtype.size() as u64;
        let start = first * bytes / 64 * 64;
        let before = first - start / bytes;
        Ok(self.window(slot, [start, (before + len) * bytes], element, unit)?.parameter(name, before as u32))
    }

    /// Binds memory that fits one binding.
    pub(super) fn memory(mut self, memory: Memory, element: &str, unit: u32) -> Self {
        let at = self.bindings.len();
        writeln!(
            self.declarations,
            "@group(0) @binding({at}) var<storage, read_write> b{at}: array<{element}>;"
        )
        .expect("strings take all");
        self.bindings.push(Bound { memory, unit });
        self
    }

    /// Adds a parameter, `args.NAME`.
    pub(super) fn parameter(mut self, name: &str, value: u32) -> Self {
        writeln!(self.members, "    {name}: u32,").expect("strings take all");
        self.parameters.push(value);
        self
    }

    /// The launch of `text` after the interface, in a number of workgroups; of shaders whose accesses are in
    /// bounds. `work` is counted as [`Launch::work`].
    ///
    /// # Errors
    /// If the device's limits do not allow it.
    pub(super) fn launch(self, text: &[&str], groups: u64, work: u64) -> Result<Command, Refusal> {
        let features = self.context.features;
        let too_large = || Refusal::new(format!("{} of more workgroups than a grid has", self.name));
        let grid = grid(groups, features.max_grid).ok_or_else(too_large)?;
        let offsets: String = (0..self.bindings.len()).map(|at| format!("    at{at}: u32,\n")).collect();
        let interface = format!(
            "{}struct Args {{\n{offsets}{}}}\nvar<immediate> args: Args;\n",
            self.declarations, self.members
        );
        // Native f16 must be asked for before anything else.
        let enable = if self.declarations.contains("array<f16>") { "enable f16;\n" } else { "" };
        let source: String =
            [enable, &interface[..]].iter().chain(text).flat_map(|part| [part, "\n"]).collect();
        let shader = Shader {
            name: self.name,
            source: source.into(),
            bindings: self.bindings.len() as u32,
            parameters: self.parameters.len() as u32,
            unchecked: true,
        };
        if shader.bindings > features.max_bindings || shader.immediate_bytes() > features.immediate_bytes {
            return Err(Refusal::new(format!("{} of too many arrays or parameters", self.name)));
        }
        Ok(Command::Launch(Launch {
            shader: Arc::new(shader),
            bindings: self.bindings,
            parameters: self.parameters,
            grid,
            work,
        }))
    }
}

/// The text of a shader with its slots filled: `NAME` in capitals and its value.
pub(super) fn fill(text: &str, slots: &[(&str, &str)]) -> String {
    slots.iter().fold(text.to_owned(), |text, (name, value)| text.replace(name, value))
}
