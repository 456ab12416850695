// test: pass canonicalize
// Kept: the inner conversion loses bits, or saturation would become wrapping.
func.func public @main(%x: tensor<4xf32>, %i: tensor<4xi8>) -> (tensor<4xf32>, tensor<4xui8>) {
  %0 = stablehlo.convert %x : (tensor<4xf32>) -> tensor<4xbf16>
  %1 = stablehlo.convert %0 : (tensor<4xbf16>) -> tensor<4xf32>
  %2 = stablehlo.convert %i : (tensor<4xi8>) -> tensor<4xf32>
  %3 = stablehlo.convert %2 : (tensor<4xf32>) -> tensor<4xui8>
  return %1, %3 : tensor<4xf32>, tensor<4xui8>
}
// ---
// module attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
//   func.func public @main(%arg0: tensor<4xf32>, %arg1: tensor<4xi8>) -> (tensor<4xf32>, tensor<4xui8>) {
//     %0 = stablehlo.convert %arg0 : (tensor<4xf32>) -> tensor<4xbf16>
//     %1 = stablehlo.convert %0 : (tensor<4xbf16>) -> tensor<4xf32>
//     %2 = stablehlo.convert %arg1 : (tensor<4xi8>) -> tensor<4xf32>
//     %3 = stablehlo.convert %2 : (tensor<4xf32>) -> tensor<4xui8>
//     return %1, %3 : tensor<4xf32>, tensor<4xui8>
//   }
// }
