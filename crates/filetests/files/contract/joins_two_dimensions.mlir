// test: pass contract
// Two contracting dimensions become one.
func.func public @main(%x: tensor<2x3x4xf32>, %y: tensor<4x3x5xf32>) -> tensor<2x5xf32> {
  %0 = stablehlo.dot_general %x, %y, contracting_dims = [1, 2] x [1, 0] : (tensor<2x3x4xf32>, tensor<4x3x5xf32>) -> tensor<2x5xf32>
  return %0 : tensor<2x5xf32>
}
// ---
// module attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
//   func.func public @main(%arg0: tensor<2x3x4xf32>, %arg1: tensor<4x3x5xf32>) -> tensor<2x5xf32> {
//     %0 = stablehlo.reshape %arg0 : (tensor<2x3x4xf32>) -> tensor<2x12xf32>
//     %1 = stablehlo.transpose %arg1, dims = [2, 1, 0] : (tensor<4x3x5xf32>) -> tensor<5x3x4xf32>
//     %2 = stablehlo.reshape %1 : (tensor<5x3x4xf32>) -> tensor<5x12xf32>
//     %3 = stablehlo.dot_general %0, %2, contracting_dims = [1] x [1] : (tensor<2x12xf32>, tensor<5x12xf32>) -> tensor<2x5xf32>
//     return %3 : tensor<2x5xf32>
//   }
// }
