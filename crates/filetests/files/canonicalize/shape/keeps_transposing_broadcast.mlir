// test: pass canonicalize
// Kept: a broadcast that transposes, and a reshape that splits.
func.func public @main(%x: tensor<2x3xf32>, %y: tensor<6xf32>) -> (tensor<3x2xf32>, tensor<4x2x3xf32>) {
  %0 = stablehlo.broadcast_in_dim %x, dims = [1, 0] : (tensor<2x3xf32>) -> tensor<3x2xf32>
  %1 = stablehlo.reshape %y : (tensor<6xf32>) -> tensor<2x3xf32>
  %2 = stablehlo.broadcast_in_dim %1, dims = [1, 2] : (tensor<2x3xf32>) -> tensor<4x2x3xf32>
  return %0, %2 : tensor<3x2xf32>, tensor<4x2x3xf32>
}
// ---
// module attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
//   func.func public @main(%arg0: tensor<2x3xf32>, %arg1: tensor<6xf32>) -> (tensor<3x2xf32>, tensor<4x2x3xf32>) {
//     %0 = stablehlo.broadcast_in_dim %arg0, dims = [1, 0] : (tensor<2x3xf32>) -> tensor<3x2xf32>
//     %1 = stablehlo.reshape %arg1 : (tensor<6xf32>) -> tensor<2x3xf32>
//     %2 = stablehlo.broadcast_in_dim %1, dims = [1, 2] : (tensor<2x3xf32>) -> tensor<4x2x3xf32>
//     return %0, %2 : tensor<3x2xf32>, tensor<4x2x3xf32>
//   }
// }
