// test: pass canonicalize
// Broadcasts compose, also through a reshape that adds dimensions of size 1.
func.func public @main(%x: tensor<4xf32>) -> (tensor<2x3x4xf32>, tensor<5x4xf32>, tensor<1x4xf32>) {
  %0 = stablehlo.broadcast_in_dim %x, dims = [1] : (tensor<4xf32>) -> tensor<3x4xf32>
  %1 = stablehlo.broadcast_in_dim %0, dims = [1, 2] : (tensor<3x4xf32>) -> tensor<2x3x4xf32>
  %2 = stablehlo.reshape %x : (tensor<4xf32>) -> tensor<1x4xf32>
  %3 = stablehlo.broadcast_in_dim %2, dims = [0, 1] : (tensor<1x4xf32>) -> tensor<5x4xf32>
  return %1, %3, %2 : tensor<2x3x4xf32>, tensor<5x4xf32>, tensor<1x4xf32>
}
// ---
// module attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
//   func.func public @main(%arg0: tensor<4xf32>) -> (tensor<2x3x4xf32>, tensor<5x4xf32>, tensor<1x4xf32>) {
//     %0 = stablehlo.broadcast_in_dim %arg0, dims = [2] : (tensor<4xf32>) -> tensor<2x3x4xf32>
//     %1 = stablehlo.reshape %arg0 : (tensor<4xf32>) -> tensor<1x4xf32>
//     %2 = stablehlo.broadcast_in_dim %arg0, dims = [1] : (tensor<4xf32>) -> tensor<5x4xf32>
//     return %0, %2, %1 : tensor<2x3x4xf32>, tensor<5x4xf32>, tensor<1x4xf32>
//   }
// }
