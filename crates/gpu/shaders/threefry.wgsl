// threefry: Threefry 2x32 of 20 rounds, elementwise.
// bindings  0..3 k1, k2, x1, x2: array<u32>, len elements or one (step 0)   4, 5 y1, y2: array<u32>, len elements
// launch    workgroup (256,1,1), a thread an element
// edges     results may share the operands' memory
// needs     shared/random.wgsl

@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let i = (group.y * groups.x + group.x) * 256u + lane;
    if i >= args.len {
        return;
    }
    let key = vec2<u32>(b0[args.at0 + i * args.step0], b1[args.at1 + i * args.step1]);
    let counter = vec2<u32>(b2[args.at2 + i * args.step2], b3[args.at3 + i * args.step3]);
    let y = threefry(key, counter);
    b4[args.at4 + i] = y.x;
    b5[args.at5 + i] = y.y;
}
