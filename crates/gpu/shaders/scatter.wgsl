// scatter: does something with each update element and the operand element that it goes to.
// bindings  as gpu/src/library/scatter.rs prints them: indices, updates, results, scratch
// units     `first`, `last` and i count update elements in order: window by window
// launch    workgroup (256,1,1), a thread an update element from `first` to `last`
// slots     target_of(i): the operand element of an update, NONE if its window does not fit; apply(i, to)

@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) id: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let i = args.first + (id.y * groups.x + id.x) * 256u + lane;
    if i < args.last {
        apply(i, target_of(i));
    }
}
