// gate: decides on the device which launches that follow take place.
// bindings  0 flag: array<u32>, its first byte a bool (while) or its first word an i32 (case)
//           1 table: array<u32>, words active and count of the state, two unused, then four words a launch: its grid, choice
//           2 out: array<u32>, three words a launch: its grid, or zeros
// units     words
// launch    workgroup (64,1,1); grid (1,1,1)
// numbers   mode 0 (case): the choice is the flag, out of range branches-1. mode 1 (before the first iteration) and
//           mode 2 (after each): the choice is 1 while the loop is active, and the state counts iterations to run
// edges     a loop that has ended stays so, whatever the flag
struct Args { at0: u32, at1: u32, at2: u32, mode: u32, launches: u32, branches: u32 }
var<immediate> args: Args;
@group(0) @binding(0) var<storage, read_write> b0: array<u32>;
@group(0) @binding(1) var<storage, read_write> b1: array<u32>;
@group(0) @binding(2) var<storage, read_write> b2: array<u32>;

@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) thread: u32) {
    let flag = b0[args.at0];
    var choice = min(flag, args.branches - 1u);
    if args.mode != 0u {
        let before = select(vec2<u32>(1u, 0u), vec2<u32>(b1[args.at1], b1[args.at1 + 1u]), args.mode == 2u);
        choice = select(0u, before.x, (flag & 0xffu) != 0u);
        workgroupBarrier();
        storageBarrier();
        if thread == 0u {
            b1[args.at1] = choice;
            b1[args.at1 + 1u] = before.y + choice;
        }
    }
    for (var i = thread; i < args.launches; i += 64u) {
        let row = args.at1 + 4u + 4u * i;
        let goes = b1[row + 3u] == choice;
        for (var axis = 0u; axis < 3u; axis++) {
            b2[args.at2 + 3u * i + axis] = select(0u, b1[row + axis], goes);
        }
    }
}
