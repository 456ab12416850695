// random: the generators of J. Salmon et al., "Parallel random numbers: as easy as 1, 2, 3" (SC 2011).

fn threefry_round(x: vec2<u32>, rotation: u32) -> vec2<u32> {
    let sum = x.x + x.y;
    return vec2<u32>(sum, ((x.y << rotation) | (x.y >> (32u - rotation))) ^ sum);
}

fn threefry_even(x: vec2<u32>) -> vec2<u32> {
    return threefry_round(threefry_round(threefry_round(threefry_round(x, 13u), 15u), 26u), 6u);
}

fn threefry_odd(x: vec2<u32>) -> vec2<u32> {
    return threefry_round(threefry_round(threefry_round(threefry_round(x, 17u), 29u), 16u), 24u);
}

// Twenty rounds of Threefry 2x32.
fn threefry(key: vec2<u32>, counter: vec2<u32>) -> vec2<u32> {
    let last = key.x ^ key.y ^ 0x1BD11BDAu;
    var x = counter + key;
    x = threefry_even(x) + vec2<u32>(key.y, last + 1u);
    x = threefry_odd(x) + vec2<u32>(last, key.x + 2u);
    x = threefry_even(x) + vec2<u32>(key.x, key.y + 3u);
    x = threefry_odd(x) + vec2<u32>(key.y, last + 4u);
    return threefry_even(x) + vec2<u32>(last, key.x + 5u);
}

// Low and high word of a product.
fn wide_product(a: u32, b: u32) -> vec2<u32> {
    let al = a & 0xffffu;
    let ah = a >> 16u;
    let bl = b & 0xffffu;
    let bh = b >> 16u;
    let middle = ah * bl + ((al * bl) >> 16u);
    let cross = al * bh + (middle & 0xffffu);
    return vec2<u32>(a * b, ah * bh + (middle >> 16u) + (cross >> 16u));
}

// Ten rounds of Philox 4x32.
fn philox(key: vec2<u32>, counter: vec4<u32>) -> vec4<u32> {
    var x = counter;
    var k = key;
    for (var round = 0u; round < 10u; round++) {
        let a = wide_product(x.x, 0xD2511F53u);
        let b = wide_product(x.z, 0xCD9E8D57u);
        x = vec4<u32>(b.y ^ x.y ^ k.x, b.x, a.y ^ x.w ^ k.y, a.x);
        k += vec2<u32>(0x9E3779B9u, 0xBB67AE85u);
    }
    return x;
}

// The sum of a number of two words (low, high) and a small one.
fn wide_sum(a: vec2<u32>, b: u32) -> vec2<u32> {
    let low = a.x + b;
    return vec2<u32>(low, a.y + select(0u, 1u, low < b));
}
