// test: pass canonicalize
// Kept: a slice across the seam of joined arrays.
func.func public @main(%x: tensor<4xf32>) -> tensor<2xf32> {
  %0 = stablehlo.concatenate %x, %x, dim = 0 : (tensor<4xf32>, tensor<4xf32>) -> tensor<8xf32>
  %1 = stablehlo.slice %0 [3:5] : (tensor<8xf32>) -> tensor<2xf32>
  return %1 : tensor<2xf32>
}
// ---
// module attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
//   func.func public @main(%arg0: tensor<4xf32>) -> tensor<2xf32> {
//     %0 = stablehlo.concatenate %arg0, %arg0, dim = 0 : (tensor<4xf32>, tensor<4xf32>) -> tensor<8xf32>
//     %1 = stablehlo.slice %0 [3:5] : (tensor<8xf32>) -> tensor<2xf32>
//     return %1 : tensor<2xf32>
//   }
// }
