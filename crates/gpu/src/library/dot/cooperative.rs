//! Tiles of products that subgroups multiply by cooperative matrices.

use super::operand::Access;
use super::template::Slots;
use crate::features::Features;

/// Shape of a tile and of the subgroups that compute it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Cooperative {
    /// Edge of a cooperative tile.
    pub edge: u32,
    /// Cooperative tiles along the rows of a subgroup's part.
    pub tile_rows: u32,
    /// Cooperative tiles along its columns.
    pub tile_columns: u32,
    /// Subgroups along the rows.
    pub group_rows: u32,
    /// Subgroups along the columns.
    pub group_columns: u32,
    /// Terms of a staged tile: a multiple of the edge.
    pub depth: u32,
    /// Staged tiles: 1, or 2 to fill one while the other is used.
    pub stages: u32,
    /// Cooperative tiles of a subgroup that are stored at once: divides `tile_columns`.
    pub staged: u32,
    /// Whether workgroup memory is declared in quads. Metal's matrices are loaded from single elements.
    pub wide: bool,
    /// Whether operands are staged as f16 rather than f32.
    pub half: bool,
    /// Cooperative matrices, or their twin in plain arithmetic.
    pub real: bool,
}

/// Threads of a subgroup.
const SUBGROUP: u32 = 32;
/// Elements between the lines of a tile, to keep them on different banks.
const PADDING: u32 = 8;

/// Edge of the matrices that a device multiplies, of f16 if `half`, else of f32, if shapes can use them.
pub(super) fn edge(features: &Features, half: bool) -> Option<u32> {
    let whole = features.subgroup == Some((SUBGROUP, SUBGROUP));
    let edge =
        if half { features.cooperative_f16.filter(|_| features.float16) } else { features.cooperative_f32 };
    edge.filter(|_| whole)
}

impl Cooperative {
    /// A shape of matrices of 16: tiles of a subgroup, subgroups, depth, stages.
    pub const fn sixteen(tiles: [u32; 2], groups: [u32; 2], depth: u32, stages: u32) -> Self {
        Cooperative {
            edge: 16,
            tile_rows: tiles[0],
            tile_columns: tiles[1],
            group_rows: groups[0],
            group_columns: groups[1],
            depth,
            stages,
            staged: 2,
            wide: true,
            half: true,
            real: true,
        }
    }

    /// As [`sixteen`](Self::sixteen), of matrices of 8, as Metal has them.
    pub const fn eight(tiles: [u32; 2], groups: [u32; 2], depth: u32, stages: u32) -> Self {
        Cooperative { edge: 8, wide: false, ..Self::sixteen(tiles, groups, depth, stages) }
    }

    /// Rows of a tile.
    pub const fn rows(&self) -> u32 {
        self.edge * self.tile_rows * self.group_rows
    }

    /// Columns of a tile.
    pub const fn columns(&self) -> u32 {
        self.edge * self.tile_columns * self.group_columns
    }

    /// Threads of a workgroup.
    pub const fn threads(&self) -> u32 {
        SUBGROUP * self.group_rows * self.group_columns
    }

    /// Bytes of workgroup memory, at most.
    pub const fn workgroup_bytes(&self) -> u32 {
        let element = if self.half { 2 } else { 4 };
        let extent = self.rows() + self.columns();
        // Along k or across it, whichever has more lines and with them more padding.
        let lines = if extent > 2 * self.depth { extent } else { 2 * self.depth };
        let staging = 4 * self.group_rows * self.group_columns * self.edge * self.edge * self.staged;
        element * self.stages * (extent * self.depth + lines * PADDING) + staging
    }

    /// Type in which operands are staged.
    pub(super) const fn number(&self) -> &'static str {
        if self.half { "f16" } else { "f32" }
    }

    /// Fills the slots and prints the shader.
    pub(super) fn print(&self, slots: &mut Slots, accesses: [Access; 2]) -> String {
        let flag = |set: bool| if set { "yes" } else { "no" };
        let extents = [self.rows(), self.columns()];
        for (at, name) in ["LHS", "RHS"].into_iter().enumerate() {
            let along_k = accesses[at].along_k;
            let line = format!("{name}_LINE");
            let (extent, lines) = if along_k { (self.depth, extents[at]) } else { (extents[at], self.depth) };
            let (row_step, k_step) = if along_k { (line.as_str(), "1u") } else { ("1u", line.as_str()) };
            // Whether memory holds the rows of the matrix: of the lhs they run along k.
            let rows = along_k == (at == 0);
            slots
                .set(format!("{name}_EXTENT"), extent)
                .set(format!("{name}_LINES"), lines)
                .set(format!("{name}_ROW_STEP"), row_step)
                .set(format!("{name}_K_STEP"), k_step)
                .set(format!("{name}_COOP_LOAD"), if rows { "coopLoadT" } else { "coopLoad" })
                .set(format!("{name}_LOADS"), (extents[at] * self.depth / 4).div_ceil(self.threads()));
        }
        slots
            .set("SUBGROUP", SUBGROUP)
            .set("EDGE", self.edge)
            .set("TILE_ROWS", self.tile_rows)
            .set("TILE_COLUMNS", self.tile_columns)
            .set("GROUP_ROWS", self.group_rows)
            .set("GROUP_COLUMNS", self.group_columns)
            .set("DEPTH_TILES", self.depth / self.edge)
            .set("STAGES", self.stages)
            .set("STAGED", self.staged)
            .set("STAGINGS", self.tile_columns / self.staged)
            .set("WIDE_TILE", flag(self.wide))
            .set("REAL", flag(self.real));
        slots.print(include_str!("../../../shaders/matmul_cooperative.wgsl"))
    }
}
