// rng_bits: random bits from a state, laid out as XLA does.
// bindings  0 state: array<u32>, two words (low, high) each of key, counter [, upper half of the counter]
//           1 out: array<u32>, the elements in whole words, from block `first` on
// launch    workgroup (256,1,1); a thread does block first + i, i < count: a generator's results in `philox_*` and
//           `threefry_words`, two elements in `threefry_pairs` (first = 0), a word in `threefry_narrow`
// edges     what is left of the last words is written too (padding)
// slots     BLOCK names the function of a block   BITS is the width of elements
// needs     shared/random.wgsl

fn key() -> vec2<u32> {
    return vec2<u32>(b0[args.at0], b0[args.at0 + 1u]);
}

fn counter(i: u32) -> vec2<u32> {
    return wide_sum(vec2<u32>(b0[args.at0 + 2u], b0[args.at0 + 3u]), i);
}

// Philox of the i-th counter, whose upper half is word `upper` of the state (in a state of two: the key).
fn philox_at(i: u32) -> vec4<u32> {
    let first = counter(0u);
    let low = counter(i);
    let carry = select(0u, 1u, low.y < first.y || (low.y == first.y && low.x < first.x));
    let high = wide_sum(vec2<u32>(b0[args.at0 + args.upper], b0[args.at0 + args.upper + 1u]), carry);
    return philox(key(), vec4<u32>(low, high));
}

// 32 and 64 bits: four words a counter, in order.
fn philox_words(i: u32) {
    let x = philox_at(args.first + i);
    let to = args.at1 + 4u * i;
    b1[to] = x.x;
    b1[to + 1u] = x.y;
    b1[to + 2u] = x.z;
    b1[to + 3u] = x.w;
}

// 16 bits: the low halves of four words.
fn philox_halves(i: u32) {
    let x = philox_at(args.first + i) & vec4<u32>(0xffffu);
    b1[args.at1 + 2u * i] = x.x | (x.y << 16u);
    b1[args.at1 + 2u * i + 1u] = x.z | (x.w << 16u);
}

// 8 bits: the low bytes of four words.
fn philox_bytes(i: u32) {
    let x = philox_at(args.first + i) & vec4<u32>(0xffu);
    b1[args.at1 + i] = x.x | (x.y << 8u) | (x.z << 16u) | (x.w << 24u);
}

// 64 bits, and scalars, which take the first word.
fn threefry_words(i: u32) {
    let x = threefry(key(), counter(args.first + i));
    b1[args.at1 + 2u * i] = x.x;
    b1[args.at1 + 2u * i + 1u] = x.y;
}

// 32 bits: a counter for each pair of neighbours along a dimension of size `along`.
fn threefry_pairs(i: u32) {
    let x = threefry(key(), counter(i));
    let row = i / args.inner;
    let half = (args.along + 1u) / 2u;
    let position = 2u * (row % half);
    let to = args.at1 + ((row / half) * args.along + position) * args.inner + i % args.inner;
    b1[to] = x.x;
    if position + 1u < args.along {
        b1[to + args.inner] = x.y;
    }
}

// As the pairs, the elements of a word one by one: 16 and 8 bits, and 32 where a binding does not hold all.
fn threefry_narrow(i: u32) {
    let half = (args.along + 1u) / 2u;
    var word = 0u;
    for (var lane = 0u; lane < 32u / BITSu; lane++) {
        let element = (args.first + i) * (32u / BITSu) + lane;
        let row = element / args.inner;
        let position = row % args.along;
        let pair = (row / args.along) * half + position / 2u;
        let x = threefry(key(), counter(pair * args.inner + element % args.inner));
        let bits = select(x.y, x.x, position % 2u == 0u) & (0xffffffffu >> (32u - BITSu));
        word |= bits << (lane * BITSu);
    }
    b1[args.at1 + i] = word;
}

@compute @workgroup_size(256)
fn main(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
    @builtin(local_invocation_index) lane: u32,
) {
    let i = (group.y * groups.x + group.x) * 256u + lane;
    if i < args.count {
        BLOCK(i);
    }
}
