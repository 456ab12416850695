// matmul_small: many small products: a thread sums four neighbours of a row.
// bindings  as matmul
// launch    workgroup 256; a thread for each quad of columns, row and batch element
// numbers   sums over k in order
// edges     as matmul
// slots     T
$ARGS
$BINDINGS
const NONE: u32 = 0xffffffffu;
$FUNCTIONS

@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) id: vec3<u32>,
    @builtin(num_workgroups) grid: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    $SETUP
    let number = (id.y * grid.x + id.x) * 256u + thread;
    let quads = (args.n + 3u) / 4u;
    let column = number % quads * 4u;
    let row = number / quads % args.m;
    let batch = number / quads / args.m;
    if batch >= args.layers {
        return;
    }
//@ if $BATCHED == yes
    let inner = batch % args.batch2;
    let middle = batch / args.batch2 % args.batch1;
    let outer = batch / args.batch2 / args.batch1;
    let lhs_base = outer * args.lhs0 + middle * args.lhs1 + inner * args.lhs2;
    let rhs_base = outer * args.rhs0 + middle * args.rhs1 + inner * args.rhs2;
    let out_base = outer * args.out0 + middle * args.out1 + inner * args.out2;
//@ else
    let lhs_base = 0u;
    let rhs_base = 0u;
    let out_base = 0u;
//@ end
    let lhs_at = lhs_row(row, args.m);
    let rhs_at = rhs_row(column, args.n);
    var sum = vec4<$T>();
    for (var k = 0u; k < args.k; k += 4u) {
        let lhs = lhs_load(lhs_base, lhs_at, k, args.k);
//@ for j in 4
        sum = multiply_add(vec4<$T>(lhs[$j]), rhs_load(rhs_base, rhs_at, k + $ju, args.k), sum);
//@ end
    }
    store(out_base + out_row(row), column, sum);
}
