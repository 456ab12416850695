// select_and_scatter: a pass over sources that records the operand element that each window selects, or a pass over
// operand elements that gathers the sources that selected them.
// bindings  as gpu/src/library/select_and_scatter.rs prints them
// launch    workgroup (256,1,1), a thread an element of `count`
// numbers   sources are combined in row-major order
// slots     visit(i)

@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) id: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let i = (id.y * groups.x + id.x) * 256u + lane;
    if i < args.count {
        visit(i);
    }
}
