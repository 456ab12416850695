// test: pass canonicalize
// Conversions: to the same type, and through a wider type.
func.func public @main(%x: tensor<4xbf16>, %i: tensor<4xi8>) -> (tensor<4xbf16>, tensor<4xui8>) {
  %0 = stablehlo.convert %x : (tensor<4xbf16>) -> tensor<4xf32>
  %1 = stablehlo.convert %0 : (tensor<4xf32>) -> tensor<4xbf16>
  %2 = stablehlo.convert %i : (tensor<4xi8>) -> tensor<4xi32>
  %3 = stablehlo.convert %2 : (tensor<4xi32>) -> tensor<4xui8>
  return %1, %3 : tensor<4xbf16>, tensor<4xui8>
}
// ---
// module attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
//   func.func public @main(%arg0: tensor<4xbf16>, %arg1: tensor<4xi8>) -> (tensor<4xbf16>, tensor<4xui8>) {
//     %0 = stablehlo.convert %arg1 : (tensor<4xi8>) -> tensor<4xui8>
//     return %arg0, %0 : tensor<4xbf16>, tensor<4xui8>
//   }
// }
