//! Lane programs: kernels compiled for the executor.
//!
//! A program works on groups of rows. Within a group each stage either lets lanes run over the rows and
//! loops over its inner indices ([`Mode::Columns`]), or loops over the rows and lets lanes run over its inner
//! indices in blocks ([`Mode::Rows`]), or lets them run over several short rows at once ([`Mode::Packed`]), or over
//! a few long columns ([`Mode::Across`]). Operands of instructions are entries of a table of pointers: to registers,
//! to constants, or straight into arrays.

use std::ops::Range;

use plan::NodeOp;
use smallvec::SmallVec;
use tensor::{AlignedBytes, DType, Dims};

use super::walk::Walk;
use crate::vector::{BinaryFn, ReduceFn, ReducePrecisionFn, TernaryFn, UnaryFn};

/// A kernel compiled for the executor.
pub(crate) struct Program {
    /// Sizes of the parallel axes.
    pub parallel: Dims,
    /// Number of rows.
    pub rows: usize,
    /// Leading parallel axes that are looped over: groups of rows do not reach across their indices.
    pub outer_axes: usize,
    /// Whether the last of these is gone through in tiles.
    pub tile: Option<Tile>,
    /// Most rows that are worked on together.
    pub group: usize,
    /// Rows from one index of the looped axes to the next.
    pub lane_rows: usize,
    /// Groups of rows that these make.
    pub blocks: usize,
    /// Indices of the looped axis that is gone through in tiles.
    pub tiled_len: usize,
    /// Number of groups of rows, or of tiles.
    pub groups: usize,
    /// Most lanes of a block of inner indices.
    pub block: usize,
    /// Most axes of a stage.
    pub axes: usize,
    /// The stages in order.
    pub stages: Vec<StageProgram>,
    /// Initial pointers of the table.
    pub entries: Vec<Home>,
    /// Values known when the program was made.
    pub constants: AlignedBytes,
    /// Bytes of row values and row-local arrays.
    pub shared_bytes: usize,
    /// Bytes of registers and accumulators.
    pub private_bytes: usize,
    /// Estimated work in nanoseconds.
    pub work_ns: u64,
}

/// Elementwise kernels that read across the lanes: rows of the array read lie along the last looped axis.
/// Some indices of that axis at once are turned into panels that lie along the lanes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Tile {
    /// Indices of the axis at once.
    pub depth: usize,
}

/// What a table entry points to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Home {
    /// Set by instructions.
    Moving,
    /// A register without memory yet: bytes of an element, and whether it holds only one.
    Unplaced {
        /// Bytes of an element.
        size: usize,
        /// Holds one element rather than a block.
        one: bool,
    },
    /// This offset in the constants.
    Constant(usize),
    /// This offset in the memory of row values and row-local arrays.
    Shared(usize),
    /// This offset in the memory of registers and accumulators.
    Private(usize),
}

/// A position in the table of pointers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Entry(pub u32);

impl Entry {
    /// Position in [`Program::entries`].
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// What lanes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Lanes are the rows of the group; inner indices are looped over.
    Columns,
    /// Lanes are inner indices; the rows of the group are looped over.
    Rows,
    /// Lanes are all inner indices of all rows of the group, row after row.
    Packed,
    /// Lanes are inner indices in blocks and all rows of the kernel, which are few: the rows run faster.
    Across,
}

/// A stage compiled for the executor.
pub(crate) struct StageProgram {
    /// What lanes are.
    pub mode: Mode,
    /// Sizes of the inner axes.
    pub inner: Dims,
    /// Number of inner indices.
    pub inner_len: usize,
    /// What does not vary over inner indices: once a group (lanes are rows) or a row (in mode rows).
    pub setup: Vec<Instr>,
    /// The rest: once an inner index (columns), a block of them (rows, across), or a group (packed).
    pub body: Vec<Instr>,
    /// The reductions.
    pub folds: Vec<Fold>,
    /// Panels to fill before each tile.
    pub panels: Vec<Panel>,
}

/// A load that is turned to lie along the lanes; see [`Tile`].
pub(crate) struct Panel {
    /// Which array.
    pub array: usize,
    /// Bytes of an element.
    pub size: usize,
    /// Where.
    pub walk: Walk,
    /// Where the panel begins in private memory.
    pub memory: usize,
}

/// One instruction on a block of lanes. Where `one` is set, it works on a single lane that stands for all.
pub(crate) enum Instr {
    /// A routine of one operand.
    Unary { routine: UnaryFn, a: Entry, out: Entry, one: bool },
    /// A routine of two operands.
    Binary { routine: BinaryFn, a: Entry, b: Entry, out: Entry, one: bool },
    /// A routine of three operands.
    Ternary { routine: TernaryFn, a: Entry, b: Entry, c: Entry, out: Entry, one: bool },
    /// Rounding to a format given in bits of exponent and mantissa.
    Round { routine: ReducePrecisionFn, a: Entry, out: Entry, bits: (u32, u32), one: bool },
    /// A scalar operation that has no routine, lane by lane.
    Plain(Box<PlainInstr>),
    /// Copies a block of elements of a size.
    Copy { size: usize, from: Entry, to: Entry, one: bool },
    /// Repeats one element of a size over a block.
    Splat { size: usize, from: Entry, to: Entry },
    /// Points an entry into an array, which lies contiguous along the lanes or is the same for all.
    Point { array: usize, size: usize, walk: Box<Walk>, out: Entry },
    /// Points an entry at the current row's value, or the current place of a row-local array.
    Local { offset: usize, size: usize, row_value: bool, out: Entry },
    /// Points an entry at the current row of a panel of rows of `pitch` bytes.
    Panel { memory: usize, pitch: usize, out: Entry },
    /// Repeats each element of a block `times` times.
    Expand { size: usize, times: usize, from: Entry, to: Entry },
    /// Repeats a block of `lanes` elements as a whole.
    Repeat { size: usize, lanes: usize, times: usize, from: Entry, to: Entry },
    /// Fills a register from an array.
    Load(Box<Transfer>),
    /// Writes a value to an array.
    Store(Box<Transfer>),
    /// Fills a register with values of an index expression.
    Index { walk: Box<Walk>, dtype: DType, out: Entry, one: bool },
}

/// See [`Instr::Plain`].
pub(crate) struct PlainInstr {
    /// The operation.
    pub op: NodeOp,
    /// Type of the result.
    pub dtype: DType,
    /// Operands, their types, and whether they are one element for all lanes.
    pub operands: SmallVec<[(Entry, DType, bool); 3]>,
    /// Result.
    pub out: Entry,
    /// As in [`Instr`].
    pub one: bool,
}

/// An access that does not simply lie along the lanes.
pub(crate) struct Transfer {
    /// Which array: inputs, then outputs.
    pub array: usize,
    /// Elements of the array.
    pub len: i64,
    /// Bytes of an element.
    pub size: usize,
    /// Where, as far as it follows from the axes.
    pub walk: Walk,
    /// Whether `walk` alone was proved to stay in the array.
    pub proved: bool,
    /// Computed parts of the position: i64 value, stride, whether it is one for all lanes.
    pub dynamic: SmallVec<[(Entry, i64, bool); 1]>,
    /// The predicate, and whether it is one for all lanes.
    pub predicate: Option<(Entry, bool)>,
    /// Loads: value where nothing is read; stores: the value; and whether it is one for all lanes.
    pub value: (Entry, bool),
    /// Loads: the register filled.
    pub out: Entry,
    /// As in [`Instr`].
    pub one: bool,
}

/// A reduction compiled for the executor.
pub(crate) struct Fold {
    /// The elements, blocks of lanes.
    pub elements: SmallVec<[Entry; 1]>,
    /// The starting values, and whether they are one for all lanes.
    pub initial: SmallVec<[(Entry, bool); 1]>,
    /// Bytes of each value.
    pub sizes: SmallVec<[usize; 1]>,
    /// Where each row value's block begins in shared memory.
    pub results: SmallVec<[usize; 1]>,
    /// How elements are combined.
    pub kind: FoldKind,
}

/// How elements are combined.
pub(crate) enum FoldKind {
    /// A single value by routines.
    Simple(SimpleFold),
    /// By a small program on blocks of lanes.
    Graph(GraphFold),
}

/// A fold by an operation that has routines.
pub(crate) struct SimpleFold {
    /// Folds a block of elements into an accumulator.
    pub reduce: ReduceFn,
    /// Folds a block of accumulators into one.
    pub reduce_accumulators: ReduceFn,
    /// `a = op(a, b)` on blocks of accumulators.
    pub accumulate: BinaryFn,
    /// `op(a, b)` on blocks of elements.
    pub finish: BinaryFn,
    /// From accumulators to elements, where these types differ.
    pub narrow: Option<UnaryFn>,
    /// Bytes of an accumulator.
    pub size: usize,
    /// Where accumulators begin in private memory: [`LEVELS`] blocks of `span` each.
    pub memory: usize,
    /// Accumulators of a level.
    pub span: usize,
    /// Columns: whether to cascade.
    pub cascade: bool,
}

/// A fold by a small program.
pub(crate) struct GraphFold {
    /// Combines accumulators and elements, into the accumulators.
    pub combine: Vec<Instr>,
    /// Entries through which `combine` sees the accumulators.
    pub accumulators: SmallVec<[Entry; 1]>,
    /// Entries through which `combine` sees the elements.
    pub arguments: SmallVec<[Entry; 1]>,
    /// Where the block of accumulators of each value begins in private memory.
    pub memory: SmallVec<[usize; 1]>,
}

/// Levels of a cascade of partial results.
pub(crate) const LEVELS: usize = 4;
/// Partial results of one level of a cascade: how many are folded before one goes to the next level.
pub(crate) const CASCADE: usize = 64;

impl Instr {
    /// Entries read.
    pub(crate) fn visit_reads(&self, mut f: impl FnMut(Entry)) {
        match self {
            Instr::Unary { a, .. } | Instr::Round { a, .. } => f(*a),
            Instr::Binary { a, b, .. } => [*a, *b].into_iter().for_each(f),
            Instr::Ternary { a, b, c, .. } => [*a, *b, *c].into_iter().for_each(f),
            Instr::Plain(plain) => plain.operands.iter().for_each(|&(entry, ..)| f(entry)),
            Instr::Copy { from, .. }
            | Instr::Splat { from, .. }
            | Instr::Expand { from, .. }
            | Instr::Repeat { from, .. } => f(*from),
            Instr::Load(transfer) | Instr::Store(transfer) => {
                f(transfer.value.0);
                transfer.dynamic.iter().for_each(|&(entry, ..)| f(entry));
                transfer.predicate.iter().for_each(|&(entry, _)| f(entry));
            }
            Instr::Point { .. } | Instr::Local { .. } | Instr::Panel { .. } | Instr::Index { .. } => {}
        }
    }

    /// The entry whose memory is written.
    pub(crate) fn written(&self) -> Option<Entry> {
        match self {
            Instr::Unary { out, .. }
            | Instr::Binary { out, .. }
            | Instr::Ternary { out, .. }
            | Instr::Round { out, .. }
            | Instr::Index { out, .. } => Some(*out),
            Instr::Plain(plain) => Some(plain.out),
            Instr::Copy { to, .. }
            | Instr::Splat { to, .. }
            | Instr::Expand { to, .. }
            | Instr::Repeat { to, .. } => Some(*to),
            Instr::Load(transfer) => Some(transfer.out),
            Instr::Store(_) | Instr::Point { .. } | Instr::Local { .. } | Instr::Panel { .. } => None,
        }
    }

    /// Whether the output may be the block of this operand, which is not read after it was written.
    pub(crate) fn works_in_place(&self, operand: Entry) -> bool {
        match self {
            Instr::Unary { a, one, .. } | Instr::Round { a, one, .. } => *a == operand && !one,
            Instr::Binary { a, b, one, .. } => *a == operand && *b != operand && !one,
            _ => false,
        }
    }
}

impl StageProgram {
    /// The stage's axes that lanes run along, given the number of parallel ones.
    pub(crate) fn inner_axes(&self, parallel: usize) -> Range<usize> {
        parallel..parallel + self.inner.len()
    }
}
