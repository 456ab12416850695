// copy: copies an array.
// bindings  0 in: array<vec4<u32>>   1 out: array<vec4<u32>>
// units     vec4s of 16 bytes; the last may reach into the padding after the array
// launch    workgroup (256,1,1); grid of count/256 groups, two-dimensional if large
// edges     in and out must not overlap
struct Args { at0: u32, at1: u32, count: u32 }
var<immediate> args: Args;
@group(0) @binding(0) var<storage, read_write> b0: array<vec4<u32>>;
@group(0) @binding(1) var<storage, read_write> b1: array<vec4<u32>>;

@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) thread: u32,
) {
    let i = (group.y * groups.x + group.x) * 256u + thread;
    if i < args.count {
        b1[args.at1 + i] = b0[args.at0 + i];
    }
}
