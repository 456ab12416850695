//! Where the arrays of a loop are while one workgroup runs it: small ones in workgroup memory.
//!
//! Slots of one range of memory and one type of storage are one array. Arrays may share memory besides: one takes over
//! the range of another whose value is no longer needed. They are kept apart then, which nobody can tell as long as no
//! array is read where another one was written last; what remains in memory is the value of the one written last.

use std::ops::Range;

use plan::{Placement, Plan, SlotId};

use crate::lower::Refusal;
use crate::scalar::{Scalars, Storage};

/// Bytes of an array that is kept in workgroup memory, at most.
const MAX_ARRAY: u32 = 4 << 10;
/// The part of workgroup memory for all of them: the steps need some of their own.
const PART: u32 = 2;

/// Slots of one array.
pub(super) struct Array {
    /// Its slots.
    pub slots: Vec<SlotId>,
    /// How it is stored.
    pub storage: Storage,
    /// Declared elements.
    pub words: u32,
    /// Whether steps read it.
    pub read: bool,
    /// How many steps write it.
    pub writers: u32,
    /// Whether it is in workgroup memory.
    pub kept: bool,
    /// Whether it is needed after the loop.
    pub lasting: bool,
    place: (Home, Range<usize>),
}

/// What memory an array is in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Home {
    Param(usize),
    Result(usize),
    Constant(usize),
    Arena,
}

/// The arrays of a loop.
#[derive(Default)]
pub(super) struct Arrays {
    /// All of them.
    pub all: Vec<Array>,
    /// Reads and writes in order: array and whether it is written.
    uses: Vec<(usize, bool)>,
}

impl Arrays {
    /// Adds a use of a slot; in the order of the steps, reads before writes.
    ///
    /// # Errors
    /// If the device has no such type.
    pub(super) fn touch(
        &mut self,
        slot: SlotId,
        written: bool,
        plan: &Plan,
        scalars: &mut Scalars<'_>,
    ) -> Result<(), Refusal> {
        let ty = &plan.slot(slot).ty;
        let (storage, bytes) = (scalars.storage(ty.dtype)?, ty.byte_len());
        if bytes == 0 {
            return Err(Refusal::new("an array without elements"));
        }
        let home = match plan.slot(slot).placement {
            Placement::Param(param) => (Home::Param(param), 0..bytes),
            Placement::Result(result) => match plan.results.get(result).and_then(|result| result.alias) {
                Some(param) => (Home::Param(param), 0..bytes),
                None => (Home::Result(result), 0..bytes),
            },
            Placement::Constant(constant) => (Home::Constant(constant), 0..bytes),
            Placement::Arena(at) => (Home::Arena, at..at + bytes),
        };
        let same = |array: &Array| array.place == home && array.storage == storage;
        let at = self.all.iter().position(same).unwrap_or_else(|| {
            self.all.push(Array {
                slots: Vec::new(),
                storage,
                words: bytes.div_ceil(storage.unit as usize) as u32,
                read: false,
                writers: 0,
                kept: false,
                lasting: true,
                place: home,
            });
            self.all.len() - 1
        });
        self.uses.push((at, written));
        let array = &mut self.all[at];
        if !array.slots.contains(&slot) {
            array.slots.push(slot);
        }
        array.read |= !written;
        array.writers += u32::from(written);
        Ok(())
    }

    /// Decides which arrays are kept in workgroup memory, of which there are so many bytes.
    ///
    /// # Errors
    /// If arrays share memory in a way that does not allow that.
    pub(super) fn keep(&mut self, workgroup_bytes: u32) -> Result<(), Refusal> {
        let mut left = workgroup_bytes / PART;
        for at in 0..self.all.len() {
            let meeting: Vec<usize> =
                (0..self.all.len()).filter(|&other| self.all[at].meets(&self.all[other])).collect();
            let lasting = self.check_sharing(at, &meeting)?;
            let array = &mut self.all[at];
            let bytes = array.words * array.storage.unit;
            array.lasting = lasting;
            array.kept = bytes <= MAX_ARRAY.min(left);
            if array.kept {
                left -= bytes;
            } else if meeting.len() > 1 {
                return Err(Refusal::new("a large array shares memory with another"));
            }
        }
        Ok(())
    }

    /// Whether an array holds what memory does after the loop, given those that share memory with it, itself included.
    fn check_sharing(&self, at: usize, meeting: &[usize]) -> Result<bool, Refusal> {
        let range = &self.all[at].place.1;
        let taken_over = meeting.iter().all(|&other| self.all[other].place.1 == *range);
        let mut last = None;
        // Twice: an iteration follows another.
        for &(array, written) in self.uses.iter().chain(&self.uses) {
            if written && meeting.contains(&array) {
                last = Some(array);
            } else if array == at && last.is_some_and(|last| last != at) {
                return Err(Refusal::new("an array is read through another one"));
            } else if array == at && last.is_none() && !taken_over {
                return Err(Refusal::new("a carried array shares memory with others"));
            }
        }
        Ok(taken_over && last.is_none_or(|last| last == at))
    }

    /// The number of the array of a slot.
    pub(super) fn of(&self, slot: SlotId) -> usize {
        let found = self.all.iter().position(|array| array.slots.contains(&slot));
        found.expect("all slots of the loop were touched")
    }
}

impl Array {
    fn meets(&self, other: &Array) -> bool {
        let ((home, range), (other_home, other_range)) = (&self.place, &other.place);
        home == other_home && range.start < other_range.end && other_range.start < range.end
    }

    /// Whether what one thread writes must be seen by others in device memory.
    pub(super) fn is_fenced(&self) -> bool {
        !self.kept && self.writers > 0 && (self.read || self.writers > 1)
    }

    /// Whether it is declared as atomics where its elements are written.
    pub(super) fn is_atomic(&self) -> bool {
        self.writers > 0 && self.storage.per_word > 1
    }
}
