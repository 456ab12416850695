// test: pass turn
// The transposes vanish: of a gradient, and of products in a batch.
func.func public @main(%x: tensor<8x2xf32>, %y: tensor<8x5xf32>, %a: tensor<3x2x4xf32>, %b: tensor<3x4x5xf32>) -> (tensor<5x2xf32>, tensor<3x5x2xf32>) {
  %0 = stablehlo.dot_general %x, %y, contracting_dims = [0] x [0], precision = [DEFAULT, HIGHEST] : (tensor<8x2xf32>, tensor<8x5xf32>) -> tensor<2x5xf32>
  %1 = stablehlo.transpose %0, dims = [1, 0] : (tensor<2x5xf32>) -> tensor<5x2xf32>
  %2 = stablehlo.dot_general %a, %b, batching_dims = [0] x [0], contracting_dims = [2] x [1] : (tensor<3x2x4xf32>, tensor<3x4x5xf32>) -> tensor<3x2x5xf32>
  %3 = stablehlo.transpose %2, dims = [0, 2, 1] : (tensor<3x2x5xf32>) -> tensor<3x5x2xf32>
  return %1, %3 : tensor<5x2xf32>, tensor<3x5x2xf32>
}
// ---
// module attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
//   func.func public @main(%arg0: tensor<8x2xf32>, %arg1: tensor<8x5xf32>, %arg2: tensor<3x2x4xf32>, %arg3: tensor<3x4x5xf32>) -> (tensor<5x2xf32>, tensor<3x5x2xf32>) {
//     %0 = stablehlo.dot_general %arg1, %arg0, contracting_dims = [0] x [0], precision = [HIGHEST, DEFAULT] : (tensor<8x5xf32>, tensor<8x2xf32>) -> tensor<5x2xf32>
//     %1 = stablehlo.dot_general %arg3, %arg2, batching_dims = [0] x [0], contracting_dims = [1] x [2] : (tensor<3x4x5xf32>, tensor<3x2x4xf32>) -> tensor<3x5x2xf32>
//     return %0, %1 : tensor<5x2xf32>, tensor<3x5x2xf32>
//   }
// }
