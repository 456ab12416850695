//! The program as typed operations in SSA form.
//!
//! A [`Function`] owns arenas of values, operations and regions; ids index them. Every region has one
//! block whose last operation is `return`. Operations in nested regions may use values of enclosing
//! regions.

use std::fmt;

use ops::sharding::Mesh;
use ops::{AttrMap, Op, Type};
use smallvec::SmallVec;
use tensor::TensorType;

use crate::{LocId, Locations};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident $prefix:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(pub u32);

        impl $name {
            /// Position in its arena.
            pub const fn index(self) -> usize {
                self.0 as usize
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($prefix, "{}"), self.0)
            }
        }
    )*};
}

ids! {
    /// An SSA value of a function.
    ValueId "%";
    /// An operation of a function.
    OpId "op";
    /// A region of a function.
    RegionId "region";
}

/// A whole program.
#[derive(Clone, Debug)]
pub struct Module {
    /// Name, such as `jit_f`; empty if none.
    pub name: String,
    /// Functions; the entry point is `main`.
    pub functions: Vec<Function>,
    /// Device meshes by name.
    pub meshes: Vec<(String, Mesh)>,
    /// `mhlo.num_replicas`.
    pub num_replicas: u32,
    /// `mhlo.num_partitions`.
    pub num_partitions: u32,
    /// Other module attributes.
    pub attributes: AttrMap,
    /// Source locations that operations refer to.
    pub locations: Locations,
}

impl Default for Module {
    fn default() -> Self {
        Module {
            name: String::new(),
            functions: Vec::new(),
            meshes: Vec::new(),
            num_replicas: 1,
            num_partitions: 1,
            attributes: AttrMap::default(),
            locations: Locations::default(),
        }
    }
}

impl Module {
    /// The function of this name.
    pub fn function(&self, name: &str) -> Option<&Function> {
        self.functions.iter().find(|function| function.name == name)
    }

    /// The entry point.
    pub fn main(&self) -> Option<&Function> {
        self.function("main")
    }
}

/// A function: its signature and its body in arenas.
#[derive(Clone, Debug)]
pub struct Function {
    /// Symbol name.
    pub name: String,
    /// Whether it is visible outside of the module.
    pub public: bool,
    /// Attributes of each argument, such as `tf.aliasing_output`; as many as arguments.
    pub arg_attrs: Vec<AttrMap>,
    /// Attributes of each result.
    pub result_attrs: Vec<AttrMap>,
    /// Result types.
    pub result_types: Vec<Type>,
    /// Other attributes, such as `no_inline`.
    pub attributes: AttrMap,
    /// The body; its arguments are the function's.
    pub body: RegionId,
    /// Where it was defined.
    pub location: LocId,
    values: Vec<Type>,
    ops: Vec<Operation>,
    regions: Vec<Region>,
}

/// One operation.
#[derive(Clone, Debug)]
pub struct Operation {
    /// What it does, with its attributes.
    pub op: Op,
    /// Operands.
    pub operands: SmallVec<[ValueId; 3]>,
    /// Results.
    pub results: SmallVec<[ValueId; 1]>,
    /// Nested regions.
    pub regions: SmallVec<[RegionId; 2]>,
    /// Attributes beyond those of the op: `mhlo.frontend_attributes`, `sdy.sharding`, a non-default
    /// `result_accuracy` and so on.
    pub attributes: AttrMap,
    /// Source location.
    pub location: LocId,
}

/// A region of one block.
#[derive(Clone, Debug, Default)]
pub struct Region {
    /// Block arguments.
    pub args: Vec<ValueId>,
    /// Operations in order; the last is `return`.
    pub ops: Vec<OpId>,
}

impl Function {
    /// A function with an empty body.
    pub fn new(name: impl Into<String>) -> Self {
        Function {
            name: name.into(),
            public: false,
            arg_attrs: Vec::new(),
            result_attrs: Vec::new(),
            result_types: Vec::new(),
            attributes: AttrMap::default(),
            body: RegionId(0),
            location: LocId::UNKNOWN,
            values: Vec::new(),
            ops: Vec::new(),
            regions: vec![Region::default()],
        }
    }

    /// Arguments of the function.
    pub fn args(&self) -> &[ValueId] {
        &self.region(self.body).args
    }

    /// Adds a value of this type, defined by nothing yet.
    pub fn add_value(&mut self, ty: Type) -> ValueId {
        self.values.push(ty);
        ValueId((self.values.len() - 1) as u32)
    }

    /// Adds an empty region.
    pub fn add_region(&mut self) -> RegionId {
        self.regions.push(Region::default());
        RegionId((self.regions.len() - 1) as u32)
    }

    /// Adds a block argument to a region.
    pub fn add_arg(&mut self, region: RegionId, ty: Type) -> ValueId {
        let value = self.add_value(ty);
        self.regions[region.index()].args.push(value);
        value
    }

    /// Adds an operation to the arena without placing it in a region.
    pub fn add_op(&mut self, operation: Operation) -> OpId {
        self.ops.push(operation);
        OpId((self.ops.len() - 1) as u32)
    }

    /// Adds an operation at the end of a region.
    pub fn push_op(&mut self, region: RegionId, operation: Operation) -> OpId {
        let id = self.add_op(operation);
        self.regions[region.index()].ops.push(id);
        id
    }

    /// Adds an operation with new results of these types at the end of a region; for passes.
    pub fn append(
        &mut self,
        region: RegionId,
        op: Op,
        operands: &[ValueId],
        result_types: impl IntoIterator<Item = Type>,
        location: LocId,
    ) -> SmallVec<[ValueId; 1]> {
        let results: SmallVec<[ValueId; 1]> = result_types.into_iter().map(|ty| self.add_value(ty)).collect();
        self.push_op(
            region,
            Operation {
                op,
                operands: operands.into(),
                results: results.clone(),
                regions: SmallVec::new(),
                attributes: AttrMap::default(),
                location,
            },
        );
        results
    }

    /// The type of a value.
    pub fn ty(&self, value: ValueId) -> &Type {
        &self.values[value.index()]
    }

    /// The tensor type of a value.
    ///
    /// # Panics
    /// If the value is a token or tuple: the verifier has checked ops that need tensors.
    pub fn tensor(&self, value: ValueId) -> &TensorType {
        self.ty(value).as_tensor().expect("a verified operand is a tensor")
    }

    /// Changes the type of a value.
    pub fn set_type(&mut self, value: ValueId, ty: Type) {
        self.values[value.index()] = ty;
    }

    /// Number of values in the arena.
    pub fn value_count(&self) -> usize {
        self.values.len()
    }

    /// An operation.
    pub fn op(&self, id: OpId) -> &Operation {
        &self.ops[id.index()]
    }

    /// An operation, to change.
    pub fn op_mut(&mut self, id: OpId) -> &mut Operation {
        &mut self.ops[id.index()]
    }

    /// Number of operations in the arena, placed or not.
    pub fn op_count(&self) -> usize {
        self.ops.len()
    }

    /// A region.
    pub fn region(&self, id: RegionId) -> &Region {
        &self.regions[id.index()]
    }

    /// A region, to change.
    pub fn region_mut(&mut self, id: RegionId) -> &mut Region {
        &mut self.regions[id.index()]
    }

    /// Number of regions in the arena.
    pub fn region_count(&self) -> usize {
        self.regions.len()
    }

    /// The operands of a region's `return`; empty if it has none yet.
    pub fn returned(&self, region: RegionId) -> &[ValueId] {
        match self.region(region).ops.last().map(|&id| self.op(id)) {
            Some(Operation { op: Op::Return, operands, .. }) => operands,
            _ => &[],
        }
    }
}
