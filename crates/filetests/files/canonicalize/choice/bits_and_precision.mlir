// test: pass canonicalize
// Bits read back, and precision that the type does not have to lose.
func.func public @main(%x: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
  %0 = stablehlo.bitcast_convert %x : (tensor<4xf32>) -> tensor<4xui32>
  %1 = stablehlo.bitcast_convert %0 : (tensor<4xui32>) -> tensor<4xf32>
  %2 = stablehlo.reduce_precision %x, format = e8m23 : tensor<4xf32>
  %3 = stablehlo.reduce_precision %x, format = e8m7 : tensor<4xf32>
  return %1, %2, %3 : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
}
// ---
// module attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
//   func.func public @main(%arg0: tensor<4xf32>) -> (tensor<4xf32>, tensor<4xf32>, tensor<4xf32>) {
//     %0 = stablehlo.reduce_precision %arg0, format = e8m7 : tensor<4xf32>
//     return %arg0, %arg0, %0 : tensor<4xf32>, tensor<4xf32>, tensor<4xf32>
//   }
// }
