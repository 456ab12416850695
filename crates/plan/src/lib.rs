//! A [`Plan`]: what an engine runs, as data.
//!
//! A plan is a list of [`Step`]s over numbered [`Slot`]s. A step is a fused [`Kernel`] (a loop nest), a
//! library step with a parameter struct ([`library`]), or control flow holding steps of its own. Plans
//! print ([`explain`]), compare, and serialize. Engines implement [`Engine`].

#![forbid(unsafe_code)]

pub mod axes;
pub mod convolution;
mod engine;
pub mod evaluate;
mod explain;
mod fused;
pub mod kernel;
pub mod library;
mod program;
mod serialize;

pub use engine::{
    Completion, DeviceMemory, Engine, EngineError, OnBytes, OnDone, Prepared, SlotTable, Token,
};
pub use fused::{Fused, Product, is_epilogue};
pub use kernel::{
    Access, Bound, Combiner, Expr, Graph, Kernel, Node, NodeId, NodeOp, Reduction, Stage, Store, Term,
};
pub use program::{
    Block, DeviceArena, Param, Placement, Plan, ResultSlot, Slot, SlotId, Space, Step, StepOp,
};
pub use serialize::SerializeError;
