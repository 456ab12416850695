// matmul_elements: tiled products of types that have no quads: complex numbers and 64-bit integers.
// bindings  as matmul, in elements
// launch    workgroup 256: a tile of 16 by 16 results, one a thread; a group for each tile and batch element
// numbers   sums over k in order; integers wrap
// edges     as matmul
// slots     T; FUNCTIONS: multiply_add of T
$ARGS
$BINDINGS
const TM: u32 = 16u;
const TN: u32 = 16u;
const BAND: u32 = 8u;
var<workgroup> lhs_tile: array<$T, 272>;
var<workgroup> rhs_tile: array<$T, 272>;
$FUNCTIONS

@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) id: vec3<u32>,
    @builtin(num_workgroups) grid: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
$PROLOGUE
    let down = thread / 16u;
    let across = thread % 16u;
    let row = row0 + down;
    let column = column0 + across;
    var sum = $T();
    for (var k = k_begin; k < k_end; k += 16u) {
        var lhs = $T();
        if row < args.m && k + across < k_end {
            lhs = b0[args.at0 + lhs_base + row * args.lhs_kept + (k + across) * args.lhs_depth];
        }
        var rhs = $T();
        if column < args.n && k + down < k_end {
            rhs = b1[args.at1 + rhs_base + column * args.rhs_kept + (k + down) * args.rhs_depth];
        }
        workgroupBarrier();
        lhs_tile[down * 17u + across] = lhs;
        rhs_tile[down * 17u + across] = rhs;
        workgroupBarrier();
        for (var depth = 0u; depth < 16u; depth += 1u) {
            sum = multiply_add(lhs_tile[down * 17u + depth], rhs_tile[depth * 17u + across], sum);
        }
    }
    if row < args.m && column < args.n {
        b2[args.at2 + out_base + row * args.out_kept + column * args.out_column] = sum;
    }
}
