// cumulative_rows: running fold of each row of a row-major matrix, a section of a row a workgroup.
// bindings  0 in: elements [rows, size]   1 out: elements, or totals: array<A> [rows, sections]
//           2 (PREFIX) folds up to and with each section: array<A> [rows, sections]
// units     span, size in elements; before: sections before the first; a section is `span` elements, a multiple of TILE where there are several
// launch    workgroup (256,1,1), a group a section
// numbers   fixed order: ITEMS in a row, tree of 256, tiles in a row
// slots     types R (element), A (state); constants ITEMS, PREFIX, STORE, REVERSE; functions read, write, prefix,
//           total, start, next, merge, value are printed by gpu/src/library/cumulative.rs

const TILE: u32 = 256u * ITEMS;

var<workgroup> tile: array<R, TILE + TILE / 32u>;
var<workgroup> totals: array<A, 512>;

// Where in `tile` an element lies: threads that read ITEMS apart meet different banks.
fn padded(j: u32) -> u32 {
    return j + (j >> 5u);
}

fn element(row: u32, position: u32) -> u32 {
    return row * args.size + select(position, args.size - 1u - position, REVERSE);
}

@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) id: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let group = id.y * groups.x + id.x;
    let row = group / args.sections;
    if row >= args.rows {
        return;
    }
    let section = group % args.sections;
    let begin = section * args.span;
    let end = min(begin + args.span, args.size);
    var carried = PREFIX && args.before + section > 0u;
    var carry: A;
    if carried {
        carry = prefix(args.before + group - 1u);
    }
    for (var at = begin; at < end; at += TILE) {
        let count = min(TILE, end - at);
        for (var j = lane; j < count; j += 256u) {
            tile[padded(j)] = read(element(row, at + j));
        }
        workgroupBarrier();
        let first = lane * ITEMS;
        let last = min(first + ITEMS, count);
        var sum: A;
        if first < last {
            sum = start(tile[padded(first)]);
            for (var j = first + 1u; j < last; j++) {
                sum = next(sum, tile[padded(j)]);
            }
        }
        // Running fold of the threads' sums; two halves of `totals` take turns.
        var side = 0u;
        totals[lane] = sum;
        workgroupBarrier();
        for (var step = 1u; step < 256u; step *= 2u) {
            if lane >= step {
                sum = merge(totals[side + lane - step], sum);
            }
            side = 256u - side;
            totals[side + lane] = sum;
            workgroupBarrier();
        }
        if STORE && first < last {
            var run: A;
            var j = first;
            if lane > 0u {
                run = totals[side + lane - 1u];
                if carried {
                    run = merge(carry, run);
                }
            } else if carried {
                run = carry;
            } else {
                run = start(tile[0]);
                tile[0] = value(run);
                j++;
            }
            for (; j < last; j++) {
                run = next(run, tile[padded(j)]);
                tile[padded(j)] = value(run);
            }
        }
        let all = totals[side + (count - 1u) / ITEMS];
        if carried {
            carry = merge(carry, all);
        } else {
            carry = all;
        }
        carried = true;
        workgroupBarrier();
        if STORE {
            for (var j = lane; j < count; j += 256u) {
                write(element(row, at + j), tile[padded(j)]);
            }
        }
    }
    if lane == 0u {
        total(args.before + group, carry);
    }
}
