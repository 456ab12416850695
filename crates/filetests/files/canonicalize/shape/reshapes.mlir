// test: pass canonicalize
// Reshapes compose.
func.func public @main(%x: tensor<2x6xf32>) -> (tensor<2x6xf32>, tensor<4x3xf32>) {
  %0 = stablehlo.reshape %x : (tensor<2x6xf32>) -> tensor<12xf32>
  %1 = stablehlo.reshape %0 : (tensor<12xf32>) -> tensor<2x6xf32>
  %2 = stablehlo.reshape %0 : (tensor<12xf32>) -> tensor<4x3xf32>
  return %1, %2 : tensor<2x6xf32>, tensor<4x3xf32>
}
// ---
// module attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
//   func.func public @main(%arg0: tensor<2x6xf32>) -> (tensor<2x6xf32>, tensor<4x3xf32>) {
//     %0 = stablehlo.reshape %arg0 : (tensor<2x6xf32>) -> tensor<4x3xf32>
//     return %arg0, %0 : tensor<2x6xf32>, tensor<4x3xf32>
//   }
// }
