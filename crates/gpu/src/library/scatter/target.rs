//! Where update elements go.

use std::fmt::Write;

use plan::library::Scatter;
use tensor::{DType, row_major_strides};

use crate::library::element::{self, Access};
use crate::lower::{MOST_PARTS, Refusal};
use crate::scalar::Scalars;

/// How the operand element of an update element follows from its index and the index vector; of all updates or a part.
#[derive(Clone)]
pub(super) struct Geometry {
    /// Dimensions of the updates.
    dims: Vec<Dim>,
    /// Where the first update is in updates, indices and, from where its window starts, operand.
    start: [i64; 3],
    /// For each entry of an index vector: the largest start of a window, and the stride in the operand.
    entries: Vec<[i64; 2]>,
    /// Distance between entries of an index vector.
    vector_stride: i64,
    windows: i64,
}

/// A dimension of the updates.
#[derive(Clone)]
struct Dim {
    size: i64,
    /// Distance in the updates.
    stride: i64,
    /// Distance in the order of updates: window by window, each in row-major order.
    order: i64,
    /// Distance in the indices, where the dimension chooses windows.
    index: i64,
    /// Distance in the operand, where it runs within a window or is a batching dimension.
    operand: i64,
}

impl Geometry {
    /// Of a scatter.
    pub(super) fn new(scatter: &Scatter) -> Self {
        let operand_strides = row_major_strides(&scatter.operand_dims);
        let update_strides = row_major_strides(&scatter.update_dims);
        let index_strides = row_major_strides(&scatter.index_dims);
        let mut dims: Vec<Dim> = scatter
            .update_dims
            .iter()
            .zip(&update_strides)
            .map(|(&size, &stride)| Dim { size, stride, order: 0, index: 0, operand: 0 })
            .collect();
        let window_dims = (0..scatter.operand_dims.len()).filter(|&dim| {
            let dim = dim as i64;
            !scatter.inserted_window_dims.contains(&dim) && !scatter.input_batching_dims.contains(&dim)
        });
        let mut limits: Vec<i64> = scatter.operand_dims.iter().map(|dim| dim - 1).collect();
        for (&update_dim, dim) in scatter.update_window_dims.iter().zip(window_dims) {
            let window = &mut dims[update_dim as usize];
            window.operand = operand_strides[dim];
            limits[dim] = scatter.operand_dims[dim] - window.size;
        }
        let index_dims = (0..scatter.index_dims.len()).filter(|&dim| dim as i64 != scatter.index_vector_dim);
        let position_dims =
            (0..dims.len()).filter(|&dim| !scatter.update_window_dims.contains(&(dim as i64)));
        let mut windows = 1;
        for (update_dim, index_dim) in position_dims.collect::<Vec<_>>().into_iter().zip(index_dims) {
            let position = &mut dims[update_dim];
            windows *= position.size;
            position.index = index_strides[index_dim];
            let batch = scatter.scatter_indices_batching_dims.iter().position(|&dim| dim == index_dim as i64);
            if let Some(batch) = batch {
                position.operand = operand_strides[scatter.input_batching_dims[batch] as usize];
            }
        }
        let is_window = |dim: usize| scatter.update_window_dims.contains(&(dim as i64));
        let mut order: Vec<usize> = (0..dims.len()).collect();
        order.sort_by_key(|&dim| is_window(dim));
        order.iter().rev().fold(1, |stride, &dim| {
            dims[dim].order = stride;
            stride * dims[dim].size
        });
        let entries = scatter
            .scatter_dims_to_operand_dims
            .iter()
            .map(|&dim| [limits[dim as usize], operand_strides[dim as usize]])
            .collect();
        let vector_stride = index_strides.get(scatter.index_vector_dim as usize).copied().unwrap_or(0);
        Geometry { dims, start: [0; 3], entries, vector_stride, windows }
    }

    /// Whether windows fit into the operand at all.
    pub(super) fn fits(&self) -> bool {
        self.entries.iter().all(|&[limit, _]| limit >= 0)
    }

    /// Number of windows.
    pub(super) fn windows(&self) -> i64 {
        self.windows
    }

    /// Number of updates.
    pub(super) fn len(&self) -> u64 {
        self.dims.iter().map(|dim| dim.size as u64).product()
    }

    /// Where the updates and their indices are, as first element and number of elements from there.
    pub(super) fn updates(&self) -> [u64; 2] {
        let last: i64 = self.dims.iter().map(|dim| (dim.size - 1) * dim.stride).sum();
        [self.start[0] as u64, (last + 1) as u64]
    }

    /// The same of the indices.
    pub(super) fn indices(&self) -> [u64; 2] {
        let last: i64 = self.dims.iter().map(|dim| (dim.size - 1) * dim.index).sum();
        let vector = (self.entries.len() as i64 - 1).max(0) * self.vector_stride;
        [self.start[1] as u64, (last + vector + 1) as u64]
    }

    /// Operand elements before those that the first update may go to.
    pub(super) fn base(&self) -> u64 {
        self.start[2] as u64
    }

    /// The updates in parts, in order, that each have less than 2^31 and span no more than `limit` bytes; `bytes`: those of
    /// an update and of an index.
    ///
    /// # Errors
    /// If parts are too many.
    pub(super) fn parts(self, limit: u64, bytes: [u64; 2]) -> Result<Vec<Self>, Refusal> {
        let mut parts = Vec::new();
        self.cut(limit, bytes, &mut parts)?;
        Ok(parts)
    }

    fn cut(self, limit: u64, bytes: [u64; 2], parts: &mut Vec<Self>) -> Result<(), Refusal> {
        let spans = [self.updates()[1] * bytes[0], self.indices()[1] * bytes[1]];
        // What is outermost in order.
        let dims = (0..self.dims.len()).filter(|&at| self.dims[at].size > 1);
        let outermost = dims.max_by_key(|&at| self.dims[at].order);
        let fits = spans.iter().all(|&span| span <= limit) && self.len() < 1 << 31;
        let Some(at) = outermost.filter(|_| !fits) else {
            parts.push(self);
            return match parts.len() {
                count if count > MOST_PARTS => Err(Refusal::new("a scatter of too many parts")),
                _ => Ok(()),
            };
        };
        let Dim { size, stride, index, operand, .. } = self.dims[at];
        let room = |span: u64, step: u64| {
            let others = span - step * (size as u64 - 1);
            limit.saturating_sub(others).checked_div(step).map_or(size as u64, |room| room + 1)
        };
        let most = room(spans[0], stride as u64 * bytes[0]).min(room(spans[1], index as u64 * bytes[1]));
        let each = most.min(size as u64 / 2).max(1) as i64;
        (0..size).step_by(each as usize).try_for_each(|first| {
            let mut part = self.clone();
            part.dims[at].size = each.min(size - first);
            for (start, stride) in part.start.iter_mut().zip([stride, index, operand]) {
                *start += first * stride;
            }
            part.cut(limit, bytes, parts)
        })
    }

    /// `fn update_of(i: u32) -> u32`: the element of the updates that is `i`-th in order.
    pub(super) fn print_order(&self) -> String {
        if self.dims.iter().all(|dim| dim.size == 1 || dim.order == dim.stride) {
            return "fn update_of(i: u32) -> u32 { return i; }\n".to_owned();
        }
        let mut text = "fn update_of(i: u32) -> u32 {\n    var at = 0u;\n".to_owned();
        for dim in self.dims.iter().filter(|dim| dim.size > 1) {
            writeln!(text, "    at += {} * {}u;", self.position(dim), dim.stride).expect("strings take all");
        }
        text + "    return at;\n}\n"
    }

    /// `fn target_of(i: u32) -> u32`: the operand element of the `i`-th update, from `args.origin` on; NONE if it is not
    /// among `args.extent`. Indices start at `args.entry`, operand elements at `args.base`.
    pub(super) fn print_target(&self) -> String {
        let mut text =
            "fn target_of(i: u32) -> u32 {\n    var at = args.entry;\n    var to = args.base;\n".to_owned();
        for dim in self.dims.iter().filter(|dim| dim.size > 1) {
            for (name, factor) in [("at", dim.index), ("to", dim.operand)] {
                if factor != 0 {
                    writeln!(text, "    {name} += {} * {factor}u;", self.position(dim))
                        .expect("strings take all");
                }
            }
        }
        for (number, [limit, stride]) in self.entries.iter().enumerate() {
            let at = number as i64 * self.vector_stride;
            writeln!(
                text,
                "    let i{number} = index_at(at + {at}u);\n    if i{number} > {limit}u {{ return NONE; }}\n    \
                 to += i{number} * {stride}u;"
            )
            .expect("strings take all");
        }
        text + "    let place = to - args.origin;\n    \
            return select(NONE, place, to >= args.origin && place < args.extent);\n}\n"
    }

    /// The index along a dimension of the `i`-th update.
    fn position(&self, dim: &Dim) -> String {
        let quotient = if dim.order == 1 { "i".to_owned() } else { format!("(i / {}u)", dim.order) };
        let outermost = self.dims.iter().all(|other| other.size == 1 || other.order <= dim.order);
        if outermost { quotient } else { format!("({quotient} % {}u)", dim.size) }
    }
}

/// How the indices, binding 0, are declared. Those of 64 bits are pairs of words.
pub(super) fn declared(scalars: &mut Scalars<'_>, dtype: DType) -> Result<(&'static str, u32), Refusal> {
    match dtype {
        DType::I64 | DType::U64 => Ok(("u32", 4)),
        _ => element::declared(scalars, dtype, Access::Read),
    }
}

/// `fn index_at(i: u32) -> u32`: an index; what is negative or too large becomes larger than any limit.
pub(super) fn read(scalars: &mut Scalars<'_>, dtype: DType) -> Result<String, Refusal> {
    if matches!(dtype, DType::I64 | DType::U64) {
        let text = "fn index_at(i: u32) -> u32 {\n    let low = b0[args.at0 + 2u * i];\n    \
            return select(0xffffffffu, low, b0[args.at0 + 2u * i + 1u] == 0u);\n}\n";
        return Ok(text.to_owned());
    }
    let read = element::read(scalars, dtype, Access::Read, 0)?;
    Ok(read + "fn index_at(i: u32) -> u32 { return u32(read0(i)); }\n")
}
