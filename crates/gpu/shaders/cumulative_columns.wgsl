// cumulative_columns: running fold along the middle dimension, a section of a column a thread.
// bindings  0 in: elements [rows, size, inner]   1 out: elements, or totals: array<A> [rows, sections, inner]
//           2 (PREFIX) folds up to and with each section: array<A> [rows, sections, inner]
// units     span, size in elements; before: sections before the first
// launch    workgroup (256,1,1), a thread of `threads` = rows * sections * inner a section
// numbers   in a row
// slots     as cumulative_rows.wgsl

@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) id: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let i = (id.y * groups.x + id.x) * 256u + lane;
    if i >= args.threads {
        return;
    }
    let column = i % args.inner;
    let row = i / args.inner / args.sections;
    let section = i / args.inner % args.sections;
    var at = section * args.span;
    let end = min(at + args.span, args.size);
    let base = row * args.size * args.inner + column;
    let number = args.before * args.inner + i;
    var run: A;
    if PREFIX && args.before + section > 0u {
        run = prefix(number - args.inner);
    } else {
        let to = base + select(at, args.size - 1u - at, REVERSE) * args.inner;
        run = start(read(to));
        write(to, value(run));
        at++;
    }
    for (; at < end; at++) {
        let to = base + select(at, args.size - 1u - at, REVERSE) * args.inner;
        run = next(run, read(to));
        write(to, value(run));
    }
    total(number, run);
}
