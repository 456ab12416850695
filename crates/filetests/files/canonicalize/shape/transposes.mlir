// test: pass canonicalize
// Transposes compose; those that move only dimensions of size 1 are reshapes.
func.func public @main(%x: tensor<2x3x4xf32>, %y: tensor<1x5xf32>) -> (tensor<2x3x4xf32>, tensor<4x2x3xf32>, tensor<5x1xf32>) {
  %0 = stablehlo.transpose %x, dims = [1, 2, 0] : (tensor<2x3x4xf32>) -> tensor<3x4x2xf32>
  %1 = stablehlo.transpose %0, dims = [2, 0, 1] : (tensor<3x4x2xf32>) -> tensor<2x3x4xf32>
  %2 = stablehlo.transpose %0, dims = [1, 2, 0] : (tensor<3x4x2xf32>) -> tensor<4x2x3xf32>
  %3 = stablehlo.transpose %y, dims = [1, 0] : (tensor<1x5xf32>) -> tensor<5x1xf32>
  return %1, %2, %3 : tensor<2x3x4xf32>, tensor<4x2x3xf32>, tensor<5x1xf32>
}
// ---
// module attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
//   func.func public @main(%arg0: tensor<2x3x4xf32>, %arg1: tensor<1x5xf32>) -> (tensor<2x3x4xf32>, tensor<4x2x3xf32>, tensor<5x1xf32>) {
//     %0 = stablehlo.transpose %arg0, dims = [2, 0, 1] : (tensor<2x3x4xf32>) -> tensor<4x2x3xf32>
//     %1 = stablehlo.reshape %arg1 : (tensor<1x5xf32>) -> tensor<5x1xf32>
//     return %arg0, %0, %1 : tensor<2x3x4xf32>, tensor<4x2x3xf32>, tensor<5x1xf32>
//   }
// }
