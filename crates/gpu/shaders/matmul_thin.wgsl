// matmul_thin: products of few rows, which the memory of the rhs bounds: every element of it is read once.
// bindings  as matmul
// launch    workgroup 256; ALONG == kept: 32 quads of columns by 8 slices of k; ALONG == k: 8 groups of COLUMNS
//           columns by 32 lanes along k; a group for each tile, batch element and part of k
// numbers   each thread sums its terms in order, then threads are added in order
// edges     as matmul; m <= ROWS
// slots     ROWS; COLUMNS; T; RHS_ALONG
$ARGS
$BINDINGS
const TM: u32 = $TMu;
const TN: u32 = $TNu;
const BAND: u32 = 8u;
const NONE: u32 = 0xffffffffu;
//@ if $RHS_ALONG == k
const SUMS: u32 = $ROWSu * $COLUMNSu;
var<workgroup> sums: array<$T, 8u * SUMS * 33u>;
//@ else
var<workgroup> sums: array<vec4<$T>, 256>;
//@ end
$FUNCTIONS

@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) id: vec3<u32>,
    @builtin(num_workgroups) grid: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    $SETUP
$PROLOGUE
    let lane = thread % 32u;
    let slice = thread / 32u;
//@ for r in $ROWS
    let lhs_row_$r = lhs_row(row0 + $ru, args.m);
//@ end
//@ if $RHS_ALONG == k
    let column = column0 + slice * $COLUMNSu;
//@ for c in $COLUMNS
    let rhs_row_$c = rhs_row(column + $cu, args.n);
//@ for r in $ROWS
    var sum_$r_$c = vec4<$T>();
//@ end
//@ end
    for (var k = k_begin + lane * 4u; k < k_end; k += 128u) {
//@ for r in $ROWS
        let lhs_$r = lhs_load(lhs_base, lhs_row_$r, k, k_end);
//@ end
//@ for c in $COLUMNS
        let rhs_$c = rhs_load(rhs_base, rhs_row_$c, k, k_end);
//@ for r in $ROWS
        sum_$r_$c = multiply_add(lhs_$r, rhs_$c, sum_$r_$c);
//@ end
//@ end
    }
    let own = slice * SUMS * 33u;
//@ for r in $ROWS
//@ for c in $COLUMNS
    sums[own + ($ru * $COLUMNSu + $cu) * 33u + lane] = sum_$r_$c.x + sum_$r_$c.y + sum_$r_$c.z + sum_$r_$c.w;
//@ end
//@ end
    workgroupBarrier();
    let row = row0 + lane / $COLUMNSu;
    if lane < SUMS && row < args.m {
        var total = sums[own + lane * 33u];
        for (var other = 1u; other < 32u; other += 1u) {
            total += sums[own + lane * 33u + other];
        }
        store_one(out_base + out_row(row), column + lane % $COLUMNSu, total);
    }
//@ else
    let column = column0 + lane * 4u;
    let rhs_quad = rhs_row(column, args.n);
//@ for r in $ROWS
    var sum_$r = vec4<$T>();
//@ end
    for (var k = k_begin + slice * 4u; k < k_end; k += 32u) {
//@ for j in 4
        let rhs_$j = rhs_load(rhs_base, rhs_quad, k + $ju, k_end);
//@ end
//@ for r in $ROWS
        let lhs_$r = lhs_load(lhs_base, lhs_row_$r, k, k_end);
//@ for j in 4
        sum_$r = multiply_add(vec4<$T>(lhs_$r[$j]), rhs_$j, sum_$r);
//@ end
//@ end
    }
//@ for r in $ROWS
    workgroupBarrier();
    sums[thread] = sum_$r;
    workgroupBarrier();
    if slice == 0u && row0 + $ru < args.m {
        var total = sum_$r;
        for (var other = 1u; other < 8u; other += 1u) {
            total += sums[other * 32u + lane];
        }
        store(out_base + out_row(row0 + $ru), column, total);
    }
//@ end
//@ end
}
