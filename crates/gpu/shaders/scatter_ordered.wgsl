// scatter_ordered: applies update elements in order, each by the thread that owns the word that it goes to.
// bindings  as gpu/src/library/scatter.rs prints them: updates, results, targets: array<u32>, a result of
//           `target_of` for each update element
// units     `first`, `last` count update elements in order: window by window
// launch    workgroup (256,1,1); `threads` in all, a power of two and a multiple of 256; thread t owns the words w with
//           w % threads = t, and looks at all updates
// numbers   the order of updates
// slots     PER_WORD, elements in a word; recorded(i), the target of update i; apply(i, to)

var<workgroup> tile: array<u32, 256>;

@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) id: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let thread = (id.y * groups.x + id.x) * 256u + lane;
    for (var at = args.first; at < args.last; at += 256u) {
        let count = min(args.last - at, 256u);
        if lane < count {
            tile[lane] = recorded(at + lane);
        }
        workgroupBarrier();
        for (var j = 0u; j < count; j++) {
            let to = tile[j];
            if to != NONE && ((to / PER_WORD) & (args.threads - 1u)) == thread {
                apply(at + j, to);
            }
        }
        workgroupBarrier();
    }
}
