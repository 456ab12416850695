//! Shardings as typed data (the Shardy dialect, and replica groups that name mesh axes).

/// A named axis of a device mesh and its size.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MeshAxis {
    /// Axis name.
    pub name: String,
    /// Number of devices along the axis.
    pub size: i64,
}

/// A logical grid of devices.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mesh {
    /// Axes, slowest first.
    pub axes: Vec<MeshAxis>,
    /// Device at each grid position, row-major; empty means 0, 1, 2, ...
    pub device_ids: Vec<i64>,
}

/// A whole mesh axis, or a factor of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AxisRef {
    /// Axis name.
    pub name: String,
    /// (product of the sizes of more significant factors, size of this factor), if only a part.
    pub sub_axis: Option<(i64, i64)>,
}

/// How one tensor dimension is split.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DimensionSharding {
    /// Axes that split the dimension, major first.
    pub axes: Vec<AxisRef>,
    /// False if the partitioner may add axes.
    pub closed: bool,
    /// Propagation priority, 0 first.
    pub priority: Option<i64>,
}

/// The mesh that a sharding names, or holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MeshRef {
    /// A module-level mesh.
    Symbol(String),
    /// A mesh written in place.
    Inline(Mesh),
}

/// How a tensor is split over a mesh.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TensorSharding {
    /// The mesh.
    pub mesh: MeshRef,
    /// One entry a dimension.
    pub dimensions: Vec<DimensionSharding>,
    /// Axes along which the tensor is explicitly replicated.
    pub replicated: Vec<AxisRef>,
    /// Axes along which partial sums are still to be reduced.
    pub unreduced: Vec<AxisRef>,
}

/// A Shardy attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sharding {
    /// A mesh.
    Mesh(Mesh),
    /// One tensor's sharding.
    Tensor(TensorSharding),
    /// One sharding a value.
    PerValue(Vec<TensorSharding>),
    /// Names of manual axes.
    ManualAxes(Vec<String>),
    /// Replica groups as axes of a mesh.
    MeshAxesGroups {
        /// The mesh.
        mesh: MeshRef,
        /// Axes that vary inside a group, slowest first.
        axes: Vec<AxisRef>,
    },
    /// Any other Shardy attribute, kept as its text.
    Other(String),
}
