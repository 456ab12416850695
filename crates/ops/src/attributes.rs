//! Attribute structs, one for each op that has attributes.
//!
//! Field names are the wire names of VHLO; a field with `= default` may be left out in text. Semantics
//! are those of `spec.md` of StableHLO under the op's name.

use tensor::{DType, Dims, Literal, Scalar, TensorType};

use crate::{
    Attr, AttrMap, AttrValue, Attributes, BuildError, ComparisonDirection, ComparisonType,
    CustomCallApiVersion, FftType, Precision, RngAlgorithm, RngDistribution, Transpose, Type,
};

macro_rules! attributes {
    ($($(#[$doc:meta])* $name:ident { $($(#[$field_doc:meta])* $field:ident: $ty:ty $(= $default:expr)?,)* })*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq)]
        pub struct $name { $($(#[$field_doc])* pub $field: $ty,)* }

        impl Attributes for $name {
            const NAMES: &'static [&'static str] = &[$(stringify!($field)),*];

            fn read(op: &'static str, attrs: &mut AttrMap) -> Result<Self, BuildError> {
                Ok($name { $($field: match attrs.take(stringify!($field)) {
                    Some(attr) => <$ty>::from_attr(&attr).ok_or_else(|| malformed(op, stringify!($field), &attr))?,
                    None => attributes!(@absent op, $field $(, $default)?),
                },)* })
            }

            fn write(&self) -> Vec<(&'static str, Attr)> {
                vec![$((stringify!($field), self.$field.to_attr())),*]
            }
        }
    )*};
    (@absent $op:ident, $field:ident, $default:expr) => { $default };
    (@absent $op:ident, $field:ident) => {
        return Err(BuildError::Missing { op: $op, name: stringify!($field) })
    };
}

fn malformed(op: &'static str, name: &'static str, attr: &Attr) -> BuildError {
    let mut value = format!("{attr:?}");
    if let Some((cut, _)) = value.char_indices().nth(120) {
        value.truncate(cut);
        value.push_str("...");
    }
    BuildError::Malformed { op, name, value }
}

fn no_groups() -> Attr {
    let ty = TensorType::new(DType::I64, [0, 0]);
    Attr::Tensor(Literal::splat(ty.dims, Scalar::zero(DType::I64)))
}

fn empty_string() -> Attr {
    Attr::String(Vec::new())
}

attributes! {
    /// `all_gather`: concatenates the operands of a group along a dimension.
    AllGather {
        /// Dimension that grows.
        all_gather_dim: i64,
        /// Channel, 0 if none.
        channel_id: i64 = 0,
        /// Groups of processes.
        replica_groups: Attr = no_groups(),
        /// Whether groups hold flattened ids.
        use_global_device_ids: bool = false,
    }
    /// `all_reduce`: combines the operands of a group.
    AllReduce {
        /// Channel, 0 if none.
        channel_id: i64 = 0,
        /// Groups of processes.
        replica_groups: Attr = no_groups(),
        /// Whether groups hold flattened ids.
        use_global_device_ids: bool = false,
    }
    /// `all_to_all`: splits along one dimension, exchanges, concatenates along another.
    AllToAll {
        /// Channel, 0 if none.
        channel_id: i64 = 0,
        /// Dimension along which received parts are joined.
        concat_dimension: i64,
        /// Groups of processes.
        replica_groups: Attr = no_groups(),
        /// Number of parts.
        split_count: i64,
        /// Dimension along which the operand is split.
        split_dimension: i64,
    }
    /// `batch_norm_grad`, `batch_norm_inference` and `batch_norm_training`.
    BatchNorm {
        /// Added to the variance.
        epsilon: f32,
        /// The feature dimension.
        feature_index: i64,
    }
    /// `broadcast_in_dim`.
    BroadcastInDim {
        /// For each operand dimension, the result dimension it becomes.
        broadcast_dimensions: Dims,
    }
    /// `broadcast`: new leading dimensions.
    Broadcast {
        /// Sizes of the new dimensions.
        broadcast_sizes: Dims,
    }
    /// `call`.
    Call {
        /// Name of the function.
        callee: String,
    }
    /// `cholesky`.
    Cholesky {
        /// Whether the lower factor is wanted.
        lower: bool = false,
    }
    /// `collective_broadcast`.
    CollectiveBroadcast {
        /// Channel, 0 if none.
        channel_id: i64 = 0,
        /// Whether the root is an operand.
        has_dynamic_root: bool = false,
        /// Groups of processes; the first of a group is its root.
        replica_groups: Attr = no_groups(),
    }
    /// `collective_permute`.
    CollectivePermute {
        /// Channel, 0 if none.
        channel_id: i64 = 0,
        /// (from, to) process pairs.
        source_target_pairs: Vec<(i64, i64)>,
    }
    /// `collective_reduce`.
    CollectiveReduce {
        /// Channel, 0 if none.
        channel_id: i64 = 0,
        /// Whether the root is an operand.
        has_dynamic_root: bool = false,
        /// Groups of processes.
        replica_groups: Attr = no_groups(),
        /// Whether groups hold flattened ids.
        use_global_device_ids: bool = false,
    }
    /// `compare`.
    Compare {
        /// Under which order.
        compare_type: ComparisonType = ComparisonType::NoType,
        /// Which comparison.
        comparison_direction: ComparisonDirection,
    }
    /// `composite`: a named function with its decomposition.
    Composite {
        /// Attributes of the composite.
        composite_attributes: AttrMap = AttrMap::default(),
        /// Name of the function that defines it.
        decomposition: String,
        /// Its name, such as `chlo.erf`.
        name: String,
        /// Its version.
        version: i64 = 0,
    }
    /// `concatenate`.
    Concatenate {
        /// Dimension along which operands are joined.
        dimension: i64,
    }
    /// `constant`.
    Constant {
        /// The value.
        value: Literal,
    }
    /// `convolution`. Input dimensions describe the lhs, kernel dimensions the rhs.
    Convolution {
        /// Groups of batch elements (gradients of grouped convolutions).
        batch_group_count: i64,
        /// Groups of features.
        feature_group_count: i64,
        /// Batch dimension of the lhs.
        input_batch_dimension: i64,
        /// Feature dimension of the lhs.
        input_feature_dimension: i64,
        /// Spatial dimensions of the lhs.
        input_spatial_dimensions: Dims,
        /// Input feature dimension of the rhs.
        kernel_input_feature_dimension: i64,
        /// Output feature dimension of the rhs.
        kernel_output_feature_dimension: i64,
        /// Spatial dimensions of the rhs.
        kernel_spatial_dimensions: Dims,
        /// Distance between lhs elements, empty for 1.
        lhs_dilation: Dims = Dims::new(),
        /// Batch dimension of the result.
        output_batch_dimension: i64,
        /// Feature dimension of the result.
        output_feature_dimension: i64,
        /// Spatial dimensions of the result.
        output_spatial_dimensions: Dims,
        /// (low, high) a spatial dimension, empty for 0.
        padding: Vec<(i64, i64)> = Vec::new(),
        /// Wanted precision of each operand.
        precision_config: Vec<Precision> = Vec::new(),
        /// Distance between rhs elements, empty for 1.
        rhs_dilation: Dims = Dims::new(),
        /// Whether each spatial dimension of the rhs is reversed, empty for none.
        window_reversal: Vec<bool> = Vec::new(),
        /// Strides, empty for 1.
        window_strides: Dims = Dims::new(),
    }
    /// `cross-replica-sum`.
    CrossReplicaSum {
        /// Groups of processes.
        replica_groups: Attr = no_groups(),
    }
    /// `custom_call`.
    CustomCall {
        /// Calling convention.
        api_version: CustomCallApiVersion = CustomCallApiVersion::Original,
        /// A string or a dictionary for the target.
        backend_config: Attr = empty_string(),
        /// The target.
        call_target_name: String,
        /// Functions that the target calls.
        called_computations: Vec<String> = Vec::new(),
        /// Whether it must be kept though its results are unused.
        has_side_effect: bool = false,
        /// Minor-to-major dimension order of each operand, empty for row-major.
        operand_layouts: Vec<Dims> = Vec::new(),
        /// Results that share an operand's buffer.
        output_operand_aliases: Vec<Attr> = Vec::new(),
        /// Minor-to-major dimension order of each result, empty for row-major.
        result_layouts: Vec<Dims> = Vec::new(),
        /// Tilings of each result.
        result_tilings: Vec<Attr> = Vec::new(),
    }
    /// `dot_general`.
    DotGeneral {
        /// Type in which an algorithm accumulates; none without an algorithm.
        accumulation_type: Type = Type::None,
        /// Whether lower-precision accumulation is allowed; none without an algorithm.
        allow_imprecise_accumulation: Attr = Attr::Type(Type::None),
        /// Batch dimensions of the lhs.
        lhs_batching_dimensions: Dims = Dims::new(),
        /// Components the lhs is split into; none without an algorithm.
        lhs_component_count: Attr = Attr::Type(Type::None),
        /// Contracting dimensions of the lhs.
        lhs_contracting_dimensions: Dims = Dims::new(),
        /// Type the lhs is rounded to; none without an algorithm.
        lhs_precision_type: Type = Type::None,
        /// Products an algorithm makes; none without an algorithm.
        num_primitive_operations: Attr = Attr::Type(Type::None),
        /// Wanted precision of each operand.
        precision_config: Vec<Precision> = Vec::new(),
        /// Batch dimensions of the rhs.
        rhs_batching_dimensions: Dims = Dims::new(),
        /// Components the rhs is split into; none without an algorithm.
        rhs_component_count: Attr = Attr::Type(Type::None),
        /// Contracting dimensions of the rhs.
        rhs_contracting_dimensions: Dims = Dims::new(),
        /// Type the rhs is rounded to; none without an algorithm.
        rhs_precision_type: Type = Type::None,
    }
    /// `dot`: matrix and vector products.
    Dot {
        /// Wanted precision of each operand.
        precision_config: Vec<Precision> = Vec::new(),
    }
    /// `dynamic_broadcast_in_dim`.
    DynamicBroadcastInDim {
        /// For each operand dimension, the result dimension it becomes.
        broadcast_dimensions: Dims,
        /// Operand dimensions known to expand.
        known_expanding_dimensions: Dims = Dims::new(),
        /// Operand dimensions known not to expand.
        known_nonexpanding_dimensions: Dims = Dims::new(),
    }
    /// `einsum` and `unary_einsum`.
    Einsum {
        /// Subscripts such as `ab,bc->ac`.
        einsum_config: String,
    }
    /// `fft`.
    Fft {
        /// Sizes of the transformed (last) dimensions, in the real domain.
        fft_length: Dims,
        /// Kind.
        fft_type: FftType,
    }
    /// `gather`.
    Gather {
        /// Operand dimensions of slice size 1 that are dropped.
        collapsed_slice_dims: Dims = Dims::new(),
        /// Dimension of the indices that holds index vectors.
        index_vector_dim: i64 = 0,
        /// Whether the indices are sorted.
        indices_are_sorted: bool = false,
        /// Result dimensions that hold the slices.
        offset_dims: Dims = Dims::new(),
        /// Operand dimensions that are batched with the indices.
        operand_batching_dims: Dims = Dims::new(),
        /// Size of a slice in each operand dimension.
        slice_sizes: Dims,
        /// Operand dimension that each index vector element indexes.
        start_index_map: Dims = Dims::new(),
        /// Index dimensions that are batched with the operand.
        start_indices_batching_dims: Dims = Dims::new(),
    }
    /// `dynamic_gather`: as [`Gather`], slice sizes being an operand.
    DynamicGather {
        /// Operand dimensions of slice size 1 that are dropped.
        collapsed_slice_dims: Dims = Dims::new(),
        /// Dimension of the indices that holds index vectors.
        index_vector_dim: i64 = 0,
        /// Whether the indices are sorted.
        indices_are_sorted: bool = false,
        /// Result dimensions that hold the slices.
        offset_dims: Dims = Dims::new(),
        /// Operand dimensions that are batched with the indices.
        operand_batching_dims: Dims = Dims::new(),
        /// Operand dimension that each index vector element indexes.
        start_index_map: Dims = Dims::new(),
        /// Index dimensions that are batched with the operand.
        start_indices_batching_dims: Dims = Dims::new(),
    }
    /// `get_dimension_size` and `set_dimension_size`.
    DimensionSize {
        /// The dimension.
        dimension: i64,
    }
    /// `get_tuple_element`.
    GetTupleElement {
        /// Which part.
        index: i32,
    }
    /// `infeed`.
    Infeed {
        /// Opaque configuration.
        infeed_config: Attr = empty_string(),
        /// Layouts of the results.
        layout: Vec<Attr> = Vec::new(),
    }
    /// `iota` and `dynamic_iota`.
    Iota {
        /// Dimension along which values count up.
        iota_dimension: i64,
    }
    /// `map`.
    Map {
        /// All dimensions, in order.
        dimensions: Dims,
    }
    /// `outfeed`.
    Outfeed {
        /// Opaque configuration.
        outfeed_config: Attr = empty_string(),
    }
    /// `pad`.
    Pad {
        /// Padding after the last element, may be negative.
        edge_padding_high: Dims,
        /// Padding before the first element, may be negative.
        edge_padding_low: Dims,
        /// Padding between elements.
        interior_padding: Dims,
    }
    /// `send` and `recv`.
    Channel {
        /// Channel.
        channel_id: i64,
        /// Kind of channel.
        channel_type: i64,
        /// Whether the other side is the host.
        is_host_transfer: bool = false,
        /// (from, to) process pairs.
        source_target_pairs: Vec<(i64, i64)> = Vec::new(),
    }
    /// `reduce`, and `reverse`: a set of dimensions.
    Dimensions {
        /// The dimensions.
        dimensions: Dims,
    }
    /// `reduce_precision`.
    ReducePrecision {
        /// Exponent bits of the simulated format.
        exponent_bits: i32,
        /// Mantissa bits of the simulated format.
        mantissa_bits: i32,
    }
    /// `reduce_scatter`.
    ReduceScatter {
        /// Channel, 0 if none.
        channel_id: i64 = 0,
        /// Groups of processes.
        replica_groups: Attr = no_groups(),
        /// Dimension that is split.
        scatter_dimension: i64,
        /// Whether groups hold flattened ids.
        use_global_device_ids: bool = false,
    }
    /// `reduce_window`.
    ReduceWindow {
        /// Distance between operand elements, empty for 1.
        base_dilations: Dims = Dims::new(),
        /// (low, high) a dimension, empty for 0.
        padding: Vec<(i64, i64)> = Vec::new(),
        /// Distance between window elements, empty for 1.
        window_dilations: Dims = Dims::new(),
        /// Window sizes.
        window_dimensions: Dims,
        /// Strides, empty for 1.
        window_strides: Dims = Dims::new(),
    }
    /// `rng`.
    Rng {
        /// Distribution.
        rng_distribution: RngDistribution,
    }
    /// `rng_bit_generator`.
    RngBitGenerator {
        /// Generator.
        rng_algorithm: RngAlgorithm,
    }
    /// `scatter`.
    Scatter {
        /// Dimension of the indices that holds index vectors.
        index_vector_dim: i64 = 0,
        /// Whether the indices are sorted.
        indices_are_sorted: bool = false,
        /// Operand dimensions that are batched with the indices.
        input_batching_dims: Dims = Dims::new(),
        /// Operand dimensions that updates lack.
        inserted_window_dims: Dims = Dims::new(),
        /// Operand dimension that each index vector element indexes.
        scatter_dims_to_operand_dims: Dims = Dims::new(),
        /// Index dimensions that are batched with the operand.
        scatter_indices_batching_dims: Dims = Dims::new(),
        /// Whether no two updates touch the same element.
        unique_indices: bool = false,
        /// Update dimensions that hold windows.
        update_window_dims: Dims = Dims::new(),
    }
    /// `select_and_scatter`.
    SelectAndScatter {
        /// (low, high) a dimension, empty for 0.
        padding: Vec<(i64, i64)> = Vec::new(),
        /// Window sizes, empty for 1.
        window_dimensions: Dims = Dims::new(),
        /// Strides, empty for 1.
        window_strides: Dims = Dims::new(),
    }
    /// `slice`.
    Slice {
        /// Ends, exclusive.
        limit_indices: Dims,
        /// Starts.
        start_indices: Dims,
        /// Steps.
        strides: Dims,
    }
    /// `dynamic_slice`.
    DynamicSlice {
        /// Sizes of the result.
        slice_sizes: Dims,
    }
    /// `sort`.
    Sort {
        /// Dimension that is sorted.
        dimension: i64 = -1,
        /// Whether equal elements keep their order.
        is_stable: bool = false,
    }
    /// `torch_index_select`.
    TorchIndexSelect {
        /// Leading batch dimensions.
        batch_dims: i64,
        /// Dimension that is indexed.
        dim: i64,
    }
    /// `transpose`.
    Permutation {
        /// For each result dimension, the operand dimension it is.
        permutation: Dims,
    }
    /// `triangular_solve`.
    TriangularSolve {
        /// Whether the unknown is on the right of the matrix: a x = b.
        left_side: bool,
        /// Whether the lower triangle is used.
        lower: bool,
        /// How the matrix is read.
        transpose_a: Transpose,
        /// Whether the diagonal is taken as ones.
        unit_diagonal: bool,
    }
}
