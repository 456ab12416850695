// Known and equal choices.
func.func public @main(%p: tensor<4xi1>, %a: tensor<4xf32>, %b: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xi1>) {
  %false = stablehlo.constant dense<false> : tensor<i1>
  %yes = stablehlo.constant dense<true> : tensor<4xi1>
  %no = stablehlo.constant dense<false> : tensor<4xi1>
  %0 = stablehlo.select %false, %a, %b : tensor<i1>, tensor<4xf32>
  %1 = stablehlo.select %p, %a, %a : tensor<4xi1>, tensor<4xf32>
  %np = stablehlo.not %p : tensor<4xi1>
  %2 = stablehlo.select %np, %a, %b : tensor<4xi1>, tensor<4xf32>
  %3 = stablehlo.select %p, %no, %yes : tensor<4xi1>, tensor<4xi1>
  return %0, %1, %2, %3 : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xi1>
}
// ==>
func.func public @main(%arg0: tensor<4xi1>, %arg1: tensor<4xf32>, %arg2: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xi1>) {
  %0 = stablehlo.not %arg0 : tensor<4xi1>
  %1 = stablehlo.select %arg0, %arg2, %arg1 : tensor<4xi1>, tensor<4xf32>
  return %arg2, %arg1, %1, %0 : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>, tensor<4xi1>
}
// -----
// A bool that is converted and compared with zero is itself.
func.func public @main(%p: tensor<i1>) -> (tensor<i1>, tensor<i1>) {
  %zero = stablehlo.constant dense<0> : tensor<i32>
  %0 = stablehlo.convert %p : (tensor<i1>) -> tensor<i32>
  %1 = stablehlo.compare NE, %0, %zero, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
  %2 = stablehlo.compare EQ, %zero, %0, SIGNED : (tensor<i32>, tensor<i32>) -> tensor<i1>
  return %1, %2 : tensor<i1>, tensor<i1>
}
// ==>
func.func public @main(%arg0: tensor<i1>) -> (tensor<i1>, tensor<i1>) {
  %0 = stablehlo.not %arg0 : tensor<i1>
  return %arg0, %0 : tensor<i1>, tensor<i1>
}
// -----
// Kept: x = x is false for NaN, and an i32 is not a bool.
func.func public @main(%x: tensor<f32>, %i: tensor<i32>) -> (tensor<i1>, tensor<i1>) {
  %zero = stablehlo.constant dense<0> : tensor<i32>
  %0 = stablehlo.compare EQ, %x, %x : (tensor<f32>, tensor<f32>) -> tensor<i1>
  %1 = stablehlo.compare NE, %i, %zero : (tensor<i32>, tensor<i32>) -> tensor<i1>
  return %0, %1 : tensor<i1>, tensor<i1>
}
// ==>
func.func public @main(%arg0: tensor<f32>, %arg1: tensor<i32>) -> (tensor<i1>, tensor<i1>) {
  %0 = stablehlo.constant dense<0> : tensor<i32>
  %1 = stablehlo.compare EQ, %arg0, %arg0 : (tensor<f32>, tensor<f32>) -> tensor<i1>
  %2 = stablehlo.compare NE, %arg1, %0 : (tensor<i32>, tensor<i32>) -> tensor<i1>
  return %1, %2 : tensor<i1>, tensor<i1>
}
// -----
// Conversions: to the same type, and through a wider type.
func.func public @main(%x: tensor<4xbf16>, %i: tensor<4xi8>) -> (tensor<4xbf16>, tensor<4xui8>) {
  %0 = stablehlo.convert %x : (tensor<4xbf16>) -> tensor<4xf32>
  %1 = stablehlo.convert %0 : (tensor<4xf32>) -> tensor<4xbf16>
  %2 = stablehlo.convert %i : (tensor<4xi8>) -> tensor<4xi32>
  %3 = stablehlo.convert %2 : (tensor<4xi32>) -> tensor<4xui8>
  return %1, %3 : tensor<4xbf16>, tensor<4xui8>
}
// ==>
func.func public @main(%arg0: tensor<4xbf16>, %arg1: tensor<4xi8>) -> (tensor<4xbf16>, tensor<4xui8>) {
  %0 = stablehlo.convert %arg1 : (tensor<4xi8>) -> tensor<4xui8>
  return %arg0, %0 : tensor<4xbf16>, tensor<4xui8>
}
// -----
// Kept: the inner conversion loses bits, or saturation would become wrapping.
func.func public @main(%x: tensor<4xf32>, %i: tensor<4xi8>) -> (tensor<4xf32>, tensor<4xui8>) {
  %0 = stablehlo.convert %x : (tensor<4xf32>) -> tensor<4xbf16>
  %1 = stablehlo.convert %0 : (tensor<4xbf16>) -> tensor<4xf32>
  %2 = stablehlo.convert %i : (tensor<4xi8>) -> tensor<4xf32>
  %3 = stablehlo.convert %2 : (tensor<4xf32>) -> tensor<4xui8>
  return %1, %3 : tensor<4xf32>, tensor<4xui8>
}
// ==>
func.func public @main(%arg0: tensor<4xf32>, %arg1: tensor<4xi8>) -> (tensor<4xf32>, tensor<4xui8>) {
  %0 = stablehlo.convert %arg0 : (tensor<4xf32>) -> tensor<4xbf16>
  %1 = stablehlo.convert %0 : (tensor<4xbf16>) -> tensor<4xf32>
  %2 = stablehlo.convert %arg1 : (tensor<4xi8>) -> tensor<4xf32>
  %3 = stablehlo.convert %2 : (tensor<4xf32>) -> tensor<4xui8>
  return %1, %3 : tensor<4xf32>, tensor<4xui8>
}
// -----
// Bits read back, and precision that the type does not have to lose.
func.func public @main(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  %0 = stablehlo.bitcast_convert %x : (tensor<4xf32>) -> tensor<4xui32>
  %1 = stablehlo.bitcast_convert %0 : (tensor<4xui32>) -> tensor<4xf32>
  %2 = stablehlo.reduce_precision %x, format = e8m23 : tensor<4xf32>
  %3 = stablehlo.reduce_precision %x, format = e8m7 : tensor<4xf32>
  return %1, %2, %3 : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}
// ==>
func.func public @main(%arg0: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  %0 = stablehlo.reduce_precision %arg0, format = e8m7 : tensor<4xf32>
  return %arg0, %arg0, %0 : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}
