//! The table itself: one row for each StableHLO op.

use crate::attributes::*;
use crate::{Attr, AttrMap, Attributes, BinaryOp, BuildError, UnaryOp};

/// How many operands, results or regions an op has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arity {
    /// Exactly this many.
    Exactly(usize),
    /// This many or more.
    AtLeast(usize),
}

impl Arity {
    /// Whether `count` is allowed.
    pub const fn allows(self, count: usize) -> bool {
        match self {
            Arity::Exactly(expected) => count == expected,
            Arity::AtLeast(least) => count >= least,
        }
    }
}

/// What the table says of an op whatever its attributes.
#[derive(Clone, Copy, Debug)]
pub struct OpInfo {
    /// Name without the dialect prefix.
    pub mnemonic: &'static str,
    /// Operands.
    pub operands: Arity,
    /// Regions.
    pub regions: Arity,
    /// Results.
    pub results: Arity,
    /// Whether it must run though its results are unused.
    pub side_effect: bool,
    /// Names of its attributes, as in VHLO bytecode; not in wire order (that is alphabetical).
    pub attributes: &'static [&'static str],
}

/// Runs `f` if the attributes type is present, else gives the default.
macro_rules! op_table {
    ($($(#[$doc:meta])* $name:ident $(($attrs:ty))? $mnemonic:literal $operands:tt $regions:tt $results:tt $effect:ident;)*) => {
        /// A StableHLO operation with its attributes.
        #[derive(Clone, Debug, PartialEq)]
        pub enum Op {
            /// An elementwise op of one operand.
            Unary(UnaryOp),
            /// An elementwise op of two operands.
            Binary(BinaryOp),
            $($(#[$doc])* $name $((Box<$attrs>))?,)*
        }

        /// Every op but the elementwise ones of [`UnaryOp`] and [`BinaryOp`].
        static TABLE: &[OpInfo] = &[$(OpInfo {
            mnemonic: $mnemonic,
            operands: arity!($operands),
            regions: arity!($regions),
            results: arity!($results),
            side_effect: effect!($effect),
            attributes: names!($($attrs)?),
        }),*];

        impl Op {
            /// Name without the dialect prefix.
            pub const fn mnemonic(&self) -> &'static str {
                match self {
                    Op::Unary(op) => op.mnemonic(),
                    Op::Binary(op) => op.mnemonic(),
                    $(pattern!($name $($attrs)?) => $mnemonic,)*
                }
            }

            /// Builds the op of this mnemonic, taking its attributes out of `attrs`; the rest are
            /// discardable attributes.
            pub fn build(mnemonic: &str, attrs: &mut AttrMap) -> Result<Op, BuildError> {
                if let Some(op) = UnaryOp::from_mnemonic(mnemonic) {
                    return Ok(Op::Unary(op));
                }
                if let Some(op) = BinaryOp::from_mnemonic(mnemonic) {
                    return Ok(Op::Binary(op));
                }
                match mnemonic {
                    $($mnemonic => Ok(construct!($name $mnemonic attrs $($attrs)?)),)*
                    _ => Err(BuildError::UnknownOp(mnemonic.to_owned())),
                }
            }

            /// The attributes of the op, those of [`OpInfo::attributes`].
            pub fn attributes(&self) -> Vec<(&'static str, Attr)> {
                match self {
                    Op::Unary(_) | Op::Binary(_) => Vec::new(),
                    $(op_table!(@bind attrs $name $($attrs)?) => op_table!(@write attrs $($attrs)?),)*
                }
            }
        }
    };
    (@bind $var:ident $name:ident $attrs:ty) => { Op::$name($var) };
    (@bind $var:ident $name:ident) => { Op::$name };
    (@write $var:ident $attrs:ty) => { $var.write() };
    (@write $var:ident) => { Vec::new() };
}

macro_rules! arity {
    ([$n:literal]) => {
        Arity::Exactly($n)
    };
    ([$n:literal ..]) => {
        Arity::AtLeast($n)
    };
}

macro_rules! effect {
    (pure) => {
        false
    };
    (effect) => {
        true
    };
}

macro_rules! names {
    ($attrs:ty) => {
        <$attrs as Attributes>::NAMES
    };
    () => {
        &[]
    };
}

macro_rules! pattern {
    ($name:ident $attrs:ty) => {
        Op::$name(_)
    };
    ($name:ident) => {
        Op::$name
    };
}

macro_rules! construct {
    ($name:ident $mnemonic:literal $map:ident $attrs:ty) => {
        Op::$name(Box::new(<$attrs>::read($mnemonic, $map)?))
    };
    ($name:ident $mnemonic:literal $map:ident) => {
        Op::$name
    };
}

// Columns: variant (attributes), mnemonic, operands, regions, results, effect.
op_table! {
    /// Joins tokens.
    AfterAll "after_all" [0 ..] [0] [1] pure;
    /// Concatenates over a group of processes.
    AllGather(AllGather) "all_gather" [1 ..] [0] [1 ..] effect;
    /// Combines over a group of processes.
    AllReduce(AllReduce) "all_reduce" [1 ..] [1] [1 ..] effect;
    /// Exchanges parts within a group of processes.
    AllToAll(AllToAll) "all_to_all" [1 ..] [0] [1 ..] effect;
    /// Waits for an asynchronous operation.
    AsyncDone "async_done" [1] [0] [0 ..] effect;
    /// Starts an asynchronous operation.
    AsyncStart "async_start" [0 ..] [1] [1] effect;
    /// Gradient of batch normalization.
    BatchNormGrad(BatchNorm) "batch_norm_grad" [5] [0] [3] pure;
    /// Batch normalization with given statistics.
    BatchNormInference(BatchNorm) "batch_norm_inference" [5] [0] [1] pure;
    /// Batch normalization with statistics of the batch.
    BatchNormTraining(BatchNorm) "batch_norm_training" [3] [0] [3] pure;
    /// Reinterprets bits.
    BitcastConvert "bitcast_convert" [1] [0] [1] pure;
    /// Adds leading dimensions.
    Broadcast(Broadcast) "broadcast" [1] [0] [1] pure;
    /// Expands and adds dimensions.
    BroadcastInDim(BroadcastInDim) "broadcast_in_dim" [1] [0] [1] pure;
    /// Calls a function.
    Call(Call) "call" [0 ..] [0] [0 ..] effect;
    /// Runs the branch that an index selects; out of range the last.
    Case "case" [1] [1 ..] [0 ..] effect;
    /// Cholesky factor.
    Cholesky(Cholesky) "cholesky" [1] [0] [1] pure;
    /// Limits to a range.
    Clamp "clamp" [3] [0] [1] pure;
    /// Copies from a group's root.
    CollectiveBroadcast(CollectiveBroadcast) "collective_broadcast" [1 ..] [0] [1 ..] effect;
    /// Sends along (from, to) pairs.
    CollectivePermute(CollectivePermute) "collective_permute" [1] [0] [1] effect;
    /// Combines at a group's root.
    CollectiveReduce(CollectiveReduce) "collective_reduce" [1 ..] [1] [1 ..] effect;
    /// Compares.
    Compare(Compare) "compare" [2] [0] [1] pure;
    /// A named function with a decomposition.
    Composite(Composite) "composite" [0 ..] [0 ..] [0 ..] effect;
    /// Joins along a dimension.
    Concatenate(Concatenate) "concatenate" [1 ..] [0] [1] pure;
    /// A known value.
    Constant(Constant) "constant" [0] [0] [1] pure;
    /// Converts element types.
    Convert "convert" [1] [0] [1] pure;
    /// Convolution.
    Convolution(Convolution) "convolution" [2] [0] [1] pure;
    /// A token that waits for nothing.
    CreateToken "create_token" [0] [0] [1] pure;
    /// Sums over a group of processes.
    CrossReplicaSum(CrossReplicaSum) "cross-replica-sum" [1] [0] [1] effect;
    /// Calls a target by name.
    CustomCall(CustomCall) "custom_call" [0 ..] [0] [0 ..] effect;
    /// Product of matrices and vectors.
    Dot(Dot) "dot" [2] [0] [1] pure;
    /// Product over contracting and batch dimensions.
    DotGeneral(DotGeneral) "dot_general" [2] [0] [1] pure;
    /// `broadcast_in_dim` with the shape as an operand.
    DynamicBroadcastInDim(DynamicBroadcastInDim) "dynamic_broadcast_in_dim" [2] [0] [1] pure;
    /// `convolution` with the padding as an operand.
    DynamicConv(Convolution) "dynamic_conv" [3] [0] [1] pure;
    /// `gather` with the slice sizes as an operand.
    DynamicGather(DynamicGather) "dynamic_gather" [3] [0] [1] pure;
    /// `iota` with the shape as an operand.
    DynamicIota(Iota) "dynamic_iota" [1] [0] [1] pure;
    /// `pad` with the amounts as operands.
    DynamicPad "dynamic_pad" [5] [0] [1] pure;
    /// `reshape` with the shape as an operand.
    DynamicReshape "dynamic_reshape" [2] [0] [1] pure;
    /// A slice whose start is computed.
    DynamicSlice(DynamicSlice) "dynamic_slice" [1 ..] [0] [1] pure;
    /// Replaces a slice whose start is computed.
    DynamicUpdateSlice "dynamic_update_slice" [2 ..] [0] [1] pure;
    /// Einstein summation.
    Einsum(Einsum) "einsum" [2] [0] [1] pure;
    /// Fourier transform.
    Fft(Fft) "fft" [1] [0] [1] pure;
    /// Slices at computed indices.
    Gather(Gather) "gather" [2] [0] [1] pure;
    /// A dimension's size.
    GetDimensionSize(DimensionSize) "get_dimension_size" [1] [0] [1] pure;
    /// A part of a tuple.
    GetTupleElement(GetTupleElement) "get_tuple_element" [1] [0] [1] pure;
    /// Runs one of two branches.
    If "if" [1] [2] [0 ..] effect;
    /// Reads from the infeed.
    Infeed(Infeed) "infeed" [1] [0] [1 ..] effect;
    /// Counts up along a dimension.
    Iota(Iota) "iota" [0] [0] [1] pure;
    /// Applies a scalar function.
    Map(Map) "map" [1 ..] [1] [1] pure;
    /// Keeps operations from moving across.
    OptimizationBarrier "optimization_barrier" [0 ..] [0] [0 ..] pure;
    /// Writes to the outfeed.
    Outfeed(Outfeed) "outfeed" [1 ..] [0] [1] effect;
    /// Pads at the edges and between elements.
    Pad(Pad) "pad" [2] [0] [1] pure;
    /// This process's partition.
    PartitionId "partition_id" [0] [0] [1] pure;
    /// `slice` with bounds as operands.
    RealDynamicSlice "real_dynamic_slice" [4] [0] [1] pure;
    /// Receives over a channel.
    Recv(Channel) "recv" [1] [0] [1 ..] effect;
    /// Folds dimensions.
    Reduce(Dimensions) "reduce" [2 ..] [1] [1 ..] pure;
    /// Rounds to a simulated format.
    ReducePrecision(ReducePrecision) "reduce_precision" [1] [0] [1] pure;
    /// Combines over a group, each process keeping a part.
    ReduceScatter(ReduceScatter) "reduce_scatter" [1] [1] [1] effect;
    /// Folds windows.
    ReduceWindow(ReduceWindow) "reduce_window" [2 ..] [1] [1 ..] pure;
    /// This process's replica.
    ReplicaId "replica_id" [0] [0] [1] pure;
    /// Same elements, another shape.
    Reshape "reshape" [1] [0] [1] pure;
    /// Ends a region or function.
    Return "return" [0 ..] [0] [0] effect;
    /// Reverses dimensions.
    Reverse(Dimensions) "reverse" [1] [0] [1] pure;
    /// Random numbers without a visible state.
    Rng(Rng) "rng" [3] [0] [1] effect;
    /// Random bits from a state.
    RngBitGenerator(RngBitGenerator) "rng_bit_generator" [1] [0] [2] pure;
    /// Combines updates into an operand at computed indices.
    Scatter(Scatter) "scatter" [3 ..] [1] [1 ..] pure;
    /// Chooses by a predicate.
    Select "select" [3] [0] [1] pure;
    /// Gradient of a selecting window reduction.
    SelectAndScatter(SelectAndScatter) "select_and_scatter" [3] [2] [1] pure;
    /// Sends over a channel.
    Send(Channel) "send" [1 ..] [0] [1] effect;
    /// Declares a dimension's runtime size.
    SetDimensionSize(DimensionSize) "set_dimension_size" [2] [0] [1] pure;
    /// A strided part.
    Slice(Slice) "slice" [1] [0] [1] pure;
    /// Sorts along a dimension.
    Sort(Sort) "sort" [1 ..] [1] [1 ..] pure;
    /// Gather along one dimension.
    TorchIndexSelect(TorchIndexSelect) "torch_index_select" [2] [0] [1] pure;
    /// Permutes dimensions.
    Transpose(Permutation) "transpose" [1] [0] [1] pure;
    /// Solves with a triangular matrix.
    TriangularSolve(TriangularSolve) "triangular_solve" [2] [0] [1] pure;
    /// Makes a tuple.
    Tuple "tuple" [0 ..] [0] [1] pure;
    /// Einstein summation of one operand.
    UnaryEinsum(Einsum) "unary_einsum" [1] [0] [1] pure;
    /// From quantized to expressed values.
    UniformDequantize "uniform_dequantize" [1] [0] [1] pure;
    /// From expressed to quantized values.
    UniformQuantize "uniform_quantize" [1] [0] [1] pure;
    /// Repeats a body while a condition holds.
    While "while" [0 ..] [2] [0 ..] effect;
    /// Identity that carries a sharding (`sdy.sharding_constraint`, `sdy.reshard`); the sharding is the
    /// discardable attribute `sharding`.
    ShardingConstraint "sdy.sharding_constraint" [1] [0] [1] pure;
    /// A region that runs once a device on local shards (`sdy.manual_computation`); shardings are the
    /// discardable attributes `in_shardings`, `out_shardings`, `manual_axes`.
    ManualComputation "sdy.manual_computation" [0 ..] [1] [0 ..] effect;
}

impl Op {
    /// What the table says of this op.
    pub fn info(&self) -> OpInfo {
        Op::info_of(self.mnemonic()).expect("every op has a row")
    }

    /// What the table says of the op of this mnemonic.
    pub fn info_of(mnemonic: &str) -> Option<OpInfo> {
        let elementwise = |mnemonic, operands| OpInfo {
            mnemonic,
            operands: Arity::Exactly(operands),
            regions: Arity::Exactly(0),
            results: Arity::Exactly(1),
            side_effect: false,
            attributes: &[],
        };
        if let Some(op) = UnaryOp::from_mnemonic(mnemonic) {
            return Some(elementwise(op.mnemonic(), 1));
        }
        if let Some(op) = BinaryOp::from_mnemonic(mnemonic) {
            return Some(elementwise(op.mnemonic(), 2));
        }
        TABLE.iter().find(|row| row.mnemonic == mnemonic).copied()
    }

    /// Rows of every op, elementwise first.
    pub fn all() -> impl Iterator<Item = OpInfo> {
        let unary = UnaryOp::ALL.iter().map(|op| op.mnemonic());
        let binary = BinaryOp::ALL.iter().map(|op| op.mnemonic());
        let elementwise = unary.chain(binary).map(|m| Op::info_of(m).expect("elementwise ops have rows"));
        elementwise.chain(TABLE.iter().copied())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tensor::Dims;

    #[test]
    fn mnemonics_are_unique() {
        let mut names: Vec<_> = Op::all().map(|row| row.mnemonic).collect();
        let count = names.len();
        names.sort();
        names.dedup();
        assert_eq!(names.len(), count);
    }

    #[test]
    fn attributes_read_back() {
        let mut attrs = AttrMap::default();
        attrs.push("permutation", Attr::Tensor(tensor::Literal::i64s(&[1, 0])));
        attrs.push("mhlo.sharding", Attr::Unit);
        let op = Op::build("transpose", &mut attrs).expect("well formed");
        assert_eq!(op, Op::Transpose(Box::new(Permutation { permutation: Dims::from_slice(&[1, 0]) })));
        assert_eq!(attrs.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["mhlo.sharding"]);
        let mut written = AttrMap(op.attributes().into_iter().map(|(n, a)| (n.to_owned(), a)).collect());
        assert_eq!(Op::build("transpose", &mut written), Ok(op));
        assert_eq!(
            Op::build("transpose", &mut AttrMap::default()),
            Err(BuildError::Missing { op: "transpose", name: "permutation" })
        );
    }
}
