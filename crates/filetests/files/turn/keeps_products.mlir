// test: pass turn
// Kept: a product that is used besides, and a transpose that mixes the operands' dimensions.
func.func public @main(%x: tensor<8x2xf32>, %y: tensor<8x5xf32>, %a: tensor<4x2x3xf32>) -> (tensor<2x5xf32>, tensor<5x2xf32>, tensor<3x2x5xf32>) {
  %0 = stablehlo.dot_general %x, %y, contracting_dims = [0] x [0] : (tensor<8x2xf32>, tensor<8x5xf32>) -> tensor<2x5xf32>
  %1 = stablehlo.transpose %0, dims = [1, 0] : (tensor<2x5xf32>) -> tensor<5x2xf32>
  %2 = stablehlo.slice %y [0:4, 0:5] : (tensor<8x5xf32>) -> tensor<4x5xf32>
  %3 = stablehlo.dot_general %a, %2, contracting_dims = [0] x [0] : (tensor<4x2x3xf32>, tensor<4x5xf32>) -> tensor<2x3x5xf32>
  %4 = stablehlo.transpose %3, dims = [1, 0, 2] : (tensor<2x3x5xf32>) -> tensor<3x2x5xf32>
  return %0, %1, %4 : tensor<2x5xf32>, tensor<5x2xf32>, tensor<3x2x5xf32>
}
// ---
// module attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
//   func.func public @main(%arg0: tensor<8x2xf32>, %arg1: tensor<8x5xf32>, %arg2: tensor<4x2x3xf32>) -> (tensor<2x5xf32>, tensor<5x2xf32>, tensor<3x2x5xf32>) {
//     %0 = stablehlo.dot_general %arg0, %arg1, contracting_dims = [0] x [0] : (tensor<8x2xf32>, tensor<8x5xf32>) -> tensor<2x5xf32>
//     %1 = stablehlo.transpose %0, dims = [1, 0] : (tensor<2x5xf32>) -> tensor<5x2xf32>
//     %2 = stablehlo.slice %arg1 [0:4, 0:5] : (tensor<8x5xf32>) -> tensor<4x5xf32>
//     %3 = stablehlo.dot_general %arg2, %2, contracting_dims = [0] x [0] : (tensor<4x2x3xf32>, tensor<4x5xf32>) -> tensor<2x3x5xf32>
//     %4 = stablehlo.transpose %3, dims = [1, 0, 2] : (tensor<2x3x5xf32>) -> tensor<3x2x5xf32>
//     return %0, %1, %4 : tensor<2x5xf32>, tensor<5x2xf32>, tensor<3x2x5xf32>
//   }
// }
