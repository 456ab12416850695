//! A plan whose arrays have no memory yet.

use std::sync::Arc;

use plan::{Block, Param, SlotId, Space};
use tensor::{Literal, TensorType};

/// A plan whose arrays have no memory yet: steps name arrays of `buffers` by [`SlotId`].
#[derive(Clone, Debug, PartialEq)]
pub struct Draft {
    /// Name of the module.
    pub name: String,
    /// All arrays.
    pub buffers: Vec<Buffer>,
    /// Values of constant arrays.
    pub constants: Vec<Literal>,
    /// Arguments.
    pub params: Vec<Param>,
    /// Results: type, array, and the argument whose buffer it takes.
    pub results: Vec<(TensorType, SlotId, Option<usize>)>,
    /// Steps.
    pub body: Block,
    /// Why a step of `body` is not on the device, by its position; empty without a device.
    pub host_reasons: Vec<Option<Arc<str>>>,
}

/// An array of a draft.
#[derive(Clone, Debug, PartialEq)]
pub struct Buffer {
    /// Shape and element type.
    pub ty: TensorType,
    /// Whose it is.
    pub home: Home,
    /// The array whose memory this is, under another type.
    pub view_of: Option<SlotId>,
    /// Which memory it lives in.
    pub space: Space,
}

/// Whose an array is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Home {
    /// An argument's.
    Param(usize),
    /// A constant's.
    Constant(usize),
    /// A result's.
    Result(usize),
    /// The plan's own.
    Temporary,
}

impl Draft {
    /// The array whose memory an array is: its own, or that of which it is a view.
    pub fn owner(&self, slot: SlotId) -> SlotId {
        self.buffers[slot.index()].view_of.unwrap_or(slot)
    }

    /// Types of the arrays, by their ids.
    pub fn types(&self) -> Vec<TensorType> {
        self.buffers.iter().map(|buffer| buffer.ty.clone()).collect()
    }

    /// How many steps name each array, by owner; control flow names what it decides by.
    pub fn uses(&self) -> Vec<u32> {
        let mut uses = vec![0; self.buffers.len()];
        self.count(&self.body, &mut uses);
        uses
    }

    fn count(&self, block: &Block, uses: &mut [u32]) {
        for step in &block.steps {
            let mut named: Vec<SlotId> = match step.op.selector() {
                Some(slot) => vec![self.owner(slot)],
                None => step.reads.iter().chain(&step.writes).map(|&slot| self.owner(slot)).collect(),
            };
            named.sort_unstable();
            named.dedup();
            named.into_iter().for_each(|owner| uses[owner.index()] += 1);
            step.op.blocks().into_iter().for_each(|block| self.count(block, uses));
        }
    }
}
