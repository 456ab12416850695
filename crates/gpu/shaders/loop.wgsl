// loop: a loop of small steps, run by one workgroup: arrays that fit are kept in workgroup memory.
// bindings  the arrays of the loop, declared by gpu/src/library/control/one_workgroup.rs
// launch    one workgroup; at most `count` iterations: the caller launches again for more
// slots     load_all(lid), store_all(lid); the number of threads; the steps of condition and body, with barriers

@compute @workgroup_size(THREADS)
fn main(@builtin(local_invocation_index) lid: u32) {
    load_all(lid);
    workgroupBarrier();
    for (var turn = 0u; turn < args.count; turn++) {
CONDITION
BODY
    }
    store_all(lid);
}
