//! The state of printing a kernel, and its arrays.

use plan::{Access, Expr, Kernel, NodeId, Stage};
use smallvec::SmallVec;
use tensor::DType;

use super::expression::{Sum, div_up, divided};
use super::lanes::{Direction, Form, Varying};
use super::pieces::{self, Pieces};
use super::schedule::Schedule;
use super::shared::Shared;
use super::text::Text;
use crate::features::Features;
use crate::lower::Refusal;
use crate::scalar::{Scalars, Storage};

/// How a binding is named, declared and accessed.
#[derive(Clone, Debug)]
pub(super) struct Array {
    /// Name of the binding.
    pub name: String,
    /// Expression of the offset of its first element, in declared elements.
    pub offset: String,
    /// Type of the elements.
    pub dtype: DType,
    /// How they are stored.
    pub storage: Storage,
    /// Stored elements in a declared one: more than 1 for vectors.
    pub vector: u32,
    /// Whether it is declared as atomics.
    pub atomic: bool,
    /// Bindings that hold it: more than 1 where it is larger than one.
    pub pieces: u32,
}

impl Array {
    /// Array elements in a declared element.
    pub fn per_declared(&self) -> u32 {
        self.vector * self.storage.per_word
    }

    /// The type of a declared element.
    pub fn element(&self) -> String {
        let element = self.storage.element;
        match (self.atomic, self.vector) {
            (true, _) => format!("atomic<{element}>"),
            (false, 1) => element.to_owned(),
            (false, vector) => format!("vec{vector}<{element}>"),
        }
    }

    /// Bytes of a declared element.
    pub fn unit(&self) -> u32 {
        self.storage.unit * self.vector
    }

    /// The declared element at an index expression.
    pub fn at(&self, index: &str) -> String {
        format!("{}[{} + {index}]", self.name, self.offset)
    }

    /// The value of the declared element at an index expression.
    pub fn read(&self, index: &str) -> String {
        let at = self.at(index);
        match (self.pieces, self.atomic) {
            (1, false) => at,
            (1, true) => format!("atomicLoad(&{at})"),
            _ => pieces::load(&self.name, index),
        }
    }

    /// The statement that sets the declared element at an index expression.
    pub fn write(&self, index: &str, value: &str) -> String {
        let at = self.at(index);
        match (self.pieces, self.atomic) {
            (1, false) => format!("{at} = {value};"),
            (1, true) => format!("atomicStore(&{at}, {value});"),
            _ => pieces::store(&self.name, index, value),
        }
    }

    /// The statements that set the bits of a mask in the word at an index expression.
    pub fn set_bits(&self, index: &str, bits: &str, mask: &str) -> [String; 2] {
        let at = self.at(index);
        if self.pieces == 1 {
            return [format!("atomicAnd(&{at}, ~({mask}));"), format!("atomicOr(&{at}, {bits});")];
        }
        let change = |op, value: &str| pieces::change(&self.name, op, index, value);
        [change("and", &format!("~({mask})")), change("or", bits)]
    }

    /// How it is bound if it has several bindings. `bound` counts bindings.
    pub fn in_pieces(&self, bound: &mut usize, features: &Features) -> Option<Pieces> {
        let own = self.name.strip_prefix('b')?.parse().ok()?;
        let others = *bound..*bound + self.pieces as usize - 1;
        *bound = others.end;
        (self.pieces > 1).then(|| Pieces {
            name: self.name.clone(),
            element: Array { atomic: false, ..self.clone() }.element(),
            atomic: self.atomic,
            each: features.window_bytes() / u64::from(self.unit()),
            bindings: std::iter::once(own).chain(others).collect(),
        })
    }
}

/// A row-local array while it is printed.
#[derive(Clone, Debug)]
pub(super) struct Local {
    /// Name of the variable or binding.
    pub name: String,
    /// Inner chunks of the stages that use it: the lanes of one element are this far apart.
    pub chunks: i64,
}

/// Prints a kernel by its schedule.
pub(super) struct Printer<'a, 'f> {
    /// What is printed.
    pub kernel: &'a Kernel,
    /// How it is spread over threads.
    pub schedule: &'a Schedule,
    /// Printer of scalar operations.
    pub scalars: &'a mut Scalars<'f>,
    /// Inputs, then outputs, then scratch memory.
    pub arrays: Vec<Array>,
    /// The text so far.
    pub text: Text,
    /// Points of the kernel.
    pub points: i64,
    /// The first array of partial results, where folds are not finished.
    pub partials: Option<usize>,
    /// Names of each row value, by lane.
    pub rows: Vec<Vec<String>>,
    /// Names of row-local arrays.
    pub locals: Vec<Local>,
    /// Workgroup memory.
    pub shared: Shared,
}

/// Names of a value: one, or one a lane.
pub(super) type Names = SmallVec<[String; 1]>;

/// What is known while a stage is printed.
pub(super) struct Scope<'a> {
    /// The stage.
    pub stage: &'a Stage,
    /// What its nodes depend on.
    pub varying: Varying,
    /// Which nodes are available, and their names.
    pub values: Vec<Option<Names>>,
    /// Whether inner axes are taken as 0.
    pub at_start: bool,
}

impl Scope<'_> {
    /// The nodes that the stage folds, keeps and stores.
    pub fn wanted(&self) -> Vec<NodeId> {
        let stage = self.stage;
        let mut wanted: Vec<NodeId> =
            stage.reductions.iter().flat_map(|reduction| &reduction.inputs).copied().collect();
        wanted.extend(stage.scratch.iter().map(|&(_, value)| value));
        for store in &stage.stores {
            wanted.push(store.value);
            store.access.visit_operands(|id| wanted.push(id));
        }
        wanted
    }

    /// The name of a value in a lane.
    pub fn name(&self, id: NodeId, lane: u32) -> &str {
        let names = self.values[id.index()].as_ref().expect("operands are printed before their uses");
        if names.len() == 1 { &names[0] } else { &names[lane as usize] }
    }
}

impl Printer<'_, '_> {
    /// How an access lies along the lanes.
    pub fn form(&self, scope: &Scope<'_>, array: usize, access: &Access) -> Form {
        let lanes = &self.schedule.lanes;
        match lanes.form(self.kernel, scope.stage, access, &scope.varying) {
            Form::Vector if self.arrays[array].per_declared() > lanes.width => Form::Each,
            form => form,
        }
    }

    /// An index expression in a lane. With `scale`, of accesses that are vectors: the number of the vector.
    pub fn index(&self, scope: &Scope<'_>, expr: &Expr, lane: u32, vector: bool) -> String {
        let rank = self.kernel.parallel.len();
        let lanes = &self.schedule.lanes;
        let scale = if vector { i64::from(lanes.width) } else { 1 };
        let mut sum = Sum::new(expr.offset / scale);
        if vector && lanes.direction == Direction::Flat {
            sum.add("point", 1);
            return sum.print();
        }
        for term in &expr.terms {
            if term.axis >= rank && scope.at_start {
                continue;
            }
            let on_lane = lanes.on(self.kernel, scope.stage, term.axis);
            if vector && on_lane {
                sum.add(format!("c{}", term.axis), 1);
                continue;
            }
            let mut axis = if on_lane { self.lane_axis(term.axis, lane) } else { format!("a{}", term.axis) };
            if term.divisor != 1 {
                axis = format!("({axis} / {}u)", term.divisor);
            }
            if term.modulus != 0 {
                axis = format!("({axis} % {}u)", term.modulus);
            }
            sum.add(axis, term.stride / scale);
        }
        sum.print()
    }

    /// The index along the axis of the lanes.
    fn lane_axis(&self, axis: usize, lane: u32) -> String {
        if self.schedule.lanes.direction == Direction::Flat {
            return format!("a{axis}_{lane}");
        }
        match (lane, self.schedule.ragged) {
            (0, _) => format!("a{axis}"),
            (_, false) => format!("(a{axis} + {lane}u)"),
            (_, true) => format!("min(a{axis} + {lane}u, {}u)", self.kernel.parallel[axis] - 1),
        }
    }

    /// Prints the axes of a row-major index: `let a2 = index % 5u;` and so on. The last size may count chunks of
    /// lanes: its name then is `c2`, and the axis starts at a multiple of the width.
    pub fn axes(&mut self, index: &str, first: usize, sizes: &[i64], chunked: bool) {
        let width = self.schedule.lanes.width;
        let mut rest = index.to_owned();
        for (position, &size) in sizes.iter().enumerate().rev() {
            let axis = first + position;
            let last = position + 1 == sizes.len();
            let (name, size) = if last && chunked {
                (format!("c{axis}"), div_up(size, width.into()))
            } else {
                (format!("a{axis}"), size)
            };
            if position == 0 {
                self.text.line(format_args!("let {name} = {rest};"));
            } else {
                self.text.line(format_args!("let {name} = {rest} % {size}u;"));
                let outer = format!("i{axis}");
                self.text.line(format_args!("let {outer} = {rest} / {size}u;"));
                rest = outer;
            }
            if last && chunked {
                self.text.line(format_args!("let a{axis} = {name} * {width}u;"));
            }
        }
    }

    /// Prints the axes of every lane of a flat index.
    pub fn flat_axes(&mut self) {
        let rows = self.kernel.rows();
        for lane in 0..self.schedule.lanes.width {
            let flat = format!("flat_{lane}");
            let width = self.schedule.lanes.width;
            self.text.line(format_args!("let {flat} = min(point * {width}u + {lane}u, {}u);", rows - 1));
            let mut rest = flat;
            for (axis, &size) in self.kernel.parallel.iter().enumerate().rev() {
                if axis == 0 {
                    self.text.line(format_args!("let a0_{lane} = {rest};"));
                } else {
                    self.text.line(format_args!("let a{axis}_{lane} = {rest} % {size}u;"));
                    let outer = format!("i{axis}_{lane}");
                    self.text.line(format_args!("let {outer} = {rest} / {size}u;"));
                    rest = outer;
                }
            }
        }
    }

    /// The value of an element of an array, at an index that is a name or a literal.
    pub fn element(&mut self, array: usize, index: &str) -> Result<String, Refusal> {
        let array = &self.arrays[array];
        let per_word = array.storage.per_word;
        let mut word = array.read(&divided(index, array.per_declared()));
        if array.vector > 1 {
            word = format!("{word}[{} & {}u]", divided(index, per_word), array.vector - 1);
        }
        let lane = if per_word == 1 { "0u".to_owned() } else { format!("({index} & {}u)", per_word - 1) };
        let dtype = array.dtype;
        self.scalars.unpack(dtype, &word, &lane)
    }

    /// The values of all lanes of the vector with this number, an expression; prints the loads.
    pub fn vector(&mut self, array: usize, number: &str, name: &str) -> Result<Names, Refusal> {
        let width = self.schedule.lanes.width;
        let array = self.arrays[array].clone();
        let per_declared = array.per_declared();
        let pieces = width / per_declared;
        let mut names = Names::new();
        for piece in 0..pieces {
            let at = match pieces {
                1 => number.to_owned(),
                _ => format!("({number}) * {pieces}u + {piece}u"),
            };
            let loaded = format!("{name}_w{piece}");
            self.text.line(format_args!("let {loaded} = {};", array.read(&at)));
            for lane in 0..per_declared {
                let word = match array.vector {
                    1 => loaded.clone(),
                    _ => format!("{loaded}[{}]", lane / array.storage.per_word),
                };
                let within = format!("{}u", lane % array.storage.per_word);
                let value = self.scalars.unpack(array.dtype, &word, &within)?;
                let value_name = format!("{name}_{}", piece * per_declared + lane);
                self.text.line(format_args!("let {value_name} = {value};"));
                names.push(value_name);
            }
        }
        Ok(names)
    }

    /// Stores all lanes of the vector with this number.
    pub fn store_vector(&mut self, array: usize, number: &str, values: &[&str]) -> Result<(), Refusal> {
        let array = self.arrays[array].clone();
        let per_declared = array.per_declared() as usize;
        let pieces = values.len() / per_declared;
        for (piece, values) in values.chunks(per_declared).enumerate() {
            let mut words = Vec::new();
            for lanes in values.chunks(array.storage.per_word as usize) {
                words.push(self.scalars.pack(array.dtype, lanes)?);
            }
            let value = match &words[..] {
                [word] => word.clone(),
                _ => format!("{}({})", array.element(), words.join(", ")),
            };
            let at = match pieces {
                1 => number.to_owned(),
                _ => format!("({number}) * {pieces}u + {piece}u"),
            };
            self.text.line(array.write(&at, &value));
        }
        Ok(())
    }

    /// Stores an element at an index that is a name or a literal.
    pub fn store_element(&mut self, array: usize, index: &str, value: &str) -> Result<(), Refusal> {
        let array = self.arrays[array].clone();
        let per_word = array.storage.per_word;
        if per_word == 1 {
            let value = self.scalars.pack(array.dtype, &[value])?;
            self.text.line(array.write(index, &value));
            return Ok(());
        }
        if !array.atomic {
            return Err(Refusal::new("a part of a word is stored without atomics"));
        }
        let lane = format!("({index} & {}u)", per_word - 1);
        let (bits, mask) = self.scalars.lane_bits(array.dtype, value, &lane)?;
        self.text.open("{");
        self.text.line(format_args!("let bits = {bits};"));
        array.set_bits(&divided(index, per_word), "bits", &mask).iter().for_each(|line| self.text.line(line));
        self.text.close();
        Ok(())
    }
}
