// convolution_direct: products of few columns in each of many groups, as depthwise convolutions are: a thread sums
// one result.
// bindings  as matmul
// launch    workgroup 256; a thread for each result; neighbours are columns, then groups, then rows, or rows first
// numbers   sums over k in order, in four interleaved sums
// edges     as matmul
// slots     T; ORDER: columns or rows, whichever are neighbours in the result
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
//@ if $ORDER == rows
    let row = number % args.m;
    let column = number / args.m % args.n;
    let batch = number / args.m / args.n;
    if batch >= args.layers {
        return;
    }
//@ else
    let column = number % args.n;
    let batch = number / args.n % args.layers;
    let row = number / args.n / args.layers;
    if row >= args.m {
        return;
    }
//@ end
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
        sum = multiply_add(lhs, rhs_load(rhs_base, rhs_at, k, args.k), sum);
    }
    store_one(out_base + out_row(row), column, sum.x + sum.y + sum.z + sum.w);
}
