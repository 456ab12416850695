// test: pass canonicalize
// Kept: joining constants of floats rounds differently.
func.func public @main(%x: tensor<4xf32>) -> tensor<4xf32> {
  %c = stablehlo.constant dense<0.1> : tensor<4xf32>
  %0 = stablehlo.add %x, %c : tensor<4xf32>
  %1 = stablehlo.add %0, %c : tensor<4xf32>
  return %1 : tensor<4xf32>
}
// ---
// module attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
//   func.func public @main(%arg0: tensor<4xf32>) -> tensor<4xf32> {
//     %0 = stablehlo.constant dense<0.1> : tensor<4xf32>
//     %1 = stablehlo.add %arg0, %0 : tensor<4xf32>
//     %2 = stablehlo.add %1, %0 : tensor<4xf32>
//     return %2 : tensor<4xf32>
//   }
// }
