//! Parameters of library steps: whatever is not a loop nest.
//!
//! Arrays are dense and row-major unless strides are given; strides and offsets count elements. The
//! order of a step's read and written slots is given with each struct.

use ops::{BinaryOp, FftType, RngAlgorithm, RngDistribution, Transpose};
use serde::{Deserialize, Serialize};
use smallvec::SmallVec;
use tensor::{DType, Dims};

use crate::Graph;

/// A dimension of a matrix product and its stride in each array; 0 where the array lacks it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct DotDim {
    /// Size.
    pub size: i64,
    /// Stride in the lhs.
    pub lhs: i64,
    /// Stride in the rhs.
    pub rhs: i64,
    /// Stride in the result.
    pub out: i64,
}

/// `out[b, m, n] = sum over k of lhs[b, m, k] * rhs[b, k, n]`. Reads lhs, rhs; writes out.
///
/// Transposes cost nothing: they are strides. Products are summed in `accumulate`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Dot {
    /// Element type of the lhs.
    pub lhs: DType,
    /// Element type of the rhs.
    pub rhs: DType,
    /// Element type of the result.
    pub out: DType,
    /// Type in which products are summed.
    pub accumulate: DType,
    /// Batch dimensions, outermost first.
    pub batch: SmallVec<[DotDim; 2]>,
    /// Rows: the lhs dimension kept. `rhs` stride 0.
    pub m: DotDim,
    /// Columns: the rhs dimension kept. `lhs` stride 0.
    pub n: DotDim,
    /// The contracted dimension. `out` stride 0.
    pub k: DotDim,
}

/// A spatial dimension of a convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ConvolutionDim {
    /// Input size.
    pub input: i64,
    /// Kernel size.
    pub kernel: i64,
    /// Output size.
    pub output: i64,
    /// Step between outputs.
    pub stride: i64,
    /// Padding before; may be negative.
    pub pad_low: i64,
    /// Padding after; may be negative.
    pub pad_high: i64,
    /// Distance between input elements.
    pub input_dilation: i64,
    /// Distance between kernel elements.
    pub kernel_dilation: i64,
    /// Whether the kernel is read backwards.
    pub reverse: bool,
    /// Stride in the input array.
    pub input_stride: i64,
    /// Stride in the kernel array.
    pub kernel_stride: i64,
    /// Stride in the output array.
    pub output_stride: i64,
}

/// Convolution of any number of spatial dimensions. Reads input, kernel; writes output. Arrays are
/// addressed by the strides given, so layouts such as NHWC and NCHW are the same to it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Convolution {
    /// Element type of the input.
    pub input: DType,
    /// Element type of the kernel.
    pub kernel: DType,
    /// Element type of the output.
    pub output: DType,
    /// Input batch size and stride.
    pub batch: (i64, i64),
    /// Input feature count and stride.
    pub input_features: (i64, i64),
    /// Kernel input feature count and stride.
    pub kernel_input_features: (i64, i64),
    /// Kernel output feature count and stride.
    pub kernel_output_features: (i64, i64),
    /// Output batch size and stride.
    pub output_batch: (i64, i64),
    /// Output feature count and stride.
    pub output_features: (i64, i64),
    /// Groups of features.
    pub feature_groups: i64,
    /// Groups of batch elements.
    pub batch_groups: i64,
    /// Spatial dimensions.
    pub spatial: SmallVec<[ConvolutionDim; 3]>,
}

/// Sorts rows along a dimension; several arrays are permuted together. Reads and writes `dtypes.len()`
/// arrays of shape `[outer, size, inner]`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Sort {
    /// Element type of each array.
    pub dtypes: Vec<DType>,
    /// Product of the dimensions before.
    pub outer: i64,
    /// Size of the sorted dimension.
    pub size: i64,
    /// Product of the dimensions after.
    pub inner: i64,
    /// What comes first.
    pub order: SortOrder,
    /// Whether equal elements keep their order.
    pub stable: bool,
}

/// What comes first when sorting.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum SortOrder {
    /// Lexicographic by keys.
    Keys(Vec<SortKey>),
    /// A `bool` function of (a0, b0, a1, b1, ...): whether a comes before b.
    Graph(Graph),
}

/// A key of a lexicographic order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SortKey {
    /// Which array.
    pub array: usize,
    /// Largest first.
    pub descending: bool,
    /// Floats: total order (-NaN lowest, -0 before +0) instead of the weak order that JAX asks for (zeros
    /// equal, every NaN above infinity and equal).
    pub total: bool,
}

/// The k largest of each row, in descending order, and their positions; equal elements by position. Floats
/// are in total order, as XLA has it: +NaN largest, -NaN smallest. Reads an array `[rows, size]`; writes
/// values `[rows, k]`, indices i32 `[rows, k]`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TopK {
    /// Element type.
    pub dtype: DType,
    /// Number of rows.
    pub rows: i64,
    /// Row length.
    pub size: i64,
    /// How many are wanted.
    pub k: i64,
}

/// Discrete Fourier transform of the last `lengths.len()` dimensions. Reads and writes one array.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Fft {
    /// Kind.
    pub kind: FftType,
    /// Element type of the operand.
    pub input: DType,
    /// Product of the leading dimensions.
    pub batch: i64,
    /// Transform sizes in the real domain, outermost first.
    pub lengths: Dims,
}

/// Running fold along a dimension: `out[i] = fold of in[0..=i]` (or of `in[i..]` when reversed). Reads and
/// writes arrays `[outer, size, inner]`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Cumulative {
    /// Element type.
    pub dtype: DType,
    /// Fold.
    pub op: BinaryOp,
    /// Product of the dimensions before.
    pub outer: i64,
    /// Size of the dimension.
    pub size: i64,
    /// Product of the dimensions after.
    pub inner: i64,
    /// Whether it runs from the end.
    pub reverse: bool,
}

/// Scatter whose updates may collide. Reads the operands, the indices, the updates; writes the results,
/// which may share the operands' memory. Updates are applied in row-major order.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Scatter {
    /// Element type of each operand (and of its updates).
    pub dtypes: Vec<DType>,
    /// Element type of the indices.
    pub index: DType,
    /// Shape of each operand.
    pub operand_dims: Dims,
    /// Shape of the indices.
    pub index_dims: Dims,
    /// Shape of the updates.
    pub update_dims: Dims,
    /// As in the op.
    pub index_vector_dim: i64,
    /// As in the op.
    pub update_window_dims: Dims,
    /// As in the op.
    pub inserted_window_dims: Dims,
    /// As in the op.
    pub input_batching_dims: Dims,
    /// As in the op.
    pub scatter_indices_batching_dims: Dims,
    /// As in the op.
    pub scatter_dims_to_operand_dims: Dims,
    /// As in the op.
    pub unique_indices: bool,
    /// A function of (current values, updates).
    pub combiner: ScatterCombiner,
}

/// What a scatter does with a current value and an update.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ScatterCombiner {
    /// The update replaces the value.
    Replace,
    /// A scalar operation of (current, update).
    Binary(BinaryOp),
    /// Any function.
    Graph(Graph),
}

/// `select_and_scatter`: each source element is combined into the operand position that its window
/// selects. Reads operand, source, initial value; writes the result.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SelectAndScatter {
    /// Element type.
    pub dtype: DType,
    /// Shape of the operand.
    pub operand_dims: Dims,
    /// Shape of the source.
    pub source_dims: Dims,
    /// Window sizes.
    pub window: Dims,
    /// Window strides.
    pub strides: Dims,
    /// (low, high) a dimension.
    pub padding: Vec<(i64, i64)>,
    /// `bool` of (selected, candidate): whether the selected one stays.
    pub select: Graph,
    /// Function of (current, source).
    pub scatter: Graph,
}

/// Random bits from a state, bit-exact with XLA. Reads the state; writes the new state, the bits.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RngBits {
    /// Generator.
    pub algorithm: RngAlgorithm,
    /// Number of u64 in the state.
    pub state: i64,
    /// Element type of the bits.
    pub dtype: DType,
    /// Shape of the bits.
    pub dims: Dims,
}

/// Random numbers without a visible state. Reads a, b; writes the numbers.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Rng {
    /// Distribution.
    pub distribution: RngDistribution,
    /// Element type.
    pub dtype: DType,
    /// Number of elements.
    pub len: i64,
    /// Distinguishes the calls of a program.
    pub seed: u64,
}

/// A call of a function that lives in the framework's process: reads its operands, writes its results. Tokens are
/// arrays without elements.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Callback {
    /// What the framework calls the function.
    pub handle: u64,
}

/// Threefry 2x32 with 20 rounds, elementwise. Reads k1, k2, x1, x2 (u32, each of `len` elements or one);
/// writes y1, y2.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Threefry {
    /// Number of elements of each operand (1 is repeated).
    pub operands: [i64; 4],
    /// Number of elements of each result.
    pub len: i64,
}

/// Dense linear algebra on the last two dimensions, `batch` matrices of `rows` x `cols`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Linalg {
    /// Which routine.
    pub routine: LinalgRoutine,
    /// Element type of the matrices.
    pub dtype: DType,
    /// Number of matrices.
    pub batch: i64,
    /// Rows of the first matrix among the operands.
    pub rows: i64,
    /// Columns of the first matrix among the operands.
    pub cols: i64,
}

/// A routine of dense linear algebra, with its reads and writes. Failures give NaN, as in JAX.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum LinalgRoutine {
    /// a -> factor; the other triangle is not touched by the routine (it writes zeros there).
    Cholesky {
        /// Lower or upper factor.
        lower: bool,
    },
    /// a, b `[rhs_rows, rhs_cols]` -> x.
    TriangularSolve {
        /// a x = b rather than x a = b.
        left_side: bool,
        /// Which triangle of a counts.
        lower: bool,
        /// How a is read.
        transpose: Transpose,
        /// Diagonal taken as ones.
        unit_diagonal: bool,
        /// Rows of b.
        rhs_rows: i64,
        /// Columns of b.
        rhs_cols: i64,
    },
    /// a -> packed, taus (LAPACK geqrf).
    Geqrf,
    /// a, column pivots -> packed, pivots (i32, from 1), taus (LAPACK geqp3).
    Geqp3,
    /// packed, taus -> q with the shape of packed (LAPACK orgqr).
    Orgqr {
        /// Number of reflectors.
        taus: i64,
    },
    /// a -> lu, pivots (i32, from 0: the row exchanged with each), permutation (i32: order of the rows).
    Lu,
    /// a -> vectors, values, ascending.
    Eigh {
        /// Which triangle counts.
        lower: bool,
    },
    /// a -> values [, u, vh].
    Svd {
        /// Square u and vh rather than thin.
        full_matrices: bool,
        /// Whether u and vh are wanted.
        vectors: bool,
    },
    /// a -> values (complex) [, left] [, right].
    Eig {
        /// Left vectors wanted.
        left: bool,
        /// Right vectors wanted.
        right: bool,
    },
    /// a -> t [, z].
    Schur {
        /// Whether z is wanted.
        vectors: bool,
    },
    /// a -> packed, taus (LAPACK gehrd).
    Hessenberg,
    /// Diagonals below, on and above the main one, each with as many elements as that, and b `[rows, cols]` -> x.
    TridiagonalSolve {
        /// Small pivots are raised rather than divided by.
        perturb: bool,
    },
    /// a -> packed, diagonal, off-diagonal, taus (LAPACK sytrd).
    Tridiagonal {
        /// Which triangle counts.
        lower: bool,
    },
}
