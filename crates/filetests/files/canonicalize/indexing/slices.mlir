// test: pass canonicalize
// Slices compose, and find their part of joined arrays.
func.func public @main(%x: tensor<20xf32>, %y: tensor<4xf32>) -> (tensor<3xf32>, tensor<4xf32>, tensor<20xf32>) {
  %0 = stablehlo.slice %x [2:18:2] : (tensor<20xf32>) -> tensor<8xf32>
  %1 = stablehlo.slice %0 [1:8:3] : (tensor<8xf32>) -> tensor<3xf32>
  %2 = stablehlo.concatenate %x, %y, dim = 0 : (tensor<20xf32>, tensor<4xf32>) -> tensor<24xf32>
  %3 = stablehlo.slice %2 [20:24] : (tensor<24xf32>) -> tensor<4xf32>
  %4 = stablehlo.slice %x [0:20] : (tensor<20xf32>) -> tensor<20xf32>
  return %1, %3, %4 : tensor<3xf32>, tensor<4xf32>, tensor<20xf32>
}
// ---
// module attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
//   func.func public @main(%arg0: tensor<20xf32>, %arg1: tensor<4xf32>) -> (tensor<3xf32>, tensor<4xf32>, tensor<20xf32>) {
//     %0 = stablehlo.slice %arg0 [4:17:6] : (tensor<20xf32>) -> tensor<3xf32>
//     return %0, %arg1, %arg0 : tensor<3xf32>, tensor<4xf32>, tensor<20xf32>
//   }
// }
