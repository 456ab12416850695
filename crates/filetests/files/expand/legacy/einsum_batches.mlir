// test: pass expand
// Batches, and a letter of one operand alone.
func.func public @main(%x: tensor<5x2x3xf32>, %y: tensor<5x3x4xf32>) -> tensor<2x5xf32> {
  %0 = "stablehlo.einsum"(%x, %y) <{einsum_config = "zab,zbc->az"}> : (tensor<5x2x3xf32>, tensor<5x3x4xf32>) -> tensor<2x5xf32>
  return %0 : tensor<2x5xf32>
}
// ---
// module attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
//   func.func public @main(%arg0: tensor<5x2x3xf32>, %arg1: tensor<5x3x4xf32>) -> tensor<2x5xf32> {
//     %0 = stablehlo.constant dense<0.0> : tensor<f32>
//     %1 = stablehlo.reduce(%arg1 init: %0) applies stablehlo.add across dimensions = [2] : (tensor<5x3x4xf32>, tensor<f32>) -> tensor<5x3xf32>
//     %2 = stablehlo.dot_general %arg0, %1, batching_dims = [0] x [0], contracting_dims = [2] x [1] : (tensor<5x2x3xf32>, tensor<5x3xf32>) -> tensor<5x2xf32>
//     %3 = stablehlo.transpose %2, dims = [1, 0] : (tensor<5x2xf32>) -> tensor<2x5xf32>
//     return %3 : tensor<2x5xf32>
//   }
// }
