// rng_state: the state of a generator after `used` counters.
// bindings  0 state: array<u32>, words (low, high) of key, counter [, upper half of the counter]   1 new state
// launch    one thread
// edges     the states may share memory   `words` is 4 or 6
// needs     shared/random.wgsl

@compute @workgroup_size(1)
fn main() {
    let key = vec2<u32>(b0[args.at0], b0[args.at0 + 1u]);
    let old = vec2<u32>(b0[args.at0 + 2u], b0[args.at0 + 3u]);
    let counter = wide_sum(old, args.used);
    b1[args.at1] = key.x;
    b1[args.at1 + 1u] = key.y;
    b1[args.at1 + 2u] = counter.x;
    b1[args.at1 + 3u] = counter.y;
    if args.words == 6u {
        let carry = select(0u, 1u, counter.y < old.y || (counter.y == old.y && counter.x < old.x));
        let upper = wide_sum(vec2<u32>(b0[args.at0 + 4u], b0[args.at0 + 5u]), carry);
        b1[args.at1 + 4u] = upper.x;
        b1[args.at1 + 5u] = upper.y;
    }
}
