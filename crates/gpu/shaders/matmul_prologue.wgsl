// matmul_prologue: which tile, batch element and part of k a workgroup computes: the first statements of the main
// function of tiled products, which declare TM, TN and BAND.
// slots     BATCHED: whether there are parameters for batch dimensions
    let group = id.y * grid.x + id.x;
    let tiles_m = (args.m + TM - 1u) / TM;
    let tiles_n = (args.n + TN - 1u) / TN;
    let tiles = tiles_m * tiles_n;
    let layer = group / tiles;
    if layer >= args.layers {
        return;
    }
    // Bands of tile rows, walked column by column, keep operands in cache.
    let tile = group % tiles;
    let first = tile / (BAND * tiles_n) * BAND;
    let height = select(BAND, tiles_m - first, tiles_m - first < BAND);
    let within = tile % (BAND * tiles_n);
    let row0 = (first + within % height) * TM;
    let column0 = (within / height) * TN;

    let part = layer % args.parts;
    let batch = layer / args.parts;
//@ if $BATCHED == yes
    let inner = batch % args.batch2;
    let middle = batch / args.batch2 % args.batch1;
    let outer = batch / args.batch2 / args.batch1;
    let lhs_base = outer * args.lhs0 + middle * args.lhs1 + inner * args.lhs2;
    let rhs_base = outer * args.rhs0 + middle * args.rhs1 + inner * args.rhs2;
    let out_base = outer * args.out0 + middle * args.out1 + inner * args.out2 + part * args.out_part;
//@ else
    let lhs_base = 0u;
    let rhs_base = 0u;
    let out_base = part * args.out_part;
//@ end
    let k_begin = part * args.part_k;
    let k_end = select(args.k, k_begin + args.part_k, args.k - k_begin > args.part_k);
