// test: pass contract
// Kept: one contracting dimension, or none.
func.func public @main(%x: tensor<2x3xf32>, %y: tensor<3x5xf32>) -> (tensor<2x5xf32>, tensor<2x3x3x5xf32>) {
  %0 = stablehlo.dot_general %x, %y, contracting_dims = [1] x [0] : (tensor<2x3xf32>, tensor<3x5xf32>) -> tensor<2x5xf32>
  %1 = stablehlo.dot_general %x, %y, contracting_dims = [] x [] : (tensor<2x3xf32>, tensor<3x5xf32>) -> tensor<2x3x3x5xf32>
  return %0, %1 : tensor<2x5xf32>, tensor<2x3x3x5xf32>
}
// ---
// module attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
//   func.func public @main(%arg0: tensor<2x3xf32>, %arg1: tensor<3x5xf32>) -> (tensor<2x5xf32>, tensor<2x3x3x5xf32>) {
//     %0 = stablehlo.dot_general %arg0, %arg1, contracting_dims = [1] x [0] : (tensor<2x3xf32>, tensor<3x5xf32>) -> tensor<2x5xf32>
//     %1 = stablehlo.dot_general %arg0, %arg1, contracting_dims = [] x [] : (tensor<2x3xf32>, tensor<3x5xf32>) -> tensor<2x3x3x5xf32>
//     return %0, %1 : tensor<2x5xf32>, tensor<2x3x3x5xf32>
//   }
// }
