// matmul_store: writes four neighbours of a row of a product.
// units     WIDE == yes: quads, and n is a multiple of 4; else elements of a type that is stored natively
// slots     OUT, AT: binding and offset of the result; PACK: the values as declared element; T; WIDE; STRIDE, SIZE
fn store(line: u32, column: u32, values: vec4<$T>) {
//@ if $WIDE == yes
    if column < args.n {
        $OUT[$AT + line + column / 4u] = $PACK;
    }
//@ else
//@ for i in 4
    if column + $iu < args.n {
        let value = values[$i];
        $OUT[$AT + line + (column + $iu) * args.out_column] = $PACK;
    }
//@ end
//@ end
}
