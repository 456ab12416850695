// test: pass canonicalize
// Kept: an unknown start. An update of the whole size replaces the whole.
func.func public @main(%x: tensor<8xf32>, %u: tensor<8xf32>, %i: tensor<i32>) -> (tensor<2xf32>, tensor<8xf32>) {
  %0 = stablehlo.dynamic_slice %x, %i, sizes = [2] : (tensor<8xf32>, tensor<i32>) -> tensor<2xf32>
  %1 = stablehlo.dynamic_update_slice %x, %u, %i : (tensor<8xf32>, tensor<8xf32>, tensor<i32>) -> tensor<8xf32>
  return %0, %1 : tensor<2xf32>, tensor<8xf32>
}
// ---
// module attributes {mhlo.num_partitions = 1 : i32, mhlo.num_replicas = 1 : i32} {
//   func.func public @main(%arg0: tensor<8xf32>, %arg1: tensor<8xf32>, %arg2: tensor<i32>) -> (tensor<2xf32>, tensor<8xf32>) {
//     %0 = stablehlo.dynamic_slice %arg0, %arg2, sizes = [2] : (tensor<8xf32>, tensor<i32>) -> tensor<2xf32>
//     return %0, %arg1 : tensor<2xf32>, tensor<8xf32>
//   }
// }
