//! Gives registers their memory: values of a stage's body that do not live at the same time share it.

use super::lower::Bump;
use super::program::{Entry, FoldKind, Home, StageProgram};

type Width = (usize, bool);

/// The registers of a stage.
pub(crate) struct Registers<'a> {
    program: &'a StageProgram,
    /// For each entry whose memory is to be found here: bytes of an element, and whether it is only one.
    widths: Vec<Option<Width>>,
    /// Entries whose memory is kept for the whole stage.
    pinned: Vec<bool>,
    /// For each entry the last instruction of the body that reads it.
    last_read: Vec<usize>,
}

impl<'a> Registers<'a> {
    /// Finds the registers of a stage: entries that are [`Home::Unplaced`].
    pub(crate) fn new(program: &'a StageProgram, entries: &[Home]) -> Self {
        let count = entries.len();
        let mut registers = Registers {
            program,
            widths: vec![None; count],
            pinned: vec![false; count],
            last_read: vec![0; count],
        };
        let unplaced = |entry: Entry| match entries[entry.index()] {
            Home::Unplaced { size, one } => Some((size, one)),
            _ => None,
        };
        let folds = program.folds.iter().filter_map(|fold| match &fold.kind {
            FoldKind::Graph(graph) => Some(&graph.combine),
            FoldKind::Simple(_) => None,
        });
        for instr in program.setup.iter().chain(folds.flatten()) {
            if let Some(entry) = instr.written() {
                registers.widths[entry.index()] = unplaced(entry);
                registers.pinned[entry.index()] = true;
            }
        }
        for (position, instr) in program.body.iter().enumerate() {
            instr.visit_reads(|entry| registers.last_read[entry.index()] = position);
            if let Some(entry) = instr.written() {
                registers.widths[entry.index()] = unplaced(entry);
                registers.last_read[entry.index()] = registers.last_read[entry.index()].max(position);
            }
        }
        // Elements of reductions are read after the body.
        for fold in &program.folds {
            for element in &fold.elements {
                registers.pinned[element.index()] = true;
            }
            for (initial, _) in &fold.initial {
                registers.pinned[initial.index()] = true;
            }
        }
        registers
    }

    /// Places every register, for blocks of up to `lanes` lanes.
    pub(crate) fn assign(self, entries: &mut [Home], lanes: usize, memory: &mut Bump) {
        let bytes = |(size, one): Width| if one { 64 } else { (lanes * size).next_multiple_of(64) };
        let mut place = |entries: &mut [Home], entry: usize, width: Width| {
            entries[entry] = Home::Private(memory.take(bytes(width)));
        };
        for entry in 0..entries.len() {
            if let (Some(width), true) = (self.widths[entry], self.pinned[entry]) {
                place(entries, entry, width);
            }
        }
        let mut free: Vec<(usize, usize)> = Vec::new();
        for (position, instr) in self.program.body.iter().enumerate() {
            let mut dying: Vec<usize> = Vec::new();
            instr.visit_reads(|entry| {
                let at = entry.index();
                let owned = self.widths[at].is_some() && !self.pinned[at];
                if owned && self.last_read[at] == position && !dying.contains(&at) {
                    dying.push(at);
                }
            });
            if let Some(out) = instr.written().map(Entry::index)
                && matches!(entries[out], Home::Unplaced { .. })
                && let Some(width) = self.widths[out]
            {
                let shared = dying.iter().position(|&at| {
                    self.widths[at] == Some(width) && !width.1 && instr.works_in_place(Entry(at as u32))
                });
                if let Some(shared) = shared {
                    entries[out] = entries[dying.swap_remove(shared)];
                } else if let Some(index) = free.iter().position(|&(_, size)| size == bytes(width)) {
                    entries[out] = Home::Private(free.swap_remove(index).0);
                } else {
                    place(entries, out, width);
                }
                // A result that nothing reads.
                if self.last_read[out] == position && !self.pinned[out] {
                    dying.push(out);
                }
            }
            for at in dying {
                if let (Home::Private(offset), Some(width)) = (entries[at], self.widths[at]) {
                    free.push((offset, bytes(width)));
                }
            }
        }
    }
}
