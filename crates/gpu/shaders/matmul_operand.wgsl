// matmul_operand: reads a dense operand of a product, by kept dimension ("row": m or n) and k.
// units     strides in declared elements if WIDE == yes (then along the contiguous axis everything is a multiple
//           of 4), else in array elements
// edges     beyond the kept size or the end of k zeros; nothing is read there
// slots     P: lhs or rhs; B: its binding; AT: its offset; KEPT, DEPTH: strides; T; ALONG: k or kept, the axis
//           that a quad runs along; WIDE; QUAD, ELEMENT: a declared element as quad, an element in its word;
//           PER: array elements in a word
//@ if $WIDE == yes
fn $P_quad(at: u32) -> vec4<$T> {
    let word = $B[$AT + at];
    return $QUAD;
}
//@ if $ALONG == k
// Start of the row.
fn $P_row(row: u32, rows: u32) -> u32 {
    return select(NONE, row * args.$KEPT, row < rows);
}
fn $P_load(base: u32, row: u32, k: u32, end: u32) -> vec4<$T> {
    let inside = row != NONE && k < end;
    return select(vec4<$T>(), $P_quad(select(0u, base + row + k / 4u, inside)), inside);
}
//@ else
// Quad of rows.
fn $P_row(row: u32, rows: u32) -> u32 {
    return select(NONE, row / 4u, row < rows);
}
fn $P_load(base: u32, row: u32, k: u32, end: u32) -> vec4<$T> {
    let inside = row != NONE && k < end;
    return select(vec4<$T>(), $P_quad(select(0u, base + row + k * args.$DEPTH, inside)), inside);
}
//@ end
//@ else
fn $P_element(at: u32, inside: bool) -> $T {
    let word = $B[$AT + select(0u, at, inside) / $PERu];
    return select($T(), $ELEMENT, inside);
}
fn $P_row(row: u32, rows: u32) -> u32 {
    return row;
}
fn $P_load(base: u32, row: u32, k: u32, end: u32) -> vec4<$T> {
    let at = base + row * args.$KEPT + k * args.$DEPTH;
//@ if $ALONG == k
    let inside = row < args.$SIZE;
    return vec4<$T>(
//@ for i in 4
        $P_element(at + $iu * args.$DEPTH, inside && k + $iu < end),
//@ end
    );
//@ else
    let inside = k < end;
    return vec4<$T>(
//@ for i in 4
        $P_element(at + $iu * args.$KEPT, inside && row + $iu < args.$SIZE),
//@ end
    );
//@ end
}
//@ end
