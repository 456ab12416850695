// matmul: tiles of out[b, m, n] = sum over k of lhs[b, m, k] * rhs[b, k, n], staged through workgroup memory.
// bindings  0 lhs   1 rhs   2 out (or partial sums)   3 the table of the gathered lhs, if LHS == gathered
// units     strides of an array in its declared elements: quads where it is read or written in quads
// launch    workgroup THREADS; a group for each tile, batch element and part of k: grid() of their product
// numbers   sums in T over k in order, a part at a time; f32 by fused multiply-add
// edges     any m, n, k; beyond them zeros are read and nothing is written; k = 0 writes zeros
// slots     T; ROW_QUADS, COLUMN_QUADS: quads (4 rows, 4 columns) a thread owns; ROW_THREADS, COLUMN_THREADS;
//           WARP_COLUMNS: threads of consecutive number that share rows; TK: depth of a tile; STAGES: 1, or 2
//           tiles of which one is filled while the other is used; filled by library/dot/tile.rs with the
//           functions of matmul_operand.wgsl, convolution.wgsl and matmul_store.wgsl;
//           STORES: unrolled, or looped where what stores is long
$ARGS
$BINDINGS
const THREADS: u32 = $THREADSu;
const ROW_THREADS: u32 = $ROW_THREADSu;
const COLUMN_THREADS: u32 = $COLUMN_THREADSu;
const TM: u32 = $TMu;
const TN: u32 = $TNu;
const TK: u32 = $TKu;
// An odd number of quads in a line keeps transposing stores on different banks.
const LHS_LINE: u32 = TM / 4u + 1u;
const RHS_LINE: u32 = TN / 4u + 1u;
const LHS_BLOCKS: u32 = TM * TK / 16u;
const RHS_BLOCKS: u32 = TN * TK / 16u;
const BAND: u32 = 8u;
const NONE: u32 = 0xffffffffu;
var<workgroup> lhs_tile: array<vec4<$T>, $STAGESu * TK * LHS_LINE>;
var<workgroup> rhs_tile: array<vec4<$T>, $STAGESu * TK * RHS_LINE>;
$FUNCTIONS
// Which 4x4 block of a tile `lines` quads wide a thread moves: (quad across, quad down k). Neighbours run along
// the contiguous axis; along k two of them, so that their stores meet different banks.
fn block_along_kept(number: u32, line: u32) -> vec2<u32> {
    return vec2<u32>(number % line, number / line);
}
fn block_along_k(number: u32, line: u32) -> vec2<u32> {
    let inner = number % 8u;
    let outer = number / 8u;
    return vec2<u32>((outer % (line / 4u)) * 4u + inner / 2u, (outer / (line / 4u)) * 2u + inner % 2u);
}

@compute @workgroup_size($THREADS)
fn main(
    @builtin(workgroup_id) id: vec3<u32>,
    @builtin(num_workgroups) grid: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    $SETUP
$PROLOGUE
    // Threads of a warp form a block of rows and columns, so that they read few different quads.
    let row_thread = thread / $WARP_COLUMNSu % ROW_THREADS;
    let column_thread = thread / ($WARP_COLUMNSu * ROW_THREADS) * $WARP_COLUMNSu + thread % $WARP_COLUMNSu;
//@ for l in $LHS_LOADS
    let lhs_block_$l = block_along_$LHS_ALONG((thread + $lu * THREADS) % LHS_BLOCKS, TM / 4u);
    let lhs_at_$l = lhs_block_$l.y * 4u * LHS_LINE + lhs_block_$l.x;
//@ for i in 4
    let lhs_row_$l_$i = lhs_row(row0 + lhs_block_$l.x * 4u + $iu * $LHS_NEXT_ROWu, args.m);
//@ end
    var lhs_block_k_$l = lhs_block_$l.y * 4u + k_begin;
//@ end
//@ for l in $RHS_LOADS
    let rhs_block_$l = block_along_$RHS_ALONG((thread + $lu * THREADS) % RHS_BLOCKS, TN / 4u);
    let rhs_at_$l = rhs_block_$l.y * 4u * RHS_LINE + rhs_block_$l.x;
//@ for i in 4
    let rhs_row_$l_$i = rhs_row(column0 + rhs_block_$l.x * 4u + $iu * $RHS_NEXT_ROWu, args.n);
//@ end
    var rhs_block_k_$l = rhs_block_$l.y * 4u + k_begin;
//@ end
//@ for q in $ROW_QUADS
//@ for i in 4
//@ for c in $COLUMN_QUADS
    var sum_$q_$i_$c = vec4<$T>();
//@ end
//@ end
//@ end
//@ for i in 4
//@ for l in $LHS_LOADS
    var lhs_next_$l_$i = lhs_load(lhs_base, lhs_row_$l_$i, lhs_block_k_$l + $iu * $LHS_NEXT_Ku, k_end);
//@ end
//@ for l in $RHS_LOADS
    var rhs_next_$l_$i = rhs_load(rhs_base, rhs_row_$l_$i, rhs_block_k_$l + $iu * $RHS_NEXT_Ku, k_end);
//@ end
//@ end
    var stage = 0u;
    for (var k = k_begin; k < k_end; k += TK) {
//@ if $STAGES == 1
        workgroupBarrier();
//@ end
        let lhs_stage = stage * TK * LHS_LINE;
        let rhs_stage = stage * TK * RHS_LINE;
//@ for l in $LHS_LOADS
        if LHS_BLOCKS % THREADS == 0u || thread + $lu * THREADS < LHS_BLOCKS {
//@ for j in 4
//@ if $LHS_ALONG == k
            lhs_tile[lhs_stage + lhs_at_$l + $ju * LHS_LINE] =
                vec4<$T>(lhs_next_$l_0[$j], lhs_next_$l_1[$j], lhs_next_$l_2[$j], lhs_next_$l_3[$j]);
//@ else
            lhs_tile[lhs_stage + lhs_at_$l + $ju * LHS_LINE] = lhs_next_$l_$j;
//@ end
//@ end
        }
//@ end
//@ for l in $RHS_LOADS
        if RHS_BLOCKS % THREADS == 0u || thread + $lu * THREADS < RHS_BLOCKS {
//@ for j in 4
//@ if $RHS_ALONG == k
            rhs_tile[rhs_stage + rhs_at_$l + $ju * RHS_LINE] =
                vec4<$T>(rhs_next_$l_0[$j], rhs_next_$l_1[$j], rhs_next_$l_2[$j], rhs_next_$l_3[$j]);
//@ else
            rhs_tile[rhs_stage + rhs_at_$l + $ju * RHS_LINE] = rhs_next_$l_$j;
//@ end
//@ end
        }
//@ end
        workgroupBarrier();
        // The next tile is on its way while this one is multiplied; the last one once more.
        let ahead = select(0u, TK, k_end - k > TK);
//@ for l in $LHS_LOADS
        lhs_block_k_$l += ahead;
//@ for i in 4
        lhs_next_$l_$i = lhs_load(lhs_base, lhs_row_$l_$i, lhs_block_k_$l + $iu * $LHS_NEXT_Ku, k_end);
//@ end
//@ end
//@ for l in $RHS_LOADS
        rhs_block_k_$l += ahead;
//@ for i in 4
        rhs_next_$l_$i = rhs_load(rhs_base, rhs_row_$l_$i, rhs_block_k_$l + $iu * $RHS_NEXT_Ku, k_end);
//@ end
//@ end
        for (var depth = 0u; depth < TK; depth += $UNROLLu) {
//@ for u in $UNROLL
//@ for q in $ROW_QUADS
            let lhs_$u_$q = lhs_tile[lhs_stage + (depth + $uu) * LHS_LINE + $qu * ROW_THREADS + row_thread];
//@ end
//@ for c in $COLUMN_QUADS
            let rhs_$u_$c = rhs_tile[rhs_stage + (depth + $uu) * RHS_LINE + $cu * COLUMN_THREADS + column_thread];
//@ end
//@ for q in $ROW_QUADS
//@ for i in 4
//@ for c in $COLUMN_QUADS
            sum_$q_$i_$c = multiply_add(vec4<$T>(lhs_$u_$q[$i]), rhs_$u_$c, sum_$q_$i_$c);
//@ end
//@ end
//@ end
//@ end
        }
//@ if $STAGES == 2
        stage = 1u - stage;
//@ end
    }
//@ if $STORES == looped
    for (var part = 0u; part < 4u * $ROW_QUADSu * $COLUMN_QUADSu; part += 1u) {
        var sums = vec4<$T>();
        switch part {
//@ for q in $ROW_QUADS
//@ for i in 4
//@ for c in $COLUMN_QUADS
            case ($qu * 4u + $iu) * $COLUMN_QUADSu + $cu: { sums = sum_$q_$i_$c; }
//@ end
//@ end
//@ end
            default: {}
        }
        let line = part / $COLUMN_QUADSu;
        let row = row0 + (line / 4u * ROW_THREADS + row_thread) * 4u + line % 4u;
        if row < args.m {
            let across = part % $COLUMN_QUADSu;
            store(out_base + out_row(row), column0 + (across * COLUMN_THREADS + column_thread) * 4u, sums);
        }
    }
//@ else
//@ for q in $ROW_QUADS
//@ for i in 4
    {
        let row = row0 + ($qu * ROW_THREADS + row_thread) * 4u + $iu;
        if row < args.m {
            let line = out_base + out_row(row);
//@ for c in $COLUMN_QUADS
            store(line, column0 + ($cu * COLUMN_THREADS + column_thread) * 4u, sum_$q_$i_$c);
//@ end
        }
    }
//@ end
//@ end
//@ end
}
