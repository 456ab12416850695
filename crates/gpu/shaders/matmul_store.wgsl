// matmul_store: writes four neighbours of a row of a product, or hands them to an epilogue.
// units     WIDE == yes: quads, and n is a multiple of 4; else elements of a type that is stored natively
// slots     OUT, AT: binding and offset of the result; PACK: the values as declared element; T; WIDE; EPILOGUE: whether
//           there is a function `epilogue` of a position and its values, which stores
fn store(line: u32, column: u32, values: vec4<$T>) {
//@ if $WIDE == yes
    if column < args.n {
//@ if $EPILOGUE == yes
        epilogue(line + column / 4u, values);
//@ else
        $OUT[$AT + line + column / 4u] = $PACK;
//@ end
    }
//@ else
//@ for i in 4
    store_one(line, column + $iu, values[$i]);
//@ end
//@ end
}
//@ if $WIDE == no
fn store_one(line: u32, column: u32, value: $T) {
    if column < args.n {
//@ if $EPILOGUE == yes
        epilogue(line + column * args.out_column, value);
//@ else
        $OUT[$AT + line + column * args.out_column] = $PACK;
//@ end
    }
}
//@ end
