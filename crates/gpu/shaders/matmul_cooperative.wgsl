// matmul_cooperative: as matmul, of f16 or f32 with f32 sums, on square tiles that a subgroup multiplies together.
// bindings  as matmul
// units     as matmul
// launch    workgroup THREADS = GROUP_ROWS * GROUP_COLUMNS * SUBGROUP, whose subgroups are SUBGROUP consecutive
//           threads; a group for each tile, batch element and part of k
// numbers   products of f16 are exact in f32; f32 sums in the hardware's order within EDGE terms
// edges     as matmul
// slots     T: f16 or f32, what is staged; EDGE: of a cooperative tile; TILE_ROWS, TILE_COLUMNS: those that a subgroup owns; GROUP_ROWS,
//           GROUP_COLUMNS: subgroups; TK; STAGES; REAL: yes, or no for a twin in plain WGSL; WIDE_TILE: whether
//           workgroup memory is declared in quads; STAGED: tiles of a subgroup stored at once
$ARGS
$BINDINGS
const THREADS: u32 = $THREADSu;
const SUBGROUP: u32 = $SUBGROUPu;
const EDGE: u32 = $EDGEu;
const TM: u32 = $TMu;
const TN: u32 = $TNu;
const TK: u32 = $TKu;
// Eight elements more keep the lines of a tile on different banks.
const LHS_LINE: u32 = $LHS_EXTENTu + 8u;
const RHS_LINE: u32 = $RHS_EXTENTu + 8u;
const LHS_TILE: u32 = $LHS_LINESu * LHS_LINE;
const RHS_TILE: u32 = $RHS_LINESu * RHS_LINE;
const LHS_QUADS: u32 = TM * TK / 4u;
const RHS_QUADS: u32 = TN * TK / 4u;
const BAND: u32 = 8u;
const NONE: u32 = 0xffffffffu;
const STAGED_LINE: u32 = $STAGEDu * EDGE;
//@ if $WIDE_TILE == yes
var<workgroup> lhs_tile: array<vec4<$T>, $STAGESu * LHS_TILE / 4u>;
var<workgroup> rhs_tile: array<vec4<$T>, $STAGESu * RHS_TILE / 4u>;
//@ else
var<workgroup> lhs_tile: array<$T, $STAGESu * LHS_TILE>;
var<workgroup> rhs_tile: array<$T, $STAGESu * RHS_TILE>;
//@ end
var<workgroup> staging: array<f32, $GROUP_ROWSu * $GROUP_COLUMNSu * EDGE * STAGED_LINE>;
$FUNCTIONS
//@ if $REAL == yes
alias Lhs = coop_mat$EDGEx$EDGE<$T, A>;
alias Rhs = coop_mat$EDGEx$EDGE<$T, B>;
alias Sum = coop_mat$EDGEx$EDGE<f32, C>;
fn load_lhs(at: u32) -> Lhs {
//@ if $WIDE_TILE == yes
    return $LHS_COOP_LOAD<Lhs>(&lhs_tile[at / 4u], LHS_LINE / 4u);
//@ else
    return $LHS_COOP_LOAD<Lhs>(&lhs_tile[at], LHS_LINE);
//@ end
}
fn load_rhs(at: u32) -> Rhs {
//@ if $WIDE_TILE == yes
    return $RHS_COOP_LOAD<Rhs>(&rhs_tile[at / 4u], RHS_LINE / 4u);
//@ else
    return $RHS_COOP_LOAD<Rhs>(&rhs_tile[at], RHS_LINE);
//@ end
}
fn multiply(lhs: Lhs, rhs: Rhs, sum: Sum, lane: u32) -> Sum {
    return coopMultiplyAdd(lhs, rhs, sum);
}
fn stage(sum: Sum, at: u32, lane: u32) {
    coopStoreT(sum, &staging[at], STAGED_LINE);
}
//@ else
// The twin: operands stay where they are; a lane sums every SUBGROUP-th element of a tile.
alias Lhs = u32;
alias Rhs = u32;
alias Sum = array<f32, EDGE * EDGE / SUBGROUP>;
fn load_lhs(at: u32) -> Lhs {
    return at;
}
fn load_rhs(at: u32) -> Rhs {
    return at;
}
//@ if $WIDE_TILE == yes
fn lhs_value(at: u32) -> f32 {
    return f32(lhs_tile[at / 4u][at % 4u]);
}
fn rhs_value(at: u32) -> f32 {
    return f32(rhs_tile[at / 4u][at % 4u]);
}
//@ else
fn lhs_value(at: u32) -> f32 {
    return f32(lhs_tile[at]);
}
fn rhs_value(at: u32) -> f32 {
    return f32(rhs_tile[at]);
}
//@ end
fn multiply(lhs: Lhs, rhs: Rhs, sum: Sum, lane: u32) -> Sum {
    var total = sum;
    for (var e = 0u; e < EDGE * EDGE / SUBGROUP; e += 1u) {
        let row = (e * SUBGROUP + lane) / EDGE;
        let column = (e * SUBGROUP + lane) % EDGE;
        for (var p = 0u; p < EDGE; p += 1u) {
            total[e] = fma(lhs_value(lhs + row * $LHS_ROW_STEP + p * $LHS_K_STEP),
                rhs_value(rhs + column * $RHS_ROW_STEP + p * $RHS_K_STEP), total[e]);
        }
    }
    return total;
}
fn stage(sum: Sum, at: u32, lane: u32) {
    var values = sum;
    for (var e = 0u; e < EDGE * EDGE / SUBGROUP; e += 1u) {
        let index = e * SUBGROUP + lane;
        staging[at + index / EDGE * STAGED_LINE + index % EDGE] = values[e];
    }
}
//@ end

@compute @workgroup_size($THREADS)
fn main(
    @builtin(workgroup_id) id: vec3<u32>,
    @builtin(num_workgroups) grid: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    $SETUP
$PROLOGUE
    let lane = thread % SUBGROUP;
    let subgroup = thread / SUBGROUP;
    let subgroup_row = subgroup / $GROUP_COLUMNSu * ($TILE_ROWSu * EDGE);
    let subgroup_column = subgroup % $GROUP_COLUMNSu * ($TILE_COLUMNSu * EDGE);
//@ for l in $LHS_LOADS
    let lhs_number_$l = (thread + $lu * THREADS) % LHS_QUADS;
    let lhs_line_$l = lhs_number_$l / ($LHS_EXTENTu / 4u);
    let lhs_across_$l = lhs_number_$l % ($LHS_EXTENTu / 4u) * 4u;
    let lhs_at_$l = lhs_line_$l * LHS_LINE + lhs_across_$l;
//@ if $LHS_ALONG == k
    let lhs_row_$l = lhs_row(row0 + lhs_line_$l, args.m);
    var lhs_k_$l = k_begin + lhs_across_$l;
//@ else
    let lhs_row_$l = lhs_row(row0 + lhs_across_$l, args.m);
    var lhs_k_$l = k_begin + lhs_line_$l;
//@ end
    var lhs_next_$l = lhs_load(lhs_base, lhs_row_$l, lhs_k_$l, k_end);
//@ end
//@ for l in $RHS_LOADS
    let rhs_number_$l = (thread + $lu * THREADS) % RHS_QUADS;
    let rhs_line_$l = rhs_number_$l / ($RHS_EXTENTu / 4u);
    let rhs_across_$l = rhs_number_$l % ($RHS_EXTENTu / 4u) * 4u;
    let rhs_at_$l = rhs_line_$l * RHS_LINE + rhs_across_$l;
//@ if $RHS_ALONG == k
    let rhs_row_$l = rhs_row(column0 + rhs_line_$l, args.n);
    var rhs_k_$l = k_begin + rhs_across_$l;
//@ else
    let rhs_row_$l = rhs_row(column0 + rhs_across_$l, args.n);
    var rhs_k_$l = k_begin + rhs_line_$l;
//@ end
    var rhs_next_$l = rhs_load(rhs_base, rhs_row_$l, rhs_k_$l, k_end);
//@ end
    let staged = subgroup * EDGE * STAGED_LINE;
//@ if $REAL == yes
    // Sums begin as a tile of zeros that is loaded, which every driver knows how to do.
    for (var at = lane; at < EDGE * STAGED_LINE; at += SUBGROUP) {
        staging[staged + at] = 0.0;
    }
    workgroupBarrier();
    let zero = coopLoadT<Sum>(&staging[staged], STAGED_LINE);
//@ else
    let zero = Sum();
//@ end
//@ for i in $TILE_ROWS
//@ for s in $STAGINGS
//@ for j in $STAGED
    var sum_$i_$s_$j = zero;
//@ end
//@ end
//@ end
    var buffer = 0u;
    for (var k = k_begin; k < k_end; k += TK) {
//@ if $STAGES == 1
        workgroupBarrier();
//@ end
        let lhs_buffer = buffer * LHS_TILE;
        let rhs_buffer = buffer * RHS_TILE;
//@ for l in $LHS_LOADS
        if LHS_QUADS % THREADS == 0u || thread + $lu * THREADS < LHS_QUADS {
//@ if $WIDE_TILE == yes
            lhs_tile[(lhs_buffer + lhs_at_$l) / 4u] = lhs_next_$l;
//@ else
//@ for i in 4
            lhs_tile[lhs_buffer + lhs_at_$l + $iu] = lhs_next_$l[$i];
//@ end
//@ end
        }
//@ end
//@ for l in $RHS_LOADS
        if RHS_QUADS % THREADS == 0u || thread + $lu * THREADS < RHS_QUADS {
//@ if $WIDE_TILE == yes
            rhs_tile[(rhs_buffer + rhs_at_$l) / 4u] = rhs_next_$l;
//@ else
//@ for i in 4
            rhs_tile[rhs_buffer + rhs_at_$l + $iu] = rhs_next_$l[$i];
//@ end
//@ end
        }
//@ end
        workgroupBarrier();
        // The next tile is on its way while this one is multiplied; the last one once more.
        let ahead = select(0u, TK, k_end - k > TK);
//@ for l in $LHS_LOADS
        lhs_k_$l += ahead;
        lhs_next_$l = lhs_load(lhs_base, lhs_row_$l, lhs_k_$l, k_end);
//@ end
//@ for l in $RHS_LOADS
        rhs_k_$l += ahead;
        rhs_next_$l = rhs_load(rhs_base, rhs_row_$l, rhs_k_$l, k_end);
//@ end
//@ for d in $DEPTH_TILES
//@ for i in $TILE_ROWS
        let lhs_$d_$i = load_lhs(lhs_buffer + (subgroup_row + $iu * EDGE) * $LHS_ROW_STEP + $du * EDGE * $LHS_K_STEP);
//@ end
//@ for s in $STAGINGS
//@ for j in $STAGED
        let rhs_$d_$s_$j = load_rhs(rhs_buffer
            + (subgroup_column + $su * STAGED_LINE + $ju * EDGE) * $RHS_ROW_STEP + $du * EDGE * $RHS_K_STEP);
//@ for i in $TILE_ROWS
        sum_$i_$s_$j = multiply(lhs_$d_$i, rhs_$d_$s_$j, sum_$i_$s_$j, lane);
//@ end
//@ end
//@ end
//@ end
//@ if $STAGES == 2
        buffer = 1u - buffer;
//@ end
    }
//@ for i in $TILE_ROWS
//@ for s in $STAGINGS
    workgroupBarrier();
//@ for j in $STAGED
    stage(sum_$i_$s_$j, staged + $ju * EDGE, lane);
//@ end
    workgroupBarrier();
    for (var quad = lane; quad < EDGE * STAGED_LINE / 4u; quad += SUBGROUP) {
        let line = quad / (STAGED_LINE / 4u);
        let across = quad % (STAGED_LINE / 4u) * 4u;
        let row = row0 + subgroup_row + $iu * EDGE + line;
        if row < args.m {
            let source = staged + line * STAGED_LINE + across;
            store(out_base + out_row(row), column0 + subgroup_column + $su * STAGED_LINE + across,
                vec4<f32>(staging[source], staging[source + 1u], staging[source + 2u], staging[source + 3u]));
        }
    }
//@ end
//@ end
}
