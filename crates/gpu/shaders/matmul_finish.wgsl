// matmul_finish: adds partial sums and stores them as the type and in the order of the result.
// bindings  0 partial sums: array<T>   1 result
// units     size1..4, stride0..4: dimensions of the result, outermost first, and their strides in the partial sums,
//           in elements
// launch    workgroup 256; a thread for each declared element of the result, or PER elements: grid() of
//           len / PER / 256
// numbers   parts are added in order
// edges     the last word may reach beyond the result, where only padding is
// slots     T; BINDINGS: those of results; PER: elements of a thread; WRITE: a declared element of value_0, ...;
//           EPILOGUE: whether WRITE goes to a function `epilogue`, which stores; filled by library/dot/finish.rs
$ARGS
@group(0) @binding(0) var<storage, read_write> b0: array<$T>;
$BINDINGS
$FUNCTIONS
fn sum(index: u32) -> $T {
    let index4 = index % args.size4;
    let rest3 = index / args.size4;
    let index3 = rest3 % args.size3;
    let rest2 = rest3 / args.size3;
    let index2 = rest2 % args.size2;
    let rest1 = rest2 / args.size2;
    let index1 = rest1 % args.size1;
    let index0 = rest1 / args.size1;
    var at = args.at0 + index0 * args.stride0 + index1 * args.stride1 + index2 * args.stride2
        + index3 * args.stride3 + index4 * args.stride4;
    var total = b0[at];
    for (var part = 1u; part < args.parts; part += 1u) {
        at += args.part_stride;
        total += b0[at];
    }
    return total;
}

@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) id: vec3<u32>,
    @builtin(num_workgroups) grid: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let word = (id.y * grid.x + id.x) * 256u + thread;
    let first = word * $PERu;
    if first >= args.len {
        return;
    }
    let last = args.len - 1u;
//@ for i in $PER
    let value_$i = sum(select(last, first + $iu, first + $iu < args.len));
//@ end
//@ if $EPILOGUE == yes
    epilogue(word, $WRITE);
//@ else
//@ if $PER == 1
    let value = value_0;
//@ end
    b1[args.at1 + word] = $WRITE;
//@ end
}
