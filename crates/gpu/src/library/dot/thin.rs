//! Products of few rows, and many small products.

use super::choice::words;
use super::operand::Access;
use super::product::Product;
use super::template::Slots;
use super::tile::Shape;

/// Most rows of a thin product.
const MAX_ROWS: i64 = 8;
/// Bytes of workgroup memory that all devices have.
const WORKGROUP_BYTES: u32 = 32 << 10;
/// Small products that keep a large device busy.
const MANY: i64 = 32;
/// Workgroups that keep a large device's memory busy.
const BUSY: u64 = 1024;

/// Rows and columns that a workgroup sums while it reads the rhs once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Thin {
    /// Rows: 1, 2, 4 or 8.
    pub rows: u32,
    /// Whether neighbours of the rhs lie along k.
    pub along_k: bool,
}

impl Thin {
    /// Columns of a group of lanes along k.
    const fn lane_columns(&self) -> u32 {
        if self.rows == 8 { 2 } else { 4 }
    }

    /// Columns of a tile.
    pub const fn columns(&self) -> u32 {
        if self.along_k { 8 * self.lane_columns() } else { 128 }
    }

    /// Terms that the threads of a workgroup read at once.
    pub const fn depth(&self) -> u32 {
        if self.along_k { 128 } else { 32 }
    }

    /// Bytes of workgroup memory.
    pub const fn workgroup_bytes(&self) -> u32 {
        if self.along_k { 4 * 8 * self.rows * self.lane_columns() * 33 } else { 4096 }
    }

    /// Fills the slots and prints the shader.
    pub(super) fn print(&self, slots: &mut Slots) -> String {
        slots.set("ROWS", self.rows).set("COLUMNS", self.lane_columns());
        slots.print(include_str!("../../../shaders/matmul_thin.wgsl"))
    }
}

/// Prints the shader of small products.
pub(super) fn print_small(slots: &Slots) -> String {
    slots.print(include_str!("../../../shaders/matmul_small.wgsl"))
}

/// Prints the shader of single results.
pub(super) fn print_direct(slots: &mut Slots, rows_first: bool) -> String {
    slots.set("ORDER", if rows_first { "rows" } else { "columns" });
    slots.print(include_str!("../../../shaders/convolution_direct.wgsl"))
}

/// The way and number of parts for a product that is thin or small, as it is or with its operands exchanged.
pub(super) fn choose(product: &Product) -> Option<(Shape, u32)> {
    let [m, n, k] = [product.m, product.n, product.k].map(|dim| dim.size);
    let batches = product.batches() as i64;
    // A thread waits for each of its terms, which only others hide.
    let hidden = k <= 8 || batches >= MANY;
    if hidden && k <= 64 && m * n <= 1024 && batches * m * n <= 1 << 22 {
        return Some((Shape::Small, 1));
    }
    // Small batched results leave most threads of a thin tile idle.
    if m > MAX_ROWS || n < 64 {
        return None;
    }
    let rhs = Access::choose(product, &product.n, product.rhs.dtype, |dim| dim.rhs);
    let thin = Thin { rows: (m.max(1) as u32).next_power_of_two(), along_k: rhs.along_k };
    if words(product) * thin.workgroup_bytes() > WORKGROUP_BYTES {
        return None;
    }
    let groups = (n as u64).div_ceil(u64::from(thin.columns())) * product.batches();
    let parts = (BUSY / groups.max(1)).min(k as u64 / 512).max(1);
    Some((Shape::Thin(thin), parts as u32))
}
